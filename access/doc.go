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
// # Concurrency
//
// Snapshots and Pictures are immutable and may be used from any goroutine.
package access
