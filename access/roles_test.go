package access_test

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// people are the columns of roleTable, in its order.
var people = []tenancy.UserID{"olga", "pam", "max", "vera", "rita", "nils", "otto"}

// roleLine is one line of the role table as the rules have it, written out by
// hand. Each answer is + allowed, f forbidden, n not found, a archived; one for
// each of people, that is organization owner, project owner, member, viewer, on
// the roster without a place, on no roster, owner of another organization.
//
// An action on a project has answers for the active and the archived project; one
// on an organization has them for the organization.
type roleLine struct {
	action                access.Action
	whose                 access.Whose
	active, archived, org string
	why                   string
}

var roleTable = []roleLine{
	{action: access.SeeProject, active: "++++nnn", archived: "aannnnn",
		why: "navigation shows active projects to whoever has a place; others must not learn that it exists"},
	{action: access.SeeArchived, active: "++ffnnn", archived: "++nnnnn",
		why: "once archived the numbers stay for the people who run things, and is hidden from the rest"},
	{action: access.CallModel, active: "+++fnnn", archived: "aannnnn", why: "a viewer looks; archiving turns calls off"},

	{action: access.CreateKey, whose: access.Own, active: "+++fnnn", archived: "aannnnn", why: "whoever may call may have a key"},
	{action: access.CreateKey, whose: access.Service, active: "++ffnnn", archived: "aannnnn", why: "it outlives its maker"},
	{action: access.CreateKey, whose: access.Others, active: "ffffnnn", archived: "ffnnnnn", why: "nobody, ever: a key in my name is mine to make"},
	{action: access.EditKey, whose: access.Own, active: "+++fnnn", archived: "aannnnn", why: "one's own"},
	{action: access.EditKey, whose: access.Service, active: "++ffnnn", archived: "aannnnn", why: "the project's"},
	{action: access.EditKey, whose: access.Others, active: "++ffnnn", archived: "aannnnn", why: "owners keep order"},
	{action: access.RotateKey, whose: access.Own, active: "+++fnnn", archived: "aannnnn", why: "one's own"},
	{action: access.RotateKey, whose: access.Service, active: "++ffnnn", archived: "aannnnn", why: "the project's"},
	{action: access.RotateKey, whose: access.Others, active: "ffffnnn", archived: "ffnnnnn", why: "nobody, ever: it would show a secret in my name"},
	{action: access.RevokeKey, whose: access.Own, active: "+++fnnn", archived: "++nnnnn", why: "revoking is never put off by archiving"},
	{action: access.RevokeKey, whose: access.Service, active: "++ffnnn", archived: "++nnnnn", why: "revoking is never put off by archiving"},
	{action: access.RevokeKey, whose: access.Others, active: "++ffnnn", archived: "++nnnnn", why: "revoking is never put off by archiving"},
	{action: access.ListKeys, active: "++++nnn", archived: "++nnnnn", why: "metadata, never a secret"},

	{action: access.SeeUsage, active: "++++nnn", archived: "++nnnnn", why: "viewers are there for it; kept on archive"},
	{action: access.SeePeople, active: "++++nnn", archived: "++nnnnn", why: "names"},
	{action: access.SeeEmails, active: "++ffnnn", archived: "++nnnnn", why: "e-mail is for owners only"},
	{action: access.ChangePeople, active: "++ffnnn", archived: "aannnnn", why: "a write"},
	{action: access.ChangeModels, active: "++ffnnn", archived: "aannnnn", why: "a write"},
	{action: access.LowerLimits, active: "++ffnnn", archived: "aannnnn", why: "a write"},
	{action: access.RenameProject, active: "++ffnnn", archived: "aannnnn", why: "a write"},
	{action: access.ArchiveProject, active: "++ffnnn", archived: "++nnnnn", why: "archiving twice is no error"},
	{action: access.RestoreProject, active: "+fffnnn", archived: "+fnnnnn", why: "it may need a new name in the organization"},
	{action: access.SeeAudit, active: "++ffnnn", archived: "++nnnnn", why: "a trail outlives use"},
	{action: access.LeaveProject, active: "f+++nnn", archived: "fannnnn", why: "an organization owner's access is no place that could be left"},
	{action: access.ListRoster, active: "++ffnnn", archived: "aannnnn", why: "it is there for adding people"},

	{action: access.SeeOrganization, org: "+++++nn", why: "a page header shows name and branding"},
	{action: access.CreateProject, org: "+ffffnn", why: "creating stays with organization owners"},
	{action: access.ManageInvites, org: "+ffffnn", why: "organization owners only"},
	{action: access.ManageRoster, org: "+ffffnn", why: "organization owners only"},
	{action: access.SeeOrgUsage, org: "+ffffnn", why: "it shows projects side by side"},
	{action: access.SeeOrgAudit, org: "+ffffnn", why: "organization owners only"},
	{action: access.SeeSettings, org: "+ffffnn", why: "only owners see the settings"},
	{action: access.ChangeSettings, org: "+ffffnn", why: "only owners change the settings"},
}

