package storetest_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// journaled opens journals with a flaw, and hands them out through wrap, which may
// be nil.
func journaled(how flaw, wrap func(backend) store.Store) storetest.Harness {
	return storetest.Harness{Open: func(dir string) (store.Store, error) {
		j, err := openJournal(dir, how)
		if err != nil {
			return nil, err
		}
		if wrap == nil {
			return j, nil
		}
		return wrap(backend{Store: j, Waiter: j, Usage: j, Upkeep: j}), nil
	}}
}

func TestCrash(t *testing.T) {
	storetest.Crash(t, journaled(noFlaw, nil), 12, 0)
}

func TestCrashWithoutUsage(t *testing.T) {
	h := journaled(noFlaw, nil)
	h.Usage = func(store.Store) (store.Usage, store.Upkeep) { return nil, nil }
	storetest.Crash(t, h, 2, 0)
}

func TestCrashOfWhatIsVolatile(t *testing.T) {
	skipped := t.Run("skipped", func(t *testing.T) {
		t.Cleanup(func() {
			if !t.Skipped() {
				t.Error("a volatile store was killed")
			}
		})
		storetest.Crash(t, storetest.Harness{Volatile: true, Open: func(string) (store.Store, error) { return memory.New(), nil }}, 1, 0)
	})
	if !skipped {
		t.Fail()
	}
}

// crashBroken are sound until their process is killed, or until somebody looks as
// closely as is done after a kill.
var crashBroken = []struct {
	defect string
	caught string // the check that names it
	says   string // in what it reports
	flaw   flaw
	wrap   func(backend) store.Store
}{
	{"acknowledges before it writes", "crash/acknowledged", "are lost", acknowledgesFirst, nil},
	{"logs what it refused", "crash/acknowledged", "though it was refused", noFlaw,
		whileWriting(func(b backend) store.Store { return logsRefused{b} })},
	{"alters an entry", "crash/acknowledged", "an entry (-want", noFlaw,
		whileWriting(func(b backend) store.Store { return altersEntry{b} })},
	{"makes an operation of its own", "crash/acknowledged", "nobody made", noFlaw,
		whileWriting(func(b backend) store.Store { return addsEntry{b} })},
	{"forgets its cursors", "crash/feed", "cursor too old", forgetsCursors, nil},
	{"skips a change", "crash/feed", "its trail backwards", noFlaw, func(b backend) store.Store { return skipsChange{b} }},
	{"steps over late commits", "crash/feed", "never sees", noFlaw, whileWriting(func(b backend) store.Store {
		return &stepsOver{backend: b, late: map[store.OperationID]bool{}, read: make(chan struct{})}
	})},
	{"shows entries too early", "crash/feed", "are gone", noFlaw, whileWriting(func(b backend) store.Store { return foresees{b} })},
	{"writes a batch in two transactions", "crash/whole", "a listing", halvesBatches, nil},
	{"commits though revisions changed", "crash/whole", "was another", noFlaw,
		whileWriting(func(b backend) store.Store { return ignoresRevisions{b} })},
	{"gives a wrong revision", "crash/whole", "acknowledged was", noFlaw,
		whileWriting(func(b backend) store.Store { return misreports{b} })},
	{"uses revisions again", "crash/revisions", "of one record", noFlaw, func(b backend) store.Store { return fewRevisions{b} }},
	{"hides a name that is taken", "crash/together", "names taken", noFlaw,
		func(b backend) store.Store { return hidesLast{b, store.Names, 0} }},
	{"hides one of a roster", "crash/together", "one batch wrote", noFlaw,
		func(b backend) store.Store { return hidesLast{b, store.Within, tenancy.KindMember} }},
	{"writes a counter and does not log it", "crash/together", "the counter", noFlaw,
		func(b backend) store.Store { return miscounts{b} }},
	{"shows a key in two organizations", "crash/together", "in two organizations", noFlaw,
		func(b backend) store.Store { return sharesKeys{b} }},
	{"writes calls and their sums apart", "crash/usage", "usage (-want", sumsApart, nil},
	{"loses a call of an Append", "crash/usage", "of one Append are there", losesCalls, nil},
	{"loses every Append", "crash/usage", "usage (-want", losesAppends, nil},
	{"counts a call twice", "crash/usage", "usage (-want", noFlaw, func(b backend) store.Store { return countsTwice{b} }},
	{"has sums that do not verify", "crash/usage", "Verify finds", noFlaw, func(b backend) store.Store { return unverified{b} }},
	{"has days that do not verify", "crash/usage", "Verify finds", noFlaw, func(b backend) store.Store { return staleDays{b} }},
	{"takes a repetition for another operation", "crash/again", "Commit", noFlaw,
		func(b backend) store.Store { return forgetsOps{b} }},
	{"conflicts with what it did itself", "crash/again", "a record changed meanwhile", noFlaw,
		func(b backend) store.Store { return conflictsWithItself{b} }},
	{"refuses to write after a restart", "crash/again", "had not happened", noFlaw,
		afterwards(func(b backend) store.Store { return refuses{b} })},
	{"commits what no longer holds", "crash/again", "no longer holds", noFlaw,
		afterwards(func(b backend) store.Store { return ignoresRevisions{b} })},
	{"does not open", "crash/opens", "damaged", noFlaw, nil},
}

