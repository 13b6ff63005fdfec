package usage_test

import (
	"errors"
	"math"
	"math/big"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

var (
	may  = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	june = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
)

// ok is a call that went well.
func ok(units usage.Units, at time.Time) usage.Record {
	return usage.Record{Units: units, At: at, Outcome: usage.OutcomeOK, Count: 1}
}

// price is one of a unit in EUR from the beginning.
func price(u tenancy.Unit, nano int64) tenancy.Price {
	return tenancy.Price{Unit: u, Currency: "EUR", Nano: nano}
}

func TestCost(t *testing.T) {
	const most = math.MaxInt64
	input, output, cached, reasoning := tenancy.UnitInput, tenancy.UnitOutput, tenancy.UnitCachedInput, tenancy.UnitReasoning
	units := func(pairs ...any) (us usage.Units) {
		for i := 0; i < len(pairs); i += 2 {
			us = us.With(pairs[i].(tenancy.Unit), int64(pairs[i+1].(int)))
		}
		return us
	}
	known := func(micro int64) usage.Money { return usage.Money{Micro: micro, Known: true} }
	for _, c := range []struct {
		name   string
		prices []tenancy.Price
		units  usage.Units
		want   usage.Money
		err    error
	}{
		{"input and output", []tenancy.Price{price(input, 2500), price(output, 10000)}, units(input, 1200, output, 30), known(3300), nil},
		{"no price", nil, units(input, 1200), usage.Money{}, nil},
		{"no price of what was used", []tenancy.Price{price(tenancy.UnitImages, 9)}, units(input, 1200), usage.Money{}, nil},
		{"a priced unit is unknown", []tenancy.Price{price(input, 1000), price(output, 1000)}, units(input, 5), usage.Money{}, nil},
		{"an unpriced unit is unknown", []tenancy.Price{price(input, 1000)}, units(input, 5), known(5), nil},
		{"an unpriced unit is free", []tenancy.Price{price(input, 1000)}, units(input, 5, output, 1000), known(5), nil},
		{"nothing used", []tenancy.Price{price(input, 1000)}, units(input, 0), known(0), nil},
		{"price 0 is free, not unknown", []tenancy.Price{price(input, 0)}, units(input, 5), known(0), nil},
		{"another currency", []tenancy.Price{{Unit: input, Currency: "USD", Nano: 1000}}, units(input, 5), usage.Money{}, nil},
		{"no such unit", []tenancy.Price{price("tokens", 1000)}, units(input, 5), usage.Money{}, nil},

		{"cached has a price", []tenancy.Price{price(input, 1000), price(cached, 100)}, units(input, 100, cached, 40), known(64), nil},
		{"cached has none", []tenancy.Price{price(input, 1000)}, units(input, 100, cached, 40), known(100), nil},
		{"cached has a price and is unknown", []tenancy.Price{price(input, 1000), price(cached, 100)}, units(input, 100), usage.Money{}, nil},
		{"only cached has a price", []tenancy.Price{price(cached, 100)}, units(input, 100, cached, 40), known(4), nil},
		{"all cached", []tenancy.Price{price(input, 1000), price(cached, 100)}, units(input, 40, cached, 40), known(4), nil},
		{"more cached than input", []tenancy.Price{price(input, 1000), price(cached, 100)}, units(input, 40, cached, 41), usage.Money{}, usage.ErrInvalid},
		{"more cached than input, at the input's price", []tenancy.Price{price(input, 1000)}, units(input, 40, cached, 41), known(40), nil},
		{"reasoning has a price", []tenancy.Price{price(output, 1000), price(reasoning, 3000)}, units(output, 100, reasoning, 40), known(180), nil},
		{"reasoning has none", []tenancy.Price{price(output, 1000)}, units(output, 100, reasoning, 40), known(100), nil},
		{"more reasoning than output", []tenancy.Price{price(output, 1000), price(reasoning, 1)}, units(output, 1, reasoning, 2), usage.Money{}, usage.ErrInvalid},
		{"reasoning is no part of input", []tenancy.Price{price(input, 1000), price(reasoning, 1000)}, units(input, 10, reasoning, 4), known(14), nil},

		{"below the half", []tenancy.Price{price(input, 1)}, units(input, 1499), known(1), nil},
		{"half to even, down", []tenancy.Price{price(input, 1)}, units(input, 500), known(0), nil},
		{"half to even, up", []tenancy.Price{price(input, 1)}, units(input, 1500), known(2), nil},
		{"half to even, down again", []tenancy.Price{price(input, 1)}, units(input, 2500), known(2), nil},
		{"above the half", []tenancy.Price{price(input, 1)}, units(input, 2501), known(3), nil},
		{"rounded once, not by unit", []tenancy.Price{price(input, 1), price(output, 1)}, units(input, 499, output, 2), known(1), nil},

		{"a product beyond 64 bits", []tenancy.Price{price(input, most)}, units(input, 1000), known(most), nil},
		{"a thousandth over", []tenancy.Price{price(input, most), price(output, 1)}, units(input, 1000, output, 499), known(most), nil},
		{"rounded over", []tenancy.Price{price(input, most), price(output, 1)}, units(input, 1000, output, 500), usage.Money{}, usage.ErrOverflow},
		{"over by one", []tenancy.Price{price(input, most), price(output, 1000)}, units(input, 1000, output, 1), usage.Money{}, usage.ErrOverflow},
		{"far over", []tenancy.Price{price(input, most)}, units(input, most), usage.Money{}, usage.ErrOverflow},
		{"2^64 thousandfold", []tenancy.Price{price(input, 4000)}, units(input, 1<<62), usage.Money{}, usage.ErrOverflow},
		{"just over 128 bits, which would look small", []tenancy.Price{price(input, 1<<27), price(tenancy.UnitImages, most), price(tenancy.UnitSeconds, most), price(tenancy.UnitCharacters, most), price(tenancy.UnitRequests, most)},
			units(input, 1<<40, tenancy.UnitImages, most, tenancy.UnitSeconds, most, tenancy.UnitCharacters, most, tenancy.UnitRequests, most), usage.Money{}, usage.ErrOverflow},
		{"far over 128 bits", []tenancy.Price{price(input, most), price(output, most), price(tenancy.UnitImages, most), price(tenancy.UnitSeconds, most), price(tenancy.UnitRequests, most)},
			units(input, most, output, most, tenancy.UnitImages, most, tenancy.UnitSeconds, most, tenancy.UnitRequests, most), usage.Money{}, usage.ErrOverflow},
		{"a negative price", []tenancy.Price{price(input, -1)}, units(input, 5), usage.Money{}, usage.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := usage.Cost(c.prices, "EUR", ok(c.units, may))
			if diff := cmp.Diff(c.want, got); !errors.Is(err, c.err) || diff != "" {
				t.Errorf("Cost = %v, want %v (-want +got):\n%s", err, c.err, diff)
			}
		})
	}
}

