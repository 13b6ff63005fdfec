package access_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestActiveProject(t *testing.T) {
	const no = tenancy.ProjectID("")
	alsoLab := func(w world) { w.place("acme", "lab", "max", tenancy.RoleViewer) }
	alsoShop := func(w world) {
		w.join("beta", "max")
		w.place("beta", "shop", "max", tenancy.RoleOwner)
	}
	for _, tt := range []struct {
		name, why         string
		steps             []step
		user              tenancy.UserID
		asked, remembered tenancy.ProjectID
		want              tenancy.ProjectID
	}{
		{"asked for", "the person's own word counts most", []step{alsoLab}, "max", "web", "lab", "web"},
		{"remembered", "where nothing is asked for", []step{alsoLab}, "max", no, "web", "web"},
		{"neither", "the first in order", []step{alsoLab}, "max", no, no, "lab"},
		{"first in order is by name", "", []step{alsoLab, onProject("lab", func(p *tenancy.Project) { p.Name = "Zoo" })}, "max", no, no, "web"},
		{"asked for what is not theirs", "as what does not exist", nil, "max", "lab", "web", "web"},
		{"asked for what does not exist", "as what is not theirs", nil, "max", "gone", "web", "web"},
		{"remembered is theirs no more", "the memory is the host's, and may be old", []step{alsoLab, unplaced("max")}, "max", no, "web", "lab"},
		{"neither is theirs", "", nil, "max", "gone", "lab", "web"},
		{"asked for what is archived", "archiving hides it from navigation, from an owner too", []step{archived("web")}, "olga", "web", no, "lab"},
		{"remembered is archived", "", []step{archived("web")}, "olga", no, "web", "lab"},
		{"all archived", "", []step{archived("web"), archived("lab")}, "olga", "web", "lab", no},
		{"owner of the organization", "sees every project without a place", nil, "olga", "lab", "web", "lab"},
		{"viewer", "whoever sees it may be in it", nil, "vera", "web", no, "web"},
		{"on the roster, in no project", "an empty list is the limited workspace", nil, "rita", "web", "web", no},
		{"suspended", "", []step{suspended("max")}, "max", "web", "web", no},
		{"another organization's project", "it is theirs, and not of this organization", []step{alsoShop}, "max", "shop", "shop", "web"},
		{"organizations do not mix", "the first in order is of the organization that is named", []step{alsoShop, unplaced("max")}, "max", no, no, no},
		{"organization closed", "nobody is anywhere in a tombstone", []step{orgClosed}, "olga", "web", "web", no},
		{"organization suspended", "people go on seeing", []step{orgSuspended}, "max", "web", no, "web"},
		{"stranger", "", nil, "nils", "web", "web", no},
		{"nobody", "zero is nobody", nil, "", "web", "web", no},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := acme().with(tt.steps...).view(t).ActiveProject(tt.user, "acme", tt.asked, tt.remembered)
			if got.ID != tt.want || ok != (tt.want != no) {
				t.Errorf("ActiveProject = %q, %v; want %q (%s)", got.ID, ok, tt.want, tt.why)
			}
		})
	}
	for name, view := range map[string]access.View{"zero View": {}, "unknown organization": acme().view(t)} {
		if p, ok := view.ActiveProject("olga", "gone", "web", "web"); ok || p.ID != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Whatever is asked for and remembered, the active project is one that the person
// sees, and there is none only where they see none.
func TestActiveProjectIsVisible(t *testing.T) {
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		view := w.view(t)
		ids := append(w.projects(), "gone", "")
		for _, user := range append(w.users(), "nobody") {
			for org := range drawnProjects {
				asked, remembered := rapid.SampledFrom(ids).Draw(t, "asked"), rapid.SampledFrom(ids).Draw(t, "remembered")
				p, ok := view.ActiveProject(user, org, asked, remembered)
				if !ok {
					for seen := range view.VisibleProjects(user) {
						if seen.Org == org {
							t.Fatalf("none for %q of %q, who sees %q", user, org, seen.ID)
						}
					}
					continue
				}
				found++
				if p.Org != org || !view.Can(user, access.SeeProject, access.Subject{Org: org, Project: p.ID}).Allowed() {
					t.Fatalf("%q is in %q of %q, asked of %q, and does not see it", user, p.ID, p.Org, org)
				}
				if diff := gocmp.Diff(w[tenancy.ProjectRef(org, p.ID).Ref], tenancy.Entity(p)); diff != "" {
					t.Fatalf("(-record +ActiveProject):\n%s", diff)
				}
			}
		}
	})
	if found == 0 && !t.Failed() {
		t.Error("nobody is anywhere")
	}
}
