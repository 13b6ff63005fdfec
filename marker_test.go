package tenet_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// traces are what is left of deeds in a town, and what must not be in it.
type traces struct {
	w       *town
	log     bytes.Buffer
	told    []string // errors, and what panics said
	shown   []string // what was returned, as fmt and JSON write it
	secrets []string // tokens, and the pepper: nowhere
	names   []string // names and addresses: not in the log of changes, errors, and the program's log
}

// follow begins in a new town over a store.
func follow(t testing.TB, st backend) *traces {
	tr := &traces{}
	tr.w = newTownOver(t, st, importing, func(o *tenet.Options) {
		o.Logger = slog.New(slog.NewJSONHandler(&tr.log, &slog.HandlerOptions{Level: slog.LevelDebug, AddSource: true}))
	})
	tr.secrets = []string{tr.w.secret.Reveal(), tr.w.memsSc.Reveal(), tr.w.inviteSc.Reveal(), "an example pepper of 32 bytes ok"}
	tr.names = []string{mark, "ivy@example.com"}
	return tr
}

// prepare is a deed with names and addresses that can be told from all else.
func (tr *traces) prepare(t testing.TB, d verb) *asking {
	a := d.asked(tr.w.grounds())
	for _, s := range a.slots(t) {
		switch _, last, _ := strings.Cut(s.path, "."); {
		case s.path == "name" || strings.HasSuffix(last, "Name"):
			s.set(mark + " name")
		case strings.HasSuffix(last, "LogoURL"):
			s.set("https://x.example/" + mark)
		case strings.HasSuffix(last, "Email") && d.name != "AcceptInvite":
			s.set(mark + "@x.example")
		case strings.HasSuffix(last, "SHA256"): // of a token of another system
			const brought = "sk-of-another-system-0123456789abcdef"
			sum := sha256.Sum256([]byte(brought))
			s.set(hex.EncodeToString(sum[:]))
			tr.secrets = append(tr.secrets, brought, s.get(), string(sum[:]))
		}
	}
	return a
}

// take keeps a reply.
func (tr *traces) take(got reply) {
	for _, v := range got.values {
		if s, ok := v.(keys.Secret); ok && s.Reveal() != "" {
			tr.secrets = append(tr.secrets, s.Reveal())
		}
		data, err := json.Marshal(v)
		tr.shown = append(tr.shown, fmt.Sprintf("%v|%+v|%#v|%s|%s|%v", v, v, v, v, data, err))
	}
	if got.err != nil {
		tr.told = append(tr.told, fmt.Sprintf("%v|%+v|%#v|%q", got.err, got.err, got.err, got.err))
	}
	if got.panicked != nil {
		tr.told = append(tr.told, fmt.Sprintf("%v|%+v|%#v", got.panicked, got.panicked, got.panicked))
	}
}

