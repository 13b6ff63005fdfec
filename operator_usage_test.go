package tenet_test

import (
	"cmp"
	"context"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// repriced is a world whose calls of three days in May have been paid at a price of 1000
// nano-euro a token of input, and what an owner and an operator need to look at them.
type repriced struct {
	*world
	up    store.Upkeep
	from  time.Time
	whole tenet.Span
}

func newRepriced(t *testing.T, st backend, edits ...func(*tenet.Options)) *repriced {
	t.Helper()
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	w := &repriced{newWorld(t, st, edits...), st.(store.Upkeep), from, tenet.Span{From: from, To: from.AddDate(0, 0, 3)}}
	var records []usage.Record
	for i := range 12 {
		r := usage.Record{
			ID: usage.RecordID("rec_" + string(rune('a'+i))), At: from.Add(time.Duration(i) * 6 * time.Hour), Org: w.org, Project: w.project.ID, Key: w.key.ID,
			Requested: "latest", Served: "gpt-4o", Outcome: usage.OutcomeOK, Status: 200, Count: 1,
			Units: usage.Units{}.With(tenancy.UnitInput, 100).With(tenancy.UnitOutput, 0), Cost: usage.Money{Micro: 100, Known: true},
		}
		records = append(records, r)
	}
	records[1].Served, records[1].Cost = "small", usage.Money{}             // no price
	records[2].Units, records[2].Cost = usage.Units{}, usage.Money{}        // nothing reported
	records[3].Served, records[3].Cost = usage.UnknownModel, usage.Money{}  // nothing known
	records[4].Outcome, records[4].Status = usage.OutcomeUpstreamError, 502 // paid all the same
	mustNot(t, st.Append(t.Context(), records))
	w.put(t, "gpt-4o", price(1000, time.Time{}), output())
	return w
}

func price(nano int64, from time.Time) tenancy.Price {
	return tenancy.Price{Unit: tenancy.UnitInput, Currency: "EUR", Nano: nano, From: from}
}

func output() tenancy.Price {
	return tenancy.Price{Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10_000}
}

func (w *repriced) put(t *testing.T, id tenancy.ModelID, prices ...tenancy.Price) {
	t.Helper()
	mustNot(t, w.Operator("ops").PutModel(t.Context(), tenancy.Model{ID: id, Public: true, Prices: prices}))
}

// costs are those of the calls by time, -1 where it is not known.
func (w *repriced) costs(t *testing.T) (all []int64) {
	t.Helper()
	for row, err := range w.As("ann").EachActivity(t.Context(), w.org, "", tenet.ActivityQuery{}) {
		mustNot(t, err)
		if cost := row.Cost; cost.Known {
			all = append(all, cost.Micro)
		} else {
			all = append(all, -1)
		}
	}
	slices.Reverse(all)
	return all
}

// sound complains unless the roll-ups are those of the records.
func (w *repriced) sound(t *testing.T) {
	t.Helper()
	report := must[usage.Report](t)(w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{Span: w.whole}))
	var want usage.Sums
	for _, cost := range w.costs(t) {
		want.Calls++
		if cost >= 0 {
			want.Priced++
			want.Cost += cost
		}
	}
	got := must[usage.Sums](t)(report.Total())
	got.Units, got.Reported = usage.Amounts{}, usage.Amounts{}
	if got != want {
		t.Errorf("the roll-up has %+v, the records %+v", got, want)
	}
	if ds := must[[]store.Difference](t)(w.up.Verify(t.Context(), w.org, w.whole.From, w.whole.To)); len(ds) > 0 {
		t.Errorf("Verify: %+v", ds)
	}
}

// told are the entries of re-pricing, oldest first.
func (w *repriced) told(t *testing.T) (all []string) {
	t.Helper()
	for _, e := range slices.Backward(entries(t, w.st, w.org)) {
		if e.Action == "usage.reprice" {
			if e.Subject != tenancy.OrganizationRef(w.org).Ref || e.Actor != "ops" || len(e.Refs) > 0 {
				t.Errorf("an entry about %+v by %q, with %d records", e.Subject, e.Actor, len(e.Refs))
			}
			all = append(all, string(e.Detail))
		}
	}
	return all
}

