package storetest

import (
	"fmt"
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
