package memory

import (
	"context"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if err := b.Validate(); err != nil {
		return store.Result{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Result{}, err
	}
	defer s.mu.Unlock()
	if first, ok := s.log.byOp[opOf(b.Entry)]; ok {
		if !b.Repeats(first.Entry) {
			return store.Result{}, store.ErrReused
		}
		return store.Result{Entry: first.clone(), Replayed: true}, nil
	}
	if !s.holds(b) {
		return store.Result{}, store.ErrConflict
	}
	s.seq++
	for _, d := range b.Delete {
		s.reindex(s.records[d.Ref], nil)
		delete(s.records, d.Ref)
	}
	for _, r := range b.Put {
		s.put(r.Value)
	}
	e := b.Entry
	e.Refs = b.Refs()
	e = s.log.add(s.seq, e)
	return store.Result{Rev: store.Rev(s.seq), Entry: e}, nil
}

// holds says whether every revision of b is that of the record, and whether the
// ids of what it creates are free.
func (s *Store) holds(b store.Batch) bool {
	for _, c := range b.Check {
		if s.rev(c.Ref) != c.Rev {
			return false
		}
	}
	for _, d := range b.Delete {
		if s.rev(d.Ref) != d.Rev {
			return false
		}
	}
	for _, r := range b.Put {
		if s.rev(r.Value.Ref()) != r.Rev || r.Rev == 0 && s.taken(r.Value) {
			return false
		}
	}
	return true
}

func (s *Store) rev(r tenancy.Ref) store.Rev {
	if kept := s.records[r]; kept != nil {
		return kept.Rev
	}
	return 0
}

// taken says whether v is a key or invite whose id exists in any organization.
func (s *Store) taken(v tenancy.Entity) bool {
	for _, l := range []store.Listing{store.KeyByID, store.InviteByID} {
		if q, _, ok := l.Place(v); ok && s.scopes[q] != nil {
			return true
		}
	}
	return false
}

// put writes v at the revision of this commit.
func (s *Store) put(v tenancy.Entity) {
	ref := v.Ref()
	kept := &store.Record{Rev: store.Rev(s.seq), Value: v}
	s.reindex(s.records[ref], kept)
	s.records[ref] = kept
}
