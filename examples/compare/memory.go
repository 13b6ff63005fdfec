package main

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"example.com/tenet"
	"example.com/tenet/store/sqlitefile"
)

// stepKeys are changed one by one in a round.
const stepKeys = 400

// footprint measures what the picture of a tenancy takes: room, time to load, and time to
// change one key of many. It is over a file, whose records are not in memory.
func footprint(ctx context.Context, r *report, o options) error {
	n := o.file
	path := filepath.Join(o.sub("memory"), "tenet.db")
	st, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return err
	}
	defer st.Close() //nolint:errcheck // the file is removed
	w, err := filled(ctx, st, n, 1)
	if err != nil {
		return err
	}
	own := w.options()
	w = nil // what is measured is to be all that there is
	m := memories{r: r, o: o, n: n, st: st, path: path, own: own}
	m.t = r.table(fmt.Sprintf("Memory of %s keys, over a file", sized(n)), "what", "value", "beside")
	if err := m.room(ctx); err != nil {
		return err
	}
	if err := m.load(ctx); err != nil {
		return err
	}
	return m.changes(ctx)
}

// memories measures one file.
type memories struct {
	r    *report
	t    *table
	o    options
	n    int
	st   *sqlitefile.Store
	path string
	own  *tenet.Options
}

// heap is how many bytes are in use once what is garbage was collected.
func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what the first one finalized
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// room counts all that Open adds to the heap, organizations and projects included.
func (m memories) room(ctx context.Context) error {
	before := heap()
	t, err := tenet.Open(ctx, m.st, m.own)
	if err != nil {
		return err
	}
	bytes := float64(heap()-before) / float64(m.n)
	m.t.add("bytes a key, everything included", figure(bytes), "")
	m.r.single("bytes_a_key_"+sized(m.n), bytes, atMost(100))
	return t.Close()
}

// load compares Open with reading the same rows bare.
func (m memories) load(ctx context.Context) error {
	db, err := database(m.path, 1)
	if err != nil {
		return err
	}
	defer db.Close()
	open := subject{name: "Open", ops: m.n, run: func() error {
		t, err := tenet.Open(ctx, m.st, m.own)
		if err != nil {
			return err
		}
		return t.Close()
	}}
	scan := subject{name: "bare scan", ops: m.n, run: func() error { return scanKeys(ctx, db, m.n) }}
	took, err := interleave(m.o.few, open, scan)
	if err != nil {
		return err
	}
	s := took[0].over(took[1])
	m.t.add("Open, ns a key", spreadOf(took[0]).String(), s.String())
	m.t.add("bare scan, ns a key", spreadOf(took[1]).String(), "1")
	m.r.rounds("load_vs_scan_"+sized(m.n), s, atMost(1.3))
	return nil
}

// keyRow is a row of the table of keys as Go values.
type keyRow struct {
	org, id, project, kind, name, holder, membership, models, limits, by string
	rev                                                                  int64
	created, expires, revoked                                            sql.NullInt64
	now, before                                                          secretRow
}

type secretRow struct {
	digest, seal     []byte
	pepper, hint, by string
	minted, ends     sql.NullInt64
}

const secretColumns = `%[1]s_digest, %[1]s_seal, %[1]s_pepper, %[1]s_hint, %[1]s_minted_by, %[1]s_minted, %[1]s_ends`

var keyColumns = strings.Join([]string{
	`org, id, rev, project, kind, name, holder, membership, models, limits, created_by, created, expires, revoked`,
	fmt.Sprintf(secretColumns, "cur"), fmt.Sprintf(secretColumns, "prev"),
}, ", ")

func (s *secretRow) fields() []any {
	return []any{&s.digest, &s.seal, &s.pepper, &s.hint, &s.by, &s.minted, &s.ends}
}

func (k *keyRow) fields() []any {
	f := []any{&k.org, &k.id, &k.rev, &k.project, &k.kind, &k.name, &k.holder, &k.membership, &k.models, &k.limits, &k.by, &k.created, &k.expires, &k.revoked}
	return append(append(f, k.now.fields()...), k.before.fields()...)
}

// scanKeys reads all keys and keeps none.
func scanKeys(ctx context.Context, db *sql.DB, want int) error {
	rows, err := db.QueryContext(ctx, `SELECT `+keyColumns+` FROM key`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var k keyRow
	into, n := k.fields(), 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n < want { // keys were added meanwhile
		return fmt.Errorf("peers disagree: a scan finds %d keys of %d", n, want)
	}
	return nil
}
