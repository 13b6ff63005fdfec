package tenancy_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

// Each record is filed under its own fields, and each constructor names the same.
func TestRefs(t *testing.T) {
	claim := aProject().Claim()
	tests := []struct {
		record tenancy.Entity
		made   tenancy.Ref
		want   tenancy.Ref
		name   string
	}{
		{anOrganization(), tenancy.OrganizationRef(org).Ref, tenancy.Ref{Kind: tenancy.KindOrganization, Org: org}, "organization"},
		{aSubscription(), tenancy.SubscriptionRef(org).Ref, tenancy.Ref{Kind: tenancy.KindSubscription, Org: org}, "subscription"},
		{aMember(), tenancy.MemberRef(org, "ann").Ref, tenancy.Ref{Kind: tenancy.KindMember, Org: org, User: "ann"}, "member"},
		{aProject(), tenancy.ProjectRef(org, project).Ref, tenancy.Ref{Kind: tenancy.KindProject, Org: org, ID: string(project)}, "project"},
		{aPlace(), tenancy.ProjectMemberRef(org, project, "ann").Ref,
			tenancy.Ref{Kind: tenancy.KindProjectMember, Org: org, ID: string(project), User: "ann"}, "project_member"},
		{aKey(), tenancy.KeyRef(org, key).Ref, tenancy.Ref{Kind: tenancy.KindKey, Org: org, ID: string(key)}, "key"},
		{anInvite(), tenancy.InviteRef(org, invite).Ref, tenancy.Ref{Kind: tenancy.KindInvite, Org: org, ID: string(invite)}, "invite"},
		{claim, tenancy.NameClaimRef(org, "search").Ref, tenancy.Ref{Kind: tenancy.KindNameClaim, Org: org, ID: "search"}, "name_claim"},
		{aModel(), tenancy.ModelRef("m1").Ref, tenancy.Ref{Kind: tenancy.KindModel, ID: "m1"}, "model"},
	}
	var seen []tenancy.Kind
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.record.Ref()); diff != "" {
				t.Errorf("Ref() (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.want, tt.made); diff != "" {
				t.Errorf("constructor (-want +got):\n%s", diff)
			}
			if got := tt.want.Kind.String(); got != tt.name {
				t.Errorf("String() = %q", got)
			}
		})
		seen = append(seen, tt.want.Kind)
	}
	if diff := cmp.Diff(seen, tenancy.Kinds()); diff != "" {
		t.Errorf("Kinds() (-want +got):\n%s", diff)
	}
}

func TestKindNames(t *testing.T) {
	for k := range 256 {
		kind := tenancy.Kind(k)
		known := k >= 1 && k <= 9
		if got := tenancy.ParseKind(kind.String()); (got == kind) != (known || k == 0) || (!known && got != 0) {
			t.Errorf("ParseKind(%q) = %d, want %d", kind, got, k)
		}
		if !known && kind.String() != "unknown" {
			t.Errorf("Kind(%d).String() = %q", k, kind)
		}
	}
	for _, s := range []string{"", "unknown", "Project", "project ", "project\x00"} {
		if got := tenancy.ParseKind(s); got != 0 {
			t.Errorf("ParseKind(%q) = %v", s, got)
		}
	}
}