func TestCostTakesThePriceOfTheTime(t *testing.T) {
	at := func(from time.Time, nano int64) tenancy.Price {
		return tenancy.Price{Unit: tenancy.UnitInput, Currency: "EUR", Nano: nano, From: from}
	}
	usd := tenancy.Price{Unit: tenancy.UnitInput, Currency: "USD", Nano: 9_000_000, From: june}
	for _, c := range []struct {
		name   string
		prices []tenancy.Price
		at     time.Time
		want   usage.Money
	}{
		{"before the first", []tenancy.Price{at(may, 1000), at(june, 2000)}, may.Add(-1), usage.Money{}},
		{"a microsecond before the first", []tenancy.Price{at(may, 1000), at(june, 2000)}, may.Add(-time.Microsecond), usage.Money{}},
		{"a microsecond before the second", []tenancy.Price{at(may, 1000), at(june, 2000)}, june.Add(-time.Microsecond), usage.Money{Micro: 10, Known: true}},
		{"a microsecond after the second begins", []tenancy.Price{at(may, 1000), at(june, 2000)}, june.Add(time.Microsecond), usage.Money{Micro: 20, Known: true}},
		{"as the first begins", []tenancy.Price{at(may, 1000), at(june, 2000)}, may, usage.Money{Micro: 10, Known: true}},
		{"before the second", []tenancy.Price{at(may, 1000), at(june, 2000)}, june.Add(-1), usage.Money{Micro: 10, Known: true}},
		{"as the second begins", []tenancy.Price{at(may, 1000), at(june, 2000)}, june, usage.Money{Micro: 20, Known: true}},
		{"in any order", []tenancy.Price{at(june, 2000), at(may, 1000)}, june, usage.Money{Micro: 20, Known: true}},
		{"in another zone", []tenancy.Price{at(may, 1000), at(june, 2000)}, june.In(time.FixedZone("", -3600)), usage.Money{Micro: 20, Known: true}},
		{"a later price of another currency", []tenancy.Price{at(may, 1000), usd}, june, usage.Money{Micro: 10, Known: true}},
		{"from the beginning", []tenancy.Price{at(time.Time{}, 3000), at(june, 2000)}, may, usage.Money{Micro: 30, Known: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := usage.Cost(c.prices, "EUR", ok(usage.Units{}.With(tenancy.UnitInput, 10), c.at))
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Errorf("Cost = %v (-want +got):\n%s", err, diff)
			}
		})
	}
}

