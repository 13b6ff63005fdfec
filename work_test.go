package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// The actor's right is taken away between what the rule read and its commit: the
// verb is refused, and has written nothing.
func TestRightsAreChecked(t *testing.T) {
	demote := func(t *testing.T, w *town, u tenancy.UserID) {
		edit(t, w.under, tenancy.ProjectMemberRef(w.org, w.project.ID, u), func(m *tenancy.ProjectMember) { m.Role = tenancy.RoleViewer })
	}
	suspend := func(t *testing.T, w *town, u tenancy.UserID) {
		edit(t, w.under, tenancy.MemberRef(w.org, u), func(m *tenancy.Member) { m.Suspended = m.Joined })
	}
	disown := func(t *testing.T, w *town, _ tenancy.UserID) {
		edit(t, w.under, tenancy.OrganizationRef(w.org), func(o *tenancy.Organization) { o.Owners = []tenancy.UserID{"otto"} })
	}
	rejoin := func(t *testing.T, w *town, u tenancy.UserID) {
		edit(t, w.under, tenancy.MemberRef(w.org, u), func(m *tenancy.Member) { m.Membership = "mem_01JD0000000000000000000000" })
	}
	shut := func(t *testing.T, w *town, _ tenancy.UserID) {
		edit(t, w.under, tenancy.OrganizationRef(w.org), func(o *tenancy.Organization) { *o = o.Close(time.Now()) })
	}
	archive := func(t *testing.T, w *town, _ tenancy.UserID) {
		edit(t, w.under, tenancy.ProjectRef(w.org, w.project.ID), func(p *tenancy.Project) { *p = p.Archive(time.Now()) })
	}
	rename := func(ctx context.Context, w *town, a tenet.Actor) error {
		_, err := a.RenameProject(ctx, w.org, w.project.ID, "renamed")
		return err
	}
	createKey := func(ctx context.Context, w *town, a tenet.Actor) error {
		_, _, err := a.CreateKey(ctx, w.org, w.project.ID, serviceKey("late"))
		return err
	}
	createOwn := func(ctx context.Context, w *town, a tenet.Actor) error {
		_, _, err := a.CreateKey(ctx, w.org, w.project.ID, personalKey("late"))
		return err
	}
	createProject := func(ctx context.Context, w *town, a tenet.Actor) error {
		_, err := a.CreateProject(ctx, w.org, tenet.NewProject{Name: "late"})
		return err
	}
	promote := func(ctx context.Context, w *town, a tenet.Actor) error {
		return a.SetProjectMember(ctx, w.org, w.project.ID, "rob", tenancy.RoleOwner)
	}
	for _, tt := range []struct {
		name string
		user tenancy.UserID
		take func(*testing.T, *town, tenancy.UserID)
		do   func(context.Context, *town, tenet.Actor) error
		want error
		why  string
	}{
		{"rename, demoted", "pat", demote, rename, tenet.ErrForbidden, "the place is checked"},
		{"rename, suspended", "pat", suspend, rename, tenet.ErrNotFound, "the roster is checked"},
		{"rename, joined again", "pat", rejoin, rename, tenet.ErrNotFound, "a place of an earlier stay is none"},
		{"rename, closed", "pat", shut, rename, tenet.ErrNotFound, "the root is checked"},
		{"rename, archived", "pat", archive, rename, tenancy.ErrArchived, "the project is checked"},
		{"service key, demoted", "pat", demote, createKey, tenet.ErrForbidden, "no key outlives the right to make it"},
		{"personal key, demoted", "mem", demote, createOwn, tenet.ErrForbidden, "no key outlives the right to make it"},
		{"personal key, joined again", "mem", rejoin, createOwn, tenet.ErrNotFound, "the key would be of the stay before"},
		{"key, archived", "pat", archive, createKey, tenancy.ErrArchived, "the project is checked and not written"},
		{"project, no owner any more", "ann", disown, createProject, tenet.ErrForbidden, "ownership stands in the root"},
		{"project, suspended", "ann", suspend, createProject, tenet.ErrNotFound, "the roster is checked"},
		{"people, demoted", "pat", demote, promote, tenet.ErrForbidden, "nobody grants what they no longer have"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault {
				if n > 1 {
					return faults.Fault{}
				}
				return faults.Fault{Before: func() { tt.take(t, w, tt.user) }}
			}))
			if err := tt.do(t.Context(), w, w.As(tt.user)); !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v (%s)", err, tt.want, tt.why)
			}
			if n := w.faults.Count(faults.Commit); n != 1 {
				t.Errorf("%d commits were tried, want 1: the rule was not run again", n)
			}
			if e := entries(t, w.under, w.org)[0]; e.Action != "test.edit" {
				t.Errorf("%q was committed", e.Action)
			}
		})
	}
}

