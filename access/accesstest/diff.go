package accesstest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// difference says how a report differs from an older one: who gained and lost what, then
// the lines of the tables that changed.
func difference(old, now string) string {
	was, is := sections(old), sections(now)
	var b strings.Builder
	beyond(&b, "gained", is.facts(), was.facts())
	beyond(&b, "lost", was.facts(), is.facts())
	tables(&b, was, is)
	if b.Len() == 0 {
		return "\nno more than spaces and order differ"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// parts are a report's lines by the headings that they stand under. A heading is not
// indented, and a line is.
type parts map[string][]string

func sections(report string) parts {
	p, heading := parts{}, ""
	for text := range strings.SplitSeq(report, "\n") {
		words := strings.TrimSpace(text)
		switch {
		case words == "":
		case words[0] == text[0]:
			heading = words
			p[heading] = nil
		default:
			p[heading] = append(p[heading], loose(words))
		}
	}
	return p
}

// loose is a row with two spaces between its cells, however wide the column.
func loose(text string) string {
	cells := slices.DeleteFunc(strings.Split(text, "  "), func(cell string) bool { return cell == "" })
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
	}
	return strings.Join(cells, "  ")
}

// claim is that somebody may do something somewhere.
type claim struct{ who, where, what string }

// The headings of facts, up to the place that they are about.
const (
	whoMay    = "who may, in "
	whoCalls  = "who calls, in "
	whichCall = "which key calls, in "
)

// isFacts reports whether who may do what stands under a heading, where, and how it is said of a caller.
func isFacts(heading string) (where, caller, verb string, is bool) {
	for _, h := range []struct{ heading, caller, verb string }{{whoMay, "", ""}, {whoCalls, "", "calls "}, {whichCall, "key ", "calls "}} {
		if where, is = strings.CutPrefix(heading, h.heading); is {
			return where, h.caller, h.verb, true
		}
	}
	return "", "", "", false
}

// facts reads back who may do what.
func (p parts) facts() map[claim]bool {
	claims := map[claim]bool{}
	for heading, rows := range p {
		where, caller, verb, is := isFacts(heading)
		for _, text := range rows {
			what, who, found := strings.Cut(text, "  -> ")
			if !is || !found {
				continue
			}
			names, _, _ := scan(who)
			for _, t := range names {
				if t != (token{",", false}) && t != (token{"-", false}) {
					claims[claim{caller + quote(t.word), where, verb + what}] = true
				}
			}
		}
	}
	return claims
}

// beyond writes what a has more than b, a line for each caller and place.
func beyond(w *strings.Builder, verb string, a, b map[claim]bool) {
	more := map[string][]string{}
	for c := range a {
		if !b[c] {
			who := c.who + " in " + c.where
			more[who] = append(more[who], c.what)
		}
	}
	if len(more) > 0 {
		fmt.Fprintf(w, "\n%s\n", verb)
	}
	for _, who := range slices.Sorted(maps.Keys(more)) {
		slices.Sort(more[who])
		fmt.Fprintf(w, "    %s: %s\n", who, strings.Join(more[who], ", "))
	}
}

// tables writes the rows that changed, but for those of facts.
func tables(w *strings.Builder, was, is parts) {
	headings := slices.AppendSeq(slices.Collect(maps.Keys(was)), maps.Keys(is))
	slices.Sort(headings)
	for _, heading := range slices.Compact(headings) {
		_, _, _, facts := isFacts(heading)
		if changed := edits(was[heading], is[heading]); !facts && len(changed) > 0 {
			fmt.Fprintf(w, "\n%s (-old +now)\n    %s\n", heading, strings.Join(changed, "\n    "))
		}
	}
}

// edits are the fewest that make the lines a the lines b: what is gone with a "-", what is
// new with a "+".
func edits(a, b []string) (all []string) {
	common := longest(a, b)
	for len(a)+len(b) > 0 {
		switch {
		case len(a) > 0 && len(b) > 0 && a[0] == b[0]:
			a, b = a[1:], b[1:]
		case len(b) == 0 || len(a) > 0 && common[len(a)-1][len(b)] >= common[len(a)][len(b)-1]:
			all, a = append(all, "- "+a[0]), a[1:]
		default:
			all, b = append(all, "+ "+b[0]), b[1:]
		}
	}
	return all
}

// longest is how many lines the last i of a and the last j of b have in common, in order.
func longest(a, b []string) [][]int {
	common := [][]int{make([]int, len(b)+1)}
	for i := range a {
		row := make([]int, 1, len(b)+1)
		for j := range b {
			if a[len(a)-1-i] == b[len(b)-1-j] {
				row = append(row, common[i][j]+1)
			} else {
				row = append(row, max(common[i][j+1], row[j]))
			}
		}
		common = append(common, row)
	}
	return common
}
