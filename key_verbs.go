package tenet

import (
	"context"
	"iter"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// changeKey runs a rule over a key that the actor may do action to, and saves what the
// rule makes of it. It returns the key as it is then, digests included.
func (a Actor) changeKey(ctx context.Context, id tenancy.KeyID, does access.Action, r request, rule func(w *work, k tenancy.Key) (tenancy.Key, error)) (k tenancy.Key, replayed bool, err error) {
	e, replayed, err := a.t.change(ctx, r, func(w *work) error {
		was, err := a.mayKey(w, does, r.org, id)
		if err != nil {
			return err
		}
		if err := w.subject(was.Ref(), was.Project); err != nil {
			return err
		}
		if k, err = rule(w, was); err == nil && !sameRecord(was, k) {
			w.save(k)
		}
		return err
	})
	k, err = outcome(ctx, a, r, ended[tenancy.Key]{k, tenancy.KeyRef(r.org, id), a.seer(r.org, e.Project), replayed, err})
	return k, replayed, err
}

// RenameKey gives a key another name: its holder's own, and to owners of the project
// every one.
func (a Actor) RenameKey(ctx context.Context, org tenancy.OrgID, id tenancy.KeyID, name string) (tenancy.Key, error) {
	r := a.ask(org, "key.rename", tenancy.KindKey, string(id), name)
	k, _, err := a.changeKey(ctx, id, access.EditKey, r, func(_ *work, k tenancy.Key) (tenancy.Key, error) {
		return k.Rename(name)
	})
	return withoutDigests(k), err
}

// RestrictKey narrows a key to a list of models, for whoever may rename it:
// tenancy.AllModels() lifts the restriction, and the empty set leaves it nothing to
// call. A list never reaches beyond the project's models. What it newly names must be in the
// organization's plan, by its own id and not by an alias.
func (a Actor) RestrictKey(ctx context.Context, org tenancy.OrgID, id tenancy.KeyID, models tenancy.ModelSet) (tenancy.Key, error) {
	r := a.ask(org, "key.restrict", tenancy.KindKey, string(id), models)
	k, _, err := a.changeKey(ctx, id, access.EditKey, r, func(w *work, k tenancy.Key) (tenancy.Key, error) {
		inPlan := a.t.planned(w, org, models)
		if w.err != nil {
			return k, w.err
		}
		return k.RestrictTo(models, inPlan)
	})
	return withoutDigests(k), err
}

// RotateKey gives a key a new secret under the same id, and returns it with the
// secret, which is shown this once: a service key's for owners of its project, a
// personal key's for its holder and nobody else. What becomes of the secrets before is for
// [keys.Rotation] to say; the zero one leaves the last for a day. Usage and
// limits hang on the id and stay.
//
// tenancy.ErrRotationOpen is a key whose last rotation is still in its grace; say
// Replace, or wait. keys.ErrEnded is one that is revoked or expired. Repeated under its operation
// id it returns the key and ErrSecretShown.
//
// The new secret works at once in this process, and in another at its first use. One that
// ends now ends in others within MaxStaleness, as a revocation does.
func (a Actor) RotateKey(ctx context.Context, org tenancy.OrgID, id tenancy.KeyID, how keys.Rotation) (tenancy.Key, keys.Secret, error) {
	r := a.ask(org, "key.rotate", tenancy.KindKey, string(id), how)
	var secret keys.Secret
	k, replayed, err := a.changeKey(ctx, id, access.RotateKey, r, func(w *work, k tenancy.Key) (next tenancy.Key, err error) {
		next, secret, err = a.t.minter().Rotate(k, a.user, w.now, how)
		return next, err
	})
	switch k = withoutDigests(k); {
	case err != nil:
		return tenancy.Key{}, keys.Secret{}, err
	case replayed:
		return k, keys.Secret{}, r.wrap(ErrSecretShown)
	}
	return k, secret, nil
}

// Key returns a key of a project that the person sees: what is known of it, without
// digests. The revision is for ChangeOptions.IfRev.
func (a Actor) Key(ctx context.Context, org tenancy.OrgID, id tenancy.KeyID) (k store.Stored[tenancy.Key], err error) {
	r := a.ask(org, "key.see", tenancy.KindKey, string(id), nil)
	err = a.check(ctx, r, func(w *work) error {
		key, s, err := a.keyAndStanding(w, org, id)
		if err = first(err, refusal(s.May(access.ListKeys, ""))); err != nil {
			return err
		}
		k = read(w, tenancy.KeyRef(org, key.ID))
		k.Value = withoutDigests(k.Value)
		return nil
	})
	return k, err
}

// OwnKeys yields the person's own personal keys in an organization by creation, those
// in projects that they see: what is known of them, without digests, with their
// revisions. Keys of an earlier stay on the roster are nobody's own. It stops after
// the first error, which it yields with the zero Stored.
func (a Actor) OwnKeys(ctx context.Context, org tenancy.OrgID) iter.Seq2[store.Stored[tenancy.Key], error] {
	r := a.ask(org, "key.list.own", tenancy.KindKey, "", nil)
	return func(yield func(store.Stored[tenancy.Key], error) bool) {
		var s access.Standing
		err := a.check(ctx, r, func(w *work) (err error) {
			s, err = a.may(w, access.SeeOrganization, org, "")
			return err
		})
		if err != nil {
			yield(store.Stored[tenancy.Key]{}, err)
			return
		}
		for k, err := range a.ownKeys(ctx, s) {
			k.Value = withoutDigests(k.Value)
			if !yield(k, r.wrap(err)) {
				return
			}
		}
	}
}

// ownKeys is OwnKeys for a person of that standing.
func (a Actor) ownKeys(ctx context.Context, s access.Standing) iter.Seq2[store.Stored[tenancy.Key], error] {
	sees := func(tenancy.ProjectID) bool { return true } // as an owner of the organization does
	if !s.OrgOwner() {
		projects, err := a.placedIn(ctx, s, func(tenancy.Project) bool { return true })
		if err != nil {
			return whole[store.Stored[tenancy.Key]](nil, err)
		}
		seen := map[tenancy.ProjectID]bool{}
		for _, p := range projects {
			seen[p.Value.ID] = true
		}
		sees = func(id tenancy.ProjectID) bool { return seen[id] }
	}
	return only(store.Walk(ctx, a.t.st, store.PersonalKeysOf(s.Org.ID, a.user)), func(k tenancy.Key) bool {
		return s.WhoseKey(k.Kind, k.Membership) == access.Own && sees(k.Project)
	})
}
