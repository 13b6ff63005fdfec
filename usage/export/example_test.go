package export_test

import (
	"fmt"
	"os"
	"strings"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

// A month of an organization by project, as FOCUS: in a program the report comes from
// Actor.OrganizationUsage, and the file is an *os.File or a response.
func ExampleFOCUS() {
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	report := usage.Report{
		Currency: "EUR", By: []usage.Dimension{usage.ByProject}, Cuts: []time.Time{start, start.AddDate(0, 1, 0)},
		Rows: []usage.Row{{
			Start: start, End: start.AddDate(0, 1, 0), Items: []usage.Item{{By: usage.ByProject, ID: "proj_1", Name: "prod"}},
			Sums: usage.Sums{Calls: 1200, Cost: 42_500_000, Priced: 1200},
		}},
	}
	columns, err := export.FOCUS(report, export.Statement{Issuer: "Acme IT", Service: "Model gateway", Account: "org_1", AccountName: "Acme", Zone: time.UTC})
	if err != nil {
		fmt.Println(err)
		return
	}
	var file strings.Builder
	if err := columns[:6].CSV(&file, export.Each(report.Rows)); err != nil { // the first few, to fit here
		fmt.Println(err)
		return
	}
	fmt.Print(strings.ReplaceAll(file.String(), "\r", ""))
	// Output:
	// BilledCost,BillingAccountId,BillingAccountName,BillingAccountType,BillingCurrency,BillingPeriodEnd
	// 42.5,org_1,Acme,Organization,EUR,2026-04-01T00:00:00Z
}

// A call as a line of JSON: what nobody reported is null.
func ExampleColumns_JSONLines() {
	calls := []usage.NamedRecord{{ProjectName: "prod", KeyName: "backend", Currency: "EUR", Record: usage.Record{
		ID: "rec_1", At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Org: "org_1", Project: "proj_1", Key: "key_1",
		Served: "gpt-4o", Outcome: usage.OutcomeOK, Status: 200, Units: usage.Units{}.With(tenancy.UnitInput, 900), Count: 1,
	}}}
	columns := export.Activity()
	if err := columns[10:18].JSONLines(os.Stdout, export.Each(calls)); err != nil { // in a program all of them
		fmt.Println(err)
	}
	// Output: {"served_model":"gpt-4o","outcome":"ok","reason":null,"status":200,"count":1,"input":900,"cached_input":null,"output":null}
}
