package tenet

import (
	"context"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Span is a stretch of time: From <= t < To.
type Span struct{ From, To time.Time }

// UsageQuery asks for sums. Its Span must be set; there is no "all".
type UsageQuery struct {
	Span
	// Step is the width of a period, cut in the organization's time zone; empty is
	// the whole span as one. Periods are whole, so the first and the last may reach
	// beyond the span.
	Step usage.Step
	// By splits each period; empty does not. By a project it makes sense for an
	// organization only.
	By usage.Dimension
}

// UsageRow is what one item consumed in one period.
type UsageRow struct {
	store.Total
	// Name is what people call the item: the name, as of now, of a project or key;
	// otherwise the item itself.
	Name string `json:"name"`
}

// Usage returns a project's usage to everybody who sees the project, ordered by period
// and item. Periods and items without a call are left out. Costs are estimates in
// the organization's currency.
func (a Actor) Usage(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q UsageQuery) ([]UsageRow, error) {
	r := a.ask(org, "usage.see", tenancy.KindProject, string(project), nil)
	if project == "" {
		return nil, r.wrap(ErrNotFound)
	}
	return a.usage(ctx, r, access.SeeUsage, project, q)
}

// OrganizationUsage is [Actor.Usage] over all projects, for owners of the
// organization; split by project it sets them side by side.
func (a Actor) OrganizationUsage(ctx context.Context, org tenancy.OrgID, q UsageQuery) ([]UsageRow, error) {
	r := a.ask(org, "organization.usage.see", tenancy.KindOrganization, string(org), nil)
	return a.usage(ctx, r, access.SeeOrgUsage, "", q)
}

func (a Actor) usage(ctx context.Context, r request, does access.Action, project tenancy.ProjectID, q UsageQuery) ([]UsageRow, error) {
	zone, err := a.mayReport(ctx, r, does, project)
	if err != nil {
		return nil, err
	}
	cuts, err := usage.Cuts(q.From, q.To, q.Step, zone)
	if err != nil {
		return nil, r.wrap(err)
	}
	totals, err := a.t.usage.Totals(ctx, store.TotalQuery{Org: r.org, Project: project, By: q.By, Cuts: cuts})
	if err != nil {
		return nil, r.wrap(err)
	}
	rows, err := a.t.named(ctx, r.org, q.By, totals)
	return rows, r.wrap(err)
}

// mayReport checks the right to a report and returns the organization's time zone,
// once what this process has yet to write is written.
func (a Actor) mayReport(ctx context.Context, r request, does access.Action, project tenancy.ProjectID) (zone *time.Location, err error) {
	err = a.check(ctx, r, func(w *work) error {
		s, err := a.may(w, does, r.org, project)
		if err != nil {
			return err
		}
		zone, err = time.LoadLocation(s.Org.TimeZone)
		return err
	})
	if err != nil {
		return nil, err
	}
	return zone, r.wrap(a.t.recorder.flush(ctx))
}

// named gives rows the names that projects and keys have now.
func (t *Tenet) named(ctx context.Context, org tenancy.OrgID, by usage.Dimension, totals []store.Total) ([]UsageRow, error) {
	rows := make([]UsageRow, len(totals))
	var items []string
	for i, total := range totals {
		rows[i] = UsageRow{Total: total, Name: total.Item}
		items = append(items, total.Item)
	}
	names, err := t.names(ctx, org, by, items)
	for i := range rows {
		if name, ok := names[rows[i].Item]; ok {
			rows[i].Name = name
		}
	}
	return rows, err
}

// names finds the names of projects or keys by id.
func (t *Tenet) names(ctx context.Context, org tenancy.OrgID, by usage.Dimension, ids []string) (map[string]string, error) {
	names := map[string]string{}
	var refs []tenancy.Ref
	for _, id := range ids {
		_, seen := names[id]
		if seen || id == "" {
			continue
		}
		names[id] = id
		switch by {
		case usage.ByProject:
			refs = append(refs, tenancy.ProjectRef(org, tenancy.ProjectID(id)).Ref)
		case usage.ByKey:
			refs = append(refs, tenancy.KeyRef(org, tenancy.KeyID(id)).Ref)
		}
	}
	err := t.each(ctx, refs, func(rec store.Record) {
		switch v := rec.Value.(type) {
		case tenancy.Project:
			names[string(v.ID)] = v.Name
		case tenancy.Key:
			names[string(v.ID)] = v.Name
		}
	})
	return names, err
}

// ActivityQuery selects records. The zero value of every field selects all.
type ActivityQuery struct {
	Span
	Key     tenancy.KeyID
	User    tenancy.UserID
	Model   tenancy.ModelID // as served
	Outcome usage.Outcome
	After   string // Next of the page before
	Limit   int    // at most store.MaxPage, which zero means
}

// ActivityRow is one record with the names, as of now, of its project and key.
type ActivityRow struct {
	usage.Record
	ProjectName string `json:"project_name"`
	KeyName     string `json:"key_name,omitzero"` // empty for a person's call
}

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

func (a Actor) activity(ctx context.Context, r request, does access.Action, project tenancy.ProjectID, q ActivityQuery) (page ActivityPage, err error) {
	if _, err := a.mayReport(ctx, r, does, project); err != nil {
		return page, err
	}
	records, err := a.t.usage.Records(ctx, store.RecordQuery{
		Org: r.org, Project: project, Key: q.Key, User: q.User, Model: q.Model, Outcome: q.Outcome,
		From: q.From, To: q.To, After: q.After, Limit: q.Limit,
	})
	if err != nil {
		return page, r.wrap(err)
	}
	page.Next = records.Next
	page.Rows, err = a.t.namedRecords(ctx, r.org, records.Records)
	return page, r.wrap(err)
}

func (t *Tenet) namedRecords(ctx context.Context, org tenancy.OrgID, records []usage.Record) ([]ActivityRow, error) {
	var projectIDs, keyIDs []string
	for _, rec := range records {
		projectIDs = append(projectIDs, string(rec.Project))
		keyIDs = append(keyIDs, string(rec.Key))
	}
	projects, err := t.names(ctx, org, usage.ByProject, projectIDs)
	if err != nil {
		return nil, err
	}
	keyNames, err := t.names(ctx, org, usage.ByKey, keyIDs)
	rows := make([]ActivityRow, len(records))
	for i, rec := range records {
		rows[i] = ActivityRow{rec, projects[string(rec.Project)], keyNames[string(rec.Key)]}
	}
	return rows, err
}
