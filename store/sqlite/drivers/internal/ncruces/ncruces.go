// Package ncruces is the driver github.com/ncruces/go-sqlite3, which is SQLite
// translated to Go by way of WebAssembly.
package ncruces

import (
	"database/sql"
	"errors"
	"net/url"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // registers "sqlite3"

	"example.com/tenet/store/sqlite/drivers/internal/driver"
)

// Driver returns the driver.
func Driver() driver.Driver { return On("") }

// On returns the driver over the file system that is registered under the name vfs;
// the operating system's where it is empty.
func On(vfs string) driver.Driver {
	return driver.Driver{Code: code, Pool: func(path string, connections int, pragmas ...string) (*sql.DB, error) {
		return pool(vfs, path, connections, pragmas)
	}}
}

// code returns the extended result code of an error of the driver, which has it as
// an error of its own kind.
func code(err error) (int, bool) {
	var own sqlite3.ExtendedErrorCode
	if !errors.As(err, &own) {
		return 0, false
	}
	return int(own), true
}

func pool(vfs, path string, connections int, pragmas []string) (*sql.DB, error) {
	settings := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)",
	}, pragmas...)}
	if vfs != "" {
		settings.Set("vfs", vfs)
	}
	u := url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}
	db, err := sql.Open("sqlite3", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}
