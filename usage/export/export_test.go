package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 123_456_000, time.UTC)

// full is a record with a value in every field, and bare one with as few as there are.
func full() usage.NamedRecord {
	units := usage.Units{}
	for i, u := range tenancy.Units() {
		units = units.With(u, int64(10*i))
	}
	return usage.NamedRecord{
		Record: usage.Record{
			ID: "rec_1", At: noon, Org: "org_1", Project: "proj_1", Key: "key_1", Requested: "latest", Served: "gpt-4o",
			Outcome: usage.OutcomeDenied, Reason: access.ReasonBudget, Status: 429, Units: units, Latency: 1500 * time.Millisecond,
			FirstToken: 250 * time.Millisecond, RequestID: "req-1", Cost: usage.Money{Micro: 3300, Known: true}, Count: 7,
		},
		ProjectName: "prod", KeyName: "backend", Currency: "EUR",
	}
}

func bare() usage.NamedRecord {
	return usage.NamedRecord{
		Record:      usage.Record{ID: "rec_2", At: noon.Truncate(time.Second), Org: "org_1", Project: "proj_1", User: "ann", Outcome: usage.OutcomeAbandoned, Count: 1},
		ProjectName: "prod", UserName: "Ann", Currency: "EUR",
	}
}

func written[T any](t testing.TB, to func(io.Writer, iter.Seq2[T, error]) error, rows ...T) string {
	t.Helper()
	var out bytes.Buffer
	if err := to(&out, export.Each(rows)); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestActivityAsCSV(t *testing.T) {
	want := "id,at,organization,project,project_name,key,key_name,user,user_name,requested_model,served_model,outcome,reason,status,count," +
		"input,cached_input,output,reasoning,images,seconds,characters,requests,cost,currency,latency,first_token,request_id\r\n" +
		"rec_1,2026-05-01T12:00:00.123456Z,org_1,proj_1,prod,key_1,backend,,,latest,gpt-4o,denied,budget_exhausted,429,7,0,10,20,30,40,50,60,70,0.0033,EUR,1.5,0.25,req-1\r\n" +
		"rec_2,2026-05-01T12:00:00Z,org_1,proj_1,prod,,,ann,Ann,,,abandoned,,,1,,,,,,,,,,EUR,0,,\r\n"
	want = strings.Replace(want, "budget_exhausted", access.ReasonBudget.String(), 1)
	if diff := cmp.Diff(want, written(t, export.Activity().CSV, full(), bare())); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

func TestActivityAsJSONLines(t *testing.T) {
	lines := strings.Split(written(t, export.Activity().JSONLines, full(), bare()), "\n")
	if len(lines) != 3 || lines[2] != "" {
		t.Fatalf("%d lines", len(lines))
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(lines[1]), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"id": "rec_2", "at": "2026-05-01T12:00:00Z", "organization": "org_1", "project": "proj_1", "project_name": "prod", "key": nil, "key_name": nil,
		"user": "ann", "user_name": "Ann", "requested_model": nil, "served_model": nil, "outcome": "abandoned", "reason": nil, "status": nil, "count": 1.0,
		"input": nil, "cached_input": nil, "output": nil, "reasoning": nil, "images": nil, "seconds": nil, "characters": nil, "requests": nil,
		"cost": nil, "currency": "EUR", "latency": 0.0, "first_token": nil, "request_id": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(lines[0], `{"id":"rec_1","at":"2026-05-01T12:00:00.123456Z",`) || !strings.Contains(lines[0], `"cost":0.0033,`) {
		t.Errorf("JSON of a full record: %s", lines[0])
	}
}

// report is one of two projects in two months, split by project and key.
func report() usage.Report {
	cuts := []time.Time{time.Date(2026, 4, 30, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 2, 0, 0, 0, 0, time.UTC)}
	items := func(project, key usage.Item) []usage.Item {
		project.By, key.By = usage.ByProject, usage.ByKey
		return []usage.Item{project, key}
	}
	other := usage.Item{Name: "(other)", Other: true}
	return usage.Report{Zone: "UTC", Currency: "EUR", By: []usage.Dimension{usage.ByProject, usage.ByKey}, Cuts: cuts, Rows: []usage.Row{
		{Start: cuts[0], End: cuts[1], Items: items(usage.Item{ID: "proj_1", Name: "prod"}, usage.Item{ID: "key_1", Name: "backend"}),
			Sums: usage.Sums{Calls: 5, Units: usage.Amounts{900, 0, 120}, Reported: usage.Amounts{4, 0, 4}, Cost: 3300, Priced: 4}},
		{Start: cuts[1], End: cuts[2], Items: items(other, other), Sums: usage.Sums{Calls: 2}},
	}}
}

func TestUsageAsCSV(t *testing.T) {
	want := "start,end,project,project_name,key,key_name,calls,input,input_calls,cached_input,cached_input_calls,output,output_calls,reasoning,reasoning_calls," +
		"images,images_calls,seconds,seconds_calls,characters,characters_calls,requests,requests_calls,cost,cost_calls,currency\r\n" +
		"2026-04-30T00:00:00Z,2026-05-01T00:00:00Z,proj_1,prod,key_1,backend,5,900,4,,0,120,4,,0,,0,,0,,0,,0,0.0033,4,EUR\r\n" +
		"2026-05-01T00:00:00Z,2026-05-02T00:00:00Z,,(other),,(other),2,,0,,0,,0,,0,,0,,0,,0,,0,,0,EUR\r\n"
	if diff := cmp.Diff(want, written(t, export.Usage(report()).CSV, report().Rows...)); diff != "" {
		t.Errorf("CSV (-want +got):\n%s", diff)
	}
}

// hostile is a text and what stands in its place in CSV, read back, and in JSON.
type hostile struct{ name, text, csv, json string }

func hostileTexts() []hostile {
	same := func(name, text string) hostile { return hostile{name, text, text, text} }
	defused := func(name, text string) hostile { return hostile{name, text, "'" + text, text} }
	return []hostile{
		same("plain", "prod"), same("quotes", `say "hi"`), same("a comma", "a,b"), same("a semicolon", "a;=1"), same("a line feed", "a\nb"),
		same("quotes alone", `""`), same("spaces at the ends", " a "), same("other scripts", "日本語 עברית"), same("an apostrophe", "'=1"),
		same("an operator inside", "a=b-c"), same("a line separator", "a\u2028b"), same("a backslash", `a\"b`), same("controls", "a\x01\x7f\u0085b"),
		defused("a formula", `=HYPERLINK("http://x","y")`), defused("plus", "+1"), defused("minus", "-1"), defused("at", "@SUM(A1)"),
		defused("tab", "\t=1"), defused("line feed", "\n=1"), defused("full-width", "＝1"), defused("a formula of a command", "=cmd|' /C calc'!A0"),
		{"NUL", "a\x00b", "a\ufffdb", "a\ufffdb"}, {"NUL first", "\x00=1", "\ufffd=1", "\ufffd=1"}, {"no UTF-8", "a\xffb\xc3", "a\ufffdb\ufffd", "a\ufffdb\ufffd"},
		{"no UTF-8 first", "\xff=1", "\ufffd=1", "\ufffd=1"},
	}
}

func TestHostileText(t *testing.T) {
	for _, c := range hostileTexts() {
		t.Run(c.name, func(t *testing.T) {
			r := full()
			r.KeyName = c.text
			file := written(t, export.Activity().CSV, r, r)
			lines, err := csv.NewReader(strings.NewReader(file)).ReadAll()
			if err != nil || len(lines) != 3 {
				t.Fatalf("%d lines, %v of %q", len(lines), err, file)
			}
			if got := lines[2][6]; got != c.csv {
				t.Errorf("CSV has %q, want %q", got, c.csv)
			}
			var got map[string]any
			file = written(t, export.Activity().JSONLines, r)
			if err := json.Unmarshal([]byte(file), &got); err != nil || got["key_name"] != c.json {
				t.Errorf("JSON has %q, %v, want %q", got["key_name"], err, c.json)
			}
			if strings.Count(file, "\n") != 1 || strings.ContainsAny(file, "\u2028\u2029\u0085\x00") {
				t.Errorf("JSON is not one line everywhere: %q", file)
			}
		})
	}
	r := full()
	r.KeyName = "\r=1" // which encoding/csv reads back as a line feed where another follows
	if file := written(t, export.Activity().CSV, r); !strings.Contains(file, ",\"'\r=1\",") {
		t.Errorf("a carriage return first: %q", file)
	}
}

// Whatever people type as names, a file has as many lines and cells as it should, reads
// back as what was typed, and begins no cell as a formula.
func TestAnyTextReadsBack(t *testing.T) {
	text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("=+-@\t,;\"'\n a\x00＝"))),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))
	rapid.Check(t, func(t *rapid.T) {
		r := full()
		r.ProjectName, r.KeyName = text.Draw(t, "project"), text.Draw(t, "key")
		var out bytes.Buffer
		if err := export.Activity().CSV(&out, export.Each([]usage.NamedRecord{r, full()})); err != nil || !utf8.Valid(out.Bytes()) {
			t.Fatalf("%v, valid UTF-8: %v", err, utf8.Valid(out.Bytes()))
		}
		lines, err := csv.NewReader(&out).ReadAll()
		if err != nil || len(lines) != 3 {
			t.Fatalf("%d lines, %v", len(lines), err)
		}
		for at, typed := range map[int]string{4: r.ProjectName, 6: r.KeyName} {
			read := lines[1][at]
			if read != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", []rune(read)[0]) {
				t.Fatalf("%q begins as a formula", read)
			}
			clean := strings.ReplaceAll(strings.ReplaceAll(string([]rune(typed)), "\x00", "\ufffd"), "\r\n", "\n") // as encoding/csv reads line ends
			if read != clean && read != "'"+clean {
				t.Fatalf("%q reads back as %q", clean, read)
			}
		}
		out.Reset()
		if err := export.Activity().JSONLines(&out, export.Each([]usage.NamedRecord{r})); err != nil {
			t.Fatal(err)
		}
		var back map[string]any
		if err := json.Unmarshal(out.Bytes(), &back); err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(string([]rune(r.KeyName)), "\x00", "\ufffd"); back["key_name"] != want && (want != "" || back["key_name"] != nil) {
			t.Fatalf("%q reads back as %q", want, back["key_name"])
		}
	})
}

