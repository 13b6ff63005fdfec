package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
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

// handClock is a clock that a test moves.
type handClock struct{ now time.Time }

func (c *handClock) option(o *tenet.Options) { o.Clock = func() time.Time { return c.now } }

// reasonOf is what a token is answered with.
func reasonOf(t testing.TB, tt *tenet.Tenet, secret keys.Secret) access.Reason {
	t.Helper()
	_, d := tt.Authenticate(t.Context(), secret.Reveal())
	return d.Reason
}

// A29, F7: rotation as the state table has it, to the nanosecond, whether the process
// was started anew between the steps or not.
func TestA29RotateKey(t *testing.T) {
	const ok, wrong, revoked, expired = access.ReasonNone, access.ReasonWrongSecret, access.ReasonKeyRevoked, access.ReasonKeyExpired
	const us, hour = time.Microsecond, time.Hour
	type step struct {
		at     time.Duration
		rotate *keys.Rotation
		revoke bool
		err    error
		works  []access.Reason // of each secret, oldest first
	}
	rotate := func(grace time.Duration) *keys.Rotation { return &keys.Rotation{Grace: grace} }
	replace := func(grace time.Duration) *keys.Rotation { return &keys.Rotation{Grace: grace, Replace: true} }
	edges := func(end time.Duration, before, after []access.Reason) []step {
		return []step{
			{at: end - us, works: before}, {at: end - 1, works: before},
			{at: end, works: after}, {at: end + 1, works: after}, {at: end + us, works: after},
		}
	}
	both, second := []access.Reason{ok, ok}, []access.Reason{wrong, ok}
	for name, steps := range map[string][]step{
		"nothing said": append([]step{{rotate: rotate(0), works: both}}, edges(keys.DefaultGrace, both, second)...),
		"an hour":      append([]step{{rotate: rotate(hour), works: both}}, edges(hour, both, second)...),
		"thirty days":  append([]step{{rotate: rotate(keys.MaxGrace), works: both}}, edges(keys.MaxGrace, both, second)...),
		"over thirty days": {
			{rotate: rotate(keys.MaxGrace + 1), err: tenancy.ErrInvalid, works: []access.Reason{ok}},
			{rotate: rotate(-us), err: tenancy.ErrInvalid, works: []access.Reason{ok}},
		},
		"no grace":           {{rotate: rotate(keys.NoGrace), works: second}},
		"one, replacing":     {{rotate: replace(hour), works: second}},
		"twice":              {{rotate: rotate(hour), works: both}, {at: hour - 1, rotate: rotate(hour), err: tenancy.ErrRotationOpen, works: both}, {at: hour, rotate: rotate(hour), works: []access.Reason{wrong, ok, ok}}},
		"twice, replacing":   {{rotate: rotate(hour), works: both}, {at: 1, rotate: replace(hour), works: []access.Reason{wrong, ok, ok}}, {at: hour + us, works: []access.Reason{wrong, wrong, ok}}},
		"twice, all at once": {{rotate: rotate(hour), works: both}, {at: 1, rotate: replace(keys.NoGrace), works: []access.Reason{wrong, wrong, ok}}},
		"revoked in the grace": {
			{rotate: rotate(hour), works: both}, {at: 1, revoke: true, works: []access.Reason{revoked, revoked}},
			{at: 2, rotate: replace(hour), err: keys.ErrEnded, works: []access.Reason{revoked, revoked}},
			{at: hour, revoke: true, works: []access.Reason{wrong, revoked}},
		},
		"revoked": {{revoke: true, works: []access.Reason{revoked}}, {at: 1, rotate: rotate(0), err: keys.ErrEnded, works: []access.Reason{revoked}}},
		"expired in the grace": {
			{at: 48*hour - 2, rotate: rotate(0), works: both}, {at: 48*hour - 1, works: both},
			{at: 48 * hour, rotate: replace(0), err: keys.ErrEnded, works: []access.Reason{wrong, expired}},
			{at: 48*hour + us, works: []access.Reason{wrong, expired}},
		},
	} {
		for _, restarts := range []bool{false, true} {
			t.Run(fmt.Sprint(name, "/restarts=", restarts), func(t *testing.T) {
				eachStore(t, func(t *testing.T, st backend) {
					clock := &handClock{tenancy.Instant(time.Now())}
					began := clock.now
					w := newWorld(t, st, clock.option)
					k, secret, err := w.As("ann").CreateKey(t.Context(), w.org, w.project.ID, tenet.NewKey{
						Name: "k", Kind: tenancy.KeyService, Models: tenancy.AllModels(), Expires: expiryOf(name, began),
					})
					mustNot(t, err)
					secrets, at := []keys.Secret{secret}, w.Tenet
					for i, s := range steps {
						clock.now = began.Add(s.at)
						if restarts {
							at = open(t, st, clock.option)
						}
						switch {
						case s.revoke:
							err = at.As("ann").RevokeKey(t.Context(), w.org, k.ID)
						case s.rotate != nil:
							_, secret, err = at.As("ann").RotateKey(t.Context(), w.org, k.ID, *s.rotate)
						}
						if !errors.Is(err, s.err) {
							t.Fatalf("step %d: %v, want %v", i, err, s.err)
						}
						if s.rotate != nil && err == nil {
							secrets = append(secrets, secret)
						}
						err = nil
						if restarts {
							at = open(t, st, clock.option)
						}
						var got []access.Reason
						for _, secret := range secrets {
							got = append(got, reasonOf(t, at, secret))
						}
						if diff := gocmp.Diff(s.works, got); diff != "" {
							t.Errorf("step %d, after %v (-want +got):\n%s", i, s.at, diff)
						}
					}
				})
			})
		}
	}
}

