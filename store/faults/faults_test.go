package faults_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
)

// whole is a store in memory as an Injector wraps it.
type whole struct {
	store.Store
	store.Usage
	store.Upkeep
	under *memory.Store
}

func wrap(in *faults.Injector, m *memory.Store) whole {
	return whole{in.Store(m), in.Usage(m), in.Upkeep(m), m}
}

func (w whole) Close() error { return w.under.Close() }

// A store that is wrapped and not told to fail keeps the whole contract.
func TestWithoutAPlanNothingChanges(t *testing.T) {
	in := new(faults.Injector)
	err := storetest.Check(t.Context(), storetest.Harness{
		Open:     func(string) (store.Store, error) { return wrap(in, memory.New()), nil },
		Volatile: true,
	})
	if err != nil {
		t.Error(err)
	}
	for _, c := range calls() {
		if in.Count(c.method) == 0 {
			t.Errorf("the suite went past the wrapper: no %s was counted", c.method)
		}
	}
}

// A wrapper is the one interface, so that a follower polls and no call goes past the
// plan.
func TestWrappersHideTheRest(t *testing.T) {
	in, m := new(faults.Injector), memory.New()
	for _, tt := range []struct {
		wrapper any
		want    []string
	}{
		{in.Store(m), []string{"Changes", "Commit", "Get", "List", "Trail"}},
		{in.Usage(m), []string{"Append", "Records", "Totals"}},
		{in.Upkeep(m), []string{"Horizon", "Prune", "Rebuild", "Reprice", "Verify"}},
	} {
		var got []string
		for method := range reflect.TypeOf(tt.wrapper).Methods() {
			got = append(got, method.Name)
		}
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("methods (-want +got):\n%s", diff)
		}
	}
}

// effect is what a fault does to a call of any method.
type effect struct {
	name   string
	fault  faults.Fault
	within time.Duration // the context's; zero is an hour
	// What is expected: that the store is asked, what the caller gets, and when.
	reaches bool
	writes  error // of a method that writes
	reads   error // of one that reads
	panics  any
	takes   time.Duration
}

func effects() []effect {
	odd, never, open := errors.New("odd"), make(chan struct{}), make(chan struct{})
	close(open)
	over := context.DeadlineExceeded
	all := faults.Fault{Err: odd, Panic: "boom", Lost: true} // and a wait
	slow, blocked, hung := all, all, all
	slow.Delay, blocked.Until, hung.Hang = time.Second, never, true
	return []effect{
		{name: "none", reaches: true},
		{name: "error", fault: faults.Fault{Err: odd}, writes: odd, reads: odd},
		{name: "answer lost", fault: faults.Fault{Lost: true}, reaches: true, writes: store.ErrUnknownOutcome, reads: store.ErrUnavailable},
		{name: "answer lost, with an error", fault: faults.Fault{Lost: true, Err: odd}, reaches: true, writes: odd, reads: odd},
		{name: "panic", fault: faults.Fault{Panic: "boom"}, panics: "boom"},
		{name: "panic before an error", fault: faults.Fault{Panic: "boom", Err: odd}, panics: "boom"},
		{name: "panic once it was done", fault: faults.Fault{Panic: "boom", Lost: true, Err: odd}, reaches: true, panics: "boom"},
		{name: "delay", fault: faults.Fault{Delay: time.Second}, takes: time.Second, reaches: true},
		{name: "delay, then an error", fault: faults.Fault{Delay: time.Second, Err: odd}, takes: time.Second, writes: odd, reads: odd},
		{name: "the context ends the delay", fault: slow, within: time.Millisecond, takes: time.Millisecond, writes: over, reads: over},
		{name: "the context ends the block", fault: blocked, within: time.Millisecond, takes: time.Millisecond, writes: over, reads: over},
		{name: "the context ends the call", fault: hung, within: time.Millisecond, takes: time.Millisecond, writes: over, reads: over},
		{name: "delay, then hung", fault: faults.Fault{Delay: time.Second, Hang: true}, within: time.Minute, takes: time.Minute, writes: over, reads: over},
		{name: "blocked no more", fault: faults.Fault{Until: open}, reaches: true},
		{name: "blocked no more, the context over", fault: faults.Fault{Until: open}, within: -1, writes: over, reads: over},
		{name: "delay, then blocked", fault: faults.Fault{Delay: time.Second, Until: never}, within: time.Minute, takes: time.Minute, writes: over, reads: over},
	}
}