// full disk: a writer that takes so many bytes.
type disk struct{ room int }

var errFull = errors.New("full")

func (d *disk) Write(p []byte) (int, error) {
	n := min(d.room, len(p))
	if d.room -= n; n < len(p) {
		return n, errFull
	}
	return n, nil
}

func TestWriteErrorsEndIt(t *testing.T) {
	rows := slices.Repeat([]usage.NamedRecord{full()}, 200)
	for name, to := range map[string]func(io.Writer, iter.Seq2[usage.NamedRecord, error]) error{
		"CSV": export.Activity().CSV, "JSON lines": export.Activity().JSONLines,
	} {
		size := len(written(t, to, rows...))
		for room := 0; room <= size; room += 97 {
			given := 0
			err := to(&disk{room}, func(yield func(usage.NamedRecord, error) bool) {
				for _, r := range rows {
					if given++; !yield(r, nil) {
						return
					}
				}
			})
			if !errors.Is(err, errFull) {
				t.Fatalf("%s with room for %d of %d bytes: %v", name, room, size, err)
			}
			if room < size/4 && given > 150 {
				t.Fatalf("%s with room for %d of %d bytes took %d rows", name, room, size, given)
			}
		}
		if err := to(&disk{size}, export.Each(rows)); err != nil {
			t.Errorf("%s with room for all: %v", name, err)
		}
	}
}

