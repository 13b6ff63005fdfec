package usage_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// day is the n-th day of a report that begins in May.
func day(n int) time.Time { return may.AddDate(0, 0, n) }

// rowOf is a row of models in a day.
func rowOf(n int, sums usage.Sums, models ...string) usage.Row {
	r := usage.Row{Start: day(n), End: day(n + 1), Items: []usage.Item{}, Sums: sums}
	for _, m := range models {
		r.Items = append(r.Items, usage.Item{By: usage.ByModel, ID: m, Name: m})
	}
	return r
}

// others is a row of the others in a day.
func others(n int, sums usage.Sums) usage.Row {
	r := rowOf(n, sums, "")
	r.Items[0].Name, r.Items[0].Other = "(other)", true
	return r
}

func calls(n int64) usage.Sums { return usage.Sums{Calls: n} }

func TestTop(t *testing.T) {
	rows := []usage.Row{
		rowOf(0, usage.Sums{Calls: 5, Cost: 1, Priced: 5}, "a"), rowOf(0, usage.Sums{Calls: 3, Cost: 900, Priced: 3}, "b"), rowOf(0, calls(2), "c"),
		rowOf(1, calls(4), "b"), rowOf(1, calls(6), "c"), rowOf(2, usage.Sums{Calls: 1, Units: usage.Amounts{0, 0, 9}}, "d"),
	}
	c0 := calls(2)
	for _, c := range []struct {
		name string
		why  string
		n    int
		by   usage.Measure
		want []usage.Row
		err  error
	}{
		{"by calls", "c has 8 over the span, b 7, a 5 and d 1", 1, usage.MeasureCalls,
			[]usage.Row{rows[2], others(0, usage.Sums{Calls: 8, Cost: 901, Priced: 8}), rows[4], others(1, calls(4)), others(2, rows[5].Sums)}, nil},
		{"by cost", "and a tie between c and d would go to c", 2, usage.MeasureCost,
			[]usage.Row{rows[0], rows[1], others(0, c0), rows[3], others(1, calls(6)), others(2, rows[5].Sums)}, nil},
		{"by a unit", "only d has output", 1, usage.Measure(tenancy.UnitOutput),
			[]usage.Row{others(0, usage.Sums{Calls: 10, Cost: 901, Priced: 8}), others(1, calls(10)), rows[5]}, nil},
		{"as many as there are", "nothing is left to add up", 4, usage.MeasureCalls, rows, nil},
		{"more than there are", "nothing is left to add up", 9, usage.MeasureCalls, rows, nil},
		{"none", "a report of the others alone tells nothing", 0, usage.MeasureCalls, nil, usage.ErrInvalid},
		{"by nothing", "a typing error is no order", 1, "tokens", nil, usage.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := usage.Top(rows, c.n, c.by)
			if diff := cmp.Diff(c.want, got); diff != "" || !errors.Is(err, c.err) {
				t.Errorf("Top = %v, want %v; %s (-want +got):\n%s", err, c.err, c.why, diff)
			}
		})
	}
	if _, err := usage.Top([]usage.Row{rowOf(0, calls(math.MaxInt64), "a"), rowOf(1, calls(1), "a")}, 1, usage.MeasureCalls); !errors.Is(err, usage.ErrOverflow) {
		t.Errorf("an item beyond 64 bits: %v", err)
	}
	if _, err := usage.Top([]usage.Row{rowOf(0, calls(math.MaxInt64), "a"), rowOf(0, calls(math.MaxInt64), "b"), rowOf(0, calls(1), "c")}, 1, usage.MeasureCalls); !errors.Is(err, usage.ErrOverflow) {
		t.Errorf("others beyond 64 bits: %v", err)
	}
}

// Which of two items as large is kept does not depend on which called first.
func TestTopOfEquals(t *testing.T) {
	rows := []usage.Row{rowOf(0, calls(2), "b"), rowOf(1, calls(2), "a")}
	got, err := usage.Top(rows, 1, usage.MeasureCalls)
	if diff := cmp.Diff([]usage.Row{others(0, calls(2)), rows[1]}, got); diff != "" || err != nil {
		t.Errorf("Top = %v (-want +got):\n%s", err, diff)
	}
}

