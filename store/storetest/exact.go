package storetest

import (
	"fmt"
	"maps"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func identifierCases() []testCase {
	return []testCase{
		{
			name:  "exactness/look-alikes",
			rules: "R6",
			why:   "Ids that differ in a byte are different records, whatever a collation, normalisation or pattern makes of them: CVE-2026-55170 was a store that took user:alice for user:Alice.",
			run:   identifiersExact,
		},
		{
			name:  "exactness/deleted-alone",
			rules: "R6",
			why:   "Deleting a record deletes none whose id only looks like its own.",
			run:   deletedAlone,
		},
		{
			name:  "exactness/parts",
			rules: "R6",
			why:   "The parts of a Ref stay apart: a key made by joining them with a separator takes one record for another whose parts contain it.",
			run:   partsStayApart,
		},
		{
			name:  "exactness/operations",
			rules: "R6",
			why:   "Operation ids, actors and actions are compared byte for byte too.",
			run:   operationsExact,
		},
		{
			name:  "exactness/positions",
			rules: "R6 L1 L2 L4",
			why:   "Paging one by one through ids that look alike shows each once, in the order of their bytes: a position that is compared by a collation, or in UTF-16, steps over some or goes round.",
			run:   positionsExact,
		},
	}
}

// twins has, for each look-alike, records that have it in each part of a Ref.
func twins() map[tenancy.Ref]tenancy.Entity {
	w := map[tenancy.Ref]tenancy.Entity{}
	for _, s := range lookAlikes() {
		for _, v := range []tenancy.Entity{
			tenancy.Organization{ID: tenancy.OrgID(s), Name: s},
			tenancy.Member{Org: orgA, User: tenancy.UserID(s), Name: s},
			project(orgA, s, s),
			tenancy.ProjectMember{Org: orgA, Project: tenancy.ProjectID(s), User: "u1", Membership: tenancy.MembershipID(s)},
			tenancy.ProjectMember{Org: orgA, Project: "p1", User: tenancy.UserID(s), Membership: tenancy.MembershipID(s)},
			tenancy.Key{Org: orgA, ID: tenancy.KeyID(s), Project: tenancy.ProjectID(s), Holder: tenancy.UserID(s), Name: s},
			tenancy.Invite{Org: orgA, ID: tenancy.InviteID(s), Email: s},
			tenancy.NameClaim{Org: orgA, Folded: s, Project: tenancy.ProjectID(s)},
			tenancy.Model{ID: tenancy.ModelID(s), Alias: tenancy.ModelID(s)},
		} {
			w[v.Ref()] = v
		}
	}
	return w
}

func identifiersExact(e *env) {
	w := twins()
	e.create(slices.Collect(maps.Values(w))...)
	for _, v := range w {
		e.holds("Get", v)
	}
	e.placed(w, 0)
}

func deletedAlone(e *env) {
	var vs []tenancy.Entity
	for _, s := range lookAlikes() {
		vs = append(vs, tenancy.Key{Org: orgA, ID: tenancy.KeyID(s), Name: s})
	}
	e.create(vs...)
	for i, v := range vs {
		e.remove(v.Ref())
		if i%8 == 0 {
			e.same("keys left", len(vs)-i-1, len(e.list(store.WithinOf[tenancy.Key](orgA).Query, 0)))
		}
		e.absent("the deleted one", v.Ref())
	}
}

func partsStayApart(e *env) {
	w := map[tenancy.Ref]tenancy.Entity{}
	for _, sep := range []string{"", "/", ":", "|", ",", "\x01", "\x1f", " ", "\\", "'", "\uffff"} {
		for _, parts := range [][3]string{
			{"o", "a", "b" + sep + "c"}, {"o", "a" + sep + "b", "c"}, {"o" + sep + "a", "b", "c"},
		} {
			org, p, u := tenancy.OrgID(parts[0]), tenancy.ProjectID(parts[1]), tenancy.UserID(parts[2])
			v := tenancy.ProjectMember{Org: org, Project: p, User: u, Membership: tenancy.MembershipID(sep)}
			w[v.Ref()] = v
		}
	}
	e.create(slices.Collect(maps.Values(w))...)
	for _, v := range w {
		e.holds("Get", v)
	}
	e.placed(w, 0)
}

func operationsExact(e *env) {
	for _, s := range lookAlikes() {
		b := store.Batch{Entry: e.entry(orgA)}
		b.Entry.Op, b.Entry.Actor, b.Entry.Action = store.OperationID(s), tenancy.UserID(s), store.Action(s)
		if e.commit(b).Replayed {
			e.errorf("an operation id that only looks like another was taken for it")
		}
	}
	for _, s := range lookAlikes() {
		for _, q := range []store.TrailQuery{
			{Org: orgA, Op: store.OperationID(s)}, {Org: orgA, Actor: tenancy.UserID(s)}, {Org: orgA, Action: store.Action(s)},
		} {
			e.same("operations of one look-alike", []store.OperationID{store.OperationID(s)}, opsOf(e.trail(q, 0)))
		}
	}
}

func positionsExact(e *env) {
	texts := slices.Sorted(slices.Values(lookAlikes()))
	var vs []tenancy.Entity
	for _, s := range texts {
		vs = append(vs, project(orgA, s, s), tenancy.NameClaim{Org: orgA, Folded: s},
			tenancy.ProjectMember{Org: orgA, Project: "p", User: tenancy.UserID(s)}, tenancy.Member{Org: tenancy.OrgID(s), User: "u"},
			tenancy.ProjectMember{Org: orgA, Project: tenancy.ProjectID(s), User: "u"},
			tenancy.Key{Org: orgA, ID: tenancy.KeyID(s), Project: "p"}, tenancy.Model{ID: tenancy.ModelID(s)})
	}
	e.create(vs...)
	for _, q := range []store.Query{
		store.WithinOf[tenancy.Project](orgA).Query, store.NamesOf(orgA).Query, store.MembersOf(orgA, "p").Query,
		store.RolesOf(orgA, "u").Query, store.KeysOf(orgA, "p").Query, store.AllOf[tenancy.Model]().Query,
	} {
		var got []string
		for _, v := range e.values(q, 1) {
			got = append(got, textOf(v))
		}
		e.same(fmt.Sprintf("%+v one by one", q), texts, got)
	}
	var orgs []string
	for _, v := range e.values(store.MembershipsOfUser("u").Query, 1) {
		orgs = append(orgs, string(v.Ref().Org))
	}
	e.same("memberships one by one", texts, orgs)
}

// textOf is what tells v from the others of its listing in positionsExact.
func textOf(v tenancy.Entity) string {
	if m, ok := v.(tenancy.ProjectMember); ok && m.Project == "p" {
		return string(m.User)
	}
	return v.Ref().ID
}
