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
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// A26: what this process commits holds at the very next decision, with no reading
// of the feed in between.
func TestA26NextDecision(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		service := w.principal(t)
		mem, d := w.Authenticate(ctx, w.memsSc.Reveal())
		if !d.Allowed() {
			t.Fatalf("mem's key: %+v", d)
		}
		plan := func(set tenancy.ModelSet) error {
			return ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "pro", Models: set})
		}
		w.faults.Set(faults.Every(faults.Changes, 1, faults.Fault{Err: store.ErrUnavailable})) // the feed helps nobody
		for _, tt := range []struct {
			name string
			p    tenet.Principal
			do   func() error
			want access.Reason
		}{
			{"at first", service, func() error { return nil }, access.ReasonNone},
			{"plan without the model", service, func() error { return plan(tenancy.Models("small")) }, access.ReasonModelNotInPlan},
			{"plan with it", service, func() error { return plan(tenancy.AllModels()) }, access.ReasonNone},
			{"turned off", service, func() error {
				return second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("small")))
			}, access.ReasonModelNotEnabled},
			{"turned on", service, func() error {
				return second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.AllModels()))
			}, access.ReasonNone},
			{"retired", service, func() error {
				return ops.PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true, Retired: tenancy.Instant(time.Now())})
			}, access.ReasonModelNotInPlan},
			{"back in the catalogue", service, func() error { return ops.PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true}) }, access.ReasonNone},
			{"suspended", service, func() error { return ops.Suspend(ctx, w.org) }, access.ReasonOrganizationSuspended},
			{"resumed", service, func() error { return ops.Resume(ctx, w.org) }, access.ReasonNone},
			{"archived", service, func() error { return second(ann.ArchiveProject(ctx, w.org, w.project.ID)) }, access.ReasonProjectArchived},
			{"restored", service, func() error { return second(ann.RestoreProject(ctx, w.org, w.project.ID, "")) }, access.ReasonNone},
			{"holder made a viewer", mem, func() error {
				return ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleViewer)
			}, access.ReasonHolderMayNotCall},
			{"holder made a member", mem, func() error {
				return ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleMember)
			}, access.ReasonNone},
			{"holder displaced", mem, func() error { return ann.RemoveProjectMember(ctx, w.org, w.project.ID, "mem") }, access.ReasonHolderMayNotCall},
			{"revoked", service, func() error { return ann.RevokeKey(ctx, w.org, w.key.ID) }, access.ReasonKeyRevoked},
			{"closed", mem, func() error { return ops.CloseOrganization(ctx, w.org) }, access.ReasonOrganizationClosed},
		} {
			mustNot(t, tt.do())
			if d := w.CanCall(tt.p, "gpt-4o"); d.Reason != tt.want || d.Allowed() != (tt.want == access.ReasonNone) {
				t.Errorf("%s: %+v, want reason %q", tt.name, d, tt.want)
			}
		}
		if _, d := w.Authenticate(ctx, w.secret.Reveal()); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("authenticating the revoked key: %+v", d)
		}
	})
}

// C5: another process sees a change within MaxStaleness, and here within two polls.
func TestC5AnotherProcessFollows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st)
		far := open(t, faulty(new(faults.Injector), st), func(o *tenet.Options) { o.Poll = 200 * time.Millisecond })
		p, d := far.Authenticate(t.Context(), w.secret.Reveal())
		if !d.Allowed() {
			t.Fatalf("Authenticate = %+v", d)
		}
		mustNot(t, w.As("ann").RevokeKey(t.Context(), w.org, w.key.ID))
		time.Sleep(450 * time.Millisecond)
		if d := far.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("after two polls: %+v", d)
		}
	})
}

// A store that can wait is not polled: the change arrives with the commit.
func TestC5WaiterWakesTheFollower(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newWorld(t, st)
		far := open(t, st, func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second })
		p, _ := far.Authenticate(t.Context(), w.secret.Reveal())
		time.Sleep(100 * time.Millisecond) // the pause after the catch-up before
		mustNot(t, w.As("ann").RevokeKey(t.Context(), w.org, w.key.ID))
		time.Sleep(time.Millisecond)
		if d := far.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("a millisecond after the commit: %+v", d)
		}
	})
}

