package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"example.com/tenet/store"
)

var _ store.Backuper = (*Store)(nil)

// Backup implements store.Backuper: it writes the database as of one moment, while
// it is in use, to a new file at path, with mode 0600. The copy is whole and on the
// disk before it gets its name, by a hard link, which the file system has to know.
// Until then it lies in the same folder as .tenet-*.part, and a process that is
// killed leaves that behind. The copy has an epoch of its own, so that every cursor
// of the original is store.ErrResync there. It is not in WAL mode; package sqlitefile
// turns that on.
//
// Readers and writers go on, where the pool that reads has more than one
// connection; the -wal file grows meanwhile, since what the copy reads is kept. Backup, Check
// and Verify wait for each other. store.ErrInvalid is for an empty path, one with a
// NUL, one that exists or has a -wal or -journal file beside it, and a name that
// SQLite gives to such a file; store.ErrUnavailable for a folder or disk that does not take it. The
// context cancels. Where Backup fails nothing is left.
func (s *Store) Backup(ctx context.Context, path string) error {
	if path == "" || strings.IndexByte(path, 0) >= 0 || ofADatabase(path) {
		return fmt.Errorf("%w: a path is needed, of a name that SQLite does not give", store.ErrInvalid)
	}
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	path, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("%w: no working directory", store.ErrUnavailable)
	}
	if occupied(path) {
		return taken()
	}
	if err := s.alone(ctx); err != nil {
		return err
	}
	defer func() { <-s.long }()
	part, err := emptyFile(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer os.Remove(part)              //nolint:errcheck // a name too many is no failure of the copy
	defer os.Remove(part + "-journal") //nolint:errcheck // gone, unless writing failed
	if err := s.vacuumInto(ctx, part); err != nil {
		return s.fail(ctx, err)
	}
	if err := s.renew(ctx, part); err != nil {
		return s.fail(ctx, err)
	}
	return publish(part, path)
}

func taken() error {
	return fmt.Errorf("%w: the path, or one of a file that SQLite has beside it, is taken", store.ErrInvalid)
}

// occupied says whether there is something at path, or something beside it that
// SQLite would take for a part of what is put there: the -wal or -journal of a
// database that was removed without them.
func occupied(path string) bool {
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if _, err := os.Lstat(path + suffix); err == nil {
			return true
		}
	}
	return false
}

// ofADatabase says whether SQLite would take a file of this name for a part of another.
func ofADatabase(path string) bool {
	return strings.HasSuffix(path, "-wal") || strings.HasSuffix(path, "-journal") || strings.HasSuffix(path, "-shm")
}

// emptyFile makes a file of mode 0600 that VACUUM INTO takes, since it is empty.
func emptyFile(folder string) (string, error) {
	f, err := os.CreateTemp(folder, ".tenet-*.part")
	if err != nil {
		return "", fmt.Errorf("%w: no file can be made in the folder", store.ErrUnavailable)
	}
	if err := f.Close(); err != nil {
		os.Remove(f.Name()) //nolint:errcheck // there is an error already
		return "", fmt.Errorf("%w: no file can be made in the folder", store.ErrUnavailable)
	}
	return f.Name(), nil
}

// vacuumInto runs on a connection that reads. SQLite counts the copy as a write of
// the connection, so query_only is lifted for as long. A connection that cannot be
// put back is thrown away.
func (s *Store) vacuumInto(ctx context.Context, path string) error {
	conn, err := s.read.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var guarded bool
	if err := conn.QueryRowContext(ctx, `PRAGMA query_only`).Scan(&guarded); err != nil {
		return err
	}
	if guarded {
		defer guard(context.WithoutCancel(ctx), conn)
		if _, err := conn.ExecContext(ctx, `PRAGMA query_only = 0`); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, `VACUUM INTO ?`, path)
	return err
}

func guard(ctx context.Context, conn *sql.Conn) {
	if _, err := conn.ExecContext(ctx, `PRAGMA query_only = 1`); err != nil {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the connection
	}
}

// renew gives the copy an epoch of its own: from here on its log is another than the
// original's, and no cursor of the one may be taken by the other.
func (s *Store) renew(ctx context.Context, path string) error {
	path = filepath.ToSlash(path)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // a Windows drive
	}
	name := url.URL{Scheme: "file", Path: path}
	db := sql.OpenDB(connector{s.read.db.Driver(), name.String()})
	_, err := db.ExecContext(ctx, `UPDATE meta SET epoch = lower(hex(randomblob(16)))`)
	return errors.Join(err, db.Close())
}

// connector opens another database with a host's driver and the driver's own
// settings.
type connector struct {
	driver driver.Driver
	name   string
}

func (c connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.name) }
func (c connector) Driver() driver.Driver                        { return c.driver }

// publish gives a complete file its name, which nobody else has.
func publish(part, path string) error {
	if err := syncPath(part, os.O_RDWR); err != nil {
		return fmt.Errorf("%w: the copy cannot be made durable", store.ErrUnavailable)
	}
	if occupied(path) {
		return taken()
	}
	switch err := os.Link(part, path); {
	case errors.Is(err, fs.ErrExist):
		return taken()
	case err != nil:
		return fmt.Errorf("%w: the copy cannot be put in place", store.ErrUnavailable)
	}
	// The folder too, where the system can; the copy is in place either way.
	_ = syncPath(filepath.Dir(path), os.O_RDONLY)
	return nil
}

// syncPath makes a file or folder durable that no SQLite of this process has open.
// Some systems want a file to be open for writing.
func syncPath(path string, flag int) error {
	f, err := os.OpenFile(path, flag, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
