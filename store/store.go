package store

import (
	"context"
	"errors"
	"time"

	"example.com/tenet/tenancy"
)

// Store is what a backend implements. It stores; it decides nothing, reads no
// clock, and never tries again by itself. Rules S1 to S6, R1 to R7 and N1 to N4 of
// the package comment are of every method.
type Store interface {
	// Get returns the records named by refs.
	//
	//   - G1: There must be one record for each ref, in the order of the refs; a ref
	//     may be named twice.
	//   - G2: An absent record must be the zero Record, and is no error.
	//   - G3: Each record must be one that was current at some moment between call
	//     and return, for each ref by itself: Get need be no snapshot.
	//   - G4: More than MaxRefs must be ErrTooLarge, repeated ones counted, and a ref
	//     that [ValidateRef] refuses ErrInvalid. No refs are no records.
	Get(ctx context.Context, refs ...tenancy.Ref) ([]Record, error)

	// List returns one page of a listing.
	//
	//   - L1: A listing must have the records that [Listing.Place] puts there, and
	//     no others, in the order that it gives, byte by byte.
	//   - L2: A page must have q.PageSize() records, and the last one what is left.
	//     Next must be empty on the last page and on no other; only a listing of
	//     nothing, or one whose rest has gone since, has a page of nothing.
	//   - L3: A record that was written before the call must be listed where it stands
	//     now, with what it says now; one that was deleted must not be listed.
	//   - L4: Over all pages, a record that exists throughout must be there exactly
	//     once, whatever comes and goes meanwhile, the last one shown included. One
	//     that comes or goes may be there or not. Pages are no snapshot.
	//   - L5: A position that this store did not give must be ErrInvalid, and one of
	//     another listing must never show that listing's records.
	//   - L6: A query that [Query.Validate] refuses must be refused so.
	//   - L7: A reader who asks for no further page must leave nothing behind.
	List(ctx context.Context, q Query) (Page, error)

	// Commit applies b. It is the only write of records.
	//
	//   - C1: It must be all or nothing: every write and the entry, or none of them.
	//   - C2: Before any check is looked at, an operation id that the organization
	//     has used must be answered with the first entry and Replayed, and nothing
	//     written, where [Batch.Repeats] says that b asks for the same. The writes of
	//     b are not compared.
	//   - C3: Where it asks for another thing the answer must be ErrReused.
	//   - C4: Operation ids must be kept for each organization apart, the catalogue
	//     (the empty Org) being one.
	//   - C5: A batch that is refused must leave nothing, its operation id included.
	//   - C6: A check, put or delete whose Rev is not the record's own must be
	//     ErrConflict. Rev zero says that there is no such record.
	//   - C7: Commits of one organization, the catalogue being one, and reads of each
	//     of its records must be linearizable: each takes effect at one moment between
	//     its call and its return, and of two commits one sees all of the other.
	//   - C8: A batch that [Batch.Validate] refuses must be refused so, and every
	//     other one taken, up to the limits.
	//   - C9: The entry must be logged as it was given, with Refs as [Batch.Refs] says,
	//     also where the batch writes nothing. Result has that entry, and the revision
	//     of every record put.
	//   - C10: ErrUnknownOutcome must be returned where the commit may have happened
	//     though its answer was lost; any other error says that it did not happen.
	//     Committing the same batch again must then have one effect in all, and an
	//     error that refuses it says that the first try has none either, nor will have.
	//   - C11: A context that is over before the commit has begun must refuse it. From
	//     the first write on, the context should no longer count
	//     (context.WithoutCancel), which keeps C10 rare.
	//   - C12: What was acknowledged must survive: Close, a crash of the process and,
	//     as far as the medium allows, of the machine.
	Commit(ctx context.Context, b Batch) (Result, error)

	// Changes returns entries after a cursor, over all organizations.
	//
	//   - F1: Every entry whose Commit returned before the call must be there, or come
	//     with the pages that follow, in the order of the commits, whatever their At.
	//     None may be stepped over. A number drawn before the commit is no position:
	//     a reader would step over the one that commits late. While others commit an
	//     entry may come again; once the log rests it comes once.
	//   - F2: The empty cursor must give no entry and the cursor of now.
	//   - F3: More must be false only where the read reached the head, which followers
	//     count themselves fresh by, and must become so where nobody writes.
	//   - F4: A cursor that is malformed, of another log, older than what was
	//     forgotten, or beyond the head must be ErrResync.
	//   - F5: A limit over MaxPage must be ErrTooLarge, one under 1 ErrInvalid.
	//   - F6: Once an entry was shown, Get and List must find what it wrote, or what
	//     came later: followers read what the refs name.
	//   - F7: The cursor of now must stand before every entry whose writes a List that
	//     begins after it could miss: that is how a picture is loaded.
	Changes(ctx context.Context, after Cursor, limit int) (Feed, error)

	// Trail pages through the entries of one organization.
	//
	//   - T1: Entries must come in the order of their commits backwards, whatever
	//     their At.
	//   - T2: They must be those that [TrailQuery.Selects] selects.
	//   - T3: Entries that are written while somebody pages must shift nothing: each
	//     one that was there is on one page.
	//   - T4: A position that this store did not give must be ErrInvalid, and one of
	//     another organization must never show that one's entries.
	//   - T6: Every entry whose Commit returned before the call must be there: what
	//     became of an operation id is asked here.
	//   - T5: A query that [TrailQuery.Validate] refuses must be refused so. Pages end
	//     as L2 says.
	Trail(ctx context.Context, q TrailQuery) (Trail, error)
}