// A key works on every machine as soon as it was shown.
func TestBrandNewKeyElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st)
		far := open(t, faulty(new(faults.Injector), st), func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second })
		for range 3 {
			time.Sleep(time.Second)
			p := must[tenancy.Project](t)(w.As("ann").CreateProject(t.Context(), w.org, tenet.NewProject{Name: fmt.Sprint(time.Now().Unix()), Models: tenancy.AllModels()}))
			_, secret, err := w.As("ann").CreateKey(t.Context(), w.org, p.ID, serviceKey("new"))
			mustNot(t, err)
			began := time.Now()
			principal, d := far.Authenticate(t.Context(), secret.Reveal())
			if !d.Allowed() || time.Since(began) > 100*time.Millisecond {
				t.Fatalf("first use: %+v after %v", d, time.Since(began))
			}
			if d := far.CanCall(principal, "gpt-4o"); !d.Allowed() {
				t.Errorf("first call: %+v", d)
			}
		}
	})
}

// What a verb rests on decides here from then on, also where another process wrote it and
// the feed was not read since.
func TestGroundsOfAnotherProcess(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		seldom := func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second }
		in := new(faults.Injector)
		w := newTownOver(t, st, seldom)
		ctx, ann, here := t.Context(), w.As("ann"), open(t, faulty(in, st), seldom)
		in.Set(faults.Every(faults.Changes, 1, faults.Fault{Err: store.ErrUnavailable})) // the feed helps nobody
		calls := func(who string, secret keys.Secret, err error) {
			t.Helper()
			mustNot(t, err)
			p, _ := here.Authenticate(ctx, secret.Reveal())
			if d := here.CanCall(p, "gpt-4o"); !d.Allowed() {
				t.Errorf("%s: %+v", who, d)
			}
		}
		lab := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab", Models: tenancy.AllModels()}))
		_, secret, err := here.As("ann").CreateKey(ctx, w.org, lab.ID, serviceKey("lab"))
		calls("a key of a project that is new", secret, err)
		mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, "rob", tenancy.RoleMember))
		_, secret, err = here.As("rob").CreateKey(ctx, w.org, w.project.ID, personalKey("rob"))
		calls("a key of a person whose place is new", secret, err)

		named := func(on *tenet.Tenet) (tenancy.Project, error) {
			return on.As("ann").With(tenet.ChangeOptions{Op: "den"}).CreateProject(ctx, w.org, tenet.NewProject{Name: "den", Models: tenancy.AllModels()})
		}
		in.Set(faults.Nth(faults.Trail, 1, faults.Fault{After: func() { must[tenancy.Project](t)(named(w.Tenet)) }}))
		den := must[tenancy.Project](t)(named(here)) // refused, and then found done
		if _, d := here.As("ann").Begin(ctx, w.org, den.ID, "gpt-4o", tenet.Estimate{}); !d.Allowed() {
			t.Errorf("a project that the same operation made elsewhere: %+v", d)
		}
	})
}

// Made-up tokens share the reading that they wait for.
func TestUnknownTokensShareACatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		time.Sleep(time.Second)
		token := nobodys(t)
		w.faults.Set(nil)
		var group sync.WaitGroup
		for range 100 {
			group.Go(func() {
				if _, d := w.Authenticate(t.Context(), token); d.Reason != access.ReasonUnknownKey {
					t.Errorf("nobody's token: %+v", d)
				}
			})
		}
		group.Wait()
		if n := w.faults.Count(faults.Changes); n < 1 || n > 3 {
			t.Errorf("%d readings of the feed for 100 tokens at once, want 1 to 3", n)
		}
		began := time.Now()
		w.faults.Set(nil)
		for range 40 {
			w.Authenticate(t.Context(), token)
		}
		if n, most := w.faults.Count(faults.Changes), int(time.Since(began)/(50*time.Millisecond))+1; n > most {
			t.Errorf("%d readings in %v, want at most %d: one in 50 ms", n, time.Since(began), most)
		}
	})
}

