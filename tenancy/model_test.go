package tenancy_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

type model = tenancy.Model

func orgs(n int) []tenancy.OrgID {
	out := make([]tenancy.OrgID, n)
	for i := range out {
		out[i] = tenancy.OrgID(fmt.Sprintf("org_01J00000000000000000000%03d", i))
	}
	return out
}

func priced(n int) []tenancy.Price {
	out := make([]tenancy.Price, n)
	for i := range out {
		out[i] = tenancy.Price{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 1, From: now.Add(time.Duration(i) * time.Hour)}
	}
	return out
}

func TestModelValidate(t *testing.T) {
	prices := func(ps ...tenancy.Price) func(*model) { return func(m *model) { m.Prices = ps } }
	price := tenancy.Price{Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 0, From: now}
	change := func(f func(*tenancy.Price)) func(*model) {
		p := price
		f(&p)
		return prices(price, p)
	}
	alias := func(f func(*model)) func(*model) {
		return func(m *model) { *m = model{ID: "latest", Alias: "m1", Created: now}; f(m) }
	}
	checkValidate(t, aModel, []edit[model]{
		{"no id", "which?", func(m *model) { m.ID = "" }, "model"},
		{"pattern", "ids are no patterns", func(m *model) { m.ID = "gpt-*" }, "model"},
		{"public", "for everybody", func(m *model) { m.Orgs, m.Public = nil, true }, ""},
		{"for nobody", "not yet", func(m *model) { m.Orgs = nil }, ""},
		{"public and for some", "which of the two?", func(m *model) { m.Public = true }, "orgs"},
		{"for 320", "the most", func(m *model) { m.Orgs = orgs(320) }, ""},
		{"for 321", "one above", func(m *model) { m.Orgs = orgs(321) }, "orgs"},
		{"organizations out of order", "they are searched", func(m *model) { m.Orgs = orgs(2); slices.Reverse(m.Orgs) }, "orgs"},
		{"for a malformed one", "nobody", func(m *model) { m.Orgs = []tenancy.OrgID{""} }, "orgs"},
		{"alias", "its own id names another model", alias(func(*model) {}), ""},
		{"alias of itself", "a cycle", alias(func(m *model) { m.Alias = m.ID }), "alias"},
		{"alias of no id", "nothing", alias(func(m *model) { m.Alias = "a b" }), "alias"},
		{"public alias", "its model says so", alias(func(m *model) { m.Public = true }), "alias"},
		{"alias for some", "its model says so", alias(func(m *model) { m.Orgs = orgs(1) }), "alias"},
		{"alias with prices", "its model has them", alias(func(m *model) { m.Prices = priced(1) }), "alias"},
		{"no prices", "not known", prices(), ""},
		{"128 prices", "the most", prices(priced(128)...), ""},
		{"129 prices", "one above", prices(priced(129)...), "prices"},
		{"free", "0 is a price", prices(price), ""},
		{"dearest", "2^63-1 is a price", change(func(p *tenancy.Price) { p.Nano, p.Unit = 1<<63-1, tenancy.UnitImages }), ""},
		{"below free", "nobody is paid", change(func(p *tenancy.Price) { p.Nano, p.Unit = -1, tenancy.UnitImages }), "prices"},
		{"unknown unit", "the set is closed", change(func(p *tenancy.Price) { p.Unit = "joules" }), "prices"},
		{"no unit", "of what?", change(func(p *tenancy.Price) { p.Unit = "" }), "prices"},
		{"unknown currency", "not in ISO 4217", change(func(p *tenancy.Price) { p.Currency = "eur" }), "currency"},
		{"date of nanoseconds", "whole microseconds", change(func(p *tenancy.Price) { p.From = now.Add(1) }), "prices"},
		{"from ever", "the zero time", change(func(p *tenancy.Price) { p.From = time.Time{} }), ""},
		{"twice the same", "which one holds?", change(func(p *tenancy.Price) { p.Nano = 7 }), "prices"},
		{"another unit", "a price of its own", change(func(p *tenancy.Price) { p.Unit = tenancy.UnitInput }), ""},
		{"another currency", "a price of its own", change(func(p *tenancy.Price) { p.Currency = "USD" }), ""},
		{"another date", "it replaces the first from then on", change(func(p *tenancy.Price) { p.From = later }), ""},
	})
	checkValidate(t, aModel, badTimes("created", func(m *model) *time.Time { return &m.Created }))
	checkValidate(t, aModel, badTimes("retired", func(m *model) *time.Time { return &m.Retired }))
}

func TestEveryUnitCanBePriced(t *testing.T) {
	m := aModel()
	m.Prices = nil
	for _, u := range tenancy.Units() {
		m.Prices = append(m.Prices, tenancy.Price{Unit: u, Currency: "EUR"})
	}
	if err := m.Validate(); err != nil {
		t.Error(err)
	}
	units := tenancy.Units()
	units[0] = "changed"
	if tenancy.Units()[0] != tenancy.UnitInput {
		t.Error("Units handed out its own table")
	}
}

func TestOfferedTo(t *testing.T) {
	three := orgs(3)
	tests := []struct {
		name string
		m    model
		org  tenancy.OrgID
		want bool
	}{
		{"public", model{Public: true}, org, true},
		{"named first", model{Orgs: three}, three[0], true},
		{"named last", model{Orgs: three}, three[2], true},
		{"not named", model{Orgs: three}, org, false},
		{"names nobody", model{}, org, false},
		{"no organization", model{Orgs: []tenancy.OrgID{""}}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.m.OfferedTo(tt.org) != tt.want {
				t.Errorf("OfferedTo = %v", !tt.want)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	alias := model{ID: "latest", Alias: "m1", Created: now}
	at := func(m model, created time.Time) model { m.Created = created; return m }
	tests := []struct {
		name, why string
		m, before model
		want      model
		field     string
	}{
		{"new model", "created now", at(aModel(), time.Time{}), model{}, at(aModel(), later), ""},
		{"new alias", "created now", alias, model{}, at(alias, later), ""},
		{"known model", "created once", at(aModel(), later), aModel(), aModel(), ""},
		{"known alias", "it may stand for another", at(model{ID: "latest", Alias: "m2"}, later), alias,
			model{ID: "latest", Alias: "m2", Created: now}, ""},
		{"model to alias", "neither turns into the other", alias, model{ID: "latest", Created: now}, model{}, "alias"},
		{"alias to model", "neither turns into the other", model{ID: "latest"}, alias, model{}, "alias"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.m.Replace(tt.before, later.Add(9))
			checkField(t, err, tt.field, tt.why)
			if diff := cmp.Diff(tt.want, got); tt.field == "" && diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

func TestA20MayStandFor(t *testing.T) {
	alias := model{ID: "latest", Alias: "m1"}
	tests := []struct {
		name, why string
		target    model
		field     string
	}{
		{"a model", "one step", aModel(), ""},
		{"an alias", "no chains", model{ID: "m1", Alias: "m2"}, "alias"},
		{"itself", "no cycles", alias, "alias"},
		{"another model", "it names m1", model{ID: "m2"}, "alias"},
		{"nothing", "it names what is there", model{}, "alias"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { checkField(t, alias.MayStandFor(tt.target), tt.field, tt.why) })
	}
}

func TestModelRetire(t *testing.T) {
	want := aModel()
	want.Retired = now
	once := aModel().Retire(now.Add(time.Nanosecond))
	if diff := cmp.Diff(want, once); diff != "" {
		t.Errorf("retired (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, once.Retire(later)); diff != "" {
		t.Errorf("retired twice (-once +twice):\n%s", diff)
	}
}
