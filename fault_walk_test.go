package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// mishap is what befalls one call that a verb makes of the store, and those after it.
type mishap struct {
	name  string
	fault func(m faults.Method) faults.Fault
	then  faults.Fault
	also  faults.Plan // what befalls the other calls besides; may be nil
}

// everywhere is a fault whatever the method.
func everywhere(f faults.Fault) func(faults.Method) faults.Fault {
	return func(faults.Method) faults.Fault { return f }
}

func mishaps() []mishap {
	away, lost := faults.Fault{Err: store.ErrUnavailable}, faults.Fault{Lost: true}
	unknown := faults.Nth(faults.Commit, 1, lost)
	return []mishap{
		{name: "an error", fault: everywhere(away)},
		{name: "down", fault: everywhere(away), then: away},
		{name: "an answer lost", fault: everywhere(lost)},
		{name: "an answer lost, then down", fault: everywhere(lost), then: away},
		{name: "a commit's answer lost, and an error", fault: everywhere(away), also: unknown},
		{name: "not done and not known", fault: func(m faults.Method) faults.Fault {
			if m == faults.Commit {
				return faults.Fault{Err: store.ErrUnknownOutcome}
			}
			return away
		}},
	}
}

// crashes are of a store that panics where the host recovers, as net/http does.
func crashes() []mishap {
	boom := everywhere(faults.Fault{Panic: "boom"})
	return []mishap{
		{name: "a panic", fault: boom},
		{name: "a panic once it was done", fault: everywhere(faults.Fault{Panic: "boom", Lost: true})},
		{name: "a commit's answer lost, and a panic", fault: boom, also: faults.Nth(faults.Commit, 1, faults.Fault{Lost: true})},
	}
}

// at is the plan of a mishap at the n-th call, whatever the method. The feed, where it
// is left aside, is down, so that what follows it asks nothing. hit tells of the call.
func (m mishap) at(n int64, hit *atomic.Bool, aside ...faults.Method) faults.Plan {
	var calls atomic.Int64
	return faults.First(func(c faults.Call) faults.Fault {
		if slices.Contains(aside, c.Method) {
			return faults.Down(c)
		}
		switch call := calls.Add(1); {
		case call < n:
			return faults.Fault{}
		case call > n:
			return m.then
		}
		hit.Store(true)
		return m.fault(c.Method)
	}, m.also)
}

// errand is a verb with all that it needs, for ann.
type errand struct {
	name string
	do   func(ctx context.Context, w *town, a tenet.Actor) error
}

