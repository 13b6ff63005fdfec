package storetest

import (
	"fmt"
	"math"
	"strings"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func usageCases() []testCase {
	cases := []testCase{
		{
			name:  "usage/record-round-trip",
			rules: "U4",
			why:   "A record of a call comes back with every field; an unknown unit or cost stays apart from 0, and the largest amounts stay what they are.",
			run:   recordsComeBack,
		},
		{
			name:  "usage/visible-on-return",
			rules: "U1",
			why:   "Records and their roll-up are both there when Append returns: activity and usage are two views of one thing and never have to be reconciled.",
			run:   visibleOnReturn,
		},
		{
			name:  "usage/counts-once",
			rules: "U2",
			why:   "A record counts once however often it is delivered, also in other company and twice in one Append: who got no answer delivers again.",
			run:   countsOnce,
		},
		{
			name:  "usage/counts-once-at-once",
			rules: "U2",
			why:   "A record counts once where several deliver it at the same moment.",
			run:   countsOnceAtOnce,
		},
		{
			name:  "usage/reused-id",
			rules: "U3 U11",
			why:   "The id of a record with other content, over all organizations, is ErrReused and nothing of that Append is written: a silent drop is a call that nobody pays for.",
			run:   reusedRecord,
		},
		{
			name:  "usage/another-cost",
			rules: "U2 U3",
			why:   "A call that is delivered again with another cost is the same call, and keeps the cost that it has: between the two deliveries it may have been priced anew.",
			run:   anotherCost,
		},
		{
			name:  "usage/overflow",
			rules: "U8",
			why:   "A sum beyond int64 is usage.ErrOverflow and writes nothing: a sum that wraps is credit.",
			run:   overflow,
		},
		{
			name:  "usage/totals",
			rules: "U7",
			why:   "Totals are the sums of the records, split by each dimension, in periods that include their start and not their end, in order, without those that have no call.",
			run:   totalsAddUp,
		},
		{
			name:  "usage/totals-over-days",
			rules: "U7",
			why:   "Totals of periods of many days are the sums of the records wherever the periods begin and end, also where a store reads whole days from buckets of their own: a month cut in Kathmandu begins at a quarter past six.",
			run:   totalsOverDays,
		},
		{
			name:  "usage/records-selected",
			rules: "U5",
			why:   "Each filter of Records selects what RecordQuery.Selects says, newest first and by id where calls began together, by pages of any size.",
			run:   recordsSelected,
		},
		{
			name:  "usage/stable-pages",
			rules: "U5",
			why:   "Calls that are recorded while somebody pages shift nothing.",
			run:   usagePagesStable,
		},
		{
			name:  "usage/tenants",
			rules: "N1",
			why:   "The usage of one organization shows nothing of another's, whose projects and keys may have the same ids.",
			run:   usageTenants,
		},
		{
			name:  "usage/identifiers",
			rules: "R6",
			why:   "What usage is split by is compared byte for byte: models that differ in case have prices of their own.",
			run:   usageIdentifiers,
		},
		{
			name:  "usage/large-refused",
			rules: "U1 U9 U11",
			why:   "An Append of MaxAppend records whose last one is refused writes none of them, and counts once when it is appended again without the fault: what is written in parts is billed in parts.",
			run:   largeRefused,
		},
		{
			name:  "usage/errors-say-nothing",
			rules: "S4",
			why:   "No error about usage carries what the caller passed: ids of users and requests end up in logs of people who may not see them.",
			run:   usageErrorsSayNothing,
		},
		{
			name:  "usage/two-handles",
			rules: "S5",
			why:   "Two handles on one store see each other's calls and horizon at once: two gateways deliver to one database, and neither counts what the other has counted or forgotten.",
			needs: needDurable,
			run:   usageTwoHandles,
		},
		{
			name:  "usage/limits",
			rules: "U9",
			why:   "Append takes up to MaxAppend records, and pages have at most MaxPage.",
			run:   usageLimits,
		},
		{
			name:  "usage/input",
			rules: "U9 U10",
			why:   "A malformed record or query is ErrInvalid, and one bad record keeps out its whole Append.",
			run:   usageInput,
		},
		{
			name:  "usage/cursor",
			rules: "U6",
			why:   "A position that the store did not give is ErrInvalid, and one of another organization's trail never shows that organization's calls.",
			run:   usageCursor,
		},
		{
			name:  "usage/reopen",
			rules: "U1",
			why:   "Calls that were acknowledged are there after reopening, counted once if delivered again.",
			needs: needDurable,
			run:   usageReopen,
		},
	}
	for i := range cases {
		cases[i].needs |= needUsage
	}
	return cases
}

func recordsComeBack(e *env) {
	bare := usage.Record{ID: "rec_bare", At: time.Unix(0, 0).UTC(), Org: orgB, Project: "p", User: "u", Outcome: usage.OutcomeOK, Count: usage.MaxCount}
	free := bare
	free.ID, free.Cost.Known, free.Units = "rec_free", true, usage.Units{}.With(tenancy.UnitOutput, 0)
	e.append(brimful(), free, bare)
	e.same("every field", []usage.Record{brimful()}, e.records(store.RecordQuery{Org: orgA}, 0))
	e.same("hardly a field", []usage.Record{free, bare}, e.records(store.RecordQuery{Org: orgB}, 0))
	whole, _ := hours()
	q := store.TotalQuery{Org: orgA, By: usage.ByKey, Cuts: whole}
	e.same("totals of the largest amounts", summed([]usage.Record{brimful()}, q), e.totals(q))
}

func visibleOnReturn(e *env) {
	rs := trace(40)
	for n := 0; n < len(rs); n += 8 {
		e.append(rs[n : n+8]...)
		e.adds("usage right after Append", rs[:n+8])
	}
	e.append()
	e.adds("usage after an Append of nothing", rs)
}

func countsOnce(e *env) {
	rs := trace(40)
	e.append(rs[:20]...)
	e.append(rs[:20]...)
	e.adds("delivered twice", rs[:20])
	e.append(rs[10:30]...)
	for _, r := range rs[25:35] {
		e.append(r, r)
	}
	for n := 0; n < len(rs); n += 3 {
		e.append(rs[n:min(n+3, len(rs))]...)
	}
	e.adds("delivered in other company", rs)
}

func countsOnceAtOnce(e *env) {
	rs := trace(60)
	e.together(6, func(i int) {
		for n := 5 * i; n < len(rs); n += 10 {
			e.append(rs[n:min(n+20, len(rs))]...)
		}
		e.append(rs[:30]...)
	})
	e.adds("delivered by six at once", rs)
}

func reusedRecord(e *env) {
	r := call(0)
	e.append(r, call(2))
	for name, change := range map[string]func(*usage.Record){
		"organization": func(r *usage.Record) { r.Org = orgB },
		"time":         func(r *usage.Record) { r.At = r.At.Add(24 * time.Hour) },
		"project":      func(r *usage.Record) { r.Project = "proj_9" },
		"caller":       func(r *usage.Record) { r.User += "x" },
		"requested":    func(r *usage.Record) { r.Requested = "other" },
		"served":       func(r *usage.Record) { r.Served = "other" },
		"outcome":      func(r *usage.Record) { r.Outcome = usage.OutcomeClientError },
		"reason":       func(r *usage.Record) { r.Reason = access.ReasonBudget },
		"status":       func(r *usage.Record) { r.Status++ },
		"units":        func(r *usage.Record) { r.Units = r.Units.With(tenancy.UnitInput, 1) },
		"unknown":      func(r *usage.Record) { r.Units = r.Units.With(tenancy.UnitInput, -1) },
		"latency":      func(r *usage.Record) { r.Latency = time.Second },
		"first token":  func(r *usage.Record) { r.FirstToken = time.Second },
		"request id":   func(r *usage.Record) { r.RequestID = "req" },
		"count":        func(r *usage.Record) { r.Count++ },
	} {
		other := r
		change(&other)
		e.keepsOut("the id with another "+name, store.ErrReused, call(1), other, call(3))
	}
	twice := call(5)
	twice.Count++
	e.keepsOut("one id twice with other content", store.ErrReused, call(5), twice)
}

func anotherCost(e *env) {
	first, later := call(0), call(0)
	later.Cost = usage.Money{Micro: 77, Known: true}
	unpriced := call(3)
	unpriced.Cost = usage.Money{}
	e.append(first, call(3))
	e.append(later, call(1), unpriced)
	e.adds("usage after delivery at another cost", []usage.Record{first, call(3), call(1)})
	again := call(5)
	again.Cost = usage.Money{Micro: 5, Known: true}
	e.append(call(5), again)
	e.adds("usage after delivery at two costs at once", []usage.Record{first, call(3), call(1), call(5)})
}

func totalsOverDays(e *env) {
	rs := overDays()
	for first := range 2 { // a day that is there gets more calls
		var some []usage.Record
		for i := first; i < len(rs); i += 2 {
			some = append(some, rs[i])
		}
		e.append(some...)
	}
	day := usage.DayOf(noon)
	for n, cuts := range [][]time.Time{
		{day, day.Add(usage.Day)},
		{day, day.Add(usage.Day), day.Add(2 * usage.Day), day.Add(4 * usage.Day)},
		{day.Add(usage.Quarter), day.Add(4*usage.Day - usage.Quarter)},
		{day.Add(-5*time.Hour - 45*time.Minute), day.Add(18*time.Hour + 15*time.Minute), day.Add(90*time.Hour + 15*time.Minute)},
		{day.Add(-usage.Quarter), day.Add(usage.Day), day.Add(2*usage.Day + usage.Quarter), day.Add(3 * usage.Day)},
		{day.Add(usage.Day - usage.Quarter), day.Add(usage.Day + usage.Quarter), day.Add(3*usage.Day + usage.Quarter)},
	} {
		for _, by := range dimensions() {
			for _, project := range []tenancy.ProjectID{"", "proj_1"} {
				q := store.TotalQuery{Org: orgA, Project: project, By: by, Cuts: cuts}
				e.same(fmt.Sprintf("Totals by %q of project %q, cuts %d", by, project, n), summed(rs, q), e.totals(q))
			}
		}
	}
}

// overDays is a trace of some days, calls at their very ends included.
func overDays() []usage.Record {
	rs, day := trace(96), usage.DayOf(noon)
	for i := range rs {
		rs[i].At = day.Add(time.Duration(i) * time.Hour)
		if i%24 == 23 {
			rs[i].At = rs[i].At.Add(time.Hour - time.Microsecond)
		}
	}
	return rs
}

func overflow(e *env) {
	full := brimful()
	e.append(full)
	for name, change := range map[string]func(*usage.Record){
		"a unit":             func(r *usage.Record) { r.Units = usage.Units{}.With(tenancy.UnitReasoning, 1) },
		"the cost":           func(r *usage.Record) { r.Cost = usage.Money{Micro: 1, Known: true} },
		"a unit times count": func(r *usage.Record) { r.Units = usage.Units{}.With(tenancy.UnitImages, math.MaxInt64/2); r.Count = 3 },
	} {
		more := full
		more.ID, more.Units, more.Cost = "rec_more", usage.Units{}, usage.Money{}
		change(&more)
		e.keepsOut("more than fits of "+name, usage.ErrOverflow, call(0), more)
	}
	one, two := brimful(), brimful()
	one.ID, two.ID, one.Project, two.Project = "rec_1", "rec_2", "proj_3", "proj_3"
	e.keepsOut("two that do not fit together", usage.ErrOverflow, one, two)
	e.append(one)
	whole, _ := hours()
	_, err := e.u.Totals(e.ctx, store.TotalQuery{Org: orgA, Cuts: whole})
	e.refused("Totals over two projects that do not fit together", err, usage.ErrOverflow)
	q := store.TotalQuery{Org: orgA, By: usage.ByProject, Cuts: whole}
	e.same("Totals split by project", summed([]usage.Record{full, one}, q), e.totals(q))
}

func totalsAddUp(e *env) {
	rs := trace(90)
	e.append(rs...)
	whole, quarters := hours()
	for _, by := range dimensions() {
		for _, project := range []tenancy.ProjectID{"", "proj_1", "proj_9"} {
			for n, cuts := range [][]time.Time{whole, quarters, quarters[4:6], {quarters[3], quarters[5], quarters[12]}, quarters[10:]} {
				q := store.TotalQuery{Org: orgA, Project: project, By: by, Cuts: cuts}
				e.same(fmt.Sprintf("Totals by %q of project %q, cuts %d", by, project, n), summed(rs, q), e.totals(q))
			}
		}
	}
	e.same("Totals of an organization without calls", []store.Total{}, e.totals(store.TotalQuery{Org: "org_none", Cuts: whole}))
}

func recordsSelected(e *env) {
	rs := trace(60)
	e.append(rs...)
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * 5 * time.Minute) }
	qs := []store.RecordQuery{
		{}, {Project: "proj_1"}, {Project: "proj"}, {Key: "key_1"}, {Key: "KEY_1"}, {User: "u1"}, {User: "U1"},
		{Model: "m1"}, {Model: "M1"}, {Model: usage.UnknownModel}, {Model: "m%"}, {Outcome: usage.OutcomeDenied},
		{Status: 404}, {Status: 40}, {Status: -1}, {From: at(3)}, {To: at(3)}, {From: at(3), To: at(4)}, {From: at(4), To: at(3)},
		{Project: "PROJ_1", Outcome: usage.OutcomeOK, From: at(1), To: at(8)}, {Key: "u1", Model: "m1"},
	}
	for n, q := range qs {
		for _, size := range []int{1, 4, 0} {
			q.Org = orgA
			e.same(fmt.Sprintf("query %d by pages of %d", n, size), newest(rs, q), e.records(q, size))
		}
	}
}

