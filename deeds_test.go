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
	all := slices.Concat(verbs(), operatorVerbs(), otherDeeds())
	return slices.DeleteFunc(all, func(v verb) bool { return v.alike })
}

// otherDeeds are not for the tables of who may do what: a call, what is of the person
// alone, and models that are not for everybody.
func otherDeeds() []verb {
	return []verb{
		{name: "Begin", by: "ann", args: func(on grounds) []any { return []any{on.org, on.project, "gpt-4o", tenet.Estimate{}} }},
		{name: "Organizations", by: "ann", args: nothing},
		{name: "AcceptInvite", by: "ivy", once: true, args: func(on grounds) []any {
			return []any{on.token, tenet.Profile{Name: "Ivy", Email: "ivy@example.com"}}
		}},
		{name: "Operator.PutModel/model", args: func(on grounds) []any {
			return []any{tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{on.org}, Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 1}}}}
		}},
		{name: "Operator.PutModel/alias", args: func(on grounds) []any {
			return []any{tenancy.Model{ID: tenancy.ModelID(fmt.Sprint("short-", on.n)), Alias: "small"}}
		}},
	}
}

// grounds are what deeds are about.
type grounds struct {
	ids
	token  string // of invite
	secret string // of service
	n      int    // counts, for what has to be new each time
	after  string // of the names of people
}

func (w *town) grounds() grounds {
	return grounds{ids: w.ids(), token: w.inviteSc.Reveal(), secret: w.secret.Reveal()}
}

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
