package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// ids are what a verb is asked about. A test puts in foreign and made-up ones.
type ids struct {
	org     tenancy.OrgID
	project tenancy.ProjectID
	service tenancy.KeyID
	mems    tenancy.KeyID
	invite  tenancy.InviteID
}

func (w *town) ids() ids {
	return ids{org: w.org, project: w.project.ID, service: w.key.ID, mems: w.mems.ID, invite: w.invite.ID}
}

var lately = tenet.Span{From: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}

// verb is one thing that a person may do, as data: tests put other things into its
// arguments, one text at a time. may has a column for each of people, "+" done, "f"
// forbidden, "-" not found, "l" the last owner stays; an operator's is of operatorVerbs.
type verb struct {
	name  string // the method, "Operator." before it where it is that one's, and after a slash the case
	may   string // ann pat mem vic rob otto nik
	org   bool   // it names nothing but the organization
	why   string
	by    string                                   // who does it well; empty is the first who may
	alike bool                                     // another case of the method takes the same, and only who may differs
	once  bool                                     // it cannot be done again in the same town
	first func(ctx context.Context, w *town) error // what a town lacks for it; may be nil
	args  func(on grounds) []any                   // good ones, after the context
}

// verbs is section 3 of the rules, for all that an Actor can do.
func verbs() []verb {
	return slices.Concat(projectVerbs(), keyVerbs(), peopleVerbs(), organizationVerbs())
}

func projectVerbs() []verb {
	return []verb{
		{name: "Organization", may: "+++++--", org: true, why: "the roster sees name and branding", args: orgOnly},
		{name: "Settings", may: "+ffff--", org: true, why: "owners alone", args: orgOnly},
		{name: "VisibleProjects", may: "+++++--", org: true, why: "an empty list is an answer to the roster", args: orgOnly},
		{name: "CreateProject", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any {
			return []any{on.org, tenet.NewProject{Name: fmt.Sprint("new ", on.n), Models: tenancy.Models("small")}}
		}},
		{name: "Project", may: "++++---", why: "who has a place in it", args: projectOnly},
		{name: "RenameProject", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, "renamed"} }},
		{name: "ArchiveProject", may: "++ff---", why: "the role table: project owners too", args: projectOnly},
		{name: "RestoreProject", may: "+fff---", why: "owners of the organization alone", once: true, first: archived, args: func(on grounds) []any {
			return []any{on.org, on.project, "restored"}
		}},
		{name: "ArchivedProjects", may: "+++++--", org: true, why: "an empty list is an answer to the roster", first: archived, args: orgOnly},
		{name: "ActiveProject", may: "+++++--", org: true, why: "none is an answer to the roster", args: func(on grounds) []any { return []any{on.org, on.project, on.project} }},
		{name: "TurnOnModels", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, "small"} }},
		{name: "TurnOffModels", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, "gpt-4o"} }},
		{name: "ProjectModels", may: "++++---", why: "all who see the project", args: projectOnly},
		{name: "SetProjectModels", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, tenancy.Models("small")} }},
		{name: "SetProjectMember", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, on.user("rob"), tenancy.RoleViewer} }},
		{name: "SetProjectMember/oneself", may: "++ff---", why: "A11: nobody promotes themselves", alike: true, args: func(on grounds) []any {
			return []any{on.org, on.project, on.user("mem"), tenancy.RoleOwner}
		}},
		{name: "RemoveProjectMember", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.project, on.user("vic")} }},
		{name: "CreateKey/service", may: "++ff---", why: "owners", args: func(on grounds) []any {
			return []any{on.org, on.project, tenet.NewKey{Name: "new", Kind: tenancy.KeyService, Models: tenancy.Models("gpt-4o")}}
		}},
		{name: "CreateKey/personal", may: "+++f---", why: "who may call models", args: func(on grounds) []any { return []any{on.org, on.project, personalKey("new")} }},
		{name: "RevokeKey/service", may: "++ff---", why: "owners", args: func(on grounds) []any { return []any{on.org, on.service} }},
		{name: "RevokeKey/personal", may: "+++f---", why: "its holder, and owners", alike: true, args: func(on grounds) []any { return []any{on.org, on.mems} }},
		{name: "Keys", may: "++++---", why: "metadata, for all who see the project", args: projectOnly},
		{name: "Usage", may: "++++---", why: "all who see the project", args: func(on grounds) []any {
			return []any{on.org, on.project, tenet.UsageQuery{Span: lately, Step: usage.StepDay, By: []usage.Dimension{usage.ByKey}}}
		}},
		{name: "Activity", may: "++++---", why: "all who see the project", args: func(on grounds) []any { return []any{on.org, on.project, tenet.ActivityQuery{}} }},
		{name: "OrganizationUsage", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any {
			return []any{on.org, tenet.UsageQuery{Span: lately, Step: usage.StepDay, By: []usage.Dimension{usage.ByProject}}}
		}},
		{name: "OrganizationActivity", may: "+ffff--", org: true, why: "owners of the organization alone", args: func(on grounds) []any { return []any{on.org, tenet.ActivityQuery{}} }},
		{name: "EachActivity/organization", may: "+ffff--", org: true, why: "owners of the organization alone", alike: true, args: func(on grounds) []any { return []any{on.org, "", tenet.ActivityQuery{}} }},
		{name: "EachActivity/project", may: "++++---", why: "all who see the project", args: func(on grounds) []any { return []any{on.org, on.project, tenet.ActivityQuery{}} }},
		{name: "Audit/organization", may: "+ffff--", org: true, why: "owners of the organization alone", alike: true, args: func(on grounds) []any { return []any{on.org, "", tenet.AuditQuery{}} }},
		{name: "Audit/project", may: "++ff---", why: "the project's owners read its own", args: func(on grounds) []any { return []any{on.org, on.project, vics(on)} }},
	}
}

