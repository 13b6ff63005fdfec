package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const trafficDays = 30

// rollups measures reading sums from roll-ups against adding up the records of the
// same file in SQL.
func rollups(ctx context.Context, r *report, o options) error {
	path := filepath.Join(o.sub("rollups"), "tenet.db")
	st, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // the file is removed
	from := time.Now().UTC().Truncate(24*time.Hour).AddDate(0, 0, -trafficDays-1)
	began := time.Now()
	if err := month(ctx, st, from, o.records); err != nil {
		return err
	}
	rate := float64(o.records) / time.Since(began).Seconds()
	db, err := database(path, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	t := r.table(fmt.Sprintf("Sums of %s records in %d days (filled at %s records/s)", sized(o.records), trafficDays, figure(rate)),
		"question", "roll-ups ms", "raw records ms", "raw/roll-ups")
	for _, q := range questions(from) {
		if err := q.measure(ctx, r, t, o, st, db); err != nil {
			return err
		}
	}
	return nil
}

// month fills a file with records of trafficDays.
func month(ctx context.Context, st store.Usage, from time.Time, n int) error {
	t := newTraffic(from, trafficDays*24*time.Hour/time.Duration(n+1))
	for n > 0 {
		size := min(n, store.MaxAppend)
		if err := st.Append(ctx, t.next(size)); err != nil {
			return err
		}
		n -= size
	}
	return nil
}

// question is asked of roll-ups and of records.
type question struct {
	name string // of the ratio
	text string
	q    store.TotalQuery
	goal goal
}

func questions(from time.Time) []question {
	day := from.AddDate(0, 0, trafficDays/2)
	return []question{
		{"rollup_day", "a day of a project, by hour and model", store.TotalQuery{
			Org: orgID(0), Project: trafficProject(0), By: usage.ByModel, Cuts: cuts(day, time.Hour, 24)}, atLeast(10)},
		{"rollup_month", "a month of the organization, by day and project", store.TotalQuery{
			Org: orgID(0), By: usage.ByProject, Cuts: cuts(from, 24*time.Hour, trafficDays)}, atLeast(200)},
	}
}

func cuts(from time.Time, step time.Duration, n int) []time.Time {
	list := make([]time.Time, n+1)
	for i := range list {
		list[i] = from.Add(time.Duration(i) * step)
	}
	return list
}

func (q question) measure(ctx context.Context, r *report, t *table, o options, st store.Usage, db *sql.DB) error {
	began := time.Now()
	ours, err := st.Totals(ctx, q.q)
	times := int(min(20, 1+20*time.Millisecond/time.Since(began))) // what is quick is asked more often
	if err != nil {
		return err
	}
	theirs, err := q.sql(ctx, db)
	if err != nil {
		return err
	}
	if !slices.Equal(ours, theirs) {
		return disagreeing(q.text, len(ours), len(theirs))
	}
	took, err := interleave(o.few,
		subject{q.name, times, func() error {
			for range times {
				if _, err := st.Totals(ctx, q.q); err != nil {
					return err
				}
			}
			return nil
		}},
		subject{"raw", 1, func() error { _, err := q.sql(ctx, db); return err }})
	if err != nil {
		return err
	}
	s := took[1].over(took[0])
	t.add(q.text, ms(took[0]), ms(took[1]), s.String())
	r.rounds(q.name+"_vs_raw_"+sized(o.records), s, q.goal)
	return nil
}

// sql answers the question from the records, by the index that is made for it.
func (q question) sql(ctx context.Context, db *sql.DB) ([]store.Total, error) {
	width := q.q.Cuts[1].Sub(q.q.Cuts[0]).Microseconds()
	from, to := q.q.Cuts[0].UnixMicro(), q.q.Cuts[len(q.q.Cuts)-1].UnixMicro()
	column, where, args := "project", "org = ?", []any{width, string(q.q.Org)}
	if q.q.By == usage.ByModel {
		column = "served"
	}
	if q.q.Project != "" {
		where, args = where+" AND project = ?", append(args, string(q.q.Project))
	}
	rows, err := db.QueryContext(ctx, `SELECT at / ? AS period, `+column+`, `+rawSums()+` FROM usage_record
		WHERE `+where+` AND at >= ? AND at < ? GROUP BY 1, 2 ORDER BY 1, 2`, append(args, from, to)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var totals []store.Total
	for rows.Next() {
		var period int64
		var x store.Total
		into := []any{&period, &x.Item, &x.Calls, &x.Cost, &x.Priced}
		for i := range x.Units {
			into = append(into, &x.Units[i], &x.Reported[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		x.Start = time.UnixMicro(period * width).UTC()
		x.End = x.Start.Add(time.Duration(width) * time.Microsecond)
		totals = append(totals, x)
	}
	return totals, rows.Err()
}

// rawSums are all that a Total has.
func rawSums() string {
	sums := []string{`sum(count), ifnull(sum(cost * count), 0), ifnull(sum(iif(cost IS NULL, 0, count)), 0)`}
	for _, u := range tenancy.Units() {
		sums = append(sums, fmt.Sprintf(`ifnull(sum(%[1]s * count), 0), sum(iif(%[1]s IS NULL, 0, count))`, u))
	}
	return strings.Join(sums, ", ")
}
