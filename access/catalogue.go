package access

import (
	"iter"
	"maps"
	"slices"

	"example.com/tenet/tenancy"
)

// Catalogue is the operator's models by id. Immutable; nil has none.
type Catalogue struct {
	models  map[tenancy.ModelID]*entered
	ordered []tenancy.ModelID
}

// entered is a model and its place in the order of a catalogue.
type entered struct {
	tenancy.Model
	n int
}

// NewCatalogue returns the catalogue of models. Of two with one id the later
// counts.
func NewCatalogue(models ...tenancy.Model) *Catalogue {
	c := &Catalogue{models: make(map[tenancy.ModelID]*entered, len(models))}
	for _, m := range models {
		c.models[m.ID] = &entered{Model: m}
	}
	c.ordered = slices.Sorted(maps.Keys(c.models))
	for n, id := range c.ordered {
		c.models[id].n = n
	}
	return c
}

// Resolve returns the model that name stands for, itself or by one step of alias.
// It is nil where the catalogue has none, and for an alias of an alias or of
// nothing, or one that is retired: an alias leads to a model or nowhere. A model
// that is retired is found, and is in nobody's plan.
func (c *Catalogue) Resolve(name tenancy.ModelID) *tenancy.Model {
	if m := c.resolve(name); m != nil {
		return &m.Model
	}
	return nil
}

func (c *Catalogue) resolve(name tenancy.ModelID) *entered {
	if c == nil {
		return nil
	}
	m := c.models[name]
	if m == nil || m.Alias == "" {
		return m
	}
	target := c.models[m.Alias]
	if target == nil || target.Alias != "" || !m.Retired.IsZero() {
		return nil
	}
	return target
}

// named returns the entry of an id as it stands; zero where there is none.
func (c *Catalogue) named(id tenancy.ModelID) tenancy.Model {
	if c == nil || c.models[id] == nil {
		return tenancy.Model{}
	}
	return c.models[id].Model
}

// aliases are those that lead somewhere, by the model that they lead to, sorted.
func (c *Catalogue) aliases() map[tenancy.ModelID][]tenancy.ModelID {
	to := map[tenancy.ModelID][]tenancy.ModelID{}
	for m := range c.All() {
		if target := c.Resolve(m.ID); m.Alias != "" && target != nil {
			to[target.ID] = append(to[target.ID], m.ID)
		}
	}
	return to
}

// All yields every entry, aliases included, by id.
func (c *Catalogue) All() iter.Seq[tenancy.Model] {
	return func(yield func(tenancy.Model) bool) {
		if c == nil {
			return
		}
		for _, id := range c.ordered {
			if !yield(c.models[id].Model) {
				return
			}
		}
	}
}
