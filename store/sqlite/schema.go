package sqlite

import (
	"context"
	"database/sql"
	_ "embed" // the schema
	"fmt"

	"example.com/tenet/store"
)

//go:embed schema/1.sql
var schema1 string

// migrations lead from each version of the schema to the next. PRAGMA user_version
// is how many of them a database has had.
var migrations = []string{schema1}

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
	if version, err := versionOf(ctx, conn); err == nil && version == len(migrations) {
		return nil
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

// versionOf is the version of the database's schema: 0 for one that has nothing in
// it. A database of somebody else's is store.ErrCorrupt.
func versionOf(ctx context.Context, conn *sql.Conn) (int, error) {
	var application, version, objects int
	var encoding string
	for text, value := range map[string]any{
		`PRAGMA application_id`:              &application,
		`PRAGMA user_version`:                &version,
		`SELECT count(*) FROM sqlite_schema`: &objects,
		`PRAGMA encoding`:                    &encoding,
	} {
		if err := conn.QueryRowContext(ctx, text).Scan(value); err != nil {
			return 0, err
		}
	}
	switch fresh := application == 0 && version == 0 && objects == 0; {
	case fresh && encoding == "UTF-8":
		return 0, nil
	case fresh || application != applicationID || version < 1:
		return 0, fmt.Errorf("%w: the database has another application's data, or is not in UTF-8", store.ErrCorrupt)
	case version > len(migrations):
		return 0, fmt.Errorf("%w: version %d, known are 1 to %d", ErrNewerSchema, version, len(migrations))
	}
	return version, nil
}
