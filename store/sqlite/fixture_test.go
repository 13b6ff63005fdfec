package sqlite_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// A fixture is the town in a file of one version of the schema, as the version of
// this package wrote it that had that schema. After a migration was added,
//
//	go test ./store/sqlite -run TestFixtures -update
//
// makes the fixture of the newest version. One that is there is never made anew: it
// could no longer tell what the version before did.
var update = flag.Bool("update", false, "make the fixture of the newest schema where it is missing")

func fixture(version int) string {
	return filepath.Join("testdata", fmt.Sprintf("schema-%d.db", version))
}

// makeFixture writes pages of 512 bytes, so that the file is small.
func makeFixture(t *testing.T, to string) {
	t.Helper()
	if _, err := os.Stat(to); err == nil {
		t.Fatal("the fixture of this schema is there")
	}
	s, path := open(t)
	settle(t, s)
	s.Close()
	db := raw(t, path)
	db.SetMaxOpenConns(1)
	mustExec(t, db, `PRAGMA page_size = 512`)
	mustExec(t, db, `VACUUM INTO ?`, to)
}

// copyOf copies a fixture, which no SQLite has open, to where it may be written to.
func copyOf(t testing.TB, version int) string {
	t.Helper()
	data, err := os.ReadFile(fixture(version))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "tenet.db")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFixtures(t *testing.T) {
	newest := sqlite.SchemaVersion()
	if *update {
		makeFixture(t, fixture(newest))
	}
	for version := 1; version <= newest; version++ {
		t.Run(fmt.Sprint("schema ", version), func(t *testing.T) {
			path := copyOf(t, version)
			schema, epoch := schemaOf(t, path), epochOf(t, path)
			if got := versionOf(t, path); got != version {
				t.Fatalf("the fixture is of version %d", got)
			}
			s, err := sqlitefile.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			checkTown(t, s, epoch)
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := versionOf(t, path); got != newest {
				t.Errorf("version %d after opening, want %d", got, newest)
			}
			if diff := cmp.Diff(schema, schemaOf(t, path)); (diff == "") != (version == newest) {
				t.Errorf("the schema after opening (-before +after):\n%s", diff)
			}
		})
	}
}

// checkTown reports what of the town in s is not as it was settled, and whether s
// takes the next commit. The epoch is that of cursors given out before.
func checkTown(t *testing.T, s *sqlitefile.Store, epoch store.CursorKey) {
	t.Helper()
	ctx := t.Context()
	var refs []tenancy.Ref
	var records []store.Record
	var entries []store.Entry
	for i, b := range townBatches() {
		refs = append(refs, b.Put[0].Value.Ref())
		records = append(records, store.Record{Rev: store.Rev(i + 1), Value: b.Put[0].Value})
		e := b.Entry
		e.Refs = b.Refs()
		entries = append(entries, e)
	}
	got, err := s.Get(ctx, refs...)
	if diff := cmp.Diff(records, got, cmp.Comparer(sameModels), cmpopts.EquateEmpty()); err != nil || diff != "" {
		t.Errorf("records, %v (-want +got):\n%s", err, diff)
	}
	feed, err := s.Changes(ctx, store.Cursor(epoch.Seal(store.FeedReading, "3")), store.MaxPage)
	if diff := cmp.Diff(entries[3:], feed.Entries); err != nil || diff != "" {
		t.Errorf("entries after a cursor of before, %v (-want +got):\n%s", err, diff)
	}
	checkCalls(t, s)
	put(t, s, tenancy.NameClaim{Org: townOrg, Folded: "next", Project: "proj_9"})
}

func sameModels(a, b tenancy.ModelSet) bool { return a.Equal(b) }

func checkCalls(t *testing.T, s *sqlitefile.Store) {
	t.Helper()
	calls := map[usage.RecordID]usage.Record{}
	for _, r := range townCalls() {
		if r.Org == townOrg {
			calls[r.ID] = r
		}
	}
	page, err := s.Records(t.Context(), store.RecordQuery{Org: townOrg})
	got := map[usage.RecordID]usage.Record{}
	for _, r := range page.Records {
		got[r.ID] = r
	}
	if diff := cmp.Diff(calls, got, cmp.Comparer(func(a, b usage.Units) bool { return a == b })); err != nil || diff != "" {
		t.Errorf("calls, %v (-want +got):\n%s", err, diff)
	}
	from := usage.QuarterOf(day(0))
	for _, org := range []tenancy.OrgID{townOrg, townOther} {
		if ds, err := s.Verify(t.Context(), org, from, from.AddDate(0, 0, 120)); err != nil || len(ds) > 0 {
			t.Errorf("roll-up of %s: %v, %v", org, ds, err)
		}
	}
	totals, err := s.Totals(t.Context(), store.TotalQuery{Org: townOrg, Cuts: []time.Time{from, from.AddDate(0, 0, 120)}})
	if err != nil || len(totals) != 1 || totals[0].Calls != 100 {
		t.Errorf("totals %+v, %v; want 100 calls", totals, err)
	}
}

func versionOf(t testing.TB, path string) int { return scalar[int](t, path, `PRAGMA user_version`) }

func epochOf(t testing.TB, path string) store.CursorKey {
	return store.CursorKey(scalar[string](t, path, `SELECT epoch FROM meta`))
}

// schemaOf is every definition in a file.
func schemaOf(t testing.TB, path string) string {
	return scalar[string](t, path, `SELECT ifnull(group_concat(sql, ';'), '') FROM sqlite_schema`)
}

// scalar asks a file that no store has to have open.
func scalar[T any](t testing.TB, path, text string, args ...any) (v T) {
	t.Helper()
	db := raw(t, path)
	defer db.Close()
	if err := db.QueryRow(text, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}