// A person may be called as the others are.
func TestTopTellsOthersFromTheirName(t *testing.T) {
	person := rowOf(0, calls(1), "(other)")
	got, err := usage.Top([]usage.Row{rowOf(0, calls(2), "a"), rowOf(0, calls(2), "b"), person}, 2, usage.MeasureCalls)
	if diff := cmp.Diff([]usage.Row{rowOf(0, calls(2), "a"), rowOf(0, calls(2), "b"), others(0, calls(1))}, got); diff != "" || err != nil {
		t.Errorf("Top = %v (-want +got):\n%s", err, diff)
	}
}

func TestTable(t *testing.T) {
	r := usage.Report{By: []usage.Dimension{usage.ByModel}, Cuts: []time.Time{day(0), day(1), day(2), day(3)}, Rows: []usage.Row{
		rowOf(0, calls(5), "a"), rowOf(0, calls(7), "b"), others(0, calls(50)), rowOf(2, calls(4), "a"), rowOf(2, calls(1), "c"),
	}}
	got, err := r.Table(usage.MeasureCalls)
	want := usage.Table{
		Cuts:  r.Cuts,
		Items: [][]usage.Item{r.Rows[0].Items, r.Rows[1].Items, r.Rows[4].Items, r.Rows[2].Items},
		Cells: [][]usage.Sums{{calls(5), calls(7), {}, calls(50)}, {{}, {}, {}, {}}, {calls(4), {}, calls(1), {}}},
		Lines: []usage.Sums{calls(62), {}, calls(5)},
		Heads: []usage.Sums{calls(9), calls(7), calls(1), calls(50)},
		Total: calls(67),
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("Table = %v (-want +got):\n%s", err, diff)
	}
	for _, c := range []struct {
		name   string
		report usage.Report
		by     usage.Measure
		err    error
	}{
		{"no such measure", r, "size", usage.ErrInvalid},
		{"a row between the cuts", usage.Report{Cuts: []time.Time{day(1), day(3)}, Rows: []usage.Row{rowOf(2, calls(1))}}, usage.MeasureCalls, usage.ErrInvalid},
		{"a row after the cuts", usage.Report{Cuts: []time.Time{day(1), day(2)}, Rows: []usage.Row{rowOf(2, calls(1))}}, usage.MeasureCalls, usage.ErrInvalid},
		{"a line beyond 64 bits", usage.Report{Cuts: r.Cuts, Rows: []usage.Row{rowOf(2, calls(math.MaxInt64), "a"), rowOf(2, calls(1), "b")}}, usage.MeasureCalls, usage.ErrOverflow},
		{"a column beyond 64 bits", usage.Report{Cuts: r.Cuts, Rows: []usage.Row{rowOf(0, calls(math.MaxInt64), "a"), rowOf(2, calls(1), "a")}}, usage.MeasureCalls, usage.ErrOverflow},
	} {
		if got, err := c.report.Table(c.by); !errors.Is(err, c.err) || got.Cells != nil {
			t.Errorf("%s: Table = %v, want %v", c.name, err, c.err)
		}
	}
}

func TestTotalOverflows(t *testing.T) {
	r := usage.Report{Rows: []usage.Row{rowOf(0, calls(math.MaxInt64)), rowOf(1, calls(1))}}
	if got, err := r.Total(); !errors.Is(err, usage.ErrOverflow) || got != (usage.Sums{}) {
		t.Errorf("Total = %+v, %v", got, err)
	}
}

