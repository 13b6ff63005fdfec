package tenancy_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
)

type organization = tenancy.Organization

func users(n int) []tenancy.UserID {
	us := make([]tenancy.UserID, n)
	for i := range us {
		us[i] = tenancy.UserID(fmt.Sprintf("u%02d", i))
	}
	return us
}

func TestOrganizationValidate(t *testing.T) {
	branding := func(logo string) func(*organization) {
		return func(o *organization) { o.Branding = tenancy.Branding{LogoURL: logo} }
	}
	accent := func(s string) func(*organization) { return func(o *organization) { o.Branding.Accent = s } }
	zone := func(s string) func(*organization) { return func(o *organization) { o.TimeZone = s } }
	money := func(s string) func(*organization) { return func(o *organization) { o.Currency = s } }
	owners := func(us ...tenancy.UserID) func(*organization) { return func(o *organization) { o.Owners = us } }
	url := func(n int) string { return "https://a.example/" + strings.Repeat("a", n-len("https://a.example/")) }
	checkValidate(t, anOrganization, []edit[organization]{
		{"id of another kind", "ids are typed", func(o *organization) { o.ID = tenancy.OrgID(project) }, "organization"},
		{"no name", "a header shows it", func(o *organization) { o.Name = "" }, "name"},
		{"no branding", "it is optional", func(o *organization) { o.Branding = tenancy.Branding{} }, ""},
		{"logo without accent", "each is optional", branding("https://a.example/l.svg"), ""},
		{"accent without logo", "each is optional", func(o *organization) { o.Branding.LogoURL = "" }, ""},
		{"logo at 2048 bytes", "the most", branding(url(2048)), ""},
		{"logo at 2049 bytes", "one above", branding(url(2049)), "logo_url"},
		{"logo that is not UTF-8", "every engine keeps texts", branding("https://a.example/\xff"), "logo_url"},
		{"logo without a host", "a port is none", branding("https://:443/l.svg"), "logo_url"},
		{"logo over http", "https only", branding("http://a.example/l.svg"), "logo_url"},
		{"logo as data", "https only", branding("data:image/png;base64,AAAA"), "logo_url"},
		{"logo as script", "https only", branding("javascript:alert(1)"), "logo_url"},
		{"logo without a scheme", "https only", branding("//a.example/l.svg"), "logo_url"},
		{"logo without a host", "nowhere", branding("https:///l.svg"), "logo_url"},
		{"logo with a user", "no credentials in a page", branding("https://u:p@a.example/l.svg"), "logo_url"},
		{"logo with a line feed", "no URL", branding("https://a.example/\n"), "logo_url"},
		{"logo at 2047 bytes", "one below", branding(url(2047)), ""},
		{"logo with an empty user", "no credentials in a page", branding("https://@a.example/l.svg"), "logo_url"},
		{"logo with a space", "no URL", branding("https://a.example/my logo.svg"), "logo_url"},
		{"logo with a space that does not break", "it looks like one", branding("https://a.example/my\u00a0logo.svg"), "logo_url"},
		{"logo with a line separator", "scripts end there", branding("https://a.example/\u2028"), "logo_url"},
		{"logo with a control character beyond ASCII", "nobody sees it", branding("https://a.example/\u0085"), "logo_url"},
		{"logo beyond ASCII", "hosts have such names", branding("https://bücher.example/große.svg"), ""},
		{"accent of six digits", "as CSS writes it", accent("#09afAF"), ""},
		{"accent of five digits", "one below", accent("#aabbc"), "accent"},
		{"accent of seven digits", "one above", accent("#aabbccd"), "accent"},
		{"logo with a broken escape", "no URL", branding("https://a.example/%zz"), "logo_url"},
		{"accent of three digits", "six of them", accent("#abc"), "accent"},
		{"accent of eight digits", "six of them", accent("#aabbccdd"), "accent"},
		{"accent without its sign", "as CSS writes it", accent("aabbcc"), "accent"},
		{"accent by name", "six digits", accent("red"), "accent"},
		{"accent of no digits", "hexadecimal", accent("#gggggg"), "accent"},
		{"accent with a line feed", "nothing behind it", accent("#aabbcc\n"), "accent"},
		{"UTC", "a zone", zone("UTC"), ""},
		{"zone of three parts", "a zone", zone("America/Argentina/Buenos_Aires"), ""},
		{"zone with a sign", "a zone", zone("Etc/GMT+5"), ""},
		{"zone of one letter", "the least", zone("Z"), ""},
		{"zone at 63 bytes", "one below", zone("A/" + strings.Repeat("a", 61)), ""},
		{"zone at 64 bytes", "the most", zone("A/" + strings.Repeat("a", 62)), ""},
		{"zone at 65 bytes", "one above", zone("A/" + strings.Repeat("a", 63)), "time_zone"},
		{"no zone", "it must be said", zone(""), "time_zone"},
		{"the machine's zone", "another on each machine", zone("Local"), "time_zone"},
		{"zone that climbs", "loaders read files", zone("../../etc/passwd"), "time_zone"},
		{"zone from the root", "loaders read files", zone("/etc/passwd"), "time_zone"},
		{"zone with two slashes", "no name", zone("Asia//Kolkata"), "time_zone"},
		{"zone by offset", "not a name", zone("+05:45"), "time_zone"},
		{"zone with NUL", "no name", zone("UTC\x00"), "time_zone"},
		{"Swiss francs", "a currency", money("CHF"), ""},
		{"no currency", "it must be said", money(""), "currency"},
		{"currency of two letters", "one below", money("EU"), "currency"},
		{"currency of four letters", "one above", money("EURO"), "currency"},
		{"currency in lower case", "one spelling", money("eur"), "currency"},
		{"unknown currency", "not in ISO 4217", money("ZZZ"), "currency"},
		{"currency sign", "a code", money("€"), "currency"},
		{"no owner", "at least one", owners(), "owners"},
		{"one owner", "the least", owners("ann"), ""},
		{"64 owners", "the most", owners(users(64)...), ""},
		{"65 owners", "one above", owners(users(65)...), "owners"},
		{"an owner twice", "removing one would leave none", owners("ann", "ann"), "owners"},
		{"owners out of order", "they are searched", owners("bob", "ann"), "owners"},
		{"owner without a name", "nobody", owners("", "ann"), "owners"},
		{"owner with NUL", "no user id", owners("a\x00"), "owners"},
	})
	checkValidate(t, anOrganization, badNames("name", func(o *organization) *string { return &o.Name }))
	checkValidate(t, anOrganization, badTimes("created", func(o *organization) *time.Time { return &o.Created }))
	checkValidate(t, anOrganization, badTimes("suspended", func(o *organization) *time.Time { return &o.Suspended }))
	checkValidate(t, anOrganization, badTimes("closed", func(o *organization) *time.Time { return &o.Closed }))
}

