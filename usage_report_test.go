package tenet_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// traffic appends n records of few projects, models and callers, spread over a span in
// quarter-hours and at their ends, and returns them.
func traffic(t testing.TB, w *world, st store.Usage, span tenet.Span, n int) []usage.Record {
	t.Helper()
	ann := w.As("ann")
	second := must[tenancy.Project](t)(ann.CreateProject(t.Context(), w.org, tenet.NewProject{Name: "trial"}))
	random := rand.New(rand.NewPCG(5, 5))
	quarters := int64(span.To.Sub(span.From) / usage.Quarter)
	records := make([]usage.Record, n)
	for i := range records {
		at := span.From.Add(time.Duration(random.Int64N(quarters)) * usage.Quarter)
		if random.IntN(2) == 0 {
			at = at.Add(usage.Quarter - time.Microsecond) // its last instant
		}
		r := usage.Record{
			ID: usage.RecordID(fmt.Sprint("rec_", i)), At: at.UTC(), Org: w.org, Project: w.project.ID, Key: w.key.ID,
			Requested: "gpt-4o", Served: "gpt-4o", Outcome: usage.OutcomeOK, Status: 200, Count: 1, Latency: time.Second,
			Units: usage.Units{}.With(tenancy.UnitInput, random.Int64N(1000)), Cost: usage.Money{Micro: random.Int64N(9999), Known: true},
		}
		switch random.IntN(6) {
		case 0:
			r.Project = second.ID
		case 1:
			r.Key, r.User = "", "ann"
		case 2:
			r.Served, r.Cost = usage.UnknownModel, usage.Money{}
		case 3:
			r.Outcome, r.Status, r.Units, r.Cost = usage.OutcomeUpstreamError, 502, usage.Units{}, usage.Money{}
		case 4:
			r.Requested, r.Served = "", ""
			r.Outcome, r.Reason, r.Status, r.Count, r.Units, r.Cost = usage.OutcomeDenied, access.ReasonModelUnknown, 429, 7, usage.Units{}, usage.Money{}
		}
		records[i] = r
	}
	for part := range slices.Chunk(records, store.MaxAppend) {
		mustNot(t, st.Append(t.Context(), part))
	}
	return records
}

// countsUnder is what a record counts under, by dimension.
func countsUnder(r usage.Record) map[usage.Dimension]string {
	return map[usage.Dimension]string{
		usage.ByProject: string(r.Project), usage.ByModel: string(r.Served), usage.ByKey: string(r.Key),
		usage.ByUser: string(r.User), usage.ByOutcome: string(r.Outcome),
	}
}

// naive adds up, with nothing of the code under test, the calls, units and cost of
// the records that in says.
func naive(records []usage.Record, in func(usage.Record) bool) (s usage.Sums) {
	for _, r := range records {
		if !in(r) {
			continue
		}
		s.Calls += r.Count
		if n, ok := r.Units.Get(tenancy.UnitInput); ok {
			s.Units[0] += n * r.Count
			s.Reported[0] += r.Count
		}
		if r.Cost.Known {
			s.Cost += r.Cost.Micro * r.Count
			s.Priced += r.Count
		}
	}
	return s
}

// Whatever a report is split by, cut into and kept to, in zones whose days have 23 and
// 25 hours and in those whose hours begin at the half and at the quarter: each row is the
// sum of its records, all rows are the sum of all records of the periods, and no day is
// counted twice.
func TestUsageAddsUpHoweverItIsSplit(t *testing.T) {
	for _, c := range []struct {
		zone, why string
		from, to  time.Time
		hours     []float64 // of the days
	}{
		{"America/New_York", "a day of 23 hours", time.Date(2026, 3, 7, 5, 0, 0, 0, time.UTC), time.Date(2026, 3, 10, 4, 0, 0, 0, time.UTC), []float64{24, 23, 24}},
		{"America/New_York", "a day of 25 hours", time.Date(2026, 10, 31, 4, 0, 0, 0, time.UTC), time.Date(2026, 11, 3, 5, 0, 0, 0, time.UTC), []float64{24, 25, 24}},
		{"Asia/Kolkata", "+05:30", time.Date(2026, 4, 29, 18, 30, 0, 0, time.UTC), time.Date(2026, 5, 1, 18, 30, 0, 0, time.UTC), []float64{24, 24}},
		{"Asia/Kathmandu", "+05:45", time.Date(2026, 4, 29, 18, 15, 0, 0, time.UTC), time.Date(2026, 5, 1, 18, 15, 0, 0, time.UTC), []float64{24, 24}},
	} {
		t.Run(c.zone+" "+c.why, func(t *testing.T) {
			eachStore(t, func(t *testing.T, st backend) {
				w := newWorld(t, st)
				must[tenancy.Organization](t)(w.As("ann").SetTimeZone(t.Context(), w.org, c.zone))
				records := traffic(t, w, st, tenet.Span{From: c.from.Add(-6 * time.Hour), To: c.to.Add(6 * time.Hour)}, 300)
				days := must[usage.Report](t)(w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{Span: tenet.Span{From: c.from, To: c.to}, Step: usage.StepDay}))
				var hours []float64
				for i := range days.Cuts[1:] {
					hours = append(hours, days.Cuts[i+1].Sub(days.Cuts[i]).Hours())
				}
				if diff := gocmp.Diff(c.hours, hours); diff != "" || !days.Cuts[0].Equal(c.from) {
					t.Fatalf("days from %v (-want +got):\n%s", days.Cuts[0], diff)
				}
				rapid.Check(t, func(rt *rapid.T) { usageAddsUp(rt, w, records, tenet.Span{From: c.from, To: c.to}) })
			})
		})
	}
}

