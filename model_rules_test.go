package tenet_test

import (
	"cmp"
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

// The verbs, for reading beside the rules: what each refuses, and what of the records
// that it is about is otherwise afterwards.

func (a *doing) organization() {
	settings := []store.Action{"organization.rename", "organization.branding", "organization.time_zone"}
	if slices.Contains(settings, a.action) {
		a.may(access.ChangeSettings)
	}
	a.no(a.o.ID == "" && a.action != "organization.create", tenet.ErrNotFound)
	a.no(!a.o.Closed.IsZero() && a.action != "sweep" && a.action != "organization.erase", tenet.ErrNotFound)
	a.no(a.bad, tenancy.ErrInvalid)
	switch a.action {
	case "organization.create":
		a.o = tenancy.Organization{ID: a.org, Name: a.name, TimeZone: "UTC", Currency: "EUR", Owners: []tenancy.UserID{a.user}, Created: a.m.now}
		a.plan, a.subject = tenancy.Subscription{Org: a.org, Plan: "web", Models: a.models}, a.o.Ref()
		a.stay = tenancy.Member{Org: a.org, User: a.user, Membership: a.made.stay, Joined: a.m.now}
	case "subscription.set":
		a.plan = tenancy.Subscription{Org: a.org, Plan: a.name, Models: a.models}
	case "organization.rename":
		a.o.Name = a.name
	case "organization.branding":
		a.o.Branding = a.branding
	case "organization.time_zone":
		a.o.TimeZone = a.name
	case "organization.suspend":
		a.o.Suspended = cmp.Or(a.o.Suspended, a.m.now)
	case "organization.resume":
		a.o.Suspended = time.Time{}
	case "organization.close":
		a.o.Closed = a.m.now
	case "organization.erase":
		a.no(a.o.Closed.IsZero(), tenancy.ErrInvalid)
		a.o.Branding = tenancy.Branding{}
		a.erase(func(tenancy.Member) bool { return true }, func(tenancy.Invite) bool { return true })
	case "sweep": // the places of earlier stays; of a closed organization everything
		for ref, v := range a.m.records {
			place, ok := v.(tenancy.ProjectMember)
			void := ok && place.Membership != a.m.member(a.org, place.User).Membership
			if ref.Org == a.org && (void || !a.o.Closed.IsZero() && ref != a.o.Ref()) {
				a.more = append(a.more, ref)
			}
		}
	}
}

// erase takes out of records of the organization what tells who somebody is.
func (a *doing) erase(members func(tenancy.Member) bool, invites func(tenancy.Invite) bool) {
	for ref, v := range a.m.records {
		switch v := v.(type) {
		case tenancy.Member:
			if v.Name, v.Email = "", ""; ref.Org == a.org && members(v) {
				a.more = append(a.more, v)
			}
		case tenancy.Invite:
			if ref.Org != a.org || !invites(v) {
				continue
			}
			if v.Email = tenancy.ErasedEmail; a.m.pending(v) {
				v.Revoked = a.m.now
			}
			a.more = append(a.more, v)
		}
	}
}

func (m *model) pending(i tenancy.Invite) bool {
	return i.ID != "" && i.Accepted.IsZero() && i.Revoked.IsZero() && m.now.Before(i.Expires)
}

func (a *doing) catalogue() {
	next, before, target := a.entry, a.m.entry(a.entry.ID), a.m.entry(a.entry.Alias)
	if next.Created = cmp.Or(before.Created, a.m.now); a.action == "model.retire" {
		a.no(before.ID == "", tenet.ErrNotFound)
		next, next.Retired = before, cmp.Or(before.Retired, a.m.now)
	}
	alias := next.Alias != ""
	a.no(alias && (target.ID == "" || target.Alias != "" || next.Public) && a.action == "model.put", tenancy.ErrInvalid)
	a.no((alias || next.Public) && len(next.Orgs) > 0 || before.ID != "" && (before.Alias != "") != alias, tenancy.ErrInvalid)
	a.more = []any{next}
}

// owns makes somebody an owner of the organization, or not.
func (a *doing) owns(owner bool) {
	a.o.Owners = slices.DeleteFunc(slices.Clone(a.o.Owners), func(u tenancy.UserID) bool { return u == a.user })
	if owner {
		a.o.Owners = append(a.o.Owners, a.user)
		slices.Sort(a.o.Owners)
	}
}

// joins puts the person on the roster, if they are not, and makes them what they are to
// be there, if that is more.
func (a *doing) joins(role tenancy.Role) {
	fresh := tenancy.Member{Org: a.org, User: a.user, Membership: a.made.stay, Name: a.name, Email: a.email, Joined: a.m.now}
	if a.stay = cmp.Or(a.stay, fresh); role == tenancy.RoleOwner {
		a.owns(true)
	}
}

func (a *doing) member() {
	switch a.action {
	case "member.add", "member.erase":
		a.no(a.o.ID == "" || !a.o.Closed.IsZero() && a.action == "member.add", tenet.ErrNotFound)
	case "member.profile", "member.leave":
		a.may(access.SeeOrganization)
	default:
		a.may(access.ManageRoster)
		a.no(a.stay.Membership == "" && a.action != "member.remove", tenet.ErrNotFound)
	}
	a.no(a.bad, tenancy.ErrInvalid)
	a.no(a.role == tenancy.RoleOwner && !a.stay.Suspended.IsZero(), tenancy.ErrInvalid)
	switch a.action {
	case "member.add":
		a.joins(a.role)
	case "member.profile":
		a.stay.Name, a.stay.Email = a.name, a.email
	case "member.role":
		a.owns(a.role == tenancy.RoleOwner)
		a.subject = tenancy.MemberRef(a.org, a.user).Ref
	case "member.suspend":
		a.owns(false)
		a.stay.Suspended = cmp.Or(a.stay.Suspended, a.m.now)
	case "member.resume":
		a.stay.Suspended = time.Time{}
	case "member.remove", "member.leave":
		a.owns(false)
		a.more = []any{a.subject}
	case "member.erase": // with the invites that they accepted, and those to an address of theirs
		addresses := []string{a.stay.Email}
		for _, v := range a.m.records {
			if i, ok := v.(tenancy.Invite); ok && i.Org == a.org && i.AcceptedBy == a.user {
				addresses = append(addresses, i.Email)
			}
		}
		a.erase(func(s tenancy.Member) bool { return s.User == a.user }, func(i tenancy.Invite) bool {
			return slices.ContainsFunc(addresses, func(s string) bool { return strings.EqualFold(s, i.Email) })
		})
	}
}

func (a *doing) invitation() {
	if a.action != "invite.accept" {
		a.may(access.ManageInvites)
	}
	a.no(a.bad, tenancy.ErrInvalid)
	switch a.action {
	case "invite.create":
		a.i = tenancy.Invite{Org: a.org, ID: tenancy.InviteID(a.made.id), Email: a.email, Role: cmp.Or(a.role, tenancy.RoleMember), Placements: a.placements,
			InvitedBy: a.by, Created: a.m.now, Expires: cmp.Or(a.expires, a.m.now.Add(7*24*time.Hour)), Pepper: a.made.token}
		a.subject = a.i.Ref()
		a.no(!a.i.Expires.After(a.m.now) || a.i.Expires.After(a.m.now.Add(30*24*time.Hour)), tenancy.ErrInvalid)
		for _, at := range a.placements {
			p := a.m.project(a.org, at.Project)
			a.no(p.ID == "", tenet.ErrNotFound)
			a.no(!p.Archived.IsZero(), tenancy.ErrArchived)
		}
	case "invite.revoke":
		a.no(a.i.Revoked.IsZero() && !a.m.pending(a.i), tenet.ErrNotFound)
		a.i.Revoked = cmp.Or(a.i.Revoked, a.m.now)
	case "invite.accept":
		may := a.m.may(a.i.InvitedBy, access.ManageInvites, a.org, "") == access.ReasonNone // in the stay in which it was made
		a.no(!may || a.m.member(a.org, a.i.InvitedBy).Joined.After(a.i.Created) || !a.m.pending(a.i) || a.i.Pepper != a.token, tenet.ErrNotFound)
		a.no(!strings.EqualFold(a.i.Email, a.email) || !a.stay.Suspended.IsZero(), tenet.ErrForbidden)
		a.joins(a.i.Role)
		a.i.Accepted, a.i.AcceptedBy, a.m.skipped = a.m.now, a.by, nil
		for _, at := range a.i.Placements {
			enough := map[tenancy.Role]string{tenancy.RoleViewer: "vmo", tenancy.RoleMember: "mo", tenancy.RoleOwner: "o"}[at.Role]
			if !a.m.project(a.org, at.Project).Archived.IsZero() {
				a.m.skipped = append(a.m.skipped, at.Project)
			} else if !a.m.is(a.user, a.org, at.Project, enough) {
				a.place(at.Project, at.Role)
			}
		}
	}
}

// place gives the person a place in a project, since when they have one that counts.
func (a *doing) place(p tenancy.ProjectID, role tenancy.Role) {
	at := tenancy.ProjectMember{Org: a.org, Project: p, User: a.user, Membership: a.stay.Membership, Role: role, Added: a.m.now}
	if before := recordIn(a.m, tenancy.ProjectMemberRef(a.org, p, a.user)); before.Membership == at.Membership {
		at.Added = before.Added
	}
	a.more = append(a.more, at)
}

// listed refuses a set that lists what neither was listed before nor is in the plan.
func (a *doing) listed(before tenancy.ModelSet) {
	for _, id := range a.models.List() {
		a.no(!slices.Contains(before.List(), id) && !a.m.inPlan(a.org, a.m.entry(id)), tenancy.ErrInvalid)
	}
}

func (a *doing) inProject() {
	a.may(map[store.Action]access.Action{
		"project.create": access.CreateProject, "project.rename": access.RenameProject, "project.archive": access.ArchiveProject,
		"project.restore": access.RestoreProject, "project.models": access.ChangeModels, "project.models.on": access.ChangeModels, "project.models.off": access.ChangeModels,
		"project.people.set": access.ChangePeople, "project.people.remove": access.ChangePeople, "project.leave": access.LeaveProject,
	}[a.action])
	a.no(a.action == "project.people.set" && a.m.who(a.user, a.org, "") == "", tenet.ErrNotFound)
	a.no(a.bad && (a.action != "project.restore" || !a.p.Archived.IsZero()), tenancy.ErrInvalid)
	switch before := a.p.Models; a.action {
	case "project.create":
		a.listed(before)
		a.p = tenancy.Project{Org: a.org, ID: tenancy.ProjectID(a.made.id), Name: a.name, Models: a.models, Created: a.m.now}
		a.subject = a.p.Ref()
	case "project.rename":
		a.p.Name = a.name
	case "project.archive":
		a.p.Archived = cmp.Or(a.p.Archived, a.m.now)
	case "project.restore":
		if !a.p.Archived.IsZero() {
			a.p.Name, a.p.Archived = cmp.Or(a.name, a.p.Name), time.Time{}
		}
	case "project.models":
		a.listed(before)
		a.p.Models = a.models
	case "project.models.on":
		if a.listed(before); !before.All() {
			a.p.Models = tenancy.Models(append(before.List(), a.models.List()...)...)
		}
	case "project.models.off":
		if a.no(before.All() && !a.models.Empty(), tenancy.ErrInvalid); !before.All() {
			a.p.Models = tenancy.Models(slices.DeleteFunc(before.List(), func(id tenancy.ModelID) bool { return hasModel(a.models, id) })...)
		}
	case "project.leave", "project.people.remove":
		a.more = []any{a.at}
	case "project.people.set":
		a.place(a.project, a.role)
	}
	for _, v := range a.m.records {
		q, ok := v.(tenancy.Project)
		taken := ok && q.Org == a.org && q.ID != a.p.ID && q.Archived.IsZero() && folds[q.Name] == folds[a.p.Name]
		a.no(taken && a.p.Archived.IsZero(), tenancy.ErrNameTaken)
	}
}

// imports brings along a key of another system: one for a token in the whole deployment,
// and while that system's tokens are let in. Just so again is no change.
func (a *doing) imports() {
	a.no(a.o.ID == "" || !a.o.Closed.IsZero() || a.p.ID == "", tenet.ErrNotFound)
	a.no(!a.p.Archived.IsZero(), tenancy.ErrArchived)
	a.no(a.bad || !a.expires.IsZero() && !a.expires.After(a.m.now) || !a.m.now.Before(importsEnd), tenancy.ErrInvalid)
	a.no(a.kind == tenancy.KeyPersonal && a.m.who(a.user, a.org, "") == "", tenancy.ErrInvalid)
	a.listed(tenancy.ModelSet{})
	k := tenancy.Key{Org: a.org, ID: cmp.Or(a.key, tenancy.KeyID(a.made.id)), Project: a.project, Kind: a.kind, Name: a.name, Holder: a.user, Models: a.models,
		Current: tenancy.KeySecret{Pepper: a.token, MintedBy: a.by, Minted: a.m.now}, CreatedBy: a.by, Created: a.m.now, Expires: a.expires}
	if a.kind == tenancy.KeyPersonal {
		k.Membership = a.stay.Membership
	}
	a.subject, a.k, a.stay = k.Ref(), k, tenancy.Member{}
	for _, v := range a.m.records {
		if before, ok := v.(tenancy.Key); ok && before.ID == k.ID {
			k.CreatedBy, k.Created, k.Current.Minted, k.Current.MintedBy = before.CreatedBy, before.Created, before.Current.Minted, before.Current.MintedBy
			a.no(!reflect.DeepEqual(before, k), tenet.ErrImported)
			a.k = before
		}
	}
}

func (a *doing) ofKey() {
	switch a.action {
	case "key.import":
		a.imports()
		return
	case "key.revoke.leaked": // of a secret that lives; else nothing, and no answer
		if verifies(a.k, a.token, a.m.now) {
			a.k.Revoked = cmp.Or(a.k.Revoked, a.m.now)
		}
		return
	}
	fresh := tenancy.KeySecret{Pepper: a.made.token, Hint: a.made.token[max(0, len(a.made.token)-4):], MintedBy: a.by, Minted: a.m.now}
	if a.action == "key.create" {
		a.k = tenancy.Key{Org: a.org, ID: tenancy.KeyID(a.made.id), Project: a.project, Kind: a.kind, Name: a.name, Models: a.models,
			Current: fresh, CreatedBy: a.by, Created: a.m.now, Expires: a.expires}
		if a.subject = a.k.Ref(); a.kind == tenancy.KeyPersonal {
			a.k.Holder, a.k.Membership = a.by, a.m.member(a.org, a.by).Membership
		}
	}
	a.no(a.k.Project == "", tenet.ErrNotFound)
	a.may(a.m.to(map[store.Action]access.Action{"key.create": access.CreateKey, "key.rename": access.EditKey, "key.restrict": access.EditKey,
		"key.rotate": access.RotateKey, "key.revoke": access.RevokeKey}[a.action], a.by, a.k))
	ended := !a.k.Revoked.IsZero() || !a.k.Expires.IsZero() && !a.m.now.Before(a.k.Expires)
	a.no(a.action == "key.rotate" && ended, keys.ErrEnded)
	a.no(a.bad, tenancy.ErrInvalid)
	switch a.action {
	case "key.create":
		a.no(ended, tenancy.ErrInvalid)
		a.listed(tenancy.ModelSet{})
	case "key.rename":
		a.k.Name = a.name
	case "key.restrict":
		a.listed(a.k.Models)
		a.k.Models = a.models
	case "key.revoke":
		a.k.Revoked = cmp.Or(a.k.Revoked, a.m.now)
	case "key.rotate":
		a.rotate(fresh)
	}
}

// rotate is the state table of rotations: with one live secret, and with two.
func (a *doing) rotate(fresh tenancy.KeySecret) {
	two, grace := a.m.now.Before(a.k.Previous.Ends), cmp.Or(a.rotation.Grace, 24*time.Hour)
	a.no(two && !a.rotation.Replace, tenancy.ErrRotationOpen)
	a.k.Current, a.k.Previous = fresh, a.k.Current
	if a.k.Previous.Ends = a.m.now.Add(grace); !a.k.Expires.IsZero() && a.k.Expires.Before(a.k.Previous.Ends) {
		a.k.Previous.Ends = a.k.Expires
	}
	if grace < 0 || a.rotation.Replace && !two {
		a.k.Previous = tenancy.KeySecret{}
	}
}
