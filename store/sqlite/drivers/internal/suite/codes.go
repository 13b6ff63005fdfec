package suite

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/driver"
	"example.com/tenet/tenancy"
)

// bench is an open store and a second way to its file.
type bench struct {
	t    *testing.T
	ctx  context.Context
	d    driver.Driver
	path string
	s    *driver.Store
	raw  *sql.DB
}

// Codes makes the engine fail for real and holds the answers of the store, and the
// codes that the driver gave, to a table. d.Code has to be set.
func Codes(t *testing.T, d driver.Driver) {
	for _, tt := range []struct {
		name string
		fail func(*bench) error
		code int // what the driver says
		want error
	}{
		{"primary key", createTwice, 19 | 6<<8, store.ErrConflict},
		{"unique index", sameKeyElsewhere, 19 | 8<<8, store.ErrConflict},
		{"trigger", refusedByTrigger, 19 | 7<<8, store.ErrInvalid},
		{"busy", lockedByAnother, 5, store.ErrUnavailable},
		{"damaged page", damagedPage, 11, store.ErrCorrupt},
		{"not a database", notADatabase, 26, store.ErrCorrupt},
		{"table gone", tableGone, 1, store.ErrCorrupt},
		{"full", full, 13, store.ErrUnavailable},
		{"read only", readOnly, 8, store.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := &codes{of: d.Code}
			b := begin(t, driver.Driver{Pool: d.Pool, Code: seen.code})
			if err := tt.fail(b); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if !seen.have(tt.code) {
				t.Errorf("the driver gave the codes %v, want %d among them", seen.all, tt.code)
			}
		})
	}
}

// codes notes what a Code function returns.
type codes struct {
	of  func(error) (int, bool)
	mu  sync.Mutex
	all []int
}

func (c *codes) code(err error) (int, bool) {
	code, ok := c.of(err)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, code)
	return code, ok
}

func (c *codes) have(code int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, seen := range c.all {
		if seen == code || code < 256 && seen&0xff == code {
			return true
		}
	}
	return false
}

func begin(t *testing.T, d driver.Driver) *bench {
	t.Helper()
	b := &bench{t: t, ctx: t.Context(), d: d, path: filepath.Join(t.TempDir(), "tenet.db")}
	b.open()
	raw, err := d.Pool(b.path, 1)
	b.must(err)
	b.raw = raw
	t.Cleanup(func() { raw.Close() })
	_, err = b.s.Commit(b.ctx, Create("first", Project("proj"), Key("key")))
	b.must(err)
	return b
}

func (b *bench) open(pragmas ...string) {
	b.t.Helper()
	s, err := b.d.Open(b.ctx, b.path, pragmas...)
	b.must(err)
	b.s = s
	b.t.Cleanup(func() { b.must(s.Close()) })
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) exec(text string) {
	b.t.Helper()
	_, err := b.raw.ExecContext(b.ctx, text)
	b.must(err)
}

func (b *bench) commit(op string, values ...tenancy.Entity) error {
	_, err := b.s.Commit(b.ctx, Create(op, values...))
	return err
}

// goesOn ends the test unless the store commits.
func (b *bench) goesOn() {
	b.t.Helper()
	b.must(b.commit("goes on", Project("goes on")))
}

func createTwice(b *bench) error {
	err := b.commit("again", Project("proj"))
	b.goesOn()
	return err
}

func sameKeyElsewhere(b *bench) error {
	k := Key("key")
	k.Org = "org_b"
	batch := Create("elsewhere", k)
	batch.Entry.Org = k.Org
	_, err := b.s.Commit(b.ctx, batch)
	b.goesOn()
	return err
}

func refusedByTrigger(b *bench) error {
	b.exec(`CREATE TRIGGER no BEFORE INSERT ON project WHEN new.id = 'no' BEGIN SELECT raise(ABORT, 'private words'); END`)
	err := b.commit("no", Project("no"))
	if err != nil && strings.Contains(err.Error(), "private") {
		b.t.Errorf("the engine's words are in %q", err)
	}
	b.goesOn()
	return err
}

func lockedByAnother(b *bench) error {
	_, err := b.s.Write.ExecContext(b.ctx, `PRAGMA busy_timeout = 50`)
	b.must(err)
	b.exec(`BEGIN IMMEDIATE`)
	err = b.commit("late", Project("late"))
	if usage := b.s.Append(b.ctx, Records("late", 3)); !errors.Is(usage, store.ErrUnavailable) {
		b.t.Errorf("Append: %v, want %v", usage, store.ErrUnavailable)
	}
	b.exec(`ROLLBACK`)
	b.must(b.commit("late", Project("late")))
	return err
}

// damagedPage overwrites the root of one table, with nobody at the file.
func damagedPage(b *bench) error {
	var page, size int64
	b.must(b.raw.QueryRowContext(b.ctx, `SELECT rootpage FROM sqlite_schema WHERE name = 'project'`).Scan(&page))
	b.must(b.raw.QueryRowContext(b.ctx, `PRAGMA page_size`).Scan(&size))
	b.must(b.s.Close())
	b.raw.Close()
	f, err := os.OpenFile(b.path, os.O_RDWR, 0)
	b.must(err)
	_, err = f.WriteAt([]byte(strings.Repeat("damage ", int(size)))[:size], (page-1)*size)
	b.must(errors.Join(err, f.Close()))
	b.open()
	_, err = b.s.Get(b.ctx, Key("key").Ref())
	b.must(err) // another table's pages are whole
	_, err = b.s.Get(b.ctx, Project("proj").Ref())
	if again := b.commit("into damage", Project("other")); !errors.Is(again, store.ErrCorrupt) {
		b.t.Errorf("Commit: %v, want %v", again, store.ErrCorrupt)
	}
	return err
}

func notADatabase(b *bench) error {
	path := b.path + ".txt"
	b.must(os.WriteFile(path, []byte(strings.Repeat("this is no database\n", 500)), 0o600))
	s, err := b.d.Open(b.ctx, path)
	if err == nil {
		err = s.Close()
	}
	return err
}

func tableGone(b *bench) error {
	b.exec(`DROP TABLE project`)
	_, err := b.s.Get(b.ctx, Project("proj").Ref())
	return err
}

func full(b *bench) error {
	_, err := b.s.Write.ExecContext(b.ctx, `PRAGMA max_page_count = 1`) // as many as there are
	b.must(err)
	err = b.s.Append(b.ctx, Records("full", 2000))
	_, lifted := b.s.Write.ExecContext(b.ctx, `PRAGMA max_page_count = 1000000`)
	b.must(lifted)
	page, lifted := b.s.Records(b.ctx, store.RecordQuery{Org: Org})
	if lifted != nil || len(page.Records) > 0 {
		b.t.Errorf("%d records of a refused Append, %v", len(page.Records), lifted)
	}
	b.must(b.s.Append(b.ctx, Records("full", 2000)))
	return err
}

func readOnly(b *bench) error {
	b.must(b.s.Close())
	b.open("query_only(1)")
	err := b.commit("written", Project("written"))
	if _, err := b.s.Get(b.ctx, Project("proj").Ref()); err != nil {
		b.t.Errorf("Get: %v", err)
	}
	return err
}
