package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

//go:embed page.html
var pageSource string

// section is one of the four views.
type section struct {
	ID, Title, Who, Lead string
	Parts                []part
}

// part is a chart, a table, or both.
type part struct {
	Charts []chart
	Beside bool // the chart is beside the table where there is room
	Grid   grid
}

// chart is a chart for some widths of the page.
type chart struct {
	Class string
	SVG   template.HTML
}

// above is a part with a chart above the table.
func above(draw func(frame) drawing, g grid) part {
	return part{Grid: g, Charts: []chart{drawn("narrow", draw(narrow)), drawn("middle", draw(middle)), drawn("wide", draw(wide))}}
}

// beside is a part with a chart beside the table, or above it on a narrow page.
func beside(draw func(frame) drawing, g grid) part {
	return part{Grid: g, Beside: true, Charts: []chart{drawn("narrow wide", draw(narrow)), drawn("middle", draw(middle))}}
}

func drawn(class string, d drawing) chart {
	return chart{class, template.HTML(d.inline())} //nolint:gosec // G203: the canvas escapes all that it is given
}

// sections are the four views, in the order in which they are shown.
func (v *views) sections() []section {
	return []section{
		{"organization-usage", "The organization’s usage, projects side by side", v.asOwner + ", who owns the organization", "", []part{
			above(v.costByDay, v.items("models", "Models", "Model", v.byModel, unknownModel)),
			above(v.callsByDay, v.items("projects", "Projects side by side", "Project", v.byProject, "")),
			{Grid: v.days("cost-by-day", "Cost of each day by model, "+v.currency, v.byModel, usage.MeasureCost, unknownModel)},
			{Grid: v.days("calls-by-day", "Calls of each day by project", v.byProject, usage.MeasureCalls, "")},
			beside(v.dearestKeys, v.items("keys", "Keys", "Key", v.topKeys, noKey)),
			beside(v.failures, v.outcomes()),
			above(v.busyHours, grid{}),
		}},
		{"organization-activity", "The organization’s activity", v.asOwner + ", who owns the organization", "", []part{
			{Grid: v.activity("organization-calls", fmt.Sprintf("The newest %d records", len(v.orgActivity)), v.orgActivity, true)},
			{Grid: v.activity("organization-denied", fmt.Sprintf("The newest %d refusals", len(v.orgDenied)), v.orgDenied, true)},
		}},
		{"project-usage", "Usage of " + v.project, v.asMember + ", a member of the project", "", []part{
			above(v.projectCost, v.items("project-models", "By model", "Model", v.projectByModel, unknownModel)),
			{Grid: v.items("project-keys", "By key", "Key", v.projectByKey, noKey)},
		}},
		{"project-activity", "Activity of " + v.project, v.asMember + ", a member of the project", "", []part{
			{Grid: v.activity("project-calls", fmt.Sprintf("The newest %d records", len(v.projectActivity)), v.projectActivity, false)},
		}},
	}
}

// outcomes is the grid of how calls ended.
func (v *views) outcomes() grid {
	g := v.items("outcomes", "How calls ended", "Outcome", v.byOutcome, "")
	for i := range g.Rows {
		g.Rows[i][0] = outcomeName(g.Rows[i][0])
	}
	return g
}

// tile is a number at the top of the page.
type tile struct{ Name, Number, Note string }

func (v *views) tiles() []tile {
	all := v.byModel.Total
	silent := func(u tenancy.Unit) string {
		_, reported := all.Unit(u)
		return count(all.Calls-reported) + " calls did not say"
	}
	var well int64
	for i, items := range v.byOutcome.Items {
		if items[0].ID == string(usage.OutcomeOK) {
			well = v.byOutcome.Heads[i].Calls
		}
	}
	return []tile{
		{"Estimated cost", measured(all, usage.MeasureCost) + " " + v.currency, count(all.Unpriced()) + " calls have no known cost"},
		{"Calls", count(all.Calls), share(well, all.Calls) + " went well"},
		{"Input tokens", measured(all, usage.Measure(tenancy.UnitInput)), silent(tenancy.UnitInput)},
		{"Output tokens", measured(all, usage.Measure(tenancy.UnitOutput)), silent(tenancy.UnitOutput)},
	}
}

// hoursNote is a line of what a reader of the page should know.
func (v *views) hoursNote() string {
	short := v.to.Sub(v.from).Hours()
	days := len(v.byProject.Lines)
	switch extra := short - 24*float64(days); {
	case extra < 0:
		return fmt.Sprintf("The month has %d days and %.0f hours: the clock is put forward once.", days, short)
	case extra > 0:
		return fmt.Sprintf("The month has %d days and %.0f hours: the clock is put back once.", days, short)
	}
	return fmt.Sprintf("The month has %d days and %.0f hours.", days, short)
}

// page is the views as one HTML page, which loads nothing.
func (v *views) page() ([]byte, error) {
	t, err := template.New("page").Parse(pageSource)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{
		"Org": v.org, "Month": v.from.Format("January 2006"), "Zone": v.zone.String(), "Currency": v.currency,
		"Hours": v.hoursNote(), "Tiles": v.tiles(), "Sections": v.sections(), "Refused": v.refused,
		"Unauthenticated": count(v.unauthenticated), "ChartStyle": template.CSS(chartStyle), //nolint:gosec // G203: a constant
	})
	return b.Bytes(), err
}
