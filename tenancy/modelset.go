package tenancy

import (
	"encoding/json"
	"slices"
)

// MaxModels bounds the models that a [ModelSet] lists.
const MaxModels = 320

// ModelSet is a set of canonical model ids: a list, or the explicit value "all".
// What "all" ranges over is the holder's affair: a subscription's is what the
// catalogue offers the organization, a project's is what the subscription has, a
// key's is what the project has. The zero ModelSet is empty, and empty means none.
//
// A ModelSet is immutable and may be shared.
type ModelSet struct {
	all bool
	ids []ModelID // sorted, unique; nil when all
}

// AllModels returns the set that says "all".
func AllModels() ModelSet { return ModelSet{all: true} }

// Models returns the set of ids, in any order; duplicates count once.
func Models(ids ...ModelID) ModelSet {
	if len(ids) == 0 {
		return ModelSet{}
	}
	own := slices.Clone(ids)
	slices.Sort(own)
	return ModelSet{ids: slices.Compact(own)}
}

// All reports whether the set is the explicit "all".
func (s ModelSet) All() bool { return s.all }

// Empty reports whether the set has no model at all.
func (s ModelSet) Empty() bool { return !s.all && len(s.ids) == 0 }

// Has reports whether id is in the set; every id is in "all".
func (s ModelSet) Has(id ModelID) bool {
	if s.all {
		return true
	}
	_, found := slices.BinarySearch(s.ids, id)
	return found
}

// List returns the listed ids in order, as a slice of the caller's own. It is
// nil for "all", which has no list.
func (s ModelSet) List() []ModelID { return slices.Clone(s.ids) }

// With returns the set with ids added. "All" stays "all".
func (s ModelSet) With(ids ...ModelID) ModelSet {
	if s.all {
		return s
	}
	return Models(slices.Concat(s.ids, ids)...)
}

// Without returns the set with ids taken out. "All" has no list to take from and
// stays "all"; whoever wants less than all lists it.
func (s ModelSet) Without(ids ...ModelID) ModelSet {
	if s.all {
		return s
	}
	return Models(slices.DeleteFunc(s.List(), func(id ModelID) bool { return slices.Contains(ids, id) })...)
}

// Equal reports whether both sets have the same models. "All" equals only "all".
func (s ModelSet) Equal(o ModelSet) bool { return s.all == o.all && slices.Equal(s.ids, o.ids) }

// check returns a [*FieldError] unless the list is within [MaxModels] and every
// id is well formed.
func (s ModelSet) check(field string) error {
	if len(s.ids) > MaxModels {
		return invalid(field, "at most 320 models")
	}
	for _, id := range s.ids {
		if _, err := ParseModelID(string(id)); err != nil {
			return invalid(field, "model ids of 1 to 128 ASCII letters, digits and ._-:/@+~")
		}
	}
	return nil
}

const allText = "all"

// MarshalJSON writes "all" or the sorted list; the empty set is [].
func (s ModelSet) MarshalJSON() ([]byte, error) {
	if s.all {
		return json.Marshal(allText)
	}
	if s.ids == nil {
		return []byte("[]"), nil
	}
	return json.Marshal(s.ids)
}

// UnmarshalJSON reads what MarshalJSON writes, a list in any order. Null is the
// empty set. Any other text than "all" is an error, never a set.
func (s *ModelSet) UnmarshalJSON(data []byte) error {
	if string(data) == `"`+allText+`"` {
		*s = AllModels()
		return nil
	}
	var ids []ModelID
	if err := json.Unmarshal(data, &ids); err != nil {
		return invalid("models", `a list of model ids or "all"`)
	}
	*s = Models(ids...)
	return nil
}