// Where the catch-up fails, or the context ends, nobody is denied.
func TestUnknownTokenInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		token := nobodys(t)
		w.faults.Set(faults.Down)
		if _, d := w.Authenticate(t.Context(), token); d.Effect != access.Unavailable {
			t.Errorf("the catch-up failed: %+v", d)
		}
		w.faults.Set(faults.Every(faults.Changes, 1, faults.Fault{Hang: true}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		began := time.Now()
		if _, d := w.Authenticate(ctx, token); d.Effect != access.Unavailable || time.Since(began) > 20*time.Millisecond {
			t.Errorf("the context ended: %+v after %v", d, time.Since(began))
		}
		if n := w.Stats().Unauthenticated; n != 0 {
			t.Errorf("an outage counted as %d tokens refused", n)
		}
	})
}

// F17: known keys go on for MaxStaleness, then the answer is Unavailable and never a
// denial, and the first good reading ends it.
func TestF17Outage(t *testing.T) {
	for _, how := range []struct {
		name string
		plan faults.Plan
	}{
		{"refuses", faults.Down},
		{"hangs", faults.Always(faults.Fault{Hang: true})},
		{"the feed alone", faults.Every(faults.Changes, 1, faults.Fault{Err: errors.New("odd")})},
		{"never reaches the head", nil},
	} {
		t.Run(how.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				st := &endless{backend: memory.New()}
				w := newTownOver(t, st)
				p := w.principal(t)
				w.faults.Set(how.plan)
				st.more.Store(how.plan == nil)
				began := time.Now()
				var stopped time.Duration
				for time.Since(began) < 10*time.Minute {
					d := w.CanCall(p, "gpt-4o")
					_, a := w.Authenticate(t.Context(), w.secret.Reveal())
					if d.Effect == access.Deny || a.Effect == access.Deny || d.Effect != a.Effect {
						t.Fatalf("after %v: %+v, %+v", time.Since(began), d, a)
					}
					if d.Effect == access.Unavailable && stopped == 0 {
						stopped = time.Since(began)
					}
					if stopped != 0 && d.Allowed() {
						t.Fatalf("allowed again after %v without a reading", time.Since(began))
					}
					time.Sleep(100 * time.Millisecond)
				}
				if stopped < 4*time.Second || stopped > 5200*time.Millisecond {
					t.Errorf("Unavailable after %v, want MaxStaleness, 5 s, less a poll at most", stopped)
				}
				if d := w.CanCall(tenet.Principal{}, "gpt-4o"); d.Effect != access.Deny {
					t.Errorf("the zero Principal: %+v", d)
				}
				st.more.Store(false)
				w.faults.Set(nil)
				for began = time.Now(); !w.CanCall(p, "gpt-4o").Allowed(); time.Sleep(10 * time.Millisecond) {
					if time.Since(began) > 10*time.Second {
						t.Fatal("no recovery within 10 s")
					}
				}
				// A reading that hangs is given up after MaxStaleness; one that fails is tried again at the next poll.
				if took := time.Since(began); took > time.Second && how.name != "hangs" {
					t.Errorf("recovered after %v, want 1 s", took)
				}
			})
		})
	}
}

// endless is a store whose feed always has more, while it is told so.
type endless struct {
	backend
	more atomic.Bool
}

func (e *endless) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	if !e.more.Load() {
		return e.backend.Changes(ctx, after, limit)
	}
	select {
	case <-time.After(10 * time.Millisecond):
	case <-ctx.Done():
		return store.Feed{}, ctx.Err()
	}
	feed, err := e.backend.Changes(ctx, after, limit)
	feed.More = true
	return feed, err
}

// A reading of the feed makes the picture as young as when it began, not as when it
// ended.
func TestSlowReadingIsAsOldAsItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		p := w.principal(t)
		release := make(chan struct{})
		w.faults.Set(faults.On(faults.Changes, func(n int) faults.Fault {
			if n == 1 {
				return faults.Fault{Delay: 4 * time.Second}
			}
			return faults.Fault{Until: release}
		}))
		time.Sleep(5200 * time.Millisecond) // the slow reading began before 0.5 s and ended before 4.6 s
		if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Allow {
			t.Errorf("at 5.2 s: %+v, want the slow reading to count", d)
		}
		time.Sleep(600 * time.Millisecond)
		if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Unavailable {
			t.Errorf("at 5.8 s: %+v, want Unavailable: the last reading began over 5 s ago", d)
		}
		close(release)
	})
}

