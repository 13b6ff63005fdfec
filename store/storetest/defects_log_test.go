package storetest_test

import (
	"context"
	"slices"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// ordersByClock has the entries of a page in the order of their callers' clocks.
type ordersByClock struct{ backend }

func (s ordersByClock) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	slices.SortStableFunc(f.Entries, func(a, b store.Entry) int { return a.At.Compare(b.At) })
	return f, err
}

// cutsRefs has a column for so many refs.
type cutsRefs struct{ backend }

func (s cutsRefs) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	for i, en := range f.Entries {
		f.Entries[i].Refs = en.Refs[:min(len(en.Refs), 64)]
	}
	return f, err
}

// listsLate lists what it would have listed the last time that it was asked.
type listsLate struct {
	backend
	mu   sync.Mutex
	last map[store.Query]store.Page
}

func (s *listsLate) List(ctx context.Context, q store.Query) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.Store.List(ctx, q)
	last, ok := s.last[q]
	s.last[q] = p
	if ok {
		return last, err
	}
	return p, err
}

// offsetTrail has the number of entries already shown as its position where it
// filters.
type offsetTrail struct{ backend }

func (s offsetTrail) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	if q.Actor == "" || q.After == "" || err != nil {
		return t, err
	}
	// The first entry of the page before is there once more where one came since.
	q.After, q.Limit = "", 0
	all, err := s.Store.Trail(ctx, q)
	if n := len(t.Entries); n > 0 && err == nil {
		at := slices.IndexFunc(all.Entries, func(en store.Entry) bool { return en.Op == t.Entries[0].Op })
		t.Entries = slices.Clone(all.Entries[at-1 : at-1+n])
	}
	return t, err
}

// forgetsPrunedOps forgets every operation id of an organization when it prunes.
type forgetsPrunedOps struct {
	backend
	mu     sync.Mutex
	pruned map[tenancy.OrgID]bool
}

func (s *forgetsPrunedOps) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pruned[org] = true
	return s.Pruner.PruneLog(ctx, org, before)
}

func (s *forgetsPrunedOps) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pruned[b.Entry.Org] {
		b.Entry.Op += "~"
	}
	return s.Store.Commit(ctx, b)
}

// prunesByPlace forgets everything that stands before the newest entry that is old
// enough.
type prunesByPlace struct {
	backend
	mu   sync.Mutex
	gone map[store.OperationID]bool
}

func (s *prunesByPlace) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, _ := s.Store.Trail(ctx, store.TrailQuery{Org: org})
	newest := slices.IndexFunc(t.Entries, func(en store.Entry) bool { return en.At.Before(before) })
	for i, en := range t.Entries {
		s.gone[en.Op] = s.gone[en.Op] || newest >= 0 && i > newest
	}
	return s.Pruner.PruneLog(ctx, org, before)
}

func (s *prunesByPlace) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Entries = slices.DeleteFunc(t.Entries, func(en store.Entry) bool { return s.gone[en.Op] })
	return t, err
}

// needsCursor waits for ever where it has no cursor to compare with.
type needsCursor struct{ backend }

func (s needsCursor) Wait(ctx context.Context, after store.Cursor) error {
	if after == "" {
		<-ctx.Done()
		return ctx.Err()
	}
	return s.Waiter.Wait(ctx, after)
}

// neverBlocks leaves it to the caller to ask.
type neverBlocks struct{ backend }

func (s neverBlocks) Wait(ctx context.Context, after store.Cursor) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err := s.Changes(ctx, after, 1)
	return err
}

// hearsItself wakes at the commits of its own handle alone.
type hearsItself struct {
	backend
	mu  sync.Mutex
	own chan struct{} // closed by the next commit
}

func (s *hearsItself) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.own)
	s.own = make(chan struct{})
	return r, err
}

func (s *hearsItself) Wait(ctx context.Context, after store.Cursor) error {
	s.mu.Lock()
	own := s.own
	s.mu.Unlock()
	f, err := s.Changes(ctx, after, 1)
	if err != nil || len(f.Entries) > 0 {
		return err
	}
	select {
	case <-own:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
