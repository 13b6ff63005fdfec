package usage

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// MaxRows bounds the rows of a [Fold], since those of several dimensions are as many
// as calls at worst.
const MaxRows = 250_000

// Fold adds records up by period and by several dimensions at once. The roll-ups
// cannot: they keep each dimension apart, since the product would be as long as the
// trail. It takes memory by its rows, not by the records. A Fold is for one goroutine.
type Fold struct {
	cuts []time.Time
	by   []Dimension
	sums map[foldKey]*Sums
}

type foldKey struct {
	period int
	ids    [5]string // by the dimensions of the fold
}

// CheckSplit returns [ErrInvalid] unless by names dimensions, each at most once. None
// is one whole.
func CheckSplit(by []Dimension) error {
	for i, d := range by {
		if _, ok := (Record{}).item(d); !ok || slices.Contains(by[:i], d) {
			return fmt.Errorf("%w: split by something unknown, or twice", ErrInvalid)
		}
	}
	return nil
}

// NewFold returns a Fold into the periods between cuts, which ascend. It has the
// errors of [CheckSplit].
func NewFold(cuts []time.Time, by []Dimension) (*Fold, error) {
	if err := CheckSplit(by); err != nil {
		return nil, err
	}
	return &Fold{cuts: cuts, by: by, sums: map[foldKey]*Sums{}}, nil
}

// Add adds a record; one outside all periods is none of the fold's. Its errors are
// those of [Record.Sums] and [Sums.Plus], and [ErrInvalid] beyond [MaxRows].
func (f *Fold) Add(r Record) error {
	period, cut := slices.BinarySearchFunc(f.cuts, r.At, time.Time.Compare)
	if !cut {
		period--
	}
	if period < 0 || period >= len(f.cuts)-1 {
		return nil
	}
	key := foldKey{period: period}
	for i, d := range f.by {
		key.ids[i], _ = r.item(d)
	}
	add, err := r.Sums()
	if err != nil {
		return err
	}
	sums := f.sums[key]
	if sums == nil {
		if len(f.sums) == MaxRows {
			return fmt.Errorf("%w: more than %d rows", ErrInvalid, MaxRows)
		}
		sums = new(Sums)
		f.sums[key] = sums
	}
	*sums, err = sums.Plus(add)
	return err
}

// Rows returns what was added, by period and item. Names are the ids.
func (f *Fold) Rows() []Row {
	keys := slices.SortedFunc(maps.Keys(f.sums), func(a, b foldKey) int {
		return cmp.Or(cmp.Compare(a.period, b.period), slices.CompareFunc(a.ids[:], b.ids[:], strings.Compare))
	})
	rows := make([]Row, len(keys))
	for i, key := range keys {
		items := make([]Item, len(f.by))
		for j, d := range f.by {
			items[j] = Item{By: d, ID: key.ids[j], Name: key.ids[j]}
		}
		rows[i] = Row{f.cuts[key.period], f.cuts[key.period+1], items, *f.sums[key]}
	}
	return rows
}

// item is what a record counts under in a dimension; false where there is no such one.
func (r Record) item(d Dimension) (id string, ok bool) {
	switch d {
	case ByProject:
		return string(r.Project), true
	case ByModel:
		return string(r.Served), true
	case ByKey:
		return string(r.Key), true
	case ByUser:
		return string(r.User), true
	case ByOutcome:
		return string(r.Outcome), true
	}
	return "", false
}
