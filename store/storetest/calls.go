package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// trace is n calls over two organizations, three quarter-hours, and every
// dimension that usage is split by; some of them begin at the same instant.
func trace(n int) []usage.Record {
	rs := make([]usage.Record, n)
	for i := range rs {
		rs[i] = call(i)
	}
	return rs
}

func call(i int) usage.Record {
	r := usage.Record{
		ID:        usage.RecordID(fmt.Sprintf("rec_%05d", i*7919%100000)), // in another order than the times
		At:        noon.Add(time.Duration(i/2%9) * 5 * time.Minute),
		Org:       pick(i/3, orgA, orgA, orgB),
		Project:   pick[tenancy.ProjectID](i, "proj_1", "proj_2", "PROJ_1"),
		Requested: "alias",
		Served:    pick[tenancy.ModelID](i/2, "m1", "M1", "", usage.UnknownModel),
		Outcome:   pick(i/5, usage.OutcomeOK, usage.OutcomeOK, usage.OutcomeDenied, usage.OutcomeAbandoned),
		Units:     usage.Units{}.With(tenancy.UnitInput, int64(i)).With(tenancy.UnitRequests, 1),
		Count:     pick[int64](i, 1, 1, 3),
		Status:    pick(i/7, 200, 404, 0, 429),
	}
	if i%4 == 0 {
		r.User = pick[tenancy.UserID](i/4, "u1", "key_1")
	} else {
		r.Key = pick[tenancy.KeyID](i/4, "key_1", "KEY_1", "u1")
	}
	if i%3 == 0 {
		r.Cost = usage.Money{Micro: int64(i), Known: true}
		r.Units = r.Units.With(tenancy.UnitOutput, int64(2*i))
	}
	return r
}

func pick[T any](i int, of ...T) T { return of[i%len(of)] }

// brimful is a record with every field set, each unit and amount as large as it
// may be.
func brimful() usage.Record {
	r := usage.Record{
		ID: "rec_brimful", At: noon, Org: orgA, Project: "proj_1", Key: "key_1", Requested: "alias", Served: "m1",
		Outcome: usage.OutcomeDenied, Reason: access.ReasonBudget, Status: 999,
		Latency: 90 * time.Minute, FirstToken: time.Microsecond, RequestID: "req <1> \U0001f511",
		Cost: usage.Money{Micro: math.MaxInt64, Known: true}, Count: 1,
	}
	for _, u := range tenancy.Units() {
		r.Units = r.Units.With(u, math.MaxInt64)
	}
	return r
}

func (e *env) append(rs ...usage.Record) { e.must("Append", e.u.Append(e.ctx, rs)) }

// records reads a trail of calls by pages of size.
func (e *env) records(q store.RecordQuery, size int) []usage.Record {
	var all []usage.Record
	for q.Limit = size; ; {
		p, err := e.u.Records(e.ctx, q)
		e.must("Records", err)
		if len(p.Records) > q.PageSize() || len(p.Records) == 0 && q.After+p.Next != "" {
			e.fatalf("Records: a page of %d has %d records and a next page %t; only a trail of nothing has an empty page", q.PageSize(), len(p.Records), p.Next != "")
		}
		all = append(all, p.Records...)
		if q.After = p.Next; q.After == "" {
			return all
		}
	}
}

func (e *env) totals(q store.TotalQuery) []store.Total {
	ts, err := e.u.Totals(e.ctx, q)
	e.must("Totals", err)
	return ts
}

// newest returns those of rs that q selects as Records orders them.
func newest(rs []usage.Record, q store.RecordQuery) []usage.Record {
	var want []usage.Record
	for _, r := range rs {
		if q.Selects(r) {
			want = append(want, r)
		}
	}
	slices.SortFunc(want, func(a, b usage.Record) int { return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID)) })
	return want
}

// summed is what Totals owes for rs, worked out from the records alone.
func summed(rs []usage.Record, q store.TotalQuery) []store.Total {
	var totals []store.Total
	for i := range len(q.Cuts) - 1 {
		sums := map[string]usage.Sums{}
		for _, r := range rs {
			item, ok := itemOf(r, q.By)
			if !ok || r.Org != q.Org || q.Project != "" && r.Project != q.Project ||
				r.At.Before(q.Cuts[i]) || !r.At.Before(q.Cuts[i+1]) {
				continue
			}
			one, _ := r.Sums() // the suite's records do not overflow
			sums[item], _ = sums[item].Plus(one)
		}
		for item, s := range sums {
			totals = append(totals, store.Total{Start: q.Cuts[i], End: q.Cuts[i+1], Item: item, Sums: s})
		}
	}
	slices.SortFunc(totals, func(a, b store.Total) int {
		return cmp.Or(a.Start.Compare(b.Start), cmp.Compare(a.Item, b.Item))
	})
	return totals
}

// itemOf is what a record counts under in a dimension; ok is false where it does
// not count in it.
func itemOf(r usage.Record, by usage.Dimension) (item string, ok bool) {
	switch by {
	case usage.ByProject:
		return string(r.Project), true
	case usage.ByModel:
		return string(r.Served), true
	case usage.ByKey:
		return string(r.Key), r.Key != ""
	case usage.ByUser:
		return string(r.User), r.User != ""
	case usage.ByOutcome:
		return string(r.Outcome), true
	}
	return "", true
}

func dimensions() []usage.Dimension {
	return []usage.Dimension{"", usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome}
}

// hours are cuts around noon: one long period, or one a quarter-hour.
func hours() (whole, quarters []time.Time) {
	from := noon.Truncate(time.Hour).Add(-time.Hour)
	for n := range 13 {
		quarters = append(quarters, from.Add(time.Duration(n)*usage.Quarter))
	}
	return []time.Time{from, quarters[12]}, quarters
}

// wholeDay is the span that the hours are in, so that buckets of days are looked at too.
func wholeDay() (from, to time.Time) { return usage.DayOf(noon), usage.DayOf(noon).Add(usage.Day) }

// ledger is everything that a store shows of its usage.
type ledger struct {
	Records [][]usage.Record
	Totals  [][]store.Total
}

// ledgerQueries ask an organization for everything by the quarter, and by the day,
// which a store may keep apart.
func ledgerQueries(org tenancy.OrgID) []store.TotalQuery {
	_, quarters := hours()
	from, to := wholeDay()
	return []store.TotalQuery{
		{Org: org, By: usage.ByModel, Cuts: quarters},
		{Org: org, By: usage.ByKey, Cuts: quarters},
		{Org: org, By: usage.ByUser, Cuts: quarters},
		{Org: org, By: usage.ByModel, Cuts: []time.Time{from, to}},
	}
}

func (e *env) ledger() ledger {
	var l ledger
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		l.Records = append(l.Records, e.records(store.RecordQuery{Org: org}, 0))
		for _, q := range ledgerQueries(org) {
			l.Totals = append(l.Totals, e.totals(q))
		}
	}
	return l
}

// keepsOut notes a failure unless Append refuses rs as want and writes nothing.
func (e *env) keepsOut(what string, want error, rs ...usage.Record) {
	before := e.ledger()
	e.refused("Append of "+what, e.u.Append(e.ctx, rs), want)
	e.same("usage after "+what, before, e.ledger())
}

// adds notes a failure unless the store's usage is that of rs.
func (e *env) adds(what string, rs []usage.Record) {
	var want ledger
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		want.Records = append(want.Records, newest(rs, store.RecordQuery{Org: org}))
		for _, q := range ledgerQueries(org) {
			want.Totals = append(want.Totals, summed(rs, q))
		}
	}
	e.same(what, want, e.ledger())
}