func errands() []errand {
	return []errand{
		{"create a project", func(ctx context.Context, w *town, a tenet.Actor) error {
			return second(a.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab", Models: tenancy.Models("small")}))
		}},
		{"rename a project", func(ctx context.Context, w *town, a tenet.Actor) error {
			return second(a.RenameProject(ctx, w.org, w.project.ID, "web"))
		}},
		{"archive a project", func(ctx context.Context, w *town, a tenet.Actor) error {
			return second(a.ArchiveProject(ctx, w.org, w.project.ID))
		}},
		{"create a key", func(ctx context.Context, w *town, a tenet.Actor) error {
			return third(a.CreateKey(ctx, w.org, w.project.ID, serviceKey("late")))
		}},
		{"rotate a key", func(ctx context.Context, w *town, a tenet.Actor) error {
			return third(a.RotateKey(ctx, w.org, w.key.ID, keys.Rotation{}))
		}},
		{"import a key", func(ctx context.Context, w *town, _ tenet.Actor) error {
			ops := w.Operator("ops").With(tenet.ChangeOptions{Op: "errand"})
			return second(ops.ImportKey(ctx, w.org, w.project.ID, importedKey("brought along", foreign)))
		}},
		{"revoke a key by its secret", func(ctx context.Context, w *town, _ tenet.Actor) error {
			return w.Operator("ops").With(tenet.ChangeOptions{Op: "errand"}).RevokeBySecret(ctx, w.secret.Reveal())
		}},
		{"revoke a key", func(ctx context.Context, w *town, a tenet.Actor) error { return a.RevokeKey(ctx, w.org, w.key.ID) }},
	}
}

// state is what a store holds of the town's organization, by name: records and
// entries, in an order of their own.
func (w *town) state(t testing.TB) []string {
	t.Helper()
	names, all := map[string]string{}, []string{}
	for p, err := range store.Walk(t.Context(), w.under, store.WithinOf[tenancy.Project](w.org)) {
		mustNot(t, err)
		names[string(p.Value.ID)] = p.Value.Name
		all = append(all, fmt.Sprintf("project %s, archived %v", p.Value.Name, !p.Value.Archived.IsZero()))
	}
	for c, err := range store.Walk(t.Context(), w.under, store.NamesOf(w.org)) {
		mustNot(t, err)
		all = append(all, fmt.Sprintf("name %s, of %s", c.Value.Folded, names[string(c.Value.Project)]))
	}
	for k, err := range store.Walk(t.Context(), w.under, store.WithinOf[tenancy.Key](w.org)) {
		mustNot(t, err)
		names[string(k.Value.ID)] = k.Value.Name
		all = append(all, fmt.Sprintf("key %s, revoked %v, rotating %v", k.Value.Name, !k.Value.Revoked.IsZero(), k.Value.Previous.Pepper != ""))
	}
	for _, e := range entries(t, w.under, w.org) {
		all = append(all, fmt.Sprintf("%s by %s, of %s", e.Action, e.Actor, names[e.Subject.ID]))
	}
	slices.Sort(all)
	return all
}

// At whichever call of the store something befalls a verb, its caller is told the
// truth, the verb was done whole or not at all, asking again does it once, and Tenet
// goes on.
func TestF14MishapAnywhere(t *testing.T) {
	for _, e := range errands() {
		var after []string
		synctest.Test(t, func(t *testing.T) {
			w := newTownOver(t, memory.New(), importing)
			mustNot(t, e.do(t.Context(), w, w.As("ann")))
			after = w.state(t)
		})
		for _, m := range slices.Concat(mishaps(), crashes()) {
			t.Run(e.name+"/"+m.name, func(t *testing.T) {
				n, hit := int64(0), true
				for hit && n < 20 {
					n++
					synctest.Test(t, func(t *testing.T) { hit = e.meets(t, m, n, after) })
				}
				if n < 5 || n == 20 { // a look for the operation, the rule's reading, the commit, reading it back
					t.Errorf("%d calls of the store", n-1)
				}
			})
		}
	}
}

// meets does the errand with a mishap at the n-th call, and again without. It is false
// where there is no such call.
func (e errand) meets(t *testing.T, m mishap, n int64, after []string) bool {
	w := newTownOver(t, memory.New(), importing)
	ps, before := []tenet.Principal{w.principal(t), w.inDoubt(t)}, w.state(t)
	ann := w.As("ann").With(tenet.ChangeOptions{Op: "errand"})
	var hit atomic.Bool
	w.faults.Set(m.at(n, &hit, faults.Changes))
	panicked, err := outcomeOf(t, func(ctx context.Context) error { return e.do(ctx, w, ann) })
	w.faults.Set(nil)
	if !hit.Load() {
		return false
	}
	done := e.judge(t, n, err, panicked, w.state(t), before, after)

	panicked, again := outcomeOf(t, func(ctx context.Context) error { return e.do(ctx, w, ann) })
	if done && errors.Is(again, tenet.ErrSecretShown) {
		again = nil
	}
	if again != nil || panicked != nil {
		t.Errorf("call %d: again: %v, panic %v", n, again, panicked)
	}
	if diff := gocmp.Diff(after, w.state(t)); diff != "" {
		t.Errorf("call %d: done twice over (-once +again):\n%s", n, diff)
	}
	w.goesOn(t, n, ps)
	return true
}

// outcomeOf runs a verb that may take half a minute.
func outcomeOf(t *testing.T, do func(context.Context) error) (panicked any, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	defer func() { panicked = recover() }()
	return nil, do(ctx)
}

// judge compares what the caller was told with what the store has, and says whether
// the errand was done.
func (e errand) judge(t *testing.T, n int64, err error, panicked any, got, before, after []string) (done bool) {
	done = gocmp.Equal(got, after)
	if !done && !gocmp.Equal(got, before) {
		t.Errorf("call %d: done by half (-before +now):\n%s", n, gocmp.Diff(before, got))
	}
	switch unknown := errors.Is(err, store.ErrUnknownOutcome); {
	case panicked != nil && panicked != "boom":
		t.Errorf("call %d: a panic of Tenet's own: %v", n, panicked)
	case panicked != nil, unknown:
	case err == nil && !done:
		t.Errorf("call %d: said to be done, and is not", n)
	case err != nil && !errors.Is(err, tenet.ErrUnavailable):
		t.Errorf("call %d: %v, want ErrUnavailable or ErrUnknownOutcome", n, err)
	case err != nil && done:
		t.Errorf("call %d: done, and the caller was told: %v", n, err)
	}
	return done
}

// goesOn checks that nothing is held and nothing in doubt: the next verb is as quick as
// ever, the feed is read, and decisions are those of the store as it is.
func (w *town) goesOn(t *testing.T, n int64, ps []tenet.Principal) {
	t.Helper()
	began := time.Now()
	_, err := outcomeOf(t, func(ctx context.Context) error {
		return second(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "zoe"}))
	})
	if took := time.Since(began); err != nil || took > time.Second {
		t.Errorf("call %d: the next verb: %v after %v", n, err, took)
	}
	time.Sleep(2 * time.Second)
	if _, d := w.Authenticate(t.Context(), nobodys(t)); d.Reason != access.ReasonUnknownKey {
		t.Errorf("call %d: nobody's token: %+v", n, d)
	}
	view := must[*access.Snapshot](t)(w.Snapshot(t.Context())).At(time.Now())
	for _, p := range ps {
		if diff := gocmp.Diff(view.CanCall(p.Key(), "gpt-4o"), w.CanCall(p, "gpt-4o")); diff != "" {
			t.Errorf("call %d: a decision (-snapshot +replica):\n%s", n, diff)
		}
	}
}

