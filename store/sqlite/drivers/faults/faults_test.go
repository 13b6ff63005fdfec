// Package faults_test fails the calls of SQLite to the file system one by one and
// holds the store to its contract.
package faults_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/disk"
	"example.com/tenet/store/sqlite/drivers/internal/driver"
	"example.com/tenet/store/sqlite/drivers/internal/ncruces"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
	"example.com/tenet/tenancy"
)

// settings make a small transaction do all that a large one may: the cache spills
// into the WAL, and nearly every commit copies the WAL into the database.
func settings() []string {
	return []string{"cache_size(12)", "wal_autocheckpoint(8)", "journal_size_limit(0)"}
}

// world is a store on a disk that fails, and another on the same file over the
// operating system, which does not.
type world struct {
	*testing.T
	disk     *disk.FS
	path     string
	s, other *driver.Store
}

func begin(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, disk: new(disk.FS), path: filepath.Join(t.TempDir(), "tenet.db")}
	name := t.Name()
	t.Cleanup(w.disk.Register(name))
	w.s = w.open(ncruces.On(name))
	w.other = w.open(ncruces.Driver())
	w.commit(w.s, "proj")
	return w
}

func (w *world) open(d driver.Driver) *driver.Store {
	w.Helper()
	s, err := d.Open(w.Context(), w.path, settings()...)
	w.must(err)
	w.Cleanup(func() { s.Close() })
	return s
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) commit(s store.Store, project string) {
	w.Helper()
	_, err := s.Commit(w.Context(), suite.Create("project "+project, suite.Project(project)))
	w.must(err)
}

// fault is a kind of failure, and what it is called.
type fault struct {
	name string
	disk.Fault
}

func faults() []fault {
	return []fault{
		{"write, full", disk.Fault{Op: disk.Write, Err: sqlite3.FULL}},
		{"write, error by half, stays", disk.Fault{Op: disk.Write, Err: sqlite3.IOERR_WRITE, Torn: true, Stays: true}},
		{"sync", disk.Fault{Op: disk.Sync, Err: sqlite3.IOERR_FSYNC}},
		{"sync, stays", disk.Fault{Op: disk.Sync, Err: sqlite3.IOERR_FSYNC, Stays: true}},
		{"truncate", disk.Fault{Op: disk.Truncate, Err: sqlite3.IOERR_TRUNCATE}},
		{"read", disk.Fault{Op: disk.Read, Err: sqlite3.IOERR_READ}},
		{"read, stays", disk.Fault{Op: disk.Read, Err: sqlite3.IOERR_READ, Stays: true}},
	}
}

// act is a call that writes, all or nothing.
type act struct {
	name string
	do   func(*world, *driver.Store, string) error
	// parts is how much of it a store has: none, or whole. The SQL says the same,
	// with the id twice as its parameter.
	parts func(*world, *driver.Store, string) int
	sql   string
	whole int
}

const keys, records = 12, 24

func acts() []act {
	return []act{
		{"Commit", commitKeys, keysAndEntry,
			`SELECT (SELECT count(*) FROM key WHERE id LIKE ? || '-%') + (SELECT count(*) FROM log WHERE op = ?)`, keys + 1},
		{"Append", appendRecords, recordsAndCalls,
			`SELECT (SELECT count(*) FROM usage_record WHERE project = ?) +
				(SELECT ifnull(sum(calls), 0) FROM usage_quarter WHERE project = ? AND grain = 'model')`, 2 * records},
	}
}

func commitKeys(w *world, s *driver.Store, id string) error {
	b := store.Batch{Entry: suite.Entry(id)}
	for i := range keys {
		b.Put = append(b.Put, store.Record{Value: suite.Key(fmt.Sprint(id, "-", i))})
	}
	_, err := s.Commit(w.Context(), b)
	return err
}

func keysAndEntry(w *world, s *driver.Store, id string) int {
	refs := make([]tenancy.Ref, keys)
	for i := range refs {
		refs[i] = suite.Key(fmt.Sprint(id, "-", i)).Ref()
	}
	rs, err := s.Get(w.Context(), refs...)
	w.must(err)
	rs = slices.DeleteFunc(rs, func(r store.Record) bool { return r.Rev == 0 })
	trail, err := s.Trail(w.Context(), store.TrailQuery{Org: suite.Org, Op: store.OperationID(id)})
	w.must(err)
	return len(rs) + len(trail.Entries)
}

