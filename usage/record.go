package usage

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// RecordID is rec_ and a ULID. It is minted here, never taken from a client or
// an upstream, and a record counts once however often it is delivered under it.
type RecordID string

// PrefixRecord begins every RecordID.
const PrefixRecord = "rec_"

// Outcome is how a call ended.
type Outcome string

// The outcomes, closed.
const (
	OutcomeOK            Outcome = "ok"
	OutcomeClientError   Outcome = "client_error"
	OutcomeUpstreamError Outcome = "upstream_error"
	OutcomeDenied        Outcome = "denied"
	OutcomeAbandoned     Outcome = "abandoned" // the client hung up, or nobody finished the call
)

// Outcomes lists every outcome. The array is a copy.
func Outcomes() [5]Outcome {
	return [5]Outcome{OutcomeOK, OutcomeClientError, OutcomeUpstreamError, OutcomeDenied, OutcomeAbandoned}
}

// UnknownModel is recorded in place of a requested name that the catalogue does
// not have, so that what clients make up never becomes data. No [tenancy.ModelID]
// can spell it.
const UnknownModel tenancy.ModelID = "(unknown)"

// Record is one call of a verified key or of a person in the host's own
// playground, refused ones included.
type Record struct {
	ID      RecordID          `json:"id"`
	At      time.Time         `json:"at"` // when the call began; UTC, whole microseconds
	Org     tenancy.OrgID     `json:"org"`
	Project tenancy.ProjectID `json:"project"`
	// One of Key and User is set: who called.
	Key  tenancy.KeyID  `json:"key,omitzero"`
	User tenancy.UserID `json:"user,omitzero"`
	// Requested is the id that the call named, an alias perhaps, and Served the
	// canonical id of what answered; both [UnknownModel] where the catalogue has
	// neither, both empty where the call named none.
	Requested tenancy.ModelID `json:"requested,omitzero"`
	Served    tenancy.ModelID `json:"served,omitzero"`
	Outcome   Outcome         `json:"outcome"`
	Reason    access.Reason   `json:"reason,omitzero"` // of OutcomeDenied
	Status    int             `json:"status,omitzero"` // HTTP; 0 where there was none
	Units     Units           `json:"units"`           // of one call, also where Count is more
	Latency   time.Duration   `json:"latency"`         // whole microseconds
	// FirstToken is the time to the first byte of a stream; 0 where unknown.
	FirstToken time.Duration `json:"first_token,omitzero"`
	RequestID  string        `json:"request_id,omitzero"` // the gateway's, for finding it in logs
	Cost       Money         `json:"cost"`
	// Count is how many calls the record stands for: 1, or more for repeated
	// refusals of one key for one reason within a second.
	Count int64 `json:"count"`
}

// NamedRecord is a record with what it takes to read it: what people call its project and
// its caller, as of now, an id where there is no name; and what its cost is in.
type NamedRecord struct {
	Record
	ProjectName string `json:"project_name"`
	KeyName     string `json:"key_name,omitzero"`  // empty for a person's call
	UserName    string `json:"user_name,omitzero"` // empty for a key's call
	Currency    string `json:"currency"`           // ISO 4217, the organization's
}

// Money is an estimate in micro-units of the organization's reporting currency.
// The zero Money is unknown, which is not free.
type Money struct {
	Micro int64 `json:"micro"`
	Known bool  `json:"known"`
}

// Bounds of a record. What a call consumed or cost beyond MaxAmount and MaxCost is
// an upstream's mistake or malice, and is recorded as unknown, so that it spoils no
// sum.
const (
	MaxAmount    = 1 << 40 // of one unit in one call
	MaxCost      = 1 << 50 // micro-units of one call
	MaxRequestID = 128     // bytes
	MaxCount     = 1 << 32 // calls
)

// Validate returns [ErrInvalid] unless the record is one that a store may take
// and give back as it was.
func (r Record) Validate() error {
	outcomes := Outcomes()
	_, known := access.ParseReason(r.Reason.String())
	ok := r.named() &&
		r.At == tenancy.Instant(r.At) && r.At.Year() >= 1970 && r.At.Year() <= 9999 &&
		slices.Contains(outcomes[:], r.Outcome) && known &&
		r.Status >= 0 && r.Status <= 999 && span(r.Latency) && span(r.FirstToken) &&
		r.Cost.Micro >= 0 && (r.Cost.Known || r.Cost.Micro == 0) &&
		r.Count >= 1 && r.Count <= MaxCount
	if !ok {
		return ErrInvalid
	}
	return nil
}

// Same says whether o is the record of the same call, delivered again: equal but for
// the cost, which may have been computed anew meanwhile.
func (r Record) Same(o Record) bool {
	o.Cost = r.Cost
	return r == o
}

// Reprice returns the record at another cost, and whether that is another than it had.
// A cost that [Record.Validate] refuses is [ErrInvalid].
func (r Record) Reprice(cost Money) (next Record, changed bool, err error) {
	next = r
	next.Cost = cost
	return next, next != r, next.Validate()
}

// named reports whether the names of the record are there and in bounds.
func (r Record) named() bool {
	for _, s := range []string{string(r.ID), string(r.Org), string(r.Project), string(r.Key), string(r.User),
		string(r.Requested), string(r.Served), r.RequestID} {
		if !text(s) {
			return false
		}
	}
	return len(r.ID) > len(PrefixRecord) && r.ID[:len(PrefixRecord)] == PrefixRecord &&
		r.Org != "" && r.Project != "" && (r.Key == "") != (r.User == "") &&
		len(r.RequestID) <= MaxRequestID
}

// text allows what every store can keep and compare: UTF-8 without NUL, bounded.
func text(s string) bool {
	return len(s) <= tenancy.MaxRefPart && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

func span(d time.Duration) bool { return d >= 0 && d%time.Microsecond == 0 }
