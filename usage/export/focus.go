package export

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Statement is what FOCUS asks and no report knows.
type Statement struct {
	Issuer      string        // who runs the gateway: provider, publisher and invoice issuer in one
	Service     string        // what it is called
	Account     tenancy.OrgID // the organization
	AccountName string
	Zone        *time.Location // of the report, for its months
}

// FOCUS is the columns of the rows of a report under the names of FOCUS 1.2, the FinOps
// Open Cost and Usage Specification, one row of the report a charge. Split by project,
// model and key a report fills in the most of them. [FOCUSMapping] says what each is from.
//
// Costs are estimates from a price list: no invoice says them, and whoever adds this file
// to the providers' own counts the same calls twice. All four costs are that estimate,
// since it knows no discounts. FOCUS allows no empty costs, so that calls of unknown cost
// are in it with nothing; x_UnpricedCalls says how many those are.
//
// It returns usage.ErrInvalid without an issuer, a service, an account and a zone, and
// for a report of periods that are in more than one month of the zone: a charge is of one
// billing period.
func FOCUS(r usage.Report, s Statement) (Columns[usage.Row], error) {
	if s.Issuer == "" || s.Service == "" || s.Account == "" || s.Zone == nil {
		return nil, fmt.Errorf("%w: a statement without issuer, service, account or zone", usage.ErrInvalid)
	}
	f := focus{Statement: s, currency: r.Currency}
	if len(r.Cuts) > 1 {
		var err error
		if f.months, err = usage.Cuts(r.Cuts[0], r.Cuts[len(r.Cuts)-1], usage.StepMonth, s.Zone); err != nil {
			return nil, err
		}
	}
	for i := range max(len(r.Cuts)-1, 0) {
		if start, end := f.month(r.Cuts[i]), f.month(r.Cuts[i+1].Add(-1)); start != end {
			return nil, fmt.Errorf("%w: a period of more than one month", usage.ErrInvalid)
		}
	}
	var columns Columns[usage.Row]
	for _, c := range slices.Concat(f.standard(), f.custom()) {
		if c.of != nil {
			columns = append(columns, c.Column)
		}
	}
	return columns, nil
}

// Mapping is where a column of FOCUS 1.2 comes from, or why there is none.
type Mapping struct {
	Column  string
	Level   string // of FOCUS: mandatory, conditional, recommended; custom of one of ours
	Type    Type   // empty of one that is not written
	From    string // what it is from, or why it is not written
	Null    string // what it means that a cell is empty
	Written bool
}

// FOCUSMapping returns every column of FOCUS 1.2 in its order, and then those that
// [FOCUS] adds.
func FOCUSMapping() (all []Mapping) {
	var f focus
	for _, c := range slices.Concat(f.standard(), f.custom()) {
		all = append(all, Mapping{c.Name, c.level, c.Type, c.Meaning, c.Null, c.of != nil})
	}
	return all
}

// focus is what the columns of a FOCUS file rest on.
type focus struct {
	Statement
	currency string
	months   []time.Time // the instants between them
}

// month is the billing period that a time is in, by number.
func (f focus) month(t time.Time) int {
	i, cut := slices.BinarySearchFunc(f.months, t, time.Time.Compare)
	if !cut {
		i--
	}
	return i
}

// focusColumn is a column with how much FOCUS asks for it. One that cannot be filled in
// has no type, and its meaning says why.
type focusColumn struct {
	Column[usage.Row]
	level string
}

const (
	mandatory   = "mandatory"
	conditional = "conditional"
	recommended = "recommended"
	custom      = "custom"
)

// constant is a column that says the same in every row.
func constant(name, level, meaning, text string) focusColumn {
	return textual(name, level, meaning, "", func(*usage.Row) string { return text })
}

func textual(name, level, meaning, null string, of func(*usage.Row) string) focusColumn {
	return focusColumn{Column[usage.Row]{Name: name, Type: Text, Meaning: meaning, Null: null, of: func(r *usage.Row) cell { return words(of(r)) }}, level}
}

