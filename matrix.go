package tenet

import (
	"context"
	"slices"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// AccessMatrix returns who may do what in an organization, its people by its projects,
// with the role and where it comes from in each; for owners of the organization. It
// reads the whole organization.
func (a Actor) AccessMatrix(ctx context.Context, org tenancy.OrgID) (access.PeopleMatrix, error) {
	r := a.ask(org, "access.see", tenancy.KindOrganization, string(org), nil)
	err := a.check(ctx, r, func(w *work) error {
		_, err := a.may(w, access.ManageRoster, org, "")
		return err
	})
	if err != nil {
		return access.PeopleMatrix{}, err
	}
	_, snap, err := a.t.whole(ctx, org, a.t.organization)
	if err != nil {
		return access.PeopleMatrix{}, r.wrap(err)
	}
	return snap.At(a.t.clock.now()).People(org), nil
}

// KeyMatrix returns which key of a project may call which model, and why not, to
// everybody who sees the project's keys.
func (a Actor) KeyMatrix(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID) (access.KeyMatrix, error) {
	r := a.ask(org, "access.keys", tenancy.KindProject, string(project), nil)
	view, _, err := a.viewOf(ctx, r, func(*work) (tenancy.ProjectID, error) { return project, nil })
	if err != nil {
		return access.KeyMatrix{}, err
	}
	return view.Keys(project), nil
}

// Explain says whether a key may call a model, with all the reasons why not, to
// everybody who sees the project's keys. A model that the project may not hear of is
// one that does not exist.
func (a Actor) Explain(ctx context.Context, org tenancy.OrgID, key tenancy.KeyID, model tenancy.ModelID) (access.Explanation, error) {
	r := a.ask(org, "access.explain", tenancy.KindKey, string(key), nil)
	view, project, err := a.viewOf(ctx, r, func(w *work) (tenancy.ProjectID, error) {
		if _, err := tenancy.ParseKeyID(string(key)); err != nil {
			return "", ErrNotFound
		}
		_, err := a.may(w, access.SeeOrganization, org, "", tenancy.KeyRef(org, key).Ref)
		if err != nil {
			return "", err
		}
		return read(w, tenancy.KeyRef(org, key)).Value.Project, nil
	})
	if err != nil {
		return access.Explanation{}, err
	}
	e := view.Explain(key, model)
	heard := func(s access.ModelStatus) bool { return s.Model == e.Model }
	if model != "" && !slices.ContainsFunc(view.ProjectModels(project), heard) {
		return view.Explain(key, usage.UnknownModel), nil
	}
	return e, nil
}

// viewOf is the picture of a project, which find names, and of its keys, for who may
// list them.
func (a Actor) viewOf(ctx context.Context, r request, find func(w *work) (tenancy.ProjectID, error)) (view access.View, project tenancy.ProjectID, err error) {
	err = a.check(ctx, r, func(w *work) (err error) {
		if project, err = find(w); err != nil {
			return err
		}
		_, err = a.mayIn(w, access.ListKeys, r.org, project)
		return err
	})
	if err != nil {
		return view, project, err
	}
	_, snap, err := a.t.whole(ctx, r.org, a.t.project(project))
	if err != nil {
		return view, project, r.wrap(err)
	}
	return snap.At(a.t.clock.now()), project, nil
}
