package tenet

import (
	"hash/maphash"
	"maps"
	"strings"
	"sync/atomic"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// keyring finds keys by the characters of their ids, without the prefix, as a
// token has them. Reading takes no lock: a shard is an immutable map
// that a writer replaces, and a key's slot stays where it is, so that changing a
// key is one pointer and adding one copies one shard. Writers take turns.
type keyring struct {
	seed   maphash.Seed
	shards [keyShards]atomic.Pointer[map[string]*keySlot]
}

// keyShards is such that adding a key at a million copies some 250 entries.
const keyShards = 4096

// chars is the part of a key's id that keyring goes by.
func chars(id tenancy.KeyID) string { return strings.TrimPrefix(string(id), tenancy.PrefixKey) }

// keySlot is where a key is, for as long as the process runs. A Principal keeps
// it, and so sees every later change of its key at once.
type keySlot struct {
	record   atomic.Pointer[keyRecord]
	buffered atomic.Int64 // bytes of request bodies that the key holds
	renewing atomic.Bool  // a secret of the key waits to be digested again
}

// known is the key's record; nil where it is gone, or where its row is not one that this
// deployment wrote.
func (s *keySlot) known() *keyRecord {
	if k := s.record.Load(); k != nil && k.sealed {
		return k
	}
	return nil
}

// of says whether the key that is there is an organization's.
func (s *keySlot) of(org tenancy.OrgID) bool {
	k := s.record.Load()
	return k != nil && k.grant.Org == org
}

// keyRecord is what the request path needs of a key. Immutable.
type keyRecord struct {
	grant  access.Grant
	key    tenancy.Key // for its digests
	sealed bool        // the row is one that this deployment wrote
	tenant *tenant
}

func newKeyring() *keyring { return &keyring{seed: maphash.MakeSeed()} }

func (r *keyring) shard(id string) *atomic.Pointer[map[string]*keySlot] {
	return &r.shards[maphash.String(r.seed, id)%keyShards]
}

// find returns the slot of a key; nil where none was ever put.
func (r *keyring) find(id string) *keySlot {
	m := r.shard(id).Load()
	if m == nil {
		return nil
	}
	return (*m)[id]
}

// put sets what is known of a key; nil where it is gone.
func (r *keyring) put(id string, record *keyRecord) {
	if slot := r.find(id); slot != nil {
		slot.record.Store(record)
		return
	}
	if record == nil {
		return
	}
	slot := &keySlot{}
	slot.record.Store(record)
	shard := r.shard(id)
	next := map[string]*keySlot{}
	if m := shard.Load(); m != nil {
		next = maps.Clone(*m)
	}
	next[id] = slot
	shard.Store(&next)
}

// replace makes records all there is: slots of other keys are emptied. It fills
// each shard once, where put would copy it for each key.
func (r *keyring) replace(records map[string]*keyRecord) {
	var next [keyShards]map[string]*keySlot
	for i := range r.shards {
		next[i] = map[string]*keySlot{}
		if m := r.shards[i].Load(); m != nil {
			for id, slot := range *m {
				next[i][id] = slot
				slot.record.Store(records[id])
			}
		}
	}
	for id, record := range records {
		shard := next[maphash.String(r.seed, id)%keyShards]
		if shard[id] == nil {
			shard[id] = &keySlot{}
			shard[id].record.Store(record)
		}
	}
	for i := range r.shards {
		r.shards[i].Store(&next[i])
	}
}
