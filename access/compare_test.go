package access_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// lost, stopped and gained are what becomes of a key of project web; gone is what
// becomes of a person in it.

func lost(e access.KeyEffect, names ...tenancy.ModelID) access.KeyEffect {
	e.Lost = names
	return e
}

func gained(e access.KeyEffect, names ...tenancy.ModelID) access.KeyEffect {
	e.Gained = names
	return e
}

func stopped(e access.KeyEffect, reasons ...access.Reason) access.KeyEffect {
	e.Lost, e.Reasons = []tenancy.ModelID{"claude", "fast", "gpt", "tuned"}, reasons
	return e
}

func serviceKey(p tenancy.ProjectID, k tenancy.KeyID) access.KeyEffect {
	return access.KeyEffect{Org: "acme", Project: p, Key: k, Kind: tenancy.KeyService}
}

func personalKey(u tenancy.UserID) access.KeyEffect {
	return access.KeyEffect{Org: "acme", Project: "web", Key: tenancy.KeyID(u), Kind: tenancy.KeyPersonal, Holder: u}
}

func inOrg(u tenancy.UserID, before, after access.Right) access.PersonEffect {
	return access.PersonEffect{Org: "acme", User: u, Before: before, After: after}
}

func in(p tenancy.ProjectID, u tenancy.UserID, before, after access.Right) access.PersonEffect {
	return access.PersonEffect{Org: "acme", User: u, Project: p, Before: before, After: after}
}

// Rights of the people of acme.
var (
	none       = access.Right{}
	everywhere = access.Right{Role: "owner", From: access.FromOrganization, Sees: true, Calls: true}
	owning     = access.Right{Role: "owner", From: access.FromProject, Sees: true, Calls: true}
	working    = access.Right{Role: "member", From: access.FromProject, Sees: true, Calls: true}
	viewing    = access.Right{Role: "viewer", From: access.FromProject, Sees: true}
	orgOwner   = access.Right{Role: "owner", From: access.FromOrganization, Sees: true}
	orgMember  = access.Right{Role: "member", From: access.FromOrganization, Sees: true}
)

func muted(r access.Right) access.Right {
	r.Calls = false
	return r
}

func hidden(r access.Right) access.Right {
	r.Calls, r.Sees = false, false
	return r
}

