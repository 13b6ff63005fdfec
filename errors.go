package tenet

import (
	"errors"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// The errors of this package. Those of tenancy and store come through as well;
// compare with errors.Is.
var (
	// ErrNotFound: there is no such thing, or it is not for this person to see. The
	// two are one answer.
	ErrNotFound = errors.New("tenet: not found")
	// ErrForbidden: the person sees it and may not do that to it.
	ErrForbidden = errors.New("tenet: not allowed")
	// ErrStale: the record changed since the revision that ChangeOptions.IfRev names.
	ErrStale = errors.New("tenet: changed since it was read")
	// ErrSecretShown: the operation was done before, under the same operation id,
	// and its secret was shown then.
	ErrSecretShown = errors.New("tenet: done before, and the secret was shown then")
	// ErrImported: there is a key of that hash already. It does not say in which
	// organization.
	ErrImported = errors.New("tenet: imported before")
	// ErrUnavailable: the store, or the picture of it, is not to be had for now.
	ErrUnavailable = errors.New("tenet: not available for now")
	// ErrClosed: [Tenet.Close] was called.
	ErrClosed = errors.New("tenet: closed")
)

// Error is what every verb returns where it fails: what was asked, of which kind
// of thing, and why. The message has neither the id nor anything else that the
// caller passed.
type Error struct {
	Op   string       // the verb as the audit trail names it: "project.rename"
	Kind tenancy.Kind // of the thing that was asked for
	ID   string       // its id, as the caller passed it
	Err  error
}

func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// Is makes a store that does not answer match [ErrUnavailable].
func (e *Error) Is(target error) bool {
	return target == ErrUnavailable && errors.Is(e.Err, store.ErrUnavailable)
}

// refusal is the error of a reason that [access.Standing.May] gave; nil of none.
func refusal(r access.Reason) error {
	switch r {
	case access.ReasonNone:
		return nil
	case access.ReasonForbidden:
		return ErrForbidden
	case access.ReasonProjectArchived:
		return tenancy.ErrArchived
	}
	return ErrNotFound
}
