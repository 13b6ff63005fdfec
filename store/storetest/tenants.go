package storetest

import (
	"fmt"
	"maps"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func tenantCases() []testCase {
	return []testCase{
		{
			name:  "isolation/other-organization",
			rules: "N1",
			why:   "What one organization has is absent in another, by Get, every listing and the trail, both ways, also where every id is the same: this is what tenancy means.",
			run:   func(e *env) { e.bothWays(otherOrganization) },
		},
		{
			name:  "isolation/no-interference",
			rules: "N4",
			why:   "Whatever happens in one organization, every observable of another stays as it was.",
			run:   func(e *env) { e.bothWays(noInterference) },
		},
		{
			name:  "isolation/foreign-write",
			rules: "N2",
			why:   "A batch of one organization cannot check, put or delete a record of another.",
			run:   func(e *env) { e.bothWays(foreignWrite) },
		},
		{
			name:  "isolation/key-id-is-global",
			rules: "N3",
			why:   "The id of a key is unique over all organizations: keys are found by id before their tenant is known, and a second one would displace the first.",
			run: func(e *env) {
				e.bothWays(func(e *env, mine, theirs tenancy.OrgID) {
					id := tenancy.KeyID("key_" + mine)
					e.globalID(tenancy.Key{Org: mine, ID: id}, tenancy.Key{Org: theirs, ID: id}, store.KeysByID(id).Query)
				})
			},
		},
		{
			name:  "isolation/invite-id-is-global",
			rules: "N3",
			why:   "The id of an invite is unique over all organizations: invites are found by id before their tenant is known.",
			run: func(e *env) {
				e.bothWays(func(e *env, mine, theirs tenancy.OrgID) {
					id := tenancy.InviteID("inv_" + mine)
					e.globalID(tenancy.Invite{Org: mine, ID: id}, tenancy.Invite{Org: theirs, ID: id}, store.InvitesByID(id).Query)
				})
			},
		},
		{
			name:  "isolation/key-and-invite-share-an-id",
			rules: "N3",
			why:   "Ids are unique for each kind: a key and an invite of one id are two records and neither is found as the other.",
			run:   keyAndInvite,
		},
	}
}

// bothWays runs a case with the tenants swapped too.
func (e *env) bothWays(f func(e *env, mine, theirs tenancy.OrgID)) {
	f(e, orgA, orgB)
	f(e, orgB, orgA)
}

// tenant is records of org that have, but for keys and invites, the ids of every
// other tenant.
func tenant(org tenancy.OrgID) []tenancy.Entity {
	vs := slices.DeleteFunc(full(org, string(org)), func(v tenancy.Entity) bool { return v.Ref().Org == "" })
	return append(vs, project(org, "proj_2", "of "+string(org)), tenancy.Member{Org: org, User: "u2"})
}

// scoped are the listings that name an organization.
func scoped(org tenancy.OrgID) []store.Query {
	qs := []store.Query{
		store.NamesOf(org).Query, store.MembersOf(org, "proj_1").Query, store.RolesOf(org, "u1").Query,
		store.KeysOf(org, "proj_1").Query, store.PersonalKeysOf(org, "u1").Query, store.InvitesOf(org).Query,
	}
	for _, k := range tenancy.Kinds() {
		if k != tenancy.KindModel {
			qs = append(qs, store.Query{Listing: store.Within, Kind: k, Org: org})
		}
	}
	return qs
}

func otherOrganization(e *env, mine, theirs tenancy.OrgID) {
	e.wipe()
	e.create(tenant(mine)...)
	for _, v := range tenant(theirs) {
		e.absent("Get of another organization's "+v.Ref().Kind.String(), v.Ref())
	}
	for _, q := range scoped(theirs) {
		e.same(fmt.Sprintf("%+v, which has nothing", q), []tenancy.Entity{}, e.values(q, 0))
	}
	before := len(e.trail(store.TrailQuery{Org: theirs}, 0))
	e.replace(tenant(mine)[0])
	if after := len(e.trail(store.TrailQuery{Org: theirs}, 0)); after != before {
		e.errorf("a trail has %d entries of another organization's commits", after-before)
	}
}

// wipe deletes every record, so that a case can run again with tenants swapped.
func (e *env) wipe() {
	for _, r := range e.picture().Records {
		e.remove(r.Value.Ref())
	}
}

// observables is all that can be seen of one organization.
func (e *env) observables(org tenancy.OrgID) (records [][]store.Record, entries []store.Entry) {
	for _, q := range scoped(org) {
		records = append(records, e.list(q, 0))
	}
	for _, v := range tenant(org) {
		records = append(records, []store.Record{e.at(v.Ref())})
	}
	return records, e.trail(store.TrailQuery{Org: org}, 0)
}

func noInterference(e *env, mine, theirs tenancy.OrgID) {
	e.wipe()
	e.create(tenant(mine)...)
	e.create(tenant(theirs)...)
	records, entries := e.observables(mine)
	for _, v := range tenant(theirs) {
		e.replace(v)
		e.conflicts("create over existing", e.creation(theirs, v))
		e.remove(v.Ref())
	}
	e.create(bare(theirs, "again")[:6]...)
	for _, en := range entries {
		b := store.Batch{Entry: e.entry(theirs)}
		b.Entry.Op = en.Op
		if r := e.commit(b); r.Entry.Org != theirs {
			e.errorf("an operation id answers with an entry of another organization")
		}
	}
	gotRecords, gotEntries := e.observables(mine)
	e.same("records of the other organization", records, gotRecords)
	e.same("entries of the other organization", entries, gotEntries)
}

func foreignWrite(e *env, mine, theirs tenancy.OrgID) {
	e.wipe()
	v := project(mine, "proj_1", "mine")
	e.create(v)
	at := store.Check{Ref: v.Ref(), Rev: e.at(v.Ref()).Rev}
	e.rejects("a foreign check", store.Batch{Entry: e.entry(theirs), Check: []store.Check{at}}, store.ErrInvalid)
	e.rejects("a foreign delete", store.Batch{Entry: e.entry(theirs), Delete: []store.Check{at}}, store.ErrInvalid)
	e.rejects("a foreign put", store.Batch{Entry: e.entry(theirs), Put: []store.Record{{Rev: at.Rev, Value: v}}}, store.ErrInvalid)
	same := project(theirs, "proj_1", "theirs")
	e.conflicts("a put at the revision of another organization's record", store.Batch{Entry: e.entry(theirs), Put: []store.Record{{Rev: at.Rev, Value: same}}})
	e.conflicts("a delete at it", store.Batch{Entry: e.entry(theirs), Delete: []store.Check{{Ref: same.Ref(), Rev: at.Rev}}})
}

// globalID creates mine, is refused theirs, and finds whichever exists by id.
func (e *env) globalID(mine, theirs tenancy.Entity, byID store.Query) {
	e.create(mine)
	e.conflicts("the id of another organization's record", e.creation(theirs.Ref().Org, theirs))
	e.same("by id", []tenancy.Entity{mine}, e.values(byID, 0))
	e.replace(mine)
	e.remove(mine.Ref())
	e.same("by id, after deletion", []tenancy.Entity{}, e.values(byID, 0))
	e.create(theirs)
	e.same("by id, created elsewhere since", []tenancy.Entity{theirs}, e.values(byID, 0))
	e.conflicts("the id that is now the other's", e.creation(mine.Ref().Org, mine))
	e.remove(theirs.Ref())
}

func keyAndInvite(e *env) {
	key, invite := tenancy.Key{Org: orgA, ID: "same"}, tenancy.Invite{Org: orgB, ID: "same"}
	e.create(key, invite)
	e.same("key by id", []tenancy.Entity{key}, e.values(store.KeysByID("same").Query, 0))
	e.same("invite by id", []tenancy.Entity{invite}, e.values(store.InvitesByID("same").Query, 0))
}

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
