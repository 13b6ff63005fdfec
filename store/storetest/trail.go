package storetest

import (
	"fmt"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func trailCases() []testCase {
	return []testCase{
		{
			name:  "trail/newest-first",
			rules: "T1",
			why:   "A trail shows an organization's entries, the last commit first, also where the caller's clock went backwards: the log is in commit order.",
			run:   trailNewestFirst,
		},
		{
			name:  "trail/filters",
			rules: "T2",
			why:   "Each filter selects what TrailQuery.Selects says, alone and with others: an audit that leaves out an entry is no audit, and one that shows another project's is a leak.",
			run:   trailFilters,
		},
		{
			name:  "trail/stable-pages",
			rules: "T3",
			why:   "Entries that come while somebody pages shift nothing: each entry that was there is on exactly one page.",
			run:   trailStable,
		},
		{
			name:  "trail/cursor",
			rules: "T4",
			why:   "A position that the store did not give is ErrInvalid, and one of another organization's trail never shows that organization's entries.",
			run:   trailCursor,
		},
		{
			name:  "input/trail",
			rules: "T5",
			why:   "A malformed query is refused, not answered with everything.",
			run:   trailArguments,
		},
	}
}

func trailNewestFirst(e *env) {
	want := map[tenancy.OrgID][]store.OperationID{}
	for i := range 21 {
		org := []tenancy.OrgID{orgA, orgB, ""}[i%3]
		en := e.entry(org)
		en.At = noon.Add(time.Duration(i*7%5) * time.Hour)
		want[org] = append(want[org], e.commit(store.Batch{Entry: en}).Entry.Op)
	}
	for org, ops := range want {
		slices.Reverse(ops)
		for _, size := range []int{1, 2, 7, 0} {
			e.same(fmt.Sprintf("trail of %q by pages of %d", org, size), ops, opsOf(e.trail(store.TrailQuery{Org: org}, size)))
		}
	}
}

// trailFilters commits entries over a small grid of values and asks for each
// combination of them.
func trailFilters(e *env) {
	entries := e.gridOfEntries()
	slices.Reverse(entries)
	n := 0
	for _, q := range trailQueries() {
		var want []store.OperationID
		for _, en := range entries {
			if q.Selects(en) {
				want = append(want, en.Op)
			}
		}
		e.same(fmt.Sprintf("trail query %d, pages of 2", n), want, opsOf(e.trail(q, 2)))
		n++
	}
}

func (e *env) gridOfEntries() []store.Entry {
	var entries []store.Entry
	subjects := []tenancy.Ref{{}, tenancy.KeyRef(orgA, "key_1").Ref, tenancy.ProjectRef(orgA, "key_1").Ref, tenancy.MemberRef(orgA, "u1").Ref}
	for i := range 48 {
		en := e.entry(orgA)
		en.Actor = []tenancy.UserID{"", "u1", "U1"}[i%3]
		en.Action = []store.Action{"key.create", "key.revoke"}[i/3%2]
		en.Project = []tenancy.ProjectID{"", "proj_1"}[i/6%2]
		en.Subject = subjects[i/12]
		en.At = noon.Add(time.Duration(i) * time.Microsecond)
		entries = append(entries, e.commit(store.Batch{Entry: en}).Entry)
		e.write(orgB)
	}
	return entries
}

func trailQueries() []store.TrailQuery {
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Microsecond) }
	var qs []store.TrailQuery
	for _, actor := range []tenancy.UserID{"", "u1", "U1", "u"} {
		for _, action := range []store.Action{"", "key.revoke", "key.%"} {
			for _, project := range []tenancy.ProjectID{"", "proj_1"} {
				qs = append(qs, store.TrailQuery{Org: orgA, Actor: actor, Action: action, Project: project})
			}
		}
	}
	for _, subject := range []tenancy.Ref{
		tenancy.KeyRef(orgA, "key_1").Ref, tenancy.ProjectRef(orgA, "key_1").Ref,
		tenancy.MemberRef(orgA, "u1").Ref, tenancy.MemberRef(orgA, "u2").Ref, tenancy.KeyRef(orgB, "key_1").Ref,
	} {
		qs = append(qs, store.TrailQuery{Org: orgA, Subject: subject}, store.TrailQuery{Org: orgA, Subject: subject, Actor: "u1", From: at(20)})
	}
	return append(qs,
		store.TrailQuery{Org: orgA, Op: "op-1"}, store.TrailQuery{Org: orgA, Op: "OP-1"}, store.TrailQuery{Org: orgA, Op: "op-2"},
		store.TrailQuery{Org: orgA, From: at(10)}, store.TrailQuery{Org: orgA, To: at(10)},
		store.TrailQuery{Org: orgA, From: at(10), To: at(11)}, store.TrailQuery{Org: orgA, From: at(11), To: at(10)},
		store.TrailQuery{Org: orgA, From: at(5), To: at(40), Action: "key.create", Actor: "U1"},
		store.TrailQuery{Org: "org_unknown"},
	)
}

