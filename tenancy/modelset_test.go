package tenancy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
)

// numbered is n different model ids.
func numbered(n int) []tenancy.ModelID {
	ids := make([]tenancy.ModelID, n)
	for i := range ids {
		ids[i] = tenancy.ModelID(fmt.Sprintf("m%04d", i))
	}
	return ids
}

var modelIDs = rapid.SampledFrom([]tenancy.ModelID{"a", "A", "a-b", "a.b", "all", "b", "gpt-5", "gpt-5-mini", "gpt-50", "z"})

func drawIDs(t *rapid.T, label string) []tenancy.ModelID {
	return rapid.SliceOf(modelIDs).Draw(t, label)
}

// A set is held to a map, and its laws to each other.
func TestModelSetLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids, more, probe := drawIDs(t, "ids"), drawIDs(t, "more"), modelIDs.Draw(t, "probe")
		before := slices.Clone(ids)
		set := tenancy.Models(ids...)
		with, without := set.With(more...), set.Without(more...)
		in, moved := slices.Contains(ids, probe), slices.Contains(more, probe)
		if set.Has(probe) != in || with.Has(probe) != (in || moved) || without.Has(probe) != (in && !moved) {
			t.Fatalf("%q in %v: %v, with %v: %v, without: %v", probe, ids, set.Has(probe), more, with.Has(probe), without.Has(probe))
		}
		if set.All() || with.All() || without.All() {
			t.Fatalf("a list says all")
		}
		if !slices.Equal(ids, before) {
			t.Fatalf("Models moved its caller's list")
		}
		checkList(t, set)
		checkList(t, with)
		checkList(t, without)
		if !set.With(more...).Without(more...).Equal(without) || !set.With(set.List()...).Equal(set) || !set.Without().Equal(set) {
			t.Fatalf("With and Without do not undo each other on %v and %v", ids, more)
		}
		slices.Reverse(ids)
		if !tenancy.Models(ids...).Equal(set) || !tenancy.Models(append(ids, ids...)...).Equal(set) {
			t.Fatalf("order or duplicates count")
		}
		checkJSON(t, set)
	})
}

// checkList holds List to Has, to Equal and to order, and to being a copy.
func checkList(t *rapid.T, set tenancy.ModelSet) {
	list := set.List()
	for i, id := range list {
		if !set.Has(id) || (i > 0 && list[i-1] >= id) {
			t.Fatalf("List() = %v", list)
		}
	}
	if !tenancy.Models(list...).Equal(set) || set.Empty() != (len(list) == 0) {
		t.Fatalf("the set of its list %v is another", list)
	}
	clear(list)
	if slices.Contains(set.List(), "") {
		t.Fatalf("List handed out the set's own list")
	}
}

func checkJSON(t *rapid.T, set tenancy.ModelSet) {
	data, err := json.Marshal(set)
	if err != nil {
		t.Fatalf("Marshal: %v", err)
	}
	got := tenancy.Models("left", "over")
	if err := json.Unmarshal(data, &got); err != nil || !got.Equal(set) {
		t.Fatalf("%s read again: %v, %v", data, got, err)
	}
}

func TestA13EmptyIsNone(t *testing.T) {
	zero := tenancy.ModelSet{}
	for name, set := range map[string]tenancy.ModelSet{
		"zero": zero, "no ids": tenancy.Models(), "nil": tenancy.Models([]tenancy.ModelID(nil)...),
		"empty slice": tenancy.Models([]tenancy.ModelID{}...), "last one removed": tenancy.Models("a").Without("a"),
		"nothing added": zero.With(), "removed from none": zero.Without("a"),
	} {
		if !set.Empty() || set.All() || set.Has("a") || set.Has("") || !set.Equal(zero) || len(set.List()) != 0 {
			t.Errorf("%s is not the empty set", name)
		}
		if data, err := json.Marshal(set); err != nil || string(data) != "[]" {
			t.Errorf("%s is written %s, %v", name, data, err)
		}
	}
}

func TestA5AllMustBeSaid(t *testing.T) {
	all := tenancy.AllModels()
	if !all.All() || all.Empty() || !all.Has("anything") || all.List() != nil {
		t.Error("all is not all")
	}
	if !all.With("a").All() || !all.Without("a").All() {
		t.Error("all turned into a list")
	}
	if all.Equal(tenancy.Models("a")) || tenancy.Models("a").Equal(all) || all.Equal(tenancy.ModelSet{}) || !all.Equal(tenancy.AllModels()) {
		t.Error("all equals a list")
	}
	if named := tenancy.Models("all"); named.All() || named.Has("a") || !named.Has("all") || named.Equal(all) {
		t.Error("a model called all is all")
	}
}

func TestModelSetJSON(t *testing.T) {
	tests := []struct {
		name, data string
		want       tenancy.ModelSet
		ok         bool
	}{
		{"all", `"all"`, tenancy.AllModels(), true},
		{"list", `["b","a","b"]`, tenancy.Models("a", "b"), true},
		{"list that names all", `["all"]`, tenancy.Models("all"), true},
		{"empty", `[]`, tenancy.ModelSet{}, true},
		{"null", `null`, tenancy.ModelSet{}, true},
		{"all in capitals", `"ALL"`, tenancy.ModelSet{}, false},
		{"star", `"*"`, tenancy.ModelSet{}, false},
		{"empty text", `""`, tenancy.ModelSet{}, false},
		{"one id as text", `"a"`, tenancy.ModelSet{}, false},
		{"true", `true`, tenancy.ModelSet{}, false},
		{"number", `1`, tenancy.ModelSet{}, false},
		{"object", `{}`, tenancy.ModelSet{}, false},
		{"list of numbers", `[1]`, tenancy.ModelSet{}, false},
		{"list of lists", `[["a"]]`, tenancy.ModelSet{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got tenancy.ModelSet
			err := json.Unmarshal([]byte(tt.data), &got)
			if tt.ok {
				checkField(t, err, "", tt.name)
			} else {
				checkField(t, err, "models", tt.name)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if data, err := json.Marshal(tenancy.AllModels()); err != nil || string(data) != `"all"` {
		t.Errorf("all is written %s, %v", data, err)
	}
	if data, err := json.Marshal(tenancy.Models("b", "a")); err != nil || string(data) != `["a","b"]` {
		t.Errorf("a list is written %s, %v", data, err)
	}
}
