package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
)

// maxWAL is what the package comment says of the -wal file, in bytes: the limit, and
// room for one transaction of these tests.
const maxWAL = 8<<20 + 1<<20

// grow appends calls and returns the largest size that it saw the -wal file have.
func grow(t *testing.T, s store.Usage, path string, first, times int) (most int64) {
	t.Helper()
	for n := range times {
		if err := s.Append(t.Context(), sampleRecords(1000*(first+n), 1000)); err != nil {
			t.Fatal(err)
		}
		most = max(most, sizeOf(t, path+"-wal"))
	}
	return most
}

func sizeOf(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Readers that page without a pause would keep the -wal file from being begun anew
// if nobody ever waited for them.
func TestWALStaysSmallUnderReaders(t *testing.T) {
	s, path := open(t)
	grow(t, s, path, 0, 1)
	var stop atomic.Bool
	var pages atomic.Int64
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			q := store.RecordQuery{Org: sampleOrganization.ID, Limit: 100}
			for !stop.Load() {
				p, err := s.Records(context.Background(), q)
				if err != nil {
					t.Error(err)
					return
				}
				q.After = p.Next
				pages.Add(1)
			}
		})
	}
	most := grow(t, s, path, 1, 26)
	stop.Store(true)
	group.Wait()
	t.Logf("-wal at most %d KiB, file %d KiB, %d pages read", most>>10, sizeOf(t, path)>>10, pages.Load())
	// On a machine that is busy a page may take longer than a writer waits, once or twice.
	if most > 3*maxWAL {
		t.Errorf("the -wal file had %d bytes, want at most %d, or some more", most, maxWAL)
	}
	if pages.Load() < 100 {
		t.Errorf("%d pages were read: nobody was reading", pages.Load())
	}
}

// One who reads one state for long lets the file grow, holds up nobody, and once it
// ends the file is small again.
func TestWALShrinksAfterALongReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s, _, _ := openPools(t, path, "_pragma=busy_timeout(60000)&_pragma=journal_size_limit(8388608)", nil)
	grow(t, s, path, 0, 1)
	reader, err := raw(t, path).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Rollback()
	var n int
	if err := reader.QueryRow(`SELECT count(*) FROM usage_record`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if most := grow(t, s, path, 1, 30); most < 2*maxWAL {
		t.Fatalf("the -wal file had %d bytes at most: nothing held it up", most)
	}
	if took := time.Since(began); took > 2*time.Minute {
		t.Errorf("writers were held up for %v", took)
	}
	reader.Rollback()
	grow(t, s, path, 31, 3)
	if size := sizeOf(t, path+"-wal"); size > maxWAL {
		t.Errorf("the -wal file has %d bytes, want at most %d", size, maxWAL)
	}
	if next := sqlite.ShortenFrom(s); next != 8<<20 {
		t.Errorf("the file is emptied again from %d bytes on, want %d", next, 8<<20)
	}
}