// An error of the rows ends the file after the last whole line, and is returned: so does
// a context that is over.
func TestErrorsOfRowsEndIt(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	rows := func(yield func(usage.NamedRecord, error) bool) {
		for i := range 10 {
			if i == 3 {
				cancel()
			}
			if err := ctx.Err(); err != nil {
				yield(usage.NamedRecord{}, err)
				return
			}
			if !yield(full(), nil) {
				return
			}
		}
	}
	var out bytes.Buffer
	if err := export.Activity().CSV(&out, rows); !errors.Is(err, context.Canceled) {
		t.Errorf("CSV = %v, want context.Canceled", err)
	}
	if n := strings.Count(out.String(), "\r\n"); n != 4 || !strings.HasSuffix(out.String(), "\r\n") {
		t.Errorf("%d lines, want the header and 3 rows", n)
	}
}

func TestRowsThatBeginWithAnError(t *testing.T) {
	var out bytes.Buffer
	err := export.Activity().CSV(&out, func(yield func(usage.NamedRecord, error) bool) { yield(usage.NamedRecord{}, errFull) })
	if !errors.Is(err, errFull) || out.Len() > 0 {
		t.Errorf("CSV = %v, and wrote %q", err, out.String())
	}
}

func TestNoRows(t *testing.T) {
	if got := written(t, export.Activity().CSV); strings.Count(got, "\r\n") != 1 {
		t.Errorf("CSV of no rows is %q, want the header", got)
	}
	if got := written(t, export.Activity().JSONLines); got != "" {
		t.Errorf("JSON lines of no rows is %q", got)
	}
}

