package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func openReadOnly(t *testing.T, path string) *sqlitefile.Store {
	t.Helper()
	s, err := sqlitefile.OpenReadOnly(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestReadOnlyRefusesWrites(t *testing.T) {
	s, path := open(t)
	settle(t, s)
	r := openReadOnly(t, path)
	before := scalar[string](t, path, `SELECT count(*) || ' ' || (SELECT count(*) FROM usage_record) || ifnull(horizon, '') FROM log, meta`)
	from := usage.QuarterOf(sampleTime)
	for name, call := range map[string]func() error{
		"Commit": func() error {
			_, err := r.Commit(t.Context(), store.Batch{Entry: entry("new")})
			return err
		},
		"Commit again": func() error { // it would write nothing
			_, err := r.Commit(t.Context(), townBatches()[0])
			return err
		},
		"Append":   func() error { return r.Append(t.Context(), sampleRecords(1000, 1)) },
		"Rebuild":  func() error { return r.Rebuild(t.Context(), townOrg, from, from.Add(usage.Quarter)) },
		"Prune":    func() error { _, err := r.Prune(t.Context(), from, 10); return err },
		"PruneLog": func() error { _, err := r.PruneLog(t.Context(), townOrg, day(200)); return err },
	} {
		if err := call(); !errors.Is(err, sqlite.ErrReadOnly) || !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, sqlite.ErrReadOnly)
		}
	}
	after := scalar[string](t, path, `SELECT count(*) || ' ' || (SELECT count(*) FROM usage_record) || ifnull(horizon, '') FROM log, meta`)
	if before != after {
		t.Errorf("entries and calls %q, before %q", after, before)
	}
}

// Everything that does not write works beside a store that does.
func TestReadOnlyBesideAWriter(t *testing.T) {
	s, path := open(t)
	settle(t, s)
	r := openReadOnly(t, path)
	checkReads(t, s, r)
	after := head(t, r)
	waited := make(chan error, 1)
	go func() { waited <- r.Wait(t.Context(), after) }()
	put(t, s, sampleProject(7))
	select {
	case err := <-waited:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("Wait does not see what the writer committed")
	}
	if f, err := r.Changes(t.Context(), after, 10); err != nil || len(f.Entries) != 1 {
		t.Errorf("Changes: %+v, %v", f, err)
	}
	backup := filepath.Join(t.TempDir(), "b.db")
	if err := errors.Join(r.Check(t.Context()), r.Backup(t.Context(), backup)); err != nil {
		t.Error(err)
	}
	checkReads(t, r, openReadOnly(t, backup))
}

// checkReads compares what two stores with the town in them answer.
func checkReads(t *testing.T, a, b *sqlitefile.Store) {
	t.Helper()
	read := func(s *sqlitefile.Store) []any {
		recs, err1 := s.Get(t.Context(), townRecords()[0].Ref(), townRecords()[11].Ref())
		trail, err2 := s.Trail(t.Context(), store.TrailQuery{Org: townOrg, Limit: 5})
		calls, err3 := s.Records(t.Context(), store.RecordQuery{Org: townOrg, Limit: 5})
		page, err4 := s.List(t.Context(), store.Query{Listing: store.All, Kind: tenancy.KindKey, Limit: 2})
		horizon, err5 := s.Horizon(t.Context())
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Error(err)
		}
		// A backup has cursors of its own.
		return []any{recs, trail.Entries, trail.Next != "", len(calls.Records), calls.Next != "", page.Next != "", horizon}
	}
	if diff := cmp.Diff(read(a), read(b), cmp.Comparer(sameModels)); diff != "" {
		t.Errorf("reading (-one +other):\n%s", diff)
	}
}

func TestReadOnlyNeedsTheNewestSchema(t *testing.T) {
	for version := 1; version <= sqlite.SchemaVersion(); version++ {
		path := copyOf(t, version)
		before, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var want error
		if version < sqlite.SchemaVersion() {
			want = sqlite.ErrOlderSchema
		}
		s, err := sqlitefile.OpenReadOnly(t.Context(), path)
		s.Close()
		if !errors.Is(err, want) {
			t.Errorf("schema %d: %v, want %v", version, err, want)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("schema %d: the file has changed, %v", version, err)
		}
	}
	path := filepath.Join(t.TempDir(), "empty.db")
	mustExec(t, raw(t, path), `CREATE TABLE t (a); DROP TABLE t`)
	if _, err := sqlitefile.OpenReadOnly(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("a database with nothing in it: %v, want %v", err, store.ErrCorrupt)
	}
}

// The host's own pool, and none that writes.
func TestReadOnlyOnOnePool(t *testing.T) {
	s, path := open(t)
	put(t, s, sampleOrganization)
	db := raw(t, path)
	r, err := sqlite.New(t.Context(), nil, db, &sqlite.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Commit(t.Context(), store.Batch{Entry: entry("new")}); !errors.Is(err, sqlite.ErrReadOnly) {
		t.Errorf("Commit: %v, want %v", err, sqlite.ErrReadOnly)
	}
	if o, err := store.One(t.Context(), r, tenancy.OrganizationRef(sampleOrganization.ID)); err != nil || o.Value.Name != "Acme" {
		t.Errorf("record %+v, %v", o, err)
	}
}

// A folder that cannot be written to does where another process has the file open,
// since the -shm file is there.
func TestReadOnlyFolder(t *testing.T) {
	if runtime.GOOS == "windows" || os.Getuid() == 0 {
		t.Skip("whoever may write anywhere cannot see this")
	}
	s, path := open(t)
	put(t, s, sampleOrganization)
	dir := filepath.Dir(path)
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // else it could not be removed
	openReadOnly(t, path).Close()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitefile.OpenReadOnly(t.Context(), path); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("without a writer: %v, want %v", err, store.ErrUnavailable)
	}
}
