package storetest_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// linearDefects are stores that are wrong only while several use them.
var linearDefects = []struct {
	defect   string
	caughtBy []string
	wrap     func(backend) store.Store
}{
	{"serves the state before for a while", []string{"linearizability/records"},
		func(b backend) store.Store { return &lagsBehind{backend: b, old: map[tenancy.Ref]lagging{}} }},
	{"compares, then writes, with no lock", []string{"linearizability/records", "linearizability/two-handles"},
		func(b backend) store.Store { return checksTooEarly{b} }},
	{"reads from two copies in turn", []string{"linearizability/records", "linearizability/two-handles"},
		func(b backend) store.Store {
			return &showsOld{backend: b, serves: func(_ tenancy.Ref, n int) bool { return n%2 == 0 }}
		}},
	{"shows a batch in parts", []string{"linearizability/batches", "linearizability/two-handles"},
		func(b backend) store.Store {
			return &showsOld{backend: b, serves: func(r tenancy.Ref, _ int) bool { return r.Kind != tenancy.KindMember }}
		}},
	{"applies a batch twice that comes twice at once", []string{"linearizability/replays"},
		func(b backend) store.Store { return twiceAtOnce{shortOps{b}} }},
	{"forgets the operation id of a commit whose answer it loses", []string{"linearizability/records", "linearizability/log", "linearizability/replays"},
		func(b backend) store.Store { return &forgetsLost{shortOps: shortOps{b}} }},
	{"answers any use of an operation id that comes at once", []string{"linearizability/replays"},
		func(b backend) store.Store { return neverReused{b} }},
	{"says that it could not, and could", []string{"linearizability/context-over", "linearizability/two-handles"},
		func(b backend) store.Store { return deniesCommit{b} }},
	{"shows the record before the entry in the trail", []string{"linearizability/log"},
		func(b backend) store.Store { return &lateEntry{backend: b, trail: true} }},
	{"shows the record before the entry in the feed", []string{"linearizability/log"},
		func(b backend) store.Store { return &lateEntry{backend: b} }},
	{"keeps what one handle read", []string{"linearizability/two-handles"},
		func(b backend) store.Store { return &caches{backend: b, seen: map[tenancy.Ref]store.Record{}} }},
	{"gives one state two revisions", []string{"linearizability/records"},
		func(b backend) store.Store { return twoRevisions{b} }},
	{"refuses everything", []string{"linearizability/records", "linearizability/replays"},
		func(b backend) store.Store { return refusesAll{b} }},
}

// linger lets others run for as long as a call of theirs takes.
func linger() {
	for range 200 {
		runtime.Gosched()
	}
}

// lagsBehind serves the state before a commit to the next two reads of a record. The
// first commits are sound.
type lagsBehind struct {
	backend
	mu    sync.Mutex
	sound int
	old   map[tenancy.Ref]lagging
}

type lagging struct {
	store.Record
	reads int
}

func (s *lagsBehind) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	refs := b.Refs()
	before, err := s.Store.Get(ctx, refs...)
	if err != nil {
		return store.Result{}, err
	}
	r, err := s.Store.Commit(ctx, b)
	for i, ref := range refs {
		if s.sound--; err == nil && !r.Replayed && s.sound < 0 {
			s.old[ref] = lagging{before[i], 2}
		}
	}
	return r, err
}

func (s *lagsBehind) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rs, err := s.Store.Get(ctx, refs...)
	for i := range rs {
		if l := s.old[refs[i]]; l.reads > 0 {
			rs[i] = l.Record
			s.old[refs[i]] = lagging{l.Record, l.reads - 1}
		}
	}
	return rs, err
}

// showsOld has a second copy that a commit reaches some time after the first, and
// returns when it has reached both. What is read meanwhile comes from either: serves
// says whether the n-th read of ref is one of the second.
type showsOld struct {
	backend
	serves  func(ref tenancy.Ref, n int) bool
	writing sync.Mutex

	mu     sync.Mutex
	second map[tenancy.Ref]store.Record // where it differs
	n      int
}

