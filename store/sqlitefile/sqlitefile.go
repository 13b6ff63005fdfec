package sqlitefile

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
)

// readers is the number of connections that read. A query takes one for as long
// as it runs, which is microseconds to milliseconds.
const readers = 4

// Store is a [sqlite.Store] with the two pools that it works on.
type Store struct {
	*sqlite.Store
	write, read *sql.DB
}

// Open opens the database file at path, which may have any name, and makes it, with
// mode 0600, where it is missing. Relative paths are of the working directory as it
// is now. Several Stores, of one process or many, may have one file open.
//
// The errors are those of [sqlite.New]: store.ErrCorrupt for a file that is no
// database of Tenet's, store.ErrInvalid for an empty path or one with a NUL,
// store.ErrUnavailable where the file cannot be made, read or locked.
func Open(ctx context.Context, path string) (*Store, error) {
	if ctx == nil || path == "" || strings.IndexByte(path, 0) >= 0 {
		return nil, fmt.Errorf("%w: a context and a path are needed", store.ErrInvalid)
	}
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("%w: no working directory", store.ErrUnavailable)
	}
	if err := create(absolute); err != nil {
		return nil, err
	}
	s := &Store{}
	if s.write, err = pool(absolute, 1, writing); err != nil {
		return nil, err
	}
	if s.read, err = pool(absolute, readers, reading); err != nil {
		return nil, errors.Join(err, s.write.Close())
	}
	if s.Store, err = sqlite.New(ctx, s.write, s.read, nil); err != nil {
		s.write.Close()
		s.read.Close()
		return nil, err
	}
	return s, nil
}

// Close waits for the calls under way, ends the Store and closes its connections.
// Closing twice is no error.
func (s *Store) Close() error {
	if s == nil || s.Store == nil {
		return nil
	}
	err := s.Store.Close()
	if closing := errors.Join(s.read.Close(), s.write.Close()); closing != nil && err == nil {
		err = fmt.Errorf("%w: closing the file", store.ErrUnavailable)
	}
	return err
}

// create makes the file, so that it has its mode from the beginning; SQLite gives
// the same to the files beside it. A file that is there is not opened: to close it
// again would drop the locks of every connection that this process has to it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: the file cannot be made", store.ErrUnavailable)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("%w: the file cannot be made", store.ErrUnavailable)
	}
	return nil
}

// Settings of a connection. They are part of its name, so that every connection
// of a pool has them; a PRAGMA by Exec reaches one. busy_timeout comes first, since
// the others may have to wait.
var (
	always = []string{"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)",
		"trusted_schema(0)", "cell_size_check(1)", "temp_store(MEMORY)", "cache_size(-16384)"}
	writing = url.Values{"_txlock": {"immediate"}}
	reading = url.Values{"_query_only": {"1"}}
)

func pool(path string, connections int, more url.Values) (*sql.DB, error) {
	settings := url.Values{"_pragma": always, "_dqs": {"0"}, "_defensive": {"1"}}
	maps.Copy(settings, more)
	db, err := sql.Open("sqlite", dataSource(path, settings))
	if err != nil {
		return nil, fmt.Errorf("%w: the driver refuses the settings", store.ErrUnavailable)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// dataSource is the URI of an absolute path, in which no byte of the path is taken
// for syntax.
func dataSource(path string, settings url.Values) string {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive: file:///C:/…
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	return u.String()
}