func TestCompare(t *testing.T) {
	holder, everything := access.ReasonHolderMayNotCall, []tenancy.ModelID{"claude", "fast", "gpt", "tuned"}
	for _, tt := range []struct {
		name, why string
		before    []step // in acme
		change    []step
		want      access.Effects
	}{
		{name: "nothing", why: "what decides the same is no effect"},
		{name: "names", why: "nothing rests on what a thing is called", change: []step{
			onProject("web", func(p *tenancy.Project) { p.Name = "Website" }), onKey("svc", func(k *tenancy.Key) { k.Name = "ci" }),
			onOrg(func(o *tenancy.Organization) { o.Name = "Acme" }), onMember("max", func(m *tenancy.Member) { m.Name = "Max" })}},
		{name: "a model that is off is turned off", why: "plan and project both had to have it", before: []step{planned(tenancy.Models("gpt"))},
			change: []step{enabled("web", tenancy.Models("gpt"))}},

		{name: "key revoked", why: "a key that calls nothing stops", change: []step{revoked("svc")}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(serviceKey("web", "svc"), access.ReasonKeyRevoked)}}},
		{name: "dead key revoked", why: "what called nothing loses nothing", change: []step{revoked("vera")}},
		{name: "key gone", why: "no record calls nothing", change: []step{drop(tenancy.KeyRef("acme", "svc").Ref)}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(serviceKey("web", "svc"), access.ReasonUnknownKey)}}},
		{name: "key made", why: "it is told as what it is", change: []step{func(w world) { w.service("acme", "lab", "new") },
			onKey("new", func(k *tenancy.Key) { k.Name = "ci" })}, want: access.Effects{
			Keys: []access.KeyEffect{gained(access.KeyEffect{Org: "acme", Project: "lab", Key: "new", Name: "ci", Kind: "service"}, everything...)}}},
		{name: "key restricted", why: "it goes on with the rest, so there is no reason why it stops",
			change: []step{restricted("svc", tenancy.Models("gpt"))}, want: access.Effects{
				Keys: []access.KeyEffect{lost(serviceKey("web", "svc"), "claude", "tuned")}}},
		{name: "key restricted to something else", why: "lost and gained", before: []step{restricted("svc", tenancy.Models("claude"))},
			change: []step{restricted("svc", tenancy.Models("tuned"))}, want: access.Effects{
				Keys: []access.KeyEffect{gained(lost(serviceKey("web", "svc"), "claude"), "tuned")}}},
		{name: "models taken away on three sides", why: "all that speaks against what was lost, in the order of reasons",
			before: []step{restricted("svc", tenancy.Models("claude", "gpt", "tuned")), enabled("lab", tenancy.ModelSet{})},
			change: []step{planned(tenancy.Models("gpt", "tuned")), enabled("web", tenancy.Models("gpt", "claude")), restricted("svc", tenancy.Models("claude", "tuned")),
				unplaced("pam"), unplaced("max"), owners("olga"), drop(tenancy.KeyRef("acme", "olga").Ref)},
			want: access.Effects{
				Keys: []access.KeyEffect{
					stopped(personalKey("max"), holder, access.ReasonModelNotInPlan, access.ReasonModelNotEnabled),
					stopped(personalKey("olga"), access.ReasonUnknownKey),
					stopped(personalKey("pam"), holder, access.ReasonModelNotInPlan, access.ReasonModelNotEnabled),
					stopped(serviceKey("web", "svc"), access.ReasonModelNotInPlan, access.ReasonModelNotEnabled, access.ReasonModelNotInKey)},
				People: []access.PersonEffect{in("web", "max", working, none), in("web", "pam", owning, none)}}},

		{name: "project archived", why: "keys stop; those who run things see it, the others do not", change: []step{archived("web")}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(personalKey("max"), access.ReasonProjectArchived), stopped(personalKey("olga"), access.ReasonProjectArchived),
				stopped(personalKey("pam"), access.ReasonProjectArchived), stopped(serviceKey("web", "svc"), access.ReasonProjectArchived)},
			People: []access.PersonEffect{in("web", "max", working, hidden(working)), in("web", "olga", everywhere, muted(everywhere)),
				in("web", "pam", owning, muted(owning)), in("web", "vera", viewing, hidden(viewing))}}},
		{name: "archived again", why: "archiving twice changes nothing", before: []step{archived("web")}, change: []step{archived("web")}},

		{name: "organization suspended", why: "keys stop, people go on seeing, and nothing else changes", before: []step{onlyLab}, change: []step{orgSuspended},
			want: access.Effects{Keys: []access.KeyEffect{stopped(serviceKey("lab", "lab-svc"), access.ReasonOrganizationSuspended)},
				People: []access.PersonEffect{in("lab", "olga", everywhere, muted(everywhere))}}},
		{name: "organization closed", why: "nobody sees a tombstone, and secrets of dead keys are no secrets",
			before: []step{onlyLab, minted("lab-svc", by("olga", time.Time{}), tenancy.KeySecret{})}, change: []step{orgClosed},
			want: access.Effects{Keys: []access.KeyEffect{stopped(serviceKey("lab", "lab-svc"), access.ReasonOrganizationClosed)},
				People: []access.PersonEffect{inOrg("olga", orgOwner, hidden(orgOwner)), in("lab", "olga", everywhere, hidden(everywhere))}}},

		{name: "member removed from the roster", why: "places and personal keys fall with the stay", change: []step{removed("max")}, want: access.Effects{
			Keys:   []access.KeyEffect{stopped(personalKey("max"), holder)},
			People: []access.PersonEffect{inOrg("max", orgMember, none), in("web", "max", working, none)}}},
		{name: "member suspended", why: "as removed, until resumed", change: []step{suspended("max")}, want: access.Effects{
			Keys:   []access.KeyEffect{stopped(personalKey("max"), holder)},
			People: []access.PersonEffect{inOrg("max", orgMember, none), in("web", "max", working, none)}}},
		{name: "member back after removal", why: "whoever joins again starts with nothing, the roster apart",
			change: []step{onMember("max", func(m *tenancy.Member) { m.Membership = "max@acme/2" })}, want: access.Effects{
				Keys:   []access.KeyEffect{stopped(personalKey("max"), holder)},
				People: []access.PersonEffect{in("web", "max", working, none)}}},
		{name: "member made a viewer", why: "the key stops, sight stays", change: []step{placed("max", tenancy.RoleViewer)}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(personalKey("max"), holder)}, People: []access.PersonEffect{in("web", "max", working, viewing)}}},
		{name: "viewer made a member", why: "a key of theirs that was waiting works", change: []step{placed("vera", tenancy.RoleMember)}, want: access.Effects{
			Keys: []access.KeyEffect{gained(personalKey("vera"), everything...)}, People: []access.PersonEffect{in("web", "vera", viewing, working)}}},
		{name: "project owner made a member", why: "the right is another, though the keys are the same", change: []step{placed("pam", tenancy.RoleMember)}, want: access.Effects{
			People: []access.PersonEffect{in("web", "pam", owning, working)}}},
		{name: "unknown role", why: "unknown denies", change: []step{placed("max", "superuser")}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(personalKey("max"), holder)}, People: []access.PersonEffect{in("web", "max", working, none)}}},
		{name: "member made an owner of the organization", why: "computed, in every project, listed there or not", change: []step{owners("max", "olga")}, want: access.Effects{
			People: []access.PersonEffect{inOrg("max", orgMember, orgOwner), in("lab", "max", none, everywhere), in("web", "max", working, everywhere)}}},
		{name: "owner of the organization made a member", why: "explicit places survive; there are none", change: []step{owners()}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(personalKey("olga"), holder)},
			People: []access.PersonEffect{inOrg("olga", orgOwner, orgMember), in("lab", "olga", everywhere, none),
				in("web", "olga", everywhere, none)}}},

		{name: "smaller plan", why: "it bites in every project of the organization and in no other", before: []step{onlyLab}, change: []step{planned(tenancy.Models("gpt"))}, want: access.Effects{
			Keys: []access.KeyEffect{lost(serviceKey("lab", "lab-svc"), "claude", "tuned")}}},
		{name: "no plan", why: "absent is none", before: []step{onlyLab}, change: []step{drop(tenancy.SubscriptionRef("acme").Ref)}, want: access.Effects{
			Keys: []access.KeyEffect{stopped(serviceKey("lab", "lab-svc"), access.ReasonModelNotInPlan)}}},
		{name: "alias retired", why: "whoever calls by that name fails, in every organization, one after the other", before: []step{onlyLab, func(w world) {
			w.project("beta", "app")
			w.service("beta", "app", "app-svc")
		}},
			change: []step{onModel("fast", func(m *tenancy.Model) { m.Retired = noon })}, want: access.Effects{
				Keys: []access.KeyEffect{lost(serviceKey("lab", "lab-svc"), "fast"),
					lost(access.KeyEffect{Org: "beta", Project: "app", Key: "app-svc", Kind: "service"}, "fast"),
					lost(access.KeyEffect{Org: "beta", Project: "shop", Key: "shop-svc", Kind: "service"}, "fast")}}},
		{name: "model that is new in the catalogue", why: "a plan of all has it", before: []step{onlyLab},
			change: []step{func(w world) { w.put(tenancy.Model{ID: "o3", Orgs: []tenancy.OrgID{"acme"}}) }}, want: access.Effects{
				Keys: []access.KeyEffect{gained(serviceKey("lab", "lab-svc"), "o3")}}},
		{name: "project made", why: "owners have it at once", change: []step{func(w world) { w.project("acme", "new") }}, want: access.Effects{
			People: []access.PersonEffect{in("new", "olga", none, everywhere)}}},
		{name: "person joins", why: "a member gets no project automatically", change: []step{func(w world) { w.join("acme", "nils") }}, want: access.Effects{
			People: []access.PersonEffect{inOrg("nils", none, orgMember)}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := acme().with(tt.before...)
			got := access.Compare(before.view(t), before.with(tt.change...).view(t))
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(%s) (-want +got):\n%s", tt.why, diff)
			}
			if got.Empty() != (tt.change == nil || gocmp.Equal(tt.want, access.Effects{})) {
				t.Errorf("Empty() = %v", got.Empty())
			}
		})
	}
}

