package tenet_test

import (
	"context"
	"fmt"
	"slices"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// deeds are ways to call every method of Actor and Operator, at least one each, that
// are done in a town.
func deeds() []deed {
	return slices.Concat(projectDeeds(), keyDeeds(), peopleDeeds(), organizationDeeds(), reportDeeds(), operatorDeeds())
}

func orgOnly(on grounds) []any     { return []any{on.org} }
func projectOnly(on grounds) []any { return []any{on.org, on.project} }
func nothing(grounds) []any        { return nil }

// archived archives the project, for what is done to one that is.
func archived(ctx context.Context, w *town) error {
	return second(w.As("ann").ArchiveProject(ctx, w.org, w.project.ID))
}

// closed closes the organization.
func closed(ctx context.Context, w *town) error {
	return w.Operator("ops").CloseOrganization(ctx, w.org)
}

func projectDeeds() []deed {
	return []deed{
		{name: "VisibleProjects", by: "ann", args: orgOnly},
		{name: "ArchivedProjects", by: "ann", args: orgOnly, first: archived},
		{name: "ActiveProject", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, on.project} }},
		{name: "CreateProject", by: "ann", args: func(on grounds) []any {
			return []any{on.org, tenet.NewProject{Name: fmt.Sprint("new ", on.n), Models: tenancy.Models("small")}}
		}},
		{name: "Project", by: "ann", args: projectOnly},
		{name: "RenameProject", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, "renamed"} }},
		{name: "ArchiveProject", by: "ann", args: projectOnly},
		{name: "RestoreProject", by: "ann", once: true, first: archived, args: func(on grounds) []any {
			return []any{on.org, on.project, "restored"}
		}},
		{name: "SetProjectModels", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.project, tenancy.Models("small")}
		}},
		{name: "TurnOnModels", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, tenancy.ModelID("small")} }},
		{name: "TurnOffModels", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, tenancy.ModelID("small")} }},
		{name: "SetProjectMember", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.project, on.user("rob"), tenancy.RoleViewer}
		}},
		{name: "RemoveProjectMember", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, on.user("vic")} }},
		{name: "LeaveProject", by: "vic", once: true, args: projectOnly},
		{name: "ProjectPeople", by: "ann", args: projectOnly},
		{name: "ProjectModels", by: "ann", args: projectOnly},
		{name: "Begin", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.project, tenancy.ModelID("gpt-4o"), tenet.Estimate{}}
		}},
	}
}

func keyDeeds() []deed {
	return []deed{
		{name: "CreateKey/service", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.project, tenet.NewKey{Name: "new", Kind: tenancy.KeyService, Models: tenancy.Models("gpt-4o")}}
		}},
		{name: "CreateKey/personal", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, personalKey("new")} }},
		{name: "RevokeKey", by: "ann", args: func(on grounds) []any { return []any{on.org, on.service} }},
		{name: "RenameKey", by: "ann", args: func(on grounds) []any { return []any{on.org, on.service, "renamed"} }},
		{name: "RestrictKey", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.service, tenancy.Models("gpt-4o")}
		}},
		{name: "RotateKey", by: "ann", args: func(on grounds) []any {
			return []any{on.org, on.service, keys.Rotation{Replace: true}}
		}},
		{name: "Key", by: "ann", args: func(on grounds) []any { return []any{on.org, on.service} }},
		{name: "OwnKeys", by: "ann", args: orgOnly},
		{name: "Keys", by: "ann", args: projectOnly},
		{name: "KeyMatrix", by: "ann", args: projectOnly},
		{name: "Explain", by: "ann", args: func(on grounds) []any { return []any{on.org, on.service, tenancy.ModelID("gpt-4o")} }},
	}
}

func peopleDeeds() []deed {
	return []deed{
		{name: "Identity", by: "ann", args: orgOnly},
		{name: "SetProfile", by: "rob", args: func(on grounds) []any {
			return []any{on.org, tenet.Profile{Name: "Rob", Email: "rob@example.com"}}
		}},
		{name: "Roster/organization", by: "ann", args: func(on grounds) []any { return []any{on.org, ""} }},
		{name: "Roster/project", by: "ann", args: projectOnly},
		{name: "SetRole", by: "ann", args: func(on grounds) []any { return []any{on.org, on.user("rob"), tenancy.RoleOwner} }},
		{name: "SuspendMember", by: "ann", args: func(on grounds) []any { return []any{on.org, on.user("rob")} }},
		{name: "ResumeMember", by: "ann", args: func(on grounds) []any { return []any{on.org, on.user("rob")} }},
		{name: "RemoveMember", by: "ann", args: func(on grounds) []any { return []any{on.org, on.user("rob")} }},
		{name: "LeaveOrganization", by: "rob", once: true, args: orgOnly},
		{name: "Invite", by: "ann", args: func(on grounds) []any {
			return []any{on.org, tenet.NewInvite{Email: "new@example.com", Role: tenancy.RoleMember,
				Placements: []tenancy.Placement{{Project: on.project, Role: tenancy.RoleViewer}}}}
		}},
		{name: "Invites", by: "ann", args: orgOnly},
		{name: "RevokeInvite", by: "ann", args: func(on grounds) []any { return []any{on.org, on.invite} }},
		{name: "AcceptInvite", by: "ivy", once: true, args: func(on grounds) []any {
			return []any{on.token, tenet.Profile{Name: "Ivy", Email: "ivy@example.com"}}
		}},
	}
}

