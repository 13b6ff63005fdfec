package tenet_test

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// modelNames are all that a request could name a model by.
func modelNames() []tenancy.ModelID { return append(slices.Clone(drawnModels), "unheard-of", "") }

// everybody is all who could ask.
func everybody() []tenancy.UserID { return append(slices.Clone(drawnPeople), "nik") }

// decided counts a decision, which must be the model's.
func (d *drive) decided(what any, want, got access.Decision) {
	if want != got {
		d.Fatalf("%s: %+v, model: %+v", d.named(fmt.Sprint(what)), got, want)
	}
	if d.decisions++; got.Allowed() {
		d.allowed++
	}
}

// compareDecisions asks everything of everybody.
func (d *drive) compareDecisions() {
	snap, err := d.real.Snapshot(d.ctx)
	if err != nil {
		d.Fatalf("Snapshot: %v", err)
	}
	d.compareCalls(snap)
	view := snap.At(d.now())
	for _, u := range everybody() {
		for _, p := range append(slices.Clone(d.projects), tenancy.Project{ID: noProject}) {
			for _, name := range modelNames() {
				d.decided([]any{u, "uses", p.ID, name}, d.m.canUse(u, p.Org, p.ID, name), view.CanUse(u, p.ID, name))
			}
		}
		d.compareRights(view, u)
	}
}

// glance asks the replica about every key and one model, and about one person in every
// project: what a verb has changed holds at the next decision.
func (d *drive) glance() {
	n := len(d.m.log)
	name, u := modelNames()[n%len(modelNames())], everybody()[n%len(everybody())]
	for _, driven := range d.keys {
		k := recordIn(d.m, tenancy.KeyRef(driven.org, driven.id))
		d.decided([]any{"CanCall of the replica", driven.id, name}, d.m.canCall(k, name, d.now()).Decision, d.real.CanCall(driven.principal, name))
	}
	for _, p := range d.projects {
		_, got := d.real.As(u).Begin(d.ctx, p.Org, p.ID, name, tenet.Estimate{})
		want := d.m.canUse(u, p.Org, p.ID, name)
		want.Subject = got.Subject // which tells no more than what was asked
		d.decided([]any{"Begin", u, p.ID, name}, want, got)
	}
}

// compareCalls compares what keys can call, now and about when they expire.
func (d *drive) compareCalls(snap *access.Snapshot) {
	for _, driven := range d.keys {
		k := recordIn(d.m, tenancy.KeyRef(driven.org, driven.id))
		for _, at := range []time.Time{d.now(), k.Expires.Add(-time.Microsecond), k.Expires} {
			view := snap.At(at)
			for _, name := range modelNames() {
				want, got := d.m.canCall(k, name, at), view.Explain(driven.id, name)
				d.decided([]any{"Explain", driven.id, name, at}, want.Decision, got.Decision)
				if !slices.Equal(want.Reasons, got.Reasons) {
					d.Fatalf("Explain(%s, %q) at %v: %v, model: %v", d.named(string(driven.id)), name, at, got.Reasons, want.Reasons)
				}
				d.decided([]any{"CanCall", driven.id, name, at}, want.Decision, view.CanCall(driven.id, name))
			}
		}
		var callable []tenancy.ModelID
		for _, name := range modelNames() {
			want := d.m.canCall(k, name, d.now()).Decision
			d.decided([]any{"CanCall of the replica", driven.id, name}, want, d.real.CanCall(driven.principal, name))
			if want.Allowed() {
				callable = append(callable, name)
			}
		}
		d.compareTokens(driven, k)
		models, _ := d.real.Models(driven.principal)
		slices.Sort(callable)
		sameListing(d, "Models", callable, nil, mappedAs(models, func(m tenancy.Model) tenancy.ModelID { return m.ID }), nil)
	}
}

