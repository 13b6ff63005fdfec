package tenancy_test

import (
	"errors"
	"testing"
	"time"

	"example.com/tenet/tenancy"
)

// limits are n different ones.
func limits(n int) (ls tenancy.Limits) {
	windows := []tenancy.Window{tenancy.WindowMinute, tenancy.WindowHour, tenancy.WindowDay, tenancy.WindowMonth}
	measures := []tenancy.Measure{tenancy.MeasureMoney, tenancy.MeasureTokens, tenancy.MeasureRequests}
	for i := range n {
		ls = append(ls, tenancy.Limit{Measure: measures[i/len(windows)%len(measures)], Window: windows[i%len(windows)], Max: 1})
	}
	return ls
}

// The bounds are those of the rules, and nobody moves them unseen.
func TestBoundsAreTheRules(t *testing.T) {
	for name, tt := range map[string]struct{ got, want int }{
		"a name": {tenancy.MaxName, 128}, "a folded name": {tenancy.MaxFolded, 255}, "owners": {tenancy.MaxOwners, 64}, "models of a list": {tenancy.MaxModels, 320},
		"a model id": {tenancy.MaxModelID, 128}, "a user id": {tenancy.MaxUserID, 255}, "places of an invite": {tenancy.MaxPlacements, 32},
		"a URL": {tenancy.MaxURL, 2048}, "a time zone": {tenancy.MaxTimeZone, 64}, "an e-mail": {tenancy.MaxEmail, 254}, "a pepper id": {tenancy.MaxPepperID, 64},
		"a hint": {tenancy.MaxHint, 4}, "limits of a record": {tenancy.MaxLimits, 16}, "prices of a model": {tenancy.MaxPrices, 128},
		"organizations of a model": {tenancy.MaxModelOrgs, 320}, "a part of a ref": {tenancy.MaxRefPart, 255},
		"days of an invite": {int(tenancy.InviteLife / (24 * time.Hour)), 7}, "most days of an invite": {int(tenancy.MaxInviteLife / (24 * time.Hour)), 30},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: at most %d, want %d", name, tt.got, tt.want)
		}
	}
}

// A record has no more limits than there are measures and windows, however they repeat.
func TestTooManyLimits(t *testing.T) {
	p := aProject()
	p.Limits = limits(12)
	if err := p.Validate(); err != nil {
		t.Errorf("each limit once: %v", err)
	}
	var field *tenancy.FieldError
	p.Limits = limits(17)
	if err := p.Validate(); !errors.As(err, &field) || field.Rule != "at most 16 limits" {
		t.Errorf("17 limits: %v", err)
	}
	p.Limits = limits(16)
	if err := p.Validate(); !errors.As(err, &field) || field.Rule != "one limit for a measure and window" {
		t.Errorf("16 limits, some twice: %v", err)
	}
}

// A list is well formed whether or not the plan would have it.
func TestRestrictToIsChecked(t *testing.T) {
	all := func(tenancy.ModelID) bool { return true }
	if _, err := aKey().RestrictTo(tenancy.Models("a b"), all); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("a malformed id: %v", err)
	}
	if _, err := aProject().SetModels(tenancy.Models("a b"), all); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("a malformed id: %v", err)
	}
}

// A pepper's id may have points, lines and hyphens.
func TestPepperIDs(t *testing.T) {
	k := aKey()
	k.Current.Pepper = "a.b_c-9"
	if err := k.Validate(); err != nil {
		t.Error(err)
	}
}
