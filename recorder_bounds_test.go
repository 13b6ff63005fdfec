package tenet_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/usage"
)

// A gateway that would rather not serve than serve what nobody pays for: no call begins
// while as many records wait as may.
func TestFullRecorderRefusesCalls(t *testing.T) {
	for _, tt := range []struct {
		name    string
		refuses bool
		want    access.Effect
	}{
		{"blocks", false, access.Allow},
		{"refuses", true, access.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const pending = 10
				w := newTownOver(t, memory.New(), func(o *tenet.Options) {
					o.Recording = tenet.RecordingOptions{Pending: pending, Patience: time.Hour, RefuseCalls: tt.refuses}
				})
				release := make(chan struct{})
				w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Until: release}))
				var group sync.WaitGroup
				finish := func(n int) {
					for range n {
						call := begin(t, w.world, "gpt-4o")
						group.Go(func() { mustNot(t, call.Finish(ok)) })
						synctest.Wait()
					}
				}
				effects := func(want access.Effect, why string) {
					t.Helper()
					c1, d1 := w.Begin(t.Context(), w.principal(t), "gpt-4o", tenet.Estimate{})
					c2, d2 := w.As("mem").Begin(t.Context(), w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
					if d1.Effect != want || d2.Effect != want || (c1 == nil) != (want != access.Allow) || (c2 == nil) != (want != access.Allow) {
						t.Errorf("%s: Begin = %v, a person's %v, want %v", why, d1.Effect, d2.Effect, want)
					}
				}
				finish(1) // it is being written
				finish(pending - 1)
				effects(access.Allow, "one below the bound")
				finish(1)
				effects(tt.want, "at the bound")
				if s := w.Stats(); s.Waiting != pending+1 || s.Received != pending+1 {
					t.Errorf("Stats = %+v, want %d that wait", s, pending+1)
				}
				close(release)
				group.Wait()
				effects(access.Allow, "once there is room")
				if s := w.Stats(); s.Waiting != 0 || s.Written != pending+1 {
					t.Errorf("Stats = %+v, want %d written", s, pending+1)
				}
			})
		})
	}
}

// F17: while the usage store is away one call a second finds out whether it is back.
func TestF17CallsWhileUsageIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownOver(t, memory.New(), func(o *tenet.Options) {
			o.Recording = tenet.RecordingOptions{Patience: 100 * time.Millisecond, RefuseCalls: true}
		})
		p := w.principal(t)
		attempt := func(want error) (began bool) {
			t.Helper()
			call, d := w.Begin(t.Context(), p, "gpt-4o", tenet.Estimate{})
			if call == nil {
				if d.Effect != access.Unavailable {
					t.Fatalf("Begin = %+v", d)
				}
				return false
			}
			if err := call.Finish(ok); !errors.Is(err, want) {
				t.Fatalf("Finish: %v, want %v", err, want)
			}
			return true
		}
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Err: store.ErrUnavailable}))
		attempt(tenet.ErrUnavailable)
		began := 0
		for range 100 { // ten seconds
			time.Sleep(100 * time.Millisecond)
			if attempt(tenet.ErrUnavailable) {
				began++
			}
		}
		if began < 8 || began > 10 {
			t.Errorf("%d calls began in ten seconds of an outage, want one a second", began)
		}
		w.faults.Set(nil)
		back := time.Now()
		for !attempt(nil) {
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(back); took > 1200*time.Millisecond {
			t.Errorf("the first call after the outage came after %v", took)
		}
		if !attempt(nil) || !attempt(nil) {
			t.Error("a call is refused once the store is back")
		}
	})
}

// Received is Written, Refused and Waiting in every reading, whatever is under way.
func TestStatsAddUp(t *testing.T) {
	w := newTownOver(t, memory.New(), func(o *tenet.Options) {
		o.Recording = tenet.RecordingOptions{Pending: 5, Patience: 20 * time.Millisecond}
	})
	w.faults.Set(faults.First(
		faults.Every(faults.Append, 7, faults.Fault{Err: store.ErrUnavailable}),
		faults.Every(faults.Append, 5, faults.Fault{Delay: 30 * time.Millisecond}),
		faults.Every(faults.Append, 3, faults.Fault{Lost: true}),
	))
	p := w.principal(t)
	var callers, reader sync.WaitGroup
	done := make(chan struct{})
	reader.Go(func() {
		for n := 0; ; n++ {
			s := w.Stats()
			if s.Received != s.Written+s.Refused+s.Waiting || s.Waiting < 0 {
				t.Errorf("reading %d: %+v", n, s)
				return
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	const goroutines, each = 24, 40
	for range goroutines {
		callers.Go(func() {
			for i := range each {
				model := usage.UnknownModel // refused
				if i%2 == 0 {
					model = "gpt-4o"
				}
				call, _ := w.Begin(t.Context(), p, model, tenet.Estimate{})
				_ = call.Finish(ok) // one that finds no room is refused, and counted
			}
		})
	}
	callers.Wait()
	close(done)
	reader.Wait()
	w.faults.Set(nil)
	_ = w.Close() // it may say how many it refused
	s := w.Stats()
	if s.Waiting != 0 || s.Received != s.Written+s.Refused || s.Received < goroutines*each/2 || int64(stored(t, w)) < s.Written {
		t.Errorf("after Close: %+v, %d stored", s, stored(t, w))
	}
}

// Refusals of one kind in one second of the host's clock are one record, at whatever
// phase the recorder looks at them, and none waits for a clock that stands still.
func TestRefusalsAreOneRecordASecond(t *testing.T) {
	const second = time.Second
	for _, tt := range []struct {
		name  string
		first time.Duration // of the first refusal, after a full second
		steps []time.Duration
		clock func(now time.Time) time.Time // the host's
		want  []int64
	}{
		{"at the second's ends", 0, []time.Duration{0, second - time.Millisecond}, nil, []int64{2}},
		{"over the recorder's own tick", 100 * time.Millisecond, []time.Duration{0, 300 * time.Millisecond, 300 * time.Millisecond, 200 * time.Millisecond}, nil, []int64{4}},
		{"one in the second after", 900 * time.Millisecond, []time.Duration{0, 99 * time.Millisecond, time.Millisecond}, nil, []int64{2, 1}},
		{"a clock that stands still", 500 * time.Millisecond, []time.Duration{0, 0, 10 * second, 0}, func(time.Time) time.Time { return time.Unix(1_800_000_000, 0) }, []int64{2, 2}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, phase := range []time.Duration{0, 250 * time.Millisecond, 777 * time.Millisecond} {
				synctest.Test(t, func(t *testing.T) {
					time.Sleep(phase) // of the recorder's tick
					w := newTownOver(t, memory.New(), func(o *tenet.Options) {
						if tt.clock != nil {
							o.Clock = func() time.Time { return tt.clock(time.Now()) }
						}
					})
					p := w.principal(t)
					time.Sleep(time.Until(time.Now().Truncate(second).Add(3*second + tt.first)))
					for _, step := range tt.steps {
						time.Sleep(step)
						w.Begin(t.Context(), p, "small", tenet.Estimate{})
					}
					time.Sleep(5 * second) // nobody reads a report
					page := must[store.RecordPage](t)(w.under.Records(t.Context(), store.RecordQuery{Org: w.org}))
					counts := make([]int64, len(page.Records))
					for i, r := range page.Records {
						counts[len(counts)-1-i] = r.Count
					}
					if diff := gocmp.Diff(tt.want, counts); diff != "" {
						t.Errorf("phase %v: counts of the records, oldest first (-want +got):\n%s", phase, diff)
					}
				})
			}
		})
	}
}
