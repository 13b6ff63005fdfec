package main

import (
	"html"
	"maps"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// naive is every record, read page by page.
type naive []usage.Record

func (w *world) naive(t *testing.T) (all naive) {
	t.Helper()
	for q := (store.RecordQuery{Org: w.org.ID}); ; {
		page, err := w.store.Records(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Records...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}

// sum adds up records by hand. The number of calls goes by its own name.
type sum map[string]int64

func (n naive) by(item func(usage.Record) string) map[string]sum {
	sums := map[string]sum{"Total": {}}
	for _, r := range n {
		name := item(r)
		if name == "" {
			continue
		}
		if sums[name] == nil {
			sums[name] = sum{}
		}
		for _, s := range []sum{sums[name], sums["Total"]} {
			s.add(r)
		}
	}
	return sums
}

func (s sum) add(r usage.Record) {
	s["calls"] += r.Count
	for _, u := range []tenancy.Unit{tenancy.UnitInput, tenancy.UnitOutput} {
		if n, ok := r.Units.Get(u); ok {
			s[string(u)] += n * r.Count
			s["of "+string(u)] += r.Count
		}
	}
	if r.Cost.Known {
		s["cost"] += r.Cost.Micro * r.Count
		s["of cost"] += r.Count
	}
}

// write writes a number as the page is to have it, in a way of its own.
func (s sum) write(what string) string {
	n := s[what]
	text := commas(strconv.FormatInt(n, 10))
	if what == "cost" {
		cents := (n + 5_000) / 10_000
		text = commas(strconv.FormatInt(cents/100, 10)) + "." + strconv.FormatInt(100+cents%100, 10)[1:]
	}
	if of, ok := s["of "+what]; what != "calls" && of < s["calls"] {
		if !ok || of == 0 {
			return "–"
		}
		text = "≥ " + text
	}
	return text
}

func commas(digits string) string {
	if len(digits) <= 3 {
		return digits
	}
	return commas(digits[:len(digits)-3]) + "," + digits[len(digits)-3:]
}

// names are how the page calls what a record is of.
type names struct{ w *world }

func (n names) project(r usage.Record) string {
	for name, id := range n.w.projects {
		if id == r.Project {
			return name
		}
	}
	return "?"
}

func (n names) key(r usage.Record) string {
	for _, s := range n.w.sources {
		if r.Key != "" && s.id == r.Key {
			return s.key
		}
	}
	return noKey
}

func (names) model(r usage.Record) string {
	if r.Served == "" {
		return unknownModel
	}
	return string(r.Served)
}

func (n names) day(r usage.Record) string { return r.At.In(n.w.zone).Format("Mon 2 Jan") }

// tables compares each table of sums with the records.
func tables(t *testing.T, w *world, n naive, page string) {
	by := names{w}
	support := func(item func(usage.Record) string) func(usage.Record) string {
		return func(r usage.Record) string {
			if by.project(r) != ofMember {
				return ""
			}
			return item(r)
		}
	}
	got := gridsOf(t, page)
	for key, item := range map[string]func(usage.Record) string{
		"models": by.model, "projects": by.project, "project-models": support(by.model), "project-keys": support(by.key),
		"outcomes": func(r usage.Record) string { return outcomeName(string(r.Outcome)) },
	} {
		want := map[string]string{}
		for name, s := range n.by(item) {
			want[name] = strings.Join([]string{s.write("calls"), s.write("input"), s.write("output"), s.write("cost"), commas(strconv.FormatInt(s["calls"]-s["of cost"], 10))}, " | ")
		}
		have := map[string]string{}
		for _, row := range got[key][1:] {
			have[row[0]] = strings.Join([]string{row[1], row[2], row[3], row[4], row[6]}, " | ")
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s (-records +page):\n%s", key, diff)
		}
	}
	cells(t, got["cost-by-day"], n, "cost", by.day, by.model)
	cells(t, got["calls-by-day"], n, "calls", by.day, by.project)
	dearest(t, got["keys"], n.by(by.key))
}

// cells compares a table of two dimensions with the records, sums at its edges included.
func cells(t *testing.T, got [][]string, n naive, what string, line, column func(usage.Record) string) {
	t.Helper()
	want := map[string]sum{}
	for _, r := range n {
		for _, l := range []string{line(r), total} {
			for _, c := range []string{column(r), total} {
				if want[l+"/"+c] == nil {
					want[l+"/"+c] = sum{}
				}
				want[l+"/"+c].add(r)
			}
		}
	}
	if len(got) != 31+2 {
		t.Errorf("%s by day has %d lines, want 31 days, a head and a foot", what, len(got))
	}
	for _, row := range got[1:] {
		for i, text := range row[1:] {
			at := row[0] + "/" + got[0][i+1]
			if expected := want[at].write(what); text != expected {
				t.Errorf("%s of %s: the page has %q, the records %q", what, at, text, expected)
			}
			delete(want, at)
		}
	}
	if len(want) > 0 {
		t.Errorf("%s: the page leaves out %v", what, want)
	}
}

// dearest checks that the six dearest keys are shown, and the others added up.
func dearest(t *testing.T, got [][]string, want map[string]sum) {
	t.Helper()
	rest := maps.Clone(want[total])
	for _, row := range got[1 : len(got)-2] {
		for what, n := range want[row[0]] {
			rest[what] -= n
		}
		if row[1] != want[row[0]].write("calls") || row[4] != want[row[0]].write("cost") {
			t.Errorf("key %v, want %s and %s", row, want[row[0]].write("calls"), want[row[0]].write("cost"))
		}
	}
	others := got[len(got)-2]
	if len(got) != 1+6+2 || others[0] != "All others" || others[1] != rest.write("calls") || others[4] != rest.write("cost") {
		t.Errorf("of %d lines the others are %v, want %s and %s", len(got), others, rest.write("calls"), rest.write("cost"))
	}
}

var (
	gridPattern = regexp.MustCompile(`(?s)<table data-grid="([^"]+)">(.*?)</table>`)
	linePattern = regexp.MustCompile(`(?s)<tr>(.*?)</tr>`)
	cellPattern = regexp.MustCompile(`(?s)<t[hd][^>]*>(.*?)</t[hd]>`)
	markPattern = regexp.MustCompile(`data-at="([^"]*)" data-item="([^"]*)" data-n="([0-9]+)"`)
	svgPattern  = regexp.MustCompile(`(?s)<svg[^>]*aria-labelledby="(\S+)-t .*?</svg>`)
)

// gridsOf reads the tables of a page.
func gridsOf(t *testing.T, page string) map[string][][]string {
	t.Helper()
	all := map[string][][]string{}
	for _, table := range gridPattern.FindAllStringSubmatch(page, -1) {
		for _, line := range linePattern.FindAllStringSubmatch(table[2], -1) {
			var row []string
			for _, cell := range cellPattern.FindAllStringSubmatch(line[1], -1) {
				row = append(row, html.UnescapeString(cell[1]))
			}
			all[table[1]] = append(all[table[1]], row)
		}
	}
	if len(all) != 11 {
		t.Fatalf("the page has %d tables", len(all))
	}
	return all
}

// charts compares each number that is drawn with the records.
func charts(t *testing.T, w *world, n naive, page string) {
	by := names{w}
	day := func(r usage.Record) string { return r.At.In(w.zone).Format("2 Jan") }
	got := map[string]map[string]int64{}
	for _, svg := range svgPattern.FindAllStringSubmatch(page, -1) {
		drawn := map[string]int64{}
		for _, m := range markPattern.FindAllStringSubmatch(svg[0], -1) {
			v, _ := strconv.ParseInt(m[3], 10, 64)
			if v > 0 {
				drawn[html.UnescapeString(m[1]+"/"+m[2])] = v
			}
		}
		got[svg[1]] = drawn
	}
	for _, f := range []frame{narrow, middle, wide} {
		for id, of := range map[string]struct {
			what string
			at   func(usage.Record) string
		}{
			"cost":  {"cost", func(r usage.Record) string { return day(r) + "/" + by.model(r) }},
			"calls": {"calls", func(r usage.Record) string { return day(r) + "/" + by.project(r) }},
			"hours": {"calls", func(r usage.Record) string { return r.At.In(w.zone).Format("2 Jan, 15:00") + "/" }},
			"project": {"cost", func(r usage.Record) string {
				return map[bool]string{true: day(r) + "/" + by.model(r)}[by.project(r) == ofMember]
			}},
			"outcomes": {"calls", func(r usage.Record) string {
				return map[bool]string{true: "/" + outcomeName(string(r.Outcome))}[r.Outcome != usage.OutcomeOK]
			}},
		} {
			want := map[string]int64{}
			for at, s := range n.by(of.at) {
				if at != total && s[of.what] > 0 {
					want[at] = s[of.what]
				}
			}
			if id == "outcomes" && f == wide {
				continue // the narrow one is shown
			}
			if diff := cmp.Diff(want, got[id+"-"+f.String()]); diff != "" {
				t.Errorf("chart %s, %s (-records +page):\n%s", id, f, diff)
			}
		}
	}
}

// rollUps compares the records with what the store has added up.
func rollUps(t *testing.T, w *world, n naive) {
	cuts := []time.Time{w.from.UTC(), w.to.UTC()}
	totals, err := w.store.Totals(t.Context(), store.TotalQuery{Org: w.org.ID, By: usage.ByModel, Cuts: cuts})
	if err != nil {
		t.Fatal(err)
	}
	sums := n.by(names{w}.model)
	if len(totals) != len(sums)-1 {
		t.Errorf("the store has %d models, the records %d", len(totals), len(sums)-1)
	}
	for _, total := range totals {
		s := sums[names{}.model(usage.Record{Served: tenancy.ModelID(total.Item)})]
		want := []int64{s["calls"], s["cost"], s["of cost"], s["input"], s["output"]}
		input, _ := total.Unit(tenancy.UnitInput)
		output, _ := total.Unit(tenancy.UnitOutput)
		if diff := cmp.Diff(want, []int64{total.Calls, total.Cost, total.Priced, input, output}); diff != "" {
			t.Errorf("%s (-records +store):\n%s", total.Item, diff)
		}
	}
	changed, err := w.tenet.Operator("ops").Reprice(t.Context(), w.org.ID, tenet.Span{From: w.from, To: w.to})
	if err != nil || changed != 0 {
		t.Errorf("%d records cost something else than Tenet has them cost, %v", changed, err)
	}
	diffs, err := w.store.(store.Upkeep).Verify(t.Context(), w.org.ID, usage.QuarterOf(w.from.UTC()), w.to.UTC())
	if err != nil || len(diffs) > 0 {
		t.Errorf("Verify: %v, %v", diffs, err)
	}
}
