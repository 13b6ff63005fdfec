package access_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestA5ZeroValuesDeny(t *testing.T) {
	if (access.Decision{}).Allowed() || (access.Decision{}).Effect != access.Deny {
		t.Error("the zero Decision allows")
	}
	empty, err := access.NewSnapshot()
	if err != nil {
		t.Fatal(err)
	}
	for name, view := range map[string]access.View{
		"zero View": {}, "nil Snapshot": (*access.Snapshot)(nil).At(noon), "empty Snapshot": empty.At(noon), "full, asked for nothing": acme().view(t),
	} {
		for _, d := range []access.Decision{
			view.CanCall("", ""), view.CanCall("", "gpt"), view.CanUse("", "", ""), view.CanUse("olga", "", "gpt"), view.CanUse("", "web", "gpt"),
			view.Can("", "", access.Subject{}), view.Can("olga", access.SeeProject, access.Subject{}), view.Can("", access.SeeOrganization, access.Subject{Org: "acme"}),
			view.Can("olga", access.RevokeKey, access.Subject{Org: "gone", Key: "gone"}), view.Explain("", "gpt").Decision,
		} {
			if d.Allowed() || d.Reason == access.ReasonNone {
				t.Errorf("%s: %+v", name, d)
			}
		}
		for m := range view.Models("") {
			t.Errorf("%s: nobody may call %q", name, m.ID)
		}
		for p := range view.VisibleProjects("") {
			t.Errorf("%s: nobody sees %q", name, p.ID)
		}
	}
	for p := range (access.View{}).VisibleProjects("olga") {
		t.Errorf("the zero View shows %q", p.ID)
	}
}

