package tenet_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

// busyOrganization is an organization of ann's with two projects that call models, at
// noon of the first of March.
func busyOrganization(ctx context.Context) (*tenet.Tenet, tenancy.OrgID) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pepper, err := keys.NewPepper("2026-03", []byte("32 random bytes from the secrets"))
	check(err)
	peppers, err := keys.NewPeppers(pepper)
	check(err)
	t, err := tenet.Open(ctx, memory.New(), &tenet.Options{Peppers: peppers, Clock: func() time.Time { return noon }})
	check(err)
	check(t.Operator("ops").PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true, Prices: []tenancy.Price{
		{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 2_500}, {Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10_000},
	}}))
	org, err := t.Operator("ops").CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	})
	check(err)
	for name, output := range map[string]int64{"prod": 120, "dev": -1} {
		p, err := t.As("ann").CreateProject(ctx, org.ID, tenet.NewProject{Name: name, Models: tenancy.Models("gpt-4o")})
		check(err)
		call, _ := t.As("ann").Begin(ctx, org.ID, p.ID, "gpt-4o", tenet.Estimate{})
		units := usage.Units{}.With(tenancy.UnitInput, 900).With(tenancy.UnitOutput, output) // of dev's call nobody reported it
		check(call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: units}))
	}
	return t, org.ID
}

// Projects side by side, and within each its models.
func ExampleActor_OrganizationUsage() {
	ctx := context.Background()
	t, org := busyOrganization(ctx)
	defer t.Close()

	march := tenet.Span{From: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)}
	report, err := t.As("ann").OrganizationUsage(ctx, org, tenet.UsageQuery{
		Span: march, Step: usage.StepMonth, By: []usage.Dimension{usage.ByProject, usage.ByModel}, Top: 10, Measure: usage.MeasureCost,
	})
	check(err)
	table, err := report.Table(usage.MeasureCost)
	check(err)
	for i, items := range table.Items {
		fmt.Printf("%s, %s: %s %s\n", items[0].Name, items[1].Name, table.Heads[i].Text(usage.MeasureCost), report.Currency)
	}
	fmt.Printf("all: %s %s\n", table.Total.Text(usage.MeasureCost), report.Currency)
	// Output:
	// prod, gpt-4o: 0.00345 EUR
	// dev, gpt-4o: unknown EUR
	// all: at least 0.00345 EUR
}

// All calls of an organization as CSV, of any number; here with the columns that are the
// same every time.
func ExampleActor_EachActivity() {
	ctx := context.Background()
	t, org := busyOrganization(ctx)
	defer t.Close()

	calls := t.As("ann").EachActivity(ctx, org, "", tenet.ActivityQuery{Status: 200})
	columns := export.Activity()
	some := export.Columns[tenet.ActivityRow]{columns[1], columns[7], columns[10], columns[11], columns[15]}
	var file strings.Builder // in a program a file, or a response
	check(some.CSV(&file, calls))
	fmt.Print(strings.ReplaceAll(file.String(), "\r", ""))
	// Output:
	// at,user,served_model,outcome,input
	// 2026-03-01T12:00:00Z,ann,gpt-4o,ok,900
	// 2026-03-01T12:00:00Z,ann,gpt-4o,ok,900
}
