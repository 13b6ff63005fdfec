package accesstest_test

import (
	"fmt"

	"example.com/tenet/access/accesstest"
)

// A world, what is expected of it, and what a failing table says: four of these lines
// are wrong. In a test, New(t) takes the place of the zero World, and Run that of Check.
func Example() {
	var w accesstest.World
	w.Models("gpt-5", "claude-4", "fast = gpt-5")
	acme := w.Org("acme").Plan("gpt-5", "claude-4").Owners("ann").Members("bob", "cyd", "vic")
	web := acme.Project("web").Models("gpt-5").Owners("bob").Members("cyd").Viewers("vic")
	web.Key("ci")
	web.PersonalKey("vics", "vic")

	err := accesstest.Check(w.View(), `
		# Who runs a project decides about it.
		ann, bob  archive_project, change_models  acme/web  -> allow
		cyd, vic  archive_project, change_models  acme/web  -> deny forbidden

		# Viewers look on.
		vic       see_project  acme/web           -> allow
		vic       list_keys    acme/web           -> deny forbidden
		vic       calls gpt-5 in acme/web         -> deny holder_may_not_call

		ci        calls fast                      -> allow                   # an alias of what the project has
		ci        calls claude-4                  -> deny model_not_in_plan  # not turned on
		vics      calls claude-4                  -> allow                   # it is their key
		vic       see_project  acme/wbe           -> deny not_found          # not theirs
	`)
	fmt.Print(err)
	// Output:
	// accesstest: 4 of 15 expectations fail
	//
	//     line 8: vic list_keys acme/web
	//         want  deny forbidden
	//         got   allow
	//         who   vic is a member of acme; in acme/web: viewer sees
	//         why   Viewers look on.
	//
	//     line 12: ci calls claude-4
	//         want  deny model_not_in_plan
	//         got   deny model_not_enabled
	//         who   ci is a service key of acme/web
	//         why   not turned on
	//
	//     line 13: vics calls claude-4
	//         want  allow
	//         got   deny holder_may_not_call, model_not_enabled
	//         who   vics is a personal key of acme/web; vic is a member of acme; in acme/web: viewer sees
	//         why   it is their key
	//
	//     line 14: vic see_project acme/wbe
	//         but   there is no project "acme/wbe"; there is acme/web
	//         why   not theirs
}

// What removing a person does: before and after, in names.
func ExampleCompare() {
	var w accesstest.World
	w.Models("gpt-5")
	acme := w.Org("acme").Plan("gpt-5").Owners("ann").Members("bob")
	web := acme.Project("web").Models("gpt-5").Owners("bob")
	web.Key("ci").MintedBy("bob")
	web.PersonalKey("bobs", "bob")

	before := w.View()
	acme.FormerMembers("bob")
	fmt.Print(accesstest.Compare(before, w.View()))
	// Output:
	// key bobs in acme/web stops: holder_may_not_call
	// bob in organization acme: -, was member
	// bob in acme/web: -, was owner calls
	// bob keeps a secret of service key ci in acme/web
}

// A line that nobody wrote is a rule that nobody tested.
func ExampleUncovered() {
	var w accesstest.World
	w.Models("gpt-5", "claude-4")
	acme := w.Org("acme").Plan(accesstest.All).Owners("ann").Members("vic")
	web := acme.Project("web").Models("gpt-5").Viewers("vic")
	web.Key("ci")

	fmt.Print(accesstest.Uncovered(w.View(), `
		# Viewers look on, and decide nothing.
		vic  see_project, list_keys, see_usage, see_people, leave_project  acme/web -> allow
		vic  call_model, create_key, see_emails, change_people, change_models, lower_limits, rename_project,
		     archive_project, restore_project, see_audit, list_roster, see_archived  acme/web -> deny forbidden
		ci   calls gpt-5 -> allow
	`))
	// Output:
	// ann: see_project, see_archived, call_model, create_key, edit_key, rotate_key, revoke_key, list_keys, see_usage, see_people, see_emails, change_people, change_models, lower_limits, rename_project, archive_project, restore_project, see_audit, leave_project, list_roster, see_organization, create_project, manage_invites, manage_roster, see_organization_usage, see_organization_audit, see_settings, change_settings
	// vic: edit_key, rotate_key, revoke_key, see_organization, create_project, manage_invites, manage_roster, see_organization_usage, see_organization_audit, see_settings, change_settings
	// ci calls: claude-4
}
