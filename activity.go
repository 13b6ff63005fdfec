package tenet

import (
	"context"
	"iter"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// ActivityQuery selects records. The zero value of every field selects all.
type ActivityQuery struct {
	Span
	Key     tenancy.KeyID
	User    tenancy.UserID
	Model   tenancy.ModelID // as served
	Outcome usage.Outcome
	Status  int    // HTTP
	After   string // Next of the page before
	Limit   int    // at most store.MaxPage, which zero means
}

// ActivityRow is one record with the names, as of now, of its project and caller, and its
// currency.
type ActivityRow = usage.NamedRecord

// ActivityPage is one page of records, newest first.
type ActivityPage struct {
	Rows []ActivityRow `json:"rows"`
	Next string        `json:"next,omitzero"` // opaque; empty on the last page
}

// Activity returns a page of a project's calls, newest first, to everybody who sees
// the project.
func (a Actor) Activity(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q ActivityQuery) (ActivityPage, error) {
	r := a.ask(org, "activity.see", tenancy.KindProject, string(project), nil)
	if project == "" {
		return ActivityPage{}, r.wrap(ErrNotFound)
	}
	return a.activity(ctx, r, access.SeeUsage, project, q)
}

// OrganizationActivity is [Actor.Activity] over all projects, for owners of the
// organization.
func (a Actor) OrganizationActivity(ctx context.Context, org tenancy.OrgID, q ActivityQuery) (ActivityPage, error) {
	r := a.ask(org, "organization.activity.see", tenancy.KindOrganization, string(org), nil)
	return a.activity(ctx, r, access.SeeOrgUsage, "", q)
}

// EachActivity yields every call that q selects, newest first, page by page of q.Limit:
// those of a project to everybody who sees it, and where project is empty those of all
// projects to owners of the organization. It is for an export of any length
// (usage/export), and takes the memory of a page. The right is asked for anew with every
// page. It stops after the first error, which it yields with the zero ActivityRow.
func (a Actor) EachActivity(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q ActivityQuery) iter.Seq2[ActivityRow, error] {
	page := func() (ActivityPage, error) {
		if project == "" {
			return a.OrganizationActivity(ctx, org, q)
		}
		return a.Activity(ctx, org, project, q)
	}
	return func(yield func(ActivityRow, error) bool) {
		for more := true; more; more = q.After != "" {
			p, err := page()
			if err != nil {
				yield(ActivityRow{}, err)
				return
			}
			for _, row := range p.Rows {
				if !yield(row, nil) {
					return
				}
			}
			q.After = p.Next
		}
	}
}

func (a Actor) activity(ctx context.Context, r request, does access.Action, project tenancy.ProjectID, q ActivityQuery) (page ActivityPage, err error) {
	org, err := a.mayReport(ctx, r, does, project)
	if err != nil {
		return page, err
	}
	records, err := a.t.usage.Records(ctx, store.RecordQuery{
		Org: r.org, Project: project, Key: q.Key, User: q.User, Model: q.Model, Outcome: q.Outcome, Status: q.Status,
		From: q.From, To: q.To, After: q.After, Limit: q.Limit,
	})
	if err != nil {
		return page, r.wrap(err)
	}
	page.Next = records.Next
	page.Rows, err = a.t.nameRecords(ctx, org, records.Records)
	return page, r.wrap(err)
}
