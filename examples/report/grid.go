package main

import (
	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// grid is a table to read, in a terminal or on the page.
type grid struct {
	Key     string // names it, for links and for those that read the page by program
	Caption string
	Heads   []head
	Rows    [][]string // the first column says what a row is of
	Foot    []string   // may be nil
}

// head is a column. Num has it set to the right.
type head struct {
	Text string
	Num  bool
}

// total is the head of what is of everything.
const total = "Total"

// sumHeads are the columns of sums, without the first.
func sumHeads(currency string) []head {
	return []head{{"Calls", true}, {"Input tokens", true}, {"Output tokens", true}, {"Cost, " + currency, true}, {"Share", true}, {"Unpriced", true}}
}

func sumCells(name string, s, all usage.Sums) []string {
	return []string{
		name, measured(s, usage.MeasureCalls), measured(s, usage.Measure(tenancy.UnitInput)), measured(s, usage.Measure(tenancy.UnitOutput)),
		measured(s, usage.MeasureCost), costShare(s, all), count(s.Unpriced()),
	}
}

// costShare is a part of the known costs; a dash where none of the part is known.
func costShare(s, all usage.Sums) string {
	if s.Priced == 0 {
		return "–"
	}
	return share(s.Cost, all.Cost)
}

// items is a grid with a row for each item of a table, over all periods.
func (v *views) items(key, caption, of string, t usage.Table, none string) grid {
	g := grid{Key: key, Caption: caption, Heads: append([]head{{of, false}}, sumHeads(v.currency)...)}
	for i := range t.Items {
		g.Rows = append(g.Rows, sumCells(itemName(t, i, none), t.Heads[i], t.Total))
	}
	g.Foot = sumCells(total, t.Total, t.Total)
	return g
}

// itemName is what an item of a table is called; none is what no item is.
func itemName(t usage.Table, i int, none string) string {
	switch name := t.Items[i][0].Name; name {
	case usage.NameNone:
		return none
	case usage.NameOther:
		return "All others"
	default:
		return name
	}
}

// days is a grid with a row for each day and a column for each item of a table.
func (v *views) days(key, caption string, t usage.Table, m usage.Measure, none string) grid {
	g := grid{Key: key, Caption: caption, Heads: []head{{"Day", false}}}
	for i := range t.Items {
		g.Heads = append(g.Heads, head{itemName(t, i, none), true})
	}
	g.Heads = append(g.Heads, head{total, true})
	for line, cells := range t.Cells {
		row := []string{t.Cuts[line].In(v.zone).Format("Mon 2 Jan")}
		for _, s := range cells {
			row = append(row, measured(s, m))
		}
		g.Rows = append(g.Rows, append(row, measured(t.Lines[line], m)))
	}
	g.Foot = []string{total}
	for _, s := range t.Heads {
		g.Foot = append(g.Foot, measured(s, m))
	}
	g.Foot = append(g.Foot, measured(t.Total, m))
	return g
}

// activity is a grid of calls, with a column for the project or without.
func (v *views) activity(key, caption string, rows []tenet.ActivityRow, project bool) grid {
	g := grid{Key: key, Caption: caption, Heads: []head{{"Time", false}}}
	if project {
		g.Heads = append(g.Heads, head{"Project", false})
	}
	g.Heads = append(g.Heads, head{"Caller", false}, head{"Model", false}, head{"Outcome", false}, head{"Calls", true},
		head{"Input", true}, head{"Output", true}, head{"Seconds", true}, head{"Cost, " + v.currency, true})
	for _, r := range rows {
		row := []string{r.At.In(v.zone).Format("2 Jan 15:04:05")}
		if project {
			row = append(row, r.ProjectName)
		}
		row = append(row, caller(r), string(r.Served), outcome(r), count(r.Count),
			unit(r.Units, tenancy.UnitInput), unit(r.Units, tenancy.UnitOutput), money(r.Latency.Microseconds(), 2), cost(r.Cost))
		g.Rows = append(g.Rows, row)
	}
	return g
}

func caller(r tenet.ActivityRow) string {
	if r.KeyName != "" {
		return r.KeyName
	}
	return r.UserName + ", playground"
}

func outcome(r tenet.ActivityRow) string {
	if r.Reason.String() != "" {
		return outcomeName(string(r.Outcome)) + ": " + r.Reason.String()
	}
	return outcomeName(string(r.Outcome))
}

func outcomeName(o string) string {
	switch usage.Outcome(o) {
	case usage.OutcomeOK:
		return "OK"
	case usage.OutcomeClientError:
		return "Client error"
	case usage.OutcomeUpstreamError:
		return "Upstream error"
	case usage.OutcomeDenied:
		return "Denied"
	case usage.OutcomeAbandoned:
		return "Abandoned"
	}
	return o
}

func cost(m usage.Money) string {
	if !m.Known {
		return "–"
	}
	return money(m.Micro, 6)
}
