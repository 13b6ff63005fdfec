package worker

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
	"example.com/tenet/tenancy"
)

// counter is the record that count writes. Its one limit is the count.
func counter() tenancy.RefTo[tenancy.Project] { return tenancy.ProjectRef(suite.Org, "counter") }

// counted is the count in the counter.
func counted(ctx context.Context, s Store) (int64, error) {
	p, err := store.One(ctx, s, counter())
	return countOf(p.Value), err
}

func countOf(p tenancy.Project) int64 {
	if len(p.Limits) == 0 {
		return 0
	}
	return p.Limits[0].Max
}

// count adds 1 until each of the goroutines did so each times, and says how many
// commits succeeded. A try that meets a conflict is made again.
func count(ctx context.Context, s Store, workers, each int) (int, error) {
	var won atomic.Int64
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for done := 0; done < each && errs[w] == nil; {
				switch err := addOne(ctx, s); {
				case err == nil:
					done++
					won.Add(1)
				case !errors.Is(err, store.ErrConflict):
					errs[w] = err
				}
			}
		})
	}
	group.Wait()
	return int(won.Load()), errors.Join(errs...)
}

func addOne(ctx context.Context, s Store) error {
	p, err := store.One(ctx, s, counter())
	if err != nil {
		return err
	}
	next := p.Value
	next.Org, next.ID, next.Created = suite.Org, tenancy.ProjectID(counter().ID), suite.Time()
	n := countOf(p.Value) + 1
	next.Limits = tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: n}}
	b := store.Batch{Entry: suite.Entry(rand.Text()), Put: []store.Record{{Rev: p.Rev, Value: next}}}
	b.Entry.Subject = next.Ref()
	_, err = s.Commit(ctx, b)
	return err
}