// Writers who meet on one record all succeed, one after the other, and nothing that
// one wrote is lost.
func TestConflictRunsTheRuleAgain(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		const writers, each = 8, 5
		w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault { // the first is overtaken, whatever the scheduler does
			if n > 1 {
				return faults.Fault{}
			}
			return faults.Fault{Before: func() {
				mustNot(t, second(ops.AddMember(ctx, w.org, tenet.NewMember{User: "o-first", Role: tenancy.RoleOwner})))
			}}
		}))
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for j := range each {
					if _, err := ops.AddMember(ctx, w.org, tenet.NewMember{User: tenancy.UserID(fmt.Sprintf("o-%d-%d", i, j)), Role: tenancy.RoleOwner}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		set := must[tenet.Settings](t)(w.As("ann").Settings(ctx, w.org))
		if got, want := len(set.Organization.Value.Owners), 2+writers*each; got != want {
			t.Errorf("%d owners, want %d", got, want)
		}
		if w.faults.Count(faults.Commit) <= 1+writers*each {
			t.Error("no commit was refused")
		}
	})
}

func TestOneNameOneProject(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		var group sync.WaitGroup
		results := make([]error, 16)
		for i := range results {
			group.Go(func() {
				_, results[i] = w.As("ann").CreateProject(t.Context(), w.org, tenet.NewProject{Name: []string{"Straße", "STRASSE"}[i%2]})
			})
		}
		group.Wait()
		made := 0
		for _, err := range results {
			if err == nil {
				made++
			} else if !errors.Is(err, tenancy.ErrNameTaken) {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d projects of one name, want 1", made)
		}
	})
}

// A verb ends with its context, whatever the store goes on answering.
func TestBoundedByTheContext(t *testing.T) {
	for _, tt := range []struct {
		name string
		plan faults.Plan
		want []error
	}{
		{"conflicts for ever", faults.Every(faults.Commit, 1, faults.Fault{Delay: time.Millisecond, Err: store.ErrConflict}),
			[]error{context.DeadlineExceeded}},
		{"never known", faults.Every(faults.Commit, 1, faults.Fault{Lost: true}),
			[]error{context.DeadlineExceeded, store.ErrUnknownOutcome}},
		{"unknown, then down", faults.On(faults.Commit, func(n int) faults.Fault {
			if n == 1 {
				return faults.Fault{Err: store.ErrUnknownOutcome}
			}
			return faults.Fault{Err: store.ErrUnavailable}
		}), []error{context.DeadlineExceeded, store.ErrUnknownOutcome}},
		{"never answers", faults.Every(faults.Commit, 1, faults.Fault{Hang: true}), []error{context.DeadlineExceeded}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t)
				w.faults.Set(tt.plan)
				ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
				defer cancel()
				began := time.Now()
				_, err := w.As("ann").CreateProject(ctx, w.org, tenet.NewProject{Name: "late"})
				for _, want := range tt.want {
					if !errors.Is(err, want) {
						t.Errorf("error = %v, want %v", err, want)
					}
				}
				if errors.Is(err, store.ErrConflict) {
					t.Errorf("a conflict reached the caller: %v", err)
				}
				if took := time.Since(began); took < 2*time.Second || took > 4*time.Second {
					t.Errorf("took %v, want 3s", took)
				}
			})
		})
	}
}

