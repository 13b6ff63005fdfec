package tenancy

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds of names, in bytes.
const (
	MaxName   = 128
	MaxFolded = 255
)

// Fold returns the form under which two project names are the same name: full
// Unicode case folding over canonical equivalence (Unicode 3.13, D145), written
// as NFC. It is idempotent. It is for comparing and ordering, never for showing.
func Fold(name string) string {
	return norm.NFC.String(cases.Fold().String(strings.Map(upperCherokee, norm.NFD.String(name))))
}

// upperCherokee maps the small letters of Cherokee to the capitals. Case folding
// would leave two names of them: golang.org/x/text folds each case to the other.
func upperCherokee(r rune) rune {
	switch {
	case r >= 0xAB70 && r <= 0xABBF:
		return r - 0xAB70 + 0x13A0
	case r >= 0x13F8 && r <= 0x13FD:
		return r - 8
	}
	return r
}

// CheckName returns nil if s may be a display name: 1 to [MaxName] bytes of
// UTF-8 without control characters, line separators or space at an end, with
// something in it to see, its folded form at most [MaxFolded] bytes. Otherwise it returns a [*FieldError]
// for field.
func CheckName(field, s string) error {
	if s == "" || len(s) > MaxName {
		return invalid(field, "1 to 128 bytes")
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, notDisplayable) || strings.TrimSpace(s) != s {
		return invalid(field, "UTF-8 without control characters, line breaks or space at an end")
	}
	if !strings.ContainsFunc(s, visible) {
		return invalid(field, "a name with a letter, digit or sign in it")
	}
	if len(Fold(s)) > MaxFolded {
		return invalid(field, "at most 255 bytes once folded")
	}
	return nil
}

func notDisplayable(r rune) bool {
	return unicode.IsControl(r) || r == '\u2028' || r == '\u2029'
}

func visible(r rune) bool {
	return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S)
}

// NameClaim says that an active project holds a name in its organization. There
// is one for each active project and none for an archived one, so the claims of
// an organization in the order of their folded names are its active projects in
// the order of theirs.
type NameClaim struct {
	Org     OrgID     `json:"org"`
	Folded  string    `json:"folded"` // as Fold returns it; the claim's identity
	Project ProjectID `json:"project"`
}

// Ref is the claim's identity: the organization and the folded name.
func (c NameClaim) Ref() Ref { return NameClaimRef(c.Org, c.Folded).Ref }

func (NameClaim) entity() {}
