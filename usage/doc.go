// Package usage holds what is recorded of a call and how records add up.
//
// A [Record] is one call: activity is the trail of records. A [Bucket] is the
// sum of the records of a quarter of an hour for one item: usage is the roll-up.
// They are two views of one thing: [Record.Buckets] says which buckets a record
// counts in, and a store adds it there in the transaction that writes it.
//
//	r := usage.Record{ID: id, At: began, Org: org.ID, ..., Units: units, Count: 1}
//	r.Cost, err = usage.Cost(model.Prices, org.Currency, r)
//	sums, err := usage.Tally([]usage.Record{r}) // what the store adds, by bucket
//
// # Unknown is not zero
//
// [Units] tells a unit that was reported as 0 from one that nobody reported. A
// sum carries both how much was reported and by how many records, so that a page
// can say "at least".
//
// # Reports
//
// A [Report] is usage by period and item. [Top] keeps the largest items of it,
// [Report.Table] sets them side by side with the periods filled in that had no call, and
// a [Fold] splits records by several dimensions at once.
//
// # Days
//
// Buckets are quarter-hours of UTC, the finest grain that any zone's offset needs.
// [Cuts] cuts a span into hours, days or months of a *time.Location, days of 23
// and 25 hours included.
//
// # Money
//
// [Cost] estimates in integers: prices in nano-units, products in 128 bits, one
// rounding, half to even, to micro-units. A product or sum that does not fit is
// [ErrOverflow], never a wrapped number.
//
// The package is pure: values only, no clock and no I/O; reading units off
// answers is package meter's, keeping records a store's. Everything may be used
// from any goroutine. The errors are [ErrInvalid] and [ErrOverflow].
package usage
