package accesstest

import (
	"strings"

	"example.com/tenet/tenancy"
)

// Project is a project of a world, to say more of. Its methods return it.
type Project struct {
	org  *Org
	id   tenancy.ProjectID
	name string
}

// Project adds a project: without people and models. Worlds and tables name it by organization
// and project, as "acme/web".
func (o *Org) Project(name string) *Project {
	o.w.tb().Helper()
	p := &Project{o, projectID(o.id, name), name}
	next := tenancy.Project{Org: o.id, ID: p.id, Name: name, Created: o.w.tick()}
	for known := range each[tenancy.Project](o.w) {
		folded := known.Archived.IsZero() && tenancy.Fold(known.Name) == tenancy.Fold(name)
		if known.Org == o.id && (known.Name == name || folded) {
			o.w.mistake(p.say("")(), "it is there already, as %s", known.Name)
			return p
		}
	}
	put(o.w, p.say("")(), next)
	return p
}

// FindProject returns a project that is there, by organization and name, as "acme/web",
// or by id.
func (w *World) FindProject(name string) *Project {
	w.tb().Helper()
	names := w.named()
	id, problem := names.projects.find(name)
	if problem != "" {
		w.mistake(call("FindProject", name), "%s", problem)
	}
	org := names.home[id]
	o := &Org{w, org, names.orgs.label(org)}
	return &Project{o, id, strings.TrimPrefix(names.projects.label(id), o.name+"/")}
}

// ID is the project's id.
func (p *Project) ID() tenancy.ProjectID { return p.id }

// say returns what writes a statement about the project.
func (p *Project) say(method string) func(words ...string) string {
	return func(words ...string) string {
		project := call("Project", p.org.name+"/"+p.name)
		if method == "" {
			return project
		}
		return project + "." + call(method, words...)
	}
}

func (p *Project) record() tenancy.Project { return read(p.org.w, tenancy.ProjectRef(p.org.id, p.id)) }

// Models says which models the project turned on, or [All] that the plan has. They need
// not be in the plan, as after a downgrade. It replaces what was said before.
func (p *Project) Models(models ...string) *Project {
	p.org.w.tb().Helper()
	say := p.say("Models")
	if set, ok := p.org.w.set(say, models); ok {
		next := p.record()
		next.Models = set
		put(p.org.w, say(models...), next)
	}
	return p
}

// Owners gives people of the roster a place as owners of the project.
func (p *Project) Owners(users ...string) *Project {
	p.org.w.tb().Helper()
	return p.place("Owners", tenancy.RoleOwner, users)
}

// Members gives people of the roster a place as members of the project.
func (p *Project) Members(users ...string) *Project {
	p.org.w.tb().Helper()
	return p.place("Members", tenancy.RoleMember, users)
}

// Viewers gives people of the roster a place as viewers of the project.
func (p *Project) Viewers(users ...string) *Project {
	p.org.w.tb().Helper()
	return p.place("Viewers", tenancy.RoleViewer, users)
}

func (p *Project) place(method string, role tenancy.Role, users []string) *Project {
	w := p.org.w
	w.tb().Helper()
	for _, user := range users {
		statement := p.say(method)(user)
		stay, ok := p.org.stay(statement, user)
		before := p.placeOf(user)
		switch {
		case !ok:
		case before.User != "" && before.Membership == stay.Membership:
			w.mistake(statement, "%s has a place in it already, as %s", user, before.Role)
		default:
			put(w, statement, p.record().Place(before, stay, role, w.tick()))
		}
	}
	return p
}

func (p *Project) placeOf(user string) tenancy.ProjectMember {
	return read(p.org.w, tenancy.ProjectMemberRef(p.org.id, p.id, tenancy.UserID(user)))
}

// Without takes people's places away. Who is to have another role is placed anew.
func (p *Project) Without(users ...string) *Project {
	w := p.org.w
	w.tb().Helper()
	for _, user := range users {
		place := p.placeOf(user)
		if place.User == "" {
			w.mistake(p.say("Without")(user), "%s has no place in it", user)
		}
		delete(w.records, place.Ref())
	}
	return p
}

// Archived says that the project was put away.
func (p *Project) Archived() *Project {
	p.org.w.tb().Helper()
	put(p.org.w, p.say("Archived")(), p.record().Archive(p.org.w.tick()))
	return p
}
