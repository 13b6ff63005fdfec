package sqlite

import (
	"context"
	"database/sql"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Commit implements store.Store. The revision of a commit is the number of its
// log entry.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if err := b.Validate(); err != nil {
		return store.Result{}, err
	}
	var res store.Result
	err := s.update(ctx, func(t *tx) (wrote bool, err error) {
		res, err = t.commit(b)
		return !res.Replayed, err
	})
	if err != nil {
		return store.Result{}, err
	}
	if !res.Replayed {
		s.wake()
	}
	return res, nil
}

func (t *tx) commit(b store.Batch) (store.Result, error) {
	first, used, err := t.byOp(b.Entry)
	if err != nil {
		return store.Result{}, err
	}
	if used {
		if !b.Repeats(first) {
			return store.Result{}, store.ErrReused
		}
		return store.Result{Entry: first, Replayed: true}, nil
	}
	for _, c := range b.Check {
		if err := t.check(c); err != nil {
			return store.Result{}, err
		}
	}
	// The entry goes first, since its number is the revision of the rest.
	e := b.Entry
	e.Refs, e.Detail = b.Refs(), slices.Clone(e.Detail) // the Result's own
	seq, err := t.append(e)
	if err != nil {
		return store.Result{}, err
	}
	for _, d := range b.Delete {
		if err := t.delete(d); err != nil {
			return store.Result{}, err
		}
	}
	rows := map[tenancy.Kind]*row{}
	for _, r := range b.Put {
		if err := t.put(rows, r, seq); err != nil {
			return store.Result{}, err
		}
	}
	return store.Result{Rev: store.Rev(seq), Entry: e}, nil
}

// check refuses a record that is at another revision.
func (t *tx) check(c store.Check) error {
	var rev int64
	err := t.query(tables[c.Ref.Kind].revText(), values(parts(c.Ref)), func(rows *sql.Rows) error {
		return rows.Scan(&rev)
	})
	if err == nil && store.Rev(rev) != c.Rev {
		return store.ErrConflict
	}
	return err
}

func (t *tx) delete(d store.Check) error {
	return t.one(tables[d.Ref.Kind].deleteText(), append(values(parts(d.Ref)), int64(d.Rev))...)
}

// put writes a record at the revision rev. rows has one row a kind, which is used
// again and again.
func (t *tx) put(rows map[tenancy.Kind]*row, r store.Record, rev int64) error {
	kind := r.Value.Ref().Kind
	of := tables[kind]
	if rows[kind] == nil {
		rows[kind] = of.row()
	}
	rows[kind].set(r.Value)
	columns := rows[kind].columns
	if r.Rev == 0 {
		return t.one(of.insertText(), append([]any{rev}, columns...)...)
	}
	n := len(of.key)
	args := append(append([]any{rev}, columns[n:]...), columns[:n]...)
	return t.one(of.updateText(), append(args, int64(r.Rev))...)
}

// one runs a statement that has to write exactly one row.
func (t *tx) one(text string, args ...any) error {
	n, err := t.exec(text, args...)
	if err == nil && n != 1 {
		return store.ErrConflict
	}
	return err
}
