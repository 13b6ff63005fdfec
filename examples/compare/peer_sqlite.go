package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// sqlSchema is as plain as somebody would write it for this question alone.
const sqlSchema = `
CREATE TABLE organization (id INTEGER PRIMARY KEY, suspended INTEGER) STRICT;
CREATE TABLE org_model (org INTEGER NOT NULL, model TEXT NOT NULL, PRIMARY KEY (org, model)) STRICT, WITHOUT ROWID;
CREATE TABLE project (id INTEGER PRIMARY KEY, org INTEGER NOT NULL, name TEXT NOT NULL, archived INTEGER) STRICT;
CREATE TABLE project_model (project INTEGER NOT NULL, model TEXT NOT NULL, PRIMARY KEY (project, model)) STRICT, WITHOUT ROWID;
CREATE TABLE api_key (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, project INTEGER NOT NULL, narrowed INTEGER NOT NULL,
	expires INTEGER, revoked INTEGER) STRICT;
CREATE TABLE key_model (key INTEGER NOT NULL, model TEXT NOT NULL, PRIMARY KEY (key, model)) STRICT, WITHOUT ROWID;
CREATE TABLE place (user TEXT NOT NULL, project INTEGER NOT NULL, role TEXT NOT NULL, PRIMARY KEY (user, project)) STRICT, WITHOUT ROWID;
`

// sqlMayCall is the one statement: digest, model, now. The order of its joins is given,
// which needs no ANALYZE; after one SQLite would plan anew at each execution.
const sqlMayCall = `SELECT 1 FROM api_key k
CROSS JOIN project p ON p.id = k.project
CROSS JOIN organization o ON o.id = p.org
CROSS JOIN org_model om ON om.org = o.id AND om.model = ?2
CROSS JOIN project_model pm ON pm.project = p.id AND pm.model = ?2
LEFT JOIN key_model km ON km.key = k.id AND km.model = ?2
WHERE k.digest = ?1 AND k.revoked IS NULL AND (k.expires IS NULL OR k.expires > ?3)
	AND p.archived IS NULL AND o.suspended IS NULL AND (k.narrowed = 0 OR km.key IS NOT NULL)`

const sqlVisible = `SELECT p.id, p.name FROM place m CROSS JOIN project p ON p.id = m.project
WHERE m.user = ? AND p.archived IS NULL ORDER BY p.org, p.name`

// database opens a file of SQLite as sqlitefile does: WAL, and durable at each commit.
func database(path string, connections int) (*sql.DB, error) {
	settings := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16384)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path, RawQuery: settings.Encode()}).String())
	if err == nil {
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
	}
	return db, err
}

// sqlWorld is the world in tables.
func sqlWorld(ctx context.Context, w *world, dir string) (*sql.DB, error) {
	db, err := database(filepath.Join(dir, fmt.Sprintf("peer-%d.db", len(w.keys))), 1)
	if err != nil {
		return nil, err
	}
	if _, err = db.ExecContext(ctx, sqlSchema); err == nil {
		err = w.intoTables(ctx, db)
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// sqlPeer asks the tables.
func sqlPeer(ctx context.Context, w *world, db *sql.DB) (peer, error) {
	st, err := db.PrepareContext(ctx, sqlMayCall)
	if err != nil {
		return peer{}, err
	}
	d := w.digester()
	return peer{"SQLite, joined", func(q *query) (bool, error) {
		digest := d.of(q.token)
		var one int
		err := st.QueryRowContext(ctx, digest[:], string(q.model), time.Now().UnixMicro()).Scan(&one)
		if errors.Is(err, sql.ErrNoRows) {
			return false, nil
		}
		return one == 1, err
	}}, nil
}

// intoTables writes all rows in one transaction.
func (w *world) intoTables(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	in := inserter{ctx: ctx, tx: tx, stmts: map[string]*sql.Stmt{}}
	for o, plan := range w.orgs {
		in.row("organization (id) VALUES (?)", o)
		w.models(&in, "org_model VALUES (?, ?)", o, plan)
	}
	for i := range w.projects {
		p := &w.projects[i]
		in.row("project VALUES (?, ?, ?, ?)", i, p.org, fmt.Sprint("Project ", i), when(p.archived, w.now))
		in.row("place VALUES (?, ?, ?)", string(personOf(p.org)), i, "member")
		w.models(&in, "project_model VALUES (?, ?)", i, p.models)
	}
	for i := range w.keys {
		k := &w.keys[i]
		in.row("api_key VALUES (?, ?, ?, ?, ?, ?)", i, k.hmac[:], k.project, k.narrowed, when(!k.expires.IsZero(), k.expires), when(k.revoked, w.now))
		w.models(&in, "key_model VALUES (?, ?)", i, k.models)
	}
	if in.err != nil {
		return in.err
	}
	return tx.Commit()
}

func (w *world) models(in *inserter, into string, id int, m mask) {
	for _, name := range w.list(m) {
		in.row(into, id, string(name))
	}
}

// when is a time as a column has it; NULL unless it is set.
func when(set bool, t time.Time) any {
	if !set {
		return nil
	}
	return t.UnixMicro()
}

// inserter keeps the first error, after which it does nothing.
type inserter struct {
	ctx   context.Context
	tx    *sql.Tx
	stmts map[string]*sql.Stmt
	err   error
}

func (in *inserter) row(into string, args ...any) {
	if in.err != nil {
		return
	}
	st := in.stmts[into]
	if st == nil {
		if st, in.err = in.tx.PrepareContext(in.ctx, "INSERT INTO "+into); in.err != nil {
			return
		}
		in.stmts[into] = st
	}
	_, in.err = st.ExecContext(in.ctx, args...)
}
