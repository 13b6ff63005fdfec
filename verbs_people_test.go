package tenet_test

import (
	"context"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

func peopleVerbs() []verb {
	return []verb{
		{name: "Identity", may: "+++++--", org: true, why: "everybody on the roster has one", args: orgOnly},
		{name: "SetProfile", may: "+++++--", org: true, why: "of oneself", args: func(on grounds) []any {
			return []any{on.org, tenet.Profile{Name: "Somebody", Email: "somebody@example.com"}}
		}},
		{name: "Roster/organization", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, ""} }},
		{name: "Roster/project", may: "++ff---", why: "project owners add people from it", args: projectOnly},
		{name: "SetRole", may: "+ffff--", org: true, why: "owners of the organization alone", alike: true, args: func(on grounds) []any { return []any{on.org, on.user("vic"), tenancy.RoleMember} }},
		{name: "SetRole/oneself", may: "+ffff--", org: true, why: "A11: nobody promotes themselves", args: func(on grounds) []any { return []any{on.org, on.user("rob"), tenancy.RoleOwner} }},
		{name: "SuspendMember", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, on.user("vic")} }},
		{name: "ResumeMember", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, on.user("vic")} }},
		{name: "RemoveMember", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, on.user("vic")} }},
		{name: "LeaveOrganization", may: "l++++--", org: true, why: "everybody but the last owner", once: true, args: orgOnly},
		{name: "LeaveProject", may: "f+++---", why: "who has a place, to leave it", once: true, args: projectOnly},
		{name: "ProjectPeople", may: "++++---", why: "all who see the project", args: projectOnly},
		{name: "AccessMatrix", may: "+ffff--", org: true, why: "it has everybody and every project", args: orgOnly},
		{name: "KeyMatrix", may: "++++---", why: "as keys are listed", args: projectOnly},
		{name: "Explain", may: "++++---", why: "as keys are listed", args: func(on grounds) []any { return []any{on.org, on.service, "gpt-4o"} }},
		{name: "Preview/archive", may: "++ff---", why: "who may do it may hear what it does", alike: true, args: func(on grounds) []any {
			return []any{on.org, func(a tenet.Actor) error { return second(a.ArchiveProject(context.Background(), on.org, on.project)) }}
		}},
		{name: "Preview/remove", may: "+ffff--", org: true, why: "who may do it may hear what it does", args: func(on grounds) []any {
			return []any{on.org, func(a tenet.Actor) error { return a.RemoveMember(context.Background(), on.org, on.user("mem")) }}
		}},
		{name: "Invite", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any {
			return []any{on.org, tenet.NewInvite{Email: "new@example.com", Role: tenancy.RoleMember,
				Placements: []tenancy.Placement{{Project: on.project, Role: tenancy.RoleViewer}}}}
		}},
		{name: "Invites", may: "+ffff--", org: true, why: "owners of the organization alone", args: orgOnly},
		{name: "RevokeInvite", may: "+ffff--", why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, on.invite} }},
	}
}
