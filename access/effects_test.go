package access_test

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// twoProjects is a change with effects of every sort, in web, in lab and in the organization.
func twoProjects(t *testing.T) access.Effects {
	t.Helper()
	before := acme().with(minted("svc", by("pam", time.Time{}), tenancy.KeySecret{}), minted("lab-svc", by("pam", time.Time{}), tenancy.KeySecret{}),
		func(w world) { w.place("acme", "lab", "pam", tenancy.RoleOwner) }, restricted("lab-svc", tenancy.Models("gpt")))
	return access.Compare(before.view(t), before.with(removed("pam"), restricted("lab-svc", tenancy.Models("claude"))).view(t))
}

func TestWithin(t *testing.T) {
	all := twoProjects(t)
	want := access.Effects{
		Keys:   []access.KeyEffect{gained(lost(serviceKey("lab", "lab-svc"), "fast", "gpt"), "claude")},
		People: []access.PersonEffect{inOrg("pam", orgMember, none), in("lab", "pam", owning, none)},
		Secrets: []access.SeenSecret{
			{Org: "acme", User: "pam", Project: "lab", Key: "lab-svc"}},
	}
	lab := func(p tenancy.ProjectID) bool { return p == "lab" }
	if diff := gocmp.Diff(want, all.Within(lab)); diff != "" {
		t.Errorf("within lab (-want +got):\n%s", diff)
	}
	everywhere := func(tenancy.ProjectID) bool { return true }
	if diff := gocmp.Diff(all, all.Within(everywhere)); diff != "" {
		t.Errorf("within everything (-want +got):\n%s", diff)
	}
	org := access.Effects{People: []access.PersonEffect{inOrg("pam", orgMember, none)}}
	if diff := gocmp.Diff(org, all.Within(nil)); diff != "" {
		t.Errorf("within nothing, the organization itself is left (-want +got):\n%s", diff)
	}
	if e := (access.Effects{}).Within(everywhere); !e.Empty() {
		t.Errorf("no effects, within everything: %v", e)
	}
	all.Within(everywhere).Keys[0].Name = "another"
	if all.Keys[0].Name != "" {
		t.Error("what Within returns is not the caller's own")
	}
}

func TestEffectsString(t *testing.T) {
	want := `key lab-svc in lab loses fast gpt, gains claude
key pam in web stops: holder_may_not_call
pam in organization acme: -, was member
pam in lab: -, was owner calls
pam in web: -, was owner calls
pam keeps a secret of service key lab-svc in lab
pam keeps a secret of service key svc in web
`
	if diff := gocmp.Diff(want, twoProjects(t).String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (access.Effects{}).String(); got != "nothing changes\n" {
		t.Errorf("no effects: %q", got)
	}
	named := access.Effects{Keys: []access.KeyEffect{{Project: "web", Key: "svc", Name: "night\nly \x1b[31m\u202e", Gained: []tenancy.ModelID{"gpt", "o\t3"}}}}
	if got, want := named.String(), "key svc night\\nly \\x1b[31m\\u202e in web gains gpt o\\t3\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestStopsAndLosesSight(t *testing.T) {
	stops := access.KeyEffect{Lost: []tenancy.ModelID{"gpt"}, Reasons: []access.Reason{access.ReasonKeyRevoked}}
	if !stops.Stops() || (access.KeyEffect{}).Stops() || (access.KeyEffect{Lost: stops.Lost}).Stops() {
		t.Error("a key stops where there is a reason why it calls nothing")
	}
	for _, tt := range []struct {
		before, after access.Right
		want          bool
	}{
		{none, none, false}, {owning, owning, false}, {owning, viewing, false}, {none, viewing, false},
		{viewing, none, true}, {working, hidden(working), true}, {hidden(working), none, false}, {everywhere, muted(everywhere), false},
	} {
		if got := (access.PersonEffect{Before: tt.before, After: tt.after}).LosesSight(); got != tt.want {
			t.Errorf("from %v to %v: %v", tt.before, tt.after, got)
		}
	}
}
