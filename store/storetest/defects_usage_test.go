package storetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

type countsTwice struct{ backend }

func (s countsTwice) Append(ctx context.Context, records []usage.Record) error {
	records = slices.Clone(records)
	for i, r := range records[:min(len(records), 10)] {
		p, _ := s.Records(ctx, store.RecordQuery{Org: r.Org})
		if slices.Contains(p.Records, r) {
			records[i].ID += "+"
		}
	}
	return s.Usage.Append(ctx, records)
}

type oneByOne struct{ backend }

func (s oneByOne) Append(ctx context.Context, records []usage.Record) error {
	for i := range records {
		if err := s.Usage.Append(ctx, records[i:i+1]); err != nil {
			return err
		}
	}
	return nil
}

type endIncluded struct{ backend }

func (s endIncluded) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	if q.Validate() != nil {
		return s.Usage.Totals(ctx, q)
	}
	end := len(q.Cuts) - 1
	q.Cuts = slices.Clone(q.Cuts)
	last := q.Cuts[end]
	q.Cuts[end] = last.Add(usage.Quarter)
	ts, err := s.Usage.Totals(ctx, q)
	for i := range ts {
		if ts[i].End.After(last) {
			ts[i].End = last
		}
	}
	return ts, err
}

type noHorizon struct{ backend }

func (s noHorizon) Append(ctx context.Context, records []usage.Record) error {
	err := s.Usage.Append(ctx, records)
	if errors.Is(err, store.ErrPastRetention) {
		return nil
	}
	return err
}

type prunesAll struct{ backend }

func (s prunesAll) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	return s.Upkeep.Prune(ctx, before, 1000*limit)
}

// addsAgain adds calls to the roll-up that the trail has already.
type addsAgain struct {
	backend
	mu   sync.Mutex
	more map[tenancy.OrgID]int64
}

func (s *addsAgain) Append(ctx context.Context, records []usage.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	again := false
	if len(records) > 0 {
		p, _ := s.Records(ctx, store.RecordQuery{Org: records[0].Org})
		again = slices.Contains(p.Records, records[0])
	}
	err := s.Usage.Append(ctx, records)
	if err == nil && again {
		s.more[records[0].Org]++
	}
	return err
}

func (s *addsAgain) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	ts, err := s.Usage.Totals(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(ts) > 0 {
		ts[0].Calls += s.more[q.Org]
	}
	return ts, err
}

// totalsOfAnother answers with the last organization that called where the one asked
// about never did.
type totalsOfAnother struct {
	backend
	mu   sync.Mutex
	last tenancy.OrgID
}

func (s *totalsOfAnother) Append(ctx context.Context, records []usage.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(records) > 0 {
		s.last = records[0].Org
	}
	return s.Usage.Append(ctx, records)
}

func (s *totalsOfAnother) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	ts, err := s.Usage.Totals(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && len(ts) == 0 && s.last != "" {
		q.Org = s.last
		return s.Usage.Totals(ctx, q)
	}
	return ts, err
}

// horizonGoesBack has the horizon where Prune was last told.
type horizonGoesBack struct {
	backend
	mu sync.Mutex
	at time.Time
}

func (s *horizonGoesBack) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.Upkeep.Prune(ctx, before, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.at = before
	}
	return n, err
}

func (s *horizonGoesBack) Horizon(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, ctx.Err()
}
