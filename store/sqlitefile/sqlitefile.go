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

// Store is a [sqlite.Store] with the two pools that it works on. One that only reads
// has no pool that writes.
type Store struct {
	*sqlite.Store
	write, read *sql.DB
}

// Open opens the database file at path, which may have any name, and makes it, with
// mode 0600, where it is missing. Relative paths are of the working directory as it
// is now. Several Stores, of one process or many, may have one file open.
//
// A new file is whole before it has its name: two that start at once get the same
// one. So a file without a byte in it was never a store, and is store.ErrCorrupt.
//
// The errors are those of [sqlite.New]: store.ErrCorrupt for a file that is no
// database of Tenet's, store.ErrInvalid for an empty path or one with a NUL,
// store.ErrUnavailable where the file cannot be made, read or locked. A file that
// is refused is as it was, but for one of another application that was left with a
// -wal file: SQLite moves that into it. A missing file beside whose place a -wal or
// -journal file lies is store.ErrCorrupt, since SQLite would take that for a part of
// the new one. A file that nobody may write to opens, and refuses every write with
// store.ErrUnavailable.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := absolute(ctx, path)
	if err != nil {
		return nil, err
	}
	missing, err := look(path)
	if err == nil && missing {
		err = create(ctx, path)
	}
	if err != nil {
		return nil, err
	}
	s := &Store{}
	if s.write, err = pool(path, 1, writing); err == nil {
		err = s.open(ctx, path, nil)
	}
	if err == nil {
		err = s.turnWAL(ctx)
	}
	return s.unless(err)
}

// OpenReadOnly opens the database file at path for reading, beside processes that
// write to it or without any. It makes no file and migrates nothing: one that is
// missing is store.ErrUnavailable, an older one [sqlite.ErrOlderSchema]. What
// writes returns [sqlite.ErrReadOnly]; reading, Wait, Check and Backup work.
//
// SQLite shares an index of the -wal file in the -shm file beside the database. So
// the -shm file has to be there and readable, as it is while another process has the
// database open, or the folder has to be writable.
func OpenReadOnly(ctx context.Context, path string) (*Store, error) {
	path, err := absolute(ctx, path)
	if err != nil {
		return nil, err
	}
	switch missing, err := look(path); {
	case err != nil:
		return nil, err
	case missing:
		return nil, fmt.Errorf("%w: there is no such file", store.ErrUnavailable)
	}
	s := &Store{}
	return s.unless(s.open(ctx, path, &sqlite.Options{ReadOnly: true}))
}

func absolute(ctx context.Context, path string) (string, error) {
	if ctx == nil || path == "" || strings.IndexByte(path, 0) >= 0 {
		return "", fmt.Errorf("%w: a context and a path are needed", store.ErrInvalid)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("%w: no working directory", store.ErrUnavailable)
	}
	return path, nil
}

// look tells a file that is missing from one that cannot be a store. It does not
// open the file: to close it again would drop the locks of every connection that
// this process has to it.
func look(path string) (missing bool, err error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return true, leftovers(path)
	case err != nil:
		return false, fmt.Errorf("%w: the file cannot be looked at", store.ErrUnavailable)
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: the path is of something else than a file", store.ErrUnavailable)
	case info.Size() <= 1: // SQLite takes one byte for none
		return false, fmt.Errorf("%w: the file is empty, which a store never is: restore it, or remove it to begin anew,"+
			" with the -wal and -journal files beside it", store.ErrCorrupt)
	}
	return false, nil
}

// leftovers refuses to begin anew beside a -wal or -journal file: SQLite would take it
// for a part of the new file, and what was removed would be there again.
func leftovers(path string) error {
	for _, suffix := range []string{"-wal", "-journal"} {
		if _, err := os.Lstat(path + suffix); err != nil {
			continue
		}
		if _, err := os.Lstat(path); err == nil {
			return nil // somebody began just now
		}
		return fmt.Errorf("%w: the file is missing, but not the %s file beside it: restore it, or remove that too to begin anew",
			store.ErrCorrupt, suffix)
	}
	return nil
}

