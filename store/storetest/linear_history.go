package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// verb is what an event did.
type verb uint8

const (
	doGet    verb = iota // one record; a Get of several is an event for each (G3)
	doCommit             // a batch
	doFollow             // the feed, from the history's beginning
	doReview             // the trail
)

// event is one call and its answer. call and end are places in one count of all
// calls and returns, so that events whose spans do not overlap came in that order.
type event struct {
	client    int
	call, end int64
	verb      verb
	slot      slot    // of doGet
	saw       batchID // by doGet
	plan      *plan   // of doCommit
	outcome   outcome // of doCommit
	log       string  // what doFollow and doReview saw, oldest first
}

// history is what clients did to one organization, and what they were told.
type history struct {
	e      *env
	mix    mix
	org    tenancy.OrgID
	name   string       // for failures
	count  atomic.Int64 // of calls and returns
	ids    atomic.Int32 // batches
	shared *plan        // of the round, for who repeats

	mu     sync.Mutex
	events []*event
	revs   map[written]store.Rev
}

// written is one state of one record.
type written struct {
	slot slot
	by   batchID
}

// Six clients in five rounds make some sixty events: enough for several writers of a
// record to meet, few enough to be judged in milliseconds.
const (
	clients = 6
	rounds  = 5
)

// record makes the n-th history. The clients are spread over the handles.
func (m mix) record(e *env, handles []store.Store, n int) *history {
	h := &history{e: e, mix: m, org: tenancy.OrgID(fmt.Sprint("org_", n)), name: fmt.Sprint("history ", n), revs: map[written]store.Rev{}}
	all := make([]*client, clients)
	for i := range all {
		s := handles[i%len(handles)]
		f, err := s.Changes(e.ctx, "", 1)
		e.must("Changes from now", err)
		all[i] = &client{history: h, n: i, s: s, at: f.Next, rng: rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))}
	}
	for range rounds {
		all[0].look(0)
		h.shared = all[0].plan(all[0].write())
		h.atOnce(all, (*client).turn)
	}
	h.atOnce(all, (*client).last)
	return h
}

// atOnce has every client do f, none before all are there.
func (h *history) atOnce(all []*client, f func(*client)) {
	var ready sync.WaitGroup
	ready.Add(len(all))
	h.e.together(len(all), func(i int) {
		ready.Done()
		ready.Wait()
		f(all[i])
	})
	h.e.orStop()
}

// orStop ends the case once a client has stopped.
func (e *env) orStop() {
	e.mu.Lock()
	failed := len(e.errs) > 0
	e.mu.Unlock()
	if failed {
		panic(stop{})
	}
}

// add notes an event that began at call and has just ended.
func (h *history) add(ev *event) {
	if ev.end == 0 {
		ev.end = h.count.Add(1)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, ev)
}

// pair notes a failure where one state of a record has two revisions.
func (h *history) pair(s slot, seen sight) {
	h.mu.Lock()
	defer h.mu.Unlock()
	is := written{s, seen.by}
	if rev, ok := h.revs[is]; ok && rev != seen.rev {
		h.e.errorf("rule R4: %v as %v wrote it has the revisions %d and %d", s, seen.by, rev, seen.rev)
	}
	h.revs[is] = seen.rev
}

// client is one of those who use an organization at the same time.
type client struct {
	*history
	n    int
	s    store.Store
	rng  *rand.Rand
	seen [slots]sight
	at   store.Cursor // of the feed
	fed  []byte       // the batches that the feed had
}

func (c *client) turn() { c.mix.turns[c.rng.IntN(len(c.mix.turns))](c) }

// last is a client's last look at everything.
func (c *client) last() {
	c.look(0, 1, 2)
	c.follow()
	if c.n < 2 { // one of each handle
		c.review()
	}
}

// pause lets others run, for a while that is the client's own.
func (c *client) pause() { yield(c.rng.IntN(8)) }

// look is one Get of slots.
func (c *client) look(of ...slot) {
	refs := make([]tenancy.Ref, len(of))
	for i, s := range of {
		refs[i] = s.ref(c.org)
	}
	c.pause()
	call := c.count.Add(1)
	rs, err := c.s.Get(c.e.ctx, refs...)
	end := c.count.Add(1)
	c.e.must("Get", err)
	if len(rs) != len(refs) {
		c.e.fatalf("Get of %d refs returned %d records", len(refs), len(rs))
	}
	for i, s := range of {
		by, err := writer(rs[i].Value)
		c.e.must("Get", err)
		c.seen[s] = sight{by, rs[i].Rev}
		c.pair(s, c.seen[s])
		c.add(&event{client: c.n, call: call, end: end, verb: doGet, slot: s, saw: by})
	}
}

