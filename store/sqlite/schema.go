package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"fmt"

	"example.com/tenet/store"
)

var (
	//go:embed schema/1.sql
	schema1 string
	//go:embed schema/2.sql
	schema2 string
	//go:embed schema/3.sql
	schema3 string
)

// migrations lead from each version of the schema to the next. PRAGMA user_version
// is how many of them a database has had.
var migrations = []string{schema1, schema2, schema3}

// applicationID marks the databases of this package: "tnet" in ASCII, as PRAGMA
// application_id keeps it.
const applicationID = 0x746e6574

// migrate brings the database to the newest version, in one transaction.
func migrate(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	// Most often there is nothing to do, and then no lock is needed to see it.
	if version, err := look(ctx, conn); err != nil || version == len(migrations) {
		return err
	}
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return err
	}
	// From here on the context no longer counts, as in Commit.
	ctx = context.WithoutCancel(ctx)
	if err = upgrade(ctx, conn); err == nil {
		_, err = conn.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		// Where SQLite has rolled back by itself this fails, and nothing is open.
		_, _ = conn.ExecContext(ctx, `ROLLBACK`)
	}
	return err
}

// upgrade asks for the version again: somebody may have been faster.
func upgrade(ctx context.Context, conn *sql.Conn) error {
	version, err := versionOf(ctx, conn)
	if err != nil || version == len(migrations) {
		return err
	}
	for _, script := range migrations[version:] {
		if _, err := conn.ExecContext(ctx, script); err != nil {
			return err
		}
	}
	// A PRAGMA takes no parameters; these are constants.
	_, err = conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`,
		applicationID, len(migrations)))
	return err
}

// current returns an error unless the database has the newest version already.
func current(ctx context.Context, db *sql.DB) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	switch version, err := look(ctx, conn); {
	case err != nil || version == len(migrations):
		return err
	case version == 0:
		return fmt.Errorf("%w: the database is empty", store.ErrCorrupt)
	default:
		return fmt.Errorf("%w: version %d, needed is %d", ErrOlderSchema, version, len(migrations))
	}
}

// look is versionOf in one state of a database that another process may be making.
func look(ctx context.Context, conn *sql.Conn) (version int, err error) {
	if _, err := conn.ExecContext(ctx, `BEGIN`); err != nil {
		return 0, err
	}
	version, err = versionOf(ctx, conn)
	if _, ending := conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`); err == nil {
		err = ending
	}
	return version, err
}

// versionOf is the version of the database's schema: 0 for one that has nothing in
// it. A database of somebody else's is store.ErrCorrupt. The PRAGMAs are statements of
// their own, since a SELECT over them hides the result code of a read that failed.
func versionOf(ctx context.Context, conn *sql.Conn) (int, error) {
	var application, version, objects int
	var encoding string
	for _, ask := range []struct {
		text string
		into any
	}{
		{`PRAGMA application_id`, &application},
		{`PRAGMA user_version`, &version},
		{`PRAGMA encoding`, &encoding},
		{`SELECT count(*) FROM sqlite_schema`, &objects},
	} {
		if err := conn.QueryRowContext(ctx, ask.text).Scan(ask.into); err != nil {
			return 0, err
		}
	}
	fresh := application == 0 && version == 0 && objects == 0
	switch {
	case encoding != "UTF-8":
		return 0, fmt.Errorf("%w: the database is not in UTF-8", store.ErrCorrupt)
	case fresh:
		return 0, nil
	case application != applicationID:
		return 0, fmt.Errorf("%w: the database is another application's", store.ErrCorrupt)
	case version < 1 || objects == 0:
		return 0, fmt.Errorf("%w: the database has lost its version or its tables", store.ErrCorrupt)
	case version > len(migrations):
		return 0, fmt.Errorf("%w: version %d, known are 1 to %d", ErrNewerSchema, version, len(migrations))
	}
	return version, nil
}
