package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

const entryColumns = `org, op, request, actor, on_behalf, action,` +
	` subject_kind, subject_org, subject_id, subject_user, project, at, detail, refs`

var (
	_ store.Waiter = (*Store)(nil)
	_ store.Pruner = (*Store)(nil)
)

// The statements of the log.
const (
	appendText = `INSERT INTO log (` + entryColumns + `) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	opText     = `SELECT seq, ` + entryColumns + ` FROM log WHERE org = ? AND op = ?`
	feedText   = `SELECT seq, ` + entryColumns + ` FROM log WHERE seq > ? ORDER BY seq LIMIT ?`
	// headText has the number of the newest entry ever, which outlives the entry.
	headText = `SELECT pruned, ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'log'), 0) FROM meta`

	prunedText = `UPDATE meta SET pruned = max(pruned, ifnull((SELECT max(seq) FROM log WHERE org = ? AND at < ?), 0))`
	forgetText = `DELETE FROM log WHERE org = ? AND at < ?`
)

// append writes an entry and returns its number.
func (t *tx) append(e store.Entry) (int64, error) {
	refs, err := refsText(e.Refs)
	if err != nil {
		return 0, err
	}
	var detail any
	if len(e.Detail) > 0 {
		detail = string(e.Detail)
	}
	res, err := t.execWith(t.ctx, appendText,
		string(e.Org), string(e.Op), e.Request[:], string(e.Actor), string(e.OnBehalf), string(e.Action),
		kindText(e.Subject.Kind), string(e.Subject.Org), e.Subject.ID, string(e.Subject.User),
		string(e.Project), e.At.UnixMicro(), detail, refs)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// byOp returns the entry of e's organization that has e's operation id.
func (t *tx) byOp(e store.Entry) (first store.Entry, used bool, err error) {
	var es entries
	err = t.query(opText, []any{string(e.Org), string(e.Op)}, es.scan())
	if err != nil || len(es.all) == 0 {
		return store.Entry{}, false, err
	}
	return es.all[0], true, nil
}

// entries collects the rows of a SELECT of seq and entryColumns.
type entries struct {
	all []store.Entry
	seq []int64
}

// scan returns a function that adds one row.
func (es *entries) scan() func(*sql.Rows) error {
	var seq, at int64
	var e store.Entry
	var kind, refs string
	var request, detail sql.RawBytes
	columns := []any{&seq, (*string)(&e.Org), (*string)(&e.Op), &request, (*string)(&e.Actor), (*string)(&e.OnBehalf),
		(*string)(&e.Action), &kind, (*string)(&e.Subject.Org), &e.Subject.ID, (*string)(&e.Subject.User),
		(*string)(&e.Project), &at, &detail, &refs}
	return func(rows *sql.Rows) error {
		if err := rows.Scan(columns...); err != nil {
			return err
		}
		var err error
		if e.Refs, err = parseRefs(refs); err != nil || len(request) != len(e.Request) {
			return store.ErrCorrupt
		}
		e.Request = [16]byte(request)
		e.Subject.Kind = tenancy.ParseKind(kind)
		e.At = instant(at)
		e.Detail = append([]byte(nil), detail...)
		es.all, es.seq = append(es.all, e), append(es.seq, seq)
		return nil
	}
}

func kindText(k tenancy.Kind) string {
	if k == 0 {
		return ""
	}
	return k.String()
}

func refsText(refs []tenancy.Ref) (string, error) {
	rows := make([][4]string, len(refs))
	for i, r := range refs {
		rows[i] = [4]string{r.Kind.String(), string(r.Org), r.ID, string(r.User)}
	}
	text, err := json.Marshal(rows)
	if err != nil {
		return "", store.ErrInvalid
	}
	return string(text), nil
}

func parseRefs(text string) ([]tenancy.Ref, error) {
	var rows [][4]string
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, err
	}
	refs := make([]tenancy.Ref, len(rows))
	for i, r := range rows {
		refs[i] = tenancy.Ref{Kind: tenancy.ParseKind(r[0]), Org: tenancy.OrgID(r[1]), ID: r[2], User: tenancy.UserID(r[3])}
	}
	return refs, nil
}

// Changes implements store.Store.
func (s *Store) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	if limit < 1 {
		return store.Feed{}, fmt.Errorf("%w: limit", store.ErrInvalid)
	}
	if limit > store.MaxPage {
		return store.Feed{}, fmt.Errorf("%w: at most %d entries", store.ErrTooLarge, store.MaxPage)
	}
	if err := s.enter(ctx); err != nil {
		return store.Feed{}, err
	}
	defer s.leave()
	if after == "" {
		_, head, err := s.follow(ctx, after)
		return store.Feed{Next: s.feedCursor(head)}, err
	}
	seq, err := s.number(store.FeedReading, string(after))
	if err != nil {
		return store.Feed{}, store.ErrResync
	}
	var es entries
	if err := s.query(ctx, feedText, []any{seq, limit + 1}, es.scan()); err != nil {
		return store.Feed{}, err
	}
	// What was pruned is asked after the entries were read: had any of those after
	// the cursor been missing, it would say so.
	if _, _, err := s.follow(ctx, after); err != nil {
		return store.Feed{}, err
	}
	f := store.Feed{Entries: es.all, More: len(es.all) > limit}
	if f.More {
		f.Entries = es.all[:limit]
	}
	if n := len(f.Entries); n > 0 {
		seq = es.seq[n-1]
	}
	f.Next = s.feedCursor(seq)
	return f, nil
}

func (s *Store) feedCursor(seq int64) store.Cursor {
	return store.Cursor(s.numbered(store.FeedReading, seq))
}

// follow returns the number in a cursor of the feed, the newest one for the empty
// cursor, and the newest one. A cursor that cannot be followed is store.ErrResync:
// made up, below what was pruned, or beyond the head, as after the database was
// restored from a backup.
func (s *Store) follow(ctx context.Context, after store.Cursor) (seq, head int64, err error) {
	var pruned int64
	err = s.query(ctx, headText, nil, func(rows *sql.Rows) error { return rows.Scan(&pruned, &head) })
	if err != nil || after == "" {
		return head, head, err
	}
	seq, err = s.number(store.FeedReading, string(after))
	if err != nil || seq < pruned || seq > head {
		return 0, 0, store.ErrResync
	}
	return seq, head, nil
}

// PruneLog implements store.Pruner. The operation ids of what it forgets are
// forgotten too.
func (s *Store) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	var n int64
	err := s.update(ctx, func(t *tx) (bool, error) {
		args := []any{string(org), ceiling(before)}
		if _, err := t.exec(prunedText, args...); err != nil {
			return false, err
		}
		var err error
		n, err = t.exec(forgetText, args...)
		return n > 0, err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}
