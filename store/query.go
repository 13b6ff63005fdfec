package store

import (
	"fmt"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Validate says whether q has the arguments of its listing and no others, and a
// limit of 0 to MaxPage. The position is for the backend to judge: one that it
// did not give is ErrInvalid.
func (q Query) Validate() error {
	var kind, org, project, user, id bool
	switch q.Listing {
	case All:
		kind = true
	case Within:
		kind, org = true, true
	case MembershipsOf:
		user = true
	case Names, Invites:
		org = true
	case ProjectMembers, KeysOfProject:
		org, project = true, true
	case ProjectRoles, KeysOfUser:
		org, user = true, true
	case KeyByID, InviteByID:
		id = true
	default:
		return fmt.Errorf("%w: unknown listing", ErrInvalid)
	}
	if (q.Kind != 0) != kind || (q.Org != "") != org || (q.Project != "") != project ||
		(q.User != "") != user || (q.ID != "") != id {
		return fmt.Errorf("%w: arguments are not those of the listing", ErrInvalid)
	}
	if kind && q.Kind.String() == "unknown" || org && q.Kind == tenancy.KindModel {
		return fmt.Errorf("%w: kind", ErrInvalid)
	}
	if !wellFormed(string(q.Org), string(q.Project), string(q.User), q.ID) {
		return fmt.Errorf("%w: argument", ErrInvalid)
	}
	return validateLimit(q.Limit)
}

// Scope is q without its position and limit: what [Listing.Place] returns for the
// records that it lists.
func (q Query) Scope() Query {
	q.After, q.Limit = "", 0
	return q
}

// PageSize is the number of records that q asks for.
func (q Query) PageSize() int { return pageSize(q.Limit) }

// Validate says whether q is well formed.
func (q TrailQuery) Validate() error {
	if !wellFormed(string(q.Org), string(q.Op), string(q.Project), string(q.Actor), string(q.Action)) {
		return fmt.Errorf("%w: argument", ErrInvalid)
	}
	if q.Subject != (tenancy.Ref{}) {
		if err := ValidateRef(q.Subject); err != nil {
			return err
		}
	}
	return validateLimit(q.Limit)
}

// PageSize is the number of entries that q asks for.
func (q TrailQuery) PageSize() int { return pageSize(q.Limit) }

// Selects says whether q selects e, its position aside.
func (q TrailQuery) Selects(e Entry) bool {
	return q.Org == e.Org &&
		among(q.Op, e.Op) && among(q.Project, e.Project) && among(q.Actor, e.Actor) && among(q.Action, e.Action) &&
		among(q.Subject, e.Subject) && within(e.At, q.From, q.To)
}

// Validate says whether q is well formed.
func (q RecordQuery) Validate() error {
	if q.Org == "" || !wellFormed(string(q.Org), string(q.Project), string(q.Key), string(q.User), string(q.Model), string(q.Outcome)) {
		return fmt.Errorf("%w: argument", ErrInvalid)
	}
	return validateLimit(q.Limit)
}

// PageSize is the number of records that q asks for.
func (q RecordQuery) PageSize() int { return pageSize(q.Limit) }

// Selects says whether q selects r, its position aside.
func (q RecordQuery) Selects(r usage.Record) bool {
	return q.Org == r.Org && among(q.Project, r.Project) && among(q.Key, r.Key) && among(q.User, r.User) &&
		among(q.Model, r.Served) && among(q.Outcome, r.Outcome) && among(q.Status, r.Status) && within(r.At, q.From, q.To)
}

// Validate says whether q is well formed.
func (q TotalQuery) Validate() error {
	switch q.By {
	case "", usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome:
	default:
		return fmt.Errorf("%w: unknown dimension", ErrInvalid)
	}
	if q.Org == "" || !wellFormed(string(q.Org), string(q.Project)) {
		return fmt.Errorf("%w: argument", ErrInvalid)
	}
	if len(q.Cuts) < 2 || len(q.Cuts) > usage.MaxPeriods+1 {
		return fmt.Errorf("%w: 2 to %d cuts", ErrInvalid, usage.MaxPeriods+1)
	}
	for i, c := range q.Cuts {
		if c != usage.QuarterOf(c) || i > 0 && !q.Cuts[i-1].Before(c) {
			return fmt.Errorf("%w: cuts ascend by quarter-hours of UTC", ErrInvalid)
		}
	}
	return nil
}

// Grain is the grain of the buckets that answer q: by model unless q splits by
// who called. Each grain but ByUser and ByKey has every call once; those two
// have every call once between them.
func (q TotalQuery) Grain() usage.Dimension {
	if q.By == usage.ByKey || q.By == usage.ByUser {
		return q.By
	}
	return usage.ByModel
}

// Item is what q calls the item of a bucket.
func (q TotalQuery) Item(b usage.BucketID) string {
	switch q.By {
	case usage.ByProject:
		return string(b.Project)
	case usage.ByOutcome:
		return string(b.Outcome)
	case "":
		return ""
	}
	return b.Item
}

// ValidateSpan says whether from and to are a span that [Upkeep] takes.
func ValidateSpan(from, to time.Time) error {
	if from != usage.QuarterOf(from) || to != usage.QuarterOf(to) || !from.Before(to) {
		return fmt.Errorf("%w: a span ascends by quarter-hours of UTC", ErrInvalid)
	}
	return nil
}

// ValidateDays says whether from and to are a span that [Upkeep].Reprice takes.
func ValidateDays(from, to time.Time) error {
	if from != usage.DayOf(from) || to != usage.DayOf(to) || !from.Before(to) {
		return fmt.Errorf("%w: a span ascends by days of UTC", ErrInvalid)
	}
	return nil
}

func among[T comparable](want, got T) bool {
	var all T
	return want == all || want == got
}

func within(t, from, to time.Time) bool {
	return !t.Before(from) && (to.IsZero() || t.Before(to))
}

func validateLimit(n int) error {
	if n < 0 {
		return fmt.Errorf("%w: limit", ErrInvalid)
	}
	if n > MaxPage {
		return fmt.Errorf("%w: a page has at most %d", ErrTooLarge, MaxPage)
	}
	return nil
}

func pageSize(limit int) int {
	if limit == 0 {
		return MaxPage
	}
	return limit
}
