package tenet

import (
	"bytes"
	"context"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// first is the first of errs that is one.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// outcome is what a change gives back: what its rule made of the record, without
// another read that could fail, or after a repetition the record as it is now, for
// who may still see it.
func outcome[T tenancy.Recordable](ctx context.Context, a Actor, r request, c ended[T]) (T, error) {
	var none T
	if c.err != nil {
		return none, c.err
	}
	if !c.replayed {
		return c.made, nil
	}
	var now store.Stored[T]
	err := a.check(ctx, r, func(w *work) error {
		if c.sees != nil && !c.sees(w) {
			return ErrNotFound
		}
		if now = read(w, c.ref); now.Absent() {
			return ErrNotFound
		}
		return nil
	})
	if err != nil {
		return none, err
	}
	return now.Value, nil
}

// ended is how a change of one record ended.
type ended[T tenancy.Recordable] struct {
	made     T
	ref      tenancy.RefTo[T]
	sees     func(w *work) bool // whether the actor may see the record; nil for the operator
	replayed bool
	err      error
}

func sameRecord(a, b tenancy.Entity) bool {
	x, errX := store.Marshal(a)
	y, errY := store.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
