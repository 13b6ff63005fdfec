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
	for id := range s.usage.buckets {
		if sp.has(id.Org, id.Start) {
			delete(s.usage.buckets, id)
		}
	}
	maps.Copy(s.usage.buckets, tally)
	return nil
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
