package tenancy_test

import (
	"errors"
	"fmt"
	"time"

	"example.com/tenet/tenancy"
)

// Rules are methods that return the changed record and leave the one that they
// were asked on.
func Example() {
	org := tenancy.Organization{
		ID: "org_01J0000000000000000000000A", Name: "Acme",
		TimeZone: "Europe/Berlin", Currency: "EUR", Owners: []tenancy.UserID{"ann"},
	}
	project := tenancy.Project{Org: org.ID, ID: "proj_01J0000000000000000000000B", Name: "Straße"}

	_, err := org.RemoveOwner("ann")
	fmt.Println(errors.Is(err, tenancy.ErrLastOwner))

	archived := project.Archive(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	_, err = archived.Rename("Find")
	fmt.Println(errors.Is(err, tenancy.ErrArchived), project.Archived.IsZero())

	other := tenancy.Project{Org: org.ID, ID: "proj_01J0000000000000000000000C", Name: "STRASSE"}
	fmt.Println(errors.Is(other.MayHold(project.Claim()), tenancy.ErrNameTaken))
	// Output:
	// true
	// true true
	// true
}

// A set says what it has. Empty is nothing, and "all" must be said.
func ExampleModelSet() {
	plan := tenancy.Models("gpt-5", "claude-4")
	fmt.Println(plan.Has("gpt-5"), plan.Without("gpt-5", "claude-4").Has("gpt-5"))
	fmt.Println(tenancy.ModelSet{}.Has("gpt-5"), tenancy.AllModels().Has("gpt-5"))
	// Output:
	// true false
	// false true
}
