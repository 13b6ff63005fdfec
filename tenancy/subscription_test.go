package tenancy_test

import (
	"testing"

	"example.com/tenet/tenancy"
)

type subscription = tenancy.Subscription

func TestSubscriptionValidate(t *testing.T) {
	checkValidate(t, aSubscription, []edit[subscription]{
		{"no organization", "whose is it?", func(s *subscription) { s.Org = "" }, "organization"},
		{"no plan", "people read it", func(s *subscription) { s.Plan = "" }, "plan"},
	})
	checkValidate(t, aSubscription, badNames("plan", func(s *subscription) *string { return &s.Plan }))
	checkValidate(t, aSubscription, badModels("models", func(s *subscription) *tenancy.ModelSet { return &s.Models }))
	checkValidate(t, aSubscription, badLimits("default", func(s *subscription) *tenancy.Limits { return &s.Default }))
	checkValidate(t, aSubscription, badLimits("maximum", func(s *subscription) *tenancy.Limits { return &s.Maximum }))
}

func TestIncludes(t *testing.T) {
	const other = tenancy.OrgID("org_01J0000000000000000000000Z")
	public := tenancy.Model{ID: "m1", Public: true}
	ours := tenancy.Model{ID: "m1", Orgs: []tenancy.OrgID{org}}
	theirs := tenancy.Model{ID: "m1", Orgs: []tenancy.OrgID{other}}
	retired := public
	retired.Retired = now
	listed, all := tenancy.Models("m1"), tenancy.AllModels()
	tests := []struct {
		name, why string
		org       tenancy.OrgID
		set       tenancy.ModelSet
		model     tenancy.Model
		want      bool
	}{
		{"listed, public", "in the plan", org, listed, public, true},
		{"listed, ours", "it names the organization", org, listed, ours, true},
		{"all, public", "all is what the catalogue offers", org, all, public, true},
		{"all, ours", "it names the organization", org, all, ours, true},
		{"listed, theirs", "never in the plan, even if listed", org, listed, theirs, false},
		{"all, theirs", "all does not reach other organizations' models", org, all, theirs, false},
		{"none, public", "empty is none", org, tenancy.ModelSet{}, public, false},
		{"not listed", "the list decides", org, tenancy.Models("m2"), public, false},
		{"retired", "it is not served any more", org, all, retired, false},
		{"alias", "an alias is resolved before the decision", org, all, tenancy.Model{ID: "m1", Alias: "m2", Public: true}, false},
		{"offered to nobody", "neither public nor named", org, all, tenancy.Model{ID: "m1"}, false},
		{"no organization, no model", "zero values deny", "", all, tenancy.Model{Orgs: []tenancy.OrgID{""}}, false},
		{"zero model", "zero values deny", org, all, tenancy.Model{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := subscription{Org: tt.org, Models: tt.set}
			if s.Includes(tt.model) != tt.want {
				t.Errorf("Includes = %v: %s", !tt.want, tt.why)
			}
		})
	}
	if (subscription{}).Includes(public) {
		t.Error("the zero Subscription includes a model")
	}
}
