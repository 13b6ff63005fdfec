package access

import "example.com/tenet/tenancy"

// Source is where a role comes from. The zero Source is that of no role.
type Source string

// The sources.
const (
	FromOrganization Source = "organization" // of owning it, whatever place there is
	FromProject      Source = "project"      // of a place in it
)

// Right is what a person may do in a project, in short, and where that comes from;
// [View.Can] has it action by action. The zero Right is none.
type Right struct {
	// Role is the role that counts now; empty where none does. An owner of the
	// organization is an owner of each project, listed there or not.
	Role tenancy.Role `json:"role,omitzero"`
	From Source       `json:"from,omitzero"`
	// Sees is what [View.Can] says to [SeeProject] or, of an archived project, to
	// [SeeArchived].
	Sees bool `json:"sees"`
	// Calls reports whether [View.CanUse] can allow anything: the role may call models,
	// and neither the organization nor the project is switched off. Which models
	// there are is not in it.
	Calls bool `json:"calls"`
}

// String is the right in short: "owner* calls", "viewer sees", "member hidden", or
// "-" for none.
func (r Right) String() string {
	if r == (Right{}) {
		return "-"
	}
	star := ""
	if r.From == FromOrganization {
		star = "*"
	}
	does := "hidden"
	switch {
	case r.Calls:
		does = "calls"
	case r.Sees:
		does = "sees"
	}
	return orNone(r.Role) + star + " " + does
}

// right is a person's right in a project.
func (p *Picture) right(at *place, user tenancy.UserID) Right {
	s := Standing{Org: p.org, Member: p.members[user], Project: at.project, Place: at.people[user]}
	see := SeeProject
	if !at.project.Archived.IsZero() {
		see = SeeArchived
	}
	r := Right{
		Sees:  s.May(see, "") == ReasonNone,
		Calls: p.stateReasons(at) == 0 && s.grants(rowOf(CallModel, "")),
	}
	switch role := s.Role(); {
	case s.OrgOwner():
		r.Role, r.From = tenancy.RoleOwner, FromOrganization
	case role.Rank() > 0:
		r.Role, r.From = role, FromProject
	}
	return r
}

// orgRight is a person's right in the organization itself: none where they are not
// on the roster in good standing. Nobody calls a model there.
func (p *Picture) orgRight(user tenancy.UserID) Right {
	s := p.Standing(user, "")
	if !s.OnRoster() {
		return Right{}
	}
	return Right{Role: p.org.RoleOf(user), From: FromOrganization, Sees: s.May(SeeOrganization, "") == ReasonNone}
}
