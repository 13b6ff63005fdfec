package storetest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// need is what a case cannot do without.
type need uint16

const (
	needUsage need = 1 << iota
	needUpkeep
	needWaiter
	needPruner
	needCloser
	needDurable
	needSpoil
	needBackuper
	needRestore
	needDays
)

// env is what a case works with: a new, empty store, and what was seen of it.
type env struct {
	h     Harness
	ctx   context.Context
	dir   string
	s     store.Store
	u     store.Usage
	up    store.Upkeep
	start store.Cursor // before the case's first commit
	ops   atomic.Int64 // operation ids given out
	open  []store.Store
	dirs  []string

	mu   sync.Mutex
	errs []error
}

// begin opens the case's store.
func (e *env) begin() {
	e.dir = e.newDir()
	e.s = e.openIn(e.dir)
	e.u, e.up = e.usageOf(e.s)
	e.start = e.cursor()
}

// end closes every store that the case left open and removes the directories.
func (e *env) end() {
	for _, s := range e.open {
		if err := closeStore(s); err != nil && !errors.Is(err, store.ErrClosed) {
			e.errorf("Close: %v", err)
		}
	}
	for _, dir := range e.dirs {
		os.RemoveAll(dir)
	}
}

func (e *env) newDir() string {
	dir, err := os.MkdirTemp("", "storetest")
	e.must("a directory", err)
	e.dirs = append(e.dirs, dir)
	return dir
}

// openIn opens a store, again or a second time where dir has one.
func (e *env) openIn(dir string) store.Store {
	s, err := e.h.Open(dir)
	e.must("Open", err)
	if s == nil {
		e.fatalf("Open returned no store")
	}
	e.open = append(e.open, s)
	return s
}

// reopen closes the case's store and opens its directory again.
func (e *env) reopen() {
	e.must("Close", closeStore(e.s))
	e.s = e.openIn(e.dir)
	e.u, e.up = e.usageOf(e.s)
}

func closeStore(s store.Store) error {
	if c, ok := s.(interface{ Close() error }); ok {
		return c.Close()
	}
	return nil
}

func (e *env) usageOf(s store.Store) (store.Usage, store.Upkeep) {
	if e.h.Usage != nil {
		return e.h.Usage(s)
	}
	u, _ := s.(store.Usage)
	up, _ := s.(store.Upkeep)
	return u, up
}

// lacks says which of the needs the backend does not meet; empty where it meets all.
func (e *env) lacks(n need) string {
	_, waits := e.s.(store.Waiter)
	_, prunes := e.s.(store.Pruner)
	_, copies := e.s.(store.Backuper)
	_, closes := e.s.(interface{ Close() error })
	for _, l := range []struct {
		need need
		met  bool
		says string
	}{
		{needUsage, e.u != nil, "keeps no usage"},
		{needUpkeep, e.up != nil, "has no upkeep of usage"},
		{needWaiter, waits, "does not wait"},
		{needPruner, prunes, "does not prune its log"},
		{needCloser, closes, "has no Close"},
		{needDurable, !e.h.Volatile, "is volatile"},
		{needSpoil, e.h.Spoil != nil, "the harness cannot spoil a bucket"},
		{needBackuper, copies, "makes no backup"},
		{needDays, e.h.Days, "keeps no days"},
		{needRestore, e.h.Restore != nil, "the harness cannot open a backup"},
	} {
		if n&l.need != 0 && !l.met {
			return l.says
		}
	}
	return ""
}

// stop ends a case that cannot go on.
type stop struct{}

// guard runs f until it returns or stops. A panic of the store is a failure like
// any other, so that the cases after it still run.
func (e *env) guard(f func()) {
	defer func() {
		switch v := recover(); v.(type) {
		case nil, stop:
		default:
			e.errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	f()
}

// together runs f n times at once, each under guard, and waits for all. None begins
// before all are there, so that they overlap.
func (e *env) together(n int, f func(i int)) {
	var there, done sync.WaitGroup
	there.Add(n)
	for i := range n {
		done.Go(func() {
			there.Done()
			there.Wait()
			e.guard(func() { f(i) })
		})
	}
	done.Wait()
}

// patient is how long the case waits for what should be over.
func (e *env) patient() time.Duration { return cmp.Or(e.h.soon, soon) }

// soon runs f, and ends the case where it has not returned long after it should
// have: f waits for what is over already.
func (e *env) soon(what string, f func()) {
	returned := make(chan struct{})
	go func() {
		defer close(returned)
		e.guard(f)
	}()
	late := time.NewTimer(e.patient())
	defer late.Stop()
	select {
	case <-returned:
	case <-late.C:
		e.fatalf("%s does not return", what)
	}
}

// errorf notes a failure. It may be called from any goroutine.
func (e *env) errorf(format string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.errs = append(e.errs, fmt.Errorf(format, args...))
}

// fatalf notes a failure and ends what guard runs.
func (e *env) fatalf(format string, args ...any) {
	e.errorf(format, args...)
	panic(stop{})
}

// must ends the case where a call that has no reason to fail did.
func (e *env) must(call string, err error) {
	if err != nil {
		e.fatalf("%s: %v", call, err)
	}
}

// enough ends the case once it has failures enough to go by.
func (e *env) enough() {
	e.mu.Lock()
	n := len(e.errs)
	e.mu.Unlock()
	if n >= 8 {
		e.fatalf("and perhaps more")
	}
}

// refused notes a failure unless err is want, which may be nil.
func (e *env) refused(call string, err, want error) {
	if !errors.Is(err, want) {
		e.errorf("%s: got error %v, want %v", call, err, want)
		e.enough()
	}
}

// discreet notes a failure unless err is one of the contract and has no word of what
// the caller passed.
func (e *env) discreet(call string, err error, passed string) {
	of := []error{
		store.ErrConflict, store.ErrUnknownOutcome, store.ErrReused, store.ErrResync, store.ErrTooLarge, store.ErrInvalid,
		store.ErrPastRetention, store.ErrClosed, store.ErrCorrupt, store.ErrUnavailable, usage.ErrOverflow,
		context.Canceled, context.DeadlineExceeded,
	}
	switch {
	case err == nil:
		e.errorf("%s was taken", call)
	case !slices.ContainsFunc(of, func(own error) bool { return errors.Is(err, own) }):
		e.errorf("%s: got error %v, which is none of the contract's", call, err)
	case strings.Contains(err.Error(), passed):
		e.errorf("%s: the error says what the caller passed", call)
	}
}
