package storetest

import (
	"math"
	"time"

	"example.com/tenet/tenancy"
)

// noon is when things happen in the suite.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)

// Two organizations: tenants that must never see each other.
const (
	orgA = tenancy.OrgID("org_01J0000000000000000000000A")
	orgB = tenancy.OrgID("org_01J0000000000000000000000B")
)

// full has one record of every kind with every field set. tag tells the ids of
// keys, invites and models from those of another call.
func full(org tenancy.OrgID, tag string) []tenancy.Entity {
	limits := tenancy.Limits{
		{Measure: tenancy.MeasureMoney, Window: tenancy.WindowMonth, Max: math.MaxInt64},
		{Measure: tenancy.MeasureInFlight, Max: 0},
	}
	at := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Microsecond) }
	return []tenancy.Entity{
		tenancy.Organization{
			ID: org, Name: `<Acme> & "Söhne" \ufffd`, Branding: tenancy.Branding{LogoURL: "https://a.example/l.svg", Accent: "#a0b1c2"},
			TimeZone: "Asia/Kathmandu", Currency: "EUR", Owners: []tenancy.UserID{"u1", "u2"},
			Created: at(1), Suspended: at(2), Closed: at(3),
		},
		tenancy.Subscription{Org: org, Plan: "pro", Models: tenancy.Models("m2", "m1"), Default: limits, Maximum: limits[:1]},
		tenancy.Member{Org: org, User: "u1", Membership: "mem_1", Name: "Ann", Email: "a@b.example", Joined: at(4), Suspended: at(5)},
		tenancy.Project{Org: org, ID: "proj_1", Name: "prod", Models: tenancy.AllModels(), Limits: limits, Created: at(6), Archived: at(7)},
		tenancy.ProjectMember{Org: org, Project: "proj_1", User: "u1", Membership: "mem_1", Role: tenancy.RoleViewer, Added: at(8)},
		tenancy.Key{
			Org: org, ID: tenancy.KeyID("key_" + tag), Project: "proj_1", Kind: tenancy.KeyPersonal, Name: "laptop",
			Holder: "u1", Membership: "mem_1", Models: tenancy.Models("m1"), Limits: limits,
			Current: secret(1), Previous: secret(101), CreatedBy: "u2", Created: at(9), Expires: at(10), Revoked: at(11),
		},
		tenancy.Invite{
			Org: org, ID: tenancy.InviteID("inv_" + tag), Email: "a@b.example", Role: tenancy.RoleMember,
			Placements: []tenancy.Placement{{Project: "proj_2", Role: tenancy.RoleOwner}, {Project: "proj_1", Role: tenancy.RoleViewer}},
			Digest:     digest(9), Pepper: "p1", InvitedBy: "u1", Created: at(12), Expires: at(13),
			Accepted: at(14), AcceptedBy: "u2", Revoked: at(15),
		},
		tenancy.NameClaim{Org: org, Folded: "prod", Project: "proj_1"},
		tenancy.Model{
			ID: tenancy.ModelID("m-" + tag), Alias: "other", Public: true, Orgs: []tenancy.OrgID{orgA, orgB}, Created: at(16), Retired: at(17),
			Prices: []tenancy.Price{
				{Unit: tenancy.UnitInput, Currency: "EUR", Nano: math.MaxInt64, From: at(18)},
				{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 0, From: at(19)},
			},
		},
	}
}

// bare has one record of every kind with nothing set but what identifies it.
func bare(org tenancy.OrgID, tag string) []tenancy.Entity {
	return []tenancy.Entity{
		tenancy.Organization{ID: org}, tenancy.Subscription{Org: org}, tenancy.Member{Org: org, User: "u1"},
		tenancy.Project{Org: org, ID: "proj_1"}, tenancy.ProjectMember{Org: org, Project: "proj_1", User: "u1"},
		tenancy.Key{Org: org, ID: tenancy.KeyID("key_" + tag)}, tenancy.Invite{Org: org, ID: tenancy.InviteID("inv_" + tag)},
		tenancy.NameClaim{Org: org, Folded: "prod"}, tenancy.Model{ID: tenancy.ModelID("m-" + tag)},
	}
}

// secret has every byte of its digests different, from n up, so that a byte lost
// or moved shows.
func secret(n byte) tenancy.KeySecret {
	return tenancy.KeySecret{
		Digest: digest(n), Seal: digest(n + 32), Pepper: "p1", Hint: "abcd",
		MintedBy: "u3", Minted: noon.Add(20 * time.Microsecond), Ends: noon.Add(time.Duration(n) * time.Hour),
	}
}

func digest(n byte) (d tenancy.Digest) {
	for i := range d {
		d[i] = n + byte(i)
	}
	return d
}

func project(org tenancy.OrgID, id, name string) tenancy.Project {
	return tenancy.Project{Org: org, ID: tenancy.ProjectID(id), Name: name, Created: noon}
}
