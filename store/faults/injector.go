package faults

import (
	"context"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Injector wraps stores, counts the calls that they get and makes them fail by one
// plan. The zero Injector is ready and has no plan. It must not be copied.
type Injector struct {
	mu     sync.Mutex
	plan   Plan
	counts map[Method]int
}

// Set makes plan what happens from now on, with all counts at zero. Nil lets every
// call through. Calls that wait under the plan before go on waiting.
func (in *Injector) Set(plan Plan) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.plan, in.counts = plan, nil
}

// Count is how many calls there were of the methods named, together, since the plan
// was set, those that did not reach the store too.
func (in *Injector) Count(methods ...Method) int {
	in.mu.Lock()
	defer in.mu.Unlock()
	n := 0
	for _, m := range methods {
		n += in.counts[m]
	}
	return n
}

// next counts a call and asks the plan, which may use the Injector.
func (in *Injector) next(m Method) Fault {
	in.mu.Lock()
	if in.counts == nil {
		in.counts = map[Method]int{}
	}
	in.counts[m]++
	plan, call := in.plan, Call{Method: m, N: in.counts[m]}
	in.mu.Unlock()
	if plan == nil {
		return Fault{}
	}
	return plan(call)
}

// through makes one call of a store as the plan says.
func through[T any](ctx context.Context, in *Injector, m Method, ask func() (T, error)) (T, error) {
	var none T
	f := in.next(m)
	if err := f.enter(ctx); err != nil {
		return none, err
	}
	got, err := ask()
	if lost := f.leave(m); lost != nil {
		return none, lost
	}
	return got, err
}

// Store wraps s. What is returned implements store.Store and nothing else.
func (in *Injector) Store(s store.Store) store.Store { return wrappedStore{in, s} }

// Usage wraps u. What is returned implements store.Usage and nothing else.
func (in *Injector) Usage(u store.Usage) store.Usage { return wrappedUsage{in, u} }

// Upkeep wraps u. What is returned implements store.Upkeep and nothing else.
func (in *Injector) Upkeep(u store.Upkeep) store.Upkeep { return wrappedUpkeep{in, u} }

type wrappedStore struct {
	in *Injector
	s  store.Store
}

func (w wrappedStore) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	return through(ctx, w.in, Get, func() ([]store.Record, error) { return w.s.Get(ctx, refs...) })
}

func (w wrappedStore) List(ctx context.Context, q store.Query) (store.Page, error) {
	return through(ctx, w.in, List, func() (store.Page, error) { return w.s.List(ctx, q) })
}

func (w wrappedStore) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	return through(ctx, w.in, Commit, func() (store.Result, error) { return w.s.Commit(ctx, b) })
}

func (w wrappedStore) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	return through(ctx, w.in, Changes, func() (store.Feed, error) { return w.s.Changes(ctx, after, limit) })
}

func (w wrappedStore) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	return through(ctx, w.in, Trail, func() (store.Trail, error) { return w.s.Trail(ctx, q) })
}

type wrappedUsage struct {
	in *Injector
	u  store.Usage
}

func (w wrappedUsage) Append(ctx context.Context, records []usage.Record) error {
	return w.in.bare(ctx, Append, func() error { return w.u.Append(ctx, records) })
}

func (w wrappedUsage) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	return through(ctx, w.in, Records, func() (store.RecordPage, error) { return w.u.Records(ctx, q) })
}

func (w wrappedUsage) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	return through(ctx, w.in, Totals, func() ([]store.Total, error) { return w.u.Totals(ctx, q) })
}

type wrappedUpkeep struct {
	in *Injector
	u  store.Upkeep
}

func (w wrappedUpkeep) Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]store.Difference, error) {
	return through(ctx, w.in, Verify, func() ([]store.Difference, error) { return w.u.Verify(ctx, org, from, to) })
}

func (w wrappedUpkeep) Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error {
	return w.in.bare(ctx, Rebuild, func() error { return w.u.Rebuild(ctx, org, from, to) })
}

func (w wrappedUpkeep) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	return through(ctx, w.in, Reprice, func() (int, error) { return w.u.Reprice(ctx, org, from, to, cost) })
}

func (w wrappedUpkeep) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	return through(ctx, w.in, Prune, func() (int, error) { return w.u.Prune(ctx, before, limit) })
}

func (w wrappedUpkeep) Horizon(ctx context.Context) (time.Time, error) {
	return through(ctx, w.in, Horizon, func() (time.Time, error) { return w.u.Horizon(ctx) })
}

// bare is through for a method that answers with an error alone.
func (in *Injector) bare(ctx context.Context, m Method, ask func() error) error {
	_, err := through(ctx, in, m, func() (struct{}, error) { return struct{}{}, ask() })
	return err
}
