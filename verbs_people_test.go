package tenet_test

import (
	"context"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

func peopleVerbs() []verb {
	return []verb{
		{name: "Identity", may: "+++++--", org: true, why: "everybody on the roster has one", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Identity(ctx, on.org))
		}},
		{name: "SetProfile", may: "+++++--", org: true, why: "of oneself", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.SetProfile(ctx, on.org, tenet.Profile{Name: "Somebody"}))
		}},
		{name: "Roster/organization", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return drain(a.Roster(ctx, on.org, ""))
		}},
		{name: "Roster/project", may: "++ff---", why: "project owners add people from it", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return drain(a.Roster(ctx, on.org, on.project))
		}},
		{name: "SetRole", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.SetRole(ctx, on.org, "vic", tenancy.RoleMember)
		}},
		{name: "SetRole/oneself", may: "+ffff--", org: true, why: "A11: nobody promotes themselves", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.SetRole(ctx, on.org, "rob", tenancy.RoleOwner)
		}},
		{name: "SuspendMember", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.SuspendMember(ctx, on.org, "vic")
		}},
		{name: "ResumeMember", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.ResumeMember(ctx, on.org, "vic")
		}},
		{name: "RemoveMember", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.RemoveMember(ctx, on.org, "vic")
		}},
		{name: "LeaveOrganization", may: "l++++--", org: true, why: "everybody but the last owner", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.LeaveOrganization(ctx, on.org)
		}},
		{name: "LeaveProject", may: "f+++---", why: "who has a place, to leave it", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.LeaveProject(ctx, on.org, on.project)
		}},
		{name: "ProjectPeople", may: "++++---", why: "all who see the project", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return drain(a.ProjectPeople(ctx, on.org, on.project))
		}},
		{name: "AccessMatrix", may: "+ffff--", org: true, why: "it has everybody and every project", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.AccessMatrix(ctx, on.org))
		}},
		{name: "KeyMatrix", may: "++++---", why: "as keys are listed", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.KeyMatrix(ctx, on.org, on.project))
		}},
		{name: "Explain", may: "++++---", why: "as keys are listed", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Explain(ctx, on.org, on.service, "gpt-4o"))
		}},
		{name: "Preview/archive", may: "++ff---", why: "who may do it may hear what it does", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Preview(ctx, on.org, func(a tenet.Actor) error { return second(a.ArchiveProject(ctx, on.org, on.project)) }))
		}},
		{name: "Preview/remove", may: "+ffff--", org: true, why: "who may do it may hear what it does", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return second(a.Preview(ctx, on.org, func(a tenet.Actor) error { return a.RemoveMember(ctx, on.org, "mem") }))
		}},
		{name: "Invite", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return third(a.Invite(ctx, on.org, tenet.NewInvite{Email: "new@example.com"}))
		}},
		{name: "Invites", may: "+ffff--", org: true, why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return drain(a.Invites(ctx, on.org))
		}},
		{name: "RevokeInvite", may: "+ffff--", why: "owners of the organization alone", do: func(ctx context.Context, a tenet.Actor, on ids) error {
			return a.RevokeInvite(ctx, on.org, on.invite)
		}},
	}
}
