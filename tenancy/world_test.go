package tenancy_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"example.com/tenet/tenancy"
)

const (
	org     = tenancy.OrgID("org_01J0000000000000000000000A")
	project = tenancy.ProjectID("proj_01J0000000000000000000000B")
	stay    = tenancy.MembershipID("mem_01J0000000000000000000000C")
	invite  = tenancy.InviteID("inv_01J0000000000000000000000D")
	key     = tenancy.KeyID("key_AbCdEf012345")
)

var (
	now   = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	later = now.Add(time.Hour)
)

// The records of a small world, each valid, each made anew.

func anOrganization() tenancy.Organization {
	return tenancy.Organization{ID: org, Name: "Acme", TimeZone: "Asia/Kathmandu", Currency: "EUR",
		Branding: tenancy.Branding{LogoURL: "https://acme.example/logo.svg", Accent: "#a0B1c2"},
		Owners:   []tenancy.UserID{"ann", "bob"}, Created: now}
}

func aSubscription() tenancy.Subscription {
	return tenancy.Subscription{Org: org, Plan: "pro", Models: tenancy.Models("m1", "m2"),
		Default: tenancy.Limits{monthly(5)}, Maximum: tenancy.Limits{monthly(9)}}
}

func aMember() tenancy.Member {
	return tenancy.Member{Org: org, User: "ann", Membership: stay, Name: "Ann", Email: "ann@acme.example", Joined: now}
}

func aProject() tenancy.Project {
	return tenancy.Project{Org: org, ID: project, Name: "Search", Models: tenancy.Models("m1"),
		Limits: tenancy.Limits{monthly(5)}, Created: now}
}

func aPlace() tenancy.ProjectMember {
	return tenancy.ProjectMember{Org: org, Project: project, User: "ann", Membership: stay, Role: tenancy.RoleViewer, Added: now}
}

func aSecret() tenancy.KeySecret {
	return tenancy.KeySecret{Digest: tenancy.Digest{1}, Seal: tenancy.Digest{2}, Pepper: "2026", Hint: "wxyz", MintedBy: "ann", Minted: now}
}

func aKey() tenancy.Key {
	return tenancy.Key{Org: org, ID: key, Project: project, Kind: tenancy.KeyPersonal, Name: "laptop", Holder: "ann", Membership: stay,
		Models: tenancy.AllModels(), Limits: tenancy.Limits{monthly(1)}, Current: aSecret(), CreatedBy: "ann", Created: now}
}

func anInvite() tenancy.Invite {
	return tenancy.Invite{Org: org, ID: invite, Email: "cy@acme.example", Role: tenancy.RoleMember,
		Placements: []tenancy.Placement{{Project: project, Role: tenancy.RoleOwner}},
		Digest:     tenancy.Digest{3}, Pepper: "2026", InvitedBy: "ann", Created: now, Expires: later}
}

func aModel() tenancy.Model {
	return tenancy.Model{ID: "m1", Orgs: []tenancy.OrgID{org}, Created: now,
		Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 75, From: now}}}
}

func monthly(most int64) tenancy.Limit {
	return tenancy.Limit{Measure: tenancy.MeasureMoney, Window: tenancy.WindowMonth, Max: most}
}

// An edit of a record, and the field that it makes invalid; none where it is "".
type edit[T any] struct {
	name, why string
	change    func(*T)
	field     string
}

// checkValidate tries each edit on a record of its own.
func checkValidate[T interface{ Validate() error }](t *testing.T, record func() T, edits []edit[T]) {
	t.Helper()
	if err := record().Validate(); err != nil {
		t.Fatalf("the record itself: %v", err)
	}
	for _, e := range edits {
		t.Run(e.name, func(t *testing.T) {
			r := record()
			e.change(&r)
			checkField(t, r.Validate(), e.field, e.why)
		})
	}
}

// checkField fails unless err is a FieldError of field, or nil where field is "".
func checkField(t *testing.T, err error, field, why string) {
	t.Helper()
	if field == "" {
		if err != nil {
			t.Errorf("%s: error %v, want none", why, err)
		}
		return
	}
	fe, ok := errors.AsType[*tenancy.FieldError](err)
	if !ok || fe.Field != field || !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("%s: error %v, want a FieldError of %q", why, err, field)
	}
}

// badTimes are the edits that every time of a record refuses or takes.
func badTimes[T any](field string, at func(*T) *time.Time) []edit[T] {
	set := func(v time.Time) func(*T) { return func(r *T) { *at(r) = v } }
	return []edit[T]{
		{field + " zero", "zero means not", set(time.Time{}), ""},
		{field + " of a microsecond", "whole microseconds", set(now.Add(time.Microsecond)), ""},
		{field + " of a nanosecond", "whole microseconds", set(now.Add(1)), field},
		{field + " of another zone", "UTC only", set(now.In(time.FixedZone("", 3600))), field},
		{field + " with monotonic reading", "it is not stored", set(time.Now()), field},
		{field + " at 1970", "the first", set(time.Unix(0, 0).UTC()), ""},
		{field + " before 1970", "one below the first", set(time.Unix(0, -1000).UTC()), field},
		{field + " at the end of 9999", "the last", set(time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC)), ""},
		{field + " in 10000", "one above the last", set(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)), field},
	}
}