// Every fault does the same to every method, to the call that it is for and to no
// other.
func TestFaults(t *testing.T) {
	for i, e := range effects() {
		for _, c := range calls() {
			t.Run(e.name+"/"+string(c.method), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { effects()[i].check(t, c) }) // their channels are of the bubble
			})
		}
	}
}

// check makes the call through two wrappers: the outer one has the fault, the inner one
// counts what gets as far as the store.
func (e effect) check(t *testing.T, c call) {
	inner, outer, m := new(faults.Injector), new(faults.Injector), filled(t)
	under := wrap(inner, m)
	s := whole{outer.Store(under), outer.Usage(under), outer.Upkeep(under), m}
	outer.Set(faults.Nth(c.method, 1, e.fault))
	within := e.within
	if within == 0 {
		within = time.Hour
	}
	ctx, cancel := context.WithTimeout(t.Context(), within)
	defer cancel()
	began := time.Now()
	got, panicked, err := caught(func() (any, error) { return c.make(ctx, s) })
	want := e.reads
	if c.writes {
		want = e.writes
	}
	if !errors.Is(err, want) || panicked != e.panics {
		t.Errorf("error %v, panic %v, want %v, %v", err, panicked, want, e.panics)
	}
	if took := time.Since(began); took != e.takes {
		t.Errorf("took %v, want %v", took, e.takes)
	}
	if reached := inner.Count(c.method) == 1; reached != e.reaches {
		t.Errorf("the store was asked: %v, want %v", reached, e.reaches)
	}
	if want == nil && panicked == nil {
		direct := filled(t)
		answer, err := c.make(t.Context(), whole{direct, direct, direct, direct})
		if diff := gocmp.Diff(answer, got, gocmp.Exporter(func(reflect.Type) bool { return true })); diff != "" || err != nil {
			t.Errorf("%v; answer (-store +wrapper):\n%s", err, diff)
		}
	} else if got != nil && !reflect.ValueOf(got).IsZero() {
		t.Errorf("answer %v beside an error", got)
	}
	if _, err := c.make(t.Context(), s); err != nil || inner.Count(c.method) != outer.Count(c.method)-1 && !e.reaches {
		t.Errorf("the next call: %v", err)
	}
	if n := outer.Count(c.method); n != 2 {
		t.Errorf("%d calls counted, want 2", n)
	}
}

// caught is what ask returns, or what it panics with.
func caught(ask func() (any, error)) (got, panicked any, err error) {
	defer func() { panicked = recover() }()
	got, err = ask()
	return got, nil, err
}

