package main

import (
	"fmt"
	"time"

	"example.com/tenet/usage"
)

// over is a plot of a table by day.
func (v *views) over(id string, f frame, t usage.Table, m usage.Measure, none string) plot {
	p := plot{id: id + "-" + f.String(), axis: count, exact: count}
	if m == usage.MeasureCost {
		p.axis = func(micro int64) string { return money(micro, places(t)) }
		p.exact = func(micro int64) string { return money(micro, 2) + " " + v.currency }
	}
	for i := range t.Lines {
		day := t.Cuts[i].In(v.zone)
		p.names = append(p.names, day.Format("2 Jan"))
		p.ticks = append(p.ticks, v.tick(day, f))
		p.band = append(p.band, weekend(day))
	}
	for column := range t.Items {
		s := series{name: itemName(t, column, none)}
		var all int64
		for line := range t.Cells {
			amount, _ := t.Cells[line][column].Of(m)
			s.values, all = append(s.values, amount), all+amount
		}
		if all > 0 {
			p.series = append(p.series, s)
		}
	}
	return p
}

// places is how many places of money an axis needs.
func places(t usage.Table) int {
	most := int64(0)
	for _, line := range t.Lines {
		most = max(most, line.Cost)
	}
	if most >= 4_000_000 {
		return 0
	}
	return 2
}

// tick is what stands under a day: under every one where there is room, else under the
// first and every fifth.
func (v *views) tick(day time.Time, f frame) string {
	switch {
	case f == wide:
		return day.Format("2")
	case day.Day() != 1 && day.Day()%5 != 0:
		return ""
	case f == narrow:
		return day.Format("2")
	}
	return day.Format("2 Jan")
}

const unknownModel = "No model"

// costByDay is what the organization's days cost, by model.
func (v *views) costByDay(f frame) drawing {
	p := v.over("cost", f, v.byModel, usage.MeasureCost, unknownModel)
	p.title = "Cost by day and model, " + v.currency
	p.desc = fmt.Sprintf("%s, %s: %s %s in all. Weekends are shaded.", v.org, v.from.Format("January 2006"), money(v.byModel.Total.Cost, 2), v.currency)
	p.marks = []mark{{15, "atlas-large gets cheaper"}}
	return p.stacked(f)
}

// callsByDay is how many calls each project's days had.
func (v *views) callsByDay(f frame) drawing {
	p := v.over("calls", f, v.byProject, usage.MeasureCalls, "")
	p.title = "Calls by day, projects side by side"
	p.desc = fmt.Sprintf("%s calls in all. Weekends are shaded.", count(v.byProject.Total.Calls))
	p.marks = []mark{{23, "pilot archived"}}
	return p.lines(f)
}

// projectCost is what the project's days cost, by model.
func (v *views) projectCost(f frame) drawing {
	p := v.over("project", f, v.projectByModel, usage.MeasureCost, unknownModel)
	p.title = "Cost by day and model, " + v.currency
	p.desc = fmt.Sprintf("%s: %s %s in all. Weekends are shaded.", v.project, money(v.projectByModel.Total.Cost, 2), v.currency)
	p.marks = []mark{{15, "atlas-large gets cheaper"}}
	return p.stacked(f)
}

const noKey = "People, in the playground"

// barsOf is a bar for each item of a table, but for those that skip.
func (v *views) barsOf(t usage.Table, m usage.Measure, none string, skip func(id string) bool) (b bars) {
	for i, items := range t.Items {
		if skip(items[0].ID) {
			continue
		}
		amount, _ := t.Heads[i].Of(m)
		b.items, b.values = append(b.items, itemName(t, i, none)), append(b.values, amount)
		b.text = append(b.text, measured(t.Heads[i], m))
	}
	return b
}

// dearestKeys are the keys that cost the most.
func (v *views) dearestKeys(f frame) drawing {
	b := v.barsOf(v.topKeys, usage.MeasureCost, noKey, func(string) bool { return false })
	b.id, b.title, b.desc = "keys-"+f.String(), "The dearest keys, "+v.currency, "What the keys that cost the most cost, and all others together."
	return b.draw(f)
}

// failures are the outcomes but for OK.
func (v *views) failures(f frame) drawing {
	b := v.barsOf(v.byOutcome, usage.MeasureCalls, "", func(id string) bool { return id == string(usage.OutcomeOK) })
	for i := range b.items {
		b.text[i] += " (" + share(b.values[i], v.byOutcome.Total.Calls) + ")"
		b.items[i] = outcomeName(b.items[i])
	}
	b.id, b.title, b.desc = "outcomes-"+f.String(), "Calls that did not go well", "Calls by outcome, those that went well left out."
	return b.draw(f)
}

// busyHours are the calls by hour of each day, as the organization's clock shows it.
func (v *views) busyHours(f frame) drawing {
	h := heat{id: "hours-" + f.String(), title: "Calls by day and hour, " + v.zone.String()}
	h.desc = "Days from left to right, hours from top to bottom; the more calls the stronger. An hour that the clock skips is outlined."
	for i, line := range v.hours.Lines {
		at := v.hours.Cuts[i].In(v.zone)
		if day := at.Day(); day > len(h.names) {
			h.names, h.ticks = append(h.names, at.Format("2 Jan")), append(h.ticks, v.tick(at, f))
			h.values, h.there = append(h.values, [24]int64{}), append(h.there, [24]bool{})
		}
		last := len(h.values) - 1
		h.values[last][at.Hour()] += line.Calls // an hour that the clock repeats is one cell
		h.there[last][at.Hour()] = true
	}
	return h.draw(f)
}
