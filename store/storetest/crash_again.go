package storetest

import (
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// again repeats what the kill cut short. Looking again then shows its effects.
func (l *crashLook) again() {
	batches, appends := l.f.unanswered()
	for _, t := range batches {
		l.commitsAgain(t)
	}
	for _, t := range appends {
		for range 2 {
			l.must("Append again", l.u.Append(l.ctx, t.calls))
		}
		t.said = saidDone
	}
	l.repeated += len(batches) + len(appends)
}

func (l *crashLook) commitsAgain(t *crashTry) {
	b := t.batch
	org := b.Entry.Org
	here := slices.IndexFunc(l.logs[org], func(en store.Entry) bool { return en.Op == b.Entry.Op })
	fits := here < 0 && l.fits(b)
	r, err := l.s.Commit(l.ctx, b)
	switch {
	case here >= 0:
		l.happened++
		l.must("Commit again of what had happened", err)
		l.same("the answer to it", store.Result{Entry: l.logs[org][here], Replayed: true}, r)
	case fits:
		l.must("Commit again of what had not happened", err)
		if r.Replayed {
			l.errorf("operation %s is answered as a repetition though it is not in the log", b.Entry.Op)
		}
		t.rev = r.Rev
		l.logs[org] = append(l.logs[org], r.Entry)
		l.f.replay(l.env, []store.Entry{r.Entry}, l.now)
	default:
		l.refused("Commit again of what no longer holds", err, store.ErrConflict)
		t.said = saidRefused
		return
	}
	t.said = saidDone
	r, err = l.s.Commit(l.ctx, b)
	l.must("Commit a third time", err)
	if !r.Replayed {
		l.errorf("operation %s took effect twice", b.Entry.Op)
	}
}

// fits says whether the revisions that b names are those of the records, and the ids
// of its keys free.
func (l *crashLook) fits(b store.Batch) bool {
	for _, c := range namedBy(b) {
		var rev store.Rev
		if by := l.now[c.Ref].by; by != nil {
			rev = by.rev
		}
		if rev != c.Rev {
			return false
		}
	}
	for _, r := range b.Put {
		k, ok := r.Value.(tenancy.Key)
		for ref := range l.now {
			if ok && ref.Kind == tenancy.KindKey && ref.ID == string(k.ID) && ref.Org != k.Org {
				return false
			}
		}
	}
	return true
}
