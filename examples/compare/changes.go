package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// watch is a store whose follower is watched: it hands over the change feed one entry
// at a time, and notes how long the follower takes between being given a record and
// asking for the next. That is what a change costs in memory, beyond the store: the
// check of the seal, the index, the record in its place.
type watch struct {
	*sqlitefile.Store

	mu   sync.Mutex
	gave time.Time     // when a record was given; zero where none was since
	took []float64     // nanoseconds, by record
	want int           // how many are awaited
	done chan struct{} // closed when they are there
}

// await is told when n more records were taken.
func (w *watch) await(n int) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.took, w.want, w.done = nil, n, make(chan struct{})
	return w.done
}

// asked ends the time that a record took.
func (w *watch) asked(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.gave.IsZero() {
		return
	}
	w.took = append(w.took, float64(at.Sub(w.gave).Nanoseconds()))
	w.gave = time.Time{}
	if len(w.took) == w.want {
		close(w.done)
	}
}

// Changes gives one entry, and says that there may be more after each: so the
// follower asks again at once.
func (w *watch) Changes(ctx context.Context, after store.Cursor, _ int) (store.Feed, error) {
	w.asked(time.Now())
	feed, err := w.Store.Changes(ctx, after, 1)
	feed.More = feed.More || len(feed.Entries) > 0
	return feed, err
}

// Get gives records, and looks at the clock last.
func (w *watch) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	records, err := w.Store.Get(ctx, refs...)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.gave = time.Now()
	return records, err
}

// changes measures revoking and adding keys that another process revokes and adds.
func (m memories) changes(ctx context.Context) error {
	w := &watch{Store: m.st}
	t, err := tenet.Open(ctx, w, m.own)
	if err != nil {
		return err
	}
	defer t.Close() //nolint:errcheck // nothing was called
	rounds := m.o.few
	c := changer{st: m.st, rounds: rounds + 1, each: m.o.times(stepKeys), minter: keys.Minter{Format: m.own.Format, Peppers: m.own.Peppers}}
	if err := c.pick(ctx, m.n, c.rounds*c.each); err != nil {
		return err
	}
	var revoked, added series
	for round := range rounds + 1 {
		one, err := c.round(ctx, w, c.revoke)
		if err != nil {
			return err
		}
		two, err := c.round(ctx, w, c.add)
		if err != nil {
			return err
		}
		if round > 0 { // the first warms up
			revoked, added = append(revoked, one/1000), append(added, two/1000)
		}
	}
	if err := c.took(ctx, t); err != nil {
		return err
	}
	m.t.add("revoke a key, µs beyond the store", spreadOf(revoked).String(), "")
	m.t.add("add a key, µs beyond the store", spreadOf(added).String(), "")
	m.r.rounds("revoke_us_"+sized(m.n), spreadOf(revoked), atMost(1))
	m.r.rounds("add_us_"+sized(m.n), spreadOf(added), atMost(15))
	return nil
}

// changer changes keys in the store, past the library.
type changer struct {
	st      store.Store
	minter  keys.Minter
	there   []store.Record // live keys
	ops     int
	rounds  int
	each    int    // changes of a round
	revoked int    // of there
	last    string // token of the key that was added last
}

// pick finds about want keys to revoke, spread over all n, in random order.
func (c *changer) pick(ctx context.Context, n, want int) error {
	step, at := max(1, n/(want+want/8)), 0
	for r, err := range store.Walk(ctx, c.st, store.AllOf[tenancy.Key]()) {
		if err != nil {
			return err
		}
		if at++; at%step == 0 && r.Value.Revoked.IsZero() {
			c.there = append(c.there, store.Record{Rev: r.Rev, Value: r.Value})
		}
	}
	rand.Shuffle(len(c.there), func(i, j int) { c.there[i], c.there[j] = c.there[j], c.there[i] })
	return nil
}

// round makes as many changes as a round has and returns what the median one took.
func (c *changer) round(ctx context.Context, w *watch, change func(context.Context) error) (float64, error) {
	n := min(c.each, len(c.there)/c.rounds)
	done := w.await(n)
	for range n {
		if err := change(ctx); err != nil {
			return 0, err
		}
	}
	select {
	case <-done:
	case <-time.After(time.Minute):
		return 0, errors.New("the follower did not catch up")
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return spreadOf(slices.Clone(w.took)).Median, nil
}

func (c *changer) revoke(ctx context.Context) error {
	r := c.there[c.revoked]
	c.revoked++
	return c.commit(ctx, store.Record{Rev: r.Rev, Value: r.Value.(tenancy.Key).Revoke(time.Now())})
}

// add mints a key in the project of another.
func (c *changer) add(ctx context.Context) error {
	like := c.there[c.ops%len(c.there)].Value.(tenancy.Key)
	k, secret, err := c.minter.Mint(tenancy.Key{Org: like.Org, Project: like.Project, Kind: tenancy.KeyService, Name: "added",
		Models: tenancy.AllModels(), CreatedBy: like.CreatedBy, Created: like.Created}, like.CreatedBy, time.Now())
	if err != nil {
		return err
	}
	c.last = secret.Reveal()
	return c.commit(ctx, store.Record{Value: k})
}

func (c *changer) commit(ctx context.Context, r store.Record) error {
	c.ops++
	_, err := c.st.Commit(ctx, store.Batch{Put: []store.Record{r}, Entry: store.Entry{
		Org: r.Value.Ref().Org, Op: store.OperationID(fmt.Sprint("change-", c.ops)), Action: "change", At: tenancy.Instant(time.Now()),
	}})
	return err
}

// took sees that the changes are in the picture.
func (c *changer) took(ctx context.Context, t *tenet.Tenet) error {
	if _, d := t.Authenticate(ctx, c.last); d.Reason != access.ReasonNone {
		return fmt.Errorf("a key that was added is refused: %v", d.Reason)
	}
	return nil
}
