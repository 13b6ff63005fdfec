package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// print prints the four views as tables.
func (v *views) print(w io.Writer) {
	fmt.Fprintf(w, "%s, %s (%s). ≥: at least, some calls did not say; –: nobody said. Costs are estimates in %s.\n",
		v.org, v.from.Format("January 2006"), v.zone, v.currency)
	for _, s := range v.sections() {
		fmt.Fprintf(w, "\n== %s, asked by %s\n", s.Title, s.Who)
		for _, p := range s.Parts {
			if !p.Grid.Long() && p.Grid.Heads != nil {
				p.Grid.print(w)
			}
		}
	}
	fmt.Fprintln(w)
	for _, r := range v.refused {
		fmt.Fprintf(w, "%s asked for %s: %s\n", r.Who, r.View, r.Why)
	}
	fmt.Fprintf(w, "Attempts without a valid key: %s (counted only).\n\n", count(v.unauthenticated))
}

// Long says whether a grid is folded up on the page and left out of a terminal.
func (g grid) Long() bool { return len(g.Rows) > 20 }

// print prints a grid with columns of even width, numbers to the right.
func (g grid) print(w io.Writer) {
	heads := make([]string, len(g.Heads))
	for i, h := range g.Heads {
		heads[i] = h.Text
	}
	lines := append([][]string{heads}, g.Rows...)
	if g.Foot != nil {
		lines = append(lines, g.Foot)
	}
	widths := make([]int, len(g.Heads))
	for _, line := range lines {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	fmt.Fprintf(w, "\n%s\n", g.Caption)
	for n, line := range lines {
		var b strings.Builder
		for i, cell := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if g.Heads[i].Num {
				cell = pad + cell
			} else {
				cell += pad
			}
			b.WriteString("  " + cell)
		}
		fmt.Fprintln(w, strings.TrimRight(b.String(), " "))
		if n == 0 || g.Foot != nil && n == len(g.Rows) {
			fmt.Fprintln(w, " ", strings.Repeat("-", ruleWidth(widths)))
		}
	}
}

func ruleWidth(widths []int) int {
	all := 2 * (len(widths) - 1)
	for _, n := range widths {
		all += n
	}
	return all
}
