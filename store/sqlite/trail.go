package sqlite

import (
	"context"
	"math"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Trail implements store.Store.
func (s *Store) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	if err := q.Validate(); err != nil {
		return store.Trail{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.Trail{}, err
	}
	defer s.leave()
	before, err := s.number(q.Reading(), q.After)
	if err != nil {
		return store.Trail{}, err
	}
	f := trailFilter(q)
	f.when(q.After != "", "seq < ?", before)
	var es entries
	text := `SELECT seq, ` + entryColumns + ` FROM log WHERE ` + f.text() + ` ORDER BY seq DESC LIMIT ?`
	if err := s.query(ctx, text, append(f.args, q.PageSize()+1), es.scan()); err != nil {
		return store.Trail{}, err
	}
	t := store.Trail{Entries: es.all}
	if n := q.PageSize(); len(es.all) > n {
		t.Entries, t.Next = es.all[:n], s.numbered(q.Reading(), es.seq[n-1])
	}
	return t, nil
}

func trailFilter(q store.TrailQuery) *filter {
	f := &filter{}
	f.when(true, "org = ?", string(q.Org))
	f.when(q.Op != "", "op = ?", string(q.Op))
	f.when(q.Project != "", "project = ?", string(q.Project))
	f.when(q.Actor != "", "actor = ?", string(q.Actor))
	f.when(q.Action != "", "action = ?", string(q.Action))
	f.when(q.Subject != (tenancy.Ref{}),
		"subject_id = ? AND subject_user = ? AND subject_kind = ? AND subject_org = ?",
		q.Subject.ID, string(q.Subject.User), kindText(q.Subject.Kind), string(q.Subject.Org))
	f.span(q.From, q.To)
	return f
}

// filter is a WHERE clause out of constant conditions, and its parameters.
type filter struct {
	conditions []string
	args       []any
}

func (f *filter) when(asked bool, condition string, args ...any) {
	if asked {
		f.conditions, f.args = append(f.conditions, condition), append(f.args, args...)
	}
}

func (f *filter) text() string { return strings.Join(f.conditions, " AND ") }

// span adds from <= at < to, either end open where it is zero.
func (f *filter) span(from, to time.Time) {
	f.when(!from.IsZero(), "at >= ?", ceiling(from))
	f.when(!to.IsZero(), "at < ?", ceiling(to))
}

// ceiling is the first whole microsecond that is not before t: every time in the
// database is whole, so that comparing with it is comparing with t.
func ceiling(t time.Time) int64 {
	switch year := t.Year(); {
	case year > 9999:
		return math.MaxInt64
	case year < 1:
		return math.MinInt64
	}
	return t.Add(time.Microsecond - time.Nanosecond).UnixMicro()
}