func usageAddsUp(t *rapid.T, w *world, records []usage.Record, span tenet.Span) {
	project := rapid.SampledFrom([]tenancy.ProjectID{"", w.project.ID}).Draw(t, "project")
	q := tenet.UsageQuery{
		Span:    tenet.Span{From: span.From.Add(time.Duration(rapid.Int64Range(-5, 30).Draw(t, "begins")) * usage.Quarter), To: span.To},
		Step:    rapid.SampledFrom([]usage.Step{"", usage.StepQuarter, usage.StepHour, usage.StepDay, usage.StepMonth}).Draw(t, "step"),
		By:      rapid.SliceOfNDistinct(rapid.SampledFrom([]usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome}), 0, 5, rapid.ID).Draw(t, "by"),
		Top:     rapid.IntRange(0, 4).Draw(t, "top"),
		Measure: rapid.SampledFrom([]usage.Measure{"", usage.MeasureCost, usage.Measure(tenancy.UnitInput)}).Draw(t, "measure"),
	}
	var report usage.Report
	var err error
	if project == "" {
		report, err = w.As("ann").OrganizationUsage(t.Context(), w.org, q)
	} else {
		report, err = w.As("ann").Usage(t.Context(), w.org, project, q)
	}
	if err != nil {
		t.Fatal(err)
	}
	of := func(r usage.Record) bool { return project == "" || r.Project == project }
	all := naive(records, func(r usage.Record) bool {
		return of(r) && !r.At.Before(report.Cuts[0]) && r.At.Before(report.Cuts[len(report.Cuts)-1])
	})
	if got, err := report.Total(); got != all || err != nil {
		t.Fatalf("%+v adds up to %+v, %v, want %+v", q, got, err, all)
	}
	items := map[string]bool{}
	for _, row := range report.Rows {
		items[fmt.Sprint(row.Items)] = true
		if len(row.Items) > 0 && row.Items[0].Other {
			continue
		}
		want := naive(records, func(r usage.Record) bool {
			return of(r) && !r.At.Before(row.Start) && r.At.Before(row.End) &&
				!slices.ContainsFunc(row.Items, func(i usage.Item) bool { return i.ID != countsUnder(r)[i.By] })
		})
		if row.Sums != want {
			t.Fatalf("%+v: %s of %v = %+v, want %+v", q, row.Name(), row.Start, row.Sums, want)
		}
	}
	if q.Top > 0 && len(items) > q.Top+1 {
		t.Fatalf("%d items, want the %d largest and the others", len(items), q.Top)
	}
	table, err := report.Table(usage.MeasureCalls)
	if err != nil || table.Total != all || len(table.Lines) != len(report.Cuts)-1 {
		t.Fatalf("Table: %v, %d lines, %+v", err, len(table.Lines), table.Total)
	}
}

// One dimension is answered by the roll-ups and also where records were forgotten;
// several are not, and say so.
func TestUsagePastRetention(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		horizon := from.Add(24 * time.Hour)
		traffic(t, w, st, tenet.Span{From: from, To: from.Add(48 * time.Hour)}, 40)
		_, err := st.(store.Upkeep).Prune(t.Context(), horizon, 1000)
		mustNot(t, err)
		several := []usage.Dimension{usage.ByModel, usage.ByKey}
		for _, c := range []struct {
			name string
			from time.Time
			by   []usage.Dimension
			want error
		}{
			{"one, from before", from, several[:1], nil},
			{"none, from before", from, nil, nil},
			{"several, from before", from, several, store.ErrPastRetention},
			{"several, from just before", horizon.Add(-usage.Quarter), several, store.ErrPastRetention},
			{"several, whose period begins before", horizon.Add(time.Hour), several, nil},
			{"several, from the horizon", horizon, several, nil},
		} {
			report, err := w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{Span: tenet.Span{From: c.from, To: from.Add(48 * time.Hour)}, Step: usage.StepDay, By: c.by})
			if !errors.Is(err, c.want) || (err == nil) != (report.Rows != nil) {
				t.Errorf("%s: %v and %d rows, want %v", c.name, err, len(report.Rows), c.want)
			}
		}
	})
}

