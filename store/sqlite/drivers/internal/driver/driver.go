// Package driver is a driver of SQLite as the tests of this module use it, and a
// store that was opened with it.
//
// Two of the drivers register the same name with database/sql, so no program links
// both. Nor may one process open one file with two copies of SQLite: each drops the
// POSIX locks of the other.
package driver

import (
	"context"
	"database/sql"
	"errors"

	"example.com/tenet/store/sqlite"
)

// Driver is how a host opens pools with one driver.
type Driver struct {
	// Pool opens a pool of at most so many connections to a file. Each has the
	// settings that package sqlite asks for, then those of pragmas, such as
	// "cache_size(5)".
	Pool func(path string, connections int, pragmas ...string) (*sql.DB, error)
	// Code is the Options.Code of package sqlite.
	Code func(error) (int, bool)
}

// Store is a store with its pools.
type Store struct {
	*sqlite.Store
	Write, Read *sql.DB
}

// Open opens the store in a file, with two pools.
func (d Driver) Open(ctx context.Context, path string, pragmas ...string) (*Store, error) {
	write, err := d.Pool(path, 1, pragmas...)
	if err != nil {
		return nil, err
	}
	read, err := d.Pool(path, 4, pragmas...)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	s, err := sqlite.New(ctx, write, read, &sqlite.Options{Code: d.Code})
	if err != nil {
		write.Close()
		read.Close()
		return nil, err
	}
	return &Store{Store: s, Write: write, Read: read}, nil
}

// Close ends the store, then its connections.
func (s *Store) Close() error {
	return errors.Join(s.Store.Close(), s.Read.Close(), s.Write.Close())
}
