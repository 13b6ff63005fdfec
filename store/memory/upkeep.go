package memory

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// span is the part of the roll-up that Verify and Rebuild look at.
type span struct {
	org      tenancy.OrgID
	from, to time.Time
}

func (s span) has(org tenancy.OrgID, at time.Time) bool {
	return org == s.org && !at.Before(s.from) && at.Before(s.to)
}

// inspect enters the store where the span may still be looked at, and adds its
// records up. The caller unlocks where it returns no error.
func (s *Store) inspect(ctx context.Context, sp span) (map[usage.BucketID]usage.Sums, error) {
	if err := store.ValidateSpan(sp.from, sp.to); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	tally, err := s.usage.tally(sp)
	if err != nil {
		s.mu.Unlock()
	}
	return tally, err
}

func (l *ledger) tally(sp span) (map[usage.BucketID]usage.Sums, error) {
	if sp.from.Before(l.horizon) {
		return nil, store.ErrPastRetention
	}
	var rs []usage.Record
	for _, r := range l.trail(sp.org) {
		if sp.has(r.Org, r.At) {
			rs = append(rs, r)
		}
	}
	return usage.Tally(rs)
}

// Verify implements store.Upkeep. Differences are in the order of their buckets.
func (s *Store) Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]store.Difference, error) {
	sp := span{org, from, to}
	tally, err := s.inspect(ctx, sp)
	if err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	var ds []store.Difference
	for id, sum := range s.usage.buckets {
		if sp.has(id.Org, id.Start) && sum != tally[id] {
			ds = append(ds, store.Difference{Bucket: id, Stored: sum, Records: tally[id]})
		}
		delete(tally, id)
	}
	for id, sum := range tally {
		ds = append(ds, store.Difference{Bucket: id, Records: sum})
	}
	slices.SortFunc(ds, func(a, b store.Difference) int { return a.Bucket.Compare(b.Bucket) })
	return ds, nil
}

// Rebuild implements store.Upkeep.
func (s *Store) Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error {
	sp := span{org, from, to}
	tally, err := s.inspect(ctx, sp)
	if err != nil {
		return err
	}
	defer s.mu.Unlock()
	s.usage.replace(sp, tally)
	return nil
}

// replace makes a tally all that there is of a span.
func (l *ledger) replace(sp span, tally map[usage.BucketID]usage.Sums) {
	for id := range l.buckets {
		if sp.has(id.Org, id.Start) {
			delete(l.buckets, id)
		}
	}
	maps.Copy(l.buckets, tally)
}

// Reprice implements store.Upkeep.
func (s *Store) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	sp := span{org, from, to}
	if err := store.ValidateDays(from, to); err != nil {
		return 0, err
	}
	if _, err := s.inspect(ctx, sp); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	changed, all, err := s.usage.repriced(sp, cost)
	if err != nil {
		return 0, err
	}
	tally, err := usage.Tally(all)
	if err != nil {
		return 0, err
	}
	for _, r := range changed {
		s.usage.records[r.ID] = r
		delete(s.usage.newest, r.Org)
	}
	s.usage.replace(sp, tally)
	return len(changed), nil
}

// repriced are the records of a span at their new cost: those that have another, and all.
func (l *ledger) repriced(sp span, cost func(usage.Record) (usage.Money, error)) (changed, all []usage.Record, err error) {
	for _, r := range l.trail(sp.org) {
		if !sp.has(r.Org, r.At) {
			continue
		}
		money, err := cost(r)
		if err != nil {
			return nil, nil, err
		}
		next, other, err := r.Reprice(money)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
		if other {
			changed = append(changed, next)
		}
		all = append(all, next)
	}
	return changed, all, nil
}

// Prune implements store.Upkeep. A limit below 1 is store.ErrInvalid.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	if before != usage.QuarterOf(before) || limit < 1 {
		return 0, fmt.Errorf("%w: a multiple of a quarter-hour of UTC and a limit from 1", store.ErrInvalid)
	}
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	l := &s.usage
	if before.After(l.horizon) {
		l.horizon = before
	}
	n := 0
	for id, r := range l.records {
		if n < limit && r.At.Before(l.horizon) {
			delete(l.records, id)
			delete(l.newest, r.Org)
			n++
		}
	}
	return n, nil
}

// Horizon implements store.Upkeep.
func (s *Store) Horizon(ctx context.Context) (time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return time.Time{}, err
	}
	defer s.mu.Unlock()
	return s.usage.horizon, nil
}
