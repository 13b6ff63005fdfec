package tenet

import (
	"context"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Settings are what owners see of their organization, each record with its revision.
type Settings struct {
	Organization store.Stored[tenancy.Organization] `json:"organization"`
	Subscription store.Stored[tenancy.Subscription] `json:"subscription"`
}

// Settings returns an organization's settings, to its owners.
func (a Actor) Settings(ctx context.Context, org tenancy.OrgID) (set Settings, err error) {
	err = a.check(ctx, a.ask(org, "organization.settings", tenancy.KindOrganization, string(org), nil), func(w *work) error {
		if _, err := a.may(w, access.SeeSettings, org, "", tenancy.SubscriptionRef(org).Ref); err != nil {
			return err
		}
		set = settingsOf(w, org)
		return nil
	})
	return set, err
}

func settingsOf(w *work, org tenancy.OrgID) Settings {
	return Settings{read(w, tenancy.OrganizationRef(org)), read(w, tenancy.SubscriptionRef(org))}
}

// RenameOrganization gives an organization another display name, for its owners. Two
// organizations may have one name.
func (a Actor) RenameOrganization(ctx context.Context, org tenancy.OrgID, name string) (tenancy.Organization, error) {
	r := a.ask(org, "organization.rename", tenancy.KindOrganization, string(org), name)
	return a.changeSettings(ctx, r, func(o tenancy.Organization) (tenancy.Organization, error) { return o.Rename(name) })
}

// SetBranding sets what page headers show of an organization, for its owners. The zero
// Branding is none. Tenet never fetches the logo; it is for the pages of the host, which
// show it as one shows what a customer wrote.
func (a Actor) SetBranding(ctx context.Context, org tenancy.OrgID, b tenancy.Branding) (tenancy.Organization, error) {
	r := a.ask(org, "organization.branding", tenancy.KindOrganization, string(org), b)
	return a.changeSettings(ctx, r, func(o tenancy.Organization) (tenancy.Organization, error) { return o.SetBranding(b) })
}

// SetTimeZone sets the time zone, by its IANA name, in which days and months of an
// organization's reports are cut, for its owners. Nothing recorded changes: reports of
// the past are cut anew.
func (a Actor) SetTimeZone(ctx context.Context, org tenancy.OrgID, zone string) (tenancy.Organization, error) {
	r := a.ask(org, "organization.time_zone", tenancy.KindOrganization, string(org), zone)
	return a.changeSettings(ctx, r, func(o tenancy.Organization) (tenancy.Organization, error) {
		next, err := o.SetTimeZone(zone)
		if err != nil {
			return o, err
		}
		return next, zoneExists(zone)
	})
}

// changeSettings changes the root record of the organization that r names, for its
// owners, and returns it as it is then.
func (a Actor) changeSettings(ctx context.Context, r request, rule func(tenancy.Organization) (tenancy.Organization, error)) (tenancy.Organization, error) {
	var next tenancy.Organization
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		s, err := a.may(w, access.ChangeSettings, r.org, "")
		if err != nil {
			return err
		}
		if err := w.subject(s.Org.Ref(), ""); err != nil {
			return err
		}
		if next, err = rule(s.Org); err == nil && !sameRecord(next, s.Org) {
			w.save(next)
		}
		return err
	})
	sees := func(w *work) bool {
		_, err := a.may(w, access.SeeSettings, r.org, "")
		return err == nil
	}
	return outcome(ctx, a, r, ended[tenancy.Organization]{next, tenancy.OrganizationRef(r.org), sees, replayed, err})
}
