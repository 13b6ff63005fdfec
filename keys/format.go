package keys

import "strings"

// MaxLabel bounds a brand and an env, in bytes.
const MaxLabel = 32

// Lengths of the parts of a token, in bytes.
const (
	keyIDChars    = 12
	inviteIDChars = 26 // a ULID
	secretChars   = 30
)

// Kinds of tokens, as they stand in them. The digit is the version of the form.
const (
	kindKey    = "k1_"
	kindInvite = "i1_"
)

// Format is the brand and env of a deployment's tokens. It makes them
// recognizable: to a scanner for leaked secrets, and to a gateway of another env,
// which refuses them without a look-up. The zero Format parses nothing and mints
// nothing. A Format is a value and may be copied.
type Format struct {
	key, invite lead
}

// lead is what every token of one kind begins with.
type lead struct {
	text string // "<brand>_<env>_k1_"
	crc  uint32 // of text
}

// NewFormat returns the Format of brand and env, each 1 to [MaxLabel] bytes of
// a-z, 0-9 and the hyphen, or a [*tenancy.FieldError].
func NewFormat(brand, env string) (Format, error) {
	if !isLabel(brand) {
		return Format{}, invalid("brand", "1 to 32 of a-z, 0-9 and -")
	}
	if !isLabel(env) {
		return Format{}, invalid("env", "1 to 32 of a-z, 0-9 and -")
	}
	stem := brand + "_" + env + "_"
	return Format{key: newLead(stem + kindKey), invite: newLead(stem + kindInvite)}, nil
}

func newLead(text string) lead { return lead{text: text, crc: extend(0, text)} }

func isLabel(s string) bool {
	return s != "" && len(s) <= MaxLabel && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	})
}

// Prefix is what every key token of the format begins with, "acme_live_k1_": for
// a scanner's pattern, and to tell a broken token of this format from a token of
// another system. It is empty for the zero Format.
func (f Format) Prefix() string { return f.key.text }

// Parse returns the key token that text is, or [ErrMalformed]. Its cost does not
// depend on the length of text, and it allocates nothing; see [Token] for how
// long the result is good.
//
// Parse is small so that it is inlined: then the Token stays on the caller's
// stack.
func (f Format) Parse(text string) (Token, error) {
	if !f.key.matches(text, keyIDChars) {
		return Token{}, ErrMalformed
	}
	own := text
	return Token{text: &own}, nil
}

// matches reports whether text is lead, idChars of id, "_", secret and checksum.
// The length decides first, so parsing from the left and from the right are one:
// no label can hold an underscore.
func (l lead) matches(text string, idChars int) bool {
	if l.text == "" || len(text) != len(l.text)+idChars+1+secretChars+sumChars || text[:len(l.text)] != l.text {
		return false
	}
	body := text[len(l.text) : len(text)-sumChars]
	sum := sumText(extend(l.crc, body))
	return text[len(text)-sumChars:] == string(sum[:]) &&
		isBase62(body[:idChars]) && body[idChars] == '_' && isBase62(body[idChars+1:])
}

// render is the inverse of matches.
func (l lead) render(id, secret string) string {
	body := id + "_" + secret
	sum := sumText(extend(l.crc, body))
	return l.text + body + string(sum[:])
}
