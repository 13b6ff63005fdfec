package tenancy

import "errors"

// The refusals of this package. Compare with errors.Is.
var (
	// ErrInvalid is a value outside its bounds. A [*FieldError] says which.
	ErrInvalid = errors.New("tenancy: invalid value")
	// ErrLastOwner refuses a change that would leave an organization without an owner.
	ErrLastOwner = errors.New("tenancy: an organization keeps at least one owner")
	// ErrNameTaken refuses a name that another active project of the organization holds.
	ErrNameTaken = errors.New("tenancy: name taken by another active project")
	// ErrArchived refuses a write to an archived project.
	ErrArchived = errors.New("tenancy: project is archived")
	// ErrRotationOpen refuses to rotate a key whose earlier rotation is still in its grace.
	ErrRotationOpen = errors.New("tenancy: key has two live secrets already")
)

// FieldError is a value that breaks a rule of its field. It matches [ErrInvalid].
// It carries the field and the rule, never the value, so that it may be shown
// and logged.
type FieldError struct {
	Field string // as in the record's JSON form: "name", "time_zone"
	Rule  string // what the field asks for, with its limit: "1 to 128 bytes"
}

func (e *FieldError) Error() string { return "tenancy: " + e.Field + ": must be " + e.Rule }

// Is reports whether target is [ErrInvalid].
func (e *FieldError) Is(target error) bool { return target == ErrInvalid }

func invalid(field, rule string) error { return &FieldError{Field: field, Rule: rule} }
