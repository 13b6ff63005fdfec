package usage

import (
	"fmt"
	"strconv"

	"example.com/tenet/tenancy"
)

// Measure is one number of [Sums], to rank and to draw by: MeasureCalls, MeasureCost,
// or a [tenancy.Unit].
type Measure string

// The measures beside the units.
const (
	MeasureCalls Measure = "calls"
	MeasureCost  Measure = "cost" // in micro-units
)

// Validate returns [ErrInvalid] unless there is such a measure.
func (m Measure) Validate() error {
	if m != MeasureCalls && m != MeasureCost && place(tenancy.Unit(m)) < 0 {
		return fmt.Errorf("%w: unknown measure", ErrInvalid)
	}
	return nil
}

// Of returns the sum of a measure, and of how many calls it is. Counted below Calls
// means that the rest is not known, and the amount a lower bound.
func (s Sums) Of(m Measure) (amount, counted int64) {
	switch m {
	case MeasureCalls:
		return s.Calls, s.Calls
	case MeasureCost:
		return s.Cost, s.Priced
	}
	return s.Unit(tenancy.Unit(m))
}

// Text writes a measure for people to read: "1200", "at least 1200" where some calls
// did not say, "unknown" where none did, and a cost as [Money.String] does.
func (s Sums) Text(m Measure) string {
	amount, counted := s.Of(m)
	text := strconv.FormatInt(amount, 10)
	if m == MeasureCost {
		text = Money{Micro: amount, Known: true}.String()
	}
	switch counted {
	case s.Calls:
		return text
	case 0:
		return unknown
	}
	return "at least " + text
}

// Unpriced is how many of the calls have no known cost: Cost is without them.
func (s Sums) Unpriced() int64 { return s.Calls - s.Priced }

const unknown = "unknown"

// String writes the amount in whole units of the currency, exact and without needless
// zeros, "0.0033" for 3300 micro-units; "unknown" where it is.
func (m Money) String() string {
	if !m.Known {
		return unknown
	}
	return string(m.Append(nil))
}

// Append appends what String writes of a known amount.
func (m Money) Append(b []byte) []byte {
	const one = 1_000_000
	n := uint64(m.Micro)
	if m.Micro < 0 {
		b, n = append(b, '-'), -n
	}
	b = strconv.AppendUint(b, n/one, 10)
	if n %= one; n == 0 {
		return b
	}
	b = append(b, '.')
	for digit := uint64(one / 10); n > 0; digit /= 10 {
		b = append(b, '0'+byte(n/digit))
		n %= digit
	}
	return b
}
