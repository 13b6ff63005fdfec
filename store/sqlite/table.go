package sqlite

import (
	"strings"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// table is how one kind of record lies in its table: the whole difference between
// one kind and another. Get, List and Commit are written once over it.
type table struct {
	name string
	key  []string // the columns of the identity, in the order Org, ID, User
	data []string // the others, but for rev
	row  func() *row
}

// row is one record's worth of column pointers, bound once and used for many rows.
type row struct {
	columns []any                // in the order of key, then data
	set     func(tenancy.Entity) // fills what columns points at
	value   func() tenancy.Entity
}

// tableOf describes T. columns returns pointers into a T, in the order of key and data.
func tableOf[T tenancy.Recordable](name, key, data string, columns func(*T) []any) table {
	return table{
		name: name, key: strings.Fields(key), data: strings.Fields(data),
		row: func() *row {
			v := new(T)
			return &row{
				columns: columns(v),
				set:     func(e tenancy.Entity) { *v, _ = e.(T) },
				value:   func() tenancy.Entity { return any(*v).(tenancy.Entity) },
			}
		},
	}
}

// tables is the closed set of kinds.
var tables = map[tenancy.Kind]table{
	tenancy.KindOrganization: tableOf("organization", "org",
		"name logo_url accent time_zone currency owners created suspended closed",
		func(o *tenancy.Organization) []any {
			return []any{(*string)(&o.ID), &o.Name, &o.Branding.LogoURL, &o.Branding.Accent, &o.TimeZone, &o.Currency,
				jsonOf(&o.Owners), asTime{&o.Created}, asTime{&o.Suspended}, asTime{&o.Closed}}
		}),
	tenancy.KindSubscription: tableOf("subscription", "org", "plan models default_limits maximum_limits",
		func(s *tenancy.Subscription) []any {
			return []any{(*string)(&s.Org), &s.Plan, jsonOf(&s.Models), jsonOf(&s.Default), jsonOf(&s.Maximum)}
		}),
	tenancy.KindMember: tableOf("member", "org user", "membership name email joined suspended",
		func(m *tenancy.Member) []any {
			return []any{(*string)(&m.Org), (*string)(&m.User), (*string)(&m.Membership), &m.Name, &m.Email,
				asTime{&m.Joined}, asTime{&m.Suspended}}
		}),
	tenancy.KindProject: tableOf("project", "org id", "name models limits created archived",
		func(p *tenancy.Project) []any {
			return []any{(*string)(&p.Org), (*string)(&p.ID), &p.Name, jsonOf(&p.Models), jsonOf(&p.Limits),
				asTime{&p.Created}, asTime{&p.Archived}}
		}),
	tenancy.KindProjectMember: tableOf("project_member", "org project user", "membership role added",
		func(m *tenancy.ProjectMember) []any {
			return []any{(*string)(&m.Org), (*string)(&m.Project), (*string)(&m.User),
				(*string)(&m.Membership), (*string)(&m.Role), asTime{&m.Added}}
		}),
	tenancy.KindKey: tableOf("key", "org id",
		"project kind name holder membership models limits created_by created expires revoked"+
			" cur_digest cur_seal cur_pepper cur_hint cur_minted_by cur_minted cur_ends"+
			" prev_digest prev_seal prev_pepper prev_hint prev_minted_by prev_minted prev_ends",
		func(k *tenancy.Key) []any {
			return append(append([]any{(*string)(&k.Org), (*string)(&k.ID), (*string)(&k.Project), (*string)(&k.Kind), &k.Name,
				(*string)(&k.Holder), (*string)(&k.Membership), jsonOf(&k.Models), jsonOf(&k.Limits),
				(*string)(&k.CreatedBy), asTime{&k.Created}, asTime{&k.Expires}, asTime{&k.Revoked}},
				secretColumns(&k.Current, false)...), secretColumns(&k.Previous, true)...)
		}),
	tenancy.KindInvite: tableOf("invite", "org id",
		"email role placements digest pepper invited_by created expires accepted accepted_by revoked",
		func(i *tenancy.Invite) []any {
			return []any{(*string)(&i.Org), (*string)(&i.ID), &i.Email, (*string)(&i.Role), jsonOf(&i.Placements),
				asDigest{&i.Digest, false}, &i.Pepper, (*string)(&i.InvitedBy), asTime{&i.Created}, asTime{&i.Expires},
				asTime{&i.Accepted}, (*string)(&i.AcceptedBy), asTime{&i.Revoked}}
		}),
	tenancy.KindNameClaim: tableOf("name_claim", "org folded", "project",
		func(c *tenancy.NameClaim) []any {
			return []any{(*string)(&c.Org), &c.Folded, (*string)(&c.Project)}
		}),
	tenancy.KindModel: tableOf("model", "id", "alias public orgs prices created retired",
		func(m *tenancy.Model) []any {
			return []any{(*string)(&m.ID), (*string)(&m.Alias), &m.Public, jsonOf(&m.Orgs), jsonOf(&m.Prices),
				asTime{&m.Created}, asTime{&m.Retired}}
		}),
}

func secretColumns(s *tenancy.KeySecret, optional bool) []any {
	return []any{asDigest{&s.Digest, optional}, asDigest{&s.Seal, optional}, &s.Pepper, &s.Hint,
		(*string)(&s.MintedBy), asTime{&s.Minted}, asTime{&s.Ends}}
}

// listing is how a [store.Listing] reads one table.
type listing struct {
	scope []string // columns of the arguments, in the order Org, Project, User, ID
	order []string // columns of the position within the scope
	where string   // what a partial index asks for
}

// listings has every listing but All and Within, which read any table by its key.
var listings = map[store.Listing]struct {
	kind tenancy.Kind
	listing
}{
	store.MembershipsOf:  {tenancy.KindMember, listing{scope: []string{"user"}, order: []string{"org"}}},
	store.Names:          {tenancy.KindNameClaim, listing{scope: []string{"org"}, order: []string{"folded"}}},
	store.ProjectMembers: {tenancy.KindProjectMember, listing{scope: []string{"org", "project"}, order: []string{"user"}}},
	store.ProjectRoles:   {tenancy.KindProjectMember, listing{scope: []string{"org", "user"}, order: []string{"project"}}},
	store.KeysOfProject:  {tenancy.KindKey, listing{scope: []string{"org", "project"}, order: []string{"place", "id"}}},
	store.KeysOfUser: {tenancy.KindKey,
		listing{scope: []string{"org", "holder"}, order: []string{"place", "id"}, where: " AND holder <> ''"}},
	store.KeyByID:    {tenancy.KindKey, listing{scope: []string{"id"}}},
	store.Invites:    {tenancy.KindInvite, listing{scope: []string{"org"}, order: []string{"place", "id"}}},
	store.InviteByID: {tenancy.KindInvite, listing{scope: []string{"id"}}},
}

// listingOf is how q's records are read, and from which table.
func listingOf(q store.Query) (tenancy.Kind, listing) {
	switch key := tables[q.Kind].key; q.Listing {
	case store.All:
		return q.Kind, listing{order: key}
	case store.Within:
		return q.Kind, listing{scope: key[:1], order: key[1:]}
	}
	l := listings[q.Listing]
	return l.kind, l.listing
}