// A host's clock that is put back does not make an old picture young.
func TestAgeIsNotByTheWallClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var back time.Duration
		in := new(faults.Injector)
		tt := open(t, faulty(in, memory.New()), func(o *tenet.Options) { o.Clock = func() time.Time { return time.Now().Add(-back).Round(0) } })
		in.Set(faults.Down)
		back = time.Hour
		time.Sleep(6 * time.Second)
		if _, d := tt.Authenticate(t.Context(), nobodys(t)); d.Effect != access.Unavailable {
			t.Errorf("6 s into an outage: %+v", d)
		}
		if _, d := tt.As("ann").Begin(t.Context(), "o", "p", "m", tenet.Estimate{}); d.Effect != access.Unavailable {
			t.Errorf("6 s into an outage, a person: %+v", d)
		}
	})
}

// A feed that cannot be continued leads to a fresh load, also where that takes
// longer than any reading may.
func TestResyncLoadsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st)
		p, gone := w.principal(t), w.mems
		pm, _ := w.Authenticate(t.Context(), w.memsSc.Reveal())
		w.faults.Set(func(c faults.Call) faults.Fault {
			switch {
			case c.Method == faults.Changes && c.N == 1: // meanwhile: one key revoked, one deleted, one made
				return faults.Fault{Err: store.ErrResync, Before: func() {
					edit(t, st, tenancy.KeyRef(w.org, w.key.ID), func(k *tenancy.Key) { *k = k.Revoke(time.Now()) })
					ref := tenancy.KeyRef(w.org, gone.ID)
					rev := must[store.Stored[tenancy.Key]](t)(store.One(t.Context(), st, ref)).Rev
					commit(t, st, store.Batch{Entry: store.Entry{Org: w.org}, Delete: []store.Check{{Ref: ref.Ref, Rev: rev}}})
				}}
			case c.Method == faults.List:
				return faults.Fault{Delay: 2 * time.Second} // seven listings: 14 s in all
			}
			return faults.Fault{}
		})
		time.Sleep(20 * time.Second)
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("a key that was revoked meanwhile: %+v", d)
		}
		if d := w.CanCall(pm, "gpt-4o"); d.Reason != access.ReasonUnknownKey {
			t.Errorf("a key that was deleted meanwhile: %+v", d)
		}
		if n := w.faults.Count(faults.List); n != 7 {
			t.Errorf("%d listings, want 7: one load", n)
		}
	})
}

// A deleted key verifies nothing, and whoever holds its Principal is refused.
func TestDeletedKey(t *testing.T) {
	w := newTown(t)
	p, ref := w.principal(t), tenancy.KeyRef(w.org, w.key.ID)
	rev := must[store.Stored[tenancy.Key]](t)(store.One(t.Context(), w.st, ref)).Rev
	commit(t, w.st, store.Batch{Entry: store.Entry{Org: w.org}, Delete: []store.Check{{Ref: ref.Ref, Rev: rev}}})
	caughtUp(t, w.Tenet)
	if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonUnknownKey {
		t.Errorf("its Principal: %+v", d)
	}
	if models, d := w.Models(p); len(models) > 0 || d.Reason != access.ReasonUnknownKey {
		t.Errorf("its models: %v, %+v", models, d)
	}
	if p, d := w.Authenticate(t.Context(), w.secret.Reveal()); d.Reason != access.ReasonUnknownKey || p != (tenet.Principal{}) {
		t.Errorf("its secret: %+v", d)
	}
}

