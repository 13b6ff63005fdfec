package storetest

import (
	"maps"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func upkeepCases() []testCase {
	cases := []testCase{
		{
			name:  "upkeep/verify-sound",
			rules: "K1",
			why:   "Verify finds nothing where nothing is wrong, whatever was redelivered or refused before.",
			run:   verifySound,
		},
		{
			name:  "upkeep/verify-finds",
			rules: "K1",
			why:   "Verify finds each bucket of the organization and span that differs from its records, one that is missing and one too many included, and no other.",
			needs: needSpoil,
			run:   verifyFinds,
		},
		{
			name:  "upkeep/rebuild",
			rules: "K2",
			why:   "Rebuild makes the buckets of an organization and span what their records say, and leaves all others.",
			needs: needSpoil,
			run:   rebuild,
		},
		{
			name:  "upkeep/rebuild-sound",
			rules: "K2",
			why:   "Rebuilding what is sound changes nothing.",
			run:   rebuildSound,
		},
		{
			name:  "upkeep/days",
			rules: "K1 K2",
			why:   "Verify finds a bucket of a day that differs from the records under it, where the day begins in the span, and Rebuild restores it: a month is read from days, and nobody would look at the quarters.",
			needs: needSpoil | needDays,
			run:   daysAreKept,
		},
		{
			name:  "upkeep/rebuild-days",
			rules: "K2",
			why:   "Rebuilding whole days of projects that have no other calls changes no total: what a store drops before it adds up anew, it drops from each tier.",
			run:   daysRebuilt,
		},
		{
			name:  "upkeep/reprice",
			rules: "K7",
			why:   "Reprice gives each record of the organization and days the cost that it is told, and the buckets with it, and touches nothing else: activity and usage show one price.",
			run:   reprice,
		},
		{
			name:  "upkeep/reprice-refused",
			rules: "K8",
			why:   "Reprice changes all or nothing: an error on the way, a cost that is none and a sum that does not fit leave everything as it was.",
			run:   repriceRefused,
		},
		{
			name:  "upkeep/prune-keeps-buckets",
			rules: "K3",
			why:   "Prune forgets records before the horizon, at most as many as it is told to, and keeps every bucket: raw records age out, roll-ups stay.",
			run:   pruneKeepsBuckets,
		},
		{
			name:  "upkeep/prune-before",
			rules: "K3 U9",
			why:   "The record that begins at the horizon stays, and the one before it goes: an hour that is pruned at its ends is billed by two rules.",
			run:   pruneBefore,
		},
		{
			name:  "upkeep/beside-append",
			rules: "K1 K2 U1",
			why:   "Verify finds nothing and Rebuild loses nothing while calls are recorded: an operator who looks after the sums of a gateway at work must not spoil them.",
			run:   upkeepBesideAppend,
		},
		{
			name:  "upkeep/horizon",
			rules: "K4",
			why:   "The horizon is zero at first and never goes back: what was forgotten stays out of reach.",
			run:   horizonAdvances,
		},
		{
			name:  "upkeep/past-retention",
			rules: "K5",
			why:   "Nothing before the horizon can be appended, verified or rebuilt: its buckets have no records to compare with, and a record forgotten would count again.",
			run:   pastRetention,
		},
		{
			name:  "upkeep/reprice-retention",
			rules: "K5 K7",
			why:   "A day is priced anew as long as the horizon has not come into it: from its beginning on the records are whole, and a quarter later the buckets are all that is left of some.",
			run:   repriceRetention,
		},
		{
			name:  "upkeep/input",
			rules: "K6",
			why:   "Spans and horizons are multiples of a quarter-hour of UTC, and a limit is at least 1; others are ErrInvalid and change nothing.",
			run:   upkeepInput,
		},
		{
			name:  "upkeep/reopen",
			rules: "K4",
			why:   "The horizon is stored: after a restart a record that was forgotten still cannot count again.",
			needs: needDurable,
			run:   horizonReopen,
		},
	}
	for i := range cases {
		cases[i].needs |= needUsage | needUpkeep
	}
	return cases
}

func (e *env) verify(org tenancy.OrgID, from, to time.Time) []store.Difference {
	ds, err := e.up.Verify(e.ctx, org, from, to)
	e.must("Verify", err)
	return ds
}

// sound notes a failure unless Verify finds nothing.
func (e *env) sound(what string) {
	from, to := wholeDay()
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		e.same("Verify "+what, []store.Difference{}, e.verify(org, from, to))
	}
}

