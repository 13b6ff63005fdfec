package access_test

import (
	"fmt"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// website is an organization with one project: olga owns the organization, max is a
// member of the project, and made the service key of its nightly build.
func website() []tenancy.Entity {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return []tenancy.Entity{
		tenancy.Model{ID: "gpt-4o", Public: true},
		tenancy.Model{ID: "o3", Public: true},
		tenancy.Model{ID: "fast", Alias: "gpt-4o"},
		tenancy.Organization{ID: "org_acme", Name: "Acme", Owners: []tenancy.UserID{"olga"}},
		tenancy.Subscription{Org: "org_acme", Models: tenancy.Models("gpt-4o", "o3")},
		tenancy.Member{Org: "org_acme", User: "olga", Membership: "mem_olga"},
		tenancy.Member{Org: "org_acme", User: "max", Membership: "mem_max", Name: "Max"},
		tenancy.Member{Org: "org_acme", User: "rita", Membership: "mem_rita"},
		tenancy.Project{Org: "org_acme", ID: "proj_web", Name: "Website", Models: tenancy.Models("gpt-4o")},
		tenancy.ProjectMember{Org: "org_acme", Project: "proj_web", User: "max", Membership: "mem_max", Role: tenancy.RoleOwner},
		tenancy.Key{Org: "org_acme", Project: "proj_web", ID: "key_max", Kind: tenancy.KeyPersonal, Holder: "max", Membership: "mem_max",
			Name: "laptop", Models: tenancy.AllModels(), Created: noon.Add(-time.Hour)},
		tenancy.Key{Org: "org_acme", Project: "proj_web", ID: "key_ci", Kind: tenancy.KeyService, Expires: noon.AddDate(0, 1, 0),
			Name: "nightly build", Models: tenancy.AllModels(), Created: noon, Current: tenancy.KeySecret{Pepper: "p1", MintedBy: "max", Minted: noon}},
	}
}

// march is the view of records at noon of a day in March 2026; an empty one of records
// that no snapshot accepts.
func march(day int, records ...tenancy.Entity) access.View {
	snap, err := access.NewSnapshot(records...)
	if err != nil {
		fmt.Println(err)
	}
	return snap.At(time.Date(2026, 3, day, 12, 0, 0, 0, time.UTC))
}

// What happens if max leaves: beforehand, with his record left out.
func ExampleCompare() {
	records := website()
	var without []tenancy.Entity
	for _, r := range records {
		if r.Ref() != tenancy.MemberRef("org_acme", "max").Ref {
			without = append(without, r)
		}
	}
	effects := access.Compare(march(1, records...), march(1, without...))
	for _, k := range effects.Keys {
		fmt.Println("stops:", k.Stops(), k.Name, k.Lost, k.Reasons)
	}
	for _, s := range effects.Secrets {
		fmt.Println("rotate:", s.Name)
	}
	// Output:
	// stops: true laptop [fast gpt-4o] [holder_may_not_call]
	// rotate: nightly build
}

// Time is a change too: what will have happened by the end of April.
func ExampleCompare_time() {
	fmt.Print(access.Compare(march(1, website()...), march(61, website()...)))
	// Output:
	// key key_ci nightly build in proj_web stops: key_expired
}

// A page for whoever runs the organization, or a file under version control that shows
// in review what a change of the records did.
func ExampleView_People() {
	fmt.Print(march(1, website()...).People("org_acme"))
	// Output:
	// people of org_acme Acme
	//
	//          organization  Website
	// max Max  member        owner calls
	// olga     owner         owner* calls
	// rita     member        -
	//
	// * by owning the organization
}

// Which key calls what, and why not: the columns are the models that the project may
// hear of, so one that could be turned on is among them.
func ExampleView_Keys() {
	fmt.Print(march(1, website()...).Keys("proj_web"))
	// Output:
	// keys of proj_web Website
	//
	//                                     gpt-4o  o3
	// key_max laptop        personal max  allow   model_not_enabled
	// key_ci nightly build  service       allow   model_not_enabled
}

// A project's settings: what is on, what could be turned on, and what the plan no
// longer has.
func ExampleProjectModels() {
	catalogue := access.NewCatalogue(tenancy.Model{ID: "gpt-4o", Public: true}, tenancy.Model{ID: "o3", Public: true}, tenancy.Model{ID: "o4", Public: true})
	org := tenancy.Organization{ID: "org_acme"}
	plan := tenancy.Subscription{Org: "org_acme", Models: tenancy.Models("gpt-4o", "o3")}
	project := tenancy.Project{Org: "org_acme", ID: "proj_web", Models: tenancy.Models("gpt-4o", "o4")}
	for _, m := range access.ProjectModels(catalogue, org, plan, project) {
		fmt.Printf("%-6s enabled: %-5v in plan: %-5v callable: %-5v %v\n", m.Model, m.Enabled, m.InPlan, m.Callable(), m.Reasons)
	}
	// Output:
	// gpt-4o enabled: true  in plan: true  callable: true  []
	// o3     enabled: false in plan: true  callable: false [model_not_enabled]
	// o4     enabled: true  in plan: false callable: false [model_not_in_plan]
}

// The project that a person is in: the one asked for, if they see it; else the one
// remembered, if they still do; else the first.
func ExampleView_ActiveProject() {
	view := march(1, website()...)
	p, ok := view.ActiveProject("max", "org_acme", "proj_gone", "proj_web")
	fmt.Println(p.Name, ok)
	_, ok = view.ActiveProject("rita", "org_acme", "proj_web", "")
	fmt.Println(ok)
	// Output:
	// Website true
	// false
}