// expiryOf is when the key of a case expires, if it does.
func expiryOf(name string, began time.Time) time.Time {
	if name == "expired in the grace" {
		return began.Add(48 * time.Hour)
	}
	return time.Time{}
}

// A rotated key is the key that it was: its id, its usage, its name, its models.
func TestRotationKeepsTheKey(t *testing.T) {
	w := newTown(t)
	before := must[store.Stored[tenancy.Key]](t)(w.As("ann").Key(t.Context(), w.org, w.key.ID)).Value
	k, secret, err := w.As("pat").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Grace: time.Hour})
	mustNot(t, err)
	after := must[store.Stored[tenancy.Key]](t)(w.As("ann").Key(t.Context(), w.org, w.key.ID)).Value
	if diff := gocmp.Diff(k, after); diff != "" {
		t.Errorf("returned and stored (-returned +stored):\n%s", diff)
	}
	if after.Current.MintedBy != "pat" || after.Previous.MintedBy != "ann" || after.Previous.Hint != before.Current.Hint || after.Previous.Ends.IsZero() {
		t.Errorf("secrets: %+v, %+v", after.Current, after.Previous)
	}
	after.Current, after.Previous = before.Current, before.Previous
	if diff := gocmp.Diff(before, after); diff != "" {
		t.Errorf("more changed than the secrets (-before +after):\n%s", diff)
	}
	for name, s := range map[string]keys.Secret{"old": w.secret, "new": secret} {
		if p, d := w.Authenticate(t.Context(), s.Reveal()); !d.Allowed() || p.Key() != w.key.ID || !w.CanCall(p, "gpt-4o").Allowed() {
			t.Errorf("the %s secret: %+v", name, d)
		}
	}
}

// Repeated under its operation id a rotation gives the key and no secret, rotates
// nothing, and tells nobody anything who lost sight of the project.
func TestRotationRepeated(t *testing.T) {
	w := newTown(t)
	rotate := func() (tenancy.Key, keys.Secret, error) {
		return w.As("pat").With(tenet.ChangeOptions{Op: "rotate"}).RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{})
	}
	first, secret, err := rotate()
	mustNot(t, err)
	again, none, err := rotate()
	if !errors.Is(err, tenet.ErrSecretShown) || tenet.StatusOf(err) != 409 || none.Reveal() != "" {
		t.Errorf("again: %v, a secret: %v", err, none.Reveal() != "")
	}
	if diff := gocmp.Diff(first, again); diff != "" {
		t.Errorf("again (-first +again):\n%s", diff)
	}
	if r := reasonOf(t, w.Tenet, secret); r != access.ReasonNone {
		t.Errorf("the secret that was shown: %s", r)
	}
	_, _, err = w.As("pat").With(tenet.ChangeOptions{Op: "rotate"}).RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Replace: true})
	if !errors.Is(err, store.ErrReused) {
		t.Errorf("another rotation under the id: %v, want ErrReused", err)
	}
	mustNot(t, w.As("ann").RemoveProjectMember(t.Context(), w.org, w.project.ID, "pat"))
	if k, _, err := rotate(); !errors.Is(err, tenet.ErrNotFound) || k.ID != "" {
		t.Errorf("removed: %+v, %v", k, err)
	}
}

