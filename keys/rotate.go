package keys

import (
	"time"

	"example.com/tenet/tenancy"
)

// MaxGrace bounds how long a replaced secret may live on.
const MaxGrace = 30 * 24 * time.Hour

// Rotation says what becomes of the secrets that a key has. The zero Rotation
// ends the one before now.
type Rotation struct {
	Grace   time.Duration // how long the replaced secret lives on: 0 to [MaxGrace], and never past the key's expiry
	Replace bool          // end the oldest live secret now, whatever the grace
}

// Rotate returns k with a new secret under the same id, and that secret.
//
// Of a key with one live secret, that one lives on for the grace, or ends now
// where r replaces. Of a key with two, r must replace: the older ends now and the
// newer lives on for the grace; else it is [tenancy.ErrRotationOpen]. A revoked or
// expired key is [ErrEnded], a grace out of bounds a [*tenancy.FieldError].
//
// A secret that verifies nothing, since its seal is broken or its pepper gone,
// is not live and is not kept. So a key whose pepper was withdrawn gets a working
// secret again by a rotation, and a row that somebody edited passes nothing on.
func (m Minter) Rotate(k tenancy.Key, by tenancy.UserID, now time.Time, r Rotation) (tenancy.Key, Secret, error) {
	if !k.Revoked.IsZero() || k.Expired(now) {
		return tenancy.Key{}, Secret{}, ErrEnded
	}
	if r.Grace < 0 || r.Grace > MaxGrace {
		return tenancy.Key{}, Secret{}, invalid("grace", "0 to 30 days")
	}
	old, open := m.live(k, k.Current, now), m.live(k, k.Previous, now)
	if open && !r.Replace {
		return tenancy.Key{}, Secret{}, tenancy.ErrRotationOpen
	}
	k.Previous = tenancy.KeySecret{}
	if old && r.Grace > 0 && (open || !r.Replace) {
		k.Previous = k.Current
		k.Previous.Ends = graceEnd(k, now.Add(r.Grace))
	}
	return m.mint(k, by, now)
}

// live reports whether s, one of k's, can verify a token at now.
func (m Minter) live(k tenancy.Key, s tenancy.KeySecret, now time.Time) bool {
	return s.Live(now) && m.Peppers.Index(s.Pepper) >= 0 && m.Peppers.Sealed(k)
}

// graceEnd is end, or the key's expiry where that is sooner.
func graceEnd(k tenancy.Key, end time.Time) time.Time {
	if k.Expired(end) {
		return k.Expires
	}
	return tenancy.Instant(end)
}
