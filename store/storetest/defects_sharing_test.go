package storetest_test

import (
	"context"
	"slices"
	"sync"

	"example.com/tenet/store"
)

// sharesDetail keeps the caller's bytes.
type sharesDetail struct {
	backend
	mu    sync.Mutex
	given map[store.OperationID][]byte
}

func (s *sharesDetail) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.Store.Commit(ctx, b)
	if err == nil && !r.Replayed {
		s.given[b.Entry.Op] = b.Entry.Detail
	}
	return r, err
}

func (s *sharesDetail) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, en := range t.Entries {
		t.Entries[i].Detail = slices.Clone(s.given[en.Op])
	}
	return t, err
}

// sharesFeed gives everybody the feed that it gave the first.
type sharesFeed struct {
	backend
	mu    sync.Mutex
	given map[store.Cursor]store.Feed
}

func (s *sharesFeed) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if given, ok := s.given[after]; ok && given.Next == f.Next {
		return given, err
	}
	s.given[after] = f
	return f, err
}

type sortsBatch struct{ backend }

func (s sortsBatch) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if b.Validate() == nil {
		slices.SortFunc(b.Put, func(x, y store.Record) int { return store.CompareRefs(x.Value.Ref(), y.Value.Ref()) })
	}
	return r, err
}

// sharesCalls gives everybody the page of calls that it gave the first.
type sharesCalls struct {
	backend
	mu    sync.Mutex
	given map[store.RecordQuery]store.RecordPage
}

func (s *sharesCalls) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	p, err := s.Usage.Records(ctx, q)
	s.mu.Lock()
	defer s.mu.Unlock()
	if given, ok := s.given[q]; ok && len(given.Records) == len(p.Records) {
		return given, err
	}
	s.given[q] = p
	return p, err
}
