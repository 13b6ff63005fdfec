package keys

import (
	"strings"

	"example.com/tenet/tenancy"
)

// Token is a well-formed key token that somebody presented; nothing is verified
// yet. It hides itself when printed. [Format.Parse] makes it; the zero Token
// verifies nothing.
//
// A Token looks into the text that it was parsed from and copies nothing. Where
// that text lives in a buffer that is used again (fasthttp), the Token ends with
// the request.
type Token struct {
	veil
	// A pointer, since fmt follows none below the first level: a Token in an
	// unexported field of somebody's struct shows an address.
	text *string
}

// ID is the id of the key that the token claims to be of.
func (t Token) ID() tenancy.KeyID { return tenancy.KeyID(tenancy.PrefixKey + t.IDChars()) }

// IDChars is [Token.ID] without its prefix: the 12 characters, as part of the
// parsed text. It is empty for the zero Token.
func (t Token) IDChars() string {
	id, _ := cut(t.text, keyIDChars)
	return id
}

// Clone returns a Token with a copy of the text, for whoever needs it after the text's
// buffer is used again.
func (t Token) Clone() Token {
	if t.text == nil {
		return Token{}
	}
	own := strings.Clone(*t.text)
	return Token{text: &own}
}

func (t Token) presented() presented {
	id, secret := cut(t.text, keyIDChars)
	return presented{domainKey, id, secret}
}

// InviteToken is [Token] for invites. That a key token is no invite token, and
// the reverse, is settled by their kind, their digest and their Go type.
type InviteToken struct {
	veil
	text *string
}

// ParseInvite returns the invite token that text is, or [ErrMalformed].
func (f Format) ParseInvite(text string) (InviteToken, error) {
	own := text
	t := InviteToken{text: &own}
	if !f.invite.matches(text, inviteIDChars) {
		return InviteToken{}, ErrMalformed
	}
	if _, err := tenancy.ParseInviteID(string(t.ID())); err != nil {
		return InviteToken{}, ErrMalformed
	}
	return t, nil
}

// ID is the id of the invite that the token claims to be of.
func (t InviteToken) ID() tenancy.InviteID {
	id, _ := cut(t.text, inviteIDChars)
	return tenancy.InviteID(tenancy.PrefixInvite + id)
}

// cut returns the id and the secret of a text that matches, from the right.
func cut(text *string, idChars int) (id, secret string) {
	if text == nil {
		return "", ""
	}
	s := (*text)[:len(*text)-sumChars]
	at := len(s) - secretChars
	return s[at-1-idChars : at-1], s[at:]
}