// onlyLab leaves of acme its owner, and the project that nobody has a place in.
func onlyLab(w world) {
	for ref := range w {
		if ref.Org == "acme" && (ref.ID == "web" || ref.Kind == tenancy.KindKey && ref.ID != "lab-svc" || ref.Kind == tenancy.KindMember && ref.User != "olga") {
			delete(w, ref)
		}
	}
}

// Time changes something too: what a view decides later, with the same records.
func TestCompareTimes(t *testing.T) {
	snap := acme().with(expiring("svc", noon)).snapshot(t)
	want := access.Effects{Keys: []access.KeyEffect{stopped(serviceKey("web", "svc"), access.ReasonKeyExpired)}}
	if diff := gocmp.Diff(want, access.Compare(snap.At(noon.Add(-1)), snap.At(noon))); diff != "" {
		t.Errorf("across the key's expiry (-want +got):\n%s", diff)
	}
	if e := access.Compare(snap.At(noon), snap.At(noon.Add(time.Hour))); !e.Empty() {
		t.Errorf("after it:\n%v", e)
	}
}

// From no records at all everything is new, and to none everything is gone.
func TestCompareZero(t *testing.T) {
	view := acme().view(t)
	if e := access.Compare(access.View{}, access.View{}); !e.Empty() {
		t.Errorf("of nothing and nothing:\n%v", e)
	}
	made, gone := access.Compare(access.View{}, view), access.Compare(view, access.View{})
	if len(made.Keys) == 0 || len(made.Keys) != len(gone.Keys) || len(made.People) == 0 || len(made.People) != len(gone.People) {
		t.Errorf("made:\n%v\ngone:\n%v", made, gone)
	}
	for _, k := range gone.Keys {
		if !k.Stops() || !slices.Equal(k.Reasons, []access.Reason{access.ReasonUnknownKey}) {
			t.Errorf("%+v", k)
		}
	}
}

