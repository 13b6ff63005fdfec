package access_test

import (
	"fmt"
	"testing"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// A personal key works only while its holder may call models in the project.
func TestPersonalKeys(t *testing.T) {
	rejoined := onMember("max", func(m *tenancy.Member) { m.Membership = "max@acme/2" })
	placedAgain := onPlace("max", func(p *tenancy.ProjectMember) { p.Membership = "max@acme/2" })
	role := func(r tenancy.Role) step { return onPlace("max", func(p *tenancy.ProjectMember) { p.Role = r }) }
	holder := access.ReasonHolderMayNotCall
	for _, tt := range []struct {
		name, why string
		steps     []step
		want      access.Reason
	}{
		{"member of the project", "", nil, access.ReasonNone},
		{"project owner", "", []step{role(tenancy.RoleOwner)}, access.ReasonNone},
		{"viewer", "a viewer calls nothing", []step{role(tenancy.RoleViewer)}, holder},
		{"no role", "zero denies", []step{role("")}, holder},
		{"unknown role", "unknown denies", []step{role("superuser")}, holder},
		{"role in another case", "byte for byte", []step{role("Owner")}, holder},
		{"removed from the project", "", []step{drop(tenancy.ProjectMemberRef("acme", "web", "max").Ref)}, holder},
		{"removed from the roster", "the place is left over and void", []step{drop(tenancy.MemberRef("acme", "max").Ref)}, holder},
		{"rejoined", "a new stay starts with nothing", []step{rejoined}, holder},
		{"rejoined and placed again", "the key names the stay before", []step{rejoined, placedAgain}, holder},
		{"suspended", "good standing is where rights begin", []step{suspended("max")}, holder},
		{"promoted without a place", "an organization owner has full access inside every project",
			[]step{drop(tenancy.ProjectMemberRef("acme", "web", "max").Ref), owners("max", "olga")}, access.ReasonNone},
		{"promoted as a viewer", "the higher right counts", []step{role(tenancy.RoleViewer), owners("max", "olga")}, access.ReasonNone},
		{"promoted and demoted", "the explicit role survives", []step{owners("max", "olga"), owners("olga")}, access.ReasonNone},
		{"promoted without a place and demoted", "an owner's access is computed, never stored",
			[]step{drop(tenancy.ProjectMemberRef("acme", "web", "max").Ref), owners("max", "olga"), owners("olga")}, holder},
		{"promoted in another stay", "owners' keys name their stay too", []step{rejoined, owners("max", "olga")}, holder},
		{"no kind", "zero denies", []step{onKey("max", func(k *tenancy.Key) { k.Kind = "" })}, holder},
		{"unknown kind", "unknown denies", []step{onKey("max", func(k *tenancy.Key) { k.Kind = "Service" })}, holder},
		{"no stay", "zero denies", []step{onKey("max", func(k *tenancy.Key) { k.Membership = "" })}, holder},
		{"no stay, and a member without one", "two zeros are no match", []step{
			onKey("max", func(k *tenancy.Key) { k.Membership = "" }),
			onMember("max", func(m *tenancy.Member) { m.Membership = "" })}, holder},
		{"no holder", "zero denies", []step{onKey("max", func(k *tenancy.Key) { k.Holder = "" })}, holder},
		{"somebody else's stay", "holder and stay must agree", []step{onKey("max", func(k *tenancy.Key) { k.Membership = stay("acme", "pam") })}, holder},
		{"somebody else as holder", "holder and stay must agree", []step{onKey("max", func(k *tenancy.Key) { k.Holder = "pam" })}, holder},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view := acme().with(tt.steps...).view(t)
			if d := view.CanCall("max", "gpt"); d.Reason != tt.want || d.Allowed() != (tt.want == access.ReasonNone) {
				t.Errorf("CanCall = %+v, want %q (%s)", d, tt.want, tt.why)
			}
			if d := view.CanCall("svc", "gpt"); !d.Allowed() {
				t.Errorf("the project's own key fell with a person: %+v", d)
			}
		})
	}
}

// Only who may call has a key that works; the others' are denied for that reason.
func TestHoldersFollowTheRoleTable(t *testing.T) {
	view := acme().view(t)
	for i, user := range people {
		allowed := i < 3
		if d := view.CanCall(tenancy.KeyID(user), "gpt"); d.Allowed() != allowed || !allowed && d.Reason != access.ReasonHolderMayNotCall {
			t.Errorf("CanCall by the key of %s = %+v", user, d)
		}
		if d := view.CanUse(user, "web", "fast"); d.Allowed() != allowed || !allowed && d.Reason != access.ReasonHolderMayNotCall {
			t.Errorf("CanUse by %s = %+v", user, d)
		}
	}
	want := access.Decision{Effect: access.Allow, Subject: access.Subject{Org: "acme", Project: "web", User: "max"}, Model: "gpt"}
	if d := view.CanUse("max", "web", "fast"); d != want {
		t.Errorf("CanUse = %+v, want %+v", d, want)
	}
}

