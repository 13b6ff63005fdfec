package access

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"example.com/tenet/tenancy"
)

// PeopleMatrix is who may do what in an organization: its people by its projects.
// It is the caller's own.
type PeopleMatrix struct {
	Org      tenancy.Organization // zero: there is none
	Projects []MatrixProject      // active ones in the order of navigation, then archived ones by id
	People   []PersonRow          // the roster, by user id
}

// MatrixProject is a column of a [PeopleMatrix].
type MatrixProject struct {
	ID       tenancy.ProjectID
	Name     string
	Archived bool
}

// PersonRow is a row of a [PeopleMatrix].
type PersonRow struct {
	User tenancy.UserID
	Name string
	// OrgRole is the role in the organization that counts now: owner or member, and
	// none while the person is suspended.
	OrgRole   tenancy.Role
	Suspended bool
	Rights    []Right // one for each project, in their order
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
	return "people of " + told(string(m.Org.ID), m.Org.Name) + "\n\n" + aligned(rows) + "\n* by owning the organization\n"
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

// String is the right in short: "owner* calls", "viewer sees", "member hidden", or
// "-" for none.
func (r Right) String() string {
	if r == (Right{}) {
		return "-"
	}
	star := ""
	if r.From == FromOrganization {
		star = "*"
	}
	does := "hidden"
	switch {
	case r.Calls:
		does = "calls"
	case r.Sees:
		does = "sees"
	}
	return fmt.Sprintf("%s%s %s", orNone(r.Role), star, does)
}

func orNone(r tenancy.Role) string {
	if r == "" {
		return "-"
	}
	return string(r)
}

// told is an id and, where there is one, the name that people call it by.
func told(id, name string) string {
	if name == "" {
		return printable(id)
	}
	return printable(id) + " " + printable(name)
}

// printable escapes what does not print as it stands: line breaks, control and
// formatting characters.
func printable(s string) string {
	quoted := fmt.Sprintf("%q", s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// aligned sets rows in columns, two spaces apart.
func aligned(rows [][]string) string {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		line := ""
		for i, cell := range row {
			line += fmt.Sprintf("%-*s", widths[i]+2, cell)
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	return b.String()
}
