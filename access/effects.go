package access

import (
	"fmt"
	"strings"

	"example.com/tenet/tenancy"
)

// Effects are the differences between two views: what a change does. The zero
// Effects are none. They are the caller's own.
type Effects struct {
	Keys    []KeyEffect    `json:"keys"`    // by organization, project and id
	People  []PersonEffect `json:"people"`  // by organization, user and project
	Secrets []SeenSecret   `json:"secrets"` // by organization, user, project and key
}

// KeyEffect is what becomes of a key that can call more, less or something else.
type KeyEffect struct {
	Org     tenancy.OrgID     `json:"org"`
	Project tenancy.ProjectID `json:"project"`
	Key     tenancy.KeyID     `json:"key"`
	Name    string            `json:"name"`
	Kind    tenancy.KeyKind   `json:"kind"`
	Holder  tenancy.UserID    `json:"holder,omitzero"` // of a personal key
	// Lost and Gained are the names that a request can give no longer, and newly:
	// models and aliases, sorted, as [View.Models] lists them.
	Lost   []tenancy.ModelID `json:"lost,omitzero"`
	Gained []tenancy.ModelID `json:"gained,omitzero"`
	// Reasons are why the key calls nothing afterwards: what then speaks against
	// the models that it lost, in order. Empty where it still calls something.
	Reasons []Reason `json:"reasons,omitzero"`
}

// Stops reports whether the key called something before and calls nothing afterwards.
func (e KeyEffect) Stops() bool { return len(e.Reasons) > 0 }

// PersonEffect is what becomes of a person's right in a project or, where Project is
// empty, in the organization itself: there the Role is owner or member, and none of
// somebody who is not on the roster in good standing.
type PersonEffect struct {
	Org     tenancy.OrgID     `json:"org"`
	User    tenancy.UserID    `json:"user"`
	Project tenancy.ProjectID `json:"project,omitzero"`
	Before  Right             `json:"before"`
	After   Right             `json:"after"`
}

// LosesSight reports whether the person no longer sees what they saw.
func (e PersonEffect) LosesSight() bool { return e.Before.Sees && !e.After.Sees }

// SeenSecret is a secret that outlives a person's right to it: of a live service key,
// shown to somebody who by the change loses sight of its project or leaves the
// roster's good standing. Service keys belong to the project and go on; whoever
// does not want that rotates the key. A key of an archived project is among them: it
// works again when the project is restored.
type SeenSecret struct {
	Org     tenancy.OrgID     `json:"org"`
	User    tenancy.UserID    `json:"user"` // who saw it
	Project tenancy.ProjectID `json:"project"`
	Key     tenancy.KeyID     `json:"key"`
	Name    string            `json:"name"`
}

// Empty reports whether there is no effect at all.
func (e Effects) Empty() bool { return len(e.Keys)+len(e.People)+len(e.Secrets) == 0 }

// Within returns the effects on projects that seen allows, for whoever may not hear of
// the others. Effects on the organization itself, whose project is empty, stay:
// who may see those is for the caller to say. A nil seen allows no project.
func (e Effects) Within(seen func(project tenancy.ProjectID) bool) Effects {
	may := func(project tenancy.ProjectID) bool { return seen != nil && seen(project) }
	return Effects{
		Keys:    only(e.Keys, func(k KeyEffect) bool { return may(k.Project) }),
		People:  only(e.People, func(p PersonEffect) bool { return p.Project == "" || may(p.Project) }),
		Secrets: only(e.Secrets, func(s SeenSecret) bool { return may(s.Project) }),
	}
}

// only returns what keep holds of, in a slice of its own; nil where that is nothing.
func only[T any](list []T, keep func(T) bool) (kept []T) {
	for _, v := range list {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}

// String has a line for each effect, "nothing changes" for none; the same for the same
// effects. What does not print is escaped.
func (e Effects) String() string {
	if e.Empty() {
		return "nothing changes\n"
	}
	var b strings.Builder
	for _, k := range e.Keys {
		fmt.Fprintf(&b, "key %s in %s %s\n", told(string(k.Key), k.Name), printable(string(k.Project)), k.outcome())
	}
	for _, p := range e.People {
		fmt.Fprintf(&b, "%s %s\n", printable(string(p.User)), p.outcome())
	}
	for _, s := range e.Secrets {
		fmt.Fprintf(&b, "%s keeps a secret of service key %s in %s\n", printable(string(s.User)), told(string(s.Key), s.Name), printable(string(s.Project)))
	}
	return b.String()
}

func (e KeyEffect) outcome() string {
	if e.Stops() {
		return "stops: " + codes(e.Reasons)
	}
	var parts []string
	if len(e.Lost) > 0 {
		parts = append(parts, "loses "+list(e.Lost))
	}
	if len(e.Gained) > 0 {
		parts = append(parts, "gains "+list(e.Gained))
	}
	return strings.Join(parts, ", ")
}

func (e PersonEffect) outcome() string {
	if e.Project == "" {
		return fmt.Sprintf("in organization %s: %s, was %s", printable(string(e.Org)), orNone(e.After.Role), orNone(e.Before.Role))
	}
	return fmt.Sprintf("in %s: %v, was %v", printable(string(e.Project)), e.After, e.Before)
}