func dated(name, meaning string, of func(*usage.Row) time.Time) focusColumn {
	return focusColumn{Column[usage.Row]{Name: name, Type: Time, Meaning: meaning, of: func(r *usage.Row) cell { return instant(of(r)) }}, mandatory}
}

func cost(name, meaning string) focusColumn {
	return focusColumn{Column[usage.Row]{Name: name, Type: Decimal, Meaning: meaning, of: func(r *usage.Row) cell { return number(r.Cost) }}, mandatory}
}

func counted(name, level, meaning string, of func(*usage.Row) int64) focusColumn {
	return focusColumn{Column[usage.Row]{Name: name, Type: Integer, Meaning: meaning, of: func(r *usage.Row) cell { return number(of(r)) }}, level}
}

func unwritten(level, why string, names ...string) (all []focusColumn) {
	for _, name := range names {
		all = append(all, focusColumn{Column[usage.Row]{Name: name, Meaning: why}, level})
	}
	return all
}

// standard is FOCUS 1.2, all of it, in its order.
func (f focus) standard() []focusColumn {
	return slices.Concat(f.account(), f.charge(), f.price(), f.service(), f.place())
}

func (f focus) account() []focusColumn {
	return slices.Concat(
		unwritten(recommended, "calls have no place", "AvailabilityZone"),
		[]focusColumn{
			cost("BilledCost", "cost: an estimate, which nobody bills"),
			constant("BillingAccountId", mandatory, "the organization's id", string(f.Account)),
			textual("BillingAccountName", mandatory, "the organization's name", "none was given", func(*usage.Row) string { return f.AccountName }),
			constant("BillingAccountType", conditional, `"Organization"`, "Organization"),
			constant("BillingCurrency", mandatory, "the organization's currency", f.currency),
			dated("BillingPeriodEnd", "the end of the month of the organization's time zone", func(r *usage.Row) time.Time { return f.months[f.month(r.Start)+1] }),
			dated("BillingPeriodStart", "the beginning of that month", func(r *usage.Row) time.Time { return f.months[f.month(r.Start)] }),
		},
		unwritten(conditional, "nothing is reserved", "CapacityReservationId", "CapacityReservationStatus"),
	)
}

func (f focus) charge() []focusColumn {
	return slices.Concat(
		[]focusColumn{
			constant("ChargeCategory", mandatory, `"Usage"`, "Usage"),
			textual("ChargeClass", mandatory, "always empty", "no row corrects an invoice", func(*usage.Row) string { return "" }),
			textual("ChargeDescription", mandatory, "the names of the row, how many calls, and of how many the cost is not known", "", describe),
			constant("ChargeFrequency", recommended, `"Usage-Based"`, "Usage-Based"),
			dated("ChargePeriodEnd", "end", func(r *usage.Row) time.Time { return r.End }),
			dated("ChargePeriodStart", "start", func(r *usage.Row) time.Time { return r.Start }),
		},
		unwritten(conditional, "prices know no commitments",
			"CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity",
			"CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit"),
		[]focusColumn{
			counted("ConsumedQuantity", conditional, "calls", func(r *usage.Row) int64 { return r.Calls }),
			constant("ConsumedUnit", conditional, `"Requests": a row adds up many units, which stand in columns of ours`, "Requests"),
			cost("ContractedCost", "cost: the price list knows no contracts"),
		},
		unwritten(conditional, "a row adds up calls of several units and prices", "ContractedUnitPrice"),
		[]focusColumn{cost("EffectiveCost", "cost: the price list knows no discounts")},
	)
}

func (f focus) price() []focusColumn {
	return slices.Concat(
		unwritten(recommended, "there is no invoice", "InvoiceId"),
		[]focusColumn{
			constant("InvoiceIssuerName", mandatory, "who runs the gateway", f.Issuer),
			cost("ListCost", "cost"),
		},
		unwritten(conditional, "a row adds up calls of several units and prices", "ListUnitPrice"),
		[]focusColumn{constant("PricingCategory", conditional, `"Standard"`, "Standard")},
		unwritten(conditional, "it is the billing currency", "PricingCurrency", "PricingCurrencyContractedUnitPrice", "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice"),
		[]focusColumn{
			counted("PricingQuantity", mandatory, "calls", func(r *usage.Row) int64 { return r.Calls }),
			constant("PricingUnit", mandatory, `"Requests", as ConsumedUnit`, "Requests"),
		},
	)
}

