package tenancy_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

type (
	aproject = tenancy.Project
	place    = tenancy.ProjectMember
)

func TestProjectValidate(t *testing.T) {
	checkValidate(t, aProject, []edit[aproject]{
		{"no organization", "whose?", func(p *aproject) { p.Org = "" }, "organization"},
		{"no id", "which?", func(p *aproject) { p.ID = "" }, "project"},
		{"another kind's id", "ids are typed", func(p *aproject) { p.ID = tenancy.ProjectID(org) }, "project"},
		{"no name", "people read it", func(p *aproject) { p.Name = "" }, "name"},
	})
	checkValidate(t, aProject, badNames("name", func(p *aproject) *string { return &p.Name }))
	checkValidate(t, aProject, badModels("models", func(p *aproject) *tenancy.ModelSet { return &p.Models }))
	checkValidate(t, aProject, badLimits("limits", func(p *aproject) *tenancy.Limits { return &p.Limits }))
	checkValidate(t, aProject, badTimes("created", func(p *aproject) *time.Time { return &p.Created }))
	checkValidate(t, aProject, badTimes("archived", func(p *aproject) *time.Time { return &p.Archived }))
}

func TestPlaceValidate(t *testing.T) {
	role := func(r tenancy.Role) func(*place) { return func(p *place) { p.Role = r } }
	checkValidate(t, aPlace, []edit[place]{
		{"no organization", "whose?", func(p *place) { p.Org = "" }, "organization"},
		{"no project", "where?", func(p *place) { p.Project = "" }, "project"},
		{"no user", "who?", func(p *place) { p.User = "" }, "user"},
		{"no membership", "which stay?", func(p *place) { p.Membership = "" }, "membership"},
		{"viewer", "a role", role(tenancy.RoleViewer), ""},
		{"member", "a role", role(tenancy.RoleMember), ""},
		{"owner", "a role", role(tenancy.RoleOwner), ""},
		{"no role", "zero values deny", role(""), "role"},
		{"another role", "the set is closed", role("admin"), "role"},
		{"role in capitals", "byte for byte", role("Owner"), "role"},
	})
	checkValidate(t, aPlace, badTimes("added", func(p *place) *time.Time { return &p.Added }))
}

func TestProjectTransitions(t *testing.T) {
	archived := aProject().Archive(now)
	tests := []struct {
		name, why string
		from      aproject
		verb      func(aproject) (aproject, error)
		change    func(*aproject) // of from, where it succeeds
		err       error
	}{
		{"rename", "an active project", aProject(), func(p aproject) (aproject, error) { return p.Rename("Find") },
			func(p *aproject) { p.Name = "Find" }, nil},
		{"rename to no name", "people read it", aProject(), func(p aproject) (aproject, error) { return p.Rename("") }, nil, tenancy.ErrInvalid},
		{"rename an archived one", "its writes are refused", archived, func(p aproject) (aproject, error) { return p.Rename("Find") }, nil, tenancy.ErrArchived},
		{"archive", "one time", aProject(), func(p aproject) (aproject, error) { return p.Archive(now.Add(9)), nil },
			func(p *aproject) { p.Archived = now }, nil},
		{"archive twice", "the first time is kept", archived, func(p aproject) (aproject, error) { return p.Archive(later), nil },
			func(*aproject) {}, nil},
		{"restore", "as before", archived, func(p aproject) (aproject, error) { return p.Restore("") },
			func(p *aproject) { p.Archived = time.Time{} }, nil},
		{"restore under a new name", "the old one was taken", archived, func(p aproject) (aproject, error) { return p.Restore("Find") },
			func(p *aproject) { p.Archived, p.Name = time.Time{}, "Find" }, nil},
		{"restore under a bad name", "people read it", archived, func(p aproject) (aproject, error) { return p.Restore("\n") }, nil, tenancy.ErrInvalid},
		{"restore an active one", "changes nothing", aProject(), func(p aproject) (aproject, error) { return p.Restore("") }, func(*aproject) {}, nil},
		{"write", "active", aProject(), func(p aproject) (aproject, error) { return p, p.Writable() }, func(*aproject) {}, nil},
		{"write to an archived one", "its writes are refused", archived, func(p aproject) (aproject, error) { return p, p.Writable() }, nil, tenancy.ErrArchived},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := tt.from
			got, err := tt.verb(tt.from)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%s: error %v, want %v", tt.why, err, tt.err)
			}
			if diff := cmp.Diff(before, tt.from); diff != "" {
				t.Errorf("the receiver was changed (-want +got):\n%s", diff)
			}
			if err == nil {
				tt.change(&before)
				if diff := cmp.Diff(before, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", tt.why, diff)
				}
			}
		})
	}
}

