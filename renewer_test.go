package tenet_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unsafe" //nolint:depguard // makes strings as fasthttp does

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// under is an option for the peppers that are named, newest first. p1 is the one that
// every other test has.
func under(t testing.TB, ids ...string) func(*tenet.Options) {
	t.Helper()
	var list []keys.Pepper
	for _, id := range ids {
		secret := "an example pepper of 32 bytes ok"
		if id != "p1" {
			secret = "another pepper, that is called " + id
		}
		list = append(list, must[keys.Pepper](t)(keys.NewPepper(id, []byte(secret))))
	}
	set := must[*keys.Peppers](t)(keys.NewPeppers(list...))
	return func(o *tenet.Options) { o.Peppers = set }
}

// pepperOf are the peppers of a key's secrets as they are stored, the current one first.
func pepperOf(t testing.TB, st store.Store, k tenancy.Key) string {
	t.Helper()
	is := must[store.Stored[tenancy.Key]](t)(store.One(t.Context(), st, tenancy.KeyRef(k.Org, k.ID))).Value
	return strings.TrimSpace(is.Current.Pepper + " " + is.Previous.Pepper)
}

// renewals are the entries of keys that were digested again, newest first.
func renewals(t testing.TB, st store.Store, org tenancy.OrgID) (all []store.Entry) {
	t.Helper()
	trail := must[store.Trail](t)(st.Trail(t.Context(), store.TrailQuery{Org: org, Action: "key.redigest"}))
	return trail.Entries
}

// What was used once since the newest pepper came works without the older ones, and
// what was not used does not.
func TestPepperIsWithdrawn(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st, importing)
		ctx, ann := t.Context(), w.As("ann")
		brought := w.imported(t, foreign)
		rotated, old, err := ann.CreateKey(ctx, w.org, w.project.ID, serviceKey("rotated"))
		mustNot(t, err)
		_, newer, err := ann.RotateKey(ctx, w.org, rotated.ID, keys.Rotation{})
		mustNot(t, err)
		unused, unusedSecret, err := ann.CreateKey(ctx, w.org, w.project.ID, serviceKey("unused"))
		mustNot(t, err)
		before := len(entries(t, st, w.org))
		tokens := map[string]string{
			"a service key's": w.secret.Reveal(), "a personal key's": w.memsSc.Reveal(), "a foreign one": foreign,
			"the old one of two": old.Reveal(), "the new one of two": newer.Reveal(),
		}
		both := open(t, st, importing, under(t, "p2", "p1"))
		for n, name := range []string{"a service key's", "a personal key's", "a foreign one", "the old one of two", "the new one of two"} {
			for began := time.Now(); len(renewals(t, st, w.org)) <= n; {
				if _, d := both.Authenticate(ctx, tokens[name]); !d.Allowed() || time.Since(began) > 10*time.Second {
					t.Fatalf("%s: %+v, after %v", name, d, time.Since(began))
				}
			}
		}
		got := map[string]string{}
		for name, k := range map[string]tenancy.Key{"service": w.key, "personal": w.mems, "foreign": brought, "rotated": rotated, "unused": unused} {
			got[name] = pepperOf(t, st, k)
		}
		want := map[string]string{"service": "p2", "personal": "p2", "foreign": "p2", "rotated": "p2 p2", "unused": "p1"}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("peppers (-want +got):\n%s", diff)
		}
		mustNot(t, both.Close())
		after := entries(t, st, w.org)
		if len(after) != before+5 {
			t.Errorf("%d entries, want 5", len(after)-before)
		}
		for i, e := range after[:5] {
			want := `{"key":{"current":"changed"}}`
			if i == 1 {
				want = `{"key":{"previous":"changed"}}`
			}
			if e.Action != "key.redigest" || e.Actor != "" || e.Project != w.project.ID || e.Subject.Kind != tenancy.KindKey || string(e.Detail) != want {
				t.Errorf("entry %+v %s", e, e.Detail)
			}
		}

		alone := open(t, st, importing, under(t, "p2"))
		for name, token := range tokens {
			if p, d := alone.Authenticate(ctx, token); !d.Allowed() || !alone.CanCall(p, "gpt-4o").Allowed() {
				t.Errorf("%s, with the old pepper gone: %+v", name, d)
			}
		}
		if _, d := alone.Authenticate(ctx, unusedSecret.Reveal()); d.Effect != access.Deny {
			t.Errorf("a key that was not used: %+v", d)
		}
	})
}

