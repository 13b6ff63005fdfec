package faults_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/disk"
	"example.com/tenet/store/sqlite/drivers/internal/ncruces"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

// TestF6Open fails calls of a kind that opening a new file, and a first commit, make:
// the first eight one by one, then ever fewer.
func TestF6Open(t *testing.T) {
	if suite.Plain(t) {
		return
	}
	for _, f := range []fault{
		{"write", disk.Fault{Op: disk.Write, Err: sqlite3.FULL, Torn: true, Stays: true}},
		{"sync", disk.Fault{Op: disk.Sync, Err: sqlite3.IOERR_FSYNC, Stays: true}},
		{"truncate", disk.Fault{Op: disk.Truncate, Err: sqlite3.IOERR_TRUNCATE}},
		{"read", disk.Fault{Op: disk.Read, Err: sqlite3.IOERR_READ, Stays: true}},
		{"open", disk.Fault{Op: disk.Open, Err: sqlite3.CANTOPEN}},
		{"delete", disk.Fault{Op: disk.Delete, Err: sqlite3.IOERR_DELETE}},
		{"size", disk.Fault{Op: disk.Size, Err: sqlite3.IOERR_FSTAT}},
		{"lock", disk.Fault{Op: disk.Lock, Err: sqlite3.IOERR_LOCK}},
	} {
		t.Run(f.name, func(t *testing.T) {
			w := &world{T: t, disk: new(disk.FS)}
			t.Cleanup(w.disk.Register(t.Name()))
			tries, failed := 0, 0
			for f.At = 1; w.tryOpen(f, &failed); f.At += 1 + f.At/8 {
				tries++
			}
			if tries == 0 {
				t.Error("there is no such call: the test tests nothing")
			}
			t.Logf("about %d calls, %d of them failed; %d times the store said so", f.At, tries, failed)
		})
	}
}

// tryOpen opens a new file under a fault, and says whether the fault came.
func (w *world) tryOpen(f fault, failed *int) (came bool) {
	w.Helper()
	w.path = filepath.Join(w.TempDir(), "tenet.db")
	d := ncruces.On(w.Name())
	w.disk.Fail(f.Fault)
	s, err := d.Open(w.Context(), w.path, settings()...)
	if err == nil {
		_, err = s.Commit(w.Context(), suite.Create("op", suite.Project("proj")))
		s.Close()
	}
	came = w.disk.Lift() > 0
	if err != nil {
		*failed++
	}
	if err != nil && !errors.Is(err, store.ErrUnavailable) && !errors.Is(err, store.ErrUnknownOutcome) {
		w.Errorf("call %d: %v", f.At, err)
	}
	again, lifted := d.Open(w.Context(), w.path, settings()...)
	w.must(lifted)
	defer again.Close()
	res, lifted := again.Commit(w.Context(), suite.Create("op", suite.Project("proj")))
	w.must(lifted)
	if err == nil && !res.Replayed {
		w.Errorf("call %d: a commit that was answered is not there", f.At)
	}
	return came
}

// TestF6Reads fails, one after the other, every call of a kind that reading makes. No
// page may come out short.
func TestF6Reads(t *testing.T) {
	for _, f := range []fault{
		{"read", disk.Fault{Op: disk.Read, Err: sqlite3.IOERR_READ}},
		{"read, stays", disk.Fault{Op: disk.Read, Err: sqlite3.IOERR_READ, Stays: true}},
	} {
		t.Run(f.name, func(t *testing.T) {
			w := begin(t)
			start, err := w.s.Changes(t.Context(), "", 1)
			w.must(err)
			for i := range 4 {
				id := fmt.Sprint("k", i)
				w.must(commitKeys(w, w.other, id))
				w.must(appendRecords(w, w.other, id))
			}
			for _, r := range reads(start.Next) {
				n := 1
				for f.At = n; w.tryRead(r, f); f.At = n {
					n++
				}
				if n == 1 {
					t.Errorf("%s: there is no such call: the test tests nothing", r.name)
				}
				t.Logf("%s: %d calls, each failed once", r.name, n-1)
			}
		})
	}
}

// read is a call that reads, and how much it returns.
type read struct {
	name string
	do   func(*world) (int, error)
	want int
}

func reads(start store.Cursor) []read {
	from, to := suite.Span()
	return []read{
		{"Get", func(w *world) (int, error) {
			rs, err := w.s.Get(w.Context(), suite.Key("k0-1").Ref(), suite.Key("k3-5").Ref())
			return present(rs), err
		}, 2},
		{"List", func(w *world) (int, error) {
			p, err := w.s.List(w.Context(), store.KeysOf(suite.Org, "proj").Query)
			return len(p.Records), err
		}, 4 * keys},
		{"Changes", func(w *world) (int, error) {
			f, err := w.s.Changes(w.Context(), start, 4)
			return len(f.Entries), err
		}, 4},
		{"Trail", func(w *world) (int, error) {
			tr, err := w.s.Trail(w.Context(), store.TrailQuery{Org: suite.Org, Op: "k2"})
			return len(tr.Entries), err
		}, 1},
		{"Records", func(w *world) (int, error) {
			p, err := w.s.Records(w.Context(), store.RecordQuery{Org: suite.Org})
			return len(p.Records), err
		}, 4 * records},
		{"Totals", func(w *world) (int, error) {
			ts, err := w.s.Totals(w.Context(), store.TotalQuery{Org: suite.Org, Cuts: []time.Time{from, to}})
			if len(ts) != 1 {
				return 0, err
			}
			return int(ts[0].Calls), err
		}, 4 * records},
		{"Verify", func(w *world) (int, error) {
			ds, err := w.s.Verify(w.Context(), suite.Org, from, to)
			return len(ds), err
		}, 0},
	}
}

func present(rs []store.Record) (n int) {
	for _, r := range rs {
		if r.Rev != 0 {
			n++
		}
	}
	return n
}

// tryRead reads under a fault and says whether the fault came.
func (w *world) tryRead(r read, f fault) (came bool) {
	w.Helper()
	w.commit(w.other, fmt.Sprint("cools the cache for ", r.name, f.At))
	w.disk.Fail(f.Fault)
	n, err := r.do(w)
	came = w.disk.Lift() > 0
	if err == nil && n != r.want {
		w.Errorf("%s, call %d: %d without an error, want %d", r.name, f.At, n, r.want)
	}
	if err != nil && !errors.Is(err, store.ErrUnavailable) {
		w.Errorf("%s, call %d: %v", r.name, f.At, err)
	}
	if came && f.Stays && err == nil {
		w.Errorf("%s, call %d: no error from a disk that does not read", r.name, f.At)
	}
	if n, err := r.do(w); err != nil || n != r.want {
		w.Errorf("%s, call %d, with the fault lifted: %d, %v; want %d", r.name, f.At, n, err, r.want)
	}
	return came
}
