package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"example.com/tenet/store"
)

// maxFindings bounds how much Check counts of each kind.
const maxFindings = 100

// Check reads the whole database and returns store.ErrCorrupt, with the number of
// findings, where something in it cannot be: a page, an index or a row that SQLite's
// integrity check refuses; a table, index or view that is missing; a record that does
// not read; a revision or an entry beyond the head of the log; an entry whose refs do
// not parse or are not well formed. The roll-up of usage is for Verify.
//
// It reads one state and holds up nobody, but takes as long as reading everything
// does: seconds for a gigabyte.
func (s *Store) Check(ctx context.Context) error {
	findings := 0
	err := s.snapshot(ctx, func(t *tx) error {
		for _, look := range []func() (int, error){t.damage, t.lacking, t.unreadable, t.beyondHead, t.badEntries} {
			n, err := look()
			findings += n
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && findings > 0 {
		return fmt.Errorf("%w: %d findings", store.ErrCorrupt, findings)
	}
	return err
}

// damage counts what SQLite finds.
func (t *tx) damage() (n int, err error) {
	text := fmt.Sprintf(`PRAGMA integrity_check(%d)`, maxFindings)
	err = t.query(text, nil, func(rows *sql.Rows) error {
		var finding string
		err := rows.Scan(&finding)
		if finding != "ok" {
			n++
		}
		return err
	})
	return n, err
}

// lacking counts the tables, indexes and views of the schema that are not there.
func (t *tx) lacking() (n int, err error) {
	there := map[string]bool{}
	err = t.query(`SELECT name FROM sqlite_schema`, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		there[name] = true
		return err
	})
	created := regexp.MustCompile(`(?m)^CREATE (?:UNIQUE )?(?:TABLE|INDEX|VIEW) (\w+)`)
	for _, script := range migrations {
		for _, m := range created.FindAllStringSubmatch(script, -1) {
			if !there[m[1]] {
				n++
			}
		}
	}
	return n, err
}

// unreadable counts the records that List could not return, up to the first of each
// kind.
func (t *tx) unreadable() (n int, err error) {
	for _, of := range tables {
		var rev int64
		columns := append([]any{&rev}, of.row().columns...)
		text := fmt.Sprintf(`SELECT %s FROM %s`, strings.Join(append([]string{"rev"}, slices.Concat(of.key, of.data)...), ", "), of.name)
		err := t.query(text, nil, func(rows *sql.Rows) error { return rows.Scan(columns...) })
		if errors.Is(err, store.ErrCorrupt) {
			n++
		} else if err != nil {
			return n, err
		}
	}
	return n, nil
}

// beyondHead counts records and entries that are newer than the newest entry ever,
// and is 1 where what was pruned is.
func (t *tx) beyondHead() (n int, err error) {
	var pruned, head int64
	err = t.query(headText, nil, func(rows *sql.Rows) error { return rows.Scan(&pruned, &head) })
	if pruned > head {
		n++
	}
	texts := []string{`SELECT count(*) FROM log WHERE seq > ?`}
	for _, of := range tables {
		texts = append(texts, fmt.Sprintf(`SELECT count(*) FROM %s WHERE rev > ?`, of.name))
	}
	for _, text := range texts {
		var more int
		if err == nil {
			err = t.query(text, []any{head}, func(rows *sql.Rows) error { return rows.Scan(&more) })
		}
		n += min(more, maxFindings)
	}
	return n, err
}

// badEntries counts entries whose refs a follower could not use.
func (t *tx) badEntries() (n int, err error) {
	err = t.query(`SELECT refs FROM log`, nil, func(rows *sql.Rows) error {
		var text string
		err := rows.Scan(&text)
		if !wellFormed(text) && n < maxFindings {
			n++
		}
		return err
	})
	return n, err
}

func wellFormed(text string) bool {
	refs, err := parseRefs(text)
	for _, r := range refs {
		if err == nil {
			err = store.ValidateRef(r)
		}
	}
	return err == nil
}
