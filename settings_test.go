package tenet_test

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Each setting changes itself alone, the verb returns what is then stored, every member
// sees name and branding, and reports are cut in the new zone.
func TestSettings(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		want := must[tenet.Settings](t)(ann.Settings(ctx, w.org)).Organization.Value
		brand := tenancy.Branding{LogoURL: "https://acme.example/logo.svg", Accent: "#a0b1c2"}
		for _, step := range []struct {
			name   string
			do     func(tenet.Actor) (tenancy.Organization, error)
			change func()
		}{
			{"rename", func(a tenet.Actor) (tenancy.Organization, error) { return a.RenameOrganization(ctx, w.org, "Beta") }, func() { want.Name = "Beta" }},
			{"branding", func(a tenet.Actor) (tenancy.Organization, error) { return a.SetBranding(ctx, w.org, brand) }, func() { want.Branding = brand }},
			{"zone", func(a tenet.Actor) (tenancy.Organization, error) {
				return a.SetTimeZone(ctx, w.org, "Asia/Kathmandu")
			}, func() { want.TimeZone = "Asia/Kathmandu" }},
			{"no branding", func(a tenet.Actor) (tenancy.Organization, error) {
				return a.SetBranding(ctx, w.org, tenancy.Branding{})
			}, func() { want.Branding = tenancy.Branding{} }},
		} {
			step.change()
			page := must[tenet.Settings](t)(ann.Settings(ctx, w.org)).Organization.Rev
			options := tenet.ChangeOptions{Op: store.OperationID("op " + step.name), IfRev: page}
			for _, times := range []string{"once", "again"} {
				got, err := step.do(ann.With(options))
				if diff := gocmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s, %s: %v (-want +got):\n%s", step.name, times, err, diff)
				}
			}
			stored := must[tenet.Settings](t)(ann.Settings(ctx, w.org)).Organization
			if diff := gocmp.Diff(want, stored.Value); diff != "" {
				t.Errorf("%s, stored (-want +got):\n%s", step.name, diff)
			}
			if _, err := step.do(ann.With(tenet.ChangeOptions{IfRev: page})); !errors.Is(err, tenet.ErrStale) {
				t.Errorf("%s from an old page: %v, want ErrStale", step.name, err)
			}
			h := must[tenet.OrganizationHeader](t)(w.As("rob").Organization(ctx, w.org))
			if diff := gocmp.Diff(tenet.OrganizationHeader{ID: w.org, Name: want.Name, Branding: want.Branding}, h); diff != "" {
				t.Errorf("%s, header (-want +got):\n%s", step.name, diff)
			}
		}
	})
}

// Who owned the organization when a setting was changed, and owns it no more, is not
// shown it by asking again.
func TestSettingsAskedAgainByNoOwner(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	mustNot(t, ann.SetRole(ctx, w.org, "pat", tenancy.RoleOwner))
	pat := w.As("pat").With(tenet.ChangeOptions{Op: "op-1"})
	must[tenancy.Organization](t)(pat.RenameOrganization(ctx, w.org, "Beta"))
	mustNot(t, ann.SetRole(ctx, w.org, "pat", tenancy.RoleMember))
	if o, err := pat.RenameOrganization(ctx, w.org, "Beta"); !errors.Is(err, tenet.ErrNotFound) || o.ID != "" {
		t.Errorf("%+v, %v, want ErrNotFound", o, err)
	}
}