func TestA14WhoMayDoWhat(t *testing.T) {
	want := map[byte]error{'+': nil, 'f': tenet.ErrForbidden, '-': tenet.ErrNotFound, 'l': tenancy.ErrLastOwner}
	for _, v := range verbs() {
		t.Run(v.name, func(t *testing.T) {
			w := newTown(t)
			for i, u := range slices.Backward(people) { // those who may do nothing first
				before := len(entries(t, w.st, w.org))
				err := v.do(t.Context(), w.As(u), w.ids())
				if !errors.Is(err, want[v.may[i]]) || err != nil && v.may[i] == '+' {
					t.Errorf("%s: %v, want %v (%s)", u, err, want[v.may[i]], v.why)
				}
				if err != nil && len(entries(t, w.st, w.org)) != before {
					t.Errorf("%s was refused, and something was written", u)
				}
			}
			if n := len(entries(t, w.st, w.other)); n != 2 {
				t.Errorf("%d entries in the other organization, want 2", n)
			}
		})
	}
}

// A15, A16: what is another tenant's, what is of another kind, what is malformed and
// what is not there are one answer, word for word.
func TestA15NotFoundIsOneAnswer(t *testing.T) {
	w := newTown(t)
	_, others, err := w.As("otto").CreateKey(t.Context(), w.other, w.shop.ID, serviceKey("till"))
	mustNot(t, err)
	p, _ := w.Authenticate(t.Context(), others.Reveal())
	theirs, _, err := w.As("otto").Invite(t.Context(), w.other, tenet.NewInvite{Email: "eve@example.com"})
	mustNot(t, err)
	mine := w.ids()
	before := [2]int{len(entries(t, w.st, w.org)), len(entries(t, w.st, w.other))}
	absent := ids{"org_01JD0000000000000000000000", "proj_01JD0000000000000000000000", "key_000000000000", "key_000000000000", "inv_01JD0000000000000000000000"}
	foreign := ids{w.other, w.shop.ID, p.Key(), p.Key(), theirs.ID}
	kinds := ids{tenancy.OrgID(mine.project), tenancy.ProjectID(mine.org), tenancy.KeyID(mine.project), tenancy.KeyID(mine.project), tenancy.InviteID(mine.project)}
	none := ids{}
	odd := ids{"org_\x00", "proj_\xff", "key_'; drop table key; --", "key_" + tenancy.KeyID(strings.Repeat("x", 1<<20)), "inv_\x00"}
	for _, v := range verbs() {
		if v.name == "Audit/project" || v.name == "Roster/project" || v.name == "EachActivity/project" {
			continue // without a project it is the organization's
		}
		texts := map[string]bool{}
		for name, on := range map[string]ids{
			"absent": absent, "foreign": foreign, "of other kinds": kinds, "empty": none, "malformed": odd,
			"foreign organization": {w.other, mine.project, mine.service, mine.mems, mine.invite},
			"foreign in mine":      {mine.org, foreign.project, foreign.service, foreign.mems, foreign.invite},
			"absent in mine":       {mine.org, absent.project, absent.service, absent.mems, absent.invite},
			"malformed in mine":    {mine.org, odd.project, odd.service, odd.mems, odd.invite},
			"kinds in mine":        {mine.org, kinds.project, kinds.service, kinds.mems, kinds.invite},
			"nothing in mine":      {org: mine.org},
		} {
			if v.org && on.org == mine.org {
				continue // it names nothing but the organization
			}
			for _, op := range []store.OperationID{"", "op-1"} {
				err := v.do(t.Context(), w.As("ann").With(tenet.ChangeOptions{Op: op}), on)
				if !errors.Is(err, tenet.ErrNotFound) {
					t.Errorf("%s of %s: %v, want ErrNotFound", v.name, name, err)
				} else {
					texts[err.Error()] = true
				}
			}
		}
		if len(texts) != 1 {
			t.Errorf("%s has %d texts for one answer: %v", v.name, len(texts), texts)
		}
	}
	if got := [2]int{len(entries(t, w.st, w.org)), len(entries(t, w.st, w.other))}; got != before {
		t.Errorf("%v entries, want %v: nothing was written", got, before)
	}
}

