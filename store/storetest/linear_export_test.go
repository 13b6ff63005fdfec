package storetest

import (
	"context"
	"time"

	"example.com/tenet/store"
)

// Histories is how many each case of histories records in a run.
const Histories = histories

// JudgeWithin records one history and judges it within a time.
func JudgeWithin(ctx context.Context, h Harness, within time.Duration) error {
	c := testCase{run: func(e *env) {
		mix{turns: []turn{readOne, update}}.record(e, []store.Store{e.s}, 1).judge(within)
	}}
	_, err := c.check(ctx, h)
	return err
}
