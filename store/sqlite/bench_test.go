package sqlite_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Benchmarks speak of one connection that writes with synchronous=FULL, so each
// commit waits for the disk. Those named Bare are the engine alone, for ratios.

func BenchmarkCommit(b *testing.B) {
	s, _ := open(b)
	rev := put(b, s, sampleOrganization, sampleProject(0))
	i := 0
	for b.Loop() {
		k := sampleKey(i)
		i++
		_, err := s.Commit(b.Context(), store.Batch{
			Entry: entry(fmt.Sprintf("key %d", i)),
			Check: []store.Check{{Ref: sampleOrganization.Ref(), Rev: rev}, {Ref: sampleProject(0).Ref(), Rev: rev}},
			Put:   []store.Record{{Value: k}},
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGet(b *testing.B) {
	s, _ := open(b)
	put(b, s, sampleOrganization, sampleProject(0), sampleKey(0))
	for _, n := range []int{1, 4, 512} {
		var refs []tenancy.Ref
		for i := range n {
			refs = append(refs, []tenancy.Ref{sampleKey(0).Ref(), sampleProject(0).Ref(), sampleOrganization.Ref(), sampleKey(1).Ref()}[i%4])
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Get(b.Context(), refs...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

const benchmarkKeys = 100_000

// fill puts benchmarkKeys keys into an empty store.
func fill(b *testing.B, s store.Store) {
	b.Helper()
	var keys []tenancy.Entity
	for i := range benchmarkKeys {
		if keys = append(keys, sampleKey(i)); len(keys) == store.MaxBatch {
			put(b, s, keys...)
			keys = keys[:0]
		}
	}
	put(b, s, keys...)
}

// BenchmarkList reads every key, page by page; one op is 100,000 keys.
func BenchmarkList(b *testing.B) {
	s, path := open(b)
	fill(b, s)
	for name, l := range map[string]store.ListOf[tenancy.Key]{
		"All": store.AllOf[tenancy.Key](), "Within": store.WithinOf[tenancy.Key](sampleOrganization.ID),
		"KeysOfProject": store.KeysOf(sampleOrganization.ID, sampleProject(0).ID),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				n := 0
				for _, err := range store.Walk(b.Context(), s, l) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != benchmarkKeys {
					b.Fatalf("listed %d keys", n)
				}
			}
		})
	}
	b.Run("Bare", func(b *testing.B) {
		db := raw(b, path)
		for b.Loop() {
			scanBare(b, db)
		}
	})
}

// scanBare reads every column of every key, as the engine has it, and keeps none.
func scanBare(b *testing.B, db *sql.DB) {
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
	if n != benchmarkKeys || rows.Err() != nil {
		b.Fatalf("scanned %d keys, %v", n, rows.Err())
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, n := range []int{1, store.MaxAppend} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
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
	b.Run("Bare", appendBare)
}

// appendBare writes the same rows as Append without the roll-up, in statements of
// 200 rows and transactions of 5,000.
func appendBare(b *testing.B) {
	_, path := open(b)
	db := raw(b, path)
	const rows, columns = 200, 24
	tuple := "(?" + strings.Repeat(", ?", columns-1) + ")"
	st, err := db.Prepare(`INSERT INTO usage_record VALUES ` + tuple + strings.Repeat(", "+tuple, rows-1))
	if err != nil {
		b.Fatal(err)
	}
	next := 0
	for b.Loop() {
		records := sampleRecords(next, store.MaxAppend)
		next += len(records)
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for len(records) > 0 {
			var args []any
			for _, r := range records[:rows] {
				args = append(args, bare(r)...)
			}
			records = records[rows:]
			if _, err := tx.Stmt(st).Exec(args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(next)/b.Elapsed().Seconds(), "records/s")
}

func bare(r usage.Record) []any {
	in, _ := r.Units.Get(tenancy.UnitInput)
	out, _ := r.Units.Get(tenancy.UnitOutput)
	return []any{string(r.ID), r.At.UnixMicro(), string(r.Org), string(r.Project), string(r.Key), "", string(r.Requested),
		string(r.Served), string(r.Outcome), "", int64(r.Status), in, nil, out, nil, nil, nil, nil, nil,
		r.Latency.Microseconds(), int64(0), "", r.Cost.Micro, r.Count}
}

// BenchmarkTotals asks for a month by model, of 40 projects that each use 3 models.
func BenchmarkTotals(b *testing.B) {
	s, _ := open(b)
	start := sampleTime.Truncate(24 * time.Hour)
	n := 0
	for day := range 30 {
		for hour := range 24 {
			records := sampleRecords(n, 500)
			for i := range records {
				records[i].At = start.AddDate(0, 0, day).Add(time.Duration(hour) * time.Hour)
			}
			n += len(records)
			if err := s.Append(b.Context(), records); err != nil {
				b.Fatal(err)
			}
		}
	}
	cuts, err := usage.Cuts(start, start.AddDate(0, 0, 30), usage.StepDay, time.UTC)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := s.Totals(b.Context(), store.TotalQuery{Org: sampleOrganization.ID, By: usage.ByModel, Cuts: cuts}); err != nil {
			b.Fatal(err)
		}
	}
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
