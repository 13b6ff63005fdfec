package storetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// CrashVar is set in the process that writes, and there only.
const CrashVar = crashVar

// CrashError is Crash that returns what it found. Where Crash itself would write, it
// does, and returns when its process was not killed.
func CrashError(t *testing.T, h Harness, rounds int) error {
	if writesUntilKilled(t.Context(), h) {
		return nil
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	c := &crash{h: h, name: t.Name(), root: t.TempDir(), seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
	err := c.run(t.Context(), rounds)
	t.Log(c.tally)
	return err
}

// FormBatch and ParseBatch are how a batch is told.
func FormBatch(b store.Batch) ([]byte, error) {
	f, err := formOfBatch(b)
	if err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// ParseBatch is the inverse of FormBatch.
func ParseBatch(form []byte) (store.Batch, error) {
	var f batchForm
	if err := json.Unmarshal(form, &f); err != nil {
		return store.Batch{}, err
	}
	return f.batch()
}

// CrashRules are the rules that each check of a kill quotes.
func CrashRules() map[string]string {
	all := map[string]string{}
	for _, c := range crashChecks() {
		all[c.name] = c.rules
	}
	return all
}

// ToldBatches are n batches as the writing process makes them in a store that it
// alone writes to, and the same after they were told; so with calls.
func ToldBatches(ctx context.Context, s store.Store, n int) (made, told []store.Batch, calls, toldCalls []usage.Record, err error) {
	var pipe bytes.Buffer
	to := teller{to: &pipe}
	e := &env{ctx: ctx, s: s}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		b := e.move(store.OperationID(rune('a'+i)), rng)
		form, err := formOfBatch(b)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if _, err := s.Commit(ctx, b); err != nil && !errors.Is(err, store.ErrConflict) { // a key's id is taken
			return nil, nil, nil, nil, err
		}
		some := crashCalls(string(b.Entry.Op), rng)
		made, calls = append(made, b), append(calls, some...)
		if err := to.tell(crashLine{N: int64(i), Batch: form, Calls: some}); err != nil {
			return nil, nil, nil, nil, err
		}
		pipe.WriteString("something else that a test prints")
	}
	pipe.WriteString("\n" + crashPrefix + `{"n":1,"ba`)
	err = readLines(&pipe, func(l crashLine) {
		b, broken := l.Batch.batch()
		if broken == nil {
			told, toldCalls = append(told, b), slices.Concat(toldCalls, l.Calls)
		}
	})
	return made, told, calls, toldCalls, err
}
