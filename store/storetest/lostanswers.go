package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// lostAnswerCases are of callers who do not know whether their commit happened.
func lostAnswerCases() []testCase {
	return []testCase{
		{
			name:  "outcome/context-ends",
			rules: "S2 C10 C11",
			why:   "A commit whose context ends on the way happened where it says so, did not where it gives the context's error, and where the outcome is unknown has one effect once it is repeated: callers act on the answer.",
			run:   commitsWhileEnding,
		},
		{
			name:  "outcome/other-handle",
			rules: "C2 C3 C10",
			why:   "A batch that is committed again from another handle, by many at once, or after a restart has one effect in all: who lost the answer may have lost the process with it.",
			needs: needDurable,
			run:   repeatsElsewhere,
		},
		{
			name:  "outcome/at-once-for-two",
			rules: "C2 C3",
			why:   "Of two requests under one operation id, sent fifty times each at the same moment, one takes effect once and every one of the other is ErrReused.",
			run:   twoRequestsAtOnce,
		},
	}
}

func commitsWhileEnding(e *env) {
	var ops, before int
	gone := project(orgA, "proj_gone", "")
	e.create(gone)
	before = len(e.trail(store.TrailQuery{Org: orgA}, 0))
	for end := range e.endings() {
		b := e.creation(orgA, project(orgA, fmt.Sprint("proj_", ops), ""), tenancy.NameClaim{Org: orgA, Folded: fmt.Sprint(ops)})
		gone.Name = fmt.Sprint(ops)
		b.Put = append(b.Put, store.Record{Rev: e.at(gone.Ref()).Rev, Value: gone})
		ops++
		var err error
		e.soon("Commit whose context "+end.how, func() { _, err = e.s.Commit(end, b) })
		e.settled(end, b, err)
		e.same("operations with an effect", before+ops, len(e.trail(store.TrailQuery{Org: orgA}, 0)))
	}
}

// settled notes a failure unless b, whose commit answered err, has happened as that
// says, and has one effect when it is committed again.
func (e *env) settled(end ending, b store.Batch, err error) {
	there := e.at(b.Put[0].Value.Ref()).Rev != 0
	switch {
	case err == nil:
		e.same("a commit that succeeded: its record is there", true, there)
	case errors.Is(err, store.ErrUnknownOutcome):
	default:
		e.endedBy("Commit", end, err)
		e.same("a commit that was refused: its record is there", false, there)
	}
	r := e.commit(b)
	if !errors.Is(err, store.ErrUnknownOutcome) && r.Replayed != there {
		e.errorf("Commit whose context %s: got error %v, and the repeat says replayed %t", end.how, err, r.Replayed)
	}
	for _, p := range b.Put {
		e.holds("a record, the batch repeated", p.Value)
	}
	e.same("the entry", b.Entry.Op, e.trail(store.TrailQuery{Org: orgA, Limit: 1}, 0)[0].Op)
}

func repeatsElsewhere(e *env) {
	for round := range 4 {
		handles := []store.Store{e.s, e.openIn(e.dir)}
		b := e.creation(orgA, project(orgA, fmt.Sprint("proj_", round), ""))
		b.Entry = rich(b.Entry)
		first := e.commit(b)
		var fresh atomic.Int64
		e.together(16, func(i int) {
			r, err := handles[i%2].Commit(e.ctx, b)
			e.must("Commit again", err)
			if !r.Replayed {
				fresh.Add(1)
			}
			e.same("the entry of a repeat", first.Entry, r.Entry)
		})
		e.same("repeats that took effect", int64(0), fresh.Load())
		e.must("Close", closeStore(handles[1]))
		e.repeatsAs(first, b)
		e.reopen()
		e.repeatsAs(first, b)
	}
	e.same("entries", 4, len(e.trail(store.TrailQuery{Org: orgA}, 0)))
}

// repeatsAs notes a failure unless b is answered with first, and another use of its
// operation id refused.
func (e *env) repeatsAs(first store.Result, b store.Batch) {
	e.unchanged("a repeat", func() {
		e.same("a repeat", store.Result{Entry: first.Entry, Replayed: true}, e.commit(b))
	})
	b.Entry.Request[0]++
	e.rejects("another use of the operation id", b, store.ErrReused)
}

func twoRequestsAtOnce(e *env) {
	for round := range 3 {
		var fresh [2]atomic.Int64
		var replayed, refused [2]atomic.Int64
		op := store.OperationID(fmt.Sprint("same ", round))
		e.together(100, func(i int) {
			b := e.creation(orgA, project(orgA, fmt.Sprintf("proj_%d_%d", round, i), ""))
			b.Entry.Op, b.Entry.Request[0] = op, byte(i%2)
			switch r, err := e.s.Commit(e.ctx, b); {
			case errors.Is(err, store.ErrReused):
				refused[i%2].Add(1)
			case err != nil:
				e.errorf("Commit: %v", err)
			case r.Replayed:
				replayed[i%2].Add(1)
			default:
				fresh[i%2].Add(1)
			}
		})
		won := 0
		if fresh[1].Load() > 0 {
			won = 1
		}
		e.same("commits that took effect", int64(1), fresh[won].Load())
		e.same("their repeats", int64(49), replayed[won].Load())
		e.same("commits of the other request that were refused", int64(50), refused[1-won].Load())
	}
	e.same("records", 3, len(e.list(store.WithinOf[tenancy.Project](orgA).Query, 0)))
	e.same("entries", 3, len(e.trail(store.TrailQuery{Org: orgA}, 0)))
}
