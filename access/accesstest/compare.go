package accesstest

import (
	"cmp"
	"slices"

	"example.com/tenet/access"
)

// Compare says what a change does, as access.Compare does, with names in place of ids: which
// keys stop, gain and lose models, who sees and may do what, and which live secrets somebody
// keeps who goes. Take one view before the statements that change the world, and one after.
// It is empty for a world with mistakes.
func Compare(before, after *View) string {
	if before.err != nil || after.err != nil {
		return ""
	}
	e := access.Compare(before.View, after.View)
	nameKeys(e.Keys, before.names, after.names)
	namePeople(e.People, before.names, after.names)
	nameSecrets(e.Secrets, before.names, after.names)
	return e.String()
}

func nameKeys(keys []access.KeyEffect, before, after *names) {
	for i, k := range keys {
		keys[i].Name = ""
		keys[i].Key = either(after.keys, before.keys, k.Key)
		keys[i].Project = either(after.projects, before.projects, k.Project)
	}
	slices.SortFunc(keys, func(a, b access.KeyEffect) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
}

func namePeople(people []access.PersonEffect, before, after *names) {
	for i, p := range people {
		people[i].Org = either(after.orgs, before.orgs, p.Org)
		people[i].User = either(after.users, before.users, p.User)
		people[i].Project = either(after.projects, before.projects, p.Project)
	}
	slices.SortFunc(people, func(a, b access.PersonEffect) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project))
	})
}

func nameSecrets(secrets []access.SeenSecret, before, after *names) {
	for i, s := range secrets {
		secrets[i].Name = ""
		secrets[i].Key = either(after.keys, before.keys, s.Key)
		secrets[i].User = either(after.users, before.users, s.User)
		secrets[i].Project = either(after.projects, before.projects, s.Project)
	}
	slices.SortFunc(secrets, func(a, b access.SeenSecret) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
}

// either is the label in the first of two lexicons that has the thing.
func either[T ~string](a, b lexicon[T], id T) T {
	if _, known := a.words[id]; known {
		return T(a.label(id))
	}
	return T(b.label(id))
}