// renewing is a town whose keys are under p1, and a Tenet of p2 and p1 over the same
// store, by way of an injector of its own. It is for a bubble.
type renewing struct {
	*town
	both *tenet.Tenet
	in   *faults.Injector
	log  *bytes.Buffer
}

func newRenewing(t *testing.T, edits ...func(*tenet.Options)) *renewing {
	t.Helper()
	r := &renewing{town: newTownOver(t, memory.New()), in: new(faults.Injector), log: new(bytes.Buffer)}
	edits = append(edits, under(t, "p2", "p1"), logTo(r.log))
	r.both = open(t, faulty(r.in, r.under), edits...)
	return r
}

// use presents a secret, which must work, and waits for nothing.
func (r *renewing) use(t *testing.T, secret keys.Secret) {
	t.Helper()
	began := time.Now()
	if _, d := r.both.Authenticate(t.Context(), secret.Reveal()); !d.Allowed() || time.Since(began) != 0 {
		t.Fatalf("%+v after %v", d, time.Since(began))
	}
}

// A key under the newest pepper is left alone, also one that was digested again a
// moment ago, however often it is used.
func TestRenewedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewing(t)
		_, fresh, err := r.both.As("ann").CreateKey(t.Context(), r.org, r.project.ID, serviceKey("fresh"))
		mustNot(t, err)
		for range 3 {
			for range 100 {
				r.use(t, fresh)
				r.use(t, r.secret)
			}
			time.Sleep(time.Second)
		}
		if n := len(renewals(t, r.under, r.org)); n != 1 {
			t.Errorf("%d keys digested again, want 1", n)
		}
		far := open(t, r.under, under(t, "p3", "p2", "p1")) // what is in the middle is old too
		_, d := far.Authenticate(t.Context(), r.secret.Reveal())
		time.Sleep(time.Second)
		if got := pepperOf(t, r.under, r.key); !d.Allowed() || got != "p3" {
			t.Errorf("%+v, then under %s", d, got)
		}
	})
}

// One pepper needs no goroutine, and none is left when Close returns: the bubble would
// not end.
func TestRenewerEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewing(t)
		r.in.Set(faults.Every(faults.Commit, 1, faults.Fault{Hang: true}))
		r.use(t, r.secret)
		synctest.Wait()
		r.use(t, r.memsSc)
		began := time.Now()
		mustNot(t, r.both.Close())
		if took := time.Since(began); took != 0 {
			t.Errorf("Close took %v", took)
		}
		if n := len(renewals(t, r.under, r.org)); n != 0 {
			t.Errorf("%d keys digested again", n)
		}
	})
}

// A revoked or expired key is left alone, and so is one of which another secret is
// used.
func TestRenewedNever(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := &handClock{time.Now()}
		r := newRenewing(t, clock.option)
		short := serviceKey("short")
		short.Expires = time.Now().Add(time.Hour)
		_, expiring, err := r.As("ann").CreateKey(t.Context(), r.org, r.project.ID, short)
		mustNot(t, err)
		mustNot(t, r.As("ann").RevokeKey(t.Context(), r.org, r.key.ID))
		time.Sleep(time.Second)
		clock.now = clock.now.Add(2 * time.Hour)
		for name, token := range map[string]string{
			"revoked": r.secret.Reveal(), "expired": expiring.Reveal(), "wrong": spliced(t, r.memsSc.Reveal(), nobodys(t)),
		} {
			if _, d := r.both.Authenticate(t.Context(), token); d.Allowed() {
				t.Errorf("%s: %+v", name, d)
			}
		}
		time.Sleep(time.Second)
		if n := len(renewals(t, r.under, r.org)); n != 0 {
			t.Errorf("%d keys digested again", n)
		}
	})
}

