package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// storedText reads the buckets of a tier that begin in a span of an organization, and
// dropText deletes them.
func storedText(tier usage.Tier) string {
	return projectsOf(tier) + `SELECT ` + idColumns + `, ` + sumColumns + ` FROM ` + tierTable(tier) + inSpan
}

func dropText(tier usage.Tier) string {
	return projectsOf(tier) + `DELETE FROM ` + tierTable(tier) + inSpan
}

// costText gives records, by their places in the table, another cost.
func costText(rows int) string {
	return `WITH priced (place, cost) AS (VALUES ` + tuples(rows, 2) + `)
		UPDATE usage_record SET cost = priced.cost FROM priced WHERE usage_record.rowid = priced.place`
}

const (
	costWidth = 2

	ofSpan    = ` FROM usage_record WHERE org = ?1 AND at >= ?2 AND at < ?3`
	priceText = `SELECT rowid, ` + recordColumns + ofSpan
	tallyText = `SELECT ` + tallyColumns + ofSpan
	inSpan    = ` WHERE org = ?1 AND project IN p AND start >= ?2 AND start < ?3 AND grain IN ('model', 'key', 'user')`

	moveText  = `UPDATE meta SET horizon = ?1 WHERE horizon IS NULL OR horizon < ?1`
	orgsText  = `SELECT min(org) FROM usage_record WHERE org > ?`
	pruneText = `DELETE FROM usage_record WHERE rowid IN (SELECT rowid FROM usage_record WHERE org = ? AND at < ? LIMIT ?)`
)

// stretch is the part of the roll-up that upkeep looks at: the buckets of an
// organization that begin in a span.
type stretch struct {
	org      tenancy.OrgID
	from, to time.Time
}

// has says whether a bucket begins in the span.
func (sp stretch) has(id usage.BucketID) bool {
	return !id.Start.Before(sp.from) && id.Start.Before(sp.to)
}

// end is where the last bucket ends that begins in the span. It is beyond the span
// where that is a day.
func (sp stretch) end() time.Time {
	if last := usage.DayOf(sp.to.Add(-1)); !last.Before(sp.from) {
		return last.Add(usage.Day)
	}
	return sp.to
}

func (sp stretch) args() []any {
	return []any{string(sp.org), sp.from.UnixMicro(), sp.to.UnixMicro()}
}

