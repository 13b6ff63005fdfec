package tenet_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// A price that only calls that went well pay is asked nothing of others, refused ones
// included; under any other price a call whose units nobody knows has no known cost.
func TestCostOfCallsThatDidNotGoWell(t *testing.T) {
	free, unknown := usage.Money{Known: true}, usage.Money{}
	for _, c := range []struct {
		name                    string
		onlyOK                  bool
		went, failed, cut, none usage.Money
	}{
		{"by default", false, usage.Money{Micro: 500, Known: true}, usage.Money{Micro: 500, Known: true}, unknown, unknown},
		{"only ok", true, usage.Money{Micro: 500, Known: true}, free, free, free},
	} {
		w := newTown(t)
		price := tenancy.Price{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 5000, OnlyOK: c.onlyOK}
		for _, m := range []tenancy.ModelID{"gpt-4o", "small"} {
			mustNot(t, w.Operator("ops").PutModel(t.Context(), tenancy.Model{ID: m, Public: true, Prices: []tenancy.Price{price}}))
		}
		known := usage.Units{}.With(tenancy.UnitInput, 100)
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(tenet.Result{Outcome: usage.OutcomeOK, Units: known}))
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(tenet.Result{Outcome: usage.OutcomeUpstreamError, Units: known}))
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(tenet.Result{Outcome: usage.OutcomeAbandoned}))
		if _, d := w.Begin(t.Context(), w.principal(t), "small", tenet.Estimate{}); d.Allowed() {
			t.Fatal("a model that is not turned on may be called")
		}
		got := map[usage.Outcome]usage.Money{}
		for _, row := range activity(t, w.world) {
			got[row.Outcome] = row.Cost
		}
		want := map[usage.Outcome]usage.Money{
			usage.OutcomeOK: c.went, usage.OutcomeUpstreamError: c.failed, usage.OutcomeAbandoned: c.cut, usage.OutcomeDenied: c.none,
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}
