package tenancy

import (
	"crypto/subtle"
	"fmt"
	"strings"
	"time"
)

// KeyKind says whom a key speaks for. The zero kind, and any unknown text, is no
// kind, and a key of it calls nothing.
type KeyKind string

// The kinds of keys.
const (
	// KeyPersonal is bound to one membership and works only while that person may
	// call models in the project.
	KeyPersonal KeyKind = "personal"
	// KeyService belongs to the project.
	KeyService KeyKind = "service"
)

// Key is an API key. It belongs to exactly one project for ever. The record
// holds digests, never a secret; package keys makes and verifies them.
type Key struct {
	Org     OrgID     `json:"org"`
	ID      KeyID     `json:"id"`
	Project ProjectID `json:"project"`
	Kind    KeyKind   `json:"kind"`
	Name    string    `json:"name"`
	// Holder and Membership are whose a personal key is; empty on a service key.
	Holder     UserID       `json:"holder,omitzero"`
	Membership MembershipID `json:"membership,omitzero"`
	// Models narrows what the project has; "all" does not narrow, empty is none.
	Models ModelSet `json:"models"`
	Limits Limits   `json:"limits,omitzero"`
	// Current verifies the newest secret. Previous verifies the one before while
	// a rotation's grace lasts, and is zero otherwise.
	Current   KeySecret `json:"current"`
	Previous  KeySecret `json:"previous,omitzero"`
	CreatedBy UserID    `json:"created_by"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"` // zero: never
	Revoked   time.Time `json:"revoked,omitzero"`
}

// KeySecret is what is kept of one secret of a key.
type KeySecret struct {
	Digest   Digest    `json:"digest"` // keyed digest of the secret
	Seal     Digest    `json:"seal"`   // binds the digest to its key, project and organization
	Pepper   string    `json:"pepper"` // id of the pepper that keyed both
	Hint     string    `json:"hint"`   // the token's last four characters
	MintedBy UserID    `json:"minted_by"`
	Minted   time.Time `json:"minted"`
	Ends     time.Time `json:"ends,omitzero"` // end of its grace; zero: with the key
}

// Digest is a 32-byte keyed digest. It hides itself wherever values are printed;
// package store writes it out in full.
type Digest [32]byte

const hiddenDigest = "[digest]"

// String hides the digest.
func (Digest) String() string { return hiddenDigest }

// Format hides the digest from every verb of fmt.
func (Digest) Format(w fmt.State, _ rune) {
	_, _ = w.Write([]byte(hiddenDigest)) // fmt's own buffer
}

// MarshalText hides the digest, in JSON and logs too.
func (Digest) MarshalText() ([]byte, error) { return []byte(hiddenDigest), nil }

// Equal compares in constant time.
func (d Digest) Equal(o Digest) bool { return subtle.ConstantTimeCompare(d[:], o[:]) == 1 }

// Bounds of a key's texts, in bytes.
const (
	MaxPepperID = 64
	MaxHint     = 4
)

// Ref is the key's identity.
func (k Key) Ref() Ref { return KeyRef(k.Org, k.ID).Ref }

func (Key) entity() {}

// Expired reports whether the key's time is over. A key expires at the instant
// that it names.
func (k Key) Expired(now time.Time) bool { return !k.Expires.IsZero() && !now.Before(k.Expires) }

// CheckExpiry returns a [*FieldError] if the key is to expire, and not after now.
func (k Key) CheckExpiry(now time.Time) error {
	if k.Expired(now) {
		return invalid("expires", "in the future, or not set")
	}
	return checkTime("expires", k.Expires)
}

// Live reports whether the secret exists and its own end, if any, is not reached.
func (s KeySecret) Live(now time.Time) bool {
	return s.Pepper != "" && (s.Ends.IsZero() || now.Before(s.Ends))
}

// Rename returns the key under another name.
func (k Key) Rename(name string) (Key, error) {
	k.Name = name
	return k, CheckName("name", name)
}

// RestrictTo returns the key narrowed to set; "all" lifts the restriction. The set
// never widens anything: a decision intersects it with the project's. What is newly
// listed must be what inPlan reports, in the terms of [Project.SetModels].
func (k Key) RestrictTo(set ModelSet, inPlan func(ModelID) bool) (Key, error) {
	if err := firstError(set.check("models"), newlyIn(k.Models, set, inPlan)); err != nil {
		return k, err
	}
	k.Models = set
	return k, nil
}

// Revoke returns the key switched off for good. Revoking twice keeps the first
// time.
func (k Key) Revoke(now time.Time) Key {
	if k.Revoked.IsZero() {
		k.Revoked = Instant(now)
	}
	return k
}

// Validate returns the first [*FieldError] of the record, or nil.
func (k Key) Validate() error {
	_, orgErr := ParseOrgID(string(k.Org))
	_, idErr := ParseKeyID(string(k.ID))
	_, projectErr := ParseProjectID(string(k.Project))
	_, byErr := ParseUserID(string(k.CreatedBy))
	return firstError(orgErr, idErr, projectErr, byErr,
		k.checkHolder(),
		CheckName("name", k.Name),
		k.Models.check("models"),
		k.Limits.check("limits"),
		k.Current.check("current"),
		k.checkPrevious(),
		checkTime("created", k.Created),
		checkTime("expires", k.Expires),
		checkTime("revoked", k.Revoked),
	)
}

func (k Key) checkHolder() error {
	switch k.Kind {
	case KeyService:
		if k.Holder != "" || k.Membership != "" {
			return invalid("holder", "empty on a service key")
		}
		return nil
	case KeyPersonal:
		_, userErr := ParseUserID(string(k.Holder))
		_, stayErr := ParseMembershipID(string(k.Membership))
		return firstError(userErr, stayErr)
	}
	return invalid("kind", "personal or service")
}

func (k Key) checkPrevious() error {
	if k.Previous == (KeySecret{}) {
		return nil
	}
	return k.Previous.check("previous")
}

// checkPepper allows the ids that package keys gives peppers.
func checkPepper(field, id string) error {
	if id == "" || len(id) > MaxPepperID || strings.ContainsFunc(id, notPepperChar) {
		return invalid(field, "under a pepper id of 1 to 64 ASCII letters, digits and ._-")
	}
	return nil
}

func notPepperChar(r rune) bool { return notBase62(r) && !strings.ContainsRune("._-", r) }

func (s KeySecret) check(field string) error {
	if err := checkPepper(field, s.Pepper); err != nil {
		return err
	}
	if len(s.Hint) > MaxHint || strings.ContainsFunc(s.Hint, notBase62) {
		return invalid(field, "a secret with a hint of at most 4 base62 characters")
	}
	_, err := ParseUserID(string(s.MintedBy))
	return firstError(err, checkTime(field, s.Minted), checkTime(field, s.Ends))
}
