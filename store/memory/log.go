package memory

import (
	"context"
	"fmt"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// log is every entry in commit order, and each organization's own.
type log struct {
	entries []*logged
	byOrg   map[tenancy.OrgID][]*logged
	byOp    map[op]*logged
	pruned  uint64        // number of the newest entry that was forgotten
	grown   chan struct{} // closed by the next commit, and by Close
}

type logged struct {
	seq uint64
	store.Entry
}

// op is an operation id: unique in its organization.
type op struct {
	org tenancy.OrgID
	id  store.OperationID
}

func opOf(e store.Entry) op { return op{e.Org, e.Op} }

func newLog() log {
	return log{byOrg: map[tenancy.OrgID][]*logged{}, byOp: map[op]*logged{}, grown: make(chan struct{})}
}

// clone gives away an entry whose lists are the caller's own.
func (l *logged) clone() store.Entry {
	e := l.Entry
	e.Detail, e.Refs = slices.Clone(e.Detail), slices.Clone(e.Refs)
	return e
}

// add keeps e and wakes who waits. It returns e as a reader gets it.
func (l *log) add(seq uint64, e store.Entry) store.Entry {
	kept := &logged{seq, e}
	kept.Entry = kept.clone()
	l.entries = append(l.entries, kept)
	l.byOrg[e.Org] = append(l.byOrg[e.Org], kept)
	l.byOp[opOf(e)] = kept
	close(l.grown)
	l.grown = make(chan struct{})
	return kept.clone()
}

// from is the place in entries of the first one numbered n or more.
func from(entries []*logged, n uint64) int {
	i, _ := slices.BinarySearchFunc(entries, n, func(l *logged, n uint64) int {
		switch {
		case l.seq < n:
			return -1
		case l.seq > n:
			return 1
		}
		return 0
	})
	return i
}

// follow is the number in a cursor of the feed, now's for the empty one.
func (s *Store) follow(after store.Cursor) (uint64, error) {
	if after == "" {
		return s.seq, nil
	}
	n, err := s.number(store.FeedReading, string(after))
	if err != nil || n < s.log.pruned {
		return 0, store.ErrResync
	}
	return n, nil
}

// Changes implements store.Store.
func (s *Store) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	if limit < 1 {
		return store.Feed{}, fmt.Errorf("%w: limit", store.ErrInvalid)
	}
	if limit > store.MaxPage {
		return store.Feed{}, fmt.Errorf("%w: at most %d entries", store.ErrTooLarge, store.MaxPage)
	}
	if err := s.enter(ctx); err != nil {
		return store.Feed{}, err
	}
	defer s.mu.Unlock()
	n, err := s.follow(after)
	if err != nil {
		return store.Feed{}, err
	}
	rest := s.log.entries[from(s.log.entries, n+1):]
	f := store.Feed{More: len(rest) > limit}
	for _, l := range rest[:min(limit, len(rest))] {
		f.Entries = append(f.Entries, l.clone())
		n = l.seq
	}
	f.Next = store.Cursor(s.numbered(store.FeedReading, n))
	return f, nil
}

// Wait implements store.Waiter. The empty cursor waits for the next entry; one
// that Changes would refuse is store.ErrResync.
func (s *Store) Wait(ctx context.Context, after store.Cursor) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	n, err := s.follow(after)
	grown, waiting := s.log.grown, n >= s.seq
	s.mu.Unlock()
	if err != nil || !waiting {
		return err
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-grown:
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	s.mu.Unlock()
	return nil
}

// Trail implements store.Store.
func (s *Store) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	if err := q.Validate(); err != nil {
		return store.Trail{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Trail{}, err
	}
	defer s.mu.Unlock()
	before, err := s.number(q.Reading(), q.After)
	if err != nil {
		return store.Trail{}, err
	}
	older := s.log.byOrg[q.Org]
	if q.After != "" {
		older = older[:from(older, before)]
	}
	var t store.Trail
	var last uint64
	for _, l := range slices.Backward(older) {
		if !q.Selects(l.Entry) {
			continue
		}
		if len(t.Entries) == q.PageSize() {
			t.Next = s.numbered(q.Reading(), last)
			break
		}
		t.Entries, last = append(t.Entries, l.clone()), l.seq
	}
	return t, nil
}

// PruneLog implements store.Pruner. The operation ids of what it forgets are
// forgotten too.
func (s *Store) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	n := 0
	old := func(l *logged) bool { return l.Org == org && l.At.Before(before) }
	for _, l := range s.log.byOrg[org] {
		if old(l) {
			n++
			s.log.pruned = max(s.log.pruned, l.seq)
			delete(s.log.byOp, opOf(l.Entry))
		}
	}
	s.log.entries = slices.DeleteFunc(s.log.entries, old)
	s.log.byOrg[org] = slices.DeleteFunc(s.log.byOrg[org], old)
	return n, nil
}
