package export

import (
	"io"
	"iter"
	"unicode/utf8"
)

// JSONLines writes one JSON object a line, in UTF-8, with a member for each column: text
// and times as strings, numbers as numbers, and null where a cell of CSV would be empty.
// It ends as CSV does.
func (cs Columns[T]) JSONLines(w io.Writer, rows iter.Seq2[T, error]) error {
	return write(w, nil, rows, func(line []byte, row *T) []byte {
		for i, c := range cs {
			line = append(line, "{,"[min(i, 1)])
			line = append(appendString(line, c.Name), ':')
			switch v := c.of(row); {
			case !v.known:
				line = append(line, "null"...)
			case c.Type == Text:
				line = appendString(line, v.text)
			case c.Type == Time:
				line = append(v.append(append(line, '"'), c.Type), '"')
			default:
				line = v.append(line, c.Type)
			}
		}
		return append(line, "}\n"...)
	})
}

// appendString appends text as a string of JSON. Line separators that JavaScript once
// took for line ends are escaped too, so that a line is one everywhere.
func appendString(b []byte, text string) []byte {
	const hex = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range text {
		switch {
		case r == 0:
			b = utf8.AppendRune(b, utf8.RuneError)
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b = append(b, '\\', 'u', hex[r>>12], hex[r>>8&15], hex[r>>4&15], hex[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}
