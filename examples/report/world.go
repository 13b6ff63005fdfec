package main

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// The example organization.
const (
	orgName  = "Nordwind Logistics"
	zoneName = "Europe/Berlin"
	currency = "EUR"
	owner    = tenancy.UserID("olivia") // owns the organization
	member   = tenancy.UserID("marco")  // is a member of one project
	ofMember = "Customer support"       // that project
)

// world is the organization and the clock that it lives by.
type world struct {
	tenet    *tenet.Tenet
	store    backend
	clock    atomic.Int64 // Unix nanoseconds
	zone     *time.Location
	from, to time.Time // the month, in zone
	org      tenancy.Organization
	models   map[tenancy.ModelID]tenancy.Model
	projects map[string]tenancy.ProjectID
	sources  []*source
	stale    string // a token from before a rotation
}

// at moves the clock of the Tenet.
func (w *world) at(t time.Time) { w.clock.Store(t.UnixNano()) }

// begin opens a Tenet on an empty store and makes the organization, as of the day before
// the month.
func begin(ctx context.Context, st backend, month time.Time) (w *world, err error) {
	w = &world{store: st, models: map[tenancy.ModelID]tenancy.Model{}, projects: map[string]tenancy.ProjectID{}}
	if w.zone, err = time.LoadLocation(zoneName); err != nil {
		return nil, err
	}
	w.from = time.Date(month.Year(), month.Month(), 1, 0, 0, 0, 0, w.zone)
	w.to = w.from.AddDate(0, 1, 0)
	w.at(w.from.AddDate(0, 0, -1))
	pepper, err := keys.NewPepper("example", []byte("an example's pepper, no secret.."))
	if err != nil {
		return nil, err
	}
	peppers, err := keys.NewPeppers(pepper)
	if err != nil {
		return nil, err
	}
	w.tenet, err = tenet.Open(ctx, st, &tenet.Options{
		Peppers: peppers, Clock: func() time.Time { return time.Unix(0, w.clock.Load()) },
	})
	if err != nil {
		return nil, err
	}
	for _, part := range []func(context.Context) error{w.makeCatalogue, w.makePeople, w.makeProjects, w.makeKeys} {
		if err := part(ctx); err != nil {
			return nil, errors.Join(err, w.tenet.Close())
		}
	}
	return w, nil
}

// makeCatalogue puts the models with their prices, for a million of a unit. One becomes
// cheaper on the 16th, and one has no price.
func (w *world) makeCatalogue(ctx context.Context) error {
	million := func(unit tenancy.Unit, cents int64, from time.Time) tenancy.Price {
		return tenancy.Price{Unit: unit, Currency: currency, Nano: 10 * cents, From: from}
	}
	begin, change := time.Time{}, w.from.AddDate(0, 0, 15).UTC()
	for _, m := range []tenancy.Model{
		{ID: "atlas-large", Prices: []tenancy.Price{
			million(tenancy.UnitInput, 250, begin), million(tenancy.UnitCachedInput, 125, begin), million(tenancy.UnitOutput, 1000, begin),
			million(tenancy.UnitInput, 150, change), million(tenancy.UnitCachedInput, 75, change), million(tenancy.UnitOutput, 600, change),
		}},
		{ID: "atlas-small", Prices: []tenancy.Price{million(tenancy.UnitInput, 40, begin), million(tenancy.UnitOutput, 160, begin)}},
		{ID: "atlas-embed", Prices: []tenancy.Price{million(tenancy.UnitInput, 8, begin)}},
		{ID: "atlas-vision", Prices: []tenancy.Price{million(tenancy.UnitInput, 120, begin), million(tenancy.UnitOutput, 480, begin),
			{Unit: tenancy.UnitImages, Currency: currency, Nano: 1_300_000}}},
		{ID: "atlas-preview"}, // no price yet
		{ID: "default", Alias: "atlas-large"},
	} {
		m.Public = m.Alias == ""
		if err := w.tenet.Operator("ops").PutModel(ctx, m); err != nil {
			return err
		}
		w.models[m.ID] = m
	}
	return nil
}

// makePeople makes the organization and its roster.
func (w *world) makePeople(ctx context.Context) (err error) {
	ops := w.tenet.Operator("ops")
	w.org, err = ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: orgName, TimeZone: zoneName, Currency: currency, Owner: tenet.NewMember{User: owner, Name: "Olivia Brandt"},
		Plan: "business", Models: tenancy.AllModels(),
	})
	for _, m := range []tenet.NewMember{
		{User: member, Name: "Marco Ruiz"}, {User: "ines", Name: "Ines Lindqvist"}, {User: "tom", Name: "Tom Okafor"},
	} {
		if err == nil {
			_, err = ops.AddMember(ctx, w.org.ID, m)
		}
	}
	return err
}

// makeProjects makes the projects, with people in them.
func (w *world) makeProjects(ctx context.Context) error {
	olivia := w.tenet.As(owner)
	for _, p := range []struct {
		name   string
		models tenancy.ModelSet
		people map[tenancy.UserID]tenancy.Role
	}{
		{ofMember, tenancy.AllModels(), map[tenancy.UserID]tenancy.Role{member: tenancy.RoleMember, "ines": tenancy.RoleOwner}},
		{"Search", tenancy.Models("atlas-small", "atlas-embed"), map[tenancy.UserID]tenancy.Role{"ines": tenancy.RoleOwner}},
		{"Document intake", tenancy.Models("atlas-large", "atlas-vision"), map[tenancy.UserID]tenancy.Role{"tom": tenancy.RoleOwner}},
		{"Route planner pilot", tenancy.Models("atlas-large"), map[tenancy.UserID]tenancy.Role{"tom": tenancy.RoleMember}},
	} {
		made, err := olivia.CreateProject(ctx, w.org.ID, tenet.NewProject{Name: p.name, Models: p.models})
		if err != nil {
			return err
		}
		w.projects[p.name] = made.ID
		for user, role := range p.people {
			if err := olivia.SetProjectMember(ctx, w.org.ID, made.ID, user, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// makeKeys makes a key for each source and presents it, as a gateway would.
func (w *world) makeKeys(ctx context.Context) error {
	for _, s := range sources() {
		if s.key != "" {
			n := tenet.NewKey{Name: s.key, Kind: tenancy.KeyService, Models: tenancy.AllModels()}
			if s.user != owner {
				n.Kind = tenancy.KeyPersonal
			}
			key, secret, err := w.tenet.As(s.user).CreateKey(ctx, w.org.ID, w.projects[s.project], n)
			if err != nil {
				return err
			}
			s.id, s.token = key.ID, secret.Reveal()
			if err := w.present(ctx, s); err != nil {
				return err
			}
		}
		w.sources = append(w.sources, s)
	}
	return nil
}

// present has a source present its token.
func (w *world) present(ctx context.Context, s *source) error {
	p, d := w.tenet.Authenticate(ctx, s.token)
	if !d.Allowed() {
		return fmt.Errorf("%s: %v", s.key, d.Reason)
	}
	s.principal = p
	return nil
}
