package usage_test

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestRecordSums(t *testing.T) {
	r := sample()
	r.Units = usage.Units{}.With(tenancy.UnitInput, 10).With(tenancy.UnitReasoning, 0)
	r.Count = 3
	want := usage.Sums{Calls: 3, Cost: 1035, Priced: 3}
	want.Units[0], want.Reported[0] = 30, 3
	want.Reported[3] = 3
	got, err := r.Sums()
	if diff := gocmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Sums() = %v (-want +got):\n%s", err, diff)
	}

	r.Cost, r.Units = usage.Money{}, usage.Units{}
	got, err = r.Sums()
	if diff := gocmp.Diff(usage.Sums{Calls: 3}, got); err != nil || diff != "" {
		t.Errorf("Sums() of what is unknown = %v (-want +got):\n%s", err, diff)
	}
}

func TestRecordSumsAtTheEnds(t *testing.T) {
	const most = math.MaxInt64
	for _, c := range []struct {
		name               string
		input, cost, count int64
		want               error
	}{
		{"the largest", most, most, 1, nil},
		{"units twice the half", most / 2, 0, 2, nil},
		{"units over", most/2 + 1, 0, 2, usage.ErrOverflow},
		{"units far over", most, 0, most, usage.ErrOverflow},
		{"cost twice the half", 0, most / 2, 2, nil},
		{"cost over", 0, most/2 + 1, 2, usage.ErrOverflow},
		{"nothing, many times", 0, 0, most, nil},
		{"count 0", 1, 1, 0, usage.ErrInvalid},
		{"count -1", 1, 1, -1, usage.ErrInvalid},
		{"negative cost", 1, -1, 1, usage.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := usage.Record{Units: usage.Units{}.With(tenancy.UnitInput, c.input), Cost: usage.Money{Micro: c.cost, Known: true}, Count: c.count}
			want := usage.Sums{}
			if c.want == nil {
				want = usage.Sums{Calls: c.count, Cost: c.cost * c.count, Priced: c.count}
				want.Units[0], want.Reported[0] = c.input*c.count, c.count
			}
			got, err := r.Sums()
			if diff := gocmp.Diff(want, got); !errors.Is(err, c.want) || diff != "" {
				t.Errorf("Sums() = %v, want %v (-want +got):\n%s", err, c.want, diff)
			}
		})
	}
}

// numbers lists the numbers of s, each of which adds up by itself.
func numbers(s *usage.Sums) []*int64 {
	list := []*int64{&s.Calls, &s.Cost, &s.Priced}
	for i := range s.Units {
		list = append(list, &s.Units[i], &s.Reported[i])
	}
	return list
}

func TestSumsPlus(t *testing.T) {
	for i := range numbers(&usage.Sums{}) {
		var a, b, want usage.Sums
		for j := range numbers(&a) {
			*numbers(&a)[j], *numbers(&b)[j], *numbers(&want)[j] = 1, 2, 3
		}
		*numbers(&a)[i], *numbers(&b)[i], *numbers(&want)[i] = math.MaxInt64-5, 5, math.MaxInt64
		got, err := a.Plus(b)
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("number %d: Plus = %v (-want +got):\n%s", i, err, diff)
		}
		*numbers(&b)[i] = 6
		got, err = a.Plus(b)
		if !errors.Is(err, usage.ErrOverflow) || got != (usage.Sums{}) {
			t.Errorf("number %d: Plus over the end = %v, %v, want nothing and ErrOverflow", i, got, err)
		}
	}
}

func TestSumsUnit(t *testing.T) {
	for i, u := range tenancy.Units() {
		r := usage.Record{Units: usage.Units{}.With(u, int64(100+i)), Count: 1}
		s, err := r.Sums()
		if err != nil {
			t.Fatal(err)
		}
		if s.Units[i] != int64(100+i) {
			t.Errorf("%s is not at place %d, where tenancy.Units has it", u, i)
		}
		if n, calls := s.Unit(u); n != int64(100+i) || calls != 1 {
			t.Errorf("Unit(%s) = %d, %d, want %d, 1", u, n, calls, 100+i)
		}
	}
	s := usage.Sums{Units: usage.Amounts{1, 1, 1, 1, 1, 1, 1, 1}, Reported: usage.Amounts{1, 1, 1, 1, 1, 1, 1, 1}}
	if n, calls := s.Unit("tokens"); n != 0 || calls != 0 {
		t.Errorf("Unit of no unit = %d, %d, want 0, 0", n, calls)
	}
}