// logged are the entries of the log of changes.
func (tr *traces) logged(t testing.TB) (all []string) {
	t.Helper()
	for q := (store.Query{Listing: store.All, Kind: tenancy.KindOrganization}); ; {
		page := must[store.Page](t)(tr.w.under.List(context.Background(), q))
		for _, rec := range append(page.Records, store.Record{Value: tenancy.Organization{}}) { // and the catalogue
			trail := must[store.Trail](t)(tr.w.under.Trail(context.Background(), store.TrailQuery{Org: rec.Value.Ref().Org}))
			for _, e := range trail.Entries {
				all = append(all, fmt.Sprintf("%+v|%s", e, e.Detail))
			}
		}
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}

// digests are those of the keys and invites that there are.
func (tr *traces) digests(t testing.TB) (all []string) {
	t.Helper()
	for k, err := range store.Walk(context.Background(), tr.w.under, store.AllOf[tenancy.Key]()) {
		mustNot(t, err)
		for _, s := range []tenancy.KeySecret{k.Value.Current, k.Value.Previous} {
			if s.Pepper != "" {
				all = append(all, string(s.Digest[:]), string(s.Seal[:]))
			}
		}
	}
	for i, err := range store.Walk(context.Background(), tr.w.under, store.AllOf[tenancy.Invite]()) {
		mustNot(t, err)
		all = append(all, string(i.Value.Digest[:]))
	}
	return all
}

// search looks for what must not be there, and returns how many looks it took.
func (tr *traces) search(t testing.TB, what string) (looks int) {
	t.Helper()
	entries, log := tr.logged(t), tr.log.String()
	quiet := slices.Concat(tr.told, entries, []string{log})
	look := func(hidden string, places []string) {
		whole := strings.Join(places, "\x00")
		for _, form := range forms(hidden) {
			looks += len(places)
			if at := strings.Index(whole, form); at >= 0 {
				t.Errorf("%s: something hidden is in %.300q", what, whole[max(0, at-100):])
			}
		}
	}
	for _, s := range tr.secrets {
		look(secretPart(s), slices.Concat(quiet, tr.shown))
	}
	for _, d := range tr.digests(t) {
		look(d, slices.Concat(quiet, tr.shown))
	}
	for _, n := range tr.names {
		look(n, quiet)
	}
	return looks
}

// secretPart is a token without what is not secret of it: its beginning, its id, and its
// checksum. Whatever holds the token, by any of the forms, holds that.
func secretPart(token string) string {
	if !strings.HasPrefix(token, "tenet_") {
		return token
	}
	return token[len(token)-36 : len(token)-6]
}

// forms are the ways in which a text might stand somewhere.
func forms(s string) []string {
	b := []byte(s)
	reversed := slices.Clone(b)
	slices.Reverse(reversed)
	list := strings.Trim(fmt.Sprint(b), "[]")
	all := []string{s, string(reversed), hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), list, strings.ReplaceAll(list, " ", ",")}
	if quoted := fmt.Sprintf("%q", s); quoted[1:len(quoted)-1] != s {
		all = append(all, quoted[1:len(quoted)-1])
	}
	for before := range 3 { // base64 of a longer text, of which s begins at any byte
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString(append(make([]byte, before), b...))
			text = text[(before*8+5)/6:]
			if (before+len(b))%3 != 0 {
				text = text[:len(text)-1] // shares its bits with what follows
			}
			all = append(all, text)
		}
	}
	return all
}

// mishapsOfMarkers befall each call of the store in turn.
func mishapsOfMarkers() []mishap {
	all := slices.Concat(mishaps(), crashes())
	if raceEnabled {
		all = all[len(all)-1:]
	}
	return slices.DeleteFunc(all, func(m mishap) bool {
		return m.name == "an answer lost" || m.name == "a panic" // what those do the others do too
	})
}

// A30: no secret is anywhere but where it is shown, and no name or address in the log of
// changes, in an error or in the program's log: of every verb, done by everybody, done
// again, refused, broken off and crashed at each call that it makes of the store.
func TestA30NothingLeaks(t *testing.T) {
	var looks atomic.Int64
	t.Cleanup(func() { t.Logf("0 of %d", looks.Load()) })
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { looks.Add(int64(d.everyWay(t))) })
			for _, m := range mishapsOfMarkers() {
				n, hit := int64(0), true
				for hit && n < 40 {
					n++
					synctest.Test(t, func(t *testing.T) {
						var found int
						found, hit = d.meetsMarked(t, m, n)
						looks.Add(int64(found))
					})
				}
			}
		})
	}
}

// everyWay does a deed as it should be and otherwise: again under its operation id, as
// somebody else, of a record that has changed, without saying for whom, as a preview,
// and once Tenet is closed.
func (v verb) everyWay(t *testing.T) (looks int) {
	tr := follow(t, memory.New())
	if v.first != nil {
		mustNot(t, v.first(t.Context(), tr.w))
	}
	do := func(change func(*asking)) {
		a := tr.prepare(t, v)
		change(a)
		tr.take(a.do(t.Context(), tr.w.Tenet))
	}
	if a := tr.prepare(t, v); !v.operators() {
		tr.take(reply{err: second(tr.w.As(a.by).Preview(t.Context(), tr.w.org, func(as tenet.Actor) error { return a.on(t.Context(), reflect.ValueOf(as)).err }))})
	} else {
		tr.take(reply{err: second(tr.w.Operator("ops").Preview(t.Context(), tr.w.org, func(as tenet.Operator) error { return a.on(t.Context(), reflect.ValueOf(as)).err }))})
	}
	do(func(a *asking) { a.opts.IfRev = 1 << 40 })
	for range 2 {
		do(func(a *asking) { a.opts = tenet.ChangeOptions{Op: "op-1", OnBehalf: "somebody"} })
	}
	for _, u := range people {
		do(func(a *asking) { a.by, a.opts.Op = u, "op-1" })
		do(func(a *asking) { a.by = u })
	}
	tr.serve(t)
	mustNot(t, tr.w.Close())
	do(func(*asking) {})
	if len(tr.told) < 2 || len(tr.secrets) < 4 {
		t.Errorf("%d errors, %d secrets: too few to mean anything", len(tr.told), len(tr.secrets))
	}
	return tr.search(t, v.name)
}

