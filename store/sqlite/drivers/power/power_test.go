// Package power_test cuts the power: it builds the files as a disk may have them
// that was stopped at some moment, and opens them. To kill a process shows less,
// since the operating system still writes what the process had handed over.
package power_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/disk"
	"example.com/tenet/store/sqlite/drivers/internal/driver"
	"example.com/tenet/store/sqlite/drivers/internal/ncruces"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

// commits is how many acts a run has. Every third is an Append.
const commits = 36

// run makes acts on a disk that notes what it is told, and returns the notes. The
// number of each act is marked once the store has answered.
func run(t *testing.T, synchronous string) []disk.Note {
	t.Helper()
	d := new(disk.FS)
	t.Cleanup(d.Register(t.Name()))
	d.Record()
	s, err := ncruces.On(t.Name()).Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db"),
		"wal_autocheckpoint(60)", "cache_size(30)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	// On the one connection that writes; New takes none that begins with less than FULL.
	if _, err := s.Write.ExecContext(t.Context(), "PRAGMA synchronous = "+synchronous); err != nil {
		t.Fatal(err)
	}
	for i := range commits {
		if err := act(t, s, i); err != nil {
			t.Fatal(err)
		}
		d.Mark(i + 1)
	}
	return d.Notes()
}

func act(t *testing.T, s *driver.Store, i int) error {
	if i%3 == 2 {
		return s.Append(t.Context(), suite.Records(fmt.Sprint("p", i), 5))
	}
	_, err := s.Commit(t.Context(), suite.Create(fmt.Sprint("op", i), suite.Project(fmt.Sprint("p", i)), suite.Key(fmt.Sprint("k", i))))
	return err
}

// partsText counts the parts of each act that are there, by the number of the act.
const partsText = `SELECT act, sum(parts) FROM (
	SELECT substr(id, 2) act, 1 parts FROM project UNION ALL SELECT substr(id, 2), 1 FROM key UNION ALL
	SELECT substr(op, 3), 1 FROM log UNION ALL SELECT substr(project, 2), 1 FROM usage_record UNION ALL
	SELECT substr(project, 2), calls FROM usage_quarter WHERE grain = 'model'
) GROUP BY act`

// found is how many acts, from the first on, a database has. One that is there by
// half, or without the one before, is an error.
func found(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), partsText)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	last := -1
	for ; rows.Next(); n++ {
		var act, parts int
		if err := rows.Scan(&act, &parts); err != nil {
			t.Fatal(err)
		}
		last = max(last, act)
		if want := []int{3, 3, 10}[act%3]; parts != want {
			t.Errorf("act %d is there by half: %d of %d", act, parts, want)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if last+1 != n {
		t.Errorf("act %d is there, and of those before only %d", last, n-1)
	}
	return n
}

// cuts is what a series of power failures came to.
type cuts struct {
	n, lost int // openings, and those that missed an act that had been answered
}

// cut stops a run after every stride-th call, in each of the ways, and opens what is
// left.
func cut(t *testing.T, notes []disk.Note, stride int) (c cuts) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	p := newPlatter()
	answered := 0
	for i, n := range notes {
		p.take(n)
		if n.Op == disk.OpMark {
			answered = n.Mark
		}
		// What was just answered is at stake after each mark, so none is left out.
		if n.Op != disk.OpMark && i%stride != 0 {
			continue
		}
		keep := []float64{0, 0.3, 0.7, 0.95}[random.IntN(4)]
		got := reopen(t, p.cut(random, keep, keep > 0), c.n%10 == 0)
		c.n++
		if got < answered {
			c.lost++
		}
		if got > answered+1 {
			t.Errorf("call %d: %d acts are there, and %d were begun", i, got, answered+1)
		}
	}
	return c
}

// reopen puts files on a disk, has the engine check them and returns how many acts
// there are. With whole, it opens the store besides and has that check them.
func reopen(t *testing.T, files map[string]image, whole bool) int {
	t.Helper()
	dir := t.TempDir()
	for name, im := range files {
		if !im.there {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, name), im.data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, "tenet.db")
	db, err := ncruces.Driver().Pool(path, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&says); err != nil || says != "ok" {
		t.Errorf("integrity_check: %q, %v", says, err)
	}
	if whole {
		verify(t, path)
	}
	var tables int
	err = db.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE type = 'table'`).Scan(&tables)
	if err != nil {
		t.Errorf("the files do not open: %v", err)
	}
	if tables == 0 {
		return 0 // before the schema was made
	}
	return found(t, db)
}

// verify opens the store in a file, which is to work again.
func verify(t *testing.T, path string) {
	t.Helper()
	s, err := ncruces.Driver().Open(t.Context(), path)
	if err != nil {
		t.Errorf("the store does not open: %v", err)
		return
	}
	defer s.Close()
	from, to := suite.Span()
	if ds, err := s.Verify(t.Context(), suite.Org, from, to); err != nil || len(ds) > 0 {
		t.Errorf("Verify: %d differences, %v", len(ds), err)
	}
}

// TestF9FullLosesNothing is the promise of synchronous=FULL.
func TestF9FullLosesNothing(t *testing.T) {
	if suite.Plain(t) {
		return
	}
	c := cut(t, run(t, "FULL"), 5)
	t.Logf("lost an answered commit: %d of %d power failures", c.lost, c.n)
	if c.lost > 0 || c.n < 100 {
		t.Errorf("%d of %d power failures lost a commit that was answered", c.lost, c.n)
	}
}

// TestF9NormalLoses shows that the simulation sees a loss, and why the setting is no
// matter of taste: with NORMAL the data stays sound and loses what was answered.
func TestF9NormalLoses(t *testing.T) {
	if suite.Plain(t) {
		return
	}
	c := cut(t, run(t, "NORMAL"), 1<<30)
	t.Logf("lost an answered commit: %d of %d power failures", c.lost, c.n)
	if c.lost == 0 {
		t.Errorf("none of %d power failures lost a commit: the simulation shows nothing", c.n)
	}
}
