package tenancy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"
)

// Identifiers are compared byte for byte. Each kind has a type of its own, so that
// the compiler tells a user from a project; all are strings, so that database/sql,
// encoding/json and maps need no help with them. The Parse functions are strict
// and are for the edge: inside, an identifier is what it was made as.

// OrgID is org_ and a ULID, minted by Tenet.
type OrgID string

// ProjectID is proj_ and a ULID, minted by Tenet.
type ProjectID string

// MembershipID is mem_ and a ULID, minted by Tenet: one stay of one user on one
// roster.
type MembershipID string

// InviteID is inv_ and a ULID, minted by Tenet.
type InviteID string

// KeyID is key_ and 12 base62 characters, minted by Tenet. It is not secret.
type KeyID string

// UserID is the host's own name for a user: opaque, 1 to 255 bytes.
type UserID string

// ModelID is the operator's name for a model: 1 to 128 ASCII bytes.
type ModelID string

// Prefixes of the identifiers that Tenet mints.
const (
	PrefixOrg        = "org_"
	PrefixProject    = "proj_"
	PrefixMembership = "mem_"
	PrefixInvite     = "inv_"
	PrefixKey        = "key_"
)

// Bounds of identifiers, in bytes.
const (
	MaxUserID  = 255
	MaxModelID = 128
	keyIDChars = 12
)

// ParseOrgID returns s as an OrgID, or a [*FieldError] unless it is "org_" and a
// ULID in its canonical upper case.
func ParseOrgID(s string) (OrgID, error) { return parseULID[OrgID]("organization", PrefixOrg, s) }

// ParseProjectID is [ParseOrgID] for projects.
func ParseProjectID(s string) (ProjectID, error) {
	return parseULID[ProjectID]("project", PrefixProject, s)
}

// ParseMembershipID is [ParseOrgID] for memberships.
func ParseMembershipID(s string) (MembershipID, error) {
	return parseULID[MembershipID]("membership", PrefixMembership, s)
}

// ParseInviteID is [ParseOrgID] for invites.
func ParseInviteID(s string) (InviteID, error) {
	return parseULID[InviteID]("invite", PrefixInvite, s)
}

func parseULID[T ~string](field, prefix, s string) (T, error) {
	body, ok := strings.CutPrefix(s, prefix)
	if id, err := ulid.ParseStrict(body); !ok || err != nil || id.String() != body {
		return "", invalid(field, prefix+" and a ULID")
	}
	return T(strings.Clone(s)), nil
}

// ParseKeyID returns s as a KeyID, or a [*FieldError] unless it is "key_" and 12
// base62 characters.
func ParseKeyID(s string) (KeyID, error) {
	body, ok := strings.CutPrefix(s, PrefixKey)
	if !ok || len(body) != keyIDChars || strings.ContainsFunc(body, notBase62) {
		return "", invalid("key", PrefixKey+" and 12 base62 characters")
	}
	return KeyID(strings.Clone(s)), nil
}

func notBase62(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

// ParseUserID returns s as a UserID, or a [*FieldError] unless it is valid UTF-8
// of 1 to [MaxUserID] bytes without control characters. Nothing is folded or
// normalised: two users whose ids differ in a byte are two users.
func ParseUserID(s string) (UserID, error) {
	if s == "" || len(s) > MaxUserID || !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return "", invalid("user", "1 to 255 bytes of UTF-8 without control characters")
	}
	return UserID(strings.Clone(s)), nil
}

// ParseModelID returns s as a ModelID, or a [*FieldError] unless it is 1 to
// [MaxModelID] bytes of ASCII letters, digits and . _ - : / @ + ~ . The set
// leaves out what would need quoting and what could be mistaken for a pattern.
func ParseModelID(s string) (ModelID, error) {
	if s == "" || len(s) > MaxModelID || strings.ContainsFunc(s, notModelChar) {
		return "", invalid("model", "1 to 128 ASCII letters, digits and ._-:/@+~")
	}
	return ModelID(strings.Clone(s)), nil
}

func notModelChar(r rune) bool {
	return notBase62(r) && !strings.ContainsRune("._-:/@+~", r)
}
