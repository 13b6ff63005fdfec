package usage

import (
	"fmt"
	"time"
)

// Step is the width of a period of a report.
type Step string

// The steps, closed. The empty Step is the whole span as one period.
const (
	StepQuarter Step = "quarter_hour"
	StepHour    Step = "hour"
	StepDay     Step = "day"
	StepMonth   Step = "month"
)

// MaxPeriods bounds what [Cuts] cuts a span into.
const MaxPeriods = 3000

// Cuts cuts the span from from up to but not including to into steps of loc. It
// returns the instants between the periods, ends included, in UTC: one more than
// there are periods. The first and last period reach beyond the span where it
// begins or ends inside a step, so that periods are always whole and those of two
// spans agree wherever the spans meet.
//
// A day begins at the first instant at which a clock in loc shows its date or a
// later one. It has 23 or 25 hours where the clock is put forward or back, a date
// that the clock skips has no period, and an hour that repeats the end of a
// date after midnight has passed belongs to the new day. Months are cut likewise.
// An hour begins whenever the clock shows a full one, so that an hour which the
// clock repeats is two periods.
//
// It returns [ErrInvalid] for an unknown step, no loc, a span that is empty or
// backwards or reaches outside the years 1 to 9999, and one of more than
// [MaxPeriods] periods; and where a step would begin inside a quarter-hour of
// UTC, since no bucket could be cut there (the last zone with such an offset gave
// it up in 1979).
func Cuts(from, to time.Time, step Step, loc *time.Location) ([]time.Time, error) {
	from, to = from.UTC(), to.UTC()
	if loc == nil || !from.Before(to) || from.Year() < 1 || to.Year() > 9999 {
		return nil, fmt.Errorf("%w: no zone, or not a span", ErrInvalid)
	}
	if step == "" {
		return []time.Time{QuarterOf(from), QuarterOf(to.Add(Quarter - 1))}, nil
	}
	next, back := step.in(loc)
	if next == nil {
		return nil, fmt.Errorf("%w: unknown step", ErrInvalid)
	}
	cuts := []time.Time{lastBefore(from, next, back)}
	for start := cuts[0]; start.Before(to); cuts = append(cuts, start) {
		if start = next(start); len(cuts) > MaxPeriods {
			return nil, fmt.Errorf("%w: more than %d periods", ErrInvalid, MaxPeriods)
		}
	}
	for _, c := range cuts {
		if c != QuarterOf(c) {
			return nil, fmt.Errorf("%w: step begins inside a quarter-hour of UTC", ErrInvalid)
		}
	}
	return cuts, nil
}

// lastBefore returns the start of the step that t is in. It walks there from an
// earlier time, since which date begins a day is told by what the clock showed
// before; the walk falls into step at its second start at the latest.
func lastBefore(t time.Time, next func(time.Time) time.Time, back time.Duration) time.Time {
	start := next(t.Add(-back))
	for n := next(start); !n.After(t); n = next(n) {
		start = n
	}
	return start
}

// in returns what finds the start of the step after an instant, in UTC, and a
// time that two steps fit in; nil for no step.
func (s Step) in(loc *time.Location) (next func(time.Time) time.Time, back time.Duration) {
	const day = 24 * time.Hour
	switch s {
	case StepQuarter:
		return func(t time.Time) time.Time { return QuarterOf(t.Add(Quarter)) }, Quarter
	case StepHour:
		return func(t time.Time) time.Time { return nextHour(t, loc) }, 4 * time.Hour
	case StepDay:
		return func(t time.Time) time.Time {
			y, m, d := t.In(loc).Date()
			return whenShown(t, time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC), loc)
		}, 4 * day
	case StepMonth:
		return func(t time.Time) time.Time {
			y, m, _ := t.In(loc).Date()
			return whenShown(t, time.Date(y, m+1, 1, 0, 0, 0, 0, time.UTC), loc)
		}, 70 * day
	}
	return nil, 0
}

// whenShown returns the first instant from t on at which a clock in loc shows
// reading, given as if in UTC, or a later one. It goes from one change of the
// offset to the next, since time.Date does not say what it makes of a reading
// that is skipped or comes twice.
func whenShown(t, reading time.Time, loc *time.Location) time.Time {
	for {
		at, end := reading.Add(-offset(t, loc)), endOfOffset(t, loc)
		if at.Before(t) {
			return t // the clock was put forward over the reading
		}
		if end.IsZero() || at.Before(end) {
			return at
		}
		t = end
	}
}

// nextHour returns the first instant after t at which a clock in loc shows a full
// hour.
func nextHour(t time.Time, loc *time.Location) time.Time {
	for {
		shift, end := offset(t, loc), endOfOffset(t, loc)
		at := t.Add(shift).Truncate(time.Hour).Add(time.Hour - shift)
		if end.IsZero() || at.Before(end) {
			return at
		}
		if t = end; t.Add(offset(t, loc)).Truncate(time.Hour).Equal(t.Add(offset(t, loc))) {
			return t
		}
	}
}

// offset is what a clock in loc is ahead of UTC at t.
func offset(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// endOfOffset returns an instant after t until which the offset of t holds, in
// UTC; the zero time where it holds for ever.
func endOfOffset(t time.Time, loc *time.Location) time.Time {
	_, end := t.In(loc).ZoneBounds()
	if !end.IsZero() && !end.After(t) {
		// On 31 December of a leap year ZoneBounds gives the beginning of that day,
		// since it takes years for 365 days long (Go 1.26). Go on step by step.
		end = QuarterOf(t.Add(Quarter))
	}
	return end.UTC()
}
