package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"example.com/tenet/tenancy"
)

// Validate holds the rules of a batch that need no store; every Commit calls it
// first. It returns ErrTooLarge over a limit and ErrInvalid otherwise.
func (b Batch) Validate() error {
	if n := len(b.Check) + len(b.Put) + len(b.Delete); n > MaxBatch {
		return fmt.Errorf("%w: a batch has at most %d checks and writes", ErrTooLarge, MaxBatch)
	}
	if err := b.Entry.validate(); err != nil {
		return err
	}
	seen := make(map[tenancy.Ref]bool, len(b.Check)+len(b.Put)+len(b.Delete))
	for _, c := range slices.Concat(b.Check, b.Delete) {
		if err := b.admit(c.Ref, seen); err != nil {
			return err
		}
	}
	for _, d := range b.Delete {
		if d.Rev == 0 {
			return fmt.Errorf("%w: a delete names the revision that it deletes", ErrInvalid)
		}
	}
	for _, r := range b.Put {
		if err := validateRecord(r); err != nil {
			return err
		}
		if err := b.admit(r.Value.Ref(), seen); err != nil {
			return err
		}
	}
	return nil
}

// admit refuses a ref that is malformed, of another organization than the
// entry's, or in the batch already.
func (b Batch) admit(r tenancy.Ref, seen map[tenancy.Ref]bool) error {
	if err := ValidateRef(r); err != nil {
		return err
	}
	if r.Org != b.Entry.Org {
		return fmt.Errorf("%w: a batch is of one organization", ErrInvalid)
	}
	if seen[r] {
		return fmt.Errorf("%w: a batch names a ref once", ErrInvalid)
	}
	seen[r] = true
	return nil
}

// validateRecord refuses what is no value of tenancy.Recordable (a pointer to one
// satisfies the interface too) and what is over MaxRecord.
func validateRecord(r Record) error {
	switch r.Value.(type) {
	case tenancy.Organization, tenancy.Subscription, tenancy.Member, tenancy.Project,
		tenancy.ProjectMember, tenancy.Key, tenancy.Invite, tenancy.NameClaim, tenancy.Model:
	default:
		return fmt.Errorf("%w: a record is a value of a known type", ErrInvalid)
	}
	if n, err := atMost(r.Value); err != nil || n <= MaxRecord {
		return err
	}
	form, err := Marshal(r.Value)
	if err != nil {
		return err
	}
	if len(form) > MaxRecord {
		return fmt.Errorf("%w: a record has at most %d bytes", ErrTooLarge, MaxRecord)
	}
	return nil
}

func (e Entry) validate() error {
	if len(e.Detail) > MaxDetail {
		return fmt.Errorf("%w: detail has at most %d bytes", ErrTooLarge, MaxDetail)
	}
	if len(e.Refs) != 0 {
		return fmt.Errorf("%w: the refs of an entry are filled in by Commit", ErrInvalid)
	}
	ok := e.Op != "" && e.Action != "" &&
		wellFormed(string(e.Org), string(e.Op), string(e.Actor), string(e.OnBehalf), string(e.Action), string(e.Project)) &&
		e.At == tenancy.Instant(e.At) && e.At.Year() >= 1970 && e.At.Year() <= 9999 &&
		(len(e.Detail) == 0 || (e.Detail[0] == '{' && json.Valid(e.Detail)))
	if !ok {
		return fmt.Errorf("%w: entry", ErrInvalid)
	}
	if e.Subject == (tenancy.Ref{}) {
		return nil
	}
	return ValidateRef(e.Subject)
}

// ValidateRef returns ErrInvalid unless r has the parts of its kind and no
// others, each of UTF-8 without NUL and at most tenancy.MaxRefPart bytes.
func ValidateRef(r tenancy.Ref) error {
	var org, id, user bool
	switch r.Kind {
	case tenancy.KindOrganization, tenancy.KindSubscription:
		org = true
	case tenancy.KindMember:
		org, user = true, true
	case tenancy.KindProject, tenancy.KindKey, tenancy.KindInvite, tenancy.KindNameClaim:
		org, id = true, true
	case tenancy.KindProjectMember:
		org, id, user = true, true, true
	case tenancy.KindModel:
		id = true
	default:
		return fmt.Errorf("%w: unknown kind", ErrInvalid)
	}
	if (r.Org != "") != org || (r.ID != "") != id || (r.User != "") != user ||
		!wellFormed(string(r.Org), r.ID, string(r.User)) {
		return fmt.Errorf("%w: ref", ErrInvalid)
	}
	return nil
}

func wellFormed(parts ...string) bool {
	for _, s := range parts {
		if len(s) > tenancy.MaxRefPart || !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0 {
			return false
		}
	}
	return true
}

// Sorted is b with its checks, puts and deletes each in the order of their Refs,
// so that two batches take row locks in one order.
func (b Batch) Sorted() Batch {
	b.Check, b.Put, b.Delete = slices.Clone(b.Check), slices.Clone(b.Put), slices.Clone(b.Delete)
	byRef := func(x, y Check) int { return CompareRefs(x.Ref, y.Ref) }
	slices.SortFunc(b.Check, byRef)
	slices.SortFunc(b.Delete, byRef)
	slices.SortFunc(b.Put, func(x, y Record) int { return CompareRefs(x.Value.Ref(), y.Value.Ref()) })
	return b
}

// CompareRefs orders refs by kind, organization, id and user.
func CompareRefs(x, y tenancy.Ref) int {
	if x.Kind != y.Kind {
		return int(x.Kind) - int(y.Kind)
	}
	return strings.Compare(refOrder(x), refOrder(y))
}

// Refs is what Commit fills into the entry: the refs of the puts, then of the
// deletes.
func (b Batch) Refs() []tenancy.Ref {
	refs := make([]tenancy.Ref, 0, len(b.Put)+len(b.Delete))
	for _, r := range b.Put {
		refs = append(refs, r.Value.Ref())
	}
	for _, d := range b.Delete {
		refs = append(refs, d.Ref)
	}
	return refs
}

// Repeats says whether b, whose operation id is that of the stored entry first,
// asks for the same thing. Commit answers with first where it does and ErrReused
// where it does not.
func (b Batch) Repeats(first Entry) bool {
	return b.Entry.Actor == first.Actor && b.Entry.Action == first.Action && b.Entry.Request == first.Request
}
