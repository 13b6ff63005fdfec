package storetest

import (
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func operationCases() []testCase {
	return []testCase{
		{
			name:  "outcome/replay",
			rules: "C2",
			why:   "Committing the same batch again answers with the first entry and writes nothing, before any check is looked at: after an unknown outcome the checks no longer hold because the first commit happened.",
			run:   replay,
		},
		{
			name:  "outcome/replay-ignores-the-rest",
			rules: "C2",
			why:   "What makes a repeat is operation id, actor, action and request; the writes of a repeat are not looked at, since the rule that made them ran on a newer state.",
			run:   replayIgnoresTheRest,
		},
		{
			name:  "outcome/reused",
			rules: "C3",
			why:   "The operation id of another actor, action or request is ErrReused and writes nothing: silently answering with the first result would hide that the second was never done.",
			run:   reused,
		},
		{
			name:  "outcome/per-organization",
			rules: "C4",
			why:   "An operation id belongs to its organization, the catalogue being one of its own: else one tenant reads another's result, or blocks it.",
			run:   operationsPerOrganization,
		},
		{
			name:  "outcome/refused-leaves-none",
			rules: "C5",
			why:   "A commit that was refused leaves no operation id: the caller decides again and commits under the same id.",
			run:   refusedLeavesNoOperation,
		},
	}
}

func replay(e *env) {
	gone := project(orgA, "proj_0", "zero")
	e.create(gone)
	b := e.creation(orgA, project(orgA, "proj_1", "one"))
	b.Entry = rich(b.Entry)
	b.Check = []store.Check{{Ref: tenancy.NameClaimRef(orgA, "one").Ref}}
	b.Delete = []store.Check{{Ref: gone.Ref(), Rev: e.at(gone.Ref()).Rev}}
	first := e.commit(b)
	if first.Replayed || first.Rev == 0 {
		e.errorf("the first commit: revision %d, replayed %t", first.Rev, first.Replayed)
	}
	e.unchanged("a repeat", func() {
		e.same("Result of a repeat", store.Result{Entry: first.Entry, Replayed: true}, e.commit(b))
	})
	e.replace(project(orgA, "proj_1", "changed since"))
	e.create(tenancy.NameClaim{Org: orgA, Folded: "one", Project: "proj_1"})
	e.unchanged("a repeat later", func() {
		e.same("Result of a repeat later", store.Result{Entry: first.Entry, Replayed: true}, e.commit(b))
	})
}

func replayIgnoresTheRest(e *env) {
	b := e.creation(orgA, project(orgA, "proj_1", "one"))
	first := e.commit(b)
	again := e.creation(orgA, project(orgA, "proj_2", "two"))
	again.Entry.Op, again.Entry.Detail = b.Entry.Op, []byte(`{"other":1}`)
	e.unchanged("a repeat with other writes", func() {
		e.same("Result", store.Result{Entry: first.Entry, Replayed: true}, e.commit(again))
	})
}

func reused(e *env) {
	b := e.creation(orgA, project(orgA, "proj_1", "one"))
	e.commit(b)
	for name, change := range map[string]func(*store.Entry){
		"actor":   func(en *store.Entry) { en.Actor = "other" },
		"action":  func(en *store.Entry) { en.Action = "suite.other" },
		"request": func(en *store.Entry) { en.Request[15]++ },
	} {
		other := e.creation(orgA, project(orgA, "proj_2", "two"))
		other.Entry.Op = b.Entry.Op
		change(&other.Entry)
		e.rejects("the operation id with another "+name, other, store.ErrReused)
		stale := b
		change(&stale.Entry)
		e.rejects("the same, with a check that fails too", stale, store.ErrReused)
	}
}

func operationsPerOrganization(e *env) {
	for _, org := range []tenancy.OrgID{orgA, orgB, "", "org_01j0000000000000000000000a"} {
		b := store.Batch{Entry: e.entry(org)}
		b.Entry.Op = "the same"
		if r := e.commit(b); r.Replayed {
			e.errorf("the first commit of an operation id in organization %q was taken for a repeat", org)
		}
		if r := e.commit(b); !r.Replayed || r.Entry.Org != org {
			e.errorf("the repeat in organization %q: replayed %t, entry of %q", org, r.Replayed, r.Entry.Org)
		}
	}
}

func refusedLeavesNoOperation(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	e.create(tenancy.Key{Org: orgB, ID: "key_taken"})
	for name, change := range map[string]func(*store.Batch){
		"a create over what exists": func(b *store.Batch) { b.Put = append(b.Put, store.Record{Value: p}) },
		"a check":                   func(b *store.Batch) { b.Check = []store.Check{{Ref: p.Ref()}} },
		"a delete":                  func(b *store.Batch) { b.Delete = []store.Check{{Ref: p.Ref(), Rev: 1 << 62}} },
		"an id of another organization": func(b *store.Batch) {
			b.Put = append(b.Put, store.Record{Value: tenancy.Key{Org: orgA, ID: "key_taken"}})
		},
	} {
		b := e.creation(orgA)
		b.Put = []store.Record{{Value: project(orgA, string(b.Entry.Op), "new")}}
		sound := copied(b)
		change(&b)
		_, err := e.s.Commit(e.ctx, b)
		e.refused("a batch refused for "+name, err, store.ErrConflict)
		if r := e.commit(sound); r.Replayed {
			e.errorf("the operation id of a batch refused for %s counts as used", name)
		}
		e.holds("what was committed under that id", sound.Put[0].Value)
	}
}
