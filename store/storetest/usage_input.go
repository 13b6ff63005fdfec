package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func usageLimits(e *env) {
	rs := trace(store.MaxAppend + 1)
	e.keepsOut("more than MaxAppend", store.ErrTooLarge, rs...)
	e.append(rs[:store.MaxAppend-1]...)
	e.append(rs[:store.MaxAppend]...)
	for limit, want := range map[int]error{-1: store.ErrInvalid, store.MaxPage + 1: store.ErrTooLarge} {
		_, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, Limit: limit})
		e.refused(fmt.Sprintf("Records with a limit of %d", limit), err, want)
	}
	for limit, want := range map[int]int{0: store.MaxPage, 1: 1, store.MaxPage: store.MaxPage} {
		p, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, Limit: limit})
		e.must("Records", err)
		if len(p.Records) != want || p.Next == "" {
			e.errorf("a limit of %d gives %d records, want %d and a next page", limit, len(p.Records), want)
		}
	}
	whole, _ := hours()
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		q := store.TotalQuery{Org: org, Cuts: whole}
		e.same("totals of MaxAppend calls", summed(rs[:store.MaxAppend], q), e.totals(q))
	}
}

func largeRefused(e *env) {
	rs := trace(store.MaxAppend)
	last := len(rs) - 1
	e.append(rs[last])
	bad := slices.Clone(rs)
	bad[last].Count++
	e.keepsOut("MaxAppend records, the last under an id that was used", store.ErrReused, bad...)
	bad[last] = rs[last]
	bad[last].Outcome = ""
	e.keepsOut("MaxAppend records, the last malformed", store.ErrInvalid, bad...)
	e.append(rs...)
	e.adds("MaxAppend records without the fault", rs)
}

// usageErrorsSayNothing passes a marker wherever a caller can pass a text.
func usageErrorsSayNothing(e *env) {
	const marker = "MARKER-7f3a"
	marked := brimful()
	marked.ID, marked.Project, marked.Key, marked.RequestID, marked.Served = "rec_"+marker, marker, marker, marker, marker
	e.append(marked)
	var errs []error
	for _, change := range []func(*usage.Record){
		func(r *usage.Record) { r.Count++ },
		func(r *usage.Record) { r.Org = orgB },
		func(r *usage.Record) { r.Served += "\x00" },
		func(r *usage.Record) { r.ID += "_more" }, // overflows
	} {
		r := marked
		change(&r)
		errs = append(errs, e.u.Append(e.ctx, []usage.Record{r}))
	}
	_, err := e.u.Records(e.ctx, store.RecordQuery{Org: marker, After: marker})
	errs = append(errs, err)
	_, err = e.u.Records(e.ctx, store.RecordQuery{Org: orgA, Model: marker + "\x00"})
	errs = append(errs, err)
	_, err = e.u.Totals(e.ctx, store.TotalQuery{Org: marker, By: marker, Cuts: cutsOf(3)})
	errs = append(errs, err)
	for i, err := range errs {
		e.discreet(fmt.Sprint("bad call ", i), err, marker)
	}
}

// usageTwoHandles delivers to one handle, asks the other, and the other way round.
func usageTwoHandles(e *env) {
	first, firstUp := e.u, e.up
	other, otherUp := e.usageOf(e.openIn(e.dir))
	rs := trace(40)
	e.adds("at first", nil)
	e.u = other
	e.adds("at first, by the other handle", nil)
	e.append(rs[:20]...)
	e.u = first
	e.adds("what the other handle took", rs[:20])
	e.append(rs...)
	e.u = other
	e.adds("delivered again to the first", rs)
	if firstUp == nil || otherUp == nil {
		return
	}
	e.up = firstUp
	horizon, old, _ := split(rs)
	e.prune(horizon, 1000)
	e.keepsOut("what the first handle forgot", store.ErrPastRetention, old[0])
	at, err := otherUp.Horizon(e.ctx)
	e.must("Horizon", err)
	e.same("the horizon that the first handle moved", horizon, at)
}

