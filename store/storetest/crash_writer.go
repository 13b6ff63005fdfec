package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// crashVar is the environment variable that makes a test binary the process that
// writes. It holds the seed, the round and the folder.
const crashVar = "TENET_STORETEST_CRASH"

const crashWorkers = 4

// crashWriter writes to a store until its process is killed.
type crashWriter struct {
	*env
	teller
	seed  uint64
	round int
	tries atomic.Int64
}

// writesUntilKilled reports whether this process is one that was started to write,
// in which case it did.
func writesUntilKilled(ctx context.Context, h Harness) bool {
	text := os.Getenv(crashVar)
	if text == "" {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	go func() { // the pipe ends with the process that holds the other end
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	w := &crashWriter{env: &env{h: h, ctx: ctx}, teller: teller{to: os.Stdout}}
	w.guard(func() {
		_, err := fmt.Sscanf(text, "%d %d %q", &w.seed, &w.round, &w.dir)
		w.must(crashVar, err)
		w.run()
	})
	w.confess()
	return true
}

// run opens the store and writes. What is committed here comes after the cursor that
// is told first.
func (w *crashWriter) run() {
	w.s = w.openIn(w.dir)
	w.u, w.up = w.usageOf(w.s)
	w.start = w.cursor()
	w.say(crashLine{Cursor: w.start})
	w.together(crashWorkers+1, func(i int) {
		defer w.confess()
		if i == crashWorkers {
			w.follow(w.start)
			return
		}
		w.write(i)
	})
}

// confess tells what went wrong. It is told at once, since the process has not long.
func (w *crashWriter) confess() {
	w.mu.Lock()
	errs := w.errs
	w.mu.Unlock()
	if err := errors.Join(errs...); err != nil && w.ctx.Err() == nil {
		_ = w.tell(crashLine{Wrong: err.Error()})
	}
}

func (w *crashWriter) say(l crashLine) { w.must("telling", w.tell(l)) }

// write commits and appends, one after the other.
func (w *crashWriter) write(worker int) {
	rng := rand.New(rand.NewPCG(w.seed, uint64(w.round*crashWorkers+worker)))
	var known usage.Record // that was acknowledged before
	for step := 0; w.ctx.Err() == nil; step++ {
		id := fmt.Sprintf("%d-%d-%d", w.round, worker, step)
		if w.u == nil || rng.IntN(4) != 0 {
			w.commits(w.move(store.OperationID(id), rng))
			continue
		}
		calls := crashCalls(id, rng)
		if w.appends(calls, known) {
			known = calls[0]
		}
	}
}

// commits tells of b, commits it and tells the answer.
func (w *crashWriter) commits(b store.Batch) {
	form, err := formOfBatch(b)
	w.must("Marshal", err)
	n := w.tries.Add(1)
	w.say(crashLine{N: n, Batch: form})
	r, err := w.s.Commit(w.ctx, b)
	for errors.Is(err, store.ErrUnknownOutcome) {
		r, err = w.s.Commit(w.ctx, b)
	}
	w.answered("Commit", n, r.Rev, err)
}

// appends does the same with new calls, in company of one that may be there already.
func (w *crashWriter) appends(calls []usage.Record, known usage.Record) bool {
	n := w.tries.Add(1)
	w.say(crashLine{N: n, Calls: calls})
	if known.ID != "" {
		calls = append(slices.Clip(calls), known)
	}
	err := w.u.Append(w.ctx, calls)
	w.answered("Append", n, 0, err)
	return err == nil
}

func (w *crashWriter) answered(call string, n int64, rev store.Rev, err error) {
	switch {
	case err == nil:
		w.say(crashLine{N: n, Said: saidDone, Rev: rev})
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrUnavailable):
		w.say(crashLine{N: n, Said: saidRefused})
	default:
		w.must(call, err)
	}
}

// crashCalls are 1 to 6 calls under new ids.
func crashCalls(id string, rng *rand.Rand) []usage.Record {
	rs := make([]usage.Record, 1+rng.IntN(6))
	for i := range rs {
		rs[i] = call(rng.IntN(100))
		rs[i].ID = usage.RecordID(fmt.Sprintf("rec_%s-%d", id, i))
	}
	return rs
}

// follow reads the feed under the writers and tells how far it came.
func (w *crashWriter) follow(after store.Cursor) {
	for {
		f, err := w.s.Changes(w.ctx, after, 7)
		w.must("Changes", err)
		after = f.Next
		w.say(crashLine{Cursor: after, Ops: opsOf(f.Entries)})
		if !f.More {
			w.must("Wait", store.Wait(w.ctx, w.s, after, 5*time.Millisecond))
		}
	}
}