func verifySound(e *env) {
	e.sound("of nothing")
	rs := trace(60)
	e.append(rs[:40]...)
	e.append(rs[20:]...)
	bad := rs[50]
	bad.Count++
	e.keepsOut("a reused id", store.ErrReused, call(70), bad)
	e.sound("after redelivery and a refusal")
}

// damage spoils buckets of one quarter-hour of orgA: in each of some another sum is
// too large, one is gone, and one should not be. It returns what Verify owes, by
// bucket.
func (e *env) damage(rs []usage.Record) map[usage.BucketID]store.Difference {
	tally, err := usage.Tally(rs)
	e.must("Tally", err)
	want := map[usage.BucketID]store.Difference{}
	spoil := func(id usage.BucketID, s usage.Sums) {
		e.must("Spoil", e.h.Spoil(e.s, usage.Bucket{BucketID: id, Sums: s}))
		want[id] = store.Difference{Bucket: id, Stored: s, Records: tally[id]}
	}
	ids := slices.SortedFunc(maps.Keys(tally), usage.BucketID.Compare)
	start := usage.QuarterOf(firstOf(rs, orgA).At)
	ids = slices.DeleteFunc(ids, func(id usage.BucketID) bool { return id.Org != orgA || !id.Start.Equal(start) })
	for i, change := range []func(*usage.Sums){
		func(s *usage.Sums) { s.Units[7]++ },
		func(s *usage.Sums) { s.Reported[0]++ },
		func(s *usage.Sums) { s.Calls++ },
		func(s *usage.Sums) { s.Cost++ },
		func(s *usage.Sums) { s.Priced++ },
		func(s *usage.Sums) { *s = usage.Sums{} },
	} {
		s := tally[ids[i]]
		change(&s)
		spoil(ids[i], s)
	}
	ids[0].Item = "never called"
	spoil(ids[0], usage.Sums{Calls: 1})
	return want
}

func firstOf(rs []usage.Record, org tenancy.OrgID) usage.Record {
	for _, r := range rs {
		if r.Org == org {
			return r
		}
	}
	return usage.Record{}
}

func verifyFinds(e *env) {
	rs := trace(60)
	e.append(rs...)
	want := e.damage(rs)
	whole, _ := hours()
	got := map[usage.BucketID]store.Difference{}
	for _, d := range e.verify(orgA, whole[0], whole[1]) {
		got[d.Bucket] = d
	}
	e.same("differences", want, got)
	e.same("another organization's", []store.Difference{}, e.verify(orgB, whole[0], whole[1]))
	start := usage.QuarterOf(firstOf(rs, orgA).At)
	e.same("the span before", []store.Difference{}, e.verify(orgA, whole[0], start))
	e.same("the span after", []store.Difference{}, e.verify(orgA, start.Add(usage.Quarter), whole[1]))
	e.same("the very quarter", len(want), len(e.verify(orgA, start, start.Add(usage.Quarter))))
}

func rebuild(e *env) {
	rs := trace(60)
	e.append(rs...)
	damaged := e.damage(rs)
	whole, _ := hours()
	start := usage.QuarterOf(firstOf(rs, orgA).At)
	e.must("Rebuild of another organization", e.up.Rebuild(e.ctx, orgB, whole[0], whole[1]))
	e.must("Rebuild of the span before", e.up.Rebuild(e.ctx, orgA, whole[0], start))
	e.must("Rebuild of the span after", e.up.Rebuild(e.ctx, orgA, start.Add(usage.Quarter), whole[1]))
	e.same("differences left", len(damaged), len(e.verify(orgA, whole[0], whole[1])))
	e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, start, start.Add(usage.Quarter)))
	e.sound("after Rebuild")
	e.adds("usage after Rebuild", rs)
}

