package access

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"example.com/tenet/tenancy"
)

// Snapshot is an immutable picture of any number of organizations, their keys and
// the catalogue. A nil Snapshot is empty and denies.
type Snapshot struct {
	catalogue *Catalogue
	pictures  map[tenancy.OrgID]*Picture
	orgOf     map[tenancy.ProjectID]tenancy.OrgID
	keys      map[tenancy.KeyID]*Grant
	visible   map[tenancy.UserID][]*place // in the order of navigation
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
// error: they are void, and decide nothing.
//
// Fields are not validated: a record that no transition could have made decides
// as it stands, and unknown values deny.
func NewSnapshot(records ...tenancy.Entity) (*Snapshot, error) {
	s := &Snapshot{
		pictures: map[tenancy.OrgID]*Picture{},
		orgOf:    map[tenancy.ProjectID]tenancy.OrgID{},
		keys:     map[tenancy.KeyID]*Grant{},
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
			g := GrantOf(v)
			s.keys[v.ID] = &g
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
		for _, owner := range v.Owners {
			if !s.pictures[v.ID].members[owner].Active() {
				return "an owner who is not on the roster"
			}
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

// order prepares navigation: what everybody sees, organization by organization,
// active projects by folded name, then id.
func (s *Snapshot) order() {
	for _, org := range slices.Sorted(maps.Keys(s.pictures)) {
		p := s.pictures[org]
		for _, at := range p.active() {
			for user := range at.people {
				if !p.org.Owns(user) {
					s.show(p, at, user)
				}
			}
			for _, owner := range p.org.Owners {
				s.show(p, at, owner)
			}
		}
	}
}

// show adds a project to what a person sees, if they do.
func (s *Snapshot) show(p *Picture, at *place, user tenancy.UserID) {
	standing := p.Standing(user, at.project.ID)
	if standing.May(SeeProject, "") == ReasonNone {
		s.visible[user] = append(s.visible[user], at)
	}
}

// active returns the projects in use, in order.
func (p *Picture) active() []*place {
	folded := make(map[*place]string, len(p.projects))
	var active []*place
	for _, at := range p.projects {
		if at.project.Archived.IsZero() {
			active = append(active, at)
			folded[at] = tenancy.Fold(at.project.Name)
		}
	}
	slices.SortFunc(active, func(a, b *place) int {
		if c := strings.Compare(folded[a], folded[b]); c != 0 {
			return c
		}
		return strings.Compare(string(a.project.ID), string(b.project.ID))
	})
	return active
}

// At returns the snapshot at a time.
func (s *Snapshot) At(now time.Time) View { return View{s, now} }

// View is a [Snapshot] at a time. The zero View denies.
type View struct {
	snap *Snapshot
	now  time.Time
}

// CanCall says whether a key may call a model. An id that the snapshot does not
// have is denied with [ReasonUnknownKey].
//
// It knows the key by its id, which is no secret: verifying a token is not this
// package's affair.
func (v View) CanCall(key tenancy.KeyID, model tenancy.ModelID) Decision {
	g := v.grant(key)
	if g == nil {
		return Decision{Reason: ReasonUnknownKey}
	}
	return v.snap.pictures[g.Org].Decide(v.snap.catalogue, g, model, v.now)
}

// CanUse says whether a person may call a model in a project, in the host's own
// playground. Of a project in which the person has no place it tells no more
// than of one that is not there.
func (v View) CanUse(user tenancy.UserID, project tenancy.ProjectID, model tenancy.ModelID) Decision {
	p := v.pictureOf(project)
	if s := p.Standing(user, project); !s.placed() { // not there, or not theirs: one answer
		return Decision{Reason: ReasonHolderMayNotCall, Subject: Subject{Project: project, User: user}}
	}
	return p.DecideUse(v.snap.catalogue, user, project, model)
}

// Explanation is a decision with everything that speaks against it.
type Explanation struct {
	Decision
	Reasons []Reason // all that hold, in order; empty where the decision is Allow
}

// Explain is [View.CanCall] with all the reasons.
func (v View) Explain(key tenancy.KeyID, model tenancy.ModelID) Explanation {
	g := v.grant(key)
	if g == nil {
		return Explanation{Decision{Reason: ReasonUnknownKey}, []Reason{ReasonUnknownKey}}
	}
	rs, canonical := v.snap.pictures[g.Org].keyReasons(v.snap.catalogue, g, model, v.now)
	return Explanation{decided(rs, g.subject(), canonical), rs.List()}
}

// Models yields the entries of the catalogue that a key may call, aliases
// included, by id.
func (v View) Models(key tenancy.KeyID) iter.Seq[tenancy.Model] {
	g := v.grant(key)
	if g == nil {
		return func(func(tenancy.Model) bool) {}
	}
	return v.snap.pictures[g.Org].Callable(v.snap.catalogue, g, v.now)
}

// Callable yields the entries of the catalogue that [Picture.Decide] allows the
// key, aliases included, by id.
func (p *Picture) Callable(c *Catalogue, g *Grant, now time.Time) iter.Seq[tenancy.Model] {
	return func(yield func(tenancy.Model) bool) {
		for m := range c.All() {
			if p.Decide(c, g, m.ID, now).Allowed() && !yield(m) {
				return
			}
		}
	}
}

// Can says whether a person may do something. The subject names an organization,
// a project, or a key; what it leaves out follows from what it names. For
// [CreateKey], Subject.User says whose key it would be: empty for a service key.
func (v View) Can(user tenancy.UserID, action Action, subject Subject) Decision {
	s, whose, ok := v.standing(user, action, subject)
	d := Decision{Reason: ReasonNotFound, Subject: subject}
	if ok {
		d.Reason = s.May(action, whose)
	}
	if ok && d.Reason == ReasonNone {
		d.Effect = Allow
	}
	return d
}

// standing finds whom the question is about. ok is false where the subject is
// not there or contradicts itself.
func (v View) standing(user tenancy.UserID, action Action, on Subject) (s Standing, whose Whose, ok bool) {
	var key *Grant
	if on.Key != "" {
		if key = v.grant(on.Key); key == nil || on.Project != "" && on.Project != key.Project {
			return s, "", false
		}
		on.Project = key.Project
	}
	p := v.pictureOf(on.Project)
	if on.Project == "" && v.snap != nil {
		p = v.snap.pictures[on.Org]
	}
	if p == nil || on.Org != "" && on.Org != p.org.ID {
		return s, "", false
	}
	s = p.Standing(user, on.Project)
	switch {
	case key != nil:
		whose = s.WhoseKey(key.Kind, key.Membership)
	case action == CreateKey && on.User == "":
		whose = Service
	case action == CreateKey && on.User == user:
		whose = Own
	case action == CreateKey:
		whose = Others
	}
	return s, whose, true
}

// VisibleProjects yields the projects that a person sees in navigation:
// organization by organization in the order of their ids, in each by folded name,
// then id. It yields exactly those for which [View.Can] allows [SeeProject].
func (v View) VisibleProjects(user tenancy.UserID) iter.Seq[tenancy.Project] {
	return func(yield func(tenancy.Project) bool) {
		if v.snap == nil {
			return
		}
		for _, at := range v.snap.visible[user] {
			if !yield(at.project) {
				return
			}
		}
	}
}

func (v View) grant(key tenancy.KeyID) *Grant {
	if v.snap == nil {
		return nil
	}
	return v.snap.keys[key]
}

func (v View) pictureOf(project tenancy.ProjectID) *Picture {
	if v.snap == nil {
		return nil
	}
	return v.snap.pictures[v.snap.orgOf[project]]
}