// Nothing is different from itself, and of two views one is told as the other is,
// the other way round.
func TestCompareMirrors(t *testing.T) {
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		a, b := w.view(t), drawChange(t, w).view(t)
		if e := access.Compare(a, a); !e.Empty() {
			t.Fatalf("a view differs from itself:\n%v", e)
		}
		there, back := access.Compare(a, b), access.Compare(b, a)
		if diff := gocmp.Diff(callsOf(there, false), callsOf(back, true)); diff != "" {
			t.Fatalf("keys (-there +back, turned):\n%s", diff)
		}
		for i := range back.People {
			back.People[i].Before, back.People[i].After = back.People[i].After, back.People[i].Before
		}
		if diff := gocmp.Diff(there.People, back.People); diff != "" {
			t.Fatalf("people (-there +back, turned):\n%s", diff)
		}
		told += len(there.Keys) + len(there.People)
	})
	if told == 0 && !t.Failed() {
		t.Error("no world differed from another")
	}
}

// callsOf is what each key loses and gains or, turned, gains and loses.
func callsOf(e access.Effects, turned bool) map[tenancy.KeyID][2][]tenancy.ModelID {
	calls := map[tenancy.KeyID][2][]tenancy.ModelID{}
	for _, k := range e.Keys {
		calls[k.Key] = [2][]tenancy.ModelID{k.Lost, k.Gained}
		if turned {
			calls[k.Key] = [2][]tenancy.ModelID{k.Gained, k.Lost}
		}
	}
	return calls
}

// What is told of each key is what Explain says on both sides, of every key and
// every name; and nothing is told of a key where both say the same.
func TestCompareAgreesWithExplain(t *testing.T) {
	lost, gained, stops := 0, 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		changed := drawChange(t, w)
		before, after := w.view(t), changed.view(t)
		told := map[tenancy.KeyID]access.KeyEffect{}
		for _, e := range access.Compare(before, after).Keys {
			told[e.Key] = e
		}
		for _, key := range slices.Concat(w.keys(), changed.keys()) {
			want := explainedChange(before, after, key, append(w.models(), changed.models()...))
			got := told[key]
			if diff := gocmp.Diff(want, access.KeyEffect{Lost: got.Lost, Gained: got.Gained, Reasons: got.Reasons}); diff != "" {
				t.Fatalf("key %q (-Explain +Compare):\n%s", key, diff)
			}
			if got.Stops() != (len(want.Lost) > 0 && callable(after, key) == nil) {
				t.Fatalf("key %q: Stops() = %v", key, got.Stops())
			}
			if got.Stops() {
				stops++
			}
			lost, gained = lost+len(got.Lost), gained+len(got.Gained)
		}
	})
	if (lost == 0 || gained == 0 || stops == 0) && !t.Failed() {
		t.Errorf("too little happened: %d lost, %d gained, %d keys stopped", lost, gained, stops)
	}
}

