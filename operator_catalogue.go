package tenet

import (
	"context"
	"iter"
	"strings"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// PutModel puts a model, or an alias of one, into the catalogue, or changes it. An
// alias names a model that is there and is no alias, and neither ever turns into
// the other. Created is set by the first put. Putting what is there already changes
// nothing.
//
// The whole of m is put: a zero Retired brings a retired model back. An alias may name
// a retired model; it leads to that, which is in nobody's plan.
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

// RetireModel takes a model out of everybody's plan, and lets an alias lead nowhere,
// from now on; all else of it stays, and so do the lists that name it. The aliases of a
// retired model lead to it, and so are in nobody's plan either. Retiring twice is no
// error. [Operator.PutModel] brings it back.
func (o Operator) RetireModel(ctx context.Context, id tenancy.ModelID) error {
	a := o.actor
	_, _, err := a.t.change(ctx, a.ask("", "model.retire", tenancy.KindModel, string(id), nil), func(w *work) error {
		if _, err := tenancy.ParseModelID(string(id)); err != nil {
			return ErrNotFound
		}
		m := read(w, tenancy.ModelRef(id))
		if m.Absent() {
			return ErrNotFound
		}
		if err := w.subject(m.Value.Ref(), ""); err != nil || !m.Value.Retired.IsZero() {
			return err
		}
		w.save(m.Value.Retire(w.now))
		return nil
	})
	return err
}

// Catalogue yields every model and alias with its revision, retired ones included, by
// id. It stops after the first error, which it yields with the zero Stored.
func (o Operator) Catalogue(ctx context.Context) iter.Seq2[store.Stored[tenancy.Model], error] {
	r := o.actor.ask("", "model.list", tenancy.KindModel, "", nil)
	return everyOne(ctx, o.actor.t, r, store.AllOf[tenancy.Model]())
}
