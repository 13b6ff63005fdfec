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
	"example.com/tenet/keys"
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
	case k.Kind == tenancy.KeyService:
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

func refuseIf(bad bool, err error) error {
	if !bad {
		return nil
	}
	return err
}

// refuse is may as the error of a verb, about the project that it names, if it does.
func (m *model) refuse(c asked, does access.Action) error {
	return map[access.Reason]error{
		access.ReasonNotFound: tenet.ErrNotFound, access.ReasonOrganizationClosed: tenet.ErrNotFound,
		access.ReasonForbidden: tenet.ErrForbidden, access.ReasonProjectArchived: tenancy.ErrArchived,
	}[m.may(c.by, does, c.org, c.project)]
}

// earlier is the line that the operation left before; nil where it left none.
func (m *model) earlier(c asked) *logged {
	i := slices.IndexFunc(m.log, func(e logged) bool { return c.op != "" && e.op == c.op && e.org == c.org })
	if i < 0 {
		return nil
	}
	return &m.log[i]
}

// do does what is asked. What its operation did before gives the first result, to who
// may still see that, without its secret.
func (m *model) do(c asked) error {
	e := m.earlier(c)
	if e == nil || e.by != c.by {
		return m.verb(c)
	}
	gone := c.gives() == access.SeeProject && (!m.sees(c.by, c.org, e.within) || !m.org(c.org).Closed.IsZero()) ||
		c.gives() != "" && c.gives() != access.SeeProject && m.may(c.by, c.gives(), c.org, "") != access.ReasonNone ||
		c.action == "member.add" && m.member(c.org, c.user).Membership == ""
	return cmp.Or(refuseIf(!e.same(c), store.ErrReused), refuseIf(gone, tenet.ErrNotFound), refuseIf(c.secret(), tenet.ErrSecretShown))
}

// done ends a verb: it refuses, or puts records and takes away those whose Refs it is
// given, and writes what that was into the log. What is so already is not written; and
// where nothing is, neither is the line, unless the operation was named.
func (m *model) done(e logged, refusal error, changes ...any) error {
	next := maps.Clone(m.records)
	for _, change := range changes {
		ref, gone := change.(tenancy.Ref)
		v, _ := change.(tenancy.Entity)
		if !gone {
			ref = v.Ref()
		}
		if ref.Org+tenancy.OrgID(ref.ID) == "" || gone && next[ref] == nil || !gone && reflect.DeepEqual(next[ref], v) {
			continue // absent, or so already
		}
		e.wrote, refusal = append(e.wrote, ref), cmp.Or(refusal, m.wrong(v))
		if next[ref] = v; gone {
			delete(next, ref)
		}
	}
	refusal = cmp.Or(refusal, refuseIf(e.stale, tenet.ErrStale), refuseIf(m.earlier(e.asked) != nil, store.ErrReused))
	if refusal == nil && len(e.wrote)+len(e.op) > 0 {
		m.log = append(m.log, e)
	}
	if refusal == nil {
		m.records = next
	}
	return refusal
}

