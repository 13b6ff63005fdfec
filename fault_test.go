package tenet_test

import (
	"context"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// faults is a store that misbehaves on order and counts what it is asked. The zero
// plan lets everything through. It hides store.Waiter, so whoever follows it polls.
type faults struct {
	st  store.Store
	use store.Usage

	mu    sync.Mutex
	calls map[string]int
	plan  func(method string, n int) fault // n counts the calls of a method, from 1
}

// fault is what becomes of one call. The zero fault is none.
type fault struct {
	err    error           // returned without asking the store
	lost   bool            // the store is asked, and store.ErrUnknownOutcome returned
	delay  time.Duration   // before anything, in a bubble of testing/synctest
	before func()          // run before the store is asked
	after  func()          // run before its answer is returned
	until  <-chan struct{} // blocks until it is closed or the context ends
}

// backend is what store/memory and store/sqlitefile are.
type backend interface {
	store.Store
	store.Usage
}

func faulty(st backend) *faults { return &faults{st: st, use: st, calls: map[string]int{}} }

// on makes plan what happens from now on, with all counts at zero.
func (f *faults) on(plan func(method string, n int) fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.plan, f.calls = plan, map[string]int{}
}

// count is how often a method was called since the plan was made.
func (f *faults) count(method string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.calls[method]
}

// reads is how often the store was asked for anything but a commit.
func (f *faults) reads() int {
	return f.count("Get") + f.count("List") + f.count("Changes") + f.count("Trail")
}

func (f *faults) next(method string) fault {
	f.mu.Lock()
	f.calls[method]++
	n, plan := f.calls[method], f.plan
	f.mu.Unlock()
	if plan == nil {
		return fault{}
	}
	return plan(method, n)
}

// only is a plan for one method.
func only(method string, plan func(n int) fault) func(string, int) fault {
	return func(m string, n int) fault {
		if m != method {
			return fault{}
		}
		return plan(n)
	}
}

// down is a plan of a store that does not answer.
func down(string, int) fault { return fault{err: store.ErrUnavailable} }

func through[T any](ctx context.Context, f *faults, method string, ask func() (T, error)) (v T, err error) {
	x := f.next(method)
	if x.delay > 0 {
		select {
		case <-time.After(x.delay):
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
	if x.until != nil {
		select {
		case <-x.until:
		case <-ctx.Done():
			return v, ctx.Err()
		}
	}
	if x.before != nil {
		x.before()
	}
	if x.err != nil {
		return v, x.err
	}
	got, err := ask()
	if x.after != nil {
		x.after()
	}
	if err == nil && x.lost {
		return v, store.ErrUnknownOutcome
	}
	return got, err
}

func (f *faults) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	return through(ctx, f, "Get", func() ([]store.Record, error) { return f.st.Get(ctx, refs...) })
}

func (f *faults) List(ctx context.Context, q store.Query) (store.Page, error) {
	return through(ctx, f, "List", func() (store.Page, error) { return f.st.List(ctx, q) })
}

func (f *faults) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	return through(ctx, f, "Commit", func() (store.Result, error) { return f.st.Commit(ctx, b) })
}

func (f *faults) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	return through(ctx, f, "Changes", func() (store.Feed, error) { return f.st.Changes(ctx, after, limit) })
}

func (f *faults) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	return through(ctx, f, "Trail", func() (store.Trail, error) { return f.st.Trail(ctx, q) })
}

func (f *faults) Append(ctx context.Context, records []usage.Record) error {
	_, err := through(ctx, f, "Append", func() (struct{}, error) { return struct{}{}, f.use.Append(ctx, records) })
	return err
}

func (f *faults) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	return through(ctx, f, "Records", func() (store.RecordPage, error) { return f.use.Records(ctx, q) })
}

func (f *faults) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	return through(ctx, f, "Totals", func() ([]store.Total, error) { return f.use.Totals(ctx, q) })
}