// F5: every third reply is lost. Each operation takes effect exactly once, no verb
// fails or finds its own effect, and a secret is shown though its commit was made
// twice.
func TestF5LostAcknowledgement(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		before := len(entries(t, w.under, w.org))
		w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault { return faults.Fault{Lost: n%3 != 0} })) // two of three: a batch meets it at its repetition too
		verbs := 0
		did := func(name string, err error) {
			t.Helper()
			verbs++
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		for i := range 8 {
			p, err := ann.CreateProject(ctx, w.org, tenet.NewProject{Name: fmt.Sprint("p", i), Models: tenancy.AllModels()})
			did("create project", err)
			_, err = ann.RenameProject(ctx, w.org, p.ID, fmt.Sprint("q", i))
			did("rename", err)
			did("place", ann.SetProjectMember(ctx, w.org, p.ID, "mem", tenancy.RoleMember))
			k, secret, err := ann.CreateKey(ctx, w.org, p.ID, serviceKey("k"))
			did("create key", err)
			if _, d := w.Authenticate(ctx, secret.Reveal()); !d.Allowed() {
				t.Errorf("the key that was shown: %+v", d)
			}
			did("revoke", ann.RevokeKey(ctx, w.org, k.ID))
			did("displace", ann.RemoveProjectMember(ctx, w.org, p.ID, "mem"))
			_, err = ann.ArchiveProject(ctx, w.org, p.ID)
			did("archive", err)
			_, err = ann.RestoreProject(ctx, w.org, p.ID, "")
			did("restore", err)
		}
		if got := len(entries(t, w.under, w.org)) - before; got != verbs {
			t.Errorf("%d entries of %d verbs", got, verbs)
		}
		if w.faults.Count(faults.Commit) <= verbs {
			t.Error("no commit was repeated")
		}
	})
}

// Outcome unknown, then the store is down for a moment: the verb waits and succeeds
// rather than say that nothing was changed.
func TestUnknownThenUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault {
			return [...]faults.Fault{{Lost: true}, {Err: store.ErrUnavailable}, {Err: store.ErrUnavailable}, {}}[min(n, 4)-1]
		}))
		k, secret, err := w.As("ann").CreateKey(t.Context(), w.org, w.project.ID, serviceKey("late"))
		if err != nil || secret.Reveal() == "" {
			t.Fatalf("CreateKey: %v", err)
		}
		if p, d := w.Authenticate(t.Context(), secret.Reveal()); !d.Allowed() || p.Key() != k.ID {
			t.Errorf("the key: %+v", d)
		}
	})
}

// A secret is shown to whoever made its key, also where nothing can be read after
// the commit.
func TestSecretIsNotLostAfterTheCommit(t *testing.T) {
	w := newTown(t)
	var broken atomic.Bool
	w.faults.Set(func(c faults.Call) faults.Fault {
		if c.Method == faults.Commit {
			return faults.Fault{After: func() { broken.Store(true) }}
		}
		if broken.Load() {
			return faults.Fault{Err: store.ErrUnavailable}
		}
		return faults.Fault{}
	})
	_, secret, err := w.As("ann").CreateKey(t.Context(), w.org, w.project.ID, serviceKey("late"))
	if err != nil || secret.Reveal() == "" {
		t.Errorf("CreateKey: %v, secret %v", err, secret.Reveal() != "")
	}
}

