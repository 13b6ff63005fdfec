package usage

import (
	"strings"
	"time"
)

// Names in place of those that there are not.
const (
	NameNone  = "(none)"  // of no item: the key of a person's call, the model of a call that named none
	NameOther = "(other)" // of the items that [Top] adds up
)

// Item is what a row is of, in one dimension.
type Item struct {
	By Dimension `json:"by"`
	// ID is the project, model, key, user or outcome. It is empty of no item, and of
	// many: see Other.
	ID string `json:"id"`
	// Name is what people call it: the name, as of now, of a project, key or person;
	// otherwise the id, [NameNone] or [NameOther].
	Name string `json:"name"`
	// Other says that the row is of all items but the largest, added up.
	Other bool `json:"other,omitzero"`
}

// Row is what one item consumed in one period; where a report is split by several
// dimensions, one item of each together.
type Row struct {
	Start time.Time `json:"start"` // UTC
	End   time.Time `json:"end"`   // exclusive
	Items []Item    `json:"items"` // by the dimensions of the report, in its order; empty where it is not split
	Sums
}

// Item returns the row's item of a dimension; the zero Item where the report is not
// split by it.
func (r Row) Item(by Dimension) Item {
	for _, item := range r.Items {
		if item.By == by {
			return item
		}
	}
	return Item{}
}

// Name is the names of the row's items, " / " between them; empty where the report is
// not split.
func (r Row) Name() string {
	if len(r.Items) == 1 {
		return r.Items[0].Name
	}
	names := make([]string, len(r.Items))
	for i, item := range r.Items {
		names[i] = item.Name
	}
	return strings.Join(names, " / ")
}

// key tells rows of one item from those of others. A row has at most one item of
// each dimension.
func (r Row) key() (at [5]Item) {
	copy(at[:], r.Items)
	return at
}

// Report is usage by period and item, with what it takes to read it. In a report the
// rows add up to all calls of the span, however it is split.
type Report struct {
	Zone     string      `json:"zone"`     // IANA; what the periods are cut in
	Currency string      `json:"currency"` // ISO 4217; of every cost
	By       []Dimension `json:"by"`       // what each period is split by
	// Cuts are the instants between the periods, ends included, in UTC. A period
	// without a call has no row; [Report.Table] fills it in.
	Cuts []time.Time `json:"cuts"`
	Rows []Row       `json:"rows"` // by period and item
}

// Total is the sum of all rows, or [ErrOverflow].
func (r Report) Total() (Sums, error) {
	var total Sums
	var err error
	for _, row := range r.Rows {
		if total, err = total.Plus(row.Sums); err != nil {
			return Sums{}, err
		}
	}
	return total, nil
}
