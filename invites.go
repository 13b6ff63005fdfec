package tenet

import (
	"context"
	"encoding/json"
	"iter"
	"strings"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// NewInvite is what an invite is made from.
type NewInvite struct {
	Email      string              `json:"email"`
	Role       tenancy.Role        `json:"role,omitzero"`       // in the organization: member or owner; empty means member
	Placements []tenancy.Placement `json:"placements,omitzero"` // at most tenancy.MaxPlacements, in active projects
	Expires    time.Time           `json:"expires,omitzero"`    // zero: in tenancy.InviteLife; at most tenancy.MaxInviteLife away
}

// Invite offers a place on the roster, and in projects, to an e-mail address, for
// owners of the organization. It returns the invite and its token, which is shown
// this once: the host sends it to the address. Repeated under its operation id it
// returns the invite and ErrSecretShown.
//
// A project that is not there is ErrNotFound, an archived one tenancy.ErrArchived.
func (a Actor) Invite(ctx context.Context, org tenancy.OrgID, n NewInvite) (tenancy.Invite, keys.Secret, error) {
	if n.Role == "" {
		n.Role = tenancy.RoleMember
	}
	r := a.ask(org, "invite.create", tenancy.KindInvite, "", n)
	var made tenancy.Invite
	var secret keys.Secret
	e, replayed, err := a.t.change(ctx, r, func(w *work) (err error) {
		if made, secret, err = a.newInvite(w, org, n); err != nil {
			return err
		}
		w.save(made)
		return w.subject(made.Ref(), "")
	})
	sees := func(w *work) bool {
		_, err := a.may(w, access.ManageInvites, org, "")
		return err == nil
	}
	ref := tenancy.InviteRef(org, tenancy.InviteID(e.Subject.ID))
	i, err := outcome(ctx, a, r, ended[tenancy.Invite]{made, ref, sees, replayed, err})
	switch i = withoutDigest(i); {
	case err != nil:
		return tenancy.Invite{}, keys.Secret{}, err
	case replayed:
		return i, keys.Secret{}, r.wrap(ErrSecretShown)
	}
	return i, secret, nil
}

func (a Actor) newInvite(w *work, org tenancy.OrgID, n NewInvite) (tenancy.Invite, keys.Secret, error) {
	if _, err := a.may(w, access.ManageInvites, org, ""); err != nil {
		return tenancy.Invite{}, keys.Secret{}, err
	}
	i := tenancy.Invite{
		Org: org, ID: tenancy.InviteID(a.t.mint(tenancy.PrefixInvite)), Email: n.Email, Role: n.Role, Placements: n.Placements,
		InvitedBy: a.user, Created: tenancy.Instant(w.now), Expires: tenancy.Instant(n.Expires),
	}
	if n.Expires.IsZero() {
		i.Expires = i.Created.Add(tenancy.InviteLife)
	}
	i, secret, err := keys.Minter{Format: a.t.options.Format, Peppers: a.t.options.Peppers}.MintInvite(i)
	if err = first(err, i.CheckExpiry(w.now)); err != nil {
		return i, secret, err
	}
	return i, secret, placeable(w, org, i.Placements)
}

// placeable says whether the projects of placements are there and active.
func placeable(w *work, org tenancy.OrgID, placements []tenancy.Placement) error {
	var refs []tenancy.Ref
	for _, p := range placements {
		refs = append(refs, tenancy.ProjectRef(org, p.Project).Ref)
	}
	w.load(refs...)
	for _, p := range placements {
		project := read(w, tenancy.ProjectRef(org, p.Project))
		if project.Absent() {
			return ErrNotFound
		}
		if err := project.Value.Writable(); err != nil {
			return err
		}
	}
	return nil
}

// Invites yields the invites of an organization that can still be accepted, by
// creation, for its owners; without digests, with their revisions. It stops after
// the first error, which it yields with the zero Stored.
func (a Actor) Invites(ctx context.Context, org tenancy.OrgID) iter.Seq2[store.Stored[tenancy.Invite], error] {
	r := a.ask(org, "invite.list", tenancy.KindInvite, "", nil)
	return func(yield func(store.Stored[tenancy.Invite], error) bool) {
		var now time.Time
		err := a.check(ctx, r, func(w *work) error {
			now = w.now
			_, err := a.may(w, access.ManageInvites, org, "")
			return err
		})
		if err != nil {
			yield(store.Stored[tenancy.Invite]{}, err)
			return
		}
		for i, err := range store.Walk(ctx, a.t.st, store.InvitesOf(org)) {
			if err == nil && !i.Value.Pending(now) {
				continue
			}
			i.Value = withoutDigest(i.Value)
			if !yield(i, r.wrap(err)) {
				return
			}
		}
	}
}

// withoutDigest is an invite as it leaves this package.
func withoutDigest(i tenancy.Invite) tenancy.Invite {
	i.Digest = tenancy.Digest{}
	return i
}

// RevokeInvite takes an invite back, for owners of the organization. Revoking twice
// is no error; one that was accepted or has expired is ErrNotFound.
func (a Actor) RevokeInvite(ctx context.Context, org tenancy.OrgID, id tenancy.InviteID) error {
	r := a.ask(org, "invite.revoke", tenancy.KindInvite, string(id), nil)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		if _, err := a.may(w, access.ManageInvites, org, ""); err != nil {
			return err
		}
		if _, err := tenancy.ParseInviteID(string(id)); err != nil {
			return ErrNotFound
		}
		i := read(w, tenancy.InviteRef(org, id)).Value
		if i.Revoked.IsZero() && !i.Pending(w.now) {
			return ErrNotFound
		}
		if err := w.subject(i.Ref(), ""); err != nil || !i.Revoked.IsZero() {
			return err
		}
		w.save(i.Revoke(w.now))
		return nil
	})
	return err
}

