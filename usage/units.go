package usage

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"

	"example.com/tenet/tenancy"
)

// Errors of the package.
var (
	// ErrOverflow is a sum or product beyond int64.
	ErrOverflow = errors.New("usage: does not fit in 64 bits")
	// ErrInvalid is a record, quantity or span outside its bounds.
	ErrInvalid = errors.New("usage: outside its bounds")
)

// Units is what one call consumed, by unit. A unit that was not reported is
// unknown, which is not 0. The zero Units knows nothing. Values are comparable.
type Units struct {
	known  uint8
	amount [8]int64
}

// place is the position of u in Units and in tenancy.Units; -1 for no unit.
func place(u tenancy.Unit) int {
	switch u {
	case tenancy.UnitInput:
		return 0
	case tenancy.UnitCachedInput:
		return 1
	case tenancy.UnitOutput:
		return 2
	case tenancy.UnitReasoning:
		return 3
	case tenancy.UnitImages:
		return 4
	case tenancy.UnitSeconds:
		return 5
	case tenancy.UnitCharacters:
		return 6
	case tenancy.UnitRequests:
		return 7
	}
	return -1
}

// With returns the units with n of u reported. A negative n, or a unit that does
// not exist, is unknown.
func (us Units) With(u tenancy.Unit, n int64) Units {
	i := place(u)
	if i < 0 {
		return us
	}
	us.known &^= 1 << i
	us.amount[i] = 0
	if n >= 0 {
		us.known |= 1 << i
		us.amount[i] = n
	}
	return us
}

// Get returns how much of u was reported; ok is false where it is unknown.
func (us Units) Get(u tenancy.Unit) (n int64, ok bool) {
	i := place(u)
	if i < 0 || us.known&(1<<i) == 0 {
		return 0, false
	}
	return us.amount[i], true
}

// Or returns the units with those that are unknown taken from o.
func (us Units) Or(o Units) Units {
	for i, n := range o.amount {
		if us.known&(1<<i) == 0 {
			us.amount[i] = n
		}
	}
	us.known |= o.known
	return us
}

// String lists the known units: "input=900 output=120".
func (us Units) String() string {
	var parts []string
	for _, u := range tenancy.Units() {
		if n, ok := us.Get(u); ok {
			parts = append(parts, string(u)+"="+strconv.FormatInt(n, 10))
		}
	}
	return strings.Join(parts, " ")
}

// MarshalJSON writes an object of the known units.
func (us Units) MarshalJSON() ([]byte, error) {
	m := make(map[tenancy.Unit]int64, 8)
	for _, u := range tenancy.Units() {
		if n, ok := us.Get(u); ok {
			m[u] = n
		}
	}
	return json.Marshal(m)
}

// UnmarshalJSON reads what MarshalJSON writes. An amount that is not an integer
// from 0 up is [ErrInvalid]; a unit that this version does not know is left out.
func (us *Units) UnmarshalJSON(data []byte) error {
	var m map[tenancy.Unit]int64
	if json.Unmarshal(data, &m) != nil {
		return ErrInvalid
	}
	var read Units
	for u, n := range m {
		if n < 0 {
			return ErrInvalid
		}
		read = read.With(u, n)
	}
	*us = read
	return nil
}

// add returns a+b of two numbers from 0 up, or ErrOverflow.
func add(a, b int64) (int64, error) {
	if a > math.MaxInt64-b {
		return 0, ErrOverflow
	}
	return a + b, nil
}

// mul returns a*b of two numbers from 0 up, or ErrOverflow.
func mul(a, b int64) (int64, error) {
	if a != 0 && b > math.MaxInt64/a {
		return 0, ErrOverflow
	}
	return a * b, nil
}
