package tenet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// roam puts somebody of the roster into n projects more, behind Tenet's back, and returns
// them.
func (w *town) roam(t testing.TB, user tenancy.UserID, n int) (projects []tenancy.ProjectID) {
	t.Helper()
	now := tenancy.Instant(time.Now())
	stay := must[store.Stored[tenancy.Member]](t)(store.One(t.Context(), w.under, tenancy.MemberRef(w.org, user))).Value
	var puts []store.Record
	for i := range n {
		p := tenancy.Project{Org: w.org, ID: tenancy.ProjectID(fmt.Sprintf("proj_01J%s%018d", string("ABCDEFGH"[len(user)%8])+"0000", i)), Name: fmt.Sprint(user, "'s ", i), Created: now}
		puts = append(puts, store.Record{Value: p}, store.Record{Value: p.Claim()},
			store.Record{Value: p.Place(tenancy.ProjectMember{}, stay, tenancy.RoleMember, now)})
		projects = append(projects, p.ID)
		if len(puts) == 90 || i == n-1 {
			commit(t, w.under, store.Batch{Entry: store.Entry{Org: w.org}, Put: puts})
			puts = nil
		}
	}
	return projects
}

// left counts the records of an organization by kind.
func left(t testing.TB, st store.Store, org tenancy.OrgID) map[tenancy.Kind]int {
	t.Helper()
	n := map[tenancy.Kind]int{}
	for _, kind := range tenancy.Kinds() {
		for q := (store.Query{Listing: store.Within, Kind: kind, Org: org}); kind != tenancy.KindModel; {
			page := must[store.Page](t)(st.List(t.Context(), q))
			if len(page.Records) > 0 {
				n[kind] += len(page.Records)
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
	}
	return n
}

// swept are the entries that sweeping left, and what they say was deleted.
func swept(t testing.TB, st store.Store, org tenancy.OrgID) (entries []store.Entry, told map[string]int) {
	t.Helper()
	told = map[string]int{}
	for q := (store.TrailQuery{Org: org, Action: "sweep"}); ; {
		trail := must[store.Trail](t)(st.Trail(t.Context(), q))
		for _, e := range trail.Entries {
			var n map[string]int
			mustNot(t, json.Unmarshal(e.Detail, &n))
			for kind, k := range n {
				told[kind] += k
			}
		}
		entries = append(entries, trail.Entries...)
		if q.After = trail.Next; q.After == "" {
			return entries, told
		}
	}
}

// answers are what every reading verb tells everybody, as text.
func (w *town) answers(t testing.TB, on ids) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, v := range verbs() {
		for _, u := range people {
			ctx, cancel := context.WithCancel(t.Context())
			w.faults.Set(faults.Every(faults.Commit, 1, faults.Fault{Err: store.ErrUnavailable})) // nothing is changed by asking
			err := v.do(ctx, w.As(u), on)
			w.faults.Set(nil)
			cancel()
			got[fmt.Sprint(v.name, " ", u)] = fmt.Sprint(err)
		}
	}
	return got
}

// What a sweep deletes is what was void: the places of who left, and of who joined again,
// and of nobody else. Nothing that anybody asks is answered otherwise.
func TestSweepOfVoidPlaces(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		theirs := w.roam(t, "mem", 70)
		mustNot(t, ann.SuspendMember(ctx, w.org, "vic"))
		for _, u := range []tenancy.UserID{"mem", "pat"} {
			mustNot(t, ann.RemoveMember(ctx, w.org, u))
		}
		must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: "mem"}))
		mustNot(t, ann.SetProjectMember(ctx, w.org, theirs[3], "mem", tenancy.RoleViewer))
		before, asked := left(t, st, w.org), w.answers(t, w.ids())

		n, err := ops.Sweep(ctx, w.org)
		if err != nil || n != 71 { // 69 of mem's and the one in prod, and pat's
			t.Errorf("Sweep = %d, %v, want 71", n, err)
		}
		before[tenancy.KindProjectMember] -= 71
		if diff := gocmp.Diff(before, left(t, st, w.org)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		for _, ref := range []tenancy.RefTo[tenancy.ProjectMember]{
			tenancy.ProjectMemberRef(w.org, theirs[3], "mem"), tenancy.ProjectMemberRef(w.org, w.project.ID, "vic"),
		} {
			if must[store.Stored[tenancy.ProjectMember]](t)(store.One(ctx, st, ref)).Absent() {
				t.Errorf("%s lost a place that counts, or will again", ref.User)
			}
		}
		if diff := gocmp.Diff(asked, w.answers(t, w.ids())); diff != "" {
			t.Errorf("answers (-before +after):\n%s", diff)
		}
		entries, told := swept(t, st, w.org)
		if diff := gocmp.Diff(map[string]int{"project_member": 71}, told); diff != "" || len(entries) != 2 {
			t.Errorf("%d entries (-want +told):\n%s", len(entries), diff)
		}
		for _, e := range entries {
			if e.Actor != "ops" || e.Subject != tenancy.OrganizationRef(w.org).Ref || len(e.Refs) > 60 {
				t.Errorf("entry of %d records: %+v", len(e.Refs), e)
			}
		}
		if n, err := ops.Sweep(ctx, w.org); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
		if again, _ := swept(t, st, w.org); len(again) != len(entries) {
			t.Error("a sweep of nothing left an entry")
		}
	})
}

