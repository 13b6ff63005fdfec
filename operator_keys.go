package tenet

import (
	"context"
	"strings"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// ImportedKey is what a key of another system is made from.
type ImportedKey struct {
	Name   string          `json:"name"`
	Kind   tenancy.KeyKind `json:"kind"`
	Holder tenancy.UserID  `json:"holder,omitzero"` // of a personal key: on the roster, in good standing
	// SHA256 is what the other system stores of the token: its SHA-256, in 64
	// hexadecimal digits of either case.
	SHA256 string `json:"sha256"`
	// Models narrows what the project has, as in NewKey. Where nothing is said, it is none.
	Models  tenancy.ModelSet `json:"models"`
	Expires time.Time        `json:"expires,omitzero"` // zero: never
}

// ImportKey brings a key of another system along: its token, which stays where it is,
// works here until [ImportOptions].Until, or until a rotation's grace is over, which
// gives the key a token of this deployment. The key's id is made of the hash
// (keys.Import), so a weak token could be found from it: import only what a machine
// drew at random.
//
// A hash makes one key in the whole deployment. Another one is ErrImported, whichever
// organization has the first; but to import what is in the project already, just so,
// changes nothing and returns it, so that a list that was imported by half is imported
// again from its top. Without Options.Imports, and once that is over, importing is
// tenancy.ErrInvalid.
//
// The token works in this process when ImportKey returns, and in others as soon as they
// read the feed, within [Options].Poll.
func (o Operator) ImportKey(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, n ImportedKey) (tenancy.Key, error) {
	a := o.actor
	n.SHA256 = strings.ToLower(n.SHA256)
	r := a.ask(org, "key.import", tenancy.KindKey, string(project), n)
	var k tenancy.Key
	e, replayed, err := a.t.change(ctx, r, func(w *work) (err error) {
		k, err = o.importKey(w, org, project, n)
		return err
	})
	ref := tenancy.KeyRef(org, tenancy.KeyID(e.Subject.ID))
	k, err = outcome(ctx, a, r, ended[tenancy.Key]{k, ref, nil, replayed, err})
	return withoutDigests(k), err
}

// importKey is the rule of importing a key. That no other organization has the hash rests
// on the store, which has each key's id once; the listing is for the answer.
func (o Operator) importKey(w *work, org tenancy.OrgID, project tenancy.ProjectID, n ImportedKey) (tenancy.Key, error) {
	t := o.actor.t
	k, err := o.unimported(w, org, project, n)
	if err != nil {
		return k, err
	}
	hash, err := keys.ParseImport(n.SHA256)
	if err != nil {
		return k, err
	}
	if k, err = t.options.Peppers.Import(k, hash, o.actor.user, w.now); err != nil {
		return k, err
	}
	if err := w.subject(k.Ref(), project); err != nil {
		return k, err
	}
	is := read(w, tenancy.KeyRef(org, k.ID))
	switch {
	case is.Absent() && !w.elsewhere(k):
		w.save(k)
		return k, nil
	case !is.Absent() && t.sameImport(is.Value, k, hash):
		return is.Value, nil
	}
	return k, ErrImported
}

// unimported is the key without its secret.
func (o Operator) unimported(w *work, org tenancy.OrgID, project tenancy.ProjectID, n ImportedKey) (tenancy.Key, error) {
	k := tenancy.Key{
		Org: org, Project: project, Kind: n.Kind, Name: n.Name, Holder: n.Holder,
		CreatedBy: o.actor.user, Created: tenancy.Instant(w.now), Expires: tenancy.Instant(n.Expires),
	}
	if _, err := rootOf(w, org); err != nil {
		return k, err
	}
	if _, err := tenancy.ParseProjectID(string(project)); err != nil {
		return k, ErrNotFound
	}
	p := read(w, tenancy.ProjectRef(org, project))
	if p.Absent() {
		return k, ErrNotFound
	}
	if err := first(p.Value.Writable(), k.CheckExpiry(w.now)); err != nil {
		return k, err
	}
	if !o.actor.t.options.Imports.accepts(w.now) {
		return k, option("import", "let in by Options.Imports, whose end is in the future")
	}
	if n.Kind == tenancy.KeyPersonal {
		stay, err := standing(w, org, n.Holder)
		if err != nil {
			return k, err
		}
		k.Membership = stay.Membership
	}
	k, err := k.RestrictTo(n.Models, o.actor.t.planned(w, org, n.Models))
	return k, first(w.err, err)
}

// standing reads a person who must be on the roster, in good standing.
func standing(w *work, org tenancy.OrgID, user tenancy.UserID) (tenancy.Member, error) {
	if _, err := tenancy.ParseUserID(string(user)); err != nil {
		return tenancy.Member{}, err
	}
	m := read(w, tenancy.MemberRef(org, user)).Value
	if !m.Active() {
		return m, option("holder", "on the organization's roster, in good standing")
	}
	return m, nil
}

// elsewhere reports whether another organization has a key of k's id.
func (w *work) elsewhere(k tenancy.Key) (found bool) {
	for other, err := range store.Walk(w.ctx, w.st, store.KeysByID(k.ID)) {
		if err != nil {
			w.err = err
		}
		found = found || err == nil && other.Value.Org != k.Org
	}
	return found
}

// sameImport reports whether a key is what importing k from hash has made, and nothing
// has changed since.
func (t *Tenet) sameImport(is, k tenancy.Key, hash keys.Import) bool {
	k.CreatedBy, k.Created, k.Current = is.CreatedBy, is.Created, is.Current
	return sameRecord(is, k) && t.options.Peppers.Sealed(is) && t.options.Peppers.Imported(is, hash)
}

// RevokeBySecret revokes the key that a token is a live secret of, for good: what to
// call when somebody, or a scanner, reports a token as leaked. The whole secret is
// verified, so nobody can have a key revoked by its id.
//
// Its answer is nil for a token that is unknown, malformed, wrong or revoked already as
// well as for one that was revoked now, so that whoever reports tokens learns nothing
// by it. An error means that it is not known, and to call again. A key of another system is
// revoked where [Options].Imports is set, also when that is over. IfRev of
// [ChangeOptions] is not asked.
func (o Operator) RevokeBySecret(ctx context.Context, token string) error {
	a := o.actor
	r := a.ask("", "key.revoke.leaked", tenancy.KindKey, "", nil)
	if err := first(a.t.open(), hasContext(ctx)); err != nil {
		return r.wrap(err)
	}
	secret, ok := a.t.credentialOf(token)
	if !ok {
		return nil
	}
	k, err := a.t.keyBySecret(ctx, secret)
	if err != nil || k.ID == "" {
		return r.wrap(err)
	}
	r.org, r.asked, r.opts.IfRev = k.Org, k.ID, 0
	_, _, err = a.t.change(ctx, r, func(w *work) error {
		is := read(w, tenancy.KeyRef(k.Org, k.ID)).Value
		if err := w.subject(k.Ref(), k.Project); err != nil {
			return err
		}
		if secret.verifies(a.t.options.Peppers, &is, w.now) && is.Revoked.IsZero() {
			w.save(is.Revoke(w.now))
		}
		return nil
	})
	return err
}

// keyBySecret reads the key that a credential is a live secret of; the zero one where
// there is none, after as much work.
func (t *Tenet) keyBySecret(ctx context.Context, secret credential) (tenancy.Key, error) {
	var found *tenancy.Key
	for k, err := range store.Walk(ctx, t.st, store.KeysByID(secret.keyID())) {
		if err != nil {
			return tenancy.Key{}, err
		}
		found = &k.Value
	}
	if !secret.verifies(t.options.Peppers, found, t.clock.now()) {
		return tenancy.Key{}, nil
	}
	return *found, nil
}