// wrong is what no record may be: of values out of bounds, an organization without an
// owner, or an active project of another's name.
func (m *model) wrong(v tenancy.Entity) error {
	wrong, email := false, func(s string) bool { return strings.Contains(s, "@") }
	switch v := v.(type) {
	case tenancy.Organization:
		zone := v.TimeZone == "UTC" || v.TimeZone == "Asia/Kathmandu"
		wrong = folds[v.Name] == "" || len(v.Branding.Accent)%7 > 0 || !zone
		return cmp.Or(refuseIf(wrong, tenancy.ErrInvalid), refuseIf(len(v.Owners) == 0, tenancy.ErrLastOwner))
	case tenancy.Subscription:
		wrong = folds[v.Plan] == ""
	case tenancy.Model:
		target, before, alias := m.entry(v.Alias), m.entry(v.ID), v.Alias != ""
		wrong = alias && (target.ID == "" || target.Alias != "" || v.Public) || (alias || v.Public) && len(v.Orgs) > 0 || before.ID != "" && (before.Alias != "") != alias
	case tenancy.Member:
		wrong = v.Name != "" && folds[v.Name] == "" || v.Email != "" && !email(v.Email)
	case tenancy.ProjectMember:
		wrong = v.Role == ""
	case tenancy.Key:
		wrong = folds[v.Name] == "" || v.Kind == "" || !v.Expires.IsZero() && !v.Expires.After(v.Created)
	case tenancy.Invite:
		wrong = !email(v.Email) || v.Role == tenancy.RoleViewer || !v.Expires.After(v.Created) || v.Expires.After(v.Created.Add(30*24*time.Hour))
	case tenancy.Project:
		for _, other := range m.records {
			p, ok := other.(tenancy.Project)
			if ok && v.Archived.IsZero() && p.Archived.IsZero() && p.Org == v.Org && p.ID != v.ID && folds[p.Name] == folds[v.Name] {
				return tenancy.ErrNameTaken
			}
		}
		wrong = folds[v.Name] == ""
	}
	return refuseIf(wrong, tenancy.ErrInvalid)
}

// listed refuses a set that newly lists what is not in the plan, or not there.
func (m *model) listed(o tenancy.OrgID, before, next tenancy.ModelSet) error {
	for _, id := range next.List() {
		if !slices.Contains(before.List(), id) && !m.inPlan(o, m.entry(id)) {
			return tenancy.ErrInvalid
		}
	}
	return nil
}

// owned is an organization with somebody among its owners, or not.
func owned(o tenancy.Organization, u tenancy.UserID, owner bool) tenancy.Organization {
	o.Owners = slices.DeleteFunc(slices.Clone(o.Owners), func(v tenancy.UserID) bool { return u == v })
	if owner {
		o.Owners = append(o.Owners, u)
		slices.Sort(o.Owners)
	}
	return o
}

// placed is somebody's place in a project, since when they have one that counts.
func (m *model) placed(p tenancy.ProjectID, stay tenancy.Member, role tenancy.Role) tenancy.ProjectMember {
	at := tenancy.ProjectMember{Org: stay.Org, Project: p, User: stay.User, Membership: stay.Membership, Role: role, Added: m.now}
	if before := recordIn(m, tenancy.ProjectMemberRef(stay.Org, p, stay.User)); before.Membership == stay.Membership {
		at.Added = before.Added
	}
	return at
}

// erased is a record without what tells who somebody is.
func (m *model) erased(v tenancy.Entity) tenancy.Entity {
	switch v := v.(type) {
	case tenancy.Member:
		v.Name, v.Email = "", ""
		return v
	case tenancy.Invite:
		if v.Accepted.IsZero() && v.Revoked.IsZero() && m.now.Before(v.Expires) {
			v.Revoked = m.now
		}
		v.Email = tenancy.ErasedEmail
		return v
	}
	return v
}

// needs is the right that a verb takes; the operator's take none.
var needs = map[store.Action]access.Action{
	"organization.rename": access.ChangeSettings, "organization.branding": access.ChangeSettings, "organization.time_zone": access.ChangeSettings,
	"member.profile": access.SeeOrganization, "member.leave": access.SeeOrganization, "member.role": access.ManageRoster, "member.suspend": access.ManageRoster,
	"member.resume": access.ManageRoster, "member.remove": access.ManageRoster, "invite.create": access.ManageInvites, "invite.revoke": access.ManageInvites,
	"project.create": access.CreateProject, "project.rename": access.RenameProject, "project.archive": access.ArchiveProject, "project.restore": access.RestoreProject,
	"project.models": access.ChangeModels, "project.models.on": access.ChangeModels, "project.models.off": access.ChangeModels,
	"project.people.set": access.ChangePeople, "project.people.remove": access.ChangePeople, "project.leave": access.LeaveProject,
	"key.create": access.CreateKey, "key.rename": access.EditKey, "key.restrict": access.EditKey, "key.rotate": access.RotateKey, "key.revoke": access.RevokeKey,
}

