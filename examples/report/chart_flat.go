package main

import "fmt"

// bars is a chart of one number for each item, the largest first.
type bars struct {
	id, title, desc string
	items           []string
	values          []int64
	text            []string // of the values, to stand beside
}

// draw draws a bar under the name of each item.
func (b bars) draw(f frame) drawing {
	const row, top = 36, 34
	c := &canvas{width: int(f), height: top + row*len(b.items)}
	c.text("h", "start", 0, 16, b.title)
	most := int64(1)
	for _, v := range b.values {
		most = max(most, v)
	}
	for i, v := range b.values {
		y := float64(top + row*i)
		c.text("ink", "start", 0, y+11, b.items[i])
		c.text("ink", "end", float64(f), y+11, b.text[i])
		c.box("track", 0, y+17, float64(f), 8)
		c.value("s0", 0, y+17, float64(f)*float64(v)/float64(most), 8, value{"", b.items[i], v, b.items[i] + ": " + b.text[i]})
	}
	return c.drawing(b.id, b.title, b.desc)
}

// heat is a chart of a number for each hour of each day, the more the darker.
type heat struct {
	id, title, desc string
	ticks, names    []string // of the days
	values          [][24]int64
	there           [][24]bool // hours that the clock shows on that day
}

// draw draws days from left to right and hours from top to bottom.
func (h heat) draw(f frame) drawing {
	const left, top, cell = 40.0, 34.0, 9.0
	c := &canvas{width: int(f), height: top + 24*cell + 48}
	c.text("h", "start", 0, 16, h.title)
	step := (float64(f) - left) / float64(len(h.names))
	most := int64(1)
	for _, day := range h.values {
		for _, v := range day {
			most = max(most, v)
		}
	}
	for i, day := range h.values {
		for hour, v := range day {
			x, y := left+step*float64(i), top+cell*float64(hour)
			if !h.there[i][hour] {
				c.box("gap", x+1, y+1, step-2, cell-2)
				continue
			}
			at := fmt.Sprintf("%s, %02d:00", h.names[i], hour)
			c.shade(x, y, step-1, cell-1, float64(v)/float64(most), value{at, "", v, at + ": " + count(v) + " calls"})
		}
		if h.ticks[i] != "" {
			c.text("n", "middle", left+step*(float64(i)+.5), top+24*cell+14, h.ticks[i])
		}
	}
	for hour := 0; hour < 24; hour += 6 {
		c.text("n", "end", left-6, top+cell*float64(hour)+9, fmt.Sprintf("%02d:00", hour))
	}
	h.scale(c, top+24*cell+28, most)
	return c.drawing(h.id, h.title, h.desc)
}

// scale draws what the shades stand for.
func (h heat) scale(c *canvas, y float64, most int64) {
	const left, width, steps = 40.0, 16.0, 6
	c.text("n", "end", left-6, y+10, "0")
	for i := range steps {
		part := float64(i) / (steps - 1)
		fmt.Fprintf(c, `<rect class="s0" x="%s" y="%s" width="%s" height="12" fill-opacity="%.2f"/>`+"\n", num(left+width*float64(i)), num(y), num(width-1), opacity(part))
	}
	c.text("n", "start", left+width*steps+6, y+10, count(most)+" calls an hour")
}

// shade draws a number as a shade: part is how much it is of the most.
func (c *canvas) shade(x, y, w, h, part float64, v value) {
	more := fmt.Sprintf(` fill-opacity="%.2f"`, opacity(part)) + v.data()
	c.rect("s0", x, y, w, h, more)
	fmt.Fprintf(c, "<title>%s</title></rect>\n", v.text)
}

// opacity leaves a trace where nothing is, so that the grid is seen.
func opacity(part float64) float64 { return .06 + .94*part }
