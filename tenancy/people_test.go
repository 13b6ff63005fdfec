package tenancy_test

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

func TestMemberSuspendAndResume(t *testing.T) {
	m := aMember()
	once := m.Suspend(now.Add(time.Nanosecond))
	if !once.Suspended.Equal(now) || once.Active() || !m.Active() {
		t.Errorf("suspended = %+v, of %+v", once, m)
	}
	if again := once.Suspend(later); !again.Suspended.Equal(now) {
		t.Errorf("suspended twice: %v, want the first time", again.Suspended)
	}
	if diff := gocmp.Diff(m, once.Resume()); diff != "" {
		t.Errorf("resumed (-before +after):\n%s", diff)
	}
}

func TestSetRole(t *testing.T) {
	bob, cyd := tenancy.Member{User: "bob", Membership: stay}, tenancy.Member{User: "cyd", Membership: stay}
	for _, tt := range []struct {
		name string
		m    tenancy.Member
		role tenancy.Role
		want []tenancy.UserID
		err  error
		why  string
	}{
		{"promoted", cyd, tenancy.RoleOwner, []tenancy.UserID{"ann", "bob", "cyd"}, nil, "by an owner"},
		{"an owner already", bob, tenancy.RoleOwner, []tenancy.UserID{"ann", "bob"}, nil, "no change"},
		{"demoted", bob, tenancy.RoleMember, []tenancy.UserID{"ann"}, nil, "by an owner"},
		{"a member already", cyd, tenancy.RoleMember, []tenancy.UserID{"ann", "bob"}, nil, "no change"},
		{"suspended", cyd.Suspend(now), tenancy.RoleOwner, nil, tenancy.ErrInvalid, "owners are in good standing"},
		{"suspended, to member", cyd.Suspend(now), tenancy.RoleMember, []tenancy.UserID{"ann", "bob"}, nil, "no change"},
		{"on no roster", tenancy.Member{User: "cyd"}, tenancy.RoleOwner, nil, tenancy.ErrInvalid, "owners are on the roster"},
		{"to viewer", cyd, tenancy.RoleViewer, nil, tenancy.ErrInvalid, "no role of an organization"},
		{"to nothing", bob, "", nil, tenancy.ErrInvalid, "zero is no role"},
	} {
		got, err := anOrganization().SetRole(tt.m, tt.role)
		if !errors.Is(err, tt.err) {
			t.Errorf("%s: %v, want %v (%s)", tt.name, err, tt.err, tt.why)
		} else if diff := gocmp.Diff(tt.want, got.Owners); err == nil && diff != "" {
			t.Errorf("%s (%s) (-want +got):\n%s", tt.name, tt.why, diff)
		}
	}
	one, err := anOrganization().RemoveOwner("ann")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := one.SetRole(bob, tenancy.RoleMember); !errors.Is(err, tenancy.ErrLastOwner) {
		t.Errorf("the last owner demoted: %v", err)
	}
}

func TestRoleOf(t *testing.T) {
	for user, want := range map[tenancy.UserID]tenancy.Role{"ann": "owner", "bob": "owner", "cyd": "member"} {
		if got := anOrganization().RoleOf(user); got != want {
			t.Errorf("RoleOf(%s) = %s, want %s", user, got, want)
		}
	}
}