// Calls that did not go well pay nothing under a price that only others pay, whatever
// they consumed, and all else as ever.
func TestCostOfCallsThatFailed(t *testing.T) {
	input, output, cached := tenancy.UnitInput, tenancy.UnitOutput, tenancy.UnitCachedInput
	onlyOK := func(u tenancy.Unit, nano int64) tenancy.Price { p := price(u, nano); p.OnlyOK = true; return p }
	from := func(p tenancy.Price, at time.Time) tenancy.Price { p.From = at; return p }
	us := usage.Units{}.With(input, 100).With(cached, 40).With(output, 10)
	known := func(micro int64) usage.Money { return usage.Money{Micro: micro, Known: true} }
	for _, c := range []struct {
		name    string
		prices  []tenancy.Price
		units   usage.Units
		ok, not usage.Money // of a call that went well, and of all others
	}{
		{"failed calls pay by default", []tenancy.Price{price(input, 1000), price(output, 1000)}, us, known(110), known(110)},
		{"and are unknown where a unit is", []tenancy.Price{price(input, 1000), price(tenancy.UnitImages, 1)}, us, usage.Money{}, usage.Money{}},
		{"nothing under such a price", []tenancy.Price{onlyOK(input, 1000), onlyOK(output, 1000)}, us, known(110), known(0)},
		{"each unit has its own", []tenancy.Price{price(input, 1000), onlyOK(output, 1000)}, us, known(110), known(100)},
		{"a unit that costs nothing need not be known", []tenancy.Price{price(input, 1000), onlyOK(tenancy.UnitImages, 1)}, us, usage.Money{}, known(100)},
		{"none is known", []tenancy.Price{onlyOK(input, 1000)}, usage.Units{}, usage.Money{}, known(0)},
		{"the part is free, not its whole", []tenancy.Price{price(input, 1000), onlyOK(cached, 100)}, us, known(64), known(60)},
		{"the whole is free, not its part", []tenancy.Price{onlyOK(input, 1000), price(cached, 100)}, us, known(64), known(4)},
		{"a part that nobody reported takes nothing off", []tenancy.Price{price(input, 1000), onlyOK(cached, 100)}, usage.Units{}.With(input, 100), usage.Money{}, known(100)},
		{"a later price ends it", []tenancy.Price{onlyOK(input, 1000), from(price(input, 2000), may)}, us, known(200), known(200)},
		{"a later price begins it", []tenancy.Price{price(input, 1000), from(onlyOK(input, 2000), may)}, us, known(200), known(0)},
		{"one that has not begun", []tenancy.Price{price(input, 1000), from(onlyOK(input, 2000), june)}, us, known(100), known(100)},
	} {
		for _, outcome := range usage.Outcomes() {
			r, want := ok(c.units, may), c.ok
			if r.Outcome = outcome; outcome != usage.OutcomeOK {
				want = c.not
			}
			if got, err := usage.Cost(c.prices, "EUR", r); got != want || err != nil {
				t.Errorf("%s, %s: %v, %v, want %v", c.name, outcome, got, err, want)
			}
		}
	}
}

