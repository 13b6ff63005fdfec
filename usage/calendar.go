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
// returns the instants between the periods, ends included: one more than there
// are periods. The first and last period reach beyond the span where it begins or
// ends inside a step, so that periods are always whole: a day is from midnight to
// midnight in loc, 23 or 25 hours where the clock is put forward or back.
//
// It returns [ErrInvalid] for an unknown step, a span that is empty or
// backwards, and one of more than [MaxPeriods] periods; and where a step would
// begin inside a quarter-hour of UTC, since no bucket could be cut there (zones
// before the year 1972 have such offsets).
func Cuts(from, to time.Time, step Step, loc *time.Location) ([]time.Time, error) {
	if loc == nil || !from.Before(to) {
		return nil, fmt.Errorf("%w: span is empty", ErrInvalid)
	}
	if step == "" {
		return []time.Time{QuarterOf(from), roundUp(to)}, nil
	}
	start, next, ok := step.in(from, loc)
	if !ok {
		return nil, fmt.Errorf("%w: unknown step", ErrInvalid)
	}
	cuts := []time.Time{start}
	for start.Before(to) {
		if start = next(start); len(cuts) > MaxPeriods {
			return nil, fmt.Errorf("%w: more than %d periods", ErrInvalid, MaxPeriods)
		}
		cuts = append(cuts, start)
	}
	for _, c := range cuts {
		if c != QuarterOf(c) {
			return nil, fmt.Errorf("%w: step begins inside a quarter-hour of UTC", ErrInvalid)
		}
	}
	return cuts, nil
}

// in returns the start of the step that from is in, and the step's successor
// function; both in UTC.
func (s Step) in(from time.Time, loc *time.Location) (start time.Time, next func(time.Time) time.Time, ok bool) {
	y, m, d := from.In(loc).Date()
	switch s {
	case StepQuarter:
		return QuarterOf(from), func(t time.Time) time.Time { return t.Add(Quarter) }, true
	case StepHour:
		// An hour of the zone begins a whole number of hours after the offset's
		// own fraction of an hour; walking in absolute time keeps the hour that is
		// repeated when clocks go back.
		_, offset := from.In(loc).Zone()
		shift := time.Duration(offset) * time.Second
		start := from.UTC().Add(shift).Truncate(time.Hour).Add(-shift)
		return start, func(t time.Time) time.Time { return t.Add(time.Hour) }, true
	case StepDay:
		return midnight(y, m, d, loc), func(t time.Time) time.Time {
			y, m, d := t.In(loc).Date()
			return midnight(y, m, d+1, loc)
		}, true
	case StepMonth:
		return midnight(y, m, 1, loc), func(t time.Time) time.Time {
			y, m, _ := t.In(loc).Date()
			return midnight(y, m+1, 1, loc)
		}, true
	}
	return time.Time{}, nil, false
}

// midnight is the first instant of a day in loc. Where the clock skips midnight
// (some zones go forward at 00:00) the day begins at the first time that exists.
func midnight(y int, m time.Month, d int, loc *time.Location) time.Time {
	t := time.Date(y, m, d, 0, 0, 0, 0, loc)
	want := time.Date(y, m, d, 12, 0, 0, 0, loc).Day()
	if t.Day() == want {
		// Where clocks go back over midnight, 00:00 comes twice: take the first.
		if before := t.Add(-time.Hour); before.Day() == want {
			t = before
		}
		return t.UTC()
	}
	// 00:00 does not exist: time.Date gave an instant of the day before. The day
	// begins at the next change of the offset, on a quarter-hour.
	for t.Day() != want {
		t = t.Add(Quarter)
	}
	return QuarterOf(t)
}

func roundUp(t time.Time) time.Time {
	if q := QuarterOf(t); q != t.UTC() {
		return q.Add(Quarter)
	}
	return QuarterOf(t)
}
