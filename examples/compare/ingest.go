package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/usage"
)

const (
	batchRecords = store.MaxAppend
	batchesRound = 4
)

// ingest measures writing records in batches, with roll-ups and durable, against the
// engine's own insert of the same rows without roll-ups.
func ingest(ctx context.Context, r *report, o options) error {
	dir := o.sub("ingest")
	st, err := sqlitefile.Open(ctx, filepath.Join(dir, "tenet.db"))
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // the file is removed
	like, err := database(filepath.Join(dir, "tenet.db"), 1)
	if err != nil {
		return err
	}
	defer like.Close()
	indexed, err := newRaw(ctx, filepath.Join(dir, "raw.db"), like, false)
	if err != nil {
		return err
	}
	defer indexed.db.Close()
	bare, err := newRaw(ctx, filepath.Join(dir, "bare.db"), like, true)
	if err != nil {
		return err
	}
	defer bare.db.Close()
	batches := batched(o, o.times(batchRecords))
	took, err := interleave(o.rounds,
		writing("tenet, with roll-ups", batches, func(b []usage.Record) error { return st.Append(ctx, b) }),
		writing("the same table, multi-row INSERT", batches, func(b []usage.Record) error { return indexed.insert(ctx, b) }),
		writing("… without its indexes", batches, func(b []usage.Record) error { return bare.insert(ctx, b) }))
	if err != nil {
		return err
	}
	t := r.table(fmt.Sprintf("Durable ingest, %d records a transaction (synchronous=FULL)", len(batches[0])), "who", "records/s", "tenet/theirs")
	for i, name := range []string{"tenet, with roll-ups", "the same table, multi-row INSERT", "… without its indexes"} {
		t.add(name, took[i].perSecond().String(), took[i].over(took[0]).String())
	}
	r.rounds("ingest_vs_raw", took[1].over(took[0]), atLeast(0.4))
	return errors.Join(err, sameSums(ctx, st, indexed, batches))
}

// batched are the batches of all rounds. A call begins each 2 ms.
func batched(o options, size int) [][]usage.Record {
	t := newTraffic(time.Now().UTC().Truncate(24*time.Hour).Add(-24*time.Hour), 2*time.Millisecond)
	batches := make([][]usage.Record, batchesRound*(o.rounds+1))
	for i := range batches {
		batches[i] = t.next(size / rawRows * rawRows)
	}
	return batches
}

// writing writes the batches of one round after those of the round before.
func writing(name string, batches [][]usage.Record, write func([]usage.Record) error) subject {
	return subject{name: name, ops: batchesRound * len(batches[0]), run: func() error {
		for range batchesRound {
			if err := write(batches[0]); err != nil {
				return err
			}
			batches = batches[1:]
		}
		return nil
	}}
}

// perSecond turns nanoseconds an operation into operations a second.
func (a series) perSecond() spread {
	rates := make([]float64, len(a))
	for i, ns := range a {
		rates[i] = 1e9 / ns
	}
	return spreadOf(rates)
}

// sameSums compares what both know of all calls.
func sameSums(ctx context.Context, st store.Usage, theirs *raw, batches [][]usage.Record) error {
	first, last := batches[0][0], batches[len(batches)-1]
	totals, err := st.Totals(ctx, store.TotalQuery{Org: first.Org, Cuts: []time.Time{
		usage.QuarterOf(first.At), usage.QuarterOf(last[len(last)-1].At).Add(usage.Quarter)}})
	if err != nil {
		return err
	}
	n, err := theirs.count(ctx)
	if err == nil && (len(totals) != 1 || totals[0].Calls != int64(n)) {
		err = disagreeing("the number of calls", totals, n)
	}
	return err
}