func TestSetModels(t *testing.T) {
	plan := func(id tenancy.ModelID) bool { return id == "in" || id == "in2" }
	list := tenancy.Models
	all, none := tenancy.AllModels(), tenancy.ModelSet{}
	tests := []struct {
		name, why string
		has, want tenancy.ModelSet
		ok        bool
	}{
		{"turn on one of the plan", "it is offered", none, list("in"), true},
		{"turn on one outside", "the catalogue must not be probed", none, list("out"), false},
		{"one in, one outside", "all or nothing", none, list("in", "out"), false},
		{"keep one that left the plan", "it stays and comes back with the plan", list("gone"), list("gone", "in"), true},
		{"turn off one that left", "less is always allowed", list("gone", "in"), list("in"), true},
		{"from all to one outside", "all did not list it", all, list("out"), false},
		{"from all to one of the plan", "less than all", all, list("in2"), true},
		{"to all", "all is what the plan has", list("in"), all, true},
		{"to none", "less is always allowed", list("in"), none, true},
		{"too many", "at most 320", none, list(numbered(321)...), false},
		{"malformed", "no model id", none, list("in", ""), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := aProject()
			p.Models = tt.has
			got, err := p.SetModels(tt.want, plan)
			if !tt.ok {
				checkField(t, err, "models", tt.why)
				return
			}
			checkField(t, err, "", tt.why)
			if !got.Models.Equal(tt.want) || !p.Models.Equal(tt.has) {
				t.Errorf("%s: got %v, the receiver has %v", tt.why, got.Models.List(), p.Models.List())
			}
		})
	}
	if _, err := aProject().Archive(now).SetModels(none, plan); !errors.Is(err, tenancy.ErrArchived) {
		t.Errorf("archived: %v", err)
	}
}

func TestTurnModelsOnAndOff(t *testing.T) {
	plan := func(id tenancy.ModelID) bool { return id == "in" || id == "in2" }
	list, all, none := tenancy.Models, tenancy.AllModels(), tenancy.ModelSet{}
	on := func(ids ...tenancy.ModelID) func(aproject) (aproject, error) {
		return func(p aproject) (aproject, error) { return p.TurnOn(plan, ids...) }
	}
	off := func(ids ...tenancy.ModelID) func(aproject) (aproject, error) {
		return func(p aproject) (aproject, error) { return p.TurnOff(ids...) }
	}
	for _, tt := range []struct {
		name, why string
		has       tenancy.ModelSet
		verb      func(aproject) (aproject, error)
		want      tenancy.ModelSet
		ok        bool
	}{
		{"on", "it is offered", none, on("in"), list("in"), true},
		{"two on", "beside what is on", list("in"), on("in2", "in2"), list("in", "in2"), true},
		{"on again", "it is on", list("in"), on("in"), list("in"), true},
		{"on again outside the plan", "it stays and comes back with the plan", list("gone"), on("gone", "in"), list("gone", "in"), true},
		{"on outside the plan", "the catalogue must not be probed", list("in"), on("out"), none, false},
		{"one in, one outside", "all or nothing", none, on("in", "out"), none, false},
		{"on under all", "it is on", all, on("in"), all, true},
		{"on under all, outside the plan", "the catalogue must not be probed", all, on("out"), none, false},
		{"malformed on", "no model id", none, on(""), none, false},
		{"malformed on under all", "no model id", all, on("a b"), none, false},
		{"the 320th on", "the most", list(numbered(319)...), on("in"), list(append(numbered(319), "in")...), true},
		{"the 321st on", "one above", list(numbered(320)...), on("in"), none, false},
		{"321 on under all", "one above", all, on(numbered(321)...), none, false},
		{"nothing on", "no change", list("in"), on(), list("in"), true},
		{"off", "the rest stays", list("in", "in2"), off("in"), list("in2"), true},
		{"the last off", "empty is none", list("in"), off("in"), none, true},
		{"off outside the plan", "less is always allowed", list("gone", "in"), off("gone"), list("in"), true},
		{"off again", "it is off", list("in"), off("in2"), list("in"), true},
		{"off under all", "what is then on must be said", all, off("in"), none, false},
		{"nothing off under all", "no change", all, off(), all, true},
		{"malformed off", "no model id", list("in"), off("a b"), none, false},
		{"321 off", "one above", list("in"), off(numbered(321)...), none, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := aProject()
			p.Models = tt.has
			got, err := tt.verb(p)
			if !tt.ok {
				checkField(t, err, "models", tt.why)
				return
			}
			checkField(t, err, "", tt.why)
			want := p
			want.Models = tt.want
			if diff := cmp.Diff(want, got); diff != "" || !p.Models.Equal(tt.has) {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
			if _, err := tt.verb(p.Archive(now)); !errors.Is(err, tenancy.ErrArchived) {
				t.Errorf("archived: %v", err)
			}
		})
	}
}

// A model outside the plan and one that does not exist are one answer.
func TestA15SetModelsDoesNotTell(t *testing.T) {
	exists := func(tenancy.ModelID) bool { return false }
	_, outside := aProject().SetModels(tenancy.Models("gpt-secret"), exists)
	_, unknown := aProject().SetModels(tenancy.Models("no-such"), exists)
	if outside == nil || outside.Error() != unknown.Error() {
		t.Errorf("%v and %v", outside, unknown)
	}
}

func TestMayHold(t *testing.T) {
	p := aProject()
	own := p.Claim()
	if want := (tenancy.NameClaim{Org: org, Folded: "search", Project: project}); own != want {
		t.Errorf("Claim() = %+v, want %+v", own, want)
	}
	other := own
	other.Project = "proj_01J0000000000000000000000Z"
	for name, tt := range map[string]struct {
		held tenancy.NameClaim
		err  error
	}{"free": {tenancy.NameClaim{}, nil}, "its own": {own, nil}, "another's": {other, tenancy.ErrNameTaken}} {
		if err := p.MayHold(tt.held); !errors.Is(err, tt.err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	upper := p
	upper.Name = "SEARCH"
	if upper.Claim() != own {
		t.Error("the same name in capitals is another claim")
	}
}
