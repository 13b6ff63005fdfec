package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestPeopleMatrix(t *testing.T) {
	w := acme().with(func(w world) { w.project("acme", "app") }, archived("lab"), suspended("max"),
		onMember("pam", func(m *tenancy.Member) { m.Name = "Pam Ola" }), drop(tenancy.MemberRef("acme", "rita").Ref))
	w.place("acme", "lab", "pam", tenancy.RoleOwner)
	w.place("acme", "lab", "vera", tenancy.RoleMember)
	web := w[tenancy.OrganizationRef("acme").Ref].(tenancy.Organization)
	want := access.PeopleMatrix{
		Org:      web,
		Projects: []access.MatrixProject{{ID: "app", Name: "app"}, {ID: "web", Name: "web"}, {ID: "lab", Name: "lab", Archived: true}},
		People: []access.PersonRow{
			{User: "max", Suspended: true, Rights: []access.Right{none, none, none}},
			{User: "olga", OrgRole: "owner", Rights: []access.Right{everywhere, everywhere, muted(everywhere)}},
			{User: "pam", Name: "Pam Ola", OrgRole: "member", Rights: []access.Right{none, owning, muted(owning)}},
			{User: "vera", OrgRole: "member", Rights: []access.Right{none, viewing, hidden(working)}},
		},
	}
	got := w.view(t).People("acme")
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("People(acme) (-want +got):\n%s", diff)
	}
	text := `people of acme acme

             organization  app           web           lab (archived)
max          suspended     -             -             -
olga         owner         owner* calls  owner* calls  owner* sees
pam Pam Ola  member        -             owner calls   owner sees
vera         member        -             viewer sees   member hidden

* by owning the organization
`
	if diff := gocmp.Diff(text, got.String()); diff != "" {
		t.Errorf("String() (-want +got):\n%s", diff)
	}
}

