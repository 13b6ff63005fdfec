package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/oklog/ulid/v2"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// The shape of usage: one organization, its keys and models by Zipf's law.
const (
	trafficProjects = 10
	trafficKeys     = 1000 // of all projects
	trafficModels   = 20
)

// traffic makes records of calls, the same each time.
type traffic struct {
	r      *rand.Rand
	keys   *rand.Zipf
	models *rand.Zipf
	at     time.Time     // of the next call
	step   time.Duration // to the one after it
}

func newTraffic(from time.Time, step time.Duration) *traffic {
	source := rand.NewChaCha8([32]byte{31: 9})
	r := rand.New(source)
	return &traffic{
		r: r, at: from, step: step,
		keys:   rand.NewZipf(r, 1.1, 4, trafficKeys-1),
		models: rand.NewZipf(r, 1.2, 2, trafficModels-1),
	}
}

func trafficProject(i int) tenancy.ProjectID {
	return tenancy.ProjectID(fmt.Sprintf("proj_%026d", i+1))
}

// next makes n records.
func (t *traffic) next(n int) []usage.Record {
	records := make([]usage.Record, n)
	for i := range records {
		records[i] = t.record()
	}
	return records
}

func (t *traffic) record() usage.Record {
	t.at = t.at.Add(t.step)
	key, number := t.keys.Uint64(), t.models.Uint64()
	model := tenancy.ModelID(fmt.Sprintf("vendor-%d/model-%02d", number%7, number))
	r := usage.Record{
		ID: t.id(), At: tenancy.Instant(t.at), Org: orgID(0), Project: trafficProject(int(key) % trafficProjects),
		Key: tenancy.KeyID(fmt.Sprintf("key_%012d", key)), Requested: model, Served: model,
		Latency: time.Duration(1+t.r.IntN(4_000_000)) * time.Microsecond, Count: 1,
	}
	r.FirstToken = (r.Latency / 8).Truncate(time.Microsecond)
	t.end(&r)
	return r
}

// end gives a record its outcome. One in fifty of those that went well has no known
// usage.
func (t *traffic) end(r *usage.Record) {
	switch n := t.r.IntN(100); {
	case n < 95:
		r.Outcome, r.Status = usage.OutcomeOK, 200
		if n > 1 {
			in, out := int64(1+t.r.IntN(6000)), int64(1+t.r.IntN(1500))
			r.Units = usage.Units{}.With(tenancy.UnitInput, in).With(tenancy.UnitOutput, out)
			r.Cost = usage.Money{Micro: 3*in + 15*out, Known: true}
		}
	case n < 97:
		r.Outcome, r.Status = usage.OutcomeClientError, 400
	case n < 99:
		r.Outcome, r.Status = usage.OutcomeUpstreamError, 502
	default:
		r.Outcome = usage.OutcomeAbandoned
	}
}

func (t *traffic) id() usage.RecordID {
	var id ulid.ULID
	_ = id.SetTime(uint64(t.at.UnixMilli())) // in range
	hi, lo := t.r.Uint64(), t.r.Uint64()
	for i := range 8 {
		id[6+i] = byte(hi >> (8 * i))
	}
	id[14], id[15] = byte(lo), byte(lo>>8)
	return usage.RecordID(usage.PrefixRecord + id.String())
}
