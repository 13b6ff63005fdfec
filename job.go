package tenet

import (
	"context"
	"iter"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// job is a change of an operator's that takes many commits, each whole and with an entry
// of its own. It may end between any two: asked again, it finds what is left.
type job struct {
	t    *Tenet
	r    request
	rule func(w *work, org tenancy.OrgID, part []tenancy.Ref) (n int, err error) // n records are changed
}

// partSize is how many records one commit of a job changes at most, which leaves room
// for what its rule rests on.
const partSize = 60

// run commits part by part, one of nothing where there is none, and says how many records
// it changed. The caller's options are those of the first commit, so that what they
// refuse is refused before anything is done.
func (j job) run(ctx context.Context, parts iter.Seq2[[]tenancy.Ref, error]) (total int, err error) {
	begun := false
	for part, err := range parts {
		if err != nil {
			return total, j.r.wrap(err)
		}
		begun = true
		n, err := j.commit(ctx, part)
		if total += n; err != nil {
			return total, err
		}
	}
	if begun {
		return total, nil
	}
	return j.commit(ctx, nil)
}

// commit is one part. Where its operation id was used by an earlier run of the same job,
// this run goes on under another: the part was found now, and is still to be done.
func (j *job) commit(ctx context.Context, part []tenancy.Ref) (n int, err error) {
	for {
		n = 0
		_, replayed, err := j.t.change(ctx, j.r, func(w *work) (err error) {
			n, err = j.rule(w, j.r.org, part)
			return err
		})
		if err != nil {
			return 0, err
		}
		j.r.opts = ChangeOptions{OnBehalf: j.r.opts.OnBehalf}
		if !replayed {
			return n, nil
		}
	}
}

// counts says in the entry how many records of each kind the commit changes, in place of
// what changes in each, and returns how many that are in all.
func (w *work) counts(of map[tenancy.Kind]int) (n int) {
	w.bare = true
	for kind, k := range of {
		w.note(kind.String(), k)
		n += k
	}
	return n
}

// cut cuts refs into parts.
func cut(refs []tenancy.Ref) iter.Seq2[[]tenancy.Ref, error] {
	return func(yield func([]tenancy.Ref, error) bool) {
		for part := range slices.Chunk(refs, partSize) {
			if !yield(part, nil) {
				return
			}
		}
	}
}

// partsOf cuts what keep keeps of a listing into parts of at most n, as it is read.
func partsOf[T tenancy.Recordable](ctx context.Context, st store.Store, l store.ListOf[T], n int, keep func(T) bool) iter.Seq2[[]tenancy.Ref, error] {
	return func(yield func([]tenancy.Ref, error) bool) {
		var part []tenancy.Ref
		for v, err := range store.Walk(ctx, st, l) {
			if err != nil {
				yield(nil, err)
				return
			}
			if !keep(v.Value) {
				continue
			}
			if part = append(part, tenancy.Entity(v.Value).Ref()); len(part) == n {
				if !yield(part, nil) {
					return
				}
				part = nil
			}
		}
		if len(part) > 0 {
			yield(part, nil)
		}
	}
}

// inTurn yields the parts of each.
func inTurn(each ...iter.Seq2[[]tenancy.Ref, error]) iter.Seq2[[]tenancy.Ref, error] {
	return func(yield func([]tenancy.Ref, error) bool) {
		for _, parts := range each {
			for part, err := range parts {
				if !yield(part, err) {
					return
				}
			}
		}
	}
}
