package storetest

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func feedCases() []testCase {
	return []testCase{
		{
			name:  "changes/now",
			rules: "F2",
			why:   "The empty cursor gives no entry and the cursor of now: a load takes it first, then lists, then follows, and so needs no snapshot.",
			run:   feedFromNow,
		},
		{
			name:  "changes/now-under-writers",
			rules: "F2 F6 F7",
			why:   "A picture that is begun while others commit, cursor of now first and then the list, lacks nothing once it has followed to the head: a cursor that counts a commit which the list cannot see yet loses it for ever.",
			run:   pictureUnderWriters,
		},
		{
			name:  "changes/entries",
			rules: "C9",
			why:   "An entry comes back as it was committed, with the refs of the puts and then of the deletes filled in: a follower reads again exactly what the refs name.",
			run:   feedEntries,
		},
		{
			name:  "changes/skips-nothing",
			rules: "F1",
			why:   "Every entry whose Commit returned before is in the feed, in commit order, whatever the page: a skipped one is a revocation that never arrives.",
			run:   feedSkipsNothing,
		},
		{
			name:  "changes/commit-order",
			rules: "F1",
			why:   "The feed is in the order of the commits, whatever the callers' clocks say and whose they are: a follower that is shown a suspension before the creation ends with the wrong one.",
			run:   feedInCommitOrder,
		},
		{
			name:  "changes/skips-nothing-under-writers",
			rules: "F1",
			why:   "A follower that reads while others commit sees every entry: a sequence handed out before the commit shows entries out of order, and a reader steps over the late one.",
			run:   feedUnderWriters,
		},
		{
			name:  "changes/head",
			rules: "F3",
			why:   "More is false only where the read reached the head: freshness is renewed by such a read alone.",
			run:   feedHead,
		},
		{
			name:  "changes/refs",
			rules: "C9",
			why:   "The entry of the largest batch names everything that was written, in Result, feed and trail: a ref that is cut off is a record that no follower reads again.",
			run:   feedRefs,
		},
		{
			name:  "changes/entry-alone",
			rules: "C9",
			why:   "A batch that writes nothing is an entry alone, logged like any other.",
			run:   entryAlone,
		},
		{
			name:  "changes/foreign-cursor",
			rules: "F4",
			why:   "The cursor of another log is ErrResync, also where its position exists here: after a restore from backup a follower must load again.",
			run:   foreignCursor,
		},
		{
			name:  "changes/forged-cursor",
			rules: "F4",
			why:   "A cursor that is no cursor is ErrResync: the one safe answer to a follower that lost its place is to load again.",
			run:   forgedCursor,
		},
		{
			name:  "changes/limit",
			rules: "F5",
			why:   "Changes takes a limit of 1 to MaxPage, and refuses others instead of guessing.",
			run:   feedLimit,
		},
	}
}

func feedFromNow(e *env) {
	e.create(full(orgA, "before")...)
	after := e.cursor()
	got, next := e.feed(after, 1)
	e.same("entries after now", []store.Entry{}, got)
	e.create(project(orgB, "proj_1", "one"))
	got, _ = e.feed(next, 1)
	if len(got) != 1 || got[0].Org != orgB {
		e.errorf("after one commit the feed has %d entries, want the one", len(got))
	}
}

func feedEntries(e *env) {
	gone, kept := project(orgA, "proj_1", "one"), project(orgA, "proj_2", "two")
	e.create(gone, kept)
	after := e.cursor()
	b := store.Batch{
		Entry:  rich(e.entry(orgA)),
		Check:  []store.Check{{Ref: kept.Ref(), Rev: e.at(kept.Ref()).Rev}},
		Put:    []store.Record{{Value: project(orgA, "proj_9", "nine")}, {Value: project(orgA, "proj_4", "four")}},
		Delete: []store.Check{{Ref: gone.Ref(), Rev: e.at(gone.Ref()).Rev}},
	}
	want := b.Entry
	want.Refs = []tenancy.Ref{b.Put[0].Value.Ref(), b.Put[1].Value.Ref(), gone.Ref()}
	e.same("Result", want, e.commit(b).Entry)
	got, _ := e.feed(after, 10)
	e.same("feed", []store.Entry{want}, got)
	e.same("trail", []store.Entry{want}, e.trail(store.TrailQuery{Org: orgA, Op: want.Op}, 10))
}

