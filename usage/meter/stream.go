package meter

import (
	"bytes"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// MaxEvent is the largest event, in bytes, that a [Stream] reads. A larger one
// passes unread, and since it may have held the usage, the units are unknown
// after it, until a later event reports them. Of a larger one the field "event" is read
// where it comes first, so that a stream of images is known to be whole.
const MaxEvent = 1 << 20

// Stream reads the server-sent events of one answer as they pass. It takes them
// in chunks cut anywhere. Lines may end with LF, CRLF or CR; comments, events of
// many data lines and a byte order mark are as in the WHATWG specification of
// event streams. The event that reported usage last counts, also where the
// upstream reports it in every event.
//
// What passes is byte for byte what came, unless the stream strips.
type Stream struct {
	shape Shape
	strip bool
	hints []string

	event   []byte // of the open event, what has come and was not passed on
	out     []byte // what Pass returns when it strips; its array is used again
	joined  []byte // data of many lines, put together; its array is used again
	begun   bool   // the line at hand has begun
	cr      bool   // the last byte was CR: an LF would belong to it
	free    bool   // the line at hand is of no event: a comment or blank between events
	tooBig  bool   // the open event is over MaxEvent and passes unread
	large   string // what the field "event" of such a one says, as a JSON text
	dropped bool   // the last line ended an event that is to be taken out

	units  usage.Units
	model  []byte
	failed bool
	done   bool
}

// NewStream returns a Stream for answers of a shape. With strip it takes out the
// events that only report usage: those with an empty list of choices and a usage
// object, which upstreams send where a request's stream_options.include_usage is
// set, to be used where the gateway set it and the client did not. The members
// "usage":null that the same option adds to every other event stay: clients take
// them for what they say. An event is taken out whole, with the comments in it.
func NewStream(shape Shape, strip bool) *Stream {
	return &Stream{shape: shape, strip: strip, hints: hints[shape]}
}

// Pass reads the next bytes of the stream and returns those to send on now. If
// the stream does not strip, that is p itself. If it does, an event is held until
// the blank line that ends it has come, since it cannot be judged earlier;
// comments between events are not held. The result is valid until the next call,
// and the Stream does not keep p.
func (s *Stream) Pass(p []byte) []byte {
	s.out = s.out[:0]
	for rest := p; len(rest) > 0; {
		if s.cr && rest[0] == '\n' {
			s.feed(rest[:1])
			s.cr, rest = false, rest[1:]
			continue
		}
		n, ended := lineEnd(rest)
		s.line(rest[:n], ended)
		s.cr, rest = ended && rest[n-1] == '\r', rest[n:]
	}
	if !s.strip {
		return p
	}
	return s.out
}

// End says that no more bytes come, and returns the held bytes that are to be
// sent on. An event whose blank line is missing is judged as it stands, so that
// the usage of an upstream that leaves it out is known and taken out all the
// same. Nothing may be passed afterwards.
func (s *Stream) End() []byte {
	s.out = s.out[:0]
	s.finish()
	return s.out
}

// Answer is what the events so far have said. The model is the one named last;
// a name of more than 1,500 bytes is passed over. Failed holds if any event carried
// an error.
func (s *Stream) Answer() Answer {
	return Answer{Units: s.units, Model: unquote(s.model), Failed: s.failed}
}

// ends takes note of an event that is the last, or is an image.
func (s *Stream) ends(event []byte) {
	e, ok := endings[string(event)]
	if !ok || e.of != "" && e.of != s.shape {
		return
	}
	s.done, s.failed = true, s.failed || e.failed
	if e.image {
		n, _ := s.units.Get(tenancy.UnitImages)
		s.units = s.units.With(tenancy.UnitImages, n+1)
	}
}

// Done reports whether the stream has said that it is complete, by the event
// "[DONE]" or, of shapes that name their events, by their last. One that ends without
// was cut off, unless its upstream never says so.
func (s *Stream) Done() bool { return s.done }

// lineEnd returns how many bytes of p belong to its first line, the CR or LF that
// ends it included, and whether the line ends in p.
func lineEnd(p []byte) (n int, ended bool) {
	const window = 512 // so that lines which end with CR are not each looked for LF to the end of p
	for n < len(p) {
		w := p[n:min(n+window, len(p))]
		if lf := bytes.IndexByte(w, '\n'); lf >= 0 {
			w, ended = w[:lf+1], true
		}
		if cr := bytes.IndexByte(w, '\r'); cr >= 0 {
			w, ended = w[:cr+1], true
		}
		if n += len(w); ended {
			break
		}
	}
	return n, ended
}

// line takes a line, or a part of one; ended says that its end is in part.
func (s *Stream) line(part []byte, ended bool) {
	blank := !s.begun && (part[0] == '\n' || part[0] == '\r')
	if !s.begun {
		s.free = len(s.event) == 0 && !s.tooBig && (blank || part[0] == ':')
		s.dropped = false
	}
	s.begun = !ended
	s.keep(part)
	if blank {
		s.finish()
	}
}

// feed takes the LF of a CRLF. It goes where the CR went.
func (s *Stream) feed(lf []byte) {
	if !s.dropped {
		s.keep(lf)
	}
}

// keep holds part for its event, or passes it on where there is no need to.
func (s *Stream) keep(part []byte) {
	switch {
	case s.free || s.tooBig:
		s.pass(part)
	case len(s.event)+len(part) > MaxEvent:
		s.pass(s.event)
		s.pass(part)
		s.overflow()
	default:
		s.event = append(s.event, part...)
	}
}

// overflow gives the open event up. What it may have told is unknown from here on; images
// are still counted where its name tells whether it is one.
func (s *Stream) overflow() {
	s.large = eventName(s.event)
	images := int64(-1)
	if n, ok := s.units.Get(tenancy.UnitImages); ok && s.large != "" {
		images = n
	}
	s.units = usage.Units{}.With(tenancy.UnitImages, images)
	s.event, s.tooBig = s.event[:0], true
}

func (s *Stream) pass(b []byte) {
	if s.strip {
		s.out = append(s.out, b...)
	}
}

// finish ends the open event: it is read, and passed on or dropped.
func (s *Stream) finish() {
	if len(s.event) > 0 {
		if s.dropped = s.read(s.data()); !s.dropped {
			s.pass(s.event)
		}
	}
	if _, named := shapes[s.shape]["type"]; s.tooBig && named {
		s.ends([]byte(s.large))
	}
	s.event, s.tooBig, s.free = s.event[:0], false, true
}

// eventName is what the field "event" says at the beginning of an event, quoted; empty
// where there is none.
func eventName(event []byte) string {
	name, ok := bytes.CutPrefix(event, []byte("event:"))
	n, _ := lineEnd(name)
	if !ok || n > maxModel {
		return ""
	}
	return `"` + string(bytes.TrimSpace(name[:n])) + `"`
}

// data returns the data of the open event: the values of its data lines with LF
// between them, as part of the event where there is one line.
func (s *Stream) data() []byte {
	s.joined = s.joined[:0]
	var first []byte
	lines := 0
	for rest := bytes.TrimPrefix(s.event, []byte("\ufeff")); len(rest) > 0; {
		n, _ := lineEnd(rest)
		value, ok := bytes.CutPrefix(bytes.TrimRight(rest[:n], "\r\n"), []byte("data:"))
		if rest = rest[n:]; !ok {
			continue
		}
		if lines++; lines == 1 {
			first = value
			continue
		}
		if lines == 2 {
			s.joined = append(s.joined, first...)
		}
		s.joined = append(append(s.joined, '\n'), value...)
	}
	if lines > 1 {
		return s.joined
	}
	return first
}

// read takes note of what an event's data says. It reports whether the event only
// reports usage.
func (s *Stream) read(data []byte) (extra bool) {
	if string(bytes.TrimSpace(data)) == "[DONE]" {
		s.done = true
		return false
	}
	if s.idle(data) {
		return false
	}
	r, ok := read(s.shape, data)
	if !ok {
		return false
	}
	if r.counted || r.length >= 0 {
		images, drawn := s.units.Get(tenancy.UnitImages)
		if s.units = r.whole(); drawn {
			s.units = s.units.With(tenancy.UnitImages, images)
		}
	}
	if r.model != nil && len(r.model) <= maxModel {
		s.model = append(s.model[:0], r.model...)
	}
	s.failed = s.failed || r.failed
	s.ends(r.event)
	return r.counted && r.empty
}