// answers are what the letters of a roleLine stand for.
var answers = map[rune]access.Reason{
	'+': access.ReasonNone, 'f': access.ReasonForbidden, 'n': access.ReasonNotFound, 'a': access.ReasonProjectArchived,
}

// subject is what the line's action is asked about when user acts.
func (l roleLine) subject(user tenancy.UserID) access.Subject {
	someoneElse := tenancy.UserID("pam")
	if user == someoneElse {
		someoneElse = "max"
	}
	switch {
	case l.org != "":
		return access.Subject{Org: "acme"}
	case l.whose == "":
		return access.Subject{Project: "web"}
	case l.action == access.CreateKey:
		of := map[access.Whose]tenancy.UserID{access.Own: user, access.Others: someoneElse}[l.whose]
		return access.Subject{Project: "web", User: of}
	}
	return access.Subject{Key: map[access.Whose]tenancy.KeyID{
		access.Own: tenancy.KeyID(user), access.Service: "svc", access.Others: tenancy.KeyID(someoneElse),
	}[l.whose]}
}

func TestRoleTable(t *testing.T) {
	active := acme().view(t)
	away := acme().with(archived("web")).view(t)
	for _, line := range roleTable {
		t.Run(strings.TrimSuffix(fmt.Sprintf("%s/%s", line.action, line.whose), "/"), func(t *testing.T) {
			if line.org != "" {
				line.check(t, "organization", active, line.org)
				return
			}
			line.check(t, "active", active, line.active)
			line.check(t, "archived", away, line.archived)
		})
	}
}

func (l roleLine) check(t *testing.T, state string, view access.View, want string) {
	for i, letter := range want {
		subject := l.subject(people[i])
		expected := access.Decision{Reason: answers[letter], Subject: subject}
		if letter == '+' {
			expected.Effect = access.Allow
		}
		if diff := gocmp.Diff(expected, view.Can(people[i], l.action, subject)); diff != "" {
			t.Errorf("%s, %s (%s) (-want +got):\n%s", state, people[i], l.why, diff)
		}
	}
}

// The published table is the table above, line by line: nothing more is granted
// by a column that no person of the test stands in.
func TestTableIsTheRules(t *testing.T) {
	var want []access.Row
	for _, l := range roleTable {
		yes := func(column int) bool { return l.org == "" && l.active[column] == '+' }
		row := access.Row{Action: l.action, Whose: l.whose, OrgOwner: yes(0), Owner: yes(1), Member: yes(2), Viewer: yes(3)}
		if l.org != "" {
			row.OrgOwner, row.OrgMember = l.org[0] == '+', l.org[4] == '+'
		}
		row.Archived = strings.Contains(l.archived, "+")
		want = append(want, row)
	}
	if diff := gocmp.Diff(want, access.Table()); diff != "" {
		t.Errorf("Table() (-want +got):\n%s", diff)
	}
	access.Table()[0].Viewer = false
	if diff := gocmp.Diff(want, access.Table()); diff != "" {
		t.Errorf("Table() is not the caller's own (-want +got):\n%s", diff)
	}
}