func (f focus) service() []focusColumn {
	return slices.Concat(
		[]focusColumn{
			constant("ProviderName", mandatory, "who runs the gateway", f.Issuer),
			constant("PublisherName", mandatory, "who runs the gateway", f.Issuer),
		},
		unwritten(conditional, "calls have no place", "RegionId", "RegionName"),
		[]focusColumn{
			textual("ResourceId", conditional, "key, else user", "split by neither, or many", func(r *usage.Row) string { return caller(r).ID }),
			textual("ResourceName", conditional, "key_name, else user_name", "split by neither", func(r *usage.Row) string { return caller(r).Name }),
			textual("ResourceType", conditional, `"API key" or "Person"`, "split by neither, or many", resourceType),
			constant("ServiceCategory", mandatory, `"AI and Machine Learning"`, "AI and Machine Learning"),
			constant("ServiceName", mandatory, "what the gateway is called", f.Service),
			constant("ServiceSubcategory", recommended, `"Generative AI"`, "Generative AI"),
		},
	)
}

func (f focus) place() []focusColumn {
	id := func(by usage.Dimension) func(*usage.Row) string {
		return func(r *usage.Row) string { return r.Item(by).ID }
	}
	return slices.Concat(
		[]focusColumn{textual("SkuId", conditional, "model", "not split by it, none or many", id(usage.ByModel))},
		unwritten(conditional, "a row adds up calls of several units and prices", "SkuMeter", "SkuPriceDetails", "SkuPriceId"),
		[]focusColumn{
			textual("SubAccountId", conditional, "project", "not split by it, or many", id(usage.ByProject)),
			textual("SubAccountName", conditional, "project_name", "not split by it", func(r *usage.Row) string { return r.Item(usage.ByProject).Name }),
			textual("SubAccountType", conditional, `"Project"`, "not split by it, or many", func(r *usage.Row) string {
				if r.Item(usage.ByProject).ID == "" {
					return ""
				}
				return "Project"
			}),
		},
		unwritten(conditional, "nothing has tags", "Tags"),
	)
}

// custom are columns that FOCUS does not have, after its own.
func (f focus) custom() []focusColumn {
	columns := []focusColumn{
		counted("x_UnpricedCalls", custom, "calls whose cost is not known, and is in no cost", func(r *usage.Row) int64 { return r.Unpriced() }),
		textual("x_Outcome", custom, "outcome", "not split by it, or many", func(r *usage.Row) string { return r.Item(usage.ByOutcome).ID }),
	}
	for i, name := range [...]string{"InputTokens", "CachedInputTokens", "OutputTokens", "ReasoningTokens", "Images", "Seconds", "Characters", "Requests"} {
		columns = append(columns, focusColumn{Column[usage.Row]{
			Name: "x_" + name, Type: Integer, Meaning: string(tenancy.Units()[i]) + ", of the calls that reported it", Null: "none reported it",
			of: func(r *usage.Row) cell { return numberIf(r.Units[i], r.Reported[i] > 0) },
		}, custom})
	}
	return columns
}

// caller is the key or the person whose calls the row is of.
func caller(r *usage.Row) usage.Item {
	key, user := r.Item(usage.ByKey), r.Item(usage.ByUser)
	if key.ID == "" && user.By != "" {
		return user
	}
	return key
}

func resourceType(r *usage.Row) string {
	switch c := caller(r); {
	case c.ID == "":
		return ""
	case c.By == usage.ByKey:
		return "API key"
	}
	return "Person"
}

// describe is a sentence about the row.
func describe(r *usage.Row) string {
	text := strconv.FormatInt(r.Calls, 10) + " calls"
	if r.Calls == 1 {
		text = "1 call"
	}
	if name := r.Name(); name != "" {
		text = name + ": " + text
	}
	if n := r.Unpriced(); n > 0 {
		text += ", the cost of " + strconv.FormatInt(n, 10) + " of them not known"
	}
	return text + "; an estimate"
}
