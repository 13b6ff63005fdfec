package tenet

import (
	"context"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Profile is what the host's login knows of a person. It is for other people to read;
// no right follows from it, but that [Actor.AcceptInvite] asks for the address.
type Profile struct {
	Name  string `json:"name,omitzero"`  // for people; may be empty
	Email string `json:"email,omitzero"` // one that the host has verified; may be empty
}

// Identity returns the person's own place on a roster: all that somebody without a
// project has there, beside [Actor.Organization].
func (a Actor) Identity(ctx context.Context, org tenancy.OrgID) (m store.Stored[tenancy.Member], err error) {
	r := a.ask(org, "member.self", tenancy.KindMember, string(a.user), nil)
	err = a.check(ctx, r, func(w *work) error {
		if _, err := a.may(w, access.SeeOrganization, org, ""); err != nil {
			return err
		}
		m = read(w, tenancy.MemberRef(org, a.user))
		return nil
	})
	return m, err
}

// SetProfile sets the person's own name and e-mail on a roster. A host calls it with
// what its login knows, at each login for instance; what is so already changes nothing.
func (a Actor) SetProfile(ctx context.Context, org tenancy.OrgID, p Profile) (tenancy.Member, error) {
	r := a.ask(org, "member.profile", tenancy.KindMember, string(a.user), p)
	var m tenancy.Member
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		s, err := a.may(w, access.SeeOrganization, org, "")
		if err != nil {
			return err
		}
		m = s.Member
		if err := w.subject(m.Ref(), ""); err != nil {
			return err
		}
		m.Name, m.Email = p.Name, p.Email
		if err := m.Validate(); err != nil || m == s.Member {
			return err
		}
		w.save(m)
		return nil
	})
	sees := func(w *work) bool {
		_, err := a.may(w, access.SeeOrganization, org, "")
		return err == nil
	}
	return outcome(ctx, a, r, ended[tenancy.Member]{m, tenancy.MemberRef(org, a.user), sees, replayed, err})
}

// SetRole makes somebody of the roster an owner of the organization, or a member,
// for its owners. It leaves their roles in projects as they are. The last owner
// stays one (tenancy.ErrLastOwner), and who is suspended becomes none. IfRev is the
// revision of the organization's record, which says who owns it.
func (a Actor) SetRole(ctx context.Context, org tenancy.OrgID, user tenancy.UserID, role tenancy.Role) error {
	r := a.ask(org, "member.role", tenancy.KindMember, string(user), role)
	return a.changeMember(ctx, r, user, func(w *work, root tenancy.Organization, m tenancy.Member) error {
		if err := w.subject(root.Ref(), ""); err != nil {
			return err
		}
		w.about = tenancy.MemberRef(org, user).Ref
		if m.Membership == "" {
			return ErrNotFound
		}
		next, err := root.SetRole(m, role)
		if err == nil && next.Owns(user) != root.Owns(user) {
			w.save(next)
		}
		return err
	})
}

// SuspendMember takes a person of the roster out of good standing, for owners of
// the organization: they have no right in it, and their personal keys call nothing,
// until [Actor.ResumeMember]. An owner is one no more, also once resumed; the last
// one is tenancy.ErrLastOwner. Suspending twice is no error.
func (a Actor) SuspendMember(ctx context.Context, org tenancy.OrgID, user tenancy.UserID) error {
	r := a.ask(org, "member.suspend", tenancy.KindMember, string(user), nil)
	return a.changeMember(ctx, r, user, func(w *work, root tenancy.Organization, m tenancy.Member) error {
		if err := w.subject(tenancy.MemberRef(org, user).Ref, ""); err != nil {
			return err
		}
		if m.Membership == "" {
			return ErrNotFound
		}
		if !m.Suspended.IsZero() {
			return nil
		}
		w.save(m.Suspend(w.now))
		return disown(w, root, user)
	})
}

// ResumeMember ends a suspension, for owners of the organization: the person's places
// and personal keys count as before. Resuming twice is no error.
func (a Actor) ResumeMember(ctx context.Context, org tenancy.OrgID, user tenancy.UserID) error {
	r := a.ask(org, "member.resume", tenancy.KindMember, string(user), nil)
	return a.changeMember(ctx, r, user, func(w *work, _ tenancy.Organization, m tenancy.Member) error {
		if err := w.subject(tenancy.MemberRef(org, user).Ref, ""); err != nil {
			return err
		}
		if m.Membership == "" {
			return ErrNotFound
		}
		if !m.Suspended.IsZero() {
			w.save(m.Resume())
		}
		return nil
	})
}

// RemoveMember takes a person off the roster, for owners of the organization: in one
// commit, however many projects they are in, every place and personal key of theirs
// counts no more, also if they join again. The last owner is tenancy.ErrLastOwner.
// Removing who is not there is no error.
//
// [Actor.Preview] says beforehand what will stop, and which live service keys have a
// secret that the person saw. What is left of their places is void, and for
// [Operator.Sweep] to delete.
func (a Actor) RemoveMember(ctx context.Context, org tenancy.OrgID, user tenancy.UserID) error {
	r := a.ask(org, "member.remove", tenancy.KindMember, string(user), nil)
	return a.changeMember(ctx, r, user, func(w *work, root tenancy.Organization, _ tenancy.Member) error {
		ref := tenancy.MemberRef(org, user).Ref
		if err := w.subject(ref, ""); err != nil {
			return err
		}
		w.remove(ref)
		return disown(w, root, user)
	})
}

// LeaveOrganization is [Actor.RemoveMember] of oneself, for everybody on the roster.
func (a Actor) LeaveOrganization(ctx context.Context, org tenancy.OrgID) error {
	r := a.ask(org, "member.leave", tenancy.KindMember, string(a.user), nil)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		s, err := a.may(w, access.SeeOrganization, org, "")
		if err != nil {
			return err
		}
		if err := w.subject(s.Member.Ref(), ""); err != nil {
			return err
		}
		w.remove(s.Member.Ref())
		return disown(w, s.Org, a.user)
	})
	return err
}

// LeaveProject gives up the person's own place in a project, and with it their
// personal keys there. An owner of the organization without a place has none to
// give up, and is refused.
func (a Actor) LeaveProject(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID) error {
	r := a.ask(org, "project.leave", tenancy.KindProjectMember, string(a.user), id)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		s, err := a.mayIn(w, access.LeaveProject, org, id)
		if err != nil {
			return err
		}
		if err := w.subject(s.Place.Ref(), id); err != nil {
			return err
		}
		w.remove(s.Place.Ref())
		return nil
	})
	return err
}

// changeMember runs a rule over the root record and a person's place on the roster,
// zero where there is none, for owners of the organization.
func (a Actor) changeMember(ctx context.Context, r request, user tenancy.UserID, rule func(*work, tenancy.Organization, tenancy.Member) error) error {
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		var also []tenancy.Ref
		_, malformed := tenancy.ParseUserID(string(user))
		if malformed == nil {
			also = append(also, tenancy.MemberRef(r.org, user).Ref)
		}
		s, err := a.may(w, access.ManageRoster, r.org, "", also...)
		if err != nil {
			return err
		}
		if malformed != nil {
			return ErrNotFound
		}
		return rule(w, s.Org, read(w, tenancy.MemberRef(r.org, user)).Value)
	})
	return err
}

// disown takes a person out of the owners, if they are one.
func disown(w *work, root tenancy.Organization, user tenancy.UserID) error {
	next, err := root.RemoveOwner(user)
	if err == nil && root.Owns(user) {
		w.save(next)
	}
	return err
}
