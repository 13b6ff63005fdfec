package tenet

import (
	"context"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// SetProjectModels turns models on and off, for a project's owners: want is what
// is on from then on. A model that is newly turned on must be in the
// organization's plan; what is on already may stay, in the plan or not.
func (a Actor) SetProjectModels(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, want tenancy.ModelSet) (tenancy.Project, error) {
	r := a.ask(org, "project.models", tenancy.KindProject, string(id), want)
	return a.changeModels(ctx, org, id, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		return a.t.setModels(w, p, want)
	})
}

// TurnOnModels turns models on beside those that are, for a project's owners. Each must
// be in the organization's plan, or on by name already; also where all are on, and
// nothing changes.
func (a Actor) TurnOnModels(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, models ...tenancy.ModelID) (tenancy.Project, error) {
	r := a.ask(org, "project.models.on", tenancy.KindProject, string(id), models)
	return a.changeModels(ctx, org, id, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		inPlan := a.t.planned(w, org, tenancy.Models(models...))
		if w.err != nil {
			return p, w.err
		}
		return p.TurnOn(inPlan, models...)
	})
}

// TurnOffModels turns models off, for a project's owners. One that is off already is no
// error. Where all are on by tenancy.AllModels it is tenancy.ErrInvalid: whoever wants
// fewer says which, by [Actor.SetProjectModels].
func (a Actor) TurnOffModels(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, models ...tenancy.ModelID) (tenancy.Project, error) {
	r := a.ask(org, "project.models.off", tenancy.KindProject, string(id), models)
	return a.changeModels(ctx, org, id, r, func(_ *work, p tenancy.Project) (tenancy.Project, error) {
		return p.TurnOff(models...)
	})
}

// changeModels changes what a project has on, for its owners.
func (a Actor) changeModels(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID, r request, rule func(*work, tenancy.Project) (tenancy.Project, error)) (tenancy.Project, error) {
	return a.changeProject(ctx, org, id, access.ChangeModels, r, func(w *work, p tenancy.Project) (tenancy.Project, error) {
		next, err := rule(w, p)
		if err != nil || next.Models.Equal(p.Models) {
			return p, err
		}
		w.save(next)
		return next, nil
	})
}

// setModels is p with want as its set, judged by the plan.
func (t *Tenet) setModels(w *work, p tenancy.Project, want tenancy.ModelSet) (tenancy.Project, error) {
	inPlan := t.planned(w, p.Org, want)
	if w.err != nil {
		return p, w.err
	}
	return p.SetModels(want, inPlan)
}

// planned tells of the ids that a set lists which are in the organization's plan. The
// catalogue is read and not checked by the commit: every decision derives from it
// again.
func (t *Tenet) planned(w *work, org tenancy.OrgID, set tenancy.ModelSet) func(tenancy.ModelID) bool {
	plan := read(w, tenancy.SubscriptionRef(org)).Value
	ids := set.List()
	if len(ids) > tenancy.MaxModels {
		ids = nil // which the rule refuses
	}
	var refs []tenancy.Ref
	for _, id := range ids {
		if _, err := tenancy.ParseModelID(string(id)); err == nil {
			refs = append(refs, tenancy.ModelRef(id).Ref)
		}
	}
	in := map[tenancy.ModelID]bool{}
	err := t.each(w.ctx, refs, func(rec store.Record) {
		if m := store.As[tenancy.Model](rec).Value; m.ID != "" {
			in[m.ID] = plan.Includes(m)
		}
	})
	if err != nil {
		w.err = err
	}
	return func(id tenancy.ModelID) bool { return in[id] }
}

// ProjectModels returns how a project stands to each model that it may hear of, by id,
// to everybody who sees the project: what is in the organization's plan, and what is on
// in the project and left the plan. It is what decides a call.
func (a Actor) ProjectModels(ctx context.Context, org tenancy.OrgID, id tenancy.ProjectID) ([]access.ModelStatus, error) {
	r := a.ask(org, "project.models.see", tenancy.KindProject, string(id), nil)
	var s access.Standing
	var plan tenancy.Subscription
	err := a.check(ctx, r, func(w *work) error {
		ref := tenancy.SubscriptionRef(org)
		s = a.stand(w, org, id, ref.Ref)
		if !s.Sees() || !s.Org.Closed.IsZero() {
			return ErrNotFound
		}
		plan = read(w, ref).Value
		return nil
	})
	if err != nil {
		return nil, err
	}
	var models []tenancy.Model
	for m, err := range store.Walk(ctx, a.t.st, store.AllOf[tenancy.Model]()) {
		if err != nil {
			return nil, r.wrap(err)
		}
		models = append(models, m.Value)
	}
	return access.ProjectModels(access.NewCatalogue(models...), s.Org, plan, s.Project), nil
}
