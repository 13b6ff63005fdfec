package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"maps"
	"os"
	"path/filepath"
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

// sample is the month that usage.svg is of.
var sample = config{seed: 1, calls: 20_000, month: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}

// live makes a month and asks for its views.
func live(t *testing.T, c config) (*world, *views) {
	t.Helper()
	ctx := context.Background()
	st, done, err := open(ctx, filepath.Join(t.TempDir(), "tenet.db"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := begin(ctx, st, c.month)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.tenet.Close(), done()); err != nil {
			t.Error(err)
		}
	})
	if err := w.live(ctx, c, newProgress(nil, c.calls)); err != nil {
		t.Fatal(err)
	}
	v, err := w.ask(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return w, v
}

func TestTheNumbersOfThePageAreThoseOfTheRecords(t *testing.T) {
	w, v := live(t, sample)
	page, err := v.page()
	if err != nil {
		t.Fatal(err)
	}
	n := w.naive(t)
	t.Run("tables", func(t *testing.T) { tables(t, w, n, string(page)) })
	t.Run("charts", func(t *testing.T) { charts(t, w, n, string(page)) })
	t.Run("roll-ups", func(t *testing.T) { rollUps(t, w, n) })
	t.Run("the month has what it is to have", func(t *testing.T) { variety(t, w, n) })
	t.Run("the page loads nothing", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`(?i)<(script|link|img|iframe|object)|\bsrc=|url\(|@import|href="[^#]`).FindAllString(string(page), -1) {
			t.Errorf("the page has %q", m)
		}
	})
	t.Run("usage.svg is what the program makes", func(t *testing.T) {
		want, err := os.ReadFile("usage.svg")
		if diff := cmp.Diff(string(want), v.costByDay(middle).standalone()); err != nil || diff != "" {
			t.Errorf("go run ./examples/report -calls 20000 -chart examples/report/usage.svg makes another (-file +made), %v:\n%s", err, diff)
		}
	})
	t.Run("no text is on another", func(t *testing.T) {
		for _, d := range v.drawings() {
			if n := len(labels(d)); n < 3 {
				t.Errorf("%s has %d texts", d.id, n)
			}
			for _, complaint := range overlaps(d) {
				t.Errorf("%s: %s", d.id, complaint)
			}
		}
	})
	t.Run("files", func(t *testing.T) { files(t, w, n) })
}

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

// variety checks that the month has what makes it a month.
func variety(t *testing.T, w *world, n naive) {
	seen := map[string]bool{}
	ids := map[usage.RecordID]bool{}
	for _, r := range n {
		if r.At.Before(w.from) || !r.At.Before(w.to) || ids[r.ID] || len(r.ID) != 30 {
			t.Fatalf("record %v", r)
		}
		ids[r.ID] = true
		seen[string(r.Outcome)], seen[r.Reason.String()], seen[string(r.Served)] = true, true, true
		seen["user"] = seen["user"] || r.User != ""
		_, known := r.Units.Get(tenancy.UnitOutput)
		seen["unknown of OK"] = seen["unknown of OK"] || !known && r.Outcome == usage.OutcomeOK
	}
	for _, want := range []string{"ok", "client_error", "upstream_error", "denied", "abandoned", "key_revoked", "project_archived",
		"model_not_enabled", "model_unknown", "(unknown)", "atlas-preview", "atlas-embed", "user", "unknown of OK"} {
		if !seen[want] {
			t.Errorf("the month has no %s", want)
		}
	}
	if hours := w.to.Sub(w.from).Hours(); hours != 31*24-1 {
		t.Errorf("March has %v hours", hours)
	}
}

// files checks that the files have a line for each record.
func files(t *testing.T, w *world, n naive) {
	dir := t.TempDir()
	if err := w.export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "activity.csv"))
	if lines := bytes.Count(calls, []byte("\r\n")); err != nil || lines != len(n)+1 {
		t.Errorf("activity.csv has %d lines of %d records, %v", lines, len(n), err)
	}
	for _, name := range []string{"usage.csv", "usage.jsonl", "focus.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestOneSeedMakesOneMonth(t *testing.T) {
	c := sample
	c.calls = 2_000
	c.month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) // the clock is put back
	page := func(seed uint64) string {
		c.seed = seed
		w, v := live(t, c)
		p, err := v.page()
		if err != nil {
			t.Fatal(err)
		}
		charts(t, w, w.naive(t), string(p))
		return string(p)
	}
	first := page(3)
	if diff := cmp.Diff(first, page(3)); diff != "" {
		t.Errorf("the same seed makes another page (-first +second):\n%s", diff)
	}
	if first == page(4) {
		t.Error("another seed makes the same page")
	}
	if !strings.Contains(first, "745 hours") {
		t.Error("the page does not say that October has 745 hours")
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	c := sample
	c.calls, c.out, c.chart, c.export = 500, filepath.Join(dir, "r.html"), filepath.Join(dir, "c.svg"), filepath.Join(dir, "files")
	c.db = filepath.Join(dir, "kept.db")
	var out bytes.Buffer
	if err := run(t.Context(), c, &out, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"file://" + c.out, "file://" + c.chart, "Projects side by side", "not allowed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q", want)
		}
	}
	svg, err := os.ReadFile(c.chart)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
	if err := run(t.Context(), c, io.Discard, nil); err == nil {
		t.Error("a database that is there already was written to")
	}
}

// wellFormed checks that a text is XML.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("no XML: %v", err)
			return
		}
	}
}
