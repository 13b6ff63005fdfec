package access

import (
	"slices"

	"example.com/tenet/tenancy"
)

// ModelStatus is how a project stands to one model, as its settings show it. The zero
// ModelStatus is of no model, and not callable.
type ModelStatus struct {
	Model   tenancy.ModelID   `json:"model"`            // canonical
	Aliases []tenancy.ModelID `json:"aliases,omitzero"` // that lead to it, sorted
	Enabled bool              `json:"enabled"`          // in the project's set
	InPlan  bool              `json:"in_plan"`          // in the organization's plan
	// Reasons are all that speak against calling it, whoever calls: none of a key or
	// of a person.
	Reasons []Reason `json:"reasons,omitzero"`
}

// Callable reports whether whoever may call models in the project may call this one.
func (s ModelStatus) Callable() bool { return s.Enabled && s.InPlan && len(s.Reasons) == 0 }

// ProjectModels returns how a project stands to each model that it may hear of, by id:
// those of the organization's plan, and those that the project lists from a time
// when they were in it. The latter are enabled and not in the plan. What decides is what
// decides a call. A plan, or a project, of another organization has no model.
func ProjectModels(c *Catalogue, org tenancy.Organization, plan tenancy.Subscription, project tenancy.Project) []ModelStatus {
	if org.ID == "" || project.ID == "" || project.Org != org.ID {
		return nil
	}
	p := &Picture{org: org}
	if plan.Org == org.ID {
		p.plan = plan
	}
	return p.projectModels(c, &place{project: project})
}

// ProjectModels is the function of that name, of a project of the snapshot.
func (v View) ProjectModels(project tenancy.ProjectID) []ModelStatus {
	p := v.pictureOf(project)
	if p == nil {
		return nil
	}
	return p.projectModels(v.snap.catalogue, p.projects[project])
}

func (p *Picture) projectModels(c *Catalogue, at *place) []ModelStatus {
	aliases := c.aliases()
	var all []ModelStatus
	for _, id := range p.heard(c, at) {
		rs, _ := p.modelReasons(c, at, id)
		all = append(all, ModelStatus{
			Model: id, Aliases: aliases[id], Enabled: at.project.Models.Has(id), InPlan: p.plan.Includes(c.named(id)),
			Reasons: (rs | p.stateReasons(at)).List(),
		})
	}
	return all
}

// heard are the models that a project may hear of, sorted. A listed id that the catalogue
// does not have is among them, to be told so; an alias in a list is nothing.
func (p *Picture) heard(c *Catalogue, at *place) []tenancy.ModelID {
	ids := slices.DeleteFunc(at.project.Models.List(), func(id tenancy.ModelID) bool { return c.named(id).Alias != "" })
	for m := range c.All() {
		if p.plan.Includes(m) {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