// compareTokens presents every secret that the key ever had. One that does not verify
// waits for the feed to be read, so that is done in few worlds.
func (d *drive) compareTokens(driven *drivenKey, k tenancy.Key) {
	patient := drawRarely(d, 4)
	for _, token := range driven.tokens {
		want := access.ReasonNone
		foreign := slices.Contains(drawnForeign, token)
		switch {
		case foreign && !d.now().Before(importsEnd):
			want = access.ReasonMalformed
		case k.ID == "":
			want = access.ReasonUnknownKey
		case !verifies(k, token, d.now()):
			want = access.ReasonWrongSecret
		case !k.Revoked.IsZero():
			want = access.ReasonKeyRevoked
		case !k.Expires.IsZero() && !d.now().Before(k.Expires):
			want = access.ReasonKeyExpired
		}
		if waits := want == access.ReasonUnknownKey || want == access.ReasonWrongSecret; waits && !foreign && !patient {
			continue
		}
		_, got := d.real.Authenticate(d.ctx, token)
		d.decided([]any{"Authenticate", driven.id}, access.Decision{Effect: got.Effect, Reason: want}, access.Decision{Effect: got.Effect, Reason: got.Reason})
		if got.Allowed() != (want == access.ReasonNone) {
			d.Fatalf("Authenticate of %s: %+v", d.named(string(driven.id)), got)
		}
	}
}

// compareRights compares what a person may do.
func (d *drive) compareRights(view access.View, u tenancy.UserID) {
	ask := func(does access.Action, on access.Subject, want access.Reason) {
		asked, _, _ := strings.Cut(string(does), " ")
		decision := access.Decision{Reason: want, Subject: on}
		if want == access.ReasonNone {
			decision.Effect = access.Allow
		}
		d.decided([]any{u, does, on}, decision, view.Can(u, access.Action(asked), on))
	}
	for _, does := range append(slices.Sorted(maps.Keys(rightTo)), "unheard-of") {
		ofKey, creates := strings.Contains(string(does), " "), strings.HasPrefix(string(does), string(access.CreateKey))
		for _, o := range append(slices.Clone(d.orgs), noOrg) {
			if !ofKey {
				ask(does, access.Subject{Org: o}, d.m.may(u, does, o, ""))
			}
		}
		for _, p := range append(slices.Clone(d.projects), tenancy.Project{ID: noProject}) {
			switch on := (access.Subject{Project: p.ID}); {
			case !ofKey || does == access.CreateKey+ofService:
				ask(does, on, d.m.may(u, does, p.Org, p.ID))
			case creates:
				if on.User = u; does == access.CreateKey+ofOthers {
					on.User += "'s twin"
				}
				ask(does, on, d.m.may(u, does, p.Org, p.ID))
			}
		}
		for _, driven := range d.keys {
			k := recordIn(d.m, tenancy.KeyRef(driven.org, driven.id))
			if noun, _, _ := strings.Cut(string(does), " "); ofKey && !creates && d.m.to(access.Action(noun), u, k) == does {
				ask(does, access.Subject{Key: driven.id}, d.m.may(u, does, k.Org, k.Project))
			}
		}
	}
}

// sameListing compares a listing, or what refuses it.
func sameListing[T any](d *drive, what string, want []T, refusal error, got []T, err error) {
	d.listings++
	if refusal != nil {
		want = nil
	}
	diff := ""
	if len(want)+len(got) > 0 && !reflect.DeepEqual(want, got) { // which is faster
		diff = gocmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(tenancy.Digest{}))
	}
	if diff != "" || !d.agree(asked{action: store.Action(actionOf(err))}, refusal, err) {
		d.Fatalf("%s: %v, model: %v (-model +got):\n%s", d.named(what), err, refusal, d.named(diff))
	}
}

func actionOf(err error) string {
	if said := new(tenet.Error); errors.As(err, &said) {
		return said.Op
	}
	return ""
}

// mappedAs is a list with every element as something else.
func mappedAs[T, U any](list []T, as func(T) U) (all []U) {
	for _, v := range list {
		all = append(all, as(v))
	}
	return all
}

// walkedAll is all that a listing yields, without revisions.
func walkedAll[T tenancy.Recordable](list iter.Seq2[store.Stored[T], error]) (all []T, err error) {
	for v, err := range list {
		if err != nil {
			return nil, err
		}
		all = append(all, v.Value)
	}
	return all, nil
}

// recordsOf are the records of a kind that are so, in an order.
func recordsOf[T tenancy.Entity](m *model, so func(T) bool, order func(a, b T) int) (some []T) {
	for _, v := range m.records {
		if v, ok := v.(T); ok && so(v) {
			some = append(some, v)
		}
	}
	slices.SortFunc(some, order)
	return some
}

