package tenet_test

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// asked is a verb as somebody asks for it.
type asked struct {
	action       store.Action
	by, onBehalf tenancy.UserID
	op           store.OperationID // empty: none was chosen
	rev          store.Rev         // which the subject is to have; zero: any
	stale        bool              // and has no longer
	bad          bool              // a value of it is out of bounds
	made         made

	org        tenancy.OrgID // empty: the catalogue
	project    tenancy.ProjectID
	user       tenancy.UserID
	key        tenancy.KeyID
	invite     tenancy.InviteID
	kind       tenancy.KeyKind
	name       string
	email      string
	role       tenancy.Role
	models     tenancy.ModelSet
	expires    time.Time
	rotation   keys.Rotation
	placements []tenancy.Placement
	branding   tenancy.Branding
	entry      tenancy.Model
	token      string
}

// made is what chance gave to what a verb made.
type made struct {
	id, token string
	stay      tenancy.MembershipID
	skipped   []tenancy.ProjectID
}

// same says whether c asks for what a did, for the same operation.
func (a asked) same(c asked) bool {
	a.made, c.made, a.stale, c.stale = made{}, made{}, false, false
	if a.action == "key.import" {
		a.key, c.key = "", ""
	}
	a.role, c.role = cmp.Or(a.role, tenancy.RoleMember), cmp.Or(c.role, tenancy.RoleMember) // which the empty one means
	return reflect.DeepEqual(a, c)
}

// String names the fields that are set.
func (a asked) String() string {
	text, v := string(a.action), reflect.ValueOf(a)
	for i := range v.NumField() {
		if f := v.Field(i); i > 0 && !f.IsZero() {
			text += fmt.Sprintf(" %s=%v", v.Type().Field(i).Name, f)
		}
	}
	return text
}

// verbsOfOperator are the verbs of an operator; all others are an actor's.
var verbsOfOperator = []store.Action{
	"organization.create", "organization.suspend", "organization.resume", "organization.close", "subscription.set",
	"member.add", "model.put", "model.retire", "member.erase", "organization.erase", "sweep", "key.import", "key.revoke.leaked",
}

// jobVerbs are the verbs that take as many commits as they need.
var jobVerbs = []store.Action{"member.erase", "organization.erase", "sweep"}

func justThat(err error) (made, error) { return made{}, err }

// operator has the real thing do what an operator asks.
func (a asked) operator(ctx context.Context, o tenet.Operator) (made, error) {
	switch a.action {
	case "organization.create":
		root, err := o.CreateOrganization(ctx, tenet.NewOrganization{
			Name: a.name, Currency: "EUR", Plan: "web", Models: a.models, Owner: tenet.NewMember{User: a.user},
		})
		return made{id: string(root.ID)}, err
	case "subscription.set":
		return justThat(o.SetSubscription(ctx, tenancy.Subscription{Org: a.org, Plan: a.name, Models: a.models}))
	case "organization.suspend":
		return justThat(o.Suspend(ctx, a.org))
	case "organization.resume":
		return justThat(o.Resume(ctx, a.org))
	case "organization.close":
		return justThat(o.CloseOrganization(ctx, a.org))
	case "organization.erase":
		return justThat(o.EraseOrganization(ctx, a.org))
	case "sweep":
		return justThat(second(o.Sweep(ctx, a.org)))
	case "member.erase":
		return justThat(o.ErasePerson(ctx, a.org, a.user))
	case "key.import":
		k, err := o.ImportKey(ctx, a.org, a.project, tenet.ImportedKey{
			Name: a.name, Kind: a.kind, Holder: a.user, SHA256: sha256Hex(a.token), Models: a.models, Expires: a.expires,
		})
		return made{id: string(k.ID)}, err
	case "key.revoke.leaked":
		return justThat(o.RevokeBySecret(ctx, a.token))
	case "model.put":
		return justThat(o.PutModel(ctx, a.entry))
	case "model.retire":
		return justThat(o.RetireModel(ctx, a.entry.ID))
	}
	m, err := o.AddMember(ctx, a.org, tenet.NewMember{User: a.user, Role: a.role, Name: a.name, Email: a.email})
	return made{stay: m.Membership}, err
}

// actor has the real thing do what a person asks.
func (a asked) actor(ctx context.Context, as tenet.Actor) (made, error) {
	switch a.action {
	case "organization.rename":
		return justThat(second(as.RenameOrganization(ctx, a.org, a.name)))
	case "organization.branding":
		return justThat(second(as.SetBranding(ctx, a.org, a.branding)))
	case "organization.time_zone":
		return justThat(second(as.SetTimeZone(ctx, a.org, a.name)))
	case "member.profile":
		return justThat(second(as.SetProfile(ctx, a.org, tenet.Profile{Name: a.name, Email: a.email})))
	case "member.role":
		return justThat(as.SetRole(ctx, a.org, a.user, a.role))
	case "member.suspend":
		return justThat(as.SuspendMember(ctx, a.org, a.user))
	case "member.resume":
		return justThat(as.ResumeMember(ctx, a.org, a.user))
	case "member.remove":
		return justThat(as.RemoveMember(ctx, a.org, a.user))
	case "member.leave":
		return justThat(as.LeaveOrganization(ctx, a.org))
	case "invite.create":
		i, secret, err := as.Invite(ctx, a.org, tenet.NewInvite{Email: a.email, Role: a.role, Placements: a.placements, Expires: a.expires})
		return made{id: string(i.ID), token: secret.Reveal()}, err
	case "invite.revoke":
		return justThat(as.RevokeInvite(ctx, a.org, a.invite))
	case "invite.accept":
		done, err := as.AcceptInvite(ctx, a.token, tenet.Profile{Name: a.name, Email: a.email})
		return made{stay: done.Member.Membership, skipped: done.Skipped}, err
	}
	return a.inProject(ctx, as)
}

