package storetest_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf16"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// repeatsRow begins a page with the last record of the page before, where something
// was created since.
type repeatsRow struct {
	backend
	mu   sync.Mutex
	grew bool
	last map[string]store.Record // by the position after it
}

func (s *repeatsRow) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range b.Put {
		s.grew = s.grew || r.Rev == 0
	}
	return s.Store.Commit(ctx, b)
}

func (s *repeatsRow) List(ctx context.Context, q store.Query) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, ok := s.last[q.After]
	again := ok && s.grew && q.PageSize() > 1
	s.grew = false
	if again {
		q.Limit = q.PageSize() - 1
	}
	p, err := s.Store.List(ctx, q)
	if n := len(p.Records); n > 0 && p.Next != "" {
		s.last[p.Next] = p.Records[n-1]
	}
	if again {
		p.Records = append([]store.Record{last}, p.Records...)
	}
	return p, err
}

// losesRow begins a page one record late, where something was deleted since.
type losesRow struct {
	backend
	mu     sync.Mutex
	shrank bool
}

func (s *losesRow) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shrank = s.shrank || len(b.Delete) > 0
	return s.Store.Commit(ctx, b)
}

func (s *losesRow) List(ctx context.Context, q store.Query) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.Store.List(ctx, q)
	if q.After != "" && s.shrank && len(p.Records) > 1 {
		p.Records = p.Records[1:]
	}
	s.shrank = false
	return p, err
}

// oneMorePage has a position after the last page, with nothing behind it.
type oneMorePage struct{ backend }

func (s oneMorePage) List(ctx context.Context, q store.Query) (store.Page, error) {
	if q.After == "end" {
		return store.Page{}, nil
	}
	p, err := s.Store.List(ctx, q)
	if p.Next == "" && len(p.Records) > 0 {
		p.Next = "end"
	}
	return p, err
}

// foldsPositions goes on after everything that its collation takes for the last
// record shown.
type foldsPositions struct {
	backend
	mu   sync.Mutex
	last map[string]string // places by the position after them
}

func (s *foldsPositions) List(ctx context.Context, q store.Query) (store.Page, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.Store.List(ctx, q)
	place := func(r store.Record) string {
		_, order, _ := q.Listing.Place(r.Value)
		return order
	}
	if n := len(p.Records); p.Next != "" {
		s.last[p.Next] = place(p.Records[n-1])
	}
	last, ok := s.last[q.After]
	p.Records = slices.DeleteFunc(p.Records, func(r store.Record) bool { return ok && strings.EqualFold(place(r), last) })
	return p, err
}

// utf16Order sorts as engines do that keep texts in UTF-16.
type utf16Order struct{ backend }

func (s utf16Order) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	place := func(r store.Record) []uint16 {
		_, order, _ := q.Listing.Place(r.Value)
		return utf16.Encode([]rune(order))
	}
	slices.SortFunc(p.Records, func(a, b store.Record) int { return slices.Compare(place(a), place(b)) })
	return p, err
}

// holdsPages has a goroutine for each listing with a next page, for whoever goes on.
type holdsPages struct{ backend }

func (s holdsPages) List(ctx context.Context, q store.Query) (store.Page, error) {
	p, err := s.Store.List(ctx, q)
	if p.Next != "" {
		go func() { <-ctx.Done() }()
	}
	return p, err
}

// injected lists everything where an argument says so.
type injected struct{ backend }

func (s injected) List(ctx context.Context, q store.Query) (store.Page, error) {
	if q.Validate() == nil && q.Listing == store.KeysOfProject && strings.Contains(string(q.Project), "OR 1=1") {
		q = store.AllOf[tenancy.Key]().Query
	}
	return s.Store.List(ctx, q)
}

// matchesLike finds by pattern what it does not find by id.
type matchesLike struct{ backend }

func (s matchesLike) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i := range rs {
		if rs[i].Rev != 0 || refs[i].Kind == tenancy.KindModel || !strings.ContainsAny(refs[i].ID, "%_") {
			continue
		}
		like := strings.NewReplacer("%", ".*", "_", ".").Replace(regexp.QuoteMeta(refs[i].ID))
		p, _ := s.List(ctx, store.Query{Listing: store.Within, Kind: refs[i].Kind, Org: refs[i].Org})
		for _, r := range p.Records {
			if regexp.MustCompile("^(?s:" + like + ")$").MatchString(r.Value.Ref().ID) {
				rs[i] = r
			}
		}
	}
	return rs, err
}

type dropsUnknown struct{ backend }

func (s dropsUnknown) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	rs, err := s.Store.Get(ctx, refs...)
	for i, r := range rs {
		if m, ok := r.Value.(tenancy.ProjectMember); ok && m.Role.Rank() == 0 {
			m.Role = ""
			rs[i].Value = m
		}
	}
	return rs, err
}
