package tenet

import (
	"bytes"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage/meter"
)

// usageFinder reads a JSON object that passes by in parts, and keeps of it the members
// of the top level that tell usage, failure and length, and how many elements a list of
// data has. So an answer of any size takes the same memory.
type usageFinder struct {
	depth           int
	quoted, escaped bool
	name            []byte // the last text of the top level, from its opening quote, cut short; before a colon, a member's name
	keeping         bool   // what is read is the value of a member to keep
	kept            []byte // the members, separated by commas
	listing, listed bool   // what is read is the value of data; it was a list
	images          int64  // elements of it
}

// maxKept bounds what is kept of an answer, in bytes. A longer one is cut, and
// tells nothing.
const maxKept = 64 << 10

// longestKept is the longest name of a member that is looked for.
const longestKept = len(`"duration"`)

func (f *usageFinder) read(p []byte) {
	for len(p) > 0 {
		n := 1
		if f.quoted && !f.escaped {
			n = textEnd(p)
		}
		if n > 1 { // the inside of a text, which tells nothing
			f.keep(p[:n-1])
			p = p[n-1:]
		}
		f.keepOne(p[0])
		f.step(p[0])
		p = p[1:]
	}
}

// textEnd is how many bytes of p, which is inside a text, there are up to the next one
// that means something, that one included; all where there is none.
func textEnd(p []byte) int {
	if i := bytes.IndexByte(p, '"'); i >= 0 {
		p = p[:i+1]
	}
	if i := bytes.IndexByte(p, '\\'); i >= 0 {
		p = p[:i+1]
	}
	return len(p)
}

func (f *usageFinder) keepOne(c byte) {
	if f.depth == 1 && !f.quoted && (c == ',' || c == '}') {
		f.keeping, f.listing = false, false
	}
	if f.keeping && len(f.kept) < maxKept {
		f.kept = append(f.kept, c)
	}
	if f.quoted && len(f.name) < longestKept {
		f.name = append(f.name, c)
	}
}

// keep is keepOne of bytes inside a text.
func (f *usageFinder) keep(p []byte) {
	if f.keeping {
		f.kept = append(f.kept, p[:min(len(p), maxKept-len(f.kept))]...)
	}
	f.name = append(f.name, p[:min(len(p), longestKept-len(f.name))]...)
}

func (f *usageFinder) step(c byte) {
	switch {
	case f.escaped:
		f.escaped = false
	case f.quoted:
		f.escaped, f.quoted = c == '\\', c != '"'
	case c == '"':
		f.quoted, f.name = true, append(f.name[:0], c)
	case c == '{' || c == '[':
		f.depth++
		f.list(c)
	case c == '}' || c == ']':
		f.depth--
	case c == ':' && f.depth == 1:
		f.begin()
	}
}

// list takes note of what opens in the value of data.
func (f *usageFinder) list(c byte) {
	switch {
	case !f.listing:
	case f.depth == 2:
		f.listed = c == '['
	case f.depth == 3:
		f.images++
	}
}

// begin decides whether the value that follows is kept.
func (f *usageFinder) begin() {
	switch string(f.name) {
	case `"data"`:
		f.listing, f.listed, f.images = true, false, 0
	case `"usage"`, `"error"`, `"duration"`:
		f.keeping = true
	}
	if !f.keeping || len(f.kept) >= maxKept {
		return
	}
	if len(f.kept) > 0 {
		f.kept = append(f.kept, ',')
	}
	f.kept = append(append(f.kept, f.name...), ':')
}

// answer is what was kept, read as an answer of a shape. Of one that was cut off in the
// middle of a member to keep, nothing is known: half of a number is another number.
func (f *usageFinder) answer(shape meter.Shape) meter.Answer {
	if f.keeping || f.listing || len(f.kept) >= maxKept {
		return meter.Answer{}
	}
	a := meter.Body(shape, bytes.Join([][]byte{[]byte("{"), f.kept, []byte("}")}, nil))
	if shape == meter.Images && f.listed {
		a.Units = a.Units.With(tenancy.UnitImages, f.images)
	}
	return a
}
