package access

import "example.com/tenet/tenancy"

// Standing is what a person is to an organization and, where Project is set, to
// one of its projects: the records that their rights rest on, as they are, absent
// ones zero. The zero Standing may do nothing.
type Standing struct {
	Org     tenancy.Organization
	Member  tenancy.Member        // of the person
	Project tenancy.Project       // zero: the organization alone
	Place   tenancy.ProjectMember // of the person in Project
}

// OnRoster reports whether the person is on the roster in good standing. All
// rights begin here.
func (s *Standing) OnRoster() bool {
	return s.Member.Org == s.Org.ID && s.Member.User != "" && s.Member.Active()
}

// OrgOwner reports whether the person owns the organization.
func (s *Standing) OrgOwner() bool { return s.OnRoster() && s.Org.Owns(s.Member.User) }

// Role is the role that the person was given in the project and that counts now.
// Being an owner of the organization is no role in it.
func (s *Standing) Role() tenancy.Role {
	if s.Place.Project != s.Project.ID || s.Project.ID == "" || s.Project.Org != s.Org.ID {
		return ""
	}
	return s.Place.RoleFor(s.Member)
}

// Sees reports whether the person may know of the project: whether something
// about it is "forbidden" to them rather than "not found".
func (s *Standing) Sees() bool {
	if s.Project.ID == "" || s.Project.Org != s.Org.ID {
		return false
	}
	row := rowOf(SeeProject, "")
	if !s.Project.Archived.IsZero() {
		row = rowOf(SeeArchived, "")
	}
	return s.grants(row)
}

// placed reports whether the person belongs in the project, archived or not.
func (s *Standing) placed() bool { return s.grants(rowOf(SeeProject, "")) }

// May returns ReasonNone if the person may do it, by [Table], and otherwise why
// not. whose is empty but for actions on keys. An action on a project that no
// project is named for is ReasonNotFound.
func (s *Standing) May(action Action, whose Whose) Reason {
	row := rowOf(action, whose)
	switch {
	case !s.OnRoster():
		return ReasonNotFound
	case s.Project.ID == "" && !action.ofOrganization():
		return ReasonNotFound
	case s.Project.ID != "" && !s.Sees():
		return ReasonNotFound
	case !s.Org.Closed.IsZero():
		return ReasonOrganizationClosed
	case !s.grants(row):
		return ReasonForbidden
	case !s.Project.Archived.IsZero() && !row.Archived:
		return ReasonProjectArchived
	}
	return ReasonNone
}

// grants reads a row of the table for the person. Whoever is several things at
// once may do what any of them may.
func (s *Standing) grants(r Row) bool {
	if !s.OnRoster() {
		return false
	}
	byOrg := r.OrgMember || r.OrgOwner && s.OrgOwner()
	switch s.Role() {
	case tenancy.RoleOwner:
		return byOrg || r.Owner
	case tenancy.RoleMember:
		return byOrg || r.Member
	case tenancy.RoleViewer:
		return byOrg || r.Viewer
	}
	return byOrg
}

// WhoseKey says whose key k is to the person. A personal key of an earlier stay
// on the roster is nobody's own.
func (s *Standing) WhoseKey(kind tenancy.KeyKind, holder tenancy.MembershipID) Whose {
	switch {
	case kind == tenancy.KeyService:
		return Service
	case kind == tenancy.KeyPersonal && holder != "" && holder == s.Member.Membership:
		return Own
	}
	return Others
}