// Who may not is told that, whatever they send: nobody learns what is a good argument of
// what they may not do.
func TestA14RefusalsComeFirst(t *testing.T) {
	w := newTown(t)
	before := digest(t, w.under)
	for _, v := range verbs() {
		for i, u := range people {
			if v.may[i] == '+' || v.may[i] == 'l' {
				continue
			}
			for at := range v.asked(w.grounds()).slots(t) {
				for _, text := range []string{"", " ", "x", "\x00", "\xff", xs(4096)} {
					a := v.asked(w.grounds())
					s := a.slots(t)[at]
					if s.path == "As" || strings.HasPrefix(s.path, "With.") || s.path == "project" && text == "" {
						continue // without a project it is the organization's
					}
					a.by = u
					s.set(text)
					err := a.do(t.Context(), w.Tenet).err
					if !errors.Is(err, tenet.ErrNotFound) && (v.may[i] != 'f' || !errors.Is(err, tenet.ErrForbidden)) {
						t.Errorf("%s for %s, who may not, with %s = %.20q: %v", v.name, u, s.path, text, err)
					}
				}
			}
		}
	}
	if digest(t, w.under) != before {
		t.Error("what is refused changes the store")
	}
}

func third[A, B any](_ A, _ B, err error) error { return err }

// B8 and the rest: values out of bounds are typed errors, never a panic.
func TestB8OtherBounds(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	far := time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	key := func(change func(*tenet.NewKey)) error {
		k := serviceKey("k")
		change(&k)
		return third(ann.CreateKey(ctx, w.org, w.project.ID, k))
	}
	organization := func(change func(*tenet.NewOrganization)) error {
		o := tenet.NewOrganization{Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil"}}
		change(&o)
		return second(ops.CreateOrganization(ctx, o))
	}
	for name, err := range map[string]error{
		"expired already":  key(func(k *tenet.NewKey) { k.Expires = time.Now().Add(-time.Second) }),
		"expires in 12000": key(func(k *tenet.NewKey) { k.Expires = far }),
		"expires in an odd zone": key(func(k *tenet.NewKey) {
			k.Expires = time.Date(12000, 1, 1, 0, 0, 0, 0, time.FixedZone("odd", 30*3600))
		}),
		"no kind":                    key(func(k *tenet.NewKey) { k.Kind = "" }),
		"unknown kind":               key(func(k *tenet.NewKey) { k.Kind = "admin" }),
		"malformed model":            key(func(k *tenet.NewKey) { k.Models = tenancy.Models("a b") }),
		"too many models":            key(func(k *tenet.NewKey) { k.Models = tenancy.Models(manyModels(321)...) }),
		"unknown role":               ann.SetProjectMember(ctx, w.org, w.project.ID, "rob", "admin"),
		"no role":                    ann.SetProjectMember(ctx, w.org, w.project.ID, "rob", ""),
		"roster role":                second(ops.AddMember(ctx, w.org, tenet.NewMember{User: "x", Role: "viewer"})),
		"turned on outside the plan": second(ann.TurnOnModels(ctx, w.org, w.project.ID, "unheard-of")),
		"alias turned on":            second(ann.TurnOnModels(ctx, w.org, w.project.ID, "latest")),
		"too many turned on":         second(ann.TurnOnModels(ctx, w.org, w.project.ID, manyModels(321)...)),
		"malformed turned off":       second(ann.TurnOffModels(ctx, w.org, w.project.ID, "a b")),
		"zone that does not exist":   second(ann.SetTimeZone(ctx, w.org, "Europe/Atlantis")),
		"zone that climbs":           second(ann.SetTimeZone(ctx, w.org, "../../etc/passwd")),
		"no zone":                    second(ann.SetTimeZone(ctx, w.org, "")),
		"the machine's own zone":     second(ann.SetTimeZone(ctx, w.org, "Local")),
		"logo with credentials":      second(ann.SetBranding(ctx, w.org, tenancy.Branding{LogoURL: "https://u:p@a.example/"})),
		"accent by name":             second(ann.SetBranding(ctx, w.org, tenancy.Branding{Accent: "red"})),
		"model not in plan":          second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("unheard-of"))),
		"alias in a set":             second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("latest"))),
		"prices of 12000":            ops.PutModel(ctx, tenancy.Model{ID: "m", Public: true, Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", From: far}}}),
		"retired in 12000":           ops.PutModel(ctx, tenancy.Model{ID: "m", Retired: far}),
		"alias of nothing":           ops.PutModel(ctx, tenancy.Model{ID: "m", Alias: "unheard-of"}),
		"alias of an alias":          ops.PutModel(ctx, tenancy.Model{ID: "m", Alias: "latest"}),
		"alias of itself":            ops.PutModel(ctx, tenancy.Model{ID: "m", Alias: "m"}),
		"model from alias":           ops.PutModel(ctx, tenancy.Model{ID: "latest", Public: true}),
		"alias from model":           ops.PutModel(ctx, tenancy.Model{ID: "small", Alias: "gpt-4o"}),
		"unknown zone":               organization(func(o *tenet.NewOrganization) { o.TimeZone = "Europe/Atlantis" }),
		"zone as a path":             organization(func(o *tenet.NewOrganization) { o.TimeZone = "../../etc/passwd" }),
		"local zone":                 organization(func(o *tenet.NewOrganization) { o.TimeZone = "Local" }),
		"no currency":                organization(func(o *tenet.NewOrganization) { o.Currency = "" }),
		"no owner":                   organization(func(o *tenet.NewOrganization) { o.Owner = tenet.NewMember{} }),
		"logo over http":             organization(func(o *tenet.NewOrganization) { o.Branding.LogoURL = "http://x" }),
	} {
		if !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	long := store.OperationID(strings.Repeat("x", 256))
	for _, op := range []store.OperationID{long, "\x00", "\xff"} {
		if _, err := ann.With(tenet.ChangeOptions{Op: op}).CreateProject(ctx, w.org, tenet.NewProject{Name: "x"}); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("operation id of %d bytes: %v, want store.ErrInvalid", len(op), err)
		}
	}
	if err := ann.SetProjectMember(ctx, w.org, w.project.ID, "nik", tenancy.RoleViewer); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("somebody who is on no roster: %v", err)
	}
	if err := ann.SetProjectMember(ctx, w.org, w.project.ID, "otto", tenancy.RoleViewer); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("somebody of another roster: %v", err)
	}
	edit(t, w.st, tenancy.MemberRef(w.org, "rob"), func(m *tenancy.Member) { m.Suspended = m.Joined })
	if _, err := ops.AddMember(ctx, w.org, tenet.NewMember{User: "rob", Role: tenancy.RoleOwner}); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("a suspended owner: %v", err)
	}
	owners := []error{}
	for i := range 65 {
		owners = append(owners, second(ops.AddMember(ctx, w.org, tenet.NewMember{User: tenancy.UserID(fmt.Sprint("o", i)), Role: tenancy.RoleOwner})))
	}
	if !errors.Is(owners[63], tenancy.ErrInvalid) || owners[62] != nil {
		t.Errorf("the 64th and 65th owner: %v, %v", owners[62], owners[63])
	}
}

