package tenet

import (
	"context"
	"errors"
	"sync"
	"time"

	"example.com/tenet/tenancy"
)

// renewer digests secrets again that were presented under an older pepper, so that
// this can be withdrawn: off the request path, one key and one commit at a time, by
// compare-and-swap, so that whatever else changes the key meanwhile stands.
type renewer struct {
	t     *Tenet
	stale chan stale
	asked sync.Map // *keySlot of each key that waits, or is being digested again
	stop  context.CancelFunc
	done  chan struct{}
}

// stale is a key and the secret of it that is to be digested again. That is a secret
// in memory, so there are few, each key's once, and none is kept over an outage.
type stale struct {
	slot   *keySlot
	key    tenancy.RefTo[tenancy.Key]
	secret credential
}

// Bounds of a renewer.
const (
	maxStale   = 256              // keys that wait; one more comes again at its next use
	renewal    = 10 * time.Second // of one commit
	renewPause = time.Second      // after one that failed
)

// startRenewer starts one; none, which is nil, where there is one pepper.
func startRenewer(t *Tenet) *renewer {
	if t.options.Peppers.Len() < 2 {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &renewer{t: t, stale: make(chan stale, maxStale), stop: stop, done: make(chan struct{})}
	go r.run(ctx)
	return r
}

func (r *renewer) close() {
	if r != nil {
		r.stop()
		<-r.done
	}
}

// offer asks for a secret of a key to be digested again. It never waits: where that was
// asked for already, or too many wait, nothing happens.
func (r *renewer) offer(slot *keySlot, org tenancy.OrgID, secret credential) {
	if r == nil || len(r.stale) == cap(r.stale) {
		return
	}
	if _, asked := r.asked.LoadOrStore(slot, true); asked {
		return
	}
	select {
	case r.stale <- stale{slot, tenancy.KeyRef(org, slot.name()), secret.clone()}:
	default:
		r.asked.Delete(slot)
	}
}

func (r *renewer) run(ctx context.Context) {
	defer close(r.done)
	defer r.drop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case s := <-r.stale:
			err := within(ctx, renewal, func(ctx context.Context) error { return r.t.renew(ctx, s) })
			r.asked.Delete(s.slot)
			if ctx.Err() == nil && err != nil && !errors.Is(err, ErrClosed) && !failing {
				r.t.options.Logger.Error("tenet: a key could not be digested under the newest pepper", "error", err)
			}
			if failing = err != nil; failing {
				r.drop()
				r.pause(ctx)
			}
		}
	}
}

// drop forgets what waits; it comes again at its next use.
func (r *renewer) drop() {
	for {
		select {
		case s := <-r.stale:
			r.asked.Delete(s.slot)
		default:
			return
		}
	}
}

func (r *renewer) pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(renewPause):
	}
}

// renew commits a key with a secret of it digested under the newest pepper, in nobody's
// name. A key that is revoked or expired is left alone, and so is one whose secret does
// not verify any more.
func (t *Tenet) renew(ctx context.Context, s stale) error {
	r := t.As("").ask(s.key.Org, "key.redigest", tenancy.KindKey, s.key.ID, nil)
	_, _, err := t.change(ctx, r, func(w *work) error {
		k := read(w, s.key).Value
		if k.ID == "" || !k.Revoked.IsZero() || k.Expired(w.now) {
			return nil
		}
		next, stale := s.secret.renew(t.options.Peppers, k, w.now)
		if !stale {
			return nil
		}
		w.save(next)
		return w.subject(next.Ref(), next.Project)
	})
	return err
}
