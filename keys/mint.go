package keys

import (
	"crypto/rand"
	"io"
	"strings"
	"time"

	"example.com/tenet/tenancy"
)

// Minter makes secrets. It is a value of the three things that minting needs and
// keeps nothing; without a Format or Peppers it refuses.
type Minter struct {
	Format  Format
	Peppers *Peppers  // the newest signs
	Rand    io.Reader // nil: crypto/rand.Reader
}

// Mint returns k with its first secret, and that secret. k comes with everything
// but Current, and with an ID or without: an empty one is drawn at random. The
// result is valid ([tenancy.Key.Validate]) or the error says what is not.
// Whether another key has the same id is for the store to say.
func (m Minter) Mint(k tenancy.Key, by tenancy.UserID, now time.Time) (tenancy.Key, Secret, error) {
	if k.Current != (tenancy.KeySecret{}) || k.Previous != (tenancy.KeySecret{}) {
		return tenancy.Key{}, Secret{}, invalid("current", "empty; a key that has a secret is rotated")
	}
	if k.ID == "" {
		id, err := randomText(m.source(), keyIDChars)
		if err != nil {
			return tenancy.Key{}, Secret{}, err
		}
		k.ID = tenancy.KeyID(tenancy.PrefixKey + id)
	}
	return m.mint(k, by, now)
}

// mint gives k a new Current.
func (m Minter) mint(k tenancy.Key, by tenancy.UserID, now time.Time) (tenancy.Key, Secret, error) {
	if _, err := tenancy.ParseKeyID(string(k.ID)); err != nil {
		return tenancy.Key{}, Secret{}, err
	}
	token, err := m.token(m.Format.key, strings.TrimPrefix(string(k.ID), tenancy.PrefixKey))
	if err != nil {
		return tenancy.Key{}, Secret{}, err
	}
	k.Current = tenancy.KeySecret{Hint: token[len(token)-tenancy.MaxHint:], MintedBy: by, Minted: tenancy.Instant(now)}
	m.Peppers.sign(&k, &k.Current, Token{text: &token}.presented())
	if err := k.Validate(); err != nil {
		return tenancy.Key{}, Secret{}, err
	}
	return k, newSecret(token), nil
}

// token draws a secret for id. The Minter is found wanting here, before anything
// is made.
func (m Minter) token(l lead, id string) (string, error) {
	if l.text == "" {
		return "", invalid("format", "made by NewFormat")
	}
	if m.Peppers == nil || len(m.Peppers.list) == 0 {
		return "", invalid("peppers", "made by NewPeppers")
	}
	secret, err := randomText(m.source(), secretChars)
	if err != nil {
		return "", err
	}
	return l.render(id, secret), nil
}

func (m Minter) source() io.Reader {
	if m.Rand == nil {
		return rand.Reader
	}
	return m.Rand
}
