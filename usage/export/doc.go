// Package export writes calls and usage as files that other programs read: CSV, JSON
// lines, and CSV of FOCUS 1.2.
//
//	calls := ann.EachActivity(ctx, org, "", tenet.ActivityQuery{Span: month})
//	err := export.Activity().CSV(w, calls)
//
//	report, err := ann.OrganizationUsage(ctx, org, query)
//	err = export.Usage(report).JSONLines(w, export.Each(report.Rows))
//
// # Columns are data
//
// What a file holds is a list of [Column]s, each with its type, unit, meaning and what an
// empty cell means. The writers, the reference in EXPORT.md and the tests all read that
// list, so that none can say what another does not. Both forms have the same columns under
// the same names.
//
// # What is not known is empty
//
// A unit that nobody reported and a cost that nobody knows is an empty cell of CSV and null
// in JSON, never 0.
//
// # Text from outside
//
// Names of projects, keys and people are what somebody typed. In CSV a cell of text that a
// spreadsheet would take for a formula begins with an apostrophe. Bytes that are no UTF-8,
// and NUL, are written as U+FFFD.
//
// # Length
//
// Rows are written as they come and take the memory of one, so a file may be of any
// length. An error, of the rows or of the writer, ends it: the file is not whole then.
//
// The package is pure but for the io.Writer that it is given. A writer is for one
// goroutine; everything else may be used from any.
package export
