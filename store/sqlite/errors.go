package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

var (
	// ErrNewerSchema refuses a database that a later version of this package wrote.
	// Nothing is wrong with the data; run that version.
	ErrNewerSchema = errors.New("sqlite: the schema is newer than this program")
	// ErrOlderSchema refuses to read, with Options.ReadOnly, a database that an
	// earlier version of this package wrote. Opening it once for writing migrates it.
	ErrOlderSchema = errors.New("sqlite: the schema is older than this program")
	// ErrReadOnly refuses what writes, in a Store that was opened with
	// Options.ReadOnly. It comes with store.ErrUnavailable.
	ErrReadOnly = errors.New("sqlite: opened for reading only")
)

// Result codes of SQLite (https://www.sqlite.org/rescode.html). The low byte of an
// extended code is its primary code.
const (
	codeError      = 1
	codeBusy       = 5
	codeLocked     = 6
	codeReadOnly   = 8
	codeIO         = 10
	codeCorrupt    = 11
	codeFull       = 13
	codeCannotOpen = 14
	codeTooBig     = 18
	codeConstraint = 19
	codeMismatch   = 20
	codeNotADB     = 26

	codePrimaryKey = codeConstraint | 6<<8
	codeUnique     = codeConstraint | 8<<8
	codeIOData     = codeIO | 32<<8 // a checksum does not match
	codeIOCorrupt  = codeIO | 33<<8 // the file system says so
)

// codeOf is the default of Options.Code.
func codeOf(err error) (int, bool) {
	var coded interface{ Code() int }
	if !errors.As(err, &coded) {
		return 0, false
	}
	return coded.Code(), true
}

// contract is what a method may return, context errors excepted.
var contract = []error{
	store.ErrConflict, store.ErrUnknownOutcome, store.ErrReused, store.ErrResync, store.ErrTooLarge, store.ErrInvalid,
	store.ErrPastRetention, store.ErrClosed, store.ErrCorrupt, store.ErrUnavailable, usage.ErrOverflow, ErrNewerSchema, ErrOlderSchema,
}

// fail turns an error of the engine, the driver or database/sql into one of the
// contract, by code and never by text. The text is left out: it may quote data.
func (s *Store) fail(ctx context.Context, err error) error {
	switch {
	case err == nil || within(err):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	code, coded := s.code(err)
	if !coded {
		return fmt.Errorf("%w: no connection", store.ErrUnavailable)
	}
	return fmt.Errorf("%w: %s (SQLite code %d)", sentinelOf(code), wordsOf(code), code)
}

// wordsOf says in our own words what a code is about.
func wordsOf(code int) string {
	switch code & 0xff {
	case codeError:
		return "the database has not the schema of this package"
	case codeBusy, codeLocked:
		return "the lock was not free in time"
	case codeReadOnly:
		return "the database cannot be written to"
	case codeIO:
		return "input or output failed"
	case codeCorrupt:
		return "the database is damaged"
	case codeFull:
		return "the disk is full"
	case codeCannotOpen:
		return "the database cannot be opened"
	case codeNotADB:
		return "no SQLite database"
	}
	return "the engine refuses"
}

// within says whether err is of the contract.
func within(err error) bool { return own(err) != nil }

// own is the error of the contract that err is, bare; nil where it is none.
func own(err error) error {
	for _, e := range contract {
		if errors.Is(err, e) {
			return e
		}
	}
	return nil
}

func sentinelOf(code int) error {
	switch code {
	case codePrimaryKey, codeUnique:
		return store.ErrConflict
	case codeIOData, codeIOCorrupt:
		return store.ErrCorrupt
	}
	switch code & 0xff {
	case codeCorrupt, codeNotADB, codeMismatch, codeError:
		// codeError is SQL that the schema no longer allows: a table is gone.
		return store.ErrCorrupt
	case codeConstraint:
		return store.ErrInvalid
	case codeTooBig:
		return store.ErrTooLarge
	}
	return store.ErrUnavailable
}

// unknown says whether a COMMIT that failed so may have happened all the same.
func (s *Store) unknown(err error) bool {
	code, coded := s.code(err)
	switch code & 0xff {
	case codeBusy, codeLocked, codeConstraint:
		return !coded
	}
	return !errors.Is(err, sql.ErrTxDone)
}
