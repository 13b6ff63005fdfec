package tenet

import (
	"context"
	"errors"
	"slices"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Preview says what a change would do, without making it: which keys would stop, who
// would lose sight of what, and which live service keys have a secret that somebody
// saw who would be gone. change calls one verb of the actor that it is given, which
// goes through all of its checks, and returns what the verb returns:
//
//	effects, err := t.As(ann).Preview(ctx, org, func(a tenet.Actor) error {
//		return a.RemoveMember(ctx, org, "bob")
//	})
//
// Its error is the one with which the change would be refused. The verb gives nothing
// out, and what it returns is to be handed on as it is. A change that has nothing to
// do has no effects. Effects on projects that the actor does not see are left out.
//
// change may be called again where what it rests on changed meanwhile.
//
// What is said is true of one moment. To act on no other, act with
// [ChangeOptions].IfRev. It reads the whole organization.
func (a Actor) Preview(ctx context.Context, org tenancy.OrgID, change func(Actor) error) (access.Effects, error) {
	r := a.ask(org, "preview", tenancy.KindOrganization, string(org), nil)
	was, is, err := a.preview(ctx, r, change)
	if err != nil {
		return access.Effects{}, err
	}
	sees := func(v access.View, project tenancy.ProjectID) bool {
		on := access.Subject{Org: org, Project: project}
		return v.Can(a.user, access.SeeProject, on).Allowed() || v.Can(a.user, access.SeeArchived, on).Allowed()
	}
	return access.Compare(was, is).Within(func(p tenancy.ProjectID) bool { return sees(was, p) || sees(is, p) }), nil
}

// Preview is [Actor.Preview] for the operator, to whom no effect is hidden: of a
// smaller plan, say, or, where the change is one of the catalogue, of that on
// one organization.
func (o Operator) Preview(ctx context.Context, org tenancy.OrgID, change func(Operator) error) (access.Effects, error) {
	r := o.actor.ask(org, "preview", tenancy.KindOrganization, string(org), nil)
	was, is, err := o.actor.preview(ctx, r, func(a Actor) error { return change(Operator{a}) })
	if err != nil {
		return access.Effects{}, err
	}
	return access.Compare(was, is), nil
}

// preview is the organization before a change and after it.
func (a Actor) preview(ctx context.Context, r request, change func(Actor) error) (was, is access.View, err error) {
	for {
		b, err := a.rehearse(ctx, r, change)
		if err != nil {
			return was, is, err
		}
		records, before, err := a.t.whole(ctx, r.org, a.t.organization)
		if err != nil {
			return was, is, r.wrap(err)
		}
		holds, err := a.t.holds(ctx, b)
		if err = first(err, contextError(ctx, !holds)); err != nil {
			return was, is, r.wrap(err)
		}
		if !holds {
			continue
		}
		after, err := access.NewSnapshot(applied(records, b)...)
		if err != nil {
			return was, is, r.wrap(err)
		}
		now := a.t.clock.now()
		return before.At(now), after.At(now), nil
	}
}

// holds reports whether what a batch rests on is still so: whether it could be committed
// to what was read since it was made.
func (t *Tenet) holds(ctx context.Context, b store.Batch) (bool, error) {
	grounds := slices.Concat(b.Check, b.Delete)
	for _, p := range b.Put {
		grounds = append(grounds, store.Check{Ref: p.Value.Ref(), Rev: p.Rev})
	}
	var refs []tenancy.Ref
	for _, g := range grounds {
		refs = append(refs, g.Ref)
	}
	holds, i := true, 0
	err := t.each(ctx, refs, func(rec store.Record) {
		holds = holds && rec.Rev == grounds[i].Rev
		i++
	})
	return holds, err
}

// rehearse has change call its verb, and returns what the verb would commit.
func (a Actor) rehearse(ctx context.Context, r request, change func(Actor) error) (store.Batch, error) {
	if err := first(a.t.open(), hasContext(ctx)); err != nil {
		return store.Batch{}, r.wrap(err)
	}
	said := &rehearsal{}
	a.opts.rehearsal = said
	if err := change(a); !errors.Is(err, errRehearsed) {
		return store.Batch{}, first(err, r.wrap(option("change", "one verb, whose error is returned")))
	}
	if len(said.batches) != 1 {
		return store.Batch{}, r.wrap(option("change", "one verb"))
	}
	b := said.batches[0]
	if b.Entry.Org != r.org && b.Entry.Org != "" {
		return store.Batch{}, r.wrap(option("change", "of the organization that is named"))
	}
	return b, nil
}

// applied is what records would be after a batch.
func applied(records []tenancy.Entity, b store.Batch) []tenancy.Entity {
	written := b.Refs()
	next := slices.DeleteFunc(slices.Clone(records), func(v tenancy.Entity) bool { return slices.Contains(written, v.Ref()) })
	for _, r := range b.Put {
		switch r.Value.(type) {
		case tenancy.Invite, tenancy.NameClaim: // which decide nothing
		default:
			next = append(next, r.Value)
		}
	}
	return next
}

// rehearsal is a change that is made up and not made: what its rule would commit.
type rehearsal struct{ batches []store.Batch }

// errRehearsed ends a verb once its rule has said what it would commit, so that
// no verb gives anything out of a change that was not made.
var errRehearsed = errors.New("tenet: rehearsed, and not done: return what the verb returned")

// rehearse runs a rule as a change does, up to the commit. What it refuses holds at one
// moment; what it would commit is for who asked to compare with a reading of then.
func (t *Tenet) rehearse(ctx context.Context, r request, rule func(w *work) error) error {
	for {
		w := t.newWork(ctx, r)
		err := rule(w)
		if w.err != nil {
			return w.err
		}
		if err == nil {
			r.opts.rehearsal.batches = append(r.opts.rehearsal.batches, w.batch(r.entry(w.now)))
			return errRehearsed
		}
		held, unconfirmed := w.holds()
		switch {
		case unconfirmed != nil:
			return unconfirmed
		case held:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
	}
}
