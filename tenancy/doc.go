// Package tenancy holds the records of a tenancy and the rules that change them.
//
// An [Organization] has a [Subscription], a roster of [Member] records, and
// [Project] records. People belong to projects by [ProjectMember] records. A
// [Key] belongs to exactly one project. A [Model] is an entry of the operator's
// catalogue. An [Invite] offers a place on a roster, and a [NameClaim] keeps
// the names of an organization's active projects unique. These nine types are
// the closed set that [Recordable] lists; everything that is stored is one of them.
//
// # Values, not objects
//
// The package is pure: it has no context, clock, randomness, goroutine or I/O.
// Time is an argument. A record is a plain value, and a rule is a method that
// returns the changed value, and a typed error where the rule can refuse. It leaves
// its receiver as it was:
//
//	archived := project.Archive(now)
//	renamed, err := project.Rename("prod")
//
// Records are immutable by agreement: nobody writes to a slice that a record
// reaches. Every exported function may be called from any goroutine.
//
// # Identity
//
// Each record names itself: [Project.Ref] and its sisters return the [Ref] that
// a store files it under. The organization is part of every Ref but a catalogue
// model's, so a record of another tenant is simply not found.
//
// # Zero values
//
// Zero values deny. The zero [Role] may do nothing, the zero [ModelSet] has no
// model, the zero [KeyKind] is no kind, an unknown text in any of them gives no
// right, and an absent record is the zero value of its type. The one list whose
// emptiness is not a denial is [Limits]: no limit set is no limit.
//
// # Times
//
// Times are UTC and whole microseconds, as [Instant] makes them. The zero time
// means "not": not archived, not revoked, never expires.
//
// # Errors
//
// A value that breaks a bound is a [*FieldError], which names the field and the
// limit and matches [ErrInvalid]. It never repeats the offending text.
// [ErrLastOwner], [ErrNameTaken], [ErrArchived] and [ErrRotationOpen] are refusals
// of a rule, and complete the list.
package tenancy
