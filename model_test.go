package tenet_test

import (
	"cmp"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// model is the whole domain once more, as one map and loops over it, written from the
// rules and not from the code. It has no store, no revisions and no index: a verb
// refuses, or puts records into the map and a line into the log. Of the code under
// test it takes nothing but types of values, errors and constants. It makes no secrets:
// where a record names the pepper of a digest, the model has the token itself.
type model struct {
	now     time.Time
	records map[tenancy.Ref]tenancy.Entity
	log     []logged
	skipped []tenancy.ProjectID // by the invite that was accepted last
}

// logged is a line of the log.
type logged struct {
	asked
	within  tenancy.ProjectID // whose line it is too
	subject tenancy.Ref
	at      time.Time
	wrote   []tenancy.Ref
}

// rightTo is section 3: who may do what. O is an owner of the organization; o, m and v
// are owner, member and viewer of the project; r is anybody on the roster; A says that
// an archived project is no hindrance. An action on a key says whose it is.
var rightTo = map[access.Action]string{
	access.SeeProject: "Oomv", access.SeeArchived: "OoA", access.CallModel: "Oom",
	access.CreateKey + ofOwn: "Oom", access.EditKey + ofOwn: "Oom", access.RotateKey + ofOwn: "Oom", access.RevokeKey + ofOwn: "OomA",
	access.CreateKey + ofService: "Oo", access.EditKey + ofService: "Oo", access.RotateKey + ofService: "Oo", access.RevokeKey + ofService: "OoA",
	access.CreateKey + ofOthers: "", access.EditKey + ofOthers: "Oo", access.RotateKey + ofOthers: "", access.RevokeKey + ofOthers: "OoA",
	access.ListKeys: "OomvA", access.SeeUsage: "OomvA", access.SeePeople: "OomvA", access.SeeEmails: "OoA", access.SeeAudit: "OoA",
	access.ChangePeople: "Oo", access.ChangeModels: "Oo", access.LowerLimits: "Oo", access.RenameProject: "Oo", access.ListRoster: "Oo",
	access.ArchiveProject: "OoA", access.RestoreProject: "OA", access.LeaveProject: "omv",
	access.SeeOrganization: "Or", access.CreateProject: "O", access.ManageInvites: "O", access.ManageRoster: "O",
	access.SeeOrgUsage: "O", access.SeeOrgAudit: "O", access.SeeSettings: "O", access.ChangeSettings: "O",
}

const ofOwn, ofService, ofOthers = " own", " service", " others"

func recordIn[T tenancy.Recordable](m *model, r tenancy.RefTo[T]) (v T) {
	v, _ = m.records[r.Ref].(T) // zero where there is none
	return v
}

func (m *model) org(o tenancy.OrgID) tenancy.Organization {
	return recordIn(m, tenancy.OrganizationRef(o))
}
func (m *model) entry(id tenancy.ModelID) tenancy.Model { return recordIn(m, tenancy.ModelRef(id)) }
func (m *model) member(o tenancy.OrgID, u tenancy.UserID) tenancy.Member {
	return recordIn(m, tenancy.MemberRef(o, u))
}
func (m *model) project(o tenancy.OrgID, p tenancy.ProjectID) tenancy.Project {
	return recordIn(m, tenancy.ProjectRef(o, p))
}

func hasModel(s tenancy.ModelSet, id tenancy.ModelID) bool {
	return s.All() || slices.Contains(s.List(), id)
}

// who is what a person is to an organization and to a project of it, in the letters of
// rightTo; nothing off the roster, and nothing while suspended.
func (m *model) who(u tenancy.UserID, o tenancy.OrgID, p tenancy.ProjectID) string {
	stay, letters := m.member(o, u), "r"
	if stay.Membership == "" || !stay.Suspended.IsZero() {
		return ""
	}
	if slices.Contains(m.org(o).Owners, u) {
		letters = "rO"
	}
	if at := recordIn(m, tenancy.ProjectMemberRef(o, p, u)); at.Membership == stay.Membership {
		letters += string(at.Role[:1])
	}
	return letters
}

func (m *model) is(u tenancy.UserID, o tenancy.OrgID, p tenancy.ProjectID, letters string) bool {
	return strings.ContainsAny(m.who(u, o, p), letters)
}

func (m *model) sees(u tenancy.UserID, o tenancy.OrgID, p tenancy.ProjectID) bool {
	about := m.project(o, p)
	does := map[bool]access.Action{true: access.SeeProject, false: access.SeeArchived}[about.Archived.IsZero()]
	return about.ID != "" && m.is(u, o, p, rightTo[does])
}

// may is why a person may not do something in a project, or where that is empty in the
// organization: what they cannot see is not there.
func (m *model) may(u tenancy.UserID, does access.Action, o tenancy.OrgID, p tenancy.ProjectID) access.Reason {
	letters := rightTo[does]
	switch {
	case m.who(u, o, "") == "", p != "" && !m.sees(u, o, p), p == "" && does != access.ListRoster && letters != "O" && letters != "Or":
		return access.ReasonNotFound
	case !m.org(o).Closed.IsZero():
		return access.ReasonOrganizationClosed
	case !m.is(u, o, p, letters):
		return access.ReasonForbidden
	case !m.project(o, p).Archived.IsZero() && !strings.Contains(letters, "A"):
		return access.ReasonProjectArchived
	}
	return access.ReasonNone
}

// to is an action on a key: whose it is to a person.
func (m *model) to(does access.Action, u tenancy.UserID, k tenancy.Key) access.Action {
	switch {
	case k.Kind != tenancy.KeyPersonal:
		return does + ofService
	case k.Holder == u && k.Membership == m.member(k.Org, u).Membership:
		return does + ofOwn
	}
	return does + ofOthers
}

func (m *model) inPlan(o tenancy.OrgID, e tenancy.Model) bool {
	return e.ID != "" && e.Alias == "" && e.Retired.IsZero() && (e.Public || slices.Contains(e.Orgs, o)) &&
		hasModel(recordIn(m, tenancy.SubscriptionRef(o)).Models, e.ID)
}

// decide is a decision on a call, with all that speaks against it in order; of a
// person's own call the key is one that restricts nothing.
func (m *model) decide(s access.Subject, k tenancy.Key, may bool, name tenancy.ModelID, at time.Time) access.Explanation {
	o, p, e := m.org(s.Org), m.project(s.Org, s.Project), m.entry(name)
	if e.Alias != "" && e.Retired.IsZero() {
		e = m.entry(e.Alias)
	}
	known := e.ID != "" && e.Alias == ""
	d := access.Explanation{Decision: access.Decision{Effect: access.Allow, Subject: s}}
	if known {
		d.Model = e.ID
	}
	for _, r := range []struct {
		access.Reason
		holds bool
	}{
		{access.ReasonKeyRevoked, !k.Revoked.IsZero()}, {access.ReasonKeyExpired, !k.Expires.IsZero() && !at.Before(k.Expires)},
		{access.ReasonOrganizationClosed, !o.Closed.IsZero()}, {access.ReasonOrganizationSuspended, !o.Suspended.IsZero()},
		{access.ReasonProjectArchived, !p.Archived.IsZero()}, {access.ReasonHolderMayNotCall, !may},
		{access.ReasonNoModel, name == ""}, {access.ReasonModelUnknown, name != "" && !known},
		{access.ReasonModelNotInPlan, known && !m.inPlan(s.Org, e)}, {access.ReasonModelNotEnabled, known && !hasModel(p.Models, e.ID)},
		{access.ReasonModelNotInKey, known && !hasModel(k.Models, e.ID)},
	} {
		if r.holds {
			d.Effect, d.Reason, d.Reasons = access.Deny, cmp.Or(d.Reason, r.Reason), append(d.Reasons, r.Reason)
		}
	}
	return d
}

func (m *model) canCall(k tenancy.Key, name tenancy.ModelID, at time.Time) access.Explanation {
	if k.ID == "" {
		return access.Explanation{Decision: access.Decision{Reason: access.ReasonUnknownKey}, Reasons: []access.Reason{access.ReasonUnknownKey}}
	}
	may := m.is(k.Holder, k.Org, k.Project, rightTo[access.CallModel]) && m.to("", k.Holder, k) == ofOwn
	return m.decide(access.Subject{Org: k.Org, Project: k.Project, Key: k.ID}, k, may || k.Kind == tenancy.KeyService, name, at)
}

func (m *model) canUse(u tenancy.UserID, o tenancy.OrgID, p tenancy.ProjectID, name tenancy.ModelID) access.Decision {
	if m.project(o, p).ID == "" || !m.is(u, o, p, rightTo[access.SeeProject]) { // not there, or not theirs
		return access.Decision{Reason: access.ReasonHolderMayNotCall, Subject: access.Subject{Project: p, User: u}}
	}
	may, none := m.is(u, o, p, rightTo[access.CallModel]), tenancy.Key{Models: tenancy.AllModels()}
	return m.decide(access.Subject{Org: o, Project: p, User: u}, none, may, name, m.now).Decision
}

// verifies says whether a token is of a secret of the key that lives.
func verifies(k tenancy.Key, token string, at time.Time) bool {
	return k.Current.Pepper == token || k.Previous.Pepper == token && at.Before(k.Previous.Ends)
}

// earlier is the line that the operation left before; nil where it left none.
func (m *model) earlier(c asked) *logged {
	for i, e := range m.log {
		if c.op != "" && e.op == c.op && e.org == c.org {
			return &m.log[i]
		}
	}
	return nil
}

// doing is a verb under way: what is asked, the records that it may be about, absent ones
// zero, and what refuses it.
type doing struct {
	asked
	m       *model
	o       tenancy.Organization
	plan    tenancy.Subscription
	stay    tenancy.Member // of asked.user
	p       tenancy.Project
	at      tenancy.Ref // the place of asked.user in it
	i       tenancy.Invite
	k       tenancy.Key
	more    []any // records to be put, and Refs of those to be taken away
	subject tenancy.Ref
	err     error
}

// no refuses, unless something has before.
func (a *doing) no(bad bool, because error) {
	if bad && a.err == nil {
		a.err = because
	}
}

// may refuses what the person has no right to.
func (a *doing) may(does access.Action) {
	reason := a.m.may(a.by, does, a.org, a.within())
	a.no(reason == access.ReasonForbidden, tenet.ErrForbidden)
	a.no(reason == access.ReasonProjectArchived, tenancy.ErrArchived)
	a.no(reason != access.ReasonNone, tenet.ErrNotFound) // a closed organization too
}

// within is the project whose log has the verb too.
func (a *doing) within() tenancy.ProjectID { return cmp.Or(a.p.ID, a.k.Project, a.project) }

// do does what is asked. What its operation did before gives the first result, to who
// may still see that, without its secret.
func (m *model) do(c asked) error {
	a := &doing{m: m, asked: c, o: m.org(c.org), plan: recordIn(m, tenancy.SubscriptionRef(c.org)), stay: m.member(c.org, c.user),
		p: m.project(c.org, c.project), at: tenancy.ProjectMemberRef(c.org, c.project, c.user).Ref,
		i: recordIn(m, tenancy.InviteRef(c.org, c.invite)), k: recordIn(m, tenancy.KeyRef(c.org, c.key)), subject: c.about()}
	e := m.earlier(c)
	if e == nil || e.by != c.by {
		noun, _, _ := strings.Cut(string(c.action), ".")
		map[string]func(){"organization": a.organization, "subscription": a.organization, "sweep": a.organization, "model": a.catalogue,
			"member": a.member, "invite": a.invitation, "project": a.inProject, "key": a.ofKey}[noun]()
		return a.done()
	}
	a.no(c.action == "invite.accept" && a.i.ID == "", tenet.ErrNotFound) // whatever the operation
	a.no(!e.same(c), store.ErrReused)
	a.no(c.gives() == access.SeeProject && (!m.sees(c.by, c.org, e.within) || !a.o.Closed.IsZero()), tenet.ErrNotFound)
	a.no(c.gives() != "" && c.gives() != access.SeeProject && m.may(c.by, c.gives(), c.org, "") != access.ReasonNone, tenet.ErrNotFound)
	a.no(c.action == "member.add" && a.stay.Membership == "" || c.action == "key.import" && m.records[e.subject] == nil, tenet.ErrNotFound)
	a.no(c.secret(), tenet.ErrSecretShown)
	return a.err
}

// done ends a verb: it refuses, or puts records and takes others away, and writes what
// that was into the log. What is so already is not written; and where nothing is,
// neither is the line, unless the operation was named.
func (a *doing) done() error {
	next, e := maps.Clone(a.m.records), logged{asked: a.asked, within: a.within(), subject: a.subject, at: a.m.now}
	for _, change := range append([]any{a.o, a.plan, a.stay, a.p, a.i, a.k}, a.more...) {
		ref, gone := change.(tenancy.Ref)
		v, put := change.(tenancy.Entity)
		if put {
			ref = v.Ref()
		}
		if absent := ref.Org == "" && ref.ID == ""; !absent && (gone && next[ref] != nil || put && !reflect.DeepEqual(next[ref], v)) {
			e.wrote = append(e.wrote, ref)
			next[ref] = v
		}
		if gone {
			delete(next, ref)
		}
	}
	a.no(a.o.ID != "" && len(a.o.Owners) == 0, tenancy.ErrLastOwner)
	a.no(a.stale, tenet.ErrStale)
	a.no(a.m.earlier(a.asked) != nil, store.ErrReused)
	if a.err == nil {
		a.m.records = next
	}
	if a.err == nil && len(e.wrote)+len(a.op) > 0 {
		a.m.log = append(a.m.log, e)
	}
	return a.err
}
