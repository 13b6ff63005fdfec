package export

import (
	"bufio"
	"io"
	"iter"
	"strings"
	"unicode/utf8"
)

// Each yields rows that are in memory, for CSV and JSONLines.
func Each[T any](rows []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// CSV writes a header and a line for each row as RFC 4180 says: UTF-8 without a byte
// order mark, commas, and lines that end with CR LF.
//
// A cell of text that begins with = + - @, one of their full-width forms, a tab or a line
// break gets an apostrophe before it, so that no spreadsheet takes it for a formula
// (OWASP, "CSV Injection"). Numbers and times are never such text.
//
// It ends with the first error of the rows or of w, which it returns. Where the rows begin
// with an error nothing is written, so that a page can still answer with a status.
func (cs Columns[T]) CSV(w io.Writer, rows iter.Seq2[T, error]) error {
	var header []byte
	for i, c := range cs {
		header = appendCell(comma(header, i), c.Name)
	}
	return write(w, append(header, "\r\n"...), rows, func(line []byte, row *T) []byte {
		for i, c := range cs {
			line = comma(line, i)
			switch v := c.of(row); {
			case !v.known:
			case c.Type == Text:
				line = appendCell(line, v.text)
			default:
				line = v.append(line, c.Type)
			}
		}
		return append(line, "\r\n"...)
	})
}

// write writes a header and a line for each row, in the memory of one line.
func write[T any](w io.Writer, header []byte, rows iter.Seq2[T, error], form func(line []byte, row *T) []byte) error {
	out := bufio.NewWriter(w)
	_, _ = out.Write(header) // an error stays until Flush
	var line []byte
	begun := false
	var row T // here, so that it is on the heap once
	for r, err := range rows {
		if err != nil {
			if begun {
				_ = out.Flush() // whole lines as far as they came; the file is not whole anyhow
			}
			return err
		}
		begun = true
		row = r
		line = form(line[:0], &row)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}

// comma begins the i-th cell of a line.
func comma(line []byte, i int) []byte {
	if i > 0 {
		line = append(line, ',')
	}
	return line
}

// appendCell appends text as a cell.
func appendCell(line []byte, text string) []byte {
	quoted := strings.ContainsAny(text, "\",;\t\r\n ")
	if quoted {
		line = append(line, '"')
	}
	if formula(text) {
		line = append(line, '\'')
	}
	line = appendClean(line, text)
	if quoted {
		line = append(line, '"')
	}
	return line
}

// formula says whether a spreadsheet may take a cell for one.
func formula(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return text != "" && strings.ContainsRune("=+-@＝＋－＠\t\r\n", first)
}

// appendClean appends text with every quote in it doubled, and with U+FFFD for what is no
// text.
func appendClean(line []byte, text string) []byte {
	for _, r := range text { // of a byte that is no UTF-8 it is U+FFFD already
		if r == 0 {
			r = utf8.RuneError
		}
		if r == '"' {
			line = append(line, '"')
		}
		line = utf8.AppendRune(line, r)
	}
	return line
}
