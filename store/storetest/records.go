package storetest

import (
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func recordCases() []testCase {
	return []testCase{
		{
			name:  "records/every-field",
			rules: "R1",
			why:   "A record of every kind comes back with every field as it was written: a field that a backend drops is a limit, an expiry or a revocation that no longer holds.",
			run:   func(e *env) { e.roundTrip(full(orgA, "full")) },
		},
		{
			name:  "records/no-field",
			rules: "R2",
			why:   "A record with nothing set but its identity comes back so: a zero time, an empty list and an empty text are values, and zero values deny.",
			run:   func(e *env) { e.roundTrip(bare(orgA, "bare")) },
		},
		{
			name:  "records/empty-is-not-all",
			rules: "R2",
			why:   "The empty model set and the explicit \"all\" stay apart: one that became the other would open every model.",
			run:   emptyIsNotAll,
		},
		{
			name:  "records/unknown-texts",
			rules: "R2",
			why:   "The text of a role, kind, measure, window, unit or plan that this version does not know comes back as it was: an older process must not take from a newer one what it does not understand.",
			run:   unknownTexts,
		},
		{
			name:  "records/times",
			rules: "R1",
			why:   "Every microsecond of UTC from 1970 to 9999, the first one included, comes back as itself and apart from the zero time, which means never.",
			run:   timesComeBack,
		},
		{
			name:  "records/texts",
			rules: "R1",
			why:   "Texts come back byte for byte: nothing is escaped, folded, normalised or trimmed on the way.",
			run:   textsComeBack,
		},
		{
			name:  "records/replaced-whole",
			rules: "R3",
			why:   "A put replaces the whole record: a field that the new value leaves empty must not keep its old value.",
			run:   replacedWhole,
		},
		{
			name:  "records/get-absent",
			rules: "G2",
			why:   "An absent record is the zero Record and no error, in its place among those that exist.",
			run:   getAbsent,
		},
		{
			name:  "records/get-in-order",
			rules: "G1",
			why:   "Get answers in the order of its refs, a ref named twice answered twice: callers match by position.",
			run:   getOrder,
		},
		{
			name:  "input/refs",
			rules: "G4",
			why:   "A ref with a part too many, too few, too long or not text is ErrInvalid: such a ref names nothing, and must not be taken for one that does.",
			run:   getMalformed,
		},
	}
}

// roundTrip writes records and reads them by Get and by listing.
func (e *env) roundTrip(values []tenancy.Entity) {
	if len(values) != len(tenancy.Kinds()) {
		e.fatalf("samples cover %d kinds of %d", len(values), len(tenancy.Kinds()))
	}
	e.create(values...)
	for _, v := range values {
		kind := v.Ref().Kind
		e.holds("Get of "+kind.String(), v)
		e.same("List of "+kind.String(), []tenancy.Entity{v}, e.values(store.Query{Listing: store.All, Kind: kind}, 0))
	}
}

func emptyIsNotAll(e *env) {
	for i, set := range []tenancy.ModelSet{{}, tenancy.AllModels(), tenancy.Models("all"), tenancy.Models("m2", "m1")} {
		id := string(rune('a' + i))
		p := tenancy.Project{Org: orgA, ID: tenancy.ProjectID(id), Models: set}
		k := tenancy.Key{Org: orgA, ID: tenancy.KeyID(id), Models: set}
		s := tenancy.Subscription{Org: tenancy.OrgID("org_" + id), Models: set}
		e.create(p, k, s)
		e.holds("project", p)
		e.holds("key", k)
		e.holds("subscription", s)
	}
}

func unknownTexts(e *env) {
	limits := tenancy.Limits{{Measure: "moonbeams", Window: "eon", Max: 7}}
	const role = tenancy.Role("astronaut")
	for _, v := range []tenancy.Entity{
		tenancy.Subscription{Org: orgA, Plan: "Plan 9 ☄", Default: limits, Maximum: limits},
		tenancy.Organization{ID: orgA, TimeZone: "Luna/Tycho", Currency: "XXÉ"},
		tenancy.Project{Org: orgA, ID: "p", Limits: limits},
		tenancy.ProjectMember{Org: orgA, Project: "p", User: "u", Role: role},
		tenancy.Key{Org: orgA, ID: "k", Project: "p", Kind: "robot", Holder: "u", Limits: limits},
		tenancy.Invite{Org: orgA, ID: "i", Role: role, Placements: []tenancy.Placement{{Project: "p", Role: role + " "}, {Project: "q", Role: "OWNER"}}},
		tenancy.Model{ID: "m", Prices: []tenancy.Price{{Unit: "moonbeams", Currency: "eur", Nano: 1, From: noon}}},
	} {
		e.create(v)
		kind := v.Ref().Kind
		e.holds("Get of "+kind.String(), v)
		e.same("List of "+kind.String(), []tenancy.Entity{v}, e.values(store.Query{Listing: store.All, Kind: kind}, 0))
		e.replace(v)
		e.holds("Get of "+kind.String()+", written again", v)
	}
}

func timesComeBack(e *env) {
	for i, t := range []time.Time{
		{},
		time.Unix(0, 0).UTC(),
		time.Unix(0, 1000).UTC(),
		time.Date(2026, 3, 29, 1, 30, 0, 999999000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	} {
		p := tenancy.Project{Org: orgA, ID: tenancy.ProjectID(rune('a' + i)), Created: t, Archived: t}
		k := tenancy.Key{Org: orgA, ID: tenancy.KeyID(rune('a' + i)), Created: t, Expires: t, Revoked: t}
		k.Current.Minted, k.Current.Ends = t, t
		e.create(p, k)
		e.holds("project", p)
		e.holds("key", k)
	}
}

func textsComeBack(e *env) {
	var vs []tenancy.Entity
	for i, text := range append(lookAlikes(), "", " ", "\r\n", "\x01\x7f", `\u0000`, "{}", "null", strings.Repeat("ü", 4000)) {
		id := tenancy.ProjectID("proj_" + string(rune(0x100+i)))
		vs = append(vs, project(orgA, string(id), text), tenancy.Member{Org: orgA, User: tenancy.UserID(id), Name: text, Email: text})
	}
	e.create(vs...)
	for _, v := range vs {
		e.holds("record", v)
	}
}

func replacedWhole(e *env) {
	e.create(full(orgA, "x")...)
	for _, v := range bare(orgA, "x") {
		e.replace(v)
		e.holds(v.Ref().Kind.String(), v)
	}
	for _, v := range full(orgA, "x") {
		e.replace(v)
		e.holds(v.Ref().Kind.String()+" again", v)
	}
}

func getAbsent(e *env) {
	a := project(orgA, "proj_a", "a")
	e.create(a)
	got, err := e.s.Get(e.ctx, tenancy.ProjectRef(orgA, "proj_0").Ref, a.Ref(), tenancy.MemberRef(orgA, "u").Ref)
	e.must("Get", err)
	e.same("records", []store.Record{{}, e.at(a.Ref()), {}}, got)
	got, err = e.s.Get(e.ctx)
	e.must("Get of nothing", err)
	e.same("records of no refs", []store.Record{}, got)
}

func getOrder(e *env) {
	values := append(full(orgA, "x"), project(orgA, "proj_0", "0"), project(orgA, "proj_9", "9"))
	e.create(values...)
	slices.Reverse(values)
	values = append(values, values...)
	var refs []tenancy.Ref
	for _, v := range values {
		refs = append(refs, v.Ref())
	}
	got, err := e.s.Get(e.ctx, refs...)
	e.must("Get", err)
	var gotValues []tenancy.Entity
	for _, r := range got {
		gotValues = append(gotValues, r.Value)
	}
	e.same("values", values, gotValues)
}

func getMalformed(e *env) {
	good := tenancy.ProjectRef(orgA, "proj_1").Ref
	for name, r := range malformedRefs() {
		_, err := e.s.Get(e.ctx, r)
		e.refused("Get of a ref with "+name, err, store.ErrInvalid)
		_, err = e.s.Get(e.ctx, good, r)
		e.refused("Get of a good ref and one with "+name, err, store.ErrInvalid)
	}
}

func malformedRefs() map[string]tenancy.Ref {
	long := strings.Repeat("a", tenancy.MaxRefPart+1)
	return map[string]tenancy.Ref{
		"nothing":               {},
		"an unknown kind":       {Kind: 99, Org: orgA, ID: "x"},
		"no organization":       {Kind: tenancy.KindProject, ID: "x"},
		"no id":                 {Kind: tenancy.KindProject, Org: orgA},
		"a user too many":       {Kind: tenancy.KindProject, Org: orgA, ID: "x", User: "u"},
		"an id too many":        {Kind: tenancy.KindMember, Org: orgA, ID: "x", User: "u"},
		"an organization extra": {Kind: tenancy.KindModel, Org: orgA, ID: "x"},
		"a part too long":       {Kind: tenancy.KindProject, Org: orgA, ID: long},
		"NUL":                   {Kind: tenancy.KindProject, Org: orgA, ID: "a\x00b"},
		"invalid UTF-8":         {Kind: tenancy.KindMember, Org: orgA, User: "\xff"},
	}
}
