package access

import (
	"maps"
	"slices"

	"example.com/tenet/tenancy"
)

// Organizations returns the organizations of the snapshot by id. The slice is the
// caller's own.
func (s *Snapshot) Organizations() []tenancy.Organization {
	if s == nil {
		return nil
	}
	var all []tenancy.Organization
	for _, id := range slices.Sorted(maps.Keys(s.pictures)) {
		all = append(all, s.pictures[id].org)
	}
	return all
}

// Catalogue returns the catalogue of the snapshot; nil, which has no model, of a nil
// Snapshot.
func (s *Snapshot) Catalogue() *Catalogue {
	if s == nil {
		return nil
	}
	return s.catalogue
}
