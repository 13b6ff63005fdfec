package storetest_test

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
)

// linearCases are the names of the cases of histories.
func linearCases() []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(storetest.Cases())), func(name string) bool {
		return !strings.HasPrefix(name, "linearizability/")
	})
}

func TestF20LinearDefects(t *testing.T) {
	for _, d := range linearDefects {
		t.Run(strings.ReplaceAll(d.defect, " ", "-"), func(t *testing.T) {
			got := failed(storetest.CheckCases(t.Context(), harness(d.wrap), d.caughtBy...))
			for _, name := range d.caughtBy {
				if got[name] == nil {
					t.Errorf("a store that %s passed %s", d.defect, name)
				}
			}
		})
	}
}

// A store may lose answers, as a server does whose connection breaks, whether it had
// committed or not, and may have committed only later.
func TestLinearTakesLostAnswers(t *testing.T) {
	h := harness(func(b backend) store.Store { return &losesAnswers{backend: b} })
	if err := storetest.CheckCases(t.Context(), h, linearCases()...); err != nil {
		t.Errorf("a store that loses answers was failed:\n%v", err)
	}
}

// losesAnswers loses every third answer: to a commit that it made, to one that it
// did not make, and to one that it makes with the next.
type losesAnswers struct {
	backend
	n    atomic.Int64
	late atomic.Pointer[store.Batch]
}

func (s *losesAnswers) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	if late := s.late.Swap(nil); late != nil {
		s.Store.Commit(context.WithoutCancel(ctx), *late)
	}
	switch s.n.Add(1) % 9 {
	case 0:
		s.Store.Commit(ctx, b)
	case 3:
	case 6:
		s.late.Store(&b)
	default:
		return s.Store.Commit(ctx, b)
	}
	return store.Result{}, store.ErrUnknownOutcome
}

// What a failure says is for who writes a backend: the calls, in lines that fit a
// screen, the rule, and of the calls that change nothing those alone that are wrong.
func TestLinearReport(t *testing.T) {
	const name = "linearizability/records"
	h := harness(func(b backend) store.Store {
		return &lagsBehind{backend: b, sound: 12, old: map[tenancy.Ref]lagging{}}
	})
	f := failed(storetest.CheckCases(t.Context(), h, name))[name]
	if f == nil {
		t.Fatal("a store that lags behind passed")
	}
	text := f.Err.Error()
	for _, want := range []string{"client ", "Get ", "Commit b", "puts ", " after ", ": done", "rule C7 or G3"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not say %q", want)
		}
	}
	if lines, reads := strings.Count(text, "\n"), strings.Count(text, "Get "); lines > 30 || reads > 3 {
		t.Errorf("the report has %d lines, and %d reads", lines, reads)
	}
	if t.Failed() {
		t.Log(text)
	}
}

// A history that could not be judged in time is no pass.
func TestLinearNoVerdict(t *testing.T) {
	h := harness(func(b backend) store.Store { return b })
	if err := storetest.JudgeWithin(t.Context(), h, time.Minute); err != nil {
		t.Errorf("a sound store was failed:\n%v", err)
	}
	if err := storetest.JudgeWithin(t.Context(), h, 0); err == nil || !strings.Contains(err.Error(), "no verdict") {
		t.Errorf("with no time for a verdict: %v", err)
	}
}

// Histories as many as are asked for: -benchtime 25x makes more than 1,000 of each
// backend.
func BenchmarkLinear(b *testing.B) {
	backends := map[string]func(dir string) (store.Store, error){
		"memory": harness(func(b backend) store.Store { return b }).Open,
		"sqlitefile": func(dir string) (store.Store, error) {
			return sqlitefile.Open(context.Background(), filepath.Join(dir, "tenet.db"))
		},
	}
	for _, name := range slices.Sorted(maps.Keys(backends)) {
		b.Run(name, func(b *testing.B) {
			var calls atomic.Int64
			h := storetest.Harness{Open: func(dir string) (store.Store, error) {
				s, err := backends[name](dir)
				return counts{s, &calls}, err
			}}
			n := 0
			for b.Loop() {
				if err := storetest.CheckCases(b.Context(), h, linearCases()...); err != nil {
					b.Fatal(err)
				}
				n += len(linearCases()) * storetest.Histories
			}
			b.ReportMetric(float64(n), "histories")
			b.ReportMetric(float64(calls.Load())/float64(n), "calls/history")
		})
	}
}

// counts counts the calls that are in histories.
type counts struct {
	store.Store
	calls *atomic.Int64
}

func (s counts) Close() error {
	if c, ok := s.Store.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

func (s counts) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	s.calls.Add(1)
	return s.Store.Get(ctx, refs...)
}

func (s counts) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	s.calls.Add(1)
	return s.Store.Commit(ctx, b)
}

func (s counts) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	s.calls.Add(1)
	return s.Store.Changes(ctx, after, limit)
}

func (s counts) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	s.calls.Add(1)
	return s.Store.Trail(ctx, q)
}
