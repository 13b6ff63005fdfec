package main

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// series is what one colour stands for: a number for each period.
type series struct {
	name   string
	values []int64
}

// mark is something that happened at a period.
type mark struct {
	at   int
	text string
}

// plot is a chart over time: bars on top of each other, or lines.
type plot struct {
	id, title, desc string
	ticks           []string // under the axis, one for each period; empty where there is none
	names           []string // of the periods
	band            []bool   // periods with a ground of their own
	series          []series
	marks           []mark
	strokes         bool               // the legend shows lines, not bars
	axis, exact     func(int64) string // how numbers are written at the axis, and in full
}

// area is where the numbers of a plot are drawn.
type area struct{ left, top, width, height float64 }

// stacked draws bars on top of each other.
func (p plot) stacked(f frame) drawing {
	tops := make([]int64, len(p.names))
	var most int64
	for i := range tops {
		for _, s := range p.series {
			tops[i] += s.values[i]
		}
		most = max(most, tops[i])
	}
	c, a, top := p.begin(f, most)
	step := a.width / float64(len(tops))
	for i := range tops {
		y := a.top + a.height
		for n, s := range p.series {
			h := a.height * float64(s.values[i]) / float64(top)
			y -= h
			if s.values[i] > 0 {
				c.value(color("s", n), a.left+step*(float64(i)+.12), y, step*.76, h, p.value(s, i))
			}
		}
	}
	return p.end(c, a)
}

// lines draws a line for each series.
func (p plot) lines(f frame) drawing {
	var most int64
	for _, s := range p.series {
		for _, v := range s.values {
			most = max(most, v)
		}
	}
	p.strokes = true
	c, a, top := p.begin(f, most)
	step := a.width / float64(len(p.names))
	for n, s := range p.series {
		var points, dots strings.Builder
		for i, v := range s.values {
			x, y := num(a.left+step*(float64(i)+.5)), num(a.top+a.height*(1-float64(v)/float64(top)))
			fmt.Fprintf(&points, "%s,%s ", x, y)
			val := p.value(s, i)
			fmt.Fprintf(&dots, `<circle class="dot" cx="%s" cy="%s" r="5"%s><title>%s</title></circle>`+"\n", x, y, val.data(), html.EscapeString(val.text))
		}
		fmt.Fprintf(c, `<polyline class="l %s" points="%s"/>`+"\n%s", color("l", n), strings.TrimSpace(points.String()), dots.String())
	}
	return p.end(c, a)
}

func (p plot) value(s series, i int) value {
	return value{p.names[i], s.name, s.values[i], p.names[i] + ", " + s.name + ": " + p.exact(s.values[i])}
}

// color is the class of the n-th series. There are six; those who have more put the rest
// together first.
func color(kind string, n int) string { return kind + strconv.Itoa(n%6) }

// begin draws title, legend, ground and the scale up to top, which is most or more.
func (p plot) begin(f frame, most int64) (c *canvas, a area, top int64) {
	c = &canvas{width: int(f)}
	scale := ticks(most, 4)
	top = scale[len(scale)-1]
	c.text("h", "start", 0, 16, p.title)
	a.top = p.legend(c, 38) + 28
	for _, v := range scale {
		a.left = max(a.left, textWidth(p.axis(v))+8)
	}
	a.width, a.height = float64(f)-a.left-6, p.height(f)
	c.height = int(a.top+a.height) + 26
	step := a.width / float64(max(len(p.names), 1))
	for i, on := range p.band {
		if on {
			c.box("band", a.left+step*float64(i), a.top, step, a.height)
		}
	}
	for _, v := range scale {
		y := a.top + a.height*(1-float64(v)/float64(top))
		c.line("rule", a.left, y, a.left+a.width, y)
		c.text("n", "end", a.left-8, y+4, p.axis(v))
	}
	return c, a, top
}

// height is that of the area: a wide chart is a little higher.
func (p plot) height(f frame) float64 { return 165 + float64(f)/15 }

// legend draws what the colours stand for, in as many lines as it takes, and returns the
// height of the last.
func (p plot) legend(c *canvas, y float64) float64 {
	begin := 0.0
	if p.strokes {
		begin = 8
	}
	x := begin
	for n, s := range p.series {
		w := textWidth(s.name) + 34
		if x > begin && x+w > float64(c.width)+14 { // the last needs no gap
			x, y = begin, y+18
		}
		if p.strokes {
			c.line("l "+color("l", n), x-6, y-4, x+12, y-4)
		} else {
			c.box(color("s", n), x, y-9, 10, 10)
		}
		c.text("ink", "start", x+15, y, s.name)
		x += w
	}
	return y
}

// end draws the axis of the periods, and what happened.
func (p plot) end(c *canvas, a area) drawing {
	bottom := a.top + a.height
	c.line("axis", a.left, bottom, a.left+a.width, bottom)
	step := a.width / float64(len(p.names))
	for i, t := range p.ticks {
		if t != "" {
			c.text("n", "middle", a.left+step*(float64(i)+.5), bottom+16, t)
		}
	}
	for _, m := range p.marks {
		x, anchor := a.left+step*float64(m.at), "start"
		at := x + 4
		if x+textWidth(m.text) > a.left+a.width {
			anchor, at = "end", x
		}
		c.line("mark", x, a.top-8, x, bottom)
		c.text("n", anchor, at, a.top-9, m.text)
	}
	return c.drawing(p.id, p.title, p.desc)
}

// ticks are about n steps of 1, 2 or 5 times a power of ten, from 0 to most or a little
// more.
func ticks(most int64, n int64) []int64 {
	step := int64(1)
	for unit := int64(1); step*n < most; unit *= 10 {
		for _, step = range []int64{unit, 2 * unit, 5 * unit} {
			if step*n >= most {
				break
			}
		}
	}
	all := []int64{0}
	for v := step; ; v += step {
		all = append(all, v)
		if v >= most {
			return all
		}
	}
}