func TestF20CrashBroken(t *testing.T) {
	for _, b := range crashBroken {
		t.Run(strings.ReplaceAll(b.defect, " ", "-"), func(t *testing.T) {
			h := journaled(b.flaw, b.wrap)
			if b.caught == "crash/opens" {
				h.Open = opensOnce(h.Open)
			}
			err := storetest.CrashError(t, h, 30)
			// A kill that came early may have little to show, or the same as another defect.
			for try := 0; try < 5 && !tells(err, b.caught, b.says); try++ {
				err = storetest.CrashError(t, h, 30)
			}
			if !tells(err, b.caught, b.says) {
				t.Errorf("a store that %s was not caught by %s, which says %q:\n%v", b.defect, b.caught, b.says, err)
			}
			if f, ok := errors.AsType[*storetest.Failure](err); !ok || f.Rules == "" || f.Why == "" {
				t.Errorf("reported without a rule or a reason: %v", err)
			}
		})
	}
}

func tells(err error, check, says string) bool {
	return err != nil && strings.Contains(err.Error(), check+":") && strings.Contains(err.Error(), says)
}

// Every rule that a check of a kill quotes is one of package store.
func TestCrashRules(t *testing.T) {
	rules := rulesOf(t, "..")
	for name, numbers := range storetest.CrashRules() {
		for number := range strings.FieldsSeq(numbers) {
			if rules[number] == "" {
				t.Errorf("%s quotes rule %s, which is none", name, number)
			}
		}
	}
}

// What the writing process tells arrives as it was, whatever else is printed, and
// without what was cut short.
func TestCrashLines(t *testing.T) {
	made, told, calls, toldCalls, err := storetest.ToldBatches(t.Context(), memory.New(), 60)
	if err != nil {
		t.Fatal(err)
	}
	same := cmp.Options{cmpopts.EquateEmpty(), cmp.Comparer(func(a, b usage.Units) bool { return a == b })}
	if diff := cmp.Diff(made, told, same); diff != "" {
		t.Errorf("batches (-made +told):\n%s", diff)
	}
	if diff := cmp.Diff(calls, toldCalls, same); diff != "" {
		t.Errorf("calls (-made +told):\n%s", diff)
	}
	kinds := map[tenancy.Kind]bool{}
	for _, b := range made {
		for _, r := range b.Put {
			kinds[r.Value.Ref().Kind] = true
		}
	}
	if len(kinds) != 4 {
		t.Errorf("the moves write %d kinds of records", len(kinds))
	}
}
