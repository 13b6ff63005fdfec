package memory

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// ledger is the trail of calls and its roll-up.
type ledger struct {
	records map[usage.RecordID]usage.Record
	newest  map[tenancy.OrgID][]usage.Record // newest first; absent where records has changed since
	buckets map[usage.BucketID]usage.Sums
	horizon time.Time
}

func newLedger() ledger {
	return ledger{
		records: map[usage.RecordID]usage.Record{},
		newest:  map[tenancy.OrgID][]usage.Record{},
		buckets: map[usage.BucketID]usage.Sums{},
	}
}

// Append implements store.Usage.
func (s *Store) Append(ctx context.Context, records []usage.Record) error {
	if len(records) > store.MaxAppend {
		return fmt.Errorf("%w: at most %d records", store.ErrTooLarge, store.MaxAppend)
	}
	for _, r := range records {
		if err := r.Validate(); err != nil {
			return fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	fresh, err := s.usage.fresh(records)
	if err != nil {
		return err
	}
	return s.usage.add(fresh)
}

// fresh returns the records that are not there yet, each once.
func (l *ledger) fresh(records []usage.Record) (map[usage.RecordID]usage.Record, error) {
	fresh := make(map[usage.RecordID]usage.Record, len(records))
	for _, r := range records {
		if r.At.Before(l.horizon) {
			return nil, store.ErrPastRetention
		}
		kept, there := l.records[r.ID]
		if !there {
			kept, there = fresh[r.ID]
		}
		if there && !kept.Same(r) {
			return nil, store.ErrReused
		}
		if !there {
			fresh[r.ID] = r
		}
	}
	return fresh, nil
}

// add writes records and their roll-up, or nothing.
func (l *ledger) add(fresh map[usage.RecordID]usage.Record) error {
	sums := make(map[usage.BucketID]usage.Sums, 2*len(fresh))
	for _, r := range fresh {
		more, err := r.Sums()
		if err != nil {
			return err
		}
		for _, id := range r.Buckets() {
			sum, ok := sums[id]
			if !ok {
				sum = l.buckets[id]
			}
			if sums[id], err = sum.Plus(more); err != nil {
				return err
			}
		}
	}
	maps.Copy(l.buckets, sums)
	for id, r := range fresh {
		l.records[id] = r
		delete(l.newest, r.Org)
	}
	return nil
}

// trail returns an organization's records, newest first.
func (l *ledger) trail(org tenancy.OrgID) []usage.Record {
	if _, ok := l.newest[org]; !ok {
		var rs []usage.Record
		for _, r := range l.records {
			if r.Org == org {
				rs = append(rs, r)
			}
		}
		slices.SortFunc(rs, func(a, b usage.Record) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
		})
		l.newest[org] = rs
	}
	return l.newest[org]
}

// place is where a record stands among those of its organization, oldest first.
func place(r usage.Record) string { return fmt.Sprintf("%020d", r.At.UnixMicro()) + string(r.ID) }

// Records implements store.Usage.
func (s *Store) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	if err := q.Validate(); err != nil {
		return store.RecordPage{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.RecordPage{}, err
	}
	defer s.mu.Unlock()
	before, err := s.key.Open(q.Reading(), q.After)
	if err != nil {
		return store.RecordPage{}, err
	}
	rs := s.usage.trail(q.Org)
	if q.After != "" {
		i, found := slices.BinarySearchFunc(rs, before, func(r usage.Record, before string) int {
			return strings.Compare(before, place(r))
		})
		if found {
			i++
		}
		rs = rs[i:]
	}
	var p store.RecordPage
	for _, r := range rs {
		if !q.Selects(r) {
			continue
		}
		if n := len(p.Records); n == q.PageSize() {
			p.Next = s.key.Seal(q.Reading(), place(p.Records[n-1]))
			break
		}
		p.Records = append(p.Records, r)
	}
	return p, nil
}

// Totals implements store.Usage.
func (s *Store) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	type row struct {
		period int
		item   string
	}
	sums := map[row]usage.Sums{}
	for id, more := range s.usage.buckets {
		if id.Org != q.Org || q.Project != "" && id.Project != q.Project || id.Grain != q.Grain() {
			continue
		}
		n, at := slices.BinarySearchFunc(q.Cuts, id.Start, time.Time.Compare)
		if !at {
			n--
		}
		if n < 0 || n == len(q.Cuts)-1 {
			continue
		}
		var err error
		r := row{n, q.Item(id)}
		if sums[r], err = sums[r].Plus(more); err != nil {
			return nil, err
		}
	}
	totals := make([]store.Total, 0, len(sums))
	for r, sum := range sums {
		totals = append(totals, store.Total{Start: q.Cuts[r.period], End: q.Cuts[r.period+1], Item: r.item, Sums: sum})
	}
	slices.SortFunc(totals, func(a, b store.Total) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Item, b.Item))
	})
	return totals, nil
}
