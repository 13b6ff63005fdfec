package access_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestProjectModels(t *testing.T) {
	on := func(m tenancy.ModelID, aliases ...tenancy.ModelID) access.ModelStatus {
		return access.ModelStatus{Model: m, Aliases: aliases, Enabled: true, InPlan: true}
	}
	with := func(s access.ModelStatus, enabled, planned bool, reasons ...access.Reason) access.ModelStatus {
		s.Enabled, s.InPlan, s.Reasons = enabled, planned, reasons
		return s
	}
	const notPlanned, notEnabled = access.ReasonModelNotInPlan, access.ReasonModelNotEnabled
	for _, tt := range []struct {
		name, why string
		steps     []step
		want      []access.ModelStatus
	}{
		{"all, all", "what the plan has: no retired model, none of another organization; an alias beside its model", nil,
			[]access.ModelStatus{on("claude"), on("gpt", "fast"), on("tuned")}},
		{"project lists some", "what could be turned on is shown", []step{enabled("web", tenancy.Models("gpt"))},
			[]access.ModelStatus{with(on("claude"), false, true, notEnabled), on("gpt", "fast"), with(on("tuned"), false, true, notEnabled)}},
		{"project lists nothing", "", []step{enabled("web", tenancy.ModelSet{}), planned(tenancy.Models("gpt"))},
			[]access.ModelStatus{with(on("gpt", "fast"), false, true, notEnabled)}},
		{"model left the plan", "it stays in the set: enabled, not in the plan", []step{planned(tenancy.Models("gpt")), enabled("web", tenancy.Models("claude", "gpt"))},
			[]access.ModelStatus{with(on("claude"), true, false, notPlanned), on("gpt", "fast")}},
		{"model left the plan, project has all", "all that the organization has is what the plan has", []step{planned(tenancy.Models("gpt"))},
			[]access.ModelStatus{on("gpt", "fast")}},
		{"listed model was retired", "as one that left the plan", []step{enabled("web", tenancy.Models("gpt", "old"))},
			[]access.ModelStatus{with(on("claude"), false, true, notEnabled), on("gpt", "fast"), with(on("old"), true, false, notPlanned), with(on("tuned"), false, true, notEnabled)}},
		{"listed model left the catalogue", "the set is told as it stands", []step{planned(tenancy.Models("gpt")), enabled("web", tenancy.Models("gone", "gpt"))},
			[]access.ModelStatus{with(on("gone"), true, false, access.ReasonModelUnknown), on("gpt", "fast")}},
		{"alias listed", "sets hold canonical ids; an alias in one means nothing", []step{planned(tenancy.Models("gpt", "fast")), enabled("web", tenancy.Models("fast"))},
			[]access.ModelStatus{with(on("gpt", "fast"), false, true, notEnabled)}},
		{"alias retired", "it leads nowhere", []step{planned(tenancy.Models("gpt")), onModel("fast", func(m *tenancy.Model) { m.Retired = noon })},
			[]access.ModelStatus{on("gpt")}},
		{"no plan", "absent is none: what the project lists is all that it may hear of", []step{drop(tenancy.SubscriptionRef("acme").Ref), enabled("web", tenancy.Models("gpt"))},
			[]access.ModelStatus{with(on("gpt", "fast"), true, false, notPlanned)}},
		{"another's private model listed", "listed or not, no plan of acme's has it", []step{planned(tenancy.Models("gpt", "secret"))},
			[]access.ModelStatus{on("gpt", "fast")}},
		{"archived, suspended, closed", "nothing is callable, and the page says why", []step{archived("web"), orgSuspended, orgClosed, planned(tenancy.Models("gpt"))},
			[]access.ModelStatus{with(on("gpt", "fast"), true, true, access.ReasonOrganizationClosed, access.ReasonOrganizationSuspended, access.ReasonProjectArchived)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := acme().with(tt.steps...)
			if diff := gocmp.Diff(tt.want, w.view(t).ProjectModels("web")); diff != "" {
				t.Errorf("View.ProjectModels (%s) (-want +got):\n%s", tt.why, diff)
			}
			if diff := gocmp.Diff(tt.want, w.projectModels("acme", "acme", "web")); diff != "" {
				t.Errorf("ProjectModels (%s) (-want +got):\n%s", tt.why, diff)
			}
			for _, s := range tt.want {
				if s.Callable() != (len(s.Reasons) == 0) {
					t.Errorf("%+v: Callable() = %v", s, s.Callable())
				}
			}
		})
	}
}

