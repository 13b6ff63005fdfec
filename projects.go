package tenet

import (
	"context"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// NewProject is what a project is created from.
type NewProject struct {
	Name string `json:"name"`
	// Models is what it may use of the organization's plan: a list, all of it, or,
	// where nothing is said, none.
	Models tenancy.ModelSet `json:"models"`
}

// CreateProject creates a project, for an owner of the organization.
func (a Actor) CreateProject(ctx context.Context, org tenancy.OrgID, n NewProject) (tenancy.Project, error) {
	r := a.ask(org, "project.create", tenancy.KindProject, "", n)
	var p tenancy.Project
	e, replayed, err := a.t.change(ctx, r, func(w *work) (err error) {
		p = tenancy.Project{
			Org: org, ID: tenancy.ProjectID(a.t.mint(tenancy.PrefixProject)), Name: n.Name,
			Created: tenancy.Instant(w.now),
		}
		if _, err := a.may(w, access.CreateProject, org, "", p.Ref(), tenancy.SubscriptionRef(org).Ref); err != nil {
			return err
		}
		p, err = a.t.setModels(w, p, n.Models)
		if err = first(p.Validate(), err); err != nil {
			return err
		}
		if err := hold(w, p); err != nil {
			return err
		}
		w.save(p)
		return w.subject(p.Ref(), p.ID)
	})
	id := tenancy.ProjectID(e.Subject.ID)
	return outcome(ctx, a, r, ended[tenancy.Project]{p, tenancy.ProjectRef(org, id), a.seer(org, id), replayed, err})
}

// hold claims the project's name, or says that another holds it.
func hold(w *work, p tenancy.Project) error {
	claim := p.Claim()
	held := read(w, tenancy.NameClaimRef(claim.Org, claim.Folded))
	if err := p.MayHold(held.Value); err != nil {
		return err
	}
	if held.Absent() {
		w.save(claim)
	}
	return nil
}

// changeProject runs a rule over a project that the actor may do action to. The
// rule saves what it changes and returns the project as it is then.
func (a Actor) changeProject(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, does access.Action, r request, rule func(w *work, p tenancy.Project) (tenancy.Project, error)) (tenancy.Project, error) {
	var p tenancy.Project
	_, replayed, err := a.t.change(ctx, r, func(w *work) error {
		s, err := a.mayIn(w, does, org, id)
		if err != nil {
			return err
		}
		if err := w.subject(s.Project.Ref(), id); err != nil {
			return err
		}
		p, err = rule(w, s.Project)
		return err
	})
	return outcome(ctx, a, r, ended[tenancy.Project]{p, tenancy.ProjectRef(org, id), a.seer(org, id), replayed, err})
}

// RenameProject gives a project another name, for its owners.
func (a Actor) RenameProject(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, name string) (tenancy.Project, error) {
	r := a.ask(org, "project.rename", tenancy.KindProject, string(id), name)
	return a.changeProject(ctx, org, id, access.RenameProject, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		next, err := p.Rename(name)
		if err != nil || next.Name == p.Name {
			return p, err
		}
		if err := hold(w, next); err != nil {
			return p, err
		}
		if next.Claim() != p.Claim() {
			w.remove(p.Claim().Ref())
		}
		w.save(next)
		return next, nil
	})
}

// ArchiveProject puts a project away, for its owners: its keys are refused and it
// is gone from navigation, and its numbers stay. Archiving twice is no error.
func (a Actor) ArchiveProject(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID) (tenancy.Project, error) {
	r := a.ask(org, "project.archive", tenancy.KindProject, string(id), nil)
	return a.changeProject(ctx, org, id, access.ArchiveProject, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		if !p.Archived.IsZero() {
			return p, nil
		}
		next := p.Archive(w.now)
		w.remove(p.Claim().Ref())
		w.save(next)
		return next, nil
	})
}

// RestoreProject brings an archived project back, for owners of the organization,
// with exactly the keys that worked before. Where its name was taken meanwhile,
// tenancy.ErrNameTaken, it takes another; an empty name keeps its own. Restoring
// twice is no error.
func (a Actor) RestoreProject(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, name string) (tenancy.Project, error) {
	r := a.ask(org, "project.restore", tenancy.KindProject, string(id), name)
	return a.changeProject(ctx, org, id, access.RestoreProject, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		if p.Archived.IsZero() {
			return p, nil
		}
		next, err := p.Restore(name)
		if err != nil {
			return p, err
		}
		if err := hold(w, next); err != nil {
			return p, err
		}
		w.save(next)
		return next, nil
	})
}

// Project returns a project that the person sees: an active one, or an archived
// one for those who may restore it or see its numbers. The revision is for
// ChangeOptions.IfRev.
func (a Actor) Project(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID) (p store.Stored[tenancy.Project], err error) {
	r := a.ask(org, "project.see", tenancy.KindProject, string(id), nil)
	err = a.check(ctx, r, func(w *work) error {
		if !a.seer(org, id)(w) {
			return ErrNotFound
		}
		p = read(w, tenancy.ProjectRef(org, id))
		return nil
	})
	return p, err
}

// seer says whether the actor sees a project.
func (a Actor) seer(org tenancy.OrgID, id tenancy.ProjectID) func(w *work) bool {
	return func(w *work) bool {
		s := a.stand(w, org, id)
		return s.Sees() && s.Org.Closed.IsZero()
	}
}

// SetProjectMember gives a person of the roster a role in a project, or another
// one, for the project's owners. Who is not on the roster and who does not exist
// are one answer, ErrNotFound.
func (a Actor) SetProjectMember(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, user tenancy.UserID, role tenancy.Role) error {
	r := a.ask(org, "project.people.set", tenancy.KindProjectMember, string(user), []any{id, role})
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		standing, err := a.mayIn(w, access.ChangePeople, org, id)
		if err != nil {
			return err
		}
		if _, err := tenancy.ParseUserID(string(user)); err != nil {
			return ErrNotFound
		}
		ref, place := tenancy.MemberRef(org, user), tenancy.ProjectMemberRef(org, id, user)
		w.load(ref.Ref, place.Ref)
		stay := read(w, ref).Value
		if !stay.Active() {
			return ErrNotFound
		}
		before := read(w, place).Value
		next := standing.Project.Place(before, stay, role, w.now)
		if err := next.Validate(); err != nil {
			return err
		}
		if err := w.subject(place.Ref, id); err != nil || next == before {
			return err
		}
		w.save(next)
		return nil
	})
	return err
}

// RemoveProjectMember takes a person's place in a project away, for the project's
// owners. Their personal keys of the project stop with it. Removing who is not
// there is no error.
func (a Actor) RemoveProjectMember(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, user tenancy.UserID) error {
	r := a.ask(org, "project.people.remove", tenancy.KindProjectMember, string(user), id)
	_, _, err := a.t.change(ctx, r, func(w *work) error {
		if _, err := a.mayIn(w, access.ChangePeople, org, id); err != nil {
			return err
		}
		if _, err := tenancy.ParseUserID(string(user)); err != nil {
			return ErrNotFound
		}
		place := tenancy.ProjectMemberRef(org, id, user)
		if err := w.subject(place.Ref, id); err != nil {
			return err
		}
		w.remove(place.Ref)
		return nil
	})
	return err
}
