package tenancy_test

import (
	"errors"
	"testing"

	"example.com/tenet/tenancy"
)

// A rule that refuses names the field, and beside the error there is no other record.
func TestRefusals(t *testing.T) {
	none := func(tenancy.ModelID) bool { return false }
	for _, tt := range []struct {
		name, why string
		of        tenancy.Ref
		try       func() (tenancy.Entity, error)
		field     string
	}{
		{"a key without a name", "people read it", aKey().Ref(),
			func() (tenancy.Entity, error) { return aKey().Rename("") }, "name"},
		{"a key restricted to what is not in the plan", "the catalogue is not to be probed", aKey().Ref(),
			func() (tenancy.Entity, error) { return aKey().RestrictTo(tenancy.Models("m9"), none) }, "models"},
		{"a project without a name", "people read it", aProject().Ref(),
			func() (tenancy.Entity, error) { return aProject().Rename("") }, "name"},
		{"an archived project restored without a name to see", "people read it", aProject().Ref(),
			func() (tenancy.Entity, error) { return aProject().Archive(now).Restore("\u200b") }, "name"},
		{"a project's models", "not in the plan", aProject().Ref(),
			func() (tenancy.Entity, error) { return aProject().SetModels(tenancy.Models("m9"), none) }, "models"},
		{"a model turned on", "not in the plan", aProject().Ref(),
			func() (tenancy.Entity, error) { return aProject().TurnOn(none, "m9") }, "models"},
		{"a malformed model turned off", "no model id", aProject().Ref(),
			func() (tenancy.Entity, error) { return aProject().TurnOff("a b") }, "models"},
		{"a model turned off where the set says all", "what is then on must be said", aProject().Ref(),
			func() (tenancy.Entity, error) {
				p := aProject()
				p.Models = tenancy.AllModels()
				return p.TurnOff("m1")
			}, "models"},
		{"an organization without a name", "people read it", anOrganization().Ref(),
			func() (tenancy.Entity, error) { return anOrganization().Rename("") }, "name"},
		{"a logo over http", "https only", anOrganization().Ref(),
			func() (tenancy.Entity, error) {
				return anOrganization().SetBranding(tenancy.Branding{LogoURL: "http://acme.example"})
			}, "logo_url"},
		{"no time zone", "it must be said", anOrganization().Ref(),
			func() (tenancy.Entity, error) { return anOrganization().SetTimeZone("") }, "time_zone"},
		{"somebody suspended as an owner", "owners are in good standing", anOrganization().Ref(),
			func() (tenancy.Entity, error) {
				return anOrganization().SetRole(aMember().Suspend(now), tenancy.RoleOwner)
			}, "role"},
		{"a role of projects", "no role of an organization", anOrganization().Ref(),
			func() (tenancy.Entity, error) { return anOrganization().SetRole(aMember(), tenancy.RoleViewer) }, "role"},
		{"nobody as an owner", "owners are somebody", anOrganization().Ref(),
			func() (tenancy.Entity, error) { return anOrganization().AddOwner("") }, "owners"},
		{"erased while in use", "there is no way back", anOrganization().Ref(),
			func() (tenancy.Entity, error) { return anOrganization().Erase() }, "closed"},
		{"a model in place of an alias", "neither turns into the other", aModel().Ref(),
			func() (tenancy.Entity, error) { return aModel().Replace(tenancy.Model{ID: "m1", Alias: "m2"}, now) }, "alias"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.try()
			checkField(t, err, tt.field, tt.why)
			if got.Ref() != tt.of {
				t.Errorf("beside the error is %v, want %v", got.Ref(), tt.of)
			}
		})
	}
	one, err := anOrganization().RemoveOwner("ann")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := one.RemoveOwner("bob"); !errors.Is(err, tenancy.ErrLastOwner) || got.ID != org {
		t.Errorf("the last owner removed: %v, beside %+v", err, got)
	}
}

// Of several refusals the first is the one that the caller can do something about.
func TestWhichRefusal(t *testing.T) {
	all, none := func(tenancy.ModelID) bool { return true }, func(tenancy.ModelID) bool { return false }
	if _, err := aProject().Archive(now).TurnOn(none, "m9"); !errors.Is(err, tenancy.ErrArchived) {
		t.Errorf("an archived project's model that is not in the plan: %v, want ErrArchived", err)
	}
	said := aProject()
	said.Models = tenancy.AllModels()
	_, err := said.TurnOn(all, "a b")
	checkField(t, err, "models", `no model id, whatever the plan says and though the set is "all"`)
	_, err = anOrganization().SetRole(aMember(), tenancy.RoleViewer)
	if fe, ok := errors.AsType[*tenancy.FieldError](err); !ok || fe.Rule != "member or owner" {
		t.Errorf("a role of projects: %v, want what the role may be", err)
	}
	checkField(t, tenancy.Invite{}.CheckExpiry(now), "expires", "an invite ends")
}
