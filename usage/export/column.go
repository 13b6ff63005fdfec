package export

import (
	"strconv"
	"time"

	"example.com/tenet/usage"
)

// Type is how the cells of a column are written.
type Type string

// The types, closed.
const (
	Text    Type = "text"
	Integer Type = "integer" // of 64 bits; in JSON a number
	Decimal Type = "decimal" // exact, of at most 6 places; in JSON a number
	Time    Type = "time"    // RFC 3339 in UTC, of at most 6 places
)

// Column is one column of rows of type T.
type Column[T any] struct {
	Name    string
	Type    Type
	Unit    string // empty where there is none
	Meaning string
	Null    string // what it means that a cell is empty; empty where none is
	of      func(row *T) cell
}

// Columns are the columns of a file, in order. CSV and JSONLines write it.
type Columns[T any] []Column[T]

// cell is one value, by the type of its column. The zero cell is empty.
type cell struct {
	known bool
	text  string
	n     int64 // integer, millionths of a decimal, or microseconds since 1970
}

// words is a text, empty where it is.
func words(s string) cell { return cell{known: s != "", text: s} }

func number(n int64) cell { return cell{known: true, n: n} }

func instant(t time.Time) cell { return number(t.UnixMicro()) }

// numberIf is n where it is known.
func numberIf(n int64, known bool) cell {
	if !known {
		return cell{}
	}
	return number(n)
}

// append appends a number or a time, which have no need of quotes or escapes but in
// JSON, where a time stands in quotes.
func (c cell) append(b []byte, as Type) []byte {
	switch as {
	case Decimal:
		return usage.Money{Micro: c.n, Known: true}.Append(b)
	case Time:
		return time.UnixMicro(c.n).UTC().AppendFormat(b, "2006-01-02T15:04:05.999999Z")
	default:
		return strconv.AppendInt(b, c.n, 10)
	}
}
