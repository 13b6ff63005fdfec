package storetest

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func closeCases() []testCase {
	return []testCase{
		{
			name:  "lifecycle/close-under-way",
			rules: "S3 C12",
			why:   "Calls that are under way when Close comes are answered soundly or are ErrClosed, and none is after it: shutdown loses nothing that was acknowledged and takes nobody down.",
			needs: needCloser,
			run:   closeUnderWay,
		},
		{
			name:  "lifecycle/close-ends-wait",
			rules: "S3 W2",
			why:   "A Wait under way is ErrClosed soon after Close: a follower that sleeps on would keep the process from ending.",
			needs: needCloser | needWaiter,
			run:   closeEndsWait,
		},
		{
			name:  "lifecycle/leaves-nothing",
			rules: "S6",
			why:   "After Close no goroutine that the store started runs and no file of it is open, whatever was begun and left: hosts open and close stores in tests and in tools.",
			needs: needCloser,
			run:   leavesNothing,
		},
		{
			name:  "paging/abandoned",
			rules: "L7",
			why:   "Pages that nobody goes on from leave nothing behind: readers come and go, and one that held a connection or a goroutine would end in an outage.",
			run:   abandoned,
		},
	}
}

// closing is what came of the calls that ran while the store was closed.
type closing struct {
	begun  atomic.Int64
	closed atomic.Bool
	taken  [8][]tenancy.Entity // by worker: what was acknowledged
	lost   [8][]tenancy.Entity // what was refused
}

func closeUnderWay(e *env) {
	for round := range 3 {
		e.closeWhileUsed(fmt.Sprint(round))
		e.allRefused("after Close", e.calls(e.ctx, e.creation(orgA, project(orgA, "proj_late", ""))), store.ErrClosed)
		e.begin()
	}
}

func (e *env) closeWhileUsed(tag string) {
	e.library()
	var c closing
	e.together(len(c.taken)+2, func(i int) {
		if i < len(c.taken) {
			e.callsUntilClosed(&c, i, tag)
			return
		}
		for c.begun.Load() < 100 {
			e.must("the case", e.ctx.Err())
		}
		if err := closeStore(e.s); err != nil {
			e.errorf("Close, of two at once: %v", err)
		}
		c.closed.Store(true)
	})
	if e.h.Volatile {
		return
	}
	closed := e.s
	e.s = e.openIn(e.dir)
	for i := range c.taken {
		for _, v := range c.taken[i] {
			e.holds("what was acknowledged while Close came", v)
		}
		for _, v := range c.lost[i] {
			e.absent("what was refused while Close came", v.Ref())
		}
	}
	e.must("Close", closeStore(e.s))
	e.s = closed
}

// callsUntilClosed calls, in turn, everything that reads and Commit, until it is told
// that the store is closed.
func (e *env) callsUntilClosed(c *closing, i int, tag string) {
	qs := e.questions(orgB, i%asked)
	for n := 0; ; n++ {
		late := c.closed.Load()
		c.begun.Add(1)
		var err error
		if q := qs[n%len(qs)]; n%2 == 0 {
			var got any
			if got, err = q.ask(e.ctx); err == nil {
				e.same(q.name+" while Close comes", q.want, got)
			}
		} else {
			err = e.commitsUntilClosed(c, i, fmt.Sprint("proj_", tag, i, "_", n))
		}
		if err == nil && late {
			e.errorf("a call that began after Close was answered")
			return
		}
		if err != nil {
			e.refused("a call while Close comes", err, store.ErrClosed)
			return
		}
	}
}

func (e *env) commitsUntilClosed(c *closing, i int, id string) error {
	v := project(orgA, id, "")
	_, err := e.s.Commit(e.ctx, e.creation(orgA, v))
	switch {
	case err == nil:
		c.taken[i] = append(c.taken[i], v)
	case errors.Is(err, store.ErrUnknownOutcome):
		return store.ErrClosed
	default:
		c.lost[i] = append(c.lost[i], v)
	}
	return err
}

func closeEndsWait(e *env) {
	for range 5 {
		e.write(orgA)
		now := e.cursor()
		e.soon("Wait after Close", func() {
			e.together(5, func(i int) {
				if i == 0 {
					e.must("Close", closeStore(e.s))
					return
				}
				e.waitsUntilClosed(pick(i, now, ""))
			})
		})
		e.begin()
	}
}

func (e *env) waitsUntilClosed(after store.Cursor) {
	for { // Wait may return before there is an entry
		if err := e.s.(store.Waiter).Wait(e.ctx, after); err != nil {
			e.refused("Wait", err, store.ErrClosed)
			return
		}
	}
}

func leavesNothing(e *env) {
	e.must("Close", closeStore(e.s))
	tag := filepath.Base(e.newDir())
	cycle := func(n int) {
		for range n {
			e.begin()
			e.useAndLeave()
			e.must("Close", closeStore(e.s))
		}
	}
	e.tagged(tag, func() { cycle(1) })
	first := e.settle(tag, left{}, min(time.Second, e.patient())) // what a process has once, such as a driver's own
	e.tagged(tag, func() { cycle(20) })
	e.leftAtMost("20 stores that were opened and closed", tag, first)
}

// useAndLeave uses the store in every way and goes on with nothing.
func (e *env) useAndLeave() {
	e.library()
	e.beginPages()
	for _, q := range e.questions(orgB, 0) {
		e.answers(q, e.never())
	}
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	now := e.cursor()
	e.together(4, func(i int) {
		if i == 0 {
			cancel()
			return
		}
		_, _ = e.questions(orgA, i)[i].ask(ctx) // cancelled or not
		if w, ok := e.s.(store.Waiter); ok {
			_ = w.Wait(ctx, now)
		}
	})
}

// beginPages asks for a first page of everything that has pages, and for no second.
func (e *env) beginPages() {
	p, err := e.s.List(e.ctx, store.Query{Listing: store.Within, Kind: tenancy.KindProject, Org: orgA, Limit: 1})
	e.must("List", err)
	t, err := e.s.Trail(e.ctx, store.TrailQuery{Org: orgA, Limit: 1})
	e.must("Trail", err)
	f, err := e.s.Changes(e.ctx, e.start, 1)
	e.must("Changes", err)
	if p.Next == "" || t.Next == "" || !f.More {
		e.errorf("a first page has no second")
	}
	if e.u == nil {
		return
	}
	r, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, Limit: 1})
	e.must("Records", err)
	if r.Next == "" {
		e.errorf("a first page has no second")
	}
}

func abandoned(e *env) {
	e.library()
	tag := filepath.Base(e.dir)
	some := func() {
		for range 40 {
			e.beginPages()
		}
	}
	e.tagged(tag, some)
	first := e.settle(tag, left{}, 0)
	e.tagged(tag, some)
	const pool = 4 // connections that a backend may open later
	e.leftAtMost("160 first pages", tag, left{first.goroutines + pool, first.files + pool})
	e.soon("Commit after pages that nobody went on from", func() { e.write(orgA) })
}
