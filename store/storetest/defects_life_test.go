package storetest_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

type ignoresContext struct{ backend }

func (s ignoresContext) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	return s.Store.Commit(context.WithoutCancel(ctx), b)
}

type listsOn struct{ backend }

func (s listsOn) List(ctx context.Context, q store.Query) (store.Page, error) {
	return s.Store.List(context.WithoutCancel(ctx), q)
}

// hangs does not return for long where the context ends on the way.
type hangs struct{ backend }

func (s hangs) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	rs, err := s.Store.Get(context.WithoutCancel(ctx), refs...)
	if ctx.Err() != nil {
		<-time.After(2 * time.Second)
	}
	return rs, err
}

// happensAnyway commits, and then says that it did not since the context is over.
type happensAnyway struct{ backend }

func (s happensAnyway) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if ctx.Err() != nil {
		return store.Result{}, ctx.Err()
	}
	r, err := s.Store.Commit(context.WithoutCancel(ctx), b)
	if ctx.Err() != nil {
		return store.Result{}, ctx.Err()
	}
	return r, err
}

// unknownForEver does not know what came of a commit whose context ended, and never
// will.
type unknownForEver struct {
	backend
	mu   sync.Mutex
	lost map[store.OperationID]bool
}

func (s *unknownForEver) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lost[b.Entry.Op] {
		r, err := s.Store.Commit(ctx, b)
		if ctx.Err() == nil || err == nil {
			return r, err
		}
	}
	s.lost[b.Entry.Op] = true
	return store.Result{}, store.ErrUnknownOutcome
}

// takesBack undoes what it created when the context of the commit ends.
type takesBack struct{ backend }

func (s takesBack) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if err != nil || len(b.Put) == 0 {
		return r, err
	}
	context.AfterFunc(ctx, func() {
		undo := store.Batch{Entry: b.Entry, Delete: []store.Check{{Ref: b.Put[0].Value.Ref(), Rev: r.Rev}}}
		undo.Entry.Op += "-"
		s.Store.Commit(context.Background(), undo)
	})
	return r, err
}

// mixesAnswers gives what a cancelled Get had read to the next one.
type mixesAnswers struct {
	backend
	mu   sync.Mutex
	read []store.Record
}

func (s *mixesAnswers) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(context.WithoutCancel(ctx), refs...)
	s.mu.Lock()
	defer s.mu.Unlock()
	if over := ctx.Err(); over != nil {
		s.read = rs
		return nil, over
	}
	if len(s.read) == len(rs) {
		rs, s.read = s.read, nil
	}
	return rs, err
}

// forgetsLast does not find the last commit after reopening.
type forgetsLast struct {
	backend
	mu     *sync.Mutex
	last   *store.Result // of the folder, whoever has it open
	hidden store.Result
}

func (s *forgetsLast) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.Store.Commit(ctx, b)
	if err == nil {
		*s.last = r
	}
	return r, err
}

func (s *forgetsLast) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	p.Records = slices.DeleteFunc(p.Records, func(r store.Record) bool { return r.Rev == s.hidden.Rev })
	return p, err
}

func (s *forgetsLast) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	f.Entries = slices.DeleteFunc(f.Entries, func(en store.Entry) bool { return en.Op == s.hidden.Entry.Op })
	return f, err
}

type closesOnce struct {
	closable
	closed *atomic.Bool
}

func (s closesOnce) Close() error {
	if s.closed.Swap(true) {
		return store.ErrClosed
	}
	return s.closable.Close()
}

type answersClosed struct{ closable }

func (s answersClosed) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.closable.Get(ctx, refs...)
	if errors.Is(err, store.ErrClosed) {
		return make([]store.Record, len(refs)), nil
	}
	return rs, err
}

type leaks struct{ closable }

func (s leaks) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	go func() { <-ctx.Done() }()
	return s.closable.Get(ctx, refs...)
}

type waitsOn struct{ closable }

func (s waitsOn) Wait(ctx context.Context, after store.Cursor) error {
	err := s.closable.Wait(ctx, after)
	if errors.Is(err, store.ErrClosed) {
		<-ctx.Done()
	}
	return err
}