func TestPlace(t *testing.T) {
	p, m, before := aProject(), aMember(), aPlace()
	former := m
	former.Membership = "mem_01J0000000000000000000000Z"
	fresh := tenancy.ProjectMember{Org: org, Project: project, User: "ann", Membership: stay, Role: tenancy.RoleOwner, Added: later}
	kept := fresh
	kept.Added = before.Added
	anew := fresh
	anew.Membership = former.Membership
	for name, tt := range map[string]struct {
		before tenancy.ProjectMember
		stay   tenancy.Member
		want   tenancy.ProjectMember
	}{
		"in place of none":                {tenancy.ProjectMember{}, m, fresh},
		"of one that counts":              {before, m, kept},
		"of an earlier stay's":            {before, former, anew},
		"of a place with an unknown role": {tenancy.ProjectMember{Org: org, Project: project, User: "ann", Membership: stay, Role: "admin", Added: now}, m, fresh},
	} {
		if diff := gocmp.Diff(tt.want, p.Place(tt.before, tt.stay, tenancy.RoleOwner, later.Add(time.Nanosecond))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGives(t *testing.T) {
	m := aMember()
	for _, tt := range []struct {
		has, role tenancy.Role
		want      bool
	}{
		{"viewer", "viewer", true}, {"viewer", "member", false}, {"member", "viewer", true}, {"owner", "member", true},
		{"member", "owner", false}, {"", "viewer", false}, {"admin", "viewer", false},
	} {
		place := aPlace()
		place.Role = tt.has
		if place.Gives(m, tt.role) != tt.want {
			t.Errorf("%q gives %q: %v", tt.has, tt.role, !tt.want)
		}
		if place.Gives(m.Suspend(now), tt.role) {
			t.Errorf("%q gives %q to who is suspended", tt.has, tt.role)
		}
	}
}

func TestInviteTransitions(t *testing.T) {
	i := anInvite()
	used := i.Accept("bob", now.Add(time.Nanosecond))
	if !used.Accepted.Equal(now) || used.AcceptedBy != "bob" || used.Pending(now) || !i.Pending(now) || used.Validate() != nil {
		t.Errorf("accepted = %+v", used)
	}
	back := i.Revoke(now.Add(time.Nanosecond))
	if !back.Revoked.Equal(now) || back.Pending(now) || !i.Pending(now) || back.Validate() != nil {
		t.Errorf("revoked = %+v", back)
	}
	if again := back.Revoke(later); !again.Revoked.Equal(now) {
		t.Errorf("revoked twice: %v, want the first time", again.Revoked)
	}
}

func TestInviteBy(t *testing.T) {
	i, m := anInvite(), aMember()
	for name, tt := range map[string]struct {
		user   tenancy.UserID
		joined time.Time
		want   bool
	}{
		"on the roster before": {"ann", i.Created.Add(-time.Microsecond), true},
		"from that moment":     {"ann", i.Created, true},
		"joined again since":   {"ann", i.Created.Add(time.Microsecond), false},
		"somebody else":        {"bob", i.Created, false},
	} {
		m.User, m.Joined = tt.user, tt.joined
		if i.By(m) != tt.want {
			t.Errorf("%s: %v", name, !tt.want)
		}
	}
}

func TestInviteCheckExpiry(t *testing.T) {
	for name, tt := range map[string]struct {
		expires time.Time
		ok      bool
	}{
		"never":             {time.Time{}, false},
		"now":               {now, false},
		"a moment from now": {now.Add(time.Microsecond), true},
		"in 30 days":        {now.Add(tenancy.MaxInviteLife), true},
		"a moment later":    {now.Add(tenancy.MaxInviteLife + time.Microsecond), false},
	} {
		i := anInvite()
		i.Expires = tt.expires
		if err := i.CheckExpiry(now); (err == nil) != tt.ok || err != nil && !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The rules say how long: 7 days, and the store's limits allow for 32 places.
func TestInviteBounds(t *testing.T) {
	if tenancy.InviteLife != 168*time.Hour || tenancy.MaxInviteLife != 720*time.Hour || tenancy.MaxPlacements != 32 {
		t.Errorf("an invite lives for %v, at most %v, with %d places", tenancy.InviteLife, tenancy.MaxInviteLife, tenancy.MaxPlacements)
	}
}

// A24: an address that looks or folds alike may be somebody else's.
func TestA24InviteIsFor(t *testing.T) {
	for _, tt := range []struct {
		invited, asked string
		want           bool
		why            string
	}{
		{"kim@acme.example", "kim@acme.example", true, "the same"},
		{"Kim@Acme.Example", "kIM@aCME.eXAMPLE", true, "letters of ASCII compare in either case"},
		{"AZaz@[`{x", "azAZ@[`{x", true, "all of them"},
		{"k@x", "[@x", false, "and no other sign"},
		{"k`x", "k@x", false, "none before A"},
		{"k{x", "k[x", false, "none behind Z"},
		{"a@x", "A@X@", false, "longer"},
		{"kim@acme.example", "\u212aim@acme.example", false, "the Kelvin sign folds to k"},
		{"iris@acme.example", "\u0131ris@acme.example", false, "dotless i"},
		{"s@acme.example", "\u017f@acme.example", false, "long s"},
		{"\u00e9@acme.example", "e\u0301@acme.example", false, "another normal form"},
		{"\u00e9@acme.example", "\u00c9@acme.example", false, "letters beyond ASCII are as they are"},
		{"kim@acme.example", "kim@acme.example.", false, "another name"},
		{"", "", false, "nobody's"},
	} {
		i := anInvite()
		i.Email = tt.invited
		if i.IsFor(tt.asked) != tt.want {
			t.Errorf("%q for %q: %v (%s)", tt.invited, tt.asked, !tt.want, tt.why)
		}
	}
}

func TestMemberErase(t *testing.T) {
	m := aMember()
	want := m
	want.Name, want.Email = "", ""
	got := m.Suspend(now).Erase().Resume()
	if diff := gocmp.Diff(want, got); diff != "" || got.Validate() != nil || got.Erase() != got {
		t.Errorf("erased: %v (-want +got):\n%s", got.Validate(), diff)
	}
}

func TestInviteErase(t *testing.T) {
	open := anInvite()
	gone := open
	gone.Email = tenancy.ErasedEmail
	for name, tt := range map[string]struct {
		from, want tenancy.Invite
		at         time.Time
	}{
		"pending: it is taken back":  {open, gone.Revoke(now), now},
		"expired: it needs no more":  {open, gone, later},
		"accepted: it stays so":      {open.Accept("bob", now), gone.Accept("bob", now), now},
		"revoked: the time is kept":  {open.Revoke(now), gone.Revoke(now), now.Add(time.Second)},
		"erased before: no change":   {open.Erase(now), gone.Revoke(now), now.Add(time.Second)},
		"in nanoseconds: an instant": {open, gone.Revoke(now), now.Add(time.Nanosecond)},
	} {
		got := tt.from.Erase(tt.at)
		if diff := gocmp.Diff(tt.want, got); diff != "" || got.Validate() != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, got.Validate(), diff)
		}
	}
}

func TestVoid(t *testing.T) {
	m, other := aMember(), aMember()
	other.Membership = "mem_01J0000000000000000000000Z"
	for name, tt := range map[string]struct {
		place tenancy.ProjectMember
		stay  tenancy.Member
		want  bool
	}{
		"of this stay":          {aPlace(), m, false},
		"of one suspended":      {aPlace(), m.Suspend(now), false},
		"of an earlier stay":    {aPlace(), other, true},
		"of one who left":       {aPlace(), tenancy.Member{}, true},
		"of no stay, left too":  {tenancy.ProjectMember{}, tenancy.Member{}, true},
		"of no stay, but there": {tenancy.ProjectMember{}, m, true},
	} {
		if got := tt.place.Void(tt.stay); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
