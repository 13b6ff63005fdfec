// Package store is the contract between Tenet and whatever keeps its data.
//
// A backend implements [Store]: five methods over small typed records with
// revisions. It stores and decides nothing. What it has beside is found by type
// assertion; the list says what stands in where it is missing:
//
//   - [Usage] takes records of calls and adds them up. A host may keep usage in
//     another backend than the rest.
//   - [Upkeep] verifies, rebuilds and prunes usage. Without it, usage is as it is.
//   - [Waiter] waits for the next entry of the log. Without it, [Wait] asks.
//   - [Pruner] forgets old entries. Without it, the log keeps all, to no harm.
//   - [Backuper] copies a store in use. Without it, [Export] and [Import] do.
//   - Close() error ends a store that has something to end.
//
// All that a caller rests on is a numbered rule in the comments of this package
// (C2, F4: a letter for the subject), and each rule has cases in package
// store/storetest, which quote its number when they fail. Backends in this module: store/memory, store/sqlite, and
// store/sqlitefile, which opens a file with the right settings. Package
// store/faults makes any of them misbehave on order.
//
// # Every method
//
//   - S1: A nil context must be ErrInvalid.
//   - S2: A context that is over before the call must be answered with its error
//     (errors.Is context.Canceled or DeadlineExceeded). One that ends meanwhile must
//     soon be answered so, or with the answer; C10 and C11 say which for Commit.
//   - S3: After Close every method must return ErrClosed, a Wait under way included.
//     Close waits for the calls under way, and closing twice must be no error.
//   - S4: An error must be one of this package's by errors.Is, usage.ErrOverflow where
//     it is named, or the context's. No message may carry a value that the
//     caller passed, a digest, or an engine's text about data.
//   - S5: Every method must be safe from any goroutine, and two handles on the same
//     data must see each other's commits at once.
//   - S6: When Close has returned, nothing that the store started must be left running.
//
// Where several errors would do, a call that is closed, late and malformed, say, any
// one of them will.
//
// # Records and revisions
//
// A record is one of the types of [tenancy.Recordable], by value.
//
//   - R1: It must come back with every field as it was written: texts byte for byte,
//     times to the microsecond and in UTC. A nil list and an empty one are one.
//   - R2: Zero values must come back as such, and the empty model set apart from
//     the explicit "all". An enumeration's text that this version does not know is
//     kept.
//   - R3: A put must replace the whole record.
//   - R4: Its [Rev] must change with every write, be the same in Result, Get and
//     List, and stay when the record is only checked.
//   - R5: A Rev must never be used again for its Ref, not after deletion, not after
//     reopening, not after the log was pruned. A backup that takes the place of its
//     original is another store. Nothing else may be read from a Rev, order included.
//   - R6: Identifiers must be compared byte for byte, each part of a Ref by itself, up
//     to their full length; no collation, pattern or separator may join two.
//   - R7: Records are immutable: nobody writes to what a Record reaches. All other
//     slices that a backend is given stay the caller's, and those that it returns
//     must be nobody else's: it copies Detail and Refs, and keeps no argument.
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
//   - N1: What one organization has must not show in what is asked of another: by
//     Get, a listing, Trail, Records, Totals, Verify.
//   - N2: A batch must be of one organization.
//   - N3: The id of a key must be unique over all organizations, and so must that of
//     an invite, each kind by itself: a second one is ErrConflict.
//   - N4: Whatever is written in one organization, every answer about another
//     must stay what it was.
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
// The list in this package is closed (S4). Wrap them as you like; callers use
// errors.Is.
//
// # For authors of backends
//
// What would otherwise be written in each is here: [Batch.Validate],
// [Query.Validate] and their sisters for arguments, [Batch.Sorted] for the order of
// locks, [Batch.Repeats], [TrailQuery.Selects] and [RecordQuery.Selects] for rules
// that have one answer, [Listing.Place] for indexes, [Marshal] for records without
// columns, [CursorKey] for cursors, usage.Tally for buckets.
package store