func TestA5ZeroPartsDeny(t *testing.T) {
	w := acme()
	pic := pictureOf(w, "acme")
	c, grant := catalogueOf(w), access.GrantOf(w[tenancy.KeyRef("acme", "svc").Ref].(tenancy.Key))
	if d := pic.Decide(c, &grant, "gpt", noon); !d.Allowed() {
		t.Fatalf("the parts together: %+v", d)
	}
	var none *access.Picture
	twin := pictureOf(w, "beta").With([]tenancy.Entity{tenancy.Project{Org: "beta", ID: "web", Models: tenancy.AllModels()}}, nil)
	headless := pic.With(nil, []tenancy.Ref{tenancy.OrganizationRef("acme").Ref})
	nameless := grant
	nameless.Org = ""
	for name, d := range map[string]access.Decision{
		"nil Picture":            none.Decide(c, &grant, "gpt", noon),
		"empty Picture":          none.With(nil, nil).Decide(c, &grant, "gpt", noon),
		"another's Picture":      pictureOf(w, "beta").Decide(c, &grant, "gpt", noon),
		"a twin project":         twin.Decide(c, &grant, "gpt", noon),
		"no organization at all": headless.Decide(c, &nameless, "gpt", noon),
		"nil Catalogue":          pic.Decide(nil, &grant, "gpt", noon),
		"zero Catalogue":         pic.Decide(&access.Catalogue{}, &grant, "gpt", noon),
		"zero Grant":             pic.Decide(c, &access.Grant{}, "gpt", noon),
		"nil Grant":              pic.Decide(c, nil, "gpt", noon),
		"nil Picture, person":    none.DecideUse(c, "max", "web", "gpt"),
		"empty Picture, person":  none.With(nil, nil).DecideUse(c, "max", "web", "gpt"),
		"nil Catalogue, person":  pic.DecideUse(nil, "max", "web", "gpt"),
		"no project, owner":      pic.DecideUse(c, "olga", "", "gpt"),
		"unknown project, owner": pic.DecideUse(c, "olga", "gone", "gpt"),
	} {
		if d.Allowed() || d.Reason == access.ReasonNone {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if none.Organization().ID != "" || none.Project("web").ID != "" || pic.Project("gone").ID != "" {
		t.Error("what is not there is not zero")
	}
	for name, s := range map[string]access.Standing{
		"zero": {}, "nil Picture": none.Standing("olga", "web"), "stranger": pic.Standing("nils", ""), "nobody": pic.Standing("", ""),
		"owner, unknown project": pic.Standing("olga", "gone"),
	} {
		for _, row := range access.Table() {
			if got := s.May(row.Action, row.Whose); got != access.ReasonNotFound {
				t.Errorf("%s standing: %s %s = %q", name, row.Action, row.Whose, got)
			}
		}
	}
	if grant.Reason(noon) != access.ReasonNone {
		t.Errorf("a live grant speaks against itself: %q", grant.Reason(noon))
	}
	grant.Revoked, grant.Expires = noon, noon
	if grant.Reason(noon) != access.ReasonKeyRevoked {
		t.Errorf("a revoked grant: %q", grant.Reason(noon))
	}
}

// ends are the fields whose zero value means "not ended". Every other field
// grants, or says nothing to a decision.
var ends = map[string]bool{
	"Organization.Suspended": true, "Organization.Closed": true, "Member.Suspended": true, "Project.Archived": true,
	"Key.Expires": true, "Key.Revoked": true, "Model.Retired": true,
}

// field is one field of one record of a world.
type field struct {
	ref   tenancy.Ref
	index int
	name  string // "Key.Kind"
}

// fieldsOf lists the fields of the records of a world.
func fieldsOf(w world) []field {
	var all []field
	for _, v := range w.records() {
		t := reflect.TypeOf(v)
		for i := range t.NumField() {
			all = append(all, field{v.Ref(), i, t.Name() + "." + t.Field(i).Name})
		}
	}
	return all
}

// zeroed returns the records of w with fields zeroed, those of ends apart.
func zeroed(w world, fields []field) []tenancy.Entity {
	next := maps.Clone(w) // by the identities that the records had
	for _, f := range fields {
		if ends[f.name] {
			continue
		}
		v := reflect.New(reflect.TypeOf(next[f.ref])).Elem()
		v.Set(reflect.ValueOf(next[f.ref]))
		v.Field(f.index).SetZero()
		next[f.ref] = v.Interface().(tenancy.Entity)
	}
	return next.records()
}

// question is about a call, or about an action where action is set.
type question struct {
	key     tenancy.KeyID
	user    tenancy.UserID
	project tenancy.ProjectID
	model   tenancy.ModelID
	action  access.Action
	whose   access.Whose
}

// answer is the snapshot's.
func (q question) answer(view access.View) access.Decision {
	switch {
	case q.action != "":
		return view.Can(q.user, q.action, access.Subject{Project: q.project})
	case q.key != "":
		return view.CanCall(q.key, q.model)
	}
	return view.CanUse(q.user, q.project, q.model)
}

// questions are all about the ids of a world.
func questions(w world) []question {
	var qs []question
	for _, m := range w.models() {
		for _, k := range w.keys() {
			qs = append(qs, question{key: k, model: m})
		}
	}
	for _, u := range w.users() {
		for _, p := range w.projects() {
			for _, m := range w.models() {
				qs = append(qs, question{user: u, project: p, model: m})
			}
			for _, row := range access.Table() {
				qs = append(qs, question{user: u, project: p, action: row.Action, whose: row.Whose})
			}
		}
	}
	return qs
}

// allowed says of each question whether records allow it, of a snapshot, which
// may refuse them, or of a picture, which a follower builds from whatever arrives.
func allowed(qs []question, records []tenancy.Entity) []bool {
	snap, _ := access.NewSnapshot(records...)
	view := snap.At(noon)
	pic, catalogue, grants := followed(records)
	yes := make([]bool, len(qs))
	for i, q := range qs {
		switch {
		case q.action != "":
			s := pic.Standing(q.user, q.project)
			yes[i] = s.May(q.action, q.whose) == access.ReasonNone || q.whose == "" && view.Can(q.user, q.action, access.Subject{Project: q.project}).Allowed()
		case q.key != "":
			g := grants[q.key]
			yes[i] = view.CanCall(q.key, q.model).Allowed() || pic.Decide(catalogue, &g, q.model, noon).Allowed()
		default:
			yes[i] = view.CanUse(q.user, q.project, q.model).Allowed() || pic.DecideUse(catalogue, q.user, q.project, q.model).Allowed()
		}
	}
	return yes
}

// compare counts what before has and after has not, and fails for the reverse.
func compare(t *testing.T, qs []question, before, after []bool, without ...field) (lost int) {
	t.Helper()
	for i := range qs {
		switch {
		case after[i] && !before[i]:
			t.Errorf("without %v it allows %+v", without, qs[i])
		case before[i] && !after[i]:
			lost++
		}
	}
	return lost
}

// followed is what a follower of acme makes of records.
func followed(records []tenancy.Entity) (*access.Picture, *access.Catalogue, map[tenancy.KeyID]access.Grant) {
	var models []tenancy.Model
	var own []tenancy.Entity
	grants := map[tenancy.KeyID]access.Grant{}
	for _, r := range records {
		switch r := r.(type) {
		case tenancy.Model:
			models = append(models, r)
		case tenancy.Key:
			grants[r.ID] = access.GrantOf(r)
		}
		if r.Ref().Org == "acme" {
			own = append(own, r)
		}
	}
	return (*access.Picture)(nil).With(own, nil), access.NewCatalogue(models...), grants
}

func pictureOf(w world, org tenancy.OrgID) *access.Picture {
	var own []tenancy.Entity
	for _, r := range w.records() {
		if r.Ref().Org == org {
			own = append(own, r)
		}
	}
	return (*access.Picture)(nil).With(own, nil)
}

func catalogueOf(w world) *access.Catalogue {
	_, c, _ := followed(w.records())
	return c
}

func idsOf[T ~string](w world, kind tenancy.Kind, id func(tenancy.Ref) T) []T {
	var ids []T
	for _, r := range w.records() {
		if r.Ref().Kind == kind {
			ids = append(ids, id(r.Ref()))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

func (w world) keys() []tenancy.KeyID {
	return idsOf(w, tenancy.KindKey, func(r tenancy.Ref) tenancy.KeyID { return tenancy.KeyID(r.ID) })
}

func (w world) models() []tenancy.ModelID {
	return idsOf(w, tenancy.KindModel, func(r tenancy.Ref) tenancy.ModelID { return tenancy.ModelID(r.ID) })
}

func (w world) projects() []tenancy.ProjectID {
	return idsOf(w, tenancy.KindProject, func(r tenancy.Ref) tenancy.ProjectID { return tenancy.ProjectID(r.ID) })
}

func (w world) users() []tenancy.UserID {
	return idsOf(w, tenancy.KindMember, func(r tenancy.Ref) tenancy.UserID { return r.User })
}

// zeroWorlds are what fields are zeroed in: a world where nearly all is allowed,
// and worlds where something is refused for each of the ends.
func zeroWorlds() []world {
	w := acme().with(drop(tenancy.MemberRef("acme", "rita").Ref))
	for _, k := range []tenancy.KeyID{"pam", "vera", "rita", "nils", "otto", "lab-svc"} {
		delete(w, tenancy.KeyRef("acme", k).Ref)
	}
	return []world{
		w,
		w.with(archived("web"), suspended("max")),
		w.with(revoked("svc"), expiring("max", noon), orgSuspended, enabled("web", tenancy.Models("gpt", "tuned"))),
		w.with(orgClosed, planned(tenancy.Models("gpt"))),
		w.with(onMember("max", func(m *tenancy.Member) { m.Membership = "max@acme/2" }), owners("olga", "vera")),
	}
}

// The law of zero values: whichever fields are zeroed, those of ends apart,
// nothing is allowed that was not allowed before. Each field alone here, any
// number of them in FuzzZeroed.
func TestA5ZeroingAFieldNeverWidens(t *testing.T) {
	for i, w := range zeroWorlds() {
		qs, narrowed := questions(w), 0
		before := allowed(qs, w.records())
		for _, f := range fieldsOf(w) {
			narrowed += compare(t, qs, before, allowed(qs, zeroed(w, []field{f})), f)
		}
		if narrowed == 0 {
			t.Errorf("world %d: no field matters", i)
		}
	}
}

// Each of ends is one: set, something is denied, and zeroed it is allowed again.
func TestEndsEnd(t *testing.T) {
	for name, s := range map[string]step{
		"Organization.Suspended": orgSuspended, "Organization.Closed": orgClosed, "Member.Suspended": suspended("max"),
		"Project.Archived": archived("web"), "Key.Expires": expiring("max", noon), "Key.Revoked": revoked("max"),
		"Model.Retired": onModel("gpt", func(m *tenancy.Model) { m.Retired = noon }),
	} {
		if !ends[name] {
			t.Errorf("%s is not in ends", name)
		}
		if d := acme().with(s).view(t).CanCall("max", "gpt"); d.Allowed() {
			t.Errorf("%s ends nothing", name)
		}
	}
	if len(ends) != 7 {
		t.Errorf("%d ends, 7 tried", len(ends))
	}
}

// FuzzZeroed zeroes any number of fields: the first byte picks the world, each
// pair of bytes after it a field.
func FuzzZeroed(f *testing.F) {
	worlds := zeroWorlds()
	for i := range worlds {
		f.Add([]byte{byte(i), 0, 1, 0, 40, 1, 7, 1, 90})
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		w := worlds[int(data[0])%len(worlds)]
		fields, qs := fieldsOf(w), questions(w)
		var chosen []field
		for pair := range slices.Chunk(data[1:], 2) {
			if len(pair) == 2 {
				chosen = append(chosen, fields[(int(pair[0])<<8|int(pair[1]))%len(fields)])
			}
		}
		compare(t, qs, allowed(qs, w.records()), allowed(qs, zeroed(w, chosen)), chosen...)
	})
}
