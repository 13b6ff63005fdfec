package access_test

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// noon is the time of every test that does not say otherwise.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is the records of a test, by identity. Ids are names: a snapshot parses
// none of them, so "web" reads better than a ULID and decides the same.
type world map[tenancy.Ref]tenancy.Entity

// step changes a world.
type step func(world)

func (w world) put(records ...tenancy.Entity) {
	for _, r := range records {
		w[r.Ref()] = r
	}
}

// with returns a copy of the world after steps.
func (w world) with(steps ...step) world {
	next := maps.Clone(w)
	for _, s := range steps {
		s(next)
	}
	return next
}

// records are those of the world in an order that is the same in every run.
func (w world) records() []tenancy.Entity {
	var rs []tenancy.Entity
	for _, ref := range slices.SortedFunc(maps.Keys(w), compareRefs) {
		rs = append(rs, w[ref])
	}
	return rs
}

func compareRefs(a, b tenancy.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID), cmp.Compare(a.User, b.User))
}

// tester is what *testing.T, *testing.B and *rapid.T share.
type tester interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (w world) snapshot(t tester) *access.Snapshot {
	t.Helper()
	snap, err := access.NewSnapshot(w.records()...)
	if err != nil {
		t.Fatalf("NewSnapshot: %v", err)
	}
	return snap
}

func (w world) view(t tester) access.View {
	t.Helper()
	return w.snapshot(t).At(noon)
}

// The builder: an organization with its owners and a plan of every model, people
// on its roster, projects with every model on, places in them, keys without a
// restriction.

func (w world) org(o tenancy.OrgID, owners ...tenancy.UserID) {
	w.put(tenancy.Organization{ID: o, Name: string(o), Owners: slices.Sorted(slices.Values(owners))},
		tenancy.Subscription{Org: o, Plan: "pro", Models: tenancy.AllModels()})
	w.join(o, owners...)
}

// stay is the membership id of a user's first stay on a roster.
func stay(o tenancy.OrgID, u tenancy.UserID) tenancy.MembershipID {
	return tenancy.MembershipID(string(u) + "@" + string(o))
}

func (w world) join(o tenancy.OrgID, users ...tenancy.UserID) {
	for _, u := range users {
		w.put(tenancy.Member{Org: o, User: u, Membership: stay(o, u), Joined: noon})
	}
}

func (w world) project(o tenancy.OrgID, p tenancy.ProjectID) {
	w.put(tenancy.Project{Org: o, ID: p, Name: string(p), Models: tenancy.AllModels(), Created: noon})
}

func (w world) place(o tenancy.OrgID, p tenancy.ProjectID, u tenancy.UserID, role tenancy.Role) {
	w.put(tenancy.ProjectMember{Org: o, Project: p, User: u, Membership: stay(o, u), Role: role, Added: noon})
}

func (w world) service(o tenancy.OrgID, p tenancy.ProjectID, k tenancy.KeyID) {
	w.put(tenancy.Key{Org: o, Project: p, ID: k, Kind: tenancy.KeyService, Models: tenancy.AllModels(), Created: noon})
}

func (w world) personal(o tenancy.OrgID, p tenancy.ProjectID, u tenancy.UserID, k tenancy.KeyID) {
	w.put(tenancy.Key{Org: o, Project: p, ID: k, Kind: tenancy.KeyPersonal, Holder: u, Membership: stay(o, u),
		Models: tenancy.AllModels(), Created: noon})
}

// acme is two organizations with the people of the role table. In acme: olga
// owns the organization; pam owns project web, max is a member of it, vera a
// viewer; rita is on the roster and in no project. otto owns beta. nils is
// nobody. Everybody who may have a key in web has one, called after them, and
// svc is a service key of web.
//
// The catalogue: gpt and claude are public, tuned exists for acme and secret for
// beta, old is retired, fast is an alias of gpt.
func acme() world {
	w := world{}
	w.org("acme", "olga")
	w.join("acme", "pam", "max", "vera", "rita")
	w.project("acme", "web")
	w.project("acme", "lab")
	w.place("acme", "web", "pam", tenancy.RoleOwner)
	w.place("acme", "web", "max", tenancy.RoleMember)
	w.place("acme", "web", "vera", tenancy.RoleViewer)
	w.service("acme", "web", "svc")
	w.service("acme", "lab", "lab-svc")
	for _, u := range []tenancy.UserID{"olga", "pam", "max", "vera", "rita", "nils", "otto"} {
		w.personal("acme", "web", u, tenancy.KeyID(u))
	}

	w.org("beta", "otto")
	w.project("beta", "shop")
	w.service("beta", "shop", "shop-svc")

	w.put(tenancy.Model{ID: "gpt", Public: true}, tenancy.Model{ID: "claude", Public: true},
		tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{"acme"}}, tenancy.Model{ID: "secret", Orgs: []tenancy.OrgID{"beta"}},
		tenancy.Model{ID: "old", Public: true, Retired: noon}, tenancy.Model{ID: "fast", Alias: "gpt"})
	return w
}