func TestOwns(t *testing.T) {
	o := anOrganization()
	for user, want := range map[tenancy.UserID]bool{"ann": true, "bob": true, "cy": false, "": false, "Ann": false, "an": false, "annn": false} {
		if o.Owns(user) != want {
			t.Errorf("Owns(%q) = %v", user, !want)
		}
	}
	if (organization{Owners: []tenancy.UserID{""}}).Owns("") || (organization{}).Owns("ann") {
		t.Error("a zero value owns")
	}
}

func TestC9Owners(t *testing.T) {
	with := func(us ...tenancy.UserID) organization {
		o := anOrganization()
		o.Owners = slices.Grow(slices.Clone(us), 1) // room, into which a careless append would write
		return o
	}
	add, remove := organization.AddOwner, organization.RemoveOwner
	tests := []struct {
		name, why string
		o         organization
		verb      func(organization, tenancy.UserID) (organization, error)
		user      tenancy.UserID
		want      []tenancy.UserID
		err       error
	}{
		{"add in front", "sorted", with("bob"), add, "ann", []tenancy.UserID{"ann", "bob"}, nil},
		{"add behind", "sorted", with("ann"), add, "bob", []tenancy.UserID{"ann", "bob"}, nil},
		{"add again", "changes nothing", with("ann", "bob"), add, "bob", []tenancy.UserID{"ann", "bob"}, nil},
		{"add the first", "an organization is made with one", with(), add, "ann", []tenancy.UserID{"ann"}, nil},
		{"add the 64th", "the most", with(users(63)...), add, "u63", users(64), nil},
		{"add the 65th", "one above", with(users(64)...), add, "u64", nil, tenancy.ErrInvalid},
		{"add again to 64", "changes nothing", with(users(64)...), add, "u63", users(64), nil},
		{"add nobody", "no user id", with("ann"), add, "", nil, tenancy.ErrInvalid},
		{"remove one of two", "one is left", with("ann", "bob"), remove, "ann", []tenancy.UserID{"bob"}, nil},
		{"remove the last", "at least one owner", with("ann"), remove, "ann", nil, tenancy.ErrLastOwner},
		{"remove somebody else", "changes nothing", with("ann"), remove, "bob", []tenancy.UserID{"ann"}, nil},
		{"remove nobody", "changes nothing", with("ann"), remove, "", []tenancy.UserID{"ann"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := append([]tenancy.UserID{}, tt.o.Owners...)
			got, err := tt.verb(tt.o, tt.user)
			if !errors.Is(err, tt.err) {
				t.Fatalf("%s: error %v, want %v", tt.why, err, tt.err)
			}
			if diff := cmp.Diff(tt.want, got.Owners); err == nil && diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
			if diff := cmp.Diff(before, append([]tenancy.UserID{}, tt.o.Owners...)); diff != "" {
				t.Errorf("the receiver was changed (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRemovingLeavesAnOwner(t *testing.T) {
	o := anOrganization()
	o.Owners = users(5)
	var err error
	for _, u := range users(5) {
		if o, err = o.RemoveOwner(u); len(o.Owners) == 0 || (err != nil) != (u == "u04") {
			t.Fatalf("after %q: %v, %v", u, o.Owners, err)
		}
	}
}

func TestOrganizationTransitions(t *testing.T) {
	type verb = func(organization) organization
	suspend := func(at time.Time) verb { return func(o organization) organization { return o.Suspend(at) } }
	end := func(at time.Time) verb { return func(o organization) organization { return o.Close(at) } }
	tests := []struct {
		name, why         string
		verbs             []verb
		suspended, closed time.Time
	}{
		{"suspend", "from now on", []verb{suspend(now)}, now, time.Time{}},
		{"suspend twice", "the first time is kept", []verb{suspend(now), suspend(later)}, now, time.Time{}},
		{"resume", "as before", []verb{suspend(now), organization.Resume}, time.Time{}, time.Time{}},
		{"resume twice", "as before", []verb{organization.Resume, organization.Resume}, time.Time{}, time.Time{}},
		{"suspend anew", "after resuming", []verb{suspend(now), organization.Resume, suspend(later)}, later, time.Time{}},
		{"close", "a tombstone", []verb{end(now)}, time.Time{}, now},
		{"close twice", "the first time is kept", []verb{end(now), end(later)}, time.Time{}, now},
		{"resume a closed one", "there is no way back", []verb{end(now), suspend(now), organization.Resume}, time.Time{}, now},
		{"in another zone, with nanoseconds", "times are instants", []verb{suspend(now.Add(7).In(time.FixedZone("", 60)))}, now, time.Time{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := anOrganization()
			for _, v := range tt.verbs {
				got = v(got)
			}
			want := anOrganization()
			want.Suspended, want.Closed = tt.suspended, tt.closed
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
			if err := got.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestOrganizationRename(t *testing.T) {
	o := anOrganization()
	got, err := o.Rename("New")
	if err != nil || got.Name != "New" || o.Name != "Acme" {
		t.Errorf("Rename = %q, %v; the receiver has %q", got.Name, err, o.Name)
	}
	_, err = o.Rename("\n")
	checkField(t, err, "name", "no display name")
}

func TestOrganizationSettings(t *testing.T) {
	type verb = func(organization) (organization, error)
	brand := func(b tenancy.Branding) verb {
		return func(o organization) (organization, error) { return o.SetBranding(b) }
	}
	zone := func(name string) verb {
		return func(o organization) (organization, error) { return o.SetTimeZone(name) }
	}
	for _, tt := range []struct {
		name, why string
		verb      verb
		change    func(*organization) // where it succeeds
		field     string              // where it does not
	}{
		{"branding", "both at once", brand(tenancy.Branding{LogoURL: "https://b.example/b.png", Accent: "#000000"}),
			func(o *organization) {
				o.Branding = tenancy.Branding{LogoURL: "https://b.example/b.png", Accent: "#000000"}
			}, ""},
		{"no branding", "it is optional", brand(tenancy.Branding{}), func(o *organization) { o.Branding = tenancy.Branding{} }, ""},
		{"a logo over http", "https only", brand(tenancy.Branding{LogoURL: "http://b.example/b.png"}), nil, "logo_url"},
		{"no colour", "six digits", brand(tenancy.Branding{Accent: "blue"}), nil, "accent"},
		{"time zone", "a name", zone("Europe/Berlin"), func(o *organization) { o.TimeZone = "Europe/Berlin" }, ""},
		{"no time zone", "it must be said", zone(""), nil, "time_zone"},
	} {
		got, err := tt.verb(anOrganization())
		if checkField(t, err, tt.field, tt.why); tt.field != "" {
			continue
		}
		want := anOrganization()
		tt.change(&want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}

func TestOrganizationErase(t *testing.T) {
	if _, err := anOrganization().Erase(); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("one in use: %v, want ErrInvalid", err)
	}
	want := anOrganization().Close(now)
	got, err := want.Erase()
	want.Branding = tenancy.Branding{}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, erased (-want +got):\n%s", err, diff)
	}
}