// A secret that another process minted by a rotation works here at its first use, and
// one that was ended there ends here with the next reading of the feed.
func TestRotatedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st)
		far := open(t, faulty(new(faults.Injector), st), func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second })
		time.Sleep(time.Second)
		_, secret, err := w.As("ann").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Grace: keys.NoGrace})
		mustNot(t, err)
		if r := reasonOf(t, far, w.secret); r != access.ReasonNone {
			t.Errorf("the old secret, before anything was heard: %s", r)
		}
		began := time.Now()
		if r := reasonOf(t, far, secret); r != access.ReasonNone || time.Since(began) > 100*time.Millisecond {
			t.Errorf("the new secret: %s after %v", r, time.Since(began))
		}
		if r := reasonOf(t, far, w.secret); r != access.ReasonWrongSecret {
			t.Errorf("the old secret: %s", r)
		}
	})
}

// Of rotations at once one is made; whatever comes of a revocation beside them, the
// key is revoked.
func TestRotationsAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		var group sync.WaitGroup
		errs, secrets := make([]error, 8), make([]keys.Secret, 8)
		for i := range errs {
			group.Go(func() {
				_, secrets[i], errs[i] = w.As("ann").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{})
			})
		}
		group.Wait()
		made := 0
		for i, err := range errs {
			if err == nil {
				made++
				if r := reasonOf(t, w.Tenet, secrets[i]); r != access.ReasonNone {
					t.Errorf("the secret that was shown: %s", r)
				}
			} else if !errors.Is(err, tenancy.ErrRotationOpen) || secrets[i].Reveal() != "" {
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d rotations at once, want 1", made)
		}
		for i := range errs {
			group.Go(func() {
				if i == 4 {
					errs[i] = w.As("ann").RevokeKey(t.Context(), w.org, w.key.ID)
				} else {
					_, secrets[i], errs[i] = w.As("ann").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Replace: true})
				}
			})
		}
		group.Wait()
		mustNot(t, errs[4])
		for i, secret := range slices.Concat(secrets, []keys.Secret{w.secret}) {
			if secret.Reveal() == "" {
				continue
			}
			if r := reasonOf(t, w.Tenet, secret); r != access.ReasonKeyRevoked && r != access.ReasonWrongSecret {
				t.Errorf("secret %d after the revocation: %s", i, r)
			}
		}
	})
}

// What a key is restricted to never reaches beyond the plan, nor beyond the project,
// and the catalogue cannot be probed by it.
func TestRestrictKey(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{w.other}}))
	p := w.principal(t)
	calls := func() (can []tenancy.ModelID) {
		for _, m := range []tenancy.ModelID{"gpt-4o", "small", "tuned"} {
			if w.CanCall(p, m).Allowed() {
				can = append(can, m)
			}
		}
		return can
	}
	for _, tt := range []struct {
		name  string
		set   tenancy.ModelSet
		err   error
		calls []tenancy.ModelID
	}{
		{"to one", tenancy.Models("gpt-4o"), nil, []tenancy.ModelID{"gpt-4o"}},
		{"to one that the project has not on", tenancy.Models("small"), nil, nil},
		{"to both", tenancy.Models("gpt-4o", "small"), nil, []tenancy.ModelID{"gpt-4o"}},
		{"to another tenant's", tenancy.Models("tuned"), tenancy.ErrInvalid, []tenancy.ModelID{"gpt-4o"}},
		{"to none that there is", tenancy.Models("no-such"), tenancy.ErrInvalid, []tenancy.ModelID{"gpt-4o"}},
		{"to an alias", tenancy.Models("latest"), tenancy.ErrInvalid, []tenancy.ModelID{"gpt-4o"}},
		{"to nothing", tenancy.ModelSet{}, nil, nil},
		{"to all", tenancy.AllModels(), nil, []tenancy.ModelID{"gpt-4o"}},
	} {
		k, err := ann.RestrictKey(ctx, w.org, w.key.ID, tt.set)
		if !errors.Is(err, tt.err) || err == nil && !k.Models.Equal(tt.set) {
			t.Errorf("%s: %+v, %v", tt.name, k.Models, err)
		}
		if diff := gocmp.Diff(tt.calls, calls()); diff != "" {
			t.Errorf("%s: the key calls (-want +got):\n%s", tt.name, diff)
		}
	}
	var texts []string
	for _, m := range []tenancy.ModelID{"tuned", "no-such", "latest"} {
		texts = append(texts, second(ann.RestrictKey(ctx, w.org, w.key.ID, tenancy.Models(m))).Error())
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("the catalogue can be probed: %q", texts)
	}
	must[tenancy.Key](t)(ann.RestrictKey(ctx, w.org, w.key.ID, tenancy.Models("gpt-4o", "small")))
	mustNot(t, ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("small")}))
	if _, err := ann.RestrictKey(ctx, w.org, w.key.ID, tenancy.Models("gpt-4o")); err != nil {
		t.Errorf("what left the plan and is listed may stay: %v", err)
	}
}

