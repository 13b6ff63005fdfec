package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// now is b with every revision as it is at this moment, so that it holds.
func (b backend) now(ctx context.Context, batch store.Batch) store.Batch {
	rev := func(r tenancy.Ref) store.Rev {
		rs, err := b.Get(ctx, r)
		if err != nil || len(rs) == 0 {
			return 0
		}
		return rs[0].Rev
	}
	batch.Check, batch.Put, batch.Delete = nil, slices.Clone(batch.Put), slices.Clone(batch.Delete)
	for i, r := range batch.Put {
		batch.Put[i].Rev = rev(r.Value.Ref())
	}
	batch.Delete = slices.DeleteFunc(batch.Delete, func(c store.Check) bool { return rev(c.Ref) == 0 })
	for i, c := range batch.Delete {
		batch.Delete[i].Rev = rev(c.Ref)
	}
	return batch
}

type ignoresRevisions struct{ backend }

func (s ignoresRevisions) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if errors.Is(err, store.ErrConflict) {
		return s.Store.Commit(ctx, s.now(ctx, b))
	}
	return r, err
}

type checksTooEarly struct{ backend }

func (s checksTooEarly) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	for _, r := range b.Put {
		if now, err := s.Get(ctx, r.Value.Ref()); err == nil && now[0].Rev != r.Rev {
			return s.Store.Commit(ctx, b)
		}
	}
	for range 500 {
		runtime.Gosched()
	}
	return ignoresRevisions(s).Commit(ctx, b)
}

type ignoresChecks struct{ backend }

func (s ignoresChecks) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	b.Check = nil
	return s.Store.Commit(ctx, b)
}

type halfBatch struct{ backend }

func (s halfBatch) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if errors.Is(err, store.ErrConflict) && len(b.Put) > 1 {
		s.Store.Commit(ctx, store.Batch{Entry: b.Entry, Put: b.Put[:1]})
	}
	return r, err
}

type logsRefused struct{ backend }

func (s logsRefused) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if errors.Is(err, store.ErrConflict) {
		s.Store.Commit(ctx, store.Batch{Entry: b.Entry})
	}
	return r, err
}

// restarts numbers the states of a record 1, 2, 3 from each creation.
type restarts struct {
	backend
	mu sync.Mutex
	at map[tenancy.Ref]store.Rev
}

func (s *restarts) numbered(rs []store.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range rs {
		if r.Rev != 0 {
			rs[i].Rev = s.at[r.Value.Ref()]
		}
	}
}

func (s *restarts) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	s.numbered(rs)
	return rs, err
}

func (s *restarts) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	s.numbered(p.Records)
	return p, err
}

// inner is the store's own revision where rev is the record's number.
func (s *restarts) inner(ctx context.Context, ref tenancy.Ref, rev store.Rev) store.Rev {
	rs, err := s.Store.Get(ctx, ref)
	if err != nil || rev == 0 || s.at[ref] != rev {
		return rev << 40
	}
	return rs[0].Rev
}

func (s *restarts) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if err := b.Validate(); err != nil {
		return store.Result{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	b.Check, b.Put, b.Delete = slices.Clone(b.Check), slices.Clone(b.Put), slices.Clone(b.Delete)
	for i, c := range b.Check {
		b.Check[i].Rev = s.inner(ctx, c.Ref, c.Rev)
	}
	for i, c := range b.Delete {
		b.Delete[i].Rev = s.inner(ctx, c.Ref, c.Rev)
	}
	for i, r := range b.Put {
		b.Put[i].Rev = s.inner(ctx, r.Value.Ref(), r.Rev)
	}
	result, err := s.Store.Commit(ctx, b)
	if err != nil || result.Replayed {
		return result, err
	}
	for _, c := range b.Delete {
		delete(s.at, c.Ref)
	}
	for _, r := range b.Put {
		s.at[r.Value.Ref()]++
		result.Rev = s.at[r.Value.Ref()]
	}
	return result, nil
}

type forgetsOps struct{ backend }

func (s forgetsOps) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	for op, n := b.Entry.Op, 0; ; n++ {
		r, err := s.Store.Commit(ctx, b)
		if !r.Replayed && !errors.Is(err, store.ErrReused) {
			return r, err
		}
		b.Entry.Op = store.OperationID(fmt.Sprint(op, "#", n))
	}
}

