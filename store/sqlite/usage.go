package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

var (
	_ store.Usage  = (*Store)(nil)
	_ store.Upkeep = (*Store)(nil)
)

// The columns of the two tables of usage, and their number.
const (
	recordColumns = `id, at, org, project, key, user, requested, served, outcome, reason, status,` +
		` input, cached_input, output, reasoning, images, seconds, characters, requests,` +
		` latency, first_token, request_id, cost, count`
	recordWidth = 24

	idColumns  = `org, project, grain, start, item, outcome`
	sumColumns = `calls, input, cached_input, output, reasoning, images, seconds, characters, requests,` +
		` input_by, cached_input_by, output_by, reasoning_by, images_by, seconds_by, characters_by, requests_by,` +
		` cost, priced`
	bucketWidth = 6 + 19
)

// chunks are the numbers of rows that one statement writes, largest first: a statement
// of many rows costs a fraction of as many statements. More than 50 gain nothing
// and take longer to prepare.
var chunks = []int{50, 10, 1}

// bulk is a statement that writes many rows: one for each of chunks.
type bulk struct {
	width int // parameters a row
	stmts []*sql.Stmt
}

func (p *pool) bulk(ctx context.Context, width int, text func(rows int) string) (bulk, error) {
	b := bulk{width: width}
	for _, rows := range chunks {
		st, err := p.stmt(ctx, text(rows))
		if err != nil {
			return bulk{}, err
		}
		b.stmts = append(b.stmts, st)
	}
	return b, nil
}

// recordText is OR FAIL, since the transaction ends with the statement anyway and
// SQLite then need not be able to undo the statement alone.
func recordText(rows int) string {
	return `INSERT OR FAIL INTO usage_record (` + recordColumns + `) VALUES ` + tuples(rows, recordWidth)
}

// tiers are those of the roll-up.
var tiers = [...]usage.Tier{usage.TierQuarter, usage.TierDay}

// tierTable is the table of a tier.
func tierTable(tier usage.Tier) string {
	if tier == usage.TierDay {
		return "usage_day"
	}
	return "usage_quarter"
}

func quarterText(rows int) string { return bucketText(usage.TierQuarter, rows) }
func dayText(rows int) string     { return bucketText(usage.TierDay, rows) }

// bucketText adds to buckets of a tier. SQLite would turn a sum beyond int64 into a rounded
// REAL; the WHERE leaves such a row as it is, which the number of rows then tells.
func bucketText(tier usage.Tier, rows int) string {
	columns := strings.Split(sumColumns, ", ")
	set, fits := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		set[i] = fmt.Sprintf(`%s = %s + excluded.%s`, c, c, c)
		fits[i] = fmt.Sprintf(`%s <= %d - excluded.%s`, c, math.MaxInt64, c)
	}
	return `INSERT OR FAIL INTO ` + tierTable(tier) + ` (` + idColumns + `, ` + sumColumns + `) VALUES ` + tuples(rows, bucketWidth) +
		` ON CONFLICT DO UPDATE SET ` + list(set) + ` WHERE ` + strings.Join(fits, " AND ")
}

const (
	horizonText  = `SELECT horizon FROM meta`
	existingText = `SELECT ` + recordColumns + ` FROM usage_record WHERE id IN (SELECT value FROM json_each(?))`
)

// Append implements store.Usage.
func (s *Store) Append(ctx context.Context, records []usage.Record) error {
	if len(records) > store.MaxAppend {
		return fmt.Errorf("%w: at most %d records", store.ErrTooLarge, store.MaxAppend)
	}
	for i := range records {
		if err := records[i].Validate(); err != nil {
			return fmt.Errorf("%w: %w", store.ErrInvalid, err)
		}
	}
	fresh, err := once(records)
	if err != nil || len(fresh) == 0 {
		return err
	}
	// A record that was delivered before is rare, and looking for one costs as much
	// as writing it. So the first try takes all for new.
	err = s.add(ctx, fresh, false)
	if errors.Is(err, store.ErrConflict) {
		err = s.add(ctx, fresh, true)
	}
	return err
}

// once returns records with each id once.
func once(records []usage.Record) ([]usage.Record, error) {
	seen := make(map[usage.RecordID]int, len(records))
	fresh := make([]usage.Record, 0, len(records))
	for _, r := range records {
		at, twice := seen[r.ID]
		switch {
		case !twice:
			seen[r.ID] = len(fresh)
			fresh = append(fresh, r)
		case !fresh[at].Same(r):
			return nil, store.ErrReused
		}
	}
	return fresh, nil
}