func manyModels(n int) (ids []tenancy.ModelID) {
	for i := range n {
		ids = append(ids, tenancy.ModelID(fmt.Sprint("m", i)))
	}
	return ids
}

// Archiving and restoring, with the name that the project gave up.
func TestArchiveAndRestore(t *testing.T) {
	w := newTown(t)
	ctx, ann, id := t.Context(), w.As("ann"), w.project.ID
	entriesOf := func() int { return len(entries(t, w.st, w.org)) }
	first := must[tenancy.Project](t)(w.As("pat").ArchiveProject(ctx, w.org, id))
	n := entriesOf()
	if again := must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, id)); !again.Archived.Equal(first.Archived) || entriesOf() != n {
		t.Error("archiving twice changed something")
	}
	for _, tt := range []struct {
		name string
		err  error
		want error
		why  string
	}{
		{"rename", second(ann.RenameProject(ctx, w.org, id, "x")), tenancy.ErrArchived, "writes are refused"},
		{"models", second(ann.SetProjectModels(ctx, w.org, id, tenancy.ModelSet{})), tenancy.ErrArchived, "writes are refused"},
		{"models on", second(ann.TurnOnModels(ctx, w.org, id, "small")), tenancy.ErrArchived, "writes are refused"},
		{"models off", second(ann.TurnOffModels(ctx, w.org, id, "gpt-4o")), tenancy.ErrArchived, "writes are refused"},
		{"people", ann.SetProjectMember(ctx, w.org, id, "rob", tenancy.RoleViewer), tenancy.ErrArchived, "writes are refused"},
		{"displace", ann.RemoveProjectMember(ctx, w.org, id, "vic"), tenancy.ErrArchived, "writes are refused"},
		{"key", third(ann.CreateKey(ctx, w.org, id, serviceKey("x"))), tenancy.ErrArchived, "writes are refused"},
		{"a project owner looks", second(w.As("pat").Project(ctx, w.org, id)), nil, "for the people who run things"},
		{"a project owner's models", second(w.As("pat").ProjectModels(ctx, w.org, id)), nil, "for the people who run things"},
		{"a member's models", second(w.As("mem").ProjectModels(ctx, w.org, id)), tenet.ErrNotFound, "it is gone from their navigation"},
		{"a member looks", second(w.As("mem").Project(ctx, w.org, id)), tenet.ErrNotFound, "it is gone from their navigation"},
		{"a member's usage", second(w.As("mem").Usage(ctx, w.org, id, tenet.UsageQuery{Span: lately})), tenet.ErrNotFound, "it is gone from their navigation"},
		{"a project owner's usage", second(w.As("pat").Usage(ctx, w.org, id, tenet.UsageQuery{Span: lately})), nil, "the numbers stay"},
		{"a project owner restores", second(w.As("pat").RestoreProject(ctx, w.org, id, "")), tenet.ErrForbidden, "owners of the organization alone"},
		{"revoking a key", ann.RevokeKey(ctx, w.org, w.mems.ID), nil, "a leak does not wait for a restore"},
	} {
		if !errors.Is(tt.err, tt.want) || tt.want == nil && tt.err != nil {
			t.Errorf("%s: %v, want %v (%s)", tt.name, tt.err, tt.want, tt.why)
		}
	}
	must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "PROD"}))
	if _, err := ann.RestoreProject(ctx, w.org, id, ""); !errors.Is(err, tenancy.ErrNameTaken) {
		t.Errorf("restored under a name that was taken: %v", err)
	}
	if _, err := ann.RestoreProject(ctx, w.org, id, "PrOd"); !errors.Is(err, tenancy.ErrNameTaken) {
		t.Errorf("restored under the folded name: %v", err)
	}
	if p := must[tenancy.Project](t)(ann.RestoreProject(ctx, w.org, id, "prod 2")); p.Name != "prod 2" || !p.Archived.IsZero() {
		t.Errorf("restored = %+v", p)
	}
	n = entriesOf()
	if p := must[tenancy.Project](t)(ann.RestoreProject(ctx, w.org, id, "prod 3")); p.Name != "prod 2" || entriesOf() != n {
		t.Errorf("restored twice = %+v", p)
	}
	if _, d := w.Authenticate(ctx, w.secret.Reveal()); !d.Allowed() {
		t.Errorf("a key that worked before: %+v", d)
	}
	if _, d := w.Authenticate(ctx, w.memsSc.Reveal()); d.Allowed() {
		t.Errorf("a key that was revoked meanwhile: %+v", d)
	}
}

