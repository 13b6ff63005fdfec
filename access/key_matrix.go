package access

import (
	"cmp"
	"slices"

	"example.com/tenet/tenancy"
)

// KeyMatrix is what each key of a project may call, and why not: its keys by the models
// that it may hear of. It is the caller's own.
type KeyMatrix struct {
	Project tenancy.Project   `json:"project"` // zero: there is none
	Models  []tenancy.ModelID `json:"models"`  // canonical, sorted; those of [View.ProjectModels]
	Keys    []KeyRow          `json:"keys"`    // by creation, then id; dead ones too
}

// KeyRow is a row of a [KeyMatrix].
type KeyRow struct {
	ID     tenancy.KeyID   `json:"id"`
	Name   string          `json:"name"`
	Kind   tenancy.KeyKind `json:"kind"`
	Holder tenancy.UserID  `json:"holder,omitzero"` // of a personal key
	Cells  []Explanation   `json:"cells"`           // one for each model, in their order: what [View.Explain] says
}

// Keys returns the matrix of a project, without models or keys where there is none.
func (v View) Keys(project tenancy.ProjectID) KeyMatrix {
	p := v.pictureOf(project)
	if p == nil {
		return KeyMatrix{}
	}
	m := KeyMatrix{Project: p.Project(project), Models: p.heard(v.snap.catalogue, p.projects[project])}
	for _, e := range v.keysIn(project) {
		row := KeyRow{ID: e.ID, Name: e.name, Kind: e.Kind, Holder: e.Holder}
		for _, model := range m.Models {
			row.Cells = append(row.Cells, p.explain(v.snap.catalogue, &e.Grant, model, v.now))
		}
		m.Keys = append(m.Keys, row)
	}
	return m
}

// keysIn are the keys of a project, by creation, then id.
func (v View) keysIn(project tenancy.ProjectID) []*entry {
	var keys []*entry
	for _, e := range v.snap.keys {
		if e.Project == project {
			keys = append(keys, e)
		}
	}
	slices.SortFunc(keys, func(a, b *entry) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.ID, b.ID)) })
	return keys
}

// String is the matrix as a table in plain text, a line for each key; the same for the
// same matrix. A cell is "allow", or all the reasons. What does not print is escaped.
func (m KeyMatrix) String() string {
	rows := [][]string{{"", ""}}
	for _, model := range m.Models {
		rows[0] = append(rows[0], printable(string(model)))
	}
	for _, k := range m.Keys {
		row := []string{told(string(k.ID), k.Name), told(string(k.Kind), string(k.Holder))}
		for _, cell := range k.Cells {
			row = append(row, cell.verdict())
		}
		rows = append(rows, row)
	}
	return "keys of " + told(string(m.Project.ID), m.Project.Name) + "\n\n" + aligned(rows)
}

// verdict is the effect or, of a denial, its reasons: "key_expired, model_not_in_plan".
func (e Explanation) verdict() string {
	if len(e.Reasons) == 0 {
		return e.Effect.String()
	}
	return codes(e.Reasons)
}
