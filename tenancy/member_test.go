package tenancy_test

import (
	"strings"
	"testing"
	"time"

	"example.com/tenet/tenancy"
)

type member = tenancy.Member

// emails are what every record with an address refuses or takes.
func emails[T any](at func(*T) *string) []edit[T] {
	set := func(v string) func(*T) { return func(r *T) { *at(r) = v } }
	return []edit[T]{
		{"plain", "an address", set("ann@acme.example"), ""},
		{"not ASCII", "an address", set("añn@acmé.example"), ""},
		{"shortest", "an address", set("a@b"), ""},
		{"at 254 bytes", "the most", set(strings.Repeat("a", 250) + "@b.c"), ""},
		{"at 255 bytes", "one above", set(strings.Repeat("a", 251) + "@b.c"), "email"},
		{"no sign", "no address", set("ann"), "email"},
		{"no local part", "no address", set("@acme.example"), "email"},
		{"no domain", "no address", set("ann@"), "email"},
		{"two signs", "whose domain?", set("ann@acme@evil.example"), "email"},
		{"space", "no address", set("ann b@acme.example"), "email"},
		{"space behind", "no address", set("ann@acme.example "), "email"},
		{"line feed", "headers are injected so", set("ann@acme.example\nBcc: x"), "email"},
		{"NUL", "control", set("ann\x00@acme.example"), "email"},
		{"invalid UTF-8", "not text", set("ann@acme\xff"), "email"},
	}
}

func TestMemberValidate(t *testing.T) {
	checkValidate(t, aMember, []edit[member]{
		{"no organization", "whose roster?", func(m *member) { m.Org = "" }, "organization"},
		{"no user", "who?", func(m *member) { m.User = "" }, "user"},
		{"no membership", "which stay?", func(m *member) { m.Membership = "" }, "membership"},
		{"another kind's id", "ids are typed", func(m *member) { m.Membership = tenancy.MembershipID(invite) }, "membership"},
		{"no name", "the host may not know it", func(m *member) { m.Name = "" }, ""},
		{"no address", "the host may not know it", func(m *member) { m.Email = "" }, ""},
	})
	checkValidate(t, aMember, badNames("name", func(m *member) *string { return &m.Name }))
	checkValidate(t, aMember, emails(func(m *member) *string { return &m.Email }))
	checkValidate(t, aMember, badTimes("joined", func(m *member) *time.Time { return &m.Joined }))
	checkValidate(t, aMember, badTimes("suspended", func(m *member) *time.Time { return &m.Suspended }))
}

func TestMemberActive(t *testing.T) {
	suspended := aMember()
	suspended.Suspended = now
	for name, tt := range map[string]struct {
		m    member
		want bool
	}{"on the roster": {aMember(), true}, "suspended": {suspended, false}, "zero": {member{}, false},
		"without a stay": {member{Org: org, User: "ann"}, false}} {
		if tt.m.Active() != tt.want {
			t.Errorf("%s: Active() = %v", name, !tt.want)
		}
	}
}

func TestRoleFor(t *testing.T) {
	tests := []struct {
		name, why string
		change    func(*tenancy.ProjectMember, *member)
		want      tenancy.Role
	}{
		{"current stay", "the place counts", func(*tenancy.ProjectMember, *member) {}, tenancy.RoleViewer},
		{"owner's place", "as it was given", func(p *tenancy.ProjectMember, _ *member) { p.Role = tenancy.RoleOwner }, tenancy.RoleOwner},
		{"earlier stay", "whoever joins again starts with nothing", func(p *tenancy.ProjectMember, _ *member) { p.Membership = stay[:len(stay)-1] + "Z" }, ""},
		{"another person", "the place is not theirs", func(_ *tenancy.ProjectMember, m *member) { m.User = "bob" }, ""},
		{"another organization", "tenants never mix", func(_ *tenancy.ProjectMember, m *member) { m.Org += "Z" }, ""},
		{"suspended", "suspended people may do nothing", func(_ *tenancy.ProjectMember, m *member) { m.Suspended = now }, ""},
		{"left", "not on the roster", func(_ *tenancy.ProjectMember, m *member) { *m = member{} }, ""},
		{"no place", "not in the project", func(p *tenancy.ProjectMember, _ *member) { *p = tenancy.ProjectMember{} }, ""},
		{"neither", "zero values deny", func(p *tenancy.ProjectMember, m *member) {
			*p, *m = tenancy.ProjectMember{Role: tenancy.RoleOwner}, member{}
		}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p, m := aPlace(), aMember()
			tt.change(&p, &m)
			if got := p.RoleFor(m); got != tt.want {
				t.Errorf("RoleFor = %q, want %q: %s", got, tt.want, tt.why)
			}
		})
	}
}

func TestRank(t *testing.T) {
	for role, want := range map[tenancy.Role]int{
		"": 0, tenancy.RoleViewer: 1, tenancy.RoleMember: 2, tenancy.RoleOwner: 3,
		"Owner": 0, "admin": 0, "owner ": 0, "\u043ewner": 0,
	} {
		if got := role.Rank(); got != want {
			t.Errorf("%q ranks %d, want %d", role, got, want)
		}
	}
}
