package storetest

import (
	"cmp"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// crashTry is a batch or calls that the writing process was about to write.
type crashTry struct {
	round int
	batch store.Batch
	calls []usage.Record // instead of a batch
	said  said
	rev   store.Rev // of what was put; zero while it is not known
}

// crashOp names a try by what the log keeps of it.
type crashOp struct {
	Org tenancy.OrgID
	Op  store.OperationID
}

// crashState is one state of one record. It is of one commit.
type crashState struct {
	Ref tenancy.Ref
	Rev store.Rev
}

// crashMark is a cursor that was given before a kill.
type crashMark struct {
	round  int // everything that was tried in this round and later comes after it
	cursor store.Cursor
	seen   []store.OperationID // but for these, which had been read
}

// crashFolder is what is known of the store in one folder: all that was ever tried
// there and how it was answered.
type crashFolder struct {
	dir     string
	tries   map[crashOp]*crashTry
	appends []*crashTry
	start   store.Cursor // before the first commit
	marks   []crashMark
	made    map[crashState]crashOp
}

func newCrashFolder(dir string) *crashFolder {
	return &crashFolder{dir: dir, tries: map[crashOp]*crashTry{}, made: map[crashState]crashOp{}}
}

// absorb takes in what the writing process of a round told, and returns what it said
// was wrong.
func (f *crashFolder) absorb(round int, lines []crashLine) (wrong string, err error) {
	open := map[int64]*crashTry{}
	var seen []store.OperationID
	var last crashMark
	for _, l := range lines {
		switch {
		case l.Wrong != "":
			wrong = l.Wrong
		case l.Said != "":
			open[l.N].said, open[l.N].rev = l.Said, l.Rev
		case l.Batch != nil:
			if open[l.N], err = f.tryBatch(round, *l.Batch); err != nil {
				return "", err
			}
		case l.N != 0:
			open[l.N] = &crashTry{round: round, calls: l.Calls}
			f.appends = append(f.appends, open[l.N])
		case l.Cursor != "":
			seen = append(seen, l.Ops...)
			last = crashMark{round, l.Cursor, slices.Clip(seen)}
			f.begin(last)
		}
	}
	if last.cursor != "" {
		f.marks = append(f.marks, last)
	}
	return wrong, nil
}

func (f *crashFolder) tryBatch(round int, form batchForm) (*crashTry, error) {
	b, err := form.batch()
	t := &crashTry{round: round, batch: b}
	f.tries[crashOp{b.Entry.Org, b.Entry.Op}] = t
	return t, err
}

// begin notes the first mark of a round, before which nothing was committed in it.
func (f *crashFolder) begin(m crashMark) {
	if f.start == "" {
		f.start = m.cursor
	}
	if n := len(f.marks); n == 0 || f.marks[n-1].round != m.round {
		f.marks = append(f.marks, m)
	}
}

// recent are the marks of the last two rounds, and the first of all.
func (f *crashFolder) recent(round int) []crashMark {
	var some []crashMark
	for i, m := range f.marks {
		if i == 0 || m.round >= round-1 {
			some = append(some, m)
		}
	}
	return some
}

// unanswered are the tries of a kind that the kill cut short, in a fixed order.
func (f *crashFolder) unanswered() (batches, appends []*crashTry) {
	for _, t := range f.tries {
		if t.said == "" {
			batches = append(batches, t)
		}
	}
	for _, t := range f.appends {
		if t.said == "" {
			appends = append(appends, t)
		}
	}
	slices.SortFunc(batches, func(a, b *crashTry) int { return cmp.Compare(a.batch.Entry.Op, b.batch.Entry.Op) })
	return batches, appends
}

// crashRecord is a record, and the try that put it.
type crashRecord struct {
	value tenancy.Entity
	by    *crashTry
}

// replay is the records that stand after the entries of one organization, oldest
// first. Each commit has to have replaced the very revisions that it named; those
// that are not known yet are learnt from the commits that replaced them.
func (f *crashFolder) replay(e *env, log []store.Entry, into map[tenancy.Ref]crashRecord) {
	for _, en := range log {
		t := f.tries[crashOp{en.Org, en.Op}]
		if t == nil {
			continue // reported as an entry that nobody made
		}
		for _, c := range namedBy(t.batch) {
			by := into[c.Ref].by
			if by != nil && by.rev == 0 {
				by.rev = c.Rev
			}
			if (by == nil) != (c.Rev == 0) || by != nil && by.rev != c.Rev {
				e.errorf("operation %s took effect though the revision that it named was another", en.Op)
			}
		}
		for _, d := range t.batch.Delete {
			delete(into, d.Ref)
		}
		for _, r := range t.batch.Put {
			into[r.Value.Ref()] = crashRecord{r.Value, t}
		}
	}
}

// namedBy are the revisions that a batch rests on.
func namedBy(b store.Batch) []store.Check {
	all := slices.Concat(b.Check, b.Delete)
	for _, r := range b.Put {
		all = append(all, store.Check{Ref: r.Value.Ref(), Rev: r.Rev})
	}
	return all
}
