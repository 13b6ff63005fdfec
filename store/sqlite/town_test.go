package sqlite_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// The town is two organizations with a record of every kind, and with people, keys
// and models that no longer count.

const (
	townOrg   tenancy.OrgID = "org_a"
	townOther tenancy.OrgID = "org_b"
)

func day(n int) time.Time { return sampleTime.AddDate(0, 0, n) }

// townPeople has one who is suspended, and dee, who left and came back.
func townPeople() []tenancy.Entity {
	return []tenancy.Entity{
		tenancy.Member{Org: townOrg, User: "ann", Membership: "mem_a", Name: "Ann", Email: "ann@example.com", Joined: day(0)},
		tenancy.Member{Org: townOrg, User: "bob", Membership: "mem_b", Name: "Bob", Joined: day(0)},
		tenancy.Member{Org: townOrg, User: "cy", Membership: "mem_c", Joined: day(0), Suspended: day(1)},
		tenancy.Member{Org: townOrg, User: "dee", Membership: "mem_d2", Name: "Dee", Joined: day(2)},
		tenancy.Member{Org: townOther, User: "bob", Membership: "mem_e", Joined: day(0)},
		tenancy.Member{Org: townOther, User: "eve", Membership: "mem_f", Name: "Eve", Joined: day(0)},
	}
}

func townProjects() []tenancy.Entity {
	limits := tenancy.Limits{{Measure: tenancy.MeasureMoney, Window: tenancy.WindowMonth, Max: 5_000_000}}
	apollo := tenancy.Project{Org: townOrg, ID: "proj_1", Name: "Apollo", Models: tenancy.Models("m-1", "m-2", "m-3", "m-4"), Limits: limits, Created: day(0)}
	borealis := tenancy.Project{Org: townOrg, ID: "proj_2", Name: "Borealis", Models: tenancy.AllModels(), Created: day(1)}
	caldera := tenancy.Project{Org: townOrg, ID: "proj_3", Name: "Caldera", Models: tenancy.AllModels(), Created: day(0), Archived: day(2)}
	delta := tenancy.Project{Org: townOther, ID: "proj_4", Name: "Apollo", Models: tenancy.Models("m-1", "m-4"), Created: day(0)}
	return []tenancy.Entity{apollo, borealis, caldera, delta, apollo.Claim(), borealis.Claim(), delta.Claim()}
}

func townPlaces() []tenancy.Entity {
	place := func(org tenancy.OrgID, p tenancy.ProjectID, u tenancy.UserID, stay tenancy.MembershipID, r tenancy.Role) tenancy.Entity {
		return tenancy.ProjectMember{Org: org, Project: p, User: u, Membership: stay, Role: r, Added: day(1)}
	}
	return []tenancy.Entity{
		place(townOrg, "proj_1", "bob", "mem_b", tenancy.RoleOwner),
		place(townOrg, "proj_1", "cy", "mem_c", tenancy.RoleMember),
		place(townOrg, "proj_1", "dee", "mem_d1", tenancy.RoleOwner), // of the stay before
		place(townOrg, "proj_2", "bob", "mem_b", tenancy.RoleViewer),
		place(townOrg, "proj_2", "dee", "mem_d2", tenancy.RoleMember),
		place(townOrg, "proj_3", "dee", "mem_d2", tenancy.RoleMember),
		place(townOther, "proj_4", "bob", "mem_e", tenancy.RoleMember),
	}
}

// secret is unlike any other value, so that it is found wherever it shows.
func secret(n byte) tenancy.KeySecret {
	s := tenancy.KeySecret{Pepper: fmt.Sprintf("pepper-%d", n), Hint: "w9Xz", MintedBy: "ann", Minted: day(int(n))}
	for i := range s.Digest {
		s.Digest[i], s.Seal[i] = 0xd0+n, 0xe0+n
	}
	return s
}

// townKeys has an active, a rotated, an expired and a revoked key, and one of the
// other organization.
func townKeys() []tenancy.Entity {
	key := func(n byte) tenancy.Key {
		return tenancy.Key{Org: townOrg, ID: tenancy.KeyID(fmt.Sprint("key_", n)), Project: "proj_1", Kind: tenancy.KeyService,
			Name: fmt.Sprint("Key ", n), Models: tenancy.AllModels(), CreatedBy: "ann", Created: day(int(n)), Current: secret(n)}
	}
	active, rotated, expired, revoked, other := key(1), key(2), key(3), key(4), key(5)
	rotated.Previous, rotated.Previous.Ends = secret(6), day(60)
	rotated.Kind, rotated.Holder, rotated.Membership = tenancy.KeyPersonal, "bob", "mem_b"
	rotated.Expires = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
	expired.Models, expired.Expires = tenancy.Models("m-1"), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	revoked.Expires, revoked.Revoked = expired.Expires, day(5)
	other.Org, other.Project = townOther, "proj_4"
	return []tenancy.Entity{active, rotated, expired, revoked, other}
}

