package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// backend is a store and its usage, without Close: what the broken ones break.
type backend struct {
	store.Store
	store.Waiter
	store.Pruner
	store.Usage
	store.Upkeep
}

// harness opens a memory store for each directory, the same one each time, and
// hands it out through wrap.
func harness(wrap func(backend) store.Store) storetest.Harness {
	kept := map[string]*memory.Store{}
	return storetest.Harness{Open: func(dir string) (store.Store, error) {
		if kept[dir] == nil {
			kept[dir] = memory.New()
		}
		m := kept[dir]
		return wrap(backend{m, m, m, m, m}), nil
	}}
}

// A suite that fails sound stores proves nothing by failing broken ones.
func TestSound(t *testing.T) {
	h := harness(func(b backend) store.Store { return b })
	var leftOut []string
	h.LeftOut = func(name, because string) { leftOut = append(leftOut, name+": "+because) }
	if err := storetest.Check(t.Context(), h); err != nil {
		t.Errorf("a sound store was failed:\n%v", err)
	}
	want := []string{
		"close/then-use: has no Close",
		"upkeep/verify-finds: the harness cannot spoil a bucket",
		"upkeep/rebuild: the harness cannot spoil a bucket",
	}
	if !slices.Equal(leftOut, want) {
		t.Errorf("left out %q, want %q", leftOut, want)
	}
}

// Every case has a name of its own and says why it is there.
func TestCases(t *testing.T) {
	all := storetest.Cases()
	if len(all) != storetest.Count() {
		t.Errorf("%d cases have %d names", storetest.Count(), len(all))
	}
	for name, why := range all {
		if strings.Count(name, "/") != 1 || strings.ContainsAny(name, " _") || len(why) < 40 || !strings.HasSuffix(why, ".") {
			t.Errorf("case %q: %q", name, why)
		}
	}
	for _, b := range broken {
		for _, name := range b.caughtBy {
			if all[name] == "" {
				t.Errorf("%s: there is no case %q", b.defect, name)
			}
		}
	}
}

// Check runs on after a failure and reports each case with its reason.
func TestCheckReports(t *testing.T) {
	all := storetest.Cases()
	got := failed(storetest.Check(t.Context(), harness(func(b backend) store.Store { return ignoresRevisions{b} })))
	for _, name := range []string{"conflict/stale-put", "races/create"} {
		if f := got[name]; f == nil || f.Why != all[name] || f.Err == nil || !strings.Contains(f.Error(), name) {
			t.Errorf("a store that ignores revisions: %s is reported as %v", name, f)
		}
	}
	if got["records/every-field"] != nil || got["usage/totals"] != nil {
		t.Errorf("a case that has nothing to do with the defect failed")
	}
}

func TestCheckStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := storetest.Check(ctx, harness(func(b backend) store.Store { return b })); !errors.Is(err, context.Canceled) {
		t.Errorf("Check with a context that is over: %v", err)
	}
}

func TestCheckReportsPanicsAndOpen(t *testing.T) {
	refusal := errors.New("no disk")
	err := storetest.Check(t.Context(), storetest.Harness{Open: func(string) (store.Store, error) { return nil, refusal }})
	if failed(err)["records/every-field"] == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("a store that does not open: %v", err)
	}
	err = storetest.Check(t.Context(), harness(func(b backend) store.Store { return panics{b} }))
	if failed(err)["get/absent"] == nil || failed(err)["feed/limit"] != nil {
		t.Errorf("a Get that panics fails cases without Get, or none with it: %v", err)
	}
}

func trimmed(a, b string) bool { return strings.TrimRight(a, " ") == strings.TrimRight(b, " ") }

type panics struct{ backend }

func (panics) Get(context.Context, ...tenancy.Ref) ([]store.Record, error) { panic("get") }