func TestKeyExpiry(t *testing.T) {
	snap := acme().with(expiring("svc", noon)).snapshot(t)
	elsewhere := time.FixedZone("elsewhere", 5*3600+45*60)
	for _, tt := range []struct {
		name string
		now  time.Time
		want access.Reason
	}{
		{"a microsecond before", noon.Add(-time.Microsecond), access.ReasonNone},
		{"a nanosecond before", noon.Add(-1), access.ReasonNone},
		{"at the instant", noon, access.ReasonKeyExpired},
		{"a microsecond after", noon.Add(time.Microsecond), access.ReasonKeyExpired},
		{"before, in another zone", noon.Add(-time.Microsecond).In(elsewhere), access.ReasonNone},
		{"at the instant, in another zone", noon.In(elsewhere), access.ReasonKeyExpired},
		{"at the zero time", time.Time{}, access.ReasonNone},
		{"in the far future", time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC), access.ReasonKeyExpired},
	} {
		if d := snap.At(tt.now).CanCall("svc", "gpt"); d.Reason != tt.want || d.Allowed() != (tt.want == access.ReasonNone) {
			t.Errorf("%s: %+v, want %q", tt.name, d, tt.want)
		}
		if d := snap.At(tt.now).CanCall("lab-svc", "gpt"); !d.Allowed() {
			t.Errorf("%s: a key that never expires: %+v", tt.name, d)
		}
	}
}

// A revoked key is off whatever the time that the record names: switching off
// waits for no clock.
func TestRevokedIsOffAtAnyTime(t *testing.T) {
	snap := acme().with(revoked("svc")).snapshot(t)
	for _, now := range []time.Time{{}, noon.Add(-time.Hour), noon, noon.Add(time.Hour)} {
		if d := snap.At(now).CanCall("svc", "gpt"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("at %v: %+v", now, d)
		}
	}
}

// Archiving, suspending and restoring change no key: what worked before works
// again, and nothing else does.
func TestBackAsBefore(t *testing.T) {
	before := acme().with(revoked("pam"), expiring("olga", noon))
	resumed := onOrg(func(o *tenancy.Organization) { *o = o.Resume() })
	restored := onProject("web", func(p *tenancy.Project) { *p, _ = p.Restore("") })
	for _, tt := range []struct {
		name      string
		off, back step
		reason    access.Reason
		elsewhere bool // whether keys of another project go on
	}{
		{"organization", orgSuspended, resumed, access.ReasonOrganizationSuspended, false},
		{"project", archived("web"), restored, access.ReasonProjectArchived, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			off, back := before.with(tt.off).view(t), before.with(tt.off, tt.back).view(t)
			for _, key := range []tenancy.KeyID{"svc", "max", "vera", "pam", "olga"} {
				if d := off.CanCall(key, "gpt"); d.Allowed() {
					t.Errorf("off: %s still calls", key)
				}
				if got, want := back.CanCall(key, "gpt"), before.view(t).CanCall(key, "gpt"); got != want {
					t.Errorf("back: %s is %+v, was %+v", key, got, want)
				}
			}
			if d := off.CanCall("svc", "gpt"); d.Reason != tt.reason {
				t.Errorf("off: %+v, want %q", d, tt.reason)
			}
			if d := off.CanCall("lab-svc", "gpt"); d.Allowed() != tt.elsewhere {
				t.Errorf("off: a key of another project: %+v", d)
			}
			if d := off.CanCall("shop-svc", "gpt"); !d.Allowed() {
				t.Errorf("off: a key of another organization: %+v", d)
			}
		})
	}
}

// Whatever switches a key off does so alone and together with the others, and in
// every order; it works only while nothing does. Turning one on again tells of a key
// exactly if it was the last that was off.
func TestA27AllMustBeActive(t *testing.T) {
	switches := []struct {
		name    string
		off, on step
		service bool // a service key feels it too
	}{
		{"key", func(w world) { revoked("max")(w); revoked("svc")(w) }, func(w world) {
			for _, k := range []tenancy.KeyID{"max", "svc"} {
				onKey(k, func(k *tenancy.Key) { k.Revoked = time.Time{} })(w)
			}
		}, true},
		{"project", archived("web"), onProject("web", func(p *tenancy.Project) { p.Archived = time.Time{} }), true},
		{"organization", orgSuspended, onOrg(func(o *tenancy.Organization) { *o = o.Resume() }), true},
		{"holder", suspended("max"), onMember("max", func(m *tenancy.Member) { m.Suspended = time.Time{} }), false},
		{"plan", planned(tenancy.ModelSet{}), planned(tenancy.AllModels()), true},
		{"closed", orgClosed, onOrg(func(o *tenancy.Organization) { o.Closed = time.Time{} }), true},
	}
	states := 1 << len(switches)
	for state := range states {
		w, personal, service := acme(), true, true
		for i, s := range switches {
			if state&(1<<i) != 0 {
				s.off(w)
				personal, service = false, service && !s.service
			}
		}
		check := func(w world, personal, service bool, after string) {
			view := w.view(t)
			for key, want := range map[tenancy.KeyID]bool{"max": personal, "svc": service} {
				if d := view.CanCall(key, "gpt"); d.Allowed() != want {
					t.Errorf("state %06b%s: CanCall(%s) = %+v, want allowed %v", state, after, key, d, want)
				}
			}
		}
		check(w, personal, service, "")
		for i, s := range switches { // from every state, turn one on again
			left := state &^ (1 << i)
			check(w.with(s.on), left == 0, left&^(1<<3) == 0, fmt.Sprintf(", then %s on", s.name))
			told := map[tenancy.KeyID]bool{}
			for _, e := range access.Compare(w.view(t), w.with(s.on).view(t)).Keys {
				told[e.Key] = true
			}
			if told["max"] != (!personal && left == 0) || told["svc"] != (!service && left&^(1<<3) == 0) {
				t.Errorf("state %06b, then %s on: told of %v", state, s.name, told)
			}
		}
	}
}
