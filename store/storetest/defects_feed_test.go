package storetest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

type skipsChange struct{ backend }

func (s skipsChange) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	if n := len(f.Entries); n > 1 {
		f.Entries = f.Entries[:n-1]
	}
	return f, err
}

// stepsOver shows an entry only some time after its place in the log was taken,
// as a sequence does that is drawn before the commit: here, once somebody has read
// the log without it.
type stepsOver struct {
	backend
	mu   sync.Mutex
	late map[store.OperationID]bool
	read chan struct{} // closed by the next Changes
}

func (s *stepsOver) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	s.late[b.Entry.Op] = true
	s.mu.Unlock()
	r, err := s.Store.Commit(ctx, b)
	s.mu.Lock()
	read := s.read
	s.mu.Unlock()
	select {
	case <-read:
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.late, b.Entry.Op)
	return r, err
}

func (s *stepsOver) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	f.Entries = slices.DeleteFunc(f.Entries, func(en store.Entry) bool { return s.late[en.Op] })
	close(s.read)
	s.read = make(chan struct{})
	return f, err
}

type alwaysHead struct{ backend }

func (s alwaysHead) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	f.More = false
	return f, err
}

type anyCursor struct{ backend }

func (s anyCursor) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	if errors.Is(err, store.ErrResync) {
		return s.Store.Changes(ctx, "", limit)
	}
	return f, err
}

type oldestFirst struct{ backend }

func (s oldestFirst) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	slices.Reverse(t.Entries)
	return t, err
}

type noFilter struct{ backend }

func (s noFilter) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	q.Project = ""
	return s.Store.Trail(ctx, q)
}

// swapsChanges has two commits in the order in which their numbers were drawn.
type swapsChanges struct{ backend }

func (s swapsChanges) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	if n := len(f.Entries); n > 1 {
		f.Entries[n-1], f.Entries[n-2] = f.Entries[n-2], f.Entries[n-1]
	}
	return f, err
}

// lags shows the last entry of another handle only once there is one after it.
type lags struct {
	backend
	mu  sync.Mutex
	own map[store.OperationID]bool
}

func (s *lags) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.own[b.Entry.Op] = true
	return s.Store.Commit(ctx, b)
}

func (s *lags) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	n := len(f.Entries)
	s.mu.Lock()
	defer s.mu.Unlock()
	if n == 0 || f.More || s.own[f.Entries[n-1].Op] {
		return f, err
	}
	if n == 1 {
		return store.Feed{Next: after}, nil
	}
	f, err = s.Store.Changes(ctx, after, n-1)
	f.More = false
	return f, err
}

// keepsPruned takes every cursor that it ever gave.
type keepsPruned struct {
	backend
	mu    sync.Mutex
	given map[store.Cursor]bool
}

func (s *keepsPruned) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.Store.Changes(ctx, after, limit)
	if errors.Is(err, store.ErrResync) && s.given[after] {
		f, err = s.Store.Changes(ctx, "", limit)
	}
	s.given[f.Next] = true
	return f, err
}

type neverWakes struct{ backend }

func (s neverWakes) Wait(ctx context.Context, after store.Cursor) error {
	<-ctx.Done()
	return ctx.Err()
}

type noActionFilter struct{ backend }

func (s noActionFilter) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	q.Action = ""
	return s.Store.Trail(ctx, q)
}

type trailEndIncluded struct{ backend }

func (s trailEndIncluded) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	if !q.To.IsZero() {
		q.To = q.To.Add(time.Microsecond)
	}
	return s.Store.Trail(ctx, q)
}

// beginsAnew takes a position that it does not know for the first.
type beginsAnew struct{ backend }

func (s beginsAnew) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	if errors.Is(err, store.ErrInvalid) {
		q.After = ""
		return s.Store.Trail(ctx, q)
	}
	return t, err
}

// compactsDetail keeps what the detail says and not how.
type compactsDetail struct{ backend }

func (s compactsDetail) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	var short bytes.Buffer
	if json.Compact(&short, b.Entry.Detail) == nil {
		b.Entry.Detail = short.Bytes()
	}
	return s.Store.Commit(ctx, b)
}

// prunesEverybody forgets by time alone.
type prunesEverybody struct {
	backend
	mu   sync.Mutex
	orgs map[tenancy.OrgID]bool
}

func (s *prunesEverybody) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	s.orgs[b.Entry.Org] = true
	s.mu.Unlock()
	return s.Store.Commit(ctx, b)
}

func (s *prunesEverybody) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.orgs {
		if other != org {
			_, _ = s.Pruner.PruneLog(ctx, other, before)
		}
	}
	return s.Pruner.PruneLog(ctx, org, before)
}