// Acceptance is what came of an invite.
type Acceptance struct {
	Organization OrganizationHeader `json:"organization"`
	Member       tenancy.Member     `json:"member"` // the person's place on the roster
	// Skipped are the projects of the invite that were archived meanwhile, and in which
	// the person got no place.
	Skipped []tenancy.ProjectID `json:"skipped,omitzero"`
}

// AcceptInvite puts the person on the roster that an invite's token offers, and in its
// projects. who is what the host's login knows of them; the address must be one
// that the host has verified to be theirs, and the invite's (the letters A to Z
// compare in either case). Its name and address are kept where the person is new to
// the roster.
//
// Unknown, used, expired and revoked, and an inviter who may no longer invite, are one
// answer, ErrNotFound. Somebody else's address, and a person who is suspended on that
// roster, are ErrForbidden. A role that the person has already is never lowered.
func (a Actor) AcceptInvite(ctx context.Context, token string, who Profile) (Acceptance, error) {
	r := a.ask("", "invite.accept", tenancy.KindInvite, "", who)
	i, parsed, err := a.invited(ctx, token, who)
	if err != nil {
		return Acceptance{}, r.wrap(err)
	}
	r.org, r.asked = i.Org, []any{i.ID, who}
	var done Acceptance
	e, replayed, err := a.t.change(ctx, r, func(w *work) (err error) {
		done, err = a.accept(w, i, parsed, who)
		return err
	})
	switch {
	case err != nil:
		return Acceptance{}, err
	case replayed:
		return a.acceptedBefore(ctx, r, e)
	}
	return done, nil
}

// invited finds the invite of a token, with as much work where there is none.
func (a Actor) invited(ctx context.Context, token string, who Profile) (i tenancy.Invite, parsed keys.InviteToken, err error) {
	_, err = tenancy.ParseUserID(string(a.user))
	if err = first(a.t.open(), hasContext(ctx), err, tenancy.CheckEmail("email", who.Email), who.checkName()); err != nil {
		return i, parsed, err
	}
	parsed, err = a.t.options.Format.ParseInvite(strings.Clone(token))
	if err != nil {
		return i, parsed, ErrNotFound
	}
	var found *tenancy.Invite
	for rec, err := range store.Walk(ctx, a.t.st, store.InvitesByID(parsed.ID())) {
		if err != nil {
			return i, parsed, err
		}
		i, found = rec.Value, &i
	}
	if !a.t.options.Peppers.VerifyInvite(found, parsed) {
		return i, parsed, ErrNotFound
	}
	return i, parsed, nil
}

