package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"

	"example.com/tenet/store"
)

// Store keeps everything in one SQLite database. It implements [store.Store],
// [store.Usage], [store.Upkeep], [store.Waiter], [store.Pruner] and
// [store.Backuper]. [New] makes one; the zero Store is closed. It may be used from
// any goroutine.
type Store struct {
	write, read pool
	code        func(error) (int, bool)
	readOnly    bool
	epoch       store.CursorKey // of the log

	records, quarters, days, costs bulk
	wal                            wal

	long chan struct{} // holds one value while somebody reads for long

	mu    sync.Mutex
	grown chan struct{} // closed by the next commit of this Store
	open  bool
	calls int           // under way
	idle  chan struct{} // closed when the last of them ends after Close
}

// Options are the host's choices. A nil *Options is every default.
type Options struct {
	// Code returns the SQLite result code of an error of the driver, extended
	// where the driver has it, and false for any other error. Nil takes errors
	// with a method Code() int, which those of modernc.org/sqlite have.
	Code func(err error) (code int, ok bool)
	// ReadOnly makes a Store that changes nothing, not even the schema: the database
	// has to be of the newest version, else it is [ErrOlderSchema] or
	// [ErrNewerSchema], and store.ErrCorrupt where it is empty. The pool that writes
	// is not used and may be nil. Commit, Append, Rebuild, Prune and PruneLog return
	// [ErrReadOnly]; all else works, beside a process that writes too.
	ReadOnly bool
}

// New returns the store in the database that write and read are pools of, made or
// migrated where need be. The pools stay the host's to close, after the Store, and
// have to be set up as the package comment says: write has at most one
// connection, and read may be the same pool.
//
// It returns store.ErrCorrupt where the database is damaged or somebody else's,
// [ErrNewerSchema] where a later version of this package wrote it,
// store.ErrUnavailable where it does not answer, store.ErrInvalid for a nil pool, for
// errors of the driver that opts.Code does not know, and for a pool that writes with
// less than synchronous FULL, and the error of the context. A database that it refuses is as it was.
func New(ctx context.Context, write, read *sql.DB, opts *Options) (*Store, error) {
	o := optionsOf(opts)
	if ctx == nil || read == nil || (write == nil && !o.ReadOnly) {
		return nil, fmt.Errorf("%w: a context and two pools are needed", store.ErrInvalid)
	}
	s := &Store{
		write: pool{db: write}, read: pool{db: read}, code: o.Code, readOnly: o.ReadOnly,
		open: true, grown: make(chan struct{}), idle: make(chan struct{}), long: make(chan struct{}, 1),
	}
	if err := s.prepare(ctx); err != nil {
		_ = s.Close()
		return nil, s.fail(ctx, err)
	}
	return s, nil
}

func optionsOf(opts *Options) Options {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Code == nil {
		o.Code = codeOf
	}
	return o
}

