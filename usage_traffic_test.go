package tenet_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// ledger is the naive model of usage: every call in a slice, and loops over it.
type ledger struct {
	shown   atomic.Int64           // what the host's clock shows, in Unix microseconds
	high    time.Time              // the latest that it has shown to the Tenet that is open
	calls   []usage.Record         // allowed and finished, by request id
	refused map[usage.Record]int64 // how often, by what refusals of one kind in one second have in common
}

// tick is what the clock gives out: it never runs backwards.
func (l *ledger) tick() time.Time {
	if now := l.now(); now.After(l.high) {
		l.high = now
	}
	return l.high
}

func (l *ledger) now() time.Time { return time.UnixMicro(l.shown.Load()).UTC() }

// refuse notes a refusal.
func (l *ledger) refuse(r usage.Record) {
	r.At = r.At.Truncate(time.Second)
	l.refused[r]++
}

// all are the records of the model, newest first; refusals as one a second each.
func (l *ledger) all() []usage.Record {
	all := slices.Clone(l.calls)
	for r, n := range l.refused {
		r.Count = n
		all = append(all, r)
	}
	return all
}

// TestRandomTraffic holds activity and usage to the model: random calls of keys and of
// people, refused ones too, over a usage store that loses answers, refuses for a while and
// is slow, with records that are delivered again in other order and company, roll-ups
// rebuilt in between, clocks that step an hour back or ten years on (F13), and Tenet
// opened anew.
func TestRandomTraffic(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		l := &ledger{}
		var w *town
		clock := func(o *tenet.Options) {
			o.Clock = l.now
			o.Recording.Patience = 5 * time.Second
		}
		l.shown.Store(time.Date(2026, 10, 24, 20, 0, 0, 0, time.UTC).UnixMicro()) // the day before one of 25 hours in Europe
		w = newTownOver(t, st, clock)
		must[tenancy.Organization](t)(w.As("ann").SetTimeZone(t.Context(), w.org, "Europe/Berlin"))
		d := &trafficDriver{w: w, l: l, clock: clock, peppers: peppers(t), last: l.now()}
		rapid.Check(t, func(rt *rapid.T) {
			d.T = rt
			l.refused, l.calls = map[usage.Record]int64{}, nil
			d.from = usage.DayOf(d.last).Add(2 * usage.Day) // nothing was recorded there
			d.move(d.from.Add(8 * time.Hour).Sub(l.now()))
			rt.Repeat(map[string]func(*rapid.T){
				"call": d.call, "refuse": d.refuse, "deliver again": d.again, "rebuild": d.rebuild,
				"clock": d.step, "fault": d.fault, "open anew": d.reopen, "": d.look,
			})
			d.compare()
		})
		t.Logf("%d calls, %d refusals, %d deliveries again, %d faults met", d.made, d.denied, d.delivered, d.met)
		if d.made < 100 || d.denied < 50 || d.delivered < 20 {
			t.Error("too few of a kind")
		}
	})
}

type trafficDriver struct {
	*rapid.T
	w       *town
	l       *ledger
	peppers *keys.Peppers
	clock   func(*tenet.Options)
	from    time.Time // of this run
	last    time.Time // the latest that the clock was ever put to
	n       int

	made, denied, delivered, met int
}

// caller begins a call as somebody, and says whose it is.
func (d *trafficDriver) caller(t *rapid.T) (begin func(tenancy.ModelID) (*tenet.Call, access.Decision), by usage.Record) {
	by = usage.Record{Org: d.w.org, Project: d.w.project.ID, Count: 1}
	switch rapid.SampledFrom([]string{"service", "personal", "person"}).Draw(t, "by") {
	case "person":
		by.User = "mem"
		return func(m tenancy.ModelID) (*tenet.Call, access.Decision) {
			return d.w.As("mem").Begin(t.Context(), d.w.org, d.w.project.ID, m, tenet.Estimate{})
		}, by
	case "personal":
		by.Key = d.w.mems.ID
		return d.byKey(t, d.w.memsSc.Reveal()), by
	}
	by.Key = d.w.key.ID
	return d.byKey(t, d.w.secret.Reveal()), by
}

func (d *trafficDriver) byKey(t *rapid.T, token string) func(tenancy.ModelID) (*tenet.Call, access.Decision) {
	p, decision := d.w.Authenticate(t.Context(), token)
	if !decision.Allowed() {
		t.Fatalf("Authenticate: %+v", decision)
	}
	return func(m tenancy.ModelID) (*tenet.Call, access.Decision) {
		return d.w.Begin(t.Context(), p, m, tenet.Estimate{})
	}
}