// verb is every verb, for reading beside the rules: what it takes, and what of the
// records that it is about is otherwise afterwards.
func (m *model) verb(c asked) error {
	o, plan, stay := m.org(c.org), recordIn(m, tenancy.SubscriptionRef(c.org)), m.member(c.org, c.user)
	p, i, k := m.project(c.org, c.project), recordIn(m, tenancy.InviteRef(c.org, c.invite)), recordIn(m, tenancy.KeyRef(c.org, c.key))
	e := logged{asked: c, subject: c.about(), at: m.now}
	c.project = cmp.Or(k.Project, c.project)
	e.within = c.project
	at, was := tenancy.ProjectMemberRef(c.org, c.project, c.user).Ref, p.Models
	fresh := tenancy.KeySecret{Pepper: c.made.token, Hint: c.made.token[max(0, len(c.made.token)-4):], MintedBy: c.by, Minted: m.now}
	comes := tenancy.Member{Org: c.org, User: c.user, Membership: c.made.stay, Name: c.name, Email: c.email, Joined: m.now}
	pending := i.ID != "" && i.Accepted.IsZero() && i.Revoked.IsZero() && m.now.Before(i.Expires)
	var more []any // records beside those
	var err error
	switch noun, _, _ := strings.Cut(string(c.action), "."); {
	case c.action == "key.create":
		k = tenancy.Key{Org: c.org, ID: tenancy.KeyID(c.made.id), Project: c.project, Kind: c.kind, Name: c.name, Models: c.models,
			Current: fresh, CreatedBy: c.by, Created: m.now, Expires: c.expires}
		if e.subject = k.Ref(); k.Kind == tenancy.KeyPersonal {
			k.Holder, k.Membership = c.by, m.member(c.org, c.by).Membership
		}
		whose := map[bool]access.Action{true: ofOwn, false: ofService}[k.Kind == tenancy.KeyPersonal]
		err = cmp.Or(m.refuse(c, access.CreateKey+whose), m.listed(c.org, tenancy.ModelSet{}, k.Models))
	case noun == "key":
		err = cmp.Or(refuseIf(k.ID == "", tenet.ErrNotFound), m.refuse(c, m.to(needs[c.action], c.by, k)))
	case needs[c.action] != "":
		err = m.refuse(c, needs[c.action])
	case c.action != "organization.create" && noun != "model" && noun != "invite":
		err = refuseIf(o.ID == "" || !o.Closed.IsZero() && noun != "sweep" && !strings.HasSuffix(string(c.action), ".erase"), tenet.ErrNotFound)
	}
	if noun, _, _ := strings.Cut(string(c.action), "."); noun == "member" && c.action != "member.add" && c.action != "member.remove" && c.action != "member.erase" {
		err = cmp.Or(err, refuseIf(stay.Membership == "", tenet.ErrNotFound))
	}
	switch c.action {
	case "organization.create":
		o = tenancy.Organization{ID: c.org, Name: c.name, TimeZone: "UTC", Currency: "EUR", Owners: []tenancy.UserID{c.user}, Created: m.now}
		plan, e.subject = tenancy.Subscription{Org: c.org, Plan: "web", Models: c.models}, o.Ref()
		stay = tenancy.Member{Org: c.org, User: c.user, Membership: c.made.stay, Joined: m.now}
	case "organization.rename":
		o.Name = c.name
	case "organization.branding":
		o.Branding = c.branding
	case "organization.time_zone":
		o.TimeZone = c.name
	case "organization.suspend":
		o.Suspended = cmp.Or(o.Suspended, m.now)
	case "organization.resume":
		o.Suspended = time.Time{}
	case "organization.close":
		o.Closed = m.now
	case "subscription.set":
		plan = tenancy.Subscription{Org: c.org, Plan: c.name, Models: c.models}
	case "model.put":
		c.entry.Created = cmp.Or(m.entry(c.entry.ID).Created, m.now)
		more = []any{c.entry}
	case "model.retire":
		was := m.entry(c.entry.ID)
		err, was.Retired = refuseIf(was.ID == "", tenet.ErrNotFound), cmp.Or(was.Retired, m.now)
		more = []any{was}

	case "member.add":
		err = cmp.Or(err, m.wrong(comes), refuseIf(c.role == tenancy.RoleViewer || c.role == tenancy.RoleOwner && !stay.Suspended.IsZero(), tenancy.ErrInvalid))
		if stay = cmp.Or(stay, comes); c.role == tenancy.RoleOwner {
			o = owned(o, c.user, true)
		}
	case "member.profile":
		stay.Name, stay.Email = c.name, c.email
	case "member.role":
		err = cmp.Or(err, refuseIf(c.role == tenancy.RoleViewer || c.role == tenancy.RoleOwner && !stay.Suspended.IsZero(), tenancy.ErrInvalid))
		o, e.subject = owned(o, c.user, c.role == tenancy.RoleOwner), stay.Ref()
	case "member.suspend":
		o, stay.Suspended = owned(o, c.user, false), cmp.Or(stay.Suspended, m.now)
	case "member.resume":
		stay.Suspended = time.Time{}
	case "member.remove", "member.leave":
		o, more, stay = owned(o, c.user, false), []any{tenancy.MemberRef(c.org, c.user).Ref}, tenancy.Member{}

	case "member.erase":
		known := []string{stay.Email, ""}
		for range 2 { // once for the addresses that the person accepted with
			for _, v := range m.records {
				if i, ok := v.(tenancy.Invite); ok && i.Org == c.org && (i.AcceptedBy == c.user || slices.ContainsFunc(known, func(s string) bool { return strings.EqualFold(s, i.Email) })) {
					known, more = append(known, i.Email), append(more, m.erased(i))
				}
			}
		}
		stay = m.erased(stay).(tenancy.Member)
	case "organization.erase":
		err = cmp.Or(err, refuseIf(o.Closed.IsZero(), tenancy.ErrInvalid))
		for _, v := range m.records {
			if v.Ref().Org == c.org {
				more = append(more, m.erased(v))
			}
		}
		o.Branding = tenancy.Branding{}
	case "sweep":
		for ref, v := range m.records {
			place, ok := v.(tenancy.ProjectMember)
			void := ok && place.Membership != m.member(c.org, place.User).Membership
			if ref.Org == c.org && (void || !o.Closed.IsZero() && ref != o.Ref()) {
				more = append(more, ref)
			}
		}
		plan, stay, p, i, k = tenancy.Subscription{}, tenancy.Member{}, tenancy.Project{}, tenancy.Invite{}, tenancy.Key{}

	case "invite.create":
		i = tenancy.Invite{Org: c.org, ID: tenancy.InviteID(c.made.id), Email: c.email, Role: cmp.Or(c.role, tenancy.RoleMember), Placements: c.placements,
			InvitedBy: c.by, Created: m.now, Expires: cmp.Or(c.expires, m.now.Add(7*24*time.Hour)), Pepper: c.made.token}
		err, e.subject = cmp.Or(err, m.wrong(i)), i.Ref()
		for _, at := range c.placements {
			p := m.project(c.org, at.Project)
			err = cmp.Or(err, refuseIf(p.ID == "", tenet.ErrNotFound), refuseIf(!p.Archived.IsZero(), tenancy.ErrArchived))
		}
	case "invite.revoke":
		err = cmp.Or(err, refuseIf(i.Revoked.IsZero() && !pending, tenet.ErrNotFound))
		i.Revoked = cmp.Or(i.Revoked, m.now)
	case "invite.accept":
		valid := pending && i.Pepper == c.token && m.may(i.InvitedBy, access.ManageInvites, c.org, "") == access.ReasonNone &&
			!m.member(c.org, i.InvitedBy).Joined.After(i.Created)
		err = cmp.Or(refuseIf(!strings.Contains(c.email, "@"), tenancy.ErrInvalid), refuseIf(!valid, tenet.ErrNotFound),
			refuseIf(!strings.EqualFold(i.Email, c.email) || !stay.Suspended.IsZero(), tenet.ErrForbidden))
		i.Accepted, i.AcceptedBy, stay, m.skipped = m.now, c.by, cmp.Or(stay, comes), nil
		if i.Role == tenancy.RoleOwner {
			o = owned(o, c.user, true)
		}
		for _, at := range i.Placements {
			enough := map[tenancy.Role]string{tenancy.RoleViewer: "vmo", tenancy.RoleMember: "mo", tenancy.RoleOwner: "o"}[at.Role]
			if !m.project(c.org, at.Project).Archived.IsZero() {
				m.skipped = append(m.skipped, at.Project)
			} else if !m.is(c.user, c.org, at.Project, enough) {
				more = append(more, m.placed(at.Project, stay, at.Role))
			}
		}

	case "project.create":
		p = tenancy.Project{Org: c.org, ID: tenancy.ProjectID(c.made.id), Name: c.name, Models: c.models, Created: m.now}
		e.subject, e.within, err = p.Ref(), p.ID, cmp.Or(err, m.listed(c.org, was, c.models))
	case "project.rename":
		p.Name = c.name
	case "project.archive":
		p.Archived = cmp.Or(p.Archived, m.now)
	case "project.restore":
		p.Name = map[bool]string{true: p.Name, false: cmp.Or(c.name, p.Name)}[p.Archived.IsZero()]
		p.Archived = time.Time{}
	case "project.models":
		p.Models, err = c.models, cmp.Or(err, m.listed(c.org, was, c.models))
	case "project.models.on":
		if err = cmp.Or(err, m.listed(c.org, was, c.models)); !was.All() {
			p.Models = tenancy.Models(append(was.List(), c.models.List()...)...)
		}
	case "project.models.off":
		if err = cmp.Or(err, refuseIf(was.All() && !c.models.Empty(), tenancy.ErrInvalid)); !was.All() {
			p.Models = tenancy.Models(slices.DeleteFunc(was.List(), func(id tenancy.ModelID) bool { return hasModel(c.models, id) })...)
		}
	case "project.leave", "project.people.remove":
		more = []any{at}
	case "project.people.set":
		err = cmp.Or(err, refuseIf(m.who(c.user, c.org, "") == "", tenet.ErrNotFound))
		more = []any{m.placed(c.project, stay, c.role)}

	case "key.rename":
		k.Name = c.name
	case "key.restrict":
		k.Models, err = c.models, cmp.Or(err, m.listed(c.org, k.Models, c.models))
	case "key.revoke":
		k.Revoked = cmp.Or(k.Revoked, m.now)
	case "key.rotate":
		two, grace := m.now.Before(k.Previous.Ends), cmp.Or(c.rotation.Grace, 24*time.Hour)
		err = cmp.Or(err, refuseIf(!k.Revoked.IsZero() || !k.Expires.IsZero() && !m.now.Before(k.Expires), keys.ErrEnded),
			refuseIf(grace > 30*24*time.Hour || grace < keys.NoGrace, tenancy.ErrInvalid), refuseIf(two && !c.rotation.Replace, tenancy.ErrRotationOpen))
		k.Current, k.Previous = fresh, k.Current
		if k.Previous.Ends = m.now.Add(grace); !k.Expires.IsZero() && k.Expires.Before(k.Previous.Ends) {
			k.Previous.Ends = k.Expires
		}
		if grace < 0 || c.rotation.Replace && !two {
			k.Previous = tenancy.KeySecret{}
		}
	}
	return m.done(e, err, append(more, o, plan, stay, p, i, k)...)
}