// add writes records and their roll-up. Unless look, a record that is there is
// store.ErrConflict.
func (s *Store) add(ctx context.Context, records []usage.Record, look bool) error {
	return s.update(ctx, func(t *tx) (wrote bool, err error) {
		if err := t.afterHorizon(records); err != nil {
			return false, err
		}
		if look {
			if records, err = t.unknownOf(records); err != nil || len(records) == 0 {
				return false, err
			}
		}
		tally, err := usage.Tally(records)
		if err != nil {
			return false, err
		}
		if err := t.insertRecords(records); err != nil {
			return false, err
		}
		if err := addDays(tally); err != nil {
			return false, err
		}
		return true, t.addBuckets(tally)
	})
}

// addDays adds to a tally of quarters the days that they are in.
func addDays(tally map[usage.BucketID]usage.Sums) error {
	for _, id := range slices.Collect(maps.Keys(tally)) {
		day, err := tally[id.Day()].Plus(tally[id])
		if err != nil {
			return err
		}
		tally[id.Day()] = day
	}
	return nil
}

func (t *tx) afterHorizon(records []usage.Record) error {
	horizon, err := t.horizon()
	if err == nil && slices.ContainsFunc(records, func(r usage.Record) bool { return r.At.Before(horizon) }) {
		return store.ErrPastRetention
	}
	return err
}

func (t *tx) horizon() (time.Time, error) {
	var horizon time.Time
	err := t.query(horizonText, nil, func(rows *sql.Rows) error { return rows.Scan(asTime{&horizon}) })
	return horizon, err
}

// unknownOf returns the records whose ids are not there yet. One whose id is there
// with another content is store.ErrReused.
func (t *tx) unknownOf(records []usage.Record) ([]usage.Record, error) {
	ids := make([]usage.RecordID, len(records))
	for i, r := range records {
		ids[i] = r.ID
	}
	text, err := json.Marshal(ids)
	if err != nil {
		return nil, store.ErrInvalid
	}
	there := map[usage.RecordID]usage.Record{}
	var r usage.Record
	columns := recordRow(&r)
	err = t.query(existingText, []any{string(text)}, func(rows *sql.Rows) error {
		err := rows.Scan(columns...)
		there[r.ID] = r
		return err
	})
	var rest []usage.Record
	for _, r := range records {
		kept, known := there[r.ID]
		if known && !kept.Same(r) {
			return nil, store.ErrReused
		}
		if !known {
			rest = append(rest, r)
		}
	}
	return rest, err
}

func (t *tx) insertRecords(records []usage.Record) error {
	_, err := t.write(t.s.records, len(records), func(args []any, i int) []any {
		return appendRecord(args, &records[i])
	})
	return err
}

// addBuckets adds a tally to the tiers of the roll-up, in the order of the buckets.
func (t *tx) addBuckets(tally map[usage.BucketID]usage.Sums) error {
	of := map[usage.Tier][]usage.BucketID{}
	for id := range tally {
		of[id.Tier] = append(of[id.Tier], id)
	}
	for tier, b := range map[usage.Tier]bulk{usage.TierQuarter: t.s.quarters, usage.TierDay: t.s.days} {
		ids := of[tier]
		slices.SortFunc(ids, usage.BucketID.Compare)
		n, err := t.write(b, len(ids), func(args []any, i int) []any {
			return appendBucket(args, ids[i], tally[ids[i]])
		})
		if err == nil && n != int64(len(ids)) {
			err = usage.ErrOverflow
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write writes rows in as few statements as chunks allow and says how many it
// wrote. add appends the parameters of row i.
func (t *tx) write(b bulk, rows int, add func(args []any, i int) []any) (int64, error) {
	args := make([]any, 0, b.width*min(rows, chunks[0]))
	var written int64
	next := 0
	for i, size := range chunks {
		for ; rows-next >= size; next += size {
			args = args[:0]
			for j := range size {
				args = add(args, next+j)
			}
			res, err := t.sql.StmtContext(t.ctx, b.stmts[i]).ExecContext(t.ctx, args...)
			if err != nil {
				return 0, err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return 0, err
			}
			written += n
		}
	}
	return written, nil
}
