package tenet

import (
	"context"
	"iter"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// RosterEntry is a person on a roster. All but User and Name is for owners of the
// organization, and zero for everybody else.
type RosterEntry struct {
	User      tenancy.UserID `json:"user"`
	Name      string         `json:"name,omitzero"`
	Email     string         `json:"email,omitzero"`
	Role      tenancy.Role   `json:"role,omitzero"` // owner or member
	Joined    time.Time      `json:"joined,omitzero"`
	Suspended time.Time      `json:"suspended,omitzero"`
	Rev       store.Rev      `json:"rev,omitzero"` // of the person's record, for IfRev
}

// Roster yields the people of an organization, by user: all there is to owners of
// the organization, where project is empty; and where it names a project, to that
// project's owners, the ids and names of those who may be added to it. It stops
// after the first error, which it yields with the zero RosterEntry.
func (a Actor) Roster(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID) iter.Seq2[RosterEntry, error] {
	r := a.ask(org, "member.list", tenancy.KindMember, string(project), nil)
	return func(yield func(RosterEntry, error) bool) {
		var root tenancy.Organization
		does := access.ListRoster
		if project == "" {
			does = access.ManageRoster
		}
		err := a.check(ctx, r, func(w *work) error {
			s, err := a.may(w, does, org, project)
			root = s.Org
			return err
		})
		if err != nil {
			yield(RosterEntry{}, err)
			return
		}
		for m, err := range store.Walk(ctx, a.t.st, store.WithinOf[tenancy.Member](org)) {
			if err == nil && project != "" && !m.Value.Active() {
				continue // whom nobody could add
			}
			if !yield(rosterEntry(root, m, project == ""), r.wrap(err)) {
				return
			}
		}
	}
}

func rosterEntry(root tenancy.Organization, m store.Stored[tenancy.Member], whole bool) RosterEntry {
	e := RosterEntry{User: m.Value.User, Name: m.Value.Name}
	if whole && !m.Absent() {
		e.Email, e.Joined, e.Suspended, e.Rev = m.Value.Email, m.Value.Joined, m.Value.Suspended, m.Rev
		e.Role = root.RoleOf(m.Value.User)
	}
	return e
}

// ProjectPerson is somebody who has access to a project.
type ProjectPerson struct {
	User  tenancy.UserID `json:"user"`
	Name  string         `json:"name,omitzero"`
	Email string         `json:"email,omitzero"` // for owners of the project and of the organization; else empty
	// Role is the role that the person was given in the project, empty of an owner of
	// the organization who was given none.
	Role              tenancy.Role `json:"role,omitzero"`
	OrganizationOwner bool         `json:"organization_owner,omitzero"`
	Added             time.Time    `json:"added,omitzero"`
	Rev               store.Rev    `json:"rev,omitzero"` // of the place, for IfRev
}

// ProjectPeople yields who has access to a project, by user, to everybody who sees
// it: those with a role in it that counts, and the owners of the organization. It
// stops after the first error, which it yields with the zero ProjectPerson.
func (a Actor) ProjectPeople(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID) iter.Seq2[ProjectPerson, error] {
	r := a.ask(org, "project.people.list", tenancy.KindProjectMember, string(project), nil)
	return func(yield func(ProjectPerson, error) bool) {
		var root tenancy.Organization
		var emails bool
		err := a.check(ctx, r, func(w *work) error {
			s, err := a.mayIn(w, access.SeePeople, org, project)
			root, emails = s.Org, s.May(access.SeeEmails, "") == access.ReasonNone
			return err
		})
		if err != nil {
			yield(ProjectPerson{}, err)
			return
		}
		for p, err := range a.t.people(ctx, root, project) {
			if !emails {
				p.Email = ""
			}
			if !yield(p, r.wrap(err)) {
				return
			}
		}
	}
}

// people merges the places of a project with the owners of its organization, both by
// user. Each page of places takes one reading of the members that it is about.
func (t *Tenet) people(ctx context.Context, root tenancy.Organization, project tenancy.ProjectID) iter.Seq2[ProjectPerson, error] {
	return func(yield func(ProjectPerson, error) bool) {
		owners := root.Owners // who did not have their turn yet
		var members map[tenancy.UserID]tenancy.Member
		show := func(user tenancy.UserID, place store.Stored[tenancy.ProjectMember]) bool {
			p, has := personOf(root, members[user], project, place)
			return !has || yield(p, nil)
		}
		for places, err := range pages(ctx, t.st, store.MembersOf(root.ID, project), store.MaxRefs-tenancy.MaxOwners) {
			if err == nil {
				members, err = t.members(ctx, root.ID, owners, places)
			}
			if err != nil {
				yield(ProjectPerson{}, err)
				return
			}
			for _, place := range places {
				for len(owners) > 0 && owners[0] < place.Value.User {
					if !show(owners[0], store.Stored[tenancy.ProjectMember]{}) {
						return
					}
					owners = owners[1:]
				}
				if len(owners) > 0 && owners[0] == place.Value.User {
					owners = owners[1:]
				}
				if !show(place.Value.User, place) {
					return
				}
			}
		}
		for _, owner := range owners {
			if !show(owner, store.Stored[tenancy.ProjectMember]{}) {
				return
			}
		}
	}
}

// personOf is somebody as a project's people show them; has is false of who has no
// access to it.
func personOf(root tenancy.Organization, m tenancy.Member, project tenancy.ProjectID, place store.Stored[tenancy.ProjectMember]) (p ProjectPerson, has bool) {
	s := access.Standing{Org: root, Member: m, Project: tenancy.Project{Org: root.ID, ID: project}, Place: place.Value}
	p = ProjectPerson{User: m.User, Name: m.Name, Email: m.Email, Role: s.Role(), OrganizationOwner: s.OrgOwner()}
	if p.Role != "" {
		p.Added, p.Rev = place.Value.Added, place.Rev
	}
	return p, p.Role != "" || p.OrganizationOwner
}

// members reads the roster's records of owners and of who has places.
func (t *Tenet) members(ctx context.Context, org tenancy.OrgID, owners []tenancy.UserID, places []store.Stored[tenancy.ProjectMember]) (map[tenancy.UserID]tenancy.Member, error) {
	var refs []tenancy.Ref
	for _, u := range owners {
		refs = append(refs, tenancy.MemberRef(org, u).Ref)
	}
	for _, p := range places {
		refs = append(refs, tenancy.MemberRef(org, p.Value.User).Ref)
	}
	members := map[tenancy.UserID]tenancy.Member{}
	err := t.each(ctx, refs, func(rec store.Record) {
		m := store.As[tenancy.Member](rec).Value
		members[m.User] = m
	})
	return members, err
}

// pages yields a listing page by page, at least one; an empty listing's is empty. It
// stops after the first error.
func pages[T tenancy.Recordable](ctx context.Context, st store.Store, l store.ListOf[T], limit int) iter.Seq2[[]store.Stored[T], error] {
	return func(yield func([]store.Stored[T], error) bool) {
		q := l.Query
		q.Limit = limit
		for {
			page, err := st.List(ctx, q)
			if err != nil {
				yield(nil, err)
				return
			}
			records := make([]store.Stored[T], len(page.Records))
			for i, rec := range page.Records {
				records[i] = store.As[T](rec)
			}
			if q.After = page.Next; !yield(records, nil) || q.After == "" {
				return
			}
		}
	}
}
