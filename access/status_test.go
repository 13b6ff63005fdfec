package access_test

import (
	"errors"
	"testing"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// A model is callable where it is both turned on and in the plan, and nothing speaks
// against it; a status of which only half was filled in denies.
func TestCallableNeedsEverything(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    access.ModelStatus
		want bool
	}{
		{"all of it", access.ModelStatus{Enabled: true, InPlan: true}, true},
		{"not in the plan", access.ModelStatus{Enabled: true}, false},
		{"not turned on", access.ModelStatus{InPlan: true}, false},
		{"neither", access.ModelStatus{}, false},
		{"a reason against it", access.ModelStatus{Enabled: true, InPlan: true, Reasons: []access.Reason{access.ReasonProjectArchived}}, false},
	} {
		if tt.s.Callable() != tt.want {
			t.Errorf("%s: Callable() = %v", tt.name, !tt.want)
		}
	}
}

// A key that loses one thing and gains nothing is told just so, and the reverse.
func TestKeyEffectTellsWhatThereIs(t *testing.T) {
	for want, e := range map[string]access.KeyEffect{
		"key k in web loses m\n":          {Key: "k", Project: "web", Lost: []tenancy.ModelID{"m"}},
		"key k in web gains m\n":          {Key: "k", Project: "web", Gained: []tenancy.ModelID{"m"}},
		"key k in web loses m, gains n\n": {Key: "k", Project: "web", Lost: []tenancy.ModelID{"m"}, Gained: []tenancy.ModelID{"n"}},
	} {
		if got := (access.Effects{Keys: []access.KeyEffect{e}}).String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// A record of a kind that has an id is refused without one, for that and nothing else.
func TestNamelessRecords(t *testing.T) {
	for _, v := range []tenancy.Entity{
		tenancy.ProjectMember{Org: "acme", User: "ann"}, tenancy.Invite{Org: "acme"}, tenancy.NameClaim{Org: "acme"},
	} {
		_, err := access.NewSnapshot(tenancy.Organization{ID: "acme"}, v)
		var record *access.RecordError
		if !errors.As(err, &record) || record.Problem != "without an id" || record.Ref != v.Ref() {
			t.Errorf("%T: %v", v, err)
		}
	}
}
