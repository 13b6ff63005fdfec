package accesstest

import (
	"slices"
	"strings"

	"example.com/tenet/tenancy"
)

// All is the word for the explicit "all" of a model set: all that the catalogue offers
// the organization, that the plan has, that the project has.
const All = "all"

// Models adds public models to the catalogue, and aliases: "fast = gpt-5" says that fast
// stands for gpt-5. See [Org.OwnModels] for those that are not public.
func (w *World) Models(models ...string) *World {
	w.tb().Helper()
	for _, spec := range models {
		name, target, alias := strings.Cut(spec, "=")
		m := tenancy.Model{ID: tenancy.ModelID(strings.TrimSpace(name)), Public: !alias, Created: w.tick()}
		if alias {
			m.Alias = tenancy.ModelID(strings.TrimSpace(target))
		}
		w.model(call("Models", spec), m)
	}
	return w
}

func (w *World) model(statement string, m tenancy.Model) {
	w.tb().Helper()
	switch target := read(w, tenancy.ModelRef(m.Alias)); {
	case m.ID == All:
		w.mistake(statement, "%q is the word for every model", All)
	case read(w, tenancy.ModelRef(m.ID)).ID != "":
		w.mistake(statement, "%s is in the catalogue already", m.ID)
	case m.Alias != "" && target.ID == "":
		w.unknownModel(statement, string(m.Alias))
	case m.Alias != "" && target.Alias != "":
		w.mistake(statement, "%s is an alias itself, of %s", target.ID, target.Alias)
	default:
		put(w, statement, m)
	}
}

// RetiredModels takes models and aliases out of use: a retired model is in nobody's plan, whoever lists it,
// and a retired alias leads nowhere.
func (w *World) RetiredModels(models ...string) *World {
	w.tb().Helper()
	for _, word := range models {
		statement := call("RetiredModels", word)
		switch m := read(w, tenancy.ModelRef(tenancy.ModelID(word))); {
		case m.ID == "":
			w.unknownModel(statement, word)
		case !m.Retired.IsZero():
			w.mistake(statement, "%s is retired already", word)
		default:
			put(w, statement, m.Retire(w.tick()))
		}
	}
	return w
}

// set is what a plan, a project or a key lists.
func (w *World) set(statement func(...string) string, words []string) (tenancy.ModelSet, bool) {
	w.tb().Helper()
	if slices.Equal(words, []string{All}) {
		return tenancy.AllModels(), true
	}
	var ids []tenancy.ModelID
	for _, word := range words {
		m := read(w, tenancy.ModelRef(tenancy.ModelID(word)))
		switch {
		case word == All:
			w.mistake(statement(words...), "%q stands alone", All)
		case m.ID == "":
			w.unknownModel(statement(word), word)
		case m.Alias != "":
			w.mistake(statement(word), "%s is an alias; a set lists the model itself, %s", word, m.Alias)
		case slices.Contains(ids, m.ID):
			w.mistake(statement(words...), "%s twice", word)
		}
		ids = append(ids, m.ID)
	}
	return tenancy.Models(ids...), w.err == nil
}

func (w *World) unknownModel(statement, word string) {
	w.tb().Helper()
	var known []string
	for m := range each[tenancy.Model](w) {
		known = append(known, string(m.ID))
	}
	w.mistake(statement, "the catalogue has no %q%s", word, but(known))
}