// An archived project's keys stay as they are; one of them can be revoked, and that
// is all.
func TestKeysOfAnArchivedProject(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, w.project.ID))
	for name, err := range map[string]error{
		"rename":   second(ann.RenameKey(ctx, w.org, w.key.ID, "x")),
		"restrict": second(ann.RestrictKey(ctx, w.org, w.key.ID, tenancy.ModelSet{})),
		"rotate":   third(ann.RotateKey(ctx, w.org, w.key.ID, keys.Rotation{})),
	} {
		if !errors.Is(err, tenancy.ErrArchived) {
			t.Errorf("%s: %v, want ErrArchived", name, err)
		}
	}
	if k := must[store.Stored[tenancy.Key]](t)(ann.Key(ctx, w.org, w.key.ID)).Value; k.Name != "backend" {
		t.Errorf("the key: %+v", k)
	}
	if _, err := w.As("mem").Key(ctx, w.org, w.mems.ID); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("a member looks at their own key of it: %v", err)
	}
	mustNot(t, ann.RevokeKey(ctx, w.org, w.key.ID))
}

// A revoked key keeps its record, and its name can still be set right.
func TestRenameARevokedKey(t *testing.T) {
	w := newTown(t)
	mustNot(t, w.As("ann").RevokeKey(t.Context(), w.org, w.key.ID))
	if k := must[tenancy.Key](t)(w.As("ann").RenameKey(t.Context(), w.org, w.key.ID, "old backend")); k.Name != "old backend" || k.Revoked.IsZero() {
		t.Errorf("renamed: %+v", k)
	}
	if _, _, err := w.As("ann").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{}); !errors.Is(err, keys.ErrEnded) || tenet.StatusOf(err) != 409 {
		t.Errorf("rotated: %v", err)
	}
}

// OwnKeys has a person's own keys, of this stay, in projects that they see.
func TestOwnKeys(t *testing.T) {
	w := newTown(t)
	ctx, ann, mem := t.Context(), w.As("ann"), w.As("mem")
	lab := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
	mustNot(t, ann.SetProjectMember(ctx, w.org, lab.ID, "mem", tenancy.RoleMember))
	for _, k := range []struct {
		as      tenancy.UserID
		project tenancy.ProjectID
		key     tenet.NewKey
	}{
		{"mem", lab.ID, personalKey("in the lab")}, {"ann", lab.ID, personalKey("ann's")}, {"ann", lab.ID, serviceKey("the lab's")},
		{"mem", w.project.ID, personalKey("second")},
	} {
		mustNot(t, third(w.As(k.as).CreateKey(ctx, w.org, k.project, k.key)))
	}
	mustNot(t, mem.RevokeKey(ctx, w.org, w.mems.ID))
	check := func(when string, u tenancy.UserID, want ...string) {
		t.Helper()
		var got []string
		for k, err := range w.As(u).OwnKeys(ctx, w.org) {
			mustNot(t, err)
			got = append(got, k.Value.Name)
			if k.Rev == 0 || k.Value.Current.Digest != (tenancy.Digest{}) || k.Value.Current.Seal != (tenancy.Digest{}) {
				t.Errorf("%s: %+v", when, k)
			}
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s, %s's (-want +got):\n%s", when, u, diff)
		}
	}
	check("at first", "mem", "laptop", "in the lab", "second")
	check("at first", "ann", "ann's")
	check("at first", "rob")
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, lab.ID))
	check("one archived", "mem", "laptop", "second")
	check("one archived", "ann", "ann's")
	mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleViewer))
	check("made a viewer", "mem", "laptop", "second")
	mustNot(t, ann.RemoveProjectMember(ctx, w.org, w.project.ID, "mem"))
	check("displaced", "mem")
	mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
	must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "mem", Role: tenancy.RoleOwner}))
	check("back as an owner", "mem")
	if _, _, err := mem.RotateKey(ctx, w.org, w.mems.ID, keys.Rotation{}); !errors.Is(err, tenet.ErrForbidden) {
		t.Errorf("a key of the stay before, rotated: %v, want ErrForbidden", err)
	}
}

