package tenet

import (
	"context"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Actor is a person, as the host's own login knows them, in whose name things are
// done. Every verb names the organization that it speaks of, checks the person's
// rights in the commit that it makes, and fails with an [*Error].
//
// Verbs read and write the store, never the picture that requests are decided
// from, and are seen by this process's decisions when they return.
//
// An Actor is a value; it may be kept, copied and used from any goroutine.
type Actor struct {
	t    *Tenet
	user tenancy.UserID
	opts ChangeOptions
}

// As returns the verbs of a person. The host vouches for who it is: Tenet has no
// login.
func (t *Tenet) As(user tenancy.UserID) Actor {
	return Actor{t: t, user: tenancy.UserID(strings.Clone(string(user)))}
}

// With returns the actor with options for the next change:
//
//	t.As(user).With(tenet.ChangeOptions{Op: id}).CreateProject(ctx, org, p)
//
// Of an actor that [Actor.Preview] gave, it is previewed under these options.
func (a Actor) With(o ChangeOptions) Actor {
	o.rehearsal = a.opts.rehearsal
	a.opts = o
	return a
}

// ask makes the request of a verb.
func (a Actor) ask(org tenancy.OrgID, action store.Action, kind tenancy.Kind, id string, asked any) request {
	return request{org: org, actor: a.user, action: action, kind: kind, id: id, asked: asked, opts: a.opts}
}

// stand reads what the actor is to an organization, and to a project of it where
// one is named, in one round trip with whatever else the rule is going to read.
// What is malformed is not there, so the store is not asked for it.
func (a Actor) stand(w *work, org tenancy.OrgID, project tenancy.ProjectID, also ...tenancy.Ref) access.Standing {
	if _, err := tenancy.ParseOrgID(string(org)); err != nil {
		return access.Standing{}
	}
	if _, err := tenancy.ParseUserID(string(a.user)); err != nil {
		return access.Standing{}
	}
	o, m := tenancy.OrganizationRef(org), tenancy.MemberRef(org, a.user)
	if project == "" {
		w.load(append(also, o.Ref, m.Ref)...)
		return access.Standing{Org: read(w, o).Value, Member: read(w, m).Value}
	}
	if _, err := tenancy.ParseProjectID(string(project)); err != nil {
		return access.Standing{}
	}
	p, pm := tenancy.ProjectRef(org, project), tenancy.ProjectMemberRef(org, project, a.user)
	w.load(append(also, o.Ref, m.Ref, p.Ref, pm.Ref)...)
	return access.Standing{
		Org: read(w, o).Value, Member: read(w, m).Value,
		Project: read(w, p).Value, Place: read(w, pm).Value,
	}
}

// may is the right to an action on a project, or on the organization where
// project is empty; the error that says why not.
func (a Actor) may(w *work, action access.Action, org tenancy.OrgID, project tenancy.ProjectID, also ...tenancy.Ref) (access.Standing, error) {
	s := a.stand(w, org, project, also...)
	if project != "" && s.Project.ID == "" {
		return s, ErrNotFound
	}
	return s, refusal(s.May(action, ""))
}

// mayIn is may on a project, which must be named.
func (a Actor) mayIn(w *work, action access.Action, org tenancy.OrgID, project tenancy.ProjectID) (access.Standing, error) {
	if project == "" {
		return access.Standing{}, ErrNotFound
	}
	return a.may(w, action, org, project)
}

// check runs a rule that only reads. What it refuses it refuses for what was true at one
// moment; what it allows rests on records that were each current meanwhile, as a
// decision does. Options of a change are not for it.
func (a Actor) check(ctx context.Context, r request, rule func(w *work) error) error {
	r.opts, r.reads = ChangeOptions{}, true
	_, _, err := a.t.change(ctx, r, rule)
	return err
}

// Organizations returns the organizations that the person is on the roster of, by
// id: what every member may see of them.
func (a Actor) Organizations(ctx context.Context) ([]OrganizationHeader, error) {
	r := a.ask("", "organization.list", tenancy.KindOrganization, "", nil)
	_, err := tenancy.ParseUserID(string(a.user))
	if err := first(a.t.open(), hasContext(ctx), err); err != nil {
		return nil, r.wrap(err)
	}
	var refs []tenancy.Ref
	for m, err := range store.Walk(ctx, a.t.st, store.MembershipsOfUser(a.user)) {
		if err != nil {
			return nil, r.wrap(err)
		}
		if m.Value.Active() {
			refs = append(refs, tenancy.OrganizationRef(m.Value.Org).Ref)
		}
	}
	var headers []OrganizationHeader
	err = a.t.each(ctx, refs, func(rec store.Record) {
		if o := store.As[tenancy.Organization](rec).Value; o.ID != "" && o.Closed.IsZero() {
			headers = append(headers, headerOf(o))
		}
	})
	return headers, r.wrap(err)
}

// each gets the records of any number of refs, in order.
func (t *Tenet) each(ctx context.Context, refs []tenancy.Ref, do func(store.Record)) error {
	for len(refs) > 0 {
		n := min(len(refs), store.MaxRefs)
		records, err := t.st.Get(ctx, refs[:n]...)
		if err != nil {
			return err
		}
		for _, rec := range records {
			do(rec)
		}
		refs = refs[n:]
	}
	return nil
}

// OrganizationHeader is what every member may see of an organization.
type OrganizationHeader struct {
	ID       tenancy.OrgID    `json:"id"`
	Name     string           `json:"name"`
	Branding tenancy.Branding `json:"branding,omitzero"`
}

func headerOf(o tenancy.Organization) OrganizationHeader {
	return OrganizationHeader{o.ID, o.Name, o.Branding}
}

// Organization returns what every member may see of an organization.
func (a Actor) Organization(ctx context.Context, org tenancy.OrgID) (h OrganizationHeader, err error) {
	err = a.check(ctx, a.ask(org, "organization.see", tenancy.KindOrganization, string(org), nil), func(w *work) error {
		s, err := a.may(w, access.SeeOrganization, org, "")
		if err == nil {
			h = headerOf(s.Org)
		}
		return err
	})
	return h, err
}
