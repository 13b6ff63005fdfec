package access

import (
	"maps"
	"time"

	"example.com/tenet/tenancy"
)

// Picture is one organization as decisions see it: everything but its keys.
// Immutable. A nil Picture is of no organization and denies.
//
// It is for programs that follow a store and keep the picture of each
// organization up to date; everybody else has a [Snapshot].
type Picture struct {
	org      tenancy.Organization
	plan     tenancy.Subscription
	members  map[tenancy.UserID]tenancy.Member
	projects map[tenancy.ProjectID]*place
}

// place is a project and who has a place in it. Immutable.
type place struct {
	project tenancy.Project
	people  map[tenancy.UserID]tenancy.ProjectMember
}

// With returns the picture with records put and others deleted. The catalogue,
// keys, invites and name claims are no part of it and are passed over. p may be
// nil. Its cost grows with the number of projects and members, whatever the
// number of changes, so apply changes together.
func (p *Picture) With(put []tenancy.Entity, deleted []tenancy.Ref) *Picture {
	next := &Picture{}
	if p != nil {
		*next = *p
	}
	next.members = cloneOrNew(next.members)
	next.projects = cloneOrNew(next.projects)
	fresh := map[tenancy.ProjectID]bool{} // places that are next's own already
	for _, v := range put {
		next.put(v, fresh)
	}
	for _, r := range deleted {
		next.delete(r, fresh)
	}
	return next
}

func (p *Picture) put(v tenancy.Entity, fresh map[tenancy.ProjectID]bool) {
	switch v := v.(type) {
	case tenancy.Organization:
		p.org = v
	case tenancy.Subscription:
		p.plan = v
	case tenancy.Member:
		p.members[v.User] = v
	case tenancy.Project:
		p.own(v.ID, fresh).project = v
	case tenancy.ProjectMember:
		p.own(v.Project, fresh).people[v.User] = v
	}
}

func (p *Picture) delete(r tenancy.Ref, fresh map[tenancy.ProjectID]bool) {
	switch r.Kind {
	case tenancy.KindOrganization:
		p.org = tenancy.Organization{}
	case tenancy.KindSubscription:
		p.plan = tenancy.Subscription{}
	case tenancy.KindMember:
		delete(p.members, r.User)
	case tenancy.KindProject:
		p.own(tenancy.ProjectID(r.ID), fresh).project = tenancy.Project{}
	case tenancy.KindProjectMember:
		delete(p.own(tenancy.ProjectID(r.ID), fresh).people, r.User)
	}
}

// own returns the place of a project as one that may be written to: a copy, once
// for each With. A person's place may arrive before its project does, since a
// follower is fresh record by record; a place without a project allows nothing.
func (p *Picture) own(id tenancy.ProjectID, fresh map[tenancy.ProjectID]bool) *place {
	if fresh[id] {
		return p.projects[id]
	}
	next := &place{}
	if old := p.projects[id]; old != nil {
		*next = *old
	}
	next.people = cloneOrNew(next.people)
	p.projects[id] = next
	fresh[id] = true
	return next
}

func cloneOrNew[K comparable, V any](m map[K]V) map[K]V {
	if m == nil {
		return map[K]V{}
	}
	return maps.Clone(m)
}

// Organization returns the root record; zero where there is none.
func (p *Picture) Organization() tenancy.Organization {
	if p == nil {
		return tenancy.Organization{}
	}
	return p.org
}

// Subscription returns the plan; zero where there is none.
func (p *Picture) Subscription() tenancy.Subscription {
	if p == nil {
		return tenancy.Subscription{}
	}
	return p.plan
}

// Project returns a project, archived or not; zero where there is none.
func (p *Picture) Project(id tenancy.ProjectID) tenancy.Project {
	if p == nil || p.projects[id] == nil {
		return tenancy.Project{}
	}
	return p.projects[id].project
}

// Standing returns what user is to the organization and to a project of it; to
// the organization alone where project is empty. Of a project that is not there
// it is the zero Standing.
func (p *Picture) Standing(user tenancy.UserID, project tenancy.ProjectID) Standing {
	if p == nil {
		return Standing{}
	}
	s := Standing{Org: p.org, Member: p.members[user]}
	if project == "" {
		return s
	}
	at := p.projects[project]
	if at == nil || at.project.ID == "" {
		return Standing{}
	}
	s.Project, s.Place = at.project, at.people[user]
	return s
}

