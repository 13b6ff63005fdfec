package accesstest

import (
	"fmt"
	"slices"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// whoIs says what a person is to an organization and a project of it, if one is named.
func (v *View) whoIs(user tenancy.UserID, org tenancy.OrgID, project tenancy.ProjectID) string {
	m := v.People(org)
	at := slices.IndexFunc(m.People, func(p access.PersonRow) bool { return p.User == user })
	name := v.users.label(user)
	if at < 0 {
		return fmt.Sprintf("%s is not on the roster of %s", name, v.orgs.label(org))
	}
	person := m.People[at]
	is := map[tenancy.Role]string{tenancy.RoleOwner: "an owner of", tenancy.RoleMember: "a member of", "": "suspended in"}
	text := fmt.Sprintf("%s is %s %s", name, is[person.OrgRole], v.orgs.label(org))
	in := slices.IndexFunc(m.Projects, func(p access.MatrixProject) bool { return p.ID == project })
	if in < 0 {
		return text
	}
	return fmt.Sprintf("%s; in %s: %v", text, v.projects.label(project), person.Rights[in])
}

// whatKey says what a key is.
func (v *View) whatKey(key tenancy.KeyID) string {
	project := v.projectOf[key]
	name, in := v.keys.label(key), v.projects.label(project)
	holder, personal := v.holder[key]
	if !personal {
		return fmt.Sprintf("%s is a service key of %s", name, in)
	}
	return fmt.Sprintf("%s is a personal key of %s; %s", name, in, v.whoIs(holder, v.home[project], project))
}
