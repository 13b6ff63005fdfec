// Package mattn is the driver github.com/mattn/go-sqlite3, which is SQLite in C and
// needs cgo.
package mattn

import (
	"context"
	"database/sql"
	sqldriver "database/sql/driver"
	"errors"
	"fmt"
	"net/url"

	"github.com/mattn/go-sqlite3"

	"example.com/tenet/store/sqlite/drivers/internal/driver"
)

// Driver returns the driver.
func Driver() driver.Driver { return driver.Driver{Pool: pool, Code: code} }

// code returns the extended result code of an error of the driver.
func code(err error) (int, bool) {
	var own sqlite3.Error
	if !errors.As(err, &own) {
		return 0, false
	}
	return int(own.ExtendedCode), true
}

func pool(path string, connections int, pragmas ...string) (*sql.DB, error) {
	u := url.URL{Scheme: "file", Path: path, RawQuery: url.Values{
		"_busy_timeout": {"5000"}, "_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_txlock": {"immediate"},
	}.Encode()}
	db := sql.OpenDB(connector{u.String(), &sqlite3.SQLiteDriver{ConnectHook: func(c *sqlite3.SQLiteConn) error {
		return apply(c, pragmas)
	}}})
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func apply(c *sqlite3.SQLiteConn, pragmas []string) error {
	for _, p := range pragmas {
		if _, err := c.Exec(fmt.Sprintf("PRAGMA %s", p), nil); err != nil {
			return err
		}
	}
	return nil
}

// connector opens connections of a driver that is not registered.
type connector struct {
	source string
	driver *sqlite3.SQLiteDriver
}

func (c connector) Connect(context.Context) (sqldriver.Conn, error) { return c.driver.Open(c.source) }
func (c connector) Driver() sqldriver.Driver                        { return c.driver }
