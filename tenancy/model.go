package tenancy

import (
	"slices"
	"time"
)

// Model is an entry of the operator's catalogue: a model that gateways serve, or
// an alias of one. It is public or names the organizations that it exists for.
type Model struct {
	ID ModelID `json:"id"`
	// Alias is the model that this id stands for; empty on a model itself. It
	// names a model that is no alias, so resolving takes one step.
	Alias  ModelID `json:"alias,omitzero"`
	Public bool    `json:"public,omitzero"`
	// Orgs are the organizations that a model which is not public exists for,
	// sorted; at most [MaxModelOrgs].
	Orgs    []OrgID   `json:"orgs,omitzero"`
	Prices  []Price   `json:"prices,omitzero"`
	Created time.Time `json:"created"`
	// Retired is since when the model is in nobody's plan, and the alias leads nowhere.
	Retired time.Time `json:"retired,omitzero"`
}

// Bounds of a model's lists.
const (
	MaxModelOrgs = 320
	MaxPrices    = 128
)

// Ref is the model's identity. The catalogue belongs to no organization.
func (m Model) Ref() Ref { return ModelRef(m.ID).Ref }

func (Model) entity() {}

// OfferedTo reports whether the model exists for org.
func (m Model) OfferedTo(org OrgID) bool {
	if m.Public {
		return true
	}
	_, found := slices.BinarySearch(m.Orgs, org)
	return found && org != ""
}

// Replace returns m as what follows before in the catalogue, the zero Model where
// it is new: Created is that of the first. An alias stays an alias and a model a
// model, else it is a [*FieldError].
func (m Model) Replace(before Model, now time.Time) (Model, error) {
	if before.ID == "" {
		m.Created = Instant(now)
		return m, nil
	}
	if (before.Alias == "") != (m.Alias == "") {
		return m, invalid("alias", "kept: an alias stays one, and a model stays one")
	}
	m.Created = before.Created
	return m, nil
}

// MayStandFor returns a [*FieldError] unless target, the zero Model where there
// is none, is a model and no alias.
func (m Model) MayStandFor(target Model) error {
	if target.ID != m.Alias || target.Alias != "" {
		return invalid("alias", "a model of the catalogue that is no alias")
	}
	return nil
}

// Retire returns the model in nobody's plan from now on, and an alias leading nowhere.
// Retiring twice keeps the first time.
func (m Model) Retire(now time.Time) Model {
	if m.Retired.IsZero() {
		m.Retired = Instant(now)
	}
	return m
}

// Validate returns the first [*FieldError] of the record, or nil. Whether an
// alias names a model that is there and is no alias is for the catalogue to say.
func (m Model) Validate() error {
	_, err := ParseModelID(string(m.ID))
	return firstError(err,
		m.checkAlias(),
		m.checkOrgs(),
		checkPrices(m.Prices),
		checkTime("created", m.Created),
		checkTime("retired", m.Retired),
	)
}

func (m Model) checkAlias() error {
	if m.Alias == "" {
		return nil
	}
	if _, err := ParseModelID(string(m.Alias)); err != nil || m.Alias == m.ID {
		return invalid("alias", "another model's id")
	}
	if len(m.Prices) > 0 || len(m.Orgs) > 0 || m.Public {
		return invalid("alias", "without prices and organizations, which are its model's")
	}
	return nil
}

func (m Model) checkOrgs() error {
	if len(m.Orgs) > MaxModelOrgs || !ascends(m.Orgs) || (m.Public && len(m.Orgs) > 0) {
		return invalid("orgs", "at most 320 organizations, sorted, each once, and none where the model is public")
	}
	for _, o := range m.Orgs {
		if _, err := ParseOrgID(string(o)); err != nil {
			return invalid("orgs", "well-formed organization ids")
		}
	}
	return nil
}
