package access

import (
	"sync/atomic" //nolint:depguard // keeps a set as bits once it was worked out; no goroutine

	"example.com/tenet/tenancy"
)

// bits is a set of models by their places in a catalogue. The first 64 stand apart, so
// that most catalogues need no second look into memory.
type bits struct {
	first uint64
	more  []uint64
}

func (b *bits) has(n int) bool {
	if n < 64 {
		return b.first>>n&1 == 1
	}
	return b.more[n/64-1]>>(n%64)&1 == 1
}

// bits are the models of the catalogue that are in a set.
func (c *Catalogue) bits(in func(tenancy.Model) bool) bits {
	var b bits
	if c == nil {
		return b
	}
	b.more = make([]uint64, len(c.ordered)/64)
	for _, m := range c.models {
		if !in(m.Model) {
			continue
		}
		if m.n < 64 {
			b.first |= 1 << m.n
		} else {
			b.more[m.n/64-1] |= 1 << (m.n % 64)
		}
	}
	return b
}

// Models is a [tenancy.ModelSet] that is asked often: whoever keeps many keys keeps one
// for each set that they have. It holds no decision, only the set as bits of the
// catalogue that it was last asked about. The zero Models is empty. It may be used from
// any goroutine, and is not to be copied.
type Models struct {
	set tenancy.ModelSet
	at  atomic.Pointer[modelBits]
}

type modelBits struct {
	of *Catalogue
	bits
}

// NewModels returns the Models of a set.
func NewModels(set tenancy.ModelSet) *Models { return &Models{set: set} }

func (s *Models) has(c *Catalogue, m *entered) bool {
	if s == nil || s.set.All() {
		return s != nil
	}
	b := s.at.Load()
	if b == nil || b.of != c {
		b = &modelBits{c, c.bits(func(m tenancy.Model) bool { return s.set.Has(m.ID) })}
		s.at.Store(b)
	}
	return b.has(m.n)
}
