package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func lifecycleCases() []testCase {
	return []testCase{
		{
			name: "context/over",
			why:  "A context that is over before the commit has begun refuses it and leaves nothing, the operation id included; the context's error stays visible, so that a caller's timeout is not taken for an outage.",
			run:  contextOver,
		},
		{
			name: "context/none",
			why:  "A nil context is ErrInvalid and no panic: bad input never takes the gateway down.",
			run:  contextNone,
		},
		{
			name:  "close/then-use",
			why:   "After Close every method is ErrClosed, and closing again does no harm: shutdown runs beside requests.",
			needs: needCloser,
			run:   closeThenUse,
		},
		{
			name:  "durable/reopen",
			why:   "What was acknowledged is there after reopening: records with their revisions, the log, cursors given before, and operation ids.",
			needs: needDurable,
			run:   reopen,
		},
		{
			name:  "durable/revisions-after-reopen",
			why:   "A revision is not used again after a restart either, also where the record that had the newest one was deleted last.",
			needs: needDurable,
			run:   revisionsAfterReopen,
		},
		{
			name:  "durable/two-handles",
			why:   "Two handles on one store see each other's commits at once and conflict with each other: two gateways share a database.",
			needs: needDurable,
			run:   twoHandles,
		},
		{
			name:  "durable/two-handles-at-once",
			why:   "Compare-and-swap holds between two handles at the same moment: each success is one step, and no follower of either skips an entry.",
			needs: needDurable,
			run:   twoHandlesAtOnce,
		},
		{
			name:  "wait/wakes",
			why:   "Wait returns once there may be an entry after the cursor, whether it came before the call or during it: a follower that misses it serves a revoked key until it polls.",
			needs: needWaiter,
			run:   waitWakes,
		},
		{
			name:  "wait/ends-with-the-context",
			why:   "Wait returns the context's error where that ends first, so that a follower can be stopped.",
			needs: needWaiter,
			run:   waitEnds,
		},
		{
			name:  "prune/forgets-one-organization",
			why:   "PruneLog forgets one organization's entries before a time, says how many, and leaves every other entry and every record.",
			needs: needPruner,
			run:   pruneForgets,
		},
		{
			name:  "prune/resync",
			why:   "Cursors before the newest forgotten entry are ErrResync, and later ones go on: a follower must not step over what was pruned.",
			needs: needPruner,
			run:   pruneResync,
		},
	}
}

// calls is every method of the store, and of what of its usage is there, called
// soundly.
func (e *env) calls(ctx context.Context, b store.Batch) map[string]error {
	errs := map[string]error{}
	_, errs["Get"] = e.s.Get(ctx, tenancy.ProjectRef(orgA, "proj_1").Ref)
	_, errs["Get of nothing"] = e.s.Get(ctx)
	_, errs["List"] = e.s.List(ctx, store.NamesOf(orgA).Query)
	_, errs["Commit"] = e.s.Commit(ctx, b)
	_, errs["Changes"] = e.s.Changes(ctx, e.start, 1)
	_, errs["Changes from now"] = e.s.Changes(ctx, "", 1)
	_, errs["Trail"] = e.s.Trail(ctx, store.TrailQuery{Org: orgA})
	if w, ok := e.s.(store.Waiter); ok {
		errs["Wait"] = w.Wait(ctx, e.start)
	}
	if p, ok := e.s.(store.Pruner); ok {
		_, errs["PruneLog"] = p.PruneLog(ctx, orgA, noon)
	}
	hour := noon.Truncate(time.Hour)
	if e.u != nil {
		errs["Append"] = e.u.Append(ctx, trace(1))
		_, errs["Records"] = e.u.Records(ctx, store.RecordQuery{Org: orgA})
		_, errs["Totals"] = e.u.Totals(ctx, store.TotalQuery{Org: orgA, Cuts: []time.Time{hour, hour.Add(time.Hour)}})
	}
	if e.up != nil {
		_, errs["Verify"] = e.up.Verify(ctx, orgA, hour, hour.Add(time.Hour))
		errs["Rebuild"] = e.up.Rebuild(ctx, orgA, hour, hour.Add(time.Hour))
		_, errs["Prune"] = e.up.Prune(ctx, hour, 1)
		_, errs["Horizon"] = e.up.Horizon(ctx)
	}
	return errs
}