func (s *showsOld) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	second := map[tenancy.Ref]store.Record{}
	for _, ref := range b.Refs() {
		if rs, err := s.Store.Get(ctx, ref); err == nil {
			second[ref] = rs[0]
		}
	}
	s.show(second)
	defer s.show(nil)
	r, err := s.Store.Commit(ctx, b)
	linger()
	return r, err
}

func (s *showsOld) show(second map[tenancy.Ref]store.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.second = second
}

func (s *showsOld) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rs, err := s.Store.Get(ctx, refs...)
	for i := range rs {
		s.n++
		if r, ok := s.second[refs[i]]; ok && s.serves(refs[i], s.n) {
			rs[i] = r
		}
	}
	return rs, err
}

// shortOps has a log in which what stands after a # in an operation id is left out.
type shortOps struct{ backend }

func (s shortOps) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	t, err := s.Store.Trail(ctx, q)
	shorten(t.Entries)
	return t, err
}

func (s shortOps) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	f, err := s.Store.Changes(ctx, after, limit)
	shorten(f.Entries)
	return f, err
}

func shorten(entries []store.Entry) {
	for i, en := range entries {
		op, _, _ := strings.Cut(string(en.Op), "#")
		entries[i].Op = store.OperationID(op)
	}
}

// twiceAtOnce looks for an operation id before it commits, with no lock between.
type twiceAtOnce struct{ shortOps }

func (s twiceAtOnce) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	before, err := s.Store.Trail(ctx, store.TrailQuery{Org: b.Entry.Org, Op: b.Entry.Op})
	if err != nil {
		return store.Result{}, err
	}
	linger()
	r, err := s.Store.Commit(ctx, b)
	if err == nil && r.Replayed && len(before.Entries) == 0 {
		b.Entry.Op += store.OperationID(fmt.Sprintf("#%p", &b))
		return s.Store.Commit(ctx, s.now(ctx, b))
	}
	return r, err
}

// forgetsLost loses every fourth answer and keeps the commit under another id.
type forgetsLost struct {
	shortOps
	n atomic.Int64
}

func (s *forgetsLost) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	n := s.n.Add(1)
	if n%4 != 0 {
		return s.Store.Commit(ctx, b)
	}
	b.Entry.Op += store.OperationID(fmt.Sprint("#", n))
	if _, err := s.Store.Commit(ctx, b); err != nil {
		return store.Result{}, err
	}
	return store.Result{}, store.ErrUnknownOutcome
}

// deniesCommit returns the context's error for what it committed.
type deniesCommit struct{ backend }

func (s deniesCommit) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	linger()
	if over := ctx.Err(); err == nil && over != nil {
		return store.Result{}, over
	}
	return r, err
}

// lateEntry writes the log after the records, so that a reader finds the newest
// entry of an organization missing for a while.
type lateEntry struct {
	backend
	trail bool // or else the feed
	mu    sync.Mutex
	late  []store.OperationID
}

func (s *lateEntry) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	s.late = append(s.late, b.Entry.Op)
	s.mu.Unlock()
	r, err := s.Store.Commit(ctx, b)
	linger()
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.late, b.Entry.Op)
	s.late = slices.Delete(s.late, i, i+1)
	return r, err
}

func (s *lateEntry) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, err := s.Store.Trail(ctx, q)
	if s.trail {
		t.Entries = slices.DeleteFunc(t.Entries, func(en store.Entry) bool { return slices.Contains(s.late, en.Op) })
	}
	return t, err
}

// Changes ends before the first entry that is late, and takes up there.
func (s *lateEntry) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.Store.Changes(ctx, after, limit)
	i := slices.IndexFunc(f.Entries, func(en store.Entry) bool { return slices.Contains(s.late, en.Op) })
	if s.trail || i < 0 || err != nil {
		return f, err
	}
	if i == 0 {
		return store.Feed{Next: after}, nil
	}
	f, err = s.Store.Changes(ctx, after, i)
	f.More = false
	return f, err
}

// twoRevisions numbers what it returns from Commit by itself.
type twoRevisions struct{ backend }

func (s twoRevisions) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := s.Store.Commit(ctx, b)
	r.Rev <<= 1
	return r, err
}

type refusesAll struct{ backend }

func (refusesAll) Commit(context.Context, store.Batch) (store.Result, error) {
	return store.Result{}, store.ErrUnavailable
}
