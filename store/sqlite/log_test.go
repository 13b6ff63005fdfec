package sqlite_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// log commits n entries of an organization, a minute apart.
func log(t *testing.T, s store.Store, org tenancy.OrgID, first, n int) {
	t.Helper()
	for i := first; i < first+n; i++ {
		e := entry(fmt.Sprint(i))
		e.Org, e.At = org, sampleTime.Add(time.Duration(i)*time.Minute)
		if _, err := s.Commit(t.Context(), store.Batch{Entry: e}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestPruneLog(t *testing.T) {
	s, _ := open(t)
	ctx := t.Context()
	start, err := s.Changes(ctx, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	log(t, s, "org_a", 0, 4)
	between, err := s.Changes(ctx, start.Next, 2) // after entry 1
	if err != nil {
		t.Fatal(err)
	}
	log(t, s, "org_b", 4, 2)

	n, err := s.PruneLog(ctx, "org_a", sampleTime.Add(2*time.Minute))
	if err != nil || n != 2 {
		t.Fatalf("forgot %d, %v; want the 2 entries of org_a before minute 2", n, err)
	}
	if _, err := s.Changes(ctx, start.Next, 10); !errors.Is(err, store.ErrResync) {
		t.Errorf("cursor before what was forgotten: %v, want %v", err, store.ErrResync)
	}
	if err := s.Wait(ctx, start.Next); !errors.Is(err, store.ErrResync) {
		t.Errorf("wait from before what was forgotten: %v, want %v", err, store.ErrResync)
	}
	f, err := s.Changes(ctx, between.Next, 10)
	if diff := cmp.Diff([]string{"2", "3", "4", "5"}, ops(f.Entries)); diff != "" || err != nil {
		t.Errorf("entries after what was forgotten: %v (-want +got):\n%s", err, diff)
	}

	late, err := s.Changes(ctx, between.Next, 3) // after entry 4
	if err != nil {
		t.Fatal(err)
	}

	// Pruning all of it, and less of it afterwards, keeps what was said before.
	if n, err := s.PruneLog(ctx, "org_b", sampleTime.Add(time.Hour)); err != nil || n != 2 {
		t.Errorf("forgot %d, %v; want 2", n, err)
	}
	if n, err := s.PruneLog(ctx, "org_a", sampleTime.Add(3*time.Minute)); err != nil || n != 1 {
		t.Errorf("forgot %d, %v; want 1", n, err)
	}
	if _, err := s.Changes(ctx, late.Next, 10); !errors.Is(err, store.ErrResync) {
		t.Errorf("cursor before what was forgotten last: %v, want %v", err, store.ErrResync)
	}
	now, err := s.Changes(ctx, "", 1)
	if err != nil {
		t.Fatal(err)
	}
	log(t, s, "org_b", 4, 1)
	f, err = s.Changes(ctx, now.Next, 10)
	if diff := cmp.Diff([]string{"4"}, ops(f.Entries)); diff != "" || err != nil {
		t.Errorf("entries after now, once the newest were forgotten: %v (-want +got):\n%s", err, diff)
	}
}

func ops(entries []store.Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, string(e.Op))
	}
	return all
}

// A revision is the number of an entry; were a number given again, a record could
// be at a revision that another state of it had.
func TestRevisionsOutliveTheLog(t *testing.T) {
	s, _ := open(t)
	first := put(t, s, sampleOrganization)
	if _, err := s.PruneLog(t.Context(), sampleOrganization.ID, sampleTime.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if second := put(t, s, sampleProject(0)); second <= first {
		t.Errorf("revision %d after %d, whose entry was forgotten", second, first)
	}
}

// A restored backup has a head before the cursors that were given out since.
func TestCursorBeyondTheHead(t *testing.T) {
	s, path := open(t)
	log(t, s, "org_a", 0, 2)
	f, err := s.Changes(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	mustExec(t, raw(t, path), `DELETE FROM log WHERE seq = 2; UPDATE sqlite_sequence SET seq = 1 WHERE name = 'log'`)
	if _, err := s.Changes(t.Context(), f.Next, 1); !errors.Is(err, store.ErrResync) {
		t.Errorf("Changes: %v, want %v", err, store.ErrResync)
	}
}

func TestWaitIsWokenByACommit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlitefile.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error, 1)
		began := time.Now()
		go func() { waited <- s.Wait(t.Context(), "") }()
		synctest.Wait()
		put(t, s, sampleOrganization)
		if err := <-waited; err != nil || time.Since(began) != 0 {
			t.Errorf("woken after %v, %v; want at once", time.Since(began), err)
		}
		go func() { waited <- s.Wait(t.Context(), "") }()
		synctest.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-waited; !errors.Is(err, store.ErrClosed) {
			t.Errorf("Wait after Close: %v, want %v", err, store.ErrClosed)
		}
	})
}
