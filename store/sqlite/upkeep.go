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
	return projectsOf + `SELECT ` + idColumns + `, ` + sumColumns + ` FROM ` + tierTable(tier) + inSpan
}

func dropText(tier usage.Tier) string { return projectsOf + `DELETE FROM ` + tierTable(tier) + inSpan }

const (
	spanText    = `SELECT ` + recordColumns + ` FROM usage_record WHERE org = ?1 AND at >= ?2 AND at < ?3`
	inSpan      = ` WHERE org = ?1 AND project IN p AND start >= ?2 AND start < ?3 AND grain IN ('model', 'key', 'user')`
	repriceText = `UPDATE usage_record SET cost = ?2 WHERE id = ?1`

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

// Rebuild implements store.Upkeep.
func (s *Store) Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error {
	if err := store.ValidateSpan(from, to); err != nil {
		return err
	}
	return s.update(ctx, func(t *tx) (bool, error) { return true, t.rebuild(stretch{org, from, to}) })
}

func (t *tx) rebuild(sp stretch) error {
	tally, err := t.tally(sp)
	if err != nil {
		return err
	}
	for _, tier := range tiers {
		if _, err := t.exec(dropText(tier), sp.args()...); err != nil {
			return err
		}
	}
	return t.addBuckets(tally)
}

// Reprice implements store.Upkeep.
func (s *Store) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	if err := store.ValidateDays(from, to); err != nil {
		return 0, err
	}
	sp, n := stretch{org, from, to}, 0
	var refused error // what cost said
	err := s.update(ctx, func(t *tx) (bool, error) {
		changed, err := t.repriced(sp, func(r usage.Record) (m usage.Money, err error) {
			if m, refused = cost(r); refused != nil {
				err = store.ErrInvalid // to end with
			}
			return m, err
		})
		if err != nil {
			return false, err
		}
		for id, money := range changed {
			if _, err := t.exec(repriceText, append([]any{string(id)}, appendKnown(nil, money.Micro, money.Known)...)...); err != nil {
				return false, err
			}
		}
		n = len(changed)
		return true, t.rebuild(sp)
	})
	switch {
	case refused != nil:
		return 0, refused
	case err != nil:
		return 0, err
	}
	return n, nil
}

// repriced are the records of a span that get another cost, with it.
func (t *tx) repriced(sp stretch, cost func(usage.Record) (usage.Money, error)) (map[usage.RecordID]usage.Money, error) {
	changed := map[usage.RecordID]usage.Money{}
	err := t.records(sp.org, sp.from, sp.to, func(r usage.Record) error {
		money, err := cost(r)
		if err != nil {
			return err
		}
		next, other, err := r.Reprice(money)
		if err != nil {
			return fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
		if other {
			changed[r.ID] = next.Cost
		}
		return nil
	})
	return changed, err
}

// records hands over the records of a span, one at a time.
func (t *tx) records(org tenancy.OrgID, from, to time.Time, each func(usage.Record) error) error {
	horizon, err := t.horizon()
	if err != nil {
		return err
	}
	if from.Before(horizon) {
		return store.ErrPastRetention
	}
	var r usage.Record
	columns := recordRow(&r)
	return t.query(spanText, []any{string(org), from.UnixMicro(), to.UnixMicro()}, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		return each(r)
	})
}

// tally adds up the records of the buckets of a span, by bucket, holding one at a time.
func (t *tx) tally(sp stretch) (map[usage.BucketID]usage.Sums, error) {
	tally := map[usage.BucketID]usage.Sums{}
	err := t.records(sp.org, sp.from, sp.end(), func(r usage.Record) error {
		more, err := r.Sums()
		for _, id := range r.Buckets() {
			for _, id := range [...]usage.BucketID{id, id.Day()} {
				if err == nil && sp.has(id) {
					tally[id], err = tally[id].Plus(more)
				}
			}
		}
		return err
	})
	return tally, err
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
