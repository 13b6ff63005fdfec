package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/usage"
)

// writes are calls that need room and the lock, each with what has to be there
// once it was done.
var writes = []struct {
	name  string
	call  func(ctx context.Context, s *sqlite.Store) error
	there string
}{
	{"Commit", func(ctx context.Context, s *sqlite.Store) error {
		e := entry("large")
		e.Detail = []byte(`{"x":"` + strings.Repeat("x", 60<<10) + `"}`)
		_, err := s.Commit(ctx, store.Batch{Entry: e, Put: []store.Record{{Value: sampleProject(1)}, {Value: sampleProject(2)}}})
		return err
	}, `SELECT (SELECT count(*) FROM log WHERE op = 'large') = 1 AND (SELECT count(*) FROM project) = 3`},
	{"Append", func(ctx context.Context, s *sqlite.Store) error {
		return s.Append(ctx, sampleRecords(1000, 500))
	}, `SELECT (SELECT count(*) FROM usage_record) = 510 AND (SELECT sum(calls) FROM usage_quarter WHERE grain = 'key') = 510`},
	{"Rebuild", func(ctx context.Context, s *sqlite.Store) error {
		from := usage.QuarterOf(sampleTime)
		return s.Rebuild(ctx, sampleOrganization.ID, from, from.Add(usage.Quarter))
	}, `SELECT sum(calls) = 10 FROM usage_quarter WHERE grain = 'key'`},
}

// contents is what a file has, but for its form.
func contents(t *testing.T, path string) string {
	t.Helper()
	return scalar[string](t, path, `SELECT (SELECT group_concat(seq || op) FROM log) || (SELECT group_concat(id) FROM project) ||
		(SELECT count(*) FROM usage_record) || ' ' || (SELECT sum(calls) FROM usage_quarter)`)
}

// refusedWhile checks a write during an outage: it is refused for now, for the
// reason given, changes nothing, and reading goes on.
func refusedWhile(t *testing.T, s *sqlite.Store, path, reason string, call func(context.Context, *sqlite.Store) error) {
	t.Helper()
	before := contents(t, path)
	for range 2 {
		if err := call(t.Context(), s); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%v, want %v for %q", err, store.ErrUnavailable, reason)
		}
	}
	if diff := cmp.Diff(before, contents(t, path)); diff != "" {
		t.Errorf("contents after what was refused (-before +after):\n%s", diff)
	}
	if rs, err := s.Get(t.Context(), sampleProject(0).Ref()); err != nil || rs[0].Rev == 0 {
		t.Errorf("reading meanwhile: %+v, %v", rs, err)
	}
}

// doneNow checks that a write takes effect once the outage is over.
func doneNow(t *testing.T, s *sqlite.Store, path, there string, call func(context.Context, *sqlite.Store) error) {
	t.Helper()
	if err := call(t.Context(), s); err != nil {
		t.Errorf("once it is over: %v", err)
	}
	if !scalar[bool](t, path, there) {
		t.Errorf("once it is over: not %s", there)
	}
	from := usage.QuarterOf(sampleTime)
	if ds, err := s.Verify(t.Context(), sampleOrganization.ID, from, from.Add(usage.Quarter)); err != nil || len(ds) > 0 {
		t.Errorf("roll-up: %v, %v", ds, err)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func openForWrites(t *testing.T) (s *sqlite.Store, write *sql.DB, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "t.db")
	s, write, _ = openPools(t, path, "_pragma=busy_timeout(40)", nil)
	put(t, s, sampleProject(0))
	if err := s.Append(t.Context(), sampleRecords(0, 10)); err != nil {
		t.Fatal(err)
	}
	return s, write, path
}

func TestF6FullDisk(t *testing.T) {
	for _, tt := range writes[:2] { // Rebuild takes no room
		t.Run(tt.name, func(t *testing.T) {
			s, write, path := openForWrites(t)
			var pages int
			if err := write.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
				t.Fatal(err)
			}
			mustExec(t, write, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages))
			refusedWhile(t, s, path, "the disk is full", tt.call)
			mustExec(t, write, `PRAGMA max_page_count = 1000000`)
			doneNow(t, s, path, tt.there, tt.call)
		})
	}
}

// holdLock holds the write lock of the file args[0] until its input ends.
func holdLock(args []string) error {
	db, err := sql.Open("sqlite", "file:"+args[0]+"?_pragma=busy_timeout(5000)")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec(`BEGIN IMMEDIATE; UPDATE meta SET pruned = 7`); err != nil {
		return err
	}
	fmt.Println("held")
	if _, err := io.ReadAll(os.Stdin); err != nil {
		return err
	}
	_, err = db.Exec(`ROLLBACK`)
	return err
}

func TestF1LockOfAnotherProcess(t *testing.T) {
	for _, tt := range writes {
		for _, ending := range []string{"let go", "killed"} {
			t.Run(tt.name+"/"+ending, func(t *testing.T) {
				s, _, path := openForWrites(t)
				holder := child(t, "hold", path)
				in, err := holder.StdinPipe()
				if err != nil {
					t.Fatal(err)
				}
				startUntil(t, holder, "held")
				refusedWhile(t, s, path, "the lock was not free", tt.call)
				if ending == "killed" {
					err = holder.Process.Kill()
				} else {
					err = in.Close()
				}
				if waited := holder.Wait(); err != nil || (waited == nil) != (ending == "let go") {
					t.Fatal(err, waited)
				}
				doneNow(t, s, path, tt.there, tt.call)
			})
		}
	}
}

// A waiting write has the lock as soon as the other process lets go of it.
func TestLockIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s, err := sqlitefile.Open(t.Context(), path) // waits for 5 s
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	holder := child(t, "hold", path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	startUntil(t, holder, "held")
	done := make(chan error, 1)
	go func() {
		_, err := s.Commit(t.Context(), store.Batch{Entry: entry("op")})
		done <- err
	}()
	select {
	case err := <-done:
		t.Fatalf("not waited for: %v", err)
	case <-time.After(60 * time.Millisecond):
	}
	in.Close()
	if err := errors.Join(<-done, holder.Wait()); err != nil {
		t.Error(err)
	}
}