// projectModels asks the function, with records of the world.
func (w world) projectModels(org, plan tenancy.OrgID, project tenancy.ProjectID) []access.ModelStatus {
	o, _ := w[tenancy.OrganizationRef(org).Ref].(tenancy.Organization)
	s, _ := w[tenancy.SubscriptionRef(plan).Ref].(tenancy.Subscription)
	var p tenancy.Project
	for _, v := range w {
		if v, ok := v.(tenancy.Project); ok && v.ID == project {
			p = v
		}
	}
	return access.ProjectModels(catalogueOf(w), o, s, p)
}

// Parts that are missing or do not belong together have no model.
func TestA5ProjectModelsOfParts(t *testing.T) {
	w := acme()
	if got := w.projectModels("acme", "acme", "web"); len(got) != 3 {
		t.Fatalf("the parts together: %+v", got)
	}
	plan, org := w[tenancy.SubscriptionRef("acme").Ref].(tenancy.Subscription), w[tenancy.OrganizationRef("acme").Ref].(tenancy.Organization)
	for name, got := range map[string][]access.ModelStatus{
		"no organization":               w.projectModels("gone", "acme", "web"),
		"no project":                    w.projectModels("acme", "acme", "gone"),
		"no plan":                       w.projectModels("acme", "gone", "web"),
		"another's plan":                w.projectModels("acme", "beta", "web"),
		"another's project":             w.projectModels("acme", "acme", "shop"),
		"no catalogue":                  access.ProjectModels(nil, org, plan, tenancy.Project{Org: "acme", ID: "web", Models: tenancy.AllModels()}),
		"project without an id":         access.ProjectModels(catalogueOf(w), org, plan, tenancy.Project{Org: "acme", Models: tenancy.AllModels()}),
		"nothing of no organization":    access.ProjectModels(catalogueOf(w), tenancy.Organization{}, tenancy.Subscription{Models: tenancy.AllModels()}, tenancy.Project{ID: "web"}),
		"unknown project of a snapshot": w.view(t).ProjectModels("gone"),
		"no project of a snapshot":      w.view(t).ProjectModels(""),
		"zero View":                     access.View{}.ProjectModels("web"),
	} {
		if len(got) != 0 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	listed := tenancy.Project{Org: "acme", ID: "web", Models: tenancy.Models("gpt")}
	for _, s := range access.ProjectModels(nil, org, plan, listed) {
		if s.Callable() || s.InPlan {
			t.Errorf("no catalogue: %+v", s)
		}
	}
	if (access.ModelStatus{}).Callable() {
		t.Error("the zero ModelStatus is callable")
	}
}

// A model is callable in a project exactly if a service key of it without a restriction
// calls it, and an alias of it then too; what is not shown is not called.
func TestProjectModelsAreTheDecisions(t *testing.T) {
	calls := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		for _, v := range w.records() {
			if p, ok := v.(tenancy.Project); ok {
				w.put(tenancy.Key{Org: p.Org, Project: p.ID, ID: tenancy.KeyID("all-" + p.ID), Kind: tenancy.KeyService, Models: tenancy.AllModels()})
			}
		}
		view := w.view(t)
		for _, p := range w.projects() {
			callable := map[tenancy.ModelID]bool{}
			for _, s := range view.ProjectModels(p) {
				for _, name := range append(s.Aliases, s.Model) {
					callable[name] = s.Callable()
				}
			}
			for _, name := range append(w.models(), "gone", "") {
				d := view.CanCall(tenancy.KeyID("all-"+p), name)
				if d.Allowed() != callable[name] {
					t.Fatalf("%q in %q: callable %v, CanCall %+v", name, p, callable[name], d)
				}
				if d.Allowed() {
					calls++
				}
			}
			for _, v := range w.records() {
				if of, ok := v.(tenancy.Project); ok && of.ID == p {
					if diff := gocmp.Diff(view.ProjectModels(p), w.projectModels(of.Org, of.Org, p)); diff != "" {
						t.Fatalf("%q (-View.ProjectModels +ProjectModels):\n%s", p, diff)
					}
				}
			}
		}
	})
	if calls == 0 && !t.Failed() {
		t.Error("no model was callable")
	}
}
