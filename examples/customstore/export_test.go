package customstore

import (
	"context"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// SetBucket damages the roll-up, for the suite's cases of Verify and Rebuild.
func (s *Store) SetBucket(b usage.Bucket) error {
	return s.write(func(t *tx) { t.setBucket(b) })
}

// SetForm writes a record's stored form, as a newer version might.
func (s *Store) SetForm(r tenancy.Ref, rev store.Rev, form []byte) error {
	return s.write(func(t *tx) { t.put(inRecords, refKey(r), append(number(uint64(rev)), form...)) })
}

// Form is a record's stored form.
func (s *Store) Form(r tenancy.Ref) (form string) {
	view(context.Background(), s, nil, func(t *tx) any {
		_, data := t.stored(refKey(r))
		form = string(data)
		return nil
	})
	return form
}

// Reading runs f while a transaction that reads is open.
func (s *Store) Reading(f func()) {
	view(context.Background(), s, nil, func(*tx) any { f(); return nil })
}

// Writing runs f while a transaction that writes is open.
func (s *Store) Writing(f func()) error { return s.write(func(*tx) { f() }) }

func (s *Store) write(f func(t *tx)) error {
	_, err := update(context.Background(), s, nil, func(t *tx) any { f(t); return nil })
	return err
}
