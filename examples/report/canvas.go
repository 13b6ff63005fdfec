package main

import (
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// canvas is an SVG that is being drawn. What it is given as text it escapes.
type canvas struct {
	strings.Builder
	width, height int
}

// drawing is a finished SVG.
type drawing struct {
	id, title, desc string
	width, height   int
	body            string
}

// frame is the width that a chart is drawn for, in pixels of CSS, so that its letters are
// the same size everywhere.
type frame int

// The frames: of a telephone, or of a chart beside a table; of a tablet, paper or a
// README; of a screen.
const (
	narrow frame = 340
	middle frame = 760
	wide   frame = 1180
)

func (f frame) String() string {
	switch f {
	case narrow:
		return "narrow"
	case middle:
		return "middle"
	}
	return "wide"
}

// num writes a coordinate.
func num(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}

func (c *canvas) rect(class string, x, y, w, h float64, more string) {
	fmt.Fprintf(c, `<rect class="%s" x="%s" y="%s" width="%s" height="%s"%s>`, class, num(x), num(y), num(w), num(h), more)
}

func (c *canvas) box(class string, x, y, w, h float64) {
	c.rect(class, x, y, w, h, "")
	c.WriteString("</rect>\n")
}

// value draws a rectangle that stands for a number: on pointing at it the text is shown,
// and programs find the number.
func (c *canvas) value(class string, x, y, w, h float64, v value) {
	c.rect(class, x, y, w, h, v.data())
	fmt.Fprintf(c, "<title>%s</title></rect>\n", html.EscapeString(v.text))
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	fmt.Fprintf(c, `<line class="%s" x1="%s" y1="%s" x2="%s" y2="%s"/>`+"\n", class, num(x1), num(y1), num(x2), num(y2))
}

// text writes at a point; anchor is start, middle or end.
func (c *canvas) text(class, anchor string, x, y float64, s string) {
	fmt.Fprintf(c, `<text class="%s" text-anchor="%s" x="%s" y="%s">%s</text>`+"\n", class, anchor, num(x), num(y), html.EscapeString(s))
}

// value is a number that is drawn.
type value struct {
	at, item string
	n        int64
	text     string
}

func (v value) data() string {
	return fmt.Sprintf(` data-at="%s" data-item="%s" data-n="%d"`, html.EscapeString(v.at), html.EscapeString(v.item), v.n)
}

// textWidth is about how wide a text is at the size of labels. It errs to the wide side.
func textWidth(s string) float64 { return 6.6 * float64(utf8.RuneCountInString(s)) }

func (c *canvas) drawing(id, title, desc string) drawing {
	return drawing{id, title, desc, c.width, c.height, c.String()}
}

// inline is the drawing as a part of a page that has the style of charts.
func (d drawing) inline() string { return d.svg(0, "", "") }

// standalone is the drawing as a file of its own, with its style, a background and a
// margin.
func (d drawing) standalone() string {
	const margin = 16
	w, h := d.width+2*margin, d.height+2*margin
	background := fmt.Sprintf(`<rect class="bg" x="-%d" y="-%d" width="%d" height="%d" rx="6"/>`+"\n", margin, margin, w, h)
	attributes := fmt.Sprintf(` xmlns="http://www.w3.org/2000/svg" width="%d" height="%d"`, w, h)
	return d.svg(margin, attributes, "<style>"+chartStyle+"</style>\n"+background)
}

func (d drawing) svg(margin int, attributes, before string) string {
	box := fmt.Sprintf("%d %d %d %d", -margin, -margin, d.width+2*margin, d.height+2*margin)
	return fmt.Sprintf(`<svg%s class="chart" viewBox="%s" role="img" aria-labelledby="%s-t %s-d">
<title id="%s-t">%s</title>
<desc id="%s-d">%s</desc>
%s%s</svg>
`, attributes, box, d.id, d.id, d.id, html.EscapeString(d.title), d.id, html.EscapeString(d.desc), before, d.body)
}

// chartStyle is the style of charts, on a light ground and on a dark one. Colours of
// series have a contrast of 3 to 1 at least with their ground, those of text 4.5 (WCAG 2).
const chartStyle = `
.chart{--bg:#fff;--ink:#1c2430;--soft:#5a6573;--rule:#dfe3e8;--band:#f3f5f7;--c0:#2563a8;--c1:#c2660c;--c2:#23825a;--c3:#9a4a8c;--c4:#6d7682;--c5:#8a7400;
font:12px system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
@media (prefers-color-scheme:dark){.chart{--bg:#151a21;--ink:#e8ebf0;--soft:#a3adba;--rule:#323a45;--band:#1c222b;--c0:#6aa9ec;--c1:#f0a050;--c2:#5cc496;--c3:#d78fc9;--c4:#a0a9b5;--c5:#d3bd4a}}
.chart .bg{fill:var(--bg)}.chart text{fill:var(--soft)}.chart .h{fill:var(--ink);font-size:14px;font-weight:600}.chart .ink{fill:var(--ink)}
.chart .rule{stroke:var(--rule)}.chart .axis{stroke:var(--soft)}.chart .mark{stroke:var(--soft);stroke-dasharray:3 3}.chart .band{fill:var(--band)}
.chart .gap{fill:none;stroke:var(--soft);stroke-dasharray:2 2}.chart .track{fill:var(--band)}
.chart .s0{fill:var(--c0)}.chart .s1{fill:var(--c1)}.chart .s2{fill:var(--c2)}.chart .s3{fill:var(--c3)}.chart .s4{fill:var(--c4)}.chart .s5{fill:var(--c5)}
.chart .l{fill:none;stroke-width:2;stroke-linejoin:round}.chart .l0{stroke:var(--c0)}.chart .l1{stroke:var(--c1);stroke-dasharray:7 3}.chart .l2{stroke:var(--c2);stroke-dasharray:2 3}
.chart .l3{stroke:var(--c3);stroke-dasharray:9 3 2 3}.chart .l4{stroke:var(--c4)}.chart .l5{stroke:var(--c5);stroke-dasharray:4 4}.chart .dot{fill:transparent;pointer-events:all}
`
