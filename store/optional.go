package store

import (
	"context"
	"time"

	"example.com/tenet/tenancy"
)

// Waiter is a [Store] that can wait for an entry. Without it, [Wait] asks.
type Waiter interface {
	// Wait returns nil once there may be an entry after the cursor; after the empty
	// cursor it waits for the next one.
	//
	//   - W1: It must return at once where there is an entry after the cursor, and
	//     within a second of the next commit by anybody where there is none. It may
	//     return sooner for no reason.
	//   - W3: It must block while nobody commits: a Wait that mostly returns at once
	//     makes every follower ask without a pause.
	//   - W2: It must return the context's error soon after that ends, ErrClosed soon
	//     after Close, and ErrResync for a cursor that Changes would refuse.
	Wait(ctx context.Context, after Cursor) error
}

// Pruner is a [Store] that can forget entries of one organization, the empty one
// being the catalogue's. Without it the log keeps them all, and all else holds.
type Pruner interface {
	// PruneLog forgets entries before a time. Callers keep those of the last 24
	// hours, since operation ids are promised for as long. An organization that is
	// none has no entries.
	//
	//   - P1: It must forget the organization's entries whose At is before the time,
	//     their operation ids too, and nothing else, and say how many.
	//   - P2: Cursors before the newest of them must be ErrResync from then on, and
	//     later ones go on.
	PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (n int, err error)
}

// Backuper is a [Store] that can copy itself while it is in use. Without it,
// [Export] writes what [Import] reads.
type Backuper interface {
	// Backup writes a copy of the store, usage included, to a new file at path. How
	// it is opened is the backend's to say.
	//
	//   - B1: The copy must be of one moment between call and return: every commit
	//     that was acknowledged before is in it, records and log agree, and revisions
	//     and operation ids are what they were.
	//   - B2: Readers and writers must go on meanwhile.
	//   - B3: An empty path, one with a NUL, and one that exists must be ErrInvalid.
	//     Where Backup fails, nothing must be left at path.
	//   - B4: A cursor of the original must be ErrResync in the copy, at once and
	//     however far its log has grown: from the moment of the copy on the two logs
	//     differ, and a follower that took one for the other would miss a revocation.
	Backup(ctx context.Context, path string) error
}

// Wait returns nil once there may be an entry after the cursor: by s itself where
// it is a [Waiter], else by asking every so often. The cursor is one that Changes
// gave. Its errors are those of Changes; every has to be positive.
func Wait(ctx context.Context, s Store, after Cursor, every time.Duration) error {
	if ctx == nil || s == nil || every <= 0 {
		return ErrInvalid
	}
	if w, ok := s.(Waiter); ok {
		return w.Wait(ctx, after)
	}
	ask := time.NewTicker(every)
	defer ask.Stop()
	for {
		f, err := s.Changes(ctx, after, 1)
		if err != nil || len(f.Entries) > 0 || f.More {
			return err
		}
		if after == "" {
			after = f.Next
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ask.C:
		}
	}
}