// usagePagesStable pages without a filter and with each, while calls come that it
// selects too: some before the position, some after it.
func usagePagesStable(e *env) {
	e.append(trace(30)...)
	n := 1000
	for i, q := range []store.RecordQuery{{}, {Project: "proj_1"}, {Key: "key_1"}, {User: "u1"}, {Model: "m1"}, {Outcome: usage.OutcomeOK}} {
		q.Org = orgA
		want := e.records(q, 0)
		seen := map[usage.RecordID]int{}
		for q.Limit = 2; ; {
			p, err := e.u.Records(e.ctx, q)
			e.must("Records", err)
			for _, r := range p.Records {
				seen[r.ID]++
			}
			n++
			late := want[n%len(want)]
			late.ID, late.At = usage.RecordID(fmt.Sprint("rec_late", n)), late.At.Add(time.Duration(n%3-1)*time.Microsecond)
			e.append(late)
			if q.After = p.Next; q.After == "" || len(seen) > 500 {
				break
			}
		}
		for _, r := range want {
			if seen[r.ID] != 1 {
				e.errorf("query %d: a record that was there throughout was returned %d times", i, seen[r.ID])
				e.enough()
			}
		}
	}
}

func usageTenants(e *env) {
	mine, theirs := trace(20), trace(20)
	for i := range mine {
		mine[i].Org, theirs[i].Org = orgA, orgB
		theirs[i].ID += "b"
	}
	e.append(mine...)
	e.adds("one organization's calls", mine)
	e.append(theirs...)
	e.adds("both organizations' calls", append(mine, theirs...))
}

