package accesstest

import (
	"slices"

	"example.com/tenet/tenancy"
)

// Org is an organization of a world, to say more of. Its methods return it.
type Org struct {
	w    *World
	id   tenancy.OrgID
	name string
}

// Org adds an organization: without people, and with a plan that has no model.
func (w *World) Org(name string) *Org {
	w.tb().Helper()
	o := &Org{w, orgID(name), name}
	for known := range each[tenancy.Organization](w) {
		if known.Name == name {
			w.mistake(o.say("")(), "it is there already")
		}
	}
	root := tenancy.Organization{ID: o.id, Name: name, TimeZone: "Etc/UTC", Currency: "EUR", Created: w.tick()}
	o.put(o.say("")(), root)
	put(w, o.say("")(), tenancy.Subscription{Org: o.id, Plan: "plan"})
	return o
}

// put files the root record, whose first owner may be told later.
func (o *Org) put(statement string, root tenancy.Organization) {
	o.w.tb().Helper()
	checked := root
	if len(root.Owners) == 0 {
		checked.Owners = []tenancy.UserID{"told later"}
	}
	if put(o.w, statement, checked) {
		o.w.file(root)
	}
}

// FindOrg returns an organization that is there, by name or id.
func (w *World) FindOrg(name string) *Org {
	w.tb().Helper()
	names := w.named()
	id, problem := names.orgs.find(name)
	if problem != "" {
		w.mistake(call("FindOrg", name), "%s", problem)
	}
	return &Org{w, id, names.orgs.label(id)}
}

// ID is the organization's id.
func (o *Org) ID() tenancy.OrgID { return o.id }

// say returns what writes a statement about the organization.
func (o *Org) say(method string) func(words ...string) string {
	return func(words ...string) string {
		if method == "" {
			return call("Org", o.name)
		}
		return call("Org", o.name) + "." + call(method, words...)
	}
}

func (o *Org) root() tenancy.Organization { return read(o.w, tenancy.OrganizationRef(o.id)) }

// Plan says which models of the catalogue the organization may use, or [All] that it is
// offered. It replaces what was said before.
func (o *Org) Plan(models ...string) *Org {
	o.w.tb().Helper()
	say := o.say("Plan")
	if set, ok := o.w.set(say, models); ok {
		plan := read(o.w, tenancy.SubscriptionRef(o.id))
		plan.Models = set
		put(o.w, say(models...), plan)
	}
	return o
}

// OwnModels adds models to the catalogue that exist for the organization, or, where they
// exist for others, for it too. They still need a plan that has them.
func (o *Org) OwnModels(models ...string) *Org {
	o.w.tb().Helper()
	for _, word := range models {
		statement := o.say("OwnModels")(word)
		m := read(o.w, tenancy.ModelRef(tenancy.ModelID(word)))
		switch {
		case m.ID == "":
			o.w.model(statement, tenancy.Model{ID: tenancy.ModelID(word), Orgs: []tenancy.OrgID{o.id}, Created: o.w.tick()})
		case m.Public || m.Alias != "" || m.OfferedTo(o.id):
			o.w.mistake(statement, "%s is in the catalogue already, and not another organization's own", word)
		default:
			m.Orgs = slices.Sorted(slices.Values(append(slices.Clone(m.Orgs), o.id)))
			put(o.w, statement, m)
		}
	}
	return o
}

// Suspended says that the operator suspended the organization.
func (o *Org) Suspended() *Org {
	o.w.tb().Helper()
	o.put(o.say("Suspended")(), o.root().Suspend(o.w.tick()))
	return o
}

// Closed says that the operator closed the organization.
func (o *Org) Closed() *Org {
	o.w.tb().Helper()
	o.put(o.say("Closed")(), o.root().Close(o.w.tick()))
	return o
}
