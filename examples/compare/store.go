package main

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// filler commits records to a store, as many together as it takes.
type filler struct {
	ctx     context.Context
	st      store.Store
	puts    []store.Record
	commits int
}

// put adds a record to the batch, after the batch of another organization.
func (f *filler) put(v tenancy.Entity) error {
	if len(f.puts) == store.MaxBatch || len(f.puts) > 0 && f.puts[0].Value.Ref().Org != v.Ref().Org {
		if err := f.flush(); err != nil {
			return err
		}
	}
	f.puts = append(f.puts, store.Record{Value: v})
	return nil
}

func (f *filler) flush() error {
	if len(f.puts) == 0 {
		return nil
	}
	f.commits++
	_, err := f.st.Commit(f.ctx, store.Batch{Put: f.puts, Entry: store.Entry{
		Org: f.puts[0].Value.Ref().Org, Op: store.OperationID(fmt.Sprint("fill-", f.commits)), Action: "fill", At: tenancy.Instant(time.Now()),
	}})
	f.puts = nil
	return err
}

// filled makes a world of n keys in a store, and queries about it.
func filled(ctx context.Context, st store.Store, n, queries int) (*world, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // nothing is measured yet
	f := &filler{ctx: ctx, st: st}
	w, err := newWorld(n, queries, f.put)
	if err == nil {
		err = f.flush()
	}
	return w, err
}
