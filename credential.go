package tenet

import (
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// credential is a token that somebody presented: one of this deployment's, or, where
// that is zero, one of another system.
type credential struct {
	native  keys.Token
	foreign keys.ForeignToken
}

// credentialOf reads a token off the request path, where those of another system count
// also when they are let in no more. It is false for what is neither.
func (t *Tenet) credentialOf(token string) (credential, bool) {
	if native, err := t.options.Format.Parse(token); err == nil {
		return credential{native: native.Clone()}, true
	}
	if t.options.Imports == nil {
		return credential{}, false
	}
	foreign, err := t.options.Format.ParseForeign(token)
	return credential{foreign: foreign.Clone()}, err == nil
}

// clone is a credential that may be kept.
func (c credential) clone() credential { return credential{c.native.Clone(), c.foreign.Clone()} }

func (c credential) isNative() bool { return c.native != keys.Token{} }

func (c credential) keyID() tenancy.KeyID {
	if c.isNative() {
		return c.native.ID()
	}
	return c.foreign.ID()
}

// verifies reports whether the credential is a live secret of k's, whose row is as it
// was written.
func (c credential) verifies(p *keys.Peppers, k *tenancy.Key, now time.Time) bool {
	sealed := k != nil && p.Sealed(*k)
	if c.isNative() {
		return p.Verify(k, c.native, now).OK && sealed
	}
	return p.VerifyForeign(k, c.foreign, now).OK && sealed
}

// renew is k with the credential's secret under the newest pepper; false where there
// is nothing to do.
func (c credential) renew(p *keys.Peppers, k tenancy.Key, now time.Time) (tenancy.Key, bool) {
	if c.isNative() {
		return p.Redigest(k, c.native, now)
	}
	return p.RedigestForeign(k, c.foreign, now)
}
