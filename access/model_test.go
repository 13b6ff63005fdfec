package access_test

import (
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// callable are the models that a key may call, as a listing shows them.
func callable(view access.View, key tenancy.KeyID) []tenancy.ModelID {
	var ids []tenancy.ModelID
	for m := range view.Models(key) {
		ids = append(ids, m.ID)
	}
	return ids
}

func TestModelAccess(t *testing.T) {
	none, all := tenancy.ModelSet{}, tenancy.AllModels()
	everything := []tenancy.ModelID{"claude", "fast", "gpt", "tuned"}
	for _, tt := range []struct {
		name, why string
		steps     []step
		want      []tenancy.ModelID // that svc, a key of acme, may call
	}{
		{"all, all, all", "the public models and acme's own, with their aliases; retired and beta's are in no plan of acme's", nil, everything},
		{"plan lists", "", []step{planned(tenancy.Models("claude"))}, []tenancy.ModelID{"claude"}},
		{"plan is zero", "empty is none", []step{planned(none)}, nil},
		{"no plan", "absent is zero", []step{drop(tenancy.SubscriptionRef("acme").Ref)}, nil},
		{"project lists", "", []step{enabled("web", tenancy.Models("tuned", "gpt"))}, []tenancy.ModelID{"fast", "gpt", "tuned"}},
		{"project is zero", "empty is none", []step{enabled("web", none)}, nil},
		{"key lists", "", []step{restricted("svc", tenancy.Models("claude", "tuned"))}, []tenancy.ModelID{"claude", "tuned"}},
		{"key is zero", "empty is none", []step{restricted("svc", none)}, nil},
		{"three lists", "the intersection", []step{planned(tenancy.Models("gpt", "claude")), enabled("web", tenancy.Models("claude", "tuned")),
			restricted("svc", tenancy.Models("claude", "gpt", "tuned"))}, []tenancy.ModelID{"claude"}},
		{"three lists without a common model", "", []step{planned(tenancy.Models("gpt")), enabled("web", tenancy.Models("claude")),
			restricted("svc", all)}, nil},
		{"key beyond the project", "a key never reaches beyond its project", []step{enabled("web", tenancy.Models("gpt")),
			restricted("svc", tenancy.Models("gpt", "claude"))}, []tenancy.ModelID{"fast", "gpt"}},
		{"project beyond the plan", "a model that left the plan stays listed and is not served", []step{planned(tenancy.Models("gpt")),
			enabled("web", tenancy.Models("gpt", "claude"))}, []tenancy.ModelID{"fast", "gpt"}},
		{"private model listed", "it does not name the organization", []step{planned(tenancy.Models("secret", "gpt")),
			enabled("web", tenancy.Models("secret")), restricted("svc", tenancy.Models("secret"))}, nil},
		{"private model of acme", "it names the organization", []step{planned(tenancy.Models("tuned"))}, []tenancy.ModelID{"tuned"}},
		{"private model of nobody", "neither public nor offered", []step{onModel("tuned", func(m *tenancy.Model) { m.Orgs = nil })},
			[]tenancy.ModelID{"claude", "fast", "gpt"}},
		{"private model of the nameless", "a list with nobody in it names nobody",
			[]step{onModel("tuned", func(m *tenancy.Model) { m.Orgs = []tenancy.OrgID{""} })}, []tenancy.ModelID{"claude", "fast", "gpt"}},
		{"retired model", "no plan has it, listed or not", []step{planned(tenancy.Models("old")), enabled("web", tenancy.Models("old"))}, nil},
		{"alias listed", "sets hold canonical ids; an alias in one means nothing", []step{enabled("web", tenancy.Models("fast"))}, nil},
		{"empty id listed", "", []step{enabled("web", tenancy.Models(""))}, nil},
		{"no catalogue entry", "", []step{drop(tenancy.ModelRef("fast").Ref), drop(tenancy.ModelRef("gpt").Ref)}, []tenancy.ModelID{"claude", "tuned"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := acme().with(tt.steps...)
			view := w.view(t)
			if diff := gocmp.Diff(tt.want, callable(view, "svc")); diff != "" {
				t.Errorf("(%s) (-want +got):\n%s", tt.why, diff)
			}
			// Listing and deciding are one function.
			for _, id := range []tenancy.ModelID{"gpt", "claude", "tuned", "secret", "old", "fast", "gone", ""} {
				if got := view.CanCall("svc", id).Allowed(); got != slices.Contains(tt.want, id) {
					t.Errorf("CanCall(svc, %q) = %v, the list says otherwise", id, got)
				}
			}
		})
	}
}

func TestA13EmptyListsDeny(t *testing.T) {
	lists := []struct {
		name string
		set  tenancy.ModelSet
	}{
		{"zero", tenancy.ModelSet{}},
		{"of nothing", tenancy.Models()},
		{"of an empty slice", tenancy.Models([]tenancy.ModelID{}...)},
		{"last one taken out", tenancy.Models("gpt").Without("gpt")},
		{"null", unmarshalled(t, "null")},
		{"[]", unmarshalled(t, "[]")},
	}
	for _, list := range lists {
		for level, s := range map[string]step{
			"plan": planned(list.set), "project": enabled("web", list.set), "key": restricted("svc", list.set),
		} {
			if d := acme().with(s).view(t).CanCall("svc", "gpt"); d.Allowed() {
				t.Errorf("%s as the list of the %s: %+v", list.name, level, d)
			}
		}
	}
	nobody := onOrg(func(o *tenancy.Organization) { o.Owners = nil })
	if d := acme().with(nobody).view(t).Can("olga", access.SeeSettings, access.Subject{Org: "acme"}); d.Allowed() {
		t.Error("an organization without owners is everybody's")
	}
}

func unmarshalled(t *testing.T, text string) (set tenancy.ModelSet) {
	t.Helper()
	if err := set.UnmarshalJSON([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return set
}

func TestA20Alias(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		steps     []step
		ask       tenancy.ModelID
		want      access.Reason
		model     tenancy.ModelID
	}{
		{"of a model", "the decision names what will be served", nil, "fast", access.ReasonNone, "gpt"},
		{"of a model outside the plan", "decided on the target", []step{planned(tenancy.Models("claude", "fast"))}, "fast", access.ReasonModelNotInPlan, "gpt"},
		{"of a model that is off", "decided on the target", []step{enabled("web", tenancy.Models("claude", "fast"))}, "fast", access.ReasonModelNotEnabled, "gpt"},
		{"of a model outside the key", "decided on the target", []step{restricted("svc", tenancy.Models("fast"))}, "fast", access.ReasonModelNotInKey, "gpt"},
		{"of a private model", "an alias opens nothing", []step{onModel("fast", func(m *tenancy.Model) { m.Alias = "secret" })}, "fast", access.ReasonModelNotInPlan, "secret"},
		{"of a private model, public itself", "the target's own word counts",
			[]step{onModel("fast", func(m *tenancy.Model) { m.Alias, m.Public = "secret", true })}, "fast", access.ReasonModelNotInPlan, "secret"},
		{"of a retired model", "", []step{onModel("fast", func(m *tenancy.Model) { m.Alias = "old" })}, "fast", access.ReasonModelNotInPlan, "old"},
		{"retired", "it leads nowhere", []step{onModel("fast", func(m *tenancy.Model) { m.Retired = noon })}, "fast", access.ReasonModelUnknown, ""},
		{"its target by name", "a model is not its alias", nil, "gpt", access.ReasonNone, "gpt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := acme().with(tt.steps...).view(t).CanCall("svc", tt.ask)
			if d.Reason != tt.want || d.Model != tt.model || d.Allowed() != (tt.want == access.ReasonNone) {
				t.Errorf("CanCall = %+v, want reason %q, model %q (%s)", d, tt.want, tt.model, tt.why)
			}
		})
	}
}

// A follower may meet a catalogue that no snapshot accepts: it leads nowhere.
func TestA20AliasLeadsToAModelOrNowhere(t *testing.T) {
	c := access.NewCatalogue(
		tenancy.Model{ID: "gpt", Public: true}, tenancy.Model{ID: "fast", Alias: "gpt"},
		tenancy.Model{ID: "chain", Alias: "fast"}, tenancy.Model{ID: "dangling", Alias: "gone"},
		tenancy.Model{ID: "self", Alias: "self"}, tenancy.Model{ID: "ping", Alias: "pong"}, tenancy.Model{ID: "pong", Alias: "ping"},
	)
	for name, want := range map[tenancy.ModelID]tenancy.ModelID{
		"gpt": "gpt", "fast": "gpt", "chain": "", "dangling": "", "self": "", "ping": "", "pong": "", "gone": "", "": "",
	} {
		var got tenancy.ModelID
		if m := c.Resolve(name); m != nil {
			got = m.ID
		}
		if got != want {
			t.Errorf("Resolve(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	var none *access.Catalogue
	for m := range none.All() {
		t.Errorf("a nil catalogue has %q", m.ID)
	}
	if none.Resolve("gpt") != nil {
		t.Error("a nil catalogue resolves")
	}
	c := access.NewCatalogue(tenancy.Model{ID: "b"}, tenancy.Model{ID: "a", Alias: "b"}, tenancy.Model{ID: "b", Public: true}, tenancy.Model{ID: "c"})
	want := []tenancy.Model{{ID: "a", Alias: "b"}, {ID: "b", Public: true}, {ID: "c"}}
	if diff := gocmp.Diff(want, slices.Collect(c.All())); diff != "" {
		t.Errorf("All (-want +got):\n%s", diff)
	}
	for m := range c.All() {
		if m.ID != "a" {
			t.Errorf("walked on to %q", m.ID)
		}
		break
	}
}

func TestListingStopsEarly(t *testing.T) {
	var got []tenancy.ModelID
	for m := range acme().view(t).Models("svc") {
		if got = append(got, m.ID); len(got) == 2 {
			break
		}
	}
	if want := []tenancy.ModelID{"claude", "fast"}; !slices.Equal(got, want) {
		t.Errorf("Models = %v, want %v", got, want)
	}
}

// Model ids are compared byte for byte: whatever folds, normalises or looks alike
// is another id, in the request and in a list.
func TestA24IdentifiersAreExact(t *testing.T) {
	exact := acme().with(func(w world) { w.put(tenancy.Model{ID: "kiss", Public: true}) })
	for _, variant := range []tenancy.ModelID{
		"Kiss", "KISS", "\u212aiss", "ki\u017fs", "k\u0131ss", "\uff4biss", "ki\u00dfs", "kiss\u200d", "\u202ekiss", "kis\u0073\u0301",
		"kiss ", " kiss", "kiss\x00", "kiss/", "kis", "kisss", "k%", "kis_", "*", "all", "kiss\n", "\xffkiss",
	} {
		if d := exact.view(t).CanCall("svc", variant); d.Reason != access.ReasonModelUnknown || d.Model != "" {
			t.Errorf("CanCall(%q) = %+v, want unknown", variant, d)
		}
		for level, s := range map[string]step{
			"plan": planned(tenancy.Models(variant)), "project": enabled("web", tenancy.Models(variant)), "key": restricted("svc", tenancy.Models(variant)),
		} {
			if d := exact.with(s).view(t).CanCall("svc", "kiss"); d.Allowed() {
				t.Errorf("%q in the list of the %s opens kiss", variant, level)
			}
		}
	}
	// Ids of people, keys and projects too.
	view := acme().view(t)
	for _, d := range []access.Decision{
		view.CanCall("SVC", "gpt"), view.CanUse("Max", "web", "gpt"), view.CanUse("max", "Web", "gpt"), view.CanUse("max\x00", "web", "gpt"),
		view.Can("Olga", access.SeeSettings, access.Subject{Org: "acme"}), view.Can("olga", access.SeeSettings, access.Subject{Org: "ACME"}),
	} {
		if d.Allowed() {
			t.Errorf("a variant of an id is allowed: %+v", d)
		}
	}
	if len(view.People("Acme").People) != 0 || len(view.Keys("Web").Keys) != 0 || len(view.ProjectModels("web ")) != 0 {
		t.Error("a matrix of a variant of an id")
	}
	if p, ok := view.ActiveProject("max\u200d", "acme", "web", "web"); ok {
		t.Errorf("a variant of a person is in %q", p.ID)
	}
}

// A model that is on in one project means nothing in another.
func TestKeysDoNotBleed(t *testing.T) {
	view := acme().with(enabled("web", tenancy.Models("gpt")), enabled("lab", tenancy.Models("claude"))).view(t)
	for key, want := range map[tenancy.KeyID][]tenancy.ModelID{
		"svc": {"fast", "gpt"}, "lab-svc": {"claude"}, "shop-svc": {"claude", "fast", "gpt", "secret"},
	} {
		if diff := gocmp.Diff(want, callable(view, key)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", key, diff)
		}
	}
	if d := view.CanUse("max", "lab", "claude"); d.Reason != access.ReasonHolderMayNotCall {
		t.Errorf("a place in web opens lab: %+v", d)
	}
}

// A downgrade bites at once and touches no record of the project; an upgrade
// brings back what the project had wanted.
func TestDowngradeAndBack(t *testing.T) {
	w := acme().with(enabled("web", tenancy.Models("claude", "gpt")))
	for _, tt := range []struct {
		plan tenancy.ModelSet
		want []tenancy.ModelID
	}{
		{tenancy.AllModels(), []tenancy.ModelID{"claude", "fast", "gpt"}},
		{tenancy.Models("claude", "tuned"), []tenancy.ModelID{"claude"}},
		{tenancy.ModelSet{}, nil},
		{tenancy.Models("gpt"), []tenancy.ModelID{"fast", "gpt"}},
		{tenancy.AllModels(), []tenancy.ModelID{"claude", "fast", "gpt"}},
	} {
		w = w.with(planned(tt.plan))
		if diff := gocmp.Diff(tt.want, callable(w.view(t), "svc")); diff != "" {
			t.Errorf("plan %v (-want +got):\n%s", tt.plan.List(), diff)
		}
	}
}