func TestCan(t *testing.T) {
	rejoined := onMember("max", func(m *tenancy.Member) { m.Membership = "max@acme/2" })
	back := onPlace("max", func(p *tenancy.ProjectMember) { p.Membership = "max@acme/2" })
	for _, tt := range []struct {
		name, why string
		steps     []step
		user      tenancy.UserID
		action    access.Action
		subject   access.Subject
		want      access.Reason
	}{
		{"unknown action", "unknown denies", nil, "olga", "delete_everything", access.Subject{Project: "web"}, access.ReasonForbidden},
		{"no action", "zero denies", nil, "olga", "", access.Subject{Org: "acme"}, access.ReasonNotFound},
		{"no subject", "zero denies", nil, "olga", access.SeeProject, access.Subject{}, access.ReasonNotFound},
		{"nobody", "zero denies", nil, "", access.SeeOrganization, access.Subject{Org: "acme"}, access.ReasonNotFound},
		{"key action without a key", "whose it is cannot be known", nil, "olga", access.EditKey, access.Subject{Project: "web"}, access.ReasonForbidden},
		{"unknown organization", "", nil, "olga", access.SeeOrganization, access.Subject{Org: "gone"}, access.ReasonNotFound},
		{"unknown key", "", nil, "olga", access.RevokeKey, access.Subject{Key: "gone"}, access.ReasonNotFound},
		{"unknown key of a known project", "", nil, "olga", access.RevokeKey, access.Subject{Project: "web", Key: "gone"}, access.ReasonNotFound},

		{"all of it named", "what agrees is fine", nil, "olga", access.RevokeKey,
			access.Subject{Org: "acme", Project: "web", Key: "svc"}, access.ReasonNone},
		{"key of another project", "a subject that contradicts itself is not there", nil, "olga", access.RevokeKey,
			access.Subject{Project: "lab", Key: "svc"}, access.ReasonNotFound},
		{"project of another organization", "a subject that contradicts itself is not there", nil, "olga", access.SeeProject,
			access.Subject{Org: "beta", Project: "web"}, access.ReasonNotFound},
		{"key of another organization", "", nil, "olga", access.RevokeKey, access.Subject{Org: "beta", Key: "svc"}, access.ReasonNotFound},

		{"closed organization", "a tombstone", []step{orgClosed}, "olga", access.SeeProject, access.Subject{Project: "web"}, access.ReasonOrganizationClosed},
		{"closed organization, no right", "rights come first: who has none learns nothing", []step{orgClosed}, "rita", access.SeeProject,
			access.Subject{Project: "web"}, access.ReasonNotFound},
		{"closed organization, forbidden action", "nothing is left that could be forbidden", []step{orgClosed}, "rita", access.CreateProject,
			access.Subject{Org: "acme"}, access.ReasonOrganizationClosed},
		{"closed and archived", "the organization comes first", []step{orgClosed, archived("web")}, "olga", access.RenameProject,
			access.Subject{Project: "web"}, access.ReasonOrganizationClosed},
		{"project action without a project", "what is not named is not found", nil, "olga", access.ArchiveProject,
			access.Subject{Org: "acme"}, access.ReasonNotFound},
		{"roster without a project", "an owner adds people from it", nil, "olga", access.ListRoster,
			access.Subject{Org: "acme"}, access.ReasonNone},
		{"suspended organization", "keys are refused, nothing else changes", []step{orgSuspended}, "max", access.SeeUsage,
			access.Subject{Project: "web"}, access.ReasonNone},
		{"suspended member", "good standing is where rights begin", []step{suspended("max")}, "max", access.SeeProject,
			access.Subject{Project: "web"}, access.ReasonNotFound},
		{"suspended member, organization", "", []step{suspended("max")}, "max", access.SeeOrganization,
			access.Subject{Org: "acme"}, access.ReasonNotFound},
		{"unknown role", "unknown denies", []step{onPlace("pam", func(p *tenancy.ProjectMember) { p.Role = "superuser" })}, "pam",
			access.SeeProject, access.Subject{Project: "web"}, access.ReasonNotFound},
		{"place of an earlier stay", "whoever joins again starts with nothing", []step{rejoined}, "max", access.SeeProject,
			access.Subject{Project: "web"}, access.ReasonNotFound},
		{"key of an earlier stay", "it is nobody's own now", []step{rejoined, back}, "max", access.RevokeKey, access.Subject{Key: "max"}, access.ReasonForbidden},
		{"key of an earlier stay, to an owner", "leftovers can be swept up", []step{rejoined, back}, "pam", access.RevokeKey,
			access.Subject{Key: "max"}, access.ReasonNone},
		{"key of no kind", "unknown denies: it is not one's own", []step{onKey("max", func(k *tenancy.Key) { k.Kind = "" })}, "max",
			access.RevokeKey, access.Subject{Key: "max"}, access.ReasonForbidden},
		{"organization owner with a place", "whoever is several things may do what any of them may",
			[]step{func(w world) { w.place("acme", "web", "olga", tenancy.RoleViewer) }}, "olga", access.LeaveProject,
			access.Subject{Project: "web"}, access.ReasonNone},
		{"place in another project", "a place counts where it is", nil, "max", access.SeeProject, access.Subject{Project: "lab"}, access.ReasonNotFound},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := acme().with(tt.steps...).view(t).Can(tt.user, tt.action, tt.subject)
			if d.Reason != tt.want || d.Allowed() != (tt.want == access.ReasonNone) || d.Subject != tt.subject {
				t.Errorf("Can = %+v, want reason %q (%s)", d, tt.want, tt.why)
			}
		})
	}
}

