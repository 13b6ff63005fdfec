package store_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, 123000, time.UTC)

// samples has one record of every kind, with every field set.
func samples() []tenancy.Entity {
	const org = tenancy.OrgID("org_01J0000000000000000000000A")
	limits := tenancy.Limits{{Measure: tenancy.MeasureMoney, Window: tenancy.WindowMonth, Max: 5}}
	secret := tenancy.KeySecret{
		Digest: tenancy.Digest{1, 2}, Seal: tenancy.Digest{3}, Pepper: "p1", Hint: "abcd",
		MintedBy: "u1", Minted: at, Ends: at.Add(time.Hour),
	}
	return []tenancy.Entity{
		tenancy.Organization{
			ID: org, Name: `<Acme> & "Söhne" \ufffd`, Branding: tenancy.Branding{LogoURL: "https://a.example/l.svg", Accent: "#a0b1c2"},
			TimeZone: "Asia/Kathmandu", Currency: "EUR", Owners: []tenancy.UserID{"u1", "u2"},
			Created: at, Suspended: at, Closed: at,
		},
		tenancy.Subscription{Org: org, Plan: "pro", Models: tenancy.Models("m2", "m1"), Default: limits, Maximum: limits},
		tenancy.Member{Org: org, User: "u1", Membership: "mem_1", Name: "Ann", Email: "a@b.example", Joined: at, Suspended: at},
		tenancy.Project{Org: org, ID: "proj_1", Name: "prod", Models: tenancy.AllModels(), Limits: limits, Created: at, Archived: at},
		tenancy.ProjectMember{Org: org, Project: "proj_1", User: "u1", Membership: "mem_1", Role: tenancy.RoleViewer, Added: at},
		tenancy.Key{
			Org: org, ID: "key_abcdefghijkl", Project: "proj_1", Kind: tenancy.KeyPersonal, Name: "laptop",
			Holder: "u1", Membership: "mem_1", Models: tenancy.Models("m1"), Limits: limits,
			Current: secret, Previous: secret, CreatedBy: "u1", Created: at, Expires: at, Revoked: at,
		},
		tenancy.Invite{
			Org: org, ID: "inv_1", Email: "a@b.example", Role: tenancy.RoleMember,
			Placements: []tenancy.Placement{{Project: "proj_1", Role: tenancy.RoleOwner}},
			Digest:     tenancy.Digest{9}, Pepper: "p1", InvitedBy: "u1", Created: at, Expires: at,
			Accepted: at, AcceptedBy: "u2", Revoked: at,
		},
		tenancy.NameClaim{Org: org, Folded: "prod", Project: "proj_1"},
		tenancy.Model{
			ID: "m1", Orgs: []tenancy.OrgID{org}, Created: at, Retired: at,
			Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 75, From: at}},
		},
	}
}

func TestMarshalRoundTrip(t *testing.T) {
	seen := map[tenancy.Kind]bool{}
	for _, want := range samples() {
		kind := want.Ref().Kind
		seen[kind] = true
		data, err := store.Marshal(want)
		if err != nil {
			t.Fatalf("Marshal(%v): %v", kind, err)
		}
		got, err := store.Unmarshal(kind, data)
		if err != nil {
			t.Fatalf("Unmarshal(%v): %v", kind, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%v changed on the way (-want +got):\n%s", kind, diff)
		}
		again, _ := store.Marshal(got)
		if string(again) != string(data) {
			t.Errorf("%v has two forms:\n%s\n%s", kind, data, again)
		}
		if store.Size(want) != len(data) {
			t.Errorf("Size(%v) = %d, want %d", kind, store.Size(want), len(data))
		}
	}
	if len(seen) != len(tenancy.Kinds()) {
		t.Errorf("samples cover %d kinds of %d", len(seen), len(tenancy.Kinds()))
	}
}

// What a newer version wrote must survive being written back by this one.
func TestMarshalOverKeepsUnknownMembers(t *testing.T) {
	for _, v := range samples() {
		data, err := store.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		newer := strings.TrimSuffix(strings.Replace(string(data), `"v":1`, `"v":2`, 1), "}") + `,"region":{"b":[1, 2]}}`
		read, err := store.Unmarshal(v.Ref().Kind, []byte(newer))
		if err != nil {
			t.Fatal(err)
		}
		got, err := store.MarshalOver([]byte(newer), read)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.TrimSuffix(string(data), "}") + `,"region":{"b":[1, 2]}}`
		if string(got) != want {
			t.Errorf("%v: got  %s\nwant %s", v.Ref().Kind, got, want)
		}
	}
}

func TestUnmarshalUnknownRoleDenies(t *testing.T) {
	v, err := store.Unmarshal(tenancy.KindProjectMember, []byte(`{"v":7,"record":"project_member","role":"admin"}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := v.(tenancy.ProjectMember).Role; got.Rank() != 0 || got != "admin" {
		t.Errorf("Role = %q of rank %d, want it kept and of no rank", got, got.Rank())
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for _, data := range []string{
		``, `null`, `[]`, `{}`, `{"v":0,"record":"project"}`, `{"v":1,"record":"key"}`, `{"v":1}`,
		`{"v":1,"record":"project","models":"some"}`, `{"v":1,"record":"project","created":"yesterday"}`,
	} {
		if v, err := store.Unmarshal(tenancy.KindProject, []byte(data)); err == nil {
			t.Errorf("Unmarshal(%s) = %v, want an error", data, v)
		}
	}
}

func TestMarshalRefuses(t *testing.T) {
	for name, v := range map[string]tenancy.Entity{
		"invalid UTF-8": tenancy.Project{Name: "\xff"},
		"NUL":           tenancy.Project{Name: "a\x00"},
		"list":          tenancy.Project{Models: tenancy.Models("\xff")},
		"nanoseconds":   tenancy.Project{Created: at.Add(1)},
		"zone":          tenancy.Project{Created: at.In(time.FixedZone("", 3600))},
		"year 10000":    tenancy.Project{Created: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)},
		"year 1969":     tenancy.Project{Created: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		if _, err := store.Marshal(v); err == nil {
			t.Errorf("%s: Marshal took it", name)
		}
		if store.Size(v) != 0 {
			t.Errorf("%s: has a size", name)
		}
	}
}