// An operation id asked for again gives the first result and changes nothing; for
// anything else it is refused.
func TestReplay(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	const op store.OperationID = "op-1"
	with := tenet.ChangeOptions{Op: op}
	ann := w.As("ann").With(with)
	first := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "once"}))
	again := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "once"}))
	if again.ID != first.ID {
		t.Errorf("again made %s, first %s", again.ID, first.ID)
	}
	mustNot(t, w.Operator("ops").SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "pro", Models: tenancy.AllModels()}))
	must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "ida", Role: tenancy.RoleOwner}))
	count := len(entries(t, w.st, w.org)) - 1
	for _, tt := range []struct {
		name string
		err  error
		why  string
	}{
		{"other payload", second(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "twice"})), "a name more is another request"},
		{"other models", second(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "once", Models: tenancy.AllModels()})), "all of the payload counts"},
		{"other actor", second(w.As("ida").With(with).CreateProject(ctx, w.org, tenet.NewProject{Name: "thrice"})), "an id is of one actor"},
		{"other verb", second(ann.ArchiveProject(ctx, w.org, first.ID)), "an id is of one verb"},
		{"a verb that would change nothing", second(ann.RestoreProject(ctx, w.org, first.ID, "")), "an id is of one verb, whatever that would do"},
		{"other revision", second(w.As("ann").With(tenet.ChangeOptions{Op: op, IfRev: 7}).CreateProject(ctx, w.org, tenet.NewProject{Name: "once"})), "what was asked includes the revision"},
		{"the operator", second(w.Operator("ops").With(with).AddMember(ctx, w.org, tenet.NewMember{User: "x"})), "operators share the organization's ids"},
	} {
		if !errors.Is(tt.err, store.ErrReused) {
			t.Errorf("%s: %v, want ErrReused (%s)", tt.name, tt.err, tt.why)
		}
	}
	if _, err := w.As("otto").With(with).CreateProject(ctx, w.other, tenet.NewProject{Name: "once"}); err != nil {
		t.Errorf("the same id in another organization: %v", err)
	}
	if got := len(entries(t, w.st, w.org)); got != count+1 {
		t.Errorf("%d entries, want %d", got, count+1)
	}
	if _, err := ann.Settings(ctx, w.org); err != nil {
		t.Errorf("a reading with the options of a change: %v", err)
	}
	if _, err := w.As("ann").With(with).RenameProject(ctx, "nonsense", first.ID, "x"); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("an operation id in an organization that is none: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestReplayedKeyHasNoSecret(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann").With(tenet.ChangeOptions{Op: "op-1"})
	k, secret, err := ann.CreateKey(ctx, w.org, w.project.ID, serviceKey("once"))
	mustNot(t, err)
	again, none, err := ann.CreateKey(ctx, w.org, w.project.ID, serviceKey("once"))
	if !errors.Is(err, tenet.ErrSecretShown) || again.ID != k.ID || none.Reveal() != "" {
		t.Errorf("again = %s, a secret: %v, %v", again.ID, none.Reveal() != "", err)
	}
	if again.Current.Digest != (tenancy.Digest{}) || again.Current.Seal != (tenancy.Digest{}) {
		t.Error("digests left the package")
	}
	if _, d := w.Authenticate(ctx, secret.Reveal()); !d.Allowed() {
		t.Errorf("the first secret: %+v", d)
	}
	if _, none, err := w.As("pat").With(tenet.ChangeOptions{Op: "op-1"}).CreateKey(ctx, w.org, w.project.ID, serviceKey("once")); !errors.Is(err, store.ErrReused) || none.Reveal() != "" {
		t.Errorf("another actor: %v", err)
	}
}

// C4: one operation asked for a hundred times at once happens once, and everybody
// is told of it.
func TestC4SameOperationAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, with := t.Context(), tenet.ChangeOptions{Op: "op-1"}
		ids, orgs := make([]tenancy.ProjectID, 100), make([]tenancy.OrgID, 100)
		var secrets sync.Map
		var group sync.WaitGroup
		for i := range ids {
			group.Go(func() {
				p, err := w.As("ann").With(with).CreateProject(ctx, w.org, tenet.NewProject{Name: "once"})
				if err != nil {
					t.Error("CreateProject:", err)
				}
				ids[i] = p.ID
				o, err := w.Operator("ops").With(with).CreateOrganization(ctx, tenet.NewOrganization{
					Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil"},
				})
				if err != nil {
					t.Error("CreateOrganization:", err)
				}
				orgs[i] = o.ID
				_, secret, err := w.As("pat").With(tenet.ChangeOptions{Op: "op-2"}).CreateKey(ctx, w.org, w.project.ID, serviceKey("once"))
				if err == nil {
					secrets.Store(secret.Reveal(), true)
				} else if !errors.Is(err, tenet.ErrSecretShown) {
					t.Error("CreateKey:", err)
				}
			})
		}
		group.Wait()
		for i := range ids {
			if ids[i] != ids[0] || orgs[i] != orgs[0] {
				t.Fatalf("caller %d was told of %s and %s, the first of %s and %s", i, ids[i], orgs[i], ids[0], orgs[0])
			}
		}
		shown := 0
		for range secrets.Range {
			shown++
		}
		if shown != 1 {
			t.Errorf("%d secrets were shown, want 1", shown)
		}
		if got := must[[]tenet.OrganizationHeader](t)(w.As("gil").Organizations(ctx)); len(got) != 1 {
			t.Errorf("gil has %d organizations, want 1", len(got))
		}
	})
}