// Verify implements store.Upkeep. Differences are in the order of their buckets. It
// reads one snapshot and holds up nobody.
func (s *Store) Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]store.Difference, error) {
	if err := store.ValidateSpan(from, to); err != nil {
		return nil, err
	}
	var all []store.Difference
	err := s.snapshot(ctx, func(t *tx) (err error) {
		all, err = t.differences(stretch{org, from, to})
		return err
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// Rebuild implements store.Upkeep. Nobody else writes meanwhile, and a span that has
// the beginning of a day in it reads the whole day, so a long span is better rebuilt
// in parts.
func (s *Store) Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error {
	if err := store.ValidateSpan(from, to); err != nil {
		return err
	}
	return s.update(ctx, func(t *tx) (bool, error) { return true, t.rebuild(stretch{org, from, to}) })
}

func (t *tx) rebuild(sp stretch) error {
	buckets, err := t.tally(sp)
	if err != nil {
		return err
	}
	return t.replace(sp, buckets)
}

// replace puts buckets in the place of those of a span.
func (t *tx) replace(sp stretch, buckets map[usage.BucketID]usage.Sums) error {
	for _, tier := range tiers {
		if _, err := t.exec(dropText(tier), sp.args()...); err != nil {
			return err
		}
	}
	return t.addBuckets(buckets)
}

// Reprice implements store.Upkeep. It reads the span once, and writes the records whose
// cost changes and the buckets. Meanwhile nobody else writes, so a long span is better
// priced day by day.
func (s *Store) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	if err := store.ValidateDays(from, to); err != nil {
		return 0, err
	}
	p := pricing{summing: summing{stretch: stretch{org, from, to}}, cost: cost}
	err := s.update(ctx, func(t *tx) (bool, error) { return true, t.reprice(&p) })
	switch {
	case p.refused != nil:
		return 0, p.refused
	case err != nil:
		return 0, err
	}
	return len(p.changed), nil
}

// pricing is a span that is priced anew.
type pricing struct {
	summing
	cost    func(usage.Record) (usage.Money, error)
	refused error // what cost said
	changed []priced
}

// priced is a record by its place in the table, and its cost.
type priced struct {
	place int64
	cost  usage.Money
}

func (t *tx) reprice(p *pricing) error {
	var at int64
	var r usage.Record
	err := t.records(priceText, append([]any{&at}, recordRow(&r)...), p.from, p.args(), func() error { return p.add(at, r) })
	if err != nil {
		return err
	}
	_, err = t.write(t.s.costs, len(p.changed), func(args []any, i int) []any {
		c := p.changed[i]
		return appendKnown(append(args, c.place), c.cost.Micro, c.cost.Known)
	})
	if err != nil {
		return err
	}
	buckets, err := p.buckets()
	if err != nil {
		return err
	}
	return t.replace(p.stretch, buckets)
}

func (p *pricing) add(at int64, r usage.Record) error {
	var money usage.Money
	if money, p.refused = p.cost(r); p.refused != nil {
		return store.ErrInvalid // to end with
	}
	next, other, err := r.Reprice(money)
	if err != nil {
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	if other {
		p.changed = append(p.changed, priced{at, money})
	}
	return p.summing.add(next)
}

// records reads the records of a span that begins at from, one at a time, into columns.
func (t *tx) records(text string, columns []any, from time.Time, args []any, each func() error) error {
	horizon, err := t.horizon()
	if err != nil {
		return err
	}
	if from.Before(horizon) {
		return store.ErrPastRetention
	}
	return t.query(text, args, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		return each()
	})
}

// tally adds up the records of the buckets of a span, by bucket, holding one at a time.
func (t *tx) tally(sp stretch) (map[usage.BucketID]usage.Sums, error) {
	sum := summing{stretch: sp}
	r := usage.Record{Org: sp.org}
	args := stretch{sp.org, sp.from, sp.end()}.args()
	if err := t.records(tallyText, tallyRow(&r), sp.from, args, func() error { return sum.add(r) }); err != nil {
		return nil, err
	}
	return sum.buckets()
}

// summing adds records up by the quarters that they are in.
type summing struct {
	stretch
	quarters map[usage.BucketID]*usage.Sums
}

func (a *summing) add(r usage.Record) error {
	more, err := r.Sums()
	if a.quarters == nil {
		a.quarters = map[usage.BucketID]*usage.Sums{}
	}
	for _, id := range r.Buckets() {
		sum := a.quarters[id]
		if sum == nil {
			sum = new(usage.Sums)
			a.quarters[id] = sum
		}
		if err == nil {
			*sum, err = sum.Plus(more)
		}
	}
	return err
}

// buckets are those of each tier that begin in the span.
func (a *summing) buckets() (map[usage.BucketID]usage.Sums, error) {
	all := make(map[usage.BucketID]usage.Sums, 2*len(a.quarters))
	for quarter, more := range a.quarters {
		for _, id := range [...]usage.BucketID{quarter, quarter.Day()} {
			if !a.has(id) {
				continue
			}
			sum, err := all[id].Plus(*more)
			if err != nil {
				return nil, err
			}
			all[id] = sum
		}
	}
	return all, nil
}

// differences compares the buckets of a span with the tally of their records.
func (t *tx) differences(sp stretch) ([]store.Difference, error) {
	tally, err := t.tally(sp)
	if err != nil {
		return nil, err
	}
	var all []store.Difference
	for _, tier := range tiers {
		b := usage.Bucket{BucketID: usage.BucketID{Tier: tier}}
		var start int64
		columns := bucketRow(&b.BucketID, &start, &b.Sums)
		err := t.query(storedText(tier), sp.args(), func(rows *sql.Rows) error {
			err := rows.Scan(columns...)
			b.Start = instant(start)
			if sums := tally[b.BucketID]; b.Sums != sums {
				all = append(all, store.Difference{Bucket: b.BucketID, Stored: b.Sums, Records: sums})
			}
			delete(tally, b.BucketID)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	for id, sums := range tally {
		all = append(all, store.Difference{Bucket: id, Records: sums})
	}
	slices.SortFunc(all, func(a, b store.Difference) int { return a.Bucket.Compare(b.Bucket) })
	return all, nil
}

// Prune implements store.Upkeep. A limit below 1 is store.ErrInvalid.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	if before != usage.QuarterOf(before) || limit < 1 {
		return 0, fmt.Errorf("%w: a multiple of a quarter-hour of UTC and a limit from 1", store.ErrInvalid)
	}
	var n int64
	err := s.update(ctx, func(t *tx) (bool, error) {
		if !before.IsZero() {
			if _, err := t.exec(moveText, before.UnixMicro()); err != nil {
				return false, err
			}
		}
		horizon, err := t.horizon()
		if err == nil {
			n, err = t.forget(horizon, int64(limit))
		}
		return true, err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// forget deletes at most limit records before a time, one organization after
// another: the index that has their times begins with the organization.
func (t *tx) forget(before time.Time, limit int64) (int64, error) {
	var done int64
	for org := (sql.NullString{Valid: true}); done < limit; {
		err := t.query(orgsText, []any{org.String}, func(rows *sql.Rows) error { return rows.Scan(&org) })
		if err != nil || !org.Valid {
			return done, err
		}
		n, err := t.exec(pruneText, org.String, before.UnixMicro(), limit-done)
		if err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// Horizon implements store.Upkeep.
func (s *Store) Horizon(ctx context.Context) (time.Time, error) {
	if err := s.enter(ctx); err != nil {
		return time.Time{}, err
	}
	defer s.leave()
	var horizon time.Time
	err := s.query(ctx, horizonText, nil, func(rows *sql.Rows) error { return rows.Scan(asTime{&horizon}) })
	return horizon, err
}