// inProject is actor for what is of one project.
func (a asked) inProject(ctx context.Context, as tenet.Actor) (made, error) {
	switch a.action {
	case "project.create":
		p, err := as.CreateProject(ctx, a.org, tenet.NewProject{Name: a.name, Models: a.models})
		return made{id: string(p.ID)}, err
	case "project.rename":
		return justThat(second(as.RenameProject(ctx, a.org, a.project, a.name)))
	case "project.archive":
		return justThat(second(as.ArchiveProject(ctx, a.org, a.project)))
	case "project.restore":
		return justThat(second(as.RestoreProject(ctx, a.org, a.project, a.name)))
	case "project.models":
		return justThat(second(as.SetProjectModels(ctx, a.org, a.project, a.models)))
	case "project.models.on":
		return justThat(second(as.TurnOnModels(ctx, a.org, a.project, a.models.List()...)))
	case "project.models.off":
		return justThat(second(as.TurnOffModels(ctx, a.org, a.project, a.models.List()...)))
	case "project.people.set":
		return justThat(as.SetProjectMember(ctx, a.org, a.project, a.user, a.role))
	case "project.people.remove":
		return justThat(as.RemoveProjectMember(ctx, a.org, a.project, a.user))
	case "project.leave":
		return justThat(as.LeaveProject(ctx, a.org, a.project))
	case "key.create":
		k, secret, err := as.CreateKey(ctx, a.org, a.project, tenet.NewKey{Name: a.name, Kind: a.kind, Models: a.models, Expires: a.expires})
		return made{id: string(k.ID), token: secret.Reveal()}, err
	}
	return a.ofKey(ctx, as)
}

// ofKey is actor for what is of one key.
func (a asked) ofKey(ctx context.Context, as tenet.Actor) (made, error) {
	switch a.action {
	case "key.rename":
		return justThat(second(as.RenameKey(ctx, a.org, a.key, a.name)))
	case "key.restrict":
		return justThat(second(as.RestrictKey(ctx, a.org, a.key, a.models)))
	case "key.rotate":
		_, secret, err := as.RotateKey(ctx, a.org, a.key, a.rotation)
		return made{token: secret.Reveal()}, err
	}
	return justThat(as.RevokeKey(ctx, a.org, a.key))
}

// about is the record whose revision the verb may name; zero where it makes it.
func (a asked) about() tenancy.Ref {
	noun, _, _ := strings.Cut(string(a.action), ".")
	switch {
	case a.action == "member.role", noun == "sweep", noun == "organization" && a.action != "organization.create":
		return tenancy.OrganizationRef(a.org).Ref
	case noun == "subscription":
		return tenancy.SubscriptionRef(a.org).Ref
	case noun == "model":
		return tenancy.ModelRef(a.entry.ID).Ref
	case noun == "member":
		return tenancy.MemberRef(a.org, a.user).Ref
	case noun == "invite" && a.invite != "":
		return tenancy.InviteRef(a.org, a.invite).Ref
	case noun == "project" && a.user != "":
		return tenancy.ProjectMemberRef(a.org, a.project, a.user).Ref
	case noun == "project" && a.project != "":
		return tenancy.ProjectRef(a.org, a.project).Ref
	case a.key != "" && a.action != "key.import":
		return tenancy.KeyRef(a.org, a.key).Ref
	}
	return tenancy.Ref{}
}

// gives is the right to see what the verb gives, for who asks for it again; empty where
// it gives nothing.
func (a asked) gives() access.Action {
	switch a.action {
	case "organization.rename", "organization.branding", "organization.time_zone":
		return access.SeeSettings
	case "member.profile", "invite.accept":
		return access.SeeOrganization
	case "invite.create":
		return access.ManageInvites
	case "project.people.set", "project.people.remove", "project.leave", "key.revoke", "key.revoke.leaked", "key.import":
		return ""
	}
	if strings.HasPrefix(string(a.action), "project.") || strings.HasPrefix(string(a.action), "key.") {
		return access.SeeProject
	}
	return ""
}

// secret says whether the verb gives a secret.
func (a asked) secret() bool {
	return a.action == "key.create" || a.action == "key.rotate" || a.action == "invite.create"
}