// More of a part than of its whole is a contradiction, also where the whole is free.
func TestCostOfAContradictionThatIsFree(t *testing.T) {
	whole, part := price(tenancy.UnitInput, 1000), price(tenancy.UnitCachedInput, 100)
	whole.OnlyOK = true
	r := ok(usage.Units{}.With(tenancy.UnitInput, 40).With(tenancy.UnitCachedInput, 41), may)
	r.Outcome = usage.OutcomeAbandoned
	if got, err := usage.Cost([]tenancy.Price{whole, part}, "EUR", r); !errors.Is(err, usage.ErrInvalid) || got != (usage.Money{}) {
		t.Errorf("Cost = %v, %v, want ErrInvalid", got, err)
	}
}

// charge is what a call is charged for: one price a unit, -1 for none, and one amount,
// -1 for unknown.
type charge struct {
	prices, amounts [8]int64
	onlyOK          [8]bool
	outcome         usage.Outcome
}

// exact is Cost written with numbers of any size.
func (c charge) exact() (usage.Money, error) {
	prices, amounts := c.prices, c.amounts
	for i, p := range prices {
		if p >= 0 && c.onlyOK[i] && c.outcome != usage.OutcomeOK {
			prices[i] = 0
			if amounts[i] < 0 {
				amounts[i] = 0
				if i == 0 && amounts[1] >= 0 && prices[1] >= 0 || i == 2 && amounts[3] >= 0 && prices[3] >= 0 {
					amounts[i] = amounts[i+1] // no less than its part
				}
			}
		}
	}
	n := amounts
	for part, whole := range map[int]int{1: 0, 3: 2} { // cached of input, reasoning of output
		if prices[part] >= 0 && prices[whole] >= 0 && n[part] >= 0 && n[whole] >= 0 {
			n[whole] -= n[part]
		}
	}
	total, priced := new(big.Int), false
	for i, p := range prices {
		switch {
		case p < 0:
			continue
		case amounts[i] < 0:
			return usage.Money{}, nil
		case n[i] < 0:
			return usage.Money{}, usage.ErrInvalid
		}
		priced = true
		if total.Add(total, new(big.Int).Mul(big.NewInt(p), big.NewInt(n[i]))); total.BitLen() > 128 {
			return usage.Money{}, usage.ErrOverflow
		}
	}
	if !priced {
		return usage.Money{}, nil
	}
	micro := halfToEven(new(big.Rat).SetFrac(total, big.NewInt(1000)))
	if !micro.IsInt64() {
		return usage.Money{}, usage.ErrOverflow
	}
	return usage.Money{Micro: micro.Int64(), Known: true}, nil
}

// halfToEven rounds r, from 0 up.
func halfToEven(r *big.Rat) *big.Int {
	twice := new(big.Rat).Add(r, r)
	floor := new(big.Int).Quo(r.Num(), r.Denom())
	odd := new(big.Int).Add(new(big.Int).Lsh(floor, 1), big.NewInt(1)) // twice the half above floor
	switch c := twice.Cmp(new(big.Rat).SetInt(odd)); {
	case c > 0, c == 0 && floor.Bit(0) == 1:
		return floor.Add(floor, big.NewInt(1))
	}
	return floor
}

