package tenet

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// ErasePerson takes out of an organization what tells who a person is: the name and
// e-mail address of their place on the roster, and the address of the invites that they
// accepted or that went to an address of theirs, which becomes tenancy.ErasedEmail.
// Such an invite that could still be accepted is revoked.
//
// The user id stays, in usage and in the audit trail: it is the host's own, opaque here,
// and means nothing once the host's login has forgotten it. The log holds no names and
// addresses to begin with, but for the fingerprint of what was asked under an operation
// id that a caller chose, which lets a guess be confirmed. Names that people gave to
// projects and keys stay as well. The person stays on the roster, and a host that sets
// profiles at each login sets it again. Whoever is to go is erased first and then
// removed: of somebody who left, the invites that they did not accept are not found, since
// nothing here tells their address any more.
//
// It takes as many commits as it needs, each with an entry that says how many records
// it changed. Broken off, it is asked again, under the same operation id or another,
// and does what is left. Erasing who is erased, or was never there, is no error.
// A closed organization's people can be erased too.
func (o Operator) ErasePerson(ctx context.Context, org tenancy.OrgID, user tenancy.UserID) error {
	a := o.actor
	e := &erasure{org: org, user: user}
	j := job{a.t, a.ask(org, "member.erase", tenancy.KindMember, string(user), nil), e.part}
	for {
		err := a.check(ctx, j.r, e.look)
		if err != nil {
			return err
		}
		refs, err := e.traces(ctx, a.t.st)
		if err != nil {
			return j.r.wrap(err)
		}
		_, err = j.run(ctx, cut(refs))
		if !errors.Is(err, errMoved) {
			return err
		}
	}
}

// erasure is the erasing of one person.
type erasure struct {
	org   tenancy.OrgID
	user  tenancy.UserID
	known []string // addresses of the person
}

// errMoved says that the person has another address than those that invites were
// searched for.
var errMoved = errors.New("tenet: the person has another address by now")

// look finds the address that the person has on the roster.
func (e *erasure) look(w *work) error {
	if _, err := tenancy.ParseUserID(string(e.user)); err != nil {
		return err
	}
	if _, err := anyRoot(w, e.org); err != nil {
		return err
	}
	e.know(read(w, tenancy.MemberRef(e.org, e.user)).Value.Email)
	return nil
}

func (e *erasure) know(email string) {
	if email != "" && !slices.Contains(e.known, email) {
		e.known = append(e.known, email)
	}
}

// traces are the records to be changed, the ones that tell where others are last: a
// run that is broken off leaves them for the next.
func (e *erasure) traces(ctx context.Context, st store.Store) ([]tenancy.Ref, error) {
	var accepted, sent []tenancy.Ref
	for i, err := range unerased(ctx, st, e.org) {
		if err != nil {
			return nil, err
		}
		if i.AcceptedBy == e.user {
			e.know(i.Email)
			accepted = append(accepted, i.Ref())
		}
	}
	for i, err := range unerased(ctx, st, e.org) {
		if err != nil {
			return nil, err
		}
		if i.AcceptedBy != e.user && slices.ContainsFunc(e.known, i.IsFor) {
			sent = append(sent, i.Ref())
		}
	}
	return append(append(sent, accepted...), tenancy.MemberRef(e.org, e.user).Ref), nil
}

// unerased yields the invites of an organization that have an address.
func unerased(ctx context.Context, st store.Store, org tenancy.OrgID) iter.Seq2[tenancy.Invite, error] {
	return func(yield func(tenancy.Invite, error) bool) {
		for i, err := range store.Walk(ctx, st, store.InvitesOf(org)) {
			if err == nil && i.Value.Email == tenancy.ErasedEmail {
				continue
			}
			if !yield(i.Value, err) {
				return
			}
		}
	}
}

// part erases some of the traces.
func (e *erasure) part(w *work, _ tenancy.OrgID, part []tenancy.Ref) (int, error) {
	self := tenancy.MemberRef(e.org, e.user)
	w.load(slices.Concat(part, []tenancy.Ref{self.Ref, tenancy.OrganizationRef(e.org).Ref})...)
	if _, err := anyRoot(w, e.org); err != nil {
		return 0, err
	}
	if m := read(w, self).Value; m.Email != "" && !slices.Contains(e.known, m.Email) {
		return 0, errMoved
	}
	if err := w.subject(self.Ref, ""); err != nil {
		return 0, err
	}
	return eraseAll(w, part), nil
}

// eraseAll saves what was read of the refs as it is once erased, and says how many
// records that changes.
func eraseAll(w *work, refs []tenancy.Ref) int {
	n := map[tenancy.Kind]int{}
	for _, ref := range refs {
		if next := erased(w.reads[ref].Value, w.now); next != nil {
			w.save(next)
			n[ref.Kind]++
		}
	}
	return w.counts(n)
}

// erased is a record once erased; nil where that changes nothing.
func erased(v tenancy.Entity, now time.Time) tenancy.Entity {
	switch v := v.(type) {
	case tenancy.Member:
		if next := v.Erase(); next != v {
			return next
		}
	case tenancy.Invite:
		if v.Email != tenancy.ErasedEmail {
			return v.Erase(now)
		}
	case tenancy.Organization:
		if next, err := v.Erase(); err == nil && next.Branding != v.Branding {
			return next
		}
	}
	return nil
}

// EraseOrganization takes out of a closed organization what tells who its people were,
// as [Operator.ErasePerson] does of one, and its branding. Its name stays, for the
// numbers that stay. One that is not closed is a *tenancy.FieldError of "closed".
//
// It takes as many commits as it needs, and is asked again where it was broken off.
// [Operator.Sweep] deletes the records altogether; then nothing is left to erase.
func (o Operator) EraseOrganization(ctx context.Context, org tenancy.OrgID) error {
	a := o.actor
	j := job{a.t, a.ask(org, "organization.erase", tenancy.KindOrganization, string(org), nil), eraseClosed}
	err := a.check(ctx, j.r, func(w *work) error {
		_, err := eraseClosed(w, org, nil)
		return err
	})
	if err != nil {
		return err
	}
	_, err = j.run(ctx, inTurn(
		partsOf(ctx, a.t.st, store.WithinOf[tenancy.Member](org), partSize, erasable[tenancy.Member]),
		partsOf(ctx, a.t.st, store.WithinOf[tenancy.Invite](org), partSize, erasable[tenancy.Invite]),
		cut([]tenancy.Ref{tenancy.OrganizationRef(org).Ref}),
	))
	return err
}

// eraseClosed erases some records of an organization, if it is closed.
func eraseClosed(w *work, org tenancy.OrgID, part []tenancy.Ref) (int, error) {
	w.load(part...) // with the root read first, or among them
	root, err := anyRoot(w, org)
	if err != nil {
		return 0, err
	}
	_, err = root.Erase()
	if err = first(err, w.subject(root.Ref(), "")); err != nil {
		return 0, err
	}
	return eraseAll(w, part), nil
}

func erasable[T tenancy.Recordable](v T) bool { return erased(v, time.Time{}) != nil }
