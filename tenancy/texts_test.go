package tenancy_test

import (
	"reflect"
	"testing"

	"example.com/tenet/tenancy"
)

// What is stored, and part of other programs, is spelt as it always was.
func TestTextsAreStored(t *testing.T) {
	for got, want := range map[any]string{
		tenancy.RoleViewer: "viewer", tenancy.RoleMember: "member", tenancy.RoleOwner: "owner",
		tenancy.KeyPersonal: "personal", tenancy.KeyService: "service",
		tenancy.MeasureMoney: "money", tenancy.MeasureTokens: "tokens",
		tenancy.MeasureRequests: "requests", tenancy.MeasureInFlight: "in_flight",
		tenancy.WindowMinute: "minute", tenancy.WindowHour: "hour", tenancy.WindowDay: "day", tenancy.WindowMonth: "month",
		tenancy.UnitInput: "input", tenancy.UnitCachedInput: "cached_input", tenancy.UnitOutput: "output",
		tenancy.UnitReasoning: "reasoning", tenancy.UnitImages: "images", tenancy.UnitSeconds: "seconds",
		tenancy.UnitCharacters: "characters", tenancy.UnitRequests: "requests",
		tenancy.PrefixOrg: "org_", tenancy.PrefixProject: "proj_", tenancy.PrefixMembership: "mem_",
		tenancy.PrefixInvite: "inv_", tenancy.PrefixKey: "key_",
		tenancy.ErasedEmail: "erased@erased.invalid",
	} {
		if text := reflect.ValueOf(got).String(); text != want {
			t.Errorf("%T is %q, want %q", got, text, want)
		}
	}
}

// Sets are equal where their lists are, and however a set of nothing is made, it is
// the zero ModelSet, also to who compares by reflection.
func TestModelSetEqual(t *testing.T) {
	if tenancy.Models("a").Equal(tenancy.Models("b")) || tenancy.Models("a").Equal(tenancy.Models("a", "b")) || tenancy.Models("a").Equal(tenancy.ModelSet{}) {
		t.Error("two lists are one set")
	}
	if !reflect.DeepEqual(tenancy.Models([]tenancy.ModelID{}...), tenancy.ModelSet{}) {
		t.Error("the set of an empty list is not the zero ModelSet")
	}
}

// The small letters of Cherokee end where other letters begin, which stay themselves.
func TestFoldBesideCherokee(t *testing.T) {
	for beside, other := range map[string]string{
		"\uab6f": "\u139f", "\uabc0": "\u13f0", // before and after U+AB70 to U+ABBF
		"\u13f7": "\u13ef", "\u13fe": "\u13f6", // before and after U+13F8 to U+13FD
	} {
		if tenancy.Fold(beside) != beside || tenancy.Fold(beside) == tenancy.Fold(other) {
			t.Errorf("Fold(%+q) = %+q", beside, tenancy.Fold(beside))
		}
	}
}
