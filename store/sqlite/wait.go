package sqlite

import (
	"context"
	"time"

	"example.com/tenet/store"
)

// pollEvery is how often Wait asks the database, for the sake of commits by others
// than this Store. Asking costs some microseconds.
const pollEvery = 10 * time.Millisecond

// Wait implements store.Waiter. A commit of this Store ends it at once, one of
// another process, or of another Store on the same database, within 10 ms. The
// empty cursor waits for the next entry; one that Changes would refuse is
// store.ErrResync. Close ends it within 10 ms too. Between two looks it holds no
// connection.
func (s *Store) Wait(ctx context.Context, after store.Cursor) error {
	grown := s.growth()
	from, head, err := s.look(ctx, after)
	if err != nil || head > from {
		return err
	}
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-grown:
			return nil
		case <-poll.C:
		}
		if _, head, err := s.look(ctx, after); err != nil || head > from {
			return err
		}
	}
}

// look is follow as a call of its own, so that Close does not wait for Wait.
func (s *Store) look(ctx context.Context, after store.Cursor) (seq, head int64, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, 0, err
	}
	defer s.leave()
	return s.follow(ctx, after)
}

// growth is closed by the next commit of this Store.
func (s *Store) growth() chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.grown
}

func (s *Store) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.grown)
	s.grown = make(chan struct{})
}
