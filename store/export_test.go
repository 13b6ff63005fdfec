package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

var exported = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// put writes values of one organization over what is there.
func put(t *testing.T, s store.Store, values ...tenancy.Entity) {
	t.Helper()
	b := store.Batch{Entry: store.Entry{Org: values[0].Ref().Org, Action: "test.put", At: exported}}
	for _, v := range values {
		rs, err := s.Get(t.Context(), v.Ref())
		if err != nil {
			t.Fatal(err)
		}
		b.Put = append(b.Put, store.Record{Rev: rs[0].Rev, Value: v})
	}
	commit(t, s, b)
}

func remove(t *testing.T, s store.Store, ref tenancy.Ref) {
	t.Helper()
	rs, err := s.Get(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	commit(t, s, store.Batch{
		Entry:  store.Entry{Org: ref.Org, Action: "test.remove", At: exported},
		Delete: []store.Check{{Ref: ref, Rev: rs[0].Rev}},
	})
}

func commit(t *testing.T, s store.Store, b store.Batch) {
	t.Helper()
	b.Entry.Op = store.OperationID(fmt.Sprintf("op-%p-%d", &b, time.Now().UnixNano()))
	if _, err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// town is a store with some records of several organizations and the catalogue.
func town(t *testing.T) *memory.Store {
	t.Helper()
	s := memory.New()
	t.Cleanup(func() { s.Close() })
	for _, org := range []tenancy.OrgID{"org_1", "org_2"} {
		put(t, s, tenancy.Organization{ID: org, Name: "Größe <&> \u2028", Owners: []tenancy.UserID{"u"}},
			tenancy.Subscription{Org: org, Models: tenancy.AllModels()},
			tenancy.Member{Org: org, User: "u", Email: "u@example.com"})
		for i := range 150 {
			id := tenancy.ProjectID(fmt.Sprint("proj_", i))
			put(t, s, tenancy.Project{Org: org, ID: id, Name: strings.Repeat("<", 100)},
				tenancy.Key{Org: org, ID: tenancy.KeyID(fmt.Sprint("key_", org, i)), Project: id, Created: exported})
		}
	}
	put(t, s, tenancy.Model{ID: "gpt", Public: true})
	return s
}

// all is every record of a store.
func all(t *testing.T, s store.Store) (values []tenancy.Entity) {
	t.Helper()
	for _, k := range tenancy.Kinds() {
		for q := (store.Query{Listing: store.All, Kind: k}); ; {
			p, err := s.List(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range p.Records {
				values = append(values, r.Value)
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
	}
	return values
}

func same(t *testing.T, want, got store.Store) {
	t.Helper()
	if d := cmp.Diff(all(t, want), all(t, got), cmpopts.EquateEmpty(), cmp.Exporter(func(reflect.Type) bool { return true })); d != "" {
		t.Errorf("records differ (-want +got):\n%s", d)
	}
}

// Records move from one backend to another, and a second run changes nothing.
func TestExportToAnotherBackend(t *testing.T) {
	from := town(t)
	to, err := sqlitefile.Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer to.Close()
	put(t, to, tenancy.Model{ID: "gpt", Alias: "old"}, tenancy.Model{ID: "another"})
	var text bytes.Buffer
	if err := store.Export(t.Context(), from, &text); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := store.Import(t.Context(), to, bytes.NewReader(text.Bytes()), exported); err != nil {
			t.Fatal(err)
		}
		put(t, from, tenancy.Model{ID: "another"}) // what Import has no line for stays
		same(t, from, to)
	}
	trail, err := to.Trail(t.Context(), store.TrailQuery{Org: "org_1", Action: "store.import", Limit: 1})
	if err != nil || len(trail.Entries) != 1 || trail.Entries[0].At != exported {
		t.Errorf("the trail of an import: %v, %v", trail, err)
	}
}

// moving changes its store between the pages of a listing, a number of times.
type moving struct {
	store.Store
	change []func()
}

func (s *moving) List(ctx context.Context, q store.Query) (store.Page, error) {
	q.Limit = 7
	p, err := s.Store.List(ctx, q)
	if len(s.change) > 0 && q.Kind == tenancy.KindKey {
		s.change[0]()
		s.change = s.change[1:]
	}
	return p, err
}

// What changes while it is written is there as it was at the end.
func TestExportOfAStoreInUse(t *testing.T) {
	from := town(t)
	key := tenancy.Key{Org: "org_1", ID: "key_org_10", Project: "proj_0"}
	m := &moving{Store: from, change: []func(){
		func() { put(t, from, key) },
		func() { remove(t, from, key.Ref()) },
		func() { remove(t, from, tenancy.ProjectRef("org_2", "proj_9").Ref) },
		func() { put(t, from, tenancy.Project{Org: "org_2", ID: "proj_9", Name: "back"}) },
		func() { put(t, from, tenancy.Project{Org: "org_1", ID: "proj_new", Name: "new"}) },
		func() { put(t, from, tenancy.Organization{ID: "org_1", Name: "renamed"}) },
	}}
	var text bytes.Buffer
	if err := store.Export(t.Context(), m, &text); err != nil {
		t.Fatal(err)
	}
	if len(m.change) != 0 {
		t.Fatalf("%d changes were not made", len(m.change))
	}
	to := memory.New()
	defer to.Close()
	if err := store.Import(t.Context(), to, &text, exported); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
}

// A key id that goes from one organization to another while an export is written.
func TestExportOfAKeyThatMoves(t *testing.T) {
	from := town(t)
	id := tenancy.KeyID("key_org_10") // of org_1
	m := &moving{Store: from, change: []func(){
		func() {
			remove(t, from, tenancy.KeyRef("org_1", id).Ref)
			put(t, from, tenancy.Key{Org: "org_2", ID: id, Project: "proj_0"})
		},
	}}
	for range 40 { // until its new place is listed too
		m.change = append(m.change, func() {})
	}
	m.change = append(m.change, func() { put(t, from, tenancy.Key{Org: "org_2", ID: id, Project: "proj_0", Name: "newest"}) })
	var text bytes.Buffer
	if err := store.Export(t.Context(), m, &text); err != nil {
		t.Fatal(err)
	}
	if len(m.change) != 0 {
		t.Fatalf("%d changes were not made", len(m.change))
	}
	to := memory.New()
	defer to.Close()
	if err := store.Import(t.Context(), to, bytes.NewReader(text.Bytes()), exported); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
	// An id that the target has elsewhere is nobody's to take away.
	put(t, to, tenancy.Key{Org: "org_9", ID: "key_of_org_9"})
	put(t, from, tenancy.Key{Org: "org_2", ID: "key_of_org_9"})
	text.Reset()
	if err := store.Export(t.Context(), from, &text); err != nil {
		t.Fatal(err)
	}
	if err := store.Import(t.Context(), to, &text, exported); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Import of a key whose id another organization has: %v, want %v", err, store.ErrConflict)
	}
}

// restless has a new entry whenever its log is read.
type restless struct {
	store.Store
	t     *testing.T
	stop  func()
	reads int
}

func (s *restless) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	if s.reads++; s.reads == 20 {
		s.stop()
		return store.Feed{}, ctx.Err()
	}
	f, err := s.Store.Changes(ctx, after, limit)
	put(s.t, s.Store, tenancy.Model{ID: "gpt"})
	return f, err
}

func TestExportEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var text bytes.Buffer
	err := store.Export(ctx, &restless{Store: town(t), t: t, stop: cancel}, &text)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Export of a store that never rests: %v", err)
	}
	to := memory.New()
	defer to.Close()
	if err := store.Import(t.Context(), to, &text, exported); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("Import of what was cut off: %v", err)
	}
}

