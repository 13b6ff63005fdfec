package storetest

import (
	"errors"
	"math"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// free and asItIs are prices.
func free(usage.Record) (usage.Money, error)     { return usage.Money{Known: true}, nil }
func asItIs(r usage.Record) (usage.Money, error) { return r.Cost, nil }

// daysAreKept spoils buckets of days.
func daysAreKept(e *env) {
	rs, day := overDays(), usage.DayOf(noon)
	e.append(rs...)
	e.same("differences at first", []store.Difference{}, e.verify(orgA, day, day.Add(4*usage.Day)))
	tally, err := usage.Tally(rs)
	e.must("Tally", err)
	of := map[usage.BucketID]usage.Sums{}
	for id, sums := range tally {
		of[id.Day()], err = of[id.Day()].Plus(sums)
		e.must("Plus", err)
	}
	spoilt := usage.BucketID{Tier: usage.TierDay}
	for id := range of {
		if id.Org == orgA && id.Start.Equal(day.Add(usage.Day)) && (spoilt.Org == "" || id.Compare(spoilt) < 0) {
			spoilt = id
		}
	}
	for _, sums := range []usage.Sums{{}, {Calls: of[spoilt].Calls + 1}} {
		e.must("Spoil", e.h.Spoil(e.s, usage.Bucket{BucketID: spoilt, Sums: sums}))
		want := []store.Difference{{Bucket: spoilt, Stored: sums, Records: of[spoilt]}}
		e.same("differences", want, e.verify(orgA, day, day.Add(4*usage.Day)))
		e.same("differences of the quarter that the day begins with", want, e.verify(orgA, spoilt.Start, spoilt.Start.Add(usage.Quarter)))
		e.same("differences after the day has begun", []store.Difference{}, e.verify(orgA, spoilt.Start.Add(usage.Quarter), day.Add(4*usage.Day)))
		e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, spoilt.Start, spoilt.Start.Add(usage.Quarter)))
		e.same("differences after Rebuild", []store.Difference{}, e.verify(orgA, day, day.Add(4*usage.Day)))
		q := store.TotalQuery{Org: orgA, By: usage.ByProject, Cuts: []time.Time{day, day.Add(4 * usage.Day)}}
		e.same("totals", summed(rs, q), e.totals(q))
	}
	lone := usage.Bucket{BucketID: spoilt, Sums: usage.Sums{Calls: 1}}
	lone.Project = "proj_of_no_call"
	e.must("Spoil", e.h.Spoil(e.s, lone))
	e.same("differences of a project without calls", []store.Difference{{Bucket: lone.BucketID, Stored: lone.Sums}}, e.verify(orgA, day, day.Add(4*usage.Day)))
	e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, day, day.Add(4*usage.Day)))
	e.same("differences after Rebuild", []store.Difference{}, e.verify(orgA, day, day.Add(4*usage.Day)))
}

// daysRebuilt rebuilds whole days, of projects that have no calls on others.
func daysRebuilt(e *env) {
	rs, day := overDays(), usage.DayOf(noon)
	e.append(rs...)
	whole := []time.Time{day, day.Add(4 * usage.Day)}
	for _, cuts := range [][]time.Time{whole, {day.Add(usage.Day), day.Add(2 * usage.Day)}, {day, day.Add(2*usage.Day + usage.Quarter)}} {
		e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, cuts[0], cuts[1]))
		e.same("differences after Rebuild", []store.Difference{}, e.verify(orgA, whole[0], whole[1]))
		for _, by := range dimensions() {
			q := store.TotalQuery{Org: orgA, By: by, Cuts: whole}
			e.same("totals after Rebuild", summed(rs, q), e.totals(q))
		}
	}
}

// dear is a price that is known of some calls and not of others.
func dear(r usage.Record) (usage.Money, error) {
	if n, ok := r.Units.Get(tenancy.UnitInput); ok && n%3 != 1 {
		return usage.Money{Micro: 1000 + 7*n, Known: true}, nil
	}
	return usage.Money{}, nil
}

