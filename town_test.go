package tenet_test

import (
	"crypto/rand"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// open returns a Tenet over a store, closed when the test ends.
func open(t testing.TB, st store.Store, edits ...func(*tenet.Options)) *tenet.Tenet {
	t.Helper()
	o := &tenet.Options{Peppers: peppers(t)}
	for _, edit := range edits {
		edit(o)
	}
	tt, err := tenet.Open(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := tt.Close(); err != nil && !t.Failed() { // nil where the test has closed it
			t.Error(err)
		}
	})
	return tt
}

func must[T any](t testing.TB) func(v T, err error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func mustNot(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// The people of a town. ann owns the organization; pat owns its project prod, mem
// is a member of that and vic a viewer; rob is on the roster alone; otto owns
// another organization; nik is nobody.
var people = []tenancy.UserID{"ann", "pat", "mem", "vic", "rob", "otto", "nik"}

// town is a world with all of them, over a store that can be told to misbehave.
type town struct {
	*world
	faults   *faults.Injector
	under    backend // without faults
	other    tenancy.OrgID
	shop     tenancy.Project // of the other organization
	mems     tenancy.Key     // mem's personal key in prod
	memsSc   keys.Secret
	invite   tenancy.Invite // pending
	inviteSc keys.Secret
}

// backend is what store/memory and store/sqlitefile are.
type backend interface {
	store.Store
	store.Usage
	store.Upkeep
}

// faulty is a backend with an injector's faults. It hides store.Waiter, so whoever
// follows it polls.
func faulty(in *faults.Injector, st backend) backend {
	return struct {
		store.Store
		store.Usage
		store.Upkeep
	}{in.Store(st), in.Usage(st), in.Upkeep(st)}
}

// eachStore runs a test over every store that there is.
func eachStore(t *testing.T, test func(t *testing.T, st backend)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) { test(t, memory.New()) })
	t.Run("sqlitefile", func(t *testing.T) {
		st, err := sqlitefile.Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db"))
		mustNot(t, err)
		t.Cleanup(func() { mustNot(t, st.Close()) })
		test(t, st)
	})
}

func newTown(t testing.TB) *town { return newTownOver(t, memory.New()) }

func newTownOver(t testing.TB, st backend, edits ...func(*tenet.Options)) *town {
	t.Helper()
	in := new(faults.Injector)
	w := &town{world: newWorld(t, faulty(in, st), edits...), faults: in, under: st}
	ctx, ops, ann := t.Context(), w.Operator("ops"), w.As("ann")
	for _, u := range []tenancy.UserID{"pat", "mem", "vic", "rob"} {
		must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: u}))
	}
	for u, role := range map[tenancy.UserID]tenancy.Role{"pat": tenancy.RoleOwner, "mem": tenancy.RoleMember, "vic": tenancy.RoleViewer} {
		mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, u, role))
	}
	var err error
	if w.mems, w.memsSc, err = w.As("mem").CreateKey(ctx, w.org, w.project.ID, personalKey("laptop")); err != nil {
		t.Fatal(err)
	}
	if w.invite, w.inviteSc, err = ann.Invite(ctx, w.org, tenet.NewInvite{Email: "ivy@example.com"}); err != nil {
		t.Fatal(err)
	}
	w.other = must[tenancy.Organization](t)(ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Beta", Currency: "EUR", Owner: tenet.NewMember{User: "otto"}, Plan: "pro", Models: tenancy.AllModels(),
	})).ID
	w.shop = must[tenancy.Project](t)(w.As("otto").CreateProject(ctx, w.other, tenet.NewProject{Name: "shop"}))
	return w
}

func personalKey(name string) tenet.NewKey {
	return tenet.NewKey{Name: name, Kind: tenancy.KeyPersonal, Models: tenancy.AllModels()}
}

func serviceKey(name string) tenet.NewKey {
	return tenet.NewKey{Name: name, Kind: tenancy.KeyService, Models: tenancy.AllModels()}
}

// edit changes a record behind Tenet's back, as whoever can write the database
// may, and leaves an entry in the feed.
func edit[T tenancy.Recordable](t testing.TB, st store.Store, ref tenancy.RefTo[T], change func(*T)) {
	t.Helper()
	was := must[store.Stored[T]](t)(store.One(t.Context(), st, ref))
	if was.Absent() {
		t.Fatalf("no %v to edit", ref.Kind)
	}
	next := was.Value
	change(&next)
	commit(t, st, store.Batch{
		Entry: store.Entry{Org: ref.Org},
		Put:   []store.Record{{Rev: was.Rev, Value: tenancy.Entity(next)}},
	})
}

// commit commits b under an operation id of its own.
func commit(t testing.TB, st store.Store, b store.Batch) {
	t.Helper()
	b.Entry.Op, b.Entry.Action, b.Entry.At = store.OperationID("edit "+rand.Text()), "test.edit", tenancy.Instant(time.Now())
	if _, err := st.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

// entries are those of an organization, newest first.
func entries(t testing.TB, st store.Store, org tenancy.OrgID) []store.Entry {
	t.Helper()
	trail := must[store.Trail](t)(st.Trail(t.Context(), store.TrailQuery{Org: org}))
	if trail.Next != "" {
		t.Fatal("more entries than a page")
	}
	return trail.Entries
}

// caughtUp waits until tt has read the feed: a well-formed token that is nobody's
// makes it do so.
func caughtUp(t testing.TB, tt *tenet.Tenet) {
	t.Helper()
	if _, d := tt.Authenticate(t.Context(), nobodys(t)); d.Reason != access.ReasonUnknownKey {
		t.Fatalf("nobody's token: %+v", d)
	}
}

// nobodys is a well-formed token of the default format that was never given out.
func nobodys(t testing.TB) string {
	t.Helper()
	_, secret := mint(t, "tenet", "live")
	return secret.Reveal()
}

// mint makes a key that no store knows.
func mint(t testing.TB, brand, env string) (tenancy.Key, keys.Secret) {
	t.Helper()
	k, secret, err := keys.Minter{Format: must[keys.Format](t)(keys.NewFormat(brand, env)), Peppers: peppers(t)}.Mint(tenancy.Key{
		Org: "org_01JD0000000000000000000000", Project: "proj_01JD0000000000000000000000", Kind: tenancy.KeyService,
		Name: "none", Models: tenancy.AllModels(), CreatedBy: "nik", Created: tenancy.Instant(time.Now()),
	}, "nik", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return k, secret
}

// logTo sends the log of a Tenet to a buffer.
func logTo(w io.Writer) func(*tenet.Options) {
	return func(o *tenet.Options) { o.Logger = slog.New(slog.NewJSONHandler(w, nil)) }
}
