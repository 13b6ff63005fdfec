package storetest

import (
	"testing"

	"example.com/tenet/store"
)

// Benchmark measures a backend as sub-benchmarks, the same for every backend, so that
// two of them, or two versions of one, compare line by line:
//
//	func BenchmarkStore(b *testing.B) {
//		storetest.Benchmark(b, storetest.Harness{Open: open})
//	}
//
// Each size has a store of its own, in a folder of the benchmark's, which its
// sub-benchmarks share. It holds so many keys, 1,000 to an organization, which has 20
// projects: one of 620 keys and 19 of 20. Ten people are on its roster, and each
// project has a name claim and a place for one of them. A user is on the rosters of every
// twentieth organization. The ids of keys are scattered, as minted ones are.
//
// All is measured at keys=100k: 100 organizations and 2,000 projects. What should take
// no longer, or only a little, as a store grows is measured from keys=1k to keys=1M;
// the last is left out under -short. A backend fills the largest in
// some minutes.
//
// What reads or writes several reports ns/record beside ns/op, or ns/entry, and what has several
// callers commits/s. A sub-benchmark that gets another number of records than
// there are fails.
//
// Only h.Open is used.
func Benchmark(b *testing.B, h Harness) {
	if h.Open == nil {
		b.Fatal(errNoOpen)
	}
	for _, size := range townSizes() {
		b.Run("keys="+size.name, func(b *testing.B) {
			if size.long && testing.Short() {
				b.Skip("left out under -short")
			}
			t := fillTown(b, h, size.orgs)
			if size.whole {
				t.live(b)
			}
			for _, m := range measurements() {
				if m.grows || size.whole {
					b.Run(m.name, func(b *testing.B) { m.run(b, t) })
				}
			}
		})
	}
}

type townSize struct {
	name  string
	orgs  int
	whole bool // has every measurement
	long  bool
}

func townSizes() []townSize {
	return []townSize{
		{name: "1k", orgs: 1},
		{name: "10k", orgs: 10},
		{name: "100k", orgs: 100, whole: true},
		{name: "1M", orgs: 1000, long: true},
	}
}

// measurement is one sub-benchmark. What it changes it changes back, all but the log.
type measurement struct {
	name  string
	grows bool // measured at every size
	run   func(*testing.B, *town)
}

// measurements has those first that write nothing.
func measurements() []measurement {
	return []measurement{
		{name: "Get/refs=4", run: getFew},
		{name: "Get/refs=512", run: getMany},
		{name: "List/All", grows: true, run: listAll},
		{name: "List/Within", run: listWithin},
		{name: "List/KeysOfProject/first", grows: true, run: listFirst},
		{name: "List/KeysOfProject/deep", run: listDeep},
		{name: "List/Names", run: listNames},
		{name: "List/KeyByID", grows: true, run: listByID},
		{name: "List/MembershipsOf", run: listMemberships},
		{name: "Changes", run: followChanges},
		{name: "Trail", run: readTrail},
		{name: "Commit/records=1", grows: true, run: commitOne},
		{name: "Commit/records=90", run: commitMany},
		{name: "Commit/callers=8", run: commitTogether},
		{name: "List/All/after-commit", grows: true, run: listAllStirred},
		{name: "List/KeysOfProject/after-commit", run: listFirstStirred},
	}
}

// reportEach reports the time of each of n records or entries.
func reportEach(b *testing.B, n int, unit string) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/"+unit)
}

// listed reads a listing to its end, and returns how many records it has.
func (t *town) listed(b *testing.B, q store.Query) int {
	n := 0
	for {
		p := t.page(b, q)
		n += len(p.Records)
		if q.After = p.Next; q.After == "" {
			return n
		}
	}
}

func (t *town) page(b *testing.B, q store.Query) store.Page {
	p, err := t.s.List(b.Context(), q)
	if err != nil {
		b.Fatal(err)
	}
	return p
}
