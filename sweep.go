package tenet

import (
	"cmp"
	"context"
	"iter"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Sweep deletes records of an organization that are void, and returns how many. They
// have no effect to begin with; sweeping frees the room that they take, and changes no
// answer of any verb.
//
// In an organization in use these are the places in projects of people who left the
// roster, or left it and joined again. Their personal keys are void too, and stay, so
// that history shows the names of keys and not bare ids; so do archived projects, used
// invites, and all that has a right to come back. Of a closed organization everything
// goes but its root record: usage and the audit trail stay, with ids in place of names.
//
// It takes as many commits as it needs, each of at most 60 records and with an entry
// that says how many of which kind. Each record is read again in the commit that deletes
// it, so that who joins meanwhile loses nothing. Broken off, it has deleted what it
// says, and is asked again for the rest, under the same operation id or another.
//
// Its cost is that of listing the organization's places in projects and its roster.
// [Options].Sweep has it done in the background.
func (o Operator) Sweep(ctx context.Context, org tenancy.OrgID) (deleted int, err error) {
	a := o.actor
	j := job{t: a.t, r: a.ask(org, "sweep", tenancy.KindOrganization, string(org), nil)}
	var root tenancy.Organization
	err = a.check(ctx, j.r, func(w *work) (err error) {
		root, err = anyRoot(w, org)
		return err
	})
	if err != nil {
		return 0, err
	}
	if root.Closed.IsZero() {
		j.rule = sweepVoid
		return j.run(ctx, a.t.voidPlaces(ctx, org))
	}
	j.rule = sweepAll
	return j.run(ctx, a.t.remains(ctx, org))
}

// sweepVoid deletes the places in projects that are void now.
func sweepVoid(w *work, org tenancy.OrgID, part []tenancy.Ref) (int, error) {
	w.load(slices.Concat(part, staysOf(part), []tenancy.Ref{tenancy.OrganizationRef(org).Ref})...)
	return sweep(w, org, part, func(v tenancy.Entity, _ tenancy.Organization) bool {
		place, ok := v.(tenancy.ProjectMember)
		return ok && place.Void(read(w, tenancy.MemberRef(org, place.User)).Value)
	})
}

// sweepAll deletes all that is read, once more asking whether the organization is closed.
func sweepAll(w *work, org tenancy.OrgID, part []tenancy.Ref) (int, error) {
	w.load(slices.Concat(part, []tenancy.Ref{tenancy.OrganizationRef(org).Ref})...)
	return sweep(w, org, part, func(_ tenancy.Entity, root tenancy.Organization) bool { return !root.Closed.IsZero() })
}

func sweep(w *work, org tenancy.OrgID, part []tenancy.Ref, void func(tenancy.Entity, tenancy.Organization) bool) (int, error) {
	root := tenancy.OrganizationRef(org)
	if err := w.subject(root.Ref, ""); err != nil {
		return 0, err
	}
	n := map[tenancy.Kind]int{}
	for _, ref := range part {
		if rec := w.reads[ref]; rec.Rev != 0 && void(rec.Value, read(w, root).Value) {
			w.remove(ref)
			n[ref.Kind]++
		}
	}
	return w.counts(n), nil
}

// staysOf name the records of the roster that say which of some places are void.
func staysOf(part []tenancy.Ref) (refs []tenancy.Ref) {
	for _, ref := range part {
		if stay := tenancy.MemberRef(ref.Org, ref.User).Ref; ref.Kind == tenancy.KindProjectMember && !slices.Contains(refs, stay) {
			refs = append(refs, stay)
		}
	}
	return refs
}

// voidPlaces are the places in projects of an organization in use that are of no stay on
// the roster of now, in parts.
func (t *Tenet) voidPlaces(ctx context.Context, org tenancy.OrgID) iter.Seq2[[]tenancy.Ref, error] {
	return func(yield func([]tenancy.Ref, error) bool) {
		roster := map[tenancy.UserID]tenancy.Member{}
		for m, err := range store.Walk(ctx, t.st, store.WithinOf[tenancy.Member](org)) {
			if err != nil {
				yield(nil, err)
				return
			}
			roster[m.Value.User] = tenancy.Member{Membership: m.Value.Membership}
		}
		void := func(m tenancy.ProjectMember) bool { return m.Void(roster[m.User]) }
		for many, err := range partsOf(ctx, t.st, store.WithinOf[tenancy.ProjectMember](org), store.MaxPage, void) {
			for part, err := range byPerson(many, err) {
				if !yield(part, err) {
					return
				}
			}
		}
	}
}

// byPerson cuts places into parts of which each commit has room for the people too:
// most of them are of few people.
func byPerson(places []tenancy.Ref, err error) iter.Seq2[[]tenancy.Ref, error] {
	return func(yield func([]tenancy.Ref, error) bool) {
		if err != nil {
			yield(nil, err)
			return
		}
		slices.SortStableFunc(places, func(x, y tenancy.Ref) int { return cmp.Compare(x.User, y.User) })
		for len(places) > 0 {
			n, people := 0, 0
			for n < min(len(places), partSize) && n+people+3 <= store.MaxBatch { // room for one more, its person and the root
				if n == 0 || places[n].User != places[n-1].User {
					people++
				}
				n++
			}
			if !yield(places[:n:n], nil) {
				return
			}
			places = places[n:]
		}
	}
}

// remains are the records of a closed organization, in parts, each kind before those
// that it refers to, so that nothing dangles meanwhile.
func (t *Tenet) remains(ctx context.Context, org tenancy.OrgID) iter.Seq2[[]tenancy.Ref, error] {
	return inTurn(
		allWithin[tenancy.Invite](ctx, t.st, org),
		allWithin[tenancy.NameClaim](ctx, t.st, org),
		allWithin[tenancy.ProjectMember](ctx, t.st, org),
		allWithin[tenancy.Key](ctx, t.st, org),
		allWithin[tenancy.Project](ctx, t.st, org),
		allWithin[tenancy.Member](ctx, t.st, org),
		allWithin[tenancy.Subscription](ctx, t.st, org),
	)
}

func allWithin[T tenancy.Recordable](ctx context.Context, st store.Store, org tenancy.OrgID) iter.Seq2[[]tenancy.Ref, error] {
	return partsOf(ctx, st, store.WithinOf[T](org), partSize, func(T) bool { return true })
}