func usageInput(e *env) {
	e.append(call(0))
	for name, change := range map[string]func(*usage.Record){
		"no id":                func(r *usage.Record) { r.ID = "" },
		"a foreign id":         func(r *usage.Record) { r.ID = "req_1" },
		"no organization":      func(r *usage.Record) { r.Org = "" },
		"no project":           func(r *usage.Record) { r.Project = "" },
		"no caller":            func(r *usage.Record) { r.Key, r.User = "", "" },
		"two callers":          func(r *usage.Record) { r.Key, r.User = "k", "u" },
		"no outcome":           func(r *usage.Record) { r.Outcome = "" },
		"an unknown outcome":   func(r *usage.Record) { r.Outcome = "OK" },
		"NUL":                  func(r *usage.Record) { r.Served = "a\x00" },
		"invalid UTF-8":        func(r *usage.Record) { r.RequestID = "\xff" },
		"an id too long":       func(r *usage.Record) { r.ID = usage.RecordID("rec_" + strings.Repeat("r", 252)) },
		"a project too long":   func(r *usage.Record) { r.Project = tenancy.ProjectID(strings.Repeat("p", 256)) },
		"a request too long":   func(r *usage.Record) { r.RequestID = strings.Repeat("q", usage.MaxRequestID+1) },
		"an unknown reason":    func(r *usage.Record) { r.Reason = 250 },
		"a status of 1000":     func(r *usage.Record) { r.Status = 1000 },
		"a time before 1970":   func(r *usage.Record) { r.At = time.Unix(-1, 0).UTC() },
		"half a microsecond":   func(r *usage.Record) { r.Latency = time.Microsecond / 2 },
		"no time":              func(r *usage.Record) { r.At = time.Time{} },
		"a time of 10000":      func(r *usage.Record) { r.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"nanoseconds":          func(r *usage.Record) { r.At = r.At.Add(1) },
		"a time not UTC":       func(r *usage.Record) { r.At = r.At.In(tokyo()) },
		"a negative latency":   func(r *usage.Record) { r.Latency = -time.Second },
		"a negative cost":      func(r *usage.Record) { r.Cost = usage.Money{Micro: -1, Known: true} },
		"an unknown cost of 1": func(r *usage.Record) { r.Cost = usage.Money{Micro: 1} },
		"a count of 0":         func(r *usage.Record) { r.Count = 0 },
		"a count too large":    func(r *usage.Record) { r.Count = usage.MaxCount + 1 },
	} {
		bad := call(2)
		change(&bad)
		e.keepsOut("a record with "+name, store.ErrInvalid, call(1), bad)
	}
	whole, _ := hours()
	for name, q := range map[string]store.TotalQuery{
		"no organization":      {Cuts: whole},
		"no cuts":              {Org: orgA},
		"one cut":              {Org: orgA, Cuts: whole[:1]},
		"cuts that descend":    {Org: orgA, Cuts: []time.Time{whole[1], whole[0]}},
		"cuts inside quarters": {Org: orgA, Cuts: []time.Time{whole[0], whole[1].Add(time.Minute)}},
		"an unknown dimension": {Org: orgA, By: "colour", Cuts: whole},
		"NUL":                  {Org: orgA, Project: "\x00", Cuts: whole},
		"invalid UTF-8":        {Org: "\xff", Cuts: whole},
		"a project too long":   {Org: orgA, Project: tenancy.ProjectID(strings.Repeat("p", 256)), Cuts: whole},
		"a cut twice":          {Org: orgA, Cuts: []time.Time{whole[0], whole[0], whole[1]}},
		"cuts of another zone": {Org: orgA, Cuts: []time.Time{whole[0].In(tokyo()), whole[1]}},
		"one cut too many":     {Org: orgA, Cuts: cutsOf(usage.MaxPeriods + 2)},
	} {
		_, err := e.u.Totals(e.ctx, q)
		e.refused("Totals with "+name, err, store.ErrInvalid)
	}
	_, err := e.u.Totals(e.ctx, store.TotalQuery{Org: orgA, Cuts: cutsOf(usage.MaxPeriods + 1)})
	e.must("Totals over MaxPeriods", err)
	for name, q := range map[string]store.RecordQuery{
		"no organization": {}, "NUL": {Org: orgA, Key: "\x00"}, "invalid UTF-8": {Org: orgA, Model: "\xff"},
		"a user too long": {Org: orgA, User: tenancy.UserID(strings.Repeat("u", 256))}, "an outcome with NUL": {Org: orgA, Outcome: "ok\x00"},
	} {
		_, err := e.u.Records(e.ctx, q)
		e.refused("Records with "+name, err, store.ErrInvalid)
	}
}

// cutsOf is n cuts a quarter-hour apart.
func cutsOf(n int) []time.Time {
	whole, _ := hours()
	cuts := make([]time.Time, n)
	for i := range cuts {
		cuts[i] = whole[0].Add(time.Duration(i) * usage.Quarter)
	}
	return cuts
}

func usageCursor(e *env) {
	e.append(trace(30)...)
	for _, c := range notCursors() {
		_, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, After: c})
		e.refused("Records after a forged cursor", err, store.ErrInvalid)
	}
	p, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, Limit: 2})
	e.must("Records", err)
	p, err = e.u.Records(e.ctx, store.RecordQuery{Org: orgB, After: p.Next})
	if err != nil {
		e.refused("Records after another organization's cursor", err, store.ErrInvalid)
	}
	for _, r := range p.Records {
		if r.Org != orgB {
			e.errorf("a trail of calls shows another organization's")
		}
	}
}
