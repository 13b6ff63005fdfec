package export_test

import (
	"encoding/csv"
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/usage"
	"example.com/tenet/usage/export"
)

func statement() export.Statement {
	return export.Statement{Issuer: "Acme IT", Service: "Model gateway", Account: "org_1", AccountName: "Acme", Zone: time.UTC}
}

// The header is the mapping's, the columns of FOCUS first and in its order, then ours.
func TestFOCUSHeaderIsTheMapping(t *testing.T) {
	columns, err := export.FOCUS(report(), statement())
	if err != nil {
		t.Fatal(err)
	}
	var written, standard []string
	for _, m := range export.FOCUSMapping() {
		if m.Written {
			written = append(written, m.Column)
		}
		if m.Level != "custom" {
			standard = append(standard, m.Column)
		} else if !strings.HasPrefix(m.Column, "x_") || !m.Written {
			t.Errorf("%s is ours, and does not begin with x_ or is not written", m.Column)
		}
		if m.Level == "mandatory" && !m.Written {
			t.Errorf("%s is mandatory and is not written", m.Column)
		}
	}
	if diff := cmp.Diff(written, names(columns)); diff != "" {
		t.Errorf("header (-mapping +file):\n%s", diff)
	}
	if len(standard) != 57 || !slices.IsSorted(standard) {
		t.Errorf("%d columns of FOCUS, want the 57 of version 1.2 in order", len(standard))
	}
	mandatory := strings.Fields(`BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory ChargeClass
		ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost PricingQuantity PricingUnit ProviderName
		PublisherName ServiceCategory ServiceName`)
	for _, m := range export.FOCUSMapping() {
		if (m.Level == "mandatory") != slices.Contains(mandatory, m.Column) {
			t.Errorf("%s is %s", m.Column, m.Level)
		}
	}
}

