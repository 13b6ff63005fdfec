package storetest_test

import (
	"context"
	"errors"
	"os"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// whileWriting has a defect in the process that is killed alone, so that it is not
// found by writing again.
func whileWriting(wrap func(backend) store.Store) func(backend) store.Store {
	if os.Getenv(storetest.CrashVar) != "" {
		return wrap
	}
	return func(b backend) store.Store { return b }
}

// afterwards has a defect in the process that looks alone.
func afterwards(wrap func(backend) store.Store) func(backend) store.Store {
	if os.Getenv(storetest.CrashVar) == "" {
		return wrap
	}
	return func(b backend) store.Store { return b }
}

// opensOnce finds damage where something is in the folder.
func opensOnce(open func(string) (store.Store, error)) func(string) (store.Store, error) {
	return func(dir string) (store.Store, error) {
		s, err := open(dir)
		if err != nil {
			return nil, err
		}
		if len(s.(*journal).log) > 0 {
			s.(*journal).Close()
			return nil, store.ErrCorrupt
		}
		return s, nil
	}
}

// fewRevisions has a counter that goes around.
type fewRevisions struct{ backend }

func few(r store.Rev) store.Rev {
	if r == 0 {
		return 0
	}
	return r%200 + 1
}

func (s fewRevisions) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i := range rs {
		rs[i].Rev = few(rs[i].Rev)
	}
	return rs, err
}

func (s fewRevisions) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	for i := range p.Records {
		p.Records[i].Rev = few(p.Records[i].Rev)
	}
	return p, err
}

func (s fewRevisions) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	inner := func(ref tenancy.Ref, rev *store.Rev) {
		rs, err := s.Store.Get(ctx, ref)
		switch {
		case err == nil && few(rs[0].Rev) == *rev:
			*rev = rs[0].Rev
		case *rev != 0:
			*rev += 1 << 40
		}
	}
	b.Check, b.Put, b.Delete = slices.Clone(b.Check), slices.Clone(b.Put), slices.Clone(b.Delete)
	for i := range b.Check {
		inner(b.Check[i].Ref, &b.Check[i].Rev)
	}
	for i := range b.Put {
		inner(b.Put[i].Value.Ref(), &b.Put[i].Rev)
	}
	for i := range b.Delete {
		inner(b.Delete[i].Ref, &b.Delete[i].Rev)
	}
	r, err := s.Store.Commit(ctx, b)
	r.Rev = few(r.Rev)
	return r, err
}

// hidesLast leaves out the last record of some listings.
type hidesLast struct {
	backend
	listing store.Listing
	kind    tenancy.Kind
}

func (s hidesLast) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	if n := len(p.Records); q.Listing == s.listing && q.Kind == s.kind && n > 1 {
		p.Records = p.Records[:n-1]
	}
	return p, err
}

// sharesKeys lists the keys of each organization in all others too.
type sharesKeys struct{ backend }

func (s sharesKeys) List(ctx context.Context, q store.Query) (store.Page, error) {
	if q.Listing == store.Within && q.Kind == tenancy.KindKey {
		q.Listing, q.Org = store.All, ""
	}
	return s.Store.List(ctx, q)
}

// miscounts reads a counter as one more than it is.
type miscounts struct{ backend }

func (s miscounts) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i, r := range rs {
		if p, ok := r.Value.(tenancy.Project); ok && len(p.Limits) == 1 {
			p.Limits = slices.Clone(p.Limits)
			p.Limits[0].Max++
			rs[i].Value = p
		}
	}
	return rs, err
}

type altersEntry struct{ backend }

func (s altersEntry) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	b.Entry.Detail = []byte(`{}`)
	return s.Store.Commit(ctx, b)
}

type addsEntry struct{ backend }

func (s addsEntry) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	own := store.Batch{Entry: b.Entry}
	own.Entry.Op += "-begun"
	return r, errors.Join(err, second(s.Store.Commit(ctx, own)))
}

func second(_ store.Result, err error) error { return err }

// foresees shows an entry that never comes.
type foresees struct{ backend }

func (s foresees) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	if len(f.Entries) > 0 && len(f.Entries) < limit {
		coming := f.Entries[0]
		coming.Op += "-next"
		f.Entries = append(f.Entries, coming)
	}
	return f, err
}

// misreports answers with a revision that no record has.
type misreports struct{ backend }

func (s misreports) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	r.Rev += 1 << 50
	return r, err
}

// unverified has a bucket in which nothing agrees.
type unverified struct{ backend }

func (s unverified) Verify(context.Context, tenancy.OrgID, time.Time, time.Time) ([]store.Difference, error) {
	return make([]store.Difference, 1), nil
}

// staleDays has a bucket of a day in which nothing agrees.
type staleDays struct{ backend }

func (s staleDays) Verify(_ context.Context, _ tenancy.OrgID, from, _ time.Time) ([]store.Difference, error) {
	if from != usage.DayOf(from) {
		return nil, nil
	}
	return make([]store.Difference, 1), nil
}

// conflictsWithItself looks at revisions before it looks for the operation id.
type conflictsWithItself struct{ backend }

func (s conflictsWithItself) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	if r.Replayed {
		return store.Result{}, store.ErrConflict
	}
	return r, err
}

// refuses what is new.
type refuses struct{ backend }

func (s refuses) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	t, err := s.Trail(ctx, store.TrailQuery{Org: b.Entry.Org, Op: b.Entry.Op})
	if err != nil || len(t.Entries) == 0 {
		return store.Result{}, errors.Join(err, store.ErrConflict)
	}
	return s.Store.Commit(ctx, b)
}
