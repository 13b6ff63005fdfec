package memory

import (
	"context"
	"maps"
	"slices"

	"example.com/tenet/store"
)

// scope is what one query lists: records by their place, and the places in order
// once somebody has asked for them.
type scope struct {
	at     map[string]*store.Record
	sorted []string // nil where at has changed since
}

// reindex moves a record from where old stood to where kept stands; either may be
// nil. A place that is kept keeps its scope sorted.
func (s *Store) reindex(old, kept *store.Record) {
	for _, l := range store.Listings() {
		from, was, listed := locate(l, old)
		to, is, lists := locate(l, kept)
		if listed && (!lists || from != to || was != is) {
			s.displace(from, was)
		}
		if lists {
			s.place(to, is, kept)
		}
	}
}

func locate(l store.Listing, r *store.Record) (q store.Query, order string, ok bool) {
	if r == nil {
		return q, "", false
	}
	return l.Place(r.Value)
}

func (s *Store) place(q store.Query, order string, r *store.Record) {
	sc := s.scopes[q]
	if sc == nil {
		sc = &scope{at: map[string]*store.Record{}}
		s.scopes[q] = sc
	}
	if sc.at[order] == nil {
		sc.sorted = nil
	}
	sc.at[order] = r
}

func (s *Store) displace(q store.Query, order string) {
	sc := s.scopes[q]
	sc.sorted = nil
	if delete(sc.at, order); len(sc.at) == 0 {
		delete(s.scopes, q)
	}
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := q.Validate(); err != nil {
		return store.Page{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Page{}, err
	}
	defer s.mu.Unlock()
	after, err := s.key.Open(q.Reading(), q.After)
	sc := s.scopes[q.Scope()]
	if err != nil || sc == nil {
		return store.Page{}, err
	}
	if sc.sorted == nil {
		sc.sorted = slices.Sorted(maps.Keys(sc.at))
	}
	rest := sc.sorted
	if q.After != "" {
		i, found := slices.BinarySearch(rest, after)
		if found {
			i++
		}
		rest = rest[i:]
	}
	return s.page(q.Reading(), sc, rest, q.PageSize()), nil
}

func (s *Store) page(reading string, sc *scope, places []string, size int) store.Page {
	var p store.Page
	if len(places) > size {
		places = places[:size]
		p.Next = s.key.Seal(reading, places[size-1])
	}
	for _, order := range places {
		p.Records = append(p.Records, *sc.at[order])
	}
	return p
}
