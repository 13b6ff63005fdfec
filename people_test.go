package tenet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// A28: somebody who was removed has nothing at once, and nothing of it when they come back.
func TestA28RemovedAndBack(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		p, d := w.Authenticate(ctx, w.memsSc.Reveal())
		if !d.Allowed() {
			t.Fatalf("Authenticate = %+v", d)
		}
		before := must[store.Stored[tenancy.Member]](t)(w.As("mem").Identity(ctx, w.org)).Value
		mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonHolderMayNotCall {
			t.Errorf("their key: %+v", d)
		}
		if _, err := w.As("mem").Identity(ctx, w.org); !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("their identity: %v", err)
		}
		n := len(entries(t, w.st, w.org))
		mustNot(t, ann.RemoveMember(ctx, w.org, "mem"))
		if len(entries(t, w.st, w.org)) != n {
			t.Error("removing who is not there left an entry")
		}
		after := must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "mem"}))
		if after.Membership == before.Membership {
			t.Error("one membership id for two stays")
		}
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonHolderMayNotCall {
			t.Errorf("the key of the stay before: %+v", d)
		}
		if ps := roll(t, ann, w.org, w.project.ID); ps["mem"] != "" {
			t.Errorf("a place of the stay before: %v", ps)
		}
		mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleMember))
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonHolderMayNotCall {
			t.Errorf("the key of the stay before, with a new place: %+v", d)
		}
	})
}

// roll is who has access to a project, as "role" or "role owner" of the organization.
func roll(t *testing.T, a tenet.Actor, org tenancy.OrgID, project tenancy.ProjectID) map[tenancy.UserID]string {
	t.Helper()
	people := map[tenancy.UserID]string{}
	var last tenancy.UserID
	for p, err := range a.ProjectPeople(t.Context(), org, project) {
		mustNot(t, err)
		if p.User <= last {
			t.Errorf("%s after %s", p.User, last)
		}
		last = p.User
		people[p.User] = string(p.Role)
		if p.OrganizationOwner {
			people[p.User] += " owner"
		}
	}
	return people
}

// Suspending takes every right and gives all of it back, but for owning.
func TestSuspendAndResumeMember(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	p, _ := w.Authenticate(ctx, w.memsSc.Reveal())
	mustNot(t, ann.SetRole(ctx, w.org, "mem", tenancy.RoleOwner))
	mustNot(t, ann.SuspendMember(ctx, w.org, "mem"))
	if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonHolderMayNotCall {
		t.Errorf("a suspended person's key: %+v", d)
	}
	for _, v := range verbs() {
		if err := v.do(ctx, w.As("mem"), w.ids()); !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("%s, suspended: %v", v.name, err)
		}
	}
	if err := ann.SetRole(ctx, w.org, "mem", tenancy.RoleOwner); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("a suspended owner: %v", err)
	}
	if err := ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleViewer); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("a place for somebody who is suspended: %v", err)
	}
	n := len(entries(t, w.st, w.org))
	mustNot(t, ann.SuspendMember(ctx, w.org, "mem"))
	if len(entries(t, w.st, w.org)) != n {
		t.Error("suspending twice left an entry")
	}
	mustNot(t, ann.ResumeMember(ctx, w.org, "mem"))
	if d := w.CanCall(p, "gpt-4o"); !d.Allowed() {
		t.Errorf("resumed: %+v", d)
	}
	if _, err := w.As("mem").Settings(ctx, w.org); !errors.Is(err, tenet.ErrForbidden) {
		t.Errorf("an owner who was suspended, resumed: %v", err)
	}
}

// Roles in projects outlast promotion and demotion, and an owner's access is computed.
func TestPromoteAndDemote(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	lab := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
	mustNot(t, ann.SetRole(ctx, w.org, "vic", tenancy.RoleOwner))
	must[tenancy.Project](t)(w.As("vic").RenameProject(ctx, w.org, lab.ID, "attic"))
	if diff := gocmp.Diff(map[tenancy.UserID]string{"ann": " owner", "vic": " owner"}, roll(t, ann, w.org, lab.ID)); diff != "" {
		t.Errorf("people of lab (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(map[tenancy.UserID]string{"ann": " owner", "pat": "owner", "mem": "member", "vic": "viewer owner"}, roll(t, ann, w.org, w.project.ID)); diff != "" {
		t.Errorf("people of prod (-want +got):\n%s", diff)
	}
	mustNot(t, ann.SetRole(ctx, w.org, "vic", tenancy.RoleMember))
	if _, err := w.As("vic").Project(ctx, w.org, lab.ID); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("demoted, a project without a place: %v", err)
	}
	if _, err := w.As("vic").Project(ctx, w.org, w.project.ID); err != nil {
		t.Errorf("demoted, a project with a place: %v", err)
	}
	for name, err := range map[string]error{
		"role":    ann.SetRole(ctx, w.org, "ann", tenancy.RoleMember),
		"suspend": ann.SuspendMember(ctx, w.org, "ann"),
		"remove":  ann.RemoveMember(ctx, w.org, "ann"),
		"leave":   ann.LeaveOrganization(ctx, w.org),
	} {
		if !errors.Is(err, tenancy.ErrLastOwner) {
			t.Errorf("%s of the last owner: %v", name, err)
		}
	}
}