func organizationDeeds() []deed {
	return []deed{
		{name: "Organizations", by: "ann", args: nothing},
		{name: "Organization", by: "ann", args: orgOnly},
		{name: "Settings", by: "ann", args: orgOnly},
		{name: "AccessMatrix", by: "ann", args: orgOnly},
		{name: "Preview", by: "ann", args: func(on grounds) []any {
			return []any{on.org, func(a tenet.Actor) error { return a.RemoveMember(context.Background(), on.org, on.user("mem")) }}
		}},
		{name: "RenameOrganization", by: "ann", args: func(on grounds) []any { return []any{on.org, "Acme & Co"} }},
		{name: "SetBranding", by: "ann", args: func(on grounds) []any {
			return []any{on.org, tenancy.Branding{LogoURL: "https://acme.example/logo.svg", Accent: "#aabbcc"}}
		}},
		{name: "SetTimeZone", by: "ann", args: func(on grounds) []any { return []any{on.org, "Asia/Kathmandu"} }},
	}
}

// vics are entries about a place in a project.
func vics(on grounds) tenet.AuditQuery {
	return tenet.AuditQuery{Subject: tenancy.ProjectMemberRef(on.org, on.project, on.user("vic")).Ref}
}

// limits are one for each level, in lists of their own.
func limits() tenancy.Limits {
	return tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: 9}}
}

func reportDeeds() []deed {
	uses := tenet.UsageQuery{Span: lately, Step: usage.StepDay, By: usage.ByModel}
	calls := tenet.ActivityQuery{}
	return []deed{
		{name: "Usage", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, uses} }},
		{name: "OrganizationUsage", by: "ann", args: func(on grounds) []any { return []any{on.org, uses} }},
		{name: "Activity", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, calls} }},
		{name: "OrganizationActivity", by: "ann", args: func(on grounds) []any { return []any{on.org, calls} }},
		{name: "Audit/organization", by: "ann", args: func(on grounds) []any { return []any{on.org, "", vics(on)} }},
		{name: "Audit/project", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, vics(on)} }},
	}
}

func operatorDeeds() []deed {
	return []deed{
		{name: "Operator.CreateOrganization", by: "ops", args: func(grounds) []any {
			return []any{tenet.NewOrganization{
				Name: "Gamma", Branding: tenancy.Branding{LogoURL: "https://gamma.example/logo.svg", Accent: "#aabbcc"},
				TimeZone: "Asia/Kathmandu", Currency: "EUR", Owner: tenet.NewMember{User: "gil", Name: "Gil", Email: "gil@example.com"},
				Plan: "pro", Models: tenancy.Models("small"), Default: limits(), Maximum: limits(),
			}}
		}},
		{name: "Operator.AddMember", by: "ops", args: func(on grounds) []any {
			return []any{on.org, tenet.NewMember{User: tenancy.UserID(fmt.Sprint("zoe ", on.n)), Name: "Zoe", Email: "zoe@example.com", Role: tenancy.RoleMember}}
		}},
		{name: "Operator.SetSubscription", by: "ops", args: func(on grounds) []any {
			return []any{tenancy.Subscription{Org: on.org, Plan: "max", Models: tenancy.Models("small"), Default: limits(), Maximum: limits()}}
		}},
		{name: "Operator.Suspend", by: "ops", args: orgOnly},
		{name: "Operator.Resume", by: "ops", args: orgOnly},
		{name: "Operator.CloseOrganization", by: "ops", once: true, args: orgOnly},
		{name: "Operator.ErasePerson", by: "ops", args: func(on grounds) []any { return []any{on.org, on.user("mem")} }},
		{name: "Operator.EraseOrganization", by: "ops", first: closed, args: orgOnly},
		{name: "Operator.Sweep/void", by: "ops", args: orgOnly, first: func(ctx context.Context, w *town) error {
			return w.As("ann").RemoveMember(ctx, w.org, "mem")
		}},
		{name: "Operator.Sweep/closed", by: "ops", args: orgOnly, first: closed},
		{name: "Operator.Organizations", by: "ops", args: nothing},
		{name: "Operator.Settings", by: "ops", args: orgOnly},
		{name: "Operator.Audit", by: "ops", args: func(on grounds) []any { return []any{on.org, vics(on)} }},
		{name: "Operator.Preview", by: "ops", args: func(on grounds) []any {
			return []any{on.org, func(o tenet.Operator) error { return o.RetireModel(context.Background(), "small") }}
		}},
		{name: "Operator.PutModel/model", by: "ops", args: func(on grounds) []any {
			return []any{tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{on.org}, Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 1}}}}
		}},
		{name: "Operator.PutModel/alias", by: "ops", args: func(on grounds) []any {
			return []any{tenancy.Model{ID: tenancy.ModelID(fmt.Sprint("short-", on.n)), Alias: "small"}}
		}},
		{name: "Operator.RetireModel", by: "ops", args: func(grounds) []any { return []any{tenancy.ModelID("small")} }},
		{name: "Operator.Catalogue", by: "ops", args: nothing},
	}
}
