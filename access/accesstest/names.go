package accesstest

import (
	"fmt"
	"maps"
	"slices"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// lexicon is what things of one kind are called, and which thing a word is.
type lexicon[T ~string] struct {
	kind  string
	words map[T][]string // of each thing, those to be preferred first
	of    map[string][]T
}

func newLexicon[T ~string](kind string) lexicon[T] {
	return lexicon[T]{kind, map[T][]string{}, map[string][]T{}}
}

// add notes words for a thing. Its id is always one.
func (l lexicon[T]) add(id T, words ...string) {
	if _, known := l.words[id]; !known {
		l.words[id] = nil
	}
	for _, word := range words {
		if word == "" || slices.Contains(l.of[word], id) {
			continue
		}
		l.words[id] = append(l.words[id], word)
		l.of[word] = append(l.of[word], id)
	}
}

func (l lexicon[T]) has(word string) bool {
	_, problem := l.find(word)
	return problem == ""
}

// find returns the thing that a word is, or what is wrong with the word.
func (l lexicon[T]) find(word string) (id T, problem string) {
	if _, isID := l.words[T(word)]; isID {
		return T(word), ""
	}
	switch of := l.of[word]; len(of) {
	case 0:
		return "", fmt.Sprintf("there is no %s %q%s", l.kind, word, but(l.labels()))
	case 1:
		return of[0], ""
	default:
		var labels []string
		for _, id := range of {
			labels = append(labels, l.label(id))
		}
		slices.Sort(labels)
		return "", fmt.Sprintf("%q is more than one %s: %s", word, l.kind, quoted(labels))
	}
}

// label is the first word that is a thing's own, its id where there is none.
func (l lexicon[T]) label(id T) string {
	for _, word := range l.words[id] {
		_, isID := l.words[T(word)]
		if len(l.of[word]) == 1 && !isID {
			return word
		}
	}
	return string(id)
}

func (l lexicon[T]) labels() []string {
	var all []string
	for id := range l.words {
		all = append(all, l.label(id))
	}
	slices.Sort(all)
	return all
}

// names are the words of a view.
type names struct {
	orgs     lexicon[tenancy.OrgID]
	projects lexicon[tenancy.ProjectID]
	keys     lexicon[tenancy.KeyID]
	users    lexicon[tenancy.UserID]
	models   lexicon[tenancy.ModelID]

	home      map[tenancy.ProjectID]tenancy.OrgID
	projectOf map[tenancy.KeyID]tenancy.ProjectID
	holder    map[tenancy.KeyID]tenancy.UserID // of personal keys
}

// namesIn are the words for what is in a snapshot.
func namesIn(snap *access.Snapshot, view access.View) *names {
	n := &names{
		newLexicon[tenancy.OrgID]("organization"), newLexicon[tenancy.ProjectID]("project"), newLexicon[tenancy.KeyID]("key"),
		newLexicon[tenancy.UserID]("person"), newLexicon[tenancy.ModelID]("model"),
		map[tenancy.ProjectID]tenancy.OrgID{}, map[tenancy.KeyID]tenancy.ProjectID{}, map[tenancy.KeyID]tenancy.UserID{},
	}
	for m := range snap.Catalogue().All() {
		n.models.add(m.ID)
	}
	orgs := snap.Organizations()
	for _, o := range orgs {
		n.orgs.add(o.ID, o.Name)
	}
	for _, o := range orgs {
		n.organization(view.People(o.ID))
	}
	for _, id := range slices.Sorted(maps.Keys(n.home)) {
		n.project(view.Keys(id))
	}
	return n
}

// organization adds people, and projects as "acme/web".
func (n *names) organization(m access.PeopleMatrix) {
	for _, person := range m.People {
		n.users.add(person.User, person.Name)
	}
	for _, p := range m.Projects {
		n.projects.add(p.ID, path(n.orgs.label(m.Org.ID), p.Name))
		n.home[p.ID] = m.Org.ID
	}
}

// project adds keys, by their names alone and as "acme/web/ci".
func (n *names) project(m access.KeyMatrix) {
	for _, k := range m.Keys {
		n.keys.add(k.ID, k.Name, path(n.projects.label(m.Project.ID), k.Name))
		n.projectOf[k.ID] = m.Project.ID
		if k.Kind == tenancy.KeyPersonal {
			n.holder[k.ID] = k.Holder
		}
	}
}

// path is a name under another; empty where there is none.
func path(above, name string) string {
	if name == "" {
		return ""
	}
	return above + "/" + name
}