// Whatever changes a key between the reading and the commit stands.
func TestRenewalGivesWay(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(t *testing.T, r *renewing)
		peppers  string
		renewals int
		then     access.Reason
	}{
		{"revoked", func(t *testing.T, r *renewing) { mustNot(t, r.As("ann").RevokeKey(t.Context(), r.org, r.key.ID)) },
			"p1", 0, access.ReasonKeyRevoked},
		{"rotated", func(t *testing.T, r *renewing) {
			mustNot(t, third(r.As("ann").RotateKey(t.Context(), r.org, r.key.ID, keys.Rotation{})))
		}, "p1 p2", 1, access.ReasonNone},
		{"rotated without a grace", func(t *testing.T, r *renewing) {
			mustNot(t, third(r.As("ann").RotateKey(t.Context(), r.org, r.key.ID, keys.Rotation{Grace: keys.NoGrace})))
		}, "p1", 0, access.ReasonWrongSecret},
		{"renamed", func(t *testing.T, r *renewing) {
			mustNot(t, second(r.As("ann").RenameKey(t.Context(), r.org, r.key.ID, "other")))
		}, "p2", 1, access.ReasonNone},
		{"expired", func(t *testing.T, r *renewing) {
			edit(t, r.under, tenancy.KeyRef(r.org, r.key.ID), func(k *tenancy.Key) { k.Expires = tenancy.Instant(time.Now()) })
		}, "p1", 0, access.ReasonKeyExpired},
		{"renewed elsewhere", func(t *testing.T, r *renewing) {
			far := open(t, r.under, under(t, "p2", "p1"))
			far.Authenticate(t.Context(), r.secret.Reveal())
			time.Sleep(time.Second)
		}, "p2", 1, access.ReasonNone},
		{"deleted", func(t *testing.T, r *renewing) {
			ref := tenancy.KeyRef(r.org, r.key.ID)
			rev := must[store.Stored[tenancy.Key]](t)(store.One(t.Context(), r.under, ref)).Rev
			commit(t, r.under, store.Batch{Entry: store.Entry{Org: r.org}, Delete: []store.Check{{Ref: ref.Ref, Rev: rev}}})
		}, "", 0, access.ReasonUnknownKey},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRenewing(t)
				r.in.Set(faults.On(faults.Commit, func(n int) faults.Fault {
					if n > 1 {
						return faults.Fault{}
					}
					return faults.Fault{Before: func() { tt.change(t, r) }}
				}))
				r.use(t, r.secret)
				time.Sleep(5 * time.Second)
				if got := pepperOf(t, r.under, r.key); got != tt.peppers {
					t.Errorf("under %q, want %q", got, tt.peppers)
				}
				if n := len(renewals(t, r.under, r.org)); n != tt.renewals {
					t.Errorf("%d keys digested again, want %d", n, tt.renewals)
				}
				if _, d := r.both.Authenticate(t.Context(), r.secret.Reveal()); d.Reason != tt.then {
					t.Errorf("afterwards: %+v, want %q", d, tt.then)
				}
				if r.log.Len() > 0 {
					t.Errorf("log: %s", r.log)
				}
			})
		})
	}
}

// However many keys are used at once, few wait, nobody waits for them, and the rest
// comes again at its next use.
func TestRenewalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n, most = 300, 1 + 256
		r := newRenewing(t)
		var secrets []keys.Secret
		for i := range n {
			_, secret, err := r.As("ann").CreateKey(t.Context(), r.org, r.project.ID, serviceKey(fmt.Sprint("k", i)))
			mustNot(t, err)
			secrets = append(secrets, secret)
		}
		time.Sleep(time.Second) // the feed
		release := make(chan struct{})
		r.in.Set(faults.Every(faults.Commit, 1, faults.Fault{Until: release}))
		for _, secret := range secrets {
			r.use(t, secret)
			r.use(t, secret)
			synctest.Wait()
		}
		close(release)
		time.Sleep(time.Minute)
		if got := len(renewals(t, r.under, r.org)); got != most {
			t.Errorf("%d keys digested again, want %d", got, most)
		}
		for _, secret := range secrets {
			r.use(t, secret)
		}
		time.Sleep(time.Minute)
		if got := len(renewals(t, r.under, r.org)); got != n {
			t.Errorf("%d keys digested again at their next use, want %d", got, n)
		}
	})
}

