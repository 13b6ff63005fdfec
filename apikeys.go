package tenet

import (
	"context"
	"iter"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// NewKey is what a key is created from.
type NewKey struct {
	Name string          `json:"name"`
	Kind tenancy.KeyKind `json:"kind"` // a personal key is the actor's own
	// Models narrows what the project has: a list of models of the organization's
	// plan, by their own ids and not by aliases; tenancy.AllModels() for no
	// narrowing; or, where nothing is said, none.
	Models  tenancy.ModelSet `json:"models"`
	Expires time.Time        `json:"expires,omitzero"` // zero: never
}

// CreateKey creates a key in a project and returns it with its secret, which is
// shown this once and kept nowhere. A personal key is the actor's own; the role
// table says who may make which kind. Repeated under its operation id it returns the
// key and ErrSecretShown.
//
// A key of this process works when CreateKey returns, and one of another process
// at its first use.
func (a Actor) CreateKey(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, n NewKey) (tenancy.Key, keys.Secret, error) {
	r := a.ask(org, "key.create", tenancy.KindKey, string(project), n)
	var made tenancy.Key
	var secret keys.Secret
	e, replayed, err := a.t.change(ctx, r, func(w *work) (err error) {
		if made, secret, err = a.newKey(w, org, project, n); err != nil {
			return err
		}
		w.save(made)
		return w.subject(made.Ref(), project)
	})
	ref := tenancy.KeyRef(org, tenancy.KeyID(e.Subject.ID))
	k, err := outcome(ctx, a, r, ended[tenancy.Key]{made, ref, a.seer(org, project), replayed, err})
	switch {
	case err != nil:
		return tenancy.Key{}, keys.Secret{}, err
	case replayed:
		return withoutDigests(k), keys.Secret{}, r.wrap(ErrSecretShown)
	}
	return withoutDigests(k), secret, nil
}

func (a Actor) newKey(w *work, org tenancy.OrgID, project tenancy.ProjectID, n NewKey) (tenancy.Key, keys.Secret, error) {
	k := tenancy.Key{
		Org: org, Project: project, Kind: n.Kind, Name: n.Name,
		CreatedBy: a.user, Created: tenancy.Instant(w.now), Expires: tenancy.Instant(n.Expires),
	}
	s := a.stand(w, org, project)
	whose := access.Service
	if n.Kind == tenancy.KeyPersonal {
		whose = access.Own
		k.Holder, k.Membership = a.user, s.Member.Membership
	}
	if s.Project.ID == "" {
		return k, keys.Secret{}, ErrNotFound
	}
	if err := first(refusal(s.May(access.CreateKey, whose)), k.CheckExpiry(w.now)); err != nil {
		return k, keys.Secret{}, err
	}
	k, err := k.RestrictTo(n.Models, a.t.planned(w, org, n.Models))
	if err = first(w.err, err); err != nil {
		return k, keys.Secret{}, err
	}
	return a.t.minter().Mint(k, a.user, w.now)
}

func (t *Tenet) minter() keys.Minter {
	return keys.Minter{Format: t.options.Format, Peppers: t.options.Peppers}
}

// RevokeKey switches a key off for good: in this process at its next call, in
// others within MaxStaleness. Calls that are under way run on. Revoking twice is no
// error. Keys of an archived project may be revoked.
func (a Actor) RevokeKey(ctx context.Context, org tenancy.OrgID, id tenancy.KeyID) error {
	r := a.ask(org, "key.revoke", tenancy.KindKey, string(id), nil)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		k, err := a.mayKey(w, access.RevokeKey, org, id)
		if err != nil {
			return err
		}
		if err := w.subject(k.Ref(), k.Project); err != nil || !k.Revoked.IsZero() {
			return err
		}
		w.save(k.Revoke(w.now))
		return nil
	})
	return err
}

// mayKey reads a key that the actor may do action to.
func (a Actor) mayKey(w *work, does access.Action, org tenancy.OrgID, id tenancy.KeyID) (tenancy.Key, error) {
	k, s, err := a.keyAndStanding(w, org, id)
	if err != nil {
		return k, err
	}
	return k, refusal(s.May(does, s.WhoseKey(k.Kind, k.Membership)))
}

// keyAndStanding reads a key, and what the actor is to its project.
func (a Actor) keyAndStanding(w *work, org tenancy.OrgID, id tenancy.KeyID) (k tenancy.Key, s access.Standing, err error) {
	if _, err := tenancy.ParseKeyID(string(id)); err != nil {
		return k, s, ErrNotFound
	}
	if _, err := tenancy.ParseOrgID(string(org)); err != nil {
		return k, s, ErrNotFound
	}
	if k = read(w, tenancy.KeyRef(org, id)).Value; k.ID == "" {
		return k, s, ErrNotFound
	}
	return k, a.stand(w, org, k.Project), nil
}

// Keys yields a project's keys by creation, to everybody who sees the project: what is
// known of them, without digests, with their revisions. It stops after the first
// error, which it yields with the zero Stored.
func (a Actor) Keys(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID) iter.Seq2[store.Stored[tenancy.Key], error] {
	r := a.ask(org, "key.list", tenancy.KindKey, string(project), nil)
	return func(yield func(store.Stored[tenancy.Key], error) bool) {
		err := a.check(ctx, r, func(w *work) error {
			_, err := a.mayIn(w, access.ListKeys, org, project)
			return err
		})
		if err != nil {
			yield(store.Stored[tenancy.Key]{}, err)
			return
		}
		for k, err := range store.Walk(ctx, a.t.st, store.KeysOf(org, project)) {
			k.Value = withoutDigests(k.Value)
			if !yield(k, r.wrap(err)) {
				return
			}
		}
	}
}

// withoutDigests is a key as it leaves this package.
func withoutDigests(k tenancy.Key) tenancy.Key {
	for _, s := range []*tenancy.KeySecret{&k.Current, &k.Previous} {
		s.Digest, s.Seal = tenancy.Digest{}, tenancy.Digest{}
	}
	return k
}