func (m *model) catalogue() []tenancy.Model {
	return recordsOf(m, func(tenancy.Model) bool { return true }, func(a, b tenancy.Model) int { return cmp.Compare(a.ID, b.ID) })
}

// keysOf are the keys of a project, or where that is empty of the organization.
func (m *model) keysOf(o tenancy.OrgID, p tenancy.ProjectID) []tenancy.Key {
	return recordsOf(m, func(k tenancy.Key) bool { return k.Org == o && (p == "" || k.Project == p) }, byCreation)
}

func byCreation(a, b tenancy.Key) int {
	return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID))
}

// compareListings shows everybody every page.
func (d *drive) compareListings() {
	d.compareOperator(d.real.Operator("ops"))
	for _, u := range everybody() {
		a := d.real.As(u)
		headers, err := a.Organizations(d.ctx)
		want := recordsOf(d.m, func(o tenancy.Organization) bool { return d.m.who(u, o.ID, "") != "" && o.Closed.IsZero() },
			func(a, b tenancy.Organization) int { return strings.Compare(string(a.ID), string(b.ID)) })
		sameListing(d, fmt.Sprint(u, "'s organizations"), mappedAs(want, headerFor), nil, headers, err)
		for _, o := range append(slices.Clone(d.orgs), noOrg) {
			d.compareOrganization(a, asked{by: u, org: o})
		}
		for _, p := range append(slices.Clone(d.projects), tenancy.Project{Org: noOrg, ID: noProject}) {
			d.compareProject(a, asked{by: u, org: p.Org, project: p.ID})
		}
	}
}

func headerFor(o tenancy.Organization) tenet.OrganizationHeader {
	return tenet.OrganizationHeader{ID: o.ID, Name: o.Name, Branding: o.Branding}
}

func (d *drive) compareOrganization(a tenet.Actor, c asked) {
	m, o, roster := d.m, d.m.org(c.org), d.m.refuse(c, access.SeeOrganization)
	what := func(page string) string { return fmt.Sprint(page, " of ", c.org, " for ", c.by) }
	h, err := a.Organization(d.ctx, c.org)
	sameListing(d, what("header"), []tenet.OrganizationHeader{headerFor(o)}, roster, unlessRefused(err, h), err)
	set, err := a.Settings(d.ctx, c.org)
	sameListing(d, what("settings"), []tenancy.Organization{o}, m.refuse(c, access.SeeSettings), unlessRefused(err, set.Organization.Value), err)
	sameListing(d, what("plan"), []tenancy.Subscription{recordIn(m, tenancy.SubscriptionRef(c.org))}, m.refuse(c, access.SeeSettings), unlessRefused(err, set.Subscription.Value), err)
	me, err := a.Identity(d.ctx, c.org)
	sameListing(d, what("identity"), []tenancy.Member{m.member(c.org, c.by)}, roster, unlessRefused(err, me.Value), err)

	visible := recordsOf(m, func(p tenancy.Project) bool {
		return p.Org == c.org && p.Archived.IsZero() && m.sees(c.by, c.org, p.ID)
	},
		func(a, b tenancy.Project) int {
			return cmp.Or(cmp.Compare(folds[a.Name], folds[b.Name]), cmp.Compare(a.ID, b.ID))
		})
	ps, err := walkedAll(a.VisibleProjects(d.ctx, c.org))
	sameListing(d, what("projects"), visible, roster, ps, err)
	archived := recordsOf(m, func(p tenancy.Project) bool {
		return p.Org == c.org && !p.Archived.IsZero() && m.sees(c.by, c.org, p.ID)
	},
		func(a, b tenancy.Project) int { return cmp.Compare(a.ID, b.ID) })
	ps, err = walkedAll(a.ArchivedProjects(d.ctx, c.org))
	sameListing(d, what("archived projects"), archived, roster, ps, err)
	for i, p := range append(slices.Clone(d.projects), tenancy.Project{}) {
		remembered := noProject
		if i > 0 {
			remembered = d.projects[i-1].ID
		}
		got, err := a.ActiveProject(d.ctx, c.org, p.ID, remembered)
		sameListing(d, what("active project"), []tenancy.Project{activeOf(visible, p.ID, remembered)}, roster, unlessRefused(err, got.Value), err)
	}
	own := recordsOf(m, func(k tenancy.Key) bool {
		return k.Org == c.org && k.Kind == tenancy.KeyPersonal && m.to("", c.by, k) == ofOwn && m.sees(c.by, c.org, k.Project)
	}, byCreation)
	listed, err := walkedAll(a.OwnKeys(d.ctx, c.org))
	sameListing(d, what("own keys"), mappedAs(own, bareKey), roster, mappedAs(listed, bareKey), err)
	d.compareAdministration(a, c, what)
}

