package tenet

import (
	"context"
	"strings"

	"example.com/tenet/tenancy"
)

// PutModel puts a model, or an alias of one, into the catalogue, or changes it. An
// alias names a model that is there and is no alias, and neither ever turns into
// the other. Created is set by the first put. Putting what is there already changes
// nothing.
func (o Operator) PutModel(ctx context.Context, m tenancy.Model) error {
	a := o.actor
	m.ID = tenancy.ModelID(strings.Clone(string(m.ID)))
	_, _, err := a.t.change(ctx, a.ask("", "model.put", tenancy.KindModel, string(m.ID), m), func(w *work) error {
		if err := m.Validate(); err != nil {
			return err
		}
		if err := w.subject(m.Ref(), ""); err != nil {
			return err
		}
		before := read(w, tenancy.ModelRef(m.ID))
		next, err := m.Replace(before.Value, w.now)
		if err != nil {
			return err
		}
		if m.Alias != "" {
			if err := m.MayStandFor(read(w, tenancy.ModelRef(m.Alias)).Value); err != nil {
				return err
			}
		}
		if !before.Absent() && sameRecord(before.Value, next) {
			return nil
		}
		w.save(next)
		return nil
	})
	return err
}
