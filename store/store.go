package store

import (
	"context"
	"errors"
	"time"

	"example.com/tenet/tenancy"
)

// Store is what a backend implements. It stores; it decides nothing, starts no
// goroutine, reads no clock, never retries. Records are immutable: neither side
// writes to what a Record reaches. A nil context is ErrInvalid from every method
// here and in the other interfaces.
type Store interface {
	// Get returns the records named by refs, in order; an absent one is the zero
	// Record. A ref may be named twice. More than MaxRefs is ErrTooLarge, a
	// malformed one ErrInvalid. Get is linearizable for each record; it is no
	// snapshot across records.
	Get(ctx context.Context, refs ...tenancy.Ref) ([]Record, error)

	// List returns one page of a listing, in the order of Listing.Place. It is no
	// snapshot across pages: a record that exists throughout is returned exactly
	// once, one that comes or goes meanwhile perhaps.
	List(ctx context.Context, q Query) (Page, error)

	// Commit applies b, all or nothing. In this order: an operation id that the
	// organization has used answers with the first entry (ErrReused if its actor,
	// action or Request differs); any Rev that no longer holds is ErrConflict, and
	// so is the id of a key or invite that exists in another organization; then
	// writes, entry, commit. A context that is over before the commit has begun
	// refuses it; from then on the context no longer cancels it.
	Commit(ctx context.Context, b Batch) (Result, error)

	// Changes returns at most limit entries after a cursor, in commit order. It
	// may repeat one and never skips one: an entry whose Commit returned before
	// Changes was called is there. The empty cursor returns no entry and the cursor
	// of now. A cursor that is too old, pruned, malformed or of another log is
	// ErrResync. The limit is 1 to MaxPage; more is ErrTooLarge, less ErrInvalid.
	Changes(ctx context.Context, after Cursor, limit int) (Feed, error)

	// Trail pages through the entries of one organization, newest first, which is
	// in the order of commits backwards, whatever their At.
	Trail(ctx context.Context, q TrailQuery) (Trail, error)
}

// Waiter is a [Store] that can wait for an entry after a cursor.
type Waiter interface {
	// Wait returns nil once there may be an entry after the cursor, at once where
	// there is one, and the context's error where that ends first. After the empty
	// cursor it waits for the next entry.
	Wait(ctx context.Context, after Cursor) error
}

// Pruner is a [Store] that can forget entries of one organization.
type Pruner interface {
	// PruneLog forgets entries before a time, their operation ids too, and says how
	// many. Cursors before the newest of them get ErrResync from then on. Callers
	// keep the entries of the last 24 hours, since operation ids are promised for as
	// long.
	PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (n int, err error)
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

// Check says that Ref must still be at Rev; Rev zero, that it must not exist.
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