func reprice(e *env) {
	rs, day := overDays(), usage.DayOf(noon)
	e.append(rs...)
	want, changed := append([]usage.Record{}, rs...), 0
	from, to := day.Add(usage.Day), day.Add(3*usage.Day)
	for i, r := range rs {
		if r.Org != orgA || r.At.Before(from) || !r.At.Before(to) {
			continue
		}
		if want[i].Cost, _ = dear(r); want[i] != r {
			changed++
		}
	}
	for _, owed := range []int{changed, 0} { // the second time nothing changes
		n, err := e.up.Reprice(e.ctx, orgA, from, to, dear)
		e.must("Reprice", err)
		e.same("records that have another cost", owed, n)
		for _, org := range []tenancy.OrgID{orgA, orgB} {
			e.same("records", newest(want, store.RecordQuery{Org: org}), e.records(store.RecordQuery{Org: org}, 0))
			for _, cuts := range [][]time.Time{{day, from, to, day.Add(4 * usage.Day)}, {from.Add(usage.Quarter), to.Add(-usage.Quarter)}} {
				q := store.TotalQuery{Org: org, By: usage.ByModel, Cuts: cuts}
				e.same("totals", summed(want, q), e.totals(q))
			}
			e.same("differences", []store.Difference{}, e.verify(org, day, day.Add(4*usage.Day)))
		}
	}
	e.append(rs...)
	e.same("records delivered again as they were", newest(want, store.RecordQuery{Org: orgA}), e.records(store.RecordQuery{Org: orgA}, 0))
}

var errNoPrice = errors.New("storetest: no price")

func repriceRefused(e *env) {
	rs, day := overDays(), usage.DayOf(noon)
	e.append(rs...)
	before := e.records(store.RecordQuery{Org: orgA}, 0)
	for _, tt := range []struct {
		name string
		cost usage.Money
		err  error
		want error
	}{
		{"an error", usage.Money{}, errNoPrice, errNoPrice},
		{"a cost below zero", usage.Money{Micro: -1, Known: true}, nil, store.ErrInvalid},
		{"an amount that is not known", usage.Money{Micro: 1}, nil, store.ErrInvalid},
		{"sums that do not fit", usage.Money{Micro: math.MaxInt64, Known: true}, nil, usage.ErrOverflow},
	} {
		calls := 0
		n, err := e.up.Reprice(e.ctx, orgA, day, day.Add(4*usage.Day), func(r usage.Record) (usage.Money, error) {
			if calls++; calls < 20 { // some are priced before
				return dear(r)
			}
			return tt.cost, tt.err
		})
		e.refused("Reprice with "+tt.name, err, tt.want)
		e.same("records that have another cost", 0, n)
		e.same("records after "+tt.name, before, e.records(store.RecordQuery{Org: orgA}, 0))
		q := store.TotalQuery{Org: orgA, Cuts: []time.Time{day, day.Add(4 * usage.Day)}}
		e.same("totals after "+tt.name, summed(rs, q), e.totals(q))
	}
	n, err := e.up.Reprice(e.ctx, "org_none", day, day.Add(usage.Day), free)
	e.must("Reprice of nobody", err)
	e.same("records of nobody", 0, n)
}

func repriceRetention(e *env) {
	rs, day := overDays(), usage.DayOf(noon)
	e.append(rs...)
	second := day.Add(usage.Day)
	e.prune(second, 1000)
	_, err := e.up.Reprice(e.ctx, orgA, day, second, free)
	e.refused("Reprice of a day before the horizon", err, store.ErrPastRetention)
	_, err = e.up.Reprice(e.ctx, orgA, day, second.Add(usage.Day), free)
	e.refused("Reprice of two days with the horizon between them", err, store.ErrPastRetention)
	n, err := e.up.Reprice(e.ctx, orgA, second, second.Add(usage.Day), dear)
	e.must("Reprice of the day at the horizon", err)
	if n == 0 {
		e.errorf("Reprice of the day at the horizon changed nothing")
	}
	e.same("differences", []store.Difference{}, e.verify(orgA, second, second.Add(3*usage.Day)))
	e.prune(second.Add(usage.Quarter), 1000)
	_, err = e.up.Reprice(e.ctx, orgA, second, second.Add(usage.Day), free)
	e.refused("Reprice of the day that the horizon is in", err, store.ErrPastRetention)
	_, err = e.up.Reprice(e.ctx, orgA, second.Add(usage.Day), second.Add(2*usage.Day), free)
	e.must("Reprice of the day after it", err)
}
