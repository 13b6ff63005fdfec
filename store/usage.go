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
	// Append writes records and adds them up. After ErrUnknownOutcome the same
	// records are appended again, which U2 makes safe.
	//
	//   - U1: It must be all or nothing, in one transaction, and the records and
	//     their roll-up both be visible, and durable, when it returns.
	//   - U2: A record whose id is there already, or is twice in one Append, must
	//     count once, whoever delivers it again and in whatever company. Before the
	//     horizon it may be ErrPastRetention instead, there or not.
	//   - U3: Where the record of that id, over all organizations, is another one the
	//     answer must be ErrReused. Its cost alone makes it no other, since Reprice
	//     may have changed that meanwhile; the cost that is there stays.
	//   - U4: Each record must come back with every field, unknown amounts apart from
	//     zero.
	//   - U8: A sum beyond int64 must be usage.ErrOverflow.
	//   - U9: More than MaxAppend records must be ErrTooLarge, one that
	//     usage.Record.Validate refuses ErrInvalid of this package, one before the
	//     horizon ErrPastRetention.
	//   - U11: An error other than ErrUnknownOutcome must say that nothing was written,
	//     also where the context ended.
	Append(ctx context.Context, records []usage.Record) error

	// Records returns one page of the trail of calls.
	//
	//   - U5: It must have the records that [RecordQuery.Selects] selects, by At and
	//     then by id, both descending, by pages that shift as little as T3 says and
	//     end as L2 says.
	//   - U6: A position that this store did not give must be ErrInvalid, and one of
	//     another organization must never show that one's calls.
	Records(ctx context.Context, q RecordQuery) (RecordPage, error)

	// Totals returns sums from the roll-up.
	//
	//   - U7: They must be the sums of the records whose At is in a period, its start
	//     included and its end not, by the item that q splits by, in the order of
	//     period and item. Periods and items without a call are left out, and a sum
	//     beyond int64 is usage.ErrOverflow. [TotalQuery.Grain] and
	//     [TotalQuery.Item] say which buckets those are.
	//   - U10: A query that its Validate refuses must be refused so, also of Records.
	Totals(ctx context.Context, q TotalQuery) ([]Total, error)
}

// Upkeep looks after a [Usage].
type Upkeep interface {
	// Verify compares the buckets of an organization that begin in a span, of each tier
	// that the store keeps, with the records under them. An organization that is none
	// has neither. A day that began before the horizon is compared no more.
	//
	//   - K1: It must return each bucket that differs, one that is missing and one
	//     too many included, and no other.
	//   - K5: A span that reaches before the horizon must be ErrPastRetention, and so
	//     must be a record that is appended there.
	//   - K6: A span that [ValidateSpan] refuses, one of Reprice that [ValidateDays]
	//     refuses, a time that is no multiple of usage.Quarter and a limit under 1 must
	//     be ErrInvalid.
	Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]Difference, error)
	// Rebuild makes the buckets of a span anew from their records, in one
	// transaction. Its arguments and errors are those of Verify.
	//
	//   - K2: The buckets of the organization and span must then be what usage.Tally
	//     makes of the records, a day the sum of its quarters' records, and no others
	//     have changed.
	Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error
	// Reprice gives the records of a span of whole days of UTC the cost that a function
	// says, and makes their buckets anew, in one transaction. It says how many records
	// have another cost than before. Its errors are those of Verify. The function is
	// called while the store is held, so it is to be quick and to keep off the store.
	//
	//   - K7: Each record of the organization and span must then cost what the function
	//     said of it, nothing else of it have changed, and the buckets be as Rebuild makes
	//     them. No other record or bucket may have changed.
	//   - K8: It must be all or nothing. An error of the function must come back as it
	//     is, a cost that usage.Record.Validate refuses be ErrInvalid, and a sum beyond
	//     int64 usage.ErrOverflow.
	Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (n int, err error)
	// Prune moves the horizon and forgets records before it, over all
	// organizations. Call it until n is fewer than limit.
	//
	//   - K3: It must forget at most limit records, each before the horizon, say how
	//     many, and keep every bucket.
	//   - K4: The horizon must never move backwards, and be kept like the records. An
	//     earlier time is no error: what lies before the horizon as it is goes on being
	//     forgotten.
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
	Status   int       // HTTP
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
