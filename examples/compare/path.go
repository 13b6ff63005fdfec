package main

import (
	"context"
	"fmt"
	"time"

	"example.com/tenet"
	"example.com/tenet/store/memory"
)

// What the dear peers are asked, since one answer of theirs takes long.
const (
	casbinKeys = 1000 // it is asked about worlds up to this size
	casbinPart = 128  // one query in so many
	sqlPart    = 16
)

// path measures the request path: Authenticate and CanCall against what else could
// answer the same question.
func path(ctx context.Context, r *report, o options) error {
	t := r.table("Request path: authenticate a token, decide one call; ns an operation, then ours to theirs",
		"keys", "who", "ns", "ours/theirs", "queries")
	for i, n := range o.keys {
		if err := pathAt(ctx, r, t, o, n, i == len(o.keys)-1); err != nil {
			return err
		}
	}
	return nil
}

// pathAt measures it over a world of n keys; last is the largest.
func pathAt(ctx context.Context, r *report, t *table, o options, n int, last bool) error {
	st := memory.New()
	defer st.Close() //nolint:errcheck // in memory
	w, err := filled(ctx, st, n, o.queries)
	if err != nil {
		return err
	}
	ours, err := opened(ctx, w, st)
	if err != nil {
		return err
	}
	defer ours.Close() //nolint:errcheck // refusals of a world that is gone
	c := comparison{r: r, t: t, o: o, w: w, us: library(ctx, ours)}
	if err := c.limits(n, last); err != nil {
		return err
	}
	if err := c.peers(ctx, n); err != nil {
		return err
	}
	if err := c.allocations(n); err != nil {
		return err
	}
	if last {
		return c.cores(n)
	}
	return nil
}

func opened(ctx context.Context, w *world, st storage) (*tenet.Tenet, error) {
	return tenet.Open(ctx, st, w.options())
}

func (w *world) options() *tenet.Options {
	return &tenet.Options{Peppers: w.peppers, Format: w.format, MaxStaleness: time.Minute}
}

// library is what is measured.
func library(ctx context.Context, t *tenet.Tenet) peer {
	return peer{"tenet", func(q *query) (bool, error) {
		p, d := t.Authenticate(ctx, q.token)
		return d.Allowed() && t.CanCall(p, q.model).Allowed(), nil
	}}
}

// comparison is of one world.
type comparison struct {
	r  *report
	t  *table
	o  options
	w  *world
	us peer
}

// limitGoal is what was set for the sizes 1k, 100k and 1M.
func limitGoal(n int) goal {
	switch {
	case n < 10_000:
		return atMost(1.35)
	case n < 500_000:
		return atMost(1.15)
	}
	return atMost(1)
}

// sample is one query in part of all.
func (w *world) sample(part int) []query { return w.queries[:max(1, len(w.queries)/part)] }

// live are the queries of keys that are neither revoked nor expired.
func (w *world) live() []query {
	var live []query
	for _, q := range w.queries {
		if !w.keys[q.key].dead() {
			live = append(live, q)
		}
	}
	return live
}

// limits compares with the least that can be done.
func (c comparison) limits(n int, last bool) error {
	plain, keyed := limitPlain(c.w), limitKeyed(c.w)
	for _, p := range []peer{c.us, plain, keyed} {
		if err := p.agrees(c.w.queries); err != nil {
			return err
		}
	}
	live := c.us
	live.name = "… live keys only"
	s, err := c.against(sized(n), c.o.rounds, c.w.queries, plain.subject(c.w.queries), keyed.subject(c.w.queries), live.subject(c.w.live()))
	if err != nil {
		return err
	}
	c.r.rounds("path_vs_limit_"+sized(n), s[1], limitGoal(n))
	if !last {
		return nil
	}
	if s, err = c.against(fmt.Sprintf("%s, %d hot", sized(n), hot), c.o.rounds, c.w.hot, plain.subject(c.w.hot), keyed.subject(c.w.hot)); err == nil {
		c.r.rounds("path_vs_limit_hot", s[1], atMost(1.35))
	}
	return err
}

// peers compares with other ways to write it.
func (c comparison) peers(ctx context.Context, n int) error {
	cedar, err := cedarPeer(c.w)
	if err != nil {
		return err
	}
	db, err := sqlWorld(ctx, c.w, c.o.dir)
	if err != nil {
		return err
	}
	defer db.Close()
	joined, err := sqlPeer(ctx, c.w, db)
	if err != nil {
		return err
	}
	if err := cedar.agrees(c.w.queries); err != nil {
		return err
	}
	if err := joined.agrees(c.w.sample(sqlPart)); err != nil {
		return err
	}
	s, err := c.against(sized(n), c.o.few, c.w.queries, cedar.subject(c.w.queries), joined.subject(c.w.sample(sqlPart)))
	if err != nil {
		return err
	}
	c.r.rounds("cedar_vs_path_"+sized(n), s[0].inverse(), atLeast(8))
	c.r.rounds("sql_vs_path_"+sized(n), s[1].inverse(), atLeast(30))
	if n > casbinKeys {
		return nil
	}
	return c.casbin(n)
}

func (c comparison) casbin(n int) error {
	sample := c.w.sample(casbinPart)
	var subjects []subject
	for _, matcher := range []string{casbinOwn, casbinQuick} {
		p, err := casbinPeer(c.w, matcher)
		if err != nil {
			return err
		}
		if err := p.agrees(sample); err != nil {
			return err
		}
		subjects = append(subjects, p.subject(sample))
	}
	subjects[1].name = "… cheap tests first"
	s, err := c.against(sized(n), c.o.few, c.w.queries, subjects...)
	if err == nil {
		c.r.rounds("casbin_vs_path_"+sized(n), s[0].inverse(), atLeast(300))
	}
	return err
}

// against measures us and others in turn, and returns ours to theirs.
func (c comparison) against(label string, rounds int, queries []query, others ...subject) ([]spread, error) {
	took, err := interleave(rounds, append([]subject{c.us.subject(queries)}, others...)...)
	if err != nil {
		return nil, err
	}
	c.t.add(label, c.us.name, spreadOf(took[0]).String(), "1", fmt.Sprint(len(queries)))
	ratios := make([]spread, len(others))
	for i, p := range others {
		ratios[i] = took[0].over(took[i+1])
		c.t.add(label, p.name, spreadOf(took[i+1]).String(), ratios[i].String(), fmt.Sprint(p.ops))
	}
	return ratios, nil
}

// allocations counts those of ours. A key that is revoked or expired leaves a record of
// the refusal, which takes some; the goal is for all others.
func (c comparison) allocations(n int) error {
	live := c.w.live()
	quiet, err := allocations(c.us.subject(live))
	if err != nil {
		return err
	}
	all, err := allocations(c.us.subject(c.w.queries))
	if err != nil {
		return err
	}
	c.t.add(sized(n), "tenet, allocations", figure(quiet), "", fmt.Sprint(len(live)))
	c.t.add(sized(n), "… with refusals", figure(all), "", fmt.Sprint(len(c.w.queries)))
	c.r.single("path_allocations_"+sized(n), quiet, atMost(0))
	return nil
}
