package storetest

import (
	"context"
	"iter"
	"math/rand/v2"
	"sync/atomic"
	"time"
)

// ending is a context that ends while a call is under way.
type ending struct {
	context.Context
	inner context.Context // the same, to be looked at by the suite
	how   string
}

// looks is how many looks at a context the suite tells apart. A call by way of
// database/sql has 5 to 16.
const looks = 24

// endings are contexts, one after the other, that end at each moment at which a
// backend can notice, and at moments between. Each is released when the next comes.
func (e *env) endings() iter.Seq[ending] {
	return func(yield func(ending) bool) {
		random := rand.New(rand.NewPCG(1, 2))
		for n := range 2 * looks {
			after := time.Duration(random.Int64N(1<<(n%11))) * time.Microsecond
			for _, next := range []func() (ending, context.CancelFunc){
				func() (ending, context.CancelFunc) { return e.fused(n/2 + 1) },
				func() (ending, context.CancelFunc) { return e.cancelled(after) },
				func() (ending, context.CancelFunc) { return e.late(after) },
			} {
				end, release := next()
				goOn := yield(end)
				release()
				if !goOn {
					return
				}
			}
		}
	}
}

// fused is a context that is cancelled when it has been looked at n times.
func (e *env) fused(n int) (ending, context.CancelFunc) {
	ctx, cancel := context.WithCancel(e.ctx)
	f := &fuse{Context: ctx, blow: cancel}
	f.left.Store(int64(n))
	return ending{f, ctx, "is cancelled at a look"}, cancel
}

func (e *env) cancelled(after time.Duration) (ending, context.CancelFunc) {
	ctx, cancel := context.WithCancel(e.ctx)
	clock := time.AfterFunc(after, cancel)
	return ending{ctx, ctx, "is cancelled"}, func() { clock.Stop(); cancel() }
}

func (e *env) late(after time.Duration) (ending, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(e.ctx, after)
	return ending{ctx, ctx, "is late"}, cancel
}

// endedBy notes a failure unless err is the error of a context that is over.
func (e *env) endedBy(call string, end ending, err error) {
	over := end.inner.Err()
	if over == nil {
		e.errorf("%s: got error %v before its context was over", call, err)
		e.enough()
		return
	}
	e.refused(call+" whose context "+end.how, err, over)
}

// fuse counts the looks at it.
type fuse struct {
	context.Context
	blow context.CancelFunc
	left atomic.Int64
}

func (f *fuse) look() {
	if f.left.Add(-1) == 0 {
		f.blow()
	}
}

// Done looks, and is the context's.
func (f *fuse) Done() <-chan struct{} {
	f.look()
	return f.Context.Done()
}

// Err looks, and is the context's.
func (f *fuse) Err() error {
	f.look()
	return f.Context.Err()
}
