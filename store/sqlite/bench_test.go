package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Benchmarks speak of one connection that writes with synchronous=FULL, so each
// commit waits for the disk. The engine alone is measured in the same run, turn by
// turn, so that the x-bare of a run is worth comparing where its times are not.

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, storetest.Harness{Open: func(dir string) (store.Store, error) {
		return sqlitefile.Open(b.Context(), filepath.Join(dir, "tenet.db"))
	}})
}

// paired runs both in turns and reports how often longer the first takes: the
// median, since another process may hit either.
func paired(b *testing.B, ours, bare func()) {
	var ratios []float64
	for b.Loop() {
		began := time.Now()
		ours()
		halfway := time.Now()
		bare()
		ratios = append(ratios, float64(halfway.Sub(began))/float64(time.Since(halfway)))
	}
	slices.Sort(ratios)
	b.ReportMetric(ratios[len(ratios)/2], "x-bare")
}

// fewer is n, or a tenth of it under -short.
func fewer(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// fill puts n keys into an empty store.
func fill(b *testing.B, s store.Store, n int) {
	b.Helper()
	var keys []tenancy.Entity
	for i := range n {
		if keys = append(keys, sampleKey(i)); len(keys) == store.MaxBatch {
			put(b, s, keys...)
			keys = keys[:0]
		}
	}
	put(b, s, keys...)
}

// BenchmarkList lists 100,000 keys, page by page, beside a scan of the same rows. One op
// is both.
func BenchmarkList(b *testing.B) {
	s, path := open(b)
	keys := fewer(100_000)
	fill(b, s, keys)
	db := raw(b, path)
	paired(b, func() { listAll(b, s, keys) }, func() { scanBare(b, db, keys) })
}

func listAll(b *testing.B, s store.Store, want int) {
	n := 0
	for _, err := range store.Walk(b.Context(), s, store.AllOf[tenancy.Key]()) {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	if n != want {
		b.Fatalf("listed %d keys, want %d", n, want)
	}
}

// scanBare reads every column of every key, as the engine has it, and keeps none.
func scanBare(b *testing.B, db *sql.DB, want int) {
	rows, err := db.Query(`SELECT * FROM key ORDER BY org, id`)
	if err != nil {
		b.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		b.Fatal(err)
	}
	cells := make([]any, len(columns))
	for i := range cells {
		cells[i] = new(any)
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(cells...); err != nil {
			b.Fatal(err)
		}
	}
	if n != want || rows.Err() != nil {
		b.Fatalf("scanned %d keys, want %d, %v", n, want, rows.Err())
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, store.MaxAppend} {
		b.Run(fmt.Sprint("records=", n), func(b *testing.B) {
			s, _ := open(b)
			next := 0
			for b.Loop() {
				if err := s.Append(b.Context(), sampleRecords(next, n)); err != nil {
					b.Fatal(err)
				}
				next += n
			}
			b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "records/s")
		})
	}
	b.Run("bare", appendBare)
}

// appendBare writes MaxAppend calls beside the same rows, in a table with the same
// indexes, without the roll-up. One op is both; bare/ours is the part of the bare rate
// that is left.
func appendBare(b *testing.B) {
	s, _ := open(b)
	_, path := open(b)
	insert := bareInsert(b, raw(b, path))
	calls := newSkewed(2 * time.Millisecond)
	var ours, theirs []time.Duration
	for b.Loop() {
		records := calls.next(store.MaxAppend)
		began := time.Now()
		if err := s.Append(b.Context(), records); err != nil {
			b.Fatal(err)
		}
		halfway := time.Now()
		insert(records)
		ours, theirs = append(ours, halfway.Sub(began)), append(theirs, time.Since(halfway))
	}
	b.ReportMetric(store.MaxAppend/middle(ours).Seconds(), "records/s")
	b.ReportMetric(float64(middle(theirs))/float64(middle(ours)), "bare/ours")
}

// bareInsert writes in statements of 200 rows, in one transaction.
func bareInsert(b *testing.B, db *sql.DB) func([]usage.Record) {
	const rows, columns = 200, 24
	tuple := "(?" + strings.Repeat(", ?", columns-1) + ")"
	st, err := db.Prepare(`INSERT INTO usage_record VALUES ` + tuple + strings.Repeat(", "+tuple, rows-1))
	if err != nil {
		b.Fatal(err)
	}
	return func(records []usage.Record) {
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for chunk := range slices.Chunk(records, rows) {
			var args []any
			for _, r := range chunk {
				args = append(args, bare(r)...)
			}
			if _, err := tx.Stmt(st).Exec(args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}

func bare(r usage.Record) []any {
	in, _ := r.Units.Get(tenancy.UnitInput)
	out, _ := r.Units.Get(tenancy.UnitOutput)
	return []any{string(r.ID), r.At.UnixMicro(), string(r.Org), string(r.Project), string(r.Key), "", string(r.Requested),
		string(r.Served), string(r.Outcome), "", int64(r.Status), in, nil, out, nil, nil, nil, nil, nil,
		r.Latency.Microseconds(), int64(0), "", r.Cost.Micro, r.Count}
}

func BenchmarkOpen(b *testing.B) {
	s, path := open(b)
	s.Close()
	for b.Loop() {
		s, err := sqlitefile.Open(b.Context(), path)
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
