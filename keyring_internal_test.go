package tenet

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"unsafe" //nolint:depguard // for the size of a slot

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

const ringAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// ringIDs are n different ids, the characters of a key's.
func ringIDs(n int) []string {
	r := rand.New(rand.NewPCG(1, 2))
	seen := make(map[string]bool, n)
	ids := make([]string, 0, n)
	for len(ids) < n {
		var id [keyChars]byte
		for i := range id {
			id[i] = ringAlphabet[r.IntN(len(ringAlphabet))]
		}
		if s := string(id[:]); !seen[s] {
			seen[s] = true
			ids = append(ids, s)
		}
	}
	return ids
}

// A ring finds what was put on it, each in one place that stays, and nothing else, also
// where ids differ in one character.
func TestKeyringFinds(t *testing.T) {
	ids := ringIDs(50_000)
	for i := range 2_000 { // neighbours
		ids = append(ids, fmt.Sprintf("AAAAAAAA%04d", i))
	}
	var r keyring
	slots := map[string]*keySlot{}
	for i, id := range ids[:len(ids)-1000] {
		slots[id] = r.make(id)
		if r.make(id) != slots[id] || slots[id].chars() != id || string(slots[id].name()) != tenancy.PrefixKey+id {
			t.Fatalf("id %d: %q in the slot of %q", i, id, slots[id].name())
		}
	}
	for _, id := range ids {
		if got := r.find(id); got != slots[id] {
			t.Fatalf("find(%q) = %p, want %p", id, got, slots[id])
		}
	}
	n := 0
	for slot := range r.all {
		if n++; slots[slot.chars()] != slot {
			t.Fatalf("a slot of %q that nobody has", slot.chars())
		}
	}
	if n != len(slots) {
		t.Errorf("%d slots, want %d", n, len(slots))
	}
}

func TestKeyringTakesIDsOfTokens(t *testing.T) {
	for id, want := range map[tenancy.KeyID]bool{
		"key_abcdefghijkl": true, "key_abcdefghijk": false, "key_abcdefghijklm": false, "abcdefghijkl": false, "key_": false, "": false, "kex_abcdefghijkl": false,
	} {
		if s, ok := chars(id); ok != want || ok && tenancy.PrefixKey+s != string(id) {
			t.Errorf("chars(%q) = %q, %v", id, s, ok)
		}
	}
}

// C12: what is read of a slot was there at one moment, whatever is written meanwhile,
// and a key that was put can be found from then on.
func TestC12SlotsAreReadWhole(t *testing.T) {
	var r keyring
	ids := ringIDs(3_000)
	site := new(site)
	record := func(i int) keyRecord {
		k := keyRecord{flags: uint8(i), pepper: i, expires: int64(i), site: site}
		for j := range k.digest {
			k.digest[j] = byte(i)
		}
		return k
	}
	slot := r.make(ids[0])
	slot.write(record(0))
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for {
				k := r.find(ids[0]).read()
				want := record(int(k.expires))
				if k != want {
					t.Errorf("read a mixture: %d %d %d %v", k.flags, k.pepper, k.expires, k.digest[:])
					return
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for i, id := range ids {
		slot.write(record(i % 250))
		r.make(id).write(record(i % 250)) // the shards grow meanwhile
	}
	close(stop)
	readers.Wait()
}

// A key costs its slot and its part of the index: a hundred bytes.
func TestKeyringIsSmall(t *testing.T) {
	const n = 200_000
	ids := ringIDs(n)
	models := access.NewModels(tenancy.AllModels())
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	r := new(keyring)
	for _, id := range ids {
		r.make(id).write(keyRecord{flags: keyKnown | keyService, models: models})
	}
	a := float64(heap()-before) / n
	runtime.KeepAlive(r)
	runtime.KeepAlive(ids)
	if size := unsafe.Sizeof(keySlot{}); a > 100 || size > 88 {
		t.Errorf("%.1f bytes a key, a slot of %d", a, size)
	}
}

// BenchmarkKeyring looks keys up, beside a map from their ids to pointers, and says what
// either takes of memory. Ids are taken at random, so that beyond 100,000 what is measured
// is the memory's own time.
func BenchmarkKeyring(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		ids := ringIDs(n)
		queries := rand.New(rand.NewPCG(3, 4)).Perm(n)[:min(n, 1<<16)]
		asked, full := make([]string, len(queries)), make([]string, len(queries))
		for i, q := range queries { // copies of their own, as tokens are
			asked[i], full[i] = string([]byte(ids[q])), tenancy.PrefixKey+ids[q]
		}
		heap := func() float64 {
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return float64(m.HeapAlloc)
		}
		before := heap()
		r := new(keyring)
		for _, id := range ids {
			r.make(id).write(keyRecord{flags: keyKnown})
		}
		ring := heap() - before
		b.Run(fmt.Sprint("keys=", n, "/ring"), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if k := r.find(asked[i%len(asked)]).read(); !k.known() {
					b.Fatal("not found")
				}
			}
			b.ReportMetric(ring/float64(n), "B/key")
		})
		runtime.KeepAlive(r)
		before = heap()
		m := make(map[string]*keyRecord)
		for _, id := range ids {
			m[tenancy.PrefixKey+id] = &keyRecord{flags: keyKnown}
		}
		mapped := heap() - before
		b.Run(fmt.Sprint("keys=", n, "/map"), func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				if k := *m[full[i%len(full)]]; !k.known() {
					b.Fatal("not found")
				}
			}
			b.ReportMetric(mapped/float64(n), "B/key")
		})
		runtime.KeepAlive(m)
	}
}
