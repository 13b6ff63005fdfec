package storetest

import (
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func payloadCases() []testCase {
	return []testCase{
		{
			name:  "input/payloads",
			rules: "R6 N1 N4 L6 T5 U10",
			why:   "A text that is SQL, JSON, a pattern or control characters names nothing and does nothing, in every argument that takes a text: it is an id like any other, or none.",
			run:   payloadsNameNothing,
		},
		{
			name:  "input/payloads-written",
			rules: "R6 N4",
			why:   "The same texts as ids and as values are kept as they are and touch nothing else.",
			run:   payloadsAreKept,
		},
	}
}

// payloads are texts that some engine, shell or parser takes for more than a text.
func payloads() []string {
	all := []string{
		`{"$ne":null}`, `{"org":"` + string(orgA) + `"}`, `["` + string(orgA) + `","proj_1"]`, `","proj_1"]`, `\u0027`, `\x27`, `\"`, `"}`, `]}`,
		"${jndi:x}", "{{7*7}}", "<script>1</script>", "$(id)", "`id`", "; id", "| id", "../../x", "file:///x", "a\r\nb: c", "\x1b[2J", "\x1a", "\x7f\x08",
		"a\x00b", "\x00", "\xff", "a\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\ufeff", "\u202e", "%00", "%27", "&#39;",
		strings.Repeat("'", 255), strings.Repeat("(", 255), strings.Repeat("[", 255), strings.Repeat("%", 255), strings.Repeat("a", 256),
	}
	ends := []string{"", " --", "/*", ";"}
	for _, open := range []string{"'", `"`, "`", "]", "')", `'))`, `\'`, "x' ", "\u02bc", "%bf'"} {
		for _, then := range []string{" OR 1=1", " OR ''='", "; DROP TABLE project", " UNION SELECT * FROM log", "||(SELECT 1)||", " AND 0", " LIMIT 0"} {
			all = append(all, open+then+ends[len(all)%len(ends)])
		}
	}
	return all
}

// named says whether a text can be part of a name at all.
func named(s string) bool {
	return len(s) <= tenancy.MaxRefPart && utf8.ValidString(s) && !strings.Contains(s, "\x00")
}

func payloadsNameNothing(e *env) {
	e.create(full(orgA, "a")...)
	e.create(full(orgB, "b")[:8]...)
	var before ledger
	if e.u != nil {
		e.append(trace(30)...)
		before = e.ledger()
	}
	e.unchanged("calls with payloads", func() {
		for _, s := range payloads() {
			e.probeRecords(s)
			e.probeLog(s)
			if e.u != nil {
				e.probeUsage(s)
			}
		}
	})
	if e.u != nil {
		e.same("usage", before, e.ledger())
	}
}

// found notes a failure unless a call with the text s in it found nothing, or
// refused s where it is no name.
func (e *env) found(call, s string, n int, err error) {
	if named(s) {
		e.refused(call+" with a payload", err, nil)
	} else {
		e.refused(call+" with what is no name", err, store.ErrInvalid)
	}
	if n != 0 {
		e.errorf("%s with a payload found %d", call, n)
		e.enough()
	}
}

func (e *env) probeRecords(s string) {
	org, user := tenancy.OrgID(s), tenancy.UserID(s)
	project := tenancy.ProjectID(s)
	refs := []tenancy.Ref{
		tenancy.OrganizationRef(org).Ref, tenancy.SubscriptionRef(org).Ref, tenancy.MemberRef(org, "u1").Ref, tenancy.MemberRef(orgA, user).Ref,
		tenancy.ProjectRef(org, "proj_1").Ref, tenancy.ProjectRef(orgA, project).Ref, tenancy.ProjectMemberRef(orgA, "proj_1", user).Ref,
		tenancy.ProjectMemberRef(orgA, project, "u1").Ref, tenancy.KeyRef(orgA, tenancy.KeyID(s)).Ref, tenancy.InviteRef(orgA, tenancy.InviteID(s)).Ref,
		tenancy.NameClaimRef(orgA, s).Ref, tenancy.ModelRef(tenancy.ModelID(s)).Ref,
	}
	rs, err := e.s.Get(e.ctx, refs...)
	n := 0
	for _, r := range rs {
		if r.Rev != 0 {
			n++
		}
	}
	e.found("Get", s, n, err)
	for _, ref := range refs {
		at := store.Check{Ref: ref, Rev: 1}
		for _, b := range []store.Batch{{Check: []store.Check{at}}, {Delete: []store.Check{at}}} {
			b.Entry = e.entry(ref.Org)
			_, err := e.s.Commit(e.ctx, b)
			if !errors.Is(err, store.ErrConflict) || !named(s) {
				e.found("Commit", s, 0, err)
			}
			if err == nil {
				e.fatalf("a commit that rests on a payload succeeded")
			}
		}
	}
	for _, q := range []store.Query{
		{Listing: store.Within, Kind: tenancy.KindKey, Org: org}, store.MembershipsOfUser(user).Query, store.NamesOf(org).Query,
		store.MembersOf(org, "proj_1").Query, store.MembersOf(orgA, project).Query, store.RolesOf(org, "u1").Query, store.RolesOf(orgA, user).Query,
		store.KeysOf(org, "proj_1").Query, store.KeysOf(orgA, project).Query, store.PersonalKeysOf(org, "u1").Query, store.PersonalKeysOf(orgA, user).Query,
		store.KeysByID(tenancy.KeyID(s)).Query, store.InvitesOf(org).Query, store.InvitesByID(tenancy.InviteID(s)).Query,
	} {
		p, err := e.s.List(e.ctx, q)
		e.found("List", s, len(p.Records), err)
	}
}

func (e *env) probeLog(s string) {
	for _, q := range []store.TrailQuery{
		{Org: tenancy.OrgID(s)}, {Org: orgA, Op: store.OperationID(s)}, {Org: orgA, Project: tenancy.ProjectID(s)},
		{Org: orgA, Actor: tenancy.UserID(s)}, {Org: orgA, Action: store.Action(s)}, {Org: orgA, Subject: tenancy.KeyRef(orgA, tenancy.KeyID(s)).Ref},
	} {
		t, err := e.s.Trail(e.ctx, q)
		e.found("Trail", s, len(t.Entries), err)
	}
	_, err := e.s.Changes(e.ctx, store.Cursor(s), 1)
	e.refused("Changes after a payload", err, store.ErrResync)
	_, err = e.s.Trail(e.ctx, store.TrailQuery{Org: orgA, After: s})
	e.refused("Trail after a payload", err, store.ErrInvalid)
	_, err = e.s.List(e.ctx, store.Query{Listing: store.Names, Org: orgA, After: s})
	e.refused("List after a payload", err, store.ErrInvalid)
	if w, ok := e.s.(store.Waiter); ok {
		e.refused("Wait after a payload", w.Wait(e.ctx, store.Cursor(s)), store.ErrResync)
	}
	if p, ok := e.s.(store.Pruner); ok && named(s) {
		n, err := p.PruneLog(e.ctx, tenancy.OrgID(s), noon.Add(time.Hour))
		e.found("PruneLog", s, n, err)
	}
}

func (e *env) probeUsage(s string) {
	whole, _ := hours()
	for _, q := range []store.RecordQuery{
		{Org: tenancy.OrgID(s)}, {Org: orgA, Project: tenancy.ProjectID(s)}, {Org: orgA, Key: tenancy.KeyID(s)},
		{Org: orgA, User: tenancy.UserID(s)}, {Org: orgA, Model: tenancy.ModelID(s)},
	} {
		p, err := e.u.Records(e.ctx, q)
		e.found("Records", s, len(p.Records), err)
	}
	_, err := e.u.Records(e.ctx, store.RecordQuery{Org: orgA, After: s})
	e.refused("Records after a payload", err, store.ErrInvalid)
	for _, q := range []store.TotalQuery{{Org: tenancy.OrgID(s), Cuts: whole}, {Org: orgA, Project: tenancy.ProjectID(s), Cuts: whole}} {
		ts, err := e.u.Totals(e.ctx, q)
		e.found("Totals", s, len(ts), err)
	}
	if e.up != nil && named(s) {
		ds, err := e.up.Verify(e.ctx, tenancy.OrgID(s), whole[0], whole[1])
		e.found("Verify", s, len(ds), err)
		e.must("Rebuild", e.up.Rebuild(e.ctx, tenancy.OrgID(s), whole[0], whole[1]))
	}
}

func payloadsAreKept(e *env) {
	e.create(full(orgA, "a")...)
	records, entries := e.observables(orgA)
	var vs []tenancy.Entity
	for i, s := range payloads() {
		if !named(s) {
			continue
		}
		vs = append(vs, project(orgB, s, s), tenancy.NameClaim{Org: orgB, Folded: s, Project: tenancy.ProjectID(s)})
		if i%8 == 0 {
			vs = append(vs, tenancy.Member{Org: tenancy.OrgID(s), User: tenancy.UserID(s), Name: s, Email: s})
		}
	}
	e.create(vs...)
	for _, v := range vs {
		e.holds("a record that is made of a payload", v)
	}
	e.remove(vs[0].Ref())
	e.same("what is left", len(vs)-1, len(e.picture().Records)-len(full(orgA, "a")))
	gotRecords, gotEntries := e.observables(orgA)
	e.same("records of the other organization", records, gotRecords)
	e.same("entries of the other organization", entries, gotEntries)
}