// broken stores, one defect each, and the cases that name the defect.
var broken = []struct {
	defect   string
	caughtBy []string
	wrap     func(backend) store.Store
}{
	{"ignores revisions", []string{"conflict/stale-put", "conflict/stale-delete", "conflict/create-over-existing", "conflict/check"},
		func(b backend) store.Store { return ignoresRevisions{b} }},
	{"checks revisions before it takes the lock", []string{"races/compare-and-swap"},
		func(b backend) store.Store { return checksTooEarly{b} }},
	{"does not check what it does not write", []string{"conflict/check", "races/check-against-write"},
		func(b backend) store.Store { return ignoresChecks{b} }},
	{"applies half a batch", []string{"conflict/atomic"}, func(b backend) store.Store { return halfBatch{b} }},
	{"logs what it refused", []string{"conflict/atomic"}, func(b backend) store.Store { return logsRefused{b} }},
	{"skips a change", []string{"feed/skips-nothing"}, func(b backend) store.Store { return skipsChange{b} }},
	{"steps over late commits", []string{"feed/skips-nothing-under-writers"},
		func(b backend) store.Store {
			return &stepsOver{backend: b, late: map[store.OperationID]bool{}, read: make(chan struct{})}
		}},
	{"always says that it reached the head", []string{"feed/head"}, func(b backend) store.Store { return alwaysHead{b} }},
	{"takes any cursor for now", []string{"feed/foreign-cursor", "feed/forged-cursor", "prune/resync"},
		func(b backend) store.Store { return anyCursor{b} }},
	{"serves another organization's record", []string{"tenants/other-organization"},
		func(b backend) store.Store { return otherTenant{b} }},
	{"lists over all organizations", []string{"tenants/other-organization", "list/as-placed"},
		func(b backend) store.Store { return listsAll{b} }},
	{"keeps key ids unique in one organization only", []string{"tenants/key-id-is-global", "races/global-id"},
		func(b backend) store.Store { return localKeys{b} }},
	{"folds the case of identifiers", []string{"identifiers/exact"}, func(b backend) store.Store { return collates{b, strings.EqualFold} }},
	{"trims identifiers", []string{"identifiers/exact"}, func(b backend) store.Store { return collates{b, trimmed} }},
	{"reuses a revision after deletion", []string{"revisions/not-reused"},
		func(b backend) store.Store { return &restarts{backend: b, at: map[tenancy.Ref]store.Rev{}} }},
	{"forgets operation ids", []string{"operations/replay", "operations/at-once", "durable/reopen"},
		func(b backend) store.Store { return forgetsOps{b} }},
	{"takes any operation of an id for the same", []string{"operations/reused"}, func(b backend) store.Store { return neverReused{b} }},
	{"forgets that a key was revoked", []string{"records/every-field"}, func(b backend) store.Store { return losesField{b} }},
	{"takes an empty set for all", []string{"records/empty-is-not-all"}, func(b backend) store.Store { return emptyIsAll{b} }},
	{"returns times of the machine's zone", []string{"records/every-field", "records/times"}, func(b backend) store.Store { return localTimes{b} }},
	{"pages by offset", []string{"list/stable-pages"}, func(b backend) store.Store { return offsets{b} }},
	{"commits after the context is over", []string{"context/over"}, func(b backend) store.Store { return ignoresContext{b} }},
	{"takes batches of any size", []string{"limits/batch"}, func(b backend) store.Store { return splitsBatch{b} }},
	{"quotes what it was given", []string{"input/errors-say-nothing"}, func(b backend) store.Store { return quotes{b} }},
	{"shows the trail oldest first", []string{"trail/newest-first"}, func(b backend) store.Store { return oldestFirst{b} }},
	{"filters no project's trail", []string{"trail/filters"}, func(b backend) store.Store { return noFilter{b} }},
	{"does not see what another handle wrote", []string{"durable/two-handles"},
		func(b backend) store.Store { return &caches{backend: b, seen: map[tenancy.Ref]store.Record{}} }},
	{"counts a call twice", []string{"usage/counts-once"}, func(b backend) store.Store { return countsTwice{b} }},
	{"writes usage record by record", []string{"usage/reused-id", "usage/overflow", "usage/input"},
		func(b backend) store.Store { return oneByOne{b} }},
	{"includes the end of a period", []string{"usage/totals"}, func(b backend) store.Store { return endIncluded{b} }},
	{"takes usage before the horizon", []string{"upkeep/past-retention"}, func(b backend) store.Store { return noHorizon{b} }},
	{"prunes more than it was told", []string{"upkeep/prune-keeps-buckets"}, func(b backend) store.Store { return prunesAll{b} }},
}

func TestBroken(t *testing.T) {
	caught := 0
	for _, b := range broken {
		t.Run(strings.ReplaceAll(b.defect, " ", "-"), func(t *testing.T) {
			got := failed(storetest.CheckCases(t.Context(), harness(b.wrap), b.caughtBy...))
			for _, name := range b.caughtBy {
				if got[name] == nil {
					t.Errorf("a store that %s passed %s", b.defect, name)
				}
			}
			if !t.Failed() {
				caught++
			}
		})
	}
	fmt.Printf("caught %d of %d\n", caught, len(broken))
}

// failed is the failures of an error of Check by their case.
func failed(err error) map[string]*storetest.Failure {
	all := map[string]*storetest.Failure{}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return all
	}
	for _, err := range joined.Unwrap() {
		var f *storetest.Failure
		if errors.As(err, &f) {
			all[f.Case] = f
		}
	}
	return all
}

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
	return ignoresRevisions{s.backend}.Commit(ctx, b)
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