func (p Profile) checkName() error {
	if p.Name == "" {
		return nil
	}
	return tenancy.CheckName("name", p.Name)
}

// accept is the rule of accepting an invite.
func (a Actor) accept(w *work, found tenancy.Invite, token keys.InviteToken, who Profile) (Acceptance, error) {
	org, inviter, self := found.Org, tenancy.MemberRef(found.Org, found.InvitedBy), tenancy.MemberRef(found.Org, a.user)
	w.load(found.Ref(), tenancy.OrganizationRef(org).Ref, inviter.Ref, self.Ref)
	root, err := rootOf(w, org)
	if err != nil {
		return Acceptance{}, err
	}
	i := read(w, tenancy.InviteRef(org, found.ID)).Value
	grants := access.Standing{Org: root, Member: read(w, inviter).Value}
	if !i.Pending(w.now) || !a.t.options.Peppers.VerifyInvite(&i, token) || !i.By(grants.Member) || grants.May(access.ManageInvites, "") != access.ReasonNone {
		return Acceptance{}, ErrNotFound
	}
	m := read(w, self)
	if !i.IsFor(who.Email) || !m.Absent() && !m.Value.Active() {
		return Acceptance{}, ErrForbidden
	}
	if m.Absent() {
		m.Value = a.t.newMember(w, org, NewMember{User: a.user, Name: who.Name, Email: who.Email})
		w.save(m.Value)
	}
	if err := join(w, root, m.Value, i.Role); err != nil {
		return Acceptance{}, err
	}
	skipped := a.t.place(w, m.Value, i.Placements)
	w.save(i.Accept(a.user, w.now))
	return Acceptance{headerOf(root), m.Value, skipped}, w.subject(i.Ref(), "")
}

// place gives a person places in projects, where they are more than those that the
// person has, and returns the projects that were archived.
func (t *Tenet) place(w *work, m tenancy.Member, placements []tenancy.Placement) (skipped []tenancy.ProjectID) {
	var refs []tenancy.Ref
	for _, p := range placements {
		refs = append(refs, tenancy.ProjectRef(m.Org, p.Project).Ref, tenancy.ProjectMemberRef(m.Org, p.Project, m.User).Ref)
	}
	w.load(refs...)
	for _, p := range placements {
		project := read(w, tenancy.ProjectRef(m.Org, p.Project))
		before := read(w, tenancy.ProjectMemberRef(m.Org, p.Project, m.User)).Value
		switch {
		case project.Absent() || project.Value.Writable() != nil:
			skipped = append(skipped, p.Project)
		case !before.Gives(m, p.Role):
			w.save(project.Value.Place(before, m, p.Role, w.now))
		}
	}
	if len(skipped) > 0 {
		w.note("skipped", skipped)
	}
	return skipped
}

// acceptedBefore is the answer to a repetition: as things are now, and what the entry
// says was skipped.
func (a Actor) acceptedBefore(ctx context.Context, r request, e store.Entry) (done Acceptance, err error) {
	err = a.check(ctx, r, func(w *work) error {
		s, err := a.may(w, access.SeeOrganization, r.org, "")
		done.Organization, done.Member = headerOf(s.Org), s.Member
		return err
	})
	if err != nil {
		return Acceptance{}, err
	}
	var detail struct {
		Skipped []tenancy.ProjectID `json:"skipped"`
	}
	if err := json.Unmarshal(e.Detail, &detail); err != nil {
		return Acceptance{}, r.wrap(store.ErrCorrupt)
	}
	done.Skipped = detail.Skipped
	return done, nil
}
