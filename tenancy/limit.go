package tenancy

import "slices"

// Measure is what a [Limit] counts.
type Measure string

// The measures.
const (
	MeasureMoney    Measure = "money"     // micro-units of the organization's currency
	MeasureTokens   Measure = "tokens"    // input and output together
	MeasureRequests Measure = "requests"  // calls begun
	MeasureInFlight Measure = "in_flight" // calls begun and not finished; its window is empty
)

// Window is the span after which a [Limit] starts anew.
type Window string

// The windows. Days and months are those of the organization's time zone.
const (
	WindowMinute Window = "minute"
	WindowHour   Window = "hour"
	WindowDay    Window = "day"
	WindowMonth  Window = "month"
)

// Limit is one ceiling: at most Max of Measure in each Window. Max may be 0,
// which admits nothing.
type Limit struct {
	Measure Measure `json:"measure"`
	Window  Window  `json:"window,omitzero"`
	Max     int64   `json:"max"`
}

// Limits are ceilings that hold together, one for a measure and window. An empty
// Limits sets no ceiling at its level; those of the levels above still hold. They
// are kept and not enforced yet.
type Limits []Limit

// MaxLimits bounds the limits of one record.
const MaxLimits = 16

func (ls Limits) check(field string) error {
	if len(ls) > MaxLimits {
		return invalid(field, "at most 16 limits")
	}
	for i, l := range ls {
		if !l.known() || l.Max < 0 {
			return invalid(field, "limits of a known measure and window, from 0")
		}
		if slices.ContainsFunc(ls[:i], func(o Limit) bool { return o.Measure == l.Measure && o.Window == l.Window }) {
			return invalid(field, "one limit for a measure and window")
		}
	}
	return nil
}

func (l Limit) known() bool {
	switch l.Measure {
	case MeasureInFlight:
		return l.Window == ""
	case MeasureMoney, MeasureTokens, MeasureRequests:
		return slices.Contains([]Window{WindowMinute, WindowHour, WindowDay, WindowMonth}, l.Window)
	}
	return false
}