// create puts a new store at path, unless somebody else was faster.
func create(ctx context.Context, path string) error {
	db, err := connect(url.URL{Scheme: "file", Opaque: ":memory:"}, 1, nil)
	if err != nil {
		return err
	}
	defer db.Close()
	s, err := sqlite.New(ctx, db, db, nil)
	if err != nil {
		return err
	}
	defer s.Close() //nolint:errcheck // of a copy in memory
	if err = s.Backup(ctx, path); errors.Is(err, store.ErrInvalid) {
		return nil // the path is taken now
	}
	return err
}

// open makes the pool that reads, and the store on it and on the one that writes.
func (s *Store) open(ctx context.Context, path string, opts *sqlite.Options) (err error) {
	more := reading
	if opts != nil && opts.ReadOnly {
		more = readingOnly
	}
	if s.read, err = pool(path, readers, more); err == nil {
		s.Store, err = sqlite.New(ctx, s.write, s.read, opts)
	}
	return err
}

// turnWAL sets the mode that a file is in from then on. It is done after the file
// was seen to be a store, since it writes to the file. Who finds the lock taken by
// another that does the same waits for that one.
func (s *Store) turnWAL(ctx context.Context) error {
	conn, err := s.write.Conn(ctx)
	if err != nil {
		return fmt.Errorf("%w: no connection", store.ErrUnavailable)
	}
	defer conn.Close()
	var mode string
	for range 3 {
		if err = conn.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err == nil {
			break
		}
		if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE; ROLLBACK`); err != nil {
			break
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil || mode != "wal":
		return fmt.Errorf("%w: the file cannot be put in WAL mode", store.ErrUnavailable)
	}
	return nil
}

// unless returns s, or closes it where there is an error.
func (s *Store) unless(err error) (*Store, error) {
	if err == nil {
		return s, nil
	}
	_ = s.Close()
	return nil, err
}

// Close waits for the calls under way, ends the Store and closes its connections.
// Closing twice is no error.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	var err, closing error
	if s.Store != nil {
		err = s.Store.Close()
	}
	// The pool that writes goes last: it is the one that may tidy up the -wal file.
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			closing = errors.Join(closing, db.Close())
		}
	}
	if err == nil && closing != nil {
		err = fmt.Errorf("%w: closing the file", store.ErrUnavailable)
	}
	return err
}

// Settings of a connection. They are part of its name, so that every connection
// of a pool has them; a PRAGMA by Exec reaches one. busy_timeout comes first, since
// the others may have to wait.
//
// mode=rw makes no file: one that vanishes between look and here is no new store.
var (
	always = []string{"busy_timeout(5000)", "synchronous(FULL)", "foreign_keys(1)",
		"trusted_schema(0)", "cell_size_check(1)", "temp_store(MEMORY)", "cache_size(-16384)",
		"wal_autocheckpoint(1000)", "journal_size_limit(8388608)", "secure_delete(FAST)"}
	writing     = url.Values{"mode": {"rw"}, "_txlock": {"immediate"}}
	reading     = url.Values{"mode": {"rw"}, "_query_only": {"1"}}
	readingOnly = url.Values{"mode": {"ro"}, "_query_only": {"1"}}
)

func pool(path string, connections int, more url.Values) (*sql.DB, error) {
	return connect(dataSource(path), connections, more)
}

func connect(source url.URL, connections int, more url.Values) (*sql.DB, error) {
	settings := url.Values{"_pragma": always, "_dqs": {"0"}, "_defensive": {"1"}}
	maps.Copy(settings, more)
	source.RawQuery = settings.Encode()
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return nil, fmt.Errorf("%w: the driver refuses the settings", store.ErrUnavailable)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// dataSource is the URI of an absolute path, in which no byte of the path is taken
// for syntax.
func dataSource(path string) url.URL {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive: file:///C:/…
	}
	return url.URL{Scheme: "file", Path: path}
}
