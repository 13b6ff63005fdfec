package keys

import (
	"time"

	"example.com/tenet/tenancy"
)

// How long a replaced secret lives on.
const (
	DefaultGrace               = 24 * time.Hour
	MaxGrace                   = 30 * 24 * time.Hour
	NoGrace      time.Duration = -1 // not at all
)

// Rotation says what becomes of the secrets that a key has. The zero Rotation leaves
// the one before for [DefaultGrace].
type Rotation struct {
	// Grace is how long the replaced secret lives on, in whole microseconds: up to
	// [MaxGrace], and never past the key's expiry. Zero means [DefaultGrace];
	// [NoGrace] ends it now.
	Grace   time.Duration
	Replace bool // end the oldest live secret now, whatever the grace
}

// grace is how long the secret lives on that r replaces.
func (r Rotation) grace() (time.Duration, error) {
	switch {
	case r.Grace == NoGrace:
		return 0, nil
	case r.Grace == 0:
		return DefaultGrace, nil
	case r.Grace < 0 || r.Grace > MaxGrace:
		return 0, invalid("grace", "at most 30 days; 0 for a day; NoGrace for none")
	}
	return r.Grace, nil
}

// Rotate returns k with a new secret under the same id, and that secret.
//
// Of a key with one live secret, that one lives on for the grace, or ends now
// where r replaces. Of a key with two, r must replace: the older ends now and the
// newer lives on for the grace; else it is [tenancy.ErrRotationOpen]. A revoked or
// expired key is [ErrEnded], a grace out of bounds a [*tenancy.FieldError].
//
// The new secret is a native one, also where the one before was imported.
//
// A secret that verifies nothing, since its seal is broken or its pepper gone,
// is not live and is not kept. So a key whose pepper was withdrawn gets a working
// secret again by a rotation, and a row that somebody edited passes nothing on.
func (m Minter) Rotate(k tenancy.Key, by tenancy.UserID, now time.Time, r Rotation) (tenancy.Key, Secret, error) {
	if !k.Revoked.IsZero() || k.Expired(now) {
		return tenancy.Key{}, Secret{}, ErrEnded
	}
	grace, err := r.grace()
	if err != nil {
		return tenancy.Key{}, Secret{}, err
	}
	old, open := m.live(k, k.Current, now), m.live(k, k.Previous, now)
	if open && !r.Replace {
		return tenancy.Key{}, Secret{}, tenancy.ErrRotationOpen
	}
	k.Previous = tenancy.KeySecret{}
	if last := k.Current; old && (open || !r.Replace) {
		if last.Ends = graceEnd(k, now.Add(grace)); last.Live(now) {
			k.Previous = last
		}
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
