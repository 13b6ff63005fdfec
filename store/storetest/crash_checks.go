package storetest

import (
	"fmt"
	"maps"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func (l *crashLook) acknowledged() {
	in := map[crashOp]bool{}
	for org, log := range l.logs {
		for _, en := range log {
			id := crashOp{org, en.Op}
			t := l.f.tries[id]
			switch {
			case t == nil:
				l.errorf("an entry is in the trail that nobody made: operation %s", en.Op)
			case in[id]:
				l.errorf("operation %s is in the trail twice", en.Op)
			case t.said == saidRefused:
				l.errorf("operation %s is in the trail though it was refused", en.Op)
			default:
				want := t.batch.Entry
				want.Refs = t.batch.Refs()
				l.same("an entry", want, en)
			}
			in[id] = true
		}
	}
	lost := 0
	for id, t := range l.f.tries {
		if t.said == saidDone && !in[id] {
			lost++
		}
	}
	if lost > 0 {
		l.errorf("%d acknowledged commits are lost", lost)
	}
}

func (l *crashLook) feeds() {
	if l.f.start == "" { // killed before it had a cursor to tell
		l.f.begin(crashMark{round: l.round, cursor: l.cursor()})
	}
	feed, _ := l.feed(l.f.start, store.MaxPage)
	of := map[tenancy.OrgID][]store.Entry{}
	for _, en := range feed {
		of[en.Org] = append(of[en.Org], en)
	}
	for _, org := range crashOrgs {
		l.same("the feed of an organization, and its trail backwards", l.logs[org], of[org])
	}
	for _, m := range l.f.recent(l.round) {
		l.follows(m, feed)
	}
}

// follows notes a failure unless whoever goes on from m has then seen everything.
func (l *crashLook) follows(m crashMark, feed []store.Entry) {
	after, _ := l.feed(m.cursor, store.MaxPage)
	seen := map[store.OperationID]bool{} // operation ids are unique over the organizations here
	for _, op := range slices.Concat(m.seen, opsOf(after)) {
		seen[op] = true
	}
	for _, en := range feed {
		if t := l.f.tries[crashOp{en.Org, en.Op}]; t != nil && t.round >= m.round && !seen[en.Op] {
			l.errorf("a follower from a cursor of round %d, now round %d, never sees operation %s", m.round, l.round, en.Op)
			l.enough()
		}
		delete(seen, en.Op)
	}
	if len(seen) > 0 {
		l.errorf("%d entries that the feed had shown are gone", len(seen))
	}
}

func (l *crashLook) whole() {
	want := map[store.Query]map[string]crashRecord{}
	for _, org := range crashOrgs {
		l.f.replay(l.env, l.logs[org], l.now)
		for _, kind := range tenancy.Kinds() {
			if kind != tenancy.KindModel {
				want[store.Query{Listing: store.Within, Kind: kind, Org: org}] = map[string]crashRecord{}
			}
		}
	}
	for _, t := range l.f.tries { // also of what is gone, whose listings have to be empty of it
		for _, r := range t.batch.Put {
			for _, q := range places(r.Value) {
				if want[q.Query] == nil {
					want[q.Query] = map[string]crashRecord{}
				}
			}
		}
	}
	for _, r := range l.now {
		for _, q := range places(r.value) {
			want[q.Query][q.order] = r
		}
	}
	for q, records := range want {
		l.lists(q, records)
	}
}

// lists notes a failure unless a listing is what it should be, and learns revisions
// that were never told.
func (l *crashLook) lists(q store.Query, want map[string]crashRecord) {
	got := l.list(q, 100)
	var values, wanted []tenancy.Entity
	for _, r := range got {
		values = append(values, r.Value)
	}
	for _, order := range slices.Sorted(maps.Keys(want)) {
		wanted = append(wanted, want[order].value)
	}
	l.same(fmt.Sprint("a listing, number ", q.Listing), wanted, values)
	l.listed[q] = values
	for _, r := range got {
		switch by := l.now[r.Value.Ref()].by; {
		case by == nil:
		case by.rev == 0:
			by.rev = r.Rev
		case by.rev != r.Rev:
			l.errorf("a record is at revision %d, acknowledged was %d", r.Rev, by.rev)
		}
	}
}

type placed struct {
	store.Query
	order string
}

// places are the listings that have v, but for those over all organizations, which
// would be long.
func places(v tenancy.Entity) []placed {
	var all []placed
	for _, listing := range []store.Listing{store.Within, store.Names, store.KeysOfProject, store.KeyByID} {
		if q, order, ok := listing.Place(v); ok {
			all = append(all, placed{q, order})
		}
	}
	return all
}

func (l *crashLook) revisions() {
	for id, t := range l.f.tries {
		if t.rev == 0 {
			continue
		}
		for _, r := range t.batch.Put {
			state := crashState{r.Value.Ref(), t.rev}
			if by, used := l.f.made[state]; used && by != id {
				l.errorf("revision %d of one record is of operation %s and of %s", t.rev, by.Op, id.Op)
				l.enough()
			}
			l.f.made[state] = id
		}
	}
}

func (l *crashLook) together() {
	ids := map[tenancy.KeyID]bool{}
	for _, org := range crashOrgs {
		l.names(org)
		l.people(org)
		for _, v := range l.listed[store.WithinOf[tenancy.Key](org).Query] {
			id := v.(tenancy.Key).ID
			if ids[id] {
				l.errorf("a key's id is in two organizations")
			}
			ids[id] = true
		}
	}
	var counted int64
	for _, en := range l.logs[crashOrgs[0]] {
		if en.Action == actionCount {
			counted++
		}
	}
	p, _ := l.at(crashCounter()).Value.(tenancy.Project)
	l.same("the counter, for the entries that counted", counted, counter(p))
}

// names compares projects in use with the claims on names.
func (l *crashLook) names(org tenancy.OrgID) {
	want, got := map[string]tenancy.ProjectID{}, map[string]tenancy.ProjectID{}
	for _, v := range l.listed[store.WithinOf[tenancy.Project](org).Query] {
		if p := v.(tenancy.Project); p.Archived.IsZero() && p.Name != "" {
			want[p.Name] = p.ID
		}
	}
	for _, v := range l.listed[store.NamesOf(org).Query] {
		c := v.(tenancy.NameClaim)
		got[c.Folded] = c.Project
	}
	l.same("names taken, for the projects that have them", want, got)
}

func (l *crashLook) people(org tenancy.OrgID) {
	stamps := map[string]int{}
	for _, v := range l.listed[store.WithinOf[tenancy.Member](org).Query] {
		stamps[v.(tenancy.Member).Name]++
	}
	for stamp, n := range stamps {
		if n != crashPeople {
			l.errorf("%d of the %d people that one batch wrote have what it wrote: operation %s", n, crashPeople, stamp)
		}
	}
}

func (l *crashLook) usage() {
	if l.u == nil {
		return
	}
	there := map[usage.RecordID]bool{}
	for _, org := range crashOrgs[:2] {
		for _, r := range l.records(store.RecordQuery{Org: org}, 0) {
			there[r.ID] = true
		}
	}
	var want []usage.Record
	for _, t := range l.f.appends {
		n := 0
		for _, r := range t.calls {
			if there[r.ID] {
				n++
			}
		}
		if n > 0 && n < len(t.calls) {
			l.errorf("%d of %d calls of one Append are there", n, len(t.calls))
		}
		if n > 0 || t.said == saidDone {
			want = append(want, t.calls...)
		}
	}
	l.adds("usage", want)
	l.verifies()
}

func (l *crashLook) verifies() {
	if l.up == nil {
		return
	}
	from, to := wholeDay()
	for _, org := range crashOrgs[:2] {
		ds, err := l.up.Verify(l.ctx, org, from, to)
		l.must("Verify", err)
		if len(ds) > 0 {
			l.errorf("Verify finds %d buckets that are not the sums of their records", len(ds))
		}
	}
}
