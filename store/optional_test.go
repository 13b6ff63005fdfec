package store_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// bare is a store without any optional interface.
type bare struct{ store.Store }

func TestWaitAsks(t *testing.T) {
	const every = 100 * time.Millisecond
	for _, tt := range []struct {
		name   string
		store  func(s *memory.Store) store.Store
		within time.Duration // of the commit
	}{
		{"a store that waits itself", func(s *memory.Store) store.Store { return s }, 0},
		{"a store that is asked", func(s *memory.Store) store.Store { return bare{s} }, every},
	} {
		for _, from := range []string{"now", "the empty cursor"} {
			t.Run(tt.name+" from "+from, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					m := memory.New()
					defer m.Close()
					s := tt.store(m)
					var after store.Cursor
					if f, err := s.Changes(t.Context(), "", 1); err == nil && from == "now" {
						after = f.Next
					}
					var committed time.Time
					go func() {
						time.Sleep(time.Second + time.Millisecond)
						committed = time.Now()
						put(t, m, tenancy.Model{ID: "gpt"})
					}()
					if err := store.Wait(t.Context(), s, after, every); err != nil {
						t.Error(err)
					}
					if late := time.Since(committed); committed.IsZero() || late > tt.within {
						t.Errorf("Wait returned %v after the commit", late)
					}
					if from == "now" {
						if err := store.Wait(t.Context(), s, after, every); err != nil {
							t.Errorf("Wait after the entry: %v", err)
						}
					}
				})
			})
		}
	}
}

func TestWaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := memory.New()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := store.Wait(ctx, bare{m}, "", time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Wait until the deadline: %v", err)
		}
		if err := store.Wait(t.Context(), bare{m}, "made up", time.Millisecond); !errors.Is(err, store.ErrResync) {
			t.Errorf("Wait after a cursor that is none: %v", err)
		}
		m.Close()
		if err := store.Wait(t.Context(), bare{m}, "", time.Millisecond); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Wait of a closed store: %v", err)
		}
	})
}
