package sqlitefile_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestConformance(t *testing.T) {
	paths := map[store.Store]string{}
	storetest.Run(t, storetest.Harness{
		Open: func(dir string) (store.Store, error) {
			path := filepath.Join(dir, "tenet.db")
			s, err := sqlitefile.Open(context.Background(), path)
			if err != nil {
				return nil, err // not s, which as an interface would not be nil
			}
			paths[s] = path
			return s, nil
		},
		Restore: func(path string) (store.Store, error) { return sqlitefile.Open(context.Background(), path) },
		Days:    true,
		Spoil:   func(s store.Store, b usage.Bucket) error { return spoil(paths[s], b) },
	})
}

// spoil overwrites a bucket of the roll-up, or takes it away where its sums are zero.
func spoil(path string, b usage.Bucket) error {
	db, err := sql.Open("sqlite", uri(path))
	if err != nil {
		return err
	}
	defer db.Close()
	table := map[usage.Tier]string{usage.TierQuarter: "usage_quarter", usage.TierDay: "usage_day"}[b.Tier]
	args := []any{string(b.Org), string(b.Project), string(b.Grain), b.Start.UnixMicro(), b.Item, string(b.Outcome)}
	if b.Sums == (usage.Sums{}) {
		_, err = db.Exec(`DELETE FROM `+table+` WHERE (org, project, grain, start, item, outcome) = (?, ?, ?, ?, ?, ?)`, args...)
		return err
	}
	args = append(args, b.Calls)
	for _, n := range append(b.Units[:], b.Reported[:]...) {
		args = append(args, n)
	}
	_, err = db.Exec(`INSERT OR REPLACE INTO `+table+` VALUES (?`+strings.Repeat(", ?", len(args)+1)+`)`,
		append(args, b.Cost, b.Priced)...)
	return err
}

func uri(path string) string {
	return (&url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(5000)"}).String()
}

var organization = tenancy.Organization{ID: "org_a", Name: "Acme", Owners: []tenancy.UserID{"ann"}}

func entry(op string) store.Entry {
	return store.Entry{Org: organization.ID, Op: store.OperationID(op), Actor: "ann", Action: "test",
		At: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
}

func open(t testing.TB, path string) *sqlitefile.Store {
	t.Helper()
	s, err := sqlitefile.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func commit(ctx context.Context, s store.Store, op string, puts ...tenancy.Entity) error {
	b := store.Batch{Entry: entry(op)}
	for _, v := range puts {
		b.Put = append(b.Put, store.Record{Value: v})
	}
	_, err := s.Commit(ctx, b)
	return err
}

func TestPaths(t *testing.T) {
	for _, name := range []string{
		"plain.db", "with space.db", "question?mode=memory", "fragment#1.db", "percent%41%.db", "plus+and&amp.db",
		"日本語é.db", "quote'\"`.db", "semi;colon.db", ":memory:", "file:x.db", "-dash.db", "back\\slash.db", "new\nline.db",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, filepath.Join(dir, name))
			if err := commit(t.Context(), s, "op", organization); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			files, err := os.ReadDir(dir)
			if err != nil || len(files) != 1 || files[0].Name() != name {
				t.Errorf("files %v, %v; want the one that was named", files, err)
			}
			again := open(t, filepath.Join(dir, name))
			if r, err := store.One(t.Context(), again, tenancy.OrganizationRef(organization.ID)); err != nil || r.Absent() {
				t.Errorf("record after opening again: %+v, %v", r, err)
			}
		})
	}
}

func TestRelativePath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	open(t, "here.db")
	if _, err := os.Stat(filepath.Join(dir, "here.db")); err != nil {
		t.Error(err)
	}
}

func TestFileModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
	path := filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	if err := commit(t.Context(), s, "op", organization); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if mode := modeOf(t, path+suffix); mode != 0o600 {
			t.Errorf("new file%s has mode %o, want 600", suffix, mode)
		}
	}
	s.Close()
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if mode := modeOf(t, path); mode != 0o640 {
		t.Errorf("file that was there has mode %o, want 640 as its owner chose", mode)
	}
}

func modeOf(t *testing.T, path string) fs.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

// Every connection is asked, since a PRAGMA that was executed would hold on one.
func TestSettingsOfEveryConnection(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "t.db"))
	for db, n := range s.Pools() {
		want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "5000",
			"trusted_schema": "0", "cell_size_check": "1", "wal_autocheckpoint": "1000", "journal_size_limit": "8388608",
			"query_only": map[bool]string{true: "0", false: "1"}[n == 1]}
		if got := db.Stats().MaxOpenConnections; got != n {
			t.Errorf("pool of %d connections, want %d", got, n)
		}
		for i := range n {
			conn, err := db.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// A connection from before the file was put in WAL mode notices when it reads.
			if _, err := conn.ExecContext(t.Context(), `SELECT epoch FROM meta`); err != nil {
				t.Fatal(err)
			}
			got := map[string]string{}
			for name := range want {
				var v string
				if err := conn.QueryRowContext(t.Context(), `PRAGMA `+name).Scan(&v); err != nil {
					t.Fatal(err)
				}
				got[name] = v
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("connection %d of %d (-want +got):\n%s", i, n, diff)
			}
		}
	}
}

func TestEightWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	stores := []*sqlitefile.Store{open(t, path), open(t, path)}
	const writers, each = 8, 12
	errs := make(chan error, writers*each)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				name := fmt.Sprintf("%d-%d", w, i)
				errs <- commit(t.Context(), stores[w%2], name, tenancy.NameClaim{Org: organization.ID, Folded: name, Project: "proj_1"})
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	for i, s := range stores {
		revs := map[store.Rev]bool{}
		for r, err := range store.Walk(t.Context(), s, store.NamesOf(organization.ID)) {
			if err != nil {
				t.Fatal(err)
			}
			revs[r.Rev] = true
		}
		if len(revs) != writers*each {
			t.Errorf("store %d sees %d records of as many commits, want %d", i, len(revs), writers*each)
		}
	}
}

func TestWaitSeesAnotherHandle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	here, there := open(t, path), open(t, path)
	f, err := here.Changes(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	waited := make(chan error)
	go func() { waited <- here.Wait(t.Context(), f.Next) }()
	if err := commit(t.Context(), there, "op", organization); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-waited:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Fatal("Wait does not see what another handle committed")
	}
	if f, err = here.Changes(t.Context(), f.Next, 10); err != nil || len(f.Entries) != 1 {
		t.Errorf("Changes: %+v, %v", f, err)
	}
}

// hold takes the write lock of a file and returns what gives it back.
func hold(t *testing.T, path string) (release func()) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		conn.Close()
	}
}

func TestCancelledCommitLeavesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s := open(t, path)
	release := hold(t, path)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	err := commit(ctx, s, "late", organization)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Commit: %v, want %v", err, context.DeadlineExceeded)
	}
	if waited := time.Since(began); waited > 2*time.Second {
		t.Errorf("waited %v for a lock with 50 ms to go", waited)
	}
	release()
	tr, err := s.Trail(t.Context(), store.TrailQuery{Org: organization.ID})
	if err != nil || len(tr.Entries) != 0 {
		t.Errorf("trail after a commit that was given up: %+v, %v", tr, err)
	}
	if err := commit(t.Context(), s, "late", organization); err != nil {
		t.Errorf("the same commit once the lock is free: %v", err)
	}
}

// Contexts that end at any moment: a commit is whole or not there, and the answer
// says which.
func TestF2CancelStorm(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "t.db"))
	done := map[string]bool{}
	for i := range 200 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*10*time.Microsecond)
		op := fmt.Sprint("op", i)
		switch err := commit(ctx, s, op, tenancy.NameClaim{Org: organization.ID, Folded: op, Project: "proj_1"}); {
		case err == nil:
			done[op] = true
		case !errors.Is(err, context.DeadlineExceeded):
			t.Errorf("%s: %v", op, err)
		}
		cancel()
	}
	tr, err := s.Trail(t.Context(), store.TrailQuery{Org: organization.ID})
	if err != nil {
		t.Fatal(err)
	}
	logged := map[string]bool{}
	for _, e := range tr.Entries {
		logged[string(e.Op)] = true
	}
	if diff := cmp.Diff(done, logged); diff != "" {
		t.Errorf("operations that were answered and those that are logged (-answered +logged):\n%s", diff)
	}
	if len(done) == 0 || len(done) == 200 {
		t.Errorf("%d of 200 commits were in time: the storm was none", len(done))
	}
}

func TestF15OpenAndCloseLeaveNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	open(t, path).Close()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	for range 20 {
		s := open(t, path)
		if err := commit(t.Context(), s, "op", organization); err != nil && !errors.Is(err, store.ErrConflict) {
			t.Fatal(err)
		}
		if err := errors.Join(s.Close(), s.Close()); err != nil {
			t.Fatal(err)
		}
		if err := commit(t.Context(), s, "after"); !errors.Is(err, store.ErrClosed) {
			t.Fatalf("Commit after Close: %v, want %v", err, store.ErrClosed)
		}
	}
	for range 100 { // connections end in goroutines of database/sql
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		runtime.Gosched()
	}
	if now := openFiles(t); now > files {
		t.Errorf("%d files open after 20 stores, %d before", now, files)
	}
	if now := runtime.NumGoroutine(); now > goroutines+2 {
		t.Errorf("%d goroutines after 20 stores, %d before", now, goroutines)
	}
}

func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc to count open files in")
	}
	return len(entries)
}
