// Package accesstest is for a host's own unit tests of its access policy: who may do
// what, and which key may call which model, without a store, a server or a clock.
//
// It decides nothing itself. What it asks is package access, the code that a running
// gateway decides with; what it adds is names. A [World] is told in a few lines and
// makes real, valid records; a [View] is an access.View in which organizations, projects,
// keys and people go by the names that they were told under. Its one idea is
// that a policy under test should read like the policy:
//
//	func town(t *testing.T) *accesstest.World {
//		w := accesstest.New(t)
//		w.Models("gpt-5", "claude-4", "fast = gpt-5")
//
//		acme := w.Org("acme").Plan("gpt-5", "claude-4").Owners("ann").Members("bob", "cyd", "vic")
//		web := acme.Project("web").Models("gpt-5").Owners("bob").Members("cyd").Viewers("vic")
//		web.Key("ci")
//		web.PersonalKey("cyd's", "cyd").Expires(48 * time.Hour)
//		return w
//	}
//
// # Expectations
//
// They are a table in plain text, which [Run] checks and reports to the test, and
// [Check] returns as one error, for programs that are no test:
//
//	accesstest.Run(t, town(t).View(), `
//		# Who runs a project decides about it.
//		ann, bob  archive_project, change_models  acme/web  -> allow
//		cyd, vic  archive_project, change_models  acme/web  -> deny forbidden
//
//		# Viewers look on.
//		vic       see_project    acme/web         -> allow
//		vic       calls gpt-5 in acme/web         -> deny holder_may_not_call  # in the playground either
//
//		ci        calls fast                      -> allow                     # an alias of what the project has
//		ci        calls claude-4                  -> deny model_not_enabled    # in the plan, and not turned on
//	`)
//
// A line has a question, an arrow, an answer and a why:
//
//	who  action subject [for user]     ->  allow        # why
//	who  calls model [in project]      ->  deny reason  # why
//
// Its words are these.
//
//   - Who is a person or, where it calls without "in", a key.
//   - An action is the text of an access.Action. Its subject is an organization, a
//     project as "acme/web", or a key, by its name or, where keys share one, as "acme/web/ci".
//     "for" says whose key create_key would make; without it, it is a service key.
//   - Who, action, model and subject may be lists with commas: every combination is an
//     expectation of its own. A line that ends in a comma goes on in the next.
//   - A denial names its reason, the first in order, as access.Reason prints it. A
//     denial for another reason than the one meant is a rule that nobody has tested.
//   - The why is the rest of the line, or else the comment above, which holds for all lines
//     up to the next comment. A line without one is a mistake.
//   - What has a space or a comma in it stands in double quotes, as in Go. Ids are words, too.
//
// All lines are checked, and all that fail are in one report, each with what was
// wanted, what came, everything that speaks against it, who the caller is, and the why. A table
// is one report and no subtests: lines that fail together explain each other.
//
// A word that the view does not know fails its line, also where it is denied: a
// misspelt name is denied everything. Who is meant to be nobody is said by
// [World.Strangers], and a model that is meant not to be there is one that is denied with
// model_unknown. [Uncovered] tells what no line asks about.
//
// # The report
//
// [Report] writes out who may do what, as tables, with names. [Golden] holds it to a file
// that a team keeps under version control and reviews when it changes:
//
//	var update = flag.Bool("update", false, "write testdata")
//
//	func TestAccess(t *testing.T) {
//		accesstest.Golden(t, "testdata/access.txt", town(t).View(), *update)
//	}
//
// A report that differs fails, and says who gained and lost what. [Compare] says the
// same of two views: what removing a person, or archiving a project, does.
//
// # Worlds
//
// Statements are told in order, and each is checked when it is made: what names a person, a
// project or a model stands after what brought it in. What is not told is not there: an
// organization without a plan has no model. A mistake fails the test at its line, and
// names the words of the statement.
//
// Ids are as Tenet mints them, and made from the names alone, so that they are
// the same in every run. No secret belongs to a key's digest. Users' ids are the words
// themselves.
//
// [From] goes on from real records, and [Of] names what is in any access.Snapshot,
// such as that of a running Tenet: organizations, projects, keys and people go by the
// names in their records, and where two would share one, or there is none, by their ids.
//
// # Concurrency
//
// A World is one goroutine's while it is told. Views are immutable and may be used from
// any goroutine, as in parallel tests.
//
// # Errors
//
// They are texts for whoever wrote the test, and repeat the words of worlds and
// tables. Do not show them to anybody's users.
package accesstest
