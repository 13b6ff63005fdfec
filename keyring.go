package tenet

import (
	"encoding/binary"
	"math/bits"
	"strings"
	"sync/atomic"

	"example.com/tenet/tenancy"
)

// keyring finds keys by the characters of their ids, as a token has them, and never
// waits for a writer. A key's slot lies in a chunk and stays where it is, so that changing
// a key writes a hundred bytes; an index of numbers leads to it, in shards so that
// it grows by small copies. Beyond 100,000 keys what a look-up costs is the cache lines that it
// touches: one of the index, whose numbers have a part of the id beside them, and two of
// the slot. Writers take turns.
//
// BenchmarkKeyring holds it beside a map.
type keyring struct {
	shards [keyShards]atomic.Pointer[[]atomic.Uint64] // tag and number of a slot from 1; 0 is free
	chunks atomic.Pointer[[]*keyChunk]
	used   int            // slots
	filled [keyShards]int // entries of each shard
}

const (
	keyShards = 256
	chunkSize = 1024
)

type keyChunk [chunkSize]keySlot

// keyChars is how many characters of a key's id a token has. Keys with other ids, which
// nobody could present, are not on the ring.
const keyChars = 12

// chars is the part of a key's id that keyring goes by; false where that is of no token.
func chars(id tenancy.KeyID) (string, bool) {
	s, ok := strings.CutPrefix(string(id), tenancy.PrefixKey)
	return s, ok && len(s) == keyChars
}

// place is where an id belongs: its shard, a position as a fraction of the shard's size,
// and a tag. The characters of ids are random.
func place(id string) (shard int, at, tag uint32) {
	b := (*[keyChars]byte)([]byte(id)) // which stays on the stack
	h := binary.LittleEndian.Uint64(b[:8])*0x9e3779b97f4a7c15 ^ uint64(binary.LittleEndian.Uint32(b[8:]))*0xc2b2ae3d27d4eb4f
	h = (h ^ h>>29) * 0xbf58476d1ce4e5b9
	return int(h >> 56), uint32(h >> 24), uint32(h) | 1
}

// find returns the slot of a key; nil where none was ever put. id has keyChars bytes.
func (r *keyring) find(id string) *keySlot {
	shard, at, tag := place(id)
	table := r.shards[shard].Load()
	if table == nil {
		return nil
	}
	size := uint32(len(*table))
	for i := scaled(at, size); ; i++ {
		if i == size {
			i = 0
		}
		entry := (*table)[i].Load()
		if entry == 0 {
			return nil
		}
		if uint32(entry>>32) == tag {
			if slot := r.slot(uint32(entry)); slot.chars() == id {
				return slot
			}
		}
	}
}

func scaled(at, size uint32) uint32 {
	hi, _ := bits.Mul64(uint64(at)<<32, uint64(size))
	return uint32(hi)
}

func (r *keyring) slot(number uint32) *keySlot {
	n := number - 1
	return &(*r.chunks.Load())[n/chunkSize][n%chunkSize]
}

// make returns the slot of a key, a new one where none was ever put.
func (r *keyring) make(id string) *keySlot {
	if slot := r.find(id); slot != nil {
		return slot
	}
	number := r.fresh()
	slot := r.slot(number)
	copy(slot.id[:], tenancy.PrefixKey+id)
	shard, at, tag := place(id)
	r.grow(shard)
	enter(*r.shards[shard].Load(), at, uint64(tag)<<32|uint64(number))
	r.filled[shard]++
	return slot
}

// fresh is the number of a slot that nobody has.
func (r *keyring) fresh() uint32 {
	if r.used%chunkSize == 0 {
		var next []*keyChunk
		if chunks := r.chunks.Load(); chunks != nil {
			next = append(next, *chunks...)
		}
		next = append(next, new(keyChunk))
		r.chunks.Store(&next)
	}
	r.used++
	return uint32(r.used)
}

// grow makes room for one more entry in a shard, which is filled to six sevenths at most.
func (r *keyring) grow(shard int) {
	old := r.shards[shard].Load()
	if old != nil && (r.filled[shard]+1)*7 <= len(*old)*6 {
		return
	}
	next := make([]atomic.Uint64, max(8, (r.filled[shard]+1)*10/7+1))
	if old != nil {
		for i := range *old {
			if entry := (*old)[i].Load(); entry != 0 {
				_, at, _ := place(r.slot(uint32(entry)).chars())
				enter(next, at, entry)
			}
		}
	}
	r.shards[shard].Store(&next)
}

// enter puts an entry into the first free place from its own on.
func enter(table []atomic.Uint64, at uint32, entry uint64) {
	size := uint32(len(table))
	i := scaled(at, size)
	for table[i].Load() != 0 {
		if i++; i == size {
			i = 0
		}
	}
	table[i].Store(entry)
}

// all yields every slot.
func (r *keyring) all(yield func(*keySlot) bool) {
	for n := range r.used {
		if !yield(r.slot(uint32(n + 1))) {
			return
		}
	}
}