// Who is on no roster, and what is no user, are one answer; what is no role is ErrInvalid.
func TestPeopleWhoAreNotThere(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	texts := map[string]bool{}
	for _, user := range []tenancy.UserID{"nik", "otto", "", "a\x00", "\xff", tenancy.UserID(strings.Repeat("x", 256))} {
		for _, err := range []error{
			ann.SetRole(ctx, w.org, user, tenancy.RoleOwner), ann.SuspendMember(ctx, w.org, user), ann.ResumeMember(ctx, w.org, user),
		} {
			if !errors.Is(err, tenet.ErrNotFound) {
				t.Errorf("%q: %v, want ErrNotFound", user, err)
				continue
			}
			texts[strings.SplitAfterN(err.Error(), ": ", 2)[1]] = true
		}
	}
	if len(texts) != 1 {
		t.Errorf("%d texts for one answer: %v", len(texts), texts)
	}
	for _, role := range []tenancy.Role{"", "viewer", "admin", "Owner"} {
		if err := ann.SetRole(ctx, w.org, "rob", role); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("role %q: %v, want ErrInvalid", role, err)
		}
	}
}

// Rev of a page's row is what IfRev asks for.
func TestRosterAndRevisions(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	must[tenancy.Member](t)(w.As("rob").SetProfile(ctx, w.org, tenet.Profile{Name: "Rob", Email: "rob@example.com"}))
	mustNot(t, ann.SuspendMember(ctx, w.org, "vic"))
	whole, few := map[tenancy.UserID]tenet.RosterEntry{}, []tenet.RosterEntry{}
	for e, err := range ann.Roster(ctx, w.org, "") {
		mustNot(t, err)
		whole[e.User] = e
	}
	for e, err := range w.As("pat").Roster(ctx, w.org, w.project.ID) {
		mustNot(t, err)
		few = append(few, e)
	}
	if diff := gocmp.Diff([]tenet.RosterEntry{{User: "ann"}, {User: "mem"}, {User: "pat"}, {User: "rob", Name: "Rob"}}, few); diff != "" {
		t.Errorf("to a project owner (-want +got):\n%s", diff)
	}
	rob := whole["rob"]
	if len(whole) != 5 || whole["ann"].Role != tenancy.RoleOwner || rob.Role != tenancy.RoleMember || rob.Email != "rob@example.com" || rob.Joined.IsZero() || whole["vic"].Suspended.IsZero() {
		t.Errorf("to an owner: %+v", whole)
	}
	must[tenancy.Member](t)(w.As("rob").SetProfile(ctx, w.org, tenet.Profile{Name: "Robert"}))
	if err := ann.With(tenet.ChangeOptions{IfRev: rob.Rev}).RemoveMember(ctx, w.org, "rob"); !errors.Is(err, tenet.ErrStale) {
		t.Errorf("a page from before: %v, want ErrStale", err)
	}
	root := must[tenet.Settings](t)(ann.Settings(ctx, w.org)).Organization.Rev
	mustNot(t, ann.With(tenet.ChangeOptions{IfRev: root}).SetRole(ctx, w.org, "pat", tenancy.RoleOwner))
	if err := ann.With(tenet.ChangeOptions{IfRev: root}).SetRole(ctx, w.org, "mem", tenancy.RoleOwner); !errors.Is(err, tenet.ErrStale) {
		t.Errorf("owners changed since: %v, want ErrStale", err)
	}
}

// E-mails of a project's people are for owners.
func TestEmailsAreForOwners(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	must[tenancy.Member](t)(w.As("mem").SetProfile(ctx, w.org, tenet.Profile{Name: "Mem", Email: "mem@example.com"}))
	for user, want := range map[tenancy.UserID]string{"ann": "mem@example.com", "pat": "mem@example.com", "mem": "", "vic": ""} {
		for p, err := range w.As(user).ProjectPeople(ctx, w.org, w.project.ID) {
			mustNot(t, err)
			if p.User == "mem" && (p.Email != want || p.Name != "Mem") {
				t.Errorf("to %s: %+v, want e-mail %q", user, p, want)
			}
		}
	}
}