// The horizon that moves while records are read makes sums of less than there was.
func TestUsageNoticesThatTheHorizonMoves(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		moving := &movingHorizon{Usage: st, Upkeep: st.(store.Upkeep), to: from.Add(time.Hour)}
		w := newWorld(t, st, func(o *tenet.Options) { o.Usage = moving })
		traffic(t, w, st, tenet.Span{From: from, To: from.Add(2 * time.Hour)}, 40)
		_, err := w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{
			Span: tenet.Span{From: from, To: from.Add(2 * time.Hour)}, By: []usage.Dimension{usage.ByModel, usage.ByKey},
		})
		if !errors.Is(err, store.ErrPastRetention) {
			t.Errorf("OrganizationUsage = %v, want store.ErrPastRetention", err)
		}
	})
}

// Sums beyond 64 bits are an error of the report that has them, never a wrapped number,
// and keep nobody from the records and the sums that fit.
func TestB7UsageBeyond64Bits(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		ann := w.As("ann")
		for i, user := range []tenancy.UserID{"u1", "u2", "u3"} {
			mustNot(t, st.Append(t.Context(), []usage.Record{{
				ID: usage.RecordID("rec_" + user), At: lately.From, Org: w.org, Project: w.project.ID, User: user, Served: tenancy.ModelID(fmt.Sprint("m", i)),
				Outcome: usage.OutcomeOK, Count: 1, Units: usage.Units{}.With(tenancy.UnitInput, math.MaxInt64-1),
			}}))
		}
		for _, c := range []struct {
			name string
			q    tenet.UsageQuery
			rows int
			want error
		}{
			{"as a whole", tenet.UsageQuery{}, 0, usage.ErrOverflow},
			{"by key, under none", tenet.UsageQuery{By: []usage.Dimension{usage.ByKey}}, 0, usage.ErrOverflow},
			{"by user", tenet.UsageQuery{By: []usage.Dimension{usage.ByUser}}, 3, nil},
			{"the largest of them", tenet.UsageQuery{By: []usage.Dimension{usage.ByUser}, Top: 2}, 3, nil},
			{"and too many others", tenet.UsageQuery{By: []usage.Dimension{usage.ByUser}, Top: 1}, 0, usage.ErrOverflow},
			{"by model and user", tenet.UsageQuery{By: []usage.Dimension{usage.ByModel, usage.ByUser}}, 3, nil},
			{"by project and key", tenet.UsageQuery{By: []usage.Dimension{usage.ByProject, usage.ByKey}}, 0, usage.ErrOverflow},
		} {
			c.q.Span = lately
			report, err := ann.OrganizationUsage(t.Context(), w.org, c.q)
			if len(report.Rows) != c.rows || !errors.Is(err, c.want) {
				t.Errorf("%s: %d rows, %v, want %d, %v", c.name, len(report.Rows), err, c.rows, c.want)
			}
			for _, row := range report.Rows {
				if row.Units[0] != math.MaxInt64-1 {
					t.Errorf("%s: %s has %d", c.name, row.Name(), row.Units[0])
				}
			}
		}
		if n := len(activity(t, w)); n != 3 {
			t.Errorf("%d records, want 3", n)
		}
	})
}

// A report of nothing is lists of nothing, not null.
func TestUsageOfNothingAsJSON(t *testing.T) {
	w := newWorld(t, memory.New())
	report := must[usage.Report](t)(w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{Span: lately}))
	want := `{"zone":"UTC","currency":"EUR","by":[],"cuts":["2026-01-01T00:00:00Z","2026-01-02T00:00:00Z"],"rows":[]}`
	if got := must[[]byte](t)(json.Marshal(report)); string(got) != want {
		t.Errorf("JSON of no calls: %s, want %s", got, want)
	}
}

func TestUsageQueryBounds(t *testing.T) {
	w := newTown(t)
	for _, c := range []struct {
		name string
		edit func(*tenet.UsageQuery)
		want error
	}{
		{"as it is", func(*tenet.UsageQuery) {}, nil},
		{"no span", func(q *tenet.UsageQuery) { q.Span = tenet.Span{} }, usage.ErrInvalid},
		{"a negative top", func(q *tenet.UsageQuery) { q.Top = -1 }, usage.ErrInvalid},
		{"no such measure", func(q *tenet.UsageQuery) { q.Measure = "tokens" }, usage.ErrInvalid},
		{"a dimension twice", func(q *tenet.UsageQuery) { q.By = []usage.Dimension{usage.ByKey, usage.ByKey} }, usage.ErrInvalid},
		{"an empty dimension", func(q *tenet.UsageQuery) { q.By = []usage.Dimension{""} }, usage.ErrInvalid},
	} {
		q := tenet.UsageQuery{Span: lately}
		c.edit(&q)
		if _, err := w.As("ann").OrganizationUsage(t.Context(), w.org, q); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
