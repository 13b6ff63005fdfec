package accesstest

import (
	"fmt"
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// Report writes out who may do what, as plain text that is the same for the same view and has
// names for ids: the catalogue; for each organization its people by its projects, with their roles and
// where those come from; for each project its keys by its models, with the reasons
// against; and who may do each action, and call each model. It is empty for a world with mistakes.
func Report(v *View) string {
	if v.err != nil {
		return ""
	}
	r := report{View: v, people: v.users.labels()}
	r.catalogue()
	for _, name := range v.orgs.labels() {
		org, _ := v.orgs.find(name)
		r.organization(org)
	}
	return r.String()
}

// report is a report as it is written.
type report struct {
	*View
	strings.Builder
	people []string
}

// section writes lines, indented, under a heading.
func (r *report) section(heading string, lines ...string) {
	if r.Len() > 0 {
		r.WriteString("\n")
	}
	r.WriteString(heading + "\n\n")
	for _, text := range lines {
		r.WriteString(strings.TrimRight("    "+text, " ") + "\n")
	}
}

// matrix writes a table of package access, whose first line is a heading.
func (r *report) matrix(table fmt.Stringer) {
	heading, rows, _ := strings.Cut(strings.TrimSpace(table.String()), "\n\n")
	r.section(heading, strings.Split(rows, "\n")...)
}

func (r *report) catalogue() {
	var all []string
	for m := range r.snap.Catalogue().All() {
		text := quote(string(m.ID))
		switch {
		case m.Alias != "":
			text += " = " + quote(string(m.Alias))
		case !m.Public:
			text += " only for " + r.orgNames(m.Orgs)
		}
		if !m.Retired.IsZero() {
			text += ", retired"
		}
		all = append(all, text)
	}
	r.section("catalogue", all...)
}

func (r *report) orgNames(orgs []tenancy.OrgID) string {
	var all []string
	for _, id := range orgs {
		all = append(all, r.orgs.label(id))
	}
	slices.Sort(all)
	return listed(all)
}

func (r *report) organization(org tenancy.OrgID) {
	people := r.People(org)
	r.matrix(r.named(people))

	var facts []fact
	for _, action := range actions() {
		if a := access.Action(action); scopeOf(a).org {
			facts = append(facts, r.may(action, a, access.Subject{Org: org}))
		}
	}
	r.facts(whoMay+quote(r.orgs.label(org)), facts)
	for _, p := range people.Projects {
		r.project(p.ID)
	}
}

// named is a matrix with words in place of ids, and of names.
func (r *report) named(m access.PeopleMatrix) access.PeopleMatrix {
	own := access.PeopleMatrix{Org: tenancy.Organization{ID: tenancy.OrgID(r.orgs.label(m.Org.ID))}}
	for _, p := range m.Projects {
		p.Name = r.projects.label(p.ID)
		own.Projects = append(own.Projects, p)
	}
	for _, person := range m.People {
		person.User, person.Name = tenancy.UserID(r.users.label(person.User)), ""
		own.People = append(own.People, person)
	}
	return own
}

func (r *report) project(project tenancy.ProjectID) {
	matrix := r.Keys(project)
	r.matrix(r.namedKeys(matrix))

	name := quote(r.projects.label(project))
	var facts, people, keys []fact
	for _, action := range actions() {
		facts = append(facts, r.actionFacts(access.Action(action), project)...)
	}
	for i, model := range matrix.Models {
		word := quote(string(model))
		people = append(people, fact{word, r.peopleWho(func(user tenancy.UserID) bool {
			return r.CanUse(user, project, model).Allowed()
		})})
		keys = append(keys, fact{word, r.keysOf(matrix, i)})
	}
	r.facts(whoMay+name, facts)
	r.facts(whoCalls+name, people)
	r.facts(whichCall+name, keys)
}

func (r *report) namedKeys(m access.KeyMatrix) access.KeyMatrix {
	own := access.KeyMatrix{Project: tenancy.Project{ID: tenancy.ProjectID(r.projects.label(m.Project.ID))}, Models: m.Models}
	for _, k := range m.Keys {
		k.ID, k.Name, k.Holder = tenancy.KeyID(r.keys.label(k.ID)), "", tenancy.UserID(r.users.label(k.Holder))
		own.Keys = append(own.Keys, k)
	}
	return own
}

// keysOf are the keys that call a model of the matrix.
func (r *report) keysOf(m access.KeyMatrix, model int) (which []string) {
	for _, k := range m.Keys {
		if k.Cells[model].Allowed() {
			which = append(which, r.keys.label(k.ID))
		}
	}
	return which
}

// fact is one line of who may: what, and the words for who.
type fact struct {
	what string
	who  []string
}

// actionFacts are the lines of an action in a project: one, or one for each key.
func (r *report) actionFacts(a access.Action, project tenancy.ProjectID) (facts []fact) {
	on := access.Subject{Project: project}
	switch of := scopeOf(a); {
	case a == access.CreateKey:
		own := fact{string(a) + " for oneself", r.peopleWho(func(user tenancy.UserID) bool {
			return r.Can(user, a, access.Subject{Project: project, User: user}).Allowed()
		})}
		return []fact{r.may(string(a), a, on), own}
	case of.project:
		return []fact{r.may(string(a), a, on)}
	case of.key:
		for _, k := range r.Keys(project).Keys {
			facts = append(facts, r.may(string(a)+" "+quote(r.keys.label(k.ID)), a, access.Subject{Key: k.ID}))
		}
	}
	return facts
}

func (r *report) may(what string, action access.Action, on access.Subject) fact {
	return fact{what, r.peopleWho(func(user tenancy.UserID) bool { return r.Can(user, action, on).Allowed() })}
}

func (r *report) peopleWho(may func(tenancy.UserID) bool) (who []string) {
	for _, name := range r.people {
		if user, _ := r.users.find(name); may(user) {
			who = append(who, name)
		}
	}
	return who
}

// facts writes lines in the words of tables: what, an arrow, who.
func (r *report) facts(heading string, facts []fact) {
	width := 0
	for _, f := range facts {
		width = max(width, len([]rune(f.what)))
	}
	var all []string
	for _, f := range facts {
		all = append(all, fmt.Sprintf("%-*s  -> %s", width, f.what, listed(f.who)))
	}
	r.section(heading, all...)
}

// listed is names as tables spell them; "-" for none.
func listed(names []string) string {
	if len(names) == 0 {
		return "-"
	}
	return quoted(names)
}
