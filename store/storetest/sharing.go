package storetest

import (
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func sharingCases() []testCase {
	return []testCase{
		{
			name:  "records/not-shared",
			rules: "R7",
			why:   "Slices that the store is given stay the caller's, and those that it returns become the caller's: a log that shares them is rewritten by who never had the right.",
			run:   notShared,
		},
		{
			name:  "usage/not-shared",
			rules: "R7",
			why:   "Records of calls, cuts and what Records and Totals return are nobody else's: a caller who sorts or reuses a slice must not change what anybody is billed.",
			needs: needUsage,
			run:   usageNotShared,
		},
	}
}

// wipe overwrites a slice, up to its capacity, as a caller does who uses it again.
func wipe[T any](s []T) { clear(s[:cap(s)]) }

func wipeEntries(entries []store.Entry) {
	for _, en := range entries {
		wipe(en.Detail)
		wipe(en.Refs)
	}
	wipe(entries)
}

// copied is b with slices of its own.
func copied(b store.Batch) store.Batch {
	b.Entry.Detail = slices.Clone(b.Entry.Detail)
	b.Check, b.Put, b.Delete = slices.Clone(b.Check), slices.Clone(b.Put), slices.Clone(b.Delete)
	return b
}

func notShared(e *env) {
	gone, kept := project(orgA, "proj_1", "one"), project(orgA, "proj_2", "two")
	e.create(gone, kept)
	b := e.creation(orgA, project(orgA, "proj_9", "nine"), project(orgA, "proj_4", "four"))
	b.Entry = rich(b.Entry)
	b.Check = []store.Check{{Ref: tenancy.KeyRef(orgA, "key_9").Ref}, {Ref: kept.Ref(), Rev: e.at(kept.Ref()).Rev}}
	b.Delete = []store.Check{{Ref: gone.Ref(), Rev: e.at(gone.Ref()).Rev}}
	want := copied(b).Entry
	want.Refs = b.Refs()
	for _, call := range []string{"the commit", "its repeat"} {
		given := copied(b)
		r := e.commit(given)
		e.same("the batch after "+call, b, given)
		wipeBatch(given)
		e.same("Result of "+call+", once the batch is overwritten", want, r.Entry)
		wipeEntries([]store.Entry{r.Entry})
	}
	e.entriesNotShared(want)
	e.recordsNotShared(kept, b.Put[0].Value, b.Put[1].Value)
}

func wipeBatch(b store.Batch) {
	wipe(b.Entry.Detail)
	wipe(b.Check)
	wipe(b.Put)
	wipe(b.Delete)
}

// entriesNotShared reads the last entry in every way, and spoils each answer.
func (e *env) entriesNotShared(want store.Entry) {
	q := store.TrailQuery{Org: want.Org, Limit: 1}
	for range 3 {
		f, err := e.s.Changes(e.ctx, e.start, 10)
		e.must("Changes", err)
		t, err := e.s.Trail(e.ctx, q)
		e.must("Trail", err)
		if len(f.Entries) == 0 {
			e.fatalf("the feed has no entry")
		}
		last := f.Entries[len(f.Entries)-1:]
		e.same("the entry in the feed", []store.Entry{want}, last)
		e.same("the entry in the trail", []store.Entry{want}, t.Entries)
		wipeEntries(f.Entries)
		e.same("the entry in the trail, the feed's overwritten", []store.Entry{want}, t.Entries)
		wipeEntries(t.Entries)
	}
}

// recordsNotShared reads the records of orgA in every way, and spoils each answer.
func (e *env) recordsNotShared(values ...tenancy.Entity) {
	refs := make([]tenancy.Ref, 0, len(values)+4)
	var want []store.Record
	for _, v := range values {
		refs = append(refs, v.Ref())
		want = append(want, store.Record{Rev: e.at(v.Ref()).Rev, Value: v})
	}
	place := func(a, b store.Record) int { return store.CompareRefs(a.Value.Ref(), b.Value.Ref()) }
	for range 3 {
		given := slices.Clone(refs)
		got, err := e.s.Get(e.ctx, given...)
		e.must("Get", err)
		e.same("the refs after Get", refs, given)
		e.same("records", want, got)
		wipe(given)
		wipe(got)
		p, err := e.s.List(e.ctx, store.WithinOf[tenancy.Project](orgA).Query)
		e.must("List", err)
		e.same("the listing", slices.SortedFunc(slices.Values(want), place), p.Records)
		wipe(p.Records)
	}
}

func usageNotShared(e *env) {
	rs := trace(12)
	given := slices.Clone(rs)
	e.append(given...)
	e.same("the records after Append", rs, given)
	wipe(given)
	whole, quarters := hours()
	q := store.TotalQuery{Org: orgA, By: usage.ByModel, Cuts: slices.Clone(quarters)}
	want := summed(rs, q)
	for range 3 {
		got := e.totals(q)
		e.same("the cuts after Totals", quarters, q.Cuts)
		wipe(q.Cuts)
		e.same("totals, the cuts overwritten", want, got)
		wipe(got)
		q.Cuts = slices.Clone(quarters)
		p, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA})
		e.must("Records", err)
		e.same("records", newest(rs, store.RecordQuery{Org: orgA}), p.Records)
		wipe(p.Records)
	}
	e.adds("usage, every answer overwritten", rs)
	if e.up == nil || e.h.Spoil == nil {
		return
	}
	found := e.damage(rs)
	for range 2 {
		ds := e.verify(orgA, whole[0], whole[1])
		e.same("differences", len(found), len(ds))
		for _, d := range ds {
			e.same("a difference", found[d.Bucket], d)
		}
		wipe(ds)
	}
}