// Many people take pages, and owners of the organization stand among them by user.
func TestManyPeople(t *testing.T) {
	w := newTown(t)
	ctx, ops, ann := t.Context(), w.Operator("ops"), w.As("ann")
	want := map[tenancy.UserID]string{"ann": " owner", "pat": "owner", "mem": "member", "vic": "viewer"}
	for i := range 1000 {
		u := tenancy.UserID(fmt.Sprintf("u%03d", i))
		n := tenet.NewMember{User: u}
		if i%333 == 0 {
			n.Role = tenancy.RoleOwner
		}
		must[tenancy.Member](t)(ops.AddMember(ctx, w.org, n))
		if i%2 == 0 {
			mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, u, tenancy.RoleViewer))
			want[u] = "viewer"
		}
		if n.Role != "" {
			want[u] += " owner"
		}
	}
	if diff := gocmp.Diff(want, roll(t, ann, w.org, w.project.ID)); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	for p, err := range ann.ProjectPeople(ctx, w.org, w.project.ID) {
		mustNot(t, err)
		if p.User == "mem" {
			break // a reader who has had enough
		}
	}
}

// Leaving gives up what the person was given, and is one's own doing.
func TestLeaving(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	p, _ := w.Authenticate(ctx, w.memsSc.Reveal())
	mustNot(t, w.As("mem").LeaveProject(ctx, w.org, w.project.ID))
	if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonHolderMayNotCall {
		t.Errorf("left the project: %+v", d)
	}
	mustNot(t, w.As("ann").SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleMember))
	if d := w.CanCall(p, "gpt-4o"); !d.Allowed() {
		t.Errorf("back in the project, in the same stay: %+v", d)
	}
	mustNot(t, w.As("mem").LeaveOrganization(ctx, w.org))
	if got := must[[]tenet.OrganizationHeader](t)(w.As("mem").Organizations(ctx)); len(got) != 0 {
		t.Errorf("left: %+v", got)
	}
	mustNot(t, w.As("ann").SetRole(ctx, w.org, "pat", tenancy.RoleOwner))
	mustNot(t, w.As("ann").LeaveOrganization(ctx, w.org))
	owners := must[tenet.Settings](t)(w.As("pat").Settings(ctx, w.org)).Organization.Value.Owners
	if diff := gocmp.Diff([]tenancy.UserID{"pat"}, owners); diff != "" {
		t.Errorf("owners (-want +got):\n%s", diff)
	}
}

func TestProfile(t *testing.T) {
	w := newTown(t)
	ctx, mem := t.Context(), w.As("mem")
	n := len(entries(t, w.st, w.org))
	for range 2 { // the second changes nothing
		m := must[tenancy.Member](t)(mem.SetProfile(ctx, w.org, tenet.Profile{Name: "Mem", Email: "m@example.com"}))
		if m.Name != "Mem" || m.Email != "m@example.com" {
			t.Errorf("profile = %+v", m)
		}
	}
	if got := len(entries(t, w.st, w.org)); got != n+1 {
		t.Errorf("%d entries, want 1", got-n)
	}
	for name, p := range map[string]tenet.Profile{
		"address without a domain": {Email: "mem@"}, "two lines": {Name: "a\nb"}, "too long": {Name: strings.Repeat("x", 129)},
	} {
		if _, err := mem.SetProfile(ctx, w.org, p); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	op := mem.With(tenet.ChangeOptions{Op: "profile"})
	first := must[tenancy.Member](t)(op.SetProfile(ctx, w.org, tenet.Profile{Name: "M"}))
	again := must[tenancy.Member](t)(op.SetProfile(ctx, w.org, tenet.Profile{Name: "M"}))
	if diff := gocmp.Diff(first, again, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("repeated (-first +again):\n%s", diff)
	}
	mustNot(t, mem.LeaveOrganization(ctx, w.org))
	if _, err := op.SetProfile(ctx, w.org, tenet.Profile{Name: "M"}); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("repeated by who has left: %v, want ErrNotFound", err)
	}
}

// A change on somebody's behalf says so, and rests on the rights of who makes it.
func TestOnBehalf(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	must[tenancy.Project](t)(w.As("ann").With(tenet.ChangeOptions{OnBehalf: "mem"}).CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
	if e := entries(t, w.st, w.org)[0]; e.Actor != "ann" || e.OnBehalf != "mem" {
		t.Errorf("entry of %s on behalf of %q", e.Actor, e.OnBehalf)
	}
	if _, err := w.As("mem").With(tenet.ChangeOptions{OnBehalf: "ann"}).CreateProject(ctx, w.org, tenet.NewProject{Name: "attic"}); !errors.Is(err, tenet.ErrForbidden) {
		t.Errorf("on behalf of an owner: %v, want ErrForbidden", err)
	}
	if _, err := w.As("ann").With(tenet.ChangeOptions{OnBehalf: "a\x00"}).CreateProject(ctx, w.org, tenet.NewProject{Name: "attic"}); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("on behalf of no user: %v, want ErrInvalid", err)
	}
}
