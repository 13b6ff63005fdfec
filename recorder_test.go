package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// finishAll finishes n calls at once and returns their errors.
func finishAll(t testing.TB, w *world, n int) []error {
	t.Helper()
	calls, errs := make([]*tenet.Call, n), make([]error, n)
	for i := range calls {
		calls[i] = begin(t, w, "gpt-4o")
	}
	var group sync.WaitGroup
	for i, c := range calls {
		group.Go(func() { errs[i] = c.Finish(ok) })
	}
	group.Wait()
	return errs
}

// stored is how many records the usage store itself has, of a page at most.
func stored(t testing.TB, w *town) int {
	t.Helper()
	page := must[store.RecordPage](t)(w.under.Records(t.Context(), store.RecordQuery{Org: w.org}))
	return len(page.Records)
}

// Callers share the cost of making records durable, and each has its own when its
// Finish returns.
func TestGroupCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Delay: 5 * time.Millisecond}))
		var group sync.WaitGroup
		const callers, each = 64, 10
		for range callers {
			group.Go(func() {
				for range each {
					call := begin(t, w.world, "gpt-4o")
					if err := call.Finish(ok); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		if n := stored(t, w); n != callers*each {
			t.Errorf("%d records stored when every Finish had returned, want %d", n, callers*each)
		}
		if n := w.faults.Count(faults.Append); n > 2*each+2 {
			t.Errorf("%d appends of %d records, want at most %d", n, callers*each, 2*each+2)
		}
	})
}

func TestDurableOnReturn(t *testing.T) {
	w := newTown(t)
	for i := range 20 {
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(ok))
		if n := stored(t, w); n != i+1 {
			t.Fatalf("%d records stored when Finish %d returned", n, i+1)
		}
	}
}

// A usage store that comes back in time loses nothing, and a reply that was lost
// counts nothing twice.
func TestUsageStoreFailsForAWhile(t *testing.T) {
	for _, tt := range []struct {
		name string
		plan func(n int) faults.Fault
	}{
		{"refuses three times", func(n int) faults.Fault {
			if n <= 3 {
				return faults.Fault{Err: store.ErrUnavailable}
			}
			return faults.Fault{}
		}},
		{"odd errors", func(n int) faults.Fault {
			if n <= 3 {
				return faults.Fault{Err: errors.New("odd")}
			}
			return faults.Fault{}
		}},
		{"replies lost", func(n int) faults.Fault { return faults.Fault{Lost: n%3 != 0} }},
		{"hangs twice", func(n int) faults.Fault {
			if n <= 1 {
				return faults.Fault{Delay: 4 * time.Second, Err: context.DeadlineExceeded}
			}
			return faults.Fault{}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newTown(t)
				w.faults.Set(faults.On(faults.Append, tt.plan))
				for _, err := range finishAll(t, w.world, 10) {
					if err != nil {
						t.Error(err)
					}
				}
				if s := w.Stats(); stored(t, w) != 10 || s.Written != 10 || s.Refused != 0 {
					t.Errorf("%d stored, Stats = %+v, want 10", stored(t, w), s)
				}
			})
		})
	}
}

// One that does not come back: each caller is told, about when patience is over,
// everything is counted, and Close says how many were lost.
func TestUsageStoreFailsForEver(t *testing.T) {
	for _, tt := range []struct {
		name string
		plan func(n int) faults.Fault
	}{
		{"refuses", func(int) faults.Fault { return faults.Fault{Err: store.ErrUnavailable} }},
		{"hangs", func(int) faults.Fault { return faults.Fault{Hang: true} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var log strings.Builder
				w := newTownOver(t, memory.New(), logTo(&log))
				w.faults.Set(faults.On(faults.Append, tt.plan))
				began := time.Now()
				var group sync.WaitGroup
				for i := range 30 { // arriving over six seconds, so that several groups wait
					time.Sleep(200 * time.Millisecond)
					call := begin(t, w.world, "gpt-4o")
					group.Go(func() {
						began := time.Now()
						err := call.Finish(ok)
						if !errors.Is(err, tenet.ErrUnavailable) {
							t.Errorf("Finish %d: %v, want ErrUnavailable", i, err)
						}
						if took := time.Since(began); took > 13*time.Second {
							t.Errorf("Finish %d took %v of 10 s of patience", i, took)
						}
					})
				}
				group.Wait()
				if took := time.Since(began); took < 9*time.Second {
					t.Errorf("patience was over after %v, want 10 s", took)
				}
				last := begin(t, w.world, "gpt-4o")
				var lastErr error
				group.Go(func() { lastErr = last.Finish(ok) })
				synctest.Wait() // it waits in the recorder
				err := w.Close()
				group.Wait()
				if !errors.Is(err, tenet.ErrUnavailable) || !strings.Contains(err.Error(), "1 usage record") {
					t.Errorf("Close: %v, want to be told of one record", err)
				}
				if !errors.Is(lastErr, tenet.ErrUnavailable) {
					t.Errorf("the last Finish: %v", lastErr)
				}
				if s := w.Stats(); s.Received != 31 || s.Refused != 31 || s.Written != 0 {
					t.Errorf("Stats = %+v, want 31 received and refused", s)
				}
				if !strings.Contains(log.String(), "usage could not be written") {
					t.Errorf("log = %q", log.String())
				}
			})
		})
	}
}