func TestReprice(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newRepriced(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		before := []int64{100, -1, -1, -1, 100, 100, 100, 100, 100, 100, 100, 100}
		if diff := gocmp.Diff(before, w.costs(t)); diff != "" {
			t.Fatalf("before (-want +got):\n%s", diff)
		}
		reprice := func(what string, span tenet.Span, changed int, want ...int64) {
			t.Helper()
			if n, err := ops.Reprice(ctx, w.org, span); n != changed || err != nil {
				t.Errorf("%s: Reprice = %d, %v, want %d", what, n, err, changed)
			}
			if diff := gocmp.Diff(want, w.costs(t)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", what, diff)
			}
			w.sound(t)
		}
		reprice("prices as they were", w.whole, 0, before...)

		// Dearer from noon of the second day, small has a price now, and calls in dollars are nobody's.
		dollars := price(9_000_000, w.from)
		dollars.Currency = "USD"
		w.put(t, "gpt-4o", price(1000, time.Time{}), price(2000, w.from.Add(36*time.Hour)), output(), dollars)
		w.put(t, "small", price(50, time.Time{}))
		reprice("the second day alone", tenet.Span{From: w.from.AddDate(0, 0, 1), To: w.from.AddDate(0, 0, 2)}, 2,
			100, -1, -1, -1, 100, 100, 200, 200, 100, 100, 100, 100)
		reprice("all", w.whole, 5, 100, 5, -1, -1, 100, 100, 200, 200, 200, 200, 200, 200)
		reprice("all once more", w.whole, 0, 100, 5, -1, -1, 100, 100, 200, 200, 200, 200, 200, 200)

		w.put(t, "gpt-4o", price(3000, time.Time{}), output())
		reprice("from one call up to another", tenet.Span{From: w.from.Add(30 * time.Hour), To: w.from.Add(42 * time.Hour)}, 2,
			100, 5, -1, -1, 100, 300, 300, 200, 200, 200, 200, 200)
		reprice("the microsecond before a call", tenet.Span{From: w.from.Add(48*time.Hour - time.Microsecond), To: w.from.Add(48 * time.Hour)}, 0,
			100, 5, -1, -1, 100, 300, 300, 200, 200, 200, 200, 200)
		w.put(t, "gpt-4o", price(1000, time.Time{}), price(2000, w.from.Add(36*time.Hour)), output())
		reprice("back", w.whole, 2, 100, 5, -1, -1, 100, 100, 200, 200, 200, 200, 200, 200)

		// No price any more is no known cost; failed calls may be free.
		free := price(1000, time.Time{})
		free.OnlyOK = true
		w.put(t, "small")
		w.put(t, "gpt-4o", free, output())
		reprice("free where it failed", w.whole, 8, 100, -1, -1, -1, 0, 100, 100, 100, 100, 100, 100, 100)

		want := []string{
			`{"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"span":["2026-05-02T00:00:00Z","2026-05-03T00:00:00Z"]}`,
			`{"changed":2,"span":["2026-05-02T00:00:00Z","2026-05-03T00:00:00Z"]}`,
			`{"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"changed":5,"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"span":["2026-05-02T06:00:00Z","2026-05-02T18:00:00Z"]}`,
			`{"changed":2,"span":["2026-05-02T06:00:00Z","2026-05-02T18:00:00Z"]}`,
			`{"span":["2026-05-02T23:59:59.999999Z","2026-05-03T00:00:00Z"]}`,
			`{"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"changed":2,"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
			`{"changed":8,"span":["2026-05-01T00:00:00Z","2026-05-04T00:00:00Z"]}`,
		}
		if diff := gocmp.Diff(want, w.told(t)); diff != "" {
			t.Errorf("the audit trail (-want +got):\n%s", diff)
		}
	})
}

// What Finish has priced, re-pricing leaves as it is.
func TestRepriceChangesNothingOfItself(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		now := time.Now()
		for _, outcome := range []usage.Outcome{usage.OutcomeOK, usage.OutcomeUpstreamError, usage.OutcomeAbandoned} {
			mustNot(t, begin(t, w, "latest").Finish(tenet.Result{Outcome: outcome, Units: usage.Units{}.With(tenancy.UnitInput, 3).With(tenancy.UnitOutput, 1)}))
			mustNot(t, begin(t, w, "gpt-4o").Finish(tenet.Result{Outcome: outcome}))
		}
		w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{})
		w.Begin(t.Context(), w.principal(t), "unheard-of", tenet.Estimate{})
		span := tenet.Span{From: usage.QuarterOf(now.Add(-time.Hour)), To: usage.QuarterOf(now.Add(time.Hour))}
		if n, err := w.Operator("ops").Reprice(t.Context(), w.org, span); n != 0 || err != nil {
			t.Errorf("Reprice = %d, %v, want 0", n, err)
		}
		// A refusal that waits to be written is re-priced too: it costs nothing.
		w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{})
		free := price(1000, time.Time{})
		free.OnlyOK = true
		mustNot(t, w.Operator("ops").PutModel(t.Context(), tenancy.Model{ID: "small", Public: true, Prices: []tenancy.Price{free}}))
		if n, err := w.Operator("ops").Reprice(t.Context(), w.org, span); n != 2 || err != nil {
			t.Errorf("Reprice = %d, %v, want both refusals", n, err)
		}
	})
}

func TestRepriceRefuses(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newRepriced(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		w.put(t, "gpt-4o", price(7000, time.Time{}), output())
		_, err := w.up.Prune(ctx, w.from.Add(12*time.Hour), 1) // one of two
		mustNot(t, err)
		before := w.costs(t)
		for _, c := range []struct {
			name string
			org  tenancy.OrgID
			span tenet.Span
			want error
		}{
			{"before the horizon", w.org, w.whole, store.ErrPastRetention},
			{"the day that the horizon cuts", w.org, tenet.Span{From: w.from.Add(18 * time.Hour), To: w.whole.To}, store.ErrPastRetention},
			{"backwards", w.org, tenet.Span{From: w.whole.To, To: w.from}, usage.ErrInvalid},
			{"no span", w.org, tenet.Span{}, usage.ErrInvalid},
			{"of centuries", w.org, tenet.Span{From: w.from, To: w.from.AddDate(300, 0, 0)}, usage.ErrInvalid},
			{"no such organization", "org_01JD0000000000000000000000", w.whole, tenet.ErrNotFound},
			{"malformed", "org_\x00", w.whole, tenet.ErrNotFound},
		} {
			if n, err := ops.Reprice(ctx, c.org, c.span); n != 0 || !errors.Is(err, c.want) {
				t.Errorf("%s: Reprice = %d, %v, want %v", c.name, n, err, c.want)
			}
		}
		stale := ops.With(tenet.ChangeOptions{IfRev: 1 << 40})
		if n, err := stale.Reprice(ctx, w.org, tenet.Span{From: w.from.AddDate(0, 0, 1), To: w.whole.To}); n != 0 || !errors.Is(err, tenet.ErrStale) {
			t.Errorf("an organization that changed: Reprice = %d, %v, want ErrStale", n, err)
		}
		if diff := gocmp.Diff(before, w.costs(t)); diff != "" || w.told(t) != nil {
			t.Errorf("something changed, or was told %q (-want +got):\n%s", w.told(t), diff)
		}
		if n, err := ops.Reprice(ctx, w.org, tenet.Span{From: w.from.AddDate(0, 0, 1), To: w.whole.To}); n == 0 || err != nil {
			t.Errorf("from the day after: Reprice = %d, %v", n, err)
		}
	})
}

func TestRepriceNeedsUpkeep(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st, func(o *tenet.Options) { o.Usage = struct{ store.Usage }{st} })
		n, err := w.Operator("ops").Reprice(t.Context(), w.org, lately)
		if n != 0 || !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, tenet.ErrUnavailable) {
			t.Errorf("Reprice = %d, %v, want errors.ErrUnsupported", n, err)
		}
	})
}

// failingUpkeep fails at the n-th Reprice.
type failingUpkeep struct {
	store.Usage
	store.Upkeep
	left int
}

func (f *failingUpkeep) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	if f.left--; f.left == 0 {
		return 0, store.ErrUnavailable
	}
	return f.Upkeep.Reprice(ctx, org, from, to, cost)
}

// Broken off, it says what it has changed, and asked again under the same id it does the
// rest.
func TestRepriceGoesOn(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		failing := &failingUpkeep{Usage: st, Upkeep: st.(store.Upkeep), left: 3}
		w := newRepriced(t, st, func(o *tenet.Options) { o.Usage = failing })
		w.put(t, "gpt-4o", price(2000, time.Time{}), output())
		ops := w.Operator("ops").With(tenet.ChangeOptions{Op: "op-1"})
		if n, err := ops.Reprice(t.Context(), w.org, w.whole); n != 5 || !errors.Is(err, tenet.ErrUnavailable) {
			t.Errorf("Reprice = %d, %v, want two days and ErrUnavailable", n, err)
		}
		w.sound(t)
		if n, err := ops.Reprice(t.Context(), w.org, w.whole); n != 4 || err != nil {
			t.Errorf("Reprice again = %d, %v, want the rest", n, err)
		}
		w.sound(t)
		if n, err := ops.Reprice(t.Context(), w.org, w.whole); n != 0 || err != nil {
			t.Errorf("Reprice a third time = %d, %v, want 0", n, err)
		}
		if n := len(w.told(t)); n != 2 {
			t.Errorf("%d entries, want one from before the first change and one of the rest: %q", n, w.told(t))
		}
	})
}

// Whatever the prices are and become, re-priced calls cost what a price list says that is
// read line by line in fractions, all others what they did, and activity, usage and Verify
// agree.
func TestRepriceAgreesWithANaivePriceList(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		span := tenet.Span{From: from, To: from.AddDate(0, 0, 3)}
		records := traffic(t, w, st, span, 60)
		slices.SortFunc(records, func(a, b usage.Record) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
		costs := map[usage.RecordID]usage.Money{}
		for _, r := range records {
			costs[r.ID] = r.Cost
		}
		rapid.Check(t, func(rt *rapid.T) {
			at := func(label string) time.Time { // a call's time, or a microsecond beside it
				i := rapid.IntRange(0, len(records)-1).Draw(rt, label)
				return records[i].At.Add(time.Duration(rapid.IntRange(-1, 1).Draw(rt, label+" beside")) * time.Microsecond)
			}
			var prices []tenancy.Price
			for range rapid.IntRange(0, 4).Draw(rt, "prices") {
				p := tenancy.Price{
					Unit: tenancy.UnitInput, Currency: rapid.SampledFrom([]string{"EUR", "EUR", "EUR", "USD"}).Draw(rt, "currency"),
					Nano: rapid.Int64Range(0, 5000).Draw(rt, "nano"), From: at("price"), OnlyOK: rapid.Bool().Draw(rt, "only ok"),
				}
				if !slices.ContainsFunc(prices, func(o tenancy.Price) bool { return o.From.Equal(p.From) && o.Currency == p.Currency }) {
					prices = append(prices, p)
				}
			}
			mustNot(t, w.Operator("ops").PutModel(t.Context(), tenancy.Model{ID: "gpt-4o", Public: true, Prices: prices}))
			part := tenet.Span{From: at("from"), To: at("to")}
			if !part.From.Before(part.To) {
				part = span
			}
			want := 0
			for _, r := range records {
				if r.At.Before(part.From) || !r.At.Before(part.To) {
					continue
				}
				if cost := naiveCost(prices, r); cost != costs[r.ID] {
					costs[r.ID] = cost
					want++
				}
			}
			if n, err := w.Operator("ops").Reprice(t.Context(), w.org, part); n != want || err != nil {
				rt.Fatalf("Reprice = %d, %v, want %d", n, err, want)
			}
			var sum usage.Sums
			for row, err := range w.As("ann").EachActivity(t.Context(), w.org, "", tenet.ActivityQuery{}) {
				mustNot(t, err)
				if row.Cost != costs[row.ID] {
					rt.Fatalf("%s of %v costs %v, want %v", row.ID, row.At, row.Cost, costs[row.ID])
				}
				if sum.Calls += row.Count; row.Cost.Known {
					sum.Priced, sum.Cost = sum.Priced+row.Count, sum.Cost+row.Cost.Micro*row.Count
				}
			}
			report := must[usage.Report](t)(w.As("ann").OrganizationUsage(t.Context(), w.org, tenet.UsageQuery{Span: span}))
			got := must[usage.Sums](t)(report.Total())
			got.Units, got.Reported = usage.Amounts{}, usage.Amounts{}
			if got != sum {
				rt.Fatalf("the roll-up has %+v, the records %+v", got, sum)
			}
			if ds := must[[]store.Difference](t)(st.Verify(t.Context(), w.org, span.From, span.To)); len(ds) > 0 {
				rt.Fatalf("Verify: %+v", ds)
			}
		})
	})
}

// naiveCost is what a call costs in EUR for its input, in fractions, half to even.
func naiveCost(prices []tenancy.Price, r usage.Record) usage.Money {
	var price *tenancy.Price
	for _, p := range prices {
		if p.Currency == "EUR" && !p.From.After(r.At) && (price == nil || p.From.After(price.From)) {
			price = &p
		}
	}
	n, known := r.Units.Get(tenancy.UnitInput)
	switch {
	case r.Served != "gpt-4o" || price == nil:
		return usage.Money{}
	case price.OnlyOK && r.Outcome != usage.OutcomeOK:
		return usage.Money{Known: true}
	case !known:
		return usage.Money{}
	}
	exact := big.NewRat(n*price.Nano, 1000)
	floor := new(big.Int).Quo(exact.Num(), exact.Denom()).Int64()
	half := new(big.Rat).Sub(exact, big.NewRat(floor, 1)).Cmp(big.NewRat(1, 2))
	if half > 0 || half == 0 && floor%2 == 1 {
		floor++
	}
	return usage.Money{Micro: floor, Known: true}
}
