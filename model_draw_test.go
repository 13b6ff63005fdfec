package tenet_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// folds has every good name, and what it is once folded.
var folds = map[string]string{
	"web": "web", "Web": "web", "shop": "shop", "SHOP": "shop", "zoo": "zoo", "Stra\u00dfe": "strasse", "STRASSE": "strasse",
	"caf\u00e9": "caf\u00e9", "Cafe\u0301": "caf\u00e9", "lab 1": "lab 1",
}

// What is drawn from; of each the first is drawn most.
var (
	drawnPeople = []tenancy.UserID{"ann", "bob", "cyd", "dan", "eve", "owner"} // nik is nowhere
	drawnModels = []tenancy.ModelID{"big", "small", "tuned", "old", "latest", "mini"}
	drawnEmails = []string{"ann@x.example", "bob@x.example", "Ann@X.example", "cyd@x.example"}
	drawnNames  = slices.Sorted(maps.Keys(folds))
	drawnSets   = []tenancy.ModelSet{
		tenancy.AllModels(), tenancy.Models("big", "small"), tenancy.Models("big"), tenancy.Models("small", "tuned"),
		tenancy.Models("big", "old", "small", "tuned"), {}, tenancy.Models("latest"), tenancy.Models("unheard-of"),
	}
	drawnVerbs = map[string][]store.Action{ // by what they are about; those that stand twice are drawn more
		"plan":    {"subscription.set", "organization.suspend", "organization.resume", "organization.resume"},
		"end":     {"organization.erase", "sweep", "organization.close"},
		"setting": {"organization.create", "organization.rename", "organization.branding", "organization.time_zone"},
		"model":   {"model.put", "model.put", "model.retire"},
		"member":  {"member.add", "member.role", "member.suspend", "member.resume"},
		"person":  {"member.remove", "member.leave", "member.profile", "member.erase"},
		"invite":  {"invite.create", "invite.accept", "invite.accept", "invite.revoke"},
		"project": {"project.create", "project.archive", "project.restore", "project.restore", "project.rename"},
		"enabled": {"project.models", "project.models.on", "project.models.off"},
		"place":   {"project.people.set", "project.people.set", "project.people.remove", "project.leave"},
		"key":     {"key.create", "key.create", "key.rename", "key.restrict"},
		"secret":  {"key.rotate"},
		"revoked": {"key.create", "key.revoke"},
		"foreign": {"key.import", "key.import", "key.revoke.leaked"},
	}
)

// Ids of nothing.
const (
	noOrg     = tenancy.OrgID("org_01JD0000000000000000000000")
	noProject = tenancy.ProjectID("proj_01JD0000000000000000000000")
	noKey     = tenancy.KeyID("key_000000000000")
	noInvite  = tenancy.InviteID("inv_01JD0000000000000000000000")
)

// drawOne draws one of a list.
func drawOne[T any](d *drive, from ...T) T { return rapid.SampledFrom(from).Draw(d.T, "one") }

// drawRarely holds once in 2 to the n draws.
func drawRarely(d *drive, n int) bool {
	for range n {
		if !rapid.Bool().Draw(d.T, "rarely") {
			return false
		}
	}
	return true
}

// drawMostly draws one of the good values, and now and then one that is out of bounds.
func drawMostly[T any](d *drive, good []T, bad ...T) T {
	if drawRarely(d, 4) {
		d.bad = true
		return drawOne(d, bad...)
	}
	return drawOne(d, good...)
}

func (d *drive) name() string { return drawMostly(d, drawnNames, " web", "", "we\x00b") }

func (d *drive) email() string { return drawMostly(d, drawnEmails, "nobody", "") }

// profile draws what is known of a person, which may be nothing.
func (d *drive) profile() (name, email string) {
	if !drawRarely(d, 2) {
		name = drawMostly(d, drawnNames, " web", "we\x00b")
	}
	if !drawRarely(d, 2) {
		email = drawMostly(d, drawnEmails, "nobody")
	}
	return name, email
}

// set draws a set of models; no plan has the last two.
func (d *drive) set() tenancy.ModelSet {
	if drawRarely(d, 4) {
		return drawOne(d, drawnSets[6:]...)
	}
	return drawOne(d, drawnSets[:6]...)
}

// orgRole draws a role on a roster; the empty one means member.
func (d *drive) orgRole() tenancy.Role {
	return drawMostly(d, []tenancy.Role{"", tenancy.RoleOwner, tenancy.RoleMember}, tenancy.RoleViewer)
}

// place draws a role in a project.
func (d *drive) place() tenancy.Role {
	return drawOne(d, tenancy.RoleMember, tenancy.RoleOwner, tenancy.RoleViewer)
}

