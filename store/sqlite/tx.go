package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"example.com/tenet/store"
)

// lockText is the first statement of every transaction. It writes no row, but a
// statement that may write makes SQLite take the write lock before it reads, as
// BEGIN IMMEDIATE does, whatever BEGIN the driver sends.
const lockText = `UPDATE meta SET id = id WHERE 0`

// tx is a transaction. One of [Store.update] holds the write lock, and its context
// is never over: from the lock on, nothing cancels. One of [Store.snapshot] reads.
type tx struct {
	s       *Store
	ctx     context.Context
	conn    *sql.Conn // of one that writes
	sql     *sql.Tx
	reading bool
}

// update runs change in one transaction. Where change returns an error, or says
// that it wrote nothing, the transaction is rolled back.
func (s *Store) update(ctx context.Context, change func(*tx) (wrote bool, err error)) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if s.readOnly {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, ErrReadOnly)
	}
	t, end, err := s.begin(ctx)
	if err != nil {
		return s.fail(ctx, err)
	}
	defer end()
	if wrote, err := change(t); err != nil || !wrote {
		return s.fail(t.ctx, err)
	}
	err = t.sql.Commit()
	if err != nil && s.unknown(err) {
		return fmt.Errorf("%w: COMMIT failed", store.ErrUnknownOutcome)
	}
	if err == nil {
		s.wal.shorten(t.ctx, t.conn)
	}
	return s.fail(t.ctx, err)
}

// begin waits for the connection and for the lock no longer than ctx. end rolls
// back what was not committed and gives the connection back.
func (s *Store) begin(ctx context.Context) (t *tx, end func(), err error) {
	conn, err := s.write.db.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	t = &tx{s: s, ctx: context.WithoutCancel(ctx), conn: conn}
	// database/sql rolls a transaction back when the context of its beginning is
	// over. This one is over with ctx until the lock is held, and never after.
	beginning, cancel := context.WithCancel(t.ctx)
	keep := context.AfterFunc(ctx, cancel)
	end = func() {
		if t.sql != nil {
			t.sql.Rollback()
		}
		keep()
		cancel()
		conn.Close()
	}
	if t.sql, err = conn.BeginTx(beginning, nil); err == nil {
		_, err = t.execWith(beginning, lockText)
	}
	if err == nil && !keep() {
		err = ctx.Err()
	}
	if err != nil {
		end()
		return nil, nil, err
	}
	return t, end, nil
}

func (t *tx) execWith(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st, err := t.s.write.stmt(ctx, text)
	if err != nil {
		return nil, err
	}
	return t.sql.StmtContext(ctx, st).ExecContext(ctx, args...)
}

// exec runs a statement and says how many rows it wrote.
func (t *tx) exec(text string, args ...any) (int64, error) {
	res, err := t.execWith(t.ctx, text, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// snapshot runs read on one state of the database, one at a time.
func (s *Store) snapshot(ctx context.Context, read func(*tx) error) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	if err := s.alone(ctx); err != nil {
		return err
	}
	defer func() { <-s.long }()
	inner, err := s.read.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return s.fail(ctx, err)
	}
	defer inner.Rollback()
	return s.fail(ctx, read(&tx{s: s, ctx: ctx, sql: inner, reading: true}))
}

// query runs a SELECT and hands each row to scan.
func (t *tx) query(text string, args []any, scan func(*sql.Rows) error) error {
	if t.reading {
		// To prepare it outside would take another connection of the pool.
		rows, err := t.sql.QueryContext(t.ctx, text, args...)
		return each(rows, err, scan)
	}
	st, err := t.s.write.stmt(t.ctx, text)
	if err != nil {
		return err
	}
	rows, err := t.sql.StmtContext(t.ctx, st).QueryContext(t.ctx, args...)
	return each(rows, err, scan)
}
