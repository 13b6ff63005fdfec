package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// cause is something that speaks against a call of max's personal key in web.
type cause struct {
	reason access.Reason
	step   step
	model  tenancy.ModelID // the name asked for; gpt where it is empty and reason is not ReasonNoModel
}

// causes are the reasons of policy in the order in which they are reported when
// several hold.
var causes = []cause{
	{reason: access.ReasonKeyRevoked, step: revoked("max")},
	{reason: access.ReasonKeyExpired, step: expiring("max", noon)},
	{reason: access.ReasonOrganizationClosed, step: orgClosed},
	{reason: access.ReasonOrganizationSuspended, step: orgSuspended},
	{reason: access.ReasonProjectArchived, step: archived("web")},
	{reason: access.ReasonHolderMayNotCall, step: suspended("max")},
	{reason: access.ReasonNoModel, step: func(world) {}},
	{reason: access.ReasonModelUnknown, step: func(world) {}, model: "gpt-5"},
	{reason: access.ReasonModelNotInPlan, step: planned(tenancy.Models("claude"))},
	{reason: access.ReasonModelNotEnabled, step: enabled("web", tenancy.Models("claude"))},
	{reason: access.ReasonModelNotInKey, step: restricted("max", tenancy.Models("claude"))},
}

// together reports whether the causes of a set can hold at once. A request that
// names no model does not name an unknown one; and a model that the catalogue
// does not have has no canonical id that a plan, a project or a key could list.
func together(set []cause) bool {
	noCanonical, ofModel := 0, 0
	for _, c := range set {
		switch {
		case c.reason == access.ReasonNoModel || c.reason == access.ReasonModelUnknown:
			noCanonical++
		case c.reason > access.ReasonModelUnknown:
			ofModel++
		}
	}
	return noCanonical == 0 || noCanonical == 1 && ofModel == 0
}

func requested(set []cause) tenancy.ModelID {
	for _, c := range set {
		if c.reason == access.ReasonNoModel || c.reason == access.ReasonModelUnknown {
			return c.model
		}
	}
	return "gpt"
}

// Every set of causes that can hold together, 640 of them, each reason alone and
// every adjacent pair among them: CanCall reports the first in order, Explain all.
func TestReasonsInOrder(t *testing.T) {
	alone, pairs, cases := map[access.Reason]bool{}, map[[2]access.Reason]bool{}, 0
	for bits := range 1 << len(causes) {
		var set []cause
		var want []access.Reason
		w := acme()
		for i, c := range causes {
			if bits&(1<<i) != 0 {
				set, want = append(set, c), append(want, c.reason)
				c.step(w)
			}
		}
		if !together(set) {
			continue
		}
		cases++
		switch len(want) {
		case 1:
			alone[want[0]] = true
		case 2:
			pairs[[2]access.Reason(want)] = true
		}
		checkExplanation(t, w.view(t), requested(set), want)
	}
	if cases != 640 || len(alone) != len(causes) {
		t.Errorf("%d cases, %d reasons alone; want 640 and %d", cases, len(alone), len(causes))
	}
	for i := range causes[1:] {
		pair := [2]access.Reason{causes[i].reason, causes[i+1].reason}
		if apart := !together(causes[i : i+2]); apart == pairs[pair] {
			t.Errorf("pair %v: cannot hold together is %v, was tried is %v", pair, apart, pairs[pair])
		}
	}
}

func checkExplanation(t *testing.T, view access.View, model tenancy.ModelID, reasons []access.Reason) {
	t.Helper()
	want := access.Explanation{
		Decision: access.Decision{Effect: access.Allow, Subject: access.Subject{Org: "acme", Project: "web", Key: "max"}},
		Reasons:  reasons,
	}
	if model == "gpt" {
		want.Model = "gpt"
	}
	if len(reasons) > 0 {
		want.Effect, want.Reason = access.Deny, reasons[0]
	}
	if diff := gocmp.Diff(want, view.Explain("max", model)); diff != "" {
		t.Errorf("Explain with %v (-want +got):\n%s", reasons, diff)
	}
	if diff := gocmp.Diff(want.Decision, view.CanCall("max", model)); diff != "" {
		t.Errorf("CanCall with %v (-want +got):\n%s", reasons, diff)
	}
}