func usageIdentifiers(e *env) {
	var rs []usage.Record
	for i, s := range lookAlikes() {
		r := usage.Record{
			ID: usage.RecordID("rec_" + s[:min(len(s), 250)]), At: noon.Add(time.Duration(i%3) * time.Microsecond), Org: orgA,
			Project: tenancy.ProjectID(s), Served: tenancy.ModelID(s), Outcome: usage.OutcomeOK, Count: 1,
			Key: tenancy.KeyID(s),
		}
		if strings.HasPrefix(s, "aaaaa") {
			r.ID = usage.RecordID(fmt.Sprint("rec_long_", i))
		}
		if i%2 == 1 {
			r.Key, r.User = "", tenancy.UserID(s)
		}
		rs = append(rs, r)
	}
	e.append(rs...)
	whole, _ := hours()
	for _, by := range dimensions() {
		q := store.TotalQuery{Org: orgA, By: by, Cuts: whole}
		e.same(fmt.Sprintf("Totals by %q", by), summed(rs, q), e.totals(q))
	}
	e.same("records one by one", newest(rs, store.RecordQuery{Org: orgA}), e.records(store.RecordQuery{Org: orgA}, 1))
	for _, s := range lookAlikes() {
		for _, q := range []store.RecordQuery{{Project: tenancy.ProjectID(s)}, {Key: tenancy.KeyID(s)}, {User: tenancy.UserID(s)}, {Model: tenancy.ModelID(s)}} {
			q.Org = orgA
			e.same("records of one look-alike", newest(rs, q), e.records(q, 0))
		}
	}
}

func usageReopen(e *env) {
	rs := trace(40)
	e.append(rs...)
	e.reopen()
	e.adds("after reopening", rs)
	e.append(rs[5:25]...)
	e.adds("delivered again after reopening", rs)
}