// check compares Cost with exact.
func (c charge) check(t interface{ Errorf(string, ...any) }) {
	var list []tenancy.Price
	r := usage.Record{At: may, Outcome: c.outcome, Count: 1}
	for i, u := range tenancy.Units() {
		if c.prices[i] >= 0 {
			p := price(u, c.prices[i])
			p.OnlyOK = c.onlyOK[i]
			list = append(list, p)
		}
		r.Units = r.Units.With(u, c.amounts[i])
	}
	want, wantErr := c.exact()
	got, err := usage.Cost(list, "EUR", r)
	if got != want || !errors.Is(err, wantErr) {
		t.Errorf("%+v: Cost = %v, %v, want %v, %v", c, got, err, want, wantErr)
	}
}

func TestCostAgreesWithExactNumbers(t *testing.T) {
	number := rapid.OneOf(rapid.Int64Range(-1, 3000), rapid.Int64Range(0, 1<<33), rapid.Int64Range(-1, math.MaxInt64),
		rapid.SampledFrom([]int64{0, 499, 500, 501, 1500, 2500, math.MaxInt64 - 1, math.MaxInt64}))
	rapid.Check(t, func(t *rapid.T) {
		outcomes := usage.Outcomes()
		c := charge{outcome: rapid.SampledFrom(outcomes[:]).Draw(t, "outcome")}
		for i := range c.prices {
			c.prices[i], c.amounts[i] = -1, -1
			if rapid.Bool().Draw(t, "priced") {
				c.prices[i], c.onlyOK[i] = number.Draw(t, "price"), rapid.Bool().Draw(t, "only ok")
			}
			if rapid.IntRange(0, 9).Draw(t, "known") > 0 {
				c.amounts[i] = number.Draw(t, "amount")
			}
		}
		c.check(t)
	})
}

// The ends of what computers count, as amounts and as prices, of every unit.
func TestB7CostAtTheEnds(t *testing.T) {
	ends := []int64{-1, 0, 1, 1<<31 - 1, 1 << 31, 1<<53 + 1, 1<<62 - 1, 1 << 62, math.MaxInt64 - 1, math.MaxInt64}
	for unit := range 8 {
		for _, amount := range ends {
			for _, nano := range ends {
				c := charge{prices: [8]int64{-1, -1, -1, -1, -1, -1, -1, -1}, amounts: [8]int64{-1, -1, -1, -1, -1, -1, -1, -1}, outcome: usage.OutcomeOK}
				c.prices[unit], c.amounts[unit] = nano, amount
				c.check(t)
			}
		}
	}
}

func FuzzCost(f *testing.F) {
	f.Add(int64(1200), int64(300), int64(40), int64(0), int64(2500), int64(250), int64(10000), int64(-1))
	f.Add(int64(1500), int64(-1), int64(0), int64(0), int64(1), int64(-1), int64(-1), int64(-1))
	f.Add(int64(math.MaxInt64), int64(0), int64(math.MaxInt64), int64(0), int64(1000), int64(-1), int64(1), int64(-1))
	f.Fuzz(func(t *testing.T, n0, n1, n2, n3, p0, p1, p2, p3 int64) {
		none := func(n int64) int64 { return max(n, -1) }
		charge{
			prices:  [8]int64{none(p0), none(p1), none(p2), none(p3), -1, -1, -1, -1},
			amounts: [8]int64{none(n0), none(n1), none(n2), none(n3), -1, -1, -1, -1},
			outcome: usage.OutcomeOK,
		}.check(t)
	})
}

func BenchmarkCost(b *testing.B) {
	prices := []tenancy.Price{price(tenancy.UnitInput, 2500), price(tenancy.UnitCachedInput, 250), price(tenancy.UnitOutput, 10000)}
	us := usage.Units{}.With(tenancy.UnitInput, 1200).With(tenancy.UnitCachedInput, 1000).With(tenancy.UnitOutput, 30)
	b.ReportAllocs()
	for b.Loop() {
		if m, err := usage.Cost(prices, "EUR", ok(us, may)); err != nil || m.Micro != 1050 {
			b.Fatal(m, err)
		}
	}
}
