package access

import (
	"fmt"
	"slices"
	"time"

	"example.com/tenet/tenancy"
)

// Snapshot is an immutable picture of any number of organizations, their keys and
// the catalogue. A nil Snapshot is empty and denies.
type Snapshot struct {
	catalogue *Catalogue
	pictures  map[tenancy.OrgID]*Picture
	orgOf     map[tenancy.ProjectID]tenancy.OrgID
	keys      map[tenancy.KeyID]*entry
	visible   map[tenancy.UserID][]*place // in the order of navigation
}

// entry is a key: what decisions rest on, and beside it what is only told.
type entry struct {
	Grant
	name    string
	created time.Time
	secrets [2]sight // the current one and the one before
}

// sight is that a person saw a secret, and until when that secret is good.
type sight struct {
	by   tenancy.UserID // empty: of no secret
	ends time.Time      // zero: with the key
}

func entryOf(k tenancy.Key) *entry {
	return &entry{GrantOf(k), k.Name, k.Created, [2]sight{
		{k.Current.MintedBy, k.Current.Ends}, {k.Previous.MintedBy, k.Previous.Ends},
	}}
}

// RecordError is a record that cannot be part of a [Snapshot]. It matches
// tenancy.ErrInvalid.
type RecordError struct {
	Ref     tenancy.Ref
	Problem string
}

func (e *RecordError) Error() string {
	return fmt.Sprintf("access: %v record: %s", e.Ref.Kind, e.Problem)
}

// Is reports whether target is tenancy.ErrInvalid.
func (e *RecordError) Is(target error) bool { return target == tenancy.ErrInvalid }

// NewSnapshot returns the picture that records give, in any order. It keeps what
// they reach and writes to none of it.
//
// It returns a [*RecordError] for a record that is nil, a pointer or there
// twice, or without an id; for one whose organization, project or alias target is missing; for an
// owner who is not on the roster; and for a project or key id in two
// organizations. Places and personal keys of people who left the roster are no
// error: they are void, and decide nothing. Nor is an owner of a closed organization
// who is not on the roster, for what hangs under a tombstone is swept.
//
// Fields are not validated: a record that no transition could have made decides
// as it stands, and unknown values deny.
func NewSnapshot(records ...tenancy.Entity) (*Snapshot, error) {
	s := &Snapshot{
		pictures: map[tenancy.OrgID]*Picture{},
		orgOf:    map[tenancy.ProjectID]tenancy.OrgID{},
		keys:     map[tenancy.KeyID]*entry{},
		visible:  map[tenancy.UserID][]*place{},
	}
	sorted, err := s.sort(records)
	if err != nil {
		return nil, err
	}
	for org, of := range sorted {
		s.pictures[org] = (*Picture)(nil).With(of, nil)
	}
	if err := s.check(records); err != nil {
		return nil, err
	}
	s.order()
	return s, nil
}

// sort files records by organization, the catalogue and keys apart, and refuses
// what is there twice.
func (s *Snapshot) sort(records []tenancy.Entity) (map[tenancy.OrgID][]tenancy.Entity, error) {
	of := map[tenancy.OrgID][]tenancy.Entity{}
	seen := make(map[tenancy.Ref]bool, len(records))
	var models []tenancy.Model
	for _, v := range records {
		if !isValue(v) {
			return nil, &RecordError{Problem: "not a record by value"}
		}
		ref := v.Ref()
		if seen[ref] {
			return nil, &RecordError{ref, "there twice"}
		}
		if nameless(ref) {
			return nil, &RecordError{ref, "without an id"}
		}
		seen[ref] = true
		switch v := v.(type) {
		case tenancy.Model:
			models = append(models, v)
		case tenancy.Key:
			if s.keys[v.ID] != nil {
				return nil, &RecordError{ref, "key id in two organizations"}
			}
			s.keys[v.ID] = entryOf(v)
		case tenancy.Project:
			if _, taken := s.orgOf[v.ID]; taken {
				return nil, &RecordError{ref, "project id in two organizations"}
			}
			s.orgOf[v.ID] = v.Org
			of[v.Org] = append(of[v.Org], v)
		default:
			of[ref.Org] = append(of[ref.Org], v)
		}
	}
	s.catalogue = NewCatalogue(models...)
	return of, nil
}

// nameless reports whether a record of a kind that has an id has none.
func nameless(r tenancy.Ref) bool {
	switch r.Kind {
	case tenancy.KindProject, tenancy.KindProjectMember, tenancy.KindKey, tenancy.KindInvite, tenancy.KindNameClaim, tenancy.KindModel:
		return r.ID == ""
	}
	return r.Org == ""
}

// isValue refuses nil and pointers, which satisfy the interface too.
func isValue(v tenancy.Entity) bool {
	switch v.(type) {
	case tenancy.Organization, tenancy.Subscription, tenancy.Member, tenancy.Project,
		tenancy.ProjectMember, tenancy.Key, tenancy.Invite, tenancy.NameClaim, tenancy.Model:
		return true
	}
	return false
}

// check refuses records that refer to what is not there.
func (s *Snapshot) check(records []tenancy.Entity) error {
	for _, v := range records {
		ref := v.Ref()
		if ref.Kind != tenancy.KindModel && s.pictures[ref.Org].Organization().ID == "" {
			return &RecordError{ref, "of an organization that is missing"}
		}
		if problem := s.dangles(v); problem != "" {
			return &RecordError{ref, problem}
		}
	}
	return nil
}

func (s *Snapshot) dangles(v tenancy.Entity) string {
	const noProject = "of a project that is missing"
	switch v := v.(type) {
	case tenancy.Model:
		if target := s.catalogue.models[v.Alias]; v.Alias != "" && (target == nil || target.Alias != "") {
			return "an alias of what is missing, or of an alias"
		}
	case tenancy.Organization:
		strays := func(owner tenancy.UserID) bool { return !s.pictures[v.ID].members[owner].Active() }
		if v.Closed.IsZero() && slices.ContainsFunc(v.Owners, strays) {
			return "an owner who is not on the roster"
		}
	case tenancy.ProjectMember:
		if s.orgOf[v.Project] != v.Org {
			return noProject
		}
	case tenancy.NameClaim:
		if s.orgOf[v.Project] != v.Org {
			return noProject
		}
	case tenancy.Key:
		if s.orgOf[v.Project] != v.Org {
			return noProject
		}
	}
	return ""
}

// At returns the snapshot at a time.
func (s *Snapshot) At(now time.Time) View { return View{s, now} }