// Shows reports whether a project may hear of a model of the catalogue: it is in the
// organization's plan, or the project lists it from a time when it was.
func (p *Picture) Shows(project tenancy.ProjectID, m tenancy.Model) bool {
	if p == nil || p.projects[project] == nil {
		return false
	}
	models := p.projects[project].project.Models
	return p.plan.Includes(m) || !models.All() && models.Has(m.ID)
}

// Decide says whether a key may call a model at a time. It is what decides a call,
// lists models and draws a settings page; a [Gate] decides the same, and faster. A nil
// Grant is of no key.
func (p *Picture) Decide(c *Catalogue, g *Grant, model tenancy.ModelID, now time.Time) Decision {
	if g == nil {
		return Decision{Reason: ReasonUnknownKey}
	}
	rs, canonical := p.keyReasons(c, g, model, now)
	return decided(rs, g.subject(), canonical)
}

// DecideUse is [Picture.Decide] for a person in the host's own playground.
func (p *Picture) DecideUse(c *Catalogue, user tenancy.UserID, project tenancy.ProjectID, model tenancy.ModelID) Decision {
	rs, canonical := p.userReasons(c, user, project, model)
	return decided(rs, Subject{Org: p.Organization().ID, Project: project, User: user}, canonical)
}

func decided(rs Reasons, subject Subject, canonical tenancy.ModelID) Decision {
	d := Decision{Subject: subject, Model: canonical, Reason: rs.First()}
	if rs == 0 {
		d.Effect = Allow
	}
	return d
}

func (p *Picture) keyReasons(c *Catalogue, g *Grant, name tenancy.ModelID, now time.Time) (Reasons, tenancy.ModelID) {
	if p == nil || p.org.ID == "" || p.org.ID != g.Org || p.projects[g.Project] == nil || p.projects[g.Project].project.ID == "" {
		return Reasons(0).With(ReasonUnknownKey, true), ""
	}
	at := p.projects[g.Project]
	rs := g.reasons(now) | p.stateReasons(at)
	rs = rs.With(ReasonHolderMayNotCall, !p.holderMayCall(at, g.Kind, g.Holder, g.Membership))
	of, canonical := p.modelReasons(c, at, name)
	rs |= of
	return rs.With(ReasonModelNotInKey, canonical != "" && !g.Models.Has(canonical)), canonical
}

func (p *Picture) userReasons(c *Catalogue, user tenancy.UserID, project tenancy.ProjectID, name tenancy.ModelID) (Reasons, tenancy.ModelID) {
	if s := p.Standing(user, project); project == "" || !s.placed() { // not there, or not theirs: one answer
		return Reasons(0).With(ReasonHolderMayNotCall, true), ""
	}
	at := p.projects[project]
	rs, canonical := p.modelReasons(c, at, name)
	return rs.With(ReasonHolderMayNotCall, !p.userMayCall(at, user)) | p.stateReasons(at), canonical
}

// stateReasons are those of the organization and the project, whoever calls.
func (p *Picture) stateReasons(at *place) Reasons {
	return Reasons(0).
		With(ReasonOrganizationClosed, !p.org.Closed.IsZero()).
		With(ReasonOrganizationSuspended, !p.org.Suspended.IsZero()).
		With(ReasonProjectArchived, !at.project.Archived.IsZero())
}

// modelReasons are those of the model, and the canonical id of one that exists.
func (p *Picture) modelReasons(c *Catalogue, at *place, name tenancy.ModelID) (Reasons, tenancy.ModelID) {
	m := c.Resolve(name)
	if m == nil {
		return unresolved(name), ""
	}
	return Reasons(0).
		With(ReasonModelNotInPlan, !p.plan.Includes(*m)).
		With(ReasonModelNotEnabled, !at.project.Models.Has(m.ID)), m.ID
}

// holderMayCall says whether whom the key speaks for may call models in the
// project: the project itself, or the person in the stay that the key names.
func (p *Picture) holderMayCall(at *place, kind tenancy.KeyKind, holder tenancy.UserID, stay tenancy.MembershipID) bool {
	switch kind {
	case tenancy.KeyService:
		return true
	case tenancy.KeyPersonal:
		return stay != "" && p.members[holder].Membership == stay && p.userMayCall(at, holder)
	}
	return false
}

// userMayCall asks the role table, as if the project were active: that it is
// archived is a reason of its own.
func (p *Picture) userMayCall(at *place, user tenancy.UserID) bool {
	s := Standing{Org: p.org, Member: p.members[user], Project: at.project, Place: at.people[user]}
	return s.grants(rowOf(CallModel, ""))
}