// among draws a person who is so, if there is one, and now and then anybody.
func (d *drive) among(so func(tenancy.UserID) bool) tenancy.UserID {
	fit := slices.DeleteFunc(slices.Clone(drawnPeople), func(u tenancy.UserID) bool { return !so(u) })
	if len(fit) == 0 || drawRarely(d, 3) {
		return d.anybody()
	}
	return drawOne(d, fit...)
}

func (d *drive) anybody() tenancy.UserID {
	if drawRarely(d, 4) {
		return "nik"
	}
	return drawOne(d, drawnPeople...)
}

// who draws somebody who may do it.
func (d *drive) who(does access.Action, o tenancy.OrgID, p tenancy.ProjectID) tenancy.UserID {
	return d.among(func(u tenancy.UserID) bool { return d.m.is(u, o, p, rightTo[does]) })
}

// where is an organization, now and then none.
func (d *drive) where() tenancy.OrgID {
	if len(d.orgs) == 0 || drawRarely(d, 6) {
		return noOrg
	}
	return drawOne(d, d.orgs...)
}

// projectOf is one of the projects that there are, mostly an archived one where
// archived is asked for; now and then none, or another organization's.
func (d *drive) projectOf(archived bool) (tenancy.OrgID, tenancy.ProjectID) {
	fit := slices.DeleteFunc(slices.Clone(d.projects), func(p tenancy.Project) bool {
		return d.m.project(p.Org, p.ID).Archived.IsZero() == archived
	})
	if len(fit) == 0 || drawRarely(d, 2) {
		fit = d.projects
	}
	if len(fit) == 0 || drawRarely(d, 6) {
		return d.where(), noProject
	}
	p := drawOne(d, fit...)
	if drawRarely(d, 6) {
		return d.where(), p.ID
	}
	return p.Org, p.ID
}

// draw makes a verb with its arguments.
func (d *drive) draw(action store.Action) asked {
	d.bad = false
	noun, _, _ := strings.Cut(string(action), ".")
	switch { // first what the others need
	case len(d.orgs) == 0 && noun != "model" && !drawRarely(d, 3):
		noun, action = "organization", "organization.create"
	case len(d.projects) == 0 && (noun == "project" || noun == "key") && !drawRarely(d, 3):
		noun, action = "project", "project.create"
	case len(d.keys) == 0 && noun == "key" && action != "key.import" && !drawRarely(d, 3):
		action = "key.create"
	}
	c := asked{action: action, by: "ops"}
	switch noun {
	case "model":
		if c.entry = d.drawModel(); action == "model.retire" {
			c.entry = tenancy.Model{ID: c.entry.ID}
		}
	case "organization", "subscription", "sweep":
		d.drawOrganization(&c)
	case "member":
		d.drawMember(&c)
	case "invite":
		d.drawInvite(&c)
	case "project":
		d.drawProject(&c)
	default:
		d.drawKey(&c)
	}
	c.bad = d.bad
	return c
}

// drawModel draws a model mostly where it is one, an alias where it is one.
func (d *drive) drawModel() tenancy.Model {
	e := tenancy.Model{ID: drawOne(d, drawnModels...)}
	switch {
	case slices.Contains(drawnModels[4:], e.ID) != drawRarely(d, 4):
		e.Alias = drawOne(d, drawnModels...)
	case rapid.Bool().Draw(d.T, "public"):
		e.Public = true
	default:
		e.Orgs = slices.Sorted(slices.Values(d.orgs[:rapid.IntRange(0, len(d.orgs)).Draw(d.T, "orgs")]))
	}
	if drawRarely(d, 4) {
		e.Retired = d.now()
	}
	return e
}

func (d *drive) drawOrganization(c *asked) {
	c.org = d.where()
	closed := slices.ContainsFunc(d.orgs, func(o tenancy.OrgID) bool { return !d.m.org(o).Closed.IsZero() })
	switch {
	case c.action == "organization.close" && !drawRarely(d, 2):
		c.action = "sweep"
	case c.action == "organization.erase" && !closed && !drawRarely(d, 3):
		c.action = "subscription.set"
	}
	switch c.action {
	case "organization.create":
		c.org, c.user, c.name, c.models = "", drawOne(d, drawnPeople...), d.name(), d.set()
	case "subscription.set":
		if c.name, c.models = d.name(), d.set(); rapid.Bool().Draw(d.T, "all") {
			c.models = tenancy.AllModels()
		}
	case "organization.erase", "sweep":
		for _, o := range d.orgs {
			if !d.m.org(o).Closed.IsZero() && !drawRarely(d, 2) {
				c.org = o
			}
		}
	case "organization.rename":
		c.by, c.name = d.who(access.ChangeSettings, c.org, ""), d.name()
	case "organization.branding":
		c.by, c.branding.Accent = d.who(access.ChangeSettings, c.org, ""), drawMostly(d, []string{"#a0b1c2", "", "#000000"}, "blue")
	case "organization.time_zone":
		c.by, c.name = d.who(access.ChangeSettings, c.org, ""), drawMostly(d, []string{"Asia/Kathmandu", "UTC"}, "Local", "")
	}
}

