package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

// views are the four views of a month, each asked as the person whom it is for.
type views struct {
	org      string
	currency string
	zone     *time.Location
	from, to time.Time

	// The organization's, for its owners.
	asOwner     string
	byProject   usage.Table // by day
	byModel     usage.Table // by day
	byOutcome   usage.Table // the whole month
	topKeys     usage.Table // the whole month
	hours       usage.Table // by hour, not split
	orgActivity []tenet.ActivityRow
	orgDenied   []tenet.ActivityRow

	// A project's, for everybody who sees it.
	asMember        string
	project         string
	projectByModel  usage.Table // by day
	projectByKey    usage.Table // the whole month
	projectActivity []tenet.ActivityRow

	refused         []refusal
	unauthenticated int64
}

// refusal is a view that somebody asked for and may not see.
type refusal struct{ Who, View, Why string }

// shown is how many calls of an activity are shown.
const shown = 12

// ask asks for the views.
func (w *world) ask(ctx context.Context) (*views, error) {
	v := &views{
		org: orgName, currency: currency, zone: w.zone, from: w.from, to: w.to,
		asOwner: "Olivia Brandt", asMember: "Marco Ruiz", project: ofMember,
		unauthenticated: w.tenet.Stats().Unauthenticated,
	}
	month := tenet.Span{From: w.from, To: w.to}
	olivia, marco := w.tenet.As(owner), w.tenet.As(member)
	err := errors.Join(
		askUsage(&v.byProject, of(ctx, olivia.OrganizationUsage, w.org.ID), tenet.UsageQuery{Span: month, Step: usage.StepDay, By: by(usage.ByProject)}),
		askUsage(&v.byModel, of(ctx, olivia.OrganizationUsage, w.org.ID), tenet.UsageQuery{Span: month, Step: usage.StepDay, By: by(usage.ByModel)}),
		askUsage(&v.byOutcome, of(ctx, olivia.OrganizationUsage, w.org.ID), tenet.UsageQuery{Span: month, By: by(usage.ByOutcome), Measure: usage.MeasureCalls}),
		askUsage(&v.topKeys, of(ctx, olivia.OrganizationUsage, w.org.ID), tenet.UsageQuery{Span: month, By: by(usage.ByKey), Top: 6, Measure: usage.MeasureCost}),
		askUsage(&v.hours, of(ctx, olivia.OrganizationUsage, w.org.ID), tenet.UsageQuery{Span: month, Step: usage.StepHour}),
		askUsage(&v.projectByModel, in(ctx, marco, w.org.ID, w.projects[ofMember]), tenet.UsageQuery{Span: month, Step: usage.StepDay, By: by(usage.ByModel)}),
		askUsage(&v.projectByKey, in(ctx, marco, w.org.ID, w.projects[ofMember]), tenet.UsageQuery{Span: month, By: by(usage.ByKey)}),
	)
	if err != nil {
		return nil, err
	}
	calls := tenet.ActivityQuery{Span: month, Limit: shown}
	page, err := olivia.OrganizationActivity(ctx, w.org.ID, calls)
	if v.orgActivity = page.Rows; err != nil {
		return nil, err
	}
	denied := tenet.ActivityQuery{Span: month, Outcome: usage.OutcomeDenied, Limit: shown / 2}
	page, err = olivia.OrganizationActivity(ctx, w.org.ID, denied)
	if v.orgDenied = page.Rows; err != nil {
		return nil, err
	}
	page, err = marco.Activity(ctx, w.org.ID, w.projects[ofMember], calls)
	if v.projectActivity = page.Rows; err != nil {
		return nil, err
	}
	return v, v.refuse(ctx, marco, w.org.ID, month)
}

// refuse has the member ask for what only owners see.
func (v *views) refuse(ctx context.Context, marco tenet.Actor, org tenancy.OrgID, month tenet.Span) error {
	_, activity := marco.OrganizationActivity(ctx, org, tenet.ActivityQuery{Span: month})
	_, sums := marco.OrganizationUsage(ctx, org, tenet.UsageQuery{Span: month})
	for _, r := range []struct {
		view string
		err  error
	}{{"the organization's activity", activity}, {"the organization's usage", sums}} {
		if !errors.Is(r.err, tenet.ErrForbidden) {
			return fmt.Errorf("a member asked for %s: %w", r.view, r.err)
		}
		v.refused = append(v.refused, refusal{v.asMember, r.view, r.err.Error()})
	}
	return nil
}

// asking is a view of usage, of somebody, waiting for what exactly to show.
type asking func(tenet.UsageQuery) (usage.Report, error)

func of(ctx context.Context, view func(context.Context, tenancy.OrgID, tenet.UsageQuery) (usage.Report, error), org tenancy.OrgID) asking {
	return func(q tenet.UsageQuery) (usage.Report, error) { return view(ctx, org, q) }
}

func in(ctx context.Context, a tenet.Actor, org tenancy.OrgID, project tenancy.ProjectID) asking {
	return func(q tenet.UsageQuery) (usage.Report, error) { return a.Usage(ctx, org, project, q) }
}

func by(d usage.Dimension) []usage.Dimension { return []usage.Dimension{d} }

// askUsage asks and sets the answer side by side, the largest first: the dearest, unless
// the question says by what.
func askUsage(into *usage.Table, view asking, q tenet.UsageQuery) error {
	report, err := view(q)
	if err != nil {
		return err
	}
	*into, err = report.Table(cmp.Or(q.Measure, usage.MeasureCost))
	return err
}

// export writes all calls, and the usage by day, project, model and key, as files.
func (w *world) export(ctx context.Context, folder string) error {
	olivia, month := w.tenet.As(owner), tenet.Span{From: w.from, To: w.to}
	report, err := olivia.OrganizationUsage(ctx, w.org.ID, tenet.UsageQuery{
		Span: month, Step: usage.StepDay, By: []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey},
	})
	if err != nil {
		return err
	}
	focus, err := export.FOCUS(report, export.Statement{
		Issuer: "Nordwind gateway", Service: "Language models", Account: w.org.ID, AccountName: orgName, Zone: w.zone,
	})
	if err != nil {
		return err
	}
	calls := olivia.EachActivity(ctx, w.org.ID, "", tenet.ActivityQuery{Span: month})
	return errors.Join(
		os.MkdirAll(folder, 0o755), //nolint:gosec // G301: files for others to read
		file(folder, "activity.csv", func(f *os.File) error { return export.Activity().CSV(f, calls) }),
		file(folder, "usage.csv", func(f *os.File) error { return export.Usage(report).CSV(f, export.Each(report.Rows)) }),
		file(folder, "usage.jsonl", func(f *os.File) error { return export.Usage(report).JSONLines(f, export.Each(report.Rows)) }),
		file(folder, "focus.csv", func(f *os.File) error { return focus.CSV(f, export.Each(report.Rows)) }),
	)
}

// file makes a file of a folder and has it written.
func file(folder, name string, fill func(*os.File) error) error {
	f, err := os.Create(filepath.Join(folder, name))
	if err != nil {
		return err
	}
	return errors.Join(fill(f), f.Close())
}
