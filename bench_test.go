package tenet_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// crowded is a world with n keys more, a hundred to a project, and their tokens.
func crowded(b testing.TB, n int) (*world, []string) {
	b.Helper()
	st := memory.New()
	w := newWorld(b, st)
	minter := keys.Minter{Format: must[keys.Format](b)(keys.NewFormat("tenet", "live")), Peppers: peppers(b)}
	tokens := make([]string, 0, n)
	var puts []store.Record
	project := w.project.ID
	for i := range n {
		if i%100 == 0 {
			p := must[tenancy.Project](b)(w.As("ann").CreateProject(b.Context(), w.org, tenet.NewProject{Name: fmt.Sprint("p", i), Models: tenancy.Models("gpt-4o", "small")}))
			project = p.ID
		}
		k, secret, err := minter.Mint(tenancy.Key{Org: w.org, Project: project, Kind: tenancy.KeyService, Name: "k", Models: tenancy.AllModels(),
			CreatedBy: "ann", Created: tenancy.Instant(time.Now())}, "ann", time.Now())
		mustNot(b, err)
		tokens = append(tokens, secret.Reveal())
		if puts = append(puts, store.Record{Value: k}); len(puts) == 90 || i == n-1 {
			commit(b, st, store.Batch{Entry: store.Entry{Org: w.org}, Put: puts})
			puts = nil
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(tokens), func(i, j int) { tokens[i], tokens[j] = tokens[j], tokens[i] })
	fresh := open(b, st, func(o *tenet.Options) { o.MaxStaleness = time.Minute })
	mustNot(b, w.Close())
	w.Tenet = fresh
	return w, tokens
}

func BenchmarkAuthenticateCanCall(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		b.Run(fmt.Sprint("keys=", n), func(b *testing.B) {
			w, tokens := crowded(b, n)
			ctx := b.Context()
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p, _ := w.Authenticate(ctx, tokens[i%len(tokens)])
				if d := w.CanCall(p, "gpt-4o"); !d.Allowed() {
					b.Fatal(d)
				}
			}
		})
	}
	for name, token := range garbage(b) {
		b.Run("garbage="+name, func(b *testing.B) {
			w := newWorld(b, memory.New())
			b.ReportAllocs()
			for b.Loop() {
				if _, d := w.Authenticate(b.Context(), token); d.Reason != access.ReasonMalformed {
					b.Fatal(d)
				}
			}
		})
	}
}

// garbage are malformed tokens: the first byte, the length and the checksum give
// them away.
func garbage(t testing.TB) map[string]string {
	good := nobodys(t)
	return map[string]string{"short": "x", "10MB": strings.Repeat("x", 10<<20), "checksum": good[:len(good)-1] + "~"}
}

func TestRequestPathDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	w := newWorld(t, memory.New())
	ctx, token, p := t.Context(), w.secret.Reveal(), w.principal(t)
	bad := garbage(t)
	for name, f := range map[string]func(){
		"Authenticate":                   func() { w.Authenticate(ctx, token) },
		"CanCall":                        func() { w.CanCall(p, "gpt-4o") },
		"CanCall, by alias":              func() { w.CanCall(p, "latest") },
		"CanCall, denied":                func() { w.CanCall(p, "small") },
		"CanCall, no such model":         func() { w.CanCall(p, "unheard-of") },
		"CanCall, nobody":                func() { w.CanCall(tenet.Principal{}, "gpt-4o") },
		"Authenticate, short garbage":    func() { w.Authenticate(ctx, bad["short"]) },
		"Authenticate, 10 MB":            func() { w.Authenticate(ctx, bad["10MB"]) },
		"Authenticate, a wrong checksum": func() { w.Authenticate(ctx, bad["checksum"]) },
	} {
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

func BenchmarkRecorder(b *testing.B) {
	const callers = 64
	w := newWorld(b, memory.New())
	p := w.principal(b)
	b.ReportAllocs()
	b.SetParallelism(callers)
	var failed atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			call, _ := w.Begin(context.Background(), p, "gpt-4o", tenet.Estimate{})
			if call.Finish(ok) != nil {
				failed.Add(1)
			}
		}
	})
	if failed.Load() > 0 {
		b.Errorf("%d records were refused", failed.Load())
	}
}

func BenchmarkCreateKey(b *testing.B) {
	w := newWorld(b, memory.New())
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.As("ann").CreateKey(b.Context(), w.org, w.project.ID, serviceKey("k")); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRemoveAndSweep takes a person off the roster who is in 2,000 projects, and
// deletes what is left of their places.
func BenchmarkRemoveAndSweep(b *testing.B) {
	for name, backed := range map[string]func() backend{
		"memory": func() backend { return memory.New() },
		"sqlitefile": func() backend {
			st := must[*sqlitefile.Store](b)(sqlitefile.Open(b.Context(), filepath.Join(b.TempDir(), "tenet.db")))
			b.Cleanup(func() { mustNot(b, st.Close()) })
			return st
		},
	} {
		b.Run(name, func(b *testing.B) {
			var removing, sweeping time.Duration
			for range b.N {
				b.StopTimer()
				w := newTownOver(b, backed())
				w.roam(b, "mem", 2000)
				caughtUp(b, w.Tenet)
				b.StartTimer()
				began := time.Now()
				mustNot(b, w.As("ann").RemoveMember(b.Context(), w.org, "mem"))
				removed := time.Now()
				if n, err := w.Operator("ops").Sweep(b.Context(), w.org); n != 2001 || err != nil {
					b.Fatal(n, err)
				}
				removing += removed.Sub(began)
				sweeping += time.Since(removed)
			}
			b.ReportMetric(float64(removing.Milliseconds())/float64(b.N), "ms/remove")
			b.ReportMetric(float64(sweeping.Milliseconds())/float64(b.N), "ms/sweep")
		})
	}
}