type neverReused struct{ backend }

func (s neverReused) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if errors.Is(err, store.ErrReused) {
		t, err := s.Trail(ctx, store.TrailQuery{Org: b.Entry.Org, Op: b.Entry.Op})
		return store.Result{Entry: t.Entries[0], Replayed: true}, err
	}
	return r, err
}

type splitsBatch struct{ backend }

func (s splitsBatch) Commit(ctx context.Context, b store.Batch) (r store.Result, err error) {
	if n := len(b.Put); n+len(b.Check)+len(b.Delete) > store.MaxBatch && n > 1 {
		rest := store.Batch{Entry: b.Entry, Put: b.Put[n/2:]}
		rest.Entry.Op += "+"
		b.Put = b.Put[:n/2]
		if r, err := s.Commit(ctx, b); err != nil {
			return r, err
		}
		return s.Commit(ctx, rest)
	}
	return s.Store.Commit(ctx, b)
}

type quotes struct{ backend }

func (s quotes) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if err != nil {
		err = fmt.Errorf("%w: operation %q", err, b.Entry.Op)
	}
	return r, err
}

// replaysAny takes an operation id for used that another organization has used.
type replaysAny struct {
	backend
	mu   sync.Mutex
	used map[store.OperationID]store.Entry
}

func (s *replaysAny) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	first, ok := s.used[b.Entry.Op]
	s.mu.Unlock()
	if ok && first.Org != b.Entry.Org && b.Repeats(first) {
		return store.Result{Entry: first, Replayed: true}, nil
	}
	r, err := s.Store.Commit(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		s.used[b.Entry.Op] = r.Entry
	}
	return r, err
}

type checksFirst struct{ backend }

func (s checksFirst) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if b.Validate() == nil {
		for _, c := range b.Check {
			if rs, err := s.Get(ctx, c.Ref); err == nil && rs[0].Rev != c.Rev {
				return store.Result{}, store.ErrConflict
			}
		}
	}
	return s.Store.Commit(ctx, b)
}

// looksTooEarly looks for the operation id before it takes the lock.
type looksTooEarly struct{ backend }

func (s looksTooEarly) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	t, err := s.Trail(ctx, store.TrailQuery{Org: b.Entry.Org, Op: b.Entry.Op})
	if err != nil || len(t.Entries) != 0 {
		return s.Store.Commit(ctx, b)
	}
	for range 500 {
		runtime.Gosched()
	}
	return forgetsOps(s).Commit(ctx, b)
}

// ownOpsOnly knows the operation ids that were committed by this handle.
type ownOpsOnly struct {
	backend
	mu  sync.Mutex
	own map[store.OperationID]bool
}

func (s *ownOpsOnly) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, err := s.Store.Commit(ctx, b)
	if r.Replayed && !s.own[b.Entry.Op] {
		b.Entry.Op += "#"
		return s.Store.Commit(ctx, b)
	}
	s.own[b.Entry.Op] = err == nil
	return r, err
}

type takesPointers struct{ backend }

func (s takesPointers) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	b.Put = slices.Clone(b.Put)
	for i, r := range b.Put {
		if p, ok := r.Value.(*tenancy.Project); ok && p != nil {
			b.Put[i].Value = *p
		}
	}
	return s.Store.Commit(ctx, b)
}

// runsPayloads deletes every project where an id asks for it.
type runsPayloads struct{ backend }

func (s runsPayloads) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	for _, ref := range r.Entry.Refs {
		if !strings.Contains(ref.ID, "DROP TABLE") {
			continue
		}
		p, _ := s.List(ctx, store.AllOf[tenancy.Project]().Query)
		for _, gone := range p.Records {
			e := b.Entry
			e.Org, e.Op = gone.Value.Ref().Org, store.OperationID(fmt.Sprint(e.Op, gone.Rev))
			s.Store.Commit(ctx, store.Batch{Entry: e, Delete: []store.Check{{Ref: gone.Value.Ref(), Rev: gone.Rev}}})
		}
	}
	return r, err
}