func TestImportRefusesDamage(t *testing.T) {
	var text bytes.Buffer
	if err := store.Export(t.Context(), town(t), &text); err != nil {
		t.Fatal(err)
	}
	lines := slices.Collect(strings.Lines(text.String()))
	last := len(lines) - 1
	changed := func(at int, line string) []string {
		out := slices.Clone(lines)
		out[at] = line + "\n"
		return out
	}
	for name, damaged := range map[string][]string{
		"nothing":            nil,
		"no head":            lines[1:],
		"another version":    changed(0, `{"tenetExport":2}`),
		"two heads":          slices.Concat(lines[:1], lines),
		"no end":             lines[:last],
		"a line less":        slices.Concat(lines[:5], lines[6:]),
		"a line twice":       slices.Concat(lines[:5], lines[4:]),
		"more after the end": slices.Concat(lines, lines[1:2]),
		"half a line":        changed(3, lines[3][:len(lines[3])/2]),
		"no JSON":            changed(3, "record"),
		"an unknown kind":    changed(3, `{"kind":"planet","record":{"v":1,"record":"planet"}}`),
		"another kind":       changed(3, strings.Replace(lines[3], `"kind":"organization"`, `"kind":"project"`, 1)),
		"a malformed ref":    changed(3, `{"kind":"project","gone":{"org":"org_1"}}`),
		"no content":         changed(3, `{}`),
		"a negative end":     changed(last, `{"end":-1}`),
		"an endless line":    changed(3, strings.Repeat(" ", 9*store.MaxRecord)+"{}"),
	} {
		to := memory.New()
		if err := store.Import(t.Context(), to, strings.NewReader(strings.Join(damaged, "")), exported); !errors.Is(err, store.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
		to.Close()
	}
}

// The largest record comes through, whatever escaping makes of it.
func TestExportOfTheLargestRecord(t *testing.T) {
	from, to := memory.New(), memory.New()
	defer from.Close()
	defer to.Close()
	p := tenancy.Project{Org: "org_1", ID: "proj_1", Name: "<"}
	p.Name = strings.Repeat("<", store.MaxRecord-store.Size(p)+1)
	put(t, from, p)
	var text bytes.Buffer
	if err := store.Export(t.Context(), from, &text); err != nil {
		t.Fatal(err)
	}
	if err := store.Import(t.Context(), to, &text, exported); err != nil {
		t.Fatal(err)
	}
	same(t, from, to)
}

func TestExportArguments(t *testing.T) {
	var none context.Context
	s := memory.New()
	defer s.Close()
	for name, err := range map[string]error{
		"Export without a context": store.Export(none, s, &bytes.Buffer{}),
		"Export of nothing":        store.Export(t.Context(), nil, &bytes.Buffer{}),
		"Export to nowhere":        store.Export(t.Context(), s, nil),
		"Import without a context": store.Import(none, s, &bytes.Buffer{}, exported),
		"Import into nothing":      store.Import(t.Context(), nil, &bytes.Buffer{}, exported),
		"Import from nowhere":      store.Import(t.Context(), s, nil, exported),
		"Wait without a context":   store.Wait(none, s, "", time.Second),
		"Wait for nothing":         store.Wait(t.Context(), nil, "", time.Second),
		"Wait without a pause":     store.Wait(t.Context(), s, "", 0),
	} {
		if !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}
