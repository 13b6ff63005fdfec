package tenet

import "example.com/tenet/tenancy"

// Operator is who runs the program that embeds Tenet. It owns the catalogue and
// the subscriptions, creates organizations, and answers to no role. Its user is
// what the audit trail names.
//
// An Operator is a value; it may be kept, copied and used from any goroutine.
type Operator struct{ actor Actor }

// Operator returns the operator's verbs, in the name of me. It is not a right that
// Tenet checks: do not hand it to a request.
func (t *Tenet) Operator(me tenancy.UserID) Operator { return Operator{t.As(me)} }

// With is [Actor.With].
func (o Operator) With(opts ChangeOptions) Operator { return Operator{o.actor.With(opts)} }
