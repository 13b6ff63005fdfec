package memory

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

var (
	_ store.Store  = (*Store)(nil)
	_ store.Waiter = (*Store)(nil)
	_ store.Pruner = (*Store)(nil)
	_ store.Usage  = (*Store)(nil)
	_ store.Upkeep = (*Store)(nil)
)

// Store keeps everything in memory. [New] makes one; the zero Store is closed.
type Store struct {
	mu      sync.Mutex
	open    bool
	key     store.CursorKey
	seq     uint64 // of the last commit; also the revision of what it wrote
	records map[tenancy.Ref]*store.Record
	scopes  map[store.Query]*scope
	log     log
	usage   ledger
}

// New returns an empty Store. Two of them share nothing, and a cursor of one is
// foreign to the other.
func New() *Store {
	return &Store{
		open:    true,
		key:     store.CursorKey(rand.Text()),
		records: map[tenancy.Ref]*store.Record{},
		scopes:  map[store.Query]*scope{},
		log:     newLog(),
		usage:   newLedger(),
	}
}

// Close forgets everything. From then on each method returns store.ErrClosed, and
// so does a Wait that is under way. Closing twice is no error.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return nil
	}
	s.open = false
	close(s.log.grown)
	s.records, s.scopes, s.log, s.usage = nil, nil, log{}, ledger{}
	return nil
}

// enter takes the lock where the store is open and ctx is not over; what follows
// is then no longer cancelled. The caller unlocks where it returns nil.
func (s *Store) enter(ctx context.Context) error {
	if ctx == nil {
		return fmt.Errorf("%w: no context", store.ErrInvalid)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if !s.open {
		s.mu.Unlock()
		return store.ErrClosed
	}
	return nil
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	if len(refs) > store.MaxRefs {
		return nil, fmt.Errorf("%w: at most %d refs", store.ErrTooLarge, store.MaxRefs)
	}
	for _, r := range refs {
		if err := store.ValidateRef(r); err != nil {
			return nil, err
		}
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	found := make([]store.Record, len(refs))
	for i, r := range refs {
		if kept := s.records[r]; kept != nil {
			found[i] = *kept
		}
	}
	return found, nil
}
