package tenet_test

import (
	"context"
	"fmt"
	"slices"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

// deeds are ways to call every method of Actor and Operator, at least one each, with
// arguments that reach every text that it takes.
func deeds() []verb {
	all := slices.DeleteFunc(verbs(), func(v verb) bool { return v.alike })
	return slices.Concat(all, otherDeeds(), operatorDeeds())
}

// otherDeeds are not for the table of who may do what: they are a call, and what is of
// the person alone.
func otherDeeds() []verb {
	return []verb{
		{name: "Begin", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, "gpt-4o", tenet.Estimate{}} }},
		{name: "Organizations", by: "ann", args: nothing},
		{name: "AcceptInvite", by: "ivy", once: true, args: func(on grounds) []any {
			return []any{on.token, tenet.Profile{Name: "Ivy", Email: "ivy@example.com"}}
		}},
	}
}

// grounds are what deeds are about.
type grounds struct {
	ids
	token string // of invite
	n     int    // counts, for what has to be new each time
	after string // of the names of people
}

func (w *town) grounds() grounds { return grounds{ids: w.ids(), token: w.inviteSc.Reveal()} }

// user is somebody by the name that they have in a town.
func (on grounds) user(name string) tenancy.UserID { return tenancy.UserID(name + on.after) }

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

// vics are entries about a place in a project.
func vics(on grounds) tenet.AuditQuery {
	return tenet.AuditQuery{Subject: tenancy.ProjectMemberRef(on.org, on.project, on.user("vic")).Ref}
}

// limits are one for each level, in lists of their own.
func limits() tenancy.Limits {
	return tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: 9}}
}

func operatorDeeds() []verb {
	return []verb{
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
