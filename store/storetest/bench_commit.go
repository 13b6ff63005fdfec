package storetest

import (
	"sync"
	"sync/atomic"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// commitOne creates keys, each in a commit of its own, organization after
// organization. They are removed again outside the time, so that the store stays as
// large as it is.
func commitOne(b *testing.B, t *town) {
	o := 0
	var made []store.Check
	for b.Loop() {
		if len(made) == store.MaxBatch {
			b.StopTimer()
			t.remove(b, o, made)
			made, o = made[:0], (o+1)%t.orgs
			b.StartTimer()
		}
		batch := t.creating(o, 1)
		made = append(made, store.Check{Ref: batch.Put[0].Value.Ref(), Rev: t.commit(b, batch).Rev})
	}
	t.remove(b, o, made)
}

// commitMany creates as many keys in a commit as the filling does.
func commitMany(b *testing.B, t *town) {
	n := 0
	for b.Loop() {
		b.StopTimer()
		o := n / fillBatch % t.orgs
		var keys []tenancy.Entity
		for range fillBatch {
			keys = append(keys, t.mint(o, 1))
		}
		batch := t.putting(o, keys...)
		b.StartTimer()
		rev := t.commit(b, batch).Rev
		b.StopTimer()
		t.remove(b, o, checksAt(rev, keys))
		b.StartTimer()
		n += len(keys)
	}
	reportEach(b, n, "record")
}

func checksAt(rev store.Rev, values []tenancy.Entity) []store.Check {
	var all []store.Check
	for _, v := range values {
		all = append(all, store.Check{Ref: v.Ref(), Rev: rev})
	}
	return all
}

// commitTogether creates keys from several callers at once, each in an organization
// of its own. One op is one commit.
func commitTogether(b *testing.B, t *town) {
	const callers = 8
	var next atomic.Int64
	var made [callers][]store.Check
	var wg sync.WaitGroup
	for o := range callers {
		wg.Go(func() {
			for next.Add(1) <= int64(b.N) {
				batch := t.creating(o, 1)
				res, err := t.s.Commit(b.Context(), batch)
				if err != nil {
					b.Error(err)
					return
				}
				made[o] = append(made[o], store.Check{Ref: batch.Put[0].Value.Ref(), Rev: res.Rev})
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	for o := range callers {
		t.remove(b, o, made[o])
	}
}