// Whoever joins again, and is placed again, between the listing and the commit that would
// have deleted the place, keeps it.
func TestSweepLosesNobodysPlace(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
		mustNot(t, ann.RemoveMember(ctx, w.org, "pat"))
		w.faults.Set(faults.Nth(faults.Commit, 1, faults.Fault{Before: func() {
			w.faults.Set(nil)
			must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: "mem"}))
			mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleMember))
		}}))
		if n, err := ops.Sweep(ctx, w.org); n != 1 || err != nil {
			t.Errorf("Sweep = %d, %v, want 1: pat's", n, err)
		}
		if _, err := w.As("mem").Project(ctx, w.org, w.project.ID); err != nil {
			t.Errorf("mem's place: %v", err)
		}
	})
}

// One person in many projects, and many people in one, fit into commits.
func TestSweepOfManyPeople(t *testing.T) {
	w := newTown(t)
	ctx, ops := t.Context(), w.Operator("ops")
	now := tenancy.Instant(time.Now())
	var puts []store.Record
	for i := range 150 {
		stay := tenancy.Member{Org: w.org, User: tenancy.UserID(fmt.Sprint("gone-", i)), Membership: "mem_01JD0000000000000000000000"}
		for _, p := range []tenancy.Project{w.project, {Org: w.org, ID: "proj_01JD0000000000000000000000"}}[:1+i%2] {
			puts = append(puts, store.Record{Value: p.Place(tenancy.ProjectMember{}, stay, tenancy.RoleViewer, now)})
		}
	}
	for len(puts) > 0 {
		n := min(90, len(puts))
		commit(t, w.under, store.Batch{Entry: store.Entry{Org: w.org}, Put: puts[:n]})
		puts = puts[n:]
	}
	if n, err := ops.Sweep(ctx, w.org); n != 225 || err != nil {
		t.Errorf("Sweep = %d, %v, want 225", n, err)
	}
	if entries, _ := swept(t, w.under, w.org); len(entries) != 5 {
		t.Errorf("%d commits, want 5", len(entries))
	}
}

