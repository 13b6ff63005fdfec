package store

import (
	"context"
	"iter"

	"example.com/tenet/tenancy"
)

// Stored is a value of a known type and its revision. The zero Stored is an
// absent record.
type Stored[T tenancy.Recordable] struct {
	Rev   Rev `json:"rev"`
	Value T   `json:"value"`
}

// Absent reports whether there is no such record.
func (s Stored[T]) Absent() bool { return s.Rev == 0 }

// As returns r as a T; an absent record as the zero Stored. It panics where r is
// another type.
func As[T tenancy.Recordable](r Record) Stored[T] {
	if r.Rev == 0 {
		return Stored[T]{}
	}
	return Stored[T]{r.Rev, any(r.Value).(T)}
}

// One reads one record.
func One[T tenancy.Recordable](ctx context.Context, s Store, ref tenancy.RefTo[T]) (Stored[T], error) {
	rs, err := s.Get(ctx, ref.Ref)
	if err != nil {
		return Stored[T]{}, err
	}
	return As[T](rs[0]), nil
}

// ListOf is a Query whose record type the compiler knows. One constructor a
// listing makes them.
type ListOf[T tenancy.Recordable] struct{ Query }

// AllOf lists every record of a kind, over all organizations.
func AllOf[T tenancy.Recordable]() ListOf[T] {
	return ListOf[T]{Query{Listing: All, Kind: kindOf[T]()}}
}

// WithinOf lists every record of a kind in one organization. There is none for
// the catalogue, which is in no organization.
func WithinOf[T tenancy.Recordable](o tenancy.OrgID) ListOf[T] {
	return ListOf[T]{Query{Listing: Within, Kind: kindOf[T](), Org: o}}
}

// MembershipsOfUser lists the places of a user on rosters, over all organizations.
func MembershipsOfUser(u tenancy.UserID) ListOf[tenancy.Member] {
	return ListOf[tenancy.Member]{Query{Listing: MembershipsOf, User: u}}
}

// NamesOf lists the names of active projects in order.
func NamesOf(o tenancy.OrgID) ListOf[tenancy.NameClaim] {
	return ListOf[tenancy.NameClaim]{Query{Listing: Names, Org: o}}
}

// MembersOf lists the places in a project, by user.
func MembersOf(o tenancy.OrgID, p tenancy.ProjectID) ListOf[tenancy.ProjectMember] {
	return ListOf[tenancy.ProjectMember]{Query{Listing: ProjectMembers, Org: o, Project: p}}
}

// RolesOf lists a user's places in projects, by project.
func RolesOf(o tenancy.OrgID, u tenancy.UserID) ListOf[tenancy.ProjectMember] {
	return ListOf[tenancy.ProjectMember]{Query{Listing: ProjectRoles, Org: o, User: u}}
}

// KeysOf lists a project's keys, by creation.
func KeysOf(o tenancy.OrgID, p tenancy.ProjectID) ListOf[tenancy.Key] {
	return ListOf[tenancy.Key]{Query{Listing: KeysOfProject, Org: o, Project: p}}
}

// PersonalKeysOf lists a user's personal keys, by creation.
func PersonalKeysOf(o tenancy.OrgID, u tenancy.UserID) ListOf[tenancy.Key] {
	return ListOf[tenancy.Key]{Query{Listing: KeysOfUser, Org: o, User: u}}
}

// KeysByID lists the key of an id, over all organizations.
func KeysByID(id tenancy.KeyID) ListOf[tenancy.Key] {
	return ListOf[tenancy.Key]{Query{Listing: KeyByID, ID: string(id)}}
}

// InvitesOf lists an organization's invites, by creation.
func InvitesOf(o tenancy.OrgID) ListOf[tenancy.Invite] {
	return ListOf[tenancy.Invite]{Query{Listing: Invites, Org: o}}
}

// InvitesByID lists the invite of an id, over all organizations.
func InvitesByID(id tenancy.InviteID) ListOf[tenancy.Invite] {
	return ListOf[tenancy.Invite]{Query{Listing: InviteByID, ID: string(id)}}
}

func kindOf[T tenancy.Recordable]() tenancy.Kind {
	var zero T
	return zero.Ref().Kind
}

// Walk yields a whole listing, page by page. It stops after the first error,
// which it yields with the zero Stored.
func Walk[T tenancy.Recordable](ctx context.Context, s Store, l ListOf[T]) iter.Seq2[Stored[T], error] {
	return func(yield func(Stored[T], error) bool) {
		for q := l.Query; ; {
			p, err := s.List(ctx, q)
			if err != nil {
				yield(Stored[T]{}, err)
				return
			}
			for _, r := range p.Records {
				if !yield(As[T](r), nil) {
					return
				}
			}
			if q.After = p.Next; q.After == "" {
				return
			}
		}
	}
}
