// Package modernc is the driver modernc.org/sqlite, which is SQLite translated to
// Go. Package sqlitefile uses it too, with more settings.
package modernc

import (
	"database/sql"
	"errors"
	"net/url"

	"modernc.org/sqlite"

	"example.com/tenet/store/sqlite/drivers/internal/driver"
)

// Driver returns the driver.
func Driver() driver.Driver { return driver.Driver{Pool: pool, Code: code} }

// code returns the result code of an error of the driver. A host need not give it:
// package sqlite does the same by default.
func code(err error) (int, bool) {
	var own *sqlite.Error
	if !errors.As(err, &own) {
		return 0, false
	}
	return own.Code(), true
}

func pool(path string, connections int, pragmas ...string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
	}, pragmas...)}.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
