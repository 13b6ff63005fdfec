package faults

import (
	"reflect"

	"example.com/tenet/store"
)

// Method names a method of an interface of package store.
type Method string

// The methods that are wrapped.
const (
	Get     Method = "Get" // of store.Store
	List    Method = "List"
	Commit  Method = "Commit"
	Changes Method = "Changes"
	Trail   Method = "Trail"
	Append  Method = "Append" // of store.Usage
	Records Method = "Records"
	Totals  Method = "Totals"
	Verify  Method = "Verify" // of store.Upkeep
	Rebuild Method = "Rebuild"
	Reprice Method = "Reprice"
	Prune   Method = "Prune"
	Horizon Method = "Horizon"
)

// writes reports whether a lost answer leaves it open what the store has.
func (m Method) writes() bool {
	return m == Commit || m == Append || m == Rebuild || m == Reprice || m == Prune
}

// Call is one call of a store, before it is made.
type Call struct {
	Method Method
	N      int // which call of the method it is since the plan was set, from 1
}

// Plan says what becomes of a call. It is called once for each, in whatever
// goroutine the call is made, and two may be asked at once. [Down] is a plan.
type Plan func(Call) Fault

// Down is the plan of a store that does not answer: store.ErrUnavailable to every
// call.
func Down(Call) Fault { return Fault{Err: store.ErrUnavailable} }

// Always is the plan of one fault for every call.
func Always(f Fault) Plan { return func(Call) Fault { return f } }

// On is a plan for one method: at says what becomes of its n-th call, from 1.
func On(m Method, at func(n int) Fault) Plan {
	return func(c Call) Fault {
		if c.Method != m {
			return Fault{}
		}
		return at(c.N)
	}
}

// Nth is the plan of a fault for the n-th call of a method, from 1, and for no other.
func Nth(m Method, n int, f Fault) Plan {
	return On(m, func(at int) Fault {
		if at != n {
			return Fault{}
		}
		return f
	})
}

// Every is the plan of a fault for every n-th call of a method: for all where n is 1,
// for none where it is less.
func Every(m Method, n int, f Fault) Plan {
	return On(m, func(at int) Fault {
		if n < 1 || at%n != 0 {
			return Fault{}
		}
		return f
	})
}

// First is the plan of several: a call has the first fault that one of them has for
// it. Plans after that one are not asked. A nil one has no fault.
func First(plans ...Plan) Plan {
	return func(c Call) Fault {
		for _, p := range plans {
			if p == nil {
				continue
			}
			if f := p(c); !reflect.ValueOf(f).IsZero() {
				return f
			}
		}
		return Fault{}
	}
}
