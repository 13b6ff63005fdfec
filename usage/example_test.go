package usage_test

import (
	"fmt"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// What one call cost: the cached part of the input at its own price.
func ExampleCost() {
	prices := []tenancy.Price{
		{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 2_500},       // 2.50 a million
		{Unit: tenancy.UnitCachedInput, Currency: "EUR", Nano: 1_250}, // 1.25 a million
		{Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10_000},     // 10 a million
	}
	r := usage.Record{
		At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Units: usage.Units{}.With(tenancy.UnitInput, 1200).
			With(tenancy.UnitCachedInput, 1000).
			With(tenancy.UnitOutput, 30),
		Count: 1,
	}
	cost, err := usage.Cost(prices, "EUR", r)
	fmt.Printf("%d millionths of a euro, known: %v, error: %v\n", cost.Micro, cost.Known, err)

	// Nobody reported the output: the cost is unknown, not lower.
	r.Units = usage.Units{}.With(tenancy.UnitInput, 1200)
	cost, err = usage.Cost(prices, "EUR", r)
	fmt.Printf("%d millionths of a euro, known: %v, error: %v\n", cost.Micro, cost.Known, err)
	// Output:
	// 2050 millionths of a euro, known: true, error: <nil>
	// 0 millionths of a euro, known: false, error: <nil>
}

// The days of a zone in which the clock is put forward at midnight.
func ExampleCuts() {
	cairo, err := time.LoadLocation("Africa/Cairo")
	if err != nil {
		fmt.Println(err)
		return
	}
	from := time.Date(2024, 4, 25, 0, 0, 0, 0, cairo)
	cuts, err := usage.Cuts(from, from.AddDate(0, 0, 3), usage.StepDay, cairo)
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range cuts[1:] {
		fmt.Println(cuts[i].In(cairo).Format("2 January 15:04"), "for", cuts[i+1].Sub(cuts[i]))
	}
	// Output:
	// 25 April 00:00 for 24h0m0s
	// 26 April 01:00 for 23h0m0s
	// 27 April 00:00 for 24h0m0s
}

// How records add up, and what a page can say about a sum.
func ExampleTally() {
	call := usage.Record{
		At: time.Date(2026, 3, 1, 12, 7, 0, 0, time.UTC), Org: "org_1", Project: "proj_1", Key: "key_1",
		Served: "small-2", Outcome: usage.OutcomeOK, Units: usage.Units{}.With(tenancy.UnitInput, 500), Count: 1,
	}
	silent := call
	silent.Units = usage.Units{} // the stream was cut off before it reported
	buckets, err := usage.Tally([]usage.Record{call, silent})
	if err != nil {
		fmt.Println(err)
		return
	}
	byModel := buckets[call.Buckets()[0]]
	input, reported := byModel.Unit(tenancy.UnitInput)
	fmt.Printf("%d calls, at least %d tokens of input, which %d reported\n", byModel.Calls, input, reported)
	// Output: 2 calls, at least 500 tokens of input, which 1 reported
}

// Projects side by side, a line for each day: the largest two, and the others.
func ExampleReport_Table() {
	first := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	row := func(day int, project string, calls int64) usage.Row {
		start := first.AddDate(0, 0, day)
		return usage.Row{Start: start, End: start.AddDate(0, 0, 1), Sums: usage.Sums{Calls: calls},
			Items: []usage.Item{{By: usage.ByProject, ID: "proj_" + project, Name: project}}}
	}
	report := usage.Report{ // as Actor.OrganizationUsage returns it
		By:   []usage.Dimension{usage.ByProject},
		Cuts: []time.Time{first, first.AddDate(0, 0, 1), first.AddDate(0, 0, 2), first.AddDate(0, 0, 3)},
		Rows: []usage.Row{row(0, "dev", 40), row(0, "prod", 900), row(0, "trial", 3), row(2, "prod", 800), row(2, "demo", 2)},
	}
	var err error
	if report.Rows, err = usage.Top(report.Rows, 2, usage.MeasureCalls); err != nil {
		fmt.Println(err)
		return
	}
	table, err := report.Table(usage.MeasureCalls)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%-6s", "")
	for _, items := range table.Items {
		fmt.Printf("%8s", items[0].Name)
	}
	fmt.Println()
	for i, cells := range table.Cells {
		fmt.Print(table.Cuts[i].Format("2 Jan "))
		for _, sums := range cells {
			fmt.Printf("%8s", sums.Text(usage.MeasureCalls))
		}
		fmt.Println()
	}
	// Output:
	//             prod     dev (other)
	// 1 Mar      900      40       3
	// 2 Mar        0       0       0
	// 3 Mar      800       0       2
}
