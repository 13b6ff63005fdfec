package tenancy

import "time"

// Project is what everything lines up under: people, keys, models, usage. It
// belongs to one organization for ever.
type Project struct {
	Org  OrgID     `json:"org"`
	ID   ProjectID `json:"id"`
	Name string    `json:"name"`
	// Models is what the project's owners turned on. What is callable is this and
	// the subscription's set together, computed at each call; a model that left
	// the plan stays here and comes back with it.
	Models   ModelSet  `json:"models"`
	Limits   Limits    `json:"limits,omitzero"`
	Created  time.Time `json:"created"`
	Archived time.Time `json:"archived,omitzero"`
}

// Ref is the project's identity.
func (p Project) Ref() Ref { return ProjectRef(p.Org, p.ID).Ref }

func (Project) entity() {}

// Claim is the claim that the project, while active, holds on its name.
func (p Project) Claim() NameClaim {
	return NameClaim{Org: p.Org, Folded: Fold(p.Name), Project: p.ID}
}

// MayHold returns [ErrNameTaken] if held, the stored claim on the project's name
// or the zero NameClaim, is another project's.
func (p Project) MayHold(held NameClaim) error {
	if held.Project != "" && held.Project != p.ID {
		return ErrNameTaken
	}
	return nil
}

// Writable returns [ErrArchived] if the project is archived.
func (p Project) Writable() error {
	if !p.Archived.IsZero() {
		return ErrArchived
	}
	return nil
}

// Rename returns the project under another name. Whether the name is free is for
// [Project.MayHold] to say.
func (p Project) Rename(name string) (Project, error) {
	p.Name = name
	return p, firstError(p.Writable(), CheckName("name", name))
}

// Archive returns the project put away: its keys are refused and it is gone from
// navigation, by derivation from this one time. Archiving twice keeps the first.
func (p Project) Archive(now time.Time) Project {
	if p.Archived.IsZero() {
		p.Archived = Instant(now)
	}
	return p
}

// Restore returns the project in use again, under name, or under its own where
// name is empty.
func (p Project) Restore(name string) (Project, error) {
	p.Archived = time.Time{}
	if name == "" {
		return p, nil
	}
	return p.Rename(name)
}

// SetModels returns the project with want as its set. A model that is newly
// turned on must be one that inPlan reports; one that is in the set already may
// stay, in the plan or not. A model outside the plan and one that does not exist
// are the same [*FieldError], so that the catalogue cannot be probed.
func (p Project) SetModels(want ModelSet, inPlan func(ModelID) bool) (Project, error) {
	if err := firstError(p.Writable(), want.check("models"), newlyIn(p.Models, want, inPlan)); err != nil {
		return p, err
	}
	p.Models = want
	return p, nil
}

// TurnOn returns the project with more models on. Each must be listed already or be
// one that inPlan reports, else it is the [*FieldError] of [Project.SetModels]. So
// it is under "all", where nothing changes.
func (p Project) TurnOn(inPlan func(ModelID) bool, ids ...ModelID) (Project, error) {
	more := Models(ids...)
	if err := firstError(p.Writable(), more.check("models"), newlyIn(p.Models, more, inPlan)); err != nil {
		return p, err
	}
	return p.SetModels(p.Models.With(ids...), inPlan)
}

// TurnOff returns the project with models off. One that is off already, in the plan or
// not, changes nothing. "All" has no list to take from, so there it is a
// [*FieldError]: whoever wants less than all lists it.
func (p Project) TurnOff(ids ...ModelID) (Project, error) {
	less := Models(ids...)
	if err := firstError(p.Writable(), less.check("models")); err != nil {
		return p, err
	}
	if p.Models.All() && !less.Empty() {
		return p, invalid("models", `listed one by one before some are turned off: the set is "all"`)
	}
	p.Models = p.Models.Without(ids...)
	return p, nil
}

// newlyIn refuses a listed model that neither was listed before nor is in the plan.
func newlyIn(before, want ModelSet, inPlan func(ModelID) bool) error {
	for _, id := range want.ids {
		kept := !before.all && before.Has(id)
		if !kept && !inPlan(id) {
			return invalid("models", "models of the organization's plan")
		}
	}
	return nil
}

// Validate returns the first [*FieldError] of the record, or nil.
func (p Project) Validate() error {
	_, orgErr := ParseOrgID(string(p.Org))
	_, idErr := ParseProjectID(string(p.ID))
	return firstError(orgErr, idErr,
		CheckName("name", p.Name),
		p.Models.check("models"),
		p.Limits.check("limits"),
		checkTime("created", p.Created),
		checkTime("archived", p.Archived),
	)
}

// ProjectMember is a person's place in a project. It counts only while
// Membership is the person's current one on the roster.
type ProjectMember struct {
	Org        OrgID        `json:"org"`
	Project    ProjectID    `json:"project"`
	User       UserID       `json:"user"`
	Membership MembershipID `json:"membership"`
	Role       Role         `json:"role"`
	Added      time.Time    `json:"added"`
}

// Ref is the place's identity: the project and the user.
func (m ProjectMember) Ref() Ref { return ProjectMemberRef(m.Org, m.Project, m.User).Ref }

func (ProjectMember) entity() {}

// Validate returns the first [*FieldError] of the record, or nil.
func (m ProjectMember) Validate() error {
	_, orgErr := ParseOrgID(string(m.Org))
	_, projectErr := ParseProjectID(string(m.Project))
	_, userErr := ParseUserID(string(m.User))
	_, stayErr := ParseMembershipID(string(m.Membership))
	return firstError(orgErr, projectErr, userErr, stayErr,
		checkProjectRole("role", m.Role),
		checkTime("added", m.Added),
	)
}

// Place returns the place with role in the project of who holds stay on the roster,
// in place of before, the stored one or zero. A place that counts already keeps the
// time since when.
func (p Project) Place(before ProjectMember, stay Member, role Role, now time.Time) ProjectMember {
	next := ProjectMember{
		Org: p.Org, Project: p.ID, User: stay.User, Membership: stay.Membership, Role: role, Added: Instant(now),
	}
	if before.RoleFor(stay).Rank() > 0 {
		next.Added = before.Added
	}
	return next
}

// Gives reports whether the place gives stay what role would, or more.
func (m ProjectMember) Gives(stay Member, role Role) bool {
	return m.RoleFor(stay).Rank() >= role.Rank()
}

// Void reports whether the place is of an earlier stay on the roster than stay, the
// person's own now or the zero Member: it counts no more, and never will again.
func (m ProjectMember) Void(stay Member) bool {
	return stay.Membership == "" || m.Membership != stay.Membership
}

// RoleFor returns the role that the place gives to who holds stay on the roster
// now: none where the place is of another person or an earlier stay, or the
// person is suspended.
func (m ProjectMember) RoleFor(stay Member) Role {
	if !stay.Active() || m.User != stay.User || m.Org != stay.Org || m.Membership != stay.Membership {
		return ""
	}
	return m.Role
}
