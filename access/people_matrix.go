package access

import (
	"maps"
	"slices"

	"example.com/tenet/tenancy"
)

// PeopleMatrix is who may do what in an organization: its people by its projects.
// Its slices are the caller's own, but for those within Org.
type PeopleMatrix struct {
	Org      tenancy.Organization `json:"org"`      // zero: there is none
	Projects []MatrixProject      `json:"projects"` // active ones in the order of navigation, then archived ones by id
	People   []PersonRow          `json:"people"`   // the roster, by user id
}

// MatrixProject is a column of a [PeopleMatrix].
type MatrixProject struct {
	ID       tenancy.ProjectID `json:"id"`
	Name     string            `json:"name,omitzero"`
	Archived bool              `json:"archived,omitzero"`
}

// PersonRow is a row of a [PeopleMatrix].
type PersonRow struct {
	User tenancy.UserID `json:"user"`
	Name string         `json:"name,omitzero"`
	// OrgRole is the role in the organization that counts now: owner or member, and
	// none while the person is suspended.
	OrgRole   tenancy.Role `json:"org_role,omitzero"`
	Suspended bool         `json:"suspended,omitzero"`
	Rights    []Right      `json:"rights"` // one for each project, in their order
}

// People returns the matrix of an organization, without people or projects where
// there is none. It is as large as the roster times the projects.
func (v View) People(org tenancy.OrgID) PeopleMatrix {
	p := v.picture(org)
	m := PeopleMatrix{Org: p.org}
	columns := slices.Concat(p.active(), p.archived())
	for _, at := range columns {
		m.Projects = append(m.Projects, MatrixProject{at.project.ID, at.project.Name, !at.project.Archived.IsZero()})
	}
	for _, user := range slices.Sorted(maps.Keys(p.members)) {
		member := p.members[user]
		row := PersonRow{User: user, Name: member.Name, OrgRole: p.orgRight(user).Role, Suspended: !member.Suspended.IsZero()}
		for _, at := range columns {
			row.Rights = append(row.Rights, p.right(at, user))
		}
		m.People = append(m.People, row)
	}
	return m
}

// String is the matrix as a table in plain text, a line for each person; the same
// for the same matrix. A cell has the role, starred where it comes from owning the
// organization, and what it lets the person do: "calls" models, "sees" the project
// without calling, or nothing, of a project that is "hidden". What does not print is escaped.
func (m PeopleMatrix) String() string {
	rows := [][]string{{"", "organization"}}
	for _, p := range m.Projects {
		rows[0] = append(rows[0], p.label(m.Projects))
	}
	for _, person := range m.People {
		row := []string{told(string(person.User), person.Name), person.standing()}
		for _, r := range person.Rights {
			row = append(row, r.String())
		}
		rows = append(rows, row)
	}
	return "people of " + told(string(m.Org.ID), m.Org.Name) + m.state() + "\n\n" + aligned(rows) + "\n* by owning the organization\n"
}

// state says why nobody calls or sees anything, where nobody does.
func (m PeopleMatrix) state() string {
	switch {
	case !m.Org.Closed.IsZero():
		return " (closed)"
	case !m.Org.Suspended.IsZero():
		return " (suspended)"
	}
	return ""
}

// label is the project's name, with its id where another has the name too, as an
// archived one may.
func (p MatrixProject) label(among []MatrixProject) string {
	label := printable(p.Name)
	if p.Name == "" || slices.ContainsFunc(among, func(o MatrixProject) bool { return o.Name == p.Name && o.ID != p.ID }) {
		label = told(string(p.ID), p.Name)
	}
	if p.Archived {
		label += " (archived)"
	}
	return label
}

func (r PersonRow) standing() string {
	if r.Suspended {
		return "suspended"
	}
	return orNone(r.OrgRole)
}