func (d *drive) drawMember(c *asked) {
	c.org = d.where()
	suspended := func(u tenancy.UserID) bool { return !d.m.member(c.org, u).Suspended.IsZero() }
	if c.action == "member.resume" && !slices.ContainsFunc(drawnPeople, suspended) {
		c.action = "member.suspend"
	}
	c.user = d.among(func(u tenancy.UserID) bool {
		return (d.m.member(c.org, u).Membership == "") == (c.action == "member.add") && suspended(u) == (c.action == "member.resume")
	})
	inviters := map[tenancy.UserID]bool{} // whose invites are waiting
	for _, v := range d.waiting() {
		i := recordIn(d.m, tenancy.InviteRef(c.org, v.id))
		inviters[i.InvitedBy] = (d.m.member(c.org, i.InvitedBy).Membership == "") == (c.action == "member.add")
	}
	back := rapid.Bool().Draw(d.T, "an inviter")
	if back && slices.ContainsFunc(drawnPeople, func(u tenancy.UserID) bool { return inviters[u] }) {
		c.user = d.among(func(u tenancy.UserID) bool { return inviters[u] })
	}
	c.by = d.who(access.ManageRoster, c.org, "")
	switch c.action {
	case "member.erase":
		c.by = "ops"
	case "member.add":
		if c.by, c.role = "ops", tenancy.RoleOwner; !back {
			c.role = d.orgRole()
		}
		c.name, c.email = d.profile()
	case "member.role":
		c.role = drawMostly(d, []tenancy.Role{tenancy.RoleOwner, tenancy.RoleMember}, tenancy.RoleViewer)
	case "member.profile":
		c.by = c.user
		c.name, c.email = d.profile()
	case "member.leave":
		c.by = c.user
	}
}

// waiting are the invites that can be accepted.
func (d *drive) waiting() []drivenInvite {
	return slices.DeleteFunc(slices.Clone(d.invites), func(v drivenInvite) bool {
		i := recordIn(d.m, tenancy.InviteRef(v.org, v.id))
		return !i.Accepted.IsZero() || !i.Revoked.IsZero() || !d.now().Before(i.Expires)
	})
}

func (d *drive) drawInvite(c *asked) {
	if c.action == "invite.create" || len(d.waiting()) == 0 && !drawRarely(d, 3) {
		c.action = "invite.create"
		c.org = d.where()
		c.by, c.email, c.role = d.who(access.ManageInvites, c.org, ""), d.email(), d.orgRole()
		for _, p := range d.projects {
			if p.Org == c.org && rapid.Bool().Draw(d.T, "placed") || drawRarely(d, 6) {
				c.placements = append(c.placements, tenancy.Placement{Project: p.ID, Role: d.place()})
			}
		}
		if drawRarely(d, 2) {
			c.expires = d.now().Add(drawOne(d, time.Hour, 30*24*time.Hour, 10*24*time.Hour, time.Minute, 0, 31*24*time.Hour))
		}
		return
	}
	c.org, c.invite, c.token, c.email = noOrg, noInvite, "tenet_live_i1_nonsense", "ann@x.example"
	from := d.waiting()
	if len(from) == 0 || drawRarely(d, 3) {
		from = d.invites
	}
	if len(from) > 0 {
		i := from[len(from)-1-rapid.IntRange(0, len(from)-1).Draw(d.T, "invite")]
		c.org, c.invite, c.token, c.email = i.org, i.id, i.token, i.email
	}
	if c.action == "invite.revoke" {
		c.by, c.token, c.email = d.who(access.ManageInvites, c.org, ""), "", ""
		return
	}
	fresh := rapid.Bool().Draw(d.T, "new to the roster")
	c.by = d.among(func(u tenancy.UserID) bool { return (d.m.member(c.org, u).Membership == "") == fresh })
	c.name = drawOne(d, drawnNames...)
	if c.user = c.by; drawRarely(d, 3) {
		c.email = d.email()
	}
}

