package access_test

import (
	"fmt"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// An organization with one project, and what a host asks about it.
func Example() {
	const (
		org = tenancy.OrgID("org_acme")
		web = tenancy.ProjectID("proj_web")
	)
	snap, err := access.NewSnapshot(
		tenancy.Model{ID: "gpt-4o", Public: true},
		tenancy.Model{ID: "fast", Alias: "gpt-4o"},

		tenancy.Organization{ID: org, Name: "Acme", Owners: []tenancy.UserID{"olga"}},
		tenancy.Subscription{Org: org, Plan: "pro", Models: tenancy.AllModels()},
		tenancy.Member{Org: org, User: "olga", Membership: "mem_olga"},
		tenancy.Member{Org: org, User: "max", Membership: "mem_max"},

		tenancy.Project{Org: org, ID: web, Name: "Website", Models: tenancy.Models("gpt-4o")},
		tenancy.ProjectMember{Org: org, Project: web, User: "max", Membership: "mem_max", Role: tenancy.RoleMember},
		tenancy.Key{Org: org, ID: "key_web", Project: web, Kind: tenancy.KeyService, Models: tenancy.AllModels()},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	view := snap.At(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))

	byKey := view.CanCall("key_web", "fast")
	fmt.Println(byKey.Effect, byKey.Model)

	byPerson := view.CanUse("max", web, "gpt-5")
	fmt.Println(byPerson.Effect, byPerson.Reason)

	for p := range view.VisibleProjects("max") {
		fmt.Println(p.Name)
	}
	// Output:
	// allow gpt-4o
	// deny model_unknown
	// Website
}

// Records that refer to what is not there are refused, so that a test of a policy
// does not pass by a slip of the pen.
func ExampleNewSnapshot() {
	_, err := access.NewSnapshot(
		tenancy.Organization{ID: "org_acme", Owners: []tenancy.UserID{"olga"}},
		tenancy.Member{Org: "org_acme", User: "olga", Membership: "mem_olga"},
		tenancy.Key{Org: "org_acme", ID: "key_web", Project: "proj_wbe", Kind: tenancy.KeyService},
	)
	fmt.Println(err)
	// Output:
	// access: key record: of a project that is missing
}

// A plan that lists no model has none: empty is never "all".
func ExampleView_CanCall() {
	records := func(plan tenancy.ModelSet) []tenancy.Entity {
		return []tenancy.Entity{
			tenancy.Model{ID: "gpt-4o", Public: true},
			tenancy.Organization{ID: "org_acme"},
			tenancy.Subscription{Org: "org_acme", Models: plan},
			tenancy.Project{Org: "org_acme", ID: "proj_web", Models: tenancy.AllModels()},
			tenancy.Key{Org: "org_acme", ID: "key_web", Project: "proj_web", Kind: tenancy.KeyService, Models: tenancy.AllModels()},
		}
	}
	for _, plan := range []tenancy.ModelSet{tenancy.AllModels(), tenancy.Models("gpt-4o"), tenancy.Models()} {
		snap, err := access.NewSnapshot(records(plan)...)
		if err != nil {
			fmt.Println(err)
			return
		}
		d := snap.At(time.Now()).CanCall("key_web", "gpt-4o")
		fmt.Printf("%v %q\n", d.Effect, d.Reason)
	}
	// Output:
	// allow ""
	// allow ""
	// deny "model_not_in_plan"
}

// "Forbidden" is for what a person can see. What they cannot see is "not found",
// whether it exists or not.
func ExampleView_Can() {
	snap, err := access.NewSnapshot(
		tenancy.Organization{ID: "org_acme", Owners: []tenancy.UserID{"olga"}},
		tenancy.Member{Org: "org_acme", User: "olga", Membership: "mem_olga"},
		tenancy.Member{Org: "org_acme", User: "vera", Membership: "mem_vera"},
		tenancy.Member{Org: "org_acme", User: "rita", Membership: "mem_rita"},
		tenancy.Project{Org: "org_acme", ID: "proj_web"},
		tenancy.ProjectMember{Org: "org_acme", Project: "proj_web", User: "vera", Membership: "mem_vera", Role: tenancy.RoleViewer},
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	view := snap.At(time.Now())
	for _, user := range []tenancy.UserID{"olga", "vera", "rita"} {
		d := view.Can(user, access.ArchiveProject, access.Subject{Project: "proj_web"})
		fmt.Printf("%s: %v %q\n", user, d.Effect, d.Reason)
	}
	d := view.Can("rita", access.ArchiveProject, access.Subject{Project: "proj_none"})
	fmt.Printf("rita: %v %q\n", d.Effect, d.Reason)
	// Output:
	// olga: allow ""
	// vera: deny "forbidden"
	// rita: deny "not_found"
	// rita: deny "not_found"
}

// Explain lists everything that speaks against a call; asked of two snapshots, it
// says what a change would do.
func ExampleView_Explain() {
	key := tenancy.Key{Org: "org_acme", ID: "key_web", Project: "proj_web", Kind: tenancy.KeyService, Models: tenancy.AllModels()}
	project := tenancy.Project{Org: "org_acme", ID: "proj_web", Models: tenancy.Models("gpt-4o")}
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	explain := func(project tenancy.Project, model tenancy.ModelID) []access.Reason {
		snap, err := access.NewSnapshot(
			tenancy.Model{ID: "gpt-4o", Public: true}, tenancy.Model{ID: "o3", Public: true},
			tenancy.Organization{ID: "org_acme"}, tenancy.Subscription{Org: "org_acme", Models: tenancy.Models("gpt-4o")},
			project, key,
		)
		if err != nil {
			fmt.Println(err)
		}
		return snap.At(now).Explain("key_web", model).Reasons
	}
	fmt.Println(explain(project, "gpt-4o"))
	fmt.Println(explain(project.Archive(now), "o3"))
	// Output:
	// []
	// [project_archived model_not_in_plan model_not_enabled]
}