// prepare looks at the schema, or brings it up to date, and readies statements.
func (s *Store) prepare(ctx context.Context) error {
	ready := s.prepareWrites
	if s.readOnly {
		ready = func(ctx context.Context) error { return current(ctx, s.read.db) }
	}
	for _, step := range []func(context.Context) error{s.understood, ready, s.prepareReads} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// prepareWrites migrates, and readies every statement of a write: none can be
// readied later, while a transaction holds the only connection.
func (s *Store) prepareWrites(ctx context.Context) (err error) {
	if err := s.durable(ctx); err != nil {
		return err
	}
	if err := migrate(ctx, s.write.db); err != nil {
		return err
	}
	for _, text := range writeTexts() {
		if _, err := s.write.stmt(ctx, text); err != nil {
			return err
		}
	}
	if s.records, err = s.write.bulk(ctx, recordWidth, recordText); err != nil {
		return err
	}
	if s.quarters, err = s.write.bulk(ctx, bucketWidth, quarterText); err != nil {
		return err
	}
	if s.days, err = s.write.bulk(ctx, bucketWidth, dayText); err != nil {
		return err
	}
	if s.costs, err = s.write.bulk(ctx, costWidth, costText); err != nil {
		return err
	}
	return s.wal.find(ctx, s.write.db)
}

// understood refuses a driver whose errors have no result codes for us: a conflict
// would then be an outage. It makes a mistake to see. It asks the pool that is used
// next: a connection that has seen the database without tables tells a later failure
// to read it as a table that is missing.
func (s *Store) understood(ctx context.Context) error {
	db := s.write.db
	if s.readOnly {
		db = s.read.db
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.ExecContext(ctx, `a mistake`)
	if code, ok := s.code(err); ctx.Err() == nil && (!ok || code&0xff != codeError) {
		return fmt.Errorf("%w: Options.Code does not know the errors of the driver", store.ErrInvalid)
	}
	return ctx.Err()
}

// durable refuses a pool that acknowledges what can be lost with the power.
func (s *Store) durable(ctx context.Context) error {
	var level int
	err := s.write.db.QueryRowContext(ctx, `PRAGMA synchronous`).Scan(&level)
	if err == nil && level < synchronousFull {
		return fmt.Errorf("%w: the pool that writes has to have synchronous FULL", store.ErrInvalid)
	}
	return err
}

const synchronousFull = 2 // 3 is EXTRA

// prepareReads asks every table once, so that one that is missing is told now.
func (s *Store) prepareReads(ctx context.Context) error {
	for _, t := range tables {
		if _, err := s.read.stmt(ctx, t.getText()); err != nil {
			return err
		}
	}
	err := s.query(ctx, epochText, nil, func(rows *sql.Rows) error { return rows.Scan(&s.epoch) })
	if err == nil && s.epoch == "" {
		err = store.ErrCorrupt
	}
	return err
}

const epochText = `SELECT epoch FROM meta`

// Close waits for the calls under way and ends the Store: each call that begins later
// returns store.ErrClosed, at once. It leaves the pools open. Closing twice is no error.
func (s *Store) Close() error {
	s.mu.Lock()
	first := s.open
	if s.open = false; first && s.calls == 0 {
		close(s.idle)
	}
	s.mu.Unlock()
	if s.idle == nil {
		return nil
	}
	<-s.idle
	if !first {
		return nil
	}
	if err := errors.Join(s.write.close(), s.read.close()); err != nil {
		return s.fail(context.Background(), err)
	}
	return nil
}

// enter begins a call. The caller leaves by leave where it returns nil.
func (s *Store) enter(ctx context.Context) error {
	if ctx == nil {
		return fmt.Errorf("%w: nil context", store.ErrInvalid)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.open {
		return store.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	s.calls++
	return nil
}

func (s *Store) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calls--; s.calls == 0 && !s.open {
		close(s.idle)
	}
}

// alone lets one call at a time read for long, so that such calls never have all
// connections of the pool. The caller receives from s.long where it returns nil.
func (s *Store) alone(ctx context.Context) error {
	select {
	case s.long <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pool is a *sql.DB with its prepared statements, by text. The texts are a closed
// set: none is built from a value.
type pool struct {
	db    *sql.DB
	stmts sync.Map // string to *sql.Stmt
}

func (p *pool) stmt(ctx context.Context, text string) (*sql.Stmt, error) {
	if st, ok := p.stmts.Load(text); ok {
		return st.(*sql.Stmt), nil
	}
	made, err := p.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	st, other := p.stmts.LoadOrStore(text, made)
	if other {
		made.Close()
	}
	return st.(*sql.Stmt), nil
}

// close ends every statement.
func (p *pool) close() error {
	var errs []error
	p.stmts.Range(func(_, st any) bool {
		errs = append(errs, st.(*sql.Stmt).Close())
		return true
	})
	p.stmts.Clear()
	return errors.Join(errs...)
}

// query runs a SELECT and hands each row to scan. It returns no error of the
// engine's own wording.
func (s *Store) query(ctx context.Context, text string, args []any, scan func(*sql.Rows) error) error {
	st, err := s.read.stmt(ctx, text)
	if err != nil {
		return s.fail(ctx, err)
	}
	rows, err := st.QueryContext(ctx, args...)
	return s.fail(ctx, each(rows, err, scan))
}

// each hands rows to scan, unless err. A row that does not scan is corrupt.
func each(rows *sql.Rows, err error, scan func(*sql.Rows) error) error {
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		err := scan(rows)
		switch {
		case err == nil:
		case rows.Err() != nil:
			return rows.Err()
		case own(err) != nil:
			return own(err) // without the words of database/sql about columns
		default:
			return store.ErrCorrupt
		}
	}
	return rows.Err()
}
