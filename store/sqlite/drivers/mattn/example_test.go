package mattn_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mattn/go-sqlite3" // registers "sqlite3"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/tenancy"
)

// Each connection of a pool has to have the settings, so they are in its name. The
// driver's own default is synchronous=NORMAL, which loses commits with the power.
func Example() {
	dir, err := os.MkdirTemp("", "tenet")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	name := "file:" + filepath.Join(dir, "tenet.db") +
		"?_busy_timeout=5000&_journal_mode=WAL&_synchronous=FULL&_txlock=immediate"
	write, err := sql.Open("sqlite3", name)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer write.Close()
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite3", name)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer read.Close()
	s, err := sqlite.New(ctx, write, read, &sqlite.Options{Code: code})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	found, err := store.One(ctx, s, tenancy.OrganizationRef("org_a"))
	fmt.Println(found.Absent(), err)
	// Output: true <nil>
}

// code is what package sqlite needs to tell the driver's errors apart.
func code(err error) (int, bool) {
	var own sqlite3.Error
	if !errors.As(err, &own) {
		return 0, false
	}
	return int(own.ExtendedCode), true
}
