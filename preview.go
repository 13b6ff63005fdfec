package tenet

import (
	"context"
	"errors"

	"example.com/tenet/store"
)

// rehearsal is a change that is made up and not made: what its rule would commit.
type rehearsal struct{ batches []store.Batch }

// errRehearsed ends a verb once its rule has said what it would commit, so that
// no verb gives anything out of a change that was not made.
var errRehearsed = errors.New("tenet: rehearsed, and not done: return what the verb returned")

// rehearse runs a rule as a change does, up to the commit.
func (t *Tenet) rehearse(ctx context.Context, r request, rule func(w *work) error) error {
	for {
		w := t.newWork(ctx, r)
		err := rule(w)
		if w.err != nil {
			return w.err
		}
		held, unconfirmed := w.holds()
		switch {
		case unconfirmed != nil:
			return unconfirmed
		case !held && ctx.Err() == nil:
			continue
		case !held:
			return ctx.Err()
		case err != nil:
			return err
		}
		r.opts.rehearsal.batches = append(r.opts.rehearsal.batches, w.batch(r.entry(w.now)))
		return errRehearsed
	}
}