func (d *trafficDriver) call(t *rapid.T) {
	begin, r := d.caller(t)
	r.At, r.Served = d.l.tick(), "gpt-4o"
	r.Requested = rapid.SampledFrom([]tenancy.ModelID{"gpt-4o", "latest"}).Draw(t, "model")
	c, decision := begin(r.Requested)
	if c == nil {
		t.Fatalf("Begin: %+v", decision)
	}
	began := d.l.tick()
	d.move(rapid.SampledFrom([]time.Duration{0, 0, 1500 * time.Millisecond, -time.Hour, time.Hour}).Draw(t, "takes"))
	d.n++
	r.Latency, r.RequestID = d.l.tick().Sub(began), fmt.Sprint("req-", d.n)
	r.Outcome = rapid.SampledFrom([]usage.Outcome{usage.OutcomeOK, usage.OutcomeClientError, usage.OutcomeUpstreamError, usage.OutcomeAbandoned}).Draw(t, "outcome")
	r.Status = rapid.SampledFrom([]int{0, 200, 502}).Draw(t, "status")
	in := rapid.SampledFrom([]int64{-1, 0, 1, 400, 1 << 30, usage.MaxAmount}).Draw(t, "input")
	out := rapid.SampledFrom([]int64{-1, 0, 8, 4000}).Draw(t, "output")
	r.Units = usage.Units{}.With(tenancy.UnitInput, in).With(tenancy.UnitOutput, out)
	if in >= 0 && out >= 0 { // 2,500 and 10,000 nano; what is half goes to the even
		if r.Cost = (usage.Money{Micro: in*5/2 + out*10, Known: true}); in%2 == 1 && r.Cost.Micro%2 == 1 {
			r.Cost.Micro++
		}
	}
	if err := c.Finish(tenet.Result{Outcome: r.Outcome, Status: r.Status, Units: r.Units, RequestID: r.RequestID}); err != nil {
		t.Fatalf("Finish: %v", err)
	}
	d.l.calls = append(d.l.calls, r)
	d.made++
}

func (d *trafficDriver) refuse(t *rapid.T) {
	begin, r := d.caller(t)
	r.At, r.Outcome = d.l.tick(), usage.OutcomeDenied
	model := rapid.SampledFrom([]tenancy.ModelID{"small", "made-up", ""}).Draw(t, "model")
	switch model {
	case "small":
		r.Requested, r.Served, r.Reason = "small", "small", access.ReasonModelNotEnabled
	case "":
		r.Reason = access.ReasonNoModel
	default:
		r.Requested, r.Served, r.Reason = usage.UnknownModel, usage.UnknownModel, access.ReasonModelUnknown
	}
	for range rapid.IntRange(1, 3).Draw(t, "times") {
		if c, decision := begin(model); c != nil || decision.Reason != r.Reason {
			t.Fatalf("Begin: %+v, want %v", decision, r.Reason)
		}
		d.l.refuse(r)
		d.denied++
	}
}

// again delivers records that are there once more: some of them, in any order, twice.
func (d *trafficDriver) again(t *rapid.T) {
	page, err := d.w.under.Records(t.Context(), store.RecordQuery{Org: d.w.org, From: d.from, Limit: 50})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Records) == 0 {
		return
	}
	some := rapid.SliceOfN(rapid.SampledFrom(page.Records), 1, 20).Draw(t, "records")
	other := some[0]
	if other.Count++; !errors.Is(d.w.under.Append(t.Context(), append(slices.Clone(some), other)), store.ErrReused) {
		t.Fatal("a record with another count was taken under the same id")
	}
	if err := d.w.under.Append(t.Context(), some); err != nil {
		t.Fatal(err)
	}
	d.delivered += len(some)
}

func (d *trafficDriver) rebuild(t *rapid.T) {
	from := usage.QuarterOf(d.from.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "from")) * usage.Quarter))
	if err := d.w.under.(store.Upkeep).Rebuild(t.Context(), d.w.org, from, from.Add(usage.Quarter*time.Duration(rapid.IntRange(1, 200).Draw(t, "long")))); err != nil {
		t.Fatal(err)
	}
}

func (d *trafficDriver) step(t *rapid.T) {
	d.move(rapid.SampledFrom([]time.Duration{0, 10 * time.Millisecond, time.Second, 14 * time.Minute, -time.Hour, time.Hour, 13 * time.Hour}).Draw(t, "step"))
	if now := d.l.now(); rapid.IntRange(0, 200).Draw(t, "far") == 77 && now.Year() < 2100 {
		d.move(now.AddDate(10, 0, 0).Sub(now))
	}
}

// move puts the clock on, or back, but not to before the run, and has both look at it.
func (d *trafficDriver) move(by time.Duration) {
	now := d.l.now().Add(by)
	if first := d.from.Add(time.Hour); now.Before(first) {
		now = first
	}
	if now.After(d.last) {
		d.last = now
	}
	d.l.shown.Store(now.UnixMicro())
	d.w.CanCall(tenet.Principal{}, "")
	d.l.tick()
}

