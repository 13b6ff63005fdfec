package sqlite_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// A reason is stored by its code, and one without a code could not be read back.
func TestReasonWithoutCode(t *testing.T) {
	s, _ := open(t)
	rs := sampleRecords(0, 1)
	rs[0].Reason = access.Reason(200)
	if err := s.Append(t.Context(), rs); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Append: %v, want %v", err, store.ErrInvalid)
	}
}

// Organizations are pruned one after another, and the limit is of all together.
func TestPruneLimitOverOrganizations(t *testing.T) {
	s, _ := open(t)
	rs := sampleRecords(0, 9)
	for i := range rs {
		rs[i].Org = []tenancy.OrgID{"org_a", "org_b", "org_c"}[i%3]
	}
	if err := s.Append(t.Context(), rs); err != nil {
		t.Fatal(err)
	}
	before := usage.QuarterOf(sampleTime).Add(usage.Quarter)
	for _, want := range []int{4, 4, 1, 0} {
		if n, err := s.Prune(t.Context(), before, 4); err != nil || n != want {
			t.Errorf("forgot %d, %v; want %d", n, err, want)
		}
	}
	if h, err := s.Horizon(t.Context()); err != nil || !h.Equal(before) {
		t.Errorf("horizon %v, %v; want %v", h, err, before)
	}
}

// A span may name times that are no whole microseconds, and times that no int64 of
// microseconds holds.
func TestSpansOfRecords(t *testing.T) {
	s, _ := open(t)
	rs := sampleRecords(0, 3)
	for i := range rs {
		rs[i].At = sampleTime.Add(time.Duration(i) * time.Microsecond)
	}
	if err := s.Append(t.Context(), rs); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name     string
		from, to time.Time
		want     int
	}{
		{"from a nanosecond after the first", sampleTime.Add(1), time.Time{}, 2},
		{"to a nanosecond after the second", time.Time{}, sampleTime.Add(time.Microsecond + 1), 2},
		{"to the second", time.Time{}, sampleTime.Add(time.Microsecond), 1},
		{"to the end of time", time.Time{}, time.Unix(11e12, 0), 3},
		{"from the end of time", time.Unix(11e12, 0), time.Time{}, 0},
		{"from before the beginning", time.Unix(-11e12, 0), time.Time{}, 3},
	} {
		p, err := s.Records(t.Context(), store.RecordQuery{Org: sampleOrganization.ID, From: tt.from, To: tt.to})
		if err != nil || len(p.Records) != tt.want {
			t.Errorf("%s: %d records, %v; want %d", tt.name, len(p.Records), err, tt.want)
		}
	}
}

// A cursor that was not given out is refused, also one that decodes to the same.
func TestCursorsInAnotherSpelling(t *testing.T) {
	s, _ := open(t)
	put(t, s, sampleProject(0), sampleProject(1), sampleKey(0), sampleKey(1), sampleOrganization)
	for _, q := range []store.Query{
		{Listing: store.All, Kind: tenancy.KindProject, Limit: 1},
		{Listing: store.All, Kind: tenancy.KindKey, Limit: 1},
		{Listing: store.KeysOfUser, Org: sampleOrganization.ID, User: "ann", Limit: 1},
	} {
		p, err := s.List(t.Context(), q)
		if err != nil || p.Next == "" {
			t.Fatalf("page %+v, %v", p, err)
		}
		last := len(p.Next) - 1
		for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" {
			q.After = p.Next[:last] + string(c)
			if _, err := s.List(t.Context(), q); (err == nil) != (q.After == p.Next) {
				t.Errorf("cursor %q beside %q: %v", q.After, p.Next, err)
			}
		}
	}
}

// TestTotalsOfEachUnit has calls with one unit each, since a report reads most units in
// one cell and the suite's calls have several.
func TestTotalsOfEachUnit(t *testing.T) {
	s, _ := open(t)
	day := usage.DayOf(sampleTime)
	for i, u := range tenancy.Units() {
		r := sampleRecords(i, 1)
		r[0].At, r[0].Project = day.Add(time.Duration(i)*time.Hour), sampleProject(i).ID
		r[0].Units = usage.Units{}.With(u, math.MaxInt64-int64(i))
		if err := s.Append(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		want, err := r[0].Sums()
		if err != nil {
			t.Fatal(err)
		}
		for _, cuts := range [][]time.Time{{day, day.Add(usage.Day)}, {day, day.Add(23 * time.Hour)}} {
			got, err := s.Totals(t.Context(), store.TotalQuery{Org: r[0].Org, Project: r[0].Project, Cuts: cuts})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]store.Total{{Start: cuts[0], End: cuts[1], Sums: want}}, got); diff != "" {
				t.Errorf("totals of %s from %v (-want +got):\n%s", u, cuts, diff)
			}
		}
	}
}