// An outage keeps no secret waiting and fills no log: each key comes again at its next
// use, and meanwhile works.
func TestRenewalInAnOutage(t *testing.T) {
	for name, plan := range map[string]faults.Plan{
		"down":               faults.Down,
		"nothing is written": faults.Every(faults.Commit, 1, faults.Fault{Err: store.ErrUnavailable}),
		"something odd":      faults.Every(faults.Commit, 1, faults.Fault{Err: errors.New("odd")}),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRenewing(t, func(o *tenet.Options) { o.MaxStaleness = time.Minute })
				r.in.Set(plan)
				for range 5 {
					r.use(t, r.secret)
					r.use(t, r.memsSc)
					time.Sleep(3 * time.Second)
				}
				if commits := r.in.Count(faults.Commit); commits > 10 {
					t.Errorf("%d commits were tried", commits)
				}
				r.in.Set(nil)
				time.Sleep(10 * time.Second)
				if n := len(renewals(t, r.under, r.org)); n != 0 {
					t.Errorf("%d keys digested again that nobody used since", n)
				}
				if lines := strings.Count(r.log.String(), "newest pepper"); lines != 1 {
					t.Errorf("%d lines of log:\n%s", lines, r.log)
				}
				r.use(t, r.secret)
				r.use(t, r.memsSc)
				time.Sleep(10 * time.Second)
				if n := len(renewals(t, r.under, r.org)); n != 2 {
					t.Errorf("%d keys digested again, want 2", n)
				}
				for _, secret := range []keys.Secret{r.secret, r.memsSc} {
					if s := secret.Reveal(); strings.Contains(r.log.String(), s[len(s)-20:]) {
						t.Errorf("the log holds a secret: %s", r.log)
					}
				}
			})
		})
	}
}

// A commit whose outcome is not known is settled, and counts once.
func TestRenewalLostAcknowledgement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewing(t)
		r.in.Set(faults.On(faults.Commit, func(n int) faults.Fault { return faults.Fault{Lost: n < 3} }))
		r.use(t, r.secret)
		time.Sleep(5 * time.Second)
		if n := len(renewals(t, r.under, r.org)); n != 1 || pepperOf(t, r.under, r.key) != "p2" {
			t.Errorf("%d keys digested again, under %s", n, pepperOf(t, r.under, r.key))
		}
		r.use(t, r.secret)
	})
}

// The token that waits is a copy: fasthttp uses the buffer of the request again.
func TestRenewalOutlivesTheBuffer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRenewing(t)
		release := make(chan struct{})
		r.in.Set(faults.Every(faults.Commit, 1, faults.Fault{Until: release}))
		r.use(t, r.memsSc) // which the renewer is busy with
		synctest.Wait()
		buffer := []byte(r.secret.Reveal())
		if _, d := r.both.Authenticate(t.Context(), unsafe.String(unsafe.SliceData(buffer), len(buffer))); !d.Allowed() {
			t.Fatal(d)
		}
		clear(buffer)
		close(release)
		time.Sleep(time.Second)
		alone := open(t, r.under, under(t, "p2"))
		if _, d := alone.Authenticate(t.Context(), r.secret.Reveal()); !d.Allowed() {
			t.Errorf("under the newest pepper alone: %+v", d)
		}
	})
}

// More peppers cost a key under the newest nothing.
func TestNewestPepperDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	w := newTownOver(t, memory.New(), under(t, "p2", "p1"))
	token := w.secret.Reveal()
	if n := testing.AllocsPerRun(200, func() { w.Authenticate(t.Context(), token) }); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
