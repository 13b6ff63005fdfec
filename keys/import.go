package keys

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/bits"
	"time"

	"example.com/tenet/tenancy"
)

// Scheme is how another system turns its tokens into what it stores of them, and so
// how keys of it are brought along. The zero Scheme is none.
type Scheme string

// SHA256Hex is the SHA-256 of the whole token, written as 64 hexadecimal digits: what
// LiteLLM and Unkey keep.
const SHA256Hex Scheme = "sha256-hex"

// Import is the hash by which another system knows one of its tokens. It makes a key
// ([Peppers.Import]) and verifies as none: whoever has read the other system's
// database has the hash. It hides itself when printed. [ParseImport] makes it.
type Import struct {
	veil
	stored hidden // not as in ForeignToken, so that neither converts into the other
}

// ParseImport returns the Import of a hash in the form of [SHA256Hex], its digits in
// either case, or a [*tenancy.FieldError].
func ParseImport(text string) (Import, error) {
	var hash [sha256.Size]byte
	if len(text) != hex.EncodedLen(len(hash)) {
		return Import{}, invalid("sha256", "64 hexadecimal digits")
	}
	if _, err := hex.Decode(hash[:], []byte(text)); err != nil {
		return Import{}, invalid("sha256", "64 hexadecimal digits")
	}
	own := &hash
	return Import{stored: &own}, nil
}

// ID is the id of the key that the Import makes: 71 bits of the hash, so that a
// presented token leads to its key without another index. The id is not secret. Who
// sees it can try tokens against it, which is hopeless for one that a machine drew at
// random and easy for one that a person made up: import no such.
func (i Import) ID() tenancy.KeyID { return hashID(i.stored) }

// Import returns k with the secret that i is the hash of, under the newest pepper. k
// comes with everything but ID and Current; its ID becomes [Import.ID]. The secret
// has no hint, since the token is not known. The result is valid ([tenancy.Key.Validate])
// or the error says what is not. Whether another key has the same id is for the store
// to say.
func (p *Peppers) Import(k tenancy.Key, i Import, by tenancy.UserID, now time.Time) (tenancy.Key, error) {
	switch {
	case k.ID != "" || k.Current != (tenancy.KeySecret{}) || k.Previous != (tenancy.KeySecret{}):
		return tenancy.Key{}, invalid("current", "empty, and so the id; a key is imported once")
	case i.stored == nil:
		return tenancy.Key{}, invalid("sha256", "made by ParseImport")
	case p.Len() == 0:
		return tenancy.Key{}, invalid("peppers", "made by NewPeppers")
	}
	k.ID = i.ID()
	k.Current = tenancy.KeySecret{MintedBy: by, Minted: tenancy.Instant(now)}
	p.sign(&k, &k.Current, presentedHash(i.stored))
	if err := k.Validate(); err != nil {
		return tenancy.Key{}, err
	}
	return k, nil
}

// Imported reports whether i is what k's current secret was imported from. It trusts
// that [Peppers.Sealed] was true of k.
func (p *Peppers) Imported(k tenancy.Key, i Import) bool {
	digest, ok := p.digest(p.Index(k.Current.Pepper), presentedHash(i.stored))
	return k.Current.Digest.Equal(digest) && ok
}

// hidden is a hash where fmt does not find it: told to print a struct by a verb that it does
// not know, it follows one pointer, and no second.
type hidden **[sha256.Size]byte

// hashID is the id that a hash leads to; empty of none.
func hashID(hash hidden) tenancy.KeyID {
	if hash == nil {
		return ""
	}
	chars := hashChars(*hash)
	return tenancy.KeyID(tenancy.PrefixKey + string(chars[:]))
}

// hashChars are the first 71 bits of a hash as base62 digits, most significant first:
// as many bits as twelve digits can hold.
func hashChars(hash *[sha256.Size]byte) (chars [keyIDChars]byte) {
	high := uint64(hash[0]) >> 1
	low := uint64(hash[0])<<63 | binary.BigEndian.Uint64(hash[1:9])>>1
	for i := keyIDChars - 1; i >= 0; i-- {
		var digit uint64
		high, digit = high/uint64(len(alphabet)), high%uint64(len(alphabet))
		low, digit = bits.Div64(digit, low, uint64(len(alphabet)))
		chars[i] = alphabet[digit]
	}
	return chars
}

// presentedHash is a token by its hash. The id is not in the digest, since it follows
// from the hash.
func presentedHash(hash hidden) presented {
	if hash == nil {
		return presented{domain: domainImport}
	}
	return presented{domain: domainImport, secret: string((*hash)[:])}
}
