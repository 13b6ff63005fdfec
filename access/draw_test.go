package access_test

import (
	"slices"
	"time"

	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// The ids of random worlds are few, so that records meet; adjacent and prefixes
// of each other; and the same for users, keys, projects, models and roles, so
// that a mix-up shows.
var (
	drawnUsers    = []tenancy.UserID{"a", "aa", "b", "owner"}
	drawnModels   = []tenancy.ModelID{"a", "aa", "ab", "b", "owner"}
	drawnAliases  = []tenancy.ModelID{"al", "am"}
	drawnKeys     = []tenancy.KeyID{"a", "aa", "b", "ba", "owner"}
	drawnProjects = map[tenancy.OrgID][]tenancy.ProjectID{"a": {"a", "aa"}, "aa": {"b", "owner"}}
)

// often holds in 15 of 16 draws, seldom in one: worlds in which all is denied say
// little. They are made of single bits, since rapid favours small numbers.
func often(t *rapid.T, label string) bool { return !seldom(t, label) }

func seldom(t *rapid.T, label string) bool {
	coin := rapid.Bool()
	return coin.Draw(t, label) && coin.Draw(t, label) && coin.Draw(t, label) && coin.Draw(t, label)
}

func drawTime(t *rapid.T, label string) time.Time {
	if seldom(t, label) {
		return noon
	}
	return time.Time{}
}

func drawSet(t *rapid.T, label string) tenancy.ModelSet {
	if rapid.Bool().Draw(t, label+" all") {
		return tenancy.AllModels()
	}
	return tenancy.Models(slices.DeleteFunc(slices.Concat(drawnModels, drawnAliases), func(tenancy.ModelID) bool {
		return seldom(t, label) || seldom(t, label)
	})...)
}

// drawWorld draws a small world that a snapshot accepts: two organizations,
// leftovers and nonsense included.
func drawWorld(t *rapid.T) world {
	w := world{}
	for _, id := range drawnModels {
		if often(t, "has model") {
			w.put(drawModel(t, id))
		}
	}
	if models := w.models(); len(models) > 0 {
		for _, id := range drawnAliases {
			w.put(tenancy.Model{ID: id, Alias: rapid.SampledFrom(models).Draw(t, "alias")})
		}
	}
	for _, org := range []tenancy.OrgID{"a", "aa"} {
		drawOrg(t, w, org)
		for _, p := range drawnProjects[org] {
			drawProject(t, w, org, p)
		}
	}
	for _, id := range drawnKeys {
		w.put(drawKey(t, id))
	}
	return w
}

func drawModel(t *rapid.T, id tenancy.ModelID) tenancy.Model {
	m := tenancy.Model{ID: id, Public: rapid.Bool().Draw(t, "public"), Retired: drawTime(t, "retired")}
	if !m.Public {
		m.Orgs = slices.Compact(slices.Sorted(slices.Values(rapid.SliceOfN(rapid.SampledFrom([]tenancy.OrgID{"a", "aa"}), 0, 2).Draw(t, "orgs"))))
	}
	return m
}

func drawOrg(t *rapid.T, w world, id tenancy.OrgID) {
	o := tenancy.Organization{ID: id, Suspended: drawTime(t, "suspended"), Closed: drawTime(t, "closed")}
	for _, u := range drawnUsers {
		if !often(t, "on roster") {
			continue
		}
		m := tenancy.Member{Org: id, User: u, Membership: drawStay(t, u), Suspended: drawTime(t, "member suspended")}
		w.put(m)
		if m.Active() && seldom(t, "owner") {
			o.Owners = append(o.Owners, u)
		}
	}
	w.put(o)
	if often(t, "has plan") {
		w.put(tenancy.Subscription{Org: id, Models: drawSet(t, "plan")})
	}
}

// drawStay draws a membership id: most are the first stay of a user.
func drawStay(t *rapid.T, u tenancy.UserID) tenancy.MembershipID {
	if seldom(t, "another stay") {
		return rapid.SampledFrom([]tenancy.MembershipID{"", "a", "b/2"}).Draw(t, "stay")
	}
	return tenancy.MembershipID(u)
}

func drawProject(t *rapid.T, w world, org tenancy.OrgID, id tenancy.ProjectID) {
	w.put(tenancy.Project{Org: org, ID: id, Name: rapid.SampledFrom([]string{"x", "X", "\u00e9", "e\u0301", "a"}).Draw(t, "name"),
		Models: drawSet(t, "enabled"), Archived: drawTime(t, "archived")})
	for _, u := range drawnUsers {
		if rapid.Bool().Draw(t, "placed") {
			w.put(tenancy.ProjectMember{Org: org, Project: id, User: u, Membership: drawStay(t, u),
				Role: rapid.SampledFrom([]tenancy.Role{"owner", "member", "viewer", "member", "a", ""}).Draw(t, "role")})
		}
	}
}

func drawKey(t *rapid.T, id tenancy.KeyID) tenancy.Key {
	org := rapid.SampledFrom([]tenancy.OrgID{"a", "aa"}).Draw(t, "key of")
	k := tenancy.Key{Org: org, ID: id, Project: rapid.SampledFrom(drawnProjects[org]).Draw(t, "key in"), Models: drawSet(t, "restricted"),
		Kind:    rapid.SampledFrom([]tenancy.KeyKind{"personal", "service", "personal", "service", "", "owner"}).Draw(t, "kind"),
		Revoked: drawTime(t, "revoked")}
	if seldom(t, "expires") {
		k.Expires = noon.Add(rapid.SampledFrom([]time.Duration{-time.Microsecond, 0, time.Microsecond}).Draw(t, "from noon"))
	}
	for _, s := range []*tenancy.KeySecret{&k.Current, &k.Previous} {
		if often(t, "minted") {
			*s = by(rapid.SampledFrom(drawnUsers).Draw(t, "minted by"), drawTime(t, "ends"))
		}
	}
	if k.Kind != tenancy.KeyService {
		k.Holder = rapid.SampledFrom(drawnUsers).Draw(t, "holder")
		k.Membership = drawStay(t, k.Holder)
	}
	return k
}

// drawChange draws a world that differs from another of the same shape in some of its records.
func drawChange(t *rapid.T, w world) world {
	next, other := w.with(), drawWorld(t)
	for _, v := range other.records() {
		if seldom(t, "changed") || seldom(t, "changed") {
			next.put(v)
		}
	}
	if _, err := access.NewSnapshot(next.records()...); err != nil {
		return other
	}
	return next
}
