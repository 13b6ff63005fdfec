package storetest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func listCases() []testCase {
	return []testCase{
		{
			name:  "paging/as-placed",
			rules: "L1 L2",
			why:   "Every listing has the records, and the order, that Listing.Place says, by pages of any size: the decision, the settings page and /v1/models are drawn from them.",
			run:   listAsPlaced,
		},
		{
			name:  "paging/after-changes",
			rules: "L3",
			why:   "A record that was replaced is listed where it stands now, with what it says now, and one that was deleted nowhere: an index that lags behind shows revoked keys.",
			run:   listAfterChanges,
		},
		{
			name:  "paging/replaced-in-place",
			rules: "L3",
			why:   "A record that was replaced and stays where it is listed says there what it says now: an index that holds a copy, and is written only where the place changes, lists a revoked key as valid.",
			run:   replacedInPlace,
		},
		{
			name:  "paging/stable",
			rules: "L4",
			why:   "A record that exists throughout is returned exactly once, whatever comes and goes between pages, the last one shown included: a load that pages must not lose a key.",
			run:   listStable,
		},
		{
			name:  "paging/limits",
			rules: "L6",
			why:   "A page has at most MaxPage records, which limit 0 means; more than that is ErrTooLarge and less than nothing ErrInvalid.",
			run:   listLimits,
		},
		{
			name:  "input/list",
			rules: "L6",
			why:   "Arguments that a listing does not name, or lacks, are ErrInvalid: a listing without its organization would be every tenant's.",
			run:   listArguments,
		},
		{
			name:  "paging/cursor",
			rules: "L5",
			why:   "A position that the store did not give is ErrInvalid, and one of another listing or tenant never shows that listing's records.",
			run:   listCursor,
		},
	}
}

// world is records of four organizations, two of them look-alikes, in which ids
// repeat wherever they may.
func world() map[tenancy.Ref]tenancy.Entity {
	w := map[tenancy.Ref]tenancy.Entity{}
	add := func(v tenancy.Entity) { w[v.Ref()] = v }
	for i, org := range []tenancy.OrgID{orgA, orgB, orgA + "x", tenancy.OrgID(strings.ToLower(string(orgA)))} {
		add(tenancy.Organization{ID: org, Name: "acme"})
		add(tenancy.Subscription{Org: org, Plan: "pro"})
		for _, user := range []tenancy.UserID{"u2", "u1", "U1", "u10"}[:4-i] {
			add(tenancy.Member{Org: org, User: user, Membership: "mem_1"})
			for _, p := range []tenancy.ProjectID{"proj_2", "proj_1", "proj_10", "PROJ_1"} {
				add(project(org, string(p), "name of "+string(p)))
				add(tenancy.ProjectMember{Org: org, Project: p, User: user, Membership: "mem_1", Role: tenancy.RoleOwner})
			}
		}
		addKeys(add, org, i)
		for n := range 5 {
			add(tenancy.NameClaim{Org: org, Folded: fmt.Sprint("name ", n*7%5), Project: "proj_1"})
			add(tenancy.Invite{Org: org, ID: tenancy.InviteID(fmt.Sprint("inv_", 9-n, i)), Created: created(n)})
		}
		add(tenancy.Model{ID: tenancy.ModelID(fmt.Sprint("m", 9-i)), Orgs: []tenancy.OrgID{org}})
	}
	return w
}

func addKeys(add func(tenancy.Entity), org tenancy.OrgID, i int) {
	for n := range 12 {
		k := tenancy.Key{
			Org: org, ID: tenancy.KeyID(fmt.Sprint("key_", 99-n, i)), Kind: tenancy.KeyService,
			Project: []tenancy.ProjectID{"proj_1", "PROJ_1", "proj_2"}[n%3], Created: created(n / 2),
		}
		if n%4 < 2 {
			k.Kind, k.Holder = tenancy.KeyPersonal, []tenancy.UserID{"u1", "U1"}[n%2]
		}
		add(k)
	}
}

// created is times in another order than n, some of them equal.
func created(n int) time.Time {
	return noon.Add(time.Duration(n*5%3) * time.Microsecond)
}

func listAsPlaced(e *env) {
	w := world()
	e.create(slices.Collect(maps.Values(w))...)
	e.placed(w, 1, 2, 7, 0)
}

// placed notes a failure where a listing is not what Listing.Place makes of w.
func (e *env) placed(w map[tenancy.Ref]tenancy.Entity, sizes ...int) {
	for _, l := range store.Listings() {
		scopes := map[store.Query]map[string]tenancy.Entity{}
		for _, v := range w {
			q, order, ok := l.Place(v)
			if !ok {
				continue
			}
			if scopes[q] == nil {
				scopes[q] = map[string]tenancy.Entity{}
			}
			scopes[q][order] = v
		}
		for q, at := range scopes {
			var want []tenancy.Entity
			for _, order := range slices.Sorted(maps.Keys(at)) {
				want = append(want, at[order])
			}
			for _, size := range sizes {
				e.same(fmt.Sprintf("%+v by pages of %d", q, size), want, e.values(q, size))
			}
		}
	}
}

