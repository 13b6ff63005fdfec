package tenet

import (
	"context"
	"time"
)

// sweeper sweeps every organization every so often.
type sweeper struct {
	stop context.CancelFunc
	done chan struct{}
}

// startSweeper starts one; none, which is nil, where every is zero.
func startSweeper(t *Tenet, every time.Duration) *sweeper {
	if every == 0 {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &sweeper{stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		due := time.NewTicker(every)
		defer due.Stop()
		for {
			select {
			case <-due.C:
				t.sweepRound(ctx, every)
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

func (s *sweeper) close() {
	if s != nil {
		s.stop()
		<-s.done
	}
}

// sweepRound sweeps every organization, one that fails or takes longer than limit
// without harm to the others, and reports once.
func (t *Tenet) sweepRound(ctx context.Context, limit time.Duration) {
	var failed error
	organizations := 0
	fail := func(err error) {
		if organizations++; failed == nil {
			failed = err
		}
	}
	nobody := t.Operator("")
	for o, err := range nobody.Organizations(ctx) {
		if err != nil {
			fail(err)
			break
		}
		err := within(ctx, limit, func(ctx context.Context) error {
			_, err := nobody.Sweep(ctx, o.Value.ID)
			return err
		})
		if err != nil {
			fail(err)
		}
	}
	if failed != nil && ctx.Err() == nil { // and not by Close
		t.reportSweep(failed, organizations)
	}
}
