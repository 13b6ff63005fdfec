package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

type otherTenant struct{ backend }

func (s otherTenant) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i := range rs {
		if rs[i].Rev != 0 || refs[i].Org == "" {
			continue
		}
		p, _ := s.List(ctx, store.Query{Listing: store.All, Kind: refs[i].Kind})
		for _, r := range p.Records {
			if ref := r.Value.Ref(); ref.ID == refs[i].ID && ref.User == refs[i].User {
				rs[i] = r
			}
		}
	}
	return rs, err
}

type listsAll struct{ backend }

func (s listsAll) List(ctx context.Context, q store.Query) (store.Page, error) {
	if q.Listing == store.Within && q.Validate() == nil {
		q.Listing, q.Org = store.All, ""
	}
	return s.Store.List(ctx, q)
}

// localKeys keeps a key under an id that has its organization in it.
type localKeys struct{ backend }

func (s localKeys) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if !errors.Is(err, store.ErrConflict) {
		return r, err
	}
	b.Put = slices.Clone(b.Put)
	for i, p := range b.Put {
		if k, ok := p.Value.(tenancy.Key); ok {
			k.ID += tenancy.KeyID("@" + k.Org)
			b.Put[i].Value = k
		}
	}
	return s.Store.Commit(ctx, b)
}

// collates refuses a record whose id is that of another to its collation.
type collates struct {
	backend
	same func(a, b string) bool
}

func (s collates) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if b.Validate() != nil {
		return s.Store.Commit(ctx, b)
	}
	there := map[tenancy.Kind][]store.Record{}
	for _, r := range b.Put {
		if r.Rev != 0 {
			continue
		}
		ref := r.Value.Ref()
		if there[ref.Kind] == nil {
			p, _ := s.List(ctx, store.Query{Listing: store.All, Kind: ref.Kind})
			there[ref.Kind] = p.Records
		}
		if s.clash(ref, append(b.Put, there[ref.Kind]...)) {
			return store.Result{}, store.ErrConflict
		}
	}
	return s.Store.Commit(ctx, b)
}

func (s collates) clash(ref tenancy.Ref, rs []store.Record) bool {
	return slices.ContainsFunc(rs, func(r store.Record) bool {
		is := r.Value.Ref()
		return is != ref && is.Kind == ref.Kind && is.Org == ref.Org && s.same(is.ID, ref.ID) && s.same(string(is.User), string(ref.User))
	})
}

type losesField struct{ backend }

func (s losesField) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	b.Put = slices.Clone(b.Put)
	for i, r := range b.Put {
		if k, ok := r.Value.(tenancy.Key); ok {
			k.Revoked = time.Time{}
			b.Put[i].Value = k
		}
	}
	return s.Store.Commit(ctx, b)
}

type emptyIsAll struct{ backend }

func (s emptyIsAll) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i, r := range rs {
		if p, ok := r.Value.(tenancy.Project); ok && p.Models.Empty() {
			p.Models = tenancy.AllModels()
			rs[i].Value = p
		}
	}
	return rs, err
}

type localTimes struct{ backend }

func (s localTimes) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i, r := range rs {
		if p, ok := r.Value.(tenancy.Project); ok {
			p.Created = p.Created.In(time.FixedZone("", 3600))
			rs[i].Value = p
		}
	}
	return rs, err
}

// offsets has the number of records already shown as its cursor.
type offsets struct{ backend }

func (s offsets) List(ctx context.Context, q store.Query) (store.Page, error) {
	skip := 0
	if _, err := fmt.Sscan(q.After, &skip); q.After != "" && err != nil {
		return store.Page{}, store.ErrInvalid
	}
	size := q.PageSize()
	if q.After = ""; q.Validate() == nil {
		q.Limit = 0
	}
	p, err := s.Store.List(ctx, q)
	if err != nil {
		return p, err
	}
	p.Next = ""
	p.Records = p.Records[max(0, min(skip, len(p.Records))):]
	if len(p.Records) > size {
		p.Records, p.Next = p.Records[:size], fmt.Sprint(skip+size)
	}
	return p, nil
}

// caches reads a record once and again only after it wrote it itself.
type caches struct {
	backend
	mu   sync.Mutex
	seen map[tenancy.Ref]store.Record
}

func (s *caches) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range rs {
		if seen, ok := s.seen[refs[i]]; ok {
			rs[i] = seen
		}
		s.seen[refs[i]] = rs[i]
	}
	return rs, err
}

func (s *caches) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, ref := range r.Entry.Refs {
		delete(s.seen, ref)
	}
	return r, err
}
