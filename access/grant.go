package access

import (
	"time"

	"example.com/tenet/tenancy"
)

// Grant is the part of a key's record that decisions rest on, and no digest. The
// zero Grant allows nothing.
type Grant struct {
	Org        tenancy.OrgID
	Project    tenancy.ProjectID
	ID         tenancy.KeyID
	Kind       tenancy.KeyKind
	Holder     tenancy.UserID
	Membership tenancy.MembershipID
	Models     tenancy.ModelSet
	Expires    time.Time
	Revoked    time.Time
}

// GrantOf returns the grant of a key.
func GrantOf(k tenancy.Key) Grant {
	return Grant{
		Org: k.Org, Project: k.Project, ID: k.ID, Kind: k.Kind, Holder: k.Holder, Membership: k.Membership,
		Models: k.Models, Expires: k.Expires, Revoked: k.Revoked,
	}
}

// subject names the key in decisions.
func (g *Grant) subject() Subject { return Subject{Org: g.Org, Project: g.Project, Key: g.ID} }

// reasons are those that the key's own record gives.
func (g *Grant) reasons(now time.Time) Reasons {
	return Reasons(0).
		With(ReasonKeyRevoked, !g.Revoked.IsZero()).
		With(ReasonKeyExpired, !g.Expires.IsZero() && !now.Before(g.Expires))
}

// Reason is the first reason that the key's own record gives against any call:
// revoked, expired or none.
func (g *Grant) Reason(now time.Time) Reason { return g.reasons(now).First() }
