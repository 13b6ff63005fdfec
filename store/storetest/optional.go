package storetest

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// optionalCases are of the interfaces that a store may have beside its own.
func optionalCases() []testCase {
	return []testCase{
		{
			name:  "wait/wakes",
			rules: "W1",
			why:   "Wait returns once there may be an entry after the cursor, whether it came before the call or during it: a follower that misses it serves a revoked key until it polls.",
			needs: needWaiter,
			run:   waitWakes,
		},
		{
			name:  "wait/empty-cursor",
			rules: "W1",
			why:   "After the empty cursor Wait waits for the next entry: who has no cursor yet is woken like any other.",
			needs: needWaiter,
			run:   waitForTheNext,
		},
		{
			name:  "wait/other-handle",
			rules: "W1 S5",
			why:   "Wait hears of what another handle commits: two gateways share a database, and a key is revoked at one of them.",
			needs: needWaiter | needDurable,
			run:   waitForAnotherHandle,
		},
		{
			name:  "wait/blocks",
			rules: "W3",
			why:   "Wait blocks while nobody commits: one that returns at once makes every follower ask without a pause.",
			needs: needWaiter,
			run:   waitBlocks,
		},
		{
			name:  "wait/ends-with-the-context",
			rules: "W2",
			why:   "Wait returns the context's error where that ends first, so that a follower can be stopped.",
			needs: needWaiter,
			run:   waitEnds,
		},
		{
			name:  "prune/forgets-one-organization",
			rules: "P1",
			why:   "PruneLog forgets one organization's entries before a time, says how many, and leaves every other entry and every record.",
			needs: needPruner,
			run:   pruneForgets,
		},
		{
			name:  "prune/operation-ids",
			rules: "P1 C2",
			why:   "The operation ids of forgotten entries are forgotten with them, and those of the entries that stay are not: a retry within the time promised is still one operation.",
			needs: needPruner,
			run:   pruneOperations,
		},
		{
			name:  "prune/by-time",
			rules: "P1",
			why:   "Each entry is judged by its own At, not by its place in the log: callers' clocks differ, and what one of them dated late is still promised.",
			needs: needPruner,
			run:   pruneByTime,
		},
		{
			name:  "prune/to-the-head",
			rules: "R5 F1 P2",
			why:   "Where every entry was forgotten the numbers go on all the same: a log that counts from what it has gives a revision twice, and steps over what comes next.",
			needs: needPruner,
			run:   pruneToTheHead,
		},
		{
			name:  "prune/resync",
			rules: "P2",
			why:   "Cursors before the newest forgotten entry are ErrResync, and later ones go on: a follower must not step over what was pruned.",
			needs: needPruner,
			run:   pruneResync,
		},
	}
}

func waitWakes(e *env) {
	w := e.s.(store.Waiter)
	for range 10 {
		before := e.cursor()
		e.together(4, func(i int) {
			if i == 0 {
				e.write(orgB)
				return
			}
			e.soon("Wait for an entry", func() { e.must("Wait", w.Wait(e.ctx, before)) })
		})
		e.soon("Wait after the entry", func() { e.must("Wait", w.Wait(e.ctx, before)) })
		if got, _ := e.feed(before, 10); len(got) != 1 {
			e.errorf("%d entries after the wait, want 1", len(got))
		}
	}
}

// waitForTheNext writes until Wait returns: an entry may come before Wait has begun,
// which then waits for the next.
func waitForTheNext(e *env) {
	w := e.s.(store.Waiter)
	e.write(orgA)
	for range 3 {
		waited := make(chan error, 1)
		go func() { waited <- w.Wait(e.ctx, "") }()
		e.writeUntil("Wait after the empty cursor", waited)
	}
}

// writeUntil commits now and then until a Wait that is under way has returned.
func (e *env) writeUntil(what string, waited <-chan error) {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	late := time.NewTimer(e.patient())
	defer late.Stop()
	for {
		select {
		case err := <-waited:
			e.must(what, err)
			return
		case <-late.C:
			e.fatalf("%s does not return though others commit", what)
		case <-again.C:
			e.write(orgA)
		}
	}
}

// waitForAnotherHandle writes once while Wait is likely under way: it is right
// whichever comes first.
func waitForAnotherHandle(e *env) {
	w := e.openIn(e.dir).(store.Waiter)
	for range 3 {
		now := e.cursor()
		e.together(2, func(i int) {
			if i == 0 {
				<-time.After(10 * time.Millisecond)
				e.write(orgA)
				return
			}
			e.soon("Wait for another handle's entry", func() { e.awaits(w, now) })
		})
	}
}

// awaits calls Wait until there is an entry, as a follower does.
func (e *env) awaits(w store.Waiter, after store.Cursor) {
	for e.ctx.Err() == nil {
		e.must("Wait", w.Wait(e.ctx, after))
		if got, _ := e.feed(after, 10); len(got) > 0 {
			return
		}
	}
}

// waitBlocks waits where nothing comes. A Wait may return sooner than it has to,
// but most must not.
func waitBlocks(e *env) {
	w := e.s.(store.Waiter)
	e.write(orgA)
	var blocked atomic.Int64
	const rounds, at = 4, 8
	for range rounds {
		now := e.cursor()
		e.together(at, func(i int) {
			ctx, cancel := context.WithTimeout(e.ctx, 20*time.Millisecond)
			defer cancel()
			err := w.Wait(ctx, []store.Cursor{now, ""}[i%2])
			if errors.Is(err, context.DeadlineExceeded) {
				blocked.Add(1)
				return
			}
			e.must("Wait", err)
		})
	}
	if n := blocked.Load(); n <= rounds*at/2 {
		e.errorf("only %d of %d waits were still waiting after 20 ms in which nobody committed", n, rounds*at)
	}
}