func TestStanding(t *testing.T) {
	full := access.Standing{
		Org:     tenancy.Organization{ID: "acme", Owners: []tenancy.UserID{"pam"}},
		Member:  tenancy.Member{Org: "acme", User: "pam", Membership: "pam@acme"},
		Project: tenancy.Project{Org: "acme", ID: "web"},
		Place:   tenancy.ProjectMember{Org: "acme", Project: "web", User: "pam", Membership: "pam@acme", Role: tenancy.RoleOwner},
	}
	if !full.OnRoster() || !full.OrgOwner() || !full.Sees() || full.Role() != tenancy.RoleOwner {
		t.Fatalf("full standing: %v %v %v %q", full.OnRoster(), full.OrgOwner(), full.Sees(), full.Role())
	}
	for _, tt := range []struct {
		name                  string
		change                func(*access.Standing)
		roster, orgOwner, see bool
		role                  tenancy.Role
	}{
		{"member of another organization", func(s *access.Standing) { s.Member.Org = "beta" }, false, false, false, ""},
		{"no user", func(s *access.Standing) { s.Member.User = "" }, false, false, false, ""},
		{"place in another organization", func(s *access.Standing) { s.Member.Org, s.Place.Org = "beta", "beta" }, false, false, false, tenancy.RoleOwner},
		{"nobody's place", func(s *access.Standing) { s.Member.User, s.Place.User = "", "" }, false, false, false, tenancy.RoleOwner},
		{"suspended", func(s *access.Standing) { s.Member.Suspended = noon }, false, false, false, ""},
		{"no owner", func(s *access.Standing) { s.Org.Owners = nil }, true, false, true, tenancy.RoleOwner},
		{"project of another organization", func(s *access.Standing) { s.Project.Org = "beta" }, true, true, false, ""},
		{"no project", func(s *access.Standing) { s.Project = tenancy.Project{} }, true, true, false, ""},
		{"neither project nor place", func(s *access.Standing) { s.Project.ID, s.Place.Project = "", "" }, true, true, false, ""},
		{"place in another project", func(s *access.Standing) { s.Place.Project = "lab" }, true, true, true, ""},
		{"place of another person", func(s *access.Standing) { s.Place.User = "max" }, true, true, true, ""},
		{"place of an earlier stay", func(s *access.Standing) { s.Place.Membership = "pam@acme/0" }, true, true, true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := full
			tt.change(&s)
			if s.OnRoster() != tt.roster || s.OrgOwner() != tt.orgOwner || s.Sees() != tt.see || s.Role() != tt.role {
				t.Errorf("roster %v, owner %v, sees %v, role %q; want %v, %v, %v, %q",
					s.OnRoster(), s.OrgOwner(), s.Sees(), s.Role(), tt.roster, tt.orgOwner, tt.see, tt.role)
			}
		})
	}
}

func TestWhoseKey(t *testing.T) {
	pam := access.Standing{Member: tenancy.Member{Org: "acme", User: "pam", Membership: "pam@acme"}}
	for _, tt := range []struct {
		name   string
		s      access.Standing
		kind   tenancy.KeyKind
		holder tenancy.MembershipID
		want   access.Whose
	}{
		{"her own", pam, tenancy.KeyPersonal, "pam@acme", access.Own},
		{"of an earlier stay", pam, tenancy.KeyPersonal, "pam@acme/0", access.Others},
		{"nobody's", pam, tenancy.KeyPersonal, "", access.Others},
		{"nobody's, to nobody", access.Standing{}, tenancy.KeyPersonal, "", access.Others},
		{"the project's", pam, tenancy.KeyService, "", access.Service},
		{"the project's, with her name on it", pam, tenancy.KeyService, "pam@acme", access.Service},
		{"of no kind", pam, "", "pam@acme", access.Others},
		{"of an unknown kind", pam, "Personal", "pam@acme", access.Others},
	} {
		if got := tt.s.WhoseKey(tt.kind, tt.holder); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
