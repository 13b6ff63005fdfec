package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// Records implements store.Usage.
func (s *Store) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	if err := q.Validate(); err != nil {
		return store.RecordPage{}, err
	}
	if err := s.enter(ctx); err != nil {
		return store.RecordPage{}, err
	}
	defer s.leave()
	f, err := s.following(q)
	if err != nil {
		return store.RecordPage{}, err
	}
	var p store.RecordPage
	var r usage.Record
	columns := recordRow(&r)
	text := `SELECT ` + recordColumns + ` FROM usage_record WHERE ` + f.text() + ` ORDER BY at DESC, id DESC LIMIT ?`
	err = s.query(ctx, text, append(f.args, q.PageSize()+1), func(rows *sql.Rows) error {
		err := rows.Scan(columns...)
		p.Records = append(p.Records, r)
		return err
	})
	if err != nil {
		return store.RecordPage{}, err
	}
	if n := q.PageSize(); len(p.Records) > n {
		p.Records = p.Records[:n]
		last := p.Records[n-1]
		p.Next = s.epoch.Seal(q.Reading(), strconv.FormatInt(last.At.UnixMicro(), 10)+" "+string(last.ID))
	}
	return p, nil
}

func recordFilter(q store.RecordQuery) *filter {
	f := &filter{}
	f.when(true, "org = ?", string(q.Org))
	f.when(q.Project != "", "project = ?", string(q.Project))
	f.when(q.Key != "", "key = ?", string(q.Key))
	f.when(q.User != "", "user = ?", string(q.User))
	f.when(q.Model != "", "served = ?", string(q.Model))
	f.when(q.Outcome != "", "outcome = ?", string(q.Outcome))
	f.when(q.Status != 0, "status = ?", q.Status)
	f.span(q.From, q.To)
	return f
}

// following is the filter of what q selects after its position. Of several upper bounds of
// a time SQLite seeks by one, so that a page in the middle of a span would be looked for
// from the end of the span: the span is made to end where the page before did.
func (s *Store) following(q store.RecordQuery) (*filter, error) {
	position, err := s.epoch.Open(q.Reading(), q.After)
	if err != nil || position == "" {
		return recordFilter(q), err
	}
	micros, id, _ := strings.Cut(position, " ")
	at, err := strconv.ParseInt(micros, 10, 64)
	if !q.To.IsZero() && at < ceiling(q.To) {
		q.To = time.UnixMicro(at + 1)
	}
	f := recordFilter(q)
	f.when(true, "(at, id) < (?, ?)", at, id)
	return f, err
}

// projectsOf is a list of the projects of organization ?1 in a tier, found by skipping
// from one to the next in the key of the roll-up. There the buckets of a project, grain
// and span lie together, so a span is read project by project.
func projectsOf(tier usage.Tier) string {
	table := tierTable(tier)
	return fmt.Sprintf(`
	WITH RECURSIVE p (project) AS (
		SELECT min(project) FROM %s WHERE org = ?1 UNION ALL
		SELECT (SELECT min(project) FROM %s q WHERE q.org = ?1 AND q.project > p.project)
		FROM p WHERE p.project IS NOT NULL
	) `, table, table)
}

// totalsText reads the buckets of a grain, in one statement and so of one state: the
// days of the spans ?3 and the quarters of the spans ?4, JSON arrays of pairs. Their
// items are those of the dimension ?5, as [store.TotalQuery.Item] has them.
func totalsText() string {
	return projectsOf(usage.TierQuarter) + tierText(usage.TierDay, 3, `CROSS JOIN p`, `p.project`) + ` UNION ALL ` +
		tierText(usage.TierQuarter, 4, `CROSS JOIN p`, `p.project`)
}

// projectTotalsText is totalsText of the project ?6.
func projectTotalsText() string {
	return tierText(usage.TierDay, 3, ``, `?6`) + ` UNION ALL ` + tierText(usage.TierQuarter, 4, ``, `?6`)
}

func tierText(tier usage.Tier, spans int, join, project string) string {
	return fmt.Sprintf(`SELECT u.start, CASE ?5 WHEN 'project' THEN u.project WHEN 'outcome' THEN u.outcome WHEN '' THEN '' ELSE u.item END, %s
		FROM json_each(?%d) s %s CROSS JOIN %s u
		ON u.org = ?1 AND u.project = %s AND u.grain = ?2 AND u.start >= s.value ->> 0 AND u.start < s.value ->> 1`,
		packedSums, spans, join, tierTable(tier), project)
}

// Totals implements store.Usage.
func (s *Store) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	days, quarters := tiersOf(q.Cuts)
	text, args := totalsText(), []any{string(q.Org), string(q.Grain()), days.json(), quarters.json(), string(q.By)}
	if q.Project != "" {
		text, args = projectTotalsText(), append(args, string(q.Project))
	}
	sums := map[period]*usage.Sums{}
	var start int64
	var item string
	var more usage.Sums
	columns := append([]any{&start, &item}, packedRow(&more)...)
	err := s.query(ctx, text, args, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		at := period{periodOf(q.Cuts, instant(start)), item}
		if sums[at] == nil {
			sums[at] = new(usage.Sums)
		}
		sum, err := sums[at].Plus(more)
		*sums[at] = sum
		return err
	})
	if err != nil {
		return nil, err
	}
	return totals(q.Cuts, sums), nil
}

// spans are stretches of time that do not touch, ascending.
type spans [][2]int64 // microseconds

// add adds a stretch after those that are there.
func (s *spans) add(from, to time.Time) {
	a, b := from.UnixMicro(), to.UnixMicro()
	switch n := len(*s); {
	case a >= b:
	case n > 0 && (*s)[n-1][1] == a:
		(*s)[n-1][1] = b
	default:
		*s = append(*s, [2]int64{a, b})
	}
}

func (s spans) json() string {
	text := []byte{'['}
	for i, span := range s {
		if i > 0 {
			text = append(text, ',')
		}
		text = fmt.Appendf(text, "[%d,%d]", span[0], span[1])
	}
	return string(append(text, ']'))
}

// tiersOf says which part of each period is read from days, those that it has whole,
// and which from quarters.
func tiersOf(cuts []time.Time) (days, quarters spans) {
	for i, to := range cuts[1:] {
		from := cuts[i]
		first, last := usage.DayOf(from.Add(usage.Day-1)), usage.DayOf(to)
		if !first.Before(last) {
			quarters.add(from, to)
			continue
		}
		quarters.add(from, first)
		days.add(first, last)
		quarters.add(last, to)
	}
	return days, quarters
}

// period is one row of a report.
type period struct {
	n    int // it begins at cut n
	item string
}

// periodOf is the number of the period that t, which is in one, is in.
func periodOf(cuts []time.Time, t time.Time) int {
	n, begins := slices.BinarySearchFunc(cuts, t, time.Time.Compare)
	if !begins {
		n--
	}
	return n
}

func totals(cuts []time.Time, sums map[period]*usage.Sums) []store.Total {
	all := make([]store.Total, 0, len(sums))
	for at, sum := range sums {
		all = append(all, store.Total{Start: cuts[at.n], End: cuts[at.n+1], Item: at.item, Sums: *sum})
	}
	slices.SortFunc(all, func(a, b store.Total) int {
		return cmp.Or(a.Start.Compare(b.Start), strings.Compare(a.Item, b.Item))
	})
	return all
}