func TestNames(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	p := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "Straße"}))
	if _, err := ann.RenameProject(ctx, w.org, w.project.ID, "STRASSE"); !errors.Is(err, tenancy.ErrNameTaken) {
		t.Errorf("a taken name: %v", err)
	}
	if p := must[tenancy.Project](t)(ann.RenameProject(ctx, w.org, p.ID, "STRASSE")); p.Name != "STRASSE" {
		t.Errorf("one's own name in another case: %+v", p)
	}
	must[tenancy.Project](t)(ann.RenameProject(ctx, w.org, p.ID, "lane"))
	must[tenancy.Project](t)(ann.RenameProject(ctx, w.org, w.project.ID, "strasse")) // given up, and free
	must[tenancy.Project](t)(w.As("otto").RenameProject(ctx, w.other, w.shop.ID, "lane"))
	var names []string
	for p, err := range ann.VisibleProjects(ctx, w.org) {
		mustNot(t, err)
		names = append(names, p.Value.Name)
	}
	if diff := gocmp.Diff([]string{"lane", "strasse"}, names); diff != "" {
		t.Errorf("projects (-want +got):\n%s", diff)
	}
}

// What projects have on may stay when it leaves the plan, and comes back with it;
// what is not in the plan cannot be turned on, and does not differ from what does
// not exist.
func TestModelsOutsideThePlan(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "theirs", Orgs: []tenancy.OrgID{w.other}}))
	mustNot(t, ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("small", "theirs")}))
	must[tenancy.Project](t)(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("gpt-4o", "small"))) // gpt-4o is kept
	must[tenancy.Project](t)(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("small")))
	var texts []string
	for _, id := range []tenancy.ModelID{"gpt-4o", "theirs", "unheard-of"} {
		_, err := ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("small", id))
		if !errors.Is(err, tenancy.ErrInvalid) {
			t.Fatalf("turning on %s: %v", id, err)
		}
		texts = append(texts, err.Error())
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("the catalogue can be probed: %q", texts)
	}
}

