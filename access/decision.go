package access

import "example.com/tenet/tenancy"

// Effect is the outcome of a decision. The zero Effect denies.
type Effect uint8

// The effects.
const (
	Deny Effect = iota
	Allow
	// Unavailable is no verdict: the picture that a decision would rest on is too
	// old or in doubt. It is an outage, never a denial.
	Unavailable
)

// String is "deny", "allow" or "unavailable".
func (e Effect) String() string {
	switch e {
	case Allow:
		return "allow"
	case Unavailable:
		return "unavailable"
	}
	return "deny"
}

// MarshalText writes what String returns.
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText reads it; what it does not know denies.
func (e *Effect) UnmarshalText(text []byte) error {
	*e = Deny
	for _, known := range [...]Effect{Allow, Unavailable} {
		if string(text) == known.String() {
			*e = known
		}
	}
	return nil
}

// Subject is whom and what a decision or an [Action] is about. Which fields are
// set depends on the question: a call by key has all but User, a person's call
// all but Key.
type Subject struct {
	Org     tenancy.OrgID     `json:"org,omitzero"`
	Project tenancy.ProjectID `json:"project,omitzero"`
	Key     tenancy.KeyID     `json:"key,omitzero"`
	User    tenancy.UserID    `json:"user,omitzero"`
}

// Decision is the answer to a question of policy. The zero Decision denies.
type Decision struct {
	Effect  Effect  `json:"effect"`
	Reason  Reason  `json:"reason,omitzero"` // why not; ReasonNone where the Effect is Allow
	Subject Subject `json:"subject"`
	// Model is the canonical id of the model that was decided on, after the one
	// step of alias resolution. It is empty where the request named none that the
	// catalogue has. To serve another model is to ask again.
	Model tenancy.ModelID `json:"model,omitzero"`
}

// Allowed reports whether the decision is [Allow].
func (d Decision) Allowed() bool { return d.Effect == Allow }
