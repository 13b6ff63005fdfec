package access

import (
	"fmt"
	"strings"

	"example.com/tenet/tenancy"
)

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

func list(models []tenancy.ModelID) string {
	ids := make([]string, len(models))
	for i, m := range models {
		ids[i] = printable(string(m))
	}
	return strings.Join(ids, " ")
}

func codes(rs []Reason) string {
	var all []string
	for _, r := range rs {
		all = append(all, r.String())
	}
	return strings.Join(all, ", ")
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
		var line strings.Builder
		for i, cell := range row {
			fmt.Fprintf(&line, "%-*s", widths[i]+2, cell)
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return b.String()
}
