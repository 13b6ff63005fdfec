package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// Harness is a backend as the suite sees it. Open is required.
type Harness struct {
	// Open opens the store that is kept in dir, an empty directory at first. The
	// suite opens one directory again after closing it and, unless Volatile, twice
	// at once: both are the same data. A backend whose engine has one handle a file
	// lets several of its own share that handle, in Open here if not in itself. A store with a method Close() error is closed
	// by the suite.
	Open func(dir string) (store.Store, error)

	// Usage returns what keeps the usage that belongs to a store. Where it is nil
	// the store itself is asked. Either result may be nil, which leaves its cases
	// out. Results with a method Close() error of their own are for the store to
	// close.
	Usage func(s store.Store) (store.Usage, store.Upkeep)

	// Volatile says that a store keeps nothing once it is closed and that opening
	// a directory twice makes two stores.
	Volatile bool

	// Spoil overwrites the sums of one bucket of the roll-up behind the store's
	// back: it adds the bucket where it is missing, and takes it away where the
	// sums are zero. It is how the suite sees that
	// Verify finds damage and Rebuild repairs it; those cases are left out where it
	// is nil.
	Spoil func(s store.Store, b usage.Bucket) error

	// Days says that the store keeps buckets of usage.TierDay too, and that Spoil takes
	// them.
	Days bool

	// Restore opens the backup that a [store.Backuper] wrote to path. The cases that
	// look into one are left out where it is nil.
	Restore func(path string) (store.Store, error)

	soon time.Duration // see the constant; zero is that

	// LeftOut is told by Check of each case that does not apply, and why; it may
	// be nil. Run skips the subtest instead.
	LeftOut func(name, because string)
}

// Failure is a case that a backend did not pass.
type Failure struct {
	Case  string // "group/name", as Run names the subtest
	Rules string // the numbers of the rules in package store's comments: "C2 C5"
	Why   string // the rule in a sentence, and why it exists
	Err   error  // what was seen; several joined
}

// Error is the case, the rules, the reason and what was seen.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s: rule %s: %s\n%v", f.Case, f.Rules, f.Why, f.Err)
}

// Unwrap returns what was seen.
func (f *Failure) Unwrap() error { return f.Err }

// patience bounds a case, so that a store which hangs is a failure and no riddle.
const patience = time.Minute

// soon is how long a call may take whose context is over, or whose store is closed:
// far longer than any takes, so that a busy machine fails nobody.
const soon = 15 * time.Second

// testCase is one guarantee.
type testCase struct {
	name  string // group/name
	rules string // the numbers in package store's comments, separated by spaces
	why   string // one sentence: the rule, and why it exists
	needs need
	run   func(*env)
}

// cases is the suite.
func cases() []testCase {
	var all []testCase
	for _, group := range [][]testCase{
		recordCases(), sharingCases(), commitCases(), operationCases(), lostAnswerCases(), feedCases(), trailCases(), listCases(),
		tenantCases(), identifierCases(), inputCases(), cursorCases(), payloadCases(),
		lifecycleCases(), contextCases(), closeCases(), raceCases(), linearCases(), optionalCases(), backupCases(),
		usageCases(), upkeepCases(),
	} {
		all = append(all, group...)
	}
	return all
}

var errNoOpen = errors.New("storetest: Harness.Open is nil")

// Run runs each case as a subtest.
func Run(t *testing.T, h Harness) {
	if h.Open == nil {
		t.Fatal(errNoOpen)
	}
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			because, err := c.check(t.Context(), h)
			if err != nil {
				t.Errorf("rule %s: %s\n%v", c.rules, c.why, err)
			}
			if because != "" {
				t.Skip(because)
			}
		})
	}
}

// Check runs every case and returns a [*Failure] for each that failed, joined with
// errors.Join; nil where the backend passed. It stops, with the context's error
// among them, when ctx ends. It needs no *testing.T.
func Check(ctx context.Context, h Harness) error {
	if h.Open == nil {
		return errNoOpen
	}
	var failed []error
	for _, c := range cases() {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(failed, err)...)
		}
		because, err := c.check(ctx, h)
		if err != nil {
			failed = append(failed, &Failure{Case: c.name, Rules: c.rules, Why: c.why, Err: err})
		}
		if because != "" && h.LeftOut != nil {
			h.LeftOut(c.name, because)
		}
	}
	return errors.Join(failed...)
}

// check runs the case in a directory of its own. because says why it does not apply.
func (c testCase) check(ctx context.Context, h Harness) (because string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	e := &env{h: h, ctx: ctx}
	e.guard(func() {
		e.begin()
		if because = e.lacks(c.needs); because == "" {
			c.run(e)
		}
	})
	e.guard(e.end)
	e.mu.Lock() // what did not return soon may still run
	defer e.mu.Unlock()
	return because, errors.Join(e.errs...)
}