// A closed organization is swept down to its root record. Nobody is answered otherwise
// than before, the picture is whole at every step, and other processes follow.
func TestSweepOfAClosedOrganization(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		far := open(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		w.roam(t, "mem", 70)
		mustNot(t, ops.CloseOrganization(ctx, w.org))
		total, asked, others := 0, w.answers(t, w.ids()), left(t, st, w.other)
		for _, n := range left(t, st, w.org) {
			total += n
		}
		caughtUp(t, far)
		key, _ := far.Authenticate(ctx, w.secret.Reveal())
		if d := far.CanCall(key, "gpt-4o"); d.Reason != access.ReasonOrganizationClosed {
			t.Errorf("closed: %+v", d)
		}
		w.faults.Set(faults.Every(faults.Commit, 1, faults.Fault{After: func() {
			must[*access.Snapshot](t)(far.Snapshot(ctx)) // nothing dangles meanwhile
		}}))
		n, err := ops.Sweep(ctx, w.org)
		w.faults.Set(nil)
		if err != nil || n != total-1 {
			t.Errorf("Sweep = %d, %v, want %d", n, err, total-1)
		}
		if diff := gocmp.Diff(map[tenancy.Kind]int{tenancy.KindOrganization: 1}, left(t, st, w.org)); diff != "" {
			t.Errorf("left (-want +got):\n%s", diff)
		}
		if diff := gocmp.Diff(others, left(t, st, w.other)); diff != "" {
			t.Errorf("of the other organization (-before +after):\n%s", diff)
		}
		if diff := gocmp.Diff(asked, w.answers(t, w.ids())); diff != "" {
			t.Errorf("answers (-before +after):\n%s", diff)
		}
		caughtUp(t, far)
		for name, tt := range map[string]*tenet.Tenet{"here": w.Tenet, "in another process": far, "in a new one": open(t, st)} {
			if _, d := tt.Authenticate(ctx, w.secret.Reveal()); d.Reason != access.ReasonUnknownKey {
				t.Errorf("a key %s: %+v", name, d)
			}
			if d := tt.CanCall(key, "gpt-4o"); d.Allowed() {
				t.Errorf("a principal of before, %s: %+v", name, d)
			}
		}
		if set, err := ops.Settings(ctx, w.org); err != nil || !set.Subscription.Absent() || set.Organization.Value.Closed.IsZero() {
			t.Errorf("settings %+v, %v", set, err)
		}
		mustNot(t, ops.EraseOrganization(ctx, w.org))
		mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
		if n, err := ops.Sweep(ctx, w.org); n != 0 || err != nil {
			t.Errorf("again: %d, %v", n, err)
		}
	})
}

// A root record that somebody opened again in the database is no tombstone any more: what
// hangs under it stays.
func TestSweepAsksWhetherItIsClosed(t *testing.T) {
	w := newTown(t)
	ctx, ops := t.Context(), w.Operator("ops")
	mustNot(t, ops.CloseOrganization(ctx, w.org))
	before := left(t, w.under, w.org)
	w.faults.Set(faults.Nth(faults.Commit, 1, faults.Fault{Before: func() {
		edit(t, w.under, tenancy.OrganizationRef(w.org), func(o *tenancy.Organization) { o.Closed = time.Time{} })
	}}))
	if n, err := ops.Sweep(ctx, w.org); n != 0 || err != nil {
		t.Errorf("Sweep = %d, %v, want 0", n, err)
	}
	if diff := gocmp.Diff(before, left(t, w.under, w.org)); diff != "" {
		t.Errorf("left (-before +after):\n%s", diff)
	}
}

// F14: wherever a sweep is broken off, what it said it deleted is gone, what was not void
// is there, and asking again under the same operation id finishes it.
func TestF14SweepBrokenOff(t *testing.T) {
	for name, mishap := range breaks() {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", closed ", closed), func(t *testing.T) {
				n, hit := 0, true
				for hit && n < 60 {
					n++
					synctest.Test(t, func(t *testing.T) { hit = sweepMeets(t, mishap, n, closed) })
				}
				if n < 8 || n == 60 {
					t.Errorf("%d calls of the store", n-1)
				}
			})
		}
	}
}