// A million rows take the memory of one.
func TestAMillionRowsTakeTheMemoryOfOne(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	const rows = 1_000_000
	r := full()
	r.KeyName = `=a "quoted" name`
	million := func(yield func(usage.NamedRecord, error) bool) {
		for range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
	for name, to := range map[string]func(io.Writer, iter.Seq2[usage.NamedRecord, error]) error{
		"CSV": export.Activity().CSV, "JSON lines": export.Activity().JSONLines,
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := to(io.Discard, million); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
			t.Errorf("%s allocates %d bytes for %d rows", name, n, rows)
		}
	}
}

func BenchmarkCSV(b *testing.B) {
	columns, row := export.Activity(), full()
	b.ReportAllocs()
	err := columns.CSV(io.Discard, func(yield func(usage.NamedRecord, error) bool) {
		for b.Loop() {
			if !yield(row, nil) {
				return
			}
		}
	})
	if err != nil {
		b.Fatal(err)
	}
}

// names are the columns of a file by their header.
func names[T any](columns export.Columns[T]) (all []string) {
	for _, c := range columns {
		all = append(all, c.Name)
	}
	return all
}

// Every column says what it means and is there once; its name is a word that needs no
// quotes and is no formula.
func TestColumnsSayWhatTheyMean(t *testing.T) {
	all := report()
	all.By = []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome}
	check := func(of string, names []string, meanings []string) {
		seen := map[string]bool{}
		for i, name := range names {
			if seen[name] || meanings[i] == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
				t.Errorf("%s: column %q twice, without a meaning or with an odd name", of, name)
			}
			seen[name] = true
		}
	}
	var meanings []string
	for _, c := range export.Activity() {
		meanings = append(meanings, c.Meaning)
	}
	check("activity", names(export.Activity()), meanings)
	meanings = nil
	for _, c := range export.Usage(all) {
		meanings = append(meanings, c.Meaning)
	}
	check("usage", names(export.Usage(all)), meanings)
	var mapped []string
	meanings = nil
	for _, m := range export.FOCUSMapping() {
		mapped, meanings = append(mapped, m.Column), append(meanings, m.From)
	}
	check("FOCUS", mapped, meanings)
}

// An empty cell stands only where the column says what that means, and the units are all
// there.
func TestEmptyCellsMeanSomething(t *testing.T) {
	for _, rows := range [][]usage.NamedRecord{{full()}, {bare()}} {
		lines, err := csv.NewReader(strings.NewReader(written(t, export.Activity().CSV, rows...))).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range export.Activity() {
			if lines[1][i] == "" && c.Null == "" {
				t.Errorf("%s is empty, which has no meaning", c.Name)
			}
		}
	}
	header := names(export.Activity())
	for _, u := range tenancy.Units() {
		if !slices.Contains(header, string(u)) {
			t.Errorf("no column for %s", u)
		}
	}
}
