package sqlite

import (
	"database/sql/driver"
	"encoding/json"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Each type here is a column of a form that database/sql does not know: it points
// at a field, writes it as a parameter (driver.Valuer) and fills it from a row
// (sql.Scanner). Strings and integers are pointers to themselves.

// asTime is microseconds since 1970; NULL is the zero time.
type asTime struct{ *time.Time }

func (c asTime) Value() (driver.Value, error) { return micros(*c.Time), nil }

func (c asTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*c.Time = time.Time{}
	case int64:
		*c.Time = instant(v)
	default:
		return store.ErrCorrupt
	}
	return nil
}

func micros(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

// asSpan is whole microseconds.
type asSpan struct{ *time.Duration }

func (c asSpan) Scan(src any) error {
	v, ok := src.(int64)
	if !ok {
		return store.ErrCorrupt
	}
	*c.Duration = time.Duration(v) * time.Microsecond
	return nil
}

// asDigest is a BLOB of 32 bytes. Where it is optional, NULL is the zero digest.
type asDigest struct {
	p        *tenancy.Digest
	optional bool
}

func (c asDigest) Value() (driver.Value, error) {
	if c.optional && *c.p == (tenancy.Digest{}) {
		return nil, nil
	}
	return c.p[:], nil
}

func (c asDigest) Scan(src any) error {
	if src == nil && c.optional {
		*c.p = tenancy.Digest{}
		return nil
	}
	v, ok := src.([]byte)
	if !ok || len(v) != len(c.p) {
		return store.ErrCorrupt
	}
	copy(c.p[:], v)
	return nil
}

// asJSON is a list, or a set of models, in its JSON form. A row with the same text
// as the one before shares its value, which nobody writes to.
type asJSON[T any] struct {
	p    *T
	text string // of last
	last T
}

func jsonOf[T any](p *T) *asJSON[T] { return &asJSON[T]{p: p, text: emptyList} }

const (
	emptyList = "[]"
	nothing   = "null" // of a nil slice, which is an empty list
)

func (c *asJSON[T]) Value() (driver.Value, error) {
	data, err := json.Marshal(*c.p)
	if err != nil {
		return nil, store.ErrInvalid
	}
	if string(data) == nothing {
		return emptyList, nil
	}
	return string(data), nil
}

func (c *asJSON[T]) Scan(src any) error {
	text, ok := src.(string)
	if !ok {
		return store.ErrCorrupt
	}
	if text != c.text {
		var fresh T
		if json.Unmarshal([]byte(text), &fresh) != nil {
			return store.ErrCorrupt
		}
		c.text, c.last = text, fresh
	}
	*c.p = c.last
	return nil
}

// asUnit is one unit of a call; NULL where it was not reported.
type asUnit struct {
	units *usage.Units
	unit  tenancy.Unit
}

func (c asUnit) Scan(src any) error {
	n := int64(-1) // unknown, as With says
	if src != nil {
		v, ok := src.(int64)
		if !ok || v < 0 {
			return store.ErrCorrupt
		}
		n = v
	}
	*c.units = c.units.With(c.unit, n)
	return nil
}

// asMoney is micro-units; NULL where unknown.
type asMoney struct{ *usage.Money }

func (c asMoney) Scan(src any) error {
	*c.Money = usage.Money{}
	if src == nil {
		return nil
	}
	v, ok := src.(int64)
	if !ok {
		return store.ErrCorrupt
	}
	*c.Money = usage.Money{Micro: v, Known: true}
	return nil
}

// asReason is a reason's code.
type asReason struct{ *access.Reason }

func (c asReason) Scan(src any) error {
	code, ok := src.(string)
	if !ok {
		return store.ErrCorrupt
	}
	return c.UnmarshalText([]byte(code))
}
