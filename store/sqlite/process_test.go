package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

const (
	childCommits    = 300
	childIncrements = 40
)

// commitMany opens the file args[0], commits childCommits entries at the time of
// each, and counts up childIncrements times.
func commitMany(args []string) error {
	ctx := context.Background()
	s, err := sqlitefile.Open(ctx, args[0])
	if err != nil {
		return err
	}
	defer s.Close()
	fmt.Println("ready")
	for n := range childCommits {
		e := entry(fmt.Sprint("child ", n))
		e.At = tenancy.Instant(time.Now())
		if _, err := s.Commit(ctx, store.Batch{Entry: e}); err != nil {
			return err
		}
	}
	return increment(ctx, s, "child", childIncrements)
}

// increment counts the name of a project up by compare-and-swap.
func increment(ctx context.Context, s store.Store, who string, times int) error {
	for n := range times {
		for try := 0; ; try++ {
			err := incrementOnce(ctx, s, store.OperationID(fmt.Sprint(who, " adds ", n, " ", try)))
			if err == nil {
				break
			}
			if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
	}
	return nil
}

func incrementOnce(ctx context.Context, s store.Store, op store.OperationID) error {
	counter, err := store.One(ctx, s, tenancy.ProjectRef(sampleOrganization.ID, sampleProject(0).ID))
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(counter.Value.Name)
	if err != nil {
		return err
	}
	counter.Value.Name = strconv.Itoa(n + 1)
	e := entry(string(op))
	e.Action = "count.up"
	_, err = s.Commit(ctx, store.Batch{Entry: e, Put: []store.Record{{Rev: counter.Rev, Value: counter.Value}}})
	return err
}

func TestTwoProcesses(t *testing.T) {
	s, path := open(t)
	counter := sampleProject(0)
	counter.Name = "0"
	put(t, s, counter)
	from := head(t, s)
	c := child(t, "commit", path)
	startUntil(t, c, "ready")
	counted := make(chan error, 1)
	go func() { counted <- increment(t.Context(), s, "parent", childIncrements) }()
	latencies := followChild(t, s, from)
	if err := errors.Join(<-counted, c.Wait()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(latencies)
	t.Logf("from an entry's time to its being seen by the other process: median %v, 99 of 100 %v, most %v",
		latencies[len(latencies)/2], latencies[len(latencies)*99/100], latencies[len(latencies)-1])

	got, err := store.One(t.Context(), s, tenancy.ProjectRef(counter.Org, counter.ID))
	if want := strconv.Itoa(2 * childIncrements); err != nil || got.Value.Name != want {
		t.Errorf("counted to %s, %v; want %s", got.Value.Name, err, want)
	}
	if n := scalar[int](t, path, `SELECT count(*) FROM log WHERE action = 'count.up'`); n != 2*childIncrements {
		t.Errorf("%d entries of counting up, want %d", n, 2*childIncrements)
	}
}

// followChild follows the feed until it has seen every entry of the child, each once
// and in order, and returns how old each was then.
func followChild(t *testing.T, s store.Store, after store.Cursor) (latencies []time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for len(latencies) < childCommits {
		if err := s.(store.Waiter).Wait(ctx, after); err != nil {
			t.Fatalf("after %d entries of the child: %v", len(latencies), err)
		}
		f, err := s.Changes(ctx, after, 50)
		if err != nil {
			t.Fatal(err)
		}
		now := time.Now()
		for _, e := range f.Entries {
			if e.Action != "test" {
				continue
			}
			if want := store.OperationID(fmt.Sprint("child ", len(latencies))); e.Op != want {
				t.Fatalf("entry %q, want %q", e.Op, want)
			}
			latencies = append(latencies, now.Sub(e.At))
		}
		after = f.Next
	}
	return latencies
}

// commitAndDie commits to the file args[0] and ends without any tidying up.
func commitAndDie(args []string) error {
	s, err := sqlitefile.Open(context.Background(), args[0])
	if err != nil {
		return err
	}
	if _, err := s.Commit(context.Background(), store.Batch{Entry: entry("last words")}); err != nil {
		return err
	}
	die()
	return nil
}

// What a process committed before it died is in the -wal file. Who only reads sees
// it and leaves both files as they are.
func TestReadOnlyAfterAProcessDied(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	if err := child(t, "last", path).Run(); err == nil {
		t.Fatal("the child did not die")
	}
	files := func() (all []byte) {
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, data...)
		}
		return all
	}
	before := files()
	s, err := sqlitefile.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := s.Trail(t.Context(), store.TrailQuery{Org: sampleOrganization.ID})
	if err != nil || len(tr.Entries) != 1 || tr.Entries[0].Op != "last words" {
		t.Errorf("trail %+v, %v; want the last words", tr, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	if !bytes.Equal(before, files()) {
		t.Error("the files have changed")
	}
}
