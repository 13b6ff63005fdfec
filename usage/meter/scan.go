package meter

// maxDepth is how deep objects and arrays may be nested.
const maxDepth = 128

// scanner walks over a JSON text (RFC 8259) without decoding it. Where the text
// is not JSON the scanner turns bad, goes to the end and stays there. Whether
// strings are valid UTF-8 it does not ask, as encoding/json does not.
type scanner struct {
	text  []byte
	at    int
	depth int
	bad   bool
}

// next goes to the next byte that is not white space and returns it without
// taking it; 0 at the end, and for a NUL, which begins nothing in JSON.
func (s *scanner) next() byte {
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\r', '\n':
		case 0:
			s.fail()
			return 0
		default:
			return c
		}
	}
	return 0
}

func (s *scanner) fail() { s.bad, s.at = true, len(s.text) }

// take takes the next byte that is not white space, which must be c.
func (s *scanner) take(c byte) {
	if s.next() != c {
		s.fail()
		return
	}
	s.at++
}

// value takes a value of any kind and returns its text.
func (s *scanner) value() []byte {
	kind := s.next()
	start := s.at
	switch kind {
	case '{':
		s.object(func([]byte) { s.value() })
	case '[':
		s.list('[', ']', func() { s.value() })
	case '"':
		s.quoted()
	case 't':
		s.word("true")
	case 'f':
		s.word("false")
	case 'n':
		s.word("null")
	default:
		s.number()
	}
	return s.text[start:s.at]
}

// object takes an object. It calls each behind every name, which is given as it is
// written, without its quotes; each takes the value.
func (s *scanner) object(each func(name []byte)) {
	s.list('{', '}', func() {
		if s.next() != '"' {
			s.fail()
			return
		}
		name := s.quoted()
		s.take(':')
		each(name)
	})
}

// list takes what stands between open and end, parted by commas.
func (s *scanner) list(open, end byte, item func()) {
	s.take(open)
	if s.depth++; s.depth > maxDepth {
		s.fail()
	}
	for more := s.next() != end; more && !s.bad; {
		item()
		if more = s.next() != end; more {
			s.take(',')
		}
	}
	s.take(end)
	s.depth--
}

// quoted takes a string and returns what is between its quotes.
func (s *scanner) quoted() []byte {
	s.take('"')
	start := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[start : s.at-1]
		case c == '\\':
			s.at++
			s.escape()
		case c < ' ':
			s.fail()
		default:
			s.at++
		}
	}
	s.fail()
	return nil
}

// escape takes what follows a backslash.
func (s *scanner) escape() {
	switch s.peek() {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.at++
	case 'u':
		s.at++
		for range 4 {
			if c := s.peek() | 0x20; !digit(s.peek()) && (c < 'a' || c > 'f') {
				s.fail()
				return
			}
			s.at++
		}
	default:
		s.fail()
	}
}

// number takes a number: an integer, perhaps a fraction, perhaps an exponent.
func (s *scanner) number() {
	if s.peek() == '-' {
		s.at++
	}
	if s.peek() == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.peek() == '.' {
		s.at++
		s.digits()
	}
	if s.peek()|0x20 == 'e' {
		s.at++
		if c := s.peek(); c == '+' || c == '-' {
			s.at++
		}
		s.digits()
	}
}

// digits takes one digit or more.
func (s *scanner) digits() {
	if !digit(s.peek()) {
		s.fail()
	}
	for digit(s.peek()) {
		s.at++
	}
}

func (s *scanner) word(w string) {
	if len(s.text)-s.at < len(w) || string(s.text[s.at:s.at+len(w)]) != w {
		s.fail()
		return
	}
	s.at += len(w)
}

// peek returns the byte at hand; 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

func digit(c byte) bool { return '0' <= c && c <= '9' }