// fault has the next appends go wrong in a way that Tenet mends by itself.
func (d *trafficDriver) fault(t *rapid.T) {
	f := rapid.SampledFrom([]faults.Fault{{Lost: true}, {Err: store.ErrUnavailable}, {Err: errors.New("odd")}, {Delay: time.Millisecond}}).Draw(t, "fault")
	d.w.faults.Set(faults.On(faults.Append, func(n int) faults.Fault {
		if n > 2 {
			return faults.Fault{}
		}
		d.met++
		return f
	}))
}

func (d *trafficDriver) reopen(t *rapid.T) {
	if err := d.w.Close(); err != nil {
		t.Fatal(err)
	}
	o := &tenet.Options{Peppers: d.peppers}
	d.clock(o)
	next, err := tenet.Open(t.Context(), d.w.st, o)
	if err != nil {
		t.Fatal(err)
	}
	d.w.Tenet = next
	d.l.high = time.Time{} // it is a process's own
	d.move(0)
}

func (d *trafficDriver) look(t *rapid.T) {
	if len(d.l.calls)%7 == 6 {
		d.compare()
	}
}

// compare compares everything that people and operators see.
func (d *trafficDriver) compare() {
	q := tenet.ActivityQuery{Span: tenet.Span{From: d.from}, Limit: rapid.SampledFrom([]int{1, 3, 1000}).Draw(d.T, "page")}
	switch rapid.SampledFrom([]string{"", "key", "user", "model", "outcome", "status"}).Draw(d.T, "filter") {
	case "key":
		q.Key = d.w.mems.ID
	case "user":
		q.User = "mem"
	case "model":
		q.Model = "gpt-4o"
	case "outcome":
		q.Outcome = usage.OutcomeDenied
	case "status":
		q.Status = 502
	}
	got := map[usage.Record]int64{}
	last := time.Time{}
	for row, err := range d.w.As("ann").EachActivity(d.Context(), d.w.org, "", q) {
		if err != nil {
			d.Fatal(err)
		}
		if !last.IsZero() && row.At.After(last) {
			d.Fatal("activity is not newest first")
		}
		last = row.At
		r := row.Record
		n := r.Count
		if r.ID, r.Count = "", 1; r.Outcome == usage.OutcomeDenied {
			r.At, r.Latency = r.At.Truncate(time.Second), 0
		}
		got[r] += n
	}
	want := map[usage.Record]int64{}
	for _, r := range d.l.all() {
		asked := (q.Key == "" || q.Key == r.Key) && (q.User == "" || q.User == r.User) && (q.Model == "" || q.Model == r.Served) &&
			(q.Outcome == "" || q.Outcome == r.Outcome) && (q.Status == 0 || q.Status == r.Status)
		if n := r.Count; asked {
			r.Count = 1
			want[r] += n
		}
	}
	if diff := gocmp.Diff(want, got, gocmp.AllowUnexported(usage.Units{})); diff != "" {
		d.Fatalf("activity, and how often (-model +got):\n%s", diff)
	}
	d.compareUsage()
	ds, err := d.w.under.(store.Upkeep).Verify(d.Context(), d.w.org, usage.DayOf(d.from), usage.DayOf(d.last).Add(2*usage.Day))
	if err != nil || len(ds) > 0 {
		d.Fatalf("Verify: %v, %d differences", err, len(ds))
	}
}

func (d *trafficDriver) compareUsage() {
	by := rapid.SampledFrom([]usage.Dimension{usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome, usage.ByProject}).Draw(d.T, "by")
	q := tenet.UsageQuery{Span: tenet.Span{From: d.from, To: d.last.Add(time.Hour)}, By: []usage.Dimension{by}, Step: usage.StepDay}
	if q.To.Sub(q.From) > 300*usage.Day {
		q.Step = usage.StepMonth
	}
	report, err := d.w.As("ann").OrganizationUsage(d.Context(), d.w.org, q)
	if err != nil {
		d.Fatal(err)
	}
	// What was there before this run began lies in another period.
	for _, row := range report.Rows {
		if row.Start.Before(d.from) {
			continue
		}
		want := naive(d.l.all(), func(r usage.Record) bool {
			return !r.At.Before(row.Start) && r.At.Before(row.End) && countsUnder(r)[by] == row.Items[0].ID
		})
		got := row.Sums
		for i := range got.Units { // the model adds up input alone
			if i > 0 {
				got.Units[i], got.Reported[i] = 0, 0
			}
		}
		if got != want {
			d.Fatalf("%s of %v: %+v, model %+v", row.Name(), row.Start, got, want)
		}
	}
	total, err := report.Total()
	if err != nil {
		d.Fatal(err)
	}
	everything := naive(d.l.all(), func(usage.Record) bool { return true })
	before := slices.IndexFunc(report.Cuts, func(c time.Time) bool { return !c.Before(d.from) })
	if before == 0 && cmp.Compare(total.Calls, everything.Calls) != 0 {
		d.Fatalf("%d calls in all, model %d", total.Calls, everything.Calls)
	}
}