// The same operation overtakes its twin between the twin's look at the log and its
// rule: the twin is told of the result, and not that the name is taken.
func TestTwinIsToldTheResult(t *testing.T) {
	w := newTown(t)
	ann := w.As("ann").With(tenet.ChangeOptions{Op: "op-1"})
	create := func() tenancy.Project {
		return must[tenancy.Project](t)(ann.CreateProject(t.Context(), w.org, tenet.NewProject{Name: "once"}))
	}
	var first tenancy.Project
	w.faults.Set(faults.On(faults.Trail, func(n int) faults.Fault {
		if n > 1 {
			return faults.Fault{}
		}
		return faults.Fault{After: func() { first = create() }}
	}))
	if twin := create(); twin.ID != first.ID || first.ID == "" {
		t.Errorf("the twin was told of %q, the first of %q", twin.ID, first.ID)
	}
}

// An operation id that the log has forgotten does not make an organization anew
// over the one that it made.
func TestForgottenOperationOverwritesNothing(t *testing.T) {
	st := memory.New()
	w := newTownOver(t, st)
	ctx, ops := t.Context(), w.Operator("ops").With(tenet.ChangeOptions{Op: "op-1"})
	n := tenet.NewOrganization{Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil"}}
	org := must[tenancy.Organization](t)(ops.CreateOrganization(ctx, n))
	must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, org.ID, tenet.NewMember{User: "gwen", Role: tenancy.RoleOwner}))
	must[int](t)(st.PruneLog(ctx, org.ID, time.Now().Add(time.Hour)))
	if _, err := ops.CreateOrganization(ctx, n); !errors.Is(err, store.ErrReused) {
		t.Errorf("CreateOrganization: %v, want ErrReused", err)
	}
	if _, err := w.As("gwen").Settings(ctx, org.ID); err != nil {
		t.Errorf("an owner of the organization: %v", err)
	}
}

// torn is a store whose next Get reads its first ref, lets something happen, and
// then reads the others: a snapshot is nothing that a backend owes.
type torn struct {
	backend
	mu      sync.Mutex
	between func()
}

func (s *torn) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	s.mu.Lock()
	between := s.between
	s.between = nil
	s.mu.Unlock()
	if between == nil || len(refs) < 2 {
		return s.backend.Get(ctx, refs...)
	}
	first, err := s.backend.Get(ctx, refs[0])
	if err != nil {
		return nil, err
	}
	between()
	rest, err := s.backend.Get(ctx, refs[1:]...)
	return append(first, rest...), err
}

// A right that moves from one record to another in one commit is had throughout:
// a refusal is confirmed before it is given.
func TestRefusalsAreConfirmed(t *testing.T) {
	st := &torn{backend: memory.New()}
	w := newTownOver(t, st)
	root, place := tenancy.OrganizationRef(w.org), tenancy.ProjectMemberRef(w.org, w.project.ID, "pat")
	for _, tt := range []struct {
		name string
		do   func() error
	}{
		{"a verb", func() error {
			return second(w.As("pat").SetProjectModels(t.Context(), w.org, w.project.ID, tenancy.Models("small")))
		}},
		{"a reading", func() error { return second(w.As("pat").Project(t.Context(), w.org, w.project.ID)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := must[store.Stored[tenancy.Organization]](t)(store.One(t.Context(), st, root))
			m := must[store.Stored[tenancy.ProjectMember]](t)(store.One(t.Context(), st, place))
			moved := func() { // pat becomes an owner of the organization and leaves the project, in one commit
				o.Value.Owners = []tenancy.UserID{"ann", "pat"}
				commit(t, st.backend, store.Batch{
					Entry:  store.Entry{Org: w.org},
					Put:    []store.Record{{Rev: o.Rev, Value: o.Value}},
					Delete: []store.Check{{Ref: place.Ref, Rev: m.Rev}},
				})
			}
			st.mu.Lock()
			st.between = moved
			st.mu.Unlock()
			if err := tt.do(); err != nil {
				t.Errorf("pat was refused what pat may throughout: %v", err)
			}
			back := must[store.Stored[tenancy.Organization]](t)(store.One(t.Context(), st, root))
			back.Value.Owners = []tenancy.UserID{"ann"}
			m.Value.Role = tenancy.RoleOwner
			commit(t, st.backend, store.Batch{
				Entry: store.Entry{Org: w.org},
				Put:   []store.Record{{Rev: back.Rev, Value: back.Value}, {Value: m.Value}},
			})
		})
	}
}

// A refusal that cannot be confirmed is an outage and no refusal.
func TestUnconfirmedRefusalIsAnOutage(t *testing.T) {
	w := newTown(t)
	w.faults.Set(faults.On(faults.Get, func(n int) faults.Fault {
		if n == 2 {
			return faults.Fault{Err: store.ErrUnavailable}
		}
		return faults.Fault{}
	}))
	_, err := w.As("nik").Project(t.Context(), w.org, w.project.ID)
	if !errors.Is(err, tenet.ErrUnavailable) || errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("error = %v, want ErrUnavailable alone", err)
	}
}

