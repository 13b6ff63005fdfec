package tenet

import (
	"bytes"
	"iter"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// This file walks JSON that json.Valid has accepted; positions are those of the
// whole text.

// span is a stretch of a body. The zero span is absent.
type span struct{ from, to int }

func (s span) of(body []byte) []byte { return body[s.from:s.to] }

// membersAt yields name and value of each member of the object at i.
func membersAt(body []byte, i int) iter.Seq2[span, span] {
	return func(yield func(name, value span) bool) {
		for i := skipSpace(body, i+1); body[i] != '}'; {
			name := span{i, stringEnd(body, i)}
			from := skipSpace(body, skipSpace(body, name.to)+1)
			value := span{from, valueEnd(body, from)}
			if !yield(name, value) {
				return
			}
			if i = skipSpace(body, value.to); body[i] == ',' {
				i = skipSpace(body, i+1)
			}
		}
	}
}

// elementsAt yields the elements of the array at i.
func elementsAt(body []byte, i int) iter.Seq[span] {
	return func(yield func(span) bool) {
		for i := skipSpace(body, i+1); body[i] != ']'; {
			value := span{i, valueEnd(body, i)}
			if !yield(value) {
				return
			}
			if i = skipSpace(body, value.to); body[i] == ',' {
				i = skipSpace(body, i+1)
			}
		}
	}
}

// membersWithin yields the name of each member at any depth within at, and where
// its value begins. It reads every byte once however deep the nesting is.
func membersWithin(body []byte, at span) iter.Seq2[span, int] {
	return func(yield func(name span, value int) bool) {
		for i := at.from; i < at.to; {
			skip := bytes.IndexByte(body[i:at.to], '"')
			if skip < 0 {
				return
			}
			text := span{i + skip, stringEnd(body, i+skip)}
			i = skipSpace(body, text.to)
			if i < at.to && body[i] == ':' && !yield(text, skipSpace(body, i+1)) {
				return
			}
		}
	}
}

func skipSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\t' || body[i] == '\n' || body[i] == '\r') {
		i++
	}
	return i
}

// stringEnd returns the position behind the string that begins at i.
func stringEnd(body []byte, i int) int {
	for i++; ; i++ {
		i += bytes.IndexByte(body[i:], '"')
		escapes := 0
		for body[i-1-escapes] == '\\' {
			escapes++
		}
		if escapes%2 == 0 {
			return i + 1
		}
	}
}

// valueEnd returns the position behind the value that begins at i.
func valueEnd(body []byte, i int) int {
	for depth := 0; i < len(body); {
		switch body[i] {
		case '"':
			i = stringEnd(body, i)
		case '{', '[':
			depth++
			i++
			continue
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\n', '\r', ',', ':':
			i++
			continue
		default:
			i = scalarEnd(body, i)
		}
		if depth == 0 {
			return i
		}
	}
	return i
}

// scalarEnd returns the position behind the number, true, false or null at i.
func scalarEnd(body []byte, i int) int {
	for i < len(body) && strings.IndexByte(" \t\n\r,:}]", body[i]) < 0 {
		i++
	}
	return i
}

// foldsTo reports whether a name as written folds to the lower-case want, and
// whether it is byte for byte the same.
func foldsTo(quoted []byte, want string) (same, exact bool) {
	const longest = 6 // bytes of one character as an escape
	if len(quoted) > longest*len(want)+2 {
		return false, false
	}
	var buf, folded [128]byte
	name := appendUnescaped(buf[:0], quoted)
	return string(appendFolded(folded[:0], name)) == want, string(name) == want
}

// appendFolded appends name as encoding/json folds names, in lower case: two
// names that some reader takes for one have one folded form.
func appendFolded(dst, name []byte) []byte {
	for len(name) > 0 {
		r, n := utf8.DecodeRune(name)
		name = name[n:]
		least := r
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			least = min(least, f)
		}
		if 'A' <= least && least <= 'Z' {
			least += 'a' - 'A'
		}
		dst = utf8.AppendRune(dst, least)
	}
	return dst
}

// appendUnescaped appends what the quoted string says. Half a surrogate pair says
// U+FFFD.
func appendUnescaped(dst, quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(dst, text[:i]...)
		r, n := unescape(text[i:])
		dst, text = utf8.AppendRune(dst, r), text[i+n:]
	}
}

// unescape reads the escape that text begins with, and says how long it is.
func unescape(text []byte) (r rune, n int) {
	const named = "bfnrt"
	if text[1] != 'u' {
		if i := strings.IndexByte(named, text[1]); i >= 0 {
			return rune("\b\f\n\r\t"[i]), 2
		}
		return rune(text[1]), 2
	}
	r = hex(text[2:6])
	if !utf16.IsSurrogate(r) {
		return r, 6
	}
	if len(text) >= 12 && text[6] == '\\' && text[7] == 'u' {
		if pair := utf16.DecodeRune(r, hex(text[8:12])); pair != utf8.RuneError {
			return pair, 12
		}
	}
	return utf8.RuneError, 6
}

func hex(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits), 16, 16)
	return rune(n)
}
