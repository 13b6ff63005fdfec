package sqlite_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"example.com/tenet/store"
)

// What no process of this package writes is found. (Damaged pages are in the tests of
// package sqlitefile.)
func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name, change string
		findings     int
		why          string
	}{
		{"sound", `SELECT 1`, 0, "nothing was changed"},
		{"revision beyond the log", `UPDATE project SET rev = 1000000`, 4, "the next commits would use it again"},
		{"head set back", `UPDATE sqlite_sequence SET seq = seq - 1 WHERE name = 'log'`, 2, "the entry and its record are beyond it"},
		{"pruned beyond the log", `UPDATE meta SET pruned = 1000000`, 1, "no follower could go on"},
		{"refs of another form", `UPDATE log SET refs = '[["project"]]' WHERE seq < 3`, 2, "a follower could not read them"},
		{"refs of no kind", `UPDATE log SET refs = '[["ghost","o","p",""]]' WHERE seq = 3`, 1, "a follower could not read them"},
		{"refs of nobody", `UPDATE log SET refs = '[["project","","p",""]]' WHERE seq = 3`, 1, "a follower could not get it"},
		{"a value that the table refuses", `PRAGMA ignore_check_constraints = 1; UPDATE model SET public = 7 WHERE id = 'm-1'`, 2,
			"somebody wrote past the constraints, and it does not read"},
		{"an index is gone", `DROP INDEX key_by_id`, 1, "ids of keys would no longer be unique"},
		{"a view is gone", `DROP VIEW keys`, 1, "queries of people would fail"},
		{"a list of another form", `UPDATE project SET models = '[1]'`, 1, "no project could be listed"},
		{"many", `UPDATE log SET refs = '[["ghost","o","p",""]]';
			PRAGMA ignore_check_constraints = 1; UPDATE key SET rev = -1; UPDATE usage_record SET count = 0`, 39 + 100,
			"every kind is counted to a hundred"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, path := open(t)
			settle(t, s)
			db := raw(t, path)
			db.SetMaxOpenConns(1)
			mustExec(t, db, tt.change)
			err := s.Check(t.Context())
			says := fmt.Sprint(tt.findings, " findings")
			if (tt.findings == 0) != (err == nil) || (err != nil && (!errors.Is(err, store.ErrCorrupt) || !strings.HasSuffix(err.Error(), says))) {
				t.Errorf("%v, want %s: %s", err, says, tt.why)
			}
		})
	}
}

func TestCheckEnds(t *testing.T) {
	s, _ := open(t)
	put(t, s, sampleOrganization)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Check(over); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is over: %v", err)
	}
	s.Close()
	if err := s.Check(t.Context()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