func appendRecords(w *world, s *driver.Store, id string) error {
	return s.Append(w.Context(), suite.Records(id, records))
}

func recordsAndCalls(w *world, s *driver.Store, id string) int {
	project := suite.Project(id).ID
	page, err := s.Records(w.Context(), store.RecordQuery{Org: suite.Org, Project: project})
	w.must(err)
	from, to := suite.Span()
	totals, err := s.Totals(w.Context(), store.TotalQuery{Org: suite.Org, Project: project, Cuts: []time.Time{from, to}})
	w.must(err)
	n := len(page.Records)
	for _, total := range totals {
		n += int(total.Calls)
	}
	return n
}

// TestF6Writes fails, one after the other, every call of a kind that a write makes.
func TestF6Writes(t *testing.T) {
	if suite.Plain(t) {
		return
	}
	for _, a := range acts() {
		for _, f := range faults() {
			t.Run(a.name+", "+f.name, func(t *testing.T) {
				w := begin(t)
				n := 1
				for f.At = n; w.try(a, f, fmt.Sprint("at", n)); f.At = n {
					n++
				}
				if n == 1 {
					t.Error("there is no such call: the test tests nothing")
				}
				w.sound()
				t.Logf("%d calls, each failed once", n-1)
			})
		}
	}
}

// try makes an act under a fault and says whether the fault came.
func (w *world) try(a act, f fault, id string) (came bool) {
	w.Helper()
	w.commit(w.other, "cools the cache for "+id)
	w.disk.Fail(f.Fault)
	err := a.do(w, w.s, id)
	came = w.disk.Lift() > 0
	here, after := a.parts(w, w.s, id), w.afterCrash(a, id)
	w.Logf("%s: %v: %d here, %d after a crash", id, err, here, after)
	if here%a.whole != 0 || after%a.whole != 0 || here > a.whole || after > a.whole {
		w.Errorf("%s: half done: %d here, %d after a crash, of %d", id, here, after, a.whole)
	}
	switch {
	case err == nil:
		if here+after != 2*a.whole {
			w.Errorf("%s: answered, and %d here, %d after a crash, of %d", id, here, after, a.whole)
		}
	case errors.Is(err, store.ErrUnavailable):
		if here+after != 0 {
			w.Errorf("%s: %v, and %d here, %d after a crash", id, err, here, after)
		}
	case !errors.Is(err, store.ErrUnknownOutcome):
		w.Errorf("%s: %v", id, err)
	}
	if err := a.do(w, w.s, id); err != nil {
		w.Errorf("%s: again, with the fault lifted: %v", id, err)
	}
	if n := a.parts(w, w.s, id); n != a.whole {
		w.Errorf("%s: done again: %d of %d", id, n, a.whole)
	}
	return came
}

// afterCrash is what a process finds that opens the files as they are, with what
// was shared in memory lost.
func (w *world) afterCrash(a act, id string) int {
	w.Helper()
	dir := w.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		// The locks of this driver belong to open files and not to the process, so
		// that reading a file here drops none of them.
		data, err := os.ReadFile(w.path + suffix)
		w.must(err)
		w.must(os.WriteFile(filepath.Join(dir, "tenet.db"+suffix), data, 0o600))
	}
	db, err := ncruces.Driver().Pool(filepath.Join(dir, "tenet.db"), 1)
	w.must(err)
	defer db.Close()
	var n int
	w.must(db.QueryRowContext(w.Context(), a.sql, id, id).Scan(&n))
	return n
}

// sound has SQLite and the store check the data.
func (w *world) sound() {
	w.Helper()
	w.open(ncruces.Driver())
	var says string
	w.must(w.other.Read.QueryRowContext(w.Context(), `PRAGMA integrity_check`).Scan(&says))
	if says != "ok" {
		w.Errorf("integrity_check: %s", says)
	}
	from, to := suite.Span()
	ds, err := w.s.Verify(w.Context(), suite.Org, from, to)
	if err != nil || len(ds) > 0 {
		w.Errorf("Verify: %d differences, %v", len(ds), err)
	}
}
