package usage

import (
	"cmp"
	"encoding/json"
	"strconv"
	"time"

	"example.com/tenet/tenancy"
)

// Widths of buckets.
const (
	Quarter = 15 * time.Minute
	Day     = 24 * time.Hour // of UTC
)

// Tier is the width of a bucket by name.
type Tier string

// The tiers, closed. Records count in quarters of an hour, the finest that a zone's
// offset needs. A store may keep days beside them, so that a long span is read from
// few buckets; then a record counts in those too.
const (
	TierQuarter Tier = ""
	TierDay     Tier = "day"
)

// Dimension is what usage is split by.
type Dimension string

// The dimensions, closed. The empty Dimension splits by nothing.
const (
	ByProject Dimension = "project"
	ByModel   Dimension = "model" // the served model
	ByKey     Dimension = "key"
	ByUser    Dimension = "user"
	ByOutcome Dimension = "outcome"
)

// BucketID names one bucket of the roll-up: the calls of one outcome that began in
// one quarter of an hour, or in one day of UTC, for one item of a project.
//
// Every record counts in two buckets of each tier, one by model and one by who called. Models
// and callers are kept apart since their product would be as long as the trail.
type BucketID struct {
	Org     tenancy.OrgID
	Project tenancy.ProjectID
	Grain   Dimension // ByModel, ByKey or ByUser
	Item    string    // the served model, the key or the user; may be empty by model
	Outcome Outcome
	Tier    Tier
	Start   time.Time // UTC, a multiple of the tier's width
}

// Day is the bucket of the day that a bucket is in.
func (b BucketID) Day() BucketID {
	b.Tier, b.Start = TierDay, DayOf(b.Start)
	return b
}

// Compare orders bucket ids, so that writers who lock rows in this order cannot
// deadlock. It returns a negative number, 0 or a positive number.
func (b BucketID) Compare(o BucketID) int {
	return cmp.Or(
		cmp.Compare(b.Org, o.Org), cmp.Compare(b.Project, o.Project), cmp.Compare(b.Grain, o.Grain),
		cmp.Compare(b.Item, o.Item), cmp.Compare(b.Outcome, o.Outcome), cmp.Compare(b.Tier, o.Tier), b.Start.Compare(o.Start))
}

// Bucket is a bucket with what it holds.
type Bucket struct {
	BucketID
	Sums
}

// Amounts are quantities by unit, in the order of [tenancy.Units]. In JSON they are
// an object by the units' names.
type Amounts [8]int64

// MarshalJSON writes {"input":2,…}, every unit.
func (a Amounts) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, u := range tenancy.Units() {
		if i > 0 {
			out = append(out, ',')
		}
		out = strconv.AppendQuote(out, string(u))
		out = strconv.AppendInt(append(out, ':'), a[i], 10)
	}
	return append(out, '}'), nil
}

// UnmarshalJSON reads what MarshalJSON writes. Units that it does not know are left
// out, those that are missing are 0, and what is no such object is [ErrInvalid].
func (a *Amounts) UnmarshalJSON(data []byte) error {
	var m map[tenancy.Unit]int64
	if json.Unmarshal(data, &m) != nil {
		return ErrInvalid
	}
	*a = Amounts{}
	for u, n := range m {
		if i := place(u); i >= 0 {
			a[i] = n
		}
	}
	return nil
}

// Sums is what calls add up to. The zero Sums is of no call.
type Sums struct {
	Calls int64 `json:"calls"`
	// Units and Reported are how much was reported of each unit, and how many calls
	// reported it. Reported below Calls means that the amount is a lower bound.
	Units    Amounts `json:"units"`
	Reported Amounts `json:"reported"`
	// Cost is in micro-units over the Priced calls, those whose cost is known.
	Cost   int64 `json:"cost"`
	Priced int64 `json:"priced"`
}

// Unit returns how much of u was reported and by how many calls.
func (s Sums) Unit(u tenancy.Unit) (amount, reported int64) {
	if i := place(u); i >= 0 {
		return s.Units[i], s.Reported[i]
	}
	return 0, 0
}

// Plus returns the sums together, or [ErrOverflow].
func (s Sums) Plus(o Sums) (Sums, error) {
	var err error
	sum := func(a *int64, b int64) {
		n, e := add(*a, b)
		if e != nil {
			err = e
		}
		*a = n
	}
	sum(&s.Calls, o.Calls)
	for i := range s.Units {
		sum(&s.Units[i], o.Units[i])
		sum(&s.Reported[i], o.Reported[i])
	}
	sum(&s.Cost, o.Cost)
	sum(&s.Priced, o.Priced)
	if err != nil {
		return Sums{}, err
	}
	return s, nil
}

// Sums is what the record adds to each of its buckets: its units and cost times
// its count, or [ErrOverflow]. A count below 1 or a cost below 0 is [ErrInvalid];
// what else a record must be, [Record.Validate] says.
func (r Record) Sums() (Sums, error) {
	if r.Count < 1 || r.Cost.Micro < 0 {
		return Sums{}, ErrInvalid
	}
	s := Sums{Calls: r.Count}
	for i, u := range tenancy.Units() {
		n, ok := r.Units.Get(u)
		if !ok {
			continue
		}
		amount, err := mul(n, r.Count)
		if err != nil {
			return Sums{}, err
		}
		s.Units[i], s.Reported[i] = amount, r.Count
	}
	if r.Cost.Known {
		cost, err := mul(r.Cost.Micro, r.Count)
		if err != nil {
			return Sums{}, err
		}
		s.Cost, s.Priced = cost, r.Count
	}
	return s, nil
}

// Buckets returns the two buckets of [TierQuarter] that the record counts in: by
// served model and by who called.
func (r Record) Buckets() [2]BucketID {
	id := BucketID{
		Org: r.Org, Project: r.Project, Outcome: r.Outcome, Start: QuarterOf(r.At),
		Grain: ByModel, Item: string(r.Served),
	}
	caller := id
	caller.Grain, caller.Item = ByKey, string(r.Key)
	if r.Key == "" {
		caller.Grain, caller.Item = ByUser, string(r.User)
	}
	return [2]BucketID{id, caller}
}

// QuarterOf returns the start of the quarter-hour of UTC that t is in.
func QuarterOf(t time.Time) time.Time { return t.UTC().Truncate(Quarter) }

// DayOf returns the start of the day of UTC that t is in.
func DayOf(t time.Time) time.Time { return t.UTC().Truncate(Day) }

// Tally adds records up by bucket of [TierQuarter], as a store does in the transaction that
// writes them. Its errors are those of [Record.Sums] and [Sums.Plus].
func Tally(records []Record) (map[BucketID]Sums, error) {
	tally := make(map[BucketID]Sums, 2*len(records))
	for _, r := range records {
		s, err := r.Sums()
		if err != nil {
			return nil, err
		}
		for _, id := range r.Buckets() {
			if tally[id], err = tally[id].Plus(s); err != nil {
				return nil, err
			}
		}
	}
	return tally, nil
}
