package storetest

import (
	"context"
	"time"

	"example.com/tenet/store"
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
	pruned := e.commit(store.Batch{Entry: e.entry(orgA)}).Entry
	late := e.cursor()
	old := store.Batch{Entry: e.entry(orgB)}
	old.Entry.At = noon // before the horizon too, but another's
	kept := e.commit(old).Entry.Op
	_, err := e.s.(store.Pruner).PruneLog(e.ctx, orgA, pruned.At.Add(time.Microsecond))
	e.must("PruneLog", err)
	for _, c := range []store.Cursor{e.start, early} {
		_, err := e.s.Changes(e.ctx, c, 10)
		e.refused("Changes from before what was pruned", err, store.ErrResync)
	}
	got, _ := e.feed(late, 10)
	e.same("entries after a cursor past what was pruned", []store.OperationID{kept}, opsOf(got))
	next := e.write(orgA)
	got, _ = e.feed(late, 10)
	e.same("entries later", []store.OperationID{kept, next}, opsOf(got))
}