// serve presents every secret to the path of requests, as it is and broken.
func (tr *traces) serve(t *testing.T) {
	for _, token := range tr.secrets {
		for _, text := range []string{token, token + "x", token[:len(token)-1], "Bearer " + token} {
			p, d := tr.w.Authenticate(t.Context(), text)
			_, denied := tr.w.Begin(t.Context(), p, tenancy.ModelID(mark), tenet.Estimate{})
			tr.take(reply{values: []any{p, d, denied}})
			if call, _ := tr.w.Begin(t.Context(), p, "gpt-4o", tenet.Estimate{}); call != nil {
				tr.take(reply{values: []any{call}, err: call.Finish(tenet.Result{Outcome: usage.OutcomeOK, RequestID: mark})})
			}
		}
	}
}

// meetsMarked does a deed with a mishap at the n-th call of the store. It is false where
// there is no such call.
func (v verb) meetsMarked(t *testing.T, m mishap, n int64) (looks int, hit bool) {
	tr := follow(t, memory.New())
	if v.first != nil {
		mustNot(t, v.first(t.Context(), tr.w))
	}
	a := tr.prepare(t, v)
	a.opts.Op = "op-1"
	var met atomic.Bool
	tr.w.faults.Set(m.at(n, &met, faults.Changes))
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	tr.take(a.do(ctx, tr.w.Tenet))
	time.Sleep(5 * time.Second) // the feed is down, which is logged
	tr.w.faults.Set(nil)
	tr.take(a.do(t.Context(), tr.w.Tenet))
	mustNot(t, tr.w.Close()) // nobody writes to the log from now on
	if tr.log.Len() == 0 {
		t.Error("nothing was logged")
	}
	return tr.search(t, fmt.Sprint(v.name, ", ", m.name, " at call ", n)), met.Load()
}

// A30: nor is a secret anywhere in the files of SQLite, while they are in use and when
// they are closed.
func TestA30NoSecretInAFile(t *testing.T) {
	if raceEnabled {
		t.Skip("one call at a time, which has no races")
	}
	path := filepath.Join(t.TempDir(), "tenet.db")
	st := must[*sqlitefile.Store](t)(sqlitefile.Open(t.Context(), path))
	var secrets []string
	for _, d := range deeds() {
		tr := follow(t, st)
		if d.first != nil {
			mustNot(t, d.first(t.Context(), tr.w))
		}
		tr.take(tr.prepare(t, d).do(t.Context(), tr.w.Tenet))
		tr.serve(t)
		secrets = append(secrets, tr.secrets...)
		mustNot(t, tr.w.Close())
	}
	files := map[string][]byte{}
	for _, end := range []string{"", "-wal", "-shm"} {
		f := must[*os.File](t)(os.Open(path + end))
		defer f.Close() // not before the store's is: that would drop its locks
		files["in use "+end] = must[[]byte](t)(io.ReadAll(f))
	}
	mustNot(t, st.Close())
	files["closed"] = must[[]byte](t)(os.ReadFile(path))
	slices.Sort(secrets)
	secrets = slices.Compact(secrets)
	looks := 0
	for name, data := range files {
		if !strings.HasSuffix(name, "-shm") && !bytes.Contains(data, []byte(mark)) {
			t.Errorf("%s has no name in it: %d bytes", name, len(data))
		}
		for _, s := range secrets {
			for _, form := range forms(secretPart(s)) {
				looks++
				if bytes.Contains(data, []byte(form)) {
					t.Errorf("%s holds a secret", name)
				}
			}
		}
	}
	t.Logf("0 of %d: %d secrets, %d bytes in use", looks, len(secrets), len(files["in use "])+len(files["in use -wal"]))
	if len(secrets) < 3*len(deeds()) {
		t.Errorf("%d secrets", len(secrets))
	}
}
