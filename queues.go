package tenet

import (
	"context"
	"sync"

	"example.com/tenet/tenancy"
)

// queues lets those who lost a commit to another take turns, one organization at
// a time, instead of defeating each other again.
type queues struct {
	mu    sync.Mutex
	lines map[tenancy.OrgID]*line
}

type line struct {
	turn    chan struct{} // holds one token, the turn
	waiting int           // who has it and who waits for it; guarded by queues.mu
}

// lock waits for the organization's turn, or for the context to end.
func (q *queues) lock(ctx context.Context, org tenancy.OrgID) (unlock func(), err error) {
	q.mu.Lock()
	if q.lines == nil {
		q.lines = map[tenancy.OrgID]*line{}
	}
	l := q.lines[org]
	if l == nil {
		l = &line{turn: make(chan struct{}, 1)}
		q.lines[org] = l
	}
	l.waiting++
	q.mu.Unlock()

	leave := func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if l.waiting--; l.waiting == 0 {
			delete(q.lines, org)
		}
	}
	select {
	case l.turn <- struct{}{}:
		return func() { <-l.turn; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