func TestOrganizations(t *testing.T) {
	w := newTown(t)
	ctx, ops := t.Context(), w.Operator("ops")
	must[tenancy.Member](t)(ops.AddMember(ctx, w.other, tenet.NewMember{User: "mem"}))
	of := func(u tenancy.UserID) (names []string) {
		for _, h := range must[[]tenet.OrganizationHeader](t)(w.As(u).Organizations(ctx)) {
			names = append(names, h.Name)
		}
		slices.Sort(names)
		return names
	}
	if diff := gocmp.Diff(map[string][]string{"mem": {"Acme", "Beta"}, "rob": {"Acme"}, "nik": nil},
		map[string][]string{"mem": of("mem"), "rob": of("rob"), "nik": of("nik")}); diff != "" {
		t.Errorf("organizations (-want +got):\n%s", diff)
	}
	edit(t, w.st, tenancy.MemberRef(w.org, "rob"), func(m *tenancy.Member) { m.Suspended = m.Joined })
	mustNot(t, ops.CloseOrganization(ctx, w.other))
	if got := of("rob"); got != nil {
		t.Errorf("a suspended member's: %v", got)
	}
	if got := of("mem"); !slices.Equal(got, []string{"Acme"}) {
		t.Errorf("with one closed: %v", got)
	}
	if _, err := w.As("a\x00").Organizations(ctx); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("a malformed user: %v", err)
	}
	for _, v := range verbs() {
		on := ids{org: w.other, project: w.shop.ID}
		if err := v.do(ctx, w.As("otto"), on); !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("%s in a closed organization: %v", v.name, err)
		}
	}
	for name, err := range map[string]error{
		"suspend": ops.Suspend(ctx, w.other), "resume": ops.Resume(ctx, w.other), "close": ops.CloseOrganization(ctx, "org_1"),
		"add": second(ops.AddMember(ctx, w.other, tenet.NewMember{User: "x"})), "plan": ops.SetSubscription(ctx, tenancy.Subscription{Org: "nonsense"}),
	} {
		if !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
}

