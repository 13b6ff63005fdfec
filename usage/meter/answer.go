package meter

import (
	"bytes"
	"encoding/json"
	"strconv"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Answer is what an answer says about itself. The zero Answer knows nothing.
type Answer struct {
	Units usage.Units
	// Model is the model as the upstream names it, at most 255 bytes of UTF-8;
	// empty where it names none, or a longer one. It is not to be trusted: it is
	// neither a catalogue id nor safe to show.
	Model string
	// Failed reports that the answer carries an error: a member "error" that is an
	// object or a text. An upstream may say so under status 200, in a stream above
	// all.
	Failed bool
}

// Body reads an answer that is one JSON object. It keeps nothing of body.
func Body(shape Shape, body []byte) Answer {
	r, ok := read(shape, body)
	if !ok {
		return Answer{}
	}
	return Answer{Units: r.whole(), Model: unquote(r.model), Failed: r.failed}
}

// reading is what one JSON object of a shape holds.
type reading struct {
	units   usage.Units
	model   []byte // the JSON text, quotes included, part of what was read
	failed  bool
	counted bool   // the usage member is an object
	length  int64  // seconds of the whole answer, by its duration; -1 where it does not say
	event   []byte // the JSON text of an event's name, part of what was read
	empty   bool   // the choices member is an array of nothing
}

// read reads data; ok is false unless it is one JSON object and nothing else.
func read(shape Shape, data []byte) (r reading, ok bool) {
	s := scanner{text: data}
	r.length = -1
	if s.next() != '{' {
		return reading{}, false
	}
	r.object(&s, shapes[shape])
	if s.next() != 0 || s.bad {
		return reading{}, false
	}
	return r, true
}

// object reads an object whose members of note are in.
func (r *reading) object(s *scanner, in map[string]member) {
	s.object(func(name []byte) {
		m, ok := in[string(name)]
		if !ok {
			s.value()
			return
		}
		r.forget(m)
		r.member(s, m)
	})
}

// member reads the value of a member of note.
func (r *reading) member(s *scanner, m member) {
	kind := s.next()
	if kind == '{' && m.in != nil {
		r.counted = r.counted || m.is == isUsage
		r.object(s, m.in)
		return
	}
	raw := s.value()
	switch {
	case m.is == isUnit:
		r.units = r.units.With(m.unit, amount(raw))
	case m.is == isSeconds:
		r.units = r.units.With(tenancy.UnitSeconds, wholeSeconds(raw))
	case m.is == isDuration:
		r.length = wholeSeconds(raw)
	case m.is == isImages:
		r.units = r.units.With(tenancy.UnitImages, elements(raw))
	case m.is == isEvent:
		r.event = raw
	case m.is == isModel && kind == '"':
		r.model = raw
	case m.is == isError:
		r.failed = kind == '{' || kind == '"'
	case m.is == isChoices:
		r.empty = kind == '[' && emptyArray(raw)
	}
}

// forget takes back what an earlier member of the same name said.
func (r *reading) forget(m member) {
	switch m.is {
	case isUnit:
		r.units = r.units.With(m.unit, -1)
	case isSeconds:
		r.units = r.units.With(tenancy.UnitSeconds, -1)
	case isModel:
		r.model = nil
	case isUsage:
		r.counted = false
	}
	if r.counted || r.units != (usage.Units{}) { // else nothing was said inside
		for _, in := range m.in {
			r.forget(in)
		}
	}
}

// whole returns the units without the parts that their wholes cannot hold.
func (r *reading) whole() usage.Units {
	us := r.units
	if _, told := us.Get(tenancy.UnitSeconds); !told {
		us = us.With(tenancy.UnitSeconds, r.length)
	}
	for _, p := range [...]struct{ part, whole tenancy.Unit }{
		{tenancy.UnitCachedInput, tenancy.UnitInput},
		{tenancy.UnitReasoning, tenancy.UnitOutput},
	} {
		part, _ := us.Get(p.part)
		if whole, ok := us.Get(p.whole); !ok || part > whole {
			us = us.With(p.part, -1)
		}
	}
	return us
}

// amount is the integer that raw spells; -1 if it spells none from 0 to 2^63-1.
func amount(raw []byte) int64 {
	const digits = len("9223372036854775807")
	if len(raw) > digits {
		return -1
	}
	n, err := strconv.ParseUint(string(raw), 10, 63)
	if err != nil {
		return -1
	}
	return int64(n)
}

// wholeSeconds is the number of seconds that raw spells, a part of one counted as one; -1
// if it spells none from 0 to 2^53, or has an exponent.
func wholeSeconds(raw []byte) int64 {
	whole, part, _ := bytes.Cut(raw, []byte{'.'})
	n := amount(whole)
	if n < 0 || n > 1<<53 || len(bytes.Trim(part, "0123456789")) > 0 {
		return -1
	}
	if len(bytes.Trim(part, "0")) > 0 {
		n++
	}
	return n
}

// elements is how many elements raw, a JSON text, has; -1 where it is no array.
func elements(raw []byte) (n int64) {
	s := scanner{text: raw}
	if s.next() != '[' {
		return -1
	}
	s.list('[', ']', func() {
		s.value()
		n++
	})
	return n
}

// emptyArray reports whether raw, a JSON array, has no element.
func emptyArray(raw []byte) bool {
	s := scanner{text: raw[1:]}
	return s.next() == ']'
}

// unquote returns the text that raw spells, if it is of a name's length.
func unquote(raw []byte) string {
	var name string
	if len(raw) > maxModel || json.Unmarshal(raw, &name) != nil || len(name) > tenancy.MaxRefPart {
		return ""
	}
	return name
}

// maxModel bounds the JSON text of a model's name: each byte as \u00XX.
const maxModel = 6*tenancy.MaxRefPart + 2
