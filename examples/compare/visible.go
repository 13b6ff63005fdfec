package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

const visibleAsks = 4096

// visible measures which projects a person sees, ten or as many as are not archived,
// against SQL. Keys are no part of the question.
func visible(ctx context.Context, r *report, o options) error {
	n := min(o.keys[len(o.keys)-1], 20_000)
	var records []tenancy.Entity
	w, err := newWorld(n, 1, func(v tenancy.Entity) error {
		if _, key := v.(tenancy.Key); !key {
			records = append(records, v)
		}
		return nil
	})
	if err != nil {
		return err
	}
	snap, err := access.NewSnapshot(records...)
	if err != nil {
		return err
	}
	db, err := sqlWorld(ctx, w, o.sub("visible"))
	if err != nil {
		return err
	}
	defer db.Close()
	return compareVisible(ctx, r, o, w, snap.At(w.now), db)
}

func compareVisible(ctx context.Context, r *report, o options, w *world, view access.View, db *sql.DB) error {
	st, err := db.PrepareContext(ctx, sqlVisible)
	if err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(1, 2))
	people := make([]tenancy.UserID, o.times(visibleAsks))
	for i := range people {
		people[i] = personOf(rng.IntN(len(w.orgs)))
	}
	us := func(who tenancy.UserID) (int, error) {
		count := 0
		for range view.VisibleProjects(who) {
			count++
		}
		return count, nil
	}
	them := func(who tenancy.UserID) (int, error) { return countRows(ctx, st, who) }
	for _, who := range people[:min(len(people), 512)] {
		ours, _ := us(who)
		if theirs, err := them(who); err != nil || ours != theirs {
			return errors.Join(err, fmt.Errorf("peers disagree: %s sees %d projects, by SQL %d", who, ours, theirs))
		}
	}
	took, err := interleave(o.rounds, counting("VisibleProjects", people, us), counting("SQLite", people, them))
	if err != nil {
		return err
	}
	s := took[1].over(took[0])
	t := r.table(fmt.Sprintf("The projects that a person sees; %d projects in all, ns an operation", len(w.projects)), "who", "ns", "theirs/ours")
	t.add("VisibleProjects", spreadOf(took[0]).String(), "1")
	t.add("SQLite", spreadOf(took[1]).String(), s.String())
	r.rounds("sql_vs_visible_projects", s, atLeast(80))
	return nil
}

func counting(name string, people []tenancy.UserID, count func(tenancy.UserID) (int, error)) subject {
	return subject{name: name, ops: len(people), run: func() error {
		for _, who := range people {
			if _, err := count(who); err != nil {
				return err
			}
		}
		return nil
	}}
}

func countRows(ctx context.Context, st *sql.Stmt, who tenancy.UserID) (int, error) {
	rows, err := st.QueryContext(ctx, string(who))
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	count := 0
	for rows.Next() {
		var id int
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return 0, err
		}
		count++
	}
	return count, rows.Err()
}

// storage is what the library is opened over.
type storage interface {
	store.Store
	store.Usage
}
