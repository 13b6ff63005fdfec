package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func contextCases() []testCase {
	return []testCase{
		{
			name:  "lifecycle/context-ends-reading",
			rules: "S2",
			why:   "A reading whose context ends on the way answers what was asked or gives the context's error, soon: half an answer is a key that is missing, and a call that hangs holds a request.",
			run:   readsWhileEnding,
		},
		{
			name:  "lifecycle/context-ends-upkeep",
			rules: "S2 U1 U11 K2 K3",
			why:   "Usage whose context ends on the way is there as a whole or not at all, counts once when it is delivered again, and upkeep that was interrupted leaves every sum as it was.",
			needs: needUsage | needUpkeep,
			run:   upkeepWhileEnding,
		},
		{
			name:  "lifecycle/context-ends-later",
			rules: "S2 C12",
			why:   "A context that ends after a call has returned takes nothing back: handlers cancel theirs as soon as they have answered.",
			run:   endsAfterwards,
		},
		{
			name:  "lifecycle/answers-stay-apart",
			rules: "S2 S5",
			why:   "Among many readings of which some are cancelled each gets its own answer: CVE-2025-47907 was a cancelled query whose rows another query wrote over.",
			run:   answersStayApart,
		},
	}
}

// question is a reading with a known answer.
type question struct {
	name string
	ask  func(context.Context) (any, error)
	want any
}

const asked = 8 // things that questions are about

// library writes what questions are about.
func (e *env) library() {
	for i := range asked {
		for _, org := range []tenancy.OrgID{orgA, orgB} {
			b := e.creation(org, libraryKey(org, i), project(org, fmt.Sprint("proj_", i), fmt.Sprint("of ", org)))
			b.Entry.Op, b.Entry.Actor = store.OperationID(fmt.Sprint("library ", i)), tenancy.UserID(org)
			b.Entry.Detail = fmt.Appendf(nil, `{"n":%d,"org":%q}`, i, org)
			e.commit(b)
		}
	}
	if e.u != nil {
		e.append(trace(6 * asked)...)
	}
}

func libraryKey(org tenancy.OrgID, i int) tenancy.Key {
	k := tenancy.Key{Org: org, ID: tenancy.KeyID(fmt.Sprint(org, " ", i)), Project: tenancy.ProjectID(fmt.Sprint("proj_", i%3)), Created: noon}
	k.Current = secret(byte(i))
	return k
}

// questions are what can be asked about the i-th thing in org's part of the library.
func (e *env) questions(org tenancy.OrgID, i int) []question {
	k := libraryKey(org, i)
	op := store.OperationID(fmt.Sprint("library ", i))
	qs := []question{
		{"Get", e.askGet(k.Ref(), tenancy.KeyRef(org, "none").Ref, k.Ref()), []tenancy.Entity{k, nil, k}},
		{"List", e.askList(store.KeysByID(k.ID).Query), []tenancy.Entity{k}},
		{"Trail", e.askTrail(store.TrailQuery{Org: org, Op: op}), []string{fmt.Sprintf(`%s {"n":%d,"org":%q}`, op, i, org)}},
		{"Changes", e.askChanges(2*i + 1), []string{fmt.Sprint(orgA, op), fmt.Sprint(orgB, op)}},
	}
	if e.u == nil {
		return qs
	}
	rs := trace(6 * asked)
	whole, _ := hours()
	q := store.TotalQuery{Org: org, By: pick(i, dimensions()...), Cuts: whole}
	only := store.RecordQuery{Org: org, Key: pick[tenancy.KeyID](i, "key_1", "KEY_1", "u1")}
	return append(qs,
		question{"Records", e.askRecords(only), newest(rs, only)},
		question{"Totals", func(ctx context.Context) (any, error) { return e.u.Totals(ctx, q) }, summed(rs, q)},
	)
}

func (e *env) askGet(refs ...tenancy.Ref) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		rs, err := e.s.Get(ctx, refs...)
		return valuesOf(rs), err
	}
}