// trailStable pages without a filter and with each, through entries of which every
// second is selected.
func trailStable(e *env) {
	subject := tenancy.ProjectRef(orgA, "proj_1").Ref
	add := func() {
		e.write(orgA)
		en := e.entry(orgA)
		en.Actor, en.Action, en.Project, en.Subject = "u1", "key.create", "proj_1", subject
		e.commit(store.Batch{Entry: en})
	}
	for range 7 {
		add()
	}
	for n, q := range []store.TrailQuery{{}, {Actor: "u1"}, {Action: "key.create"}, {Project: "proj_1"}, {Subject: subject}, {From: noon}} {
		q.Org = orgA
		want := opsOf(e.trail(q, 0))
		var got []store.OperationID
		for q.Limit = 3; ; {
			t, err := e.s.Trail(e.ctx, q)
			e.must("Trail", err)
			got = append(got, opsOf(t.Entries)...)
			add()
			if q.After = t.Next; q.After == "" || len(got) > 2*len(want) {
				break
			}
		}
		e.same(fmt.Sprintf("operations of query %d", n), want, got)
	}
}

func trailCursor(e *env) {
	for range 4 {
		e.write(orgA)
		e.write(orgB)
	}
	for _, c := range notCursors() {
		_, err := e.s.Trail(e.ctx, store.TrailQuery{Org: orgA, After: c})
		e.refused("Trail after a forged cursor", err, store.ErrInvalid)
	}
	t, err := e.s.Trail(e.ctx, store.TrailQuery{Org: orgA, Limit: 1})
	e.must("Trail", err)
	t, err = e.s.Trail(e.ctx, store.TrailQuery{Org: orgB, After: t.Next})
	if err != nil {
		e.refused("Trail after another organization's cursor", err, store.ErrInvalid)
	}
	for _, en := range t.Entries {
		if en.Org != orgB {
			e.errorf("a trail shows another organization's entry")
		}
	}
}

func trailArguments(e *env) {
	e.write(orgA)
	for name, c := range map[string]struct {
		q    store.TrailQuery
		want error
	}{
		"a negative limit":         {store.TrailQuery{Org: orgA, Limit: -1}, store.ErrInvalid},
		"a limit over MaxPage":     {store.TrailQuery{Org: orgA, Limit: store.MaxPage + 1}, store.ErrTooLarge},
		"a limit of MaxPage":       {store.TrailQuery{Org: orgA, Limit: store.MaxPage}, nil},
		"NUL":                      {store.TrailQuery{Org: orgA, Actor: "a\x00"}, store.ErrInvalid},
		"a subject without its id": {store.TrailQuery{Org: orgA, Subject: tenancy.Ref{Kind: tenancy.KindKey, Org: orgA}}, store.ErrInvalid},
	} {
		_, err := e.s.Trail(e.ctx, c.q)
		e.refused("Trail with "+name, err, c.want)
	}
}