// lines are the rows of a FOCUS file, each by its header.
func lines(t *testing.T, r usage.Report, s export.Statement) (rows []map[string]string) {
	t.Helper()
	columns, err := export.FOCUS(r, s)
	if err != nil {
		t.Fatal(err)
	}
	all, err := csv.NewReader(strings.NewReader(written(t, columns.CSV, r.Rows...))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range all[1:] {
		row := map[string]string{}
		for i, name := range all[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

func TestFOCUSRows(t *testing.T) {
	first := map[string]string{
		"BilledCost": "0.0033", "BillingAccountId": "org_1", "BillingAccountName": "Acme", "BillingAccountType": "Organization", "BillingCurrency": "EUR",
		"BillingPeriodStart": "2026-04-01T00:00:00Z", "BillingPeriodEnd": "2026-05-01T00:00:00Z", "ChargeCategory": "Usage", "ChargeClass": "",
		"ChargeDescription": "prod / backend: 5 calls, the cost of 1 of them not known; an estimate", "ChargeFrequency": "Usage-Based",
		"ChargePeriodStart": "2026-04-30T00:00:00Z", "ChargePeriodEnd": "2026-05-01T00:00:00Z", "ConsumedQuantity": "5", "ConsumedUnit": "Requests",
		"ContractedCost": "0.0033", "EffectiveCost": "0.0033", "InvoiceIssuerName": "Acme IT", "ListCost": "0.0033", "PricingCategory": "Standard",
		"PricingQuantity": "5", "PricingUnit": "Requests", "ProviderName": "Acme IT", "PublisherName": "Acme IT", "ResourceId": "key_1", "ResourceName": "backend",
		"ResourceType": "API key", "ServiceCategory": "AI and Machine Learning", "ServiceName": "Model gateway", "ServiceSubcategory": "Generative AI", "SkuId": "",
		"SubAccountId": "proj_1", "SubAccountName": "prod", "SubAccountType": "Project", "x_UnpricedCalls": "1", "x_Outcome": "", "x_InputTokens": "900",
		"x_CachedInputTokens": "", "x_OutputTokens": "120", "x_ReasoningTokens": "", "x_Images": "", "x_Seconds": "", "x_Characters": "", "x_Requests": "",
	}
	got := lines(t, report(), statement())
	if diff := cmp.Diff(first, got[0]); diff != "" {
		t.Errorf("a row (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{
		"BilledCost": "0", "x_UnpricedCalls": "2", "SubAccountId": "", "SubAccountType": "", "SubAccountName": "(other)", "ResourceId": "", "ResourceName": "(other)", "ResourceType": "",
		"ChargeDescription": "(other) / (other): 2 calls, the cost of 2 of them not known; an estimate", "BillingPeriodStart": "2026-05-01T00:00:00Z",
	} {
		if got[1][name] != want {
			t.Errorf("%s of the others is %q, want %q", name, got[1][name], want)
		}
	}
	// No cell that FOCUS wants filled in is empty.
	for _, m := range export.FOCUSMapping() {
		for i, row := range got {
			if m.Written && m.Null == "" && row[m.Column] == "" {
				t.Errorf("%s of row %d is empty", m.Column, i)
			}
		}
	}
}

func TestFOCUSOfPeople(t *testing.T) {
	r := report()
	r.Rows[0].Items = []usage.Item{{By: usage.ByKey, Name: "(none)"}, {By: usage.ByUser, ID: "ann", Name: "Ann"}, {By: usage.ByModel, ID: "gpt-4o", Name: "gpt-4o"}, {By: usage.ByOutcome, ID: "ok", Name: "ok"}}
	r.Rows[0].Sums = usage.Sums{Calls: 1, Priced: 1}
	got := lines(t, r, statement())[0]
	for name, want := range map[string]string{
		"ResourceId": "ann", "ResourceName": "Ann", "ResourceType": "Person", "SkuId": "gpt-4o", "x_Outcome": "ok", "x_UnpricedCalls": "0",
		"ChargeDescription": "(none) / Ann / gpt-4o / ok: 1 call; an estimate", "SubAccountId": "", "SubAccountType": "",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	r.Rows[0].Items = nil
	if got := lines(t, r, statement())[0]["ChargeDescription"]; got != "1 call; an estimate" {
		t.Errorf("a row that is not split: %q", got)
	}
}

// A billing period is a month of the organization's zone.
func TestFOCUSMonths(t *testing.T) {
	kathmandu, err := time.LoadLocation("Asia/Kathmandu")
	if err != nil {
		t.Fatal(err)
	}
	s := statement()
	s.Zone = kathmandu
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, kathmandu)
	r := usage.Report{Currency: "NPR", Cuts: []time.Time{march.UTC(), march.AddDate(0, 1, 0).UTC()}, Rows: []usage.Row{
		{Start: march.UTC(), End: march.AddDate(0, 1, 0).UTC(), Sums: usage.Sums{Calls: 1}},
	}}
	got := lines(t, r, s)[0]
	if got["BillingPeriodStart"] != "2026-02-28T18:15:00Z" || got["BillingPeriodEnd"] != "2026-03-31T18:15:00Z" {
		t.Errorf("March in Kathmandu is from %s to %s", got["BillingPeriodStart"], got["BillingPeriodEnd"])
	}
}

func TestFOCUSRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*usage.Report, *export.Statement)
		want error
	}{
		{"all is there", func(*usage.Report, *export.Statement) {}, nil},
		{"no row", func(r *usage.Report, _ *export.Statement) { r.Rows, r.Cuts = nil, nil }, nil},
		{"no name of the account", func(_ *usage.Report, s *export.Statement) { s.AccountName = "" }, nil},
		{"no issuer", func(_ *usage.Report, s *export.Statement) { s.Issuer = "" }, usage.ErrInvalid},
		{"no service", func(_ *usage.Report, s *export.Statement) { s.Service = "" }, usage.ErrInvalid},
		{"no account", func(_ *usage.Report, s *export.Statement) { s.Account = "" }, usage.ErrInvalid},
		{"no zone", func(_ *usage.Report, s *export.Statement) { s.Zone = nil }, usage.ErrInvalid},
		{"no zone and no row", func(r *usage.Report, s *export.Statement) { r.Rows, r.Cuts, s.Zone = nil, nil, nil }, usage.ErrInvalid},
		{"a period of two months", func(r *usage.Report, _ *export.Statement) { r.Cuts = slices.Delete(r.Cuts, 1, 2) }, usage.ErrInvalid},
		{"days of another zone", func(_ *usage.Report, s *export.Statement) { s.Zone = time.FixedZone("", 3600) }, usage.ErrInvalid},
		{"a backward span", func(r *usage.Report, _ *export.Statement) { slices.Reverse(r.Cuts) }, usage.ErrInvalid},
	} {
		r, s := report(), statement()
		c.edit(&r, &s)
		if columns, err := export.FOCUS(r, s); !errors.Is(err, c.want) || (err == nil) != (columns != nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// The costs and calls of a file add up to those of the report, to the last place.
func TestFilesAddUp(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := report()
		r.Rows = nil
		for i := range rapid.IntRange(0, 20).Draw(rt, "rows") {
			period := rapid.IntRange(0, 1).Draw(rt, "period")
			sums := usage.Sums{Calls: rapid.Int64Range(1, 1<<40).Draw(rt, "calls")}
			if sums.Priced = rapid.Int64Range(0, sums.Calls).Draw(rt, "priced"); sums.Priced > 0 {
				sums.Cost = rapid.Int64Range(0, math.MaxInt64/32).Draw(rt, "cost")
			}
			r.Rows = append(r.Rows, usage.Row{Start: r.Cuts[period], End: r.Cuts[period+1], Sums: sums, Items: []usage.Item{
				{By: usage.ByProject, ID: strconv.Itoa(i), Name: rapid.String().Draw(rt, "name")}, {By: usage.ByKey, Name: "(none)"},
			}})
		}
		want, err := r.Total()
		if err != nil {
			rt.Fatal(err)
		}
		focus := lines(t, r, statement())
		for _, column := range []string{"BilledCost", "EffectiveCost", "ListCost", "ContractedCost"} {
			if got := added(t, focus, column); got.Cmp(big.NewRat(want.Cost, 1_000_000)) != 0 {
				rt.Fatalf("%s adds up to %v, want %d micro-units", column, got, want.Cost)
			}
		}
		if got := added(t, focus, "PricingQuantity"); got.Cmp(big.NewRat(want.Calls, 1)) != 0 {
			rt.Fatalf("PricingQuantity adds up to %v, want %d", got, want.Calls)
		}
		if got := added(t, focus, "x_UnpricedCalls"); got.Cmp(big.NewRat(want.Unpriced(), 1)) != 0 {
			rt.Fatalf("x_UnpricedCalls adds up to %v, want %d", got, want.Unpriced())
		}
	})
}

// added is the sum of a column, exact.
func added(t *testing.T, rows []map[string]string, column string) *big.Rat {
	t.Helper()
	sum := new(big.Rat)
	for _, row := range rows {
		n, ok := new(big.Rat).SetString(row[column])
		if !ok {
			t.Fatalf("%s is %q, no number", column, row[column])
		}
		sum.Add(sum, n)
	}
	return sum
}
