package keys

import (
	"errors"

	"example.com/tenet/tenancy"
)

// The refusals of this package. Compare with errors.Is.
var (
	// ErrMalformed is text that is no token of the format: the length, brand, env,
	// kind, alphabet or checksum is wrong. It does not say which.
	ErrMalformed = errors.New("keys: malformed token")
	// ErrEnded refuses to rotate a key that is expired or revoked.
	ErrEnded = errors.New("keys: key is expired or revoked")
	// ErrRandomness is a source of randomness that failed or repeats itself. No
	// secret was made.
	ErrRandomness = errors.New("keys: no usable randomness")
)

func invalid(field, rule string) error { return &tenancy.FieldError{Field: field, Rule: rule} }
