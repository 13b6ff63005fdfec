package tenancy

// Subscription is what the operator grants an organization. It is a record of
// its own, so that owners, who may change the root record, cannot reach it.
type Subscription struct {
	Org  OrgID  `json:"org"`
	Plan string `json:"plan"` // a name, for people
	// Models decides what the organization may use: a list of models by their own
	// ids, or "all", which is the catalogue's public models and those that name the
	// organization. An alias, or an id that the catalogue does not have, may be
	// listed and allows nothing.
	Models ModelSet `json:"models"`
	// Default limits hold where a project or key sets none of its own; Maximum
	// limits hold always.
	Default Limits `json:"default,omitzero"`
	Maximum Limits `json:"maximum,omitzero"`
}

// Ref is the subscription's identity: its organization.
func (s Subscription) Ref() Ref { return SubscriptionRef(s.Org).Ref }

func (Subscription) entity() {}

// Includes reports whether m is in the plan: canonical, offered to the
// organization, not retired, and in the subscription's set. A model that exists
// for other organizations is never in the plan, even if listed.
func (s Subscription) Includes(m Model) bool {
	return m.Alias == "" && m.Retired.IsZero() && m.OfferedTo(s.Org) && s.Models.Has(m.ID)
}

// Validate returns the first [*FieldError] of the record, or nil.
func (s Subscription) Validate() error {
	if _, err := ParseOrgID(string(s.Org)); err != nil {
		return err
	}
	return firstError(
		CheckName("plan", s.Plan),
		s.Models.check("models"),
		s.Default.check("default"),
		s.Maximum.check("maximum"),
	)
}