// Patience is over for a large group at once, and not append by append.
func TestPatienceIsOneForAll(t *testing.T) {
	if raceEnabled {
		t.Skip("twenty thousand goroutines")
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Hang: true}))
		began := time.Now()
		for _, err := range finishAll(t, w.world, 4*store.MaxAppend) {
			if !errors.Is(err, tenet.ErrUnavailable) {
				t.Fatalf("Finish: %v", err)
			}
		}
		if took := time.Since(began); took > 13*time.Second {
			t.Errorf("took %v of 10 s of patience", took)
		}
	})
}

// A blocked store holds no more than the bound: whoever finishes beyond it waits for
// room, and is refused when patience is over.
func TestBlockedStoreIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownOver(t, memory.New(), func(o *tenet.Options) { o.Recording = tenet.RecordingOptions{Pending: 10, Patience: time.Second} })
		release := make(chan struct{})
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Until: release}))
		errs := make(chan error)
		for range 40 {
			call := begin(t, w.world, "gpt-4o")
			go func() { errs <- call.Finish(ok) }()
		}
		full := 0
		for range 40 {
			err := <-errs
			if !errors.Is(err, tenet.ErrUnavailable) {
				t.Errorf("Finish: %v", err)
			} else if strings.Contains(err.Error(), "too many") {
				full++
			}
		}
		if full < 18 || full > 30 { // a group may hold 10, and two wait at most
			t.Errorf("%d found no room, want 18 to 30", full)
		}
		close(release)
		if err := begin(t, w.world, "gpt-4o").Finish(ok); err != nil {
			t.Errorf("after the store came back: %v", err)
		}
		if s := w.Stats(); s.Received != 41 || s.Refused != 40 || s.Written != 1 {
			t.Errorf("Stats = %+v", s)
		}
	})
}

// Refusals of ever new kinds against a blocked store are bounded too, and counted.
func TestRefusalsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownOver(t, memory.New(), func(o *tenet.Options) { o.Recording = tenet.RecordingOptions{Pending: 100, Patience: time.Hour} })
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Hang: true}))
		var secrets []tenet.Principal
		ann := w.As("ann")
		for i := range 30 {
			_, secret, err := ann.CreateKey(t.Context(), w.org, w.project.ID, serviceKey(fmt.Sprint(i)))
			mustNot(t, err)
			p, _ := w.Authenticate(t.Context(), secret.Reveal())
			secrets = append(secrets, p)
		}
		const kinds = 30 * 400
		for range 400 {
			for _, p := range secrets {
				w.Begin(t.Context(), p, "small", tenet.Estimate{})
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Second) // a reader, who makes room for nothing
			_, _ = w.As("ann").OrganizationActivity(ctx, w.org, tenet.ActivityQuery{})
			cancel()
		}
		// Ten thousand that merge, a group being written and one that gathers, of a
		// hundred each and each with what merged when it was taken.
		if s := w.Stats(); s.Received-s.Written-s.Refused > 10_000+2*100+2 || s.Received != kinds {
			t.Errorf("Stats = %+v, want at most 10,202 that wait of %d", s, kinds)
		}
		w.faults.Set(nil)
		_ = w.Close() // which may report what it could not write
		if s := w.Stats(); s.Received != s.Written+s.Refused || int64(stored(t, w)) > s.Written {
			t.Errorf("Stats = %+v: received is not written and refused", s)
		}
	})
}

// A record that the usage store will not have is refused alone.
func TestPoisonedRecordIsRefusedAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownOver(t, picky{memory.New()})
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Delay: 10 * time.Millisecond}))
		var refused, written atomic.Int64
		var group sync.WaitGroup
		for i := range 33 {
			call := begin(t, w.world, "gpt-4o")
			r := ok
			if i%11 == 5 {
				r.RequestID = "poison"
			}
			group.Go(func() {
				err := call.Finish(r)
				switch {
				case err == nil:
					written.Add(1)
				case errors.Is(err, store.ErrPastRetention) && r.RequestID == "poison" && !errors.Is(err, tenet.ErrUnavailable):
					refused.Add(1)
				default:
					t.Errorf("Finish: %v", err)
				}
			})
		}
		group.Wait()
		if s := w.Stats(); written.Load() != 30 || refused.Load() != 3 || s.Written != 30 || s.Refused != 3 || stored(t, w) != 30 {
			t.Errorf("%d written, %d refused, %d stored, Stats = %+v; want 30 and 3", written.Load(), refused.Load(), stored(t, w), s)
		}
	})
}

