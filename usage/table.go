package usage

import (
	"slices"
	"time"
)

// Table is a report as a grid: a line for each period, also where it has no call, and a
// column for each item, so that what is set side by side has the same lines.
type Table struct {
	Cuts  []time.Time // line i is of the period from Cuts[i] to Cuts[i+1]
	Items [][]Item    // of each column, the largest first and the others last
	Cells [][]Sums    // by line and column
	Lines []Sums      // the sum of each line
	Heads []Sums      // the sum of each column
	Total Sums
}

// Table sets the rows side by side, the items ranked by a measure. It returns
// [ErrInvalid] for a measure that there is not, and for rows that are of none of the
// periods, and [ErrOverflow].
func (r Report) Table(by Measure) (Table, error) {
	ranked, err := rank(r.Rows, by)
	if err != nil {
		return Table{}, err
	}
	t := Table{Cuts: r.Cuts}
	column := map[[5]Item]int{}
	for i, head := range ranked {
		column[head.key()] = i
		t.Items, t.Heads = append(t.Items, head.Items), append(t.Heads, head.Sums)
	}
	for range max(len(r.Cuts)-1, 0) {
		t.Cells, t.Lines = append(t.Cells, make([]Sums, len(ranked))), append(t.Lines, Sums{})
	}
	for _, row := range r.Rows {
		line, found := slices.BinarySearchFunc(r.Cuts, row.Start, time.Time.Compare)
		if !found || line >= len(t.Lines) {
			return Table{}, ErrInvalid
		}
		if err := t.add(line, column[row.key()], row.Sums); err != nil {
			return Table{}, err
		}
	}
	return t, nil
}

// add adds to a cell and to the sums over it; those of the columns are there already.
func (t *Table) add(line, column int, s Sums) error {
	for _, sum := range []*Sums{&t.Cells[line][column], &t.Lines[line], &t.Total} {
		var err error
		if *sum, err = sum.Plus(s); err != nil {
			return err
		}
	}
	return nil
}
