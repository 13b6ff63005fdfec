package tenet_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// recordAt is a call of the key at a time.
func (w *world) recordAt(id string, at time.Time) usage.Record {
	return usage.Record{
		ID: usage.RecordID("rec_" + id), At: at, Org: w.org, Project: w.project.ID, Key: w.key.ID, Requested: "gpt-4o", Served: "gpt-4o",
		Outcome: usage.OutcomeOK, Status: 200, Count: 1, Units: usage.Units{}.With(tenancy.UnitInput, 3),
	}
}

// C4: one record that a hundred deliver at once counts once, and another under its id is
// refused, whoever comes first.
func TestC4SameRecordAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		quarter := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		same := w.recordAt("1", quarter)
		other := same
		other.Units = other.Units.With(tenancy.UnitInput, 4)
		var reused atomic.Int64
		var all sync.WaitGroup
		mustNot(t, st.Append(t.Context(), []usage.Record{same}))
		for i := range 100 {
			r := same
			if i%10 == 9 {
				r = other
			}
			all.Go(func() {
				err := st.Append(t.Context(), []usage.Record{r})
				if errors.Is(err, store.ErrReused) {
					reused.Add(1)
				} else if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		totals := must[[]store.Total](t)(st.Totals(t.Context(), store.TotalQuery{Org: w.org, Cuts: []time.Time{quarter, quarter.Add(usage.Quarter)}}))
		if len(totals) != 1 || totals[0].Calls != 1 || totals[0].Units[0] != 3 || reused.Load() != 10 {
			t.Errorf("totals %+v, %d refused, want one call of 3 and 10 refused", totals, reused.Load())
		}
	})
}

// C3: of 64 calls that are written while a quarter of an hour ends, each is in the one that
// it began in, and none is lost; a day ends likewise.
func TestC3QuarterEndsUnderLoad(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		midnight := time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
		var all sync.WaitGroup
		for i := range 64 {
			at := midnight.Add(time.Duration(i-32) * time.Microsecond)
			all.Go(func() { mustNot(t, st.Append(t.Context(), []usage.Record{w.recordAt(at.Format("150405.000000"), at)})) })
		}
		all.Wait()
		for _, width := range []time.Duration{usage.Quarter, usage.Day} {
			cuts := []time.Time{midnight.Add(-width), midnight, midnight.Add(width)}
			totals := must[[]store.Total](t)(st.Totals(t.Context(), store.TotalQuery{Org: w.org, Cuts: cuts}))
			if len(totals) != 2 || totals[0].Calls != 32 || totals[1].Calls != 32 {
				t.Errorf("by %v: %+v, want 32 calls on either side", width, totals)
			}
		}
	})
}
