package tenancy

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/currency"
)

// Organization is the root record of a tenant: the umbrella over its people,
// projects, keys and usage.
//
// It alone says who owns the organization. Everybody else on the roster is a
// member, so the two can never disagree, and "at least one owner" is a rule of
// this one record.
type Organization struct {
	ID       OrgID    `json:"id"`
	Name     string   `json:"name"`
	Branding Branding `json:"branding,omitzero"`
	// TimeZone is an IANA name. Days and months of reports are cut in it.
	TimeZone string `json:"time_zone"`
	// Currency is an ISO 4217 code. Costs are estimated in it. It is set at creation and fixed.
	Currency string `json:"currency"`
	// Owners are the owners in good standing, sorted; 1 to [MaxOwners].
	Owners    []UserID  `json:"owners"`
	Created   time.Time `json:"created"`
	Suspended time.Time `json:"suspended,omitzero"`
	Closed    time.Time `json:"closed,omitzero"`
}

// Branding is what a page header shows of an organization.
type Branding struct {
	LogoURL string `json:"logo_url,omitzero"` // https, at most MaxURL bytes
	Accent  string `json:"accent,omitzero"`   // #rrggbb
}

// Bounds of an organization.
const (
	MaxOwners   = 64
	MaxURL      = 2048 // bytes
	MaxTimeZone = 64   // bytes
)

// Ref is the organization's identity.
func (o Organization) Ref() Ref { return OrganizationRef(o.ID).Ref }

func (Organization) entity() {}

// Owns reports whether user is an owner.
func (o Organization) Owns(user UserID) bool {
	_, found := slices.BinarySearch(o.Owners, user)
	return found && user != ""
}

// RoleOf is the role in the organization of somebody on its roster.
func (o Organization) RoleOf(user UserID) Role {
	if o.Owns(user) {
		return RoleOwner
	}
	return RoleMember
}

// Rename returns the organization under another display name.
func (o Organization) Rename(name string) (Organization, error) {
	o.Name = name
	return o, CheckName("name", name)
}

// SetBranding returns the organization with other branding; the zero Branding is none.
func (o Organization) SetBranding(b Branding) (Organization, error) {
	o.Branding = b
	return o, b.check()
}

// SetTimeZone returns the organization with its reports cut in another time zone.
// Whether the zone exists is for its loader to say.
func (o Organization) SetTimeZone(name string) (Organization, error) {
	o.TimeZone = name
	return o, checkTimeZone(name)
}

// AddOwner returns the organization with user among its owners. Adding one that
// is there changes nothing.
func (o Organization) AddOwner(user UserID) (Organization, error) {
	if o.Owns(user) {
		return o, nil
	}
	o.Owners = append(slices.Clone(o.Owners), user)
	slices.Sort(o.Owners)
	return o, o.checkOwners()
}

// RemoveOwner returns the organization without user among its owners.
// Removing one that is not there changes nothing; removing the last is
// [ErrLastOwner].
func (o Organization) RemoveOwner(user UserID) (Organization, error) {
	if !o.Owns(user) {
		return o, nil
	}
	if len(o.Owners) == 1 {
		return o, ErrLastOwner
	}
	o.Owners = slices.DeleteFunc(slices.Clone(o.Owners), func(u UserID) bool { return u == user })
	return o, nil
}

// SetRole returns the organization with m, somebody of its roster, as an owner or as
// a member. Only who is in good standing becomes an owner, and the last owner stays
// one ([ErrLastOwner]).
func (o Organization) SetRole(m Member, role Role) (Organization, error) {
	switch {
	case role == RoleMember:
		return o.RemoveOwner(m.User)
	case role == RoleOwner && m.Active():
		return o.AddOwner(m.User)
	case role == RoleOwner:
		return o, invalid("role", "member, while the person is suspended")
	}
	return o, checkOrgRole("role", role)
}

// Suspend returns the organization with every key refused from now on, until
// resumed. Suspending twice keeps the first time.
func (o Organization) Suspend(now time.Time) Organization {
	if o.Suspended.IsZero() {
		o.Suspended = Instant(now)
	}
	return o
}

// Resume returns the organization with its keys as they were before [Organization.Suspend].
func (o Organization) Resume() Organization {
	o.Suspended = time.Time{}
	return o
}

// Close returns the organization as a tombstone. There is no way back. Closing
// twice keeps the first time.
func (o Organization) Close(now time.Time) Organization {
	if o.Closed.IsZero() {
		o.Closed = Instant(now)
	}
	return o
}

// Erase returns the closed organization without what a page header shows beside its
// name. One that is not closed is a [*FieldError], since there is no way back.
func (o Organization) Erase() (Organization, error) {
	if o.Closed.IsZero() {
		return o, invalid("closed", "set: an organization is closed before it is erased")
	}
	o.Branding = Branding{}
	return o, nil
}

// Validate returns the first [*FieldError] of the record, or nil. Whether the
// time zone exists is for its loader to say.
func (o Organization) Validate() error {
	if _, err := ParseOrgID(string(o.ID)); err != nil {
		return err
	}
	return firstError(
		CheckName("name", o.Name),
		o.Branding.check(),
		checkTimeZone(o.TimeZone),
		checkCurrency(o.Currency),
		o.checkOwners(),
		checkTime("created", o.Created),
		checkTime("suspended", o.Suspended),
		checkTime("closed", o.Closed),
	)
}

func (o Organization) checkOwners() error {
	if len(o.Owners) == 0 || len(o.Owners) > MaxOwners || !ascends(o.Owners) {
		return invalid("owners", "1 to 64 users, sorted, each once")
	}
	for _, u := range o.Owners {
		if _, err := ParseUserID(string(u)); err != nil {
			return invalid("owners", "well-formed user ids")
		}
	}
	return nil
}

var (
	accentForm   = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)
	timeZoneForm = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*$`)
)

func (b Branding) check() error {
	if b.Accent != "" && !accentForm.MatchString(b.Accent) {
		return invalid("accent", "a colour as #rrggbb")
	}
	if b.LogoURL == "" {
		return nil
	}
	u, err := url.Parse(b.LogoURL)
	if err != nil || len(b.LogoURL) > MaxURL || !utf8.ValidString(b.LogoURL) || strings.ContainsFunc(b.LogoURL, blank) ||
		u.Scheme != "https" || u.Hostname() == "" || u.User != nil {
		return invalid("logo_url", "an https URL of at most 2048 bytes, without user information, space or control characters")
	}
	return nil
}

// blank is what an address has none of, an e-mail address neither.
func blank(r rune) bool { return unicode.IsControl(r) || unicode.IsSpace(r) }

func checkTimeZone(name string) error {
	if len(name) > MaxTimeZone || name == "Local" || !timeZoneForm.MatchString(name) {
		return invalid("time_zone", "an IANA time zone name of at most 64 bytes")
	}
	return nil
}

func checkCurrency(code string) error {
	if unit, err := currency.ParseISO(code); err != nil || unit.String() != code {
		return invalid("currency", "an ISO 4217 code in upper case")
	}
	return nil
}

// ascends reports whether a list is sorted and has everything once.
func ascends[T ~string](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
