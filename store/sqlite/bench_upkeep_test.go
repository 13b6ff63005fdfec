package sqlite_test

import (
	"fmt"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/usage"
)

// BenchmarkUpkeep looks after a day of 300,000 calls while another caller appends one
// call after another. One op is the whole of the work; worst-append is how long the
// longest Append took meanwhile, and quiet-append what one takes without.
func BenchmarkUpkeep(b *testing.B) {
	n := fewer(300_000)
	s, _ := open(b)
	calls := newSkewed(usage.Day / time.Duration(n))
	for left := n; left > 0; left -= store.MaxAppend {
		if err := s.Append(b.Context(), calls.next(min(left, store.MaxAppend))); err != nil {
			b.Fatal(err)
		}
	}
	org, day := sampleOrganization.ID, monthStart
	factor := int64(1)
	dearer := func(r usage.Record) (usage.Money, error) {
		return usage.Money{Micro: r.Cost.Micro/2 + factor, Known: true}, nil
	}
	for _, bb := range []struct {
		name string
		run  func() error
	}{
		{"verify", func() error {
			differ, err := s.Verify(b.Context(), org, day, day.Add(usage.Day))
			if len(differ) > 0 {
				err = fmt.Errorf("%d buckets differ", len(differ))
			}
			return err
		}},
		{"rebuild=day", func() error { return s.Rebuild(b.Context(), org, day, day.Add(usage.Day)) }},
		{"rebuild=hour", func() error { return s.Rebuild(b.Context(), org, day.Add(9*time.Hour), day.Add(10*time.Hour)) }},
		{"reprice=same", func() error {
			_, err := s.Reprice(b.Context(), org, day, day.Add(usage.Day), func(r usage.Record) (usage.Money, error) { return r.Cost, nil })
			return err
		}},
		{"reprice=all", func() error {
			factor++
			_, err := s.Reprice(b.Context(), org, day, day.Add(usage.Day), dearer)
			return err
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			quiet := middle(appendsBeside(b, s, func() error { return nil }, 50))
			var worst []time.Duration
			for b.Loop() {
				all := appendsBeside(b, s, bb.run, 1)
				middle(all) // sorts
				worst = append(worst, all[len(all)-1])
			}
			b.ReportMetric(float64(quiet)/1e6, "ms-quiet-append")
			b.ReportMetric(float64(middle(worst))/1e6, "ms-worst-append")
		})
	}
}

// appendsBeside says how long each Append of one call takes while work runs, and at
// least of how many.
func appendsBeside(b *testing.B, s *sqlitefile.Store, work func() error, least int) []time.Duration {
	done := make(chan error, 1)
	go func() { done <- work() }()
	var all []time.Duration
	for working := true; working || len(all) < least; {
		r := sampleRecords(int(time.Now().UnixNano()), 1)
		r[0].At = monthStart.AddDate(0, 0, 7)
		began := time.Now()
		if err := s.Append(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		all = append(all, time.Since(began))
		if working {
			select {
			case err := <-done:
				working = false
				if err != nil {
					b.Fatal(err)
				}
			default:
			}
		}
	}
	return all
}
