package keys

import (
	"crypto/sha256"
	"strings"

	"example.com/tenet/tenancy"
)

// MaxForeign bounds a token of another system, in bytes.
const MaxForeign = 512

// ForeignToken is a token that somebody presented and that may be one of another
// system; nothing is verified yet. It hides itself when printed.
// [Format.ParseForeign] makes it; the zero ForeignToken verifies nothing.
//
// It holds a hash of the text and not the text, and so may be kept.
type ForeignToken struct {
	veil
	hash hidden
}

// ParseForeign returns text as a token of another system, or [ErrMalformed] where it
// is empty, longer than [MaxForeign], or begins as a token of this format does: that
// is a native one, whole or broken, and never looked up as another. Its cost does
// not depend on the length of a text that is too long.
//
// ParseForeign is small so that it is inlined, as [Format.Parse] is.
func (f Format) ParseForeign(text string) (t ForeignToken, err error) {
	hash := new([sha256.Size]byte)
	if err = f.hashForeign(text, hash); err == nil {
		t.hash = &hash
	}
	return
}

func (f Format) hashForeign(text string, hash *[sha256.Size]byte) error {
	if text == "" || len(text) > MaxForeign || f.Native(text) {
		return ErrMalformed
	}
	var own [MaxForeign]byte // since sha256 takes no string
	*hash = sha256.Sum256(own[:copy(own[:], text)])
	return nil
}

// Native reports whether text begins as the tokens of the format do, those of keys or
// of invites. To the zero Format every text does.
func (f Format) Native(text string) bool {
	return strings.HasPrefix(text, f.key.text) || strings.HasPrefix(text, f.invite.text)
}

// ID is the id of the key that the token would be of.
func (t ForeignToken) ID() tenancy.KeyID { return hashID(t.hash) }

// Clone returns a ForeignToken that shares nothing with t: whoever keeps that leaves t
// on its caller's stack.
func (t ForeignToken) Clone() ForeignToken {
	if t.hash == nil {
		return ForeignToken{}
	}
	own := **t.hash
	at := &own
	return ForeignToken{hash: &at}
}

// IDChars is [ForeignToken.ID] without its prefix. It is zero for the zero
// ForeignToken.
func (t ForeignToken) IDChars() (chars [keyIDChars]byte) {
	if t.hash == nil {
		return chars
	}
	return hashChars(*t.hash)
}