// follow reads the feed on to its head. An entry that comes again is none (F1).
func (c *client) follow() {
	c.pause()
	ev := &event{client: c.n, call: c.count.Add(1), verb: doFollow}
	for more := true; more; {
		f, err := c.s.Changes(c.e.ctx, c.at, store.MaxPage)
		c.e.must("Changes", err)
		for _, b := range c.logged(f.Entries) {
			if bytes.IndexByte(c.fed, b) < 0 {
				c.fed = append(c.fed, b)
			}
		}
		c.at, more = f.Next, f.More
	}
	ev.log = string(c.fed)
	c.add(ev)
}

// review reads the whole trail.
func (c *client) review() {
	c.pause()
	ev := &event{client: c.n, call: c.count.Add(1), verb: doReview}
	var log []byte
	for q := (store.TrailQuery{Org: c.org}); ; {
		t, err := c.s.Trail(c.e.ctx, q)
		c.e.must("Trail", err)
		log = append(log, c.logged(t.Entries)...)
		if q.After = t.Next; q.After == "" {
			break
		}
	}
	slices.Reverse(log)
	ev.log = string(log)
	c.add(ev)
}

// logged is the batches of the organization among entries.
func (c *client) logged(entries []store.Entry) []byte {
	var log []byte
	for _, en := range entries {
		if en.Org == c.org {
			log = append(log, en.Request[0])
		}
	}
	return log
}

// plan is a new batch that uses records as the client last saw them.
func (c *client) plan(uses ...use) *plan {
	n := c.ids.Add(1)
	if batchID(n)&twin != 0 {
		c.e.fatalf("a history has more batches than there are ids")
	}
	p := &plan{id: batchID(n)}
	for i, u := range uses {
		if u == toDelete && c.seen[i].by == 0 {
			u = toPut // what is not there cannot be deleted
		}
		p.touch[i] = touch{u, c.seen[i]}
	}
	return p
}

// batch is p as the store gets it.
func (h *history) batch(p *plan) store.Batch {
	b := store.Batch{Entry: store.Entry{
		Org: h.org, Op: p.id.op(), Request: [16]byte{byte(p.id)}, Actor: "actor", Action: "suite.write", At: noon,
	}}
	for i, t := range p.touch {
		s := slot(i)
		at := store.Check{Ref: s.ref(h.org), Rev: t.seen.rev}
		switch t.use {
		case toCheck:
			b.Check = append(b.Check, at)
		case toPut:
			b.Put = append(b.Put, store.Record{Rev: t.seen.rev, Value: s.record(h.org, p.id)})
		case toDelete:
			b.Delete = append(b.Delete, at)
		}
	}
	return b
}

// commit commits p, and again where the outcome stayed unknown.
func (c *client) commit(ctx context.Context, p *plan) outcome {
	for range lostInARow {
		if is := c.commitOnce(ctx, p); is != wasUnknown {
			return is
		}
		ctx = c.e.ctx
	}
	c.e.fatalf("Commit: the outcome of one batch stayed unknown %d times", lostInARow)
	return wasUnknown
}

// lostInARow is how often a store may lose the answer to one batch before it is
// taken for one that never answers.
const lostInARow = 20

func (c *client) commitOnce(ctx context.Context, p *plan) outcome {
	c.pause()
	ev := &event{client: c.n, call: c.count.Add(1), verb: doCommit, plan: p}
	r, err := c.s.Commit(ctx, c.batch(p))
	ev.end = c.count.Add(1)
	if ev.outcome = c.outcome(ctx, r, err); ev.outcome == wasUnknown {
		ev.end = math.MaxInt64 // it may take effect at any time
	}
	if ev.outcome == wasDone {
		c.wrote(p, r.Rev)
	}
	c.add(ev)
	return ev.outcome
}

// wrote holds the revision of what the client has put against what others see.
func (c *client) wrote(p *plan, rev store.Rev) {
	for i, t := range p.touch {
		if t.use == toPut {
			c.pair(slot(i), sight{p.id, rev})
		}
	}
}

// outcome is what a commit's answer says, and a failure where it says nothing of
// the contract's.
func (c *client) outcome(ctx context.Context, r store.Result, err error) outcome {
	for _, is := range []struct {
		err     error
		outcome outcome
	}{
		{store.ErrUnknownOutcome, wasUnknown}, {store.ErrConflict, wasConflict}, {store.ErrReused, wasReused},
		{store.ErrUnavailable, wasRefused},
	} {
		if errors.Is(err, is.err) {
			return is.outcome
		}
	}
	if over := ctx.Err(); over != nil && errors.Is(err, over) && c.e.ctx.Err() == nil {
		return wasRefused
	}
	c.e.must("Commit", err)
	if r.Replayed {
		return wasReplayed
	}
	return wasDone
}
