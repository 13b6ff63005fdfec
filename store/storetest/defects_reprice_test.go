package storetest_test

import (
	"context"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

type anyStatus struct{ backend }

func (s anyStatus) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	q.Status = 0
	return s.Usage.Records(ctx, q)
}

// wholeDays rounds the ends of a long period up to days.
type wholeDays struct{ backend }

func (s wholeDays) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	end := len(q.Cuts) - 1
	if q.Validate() != nil || q.Cuts[end].Sub(q.Cuts[0]) < usage.Day {
		return s.Usage.Totals(ctx, q)
	}
	last := q.Cuts[end]
	q.Cuts = slices.Clone(q.Cuts)
	q.Cuts[end] = usage.DayOf(last.Add(usage.Day - 1))
	ts, err := s.Usage.Totals(ctx, q)
	for i := range ts {
		if ts[i].End.After(last) {
			ts[i].End = last
		}
	}
	return ts, err
}

type comparesCost struct{ backend }

func (s comparesCost) Append(ctx context.Context, records []usage.Record) error {
	for _, r := range records[:min(len(records), 200)] {
		p, _ := s.Records(ctx, store.RecordQuery{Org: r.Org})
		for _, kept := range p.Records {
			if kept.ID == r.ID && kept != r {
				return store.ErrReused
			}
		}
	}
	return s.Usage.Append(ctx, records)
}

// oldSums keeps sums of its own, which are not priced anew.
type oldSums struct {
	backend
	sums *memory.Store
}

func (s oldSums) Append(ctx context.Context, records []usage.Record) error {
	if err := s.Usage.Append(ctx, records); err != nil {
		return err
	}
	return s.sums.Append(ctx, records)
}

func (s oldSums) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	if ts, err := s.Usage.Totals(ctx, q); err != nil {
		return ts, err
	}
	return s.sums.Totals(ctx, q)
}

type repricesAll struct{ backend }

func (s repricesAll) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	for _, other := range []tenancy.OrgID{"org_01J0000000000000000000000A", "org_01J0000000000000000000000B"} {
		if other != org {
			_, _ = s.Upkeep.Reprice(ctx, other, from, to, cost)
		}
	}
	return s.Upkeep.Reprice(ctx, org, from, to, cost)
}

type repricesInParts struct{ backend }

func (s repricesInParts) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (n int, err error) {
	if store.ValidateDays(from, to) != nil {
		return s.Upkeep.Reprice(ctx, org, from, to, cost)
	}
	for ; from.Before(to) && err == nil; from = from.Add(usage.Day) {
		var more int
		more, err = s.Upkeep.Reprice(ctx, org, from, from.Add(usage.Day), cost)
		n += more
	}
	if err != nil {
		return 0, err
	}
	return n, nil
}

// firstDays keeps days of its own, as the first Append made them.
type firstDays struct {
	backend
	days *memory.Store
	made *bool
}

func (s firstDays) Append(ctx context.Context, records []usage.Record) error {
	err := s.Usage.Append(ctx, records)
	if err == nil && !*s.made {
		*s.made = true
		return s.days.Append(ctx, records)
	}
	return err
}

func (s firstDays) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	for _, c := range q.Cuts {
		if c != usage.DayOf(c) {
			return s.Usage.Totals(ctx, q)
		}
	}
	if ts, err := s.Usage.Totals(ctx, q); err != nil {
		return ts, err
	}
	return s.days.Totals(ctx, q)
}

// repricesWhatIsLeft prices days that the horizon is in.
type repricesWhatIsLeft struct{ backend }

func (s repricesWhatIsLeft) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	n, err := s.Upkeep.Reprice(ctx, org, from, to, cost)
	if horizon, _ := s.Horizon(ctx); err != nil && from.Before(horizon) && horizon.Before(to) {
		return 0, nil
	}
	return n, err
}