// rich is an entry with every field of the caller's set.
func rich(en store.Entry) store.Entry {
	for i := range en.Request {
		en.Request[i] = byte(255 - i)
	}
	en.OnBehalf = "someone"
	en.Subject = tenancy.ProjectMemberRef(en.Org, "proj_1", "u1").Ref
	if en.Org == "" {
		en.Subject = tenancy.ModelRef("m1").Ref
	}
	en.Project = "proj_1"
	en.Detail = []byte(`{"name": ["a<b", "ü\u00fc"], "n":1e3}`)
	return en
}

// write makes one commit of little weight and returns its operation id.
func (e *env) write(org tenancy.OrgID) store.OperationID {
	return e.commit(store.Batch{Entry: e.entry(org)}).Entry.Op
}

func opsOf(entries []store.Entry) []store.OperationID {
	var ops []store.OperationID
	for _, en := range entries {
		ops = append(ops, en.Op)
	}
	return ops
}

func feedSkipsNothing(e *env) {
	var want []store.OperationID
	for i := range 20 {
		want = append(want, e.write([]tenancy.OrgID{orgA, orgB, ""}[i%3]))
	}
	for _, limit := range []int{1, 3, 20, store.MaxPage} {
		got, _ := e.feed(e.start, limit)
		e.same(fmt.Sprintf("operations by pages of %d", limit), want, opsOf(got))
	}
	after := e.start
	for i := range want {
		f, err := e.s.Changes(e.ctx, after, 1)
		e.must("Changes", err)
		rest, _ := e.feed(f.Next, 7)
		e.same("operations after a cursor", want[i+1:], opsOf(rest))
		after = f.Next
	}
}

// feedUnderWriters follows while four writers commit. The writers' own order must
// show in what the follower saw, and the follower must have seen all.
func feedUnderWriters(e *env) {
	const writers, each = 4, 25
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.together(writers, func(i int) {
			for n := range each {
				en := e.entry([]tenancy.OrgID{orgA, orgB}[i%2])
				en.Op, en.Action = store.OperationID(fmt.Sprintf("%d/%02d", i, n)), "suite.race"
				e.commit(store.Batch{Entry: en})
			}
		})
	}()
	seen := map[store.OperationID]bool{}
	last := map[string]store.OperationID{}
	after, more := e.start, true
	for more {
		select {
		case <-done:
			more = false // the read below comes after every commit
		default:
		}
		var got []store.Entry
		got, after = e.feed(after, 3)
		for _, en := range got {
			writer, _, _ := strings.Cut(string(en.Op), "/")
			if !seen[en.Op] && en.Op < last[writer] {
				e.errorf("entry %q came after %q of the same writer", en.Op, last[writer])
			}
			seen[en.Op], last[writer] = true, max(en.Op, last[writer])
		}
	}
	if len(seen) != writers*each {
		e.errorf("the follower saw %d of %d entries", len(seen), writers*each)
	}
}

func feedInCommitOrder(e *env) {
	var want []store.OperationID
	for i := range 10 {
		en := e.entry([]tenancy.OrgID{orgB, orgA, ""}[i%3])
		en.At = noon.Add(time.Duration(i*7%5) * time.Hour)
		want = append(want, e.commit(store.Batch{Entry: en}).Entry.Op)
	}
	for _, limit := range []int{1, 3, store.MaxPage} {
		got, _ := e.feed(e.start, limit)
		e.same(fmt.Sprintf("operations by pages of %d", limit), want, opsOf(got))
	}
}

// load is what a reader saw who begins a picture: the cursor, and then the list.
type load struct {
	now  store.Cursor
	seen map[tenancy.Ref]bool
}

// pictureUnderWriters begins pictures while four writers create, and follows each
// to the head when they are done.
func pictureUnderWriters(e *env) {
	var all atomic.Int64
	turns, done := make(chan struct{}, 16), make(chan struct{})
	go func() {
		defer close(done)
		e.together(4, func(int) {
			for range turns {
				e.commit(e.creation(orgA, project(orgA, fmt.Sprintf("proj_%03d", all.Add(1)), "")))
			}
		})
	}()
	loads := e.loads(turns, done)
	close(turns)
	<-done
	for _, l := range loads {
		got, _ := e.feed(l.now, store.MaxPage)
		for _, en := range got {
			for _, ref := range en.Refs {
				l.seen[ref] = true
			}
		}
		if n := int(all.Load()); len(l.seen) != n {
			e.errorf("a picture that was begun under writers has %d of %d records", len(l.seen), n)
			e.enough()
		}
	}
}

