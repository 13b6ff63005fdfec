package usage

import (
	"math/bits"
	"time"

	"example.com/tenet/tenancy"
)

// Cost estimates what one call of a record costs under prices, in a currency: its units,
// at the prices of when it began. It is unknown, the zero [Money], where no price holds
// for the call, or where a priced unit was not reported. Under a price that only calls
// that went well pay, a unit of another call costs nothing, reported or not.
//
// Cached input and reasoning are parts of input and output. Where they have a
// price of their own they are charged at it and the rest at the whole's; where
// they have none they are charged as the whole is, and need not be reported.
//
// The sum is exact in 128 bits of nano-units and rounded once, half to even, to
// micro-units. A sum beyond int64 is [ErrOverflow]; a negative price, or a part
// with a price of its own that is larger than its whole, is [ErrInvalid].
func Cost(prices []tenancy.Price, currency string, r Record) (Money, error) {
	list := pricesAt(prices, currency, r)
	var total nano
	for i, u := range tenancy.Units() {
		if !list[i].holds {
			continue
		}
		n, known := r.Units.Get(u)
		if !known && list[i].free {
			continue
		}
		if !known {
			return Money{}, nil
		}
		if n -= separately(u, list, r.Units); n < 0 {
			return Money{}, ErrInvalid
		}
		if err := total.add(n, list[i].nano); err != nil {
			return Money{}, err
		}
	}
	if list == (priceList{}) {
		return Money{}, nil
	}
	micro, err := total.micro()
	return Money{Micro: micro, Known: err == nil}, err
}

// priceList is the price of each unit, in the order of [tenancy.Units].
type priceList [8]struct {
	holds bool
	free  bool // whatever the amount
	nano  int64
	from  time.Time
}

// pricesAt picks the price of each unit that holds for a record: the latest that had
// begun when the call did.
func pricesAt(prices []tenancy.Price, currency string, r Record) priceList {
	var list priceList
	for _, p := range prices {
		i := place(p.Unit)
		if i < 0 || p.Currency != currency || p.From.After(r.At) {
			continue
		}
		if b := &list[i]; !b.holds || p.From.After(b.from) {
			b.holds, b.nano, b.from = true, p.Nano, p.From
			if b.free = p.OnlyOK && r.Outcome != OutcomeOK; b.free {
				b.nano = 0
			}
		}
	}
	return list
}

// separately is how much of u is charged under the price of a part of its own.
func separately(u tenancy.Unit, list priceList, units Units) int64 {
	var part tenancy.Unit
	switch u {
	case tenancy.UnitInput:
		part = tenancy.UnitCachedInput
	case tenancy.UnitOutput:
		part = tenancy.UnitReasoning
	}
	if i := place(part); i < 0 || !list[i].holds {
		return 0
	}
	n, _ := units.Get(part)
	return n
}

// nano is an unsigned amount of 128 bits in billionths of a currency.
type nano struct{ hi, lo uint64 }

// add adds n, from 0 up, at price.
func (s *nano) add(n, price int64) error {
	if price < 0 {
		return ErrInvalid
	}
	hi, lo := bits.Mul64(uint64(n), uint64(price))
	var carry uint64
	s.lo, carry = bits.Add64(s.lo, lo, 0)
	s.hi, carry = bits.Add64(s.hi, hi, carry)
	if carry != 0 {
		return ErrOverflow
	}
	return nil
}

// micro rounds to thousandths of nano, half to even.
func (s nano) micro() (int64, error) {
	const per = 1000
	if s.hi >= per {
		return 0, ErrOverflow
	}
	q, r := bits.Div64(s.hi, s.lo, per)
	if r > per/2 || (r == per/2 && q%2 == 1) {
		q++
	}
	if q > 1<<63-1 {
		return 0, ErrOverflow
	}
	return int64(q), nil
}
