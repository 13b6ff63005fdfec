package store

import (
	"context"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Usage takes records of calls and adds them up. It is apart from [Store], since a
// host may keep usage elsewhere.
type Usage interface {
	// Append writes records and their roll-up in one transaction, all or nothing;
	// both are visible when it returns. A record whose id is there already counts
	// once: it is left out if it is the same record, and is ErrReused if it is
	// another. A record before the horizon is ErrPastRetention. More than
	// MaxAppend is ErrTooLarge, an invalid record ErrInvalid, a sum beyond int64
	// usage.ErrOverflow.
	Append(ctx context.Context, records []usage.Record) error

	// Records returns one page of the trail of calls, newest first.
	Records(ctx context.Context, q RecordQuery) (RecordPage, error)

	// Totals returns sums from the roll-up, ordered by period and item. Periods
	// and items without a call are left out. A sum beyond int64 is
	// usage.ErrOverflow.
	Totals(ctx context.Context, q TotalQuery) ([]Total, error)
}

// Upkeep looks after a [Usage].
type Upkeep interface {
	// Verify compares every bucket of an organization that begins in the span with
	// the records under it and returns those that differ. Both ends of the span
	// are multiples of usage.Quarter. A span that reaches before the horizon is
	// ErrPastRetention.
	Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]Difference, error)
	// Rebuild makes the buckets of a span anew from their records, in one
	// transaction. Its arguments and errors are those of Verify.
	Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error
	// Prune moves the horizon to a multiple of usage.Quarter, never backwards, and
	// forgets at most limit records before it. It says how many; call it until
	// that is fewer than limit, which is at least 1. Buckets stay.
	Prune(ctx context.Context, before time.Time, limit int) (n int, err error)
	// Horizon is the time before which records were forgotten; zero at first.
	Horizon(ctx context.Context) (time.Time, error)
}

// RecordQuery selects records of Org. The zero value of every other field selects
// all.
type RecordQuery struct {
	Org      tenancy.OrgID
	Project  tenancy.ProjectID
	Key      tenancy.KeyID
	User     tenancy.UserID
	Model    tenancy.ModelID // as served
	Outcome  usage.Outcome
	From, To time.Time // From <= At < To
	After    string    // Next of the page before
	Limit    int       // at most MaxPage, which zero means
}

// RecordPage is one page of records, newest first: by At, then by id, descending.
type RecordPage struct {
	Records []usage.Record
	Next    string // opaque; empty on the last page
}

// TotalQuery asks for the sums of Org, or of one project of it.
type TotalQuery struct {
	Org     tenancy.OrgID
	Project tenancy.ProjectID // empty: all
	By      usage.Dimension   // empty: not split
	// Cuts are the instants between the periods, both ends included, ascending,
	// each a multiple of usage.Quarter; usage.Cuts makes them. At least 2.
	Cuts []time.Time
}

// Total is what calls of one item add up to in one period.
type Total struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
	Item  string    `json:"item"` // a project, model, key, user or outcome; empty where not split
	usage.Sums
}

// Difference is a bucket whose sums are not those of its records. Either side is
// zero where it has no such bucket.
type Difference struct {
	Bucket  usage.BucketID
	Stored  usage.Sums
	Records usage.Sums
}
