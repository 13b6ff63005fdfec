package tenet

import (
	"context"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// UsageQuery asks for sums. Its Span must be set; there is no "all".
type UsageQuery struct {
	Span
	// Step is the width of a period, cut in the organization's time zone; empty is
	// the whole span as one. Periods are whole, so the first and the last may reach
	// beyond the span.
	Step usage.Step
	// By splits each period: by nothing, by one dimension, or by several at once, as
	// project, model and key. Nothing and one are answered from the roll-ups, in
	// milliseconds and however long ago. Several are added up from the records, which
	// takes as long as the span has calls: it is store.ErrPastRetention where records
	// of the span were forgotten, and usage.ErrInvalid beyond usage.MaxRows.
	By []usage.Dimension
	// Top, where it is not 0, keeps the items that are the largest by Measure over the
	// whole span, as many as it says, and adds up the others in one: see usage.Top.
	Top     int
	Measure usage.Measure // empty is usage.MeasureCalls
}

// check is [usage.ErrInvalid] of what no span can be asked for, and fills in the
// measure.
func (q *UsageQuery) check() error {
	if q.Measure == "" {
		q.Measure = usage.MeasureCalls
	}
	if q.Top < 0 {
		return usage.ErrInvalid
	}
	return first(usage.CheckSplit(q.By), q.Measure.Validate())
}

// Usage returns a project's usage to everybody who sees the project. However it is
// split, its rows add up to all calls of its periods: calls of people are under no key,
// and those of keys under no person. Costs are estimates in the organization's currency,
// of the calls whose cost is known: see usage.Sums. A sum beyond int64 is
// usage.ErrOverflow.
func (a Actor) Usage(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q UsageQuery) (usage.Report, error) {
	r := a.ask(org, "usage.see", tenancy.KindProject, string(project), nil)
	if project == "" {
		return usage.Report{}, r.wrap(ErrNotFound)
	}
	return a.usage(ctx, r, access.SeeUsage, project, q)
}

// OrganizationUsage is [Actor.Usage] over all projects, for owners of the
// organization; split by project it sets them side by side.
func (a Actor) OrganizationUsage(ctx context.Context, org tenancy.OrgID, q UsageQuery) (usage.Report, error) {
	r := a.ask(org, "organization.usage.see", tenancy.KindOrganization, string(org), nil)
	return a.usage(ctx, r, access.SeeOrgUsage, "", q)
}

func (a Actor) usage(ctx context.Context, r request, does access.Action, project tenancy.ProjectID, q UsageQuery) (usage.Report, error) {
	org, err := a.mayReport(ctx, r, does, project)
	if err != nil {
		return usage.Report{}, err
	}
	report, err := a.t.report(ctx, org, project, q)
	if err != nil {
		return usage.Report{}, r.wrap(err)
	}
	return report, nil
}

// report reads usage, for whoever may.
func (t *Tenet) report(ctx context.Context, org tenancy.Organization, project tenancy.ProjectID, q UsageQuery) (usage.Report, error) {
	report := usage.Report{Zone: org.TimeZone, Currency: org.Currency, By: append([]usage.Dimension{}, q.By...)}
	zone, err := time.LoadLocation(org.TimeZone)
	if err := first(err, q.check()); err != nil {
		return report, err
	}
	if report.Cuts, err = usage.Cuts(q.From, q.To, q.Step, zone); err != nil {
		return report, err
	}
	if len(q.By) > 1 {
		report.Rows, err = t.fold(ctx, org.ID, project, report.Cuts, q.By)
	} else {
		report.Rows, err = t.rolledUp(ctx, store.TotalQuery{Org: org.ID, Project: project, Cuts: report.Cuts}, q.By)
	}
	if err == nil && q.Top > 0 {
		report.Rows, err = usage.Top(report.Rows, q.Top, q.Measure)
	}
	if err != nil {
		return report, err
	}
	return report, t.nameRows(ctx, org.ID, report.Rows)
}

// rolledUp are rows from the roll-ups.
func (t *Tenet) rolledUp(ctx context.Context, q store.TotalQuery, by []usage.Dimension) ([]usage.Row, error) {
	if len(by) == 1 {
		q.By = by[0]
	}
	totals, err := t.usage.Totals(ctx, q)
	if err != nil {
		return nil, err
	}
	others := map[usage.Dimension]usage.Dimension{usage.ByKey: usage.ByUser, usage.ByUser: usage.ByKey}
	if other, ok := others[q.By]; ok {
		q.By = other
		rest, err := t.usage.Totals(ctx, q)
		if err == nil {
			totals, err = withRest(totals, rest)
		}
		if err != nil {
			return nil, err
		}
	}
	rows := make([]usage.Row, len(totals))
	for i, total := range totals {
		rows[i] = usage.Row{Start: total.Start, End: total.End, Items: []usage.Item{}, Sums: total.Sums}
		for _, d := range by {
			rows[i].Items = append(rows[i].Items, usage.Item{By: d, ID: total.Item})
		}
	}
	return rows, nil
}

// withRest adds to totals, as first item of each period, the sum of what its
// dimension leaves out.
func withRest(totals, rest []store.Total) ([]store.Total, error) {
	var all []store.Total
	for len(rest) > 0 || len(totals) > 0 {
		if len(rest) == 0 || len(totals) > 0 && totals[0].Start.Before(rest[0].Start) {
			all, totals = append(all, totals[0]), totals[1:]
			continue
		}
		none := store.Total{Start: rest[0].Start, End: rest[0].End}
		for ; len(rest) > 0 && rest[0].Start.Equal(none.Start); rest = rest[1:] {
			var err error
			if none.Sums, err = none.Plus(rest[0].Sums); err != nil {
				return nil, err
			}
		}
		all = append(all, none)
	}
	return all, nil
}

// fold adds records up by several dimensions, page by page.
func (t *Tenet) fold(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, cuts []time.Time, by []usage.Dimension) ([]usage.Row, error) {
	fold, err := usage.NewFold(cuts, by)
	if err := first(err, t.retains(ctx, cuts[0])); err != nil {
		return nil, err
	}
	q := store.RecordQuery{Org: org, Project: project, From: cuts[0], To: cuts[len(cuts)-1]}
	for more := true; more; more = q.After != "" {
		page, err := t.usage.Records(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, rec := range page.Records {
			if err := fold.Add(rec); err != nil {
				return nil, err
			}
		}
		q.After = page.Next
	}
	return fold.Rows(), t.retains(ctx, cuts[0]) // the horizon may have moved meanwhile
}

// retains is [store.ErrPastRetention] where records since from were forgotten. A usage
// store that cannot forget has them all.
func (t *Tenet) retains(ctx context.Context, from time.Time) error {
	up, ok := t.usage.(store.Upkeep)
	if !ok {
		return nil
	}
	horizon, err := up.Horizon(ctx)
	if err == nil && from.Before(horizon) {
		err = store.ErrPastRetention
	}
	return err
}
