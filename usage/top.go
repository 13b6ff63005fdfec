package usage

import (
	"cmp"
	"slices"
)

// Top returns the rows of the n items that are the largest over all periods, and in
// each period one row of all others, added up and last, so that the sums stay what they
// were. Where there are no more than n items the rows are as they were. Of items that
// are as large as each other the one that comes first in the order of ids is kept. An item
// is what a row is of, in all its dimensions together.
//
// Rows are by period, and are not changed. It returns [ErrInvalid] for n under 1 and a
// measure that there is not, and [ErrOverflow].
func Top(rows []Row, n int, by Measure) ([]Row, error) {
	if n < 1 {
		return nil, ErrInvalid
	}
	ranked, err := rank(rows, by)
	if err != nil {
		return nil, err
	}
	if len(ranked) <= n {
		return rows, nil
	}
	kept := map[[5]Item]bool{}
	for _, r := range ranked[:n] {
		kept[r.key()] = true
	}
	var top []Row
	for len(rows) > 0 {
		var rest Row
		period := rows[0].Start
		for ; len(rows) > 0 && rows[0].Start.Equal(period); rows = rows[1:] {
			if kept[rows[0].key()] {
				top = append(top, rows[0])
			} else if rest, err = rest.with(rows[0]); err != nil {
				return nil, err
			}
		}
		if rest.Items != nil {
			top = append(top, rest)
		}
	}
	return top, nil
}

// with is the row of others with one more among them.
func (r Row) with(o Row) (Row, error) {
	if r.Items == nil {
		r = Row{o.Start, o.End, make([]Item, len(o.Items)), Sums{}}
		for i, item := range o.Items {
			r.Items[i] = Item{By: item.By, Name: NameOther, Other: true}
		}
	}
	var err error
	r.Sums, err = r.Plus(o.Sums)
	return r, err
}

// rank returns a row for each item with its sums over all periods, the largest first
// and that of the others last.
func rank(rows []Row, by Measure) ([]Row, error) {
	if err := by.Validate(); err != nil {
		return nil, err
	}
	var ranked []Row
	index := map[[5]Item]int{}
	for _, r := range rows {
		i, known := index[r.key()]
		if !known {
			i = len(ranked)
			index[r.key()] = i
			ranked = append(ranked, Row{Items: r.Items})
		}
		var err error
		if ranked[i].Sums, err = ranked[i].Plus(r.Sums); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(ranked, func(a, b Row) int {
		n, _ := a.Of(by)
		m, _ := b.Of(by)
		return cmp.Or(a.compareOther(b), cmp.Compare(m, n), slices.CompareFunc(a.Items, b.Items, Item.compare))
	})
	return ranked, nil
}

// compareOther puts the row of others last.
func (r Row) compareOther(o Row) int {
	last := func(r Row) int {
		if len(r.Items) > 0 && r.Items[0].Other {
			return 1
		}
		return 0
	}
	return cmp.Compare(last(r), last(o))
}

func (i Item) compare(o Item) int { return cmp.Compare(i.ID, o.ID) }
