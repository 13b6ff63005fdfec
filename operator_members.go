package tenet

import (
	"context"

	"example.com/tenet/tenancy"
)

// NewMember is what a place on a roster is created from.
type NewMember struct {
	User  tenancy.UserID `json:"user"`
	Name  string         `json:"name,omitzero"`
	Email string         `json:"email,omitzero"`
	Role  tenancy.Role   `json:"role,omitzero"` // member or owner; empty means member
}

func (t *Tenet) newMember(w *work, org tenancy.OrgID, n NewMember) tenancy.Member {
	return tenancy.Member{
		Org: org, User: n.User, Membership: tenancy.MembershipID(t.mint(tenancy.PrefixMembership)),
		Name: n.Name, Email: n.Email, Joined: tenancy.Instant(w.now),
	}
}

// AddMember puts a person on a roster without an invite. Where they are on it
// already nothing changes but that RoleOwner makes them an owner.
func (o Operator) AddMember(ctx context.Context, org tenancy.OrgID, n NewMember) (tenancy.Member, error) {
	a := o.actor
	if n.Role == "" {
		n.Role = tenancy.RoleMember
	}
	r := a.ask(org, "member.add", tenancy.KindMember, string(n.User), n)
	var m tenancy.Member
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		root, err := rootOf(w, org)
		if err != nil {
			return err
		}
		m = a.t.newMember(w, org, n)
		if err := m.Validate(); err != nil {
			return err
		}
		if err := w.subject(m.Ref(), ""); err != nil {
			return err
		}
		is := read(w, tenancy.MemberRef(org, n.User))
		if is.Absent() {
			w.save(m)
		} else {
			m = is.Value
		}
		return join(w, root, m, n.Role)
	})
	return outcome(ctx, a, r, ended[tenancy.Member]{m, tenancy.MemberRef(org, n.User), nil, replayed, err})
}

// join gives somebody who is on the roster the role that they were added with, which
// never lowers the one that they have.
func join(w *work, root tenancy.Organization, m tenancy.Member, role tenancy.Role) error {
	if role == tenancy.RoleMember {
		return nil
	}
	next, err := root.SetRole(m, role)
	if err == nil && !root.Owns(m.User) {
		w.save(next)
	}
	return err
}
