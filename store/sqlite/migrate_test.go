package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	modernc "modernc.org/sqlite"

	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
)

// watched is the real driver, which calls step before each statement that changes
// the schema or ends a transaction, and refuses the statement where step does.
type watched struct {
	driver.Connector
	step func(action modernc.AuthorizerActionCode) bool
}

func (w watched) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := w.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return c, c.(modernc.AuthorizerRegisterer).RegisterAuthorizer(
		func(action modernc.AuthorizerActionCode, what, value, _, _ string) modernc.AuthorizerReturnCode {
			switch action {
			case modernc.AuthPragma:
				if value == "" { // it asks
					return modernc.AuthorizerOK
				}
			case modernc.AuthTransaction:
				if what != "COMMIT" {
					return modernc.AuthorizerOK
				}
			case modernc.AuthCreateTable, modernc.AuthCreateIndex, modernc.AuthCreateView:
			default:
				return modernc.AuthorizerOK
			}
			if w.step(action) {
				return modernc.AuthorizerOK
			}
			return modernc.AuthorizerDeny
		})
}

// openWatched migrates a file, with step as watched says. A page cache of one page
// has SQLite write to the file before it commits.
func openWatched(ctx context.Context, path string, step func(modernc.AuthorizerActionCode) bool) error {
	connector, err := modernc.NewConnector("file:" + path + "?_pragma=busy_timeout(5000)&_pragma=cache_size(1)")
	if err != nil {
		return err
	}
	write, read := sql.OpenDB(watched{connector, step}), sql.OpenDB(connector)
	defer write.Close()
	defer read.Close()
	write.SetMaxOpenConns(1)
	s, err := sqlite.New(ctx, write, read, nil)
	if err != nil {
		return err
	}
	return s.Close()
}

// beginnings are files to migrate.
var beginnings = []struct {
	name    string
	version int
	wal     bool
}{
	{"nothing", 0, false},
	{"schema 1", 1, false},
	{"schema 1 in WAL mode", 1, true},
}

// begin returns the path of a new file of a version.
func begin(t *testing.T, version int, wal bool) string {
	t.Helper()
	if version == 0 {
		return filepath.Join(t.TempDir(), "tenet.db")
	}
	path := copyOf(t, version)
	if wal {
		scalar[string](t, path, `PRAGMA journal_mode = WAL`)
	}
	return path
}

// afterStop reports whether the migration was complete where it had been stopped,
// and checks that it is whole either way and that opening completes it. With full
// set, all that is in the town is compared.
func afterStop(t *testing.T, path string, version int, schema string, full bool) (complete bool) {
	t.Helper()
	now := versionOf(t, path)
	complete = now == sqlite.SchemaVersion()
	if !complete {
		if diff := cmp.Diff(schema, schemaOf(t, path)); diff != "" || now != version {
			t.Errorf("version %d where it was stopped, want %d; schema (-before +stopped):\n%s", now, version, diff)
		}
	}
	if result := scalar[string](t, path, `PRAGMA integrity_check`); result != "ok" {
		t.Errorf("integrity: %s", result)
	}
	if version == 0 || !full {
		if err := openWatched(t.Context(), path, func(modernc.AuthorizerActionCode) bool { return true }); err != nil {
			t.Errorf("opening again: %v", err)
		}
		return complete
	}
	epoch := epochOf(t, path)
	s, err := sqlitefile.Open(t.Context(), path)
	if err != nil {
		t.Fatalf("opening again: %v", err)
	}
	defer s.Close()
	checkTown(t, s, epoch)
	return complete
}

func TestF11MigrationThatFails(t *testing.T) {
	for _, tt := range beginnings {
		t.Run(tt.name, func(t *testing.T) {
			complete := false
			stop := 0
			for ; !complete; stop++ {
				path := begin(t, tt.version, tt.wal)
				schema := schemaOf(t, path)
				n := 0
				err := openWatched(t.Context(), path, func(modernc.AuthorizerActionCode) bool { n++; return n != stop+1 })
				complete = afterStop(t, path, tt.version, schema, stop%6 == 0)
				if (err == nil) != complete {
					t.Errorf("stopped at statement %d: %v, complete %v", stop, err, complete)
				}
			}
			if least := 13 + 20*(1-tt.version); stop < least {
				t.Errorf("stopped at %d statements, want %d or more", stop, least)
			}
		})
	}
}

// migrateAndDie migrates the file args[0] and ends without any tidying up before
// statement args[1].
func migrateAndDie(args []string) error {
	stop, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	n := 0
	return openWatched(context.Background(), args[0], func(modernc.AuthorizerActionCode) bool {
		if n++; n == stop {
			die()
		}
		return true
	})
}

func TestF11MigrationOfAProcessThatDies(t *testing.T) {
	for _, tt := range beginnings[1:] {
		t.Run(tt.name, func(t *testing.T) {
			last := 13 // PRAGMA user_version; 14 is COMMIT
			hot := 0
			for _, stop := range []int{1, 2, 7, last - 1, last, last + 1} {
				path := begin(t, tt.version, tt.wal)
				schema := schemaOf(t, path)
				err := child(t, "migrate", path, strconv.Itoa(stop)).Run()
				if _, died := errors.AsType[*exec.ExitError](err); !died {
					t.Fatalf("the child that was to die before statement %d: %v", stop, err)
				}
				if left(path) {
					hot++
				}
				if afterStop(t, path, tt.version, schema, true) {
					t.Errorf("complete before statement %d", stop)
				}
			}
			if hot == 0 {
				t.Error("no child left a journal: nothing had to be undone")
			}
		})
	}
}

// left reports whether there is something beside the file to go back by.
func left(path string) bool {
	for _, suffix := range []string{"-journal", "-wal"} {
		if info, err := os.Stat(path + suffix); err == nil && info.Size() > 0 {
			return true
		}
	}
	return false
}

func TestManyOpenersMigrateOnce(t *testing.T) {
	for _, tt := range beginnings {
		t.Run(tt.name, func(t *testing.T) {
			alone := viewsMade(t, begin(t, tt.version, tt.wal), 1)
			if together := viewsMade(t, begin(t, tt.version, tt.wal), 6); together != alone || alone == 0 {
				t.Errorf("six made views %d times, and one alone %d times", together, alone)
			}
		})
	}
}

// viewsMade is how often openers that begin at once made a view. (SQLite may
// compile one statement twice.)
func viewsMade(t *testing.T, path string, openers int) int64 {
	t.Helper()
	var views atomic.Int64
	var group sync.WaitGroup
	for range openers {
		group.Go(func() {
			err := openWatched(t.Context(), path, func(action modernc.AuthorizerActionCode) bool {
				if action == modernc.AuthCreateView {
					views.Add(1)
				}
				return true
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	return views.Load()
}