// Hooks run around the store, and may use it and the Injector.
func TestHooks(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault faults.Fault
		want  []string
	}{
		{"asked", faults.Fault{}, []string{"before: 1 entry", "after: 2 entries"}},
		{"answer lost", faults.Fault{Lost: true}, []string{"before: 1 entry", "after: 2 entries"}},
		{"panic once it was done", faults.Fault{Lost: true, Panic: "boom"}, []string{"before: 1 entry", "after: 2 entries"}},
		{"not asked", faults.Fault{Err: store.ErrConflict}, []string{"before: 1 entry"}},
		{"panic", faults.Fault{Panic: "boom"}, []string{"before: 1 entry"}},
	} {
		in := new(faults.Injector)
		s := wrap(in, filled(t))
		var got []string
		note := func(when string) func() {
			return func() {
				trail, err := s.Trail(t.Context(), store.TrailQuery{Org: org})
				if err != nil || in.Count(faults.Commit) != 1 {
					t.Errorf("%s: %v, %d commits counted", tt.name, err, in.Count(faults.Commit))
				}
				got = append(got, fmt.Sprintf("%s: %d %s", when, len(trail.Entries), []string{"", "entry", "entries"}[len(trail.Entries)]))
			}
		}
		tt.fault.Before, tt.fault.After = note("before"), note("after")
		in.Set(faults.On(faults.Commit, func(int) faults.Fault { return tt.fault }))
		_, _, _ = caught(func() (any, error) { return s.Commit(t.Context(), batch("op_2", "dev")) })
		if diff := gocmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

// A refusal that is lost is as unknown as anything else.
func TestLostRefusal(t *testing.T) {
	in := new(faults.Injector)
	s := wrap(in, filled(t))
	in.Set(faults.Nth(faults.Commit, 1, faults.Fault{Lost: true}))
	for _, want := range []error{store.ErrUnknownOutcome, store.ErrConflict} {
		if _, err := s.Commit(t.Context(), batch("op_2", "prod")); !errors.Is(err, want) {
			t.Errorf("Commit: %v, want %v", err, want)
		}
	}
}

// A nil context is what every store says it is, also before a wait.
func TestNoContext(t *testing.T) {
	in := new(faults.Injector)
	s := wrap(in, filled(t))
	for _, f := range []faults.Fault{{}, {Delay: time.Second}, {Until: make(chan struct{})}, {Hang: true}} {
		in.Set(faults.Always(f))
		var none context.Context
		if _, err := s.Get(none); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("Get: %v, want ErrInvalid", err)
		}
	}
}

// What waits under one plan goes on waiting under the next, which counts from one.
func TestSetWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in, release := new(faults.Injector), make(chan struct{})
		s := wrap(in, filled(t))
		in.Set(faults.Always(faults.Fault{Until: release, Err: store.ErrClosed}))
		waiting := make(chan error)
		go func() {
			_, err := s.Get(t.Context())
			waiting <- err
		}()
		synctest.Wait()
		in.Set(faults.Nth(faults.Get, 2, faults.Fault{Err: store.ErrUnavailable}))
		for i, want := range []error{nil, store.ErrUnavailable, nil} {
			if _, err := s.Get(t.Context()); !errors.Is(err, want) {
				t.Errorf("Get %d under the next plan: %v, want %v", i+1, err, want)
			}
		}
		close(release)
		if err := <-waiting; !errors.Is(err, store.ErrClosed) {
			t.Errorf("the call that waited: %v, want ErrClosed", err)
		}
		if n := in.Count(faults.Get, faults.List); n != 3 {
			t.Errorf("%d calls counted, want 3", n)
		}
	})
}

// Calls at once have a number each.
func TestAtOnce(t *testing.T) {
	const callers, each = 8, 100
	in := new(faults.Injector)
	s := wrap(in, filled(t))
	var met sync.Map
	in.Set(func(c faults.Call) faults.Fault {
		if _, twice := met.LoadOrStore(c, true); twice {
			t.Errorf("%v twice", c)
		}
		return faults.Every(faults.Get, 2, faults.Fault{Err: store.ErrUnavailable})(c)
	})
	var group sync.WaitGroup
	var failed atomic.Int64
	for range callers {
		group.Go(func() {
			for range each {
				if _, err := s.Get(t.Context()); err != nil {
					failed.Add(1)
				}
				in.Count(faults.Get)
			}
		})
	}
	group.Wait()
	if n := in.Count(faults.Get); n != callers*each || failed.Load() != callers*each/2 {
		t.Errorf("%d calls, %d failed, want %d and half of them", n, failed.Load(), callers*each)
	}
	group.Go(func() { in.Set(faults.Down) })
	for range callers {
		group.Go(func() { _, _ = s.Get(t.Context()) })
	}
	group.Wait()
}
