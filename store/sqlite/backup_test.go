package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// openPools opens a store on pools of the test's own, with settings as in a data
// source name.
func openPools(t *testing.T, path, settings string, opts *sqlite.Options) (s *sqlite.Store, write, read *sql.DB) {
	t.Helper()
	source := "file:" + path + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&" + settings
	write, err := sql.Open("sqlite", source)
	if err != nil {
		t.Fatal(err)
	}
	write.SetMaxOpenConns(1)
	if read, err = sql.Open("sqlite", source+"&_query_only=1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); write.Close(); read.Close() })
	if s, err = sqlite.New(t.Context(), write, read, opts); err != nil {
		t.Fatal(err)
	}
	return s, write, read
}

// traffic is writers that go on until they are stopped, each operation numbered.
type traffic struct {
	commits, appends atomic.Int64 // acknowledged
	stop             atomic.Bool
	group            sync.WaitGroup
}

const callsEach = 7 // in one Append of the traffic

func (w *traffic) run(t *testing.T, s *sqlitefile.Store) {
	claim := func(n int64) tenancy.NameClaim {
		return tenancy.NameClaim{Org: townOrg, Folded: fmt.Sprint("name ", n), Project: "proj_1"}
	}
	w.group.Go(func() {
		for n := int64(1); !w.stop.Load(); n++ {
			b := store.Batch{Entry: entry(fmt.Sprint("op ", n)), Put: []store.Record{{Value: claim(n)}}}
			if _, err := s.Commit(context.Background(), b); err != nil {
				t.Errorf("Commit: %v", err)
			}
			w.commits.Store(n)
		}
	})
	w.group.Go(func() {
		for n := 1; !w.stop.Load(); n++ {
			if err := s.Append(context.Background(), sampleRecords(n*callsEach, callsEach)); err != nil {
				t.Errorf("Append: %v", err)
			}
			w.appends.Store(int64(n))
		}
	})
}

func (w *traffic) end() { w.stop.Store(true); w.group.Wait() }

func TestBackupUnderLoad(t *testing.T) {
	s, _ := open(t)
	var w traffic
	w.run(t, s)
	defer w.end()
	dir := t.TempDir()
	grew := false
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for i := range 3 {
		for goal := w.commits.Load() + 10; w.commits.Load() < goal; {
			<-look.C
		}
		path := filepath.Join(dir, fmt.Sprint(i, ".db"))
		commits, appends := w.commits.Load(), w.appends.Load()
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		after := w.commits.Load()
		grew = grew || after > commits+1
		checkPrefix(t, path, commits, after+1, appends)
	}
	if !grew {
		t.Error("nobody wrote meanwhile: there was no load")
	}
	w.end()
	if names := namesIn(t, dir); len(names) != 3 {
		t.Errorf("files %q, want the three backups", names)
	}
}

// checkPrefix opens a backup of traffic, which has to have the first commits and
// appends that were made, least of each at least, and each of them whole.
func checkPrefix(t *testing.T, path string, least, most, appends int64) {
	t.Helper()
	if mode := modeOf(t, path); runtime.GOOS != "windows" && mode != 0o600 {
		t.Errorf("mode %o, want 600", mode)
	}
	b, err := sqlitefile.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if err := b.Check(t.Context()); err != nil {
		t.Error(err)
	}
	last := scalar[int64](t, path, `SELECT ifnull(max(seq), 0) FROM log`)
	if last < least || last > most {
		t.Errorf("%d commits, want %d to %d", last, least, most)
	}
	text := `SELECT count(*) FROM log JOIN name_claim ON rev = seq AND op = 'op ' || seq AND folded = 'name ' || seq`
	if n := scalar[int64](t, path, text); n != last || scalar[int64](t, path, `SELECT count(*) FROM name_claim`) != last {
		t.Errorf("%d of %d entries have their record", n, last)
	}
	calls := scalar[int64](t, path, `SELECT count(*) FROM usage_record`)
	if calls%callsEach != 0 || calls < appends*callsEach {
		t.Errorf("%d calls, want %d or more in sevens", calls, appends*callsEach)
	}
	from := usage.QuarterOf(sampleTime)
	if ds, err := b.Verify(t.Context(), sampleOrganization.ID, from, from.AddDate(0, 0, 1)); err != nil || len(ds) > 0 {
		t.Errorf("roll-up: %d differences, %v", len(ds), err)
	}
}

func modeOf(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func namesIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestBackupThatIsRefused(t *testing.T) {
	s, _ := open(t)
	put(t, s, sampleOrganization)
	dir := t.TempDir()
	taken := filepath.Join(dir, "taken")
	if err := os.WriteFile(taken, []byte("mine"), 0o640); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), link); err != nil {
		t.Skip("no symbolic links")
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		path string
		want error
	}{
		{"no path", t.Context(), "", store.ErrInvalid},
		{"NUL", t.Context(), dir + "/a\x00b", store.ErrInvalid},
		{"a file", t.Context(), taken, store.ErrInvalid},
		{"a folder", t.Context(), dir, store.ErrInvalid},
		{"a link to nowhere", t.Context(), link, store.ErrInvalid},
		{"no such folder", t.Context(), filepath.Join(dir, "none", "b.db"), store.ErrUnavailable},
		{"a context that is over", over, filepath.Join(dir, "b.db"), context.Canceled},
		{"no context", nil, filepath.Join(dir, "b.db"), store.ErrInvalid},
	} {
		err := s.Backup(tt.ctx, tt.path)
		if !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), dir) {
			t.Errorf("%s: the path is in %q", tt.name, err)
		}
	}
	if diff := cmp.Diff([]string{"link", "taken"}, namesIn(t, dir)); diff != "" {
		t.Errorf("files (-before +after):\n%s", diff)
	}
	s.Close()
	if err := s.Backup(t.Context(), filepath.Join(dir, "b.db")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v, want %v", err, store.ErrClosed)
	}
}