func waitEnds(e *env) {
	w := e.s.(store.Waiter)
	e.write(orgA)
	now := e.cursor()
	ctx, cancel := context.WithCancel(e.ctx)
	e.together(2, func(i int) {
		if i == 0 {
			cancel()
			return
		}
		for { // Wait may return before there is an entry
			if err := w.Wait(ctx, now); err != nil {
				e.refused("Wait", err, context.Canceled)
				return
			}
		}
	})
}

func pruneForgets(e *env) {
	e.create(full(orgA, "a")...)
	for range 4 {
		e.write(orgA)
		e.write(orgB)
	}
	before := e.picture()
	trail := e.trail(store.TrailQuery{Org: orgA}, 0)
	theirs := e.trail(store.TrailQuery{Org: orgB}, 0)
	horizon := trail[1].At // the newest two stay
	n, err := e.s.(store.Pruner).PruneLog(e.ctx, orgA, horizon)
	e.must("PruneLog", err)
	e.same("entries forgotten", len(trail)-2, n)
	e.same("trail", trail[:2], e.trail(store.TrailQuery{Org: orgA}, 1))
	e.same("the other organization's trail", theirs, e.trail(store.TrailQuery{Org: orgB}, 0))
	e.start = e.cursor()
	e.same("records", before.Records, e.picture().Records)
	n, err = e.s.(store.Pruner).PruneLog(e.ctx, orgA, horizon)
	e.must("PruneLog again", err)
	e.same("entries forgotten again", 0, n)
}

func pruneOperations(e *env) {
	for _, org := range []tenancy.OrgID{orgA, ""} {
		old, kept := store.Batch{Entry: e.entry(org)}, store.Batch{Entry: e.entry(org)}
		e.commit(old)
		e.commit(kept)
		n, err := e.s.(store.Pruner).PruneLog(e.ctx, org, kept.Entry.At)
		e.must("PruneLog", err)
		e.same("entries forgotten", 1, n)
		e.same("the operation of an entry that stays is repeated", true, e.commit(kept).Replayed)
		e.same("the operation of a forgotten entry is repeated", false, e.commit(old).Replayed)
	}
}

// pruneByTime forgets entries that lie between others which stay.
func pruneByTime(e *env) {
	var kept []store.OperationID
	for i := range 10 {
		en := e.entry(orgA)
		en.At = noon
		if i%3 != 0 {
			en.At = noon.Add(time.Hour)
			kept = append(kept, en.Op)
		}
		e.commit(store.Batch{Entry: en})
	}
	slices.Reverse(kept)
	n, err := e.s.(store.Pruner).PruneLog(e.ctx, orgA, noon.Add(time.Minute))
	e.must("PruneLog", err)
	e.same("entries forgotten", 4, n)
	e.same("operations that stay", kept, opsOf(e.trail(store.TrailQuery{Org: orgA}, 0)))
}

// pruneToTheHead forgets every entry there is, and goes on.
func pruneToTheHead(e *env) {
	p := project(orgA, "proj_1", "one")
	seen := map[store.Rev]bool{}
	for round := range 3 {
		e.create(p)
		last := e.at(p.Ref()).Rev
		if seen[last] {
			e.errorf("revision %d is used twice", last)
		}
		seen[last] = true
		e.remove(p.Ref())
		later := e.entry(orgA).At.Add(time.Hour)
		_, err := e.s.(store.Pruner).PruneLog(e.ctx, orgA, later)
		e.must("PruneLog", err)
		if _, closes := e.s.(interface{ Close() error }); closes && !e.h.Volatile && round == 1 {
			e.reopen()
		}
		now := e.cursor()
		next := e.write(orgA)
		got, _ := e.feed(now, 10)
		e.same("entries after all others were forgotten", []store.OperationID{next}, opsOf(got))
	}
}

func pruneResync(e *env) {
	e.write(orgA)
	early := e.cursor()
	e.write(orgA)
	edge := e.cursor()
	pruned := e.commit(store.Batch{Entry: e.entry(orgA)}).Entry
	late := e.cursor()
	old := store.Batch{Entry: e.entry(orgB)}
	old.Entry.At = noon // before the horizon too, but another's
	kept := e.commit(old).Entry.Op
	_, err := e.s.(store.Pruner).PruneLog(e.ctx, orgA, pruned.At.Add(time.Microsecond))
	e.must("PruneLog", err)
	for _, c := range []store.Cursor{e.start, early, edge} {
		_, err := e.s.Changes(e.ctx, c, 10)
		e.refused("Changes from before what was pruned", err, store.ErrResync)
		if w, ok := e.s.(store.Waiter); ok {
			e.soon("Wait from before what was pruned", func() {
				e.refused("Wait from before what was pruned", w.Wait(e.ctx, c), store.ErrResync)
			})
		}
	}
	got, _ := e.feed(late, 10)
	e.same("entries after a cursor past what was pruned", []store.OperationID{kept}, opsOf(got))
	next := e.write(orgA)
	got, _ = e.feed(late, 10)
	e.same("entries later", []store.OperationID{kept, next}, opsOf(got))
}