// inDoubt leaves a doubt about the other organization, and returns who is of the key
// that may have been revoked. The feed is down from then on.
func (w *town) inDoubt(t *testing.T) tenet.Principal {
	t.Helper()
	otto := w.As("otto")
	k, secret, err := otto.CreateKey(t.Context(), w.other, w.shop.ID, serviceKey("till"))
	mustNot(t, err)
	p, _ := w.Authenticate(t.Context(), secret.Reveal())
	w.faults.Set(faults.First(faults.Every(faults.Commit, 1, faults.Fault{Lost: true}), faults.Every(faults.Changes, 1, faults.Fault{Hang: true})))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := otto.RevokeKey(ctx, w.other, k.ID); !errors.Is(err, store.ErrUnknownOutcome) {
		t.Fatalf("RevokeKey: %v, want its outcome unknown", err)
	}
	if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Unavailable {
		t.Fatalf("in doubt: %+v", d)
	}
	return p
}

// At whichever call of the store something befalls the reading that an unknown key waits
// for, nobody is denied, and the key works once the store does.
func TestF14MishapAtFirstUse(t *testing.T) {
	for _, m := range mishaps()[:4] { // the others are about commits
		t.Run(m.name, func(t *testing.T) {
			n, hit := int64(0), true
			for hit && n < 20 {
				n++
				synctest.Test(t, func(t *testing.T) { hit = m.meetsFirstUse(t, n) })
			}
			if n < 3 || n == 20 { // the feed, and the records that it names
				t.Errorf("%d calls of the store", n-1)
			}
		})
	}
}

func (m mishap) meetsFirstUse(t *testing.T, n int64) bool {
	w, in := newTown(t), new(faults.Injector)
	near := open(t, faulty(in, w.under), func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second })
	time.Sleep(time.Second)
	_, secret, err := w.As("ann").CreateKey(t.Context(), w.org, w.project.ID, serviceKey("new"))
	mustNot(t, err)
	var hit atomic.Bool
	in.Set(m.at(n, &hit))
	p, d := near.Authenticate(t.Context(), secret.Reveal())
	if hit.Load() == d.Allowed() || d.Effect == access.Deny || near.CanCall(p, "gpt-4o").Allowed() != d.Allowed() {
		t.Errorf("call %d: %+v, then %+v", n, d, near.CanCall(p, "gpt-4o"))
	}
	in.Set(nil)
	p, d = near.Authenticate(t.Context(), secret.Reveal())
	if !d.Allowed() || !near.CanCall(p, "gpt-4o").Allowed() {
		t.Errorf("call %d, afterwards: %+v", n, d)
	}
	return hit.Load()
}

// Whatever befalls the n-th append, its callers are told what became of their records,
// each of which counts once at most, and the next one is written.
func TestF14MishapAtAppend(t *testing.T) {
	for _, m := range mishaps()[:4] { // the others are about commits
		for n := 1; n <= 3; n++ {
			t.Run(fmt.Sprint(m.name, "/", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { m.meetsAppend(t, n) })
			})
		}
	}
}

func (m mishap) meetsAppend(t *testing.T, n int) {
	w := newTown(t)
	w.faults.Set(faults.On(faults.Append, func(at int) faults.Fault {
		switch {
		case at < n:
			return faults.Fault{}
		case at == n:
			return m.fault(faults.Append)
		}
		return m.then
	}))
	for i := 1; i <= n; i++ {
		err := begin(t, w.world, "gpt-4o").Finish(ok)
		if down := i == n && m.then.Err != nil; down != errors.Is(err, tenet.ErrUnavailable) || !down && err != nil {
			t.Errorf("Finish %d: %v", i, err)
		}
	}
	appends := w.faults.Count(faults.Append)
	w.faults.Set(nil)
	written := stored(t, w)
	if s := w.Stats(); int(s.Written) > written || int(s.Received) < written || s.Received != s.Written+s.Refused || appends <= n {
		t.Errorf("%d stored after %d appends, Stats = %+v", written, appends, s)
	}
	began := time.Now()
	err := begin(t, w.world, "gpt-4o").Finish(ok)
	if took := time.Since(began); err != nil || took > time.Second || stored(t, w) != written+1 {
		t.Errorf("the next Finish: %v after %v, %d stored, want %d", err, took, stored(t, w), written+1)
	}
}
