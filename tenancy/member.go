package tenancy

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Member is a user's place on the roster of one organization. It has no role:
// whether the user is an owner stands in [Organization.Owners] alone.
//
// Each stay has an id of its own. Project places and personal keys name it and
// count only while it is the user's current one, so removing a person is one
// delete, and whoever joins again starts with nothing.
type Member struct {
	Org        OrgID        `json:"org"`
	User       UserID       `json:"user"`
	Membership MembershipID `json:"membership"`
	Name       string       `json:"name,omitzero"`  // for people; may be empty
	Email      string       `json:"email,omitzero"` // may be empty
	Joined     time.Time    `json:"joined"`
	Suspended  time.Time    `json:"suspended,omitzero"`
}

// MaxEmail bounds an e-mail address, in bytes (RFC 5321).
const MaxEmail = 254

// Ref is the member's identity: the organization and the user.
func (m Member) Ref() Ref { return MemberRef(m.Org, m.User).Ref }

func (Member) entity() {}

// Active reports whether the member is on the roster and not suspended. The zero
// Member is not.
func (m Member) Active() bool { return m.Membership != "" && m.Suspended.IsZero() }

// Suspend returns the member out of good standing until resumed: without any
// right, and with personal keys that call nothing. Suspending twice keeps the first
// time. That an owner is then one no more is for [Organization.RemoveOwner] to say.
func (m Member) Suspend(now time.Time) Member {
	if m.Suspended.IsZero() {
		m.Suspended = Instant(now)
	}
	return m
}

// Resume returns the member with the places and keys that counted before
// [Member.Suspend].
func (m Member) Resume() Member {
	m.Suspended = time.Time{}
	return m
}

// Erase returns the member without what tells who it is: name and e-mail. The user
// id is the host's own and stays.
func (m Member) Erase() Member {
	m.Name, m.Email = "", ""
	return m
}

// Validate returns the first [*FieldError] of the record, or nil.
func (m Member) Validate() error {
	_, orgErr := ParseOrgID(string(m.Org))
	_, userErr := ParseUserID(string(m.User))
	_, stayErr := ParseMembershipID(string(m.Membership))
	return firstError(orgErr, userErr, stayErr,
		checkOptional("name", m.Name, CheckName),
		checkOptional("email", m.Email, CheckEmail),
		checkTime("joined", m.Joined),
		checkTime("suspended", m.Suspended),
	)
}

func checkOptional(field, s string, check func(field, s string) error) error {
	if s == "" {
		return nil
	}
	return check(field, s)
}

// CheckEmail refuses what is certainly no address, with a [*FieldError] for field.
// Whether it is somebody's is for the host's login to say.
func CheckEmail(field, s string) error {
	local, domain, ok := strings.Cut(s, "@")
	bad := func(r rune) bool { return blank(r) || r == '@' }
	if !ok || local == "" || domain == "" || len(s) > MaxEmail || !utf8.ValidString(s) ||
		strings.ContainsFunc(local+domain, bad) {
		return invalid(field, "an e-mail address of at most 254 bytes")
	}
	return nil
}