func TestIfRev(t *testing.T) {
	w := newTown(t)
	ctx, ref := t.Context(), tenancy.ProjectRef(w.org, w.project.ID)
	seen := must[store.Stored[tenancy.Project]](t)(store.One(ctx, w.st, ref)).Rev
	stale := w.As("ann").With(tenet.ChangeOptions{IfRev: seen})
	if _, err := stale.RenameProject(ctx, w.org, w.project.ID, "first"); err != nil {
		t.Fatalf("at the revision that was seen: %v", err)
	}
	count := len(entries(t, w.st, w.org))
	if _, err := stale.RenameProject(ctx, w.org, w.project.ID, "second"); !errors.Is(err, tenet.ErrStale) {
		t.Errorf("at a revision before: %v, want ErrStale", err)
	}
	if _, err := w.As("vic").With(tenet.ChangeOptions{IfRev: seen}).RenameProject(ctx, w.org, w.project.ID, "x"); !errors.Is(err, tenet.ErrForbidden) {
		t.Errorf("who may not is told that first: %v", err)
	}
	if p := must[store.Stored[tenancy.Project]](t)(w.As("ann").Project(ctx, w.org, w.project.ID)).Value; p.Name != "first" || len(entries(t, w.st, w.org)) != count {
		t.Errorf("a stale change was written: %q", p.Name)
	}
}

// What a page read is what its change is compared with, round after round.
func TestSettingsRevisions(t *testing.T) {
	w := newTown(t)
	ctx, ops := t.Context(), w.Operator("ops")
	for range 3 {
		set := must[tenet.Settings](t)(w.As("ann").Settings(ctx, w.org))
		plan := set.Subscription.Value
		plan.Plan += "+"
		mustNot(t, ops.With(tenet.ChangeOptions{IfRev: set.Subscription.Rev}).SetSubscription(ctx, plan))
		if err := ops.With(tenet.ChangeOptions{IfRev: set.Subscription.Rev}).SetSubscription(ctx, plan); !errors.Is(err, tenet.ErrStale) {
			t.Errorf("at a revision before: %v, want ErrStale", err)
		}
	}
	p := must[store.Stored[tenancy.Project]](t)(w.As("ann").Project(ctx, w.org, w.project.ID))
	if _, err := w.As("ann").With(tenet.ChangeOptions{IfRev: p.Rev}).RenameProject(ctx, w.org, w.project.ID, "renamed"); err != nil {
		t.Error(err)
	}
}

// Putting what is there leaves no entry.
func TestPutModelTwice(t *testing.T) {
	w := newTown(t)
	m := tenancy.Model{ID: "again", Public: true}
	mustNot(t, w.Operator("ops").PutModel(t.Context(), m))
	count := len(entries(t, w.st, ""))
	mustNot(t, w.Operator("ops").PutModel(t.Context(), m))
	if got := len(entries(t, w.st, "")); got != count {
		t.Errorf("%d entries, want %d", got, count)
	}
	m.Public = false
	mustNot(t, w.Operator("ops").PutModel(t.Context(), m))
	if got := len(entries(t, w.st, "")); got != count+1 {
		t.Errorf("%d entries after a change, want %d", got, count+1)
	}
}

// A key's list holds canonical ids of the plan, and says no more of the catalogue.
func TestKeyModels(t *testing.T) {
	w := newTown(t)
	for name, set := range map[string]tenancy.ModelSet{
		"alias": tenancy.Models("latest"), "unknown": tenancy.Models("no-such-model"), "malformed": tenancy.Models("a b"),
	} {
		_, _, err := w.As("ann").CreateKey(t.Context(), w.org, w.project.ID, tenet.NewKey{Name: "k", Kind: tenancy.KeyService, Models: set})
		var field *tenancy.FieldError
		if !errors.As(err, &field) || field.Field != "models" {
			t.Errorf("%s: %v, want a FieldError of models", name, err)
		}
	}
}