// activeOf is the project asked for, if it is visible; else the one remembered, if it is;
// else the first; else none.
func activeOf(visible []tenancy.Project, ids ...tenancy.ProjectID) tenancy.Project {
	for _, id := range ids {
		for _, p := range visible {
			if p.ID == id {
				return p
			}
		}
	}
	if len(visible) == 0 {
		return tenancy.Project{}
	}
	return visible[0]
}

// unlessRefused is a list of v, or nothing where there is an error.
func unlessRefused[T any](err error, v T) []T {
	if err != nil {
		return nil
	}
	return []T{v}
}

func membersByUser(a, b tenancy.Member) int { return cmp.Compare(a.User, b.User) }

// compareAdministration compares what owners of an organization see.
func (d *drive) compareAdministration(a tenet.Actor, c asked, what func(string) string) {
	m := d.m
	roster := recordsOf(m, func(s tenancy.Member) bool { return s.Org == c.org }, membersByUser)
	got, err := entriesOf(a.Roster(d.ctx, c.org, ""))
	sameListing(d, what("roster"), mappedAs(roster, func(s tenancy.Member) tenet.RosterEntry {
		role := tenancy.RoleMember
		if slices.Contains(m.org(c.org).Owners, s.User) {
			role = tenancy.RoleOwner
		}
		return tenet.RosterEntry{User: s.User, Name: s.Name, Email: s.Email, Role: role, Joined: s.Joined, Suspended: s.Suspended}
	}), m.refuse(c, access.ManageRoster), got, err)
	pending := recordsOf(m, func(i tenancy.Invite) bool {
		return i.Org == c.org && i.Accepted.IsZero() && i.Revoked.IsZero() && d.now().Before(i.Expires)
	}, func(a, b tenancy.Invite) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	invites, err := walkedAll(a.Invites(d.ctx, c.org))
	sameListing(d, what("invites"), mappedAs(pending, bareInvite), m.refuse(c, access.ManageInvites), mappedAs(invites, bareInvite), err)
	matrix, err := a.AccessMatrix(d.ctx, c.org)
	sameListing(d, what("access matrix"), []access.PeopleMatrix{d.matrix(c.org, roster)}, m.refuse(c, access.ManageRoster), unlessRefused(err, matrix), err)
	lines, err := pagedLines(func(q tenet.AuditQuery) (tenet.AuditPage, error) { return a.Audit(d.ctx, c.org, "", q) })
	sameListing(d, what("audit"), d.lines(c.org, ""), m.refuse(c, access.SeeOrgAudit), lines, err)
}

// matrix is the roster by the projects, active ones in the order of navigation and then
// archived ones.
func (d *drive) matrix(o tenancy.OrgID, roster []tenancy.Member) access.PeopleMatrix {
	projects := recordsOf(d.m, func(p tenancy.Project) bool { return p.Org == o }, func(a, b tenancy.Project) int {
		if a.Archived.IsZero() && b.Archived.IsZero() {
			return cmp.Or(cmp.Compare(folds[a.Name], folds[b.Name]), cmp.Compare(a.ID, b.ID))
		}
		return cmp.Or(cmp.Compare(min(1, a.Archived.Unix()), min(1, b.Archived.Unix())), cmp.Compare(a.ID, b.ID))
	})
	t := access.PeopleMatrix{Org: d.m.org(o)}
	for _, p := range projects {
		t.Projects = append(t.Projects, access.MatrixProject{ID: p.ID, Name: p.Name, Archived: !p.Archived.IsZero()})
	}
	for _, s := range roster {
		row := access.PersonRow{User: s.User, Name: s.Name, OrgRole: d.m.right(s.User, o, "").Role, Suspended: !s.Suspended.IsZero()}
		for _, p := range projects {
			row.Rights = append(row.Rights, d.m.right(s.User, o, p.ID))
		}
		t.People = append(t.People, row)
	}
	return t
}

// compareExplanations compares why a project's keys may call what the project may hear of,
// and that of all else no more is told than of what is not there.
func (d *drive) compareExplanations(a tenet.Actor, c asked, keys []tenancy.Key, what func(string) string) {
	may, t := d.m.refuse(c, access.ListKeys), access.KeyMatrix{Project: d.m.project(c.org, c.project)}
	for _, s := range d.modelsOf(t.Project) {
		t.Models = append(t.Models, s.Model)
	}
	for _, k := range keys {
		row := access.KeyRow{ID: k.ID, Name: k.Name, Kind: k.Kind, Holder: k.Holder}
		for _, id := range t.Models {
			row.Cells = append(row.Cells, d.m.canCall(k, id, d.now()))
		}
		t.Keys = append(t.Keys, row)
		page, err := a.Key(d.ctx, c.org, k.ID)
		sameListing(d, what("key"), []tenancy.Key{bareKey(k)}, may, unlessRefused(err, bareKey(page.Value)), err)
		for _, name := range modelNames()[d.listings%2*4:] {
			want := d.m.canCall(k, name, d.now())
			if name != "" && !slices.Contains(t.Models, want.Model) {
				want = d.m.canCall(k, "unheard-of", d.now())
			}
			got, err := a.Explain(d.ctx, c.org, k.ID, name)
			sameListing(d, what("why not"), []access.Explanation{want}, may, unlessRefused(err, got), err)
		}
	}
	got, err := a.KeyMatrix(d.ctx, c.org, c.project)
	sameListing(d, what("key matrix"), []access.KeyMatrix{t}, may, unlessRefused(err, got), err)
}

// pagedLines are all the entries of a trail, read in pages of twenty.
func pagedLines(read func(tenet.AuditQuery) (tenet.AuditPage, error)) (all []line, err error) {
	for q := (tenet.AuditQuery{Limit: 20}); ; {
		page, err := read(q)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Entries {
			all = append(all, entryLine(e))
		}
		if q.After = page.Next; q.After == "" {
			return all, nil
		}
	}
}

// compareOperator compares what the operator sees.
func (d *drive) compareOperator(o tenet.Operator) {
	orgs := recordsOf(d.m, func(tenancy.Organization) bool { return true }, func(a, b tenancy.Organization) int { return cmp.Compare(a.ID, b.ID) })
	got, err := walkedAll(o.Organizations(d.ctx))
	sameListing(d, "organizations", orgs, nil, got, err)
	models, err := walkedAll(o.Catalogue(d.ctx))
	sameListing(d, "catalogue", d.m.catalogue(), nil, models, err)
	lines, err := pagedLines(func(q tenet.AuditQuery) (tenet.AuditPage, error) { return o.Audit(d.ctx, "", q) })
	sameListing(d, "audit of the catalogue", d.lines("", ""), nil, lines, err)
	for _, org := range orgs {
		set, err := o.Settings(d.ctx, org.ID)
		plan := recordIn(d.m, tenancy.SubscriptionRef(org.ID))
		sameListing(d, "settings", []tenancy.Organization{org}, nil, unlessRefused(err, set.Organization.Value), err)
		sameListing(d, "plan", []tenancy.Subscription{plan}, nil, unlessRefused(err, set.Subscription.Value), err)
	}
}

// lines are those of the log, newest first.
func (d *drive) lines(o tenancy.OrgID, within tenancy.ProjectID) (all []line) {
	for _, e := range slices.Backward(d.m.log) {
		if e.org == o && (within == "" || e.within == within) {
			all = append(all, lineOf(e))
		}
	}
	return all
}

func entriesOf(list iter.Seq2[tenet.RosterEntry, error]) (all []tenet.RosterEntry, err error) {
	for e, err := range list {
		if err != nil {
			return nil, err
		}
		e.Rev = 0
		all = append(all, e)
	}
	return all, nil
}

func bareInvite(i tenancy.Invite) tenancy.Invite {
	i.Pepper = ""
	return i
}

func bareKey(k tenancy.Key) tenancy.Key {
	k.Current.Pepper, k.Previous.Pepper = "", ""
	return k
}

func (d *drive) compareProject(a tenet.Actor, c asked) {
	m, p := d.m, d.m.project(c.org, c.project)
	what := func(page string) string { return fmt.Sprint(page, " of ", c.project, " for ", c.by) }
	seen := refuseIf(!m.sees(c.by, c.org, c.project) || !m.org(c.org).Closed.IsZero(), tenet.ErrNotFound)
	got, err := a.Project(d.ctx, c.org, c.project)
	sameListing(d, what("project"), []tenancy.Project{p}, seen, unlessRefused(err, got.Value), err)
	people := recordsOf(m, func(s tenancy.Member) bool { return s.Org == c.org && m.is(s.User, c.org, c.project, "Oomv") }, membersByUser)
	emails := m.refuse(c, access.SeeEmails) == nil
	persons, err := personsOf(a.ProjectPeople(d.ctx, c.org, c.project))
	sameListing(d, what("people"), mappedAs(people, func(s tenancy.Member) tenet.ProjectPerson {
		w := tenet.ProjectPerson{User: s.User, Name: s.Name, OrganizationOwner: m.is(s.User, c.org, "", "O")}
		if at := recordIn(m, tenancy.ProjectMemberRef(c.org, c.project, s.User)); at.Membership == s.Membership {
			w.Role, w.Added = at.Role, at.Added
		}
		if emails {
			w.Email = s.Email
		}
		return w
	}), m.refuse(c, access.SeePeople), persons, err)
	addable := recordsOf(m, func(s tenancy.Member) bool { return s.Org == c.org && m.who(s.User, c.org, "") != "" }, membersByUser)
	roster, err := entriesOf(a.Roster(d.ctx, c.org, c.project))
	sameListing(d, what("roster"), mappedAs(addable, func(s tenancy.Member) tenet.RosterEntry { return tenet.RosterEntry{User: s.User, Name: s.Name} }),
		m.refuse(c, access.ListRoster), roster, err)
	keys := m.keysOf(c.org, c.project)
	listed, err := walkedAll(a.Keys(d.ctx, c.org, c.project))
	sameListing(d, what("keys"), mappedAs(keys, bareKey), m.refuse(c, access.ListKeys), mappedAs(listed, bareKey), err)
	models, err := a.ProjectModels(d.ctx, c.org, c.project)
	sameListing(d, what("models"), d.modelsOf(p), seen, models, err)
	d.compareExplanations(a, c, keys, what)
	lines, err := pagedLines(func(q tenet.AuditQuery) (tenet.AuditPage, error) { return a.Audit(d.ctx, c.org, c.project, q) })
	sameListing(d, what("audit"), d.lines(c.org, c.project), m.refuse(c, access.SeeAudit), lines, err)
}

func personsOf(list iter.Seq2[tenet.ProjectPerson, error]) (all []tenet.ProjectPerson, err error) {
	for e, err := range list {
		if err != nil {
			return nil, err
		}
		e.Rev = 0
		all = append(all, e)
	}
	return all, nil
}

// modelsOf is how a project stands to the models of the plan and to those that it lists.
func (d *drive) modelsOf(p tenancy.Project) (all []access.ModelStatus) {
	nobody := tenancy.Key{Models: tenancy.AllModels()}
	for _, e := range d.m.catalogue() {
		planned := d.m.inPlan(p.Org, e)
		if e.Alias != "" || !planned && !slices.Contains(p.Models.List(), e.ID) {
			continue
		}
		of := d.m.decide(access.Subject{Org: p.Org, Project: p.ID}, nobody, true, e.ID, d.now())
		s := access.ModelStatus{Model: e.ID, Enabled: hasModel(p.Models, e.ID), InPlan: planned, Reasons: of.Reasons}
		for _, a := range d.m.catalogue() {
			if a.Alias == e.ID && a.Retired.IsZero() {
				s.Aliases = append(s.Aliases, a.ID)
			}
		}
		all = append(all, s)
	}
	return all
}

// refuse is why the model refuses to show something to a person.
func (m *model) refuse(c asked, does access.Action) error {
	a := doing{m: m, asked: c}
	a.may(does)
	return a.err
}

func refuseIf(bad bool, err error) error {
	if !bad {
		return nil
	}
	return err
}
