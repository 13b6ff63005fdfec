package tenet

import (
	"encoding/binary"
	"sync/atomic"
	"time"
	"unsafe" //nolint:depguard // a string of its own for each of a million ids would be a third more memory

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// keySlot is where a key is, for as long as the process runs. A Principal keeps it, and so
// sees every later change of its key at once.
//
// Its words are written one by one, and read so that what is read was there at one moment:
// the state says that they are being written, and is another afterwards. There is one
// writer at a time.
type keySlot struct {
	id      [len(tenancy.PrefixKey) + keyChars]byte // written once, before anybody can find the slot
	state   atomic.Uint64                           // flags, the pepper's index and one, whether it is being written, and a count of writings
	digest  [4]atomic.Uint64
	expires atomic.Int64 // Unix microseconds; 0: never
	site    atomic.Pointer[site]
	models  atomic.Pointer[access.Models]
	more    atomic.Pointer[keyMore]
}

// The flags of a slot.
const (
	keyKnown uint8 = 1 << iota // it is there, and its row is one that this deployment wrote
	keyRevoked
	keyService
	keyPersonal
)

// The parts of a slot's state.
const (
	pepperShift = 8
	writing     = 1 << 16
	written     = 1 << 17
)

// maxPepper is the largest index that a slot holds.
const maxPepper = 1<<8 - 2

// keyMore is what few keys have, or only those of people. Immutable.
type keyMore struct {
	holder     tenancy.UserID
	membership tenancy.MembershipID
	key        *tenancy.Key // of one with two secrets, or with a secret that ends
}

// keyRecord is what a slot holds of a key: what the request path needs.
type keyRecord struct {
	digest  tenancy.Digest
	flags   uint8
	pepper  int // index in the set of peppers, -1 of none
	expires int64
	site    *site
	models  *access.Models
	more    *keyMore
}

// name is the key's id. It shares the memory of the slot, which is never written again.
func (s *keySlot) name() tenancy.KeyID { return tenancy.KeyID(unsafe.String(&s.id[0], len(s.id))) }

func (s *keySlot) chars() string { return string(s.name()[len(tenancy.PrefixKey):]) }

// read returns what the slot holds now.
func (s *keySlot) read() (k keyRecord) {
	for {
		before := s.state.Load()
		if before&writing == 0 {
			for i := range s.digest {
				binary.LittleEndian.PutUint64(k.digest[8*i:], s.digest[i].Load())
			}
			k.flags, k.pepper = uint8(before), int(uint8(before>>pepperShift))-1
			k.expires, k.site, k.models, k.more = s.expires.Load(), s.site.Load(), s.models.Load(), s.more.Load()
			if s.state.Load() == before {
				return k
			}
		}
	}
}

// write makes the slot hold k; the zero record of a key that is gone.
func (s *keySlot) write(k keyRecord) {
	before := s.state.Load()
	s.state.Store(before | writing)
	for i := range s.digest {
		s.digest[i].Store(binary.LittleEndian.Uint64(k.digest[8*i:]))
	}
	s.expires.Store(k.expires)
	s.site.Store(k.site)
	s.models.Store(k.models)
	s.more.Store(k.more)
	count := before/written + 1
	s.state.Store(count*written | uint64(k.pepper+1)<<pepperShift | uint64(k.flags))
}

func (k *keyRecord) flag(flag uint8, holds bool) {
	if holds {
		k.flags |= flag
	}
}

func (k *keyRecord) known() bool { return k.flags&keyKnown != 0 }

// subject names the key of a slot in decisions.
func (k *keyRecord) subject(id tenancy.KeyID) access.Subject {
	return access.Subject{Org: k.site.org, Project: k.site.project, Key: id}
}

// pass is the key of a slot as it stands at a time.
func (k *keyRecord) pass(id tenancy.KeyID, now time.Time) access.Pass {
	p := access.Pass{Subject: k.subject(id), Models: k.models}
	p.Own = p.Own.With(access.ReasonKeyRevoked, k.flags&keyRevoked != 0).
		With(access.ReasonKeyExpired, k.expires != 0 && now.UnixMicro() >= k.expires)
	switch {
	case k.flags&keyService != 0:
		p.Kind = tenancy.KeyService
	case k.flags&keyPersonal != 0:
		p.Kind, p.Holder, p.Membership = tenancy.KeyPersonal, k.more.holder, k.more.membership
	}
	return p
}

// match verifies a token's secret, as [keys.Peppers.Verify] does: digest is the one that
// it has under the pepper at an index.
func (k *keyRecord) match(digest func(pepper int) (tenancy.Digest, bool), verify func(*tenancy.Key) keys.Match) keys.Match {
	if k.more != nil && k.more.key != nil {
		return verify(k.more.key)
	}
	if d, ok := digest(k.pepper); !d.Equal(k.digest) || !ok {
		return keys.Match{}
	}
	return keys.Match{OK: true, OldPepper: k.pepper > 0}
}
