package tenet

import (
	"context"
	"errors"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// catchUp reads the feed to its head and puts every changed record in place. Only
// a read that reaches the head makes the picture fresh, and fresh as of when that
// read began. Where it is store.ErrResync the picture is to be drawn anew.
func (r *replica) catchUp(ctx context.Context) error {
	if err := r.lock(ctx); err != nil {
		return err
	}
	defer r.unlock()
	for {
		began := r.clock.machine()
		feed, err := r.st.Changes(ctx, r.cursor, store.MaxPage)
		if err != nil {
			return err
		}
		if err := r.reread(ctx, changed(feed.Entries)); err != nil {
			return err
		}
		r.cursor = feed.Next
		if feed.More {
			continue
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
		r.fresh.Store(began.machine)
		r.freshWall.Store(began.wall)
		return nil
	}
}

// changed are the distinct refs that entries wrote.
func changed(entries []store.Entry) []tenancy.Ref {
	seen := map[tenancy.Ref]bool{}
	var refs []tenancy.Ref
	for _, e := range entries {
		for _, ref := range e.Refs {
			if !seen[ref] {
				seen[ref] = true
				refs = append(refs, ref)
			}
		}
	}
	return refs
}

// follower keeps a replica caught up, and lets callers wait for a catch-up that
// began after they asked.
type follower struct {
	replica *replica
	every   time.Duration
	limit   time.Duration // of one catch-up
	report  func(error)   // of a failure after success, and of the recovery (nil)

	stop context.CancelFunc
	done chan struct{}
	kick chan struct{}

	mu   sync.Mutex
	next *flight // the catch-up that has not begun yet, once somebody waits for it
}

// flight is one catch-up that somebody waits for.
type flight struct {
	landed chan struct{}
	err    error // once landed
}

// apart is the least time between catch-ups that callers ask for, so that made-up
// keys cost the store no more than twenty reads a second.
const apart = 50 * time.Millisecond

func startFollower(r *replica, every, limit time.Duration, report func(error)) *follower {
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{
		replica: r, every: every, limit: limit, report: report,
		stop: stop, done: make(chan struct{}), kick: make(chan struct{}, 1),
	}
	go f.run(ctx)
	return f
}

func (f *follower) close() {
	f.stop()
	<-f.done
}

func (f *follower) run(ctx context.Context) {
	defer close(f.done)
	var failing bool
	for {
		if !f.rest(ctx) {
			f.land(f.board(), ctx.Err())
			return
		}
		waited := f.board()
		began := time.Now()
		err := f.once(ctx)
		f.land(waited, err)
		if ctx.Err() == nil && (err != nil) != failing {
			f.report(err)
			failing = err != nil
		}
		f.pause(ctx, apart-time.Since(began))
	}
}

// rest waits until a catch-up is due: for the interval, for somebody who asks, or
// for the store to say that there is something. It is false when all is over.
func (f *follower) rest(ctx context.Context) bool {
	waiting, stop := context.WithTimeout(ctx, f.every)
	heard := f.listen(waiting)
	select {
	case <-f.kick:
	case <-heard:
	case <-waiting.Done():
	}
	stop()
	<-heard
	return ctx.Err() == nil
}

// listen closes heard when the store says that there is something, and at the
// latest when the context ends. A store that cannot say, or fails to, leaves it
// at that.
func (f *follower) listen(ctx context.Context) (heard chan struct{}) {
	heard = make(chan struct{})
	w, ok := f.replica.st.(store.Waiter)
	cursor := f.replica.cursor
	go func() {
		defer close(heard)
		if !ok || w.Wait(ctx, cursor) != nil {
			<-ctx.Done()
		}
	}()
	return heard
}

func (f *follower) pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (f *follower) once(ctx context.Context) error {
	err := within(ctx, f.limit, f.replica.catchUp)
	if errors.Is(err, store.ErrResync) {
		err = within(ctx, loading, f.replica.begin)
	}
	return err
}

// loading bounds the drawing of the whole picture, which takes longer than any
// catch-up: a limit that is right for those might never let it end.
const loading = time.Minute

func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return do(ctx)
}

// board takes the flight that people wait for, if any.
func (f *follower) board() *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	waited := f.next
	f.next = nil
	return waited
}

func (f *follower) land(waited *flight, err error) {
	if waited != nil {
		waited.err = err
		close(waited.landed)
	}
}

// wait returns when a catch-up that began after the call has succeeded or failed.
func (f *follower) wait(ctx context.Context) error {
	f.mu.Lock()
	if f.next == nil {
		f.next = &flight{landed: make(chan struct{})}
		select {
		case f.kick <- struct{}{}:
		default:
		}
	}
	waited := f.next
	f.mu.Unlock()
	select {
	case <-waited.landed:
		return waited.err
	case <-f.done:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}
