package tenet_test

import (
	"fmt"
	"strings"
	"testing"

	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

// EXPORT.md is the columns of the code: neither can say what the other does not.
func TestEXPORT(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Files of calls and usage

Made from the code and held to it by the tests: ` + "`go test -run TestEXPORT -update .`" + ` writes it anew. Package
[usage/export](usage/export/doc.go) writes the files, as CSV and as JSON lines with the same columns.

- CSV is RFC 4180: UTF-8 without a byte order mark, commas, a header, lines that end with CR LF. A cell of text that a spreadsheet would take for a
  formula begins with an apostrophe.
- JSON lines is one object a line. Text and times are strings, numbers are numbers, and what would be an empty cell is null.
- Times are UTC. Decimals are exact, of at most six places. What is not known is empty, never 0.
- **Every cost is an estimate** from the price list, in the organization's currency. It is no invoice.
- Names are those of when the file was made; ids stay what they are.

## Calls

A row is a record of Actor.EachActivity, newest first. A record may stand for many calls: units and cost are those of one, and times count they
are what usage adds up.

`)
	table(&b, export.Activity())
	b.WriteString(`
## Usage

A row is one of Actor.Usage or Actor.OrganizationUsage, by period and item. Of project, model, key, user and outcome it has the columns of those that
the report is split by. However it is split, the rows add up to all calls of the periods.

`)
	all := usage.Report{By: []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome}}
	table(&b, export.Usage(all))
	b.WriteString(`
## FOCUS 1.2

The FinOps Open Cost and Usage Specification, <https://focus.finops.org>. A row of usage is a charge; split by project, model and key, a report fills in
the most columns. Periods must not be longer than a month. Words in quotes are what the column always says; others are the columns above that it is from.

What departs from FOCUS, since a gateway sends no invoice:

- The four costs are one and the same estimate. FOCUS has BilledCost agree with an invoice; there is none to agree with. Where the providers' own FOCUS
  files are loaded too, the same calls would count twice: keep these rows apart by ProviderName, and use them to share the providers' costs out.
- A row adds up calls of several units (tokens in, tokens out, images), whose costs are not kept apart. So quantities are counted in requests, unit prices
  are left out, and what was consumed of each unit stands in columns of ours, which begin with x_.
- FOCUS allows no empty cost. Calls whose cost is not known are in the costs with nothing, and x_UnpricedCalls says how many those are: where it is not 0 the
  costs are lower bounds.

| column | level | type | from, or why not written | empty |
|---|---|---|---|---|
`)
	for _, m := range export.FOCUSMapping() {
		kind := string(m.Type)
		if !m.Written {
			kind = "not written"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s |\n", m.Column, m.Level, kind, m.From, m.Null)
	}
	hold(t, "EXPORT.md", b.String())
}

// table writes columns as rows.
func table[T any](b *strings.Builder, columns export.Columns[T]) {
	b.WriteString("| column | type | unit | meaning | empty |\n|---|---|---|---|---|\n")
	for _, c := range columns {
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", c.Name, c.Type, c.Unit, c.Meaning, c.Null)
	}
}
