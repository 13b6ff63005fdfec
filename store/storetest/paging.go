package storetest

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func listAfterChanges(e *env) {
	w := world()
	e.create(slices.Collect(maps.Values(w))...)
	refs := slices.SortedFunc(maps.Keys(w), store.CompareRefs)
	for i, ref := range refs {
		switch i % 3 {
		case 0:
			e.remove(ref)
			delete(w, ref)
		case 1:
			w[ref] = moved(w[ref])
			e.replace(w[ref])
		}
	}
	e.placed(w, 3)
}

// moved is v with everything changed that has a say in where it is listed.
func moved(v tenancy.Entity) tenancy.Entity {
	switch v := v.(type) {
	case tenancy.Key:
		v.Project, v.Holder, v.Created = "proj_2", "u2", v.Created.Add(-time.Hour)
		return v
	case tenancy.Invite:
		v.Created = v.Created.Add(time.Hour)
		return v
	case tenancy.NameClaim:
		v.Project = "proj_moved"
		return v
	case tenancy.Project:
		v.Name = "moved"
		return v
	}
	return v
}

// replacedInPlace changes in each record what has no say in where it is listed.
func replacedInPlace(e *env) {
	vs := full(orgA, "x")
	e.create(vs...)
	for _, v := range vs {
		v = inPlace(v)
		e.replace(v)
		for _, q := range placesOf(v) {
			e.same(fmt.Sprintf("%v of a %v that was replaced", q.Listing, v.Ref().Kind), []tenancy.Entity{v}, e.values(q, 0))
		}
	}
}

// inPlace is v with another value and the same places.
func inPlace(v tenancy.Entity) tenancy.Entity {
	switch v := v.(type) {
	case tenancy.Organization:
		v.Suspended = noon
		return v
	case tenancy.Subscription:
		v.Plan = "other"
		return v
	case tenancy.Member:
		v.Suspended = noon
		return v
	case tenancy.Project:
		v.Archived = noon
		return v
	case tenancy.ProjectMember:
		v.Role = tenancy.RoleOwner
		return v
	case tenancy.Key:
		v.Revoked = noon
		return v
	case tenancy.Invite:
		v.Revoked = noon
		return v
	case tenancy.NameClaim:
		v.Project = "proj_other"
		return v
	case tenancy.Model:
		v.Retired = noon
		return v
	}
	return v
}

// listStable pages by 3 through twelve records that stay. Between pages it adds
// and deletes around the position, and deletes the record at the position itself. The
// listings over all organizations come first, while nothing else is in them.
func listStable(e *env) {
	for _, l := range []struct {
		q    store.Query
		make func(n int) tenancy.Entity
	}{
		{store.AllOf[tenancy.Key]().Query, func(n int) tenancy.Entity {
			return tenancy.Key{Org: []tenancy.OrgID{orgA, orgB}[n/60%2], Project: "proj_0", ID: tenancy.KeyID(fmt.Sprintf("key_a%03d", n)), Created: noon}
		}},
		{store.AllOf[tenancy.Invite]().Query, func(n int) tenancy.Entity {
			return tenancy.Invite{Org: []tenancy.OrgID{orgA, orgB}[n/60%2], ID: tenancy.InviteID(fmt.Sprintf("inv_%03d", n)), Created: noon}
		}},
		{store.WithinOf[tenancy.Project](orgA).Query, func(n int) tenancy.Entity { return project(orgA, fmt.Sprintf("proj_%03d", n), "p") }},
		{store.AllOf[tenancy.Model]().Query, func(n int) tenancy.Entity { return tenancy.Model{ID: tenancy.ModelID(fmt.Sprintf("m%03d", n))} }},
		{store.NamesOf(orgA).Query, func(n int) tenancy.Entity { return tenancy.NameClaim{Org: orgA, Folded: fmt.Sprintf("%03d", n)} }},
		{store.KeysOf(orgA, "proj_1").Query, func(n int) tenancy.Entity {
			return tenancy.Key{Org: orgA, Project: "proj_1", ID: tenancy.KeyID(fmt.Sprintf("key_%03d", n)), Created: noon.Add(time.Duration(n/50) * time.Hour)}
		}},
		{store.InvitesOf(orgA).Query, func(n int) tenancy.Entity {
			return tenancy.Invite{Org: orgA, ID: tenancy.InviteID(fmt.Sprintf("inv_%03d", 999-n)), Created: noon.Add(time.Duration(n) * time.Hour)}
		}},
		{store.MembershipsOfUser("u1").Query, func(n int) tenancy.Entity {
			return tenancy.Member{Org: tenancy.OrgID(fmt.Sprintf("org_%03d", n)), User: "u1"}
		}},
		{store.MembersOf(orgA, "proj_1").Query, func(n int) tenancy.Entity {
			return tenancy.ProjectMember{Org: orgA, Project: "proj_1", User: tenancy.UserID(fmt.Sprintf("u%03d", n))}
		}},
		{store.RolesOf(orgA, "u_of_roles").Query, func(n int) tenancy.Entity {
			return tenancy.ProjectMember{Org: orgA, User: "u_of_roles", Project: tenancy.ProjectID(fmt.Sprintf("proj_%03d", n))}
		}},
		{store.PersonalKeysOf(orgA, "u1").Query, func(n int) tenancy.Entity {
			return tenancy.Key{Org: orgA, Project: "proj_2", Holder: "u1", ID: tenancy.KeyID(fmt.Sprintf("key_p%03d", n)), Created: noon.Add(time.Duration(n/50) * time.Hour)}
		}},
	} {
		e.pagesWhileChanging(l.q, l.make)
	}
}

func (e *env) pagesWhileChanging(q store.Query, newOne func(n int) tenancy.Entity) {
	stays, goes := map[tenancy.Ref]int{}, map[tenancy.Ref]bool{}
	for n := 10; n <= 120; n += 10 {
		e.create(newOne(n), newOne(n+5))
		stays[newOne(n).Ref()] = 0
		goes[newOne(n+5).Ref()] = true
	}
	q.Limit = 3
	for page := 0; ; page++ {
		p, err := e.s.List(e.ctx, q)
		e.must("List", err)
		for _, r := range p.Records {
			if _, ok := stays[r.Value.Ref()]; ok {
				stays[r.Value.Ref()]++
			}
			if ref := r.Value.Ref(); goes[ref] {
				e.remove(ref)
				delete(goes, ref)
			}
		}
		e.create(newOne(10*page+1), newOne(10*page+92))
		if q.After = p.Next; q.After == "" || page > 100 {
			break
		}
	}
	for ref, n := range stays {
		if n != 1 {
			e.errorf("%v: record %s%s, which was there throughout, was returned %d times", q.Listing, ref.ID, ref.User, n)
		}
	}
}