// A limited workspace: somebody on the roster without a project has an identity, a
// header and an empty list.
func TestLimitedWorkspace(t *testing.T) {
	w := newTown(t)
	n := 0
	for _, err := range w.As("rob").VisibleProjects(t.Context(), w.org) {
		mustNot(t, err)
		n++
	}
	h := must[tenet.OrganizationHeader](t)(w.As("rob").Organization(t.Context(), w.org))
	if n != 0 || h != (tenet.OrganizationHeader{ID: w.org, Name: "Acme"}) {
		t.Errorf("%d projects, header %+v", n, h)
	}
}

// Nothing works after Close, and nothing panics.
func TestB10AfterClose(t *testing.T) {
	w := newTownOver(t, memory.New())
	mustNot(t, w.Close())
	ctx, ops := t.Context(), w.Operator("ops")
	for _, v := range verbs() {
		if err := v.do(ctx, w.As("ann"), w.ids()); !errors.Is(err, tenet.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", v.name, err)
		}
	}
	for name, err := range map[string]error{
		"organizations": second(w.As("ann").Organizations(ctx)),
		"snapshot":      second(w.Snapshot(ctx)),
		"model":         ops.PutModel(ctx, tenancy.Model{ID: "m"}),
	} {
		if !errors.Is(err, tenet.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}