func (d *drive) drawProject(c *asked) {
	if c.action == "project.create" {
		c.org, c.name, c.models = d.where(), d.name(), d.set()
		c.by = d.who(access.CreateProject, c.org, "")
		return
	}
	c.org, c.project = d.projectOf(c.action == "project.restore")
	does := access.RenameProject
	if c.action == "project.models.off" && d.m.project(c.org, c.project).Models.All() && !drawRarely(d, 2) {
		c.action = "project.models"
	}
	switch c.action {
	case "project.rename":
		c.name = d.name()
	case "project.restore":
		if does = access.RestoreProject; rapid.Bool().Draw(d.T, "renamed") {
			c.name = drawMostly(d, drawnNames, " web", "we\x00b") // none keeps its own
		}
	case "project.models":
		c.models = d.set()
	case "project.models.on", "project.models.off":
		c.models = drawOne(d, drawnSets[1:]...)
	case "project.people.set":
		c.user, c.role = d.anybody(), drawMostly(d, []tenancy.Role{d.place()}, "")
	case "project.people.remove":
		c.user = d.among(func(u tenancy.UserID) bool { return strings.ContainsAny(d.m.who(u, c.org, c.project), "omv") })
	case "project.leave":
		does = access.LeaveProject
	}
	if c.by = d.who(does, c.org, c.project); c.action == "project.leave" {
		c.user = c.by
	}
}

// drawnForeign are tokens of another system.
var drawnForeign = []string{"sk-one", "sk-two", "sk-three"}

// importsEnd is when tokens of another system are let in no more.
var importsEnd = time.Date(2026, 3, 25, 0, 0, 0, 0, time.UTC)

// drawForeign draws what the operator does with tokens that somebody else has.
func (d *drive) drawForeign(c *asked) {
	if c.token = drawOne(d, drawnForeign...); c.action == "key.import" {
		c.org, c.project = d.projectOf(false)
		c.kind, c.name, c.models = drawMostly(d, []tenancy.KeyKind{tenancy.KeyService, tenancy.KeyPersonal}, ""), d.name(), d.set()
		if c.kind == tenancy.KeyPersonal {
			c.user = d.among(func(u tenancy.UserID) bool { return d.m.who(u, c.org, "") != "" })
		}
		return
	}
	c.org = noOrg
	for _, k := range d.keys { // a key's newest, or one that it had
		if k.tokens[0] == c.token || drawRarely(d, 3) {
			c.org, c.key, c.token = k.org, k.id, k.tokens[rapid.IntRange(0, len(k.tokens)-1).Draw(d.T, "token")]
		}
	}
}

// keysThat are the keys that work, of them those with two secrets that live if there
// are any and they are asked for; now and then, all keys.
func (d *drive) keysThat(two bool) []*drivenKey {
	if drawRarely(d, 3) {
		return d.keys
	}
	works := slices.DeleteFunc(slices.Clone(d.keys), func(v *drivenKey) bool {
		k := recordIn(d.m, tenancy.KeyRef(v.org, v.id))
		return !k.Revoked.IsZero() || !k.Expires.IsZero() && !d.now().Before(k.Expires) || !d.m.org(v.org).Closed.IsZero()
	})
	open := slices.DeleteFunc(slices.Clone(works), func(v *drivenKey) bool {
		return !d.now().Before(recordIn(d.m, tenancy.KeyRef(v.org, v.id)).Previous.Ends)
	})
	if two && len(open) > 0 {
		return open
	}
	return works
}

func (d *drive) drawKey(c *asked) {
	if c.action == "key.import" || c.action == "key.revoke.leaked" {
		d.drawForeign(c)
		return
	}
	if c.action == "key.create" {
		c.org, c.project = d.projectOf(false)
		c.kind, c.name, c.models = drawMostly(d, []tenancy.KeyKind{tenancy.KeyPersonal, tenancy.KeyService}, ""), d.name(), d.set()
		if c.by = d.who(access.CreateKey+ofService, c.org, c.project); c.kind == tenancy.KeyPersonal {
			c.by = d.who(access.CreateKey+ofOwn, c.org, c.project)
		}
		if drawRarely(d, 1) {
			c.expires = d.now().Add(drawOne(d, 12*24*time.Hour, 48*time.Hour, time.Hour, 100*24*time.Hour, 0))
		}
		return
	}
	c.org, c.key = d.where(), noKey
	two := rapid.Bool().Draw(d.T, "with two secrets")
	if from := d.keysThat(two); len(from) > 0 && !drawRarely(d, 6) {
		k := from[len(from)-1-rapid.IntRange(0, len(from)-1).Draw(d.T, "key")]
		c.org, c.key = k.org, k.id
	}
	k := recordIn(d.m, tenancy.KeyRef(c.org, c.key))
	if c.by = d.who(access.EditKey+ofService, c.org, k.Project); k.Holder != "" && (c.action == "key.rotate" || rapid.Bool().Draw(d.T, "holder")) && !drawRarely(d, 3) {
		c.by = k.Holder
	}
	switch c.action {
	case "key.rename":
		c.name = d.name()
	case "key.restrict":
		c.models = d.set()
	case "key.rotate":
		c.rotation.Replace = rapid.Bool().Draw(d.T, "replace")
		c.rotation.Grace = drawMostly(d, []time.Duration{0, keys.NoGrace, time.Hour, 30 * 24 * time.Hour}, 31*24*time.Hour, -2)
	}
}
