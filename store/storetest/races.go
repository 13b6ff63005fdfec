package storetest

import (
	"errors"
	"fmt"
	"sync/atomic"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func raceCases() []testCase {
	return []testCase{
		{
			name:  "concurrency/compare-and-swap",
			rules: "C7",
			why:   "Of writers that read one revision exactly one writes: the counter ends at the number of commits that succeeded, each of them logged, and none that failed is.",
			run: func(e *env) {
				e.counted(e.count(8, 25, func(int) store.Store { return e.s }))
			},
		},
		{
			name:  "concurrency/create",
			rules: "C7",
			why:   "Of many that create one record at the same moment exactly one succeeds: two projects never hold one name.",
			run:   createAtOnce,
		},
		{
			name:  "concurrency/global-id",
			rules: "C7 N3",
			why:   "Of two organizations that create one key id at the same moment exactly one succeeds.",
			run:   globalIDAtOnce,
		},
		{
			name:  "concurrency/check-against-write",
			rules: "C7",
			why:   "A commit that checks a record and one that changes it do not both rest on the old state: each of two owners, removing the other at once, is refused or comes first.",
			run:   writeSkew,
		},
	}
}

// count has workers add 1 to a counter in a record until each did so a number of
// times, and returns how many commits succeeded. A try conflicts only where
// somebody else succeeded meanwhile, which bounds the tries.
func (e *env) count(workers, each int, handle func(i int) store.Store) int {
	e.create(project(orgA, "counter", ""))
	var won atomic.Int64
	e.together(workers, func(i int) {
		for done, tries := 0, 0; done < each; tries++ {
			if tries > workers*each {
				e.fatalf("commits conflict though nobody wrote meanwhile")
			}
			err := e.addOne(handle(i))
			if err == nil {
				done++
				won.Add(1)
			} else if !errors.Is(err, store.ErrConflict) {
				e.fatalf("Commit: %v", err)
			}
		}
	})
	return int(won.Load())
}

func (e *env) addOne(s store.Store) error {
	ref := tenancy.ProjectRef(orgA, "counter").Ref
	rs, err := s.Get(e.ctx, ref)
	e.must("Get", err)
	p := rs[0].Value.(tenancy.Project)
	p.Limits = tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: counter(p) + 1}}
	b := store.Batch{Entry: e.entry(orgA), Put: []store.Record{{Rev: rs[0].Rev, Value: p}}}
	b.Entry.Subject = ref
	_, err = s.Commit(e.ctx, b)
	return err
}

func counter(p tenancy.Project) int64 {
	if len(p.Limits) == 0 {
		return 0
	}
	return p.Limits[0].Max
}

// counted notes a failure unless the counter and its entries are those of n
// commits.
func (e *env) counted(n int) {
	ref := tenancy.ProjectRef(orgA, "counter").Ref
	p, _ := e.at(ref).Value.(tenancy.Project)
	e.same("the counter", int64(n), counter(p))
	e.same("entries of the trail", n, len(e.trail(store.TrailQuery{Org: orgA, Subject: ref}, 0)))
	entries, _ := e.feed(e.start, 100)
	e.same("entries of the feed", n+1, len(entries))
}

func createAtOnce(e *env) {
	for round := range 10 {
		var won atomic.Int64
		e.together(8, func(i int) {
			v := tenancy.NameClaim{Org: orgA, Folded: fmt.Sprint("name ", round), Project: tenancy.ProjectID(fmt.Sprint("proj_", i))}
			if _, err := e.s.Commit(e.ctx, e.creation(orgA, v)); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("commits that succeeded", int64(1), won.Load())
	}
}

func globalIDAtOnce(e *env) {
	for round := range 10 {
		var won atomic.Int64
		id := tenancy.KeyID(fmt.Sprint("key_", round))
		e.together(8, func(i int) {
			org := tenancy.OrgID(fmt.Sprint("org_", i))
			if _, err := e.s.Commit(e.ctx, e.creation(org, tenancy.Key{Org: org, ID: id})); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("commits that succeeded", int64(1), won.Load())
		e.same("keys of the id", 1, len(e.list(store.KeysByID(id).Query, 0)))
	}
}

func writeSkew(e *env) {
	for round := range 10 {
		var at [2]store.Check
		for i := range at {
			m := tenancy.Member{Org: orgA, User: tenancy.UserID(fmt.Sprint(round, "-", i))}
			e.create(m)
			at[i] = store.Check{Ref: m.Ref(), Rev: e.at(m.Ref()).Rev}
		}
		var won atomic.Int64
		e.together(2, func(i int) {
			b := store.Batch{Entry: e.entry(orgA), Check: at[i : i+1], Delete: []store.Check{at[1-i]}}
			if _, err := e.s.Commit(e.ctx, b); err == nil {
				won.Add(1)
			} else {
				e.refused("Commit", err, store.ErrConflict)
			}
		})
		e.same("removals that succeeded", int64(1), won.Load())
	}
}