func (e *env) allRefused(what string, errs map[string]error, want error) {
	for call, err := range errs {
		e.refused(what+": "+call, err, want)
	}
}

func contextOver(e *env) {
	e.write(orgA)
	b := e.creation(orgA, project(orgA, "proj_1", "one"))
	cancelled, cancel := context.WithCancel(e.ctx)
	cancel()
	late, cancel := context.WithDeadline(e.ctx, time.Unix(1, 0))
	defer cancel()
	e.unchanged("calls with a context that is over", func() {
		e.allRefused("a cancelled context", e.calls(cancelled, b), context.Canceled)
		e.allRefused("a deadline in the past", e.calls(late, b), context.DeadlineExceeded)
	})
	if e.u != nil {
		e.same("records of usage", 0, len(e.records(store.RecordQuery{Org: orgA}, 0)))
	}
	if e.commit(b).Replayed {
		e.errorf("a cancelled commit left its operation id")
	}
}

func contextNone(e *env) {
	e.write(orgA)
	b := e.creation(orgA, project(orgA, "proj_1", "one"))
	var none context.Context
	e.unchanged("calls without a context", func() {
		e.allRefused("no context", e.calls(none, b), store.ErrInvalid)
	})
}

func closeThenUse(e *env) {
	e.write(orgA)
	e.must("Close", closeStore(e.s))
	e.allRefused("after Close", e.calls(e.ctx, e.creation(orgA, project(orgA, "proj_1", "one"))), store.ErrClosed)
	if err := closeStore(e.s); err != nil {
		e.refused("Close again", err, store.ErrClosed)
	}
}

func reopen(e *env) {
	e.create(full(orgA, "a")...)
	before := e.cursor()
	b := e.creation(orgB, full(orgB, "b")[:8]...)
	b.Entry = rich(b.Entry)
	first := e.commit(b)
	want := e.picture()
	e.reopen()
	e.same("after reopening", want, e.picture())
	got, _ := e.feed(before, 1)
	e.same("after a cursor from before", []store.Entry{first.Entry}, got)
	e.same("a repeat", store.Result{Entry: first.Entry, Replayed: true}, e.commit(b))
	e.write(orgA)
	e.same("entries", len(want.Entries)+1, len(e.picture().Entries))
}

func revisionsAfterReopen(e *env) {
	p := project(orgA, "proj_1", "one")
	seen := map[store.Rev]bool{}
	for range 3 {
		e.create(p)
		rev := e.at(p.Ref()).Rev
		if seen[rev] {
			e.errorf("revision %d is used twice", rev)
		}
		seen[rev] = true
		e.remove(p.Ref())
		e.reopen()
	}
}

func twoHandles(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	writes, reads := e.s, e.openIn(e.dir)
	for i := range 8 {
		e.s = writes
		before := e.cursor()
		p.Name = fmt.Sprint(i)
		b := store.Batch{Entry: e.entry(orgA), Put: []store.Record{{Rev: e.at(p.Ref()).Rev, Value: p}}}
		e.commit(b)
		e.s = reads
		e.holds("the other handle's record", p)
		got, _ := e.feed(before, 10)
		e.same("the other handle's entries", []store.OperationID{b.Entry.Op}, opsOf(got))
		b.Entry.Op += "again"
		e.conflicts("a revision from before", b)
		if i%3 == 2 { // after some writes that the reader only reads
			writes, reads = reads, writes
		}
	}
}

func twoHandlesAtOnce(e *env) {
	handles := []store.Store{e.s, e.openIn(e.dir)}
	won := e.count(8, 10, func(i int) store.Store { return handles[i%2] })
	for _, e.s = range handles {
		e.counted(won)
	}
}

func raceCases() []testCase {
	return []testCase{
		{
			name: "races/compare-and-swap",
			why:  "Of writers that read one revision exactly one writes: the counter ends at the number of commits that succeeded, each of them logged, and none that failed is.",
			run: func(e *env) {
				e.counted(e.count(8, 25, func(int) store.Store { return e.s }))
			},
		},
		{
			name: "races/create",
			why:  "Of many that create one record at the same moment exactly one succeeds: two projects never hold one name.",
			run:  createAtOnce,
		},
		{
			name: "races/global-id",
			why:  "Of two organizations that create one key id at the same moment exactly one succeeds.",
			run:  globalIDAtOnce,
		},
		{
			name: "races/check-against-write",
			why:  "A commit that checks a record and one that changes it do not both rest on the old state: each of two owners, removing the other at once, is refused or comes first.",
			run:  writeSkew,
		},
	}
}

