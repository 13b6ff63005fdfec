package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Get implements store.Store. It is one statement a kind.
func (s *Store) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	if len(refs) > store.MaxRefs {
		return nil, fmt.Errorf("%w: at most %d refs", store.ErrTooLarge, store.MaxRefs)
	}
	places := map[tenancy.Kind][]int{}
	for i, r := range refs {
		if err := store.ValidateRef(r); err != nil {
			return nil, err
		}
		places[r.Kind] = append(places[r.Kind], i)
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	out := make([]store.Record, len(refs))
	for kind, at := range places {
		if err := s.getKind(ctx, tables[kind], refs, at, out); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// getKind fills the places at of out with the records that refs names there, all
// of one kind.
func (s *Store) getKind(ctx context.Context, t table, refs []tenancy.Ref, at []int, out []store.Record) error {
	wanted := make([][]string, len(at))
	for i, place := range at {
		wanted[i] = parts(refs[place])
	}
	keys, err := json.Marshal(wanted)
	if err != nil {
		return store.ErrInvalid
	}
	var place int
	var rev int64
	r := t.row()
	columns := append([]any{&place, &rev}, r.columns...)
	return s.query(ctx, t.getText(), []any{string(keys)}, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		out[at[place]] = store.Record{Rev: store.Rev(rev), Value: r.value()}
		return nil
	})
}

// parts is the identity of a well-formed ref as its kind's key columns have it.
func parts(r tenancy.Ref) []string { return present(string(r.Org), r.ID, string(r.User)) }

func present(all ...string) []string {
	out := make([]string, 0, len(all))
	for _, part := range all {
		if part != "" {
			out = append(out, part)
		}
	}
	return out
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	if err := q.Validate(); err != nil {
		return store.Page{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Page{}, err
	}
	defer s.leave()
	kind, l := listingOf(q)
	position, err := s.position(q, l)
	if err != nil {
		return store.Page{}, err
	}
	scope := present(string(q.Org), string(q.Project), string(q.User), q.ID)
	args := append(append(values(scope), position...), q.PageSize()+1)
	var p store.Page
	var rev int64
	t := tables[kind]
	r := t.row()
	columns := append([]any{&rev}, r.columns...)
	err = s.query(ctx, t.listText(l), args, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		p.Records = append(p.Records, store.Record{Rev: store.Rev(rev), Value: r.value()})
		return nil
	})
	if err != nil {
		return store.Page{}, err
	}
	if n := q.PageSize(); len(p.Records) > n {
		p.Records = p.Records[:n]
		_, order, _ := q.Listing.Place(p.Records[n-1].Value)
		p.Next = s.epoch.Seal(q.Reading(), order)
	}
	return p, nil
}

// position is where q goes on, a value for each column of l.order: those of the
// last record that was listed, or less than those of any record.
func (s *Store) position(q store.Query, l listing) ([]any, error) {
	order, err := s.epoch.Open(q.Reading(), q.After)
	if err != nil {
		return nil, err
	}
	switch byTime := len(l.order) > 0 && l.order[0] == "place"; {
	case q.After == "" && byTime:
		return []any{math.MinInt64, ""}, nil
	case q.After == "":
		return values(make([]string, len(l.order))), nil
	case byTime:
		micros, err := strconv.ParseInt(order[:20], 10, 64)
		return []any{micros, order[20:]}, err
	}
	// All and Within give the whole identity; the scope's part of it is left out.
	given := present(strings.Split(order, "\x00")...)
	return values(given[len(given)-len(l.order):]), nil
}

func values(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}