// breaks are what may befall the n-th call that a job makes of the store.
func breaks() map[string]func(cancel func()) faults.Fault {
	return map[string]func(cancel func()) faults.Fault{
		"cancelled before":  func(cancel func()) faults.Fault { return faults.Fault{Before: cancel} },
		"cancelled after":   func(cancel func()) faults.Fault { return faults.Fault{After: cancel} },
		"an error":          func(func()) faults.Fault { return faults.Fault{Err: store.ErrUnavailable} },
		"an answer lost":    func(func()) faults.Fault { return faults.Fault{Lost: true} },
		"lost and given up": func(cancel func()) faults.Fault { return faults.Fault{Lost: true, After: cancel} },
	}
}

// broken runs a job with something befalling its n-th call; hit is false where there is
// no such call.
func (w *town) broken(t *testing.T, n int, mishap func(cancel func()) faults.Fault, do func(context.Context) error) (hit bool, err error) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	calls := 0
	w.faults.Set(func(c faults.Call) faults.Fault {
		if c.Method == faults.Changes {
			return faults.Fault{Err: store.ErrUnavailable}
		}
		if calls++; calls != n {
			return faults.Fault{}
		}
		hit = true
		return mishap(cancel)
	})
	err = do(ctx)
	w.faults.Set(nil)
	return hit, err
}

func sweepMeets(t *testing.T, mishap func(func()) faults.Fault, n int, closed bool) bool {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops").With(tenet.ChangeOptions{Op: "sweep-1"})
	w.roam(t, "mem", 70)
	mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
	want := left(t, w.under, w.org)
	want[tenancy.KindProjectMember] -= 71
	if closed {
		mustNot(t, ops.CloseOrganization(ctx, w.org))
		want = map[tenancy.Kind]int{tenancy.KindOrganization: 1}
	}
	ops = ops.With(tenet.ChangeOptions{Op: "sweep-2"})
	var first int
	hit, err := w.broken(t, n, mishap, func(ctx context.Context) (err error) {
		first, err = ops.Sweep(ctx, w.org)
		return err
	})
	_, told := swept(t, w.under, w.org)
	if gone := sum(told); gone < first || gone > first+60 || gone != first && !errors.Is(err, store.ErrUnknownOutcome) {
		t.Errorf("call %d: said %d, the log says %d: %v", n, first, gone, err)
	}
	if _, err := ops.Sweep(ctx, w.org); err != nil {
		t.Errorf("call %d, again: %v", n, err)
	}
	if diff := gocmp.Diff(want, left(t, w.under, w.org)); diff != "" {
		t.Errorf("call %d: %v, left in the end (-want +got):\n%s", n, err, diff)
	}
	w.goesOnAt(t, n)
	return hit
}

func sum(told map[string]int) (n int) {
	for _, k := range told {
		n += k
	}
	return n
}

// goesOnAt checks that after the n-th call nothing is in doubt that the store has settled.
func (w *town) goesOnAt(t *testing.T, n int) {
	t.Helper()
	time.Sleep(2 * time.Second)
	if _, d := w.Authenticate(t.Context(), nobodys(t)); d.Reason != access.ReasonUnknownKey {
		t.Errorf("call %d: nobody's token: %+v", n, d)
	}
	if _, d := w.As("otto").Begin(t.Context(), w.other, w.shop.ID, "gpt-4o", tenet.Estimate{}); d.Effect != access.Deny {
		t.Errorf("call %d: %+v", n, d)
	}
	must[*access.Snapshot](t)(w.Snapshot(t.Context()))
}