// loads begins pictures, and has the writers take some turns before each: there are
// more than they have taken, so that they are at work meanwhile.
func (e *env) loads(turns chan<- struct{}, done <-chan struct{}) []load {
	var all []load
	e.guard(func() {
		for range 24 {
			for range 8 {
				select {
				case turns <- struct{}{}:
				case <-done:
					return
				}
			}
			all = append(all, e.load())
		}
	})
	return all
}

func (e *env) load() load {
	s := load{now: e.cursor(), seen: map[tenancy.Ref]bool{}}
	for _, r := range e.list(store.WithinOf[tenancy.Project](orgA).Query, 0) {
		s.seen[r.Value.Ref()] = true
	}
	return s
}

func feedRefs(e *env) {
	var vs []tenancy.Entity
	for n := range store.MaxBatch {
		vs = append(vs, project(orgA, fmt.Sprintf("proj_%03d", n*7%store.MaxBatch), ""))
	}
	b := e.creation(orgA, vs...)
	want := b.Refs()
	e.same("Result", want, e.commit(b).Entry.Refs)
	got, _ := e.feed(e.start, 10)
	e.same("feed", want, got[0].Refs)
	e.same("trail", want, e.trail(store.TrailQuery{Org: orgA}, 0)[0].Refs)
}

func feedHead(e *env) {
	for range 5 {
		e.write(orgA)
	}
	after := e.start
	for left := 5; left > 0; left -= 2 {
		f, err := e.s.Changes(e.ctx, after, 2)
		e.must("Changes", err)
		if !f.More && left > 2 {
			e.errorf("More is false with %d entries to come", left-2)
		}
		after = f.Next
	}
	f, err := e.s.Changes(e.ctx, after, 2)
	e.must("Changes at the head", err)
	if f.More || len(f.Entries) != 0 {
		e.errorf("at the head: %d entries, more %t", len(f.Entries), f.More)
	}
}

func entryAlone(e *env) {
	for _, org := range []tenancy.OrgID{orgA, ""} {
		want := rich(e.entry(org))
		e.commit(store.Batch{Entry: want})
		e.same("trail", []store.Entry{want}, e.trail(store.TrailQuery{Org: org}, 0))
	}
	got, _ := e.feed(e.start, 10)
	if len(got) != 2 {
		e.errorf("feed has %d entries, want 2", len(got))
	}
}

func foreignCursor(e *env) {
	other := &env{h: e.h, ctx: e.ctx}
	defer func() { e.guard(other.end); e.errs = append(e.errs, other.errs...) }()
	other.begin()
	for range 3 {
		e.write(orgA)
		other.write(orgA)
	}
	for _, c := range []store.Cursor{other.start, other.cursor()} {
		_, err := e.s.Changes(e.ctx, c, 1)
		e.refused("Changes after another log's cursor", err, store.ErrResync)
	}
}

func forgedCursor(e *env) {
	for range 3 {
		e.write(orgA)
	}
	real := string(e.cursor())
	for _, c := range append(notCursors(), real+"x", "x"+real, real+real) {
		_, err := e.s.Changes(e.ctx, store.Cursor(c), 1)
		e.refused("Changes after a forged cursor", err, store.ErrResync)
	}
}

// notCursors are texts that no backend can have given.
func notCursors() []string {
	return []string{
		"x", " ", "%", "' OR 1=1 --", "\x00", "\xff", "\U0001f511", "{}", "null", "-1",
		strings.Repeat("A", 10000), "../../etc/passwd",
	}
}

func feedLimit(e *env) {
	e.write(orgA)
	for limit, want := range map[int]error{-1: store.ErrInvalid, 0: store.ErrInvalid, store.MaxPage + 1: store.ErrTooLarge, 1: nil, store.MaxPage - 1: nil, store.MaxPage: nil} {
		for _, after := range []store.Cursor{"", e.start} {
			_, err := e.s.Changes(e.ctx, after, limit)
			e.refused(fmt.Sprintf("Changes with a limit of %d", limit), err, want)
		}
	}
}
