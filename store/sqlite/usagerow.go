package sqlite

import (
	"database/sql"
	"strconv"
	"strings"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// The rows of the two tables of usage. Writing passes plain values, since it is done
// thousands of times a call.

// appendRecord appends the parameters of recordColumns.
func appendRecord(args []any, r *usage.Record) []any {
	args = append(args, string(r.ID), r.At.UnixMicro(), string(r.Org), string(r.Project), string(r.Key), string(r.User),
		string(r.Requested), string(r.Served), string(r.Outcome), r.Reason.String(), int64(r.Status))
	for _, u := range tenancy.Units() {
		n, ok := r.Units.Get(u)
		args = appendKnown(args, n, ok)
	}
	args = append(args, r.Latency.Microseconds(), r.FirstToken.Microseconds(), r.RequestID)
	args = appendKnown(args, r.Cost.Micro, r.Cost.Known)
	return append(args, r.Count)
}

func appendKnown(args []any, n int64, known bool) []any {
	if known {
		return append(args, n)
	}
	return append(args, nil)
}

// recordRow returns pointers for a row of recordColumns.
func recordRow(r *usage.Record) []any {
	columns := []any{(*string)(&r.ID), asTime{&r.At}, (*string)(&r.Org), (*string)(&r.Project), (*string)(&r.Key),
		(*string)(&r.User), (*string)(&r.Requested), (*string)(&r.Served), (*string)(&r.Outcome), asReason{&r.Reason}, &r.Status}
	for _, u := range tenancy.Units() {
		columns = append(columns, asUnit{&r.Units, u})
	}
	return append(columns, asSpan{&r.Latency}, asSpan{&r.FirstToken}, &r.RequestID, asMoney{&r.Cost}, &r.Count)
}

// appendBucket appends the parameters of idColumns and sumColumns.
func appendBucket(args []any, id usage.BucketID, s usage.Sums) []any {
	args = append(args, string(id.Org), string(id.Project), string(id.Grain), id.Start.UnixMicro(), id.Item, string(id.Outcome), s.Calls)
	for _, n := range s.Units {
		args = append(args, n)
	}
	for _, n := range s.Reported {
		args = append(args, n)
	}
	return append(args, s.Cost, s.Priced)
}

// bucketRow returns pointers for a row of idColumns and sumColumns; the start is
// apart, in microseconds.
func bucketRow(id *usage.BucketID, start *int64, s *usage.Sums) []any {
	return append([]any{(*string)(&id.Org), (*string)(&id.Project), (*string)(&id.Grain), start, &id.Item, (*string)(&id.Outcome)}, sumRow(s)...)
}

func sumRow(s *usage.Sums) []any {
	columns := []any{&s.Calls}
	for i := range s.Units {
		columns = append(columns, &s.Units[i])
	}
	for i := range s.Reported {
		columns = append(columns, &s.Reported[i])
	}
	return append(columns, &s.Cost, &s.Priced)
}

// Reading a cell takes longer than SQLite takes to come to it, and most amounts are
// missing or 0. So where many rows are read, those that few calls have are one cell, a
// JSON array, which is NULL where there is none of them.
const (
	rareUnits = `cached_input, reasoning, images, seconds, characters, requests`
	rareSums  = rareUnits + `, cached_input_by, reasoning_by, images_by, seconds_by, characters_by, requests_by`
	anySum    = `cached_input | reasoning | images | seconds | characters | requests` +
		` | cached_input_by | reasoning_by | images_by | seconds_by | characters_by | requests_by`

	packedSums   = `calls, input, output, input_by, output_by, cost, priced, iif(` + anySum + `, json_array(` + rareSums + `), NULL)`
	tallyColumns = `at, project, key, user, served, outcome, input, output,` +
		` iif(coalesce(` + rareUnits + `) IS NOT NULL, json_array(` + rareUnits + `), NULL), cost, count`
)

// packedRow returns pointers for a row of packedSums.
func packedRow(s *usage.Sums) []any {
	u, by := &s.Units, &s.Reported
	rare := packed{none: int64(0)}
	for _, n := range []*int64{&u[1], &u[3], &u[4], &u[5], &u[6], &u[7], &by[1], &by[3], &by[4], &by[5], &by[6], &by[7]} {
		rare.cells = append(rare.cells, asInt{n})
	}
	return []any{&s.Calls, &u[0], &u[2], &by[0], &by[2], &s.Cost, &s.Priced, rare}
}

// tallyRow returns pointers for a row of tallyColumns: what the sums and the buckets of
// a record are made of, save its organization.
func tallyRow(r *usage.Record) []any {
	rare := packed{}
	for _, u := range []tenancy.Unit{tenancy.UnitCachedInput, tenancy.UnitReasoning, tenancy.UnitImages,
		tenancy.UnitSeconds, tenancy.UnitCharacters, tenancy.UnitRequests} {
		rare.cells = append(rare.cells, asUnit{&r.Units, u})
	}
	return []any{asTime{&r.At}, (*string)(&r.Project), (*string)(&r.Key), (*string)(&r.User), (*string)(&r.Served), (*string)(&r.Outcome),
		asUnit{&r.Units, tenancy.UnitInput}, asUnit{&r.Units, tenancy.UnitOutput}, rare, asMoney{&r.Cost}, &r.Count}
}

// packed is several columns in one cell: a JSON array of integers and null. NULL is
// none in each.
type packed struct {
	none  any
	cells []sql.Scanner
}

func (c packed) Scan(src any) error {
	if src == nil {
		for _, cell := range c.cells {
			if err := cell.Scan(c.none); err != nil {
				return err
			}
		}
		return nil
	}
	text, _ := src.(string)
	parts := strings.Split(strings.Trim(text, "[]"), ",")
	if len(parts) != len(c.cells) {
		return store.ErrCorrupt
	}
	for i, part := range parts {
		if err := c.scan(i, part); err != nil {
			return err
		}
	}
	return nil
}

func (c packed) scan(i int, part string) error {
	if part == "null" {
		return c.cells[i].Scan(nil)
	}
	n, err := strconv.ParseInt(part, 10, 64)
	if err != nil {
		return store.ErrCorrupt
	}
	return c.cells[i].Scan(n)
}

// asInt is an integer that is there.
type asInt struct{ *int64 }

func (c asInt) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return store.ErrCorrupt
	}
	*c.int64 = n
	return nil
}
