package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
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

// closable is a memory store with everything that it has.
type closable struct{ *memory.Store }

// closing opens a new store each time, which has a Close.
func closing(wrap func(closable) store.Store) func() storetest.Harness {
	return func() storetest.Harness {
		return storetest.Harness{Volatile: true, Open: func(string) (store.Store, error) {
			return wrap(closable{memory.New()}), nil
		}}
	}
}

// forgetting opens a folder again without the last commit there.
func forgetting() storetest.Harness {
	last := map[store.Store]*store.Result{}
	var mu sync.Mutex
	return harness(func(b backend) store.Store {
		s := &forgetsLast{backend: b, mu: &mu}
		if last[b.Store] == nil {
			last[b.Store] = new(store.Result)
			s.hidden.Rev = 1 << 63
		} else {
			s.hidden = *last[b.Store]
		}
		s.last = last[b.Store]
		return s
	})
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
		"lifecycle/close: has no Close",
		"lifecycle/close-under-way: has no Close",
		"lifecycle/close-ends-wait: has no Close",
		"lifecycle/leaves-nothing: has no Close",
		"backup/complete: makes no backup",
		"backup/apart: makes no backup",
		"backup/under-writers: makes no backup",
		"backup/paths: makes no backup",
		"backup/context-ends: makes no backup",
		"upkeep/verify-finds: the harness cannot spoil a bucket",
		"upkeep/rebuild: the harness cannot spoil a bucket",
		"upkeep/days: the harness cannot spoil a bucket",
	}
	if !slices.Equal(leftOut, want) {
		t.Errorf("left out %q, want %q", leftOut, want)
	}
}

// onlyStore hides what a store is beside.
type onlyStore struct{ store.Store }

// Usage that another value keeps is asked through the harness.
func TestUsageApart(t *testing.T) {
	h := harness(func(b backend) store.Store { return onlyStore{b} })
	h.Usage = func(s store.Store) (store.Usage, store.Upkeep) {
		b := s.(onlyStore).Store.(backend)
		return b.Usage, b.Upkeep
	}
	h.LeftOut = func(name, because string) {
		if strings.HasPrefix(name, "usage/") {
			t.Errorf("left out %s: %s", name, because)
		}
	}
	if err := storetest.Check(t.Context(), h); err != nil {
		t.Errorf("a store whose usage is apart was failed:\n%v", err)
	}
	h.Usage = func(s store.Store) (store.Usage, store.Upkeep) {
		b := s.(onlyStore).Store.(backend)
		return countsTwice{b}, b.Upkeep
	}
	if failed(storetest.CheckCases(t.Context(), h, "usage/counts-once"))["usage/counts-once"] == nil {
		t.Error("usage that is broken, and apart, was not failed")
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
	for _, name := range []string{"conflict/stale-put", "concurrency/create"} {
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
	if failed(err)["records/get-absent"] == nil || failed(err)["changes/limit"] != nil {
		t.Errorf("a Get that panics fails cases without Get, or none with it: %v", err)
	}
}

func trimmed(a, b string) bool { return strings.TrimRight(a, " ") == strings.TrimRight(b, " ") }

type panics struct{ backend }

func (panics) Get(context.Context, ...tenancy.Ref) ([]store.Record, error) { panic("get") }

func TestF20Broken(t *testing.T) {
	var caught atomic.Int64
	t.Cleanup(func() { fmt.Printf("caught %d of %d\n", caught.Load(), len(broken)) })
	for _, b := range broken {
		t.Run(strings.ReplaceAll(b.defect, " ", "-"), func(t *testing.T) {
			if b.waits {
				t.Parallel()
			}
			got := failed(storetest.CheckCases(t.Context(), b.opened(), b.caughtBy...))
			for _, name := range b.caughtBy {
				if got[name] == nil {
					t.Errorf("a store that %s passed %s", b.defect, name)
				}
			}
			if !t.Failed() {
				caught.Add(1)
			}
		})
	}
}

// failed is the failures of an error of Check by their case.
func failed(err error) map[string]*storetest.Failure {
	all := map[string]*storetest.Failure{}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return all
	}
	for _, err := range joined.Unwrap() {
		if f, ok := errors.AsType[*storetest.Failure](err); ok {
			all[f.Case] = f
		}
	}
	return all
}