// A row that somebody edited in the database verifies nothing, and neither does a
// Principal from before.
func TestBrokenSeal(t *testing.T) {
	other := tenancy.ProjectID("")
	for _, tt := range []struct {
		name string
		edit func(*tenancy.Key)
	}{
		{"moved to another project", func(k *tenancy.Key) { k.Project = other }},
		{"made a service key", func(k *tenancy.Key) { k.Kind, k.Holder, k.Membership = tenancy.KeyService, "", "" }},
		{"another membership", func(k *tenancy.Key) { k.Holder, k.Membership = "ann", "mem_01JD0000000000000000000000" }},
		{"another digest", func(k *tenancy.Key) { k.Current.Digest[0] ^= 1 }},
		{"no seal", func(k *tenancy.Key) { k.Current.Seal = tenancy.Digest{} }},
		{"unknown pepper", func(k *tenancy.Key) { k.Current.Pepper = "p9" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newTown(t)
			other = must[tenancy.Project](t)(w.As("ann").CreateProject(t.Context(), w.org, tenet.NewProject{Name: "other", Models: tenancy.AllModels()})).ID
			p, d := w.Authenticate(t.Context(), w.memsSc.Reveal())
			if !d.Allowed() {
				t.Fatalf("before: %+v", d)
			}
			edit(t, w.st, tenancy.KeyRef(w.org, w.mems.ID), tt.edit)
			caughtUp(t, w.Tenet)
			if p, d := w.Authenticate(t.Context(), w.memsSc.Reveal()); d.Effect != access.Deny || p != (tenet.Principal{}) {
				t.Errorf("Authenticate = %+v", d)
			}
			if call, d := w.Begin(t.Context(), p, "gpt-4o", tenet.Estimate{}); d.Effect != access.Deny || call != nil {
				t.Errorf("a call under the Principal from before: %+v", d)
			}
		})
	}
}

// A commit whose outcome stayed unknown makes its organization Unavailable until it
// was read again, and no other.
func TestDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		mine := w.principal(t)
		_, theirs, err := w.As("otto").CreateKey(t.Context(), w.other, w.shop.ID, serviceKey("till"))
		mustNot(t, err)
		mustNot(t, second(w.As("otto").SetProjectModels(t.Context(), w.other, w.shop.ID, tenancy.AllModels())))
		otto, _ := w.Authenticate(t.Context(), theirs.Reveal())
		release := make(chan struct{})
		w.faults.Set(func(c faults.Call) faults.Fault {
			switch c.Method {
			case faults.Commit:
				return faults.Fault{Lost: true}
			case faults.Changes:
				return faults.Fault{Until: release}
			}
			return faults.Fault{}
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := w.As("ann").RevokeKey(ctx, w.org, w.key.ID); !errors.Is(err, store.ErrUnknownOutcome) {
			t.Fatalf("RevokeKey: %v", err)
		}
		if d := w.CanCall(mine, "gpt-4o"); d.Effect != access.Unavailable {
			t.Errorf("in doubt: %+v", d)
		}
		if _, d := w.Authenticate(t.Context(), w.secret.Reveal()); d.Effect != access.Unavailable {
			t.Errorf("authenticating in doubt: %+v", d)
		}
		if _, d := w.As("mem").Begin(t.Context(), w.org, w.project.ID, "gpt-4o", tenet.Estimate{}); d.Effect != access.Unavailable {
			t.Errorf("a person's call in doubt: %+v", d)
		}
		if d := w.CanCall(otto, "gpt-4o"); !d.Allowed() {
			t.Errorf("another organization: %+v", d)
		}
		close(release)
		w.faults.Set(nil)
		time.Sleep(time.Second)
		if d := w.CanCall(mine, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("after it was read again: %+v", d)
		}
	})
}

// A model in doubt is everybody's doubt.
func TestDoubtAboutTheCatalogue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		p := w.principal(t)
		w.faults.Set(func(c faults.Call) faults.Fault {
			return faults.Fault{Lost: c.Method == faults.Commit, Err: errIf(c.Method == faults.Changes)}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := w.Operator("ops").PutModel(ctx, tenancy.Model{ID: "gpt-4o"}); !errors.Is(err, store.ErrUnknownOutcome) {
			t.Fatalf("PutModel: %v", err)
		}
		if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Unavailable {
			t.Errorf("in doubt: %+v", d)
		}
		w.faults.Set(nil)
		time.Sleep(time.Second)
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonModelNotInPlan {
			t.Errorf("after it was read again: %+v", d)
		}
	})
}