func TestSumsAsText(t *testing.T) {
	for _, c := range []struct {
		name string
		sums usage.Sums
		of   usage.Measure
		want string
	}{
		{"calls", calls(12), usage.MeasureCalls, "12"},
		{"no call", usage.Sums{}, usage.MeasureCost, "0"},
		{"a cost", usage.Sums{Calls: 2, Cost: 3300, Priced: 2}, usage.MeasureCost, "0.0033"},
		{"some without a price", usage.Sums{Calls: 2, Cost: 3300, Priced: 1}, usage.MeasureCost, "at least 0.0033"},
		{"all without a price", calls(2), usage.MeasureCost, "unknown"},
		{"free", usage.Sums{Calls: 2, Priced: 2}, usage.MeasureCost, "0"},
		{"a unit that some reported", usage.Sums{Calls: 2, Units: usage.Amounts{7}, Reported: usage.Amounts{1}}, usage.Measure(tenancy.UnitInput), "at least 7"},
		{"a unit that none reported", calls(2), usage.Measure(tenancy.UnitOutput), "unknown"},
	} {
		if got := c.sums.Text(c.of); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if n := (usage.Sums{Calls: 5, Priced: 3}).Unpriced(); n != 2 {
		t.Errorf("Unpriced = %d, want 2", n)
	}
}

func TestMoneyAsText(t *testing.T) {
	for micro, want := range map[int64]string{
		0: "0", 1: "0.000001", 10: "0.00001", 1_000_000: "1", 1_500_000: "1.5", 12_345_678: "12.345678", 100_000: "0.1",
		math.MaxInt64: "9223372036854.775807", -1: "-0.000001", math.MinInt64: "-9223372036854.775808",
	} {
		if got := (usage.Money{Micro: micro, Known: true}).String(); got != want {
			t.Errorf("%d: %q, want %q", micro, got, want)
		}
	}
	if got := (usage.Money{}).String(); got != "unknown" {
		t.Errorf("the zero Money: %q", got)
	}
}

func TestSplitsAreChecked(t *testing.T) {
	for _, c := range []struct {
		by  []usage.Dimension
		err error
	}{
		{nil, nil}, {[]usage.Dimension{usage.ByKey}, nil},
		{[]usage.Dimension{usage.ByKey, usage.ByUser, usage.ByModel, usage.ByOutcome, usage.ByProject}, nil},
		{[]usage.Dimension{""}, usage.ErrInvalid}, {[]usage.Dimension{"status"}, usage.ErrInvalid},
		{[]usage.Dimension{usage.ByKey, usage.ByModel, usage.ByKey}, usage.ErrInvalid},
	} {
		if _, err := usage.NewFold(nil, c.by); !errors.Is(err, c.err) || !errors.Is(usage.CheckSplit(c.by), c.err) {
			t.Errorf("%q: %v, want %v", c.by, err, c.err)
		}
	}
}

// drawn is some records of few projects, models and callers within three days.
func drawn(t *rapid.T) (records []usage.Record) {
	pick := func(label string, of ...string) string { return rapid.SampledFrom(of).Draw(t, label) }
	for i := range rapid.IntRange(0, 40).Draw(t, "records") {
		r := usage.Record{
			ID: usage.RecordID(fmt.Sprint("rec_", i)), Org: "o", Project: tenancy.ProjectID(pick("project", "p", "q")),
			At:     may.Add(time.Duration(rapid.Int64Range(0, 3*86400-1).Draw(t, "at")) * time.Second),
			Served: tenancy.ModelID(pick("model", "", "m", "n", "(unknown)")), Outcome: usage.OutcomeOK, Count: rapid.Int64Range(1, 3).Draw(t, "count"),
			Units: usage.Units{}.With(tenancy.UnitInput, rapid.Int64Range(-1, 9).Draw(t, "input")),
			Cost:  usage.Money{Micro: rapid.Int64Range(0, 99).Draw(t, "cost"), Known: true},
		}
		if who := pick("caller", "key_1", "key_2", "ann", "bob"); who[:3] == "key" {
			r.Key = tenancy.KeyID(who)
		} else {
			r.User = tenancy.UserID(who)
		}
		if rapid.Bool().Draw(t, "unpriced") {
			r.Cost = usage.Money{}
		}
		records = append(records, r)
	}
	return records
}

// total adds records up without the code under test but for [usage.Record.Sums].
func total(t interface{ Fatal(...any) }, records []usage.Record, in func(usage.Record) bool) (all usage.Sums) {
	for _, r := range records {
		if !in(r) {
			continue
		}
		s, err := r.Sums()
		if err == nil {
			all, err = all.Plus(s)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// However records are split, cut and kept to the largest, each row is the sum of its
// records and all rows are the sum of all records.
func TestSplitsAddUp(t *testing.T) {
	dimensions := []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome}
	measures := []usage.Measure{usage.MeasureCalls, usage.MeasureCost, usage.Measure(tenancy.UnitInput)}
	rapid.Check(t, func(t *rapid.T) {
		records := drawn(t)
		by := rapid.SliceOfNDistinct(rapid.SampledFrom(dimensions), 0, 5, rapid.ID).Draw(t, "by")
		n := rapid.IntRange(1, 5).Draw(t, "n")
		measure := rapid.SampledFrom(measures).Draw(t, "measure")
		report := usage.Report{By: by, Cuts: []time.Time{day(0), day(1), day(2), day(3)}}
		fold, err := usage.NewFold(report.Cuts, by)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if err := fold.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		all := total(t, records, func(usage.Record) bool { return true })
		report.Rows = fold.Rows()
		for _, row := range report.Rows {
			want := total(t, records, func(r usage.Record) bool { return within(r, row) })
			if row.Sums != want || row.Calls == 0 {
				t.Fatalf("row %s of %v = %+v, want %+v", row.Name(), row.Start, row.Sums, want)
			}
		}
		top, err := usage.Top(report.Rows, n, measure)
		if err != nil {
			t.Fatal(err)
		}
		for _, rows := range [][]usage.Row{report.Rows, top} {
			report.Rows = rows
			if got, err := report.Total(); got != all || err != nil {
				t.Fatalf("the rows add up to %+v, %v, want %+v", got, err, all)
			}
			tableAddsUp(t, report, measure, all)
		}
		if kept := distinct(top); kept > n+1 {
			t.Fatalf("%d items, want %d and the others", kept, n)
		}
	})
}

// within says whether a row is of a record.
func within(r usage.Record, row usage.Row) bool {
	ids := map[usage.Dimension]string{
		usage.ByProject: string(r.Project), usage.ByModel: string(r.Served), usage.ByKey: string(r.Key),
		usage.ByUser: string(r.User), usage.ByOutcome: string(r.Outcome),
	}
	return !r.At.Before(row.Start) && r.At.Before(row.End) &&
		!slices.ContainsFunc(row.Items, func(item usage.Item) bool { return item.ID != ids[item.By] })
}

func distinct(rows []usage.Row) int {
	names := map[string]bool{}
	for _, r := range rows {
		names[fmt.Sprint(r.Items)] = true
	}
	return len(slices.Collect(maps.Keys(names)))
}

func tableAddsUp(t *rapid.T, report usage.Report, by usage.Measure, all usage.Sums) {
	table, err := report.Table(by)
	if err != nil || table.Total != all || len(table.Lines) != len(report.Cuts)-1 {
		t.Fatalf("Table: %v, %d lines, total %+v, want %+v", err, len(table.Lines), table.Total, all)
	}
	heads, cells := usage.Report{}, usage.Report{}
	for _, line := range table.Cells {
		for _, sums := range line {
			cells.Rows = append(cells.Rows, usage.Row{Sums: sums})
		}
	}
	for _, sums := range table.Heads {
		heads.Rows = append(heads.Rows, usage.Row{Sums: sums})
	}
	for _, parts := range []usage.Report{heads, cells} {
		if got, err := parts.Total(); got != all || err != nil {
			t.Fatalf("the parts of the table add up to %+v, %v, want %+v", got, err, all)
		}
	}
	for i := 1; i < len(table.Heads); i++ {
		before, _ := table.Heads[i-1].Of(by)
		after, _ := table.Heads[i].Of(by)
		if after > before && !table.Items[i][0].Other {
			t.Fatalf("column %d is larger than the one before", i)
		}
	}
}

func TestFoldEnds(t *testing.T) {
	fold := func(by ...usage.Dimension) *usage.Fold {
		f, err := usage.NewFold([]time.Time{day(0), day(1)}, by)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	call := usage.Record{ID: "rec_1", At: day(0), Org: "o", Project: "p", Key: "k", Outcome: usage.OutcomeOK, Count: 1}
	at := func(at time.Time) usage.Record { r := call; r.At = at; return r }

	f := fold()
	for _, r := range []usage.Record{at(day(0).Add(-1)), call, at(day(1).Add(-1)), at(day(1)), at(day(9))} {
		if err := f.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if rows := f.Rows(); len(rows) != 1 || rows[0].Calls != 2 {
		t.Errorf("a period has its start and not its end: %+v", rows)
	}

	bad := call
	bad.Count = 0
	if err := f.Add(bad); !errors.Is(err, usage.ErrInvalid) {
		t.Errorf("a record of no call: %v", err)
	}
	f = fold()
	large := call
	large.Units, large.Count = usage.Units{}.With(tenancy.UnitInput, math.MaxInt64/2), 2
	if err := errors.Join(f.Add(large), f.Add(call)); err != nil {
		t.Fatal(err)
	}
	if err := f.Add(large); !errors.Is(err, usage.ErrOverflow) {
		t.Errorf("beyond 64 bits: %v", err)
	}

	f = fold(usage.ByKey)
	for i := range usage.MaxRows {
		r := call
		r.Key = tenancy.KeyID(fmt.Sprint(i))
		if err := f.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	call.Key = "0"
	if err := f.Add(call); err != nil {
		t.Errorf("one more call of a row that is there: %v", err)
	}
	call.Key = "one more"
	if err := f.Add(call); !errors.Is(err, usage.ErrInvalid) {
		t.Errorf("one row too many: %v", err)
	}
}

// The form of a report in JSON is the same for no, one and several dimensions.
func TestReportJSON(t *testing.T) {
	r := usage.Report{Zone: "Asia/Kathmandu", Currency: "EUR", By: []usage.Dimension{usage.ByModel}, Cuts: []time.Time{day(0), day(1)},
		Rows: []usage.Row{rowOf(0, calls(1), "m"), others(0, calls(2)), rowOf(0, calls(3))}}
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	zeros := `{"input":0,"cached_input":0,"output":0,"reasoning":0,"images":0,"seconds":0,"characters":0,"requests":0}`
	row := `{"start":"2026-05-01T00:00:00Z","end":"2026-05-02T00:00:00Z","items":[%s],"calls":%d,"units":` + zeros + `,"reported":` + zeros + `,"cost":0,"priced":0}`
	want := `{"zone":"Asia/Kathmandu","currency":"EUR","by":["model"],"cuts":["2026-05-01T00:00:00Z","2026-05-02T00:00:00Z"],"rows":[` +
		fmt.Sprintf(row, `{"by":"model","id":"m","name":"m"}`, 1) + "," +
		fmt.Sprintf(row, `{"by":"model","id":"","name":"(other)","other":true}`, 2) + "," + fmt.Sprintf(row, "", 3) + "]}"
	if diff := cmp.Diff(want, string(data)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
	var back usage.Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, back); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}

func TestRowItems(t *testing.T) {
	r := usage.Row{Items: []usage.Item{{By: usage.ByProject, ID: "proj_1", Name: "prod"}, {By: usage.ByKey, Name: "(none)"}}}
	if r.Name() != "prod / (none)" || rowOf(0, usage.Sums{}).Name() != "" || rowOf(0, usage.Sums{}, "m").Name() != "m" {
		t.Errorf("Name = %q", r.Name())
	}
	if got := r.Item(usage.ByProject).ID; got != "proj_1" || r.Item(usage.ByModel) != (usage.Item{}) {
		t.Errorf("Item = %q", got)
	}
}

// BenchmarkFold adds a record to a few thousand rows of three dimensions.
func BenchmarkFold(b *testing.B) {
	cuts, err := usage.Cuts(day(0), day(30), usage.StepDay, time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	f, err := usage.NewFold(cuts, []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey})
	if err != nil {
		b.Fatal(err)
	}
	var records []usage.Record
	for i := range 3000 {
		records = append(records, usage.Record{
			At: day(i % 30), Project: tenancy.ProjectID(fmt.Sprint("p", i%7)), Served: tenancy.ModelID(fmt.Sprint("m", i%11)), Key: tenancy.KeyID(fmt.Sprint("k", i%101)),
			Units: usage.Units{}.With(tenancy.UnitInput, 900).With(tenancy.UnitOutput, 120), Cost: usage.Money{Micro: 3300, Known: true}, Count: 1,
		})
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := f.Add(records[i%len(records)]); err != nil {
			b.Fatal(err)
		}
	}
}
