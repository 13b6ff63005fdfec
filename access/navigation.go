package access

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"example.com/tenet/tenancy"
)

// VisibleProjects yields the projects that a person sees in navigation:
// organization by organization in the order of their ids, in each by folded name,
// then id. It yields exactly those for which [View.Can] allows [SeeProject].
func (v View) VisibleProjects(user tenancy.UserID) iter.Seq[tenancy.Project] {
	return func(yield func(tenancy.Project) bool) {
		if v.snap == nil {
			return
		}
		for _, at := range v.snap.visible[user] {
			if !yield(at.project) {
				return
			}
		}
	}
}

// ActiveProject is the project that a person is in, who switches between those that
// they see in an organization: the one that is asked for, if they see it; else the
// one that the host remembered, if they still see it; else the first in order. ok is
// false where they see none, and the project is the zero Project then.
//
// An archived project is seen in no navigation, so it is nobody's active one.
func (v View) ActiveProject(user tenancy.UserID, org tenancy.OrgID, asked, remembered tenancy.ProjectID) (p tenancy.Project, ok bool) {
	for _, id := range []tenancy.ProjectID{asked, remembered} {
		if v.Can(user, SeeProject, Subject{Org: org, Project: id}).Allowed() {
			return v.pictureOf(id).Project(id), true
		}
	}
	for first := range v.VisibleProjects(user) {
		if first.Org == org {
			return first, true
		}
	}
	return tenancy.Project{}, false
}

// order prepares navigation: what everybody sees, organization by organization,
// active projects by folded name, then id.
func (s *Snapshot) order() {
	for _, org := range slices.Sorted(maps.Keys(s.pictures)) {
		p := s.pictures[org]
		for _, at := range p.active() {
			for user := range at.people {
				if !p.org.Owns(user) {
					s.show(p, at, user)
				}
			}
			for _, owner := range p.org.Owners {
				s.show(p, at, owner)
			}
		}
	}
}

// show adds a project to what a person sees, if they do.
func (s *Snapshot) show(p *Picture, at *place, user tenancy.UserID) {
	standing := p.Standing(user, at.project.ID)
	if standing.May(SeeProject, "") == ReasonNone {
		s.visible[user] = append(s.visible[user], at)
	}
}

// active returns the projects in use, in order.
func (p *Picture) active() []*place {
	folded := make(map[*place]string, len(p.projects))
	var active []*place
	for _, at := range p.projects {
		if at.project.Archived.IsZero() {
			active = append(active, at)
			folded[at] = tenancy.Fold(at.project.Name)
		}
	}
	slices.SortFunc(active, func(a, b *place) int {
		return cmp.Or(cmp.Compare(folded[a], folded[b]), cmp.Compare(a.project.ID, b.project.ID))
	})
	return active
}

// archived returns the projects that are put away, by id.
func (p *Picture) archived() []*place {
	var away []*place
	for _, at := range p.projects {
		if !at.project.Archived.IsZero() {
			away = append(away, at)
		}
	}
	slices.SortFunc(away, func(a, b *place) int { return cmp.Compare(a.project.ID, b.project.ID) })
	return away
}
