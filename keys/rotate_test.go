package keys_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// rotating is a key with its history of secrets, oldest first.
type rotating struct {
	*world
	key     tenancy.Key
	secrets []keys.Token
}

func newRotating(t *testing.T) *rotating {
	w := newWorld(t)
	r := &rotating{world: w}
	key, secret := w.mint(w.personal())
	r.key, r.secrets = key, []keys.Token{w.parse(secret.Reveal())}
	return r
}

func (r *rotating) rotate(at time.Time, by keys.Rotation) error {
	key, secret, err := r.minter.Rotate(r.key, "u2", at, by)
	if err != nil {
		return err
	}
	r.key, r.secrets = key, append(r.secrets, r.parse(secret.Reveal()))
	return nil
}

// works says of each secret, oldest first, whether it verifies at a time.
func (r *rotating) works(at time.Time) (out []bool) {
	for _, s := range r.secrets {
		out = append(out, r.peppers.Verify(&r.key, s, at).OK)
	}
	return out
}

// The state table of rotation: what each does to a key with one live secret, or
// two, and what of the secrets works when.
func TestA29Rotate(t *testing.T) {
	const us, hour, day = time.Microsecond, time.Hour, 24 * time.Hour
	type when struct {
		after time.Duration
		works []bool
	}
	open := func(r *rotating) { must(0, r.rotate(now, keys.Rotation{Grace: day})) }
	const over = keys.MaxGrace + 1
	tests := []struct {
		name, why string
		before    func(*rotating)
		at        time.Duration
		rotation  keys.Rotation
		err       error
		then      []when
	}{
		{"one, grace", "the old secret lives for the grace, to the instant", nil, 0, keys.Rotation{Grace: hour}, nil,
			[]when{{0, []bool{true, true}}, {hour - us, []bool{true, true}}, {hour - 1, []bool{true, true}}, {hour, []bool{false, true}}, {hour + 1, []bool{false, true}}, {hour + us, []bool{false, true}}}},
		{"one, nothing said", "the grace is a day", nil, 0, keys.Rotation{}, nil,
			[]when{{0, []bool{true, true}}, {day - us, []bool{true, true}}, {day - 1, []bool{true, true}}, {day, []bool{false, true}}, {day + 1, []bool{false, true}}, {day + us, []bool{false, true}}}},
		{"one, no grace", "the old secret ends now", nil, 0, keys.Rotation{Grace: keys.NoGrace}, nil, []when{{0, []bool{false, true}}}},
		{"one, least grace", "a microsecond is kept", nil, 0, keys.Rotation{Grace: time.Microsecond}, nil,
			[]when{{0, []bool{true, true}}, {time.Microsecond, []bool{false, true}}}},
		{"one, less than the least", "a time is whole microseconds, and none is none", nil, 0, keys.Rotation{Grace: us - 1}, nil,
			[]when{{0, []bool{false, true}}}},
		{"one, between two microseconds", "the grace is cut, not stretched", nil, 1, keys.Rotation{Grace: hour + 1}, nil,
			[]when{{hour - 1, []bool{true, true}}, {hour, []bool{false, true}}}},
		{"one, below the most", "30 days are allowed", nil, 0, keys.Rotation{Grace: keys.MaxGrace - 1}, nil,
			[]when{{keys.MaxGrace - us - 1, []bool{true, true}}, {keys.MaxGrace - us, []bool{false, true}}}},
		{"one, most grace", "30 days are allowed", nil, 0, keys.Rotation{Grace: keys.MaxGrace}, nil,
			[]when{{keys.MaxGrace - us, []bool{true, true}}, {keys.MaxGrace - 1, []bool{true, true}}, {keys.MaxGrace, []bool{false, true}}, {keys.MaxGrace + 1, []bool{false, true}}, {keys.MaxGrace + us, []bool{false, true}}}},
		{"one, grace over", "30 days are the most", nil, 0, keys.Rotation{Grace: over}, tenancy.ErrInvalid, nil},
		{"one, replacing, grace over", "a grace that does not matter is judged too", nil, 0, keys.Rotation{Grace: over, Replace: true}, tenancy.ErrInvalid, nil},
		{"one, grace under", "a grace is not negative", nil, 0, keys.Rotation{Grace: -us}, tenancy.ErrInvalid, nil},
		{"one, grace next to none", "NoGrace is one value", nil, 0, keys.Rotation{Grace: keys.NoGrace - 1}, tenancy.ErrInvalid, nil},
		{"one, replacing", "the oldest ends now, whatever the grace", nil, 0, keys.Rotation{Grace: day, Replace: true}, nil,
			[]when{{0, []bool{false, true}}}},
		{"two", "at most two live at a time", open, hour, keys.Rotation{Grace: hour}, tenancy.ErrRotationOpen, nil},
		{"two, nothing said", "to end one is a replacement, and must be said", open, hour, keys.Rotation{}, tenancy.ErrRotationOpen, nil},
		{"two, no grace", "to end both is a replacement, and must be said", open, hour, keys.Rotation{Grace: keys.NoGrace}, tenancy.ErrRotationOpen, nil},
		{"two, a moment before the end", "the first still lives", open, day - 1, keys.Rotation{Grace: hour}, tenancy.ErrRotationOpen, nil},
		{"two, at the end", "the first is over", open, day, keys.Rotation{Grace: hour}, nil,
			[]when{{day, []bool{false, true, true}}, {day + hour, []bool{false, false, true}}}},
		{"two, replacing", "the oldest ends now, the newer lives for the grace", open, hour, keys.Rotation{Grace: hour, Replace: true}, nil,
			[]when{{hour, []bool{false, true, true}}, {2*hour - 1, []bool{false, true, true}}, {2 * hour, []bool{false, false, true}}}},
		{"two, replacing, nothing said", "the newer lives for a day", open, hour, keys.Rotation{Replace: true}, nil,
			[]when{{hour, []bool{false, true, true}}, {hour + day - 1, []bool{false, true, true}}, {hour + day, []bool{false, false, true}}}},
		{"two, replacing, no grace", "both end now", open, hour, keys.Rotation{Grace: keys.NoGrace, Replace: true}, nil, []when{{hour, []bool{false, false, true}}}},
		{"expires within the grace", "the grace never passes the expiry", func(r *rotating) { r.key.Expires = now.Add(hour) }, 0,
			keys.Rotation{Grace: day}, nil, []when{{hour - 1, []bool{true, true}}, {hour, []bool{false, true}}}},
		{"expires at the grace's end", "the two are one instant", func(r *rotating) { r.key.Expires = now.Add(day) }, 0,
			keys.Rotation{}, nil, []when{{day - 1, []bool{true, true}}, {day, []bool{false, true}}}},
		{"expired", "what is over stays over", func(r *rotating) { r.key.Expires = now.Add(hour) }, hour, keys.Rotation{}, keys.ErrEnded, nil},
		{"revoked", "revocation is final", func(r *rotating) { r.key = r.key.Revoke(now) }, 0, keys.Rotation{Replace: true}, keys.ErrEnded, nil},
		{"revoked in the grace", "revocation is final", func(r *rotating) { open(r); r.key = r.key.Revoke(now) }, hour,
			keys.Rotation{Replace: true}, keys.ErrEnded, nil},
		{"the row was moved", "a broken seal passes nothing on", func(r *rotating) { r.key.Project = "proj_01J0000000000000000000000Z" }, 0,
			keys.Rotation{Grace: day}, nil, []when{{0, []bool{false, true}}}},
		{"the row was moved in the grace", "a broken seal passes nothing on and holds nothing up", func(r *rotating) {
			open(r)
			r.key.Project = "proj_01J0000000000000000000000Z"
		}, 0, keys.Rotation{Grace: day}, nil, []when{{0, []bool{false, false, true}}}},
		{"pepper withdrawn", "what cannot be checked is not kept, and the key works again", func(r *rotating) { r.key.Current.Pepper = "2024" }, 0,
			keys.Rotation{Grace: day}, nil, []when{{0, []bool{false, true}}}},
		{"previous pepper withdrawn", "what verifies nothing is not live", func(r *rotating) { open(r); r.key.Previous.Pepper = "2024" }, 0,
			keys.Rotation{Grace: day}, nil, []when{{0, []bool{false, true, true}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRotating(t)
			if tt.before != nil {
				tt.before(r)
			}
			before := r.key
			if err := r.rotate(now.Add(tt.at), tt.rotation); !errors.Is(err, tt.err) {
				t.Fatalf("%s: error %v, want %v", tt.why, err, tt.err)
			}
			if tt.err != nil {
				return
			}
			for _, w := range tt.then {
				if diff := cmp.Diff(w.works, r.works(now.Add(w.after))); diff != "" {
					t.Errorf("%s: after %v (-want +got):\n%s", tt.why, w.after, diff)
				}
			}
			checkRotated(t, r, before, now.Add(tt.at))
		})
	}
}

// checkRotated holds a rotation to its secrets: nothing else of the record moves,
// the result is valid and sealed, and the previous secret ends in time.
func checkRotated(t *testing.T, r *rotating, before tenancy.Key, at time.Time) {
	t.Helper()
	got := r.key
	if err := got.Validate(); err != nil || !r.peppers.Sealed(got) {
		t.Errorf("sealed %v, %v", r.peppers.Sealed(got), err)
	}
	if got.Current.MintedBy != "u2" || got.Current.Minted != tenancy.Instant(at) || !got.Current.Ends.IsZero() {
		t.Errorf("the new secret is %+v", got.Current)
	}
	if p := got.Previous; p != (tenancy.KeySecret{}) {
		p.Ends = before.Current.Ends
		if p != before.Current || !got.Previous.Live(at) || got.Previous.Ends.IsZero() || got.Previous.Ends.After(at.Add(keys.MaxGrace)) {
			t.Errorf("the previous secret is %+v", got.Previous)
		}
	}
	got.Current, got.Previous = before.Current, before.Previous
	if diff := cmp.Diff(before, got); diff != "" {
		t.Errorf("more moved than secrets (-want +got):\n%s", diff)
	}
}

func TestRotateWithoutMeans(t *testing.T) {
	r := newRotating(t)
	for field, m := range map[string]keys.Minter{
		"format":  {Peppers: r.peppers},
		"peppers": {Format: r.format},
	} {
		_, secret, err := m.Rotate(r.key, "u2", now, keys.Rotation{})
		checkField(t, err, field)
		if secret.Reveal() != "" {
			t.Error("a secret was minted")
		}
	}
}