func TestBackupsToOnePath(t *testing.T) {
	s, _ := open(t)
	put(t, s, sampleOrganization)
	dir := t.TempDir()
	var done atomic.Int64
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			switch err := s.Backup(t.Context(), filepath.Join(dir, "b.db")); {
			case err == nil:
				done.Add(1)
			case !errors.Is(err, store.ErrInvalid):
				t.Error(err)
			}
		})
	}
	group.Wait()
	if names := namesIn(t, dir); done.Load() != 1 || len(names) != 1 {
		t.Errorf("%d backups were made, files %q; want one", done.Load(), names)
	}
}

// Contexts that end at any moment of a backup leave all of it or nothing.
func TestBackupThatIsCancelled(t *testing.T) {
	s, _ := open(t)
	for n := range 10 {
		if err := s.Append(t.Context(), sampleRecords(1000*n, 1000)); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	made, cut := 0, 0
	for patience := time.Millisecond; made == 0; patience += patience / 2 {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		path := filepath.Join(dir, "b.db")
		err := s.Backup(ctx, path)
		cancel()
		names := namesIn(t, dir)
		switch {
		case err == nil && len(names) == 1:
			made++
		case errors.Is(err, context.DeadlineExceeded) && len(names) == 0:
			cut++
		default:
			t.Fatalf("%v, files %q", err, names)
		}
	}
	if cut == 0 {
		t.Error("no backup was cut off: the test tests nothing")
	}
}

// A connection that made a backup refuses to write afterwards, as it did before.
func TestBackupLeavesConnectionsReading(t *testing.T) {
	s, _, read := openPools(t, filepath.Join(t.TempDir(), "t.db"), "", nil)
	put(t, s, sampleOrganization)
	read.SetMaxOpenConns(1) // the one that is used
	if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "b.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := read.Exec(`UPDATE meta SET epoch = epoch`); err == nil {
		t.Error("it writes")
	}
}

// A copy that was not made by Backup has the original's epoch, and so takes its
// cursors; what the documentation says to do about it ends them.
func TestCopyByOtherMeans(t *testing.T) {
	s, source := open(t)
	log(t, s, townOrg, 0, 3)
	then := head(t, s)
	path := filepath.Join(t.TempDir(), "b.db")
	mustExec(t, raw(t, source), `VACUUM INTO ?`, path)
	follow := func() error {
		restored, err := sqlitefile.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		defer restored.Close()
		_, err = restored.Changes(t.Context(), then, 1)
		return err
	}
	if err := follow(); err != nil {
		t.Errorf("a cursor of the original: %v", err)
	}
	mustExec(t, raw(t, path), `UPDATE meta SET epoch = lower(hex(randomblob(16)))`)
	if err := follow(); !errors.Is(err, store.ErrResync) {
		t.Errorf("a cursor of the original, under another epoch: %v, want %v", err, store.ErrResync)
	}
}

func head(t *testing.T, s store.Store) store.Cursor {
	t.Helper()
	f, err := s.Changes(t.Context(), "", 1)
	if err != nil {
		t.Fatal(err)
	}
	return f.Next
}
