package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
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

type ignoresContext struct{ backend }

func (s ignoresContext) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	return s.Store.Commit(context.WithoutCancel(ctx), b)
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