// count has workers add 1 to a counter in a record until each did so a number of
// times, and returns how many commits succeeded. A try conflicts only where
// somebody else succeeded meanwhile, which bounds the tries.
func (e *env) count(workers, each int, handle func(i int) store.Store) int {
	e.create(project(orgA, "counter", ""))
	var won atomic.Int64
	e.together(workers, func(i int) {
		for done, tries := 0, 0; done < each; tries++ {
			if tries > workers*each {
				e.fatalf("commits conflict though nobody wrote meanwhile")
			}
			err := e.addOne(handle(i))
			if err == nil {
				done++
				won.Add(1)
			} else if !errors.Is(err, store.ErrConflict) {
				e.fatalf("Commit: %v", err)
			}
		}
	})
	return int(won.Load())
}

func (e *env) addOne(s store.Store) error {
	ref := tenancy.ProjectRef(orgA, "counter").Ref
	rs, err := s.Get(e.ctx, ref)
	e.must("Get", err)
	p := rs[0].Value.(tenancy.Project)
	p.Limits = tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: counter(p) + 1}}
	b := store.Batch{Entry: e.entry(orgA), Put: []store.Record{{Rev: rs[0].Rev, Value: p}}}
	b.Entry.Subject = ref
	_, err = s.Commit(e.ctx, b)
	return err
}

func counter(p tenancy.Project) int64 {
	if len(p.Limits) == 0 {
		return 0
	}
	return p.Limits[0].Max
}

// counted notes a failure unless the counter and its entries are those of n
// commits.
func (e *env) counted(n int) {
	ref := tenancy.ProjectRef(orgA, "counter").Ref
	p, _ := e.at(ref).Value.(tenancy.Project)
	e.same("the counter", int64(n), counter(p))
	e.same("entries of the trail", n, len(e.trail(store.TrailQuery{Org: orgA, Subject: ref}, 0)))
	entries, _ := e.feed(e.start, 100)
	e.same("entries of the feed", n+1, len(entries))
}

func createAtOnce(e *env) {
	for round := range 10 {
		var won atomic.Int64
		e.together(8, func(i int) {
			v := tenancy.NameClaim{Org: orgA, Folded: fmt.Sprint("name ", round), Project: tenancy.ProjectID(fmt.Sprint("proj_", i))}
			if _, err := e.s.Commit(e.ctx, e.creation(orgA, v)); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("commits that succeeded", int64(1), won.Load())
	}
}

func globalIDAtOnce(e *env) {
	for round := range 10 {
		var won atomic.Int64
		id := tenancy.KeyID(fmt.Sprint("key_", round))
		e.together(8, func(i int) {
			org := tenancy.OrgID(fmt.Sprint("org_", i))
			if _, err := e.s.Commit(e.ctx, e.creation(org, tenancy.Key{Org: org, ID: id})); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("commits that succeeded", int64(1), won.Load())
		e.same("keys of the id", 1, len(e.list(store.KeysByID(id).Query, 0)))
	}
}

func writeSkew(e *env) {
	for round := range 10 {
		var at [2]store.Check
		for i := range at {
			m := tenancy.Member{Org: orgA, User: tenancy.UserID(fmt.Sprint(round, "-", i))}
			e.create(m)
			at[i] = store.Check{Ref: m.Ref(), Rev: e.at(m.Ref()).Rev}
		}
		var won atomic.Int64
		e.together(2, func(i int) {
			b := store.Batch{Entry: e.entry(orgA), Check: at[i : i+1], Delete: []store.Check{at[1-i]}}
			if _, err := e.s.Commit(e.ctx, b); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("removals that succeeded", int64(1), won.Load())
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
			e.must("Wait", w.Wait(e.ctx, before))
		})
		e.must("Wait after the entry", w.Wait(e.ctx, before))
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

func pruneResync(e *env) {
	e.write(orgA)
	early := e.cursor()
	e.write(orgA)
	pruned := e.commit(store.Batch{Entry: e.entry(orgA)}).Entry
	late := e.cursor()
	kept := e.write(orgB)
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
