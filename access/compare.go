package access

import (
	"cmp"
	"maps"
	"slices"

	"example.com/tenet/tenancy"
)

// Compare says what a change does: how what after decides differs from what before
// does. Both views may be of any records and times; that of one snapshot at two
// times is what time does. It decides each key and model as [View.CanCall] does, so its cost
// grows with keys times models and with the places that people have.
func Compare(before, after View) Effects {
	c := comparison{before, after}
	return Effects{Keys: c.keys(), People: c.people(), Secrets: c.secrets()}
}

type comparison struct{ before, after View }

// keys compares what each key can call.
func (c comparison) keys() (all []KeyEffect) {
	names := union(c.before.all().catalogue.models, c.after.all().catalogue.models)
	for _, id := range union(c.before.all().keys, c.after.all().keys) {
		if e := c.key(id, names); len(e.Lost)+len(e.Gained) > 0 {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b KeyEffect) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
	return all
}

func (c comparison) key(id tenancy.KeyID, names []tenancy.ModelID) KeyEffect {
	of := c.entry(id)
	e := KeyEffect{Org: of.Org, Project: of.Project, Key: id, Name: of.name, Kind: of.Kind, Holder: of.Holder}
	calls, why := false, Reasons(0)
	for _, name := range names {
		was, rs := c.before.against(id, name) == 0, c.after.against(id, name)
		calls = calls || rs == 0
		switch {
		case was && rs != 0:
			e.Lost = append(e.Lost, name)
			why |= rs
		case !was && rs == 0:
			e.Gained = append(e.Gained, name)
		}
	}
	if !calls {
		e.Reasons = why.List()
	}
	return e
}

// against are the reasons against a call by key.
func (v View) against(key tenancy.KeyID, model tenancy.ModelID) Reasons {
	g := v.grant(key)
	if g == nil {
		return Reasons(0).With(ReasonUnknownKey, true)
	}
	rs, _ := v.snap.pictures[g.Org].keyReasons(v.snap.catalogue, g, model, v.now)
	return rs
}

// entry is a key as it is afterwards or, where it is gone, as it was.
func (c comparison) entry(id tenancy.KeyID) *entry {
	if e := c.after.all().keys[id]; e != nil {
		return e
	}
	return c.before.all().keys[id]
}

// people compares what everybody is to organizations and projects.
func (c comparison) people() (all []PersonEffect) {
	note := func(e PersonEffect) {
		if e.Before != e.After {
			all = append(all, e)
		}
	}
	for _, org := range union(c.before.all().pictures, c.after.all().pictures) {
		was, is := c.before.picture(org), c.after.picture(org)
		for _, user := range union(was.members, is.members) {
			note(PersonEffect{Org: org, User: user, Before: was.orgRight(user), After: is.orgRight(user)})
		}
		for _, id := range union(was.projects, is.projects) {
			for _, user := range union(was.inside(id), is.inside(id)) {
				note(PersonEffect{org, user, id, was.rightIn(id, user), is.rightIn(id, user)})
			}
		}
	}
	slices.SortFunc(all, func(a, b PersonEffect) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project))
	})
	return all
}

// secrets finds the live service keys whose secret somebody keeps who goes.
func (c comparison) secrets() (all []SeenSecret) {
	for _, e := range c.after.all().keys {
		if e.Kind != tenancy.KeyService || e.reasons(c.after.now) != 0 || !c.after.picture(e.Org).org.Closed.IsZero() {
			continue
		}
		for _, s := range e.secrets {
			if live := s.ends.IsZero() || c.after.now.Before(s.ends); live && c.leaves(s.by, e) {
				all = append(all, SeenSecret{e.Org, s.by, e.Project, e.ID, e.name})
			}
		}
	}
	slices.SortFunc(all, func(a, b SeenSecret) int {
		return cmp.Or(cmp.Compare(a.Org, b.Org), cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
	return slices.Compact(all) // who rotated their own key saw both secrets
}

// leaves reports whether a person loses sight of a key's project, or their good
// standing in its organization.
func (c comparison) leaves(user tenancy.UserID, e *entry) bool {
	was, is := c.before.picture(e.Org), c.after.picture(e.Org)
	off := was.orgRight(user).Role != "" && is.orgRight(user).Role == ""
	return off || was.rightIn(e.Project, user).Sees && !is.rightIn(e.Project, user).Sees
}

// inside are those who may have a right in a project: who has a place in it, and
// the organization's owners.
func (p *Picture) inside(project tenancy.ProjectID) map[tenancy.UserID]bool {
	users := map[tenancy.UserID]bool{}
	for _, owner := range p.org.Owners {
		users[owner] = true
	}
	if at := p.projects[project]; at != nil {
		for user := range at.people {
			users[user] = true
		}
	}
	return users
}

// rightIn is a person's right in a project; none where there is no such project.
func (p *Picture) rightIn(project tenancy.ProjectID, user tenancy.UserID) Right {
	at := p.projects[project]
	if at == nil {
		return Right{}
	}
	return p.right(at, user)
}

// union returns the keys of both maps, sorted, each once.
func union[K cmp.Ordered, V any](a, b map[K]V) []K {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}
