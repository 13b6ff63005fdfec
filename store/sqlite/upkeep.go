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

const (
	spanText   = `SELECT ` + recordColumns + ` FROM usage_record WHERE org = ?1 AND at >= ?2 AND at < ?3`
	inSpan     = ` WHERE org = ?1 AND project IN p AND start >= ?2 AND start < ?3 AND grain IN ('model', 'key', 'user')`
	storedText = projectsOf + `SELECT ` + idColumns + `, ` + sumColumns + ` FROM usage_quarter` + inSpan
	dropText   = projectsOf + `DELETE FROM usage_quarter` + inSpan

	moveText  = `UPDATE meta SET horizon = ?1 WHERE horizon IS NULL OR horizon < ?1`
	orgsText  = `SELECT min(org) FROM usage_record WHERE org > ?`
	pruneText = `DELETE FROM usage_record WHERE rowid IN (SELECT rowid FROM usage_record WHERE org = ? AND at < ? LIMIT ?)`
)

// Verify implements store.Upkeep. Differences are in the order of their buckets. It
// reads one snapshot and holds up nobody.
func (s *Store) Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]store.Difference, error) {
	if err := store.ValidateSpan(from, to); err != nil {
		return nil, err
	}
	var all []store.Difference
	args := []any{string(org), from.UnixMicro(), to.UnixMicro()}
	err := s.snapshot(ctx, func(t *tx) error {
		tally, err := t.tally(from, args)
		if err != nil {
			return err
		}
		all, err = t.differences(args, tally)
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
	args := []any{string(org), from.UnixMicro(), to.UnixMicro()}
	return s.update(ctx, func(t *tx) (bool, error) {
		tally, err := t.tally(from, args)
		if err != nil {
			return false, err
		}
		if _, err := t.exec(dropText, args...); err != nil {
			return false, err
		}
		return true, t.addBuckets(tally)
	})
}

// tally adds up the records of a span that begins at from, holding one at a time.
// args are the organization and the span.
func (t *tx) tally(from time.Time, args []any) (map[usage.BucketID]usage.Sums, error) {
	horizon, err := t.horizon()
	if err != nil {
		return nil, err
	}
	if from.Before(horizon) {
		return nil, store.ErrPastRetention
	}
	tally := map[usage.BucketID]usage.Sums{}
	var r usage.Record
	columns := recordRow(&r)
	err = t.query(spanText, args, func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		more, err := r.Sums()
		for _, id := range r.Buckets() {
			if err == nil {
				tally[id], err = tally[id].Plus(more)
			}
		}
		return err
	})
	return tally, err
}

// differences compares the buckets of a span with the tally of their records,
// which it uses up.
func (t *tx) differences(args []any, tally map[usage.BucketID]usage.Sums) ([]store.Difference, error) {
	var all []store.Difference
	var b usage.Bucket
	var start int64
	columns := bucketRow(&b.BucketID, &start, &b.Sums)
	err := t.query(storedText, args, func(rows *sql.Rows) error {
		err := rows.Scan(columns...)
		b.Start = instant(start)
		if sums := tally[b.BucketID]; b.Sums != sums {
			all = append(all, store.Difference{Bucket: b.BucketID, Stored: b.Sums, Records: sums})
		}
		delete(tally, b.BucketID)
		return err
	})
	for id, sums := range tally {
		all = append(all, store.Difference{Bucket: id, Records: sums})
	}
	slices.SortFunc(all, func(a, b store.Difference) int { return a.Bucket.Compare(b.Bucket) })
	return all, err
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