func TestPeopleMatrixOfNothing(t *testing.T) {
	for name, m := range map[string]access.PeopleMatrix{
		"unknown organization": acme().view(t).People("gone"), "no organization": acme().view(t).People(""), "zero View": access.View{}.People("acme"),
	} {
		if diff := gocmp.Diff(access.PeopleMatrix{}, m); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for name, m := range map[string]access.KeyMatrix{
		"unknown project": acme().view(t).Keys("gone"), "no project": acme().view(t).Keys(""), "zero View": access.View{}.Keys("web"),
	} {
		if diff := gocmp.Diff(access.KeyMatrix{}, m); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A table says why all of it is empty; columns of one name are told apart; and what
// could deceive a terminal is escaped.
func TestPeopleMatrixText(t *testing.T) {
	tiny := world{}
	tiny.org("acme", "olga")
	for id, name := range map[tenancy.ProjectID]string{"p1": "Lab", "p2": "Lab", "p3": "L\u00e4b", "p4": "", "p5": "a\nb", "p6": "Lab"} {
		tiny.put(tenancy.Project{Org: "acme", ID: id, Name: name})
	}
	tiny = tiny.with(archived("p2"), archived("p6"))
	for _, tt := range []struct {
		name, want string
		steps      []step
	}{
		{name: "active", want: "people of acme acme\n\n" +
			"      organization  p4            a\\nb          p1 Lab        L\u00e4b           p2 Lab (archived)  p6 Lab (archived)\n" +
			"olga  owner         owner* calls  owner* calls  owner* calls  owner* calls  owner* sees        owner* sees\n\n* by owning the organization\n"},
		{name: "suspended", steps: []step{orgSuspended, keepP5}, want: `people of acme acme (suspended)

      organization  a\nb
olga  owner         owner* sees

* by owning the organization
`},
		{name: "closed", steps: []step{orgSuspended, orgClosed, keepP5}, want: `people of acme acme (closed)

      organization  a\nb
olga  owner         owner* hidden

* by owning the organization
`},
	} {
		got := tiny.with(tt.steps...).view(t).People("acme").String()
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func keepP5(w world) {
	for ref := range w {
		if ref.Kind == tenancy.KindProject && ref.ID != "p5" {
			delete(w, ref)
		}
	}
}

// Projects that are put away stand by id, whatever they are called and however many.
func TestPeopleMatrixArchivedInOrder(t *testing.T) {
	w := world{}
	w.org("acme", "olga")
	var want []tenancy.ProjectID
	for i := range 10 {
		id := tenancy.ProjectID(rune('a' + i))
		w.put(tenancy.Project{Org: "acme", ID: id, Name: string(rune('z' - i)), Archived: noon.Add(time.Duration(-i))})
		want = append(want, id)
	}
	var got []tenancy.ProjectID
	for _, p := range w.view(t).People("acme").Projects {
		got = append(got, p.ID)
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A member record without a stay is on no roster, so it has no role.
func TestPeopleMatrixWithoutAStay(t *testing.T) {
	view := acme().with(onMember("rita", func(m *tenancy.Member) { m.Membership = "" })).view(t)
	for _, row := range view.People("acme").People {
		if row.User == "rita" && (row.OrgRole != "" || row.Suspended) {
			t.Errorf("%+v", row)
		}
	}
}

func TestKeyMatrix(t *testing.T) {
	w := acme().with(
		planned(tenancy.Models("claude", "gpt")), enabled("web", tenancy.Models("gpt", "tuned")), revoked("svc"),
		onKey("svc", func(k *tenancy.Key) { k.Name, k.Created = "nightly build", noon.Add(time.Minute) }))
	for _, k := range []tenancy.KeyID{"olga", "pam", "rita", "nils", "otto"} {
		delete(w, tenancy.KeyRef("acme", k).Ref)
	}
	view := w.view(t)
	got := view.Keys("web")
	want := access.KeyMatrix{
		Project: w[tenancy.ProjectRef("acme", "web").Ref].(tenancy.Project),
		Models:  []tenancy.ModelID{"claude", "gpt", "tuned"},
		Keys: []access.KeyRow{
			{ID: "max", Kind: "personal", Holder: "max", Cells: explanations(view, "max", "claude", "gpt", "tuned")},
			{ID: "vera", Kind: "personal", Holder: "vera", Cells: explanations(view, "vera", "claude", "gpt", "tuned")},
			{ID: "svc", Name: "nightly build", Kind: "service", Cells: explanations(view, "svc", "claude", "gpt", "tuned")},
		},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("Keys(web) (-want +got):\n%s", diff)
	}
	text := `keys of web web

                                  claude                                  gpt                  tuned
max                personal max   model_not_enabled                       allow                model_not_in_plan
vera               personal vera  holder_may_not_call, model_not_enabled  holder_may_not_call  holder_may_not_call, model_not_in_plan
svc nightly build  service        key_revoked, model_not_enabled          key_revoked          key_revoked, model_not_in_plan
`
	if diff := gocmp.Diff(text, got.String()); diff != "" {
		t.Errorf("String() (-want +got):\n%s", diff)
	}
}

func explanations(view access.View, key tenancy.KeyID, models ...tenancy.ModelID) []access.Explanation {
	var all []access.Explanation
	for _, m := range models {
		all = append(all, view.Explain(key, m))
	}
	return all
}

// The cells of both matrices are what one asks for: Explain of each key and model,
// Can and CanUse of each person and project; and nobody and nothing is left out.
func TestA15MatricesAreTheDecisions(t *testing.T) {
	allowed, seen := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		view := w.view(t)
		keys := 0
		for _, p := range w.projects() {
			m := view.Keys(p)
			for _, k := range m.Keys {
				if diff := gocmp.Diff(explanations(view, k.ID, m.Models...), k.Cells); diff != "" {
					t.Fatalf("key %q in %q (-Explain +Keys):\n%s", k.ID, p, diff)
				}
				for id := range view.Models(k.ID) {
					if allowed++; id.Alias == "" && !slices.Contains(m.Models, id.ID) {
						t.Fatalf("key %q in %q calls %q, which is no column", k.ID, p, id.ID)
					}
				}
			}
			if !slices.IsSortedFunc(m.Keys, func(a, b access.KeyRow) int { return strings.Compare(string(a.ID), string(b.ID)) }) { // created at one time
				t.Fatalf("keys of %q out of order: %+v", p, m.Keys)
			}
			keys += len(m.Keys)
			if diff := gocmp.Diff(modelsOf(view.ProjectModels(p)), m.Models); diff != "" {
				t.Fatalf("models of %q (-ProjectModels +Keys):\n%s", p, diff)
			}
		}
		if keys != len(w.keys()) {
			t.Fatalf("%d keys in the matrices, %d in the world", keys, len(w.keys()))
		}
		for org, projects := range drawnProjects {
			m := view.People(org)
			if len(m.Projects) != len(projects) || !slices.IsSortedFunc(m.Projects, byColumn) {
				t.Fatalf("projects of %q: %+v, want all of %v in order", org, m.Projects, projects)
			}
			for _, row := range m.People {
				on := access.Subject{Org: org, User: row.User}
				closed := !m.Org.Closed.IsZero()
				if got := seesOrg(view, on); got != (row.OrgRole != "" && !closed) {
					t.Fatalf("%+v: sees the organization: %v", row, got)
				}
				if got := view.Can(row.User, access.SeeSettings, access.Subject{Org: org}).Allowed(); got != (row.OrgRole == tenancy.RoleOwner && !closed) {
					t.Fatalf("%+v: sees the settings: %v", row, got)
				}
				for i, r := range row.Rights {
					on.Project = m.Projects[i].ID
					if r.Sees != seesProject(view, w, on) || r.Calls != calls(view, on) || r.Calls && !r.Sees || (r.Role == "") != (r.From == "") {
						t.Fatalf("%+v: right %+v; Can says sees %v, calls %v", on, r, seesProject(view, w, on), calls(view, on))
					}
					if r.Sees {
						seen++
					}
				}
			}
		}
	})
	if (allowed == 0 || seen == 0) && !t.Failed() {
		t.Errorf("too little is allowed: %d calls, %d projects seen", allowed, seen)
	}
}

// byColumn is active projects in the order of navigation, then archived ones by id.
func byColumn(a, b access.MatrixProject) int {
	switch {
	case !a.Archived && b.Archived:
		return -1
	case a.Archived && !b.Archived:
		return 1
	case a.Archived:
		return strings.Compare(string(a.ID), string(b.ID))
	}
	return byNavigation(tenancy.Project{ID: a.ID, Name: a.Name}, tenancy.Project{ID: b.ID, Name: b.Name})
}

func modelsOf(statuses []access.ModelStatus) []tenancy.ModelID {
	var ids []tenancy.ModelID
	for _, s := range statuses {
		ids = append(ids, s.Model)
	}
	return ids
}
