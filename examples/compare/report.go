package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
)

// goal is what a ratio is to reach.
type goal struct {
	comparator string // <= or >=
	bound      float64
}

func atMost(bound float64) goal  { return goal{"<=", bound} }
func atLeast(bound float64) goal { return goal{">=", bound} }

func (g goal) String() string { return g.comparator + figure(g.bound) }

// met compares what is printed, so that a reader who does the same agrees.
func (g goal) met(value float64) bool {
	value = math.Round(value*1000) / 1000
	if g.comparator == "<=" {
		return value <= g.bound
	}
	return value >= g.bound
}

// ratio is one result that a goal was set for.
type ratio struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Min   float64 `json:"min,omitzero"` // the lowest and the highest round
	Max   float64 `json:"max,omitzero"`
	Goal  string  `json:"goal"`
	Met   bool    `json:"met"`
}

// table is what a part shows beside its ratios.
type table struct {
	Title string     `json:"title"`
	Head  []string   `json:"head"`
	Rows  [][]string `json:"rows"`
}

func (t *table) add(cells ...string) { t.Rows = append(t.Rows, cells) }

// report is what a run found.
type report struct {
	Sizes  string   `json:"sizes"`
	Tables []*table `json:"tables"`
	Ratios []ratio  `json:"ratios"`
}

// table begins a table.
func (r *report) table(title string, head ...string) *table {
	t := &table{Title: title, Head: head}
	r.Tables = append(r.Tables, t)
	return t
}

// single notes a ratio that was measured once.
func (r *report) single(name string, value float64, g goal) {
	r.Ratios = append(r.Ratios, ratio{Name: name, Value: value, Goal: g.String(), Met: g.met(value)})
}

// rounds notes a ratio that was measured in rounds.
func (r *report) rounds(name string, s spread, g goal) {
	r.Ratios = append(r.Ratios, ratio{name, s.Median, s.Min, s.Max, g.String(), g.met(s.Median)})
}

// text writes the tables, then a line a goal, then how many were missed.
func (r *report) text(w io.Writer) error {
	fmt.Fprintln(w, r.Sizes)
	for _, t := range r.Tables {
		if err := t.write(w); err != nil {
			return err
		}
	}
	missed := 0
	fmt.Fprintln(w)
	for _, x := range r.Ratios {
		fmt.Fprintln(w, x)
		if !x.Met {
			missed++
		}
	}
	_, err := fmt.Fprintf(w, "MISSED %d of %d goals\n", missed, len(r.Ratios))
	return err
}

// String is the line of a ratio: four fields, for a program to read.
func (x ratio) String() string {
	return fmt.Sprintf("RATIO %s %s %s", x.Name, figure(x.Value), x.Goal)
}

func (t *table) write(w io.Writer) error {
	fmt.Fprintf(w, "\n%s\n", t.Title)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, row := range append([][]string{t.Head}, t.Rows...) {
		fmt.Fprintln(tw, strings.Join(row, "\t")+"\t")
	}
	return tw.Flush()
}

func (r *report) json(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// figure writes a number with as many digits as tell something.
func figure(v float64) string {
	switch {
	case v == math.Trunc(v) && math.Abs(v) < 1e6:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	case math.Abs(v) >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3f", v)
}

// String is a spread as tables show it: the median, then the lowest and the highest.
func (s spread) String() string {
	return fmt.Sprintf("%s (%s–%s)", figure(s.Median), figure(s.Min), figure(s.Max))
}

// sized is a number as names have it: 1k, 300k, 1m.
func sized(n int) string {
	switch {
	case n >= 1_000_000 && n%1_000_000 == 0:
		return fmt.Sprintf("%dm", n/1_000_000)
	case n >= 1000 && n%1000 == 0:
		return fmt.Sprintf("%dk", n/1000)
	}
	return fmt.Sprint(n)
}
