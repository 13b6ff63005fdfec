package keys

import "example.com/tenet/tenancy"

// Peppers are the active peppers. The newest signs, the older ones verify. A set
// is immutable, and the nil and the zero set verify nothing. It hides itself when
// printed.
type Peppers struct {
	veil
	list []Pepper
}

// NewPeppers returns the set of list, newest first. An empty list, a zero Pepper
// and two of one id are a [*tenancy.FieldError]. Few are meant: a look-up walks
// the list.
func NewPeppers(list ...Pepper) (*Peppers, error) {
	if len(list) == 0 {
		return nil, invalid("peppers", "at least one")
	}
	set := &Peppers{}
	for _, p := range list {
		if p.macs == nil {
			return nil, invalid("peppers", "made by NewPepper or FromPassphrase")
		}
		if set.Index(p.id) >= 0 {
			return nil, invalid("peppers", "of different ids")
		}
		set.list = append(set.list, p)
	}
	return set, nil
}

// Len is the number of peppers, 0 for the nil and the zero set.
func (p *Peppers) Len() int {
	if p == nil {
		return 0
	}
	return len(p.list)
}

// Index is the place of the pepper in the set, 0 for the newest, or -1 if it is
// not in it. It is stable: a table of keys may hold it in place of the id.
func (p *Peppers) Index(id string) int {
	if p != nil {
		for i := range p.list {
			if p.list[i].id == id {
				return i
			}
		}
	}
	return -1
}

// Digest is the digest of the token's secret under the pepper at index i, to be
// compared by [tenancy.Digest.Equal]. It is the part of [Peppers.Verify] for who
// keeps keys in a form of their own.
//
// It reports false, with the zero Digest, where i is no place in the set. The
// work was done all the same, under the newest pepper, so that an id that is not
// known costs what a known one costs: call it with -1 then.
func (p *Peppers) Digest(i int, t Token) (tenancy.Digest, bool) { return p.digest(i, t.presented()) }

// DigestForeign is [Peppers.Digest] for a token of another system.
func (p *Peppers) DigestForeign(i int, t ForeignToken) (tenancy.Digest, bool) {
	return p.digest(i, presentedHash(t.hash))
}

func (p *Peppers) digest(i int, t presented) (tenancy.Digest, bool) {
	if p == nil || len(p.list) == 0 {
		return tenancy.Digest{}, false
	}
	if i < 0 || i >= len(p.list) || t.secret == "" {
		p.list[0].digest(t.domain, t.id, t.secret)
		return tenancy.Digest{}, false
	}
	return p.list[i].digest(t.domain, t.id, t.secret), true
}

// of returns the pepper of a secret's record.
func (p *Peppers) of(id string) (Pepper, bool) {
	i := p.Index(id)
	if i < 0 {
		return Pepper{}, false
	}
	return p.list[i], true
}