func rebuildSound(e *env) {
	rs := trace(60)
	e.append(rs...)
	whole, quarters := hours()
	e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, whole[0], whole[1]))
	e.must("Rebuild of a quarter", e.up.Rebuild(e.ctx, orgB, quarters[4], quarters[5]))
	e.adds("usage after Rebuild", rs)
	e.append(rs...)
	e.adds("usage delivered again after Rebuild", rs)
}

// prune forgets everything before a time by steps of limit, and returns how many
// records that were.
func (e *env) prune(before time.Time, limit int) int {
	for all := 0; ; {
		n, err := e.up.Prune(e.ctx, before, limit)
		e.must("Prune", err)
		if n < 0 || n > limit {
			e.fatalf("Prune forgot %d records, at most %d were asked for", n, limit)
		}
		if all += n; n < limit {
			return all
		}
	}
}

// split parts the records at the middle of the trace.
func split(rs []usage.Record) (horizon time.Time, old, kept []usage.Record) {
	horizon = usage.QuarterOf(noon.Add(usage.Quarter))
	for _, r := range rs {
		if r.At.Before(horizon) {
			old = append(old, r)
		} else {
			kept = append(kept, r)
		}
	}
	return horizon, old, kept
}

func pruneKeepsBuckets(e *env) {
	rs := trace(60)
	horizon, old, kept := split(rs)
	e.append(rs...)
	want := e.ledger().Totals
	n, err := e.up.Prune(e.ctx, horizon, 3)
	e.must("Prune", err)
	e.same("records that one step forgot", 3, n)
	e.same("records that all steps forgot", len(old)-3, e.prune(horizon, 4))
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		q := store.RecordQuery{Org: org}
		e.same("records left", newest(kept, q), e.records(q, 0))
	}
	e.same("totals", want, e.ledger().Totals)
}

func pruneBefore(e *env) {
	at, before := call(0), call(2)
	at.At = usage.QuarterOf(noon)
	before.Org, before.At = at.Org, at.At.Add(-time.Microsecond)
	e.append(at, before)
	e.same("records forgotten", 1, e.prune(at.At, 10))
	e.same("records left", []usage.Record{at}, e.records(store.RecordQuery{Org: at.Org}, 0))
}

// upkeepBesideAppend verifies and rebuilds until all calls are recorded.
func upkeepBesideAppend(e *env) {
	rs := trace(240)
	from, to := wholeDay()
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.guard(func() {
			for some := range slices.Chunk(rs, 4) {
				e.append(some...)
			}
		})
	}()
	e.guard(func() {
		for {
			e.must("Rebuild", e.up.Rebuild(e.ctx, orgA, from, to))
			e.same("differences beside Append", []store.Difference{}, e.verify(orgA, from, to))
			select {
			case <-done:
				return
			default:
			}
		}
	})
	<-done
	e.adds("usage that was rebuilt beside Append", rs)
	e.sound("after Append")
}

func horizonAdvances(e *env) {
	horizon, _, _ := split(nil)
	at := func() time.Time {
		h, err := e.up.Horizon(e.ctx)
		e.must("Horizon", err)
		return h
	}
	e.append(trace(20)...)
	e.same("horizon at first", time.Time{}, at())
	e.prune(horizon, 5)
	e.same("horizon", horizon, at())
	e.prune(horizon.Add(-usage.Quarter), 5)
	e.same("horizon after a step back", horizon, at())
	e.prune(horizon.Add(usage.Quarter), 1000)
	e.same("horizon after a step on", horizon.Add(usage.Quarter), at())
}

