package main

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// rawColumns are those of a record.
const (
	rawColumns = `id, at, org, project, key, user, requested, served, outcome, reason, status, input, cached_input, output, reasoning,
		images, seconds, characters, requests, latency, first_token, request_id, cost, count`
	rawWidth = 24
	rawRows  = 50 // of one INSERT; more gain nothing
)

// raw is the engine alone: the table of records as sqlitefile makes it, and no roll-up.
type raw struct {
	db   *sql.DB
	many *sql.Stmt
}

// newRaw copies the definition of the table, and of its indexes unless bare, from a
// file of Tenet's.
func newRaw(ctx context.Context, path string, like *sql.DB, bare bool) (*raw, error) {
	db, err := database(path, 1)
	if err != nil {
		return nil, err
	}
	err = copySchema(ctx, db, like, "table")
	if err == nil && !bare {
		err = copySchema(ctx, db, like, "index")
	}
	if err != nil {
		db.Close()
		return nil, err
	}
	row := "(" + strings.Repeat("?,", rawWidth-1) + "?)"
	many, err := db.PrepareContext(ctx, `INSERT INTO usage_record (`+rawColumns+`) VALUES `+strings.Repeat(row+",", rawRows-1)+row)
	return &raw{db, many}, err
}

func copySchema(ctx context.Context, to, from *sql.DB, kind string) error {
	rows, err := from.QueryContext(ctx, `SELECT sql FROM sqlite_schema WHERE tbl_name = 'usage_record' AND type = ? AND sql IS NOT NULL`, kind)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		if _, err := to.ExecContext(ctx, text); err != nil {
			return err
		}
	}
	return rows.Err()
}

// insert writes records in one transaction; their number is a multiple of rawRows.
func (w *raw) insert(ctx context.Context, records []usage.Record) error {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	st := tx.StmtContext(ctx, w.many)
	args := make([]any, 0, rawRows*rawWidth)
	for len(records) > 0 {
		args = args[:0]
		for i := range records[:rawRows] {
			args = appendRaw(args, &records[i])
		}
		if _, err := st.ExecContext(ctx, args...); err != nil {
			return err
		}
		records = records[rawRows:]
	}
	return tx.Commit()
}

func appendRaw(args []any, r *usage.Record) []any {
	args = append(args, string(r.ID), r.At.UnixMicro(), string(r.Org), string(r.Project), string(r.Key), string(r.User), string(r.Requested),
		string(r.Served), string(r.Outcome), r.Reason.String(), r.Status)
	for _, u := range tenancy.Units() {
		n, known := r.Units.Get(u)
		args = append(args, nullable(n, known))
	}
	return append(args, r.Latency.Microseconds(), r.FirstToken.Microseconds(), r.RequestID, nullable(r.Cost.Micro, r.Cost.Known), r.Count)
}

func nullable(n int64, known bool) any {
	if !known {
		return nil
	}
	return n
}

// count is how many records there are.
func (w *raw) count(ctx context.Context) (n int, err error) {
	err = w.db.QueryRowContext(ctx, `SELECT count(*) FROM usage_record`).Scan(&n)
	return n, err
}

func disagreeing(what string, ours, theirs any) error {
	return fmt.Errorf("peers disagree: %s is %v, in SQL %v", what, ours, theirs)
}
