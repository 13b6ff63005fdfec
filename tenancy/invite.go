package tenancy

import "time"

// Invite offers a place on a roster, and in projects, to an e-mail address. It
// is accepted once, by who has shown the host that the address is theirs.
type Invite struct {
	Org        OrgID       `json:"org"`
	ID         InviteID    `json:"id"`
	Email      string      `json:"email"`
	Role       Role        `json:"role"` // member or owner
	Placements []Placement `json:"placements,omitzero"`
	Digest     Digest      `json:"digest"` // keyed digest of the invite's secret
	Pepper     string      `json:"pepper"` // id of the pepper that keyed it
	InvitedBy  UserID      `json:"invited_by"`
	Created    time.Time   `json:"created"`
	Expires    time.Time   `json:"expires"`
	Accepted   time.Time   `json:"accepted,omitzero"`
	AcceptedBy UserID      `json:"accepted_by,omitzero"`
	Revoked    time.Time   `json:"revoked,omitzero"`
}

// Placement is a project and the role in it that an invite offers.
type Placement struct {
	Project ProjectID `json:"project"`
	Role    Role      `json:"role"`
}

// MaxPlacements bounds the projects that one invite places a person in.
const MaxPlacements = 32

// Ref is the invite's identity.
func (i Invite) Ref() Ref { return InviteRef(i.Org, i.ID).Ref }

func (Invite) entity() {}

// Pending reports whether the invite can still be accepted.
func (i Invite) Pending(now time.Time) bool {
	return i.ID != "" && i.Accepted.IsZero() && i.Revoked.IsZero() && now.Before(i.Expires)
}

// Validate returns the first [*FieldError] of the record, or nil.
func (i Invite) Validate() error {
	_, orgErr := ParseOrgID(string(i.Org))
	_, idErr := ParseInviteID(string(i.ID))
	_, byErr := ParseUserID(string(i.InvitedBy))
	return firstError(orgErr, idErr, byErr,
		checkEmail("email", i.Email),
		checkPepper("pepper", i.Pepper),
		i.checkAcceptedBy(),
		checkOrgRole("role", i.Role),
		i.checkPlacements(),
		checkTime("created", i.Created),
		checkTime("expires", i.Expires),
		checkTime("accepted", i.Accepted),
		checkTime("revoked", i.Revoked),
	)
}

func (i Invite) checkAcceptedBy() error {
	if i.AcceptedBy == "" {
		return nil
	}
	_, err := ParseUserID(string(i.AcceptedBy))
	return err
}

func (i Invite) checkPlacements() error {
	if len(i.Placements) > MaxPlacements {
		return invalid("placements", "at most 32 projects")
	}
	seen := make(map[ProjectID]bool, len(i.Placements))
	for _, p := range i.Placements {
		_, err := ParseProjectID(string(p.Project))
		if err != nil || seen[p.Project] {
			return invalid("placements", "well-formed project ids, each once")
		}
		if err := checkProjectRole("placements", p.Role); err != nil {
			return err
		}
		seen[p.Project] = true
	}
	return nil
}
