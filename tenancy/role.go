package tenancy

// Role is what a person is in a project, or on a roster. The zero Role, and any
// text that is none of the constants, is no role and gives no right.
type Role string

// The roles of a project. An organization knows only [RoleOwner] and
// [RoleMember], and keeps its owners in [Organization.Owners].
const (
	RoleViewer Role = "viewer"
	RoleMember Role = "member"
	RoleOwner  Role = "owner"
)

// Rank orders the roles of a project: none is 0, viewer 1, member 2, owner 3.
func (r Role) Rank() int {
	switch r {
	case RoleViewer:
		return 1
	case RoleMember:
		return 2
	case RoleOwner:
		return 3
	}
	return 0
}

// checkProjectRole allows the three roles of a project.
func checkProjectRole(field string, r Role) error {
	if r.Rank() == 0 {
		return invalid(field, "viewer, member or owner")
	}
	return nil
}

// checkOrgRole allows the two roles of an organization.
func checkOrgRole(field string, r Role) error {
	if r != RoleMember && r != RoleOwner {
		return invalid(field, "member or owner")
	}
	return nil
}