func errIf(is bool) error {
	if is {
		return store.ErrUnavailable
	}
	return nil
}

// A verb that succeeds leaves no doubt, though its first reply was lost and the feed
// is not to be had.
func TestNoDoubtAfterSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		p := w.principal(t)
		w.faults.Set(func(c faults.Call) faults.Fault {
			return faults.Fault{Lost: c.Method == faults.Commit && c.N == 1, Err: errIf(c.Method == faults.Changes)}
		})
		mustNot(t, second(w.As("ann").SetProjectModels(t.Context(), w.org, w.project.ID, tenancy.Models("small"))))
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonModelNotEnabled {
			t.Errorf("at the next decision: %+v", d)
		}
	})
}

// A change that was committed and could not be read back, since its caller has gone,
// is in doubt and not overlooked.
func TestCommittedAndGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		p := w.principal(t)
		ctx, cancel := context.WithCancel(t.Context())
		w.faults.Set(func(c faults.Call) faults.Fault {
			if c.Method == faults.Commit {
				return faults.Fault{After: cancel}
			}
			return faults.Fault{Err: errIf(c.Method == faults.Changes)}
		})
		if err := w.As("ann").RevokeKey(ctx, w.org, w.key.ID); err != nil {
			t.Errorf("RevokeKey: %v, of what was committed", err)
		}
		if d := w.CanCall(p, "gpt-4o"); d.Effect == access.Allow {
			t.Errorf("after the revocation: %+v", d)
		}
	})
}

// A doubt that comes while an older one is being settled is not lifted by that
// reading.
func TestDoubtDuringSettling(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		p := w.principal(t)
		lose := func() { // a change of the key whose outcome stays unknown
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			_ = w.As("ann").RevokeKey(ctx, w.org, w.key.ID)
		}
		var stage atomic.Value
		stage.Store("")
		w.faults.Set(func(c faults.Call) faults.Fault {
			switch {
			case c.Method == faults.Commit && stage.Load() == "":
				return faults.Fault{Err: store.ErrUnknownOutcome} // and has not happened
			case c.Method == faults.Commit:
				return faults.Fault{Lost: true}
			case c.Method == faults.Changes && stage.Load() == "after":
				return faults.Fault{Err: store.ErrUnavailable}
			case c.Method == faults.Get && stage.Load() == "settle":
				stage.Store("second")
				return faults.Fault{After: func() { lose(); stage.Store("after") }} // after the key was read, not revoked
			}
			return faults.Fault{}
		})
		lose()
		stage.Store("settle")
		time.Sleep(700 * time.Millisecond)
		if stage.Load() != "after" {
			t.Fatalf("stage %q: the doubt was never settled", stage.Load())
		}
		if d := w.CanCall(p, "gpt-4o"); d.Effect == access.Allow {
			t.Errorf("revoked, in doubt, and answered from a reading before: %+v", d)
		}
	})
}

// What the feed brings is put in place whatever the order of its pages.
func TestFollowsManyPages(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		far := open(t, faulty(new(faults.Injector), st), func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second })
		project := w.project
		var last keys.Secret
		for i := range 1100 { // more than a page of entries, and more refs than one Get takes
			k, secret, err := keys.Minter{Format: must[keys.Format](t)(keys.NewFormat("tenet", "live")), Peppers: peppers(t)}.Mint(tenancy.Key{
				Org: w.org, Project: project.ID, Kind: tenancy.KeyService, Name: fmt.Sprint(i), Models: tenancy.AllModels(),
				CreatedBy: "ann", Created: tenancy.Instant(time.Now()),
			}, "ann", time.Now())
			mustNot(t, err)
			commit(t, st, store.Batch{Entry: store.Entry{Org: w.org}, Put: []store.Record{{Value: k}}})
			last = secret
		}
		p, d := far.Authenticate(t.Context(), last.Reveal())
		if !d.Allowed() || !far.CanCall(p, "gpt-4o").Allowed() {
			t.Errorf("the last key: %+v", d)
		}
	})
}