func (e *env) askList(q store.Query) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		p, err := e.s.List(ctx, q)
		return valuesOf(p.Records), err
	}
}

func valuesOf(rs []store.Record) []tenancy.Entity {
	var vs []tenancy.Entity
	for _, r := range rs {
		vs = append(vs, r.Value)
	}
	return vs
}

func (e *env) askTrail(q store.TrailQuery) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		t, err := e.s.Trail(ctx, q)
		var said []string
		for _, en := range t.Entries {
			said = append(said, string(en.Op)+" "+string(en.Detail))
		}
		return said, err
	}
}

// askChanges asks for the n-th entry of the library and the one after it.
func (e *env) askChanges(n int) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		f, err := e.s.Changes(ctx, e.start, n+1)
		var said []string
		for _, en := range f.Entries[max(0, min(n-1, len(f.Entries))):] {
			said = append(said, string(en.Org)+string(en.Op))
		}
		return said, err
	}
}

func (e *env) askRecords(q store.RecordQuery) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		p, err := e.u.Records(ctx, q)
		return p.Records, err
	}
}

// answers notes a failure unless the question is answered, or ended by its context.
func (e *env) answers(q question, end ending) {
	got, err := q.ask(end)
	if err != nil {
		e.endedBy(q.name, end, err)
		return
	}
	e.same(q.name+" whose context "+end.how, q.want, got)
}

func readsWhileEnding(e *env) {
	e.library()
	for i := range e.questions(orgA, 0) {
		n := 0
		for end := range e.endings() {
			q := e.questions(orgA, n%asked)[i]
			e.soon(q.name+" whose context "+end.how, func() { e.answers(q, end) })
			n++
		}
	}
	for i := range asked {
		for _, q := range e.questions(orgB, i) {
			e.answers(q, e.never())
		}
	}
	e.waitsWhileEnding()
}

func (e *env) waitsWhileEnding() {
	w, ok := e.s.(store.Waiter)
	if !ok {
		return
	}
	now := e.cursor()
	for range 10 {
		end, release := e.late(time.Millisecond)
		e.soon("Wait whose context is late", func() {
			for end.Err() == nil { // Wait may return before there is an entry
				if err := w.Wait(end, now); err != nil {
					e.endedBy("Wait", end, err)
					return
				}
			}
		})
		release()
	}
}

// never is a context that does not end.
func (e *env) never() ending { return ending{e.ctx, e.ctx, "does not end"} }

func upkeepWhileEnding(e *env) {
	rs := trace(60)
	whole, _ := hours()
	e.append(rs...)
	n := 0
	for end := range e.endings() {
		switch n++; n % 5 {
		case 0:
			e.appendsWhileEnding(end, n, rs)
		case 1:
			e.interrupted("Rebuild", end, func() error { return e.up.Rebuild(end, orgA, whole[0], whole[1]) })
		case 2:
			e.interrupted("Verify", end, func() error {
				ds, err := e.up.Verify(end, orgA, whole[0], whole[1])
				e.same("differences", 0, len(ds))
				return err
			})
		case 4:
			e.interrupted("Reprice", end, func() error {
				_, err := e.up.Reprice(end, orgA, usage.DayOf(whole[0]), usage.DayOf(whole[0]).Add(usage.Day), asItIs)
				return err
			})
		case 3:
			e.interrupted("Prune", end, func() error {
				_, err := e.up.Prune(end, time.Unix(0, 0).UTC(), 10)
				return err
			})
		}
	}
	late := e.records(store.RecordQuery{Org: orgA}, 0)
	e.append(rs...)
	e.same("calls that are there, all delivered again", late, e.records(store.RecordQuery{Org: orgA}, 0))
	e.sound("after interrupted upkeep")
	e.prunesWhileEnding(rs)
}

