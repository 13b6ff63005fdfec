package keys

import (
	"time"

	"example.com/tenet/tenancy"
)

// Match is the result of verifying a token against a key. The zero Match is no
// match, and the other fields mean something only where OK is set.
type Match struct {
	OK        bool // the secret is the key's and is live
	Previous  bool // it is the one that an open rotation replaces
	OldPepper bool // its digest is under an older pepper: see [Peppers.Redigest]
}

// Verify reports whether the token's secret is one of k's that is live at now.
// k is nil for an id that is not known; that costs the same. Of a key with two
// secrets under two peppers, two digests are made.
//
// Verify reads only k's secrets. It trusts that [Peppers.Sealed] was true of k
// when it was loaded, and leaves Revoked and Expires to the decision, which
// reports them by name. It compares in constant time and does not allocate.
func (p *Peppers) Verify(k *tenancy.Key, t Token, now time.Time) Match {
	return p.verify(k, t.presented(), now)
}

// VerifyForeign is [Peppers.Verify] for a token of another system: it matches only a
// secret that was imported, as no native token does.
func (p *Peppers) VerifyForeign(k *tenancy.Key, t ForeignToken, now time.Time) Match {
	return p.verify(k, presentedHash(t.hash), now)
}

func (p *Peppers) verify(k *tenancy.Key, t presented, now time.Time) Match {
	var none tenancy.KeySecret
	current, previous := &none, &none
	if k != nil {
		current, previous = &k.Current, &k.Previous
	}
	i, j := p.Index(current.Pepper), p.Index(previous.Pepper)
	digest, ok := p.digest(i, t)
	if matches(current, digest, ok, now) {
		return Match{OK: true, OldPepper: i > 0}
	}
	if j >= 0 && j != i {
		digest, ok = p.digest(j, t)
	}
	if matches(previous, digest, ok && j >= 0, now) {
		return Match{OK: true, Previous: true, OldPepper: j > 0}
	}
	return Match{}
}

// matches compares first, so that the comparison is always made.
func matches(s *tenancy.KeySecret, digest tenancy.Digest, ok bool, now time.Time) bool {
	return s.Digest.Equal(digest) && ok && s.Live(now)
}

// Sealed reports whether k is as it was when its secrets were minted: its id,
// organization, project, kind, membership and digests. At least one secret must
// be under a pepper of the set, and every one that is must have its seal. A
// secret under a pepper that is gone neither counts nor spoils the other.
//
// Check it whenever a record is loaded; a key that is not sealed verifies nothing
// and is to be treated as having no secret.
func (p *Peppers) Sealed(k tenancy.Key) bool {
	sealed := false
	for _, s := range [...]*tenancy.KeySecret{&k.Current, &k.Previous} {
		pepper, ok := p.of(s.Pepper)
		if !ok {
			continue
		}
		if !s.Seal.Equal(pepper.seal(&k, s.Digest)) {
			return false
		}
		sealed = true
	}
	return sealed
}

// Redigest returns k with the secret of t digested and sealed under the newest
// pepper, and true. It returns k as it is, and false, where there is nothing to
// do or no right to: the token does not verify, its digest is new, or k is not
// sealed. Commit the result against the revision that k was read at.
func (p *Peppers) Redigest(k tenancy.Key, t Token, now time.Time) (tenancy.Key, bool) {
	return p.redigest(k, t.presented(), now)
}

// RedigestForeign is [Peppers.Redigest] for a token of another system.
func (p *Peppers) RedigestForeign(k tenancy.Key, t ForeignToken, now time.Time) (tenancy.Key, bool) {
	return p.redigest(k, presentedHash(t.hash), now)
}

func (p *Peppers) redigest(k tenancy.Key, t presented, now time.Time) (tenancy.Key, bool) {
	match := p.verify(&k, t, now)
	if !match.OK || !match.OldPepper || !p.Sealed(k) {
		return k, false
	}
	secret := &k.Current
	if match.Previous {
		secret = &k.Previous
	}
	p.sign(&k, secret, t)
	return k, true
}

// sign digests t into secret, one of k's, and seals it, under the newest pepper.
func (p *Peppers) sign(k *tenancy.Key, secret *tenancy.KeySecret, t presented) {
	newest := p.list[0]
	secret.Pepper = newest.id
	secret.Digest = newest.digest(t.domain, t.id, t.secret)
	secret.Seal = newest.seal(k, secret.Digest)
}
