package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"example.com/tenet/store"
)

// maxFindings bounds how much Check counts of each kind.
const maxFindings = 100

// Check reads the whole database and returns store.ErrCorrupt, with the number of
// findings, where something in it cannot be: a page, an index or a row that SQLite's
// integrity check refuses; a revision or an entry beyond the head of the log; an
// entry whose refs do not parse or are not well formed. The roll-up of usage is
// for Verify.
//
// It reads one state and holds up nobody, but takes as long as reading everything
// does: seconds for a gigabyte.
func (s *Store) Check(ctx context.Context) error {
	findings := 0
	err := s.snapshot(ctx, func(t *tx) error {
		for _, look := range []func() (int, error){t.damage, t.beyondHead, t.badEntries} {
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
