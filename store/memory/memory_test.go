package memory_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const org = tenancy.OrgID("org_01J0000000000000000000000A")

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open:     func(string) (store.Store, error) { return memory.New(), nil },
		Volatile: true,
		Spoil: func(s store.Store, b usage.Bucket) error {
			s.(*memory.Store).Spoil(b)
			return nil
		},
	})
}

// The suite opens the same data twice and again, as a durable backend would.
func TestConformanceShared(t *testing.T) {
	type shared struct {
		store.Store
		store.Waiter
		store.Pruner
		store.Usage
		store.Upkeep
	}
	kept := map[string]*memory.Store{}
	storetest.Run(t, storetest.Harness{Open: func(dir string) (store.Store, error) {
		if kept[dir] == nil {
			kept[dir] = memory.New()
		}
		m := kept[dir]
		return shared{m, m, m, m, m}, nil
	}})
}

func fill(t testing.TB, s *memory.Store, from, n int) {
	t.Helper()
	for i := from; i < from+n; i += store.MaxBatch {
		b := store.Batch{Entry: entry(fmt.Sprint("fill-", i))}
		for k := i; k < min(i+store.MaxBatch, from+n); k++ {
			b.Put = append(b.Put, store.Record{Value: key(k)})
		}
		if _, err := s.Commit(context.Background(), b); err != nil {
			t.Fatal(err)
		}
	}
}

func entry(op string) store.Entry {
	return store.Entry{Org: org, Op: store.OperationID(op), Action: "test.fill", At: time.Unix(1, 0).UTC()}
}

func key(n int) tenancy.Key {
	return tenancy.Key{Org: org, ID: tenancy.KeyID(fmt.Sprintf("key_%08d", n*7919%1e8)), Project: "proj_1", Created: time.Unix(int64(n%1000), 0).UTC()}
}

// What a caller does to an entry that it was given, or gave, stays its own.
func TestEntriesAreCopies(t *testing.T) {
	s := memory.New()
	detail := []byte(`{"name":"before"}`)
	b := store.Batch{Entry: entry("op"), Put: []store.Record{{Value: key(1)}}}
	b.Entry.Detail = detail
	result, err := s.Commit(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	detail[2], result.Entry.Detail[3], result.Entry.Refs[0].ID = 'X', 'X', "X"
	for range 2 {
		got, err := s.Trail(t.Context(), store.TrailQuery{Org: org})
		if err != nil {
			t.Fatal(err)
		}
		en := got.Entries[0]
		if string(en.Detail) != `{"name":"before"}` || en.Refs[0] != key(1).Ref() {
			t.Errorf("the log was changed from outside: %s, %v", en.Detail, en.Refs)
		}
		en.Detail[4], en.Refs[0].ID = 'X', "X"
	}
}

func TestCloseEndsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		ended := make(chan error)
		go func() { ended <- s.Wait(t.Context(), "") }()
		synctest.Wait() // until the waiter waits
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Wait ended with %v, want ErrClosed", err)
		}
	})
}

func TestWaitBlocksAtHead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory.New()
		fill(t, s, 0, 1)
		feed, err := s.Changes(t.Context(), "", 1)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Wait(t.Context(), feed.Next) }()
		synctest.Wait()
		select {
		case err := <-ended:
			t.Fatalf("Wait returned %v with nothing to come", err)
		default:
		}
		fill(t, s, 1, 1)
		if err := <-ended; err != nil {
			t.Errorf("Wait: %v", err)
		}
	})
}

func TestPruneLogForgetsOperations(t *testing.T) {
	s := memory.New()
	fill(t, s, 0, 1)
	n, err := s.PruneLog(t.Context(), org, entry("").At.Add(time.Second))
	if n != 1 || err != nil {
		t.Fatalf("PruneLog: %d, %v", n, err)
	}
	b := store.Batch{Entry: entry("fill-0")}
	if r, err := s.Commit(t.Context(), b); err != nil || r.Replayed {
		t.Errorf("the operation id of a pruned entry: replayed %t, %v", r.Replayed, err)
	}
}

func TestZeroStoreIsClosed(t *testing.T) {
	var s memory.Store
	if _, err := s.Get(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get of the zero Store: %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close of the zero Store: %v", err)
	}
}