// picky is a store that refuses an append that holds a record with a certain request id.
type picky struct{ backend }

func (p picky) Append(ctx context.Context, records []usage.Record) error {
	for _, r := range records {
		if r.RequestID == "poison" {
			return store.ErrPastRetention
		}
	}
	return p.backend.Append(ctx, records)
}

// Close writes what waits, refusals that still merge included.
func TestCloseFlushes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Delay: 100 * time.Millisecond}))
		for range 5 {
			w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{})
		}
		var group sync.WaitGroup
		for range 5 {
			call := begin(t, w.world, "gpt-4o")
			group.Go(func() {
				if err := call.Finish(ok); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		mustNot(t, w.Close())
		group.Wait()
		if n := stored(t, w); n != 6 {
			t.Errorf("%d records after Close, want 5 and a merged one", n)
		}
	})
}

// A report of this process has in it what this process has recorded.
func TestReportsSeeWhatWaits(t *testing.T) {
	w := newTown(t)
	for i := range 3 {
		w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{})
		total := int64(0)
		for _, r := range activity(t, w.world) {
			total += r.Count
		}
		if total != int64(i)+1 {
			t.Errorf("%d refusals in the report, want %d", total, i+1)
		}
	}
}

// Reports and calls at once: what a report waits for is settled while it looks.
func TestReportsBesideCalls(t *testing.T) {
	w := newTown(t)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 50 {
				if err := begin(t, w.world, "gpt-4o").Finish(ok); err != nil {
					t.Error(err)
				}
				w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{})
			}
		})
		group.Go(func() {
			for range 50 {
				activity(t, w.world)
			}
		})
	}
	group.Wait()
}

// F15: Close leaves no goroutine, whatever was going on. A bubble does not end while
// one is left, so this test would hang or panic.
func TestF15CloseLeavesNoGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		w.faults.Set(func(c faults.Call) faults.Fault {
			if c.Method == faults.Changes || c.Method == faults.Append {
				return faults.Fault{Hang: true}
			}
			return faults.Fault{}
		})
		call, token := begin(t, w.world, "gpt-4o"), nobodys(t)
		var group sync.WaitGroup
		group.Go(func() { _ = call.Finish(ok) })
		group.Go(func() { w.Authenticate(context.Background(), token) })
		synctest.Wait()
		began := time.Now()
		if err := w.Close(); err == nil {
			t.Error("Close said nothing of a record that was lost")
		}
		group.Wait()
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("Close took %v", took)
		}
	})
}

func TestF15OpenAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		newWorld(t, st)
		for range 1000 {
			mustNot(t, open(t, st).Close())
		}
	})
}

// A failed Open leaves nothing behind.
func TestOpenFails(t *testing.T) {
	good := peppers(t)
	for _, tt := range []struct {
		name string
		st   store.Store
		o    *tenet.Options
		want error
	}{
		{"no store", nil, &tenet.Options{Peppers: good}, tenancy.ErrInvalid},
		{"no options", memory.New(), nil, tenancy.ErrInvalid},
		{"no peppers", memory.New(), &tenet.Options{}, tenancy.ErrInvalid},
		{"staleness too short", memory.New(), &tenet.Options{Peppers: good, MaxStaleness: time.Millisecond}, tenancy.ErrInvalid},
		{"staleness too long", memory.New(), &tenet.Options{Peppers: good, MaxStaleness: time.Hour}, tenancy.ErrInvalid},
		{"poll too long", memory.New(), &tenet.Options{Peppers: good, Poll: 4 * time.Second}, tenancy.ErrInvalid},
		{"sweep too often", memory.New(), &tenet.Options{Peppers: good, Sweep: time.Minute - 1}, tenancy.ErrInvalid},
		{"sweep below never", memory.New(), &tenet.Options{Peppers: good, Sweep: -time.Minute}, tenancy.ErrInvalid},
		{"poll too short", memory.New(), &tenet.Options{Peppers: good, Poll: 1}, tenancy.ErrInvalid},
		{"negative patience", memory.New(), &tenet.Options{Peppers: good, Recording: tenet.RecordingOptions{Patience: -1}}, tenancy.ErrInvalid},
		{"negative room", memory.New(), &tenet.Options{Peppers: good, Recording: tenet.RecordingOptions{Pending: -1}}, tenancy.ErrInvalid},
		{"no usage store", struct{ store.Store }{memory.New()}, &tenet.Options{Peppers: good}, tenancy.ErrInvalid},
		{"closed store", closedStore(t), &tenet.Options{Peppers: good}, store.ErrClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, err := tenet.Open(t.Context(), tt.st, tt.o); got != nil || !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
		})
	}
}

func closedStore(t *testing.T) store.Store {
	st := memory.New()
	mustNot(t, st.Close())
	return st
}
