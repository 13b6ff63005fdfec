package export

import (
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Usage is the columns of the rows of a report: its periods, two for each dimension that
// it is split by, and the sums. What is added up is known of some calls only: beside each
// amount stands of how many.
func Usage(r usage.Report) Columns[usage.Row] {
	type R = usage.Row
	columns := Columns[R]{
		{Name: "start", Type: Time, Meaning: "when the period begins, in the time zone of the organization", of: func(r *R) cell { return instant(r.Start) }},
		{Name: "end", Type: Time, Meaning: "when the period ends, itself not in it", of: func(r *R) cell { return instant(r.End) }},
	}
	for _, by := range r.By {
		columns = append(columns,
			Column[R]{Name: string(by), Type: Text, Meaning: "the " + string(by) + ", by id", Null: "none, or all others: the name says which", of: func(r *R) cell {
				return words(r.Item(by).ID)
			}},
			Column[R]{Name: string(by) + "_name", Type: Text, Meaning: "what it was called when the file was made; (none), or (other) of all but the largest", of: func(r *R) cell {
				return words(r.Item(by).Name)
			}})
	}
	columns = append(columns, Column[R]{Name: "calls", Type: Integer, Unit: "calls", Meaning: "all calls, failed and denied ones too", of: func(r *R) cell { return number(r.Calls) }})
	for _, u := range tenancy.Units() {
		columns = append(columns,
			Column[R]{Name: string(u), Type: Integer, Unit: unitOf(u), Meaning: meanings[u] + ", of the calls that reported it", Null: "none reported it", of: func(r *R) cell {
				n, reported := r.Unit(u)
				return numberIf(n, reported > 0)
			}},
			Column[R]{Name: string(u) + "_calls", Type: Integer, Unit: "calls", Meaning: "how many calls reported it; below calls, the amount is a lower bound", of: func(r *R) cell {
				_, reported := r.Unit(u)
				return number(reported)
			}})
	}
	return append(columns,
		Column[R]{Name: "cost", Type: Decimal, Unit: "the currency", Meaning: "what the calls cost whose cost is known, an estimate", Null: "of none it is known", of: func(r *R) cell {
			return numberIf(r.Cost, r.Priced > 0)
		}},
		Column[R]{Name: "cost_calls", Type: Integer, Unit: "calls", Meaning: "of how many calls the cost is known; below calls, the cost is a lower bound", of: func(r *R) cell { return number(r.Priced) }},
		Column[R]{Name: "currency", Type: Text, Meaning: "ISO 4217", of: func(*R) cell { return words(r.Currency) }})
}
