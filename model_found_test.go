package tenet_test

import (
	"testing"

	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// What [TestModel] found, each as the shortest case.

// What is so already is no change: setting the plan that is set leaves no entry.
func TestTheSamePlanIsNoChange(t *testing.T) {
	w := newWorld(t, memory.New())
	plan := tenancy.Subscription{Org: w.org, Plan: "max", Models: tenancy.Models("small")}
	mustNot(t, w.Operator("ops").SetSubscription(t.Context(), plan))
	before := len(entries(t, w.st, w.org))
	mustNot(t, w.Operator("ops").SetSubscription(t.Context(), plan))
	if after := len(entries(t, w.st, w.org)); after != before {
		t.Errorf("%d entries more", after-before)
	}
}
