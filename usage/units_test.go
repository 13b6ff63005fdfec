package usage_test

import (
	"encoding/json"
	"errors"
	"maps"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// amounts is units spelled out: the known ones, each with its amount.
func amounts(us usage.Units) map[tenancy.Unit]int64 {
	m := map[tenancy.Unit]int64{}
	for _, u := range tenancy.Units() {
		if n, ok := us.Get(u); ok {
			m[u] = n
		}
	}
	return m
}

// unitsOf draws units: any of them known, with amounts up to the bound.
func unitsOf(most int64) *rapid.Generator[usage.Units] {
	return rapid.Custom(func(t *rapid.T) usage.Units {
		var us usage.Units
		for _, u := range tenancy.Units() {
			us = us.With(u, rapid.Int64Range(-1, most).Draw(t, string(u)))
		}
		return us
	})
}

func TestUnknownIsNotZero(t *testing.T) {
	var none usage.Units
	for _, u := range tenancy.Units() {
		zero := none.With(u, 0)
		if n, ok := none.Get(u); n != 0 || ok {
			t.Errorf("Get(%s) of the zero Units = %d, %v, want 0, false", u, n, ok)
		}
		if n, ok := zero.Get(u); n != 0 || !ok {
			t.Errorf("Get(%s) after With(0) = %d, %v, want 0, true", u, n, ok)
		}
		if zero == none {
			t.Errorf("0 of %s equals unknown", u)
		}
	}
}

func TestUnitsWith(t *testing.T) {
	base := usage.Units{}.With(tenancy.UnitInput, 7)
	for _, c := range []struct {
		name string
		unit tenancy.Unit
		n    int64
		want map[tenancy.Unit]int64
	}{
		{"another unit", tenancy.UnitOutput, 3, map[tenancy.Unit]int64{"input": 7, "output": 3}},
		{"the same unit", tenancy.UnitInput, 8, map[tenancy.Unit]int64{"input": 8}},
		{"the largest", tenancy.UnitInput, math.MaxInt64, map[tenancy.Unit]int64{"input": math.MaxInt64}},
		{"negative", tenancy.UnitInput, -1, map[tenancy.Unit]int64{}},
		{"the most negative", tenancy.UnitInput, math.MinInt64, map[tenancy.Unit]int64{}},
		{"negative of an unknown unit", tenancy.UnitOutput, -1, map[tenancy.Unit]int64{"input": 7}},
		{"no unit", "tokens", 9, map[tenancy.Unit]int64{"input": 7}},
		{"the empty unit", "", 9, map[tenancy.Unit]int64{"input": 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, amounts(base.With(c.unit, c.n))); diff != "" {
				t.Errorf("With(%q, %d) (-want +got):\n%s", c.unit, c.n, diff)
			}
		})
	}
	if base.With(tenancy.UnitInput, -1) != (usage.Units{}) {
		t.Error("units that were taken back differ from none")
	}
	if n, ok := base.Get("tokens"); n != 0 || ok {
		t.Errorf(`Get("tokens") = %d, %v, want 0, false`, n, ok)
	}
}

func TestUnitsOr(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := unitsOf(5).Draw(t, "a"), unitsOf(5).Draw(t, "b")
		want := amounts(b)
		maps.Copy(want, amounts(a))
		if diff := cmp.Diff(want, amounts(a.Or(b))); diff != "" {
			t.Errorf("a.Or(b) (-want +got):\n%s", diff)
		}
		if a.Or(a) != a || a.Or(usage.Units{}) != a || (usage.Units{}).Or(a) != a {
			t.Errorf("%v is not itself after Or with itself or nothing", amounts(a))
		}
	})
}

func TestUnitsJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := unitsOf(math.MaxInt64).Draw(t, "units")
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		got := usage.Units{}.With(tenancy.UnitImages, 1) // must be replaced, not added to
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s came back as %v", data, amounts(got))
		}
	})
}

func TestUnitsJSONForm(t *testing.T) {
	us := usage.Units{}.With(tenancy.UnitOutput, 0).With(tenancy.UnitInput, 12)
	got, err := json.Marshal(us)
	if want := `{"input":12,"output":0}`; err != nil || string(got) != want {
		t.Errorf("Marshal = %s, %v, want %s", got, err, want)
	}
	if got, _ := json.Marshal(usage.Units{}); string(got) != "{}" {
		t.Errorf("the zero Units is written as %s, want {}", got)
	}
}

func TestUnitsUnmarshal(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       map[tenancy.Unit]int64 // nil: ErrInvalid
	}{
		{"nothing", `{}`, map[tenancy.Unit]int64{}},
		{"null", `null`, map[tenancy.Unit]int64{}},
		{"zero", `{"input":0}`, map[tenancy.Unit]int64{"input": 0}},
		{"a unit of a newer version", `{"input":1,"parsecs":2}`, map[tenancy.Unit]int64{"input": 1}},
		{"the largest", `{"input":9223372036854775807}`, map[tenancy.Unit]int64{"input": math.MaxInt64}},
		{"beyond int64", `{"input":9223372036854775808}`, nil},
		{"negative", `{"input":-1}`, nil},
		{"a fraction", `{"input":1.5}`, nil},
		{"text", `{"input":"1"}`, nil},
		{"a list", `[1]`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := usage.Units{}.With(tenancy.UnitSeconds, 4)
			us := before
			err := json.Unmarshal([]byte(c.data), &us)
			if c.want == nil {
				if !errors.Is(err, usage.ErrInvalid) || us != before {
					t.Errorf("Unmarshal(%s) = %v, units %v, want ErrInvalid and the units as they were", c.data, err, amounts(us))
				}
				return
			}
			if diff := cmp.Diff(c.want, amounts(us)); err != nil || diff != "" {
				t.Errorf("Unmarshal(%s): %v (-want +got):\n%s", c.data, err, diff)
			}
		})
	}
}

func TestUnitsString(t *testing.T) {
	us := usage.Units{}.With(tenancy.UnitOutput, 120).With(tenancy.UnitInput, 0)
	if got := us.String(); got != "input=0 output=120" || (usage.Units{}).String() != "" {
		t.Errorf("String = %q, of nothing %q", got, usage.Units{})
	}
}