func listLimits(e *env) {
	var vs []tenancy.Entity
	for n := range store.MaxPage + 1 {
		vs = append(vs, tenancy.NameClaim{Org: orgA, Folded: fmt.Sprintf("%04d", n), Project: "p"})
	}
	e.create(vs...)
	q := store.NamesOf(orgA).Query
	for limit, want := range map[int]int{0: store.MaxPage, 1: 1, store.MaxPage - 1: store.MaxPage - 1, store.MaxPage: store.MaxPage} {
		q.Limit = limit
		p, err := e.s.List(e.ctx, q)
		e.must("List", err)
		if len(p.Records) != want || p.Next == "" {
			e.errorf("a limit of %d gives %d of %d records, want %d and a next page", limit, len(p.Records), len(vs), want)
		}
	}
	for limit, want := range map[int]error{-1: store.ErrInvalid, store.MaxPage + 1: store.ErrTooLarge} {
		q.Limit = limit
		_, err := e.s.List(e.ctx, q)
		e.refused(fmt.Sprintf("a limit of %d", limit), err, want)
	}
}

func listArguments(e *env) {
	e.create(full(orgA, "x")...)
	for name, q := range map[string]store.Query{
		"no listing":                      {},
		"an unknown listing":              {Listing: 99, Org: orgA},
		"all of no kind":                  {Listing: store.All},
		"all of an unknown kind":          {Listing: store.All, Kind: 99},
		"all of a kind in one":            {Listing: store.All, Kind: tenancy.KindKey, Org: orgA},
		"within no organization":          {Listing: store.Within, Kind: tenancy.KindKey},
		"models within an organization":   {Listing: store.Within, Kind: tenancy.KindModel, Org: orgA},
		"names of no organization":        {Listing: store.Names},
		"keys of no project":              {Listing: store.KeysOfProject, Org: orgA},
		"keys of a project of nobody":     {Listing: store.KeysOfProject, Project: "proj_1"},
		"memberships in one organization": {Listing: store.MembershipsOf, User: "u1", Org: orgA},
		"a key id in one organization":    {Listing: store.KeyByID, ID: "key_x", Org: orgA},
		"NUL":                             {Listing: store.Names, Org: orgA + "\x00"},
		"invalid UTF-8":                   {Listing: store.MembershipsOf, User: "\xff"},
		"an argument too long":            {Listing: store.KeyByID, ID: strings.Repeat("k", 256)},
	} {
		p, err := e.s.List(e.ctx, q)
		e.refused("List of "+name, err, store.ErrInvalid)
		if len(p.Records) != 0 {
			e.errorf("List of %s gave %d records with its error", name, len(p.Records))
		}
	}
}

func listCursor(e *env) {
	e.cursorsOfEachListing()
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		for n := range 4 {
			id := fmt.Sprint("proj_", n)
			e.create(project(org, id, id), tenancy.NameClaim{Org: org, Folded: id, Project: "p"})
		}
	}
	queries := []store.Query{
		store.WithinOf[tenancy.Project](orgA).Query, store.WithinOf[tenancy.Project](orgB).Query,
		store.NamesOf(orgA).Query, store.NamesOf(orgB).Query, store.AllOf[tenancy.Project]().Query,
	}
	for _, q := range queries {
		for _, q.After = range notCursors() {
			_, err := e.s.List(e.ctx, q)
			e.refused("List after a forged cursor", err, store.ErrInvalid)
		}
		q.After, q.Limit = "", 2
		p, err := e.s.List(e.ctx, q)
		e.must("List", err)
		for _, other := range queries {
			for _, other.After = range []string{p.Next, p.Next + "A", "A" + p.Next, p.Next[1:]} {
				e.staysInScope(other)
			}
		}
	}
}

// cursorsOfEachListing forges a position in every listing that has a record.
func (e *env) cursorsOfEachListing() {
	vs := full("org_of_each", "each")
	e.create(vs...)
	for _, v := range vs {
		for _, q := range placesOf(v) {
			for _, q.After = range notCursors()[:5] {
				_, err := e.s.List(e.ctx, q)
				e.refused(fmt.Sprintf("%v of kind %v after a forged cursor", q.Listing, v.Ref().Kind), err, store.ErrInvalid)
			}
		}
	}
}

// staysInScope allows ErrInvalid or records of q's own.
func (e *env) staysInScope(q store.Query) {
	p, err := e.s.List(e.ctx, q)
	if err != nil {
		e.refused("List after another listing's cursor", err, store.ErrInvalid)
	}
	for _, r := range p.Records {
		if scope, _, ok := q.Listing.Place(r.Value); !ok || scope != q.Scope() {
			e.errorf("a listing of %q shows a record of %q", q.Org, r.Value.Ref().Org)
		}
	}
}
