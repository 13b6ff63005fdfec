// Package access decides who may do what: whether a key may call a model, whether
// a person may act on a project, and why not.
//
// It is pure. A [Snapshot] is an immutable picture made of plain records; [Snapshot.At]
// fixes the time; everything else is a total function of the two:
//
//	snap, err := access.NewSnapshot(org, member, plan, project, key, model)
//	view := snap.At(now)
//	view.CanCall(key.ID, "gpt-4o")                          // by key
//	view.CanUse(user, project.ID, "gpt-4o")                 // a person, in the host's own playground
//	view.Can(user, access.ArchiveProject, access.Subject{Project: project.ID})
//	for p := range view.VisibleProjects(user) { … }
//
// So a host's policy can be unit-tested without a store, a server or a clock.
// The rules of a running gateway are the same code: it keeps a [Picture] of each
// organization up to date and calls [Picture.Decide], as a Snapshot does.
//
// # One table
//
// What each role may do stands in one table, [Table], keyed by action. What a
// person is to an organization and a project is a [Standing], and [Standing.May]
// reads the table. Nothing else in the module knows a role.
//
// # Denying
//
// The zero [Decision] denies, so do the zero View and whatever is absent, void
// or unknown. A decision carries one [Reason], the first that holds in the order
// of their constants; [View.Explain] has them all. An outage is [Unavailable],
// which is no denial.
//
// "Not found" and "not yours" are one answer: [ReasonNotFound]. [ReasonForbidden] is
// only for what the person can see.
//
// # Explaining
//
// Whatever is decided can be explained, by the functions that decide it. Why is a
// call refused? [View.Explain] has all the reasons, not just the first. What is a
// person in a project, and where does that come from? A [Right] says: the role that counts,
// from owning the organization or from a place in the project, and whether it
// lets them see the project and call models.
//
// What does a change do? [Compare] takes the view before and the view after, so that a host
// can ask before it acts, and a test can hold a change to what it was meant to do:
//
//	effects := access.Compare(before.At(now), after.At(now))
//	for _, k := range effects.Keys {
//		if k.Stops() {
//			fmt.Println(k.Name, "will stop:", k.Reasons)
//		}
//	}
//
// It tells, of each key, which models and aliases it loses and gains, and why it
// calls nothing afterwards where that is so; of each person, the right before and after;
// and which live service keys have a secret that somebody saw who loses sight of them.
// Two times are a change as well: what expires until then. [Effects.Within] keeps what a
// person may hear of.
//
// And how does all of it stand? [View.People] is an organization's people by its
// projects, [View.Keys] a project's keys by its models, [View.ProjectModels] a
// project's models: on, in the plan, and what speaks against them. The first two have a
// String, a table that is the same for the same records, for a terminal or a file under
// version control. [View.ActiveProject] is the project that a person is in.
//
// They tell everything to whoever asks. Who may ask is for [View.Can] to say.
//
// # Concurrency
//
// Snapshots and Pictures are immutable and may be used from any goroutine.
package access
