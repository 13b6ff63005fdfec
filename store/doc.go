// Package store is the contract between Tenet and whatever keeps its data.
//
// A backend implements [Store]: five methods over small typed records with
// revisions. It stores and decides nothing. Where it keeps usage too it also
// implements [Usage] and [Upkeep]; a host may keep usage in another backend.
//
// Optional interfaces, found by type assertion:
//
//   - [Usage]: takes usage records and adds them up.
//   - [Upkeep]: verifies, rebuilds and prunes usage.
//   - [Waiter]: waits for the next change. Without it, followers poll.
//   - [Pruner]: forgets old log entries.
//
// Backends in this module: store/memory, store/sqlite (and store/sqlitefile,
// which opens a file with the right settings). The suite that any backend must
// pass is store/storetest.
//
// # Records and revisions
//
// A record is one of the types of [tenancy.Recordable], by value, immutable from
// the moment it is handed over in either direction. Its [Rev] changes with
// every write and is never used again for the same Ref, not even after the
// record was deleted; zero is absence. Nothing else may be read from a Rev.
//
// # Commits
//
// A [Batch] is the only write: checks, writes and one log entry, all or nothing.
// Rules rest on what the batch checks, never on a listing, which can have
// phantoms. A caller whose batch met [ErrConflict] reads again and decides again. A
// caller who got [ErrUnknownOutcome] commits the same batch again: its operation
// id makes that safe. Backends never retry.
//
// # The log
//
// Every commit appends one [Entry]. The log is both the audit trail ([Store.Trail],
// by organization, newest first) and the change feed ([Store.Changes], over all
// organizations, in commit order). The feed carries refs and no payload: a follower
// gets the records that the refs name.
//
// To load a picture and keep it: take the cursor of now from Changes, list,
// then follow from that cursor.
//
// # Tenants
//
// An organization's id is part of a record's identity, so a record of another
// tenant is not found without any code for it. Four listings cross tenants and
// say so; they are for loading, authentication and the operator.
//
// # Callers
//
// [One], [As] and [Walk] give back types that the compiler knows:
//
//	project, err := store.One(ctx, s, tenancy.ProjectRef(org, id))
//	for key, err := range store.Walk(ctx, s, store.KeysOf(org, id)) { … }
//
// # Errors
//
// The list in this package is closed, and a backend returns no others, context
// errors excepted. Wrap them as you like; callers use errors.Is. No message
// carries a value that the caller passed, a digest or engine text about data.
//
// # Concurrency
//
// Every method may be called from any goroutine.
package store
