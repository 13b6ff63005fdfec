package storetest

import (
	"fmt"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func commitCases() []testCase {
	return []testCase{
		{
			name:  "conflict/stale-put",
			rules: "C6",
			why:   "A put over a revision that is no longer there is ErrConflict: without it the later of two writers undoes the earlier, and the last owner can be removed twice.",
			run:   stalePut,
		},
		{
			name:  "conflict/stale-delete",
			rules: "C6",
			why:   "A delete of a revision that is no longer there is ErrConflict: what was decided about an older state must not remove a newer one.",
			run:   staleDelete,
		},
		{
			name:  "conflict/create-over-existing",
			rules: "C6",
			why:   "A put at revision zero creates, and is ErrConflict where the record exists: a name claim is unique by this alone.",
			run:   createOverExisting,
		},
		{
			name:  "conflict/write-of-absent",
			rules: "C6",
			why:   "A put or delete at a revision of a record that does not exist is ErrConflict: an update must not bring back what was deleted.",
			run:   writeOfAbsent,
		},
		{
			name:  "conflict/check",
			rules: "C6",
			why:   "A check that no longer holds is ErrConflict, of presence and of absence alike: every rule rests on the check set.",
			run:   checks,
		},
		{
			name:  "atomicity/refused-batch",
			rules: "C1 C5",
			why:   "A batch with one condition that fails writes nothing and logs nothing, wherever in the batch it stands: half a batch is an organization without an owner.",
			run:   halfABatch,
		},
		{
			name:  "atomicity/global-id",
			rules: "C1 C5 N3",
			why:   "A key or invite whose id another organization has keeps out its whole batch, wherever it stands: what is unique over all organizations is looked at before anything is written.",
			run:   globalIDInABatch,
		},
		{
			name:  "conflict/revision-changes",
			rules: "R4",
			why:   "Each write gives a record a new revision, the one that Result, Get and List agree on, also where the value stays the same: a reader must be able to tell that somebody wrote.",
			run:   revisionsChange,
		},
		{
			name:  "conflict/revision-not-reused",
			rules: "R5",
			why:   "A revision is never used again for its Ref, also not after deletion: else a stale delete takes what somebody else created since.",
			run:   revisionsNotReused,
		},
		{
			name:  "conflict/check-writes-nothing",
			rules: "R4",
			why:   "A check leaves the revision of what it checks: creating keys must not make every other batch of the project conflict.",
			run:   checkWritesNothing,
		},
	}
}

func stalePut(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	stale := e.at(p.Ref()).Rev
	p.Name = "two"
	e.replace(p)
	p.Name = "three"
	e.conflicts("stale put", store.Batch{Entry: e.entry(orgA), Put: []store.Record{{Rev: stale, Value: p}}})
}

func staleDelete(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	stale := e.at(p.Ref()).Rev
	e.replace(p)
	e.conflicts("stale delete", store.Batch{Entry: e.entry(orgA), Delete: []store.Check{{Ref: p.Ref(), Rev: stale}}})
}

func createOverExisting(e *env) {
	for _, v := range full(orgA, "x") {
		e.create(v)
		e.conflicts("create "+v.Ref().Kind.String()+" twice", e.creation(v.Ref().Org, v))
	}
}

func writeOfAbsent(e *env) {
	there, gone := project(orgA, "proj_1", "one"), project(orgA, "proj_2", "two")
	e.create(there, gone)
	old := e.at(gone.Ref())
	e.remove(gone.Ref())
	never := project(orgA, "proj_3", "three")
	for _, r := range []store.Record{old, {Rev: old.Rev, Value: never}, {Rev: e.at(there.Ref()).Rev, Value: never}, {Rev: 1 << 62, Value: never}} {
		e.conflicts("put of absent", store.Batch{Entry: e.entry(orgA), Put: []store.Record{r}})
		e.conflicts("delete of absent", store.Batch{Entry: e.entry(orgA), Delete: []store.Check{{Ref: r.Value.Ref(), Rev: r.Rev}}})
	}
}

func checks(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	stale := e.at(p.Ref()).Rev
	e.replace(p)
	now := e.at(p.Ref()).Rev
	free := tenancy.NameClaimRef(orgA, "free").Ref
	check := func(ref tenancy.Ref, rev store.Rev) store.Batch {
		b := e.creation(orgA, project(orgA, "proj_new", "new"))
		b.Check = []store.Check{{Ref: ref, Rev: rev}}
		return b
	}
	e.conflicts("stale check", check(p.Ref(), stale))
	e.conflicts("check of absence on what exists", check(p.Ref(), 0))
	e.conflicts("check of presence on what is absent", check(free, now))
	b := check(p.Ref(), now)
	b.Check = append(b.Check, store.Check{Ref: free})
	e.commit(b)
	e.holds("created under checks that hold", project(orgA, "proj_new", "new"))
}

// halfABatch puts one failing condition at each end and in the middle of a batch of
// every sort.
func halfABatch(e *env) {
	var old, fresh []tenancy.Entity
	for i := range 9 {
		id := string(rune('0' + i))
		old = append(old, project(orgA, "old_"+id, id))
		fresh = append(fresh, project(orgA, "new_"+id, id))
	}
	e.create(old...)
	sound := func() store.Batch {
		b := e.creation(orgA, fresh...)
		for i, v := range old {
			r := e.at(v.Ref())
			switch i % 3 {
			case 0:
				b.Check = append(b.Check, store.Check{Ref: v.Ref(), Rev: r.Rev})
			case 1:
				b.Put = append(b.Put, r)
			case 2:
				b.Delete = append(b.Delete, store.Check{Ref: v.Ref(), Rev: r.Rev})
			}
		}
		return b
	}
	for i := range 3 {
		b := sound()
		b.Check[i].Rev = 1 << 62
		e.conflicts("a check fails", b)
		b = sound()
		b.Delete[i].Rev = 1 << 62
		e.conflicts("a delete fails", b)
		b = sound()
		b.Put[len(b.Put)-1-i].Rev = 1 << 62
		e.conflicts("a replacement fails", b)
		b = sound()
		b.Put[i*4].Rev = 1 << 62
		e.conflicts("a put of what is absent fails", b)
		b = sound()
		b.Check = append(b.Check, store.Check{Ref: tenancy.KeyRef(orgA, "key_none").Ref, Rev: 1})
		e.conflicts("a check of what is absent fails", b)
	}
	e.commit(sound())
	for i, v := range old {
		if gone := e.at(v.Ref()).Rev == 0; gone != (i%3 == 2) {
			e.errorf("after the sound batch, record %d is gone: %t", i, gone)
		}
	}
	for _, v := range fresh {
		e.holds("after the sound batch", v)
	}
}

func globalIDInABatch(e *env) {
	e.create(tenancy.Key{Org: orgB, ID: "key_taken"}, tenancy.Invite{Org: orgB, ID: "inv_taken"})
	for _, taken := range []tenancy.Entity{tenancy.Key{Org: orgA, ID: "key_taken"}, tenancy.Invite{Org: orgA, ID: "inv_taken"}} {
		for at := range 3 {
			vs := []tenancy.Entity{project(orgA, "proj_1", "one"), tenancy.Key{Org: orgA, ID: "key_free"}}
			b := e.creation(orgA, slices.Insert(vs, at, taken)...)
			e.conflicts(fmt.Sprintf("a %v with an id that is taken at place %d", taken.Ref().Kind, at), b)
			b.Put = slices.Delete(b.Put, at, at+1)
			b.Entry = e.entry(orgA)
			b.Put[0].Value = project(orgA, fmt.Sprint(b.Entry.Op), "")
			b.Put[1].Value = tenancy.Key{Org: orgA, ID: tenancy.KeyID(b.Entry.Op)}
			e.commit(b)
		}
	}
}

// placesOf is the listings that v is in.
func placesOf(v tenancy.Entity) []store.Query {
	var qs []store.Query
	for _, l := range store.Listings() {
		if q, _, ok := l.Place(v); ok {
			qs = append(qs, q)
		}
	}
	return qs
}

func revisionsChange(e *env) {
	for _, v := range full(orgA, "x") {
		kind := v.Ref().Kind
		seen := map[store.Rev]bool{0: true}
		wrote := e.commit(e.creation(v.Ref().Org, v))
		for range 4 {
			r := e.at(v.Ref())
			listed := e.list(store.Query{Listing: store.All, Kind: kind}, 0)
			if seen[r.Rev] || wrote.Rev != r.Rev || len(listed) != 1 || listed[0].Rev != r.Rev {
				e.errorf("%v: Result says revision %d, Get %d, List %v; seen before: %t", kind, wrote.Rev, r.Rev, listed, seen[r.Rev])
			}
			for _, q := range placesOf(v) {
				e.same(fmt.Sprintf("%v of kind %v", q.Listing, kind), []store.Record{r}, e.list(q, 0))
			}
			seen[r.Rev] = true
			wrote = e.replace(v)
		}
	}
}

func revisionsNotReused(e *env) {
	for _, v := range full(orgA, "x") {
		seen := map[store.Rev]bool{}
		for range 3 {
			e.create(v)
			for range 2 {
				rev := e.at(v.Ref()).Rev
				if seen[rev] {
					e.errorf("%v: revision %d is used twice", v.Ref().Kind, rev)
				}
				seen[rev] = true
				e.replace(v)
			}
			stale := e.at(v.Ref()).Rev
			seen[stale] = true
			e.remove(v.Ref())
			e.create(v)
			e.conflicts("a delete from before the deletion", store.Batch{
				Entry: e.entry(v.Ref().Org), Delete: []store.Check{{Ref: v.Ref(), Rev: stale}},
			})
			e.remove(v.Ref())
		}
	}
}

func checkWritesNothing(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	before := e.at(p.Ref())
	b := e.creation(orgA, project(orgA, "proj_2", "two"))
	b.Check = []store.Check{{Ref: p.Ref(), Rev: before.Rev}}
	e.commit(b)
	e.same("checked record", before, e.at(p.Ref()))
}