// change files a record anew as by leaves it.
func change[T tenancy.Recordable](ref tenancy.RefTo[T], by func(*T)) step {
	return func(w world) {
		v := any(w[ref.Ref]).(T)
		by(&v)
		w.put(v)
	}
}

func drop(ref tenancy.Ref) step { return func(w world) { delete(w, ref) } }

// by is a secret that a person minted, and until when it is good.
func by(u tenancy.UserID, ends time.Time) tenancy.KeySecret {
	return tenancy.KeySecret{Pepper: "p", MintedBy: u, Minted: noon, Ends: ends}
}

// Steps in organization acme.

func onOrg(by func(*tenancy.Organization)) step { return change(tenancy.OrganizationRef("acme"), by) }

func onMember(u tenancy.UserID, by func(*tenancy.Member)) step {
	return change(tenancy.MemberRef("acme", u), by)
}

func onProject(p tenancy.ProjectID, by func(*tenancy.Project)) step {
	return change(tenancy.ProjectRef("acme", p), by)
}

func onKey(k tenancy.KeyID, by func(*tenancy.Key)) step { return change(tenancy.KeyRef("acme", k), by) }

func onPlace(u tenancy.UserID, by func(*tenancy.ProjectMember)) step {
	return change(tenancy.ProjectMemberRef("acme", "web", u), by)
}

func onModel(m tenancy.ModelID, by func(*tenancy.Model)) step { return change(tenancy.ModelRef(m), by) }

func planned(set tenancy.ModelSet) step {
	return change(tenancy.SubscriptionRef("acme"), func(s *tenancy.Subscription) { s.Models = set })
}

func enabled(p tenancy.ProjectID, set tenancy.ModelSet) step {
	return onProject(p, func(p *tenancy.Project) { p.Models = set })
}

func restricted(k tenancy.KeyID, set tenancy.ModelSet) step {
	return onKey(k, func(k *tenancy.Key) { k.Models = set })
}

// minted says who minted the secrets of a key.
func minted(k tenancy.KeyID, current, previous tenancy.KeySecret) step {
	return onKey(k, func(k *tenancy.Key) { k.Current, k.Previous = current, previous })
}

func archived(p tenancy.ProjectID) step {
	return onProject(p, func(p *tenancy.Project) { *p = p.Archive(noon) })
}

func revoked(k tenancy.KeyID) step {
	return onKey(k, func(k *tenancy.Key) { *k = k.Revoke(noon) })
}

func expiring(k tenancy.KeyID, at time.Time) step {
	return onKey(k, func(k *tenancy.Key) { k.Expires = at })
}

func placed(u tenancy.UserID, role tenancy.Role) step {
	return onPlace(u, func(p *tenancy.ProjectMember) { p.Role = role })
}

func unplaced(u tenancy.UserID) step { return drop(tenancy.ProjectMemberRef("acme", "web", u).Ref) }

func removed(u tenancy.UserID) step { return drop(tenancy.MemberRef("acme", u).Ref) }

func suspended(u tenancy.UserID) step {
	return onMember(u, func(m *tenancy.Member) { m.Suspended = noon })
}

func orgSuspended(w world) {
	onOrg(func(o *tenancy.Organization) { *o = o.Suspend(noon) })(w)
}

func orgClosed(w world) {
	onOrg(func(o *tenancy.Organization) { *o = o.Close(noon) })(w)
}

func owners(users ...tenancy.UserID) step {
	return onOrg(func(o *tenancy.Organization) { o.Owners = slices.Sorted(slices.Values(users)) })
}
