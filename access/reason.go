package access

// Reason says why a decision is not [Allow]. The set is closed, and its order is
// the order in which reasons are reported when several hold.
type Reason uint8

// The reasons.
const (
	ReasonNone Reason = iota

	// Whether the picture may be trusted is judged first.
	ReasonUnavailable

	// Reasons of credentials. To the outside they are one answer.
	ReasonMalformed   // not a token, or its checksum is wrong
	ReasonUnknownKey  // no key of this id
	ReasonWrongSecret // the key exists; the secret is not its own, or its grace is over

	// Reasons of policy.
	ReasonKeyRevoked
	ReasonKeyExpired
	ReasonOrganizationClosed
	ReasonOrganizationSuspended
	ReasonProjectArchived
	ReasonHolderMayNotCall // the person, or the key's holder, may not call models in the project
	ReasonNoModel
	ReasonModelUnknown
	ReasonModelNotInPlan
	ReasonModelNotEnabled
	ReasonModelNotInKey

	// Reasons of limits, for beginning a call. Nothing gives them yet.
	ReasonRateLimit
	ReasonBudget

	// Reasons of actions, which [View.Can] gives.
	ReasonNotFound  // absent, or not for this person to see: the same answer
	ReasonForbidden // seen, and not theirs to do
)

var reasonCodes = [...]string{
	ReasonNone:        "",
	ReasonUnavailable: "unavailable",

	ReasonMalformed:   "malformed",
	ReasonUnknownKey:  "unknown_key",
	ReasonWrongSecret: "wrong_secret",

	ReasonKeyRevoked:            "key_revoked",
	ReasonKeyExpired:            "key_expired",
	ReasonOrganizationClosed:    "organization_closed",
	ReasonOrganizationSuspended: "organization_suspended",
	ReasonProjectArchived:       "project_archived",
	ReasonHolderMayNotCall:      "holder_may_not_call",
	ReasonNoModel:               "no_model",
	ReasonModelUnknown:          "model_unknown",
	ReasonModelNotInPlan:        "model_not_in_plan",
	ReasonModelNotEnabled:       "model_not_enabled",
	ReasonModelNotInKey:         "model_not_in_key",

	ReasonRateLimit: "rate_limit",
	ReasonBudget:    "budget",

	ReasonNotFound:  "not_found",
	ReasonForbidden: "forbidden",
}

// String is the reason's code, as recorded and logged: "key_revoked". It is
// empty for ReasonNone and "unknown" for none of the set.
func (r Reason) String() string {
	if int(r) >= len(reasonCodes) {
		return "unknown"
	}
	return reasonCodes[r]
}

// ParseReason is the inverse of [Reason.String]; ok is false for an unknown code.
func ParseReason(code string) (r Reason, ok bool) {
	for i, c := range reasonCodes {
		if c == code {
			return Reason(i), true
		}
	}
	return 0, false
}

// MarshalText writes the code.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads a code. One that it does not know becomes
// [ReasonUnavailable], which no policy gives: a newer writer's reason is not
// taken for an older one.
func (r *Reason) UnmarshalText(code []byte) error {
	known, ok := ParseReason(string(code))
	if !ok {
		known = ReasonUnavailable
	}
	*r = known
	return nil
}

// Reasons is a set of reasons. The zero Reasons is empty.
type Reasons uint32

// With returns the set with r added where when holds.
func (s Reasons) With(r Reason, when bool) Reasons {
	if when {
		s |= 1 << r
	}
	return s
}

// Has reports whether r is in the set.
func (s Reasons) Has(r Reason) bool { return s&(1<<r) != 0 }

// First returns the reason to report: the first in order, ReasonNone of an empty set.
func (s Reasons) First() Reason {
	for r := ReasonUnavailable; int(r) < len(reasonCodes); r++ {
		if s.Has(r) {
			return r
		}
	}
	return ReasonNone
}

// List returns the reasons in order; nil of an empty set.
func (s Reasons) List() []Reason {
	var rs []Reason
	for r := ReasonUnavailable; int(r) < len(reasonCodes); r++ {
		if s.Has(r) {
			rs = append(rs, r)
		}
	}
	return rs
}
