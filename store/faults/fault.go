package faults

import (
	"context"
	"time"

	"example.com/tenet/store"
)

// Fault is what becomes of one call. The zero Fault is none: the store is asked and
// its answer returned. Fields work together, in the order in which they stand: a
// wait, Before, what takes the place of the store or of its answer, After.
type Fault struct {
	// Delay is waited first. Where the context ends meanwhile, its error is
	// returned and nothing else happens.
	Delay time.Duration
	// Until blocks the call until it is closed or the context ends, as for Delay. It
	// comes after the delay; nil blocks nobody. In a bubble of testing/synctest the
	// channel must be made there.
	Until <-chan struct{}
	// Hang blocks the call until the context ends.
	Hang bool
	// Before runs after the waits, whether or not the store is asked then.
	Before func()
	// Err is returned instead of asking the store. It should be an error of package
	// store or of the context; others show what a broken backend does.
	Err error
	// Panic is the value that the call panics with instead of asking the store. Nil
	// does not panic.
	Panic any
	// Lost says that the store is asked and that its answer, a refusal too, does
	// not arrive. The caller gets Panic or Err where one is set. Otherwise it gets
	// store.ErrUnknownOutcome from a method that writes, and from a method that
	// reads, where there is no outcome to be unknown, store.ErrUnavailable.
	Lost bool
	// After runs where the store was asked, once it has answered and before the
	// caller hears of it.
	After func()
}

// enter does what comes before the store. An error is the call's answer.
func (f Fault) enter(ctx context.Context) error {
	if err := f.wait(ctx); err != nil {
		return err
	}
	if f.Before != nil {
		f.Before()
	}
	if f.Lost {
		return nil
	}
	f.crash()
	return f.Err
}

// leave does what comes after the store, and is the answer where that was lost.
func (f Fault) leave(m Method) (lost error) {
	if f.After != nil {
		f.After()
	}
	if !f.Lost {
		return nil
	}
	f.crash()
	switch {
	case f.Err != nil:
		return f.Err
	case m.writes():
		return store.ErrUnknownOutcome
	}
	return store.ErrUnavailable
}

func (f Fault) crash() {
	if f.Panic != nil {
		panic(f.Panic) //nolint:forbidigo // the test that set the plan asked for it
	}
}

// wait waits as the fault says. A context that has ended always ends it with its
// error, whatever else is over too.
func (f Fault) wait(ctx context.Context) error {
	if f.Delay <= 0 && f.Until == nil && !f.Hang {
		return nil
	}
	if ctx == nil {
		return store.ErrInvalid // as every store says
	}
	if f.Delay > 0 {
		timer := time.NewTimer(f.Delay)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if f.Until != nil {
		select {
		case <-f.Until:
		case <-ctx.Done():
		}
	}
	if f.Hang {
		<-ctx.Done()
	}
	return ctx.Err()
}