func TestRecordBuckets(t *testing.T) {
	quarter := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	base := usage.BucketID{Org: "org_1", Project: "proj_1", Outcome: usage.OutcomeOK, Start: quarter}
	with := func(d usage.Dimension, item string) usage.BucketID {
		b := base
		b.Grain, b.Item = d, item
		return b
	}
	person := sample()
	person.Key, person.User = "", "ann"
	nameless := sample()
	nameless.Served = ""
	for _, c := range []struct {
		name   string
		record usage.Record
		want   [2]usage.BucketID
	}{
		{"by key", sample(), [2]usage.BucketID{with(usage.ByModel, "small-2"), with(usage.ByKey, "key_abcdefghijkl")}},
		{"by person", person, [2]usage.BucketID{with(usage.ByModel, "small-2"), with(usage.ByUser, "ann")}},
		{"no model", nameless, [2]usage.BucketID{with(usage.ByModel, ""), with(usage.ByKey, "key_abcdefghijkl")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := gocmp.Diff(c.want, c.record.Buckets()); diff != "" {
				t.Errorf("Buckets() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestQuarterOf(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 45, 0, 0, time.UTC)
	for _, at := range []time.Time{
		start, start.Add(1), start.Add(usage.Quarter - 1), start.Add(time.Minute).In(time.FixedZone("", 20700)), start.Local(),
	} {
		if got := usage.QuarterOf(at); got != start { // ==: a bucket id is a map key
			t.Errorf("QuarterOf(%v) = %v, want %v", at, got, start)
		}
	}
	if got := usage.QuarterOf(start.Add(-1)); got != start.Add(-usage.Quarter) {
		t.Errorf("QuarterOf(an instant before) = %v", got)
	}
	now := time.Now() // has a monotonic reading
	if got := usage.QuarterOf(now); got != usage.QuarterOf(time.UnixMicro(now.UnixMicro())) {
		t.Errorf("QuarterOf(%v) = %#v keeps the monotonic reading", now, got)
	}
}

// ids draws bucket ids from few values, so that they are often equal in parts.
var ids = rapid.Custom(func(t *rapid.T) usage.BucketID {
	part := rapid.SampledFrom([]string{"", "a", "ab", "b"})
	return usage.BucketID{
		Org: tenancy.OrgID(part.Draw(t, "org")), Project: tenancy.ProjectID(part.Draw(t, "project")),
		Grain: usage.Dimension(part.Draw(t, "grain")), Item: part.Draw(t, "item"),
		Outcome: usage.Outcome(part.Draw(t, "outcome")),
		Start:   noon.Truncate(usage.Quarter).Add(usage.Quarter * time.Duration(rapid.IntRange(0, 2).Draw(t, "start"))),
	}
})

func TestCompareIsATotalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := ids.Draw(t, "a"), ids.Draw(t, "b"), ids.Draw(t, "c")
		if (a.Compare(b) == 0) != (a == b) {
			t.Errorf("Compare = %d of %v and %v", a.Compare(b), a, b)
		}
		if cmp.Compare(a.Compare(b), 0) != -cmp.Compare(b.Compare(a), 0) {
			t.Errorf("Compare is not antisymmetric on %v and %v", a, b)
		}
		if a.Compare(b) <= 0 && b.Compare(c) <= 0 && a.Compare(c) > 0 {
			t.Errorf("Compare is not transitive on %v, %v, %v", a, b, c)
		}
	})
}

func TestCompareLooksAtEveryPart(t *testing.T) {
	base := usage.BucketID{Start: noon.Truncate(usage.Quarter)}
	for _, c := range []struct {
		name  string
		later func(*usage.BucketID)
	}{
		{"organization", func(b *usage.BucketID) { b.Org = "x" }},
		{"project", func(b *usage.BucketID) { b.Project = "x" }},
		{"grain", func(b *usage.BucketID) { b.Grain = usage.ByModel }},
		{"item", func(b *usage.BucketID) { b.Item = "x" }},
		{"outcome", func(b *usage.BucketID) { b.Outcome = usage.OutcomeOK }},
		{"start", func(b *usage.BucketID) { b.Start = b.Start.Add(usage.Quarter) }},
	} {
		later := base
		c.later(&later)
		if base.Compare(later) >= 0 || later.Compare(base) <= 0 {
			t.Errorf("%s does not count: %d, %d", c.name, base.Compare(later), later.Compare(base))
		}
	}
}

func TestTally(t *testing.T) {
	a, b, c := sample(), sample(), sample()
	b.Count, b.Units = 4, usage.Units{}.With(tenancy.UnitInput, 1)
	c.Key, c.User, c.Outcome, c.Cost = "", "ann", usage.OutcomeAbandoned, usage.Money{}
	got, err := usage.Tally([]usage.Record{a, b, c})
	if err != nil {
		t.Fatal(err)
	}
	first := usage.Sums{Calls: 5, Units: usage.Amounts{1204, 0, 30}, Reported: usage.Amounts{5, 0, 1}, Cost: 345 * 5, Priced: 5}
	second := usage.Sums{Calls: 1, Units: usage.Amounts{1200, 0, 30}, Reported: usage.Amounts{1, 0, 1}}
	want := map[usage.BucketID]usage.Sums{
		a.Buckets()[0]: first, a.Buckets()[1]: first, c.Buckets()[0]: second, c.Buckets()[1]: second,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("Tally (-want +got):\n%s", diff)
	}
}

func TestTallyRefuses(t *testing.T) {
	big := sample()
	big.Units = usage.Units{}.With(tenancy.UnitInput, math.MaxInt64)
	twice := big
	twice.Count = 2
	none := sample()
	none.Count = 0
	for _, c := range []struct {
		name    string
		records []usage.Record
		want    error
	}{
		{"one that fits", []usage.Record{big}, nil},
		{"a product that does not", []usage.Record{twice}, usage.ErrOverflow},
		{"a sum that does not", []usage.Record{big, big}, usage.ErrOverflow},
		{"a record of no call", []usage.Record{none}, usage.ErrInvalid},
		{"none", nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := usage.Tally(c.records)
			if !errors.Is(err, c.want) || (err != nil && got != nil) {
				t.Errorf("Tally = %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestSumsJSON(t *testing.T) {
	s := usage.Sums{Calls: 2, Units: usage.Amounts{7, 1}, Reported: usage.Amounts{2, 1}, Cost: 5, Priced: 2}
	const want = `{"calls":2,"units":{"input":7,"cached_input":1,"output":0,"reasoning":0,"images":0,"seconds":0,"characters":0,"requests":0},` +
		`"reported":{"input":2,"cached_input":1,"output":0,"reasoning":0,"images":0,"seconds":0,"characters":0,"requests":0},"cost":5,"priced":2}`
	data, err := json.Marshal(s)
	if err != nil || string(data) != want {
		t.Errorf("JSON = %s, %v", data, err)
	}
	var back usage.Sums
	if err := json.Unmarshal(data, &back); err != nil || back != s {
		t.Errorf("back = %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"units":{"tea":3,"output":4}}`), &back); err != nil || back.Units != (usage.Amounts{2: 4}) {
		t.Errorf("a newer writer's: %+v, %v", back.Units, err)
	}
	for _, bad := range []string{`[1]`, `{"input":1.5}`, `{"input":"1"}`, `"x"`} {
		if err := new(usage.Amounts).UnmarshalJSON([]byte(bad)); !errors.Is(err, usage.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", bad, err)
		}
	}
}
