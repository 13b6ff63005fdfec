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

// Bounds of an invite.
const (
	MaxPlacements = 32                  // projects that one invite places a person in
	InviteLife    = 7 * 24 * time.Hour  // how long an invite can be accepted unless told otherwise
	MaxInviteLife = 30 * 24 * time.Hour // and at most
)

// ErasedEmail is the address of an invite whose own was erased. It is nobody's: the
// domain is one of those that never exist (RFC 6761).
const ErasedEmail = "erased@erased.invalid"

// Ref is the invite's identity.
func (i Invite) Ref() Ref { return InviteRef(i.Org, i.ID).Ref }

func (Invite) entity() {}

// Pending reports whether the invite can still be accepted.
func (i Invite) Pending(now time.Time) bool {
	return i.ID != "" && i.Accepted.IsZero() && i.Revoked.IsZero() && now.Before(i.Expires)
}

// CheckExpiry returns a [*FieldError] unless the invite ends after now, and at most
// [MaxInviteLife] later.
func (i Invite) CheckExpiry(now time.Time) error {
	if !now.Before(i.Expires) || i.Expires.After(now.Add(MaxInviteLife)) {
		return invalid("expires", "in the future, at most 30 days away")
	}
	return nil
}

// By reports whether m, on the roster, is who made the invite, in the stay in which
// it was made: whoever left and joined again starts with nothing, its invites included.
func (i Invite) By(m Member) bool { return m.User == i.InvitedBy && !m.Joined.After(i.Created) }

// IsFor reports whether email is the address that the invite names. The letters A
// to Z are those of either case, and all else is compared byte for byte: what folds
// or looks alike elsewhere may be somebody else's address.
func (i Invite) IsFor(email string) bool {
	if i.Email == "" || len(i.Email) != len(email) {
		return false
	}
	for at := range len(email) {
		if lower(i.Email[at]) != lower(email[at]) {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// Accept returns the invite as used by a person. Whether it may be is for
// [Invite.Pending] and [Invite.IsFor] to say.
func (i Invite) Accept(by UserID, now time.Time) Invite {
	i.Accepted, i.AcceptedBy = Instant(now), by
	return i
}

// Revoke returns the invite taken back. Revoking twice keeps the first time.
func (i Invite) Revoke(now time.Time) Invite {
	if i.Revoked.IsZero() {
		i.Revoked = Instant(now)
	}
	return i
}

// Erase returns the invite with [ErasedEmail] in place of its address, and taken back
// where it could still be accepted.
func (i Invite) Erase(now time.Time) Invite {
	if i.Pending(now) {
		i = i.Revoke(now)
	}
	i.Email = ErasedEmail
	return i
}

// Validate returns the first [*FieldError] of the record, or nil.
func (i Invite) Validate() error {
	_, orgErr := ParseOrgID(string(i.Org))
	_, idErr := ParseInviteID(string(i.ID))
	_, byErr := ParseUserID(string(i.InvitedBy))
	return firstError(orgErr, idErr, byErr,
		CheckEmail("email", i.Email),
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