// explainedChange is what two views explain of a key, told as an effect.
func explainedChange(before, after access.View, key tenancy.KeyID, names []tenancy.ModelID) (e access.KeyEffect) {
	slices.Sort(names)
	var why access.Reasons
	for _, name := range slices.Compact(names) {
		was, is := before.Explain(key, name), after.Explain(key, name)
		switch {
		case was.Allowed() && !is.Allowed():
			e.Lost = append(e.Lost, name)
			for _, r := range is.Reasons {
				why = why.With(r, true)
			}
		case !was.Allowed() && is.Allowed():
			e.Gained = append(e.Gained, name)
		}
	}
	if callable(after, key) == nil {
		e.Reasons = why.List()
	}
	return e
}

// What is told of each person is what Can and CanUse say on both sides, of everybody
// and every project; and nothing is told where both say the same.
func TestCompareAgreesWithCan(t *testing.T) {
	changes, sights := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		changed := drawChange(t, w)
		before, after := w.view(t), changed.view(t)
		told := map[access.Subject]access.PersonEffect{}
		for _, e := range access.Compare(before, after).People {
			told[access.Subject{Org: e.Org, User: e.User, Project: e.Project}] = e
			if e.Before == e.After {
				t.Fatalf("no difference: %+v", e)
			}
			changes++
		}
		for _, user := range drawnUsers {
			for org, projects := range drawnProjects {
				on := access.Subject{Org: org, User: user}
				agree(t, on, told, seesOrg(before, on), seesOrg(after, on), false, false)
				for _, p := range projects {
					on.Project = p
					e := agree(t, on, told, seesProject(before, w, on), seesProject(after, changed, on), calls(before, on), calls(after, on))
					if e.LosesSight() != (seesProject(before, w, on) && !seesProject(after, changed, on)) {
						t.Fatalf("%+v: LosesSight() = %v", on, e.LosesSight())
					}
					if e.LosesSight() {
						sights++
					}
				}
			}
		}
	})
	if (changes == 0 || sights == 0) && !t.Failed() {
		t.Errorf("too little happened: %d changes, %d sights lost", changes, sights)
	}
}

// agree holds an effect, where one is told, to what is allowed before and after; and
// where none is told, nothing differs. It returns the effect.
func agree(t *rapid.T, on access.Subject, told map[access.Subject]access.PersonEffect, saw, sees, called, calls bool) access.PersonEffect {
	e, ok := told[on]
	if !ok && (saw != sees || called != calls) {
		t.Fatalf("%+v: nothing is told; sees %v, saw %v; calls %v, called %v", on, sees, saw, calls, called)
	}
	if ok && (e.Before.Sees != saw || e.After.Sees != sees || e.Before.Calls != called || e.After.Calls != calls) {
		t.Fatalf("%+v: told %+v; sees %v, saw %v; calls %v, called %v", on, e, sees, saw, calls, called)
	}
	return e
}

func seesOrg(view access.View, on access.Subject) bool {
	return view.Can(on.User, access.SeeOrganization, access.Subject{Org: on.Org}).Allowed()
}

// seesProject asks for the action that the project's state calls for.
func seesProject(view access.View, w world, on access.Subject) bool {
	see := access.SeeProject
	if p, ok := w[tenancy.ProjectRef(on.Org, on.Project).Ref].(tenancy.Project); ok && !p.Archived.IsZero() {
		see = access.SeeArchived
	}
	return view.Can(on.User, see, access.Subject{Project: on.Project}).Allowed()
}

// calls reports whether nothing but the want of a model speaks against a call.
func calls(view access.View, on access.Subject) bool {
	return view.CanUse(on.User, on.Project, "").Reason == access.ReasonNoModel
}