func pastRetention(e *env) {
	rs := trace(60)
	horizon, old, _ := split(rs)
	e.append(rs...)
	e.prune(horizon, 1000)
	e.keepsOut("a forgotten record", store.ErrPastRetention, call(70), old[0])
	late := old[1]
	late.ID, late.At = "rec_late", horizon.Add(-time.Microsecond)
	e.keepsOut("a late record", store.ErrPastRetention, late)
	whole, _ := hours()
	for _, from := range []time.Time{whole[0], horizon.Add(-usage.Quarter)} {
		before := e.ledger()
		_, err := e.up.Verify(e.ctx, orgA, from, whole[1])
		e.refused("Verify before the horizon", err, store.ErrPastRetention)
		e.refused("Rebuild before the horizon", e.up.Rebuild(e.ctx, orgA, from, whole[1]), store.ErrPastRetention)
		_, err = e.up.Reprice(e.ctx, orgA, usage.DayOf(from), usage.DayOf(from).Add(usage.Day), free)
		e.refused("Reprice of a day that the horizon cuts", err, store.ErrPastRetention)
		e.same("usage after the refusals", before, e.ledger())
	}
	edge := late
	edge.ID, edge.At = "rec_edge", horizon
	e.append(edge)
	e.same("differences from the horizon on", []store.Difference{}, e.verify(orgA, horizon, whole[1]))
	e.must("Rebuild from the horizon on", e.up.Rebuild(e.ctx, orgA, horizon, whole[1]))
}

func upkeepInput(e *env) {
	e.append(trace(20)...)
	whole, _ := hours()
	for name, span := range map[string][2]time.Time{
		"an end inside a quarter":  {whole[0], whole[1].Add(time.Minute)},
		"a start inside a quarter": {whole[0].Add(time.Microsecond), whole[1]},
		"nothing in it":            {whole[0], whole[0]},
		"its ends swapped":         {whole[1], whole[0]},
		"another zone":             {whole[0].In(tokyo()), whole[1]},
	} {
		before := e.ledger()
		_, err := e.up.Verify(e.ctx, orgA, span[0], span[1])
		e.refused("Verify of a span with "+name, err, store.ErrInvalid)
		e.refused("Rebuild of a span with "+name, e.up.Rebuild(e.ctx, orgA, span[0], span[1]), store.ErrInvalid)
		_, err = e.up.Reprice(e.ctx, orgA, usage.DayOf(span[0]).Add(span[0].Sub(whole[0])), usage.DayOf(span[1]), free)
		e.refused("Reprice of a span with "+name, err, store.ErrInvalid)
		e.same("usage after the refusals", before, e.ledger())
	}
	before := e.ledger()
	_, err := e.up.Reprice(e.ctx, orgA, usage.DayOf(noon), usage.DayOf(noon).Add(usage.Day+usage.Quarter), free)
	e.refused("Reprice of a day and a quarter", err, store.ErrInvalid)
	for _, limit := range []int{-1, 0} {
		_, err := e.up.Prune(e.ctx, whole[1], limit)
		e.refused("Prune of none", err, store.ErrInvalid)
	}
	_, err = e.up.Prune(e.ctx, whole[1].Add(time.Minute), 1)
	e.refused("Prune inside a quarter", err, store.ErrInvalid)
	e.same("usage after the refusals", before, e.ledger())
	h, err := e.up.Horizon(e.ctx)
	e.must("Horizon", err)
	e.same("horizon", time.Time{}, h)
}

func horizonReopen(e *env) {
	rs := trace(60)
	horizon, old, _ := split(rs)
	e.append(rs...)
	e.prune(horizon, 1000)
	e.reopen()
	h, err := e.up.Horizon(e.ctx)
	e.must("Horizon", err)
	e.same("horizon", horizon, h)
	e.keepsOut("a forgotten record", store.ErrPastRetention, old[0])
}