// badNames are the edits that every name of a record refuses or takes.
func badNames[T any](field string, at func(*T) *string) []edit[T] {
	set := func(v string) func(*T) { return func(r *T) { *at(r) = v } }
	return []edit[T]{
		{field + " of one byte", "the least", set("a"), ""},
		{field + " at 128 bytes", "the most", set(strings.Repeat("a", 128)), ""},
		{field + " at 129 bytes", "one above", set(strings.Repeat("a", 129)), field},
		{field + " of 65 letters in 130 bytes", "bytes count, not letters", set(strings.Repeat("é", 65)), field},
		{field + " with NUL", "a control character", set("a\x00b"), field},
		{field + " with a line feed", "a control character", set("a\nb"), field},
		{field + " with DEL", "a control character", set("a\x7fb"), field},
		{field + " with C1", "a control character", set("a\u0085b"), field},
		{field + " with a line separator", "it breaks lines", set("a\u2028b"), field},
		{field + " with a paragraph separator", "it breaks lines", set("a\u2029b"), field},
		{field + " of invalid UTF-8", "not text", set("a\xff"), field},
		{field + " of an overlong NUL", "not text", set("a\xc0\x80"), field},
		{field + " of a lone surrogate", "not text", set("a\xed\xa0\x80"), field},
		{field + " with a space in front", "names that look alike", set(" a"), field},
		{field + " with a wide space behind", "names that look alike", set("a\u3000"), field},
		{field + " of a joiner", "nothing to see", set("\u200b"), field},
		{field + " of a space", "nothing to see", set(" "), field},
		{field + " with a space inside", "words", set("a b"), ""},
		{field + " of emoji", "text like any other", set("👩‍🚀"), ""},
		{field + " of 255 bytes folded", "21 notes of 12 and three letters", set(strings.Repeat("\U0001d160", 21) + "abc"), ""},
		{field + " of 256 bytes folded", "one above", set(strings.Repeat("\U0001d160", 21) + "abcd"), field},
	}
}

// badModels are the edits that every set of models refuses or takes.
func badModels[T any](field string, at func(*T) *tenancy.ModelSet) []edit[T] {
	set := func(v tenancy.ModelSet) func(*T) { return func(r *T) { *at(r) = v } }
	return []edit[T]{
		{field + " empty", "none is a choice", set(tenancy.ModelSet{}), ""},
		{field + " all", "all is a choice", set(tenancy.AllModels()), ""},
		{field + " at 320", "the most", set(tenancy.Models(numbered(320)...)), ""},
		{field + " at 321", "one above", set(tenancy.Models(numbered(321)...)), field},
		{field + " with an empty id", "no model", set(tenancy.Models("")), field},
		{field + " with a Kelvin sign", "ids are ASCII", set(tenancy.Models("m", "\u212aimi")), field},
	}
}

// badLimits are the edits that every list of limits refuses or takes.
func badLimits[T any](field string, at func(*T) *tenancy.Limits) []edit[T] {
	set := func(v ...tenancy.Limit) func(*T) { return func(r *T) { *at(r) = v } }
	limit := func(m tenancy.Measure, w tenancy.Window, most int64) tenancy.Limit {
		return tenancy.Limit{Measure: m, Window: w, Max: most}
	}
	var every []tenancy.Limit
	for _, m := range []tenancy.Measure{tenancy.MeasureMoney, tenancy.MeasureTokens, tenancy.MeasureRequests} {
		for _, w := range []tenancy.Window{tenancy.WindowMinute, tenancy.WindowHour, tenancy.WindowDay, tenancy.WindowMonth} {
			every = append(every, limit(m, w, 1))
		}
	}
	every = append(every, limit(tenancy.MeasureInFlight, "", 1))
	seventeen := make([]tenancy.Limit, tenancy.MaxLimits+1)
	return []edit[T]{
		{field + " none", "no limit is none", set(), ""},
		{field + " every one there is", "each measure and window once", set(every...), ""},
		{field + " 17", "more than 16 are refused unread", set(seventeen...), field},
		{field + " of 0", "admits nothing", set(limit(tenancy.MeasureTokens, tenancy.WindowDay, 0)), ""},
		{field + " of -1", "no ceiling is below nothing", set(limit(tenancy.MeasureTokens, tenancy.WindowDay, -1)), field},
		{field + " of 2^63-1", "the most that there is", set(limit(tenancy.MeasureTokens, tenancy.WindowDay, 1<<63-1)), ""},
		{field + " of the zero Limit", "no measure", set(tenancy.Limit{}), field},
		{field + " without a window", "an amount in no time", set(limit(tenancy.MeasureTokens, "", 1)), field},
		{field + " of another window", "unknown", set(limit(tenancy.MeasureTokens, "week", 1)), field},
		{field + " of another measure", "unknown", set(limit("joules", tenancy.WindowDay, 1)), field},
		{field + " in flight with a window", "it has none", set(limit(tenancy.MeasureInFlight, tenancy.WindowDay, 1)), field},
		{field + " twice the same", "which one holds?", set(monthly(1), monthly(2)), field},
		{field + " same measure, other window", "two ceilings", set(monthly(1), limit(tenancy.MeasureMoney, tenancy.WindowDay, 1)), ""},
		{field + " same window, other measure", "two ceilings", set(monthly(1), limit(tenancy.MeasureTokens, tenancy.WindowMonth, 1)), ""},
	}
}