func townInvites() []tenancy.Entity {
	var all []tenancy.Entity
	for n := range byte(4) {
		i := tenancy.Invite{Org: townOrg, ID: tenancy.InviteID(fmt.Sprint("inv_", n)), Email: "zoe@example.com", Role: tenancy.RoleMember,
			Placements: []tenancy.Placement{{Project: "proj_1", Role: tenancy.RoleViewer}}, Digest: secret(7).Digest, Pepper: "pepper-7",
			InvitedBy: "ann", Created: day(int(n)), Expires: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}
		switch n {
		case 1:
			i.Accepted, i.AcceptedBy = day(2), "bob"
		case 2:
			i.Revoked = day(3)
		case 3:
			i.Expires = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
		}
		all = append(all, i)
	}
	return all
}

func townModels() []tenancy.Entity {
	prices := []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 1250}}
	return []tenancy.Entity{
		tenancy.Model{ID: "m-1", Public: true, Prices: prices, Created: day(0)},
		tenancy.Model{ID: "m-2", Orgs: []tenancy.OrgID{townOrg}, Created: day(0)},
		tenancy.Model{ID: "m-3", Public: true, Created: day(0), Retired: day(3)},
		tenancy.Model{ID: "m-4", Orgs: []tenancy.OrgID{townOther}, Created: day(0)},
		tenancy.Model{ID: "m-5", Public: true, Created: day(0)},
		tenancy.Model{ID: "fast", Alias: "m-1", Created: day(0)},
	}
}

// townRecords is everything but usage, each record of the first organization before
// those of the other.
func townRecords() []tenancy.Entity {
	return slices.Concat([]tenancy.Entity{
		tenancy.Organization{ID: townOrg, Name: "Acme", Branding: tenancy.Branding{Accent: "#ff0000"}, TimeZone: "Asia/Kathmandu",
			Currency: "EUR", Owners: []tenancy.UserID{"ann"}, Created: day(0)},
		tenancy.Organization{ID: townOther, Name: "Globex", TimeZone: "UTC", Currency: "USD",
			Owners: []tenancy.UserID{"eve"}, Created: day(0), Suspended: day(4)},
		tenancy.Subscription{Org: townOrg, Plan: "Team", Models: tenancy.Models("fast", "m-1", "m-2", "m-3", "m-4")},
		tenancy.Subscription{Org: townOther, Plan: "Trial", Models: tenancy.AllModels(),
			Default: tenancy.Limits{{Measure: tenancy.MeasureInFlight, Max: 4}}},
	}, townPeople(), townProjects(), townPlaces(), townKeys(), townInvites(), townModels())
}

// townBatches creates each record in a commit of its own.
func townBatches() []store.Batch {
	var all []store.Batch
	for i, v := range townRecords() {
		e := store.Entry{
			Org: v.Ref().Org, Op: store.OperationID(fmt.Sprint("op ", i)), Request: [16]byte{byte(i)}, Actor: "ann", Action: "town.settle",
			Subject: v.Ref(), At: day(0).Add(time.Duration(i) * time.Minute), Detail: []byte(`{"n":1}`),
		}
		if v.Ref().Kind == tenancy.KindProject {
			e.Project, e.OnBehalf = tenancy.ProjectID(v.Ref().ID), "bob"
		}
		all = append(all, store.Batch{Entry: e, Put: []store.Record{{Value: v}}})
	}
	return all
}

// townCalls are calls of 100 days by three keys and a person; key_1 calls on the first
// days only.
func townCalls() []usage.Record {
	var all []usage.Record
	for n := range 100 {
		r := sampleRecords(n, 1)[0]
		r.Org, r.At = townOrg, day(n).Add(time.Duration(n)*time.Minute)
		r.Project = tenancy.ProjectID(fmt.Sprint("proj_", 1+n%2))
		r.Served = tenancy.ModelID(fmt.Sprint("m-", 1+n%3))
		r.Key, r.Cost.Micro, r.Units = "key_2", int64(1000+n), usage.Units{}.With(tenancy.UnitInput, int64(n))
		switch {
		case n < 3:
			r.Key = "key_1"
		case n%7 == 0:
			r.Key, r.User, r.Cost = "", "bob", usage.Money{}
		case n%11 == 0: // refused calls are no use of a key
			r.Key, r.Outcome, r.Cost, r.Status = "key_1", usage.OutcomeDenied, usage.Money{}, 401
		}
		all = append(all, r)
	}
	return append(all, func() usage.Record {
		r := all[50]
		r.ID, r.Org, r.Project, r.Key, r.User = "rec_other", townOther, "proj_4", "key_5", ""
		return r
	}())
}

// settle commits the town to an empty store.
func settle(t testing.TB, s interface {
	store.Store
	store.Usage
}) {
	t.Helper()
	for _, b := range townBatches() {
		if _, err := s.Commit(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Append(t.Context(), townCalls()); err != nil {
		t.Fatal(err)
	}
}