// No digest leaves by any verb that returns keys, and what is stored keeps them.
func TestA30DigestsStay(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann").With(tenet.ChangeOptions{Op: "op"})
	mustNot(t, third(w.As("ann").RotateKey(ctx, w.org, w.key.ID, keys.Rotation{}))) // so that there are two secrets
	check := func(name string, k tenancy.Key, err error) {
		t.Helper()
		if err != nil && !errors.Is(err, tenet.ErrSecretShown) || k.ID != w.key.ID {
			t.Errorf("%s: %+v, %v", name, k, err)
		}
		for _, s := range []tenancy.KeySecret{k.Current, k.Previous} {
			if s.Digest != (tenancy.Digest{}) || s.Seal != (tenancy.Digest{}) || s.Pepper == "" {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
	for range 2 { // the second is a repetition
		k, err := ann.With(tenet.ChangeOptions{Op: "rename"}).RenameKey(ctx, w.org, w.key.ID, "x")
		check("rename", k, err)
		k, err = ann.With(tenet.ChangeOptions{Op: "restrict"}).RestrictKey(ctx, w.org, w.key.ID, tenancy.ModelSet{})
		check("restrict", k, err)
		k, _, err = ann.With(tenet.ChangeOptions{Op: "rotate"}).RotateKey(ctx, w.org, w.key.ID, keys.Rotation{Replace: true})
		check("rotate", k, err)
		stored, err := ann.Key(ctx, w.org, w.key.ID)
		check("see", stored.Value, err)
	}
	raw := must[store.Stored[tenancy.Key]](t)(store.One(ctx, w.st, tenancy.KeyRef(w.org, w.key.ID))).Value
	if !peppers(t).Sealed(raw) || raw.Previous.Digest == (tenancy.Digest{}) {
		t.Error("what is stored lost its digests")
	}
}

// A page that read a key at a revision changes that, and no other.
func TestKeyVerbsIfRev(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	read := must[store.Stored[tenancy.Key]](t)(w.As("mem").Key(ctx, w.org, w.mems.ID))
	at := func(rev store.Rev) tenet.Actor { return w.As("mem").With(tenet.ChangeOptions{IfRev: rev}) }
	must[tenancy.Key](t)(at(read.Rev).RenameKey(ctx, w.org, w.mems.ID, "desktop"))
	for name, err := range map[string]error{
		"rename":   second(at(read.Rev).RenameKey(ctx, w.org, w.mems.ID, "x")),
		"restrict": second(at(read.Rev).RestrictKey(ctx, w.org, w.mems.ID, tenancy.ModelSet{})),
		"rotate":   third(at(read.Rev).RotateKey(ctx, w.org, w.mems.ID, keys.Rotation{})),
		"revoke":   at(read.Rev).RevokeKey(ctx, w.org, w.mems.ID),
	} {
		if !errors.Is(err, tenet.ErrStale) {
			t.Errorf("%s: %v, want ErrStale", name, err)
		}
	}
}

// A preview of a rotation gives no secret out, and rotates nothing.
func TestPreviewOfARotation(t *testing.T) {
	w := newTown(t)
	before := entries(t, w.st, w.org)
	var shown keys.Secret
	effects, err := w.As("ann").Preview(t.Context(), w.org, func(a tenet.Actor) (err error) {
		_, shown, err = a.RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Grace: keys.NoGrace})
		return err
	})
	if err != nil || !effects.Empty() || shown.Reveal() != "" {
		t.Errorf("effects %v, %v, a secret: %v", effects, err, shown.Reveal() != "")
	}
	if len(entries(t, w.st, w.org)) != len(before) || reasonOf(t, w.Tenet, w.secret) != access.ReasonNone {
		t.Error("something was done")
	}
}

// The right to rotate is checked by the commit, as all rights are.
func TestRotationIsChecked(t *testing.T) {
	w := newTown(t)
	w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault {
		if n > 1 {
			return faults.Fault{}
		}
		return faults.Fault{Before: func() {
			edit(t, w.under, tenancy.ProjectMemberRef(w.org, w.project.ID, "pat"), func(m *tenancy.ProjectMember) { m.Role = tenancy.RoleViewer })
		}}
	}))
	_, secret, err := w.As("pat").RotateKey(context.Background(), w.org, w.key.ID, keys.Rotation{})
	if !errors.Is(err, tenet.ErrForbidden) || secret.Reveal() != "" {
		t.Errorf("demoted meanwhile: %v", err)
	}
}