// Rev names one state of one record. Zero is absence. For one Ref it is never
// used twice, also not after deletion. Nothing else may be concluded from it,
// order included.
type Rev uint64

// Record is a value with the revision at which it was read, or which it replaces.
type Record struct {
	Rev   Rev
	Value tenancy.Entity
}

// Check says that Ref is still at Rev; Rev zero, that there is no such record.
type Check struct {
	Ref tenancy.Ref
	Rev Rev
}

// Batch is an entry and the writes that it tells of, all of Entry.Org. No Ref
// occurs twice. A batch may write nothing, and then is an entry alone.
type Batch struct {
	Entry  Entry
	Check  []Check  // holds, and is not written
	Put    []Record // Rev is the one replaced; zero creates
	Delete []Check  // Rev is the one deleted; never zero
}

// Entry is what the log keeps of a commit: one for the audit trail and the
// change feed.
type Entry struct {
	Org      tenancy.OrgID // empty for the catalogue
	Op       OperationID   // unique in Org; never empty
	Request  [16]byte      // of what was asked, by the caller; tells a retry from another use of Op
	Actor    tenancy.UserID
	OnBehalf tenancy.UserID // in whose place the actor acted; may be empty
	Action   Action
	Subject  tenancy.Ref
	Project  tenancy.ProjectID // whose trail shows it too; may be empty
	At       time.Time         // the caller's clock, UTC, whole microseconds
	Detail   []byte            // a JSON object of changed fields; no digest, name of a person or e-mail
	Refs     []tenancy.Ref     // what was written, puts then deletes; Commit fills it in
}

type (
	// OperationID is chosen by who asks for a change, so that asking again is
	// told from asking for another. 1 to 255 bytes of UTF-8 without NUL.
	OperationID string
	// Action is the verb as logged: "project.create". It is no right; those are
	// package access's.
	Action string
	// Cursor is a position in the log: opaque, and only for the log that gave it.
	Cursor string
)

// Result is of the commit that took effect, which is an earlier one where
// Replayed.
type Result struct {
	Rev      Rev // of every record put; zero where Replayed
	Entry    Entry
	Replayed bool
}

// Feed is a stretch of the log.
type Feed struct {
	Entries []Entry
	Next    Cursor // the position after Entries
	// More reports whether there may be entries after Next already. Only a read
	// with More false has reached the head.
	More bool
}

// TrailQuery selects entries of Org, the empty Org being the catalogue's. The
// zero value of every other field selects all.
type TrailQuery struct {
	Org      tenancy.OrgID
	Op       OperationID
	Project  tenancy.ProjectID
	Actor    tenancy.UserID
	Action   Action
	Subject  tenancy.Ref
	From, To time.Time // From <= At < To
	After    string    // Next of the page before
	Limit    int       // at most MaxPage, which zero means
}

// Trail is one page of entries.
type Trail struct {
	Entries []Entry
	Next    string // opaque; empty on the last page
}

// Limits, the same in every backend.
const (
	MaxBatch  = 96       // checks, puts and deletes together
	MaxRefs   = 512      // in one Get
	MaxPage   = 1000     // records or entries
	MaxRecord = 64 << 10 // bytes, as Size counts
	MaxDetail = 96 << 10 // bytes
	MaxAppend = 5000     // usage records in one Append
)

// The errors of the contract. Compare with errors.Is.
var (
	// ErrConflict: a record changed meanwhile. Read again and decide again.
	ErrConflict = errors.New("store: a record changed meanwhile")
	// ErrUnknownOutcome: the commit may or may not have happened. Commit the same
	// batch again.
	ErrUnknownOutcome = errors.New("store: the commit may or may not have happened")
	// ErrReused: the operation id, or usage record id, was used for something else.
	ErrReused = errors.New("store: id already used for something else")
	// ErrResync: the cursor is too old or of another log. Load again.
	ErrResync = errors.New("store: cursor too old or of another log")
	// ErrTooLarge: over a limit of this package.
	ErrTooLarge = errors.New("store: over a limit")
	// ErrInvalid: a malformed argument.
	ErrInvalid = errors.New("store: malformed argument")
	// ErrPastRetention: usage before the retention horizon can no longer change.
	ErrPastRetention = errors.New("store: before the retention horizon")
	// ErrClosed: the store was closed.
	ErrClosed = errors.New("store: closed")
	// ErrCorrupt: the data is damaged or not a store.
	ErrCorrupt = errors.New("store: the data is damaged or not a store")
	// ErrUnavailable: not answering, for now. Nothing was changed.
	ErrUnavailable = errors.New("store: not answering")
)
