package storetest

import (
	"context"
	"runtime"
	"sync"

	"example.com/tenet/store"
)

// linearCases record what clients at work at once were told, and look for one order
// of all calls that explains every answer. There is one mix of calls a rule, so that
// a failure names what is wrong.
func linearCases() []testCase {
	return []testCase{
		{
			name:  "linearizability/records",
			rules: "C7 C6 G3",
			why:   "Reads and writes of a record by many at once have one order that keeps each between its call and its return: what one reader saw no later one has forgotten, and no write is lost.",
			run:   mix{turns: []turn{readOne, readOne, readAll, update, update, update, compare}}.run,
		},
		{
			name:  "linearizability/batches",
			rules: "C1 C7",
			why:   "A batch of several records takes effect at one moment: who has seen one of its writes finds the others too, or a state that came after.",
			run:   mix{turns: []turn{readApart, readApart, readApart, updateAll, updateAll, compare}}.run,
		},
		{
			name:  "linearizability/replays",
			rules: "C2 C3 C7 C10",
			why:   "A batch that many commit at once, as after an answer that was lost, takes effect once: one is told that it did, the others that it had, and another use of its operation id is refused.",
			run:   mix{turns: []turn{repeat, repeat, repeat, repeatOther, update, readOne}}.run,
		},
		{
			name:  "linearizability/log",
			rules: "C1 C7 F1 F6 T1 T6",
			why:   "Feed and trail show every commit from the moment at which its writes show, in the order in which they took effect: a follower who reads to the head knows what any other reader knows.",
			run:   mix{turns: []turn{readLog, readLog, readLog, update, updateAll, enter}}.run,
		},
		{
			name:  "linearizability/context-over",
			rules: "C10 C11",
			why:   "A commit whose context ends under way has happened or has not, and says which: one that returns the context's error is never seen, and may be made again.",
			run:   mix{turns: []turn{giveUp, giveUp, giveUp, readAll, readLog}}.run,
		},
		{
			name:  "linearizability/two-handles",
			rules: "C7 S5",
			why:   "Two handles on the same data are one store: what the clients of both are told has one order.",
			needs: needDurable,
			run: mix{handles: 2, turns: []turn{
				readOne, readApart, update, update, updateAll, compare, repeat, repeatOther, enter, readLog, giveUp,
			}}.run,
		},
	}
}

// histories of each case in a run of the suite: with six cases some 50, which catch
// a store that is wrong and take about a second on a file. More are had by running
// the suite again: every run draws its own.
const histories = 8

// mix is the turns that clients draw from.
type mix struct {
	handles int // zero is one
	turns   []turn
}

// run records histories, each in an organization of its own, and judges them.
func (m mix) run(e *env) {
	opened := []store.Store{e.s}
	for len(opened) < m.handles {
		opened = append(opened, e.openIn(e.dir))
	}
	for i := range histories {
		h := m.record(e, opened, i+1)
		h.judge(verdictTime)
		e.orStop()
	}
}

// turn is what a client does between two moments at which all clients wait for
// each other.
type turn func(*client)

func readOne(c *client) {
	s := slot(c.rng.IntN(2))
	c.look(s)
	c.look(s)
}

func readAll(c *client) { c.look(2, 1, 0) }

// readApart reads each record by itself, so that the order among them shows.
func readApart(c *client) {
	for _, s := range c.rng.Perm(slots) {
		c.look(slot(s))
	}
}

func readLog(c *client) {
	s := slot(c.rng.IntN(slots))
	c.look(s)
	if c.rng.IntN(2) == 0 {
		c.follow()
	} else {
		c.review()
	}
	c.look(s)
}

// update writes the first record as it is, or, now and then, as it was.
func update(c *client) {
	if c.rng.IntN(4) > 0 {
		c.look(0)
	}
	c.commit(c.e.ctx, c.plan(c.write()))
}

// write is a put or, less often, a delete.
func (c *client) write() use {
	if c.rng.IntN(4) == 0 {
		return toDelete
	}
	return toPut
}

func updateAll(c *client) {
	c.look(0, 1, 2)
	c.commit(c.e.ctx, c.plan(c.write(), c.write(), c.write()))
}

// compare writes one record on the grounds of another.
func compare(c *client) {
	c.look(0, 1)
	uses := [2]use{toCheck, c.write()}
	if c.rng.IntN(2) == 0 {
		uses[0], uses[1] = uses[1], uses[0]
	}
	c.commit(c.e.ctx, c.plan(uses[:]...))
}

// enter commits an entry alone.
func enter(c *client) { c.commit(c.e.ctx, c.plan()) }

// repeat commits what others commit too.
func repeat(c *client) { c.commit(c.e.ctx, c.shared) }

// repeatOther asks for another thing under the operation id of what others commit.
func repeatOther(c *client) {
	other := *c.shared
	other.id |= twin
	c.commit(c.e.ctx, &other)
	c.look(0)
}

// giveUp has its context end while it commits, and commits again where it was told
// that nothing happened, or just looks.
func giveUp(c *client) {
	c.look(0, 1, 2)
	p := c.plan(c.write(), toPut)
	ctx, cancel := context.WithCancel(c.e.ctx)
	var wg sync.WaitGroup
	after := c.rng.IntN(64)
	wg.Go(func() {
		yield(after)
		cancel()
	})
	is := c.commit(ctx, p)
	wg.Wait()
	c.look(0)
	if is == wasRefused && c.rng.IntN(2) == 0 {
		c.commit(c.e.ctx, p)
	}
}

// yield lets others run n times.
func yield(n int) {
	for range n {
		runtime.Gosched()
	}
}
