package keys

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strings"
	"sync"

	"example.com/tenet/tenancy"
)

// MinPepper is the least length of a pepper's secret, in bytes.
const MinPepper = 32

// Pepper is a key of the host's that digests and seals are made under. It is
// kept outside the database. It hides itself when printed. [NewPepper] and
// [FromPassphrase] make it; the zero Pepper is refused.
type Pepper struct {
	veil
	id   string
	macs *sync.Pool // of *mac; its New holds the secret
}

// NewPepper returns the pepper of secret, which it copies: at least [MinPepper]
// bytes from a random source, not all the same. The id is stored with each digest
// and is not secret: 1 to [tenancy.MaxPepperID] ASCII letters, digits and . _ -
// Other values are a [*tenancy.FieldError].
func NewPepper(id string, secret []byte) (Pepper, error) {
	if err := checkPepperID(id); err != nil {
		return Pepper{}, err
	}
	if len(secret) < MinPepper || bytes.Count(secret, secret[:1]) == len(secret) {
		return Pepper{}, invalid("pepper", "at least 32 random bytes")
	}
	own := bytes.Clone(secret)
	return Pepper{id: id, macs: &sync.Pool{New: func() any { return newMAC(own) }}}, nil
}

func checkPepperID(id string) error {
	bad := func(c rune) bool { return c > 0x7f || !inAlphabet[c] && !strings.ContainsRune("._-", c) }
	if id == "" || len(id) > tenancy.MaxPepperID || strings.ContainsFunc(id, bad) {
		return invalid("pepper id", "1 to 64 ASCII letters, digits and ._-")
	}
	return nil
}

// ID is the id under which records name the pepper.
func (p Pepper) ID() string { return p.id }

// Domains of the digests. None begins with another, so no input of one is an
// input of another.
const (
	domainKey    = "tenet/key/v1"
	domainRow    = "tenet/row/v1"
	domainInvite = "tenet/invite/v1"
	domainImport = "tenet/import/v1"
)

// presented is what the digest of a token's secret is made of. Each domain has parts
// of its own fixed lengths.
type presented struct {
	domain, id string
	secret     string // empty of the zero token
}

// digest is the keyed digest of a secret, whose parts have fixed lengths.
func (p Pepper) digest(domain, id, secret string) tenancy.Digest {
	m := p.macs.Get().(*mac)
	defer p.macs.Put(m)
	m.in = append(append(append(m.in[:0], domain...), id...), secret...)
	return m.sum()
}

// seal binds digest to the key's identity, place and holder.
func (p Pepper) seal(k *tenancy.Key, digest tenancy.Digest) tenancy.Digest {
	m := p.macs.Get().(*mac)
	defer p.macs.Put(m)
	m.in = append(m.in[:0], domainRow...)
	m.part(string(k.ID))
	m.part(string(k.Org))
	m.part(string(k.Project))
	m.part(string(k.Kind))
	m.part(string(k.Membership))
	m.part(string(digest[:]))
	return m.sum()
}

// mac is an HMAC with its input and output, kept together and used again so that
// a digest costs no allocation and half the time of a new HMAC.
type mac struct {
	hash hash.Hash
	in   []byte
	out  [sha256.Size]byte
}

func newMAC(secret []byte) *mac {
	return &mac{hash: hmac.New(sha256.New, secret), in: make([]byte, 0, 256)}
}

func (m *mac) part(s string) {
	m.in = append(binary.BigEndian.AppendUint32(m.in, uint32(len(s))), s...)
}

func (m *mac) sum() tenancy.Digest {
	m.hash.Reset()
	m.hash.Write(m.in)
	m.hash.Sum(m.out[:0])
	return m.out
}