// The options of a change are those of the first commit: what they refuse is refused
// before anything is done.
func TestJobsOptions(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
	mustNot(t, ops.With(tenet.ChangeOptions{Op: "op-1"}).Suspend(ctx, w.org))
	before := left(t, w.under, w.org)
	for name, tt := range map[string]struct {
		options tenet.ChangeOptions
		want    error
	}{
		"an operation of another kind": {tenet.ChangeOptions{Op: "op-1"}, store.ErrReused},
		"an old page":                  {tenet.ChangeOptions{IfRev: 1}, tenet.ErrStale},
		"nobody's name":                {tenet.ChangeOptions{OnBehalf: "\x00"}, tenancy.ErrInvalid},
	} {
		for verb, err := range map[string]error{
			"Sweep":       second(ops.With(tt.options).Sweep(ctx, w.org)),
			"ErasePerson": ops.With(tt.options).ErasePerson(ctx, w.org, "vic"),
		} {
			if !errors.Is(err, tt.want) {
				t.Errorf("%s, %s: %v, want %v", verb, name, err, tt.want)
			}
		}
	}
	if diff := gocmp.Diff(before, left(t, w.under, w.org)); diff != "" {
		t.Errorf("something was done (-before +after):\n%s", diff)
	}
	w.roam(t, "rob", 100)
	mustNot(t, ann.RemoveMember(ctx, w.org, "rob"))
	behalf := ops.With(tenet.ChangeOptions{Op: "op-2", OnBehalf: "ann"})
	if n, err := behalf.Sweep(ctx, w.org); n != 101 || err != nil {
		t.Errorf("Sweep = %d, %v, want 101", n, err)
	}
	if n, err := behalf.Sweep(ctx, w.org); n != 0 || err != nil {
		t.Errorf("the same again = %d, %v, want 0", n, err)
	}
	if entries, _ := swept(t, w.under, w.org); len(entries) != 2 || entries[0].OnBehalf != "ann" || entries[1].OnBehalf != "ann" || entries[1].Op != "op-2" {
		t.Errorf("entries %+v", entries)
	}
	if n, err := ops.With(tenet.ChangeOptions{Op: "op-3"}).Sweep(ctx, w.org); n != 0 || err != nil {
		t.Errorf("nothing to do = %d, %v", n, err)
	}
	if err := ops.With(tenet.ChangeOptions{Op: "op-3"}).ErasePerson(ctx, w.org, "vic"); !errors.Is(err, store.ErrReused) {
		t.Errorf("the operation id of a sweep that found nothing: %v, want ErrReused", err)
	}
}

// In the background every organization is swept every so often, in nobody's name; one
// round that fails is told once; Close ends it at once.
func TestBackgroundSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newTownOver(t, memory.New(), logTo(&log), func(o *tenet.Options) { o.Sweep = time.Hour })
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
		mustNot(t, ops.CloseOrganization(ctx, w.other))
		time.Sleep(59 * time.Minute)
		if entries, _ := swept(t, w.under, w.org); len(entries) != 0 {
			t.Error("swept before its time")
		}
		w.faults.Set(faults.On(faults.List, func(int) faults.Fault { return faults.Fault{Err: store.ErrUnavailable} }))
		time.Sleep(2 * time.Minute)
		w.faults.Set(nil)
		synctest.Wait() // the log is somebody else's until then
		if n := strings.Count(log.String(), "could not be swept"); n != 1 {
			t.Errorf("%d lines of log for one round:\n%s", n, log.String())
		}
		time.Sleep(time.Hour)
		synctest.Wait()
		entries, told := swept(t, w.under, w.org)
		if len(entries) != 1 || entries[0].Actor != "" || told["project_member"] != 1 {
			t.Errorf("swept: %+v", entries)
		}
		if diff := gocmp.Diff(map[tenancy.Kind]int{tenancy.KindOrganization: 1}, left(t, w.under, w.other)); diff != "" {
			t.Errorf("of the closed one (-want +got):\n%s", diff)
		}
		if n := strings.Count(log.String(), "could not be swept"); n != 1 {
			t.Errorf("%d lines of log once it worked", n)
		}
	})
}

// F15: Close does not wait for a store that hangs under a sweep, and reports nothing of it.
func TestF15CloseEndsTheSweep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		w := newTownOver(t, memory.New(), logTo(&log), func(o *tenet.Options) { o.Sweep = time.Minute })
		w.faults.Set(faults.Every(faults.List, 1, faults.Fault{Hang: true}))
		time.Sleep(61 * time.Second)
		began := time.Now()
		mustNot(t, w.Close())
		if took := time.Since(began); took > time.Second || strings.Contains(log.String(), "swept") {
			t.Errorf("Close took %v, log:\n%s", took, log.String())
		}
	})
}