// interrupted notes a failure unless call succeeds or is ended by its context.
func (e *env) interrupted(name string, end ending, call func() error) {
	e.soon(name+" whose context "+end.how, func() {
		if err := call(); err != nil {
			e.endedBy(name, end, err)
		}
	})
}

// appendsWhileEnding delivers three calls of an organization of their own.
func (e *env) appendsWhileEnding(end ending, n int, rs []usage.Record) {
	org := tenancy.OrgID(fmt.Sprint("org_", n))
	var more []usage.Record
	for i, r := range rs[:3] {
		r.Org, r.ID = org, usage.RecordID(fmt.Sprintf("rec_%d_%d", n, i))
		more = append(more, r)
	}
	e.interrupted("Append", end, func() error { return e.u.Append(end, more) })
	whole, _ := hours()
	q := store.TotalQuery{Org: org, Cuts: whole}
	there := e.records(store.RecordQuery{Org: org}, 0)
	if len(there) != 0 && len(there) != len(more) {
		e.errorf("an Append that ended on the way wrote %d calls of %d", len(there), len(more))
	}
	e.same("totals of what is there", summed(there, q), e.totals(q))
	e.append(more...)
	e.same("totals, delivered again", summed(more, q), e.totals(q))
}

// prunesWhileEnding forgets half of the trace, interrupted over and over.
func (e *env) prunesWhileEnding(rs []usage.Record) {
	horizon, _, kept := split(rs)
	want := e.ledger().Totals
	for end := range e.endings() {
		e.interrupted("Prune", end, func() error {
			n, err := e.up.Prune(end, horizon, 1)
			if n < 0 || n > 1 {
				e.errorf("Prune forgot %d records, at most 1 was asked for", n)
			}
			return err
		})
	}
	e.prune(horizon, 1000)
	q := store.RecordQuery{Org: orgB}
	e.same("records left", newest(kept, q), e.records(q, 0))
	e.same("totals", want, e.ledger().Totals)
}

func endsAfterwards(e *env) {
	rs := trace(20)
	tag := filepath.Base(e.dir)
	e.tagged(tag, func() {
		for i := range rs {
			e.endsAfter(project(orgA, fmt.Sprint("proj_", i), ""), rs[i:i+1])
		}
	})
	e.settle(tag, left{}, 50*time.Millisecond) // until what the ends of contexts set off has run
	e.same("what was committed", len(rs), len(e.list(store.WithinOf[tenancy.Project](orgA).Query, 0)))
	if e.u != nil {
		e.adds("calls appended under contexts that ended since", rs)
	}
}

// endsAfter commits, appends and lists under a context, and ends it.
func (e *env) endsAfter(v tenancy.Project, rs []usage.Record) {
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	_, err := e.s.Commit(ctx, e.creation(orgA, v))
	e.must("Commit", err)
	if e.u != nil {
		e.must("Append", e.u.Append(ctx, rs))
	}
	p, err := e.s.List(ctx, store.WithinOf[tenancy.Project](orgA).Query)
	e.must("List", err)
	want := valuesOf(p.Records)
	cancel()
	e.same("a page whose context ended since", want, valuesOf(p.Records))
	e.write(orgA)
	e.holds("what was committed under a context that ended since", v)
}

func answersStayApart(e *env) {
	e.library()
	e.together(6, func(i int) {
		random := rand.New(rand.NewPCG(uint64(i), 3))
		org := pick(i, orgA, orgB)
		var all []question
		for n := range asked {
			all = append(all, e.questions(org, n)...)
		}
		for range 300 {
			end, release := e.never(), context.CancelFunc(func() {})
			switch random.IntN(3) {
			case 0:
				end, release = e.cancelled(time.Duration(random.Int64N(1<<random.IntN(10))) * time.Microsecond)
			case 1:
				end, release = e.fused(1 + random.IntN(1+random.IntN(looks)))
			}
			e.answers(all[random.IntN(len(all))], end)
			release()
		}
	})
}
