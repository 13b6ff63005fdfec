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

// remembersRefused keeps the operation id of a batch that was refused with a delete
// in it.
type remembersRefused struct {
	backend
	mu      sync.Mutex
	refused map[store.OperationID]bool
}

func (s *remembersRefused) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refused[b.Entry.Op] && b.Validate() == nil {
		return store.Result{Entry: b.Entry, Replayed: true}, nil
	}
	r, err := s.Store.Commit(ctx, b)
	if errors.Is(err, store.ErrConflict) && len(b.Delete) > 0 {
		s.refused[b.Entry.Op] = true
	}
	return r, err
}

// findsGlobalLate writes what stands before a key whose id is taken.
type findsGlobalLate struct{ backend }

func (s findsGlobalLate) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	at := slices.IndexFunc(b.Put, func(r store.Record) bool {
		key, ok := r.Value.(tenancy.Key)
		if !ok || r.Rev != 0 {
			return false
		}
		p, _ := s.List(ctx, store.KeysByID(key.ID).Query)
		return len(p.Records) > 0 && p.Records[0].Value.Ref().Org != key.Org
	})
	if errors.Is(err, store.ErrConflict) && at > 0 {
		b.Put = b.Put[:at]
		_, _ = s.Store.Commit(ctx, b)
	}
	return r, err
}

// repeatsLate answers a repeat whatever the context says.
type repeatsLate struct {
	backend
	mu   sync.Mutex
	done map[store.OperationID]bool
}

func (s *repeatsLate) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx != nil && s.done[b.Entry.Op] {
		ctx = context.WithoutCancel(ctx)
	}
	r, err := s.Store.Commit(ctx, b)
	s.done[b.Entry.Op] = s.done[b.Entry.Op] || err == nil
	return r, err
}

// copiesPersonal lists personal keys from a copy that is made where they are created.
type copiesPersonal struct {
	backend
	mu     sync.Mutex
	copies map[tenancy.Ref]store.Record
}

func (s *copiesPersonal) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	if q.Listing != store.KeysOfUser {
		return p, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range p.Records {
		p.Records[i] = s.copies[r.Value.Ref()]
	}
	return p, err
}

func (s *copiesPersonal) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, put := range b.Put {
		if err == nil && put.Rev == 0 {
			s.copies[put.Value.Ref()] = store.Record{Rev: r.Rev, Value: put.Value}
		}
	}
	return r, err
}

// losesRole begins the pages of a user's roles one record late.
type losesRole struct{ backend }

func (s losesRole) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	if q.Listing == store.ProjectRoles && q.After != "" && len(p.Records) > 1 {
		p.Records = p.Records[1:]
	}
	return p, err
}

// forgivesPositions begins a listing of memberships anew after a position that it
// does not know.
type forgivesPositions struct{ backend }

func (s forgivesPositions) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	if errors.Is(err, store.ErrInvalid) && q.Listing == store.MembershipsOf {
		q.After = ""
		return s.Store.List(ctx, q)
	}
	return p, err
}

// tenantCalls takes one record id for as many organizations as there are.
type tenantCalls struct{ backend }

func (s tenantCalls) Append(ctx context.Context, records []usage.Record) error {
	err := s.Usage.Append(ctx, records)
	if !errors.Is(err, store.ErrReused) {
		return err
	}
	records = slices.Clone(records)
	for i, r := range records {
		records[i].ID += usage.RecordID("@" + r.Org)
	}
	return s.Usage.Append(ctx, records)
}

// inChunks writes records by the thousand.
type inChunks struct{ backend }

func (s inChunks) Append(ctx context.Context, records []usage.Record) error {
	if len(records) > store.MaxAppend {
		return store.ErrTooLarge
	}
	for some := range slices.Chunk(records, 1000) {
		if err := s.Usage.Append(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// quotesCalls says which record it refused.
type quotesCalls struct{ backend }

func (s quotesCalls) Append(ctx context.Context, records []usage.Record) error {
	err := s.Usage.Append(ctx, records)
	if errors.Is(err, store.ErrReused) {
		return errors.Join(err, errors.New(string(records[0].ID)))
	}
	return err
}

// forgetsTheHorizon forgets the record at the horizon too.
type forgetsTheHorizon struct{ backend }

func (s forgetsTheHorizon) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	p, err := s.Usage.Records(ctx, q)
	horizon, _ := s.Horizon(ctx)
	p.Records = slices.DeleteFunc(p.Records, func(r usage.Record) bool { return r.At.Equal(horizon) })
	return p, err
}

// ownHorizon knows the horizon that it moved itself.
type ownHorizon struct {
	backend
	mu sync.Mutex
	at time.Time
}

func (s *ownHorizon) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	n, err := s.Upkeep.Prune(ctx, before, limit)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && before.After(s.at) {
		s.at = before
	}
	return n, err
}

func (s *ownHorizon) Horizon(ctx context.Context) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at, ctx.Err()
}