// The same for a person in the playground, whom the reasons of keys do not concern.
// Whoever has no place in the project is told that and nothing else.
func TestReasonsInOrderOfAPerson(t *testing.T) {
	viewer := onPlace("max", func(p *tenancy.ProjectMember) { p.Role = tenancy.RoleViewer })
	for bits := range 1 << len(causes) {
		var set []cause
		var want []access.Reason
		w := acme()
		for i, c := range causes {
			key := c.reason == access.ReasonKeyRevoked || c.reason == access.ReasonKeyExpired || c.reason == access.ReasonModelNotInKey
			if key || bits&(1<<i) == 0 {
				continue
			}
			if c.reason == access.ReasonHolderMayNotCall {
				c.step = viewer
			}
			set, want = append(set, c), append(want, c.reason)
			c.step(w)
		}
		if !together(set) {
			continue
		}
		d := w.view(t).CanUse("max", "web", requested(set))
		if first := slices.Concat(want, []access.Reason{access.ReasonNone})[0]; d.Reason != first || d.Allowed() != (len(want) == 0) {
			t.Errorf("CanUse with %v = %+v", want, d)
		}
	}
}

func TestExplainUnknownKey(t *testing.T) {
	want := access.Explanation{
		Decision: access.Decision{Reason: access.ReasonUnknownKey},
		Reasons:  []access.Reason{access.ReasonUnknownKey},
	}
	if diff := gocmp.Diff(want, acme().view(t).Explain("gone", "gpt")); diff != "" {
		t.Errorf("Explain (-want +got):\n%s", diff)
	}
}

// codes are stored and logged: none may change.
var codes = map[access.Reason]string{
	access.ReasonNone: "", access.ReasonUnavailable: "unavailable",
	access.ReasonMalformed: "malformed", access.ReasonUnknownKey: "unknown_key", access.ReasonWrongSecret: "wrong_secret",
	access.ReasonKeyRevoked: "key_revoked", access.ReasonKeyExpired: "key_expired",
	access.ReasonOrganizationClosed: "organization_closed", access.ReasonOrganizationSuspended: "organization_suspended",
	access.ReasonProjectArchived: "project_archived", access.ReasonHolderMayNotCall: "holder_may_not_call",
	access.ReasonNoModel: "no_model", access.ReasonModelUnknown: "model_unknown",
	access.ReasonModelNotInPlan: "model_not_in_plan", access.ReasonModelNotEnabled: "model_not_enabled",
	access.ReasonModelNotInKey: "model_not_in_key",
	access.ReasonRateLimit:     "rate_limit", access.ReasonBudget: "budget",
	access.ReasonNotFound: "not_found", access.ReasonForbidden: "forbidden",
}

func TestReasonCodes(t *testing.T) {
	for r := range access.Reason(255) {
		want, known := codes[r]
		if !known {
			want = "unknown"
		}
		if r.String() != want {
			t.Errorf("Reason(%d) = %q, want %q", r, r, want)
		}
		if got, ok := access.ParseReason(want); ok != known || known && got != r {
			t.Errorf("ParseReason(%q) = %d, %v", want, got, ok)
		}
	}
}

func TestReasonAsText(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       access.Reason
	}{
		{"none", `""`, access.ReasonNone},
		{"known", `"model_not_in_key"`, access.ReasonModelNotInKey},
		{"of a newer writer", `"on_the_moon"`, access.ReasonUnavailable},
		{"other case", `"Key_Revoked"`, access.ReasonUnavailable},
	} {
		got := access.ReasonBudget
		if err := json.Unmarshal([]byte(tt.text), &got); err != nil || got != tt.want {
			t.Errorf("%s: Unmarshal = %q, %v; want %q", tt.name, got, err, tt.want)
		}
		if _, known := access.ParseReason(tt.text[1 : len(tt.text)-1]); !known {
			continue
		}
		if text, err := json.Marshal(tt.want); err != nil || string(text) != tt.text {
			t.Errorf("%s: Marshal = %s, %v; want %s", tt.name, text, err, tt.text)
		}
	}
}

func TestReasonsSet(t *testing.T) {
	var empty access.Reasons
	if empty.First() != access.ReasonNone || empty.List() != nil {
		t.Errorf("empty: First %q, List %v", empty.First(), empty.List())
	}
	set := empty.With(access.ReasonForbidden, true).With(access.ReasonUnavailable, true).With(access.ReasonBudget, false)
	if want := []access.Reason{access.ReasonUnavailable, access.ReasonForbidden}; !slices.Equal(set.List(), want) || set.First() != want[0] {
		t.Errorf("List %v, First %q; want %v", set.List(), set.First(), want)
	}
	if set.Has(access.ReasonBudget) || !set.Has(access.ReasonForbidden) {
		t.Error("Has disagrees with With")
	}
}

func TestEffect(t *testing.T) {
	for e, want := range map[access.Effect]string{
		access.Deny: "deny", access.Allow: "allow", access.Unavailable: "unavailable", 7: "deny",
	} {
		if fmt.Sprint(e) != want {
			t.Errorf("Effect(%d) = %v, want %s", uint8(e), e, want)
		}
		if got := (access.Decision{Effect: e}).Allowed(); got != (e == access.Allow) {
			t.Errorf("%v is allowed: %v", e, got)
		}
	}
}
