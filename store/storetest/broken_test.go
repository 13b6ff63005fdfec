package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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

// broken stores, one defect each, and the cases that name the defect.
var broken = []struct {
	defect   string
	caughtBy []string
	wrap     func(backend) store.Store
}{
	{"ignores revisions", []string{"conflict/stale-put", "conflict/stale-delete", "conflict/create-over-existing", "conflict/check"},
		func(b backend) store.Store { return ignoresRevisions{b} }},
	{"checks revisions before it takes the lock", []string{"concurrency/compare-and-swap"},
		func(b backend) store.Store { return checksTooEarly{b} }},
	{"does not check what it does not write", []string{"conflict/check", "concurrency/check-against-write"},
		func(b backend) store.Store { return ignoresChecks{b} }},
	{"applies half a batch", []string{"atomicity/refused-batch"}, func(b backend) store.Store { return halfBatch{b} }},
	{"logs what it refused", []string{"atomicity/refused-batch"}, func(b backend) store.Store { return logsRefused{b} }},
	{"skips a change", []string{"changes/skips-nothing"}, func(b backend) store.Store { return skipsChange{b} }},
	{"steps over late commits", []string{"changes/skips-nothing-under-writers"},
		func(b backend) store.Store {
			return &stepsOver{backend: b, late: map[store.OperationID]bool{}, read: make(chan struct{})}
		}},
	{"always says that it reached the head", []string{"changes/head"}, func(b backend) store.Store { return alwaysHead{b} }},
	{"takes any cursor for now", []string{"changes/foreign-cursor", "changes/forged-cursor", "prune/resync"},
		func(b backend) store.Store { return anyCursor{b} }},
	{"serves another organization's record", []string{"isolation/other-organization"},
		func(b backend) store.Store { return otherTenant{b} }},
	{"lists over all organizations", []string{"isolation/other-organization", "paging/as-placed"},
		func(b backend) store.Store { return listsAll{b} }},
	{"keeps key ids unique in one organization only", []string{"isolation/key-id-is-global", "concurrency/global-id"},
		func(b backend) store.Store { return localKeys{b} }},
	{"folds the case of identifiers", []string{"exactness/look-alikes"}, func(b backend) store.Store { return collates{b, strings.EqualFold} }},
	{"trims identifiers", []string{"exactness/look-alikes"}, func(b backend) store.Store { return collates{b, trimmed} }},
	{"reuses a revision after deletion", []string{"conflict/revision-not-reused"},
		func(b backend) store.Store { return &restarts{backend: b, at: map[tenancy.Ref]store.Rev{}} }},
	{"forgets operation ids", []string{"outcome/replay", "outcome/at-once", "durability/reopen"},
		func(b backend) store.Store { return forgetsOps{b} }},
	{"takes any operation of an id for the same", []string{"outcome/reused"}, func(b backend) store.Store { return neverReused{b} }},
	{"forgets that a key was revoked", []string{"records/every-field"}, func(b backend) store.Store { return losesField{b} }},
	{"takes an empty set for all", []string{"records/empty-is-not-all"}, func(b backend) store.Store { return emptyIsAll{b} }},
	{"returns times of the machine's zone", []string{"records/every-field", "records/times"}, func(b backend) store.Store { return localTimes{b} }},
	{"pages by offset", []string{"paging/stable"}, func(b backend) store.Store { return offsets{b} }},
	{"commits after the context is over", []string{"lifecycle/context-over"}, func(b backend) store.Store { return ignoresContext{b} }},
	{"takes batches of any size", []string{"limits/batch"}, func(b backend) store.Store { return splitsBatch{b} }},
	{"quotes what it was given", []string{"input/errors-say-nothing"}, func(b backend) store.Store { return quotes{b} }},
	{"shows the trail oldest first", []string{"trail/newest-first"}, func(b backend) store.Store { return oldestFirst{b} }},
	{"filters no project's trail", []string{"trail/filters"}, func(b backend) store.Store { return noFilter{b} }},
	{"does not see what another handle wrote", []string{"durability/two-handles"},
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
		if f, ok := errors.AsType[*storetest.Failure](err); ok {
			all[f.Case] = f
		}
	}
	return all
}
