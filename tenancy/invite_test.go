package tenancy_test

import (
	"fmt"
	"testing"
	"time"

	"example.com/tenet/tenancy"
)

type aninvite = tenancy.Invite

func placements(n int) []tenancy.Placement {
	out := make([]tenancy.Placement, n)
	for i := range out {
		out[i] = tenancy.Placement{Project: tenancy.ProjectID(fmt.Sprintf("proj_01J000000000000000000000%02d", i)), Role: tenancy.RoleViewer}
	}
	return out
}

func TestInviteValidate(t *testing.T) {
	role := func(r tenancy.Role) func(*aninvite) { return func(i *aninvite) { i.Role = r } }
	placed := func(ps ...tenancy.Placement) func(*aninvite) { return func(i *aninvite) { i.Placements = ps } }
	checkValidate(t, anInvite, []edit[aninvite]{
		{"no organization", "whose?", func(i *aninvite) { i.Org = "" }, "organization"},
		{"no id", "which?", func(i *aninvite) { i.ID = "" }, "invite"},
		{"no inviter", "by what right?", func(i *aninvite) { i.InvitedBy = "" }, "user"},
		{"no address", "to whom?", func(i *aninvite) { i.Email = "" }, "email"},
		{"no pepper", "it could not be verified", func(i *aninvite) { i.Pepper = "" }, "pepper"},
		{"accepted by somebody", "it is used", func(i *aninvite) { i.AcceptedBy = "bob" }, ""},
		{"accepted by nobody's id", "no user", func(i *aninvite) { i.AcceptedBy = "b\x00" }, "user"},
		{"as owner", "a role of an organization", role(tenancy.RoleOwner), ""},
		{"as viewer", "no role of an organization", role(tenancy.RoleViewer), "role"},
		{"without a role", "zero values deny", role(""), "role"},
		{"no places", "the roster alone", placed(), ""},
		{"32 places", "the most", placed(placements(32)...), ""},
		{"33 places", "one above", placed(placements(33)...), "placements"},
		{"a place twice", "in which role?", placed(placements(1)[0], placements(1)[0]), "placements"},
		{"a place nowhere", "no project", placed(tenancy.Placement{Role: tenancy.RoleOwner}), "placements"},
		{"a place without a role", "zero values deny", placed(tenancy.Placement{Project: project}), "placements"},
		{"a place as admin", "the set is closed", placed(tenancy.Placement{Project: project, Role: "admin"}), "placements"},
	})
	checkValidate(t, anInvite, emails(func(i *aninvite) *string { return &i.Email }))
	for field, at := range map[string]func(*aninvite) *time.Time{
		"created":  func(i *aninvite) *time.Time { return &i.Created },
		"expires":  func(i *aninvite) *time.Time { return &i.Expires },
		"accepted": func(i *aninvite) *time.Time { return &i.Accepted },
		"revoked":  func(i *aninvite) *time.Time { return &i.Revoked },
	} {
		checkValidate(t, anInvite, badTimes(field, at))
	}
}

func TestInvitePending(t *testing.T) {
	tests := []struct {
		name   string
		change func(*aninvite)
		at     time.Time
		want   bool
	}{
		{"open", func(*aninvite) {}, now, true},
		{"a moment before its end", func(*aninvite) {}, later.Add(-1), true},
		{"at its end", func(*aninvite) {}, later, false},
		{"without an end", func(i *aninvite) { i.Expires = time.Time{} }, now, false},
		{"accepted", func(i *aninvite) { i.Accepted = now }, now, false},
		{"revoked", func(i *aninvite) { i.Revoked = now }, now, false},
		{"absent", func(i *aninvite) { *i = aninvite{Expires: later} }, now, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := anInvite()
			tt.change(&i)
			if i.Pending(tt.at) != tt.want {
				t.Errorf("Pending = %v", !tt.want)
			}
		})
	}
}
