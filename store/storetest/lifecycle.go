package storetest

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func lifecycleCases() []testCase {
	return []testCase{
		{
			name:  "lifecycle/context-over",
			rules: "S2 C11",
			why:   "A context that is over before the commit has begun refuses it and leaves nothing, the operation id included; the context's error stays visible, so that a caller's timeout is not taken for an outage.",
			run:   contextOver,
		},
		{
			name:  "lifecycle/context-none",
			rules: "S1",
			why:   "A nil context is ErrInvalid and no panic: bad input never takes the gateway down.",
			run:   contextNone,
		},
		{
			name:  "lifecycle/close",
			rules: "S3",
			why:   "After Close every method is ErrClosed, and closing again does no harm: shutdown runs beside requests.",
			needs: needCloser,
			run:   closeThenUse,
		},
		{
			name:  "durability/reopen",
			rules: "C12",
			why:   "What was acknowledged is there after reopening: records with their revisions, the log, cursors given before, and operation ids.",
			needs: needDurable,
			run:   reopen,
		},
		{
			name:  "durability/revisions",
			rules: "R5",
			why:   "A revision is not used again after a restart either, also where the record that had the newest one was deleted last.",
			needs: needDurable,
			run:   revisionsAfterReopen,
		},
		{
			name:  "durability/two-handles",
			rules: "S5",
			why:   "Two handles on one store see each other's commits at once and conflict with each other: two gateways share a database.",
			needs: needDurable,
			run:   twoHandles,
		},
		{
			name:  "concurrency/two-handles",
			rules: "S5 C7",
			why:   "Compare-and-swap holds between two handles at the same moment: each success is one step, and no follower of either skips an entry.",
			needs: needDurable,
			run:   twoHandlesAtOnce,
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
	if c, ok := e.s.(store.Backuper); ok {
		errs["Backup"] = c.Backup(ctx, filepath.Join(e.newDir(), "backup"))
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
		_, errs["Reprice"] = e.up.Reprice(ctx, orgA, usage.DayOf(hour), usage.DayOf(hour).Add(usage.Day), free)
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
	for ctx, want := range map[context.Context]error{cancelled: context.Canceled, late: context.DeadlineExceeded} {
		_, err := e.s.Commit(ctx, b)
		e.refused("a repeat with a context that is over", err, want)
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
	for range 2 {
		e.must("Close again", closeStore(e.s))
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
