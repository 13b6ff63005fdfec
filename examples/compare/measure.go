package main

import (
	"math"
	"runtime"
	"slices"
	"time"
)

// subject is something that is measured: run does its work once, which is so many
// operations.
type subject struct {
	name string
	ops  int
	run  func() error
}

// series is what each round took, in nanoseconds an operation.
type series []float64

// spread is the median of some rounds, and between what they lay.
type spread struct{ Median, Min, Max float64 }

func spreadOf(values []float64) spread {
	if len(values) == 0 {
		return spread{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return spread{sorted[len(sorted)/2], sorted[0], sorted[len(sorted)-1]}
}

// over is a divided by b, round by round: what the machine did meanwhile was done to
// both.
func (a series) over(b series) spread {
	ratios := make([]float64, min(len(a), len(b)))
	for i := range ratios {
		ratios[i] = a[i] / b[i]
	}
	return spreadOf(ratios)
}

// inverse turns ours to theirs into theirs to ours.
func (s spread) inverse() spread { return spread{1 / s.Median, 1 / s.Max, 1 / s.Min} }

// interleave runs the subjects in turn, A B C A B C …, after one turn that warms up
// and does not count. The collector runs before each round, so that none pays for
// what the round before left.
func interleave(rounds int, subjects ...subject) ([]series, error) {
	took := make([]series, len(subjects))
	for round := range rounds + 1 {
		runtime.GC()
		for i, s := range subjects {
			began := time.Now()
			if err := s.run(); err != nil {
				return nil, err
			}
			if round > 0 {
				took[i] = append(took[i], float64(time.Since(began).Nanoseconds())/float64(s.ops))
			}
		}
	}
	return took, nil
}

// allocations is how many of them an operation makes: the least of some passes, since
// what else runs in the process makes some too, records of refusals that are written a
// second later for one. Less than one in a hundred operations is that as well.
func allocations(s subject) (float64, error) {
	least := math.Inf(1)
	for range 5 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if err := s.run(); err != nil {
			return 0, err
		}
		runtime.ReadMemStats(&after)
		least = min(least, float64(after.Mallocs-before.Mallocs)/float64(s.ops))
	}
	return math.Floor(100*least) / 100, nil
}
