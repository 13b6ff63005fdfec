package sqlite_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// monthRecords is how many calls a month has: a tenth under -short, and what
// TENET_USAGE_RECORDS says, since the gain grows with it.
func monthRecords(b *testing.B) int {
	text := os.Getenv("TENET_USAGE_RECORDS")
	if text == "" {
		return fewer(1_000_000)
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		b.Fatalf("TENET_USAGE_RECORDS=%q is no number of records", text)
	}
	return n
}

var monthStart = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// skewed makes calls of one organization in even steps from monthStart on: 10
// projects, 1000 keys and 20 models, by Zipf's law.
type skewed struct {
	keys, models *rand.Zipf
	r            *rand.Rand
	step         time.Duration
	n            int
}

func newSkewed(step time.Duration) *skewed {
	r := rand.New(rand.NewPCG(1, 2))
	return &skewed{rand.NewZipf(r, 1.1, 4, 999), rand.NewZipf(r, 1.2, 2, 19), r, step, 0}
}

func (g *skewed) next(n int) []usage.Record {
	rs := sampleRecords(g.n, n)
	for i := range rs {
		key, in, out := int(g.keys.Uint64()), int64(g.r.IntN(6000)), int64(g.r.IntN(1500))
		r := &rs[i]
		r.At = tenancy.Instant(monthStart.Add(time.Duration(g.n+i) * g.step))
		r.Project, r.Key = sampleProject(key%10).ID, sampleKey(key).ID
		r.Served = tenancy.ModelID(fmt.Sprintf("vendor/model-%02d", g.models.Uint64()))
		r.Requested = r.Served
		if r.Units, r.Cost = (usage.Units{}).With(tenancy.UnitInput, in).With(tenancy.UnitOutput, out), (usage.Money{Micro: 3*in + 15*out, Known: true}); in%50 == 0 {
			r.Outcome, r.Status, r.Units, r.Cost = usage.OutcomeUpstreamError, 502, usage.Units{}, usage.Money{}
		}
	}
	g.n += n
	return rs
}

// openMonth is a store with n calls in 30 days, and its file.
func openMonth(b *testing.B, n int) (*sqlitefile.Store, string) {
	s, path := open(b)
	g := newSkewed(30 * usage.Day / time.Duration(n))
	for left := n; left > 0; left -= store.MaxAppend {
		if err := s.Append(b.Context(), g.next(min(left, store.MaxAppend))); err != nil {
			b.Fatal(err)
		}
	}
	return s, path
}

// BenchmarkRollup asks the roll-up and, in turns, the records of the same file in SQL.
// Both must say the same.
func BenchmarkRollup(b *testing.B) {
	s, path := openMonth(b, monthRecords(b))
	db := raw(b, path)
	day := monthStart.AddDate(0, 0, 15)
	for _, bb := range []struct {
		name string
		q    store.TotalQuery
	}{
		{"day", store.TotalQuery{Project: sampleProject(0).ID, By: usage.ByModel, Cuts: steps(day, time.Hour, 24)}},
		{"month", store.TotalQuery{By: usage.ByProject, Cuts: steps(monthStart, usage.Day, 30)}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			bb.q.Org = sampleOrganization.ID
			var ours, theirs []time.Duration
			for b.Loop() {
				began := time.Now()
				fromRollup, err := s.Totals(b.Context(), bb.q)
				halfway := time.Now()
				if err != nil {
					b.Fatal(err)
				}
				fromRecords := sumRecords(b, db, bb.q)
				ours, theirs = append(ours, halfway.Sub(began)), append(theirs, time.Since(halfway))
				if diff := cmp.Diff(fromRecords, fromRollup); diff != "" {
					b.Fatalf("totals (-records +roll-up):\n%s", diff)
				}
			}
			b.ReportMetric(float64(middle(ours))/1e6, "ms-rollup")
			b.ReportMetric(float64(middle(theirs))/1e6, "ms-records")
			b.ReportMetric(float64(middle(theirs))/float64(middle(ours)), "records/rollup")
		})
	}
}

func middle(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func steps(from time.Time, step time.Duration, n int) []time.Time {
	cuts := make([]time.Time, n+1)
	for i := range cuts {
		cuts[i] = from.Add(time.Duration(i) * step)
	}
	return cuts
}

// sumRecords answers q, whose periods are equally long, from the records by their
// index of time.
func sumRecords(b *testing.B, db *sql.DB, q store.TotalQuery) []store.Total {
	width, column, where := q.Cuts[1].Sub(q.Cuts[0]).Microseconds(), "project", "org = ?2"
	if q.Project != "" {
		column, where = "served", "org = ?2 AND project = ?5"
	}
	rows, err := db.Query(`SELECT at / ?1, `+column+`, `+recordSums()+` FROM usage_record WHERE `+where+
		` AND at >= ?3 AND at < ?4 GROUP BY 1, 2 ORDER BY 1, 2`,
		width, string(q.Org), q.Cuts[0].UnixMicro(), q.Cuts[len(q.Cuts)-1].UnixMicro(), string(q.Project))
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	var all []store.Total
	var period int64
	var t store.Total
	into := []any{&period, &t.Item, &t.Calls, &t.Cost, &t.Priced}
	for i := range t.Units {
		into = append(into, &t.Units[i], &t.Reported[i])
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			b.Fatal(err)
		}
		t.Start, t.End = time.UnixMicro(period*width).UTC(), time.UnixMicro((period+1)*width).UTC()
		all = append(all, t)
	}
	if rows.Err() != nil {
		b.Fatal(rows.Err())
	}
	return all
}

// recordSums are all that a total has.
func recordSums() string {
	sums := []string{`sum(count), ifnull(sum(cost * count), 0), ifnull(sum(iif(cost IS NULL, 0, count)), 0)`}
	for _, u := range tenancy.Units() {
		sums = append(sums, fmt.Sprintf(`ifnull(sum(%[1]s * count), 0), sum(iif(%[1]s IS NULL, 0, count))`, u))
	}
	return strings.Join(sums, ", ")
}
