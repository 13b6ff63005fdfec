package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// Crash kills a process that writes to a backend, rounds times, and looks at what each
// kill left. It is for a test of its own, which does nothing else:
//
//	func TestCrash(t *testing.T) { storetest.Crash(t, harness(), 50, 0) }
//
// Each round starts the running test binary again for this test alone, where Crash
// finds itself in the second process and writes: four organizations from four
// goroutines that meet on a counter, on names, on people and on keys' ids, with usage
// beside them where the backend has it. Every write is told before the call and its
// answer after it. The process is killed at a random moment, opening included, and
// the store opened here:
//
//   - what was acknowledged is there, as it was given (C9, C12), nothing else
//     is (C5), and records and log agree to the last revision (C1, C6, R4, R5, N3)
//   - what was cut short had happened or not, and committing it again has one effect
//     (C2, C10)
//   - cursors that were given before go on, and nothing is stepped over (F1, F4, T1)
//   - calls count once, and the sums are theirs (U1, U2, U7, K1)
//
// Open may look too, and return an error for what it finds in a store that was killed:
// damage to its files, say. A store goes through ten kills, then a new one is begun.
//
// seed is for the draws; zero draws one, which is logged. It does not bring a kill
// back, since when a process dies is for the scheduler. go test -artifacts keeps the
// folders. A harness that is Volatile is skipped.
//
// What a kill cannot show: the operating system keeps all that a killed process
// wrote, synced or not. So nothing is learned of power loss, of a setting like
// SQLite's synchronous, of a file whose folder was not synced, or of a disk that
// acknowledges too early. A file system that forgets unsynced writes shows that, in
// a virtual machine that is switched off, on dm-log-writes or LazyFS, or under an
// engine's own I/O layer.
func Crash(t *testing.T, h Harness, rounds int, seed uint64) {
	switch {
	case h.Open == nil:
		t.Fatal(errNoOpen)
	case h.Volatile:
		t.Skip("is volatile")
	case writesUntilKilled(t.Context(), h):
		return
	}
	if seed == 0 {
		seed = rand.Uint64()
	}
	c := &crash{h: h, name: t.Name(), root: t.ArtifactDir(), seed: seed, rng: rand.New(rand.NewPCG(seed, 0))}
	err := c.run(t.Context(), rounds)
	t.Logf("seed %d: %v", seed, c.tally)
	if err != nil {
		t.Error(err)
	}
}

// crashTally counts what there was to lose.
type crashTally struct {
	kills, commits, appends int
	cut, happened           int // tries that were cut short, and those commits of them that had happened
}

func (n crashTally) String() string {
	return fmt.Sprintf("%d kills; acknowledged %d commits and %d appends; cut short %d, of which %d commits had happened",
		n.kills, n.commits, n.appends, n.cut, n.happened)
}

// crashRounds is how many kills one store goes through. Looking takes longer with
// each.
const crashRounds = 10

// A process is killed within crashTime of its first line, and before it told many
// more than crashLines, which is for backends that are fast: a try makes two or three.
const (
	crashTime  = 200 * time.Millisecond
	crashLines = 900
)

// crash is the process that kills and looks.
type crash struct {
	h     Harness
	name  string // of the test
	root  string
	seed  uint64
	rng   *rand.Rand
	tally crashTally
}

// run returns what the first round that failed found.
func (c *crash) run(ctx context.Context, rounds int) error {
	var f *crashFolder
	for round := range rounds {
		if round%crashRounds == 0 {
			f = newCrashFolder(filepath.Join(c.root, fmt.Sprint("store", round/crashRounds)))
			if err := os.MkdirAll(f.dir, 0o700); err != nil {
				return err
			}
		}
		if err := c.round(ctx, round, f); err != nil {
			return fmt.Errorf("round %d: %w", round, err)
		}
	}
	return nil
}

// round kills once and looks twice: at what was left, and at what committing again
// made of it.
func (c *crash) round(ctx context.Context, round int, f *crashFolder) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	lines, err := c.kill(ctx, round, f.dir)
	if err != nil {
		return err
	}
	wrong, err := f.absorb(round, lines)
	if err != nil {
		return err
	}
	if wrong != "" {
		return fmt.Errorf("the writing process: %s", wrong)
	}
	c.count(lines)
	e := &env{h: c.h, ctx: ctx, dir: f.dir}
	defer e.guard(e.end)
	e.guard(func() {
		e.s = e.openIn(e.dir)
		e.u, e.up = e.usageOf(e.s)
	})
	if err := errors.Join(e.errs...); err != nil {
		return &Failure{Case: "crash/opens", Rules: "C12", Why: "A store that was killed opens.", Err: err}
	}
	for range 2 {
		if err := c.look(&crashLook{env: e, f: f, round: round}); err != nil {
			return err
		}
	}
	return c.leave(e, f, round)
}

func (c *crash) look(l *crashLook) error {
	l.guard(l.read)
	if err := errors.Join(l.errs...); err != nil {
		return err
	}
	all := l.failures(crashChecks())
	c.tally.cut += l.repeated
	c.tally.happened += l.happened
	return errors.Join(all...)
}

// leave keeps a cursor for the next round and closes the store.
func (c *crash) leave(e *env, f *crashFolder, round int) error {
	e.guard(func() {
		f.marks = append(f.marks, crashMark{round: round + 1, cursor: e.cursor()})
		e.must("Close", closeStore(e.s))
		e.open = nil
	})
	return errors.Join(e.errs...)
}

func (c *crash) count(lines []crashLine) {
	c.tally.kills++
	calls := map[int64]bool{}
	for _, l := range lines {
		switch {
		case len(l.Calls) > 0:
			calls[l.N] = true
		case l.Said == saidDone && calls[l.N]:
			c.tally.appends++
		case l.Said == saidDone:
			c.tally.commits++
		}
	}
}

// kill starts the writing process, kills it and returns what it told.
func (c *crash) kill(ctx context.Context, round int, dir string) ([]crashLine, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, self, "-test.run="+only(c.name), "-test.count=1")
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %q", crashVar, c.seed, round, dir))
	cmd.Stderr = &stderr
	in, err := cmd.StdinPipe() // ends when this process does, and the writing one with it
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	heard := hear(out, 1+c.rng.IntN(crashLines))
	early := c.await(ctx, heard)
	_ = cmd.Process.Kill()
	<-heard.over
	_ = cmd.Wait() // it says that it was killed
	if early || strings.Contains(stderr.String(), "DATA RACE") {
		return nil, fmt.Errorf("the writing process ended by itself, or with a race: %s%s", stderr.String(), heard.wrong())
	}
	return heard.lines, heard.err
}

// only is the pattern of one test or subtest.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// await waits until it is time to kill. It reports whether the process ended first.
func (c *crash) await(ctx context.Context, heard *hearing) (early bool) {
	if c.rng.IntN(8) > 0 { // else while it starts and opens
		select {
		case <-heard.first:
		case <-heard.over:
			return true
		case <-ctx.Done():
		}
	}
	moment := time.NewTimer(time.Duration(c.rng.Int64N(int64(crashTime))))
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-heard.enough:
	case <-heard.over:
		return true
	case <-ctx.Done():
	}
	return false
}

// hearing is what a writing process told. lines and err may be read once over is
// closed.
type hearing struct {
	first, enough, over chan struct{}
	lines               []crashLine
	err                 error
}

// hear reads until from ends, and says when there were as many lines as are enough.
func hear(from io.Reader, enough int) *hearing {
	h := &hearing{first: make(chan struct{}), enough: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(h.over)
		h.err = readLines(from, func(l crashLine) {
			if len(h.lines) == 0 {
				close(h.first)
			}
			if h.lines = append(h.lines, l); len(h.lines) == enough {
				close(h.enough)
			}
		})
	}()
	return h
}

// wrong is what the process said before it ended.
func (h *hearing) wrong() string {
	for _, l := range h.lines {
		if l.Wrong != "" {
			return l.Wrong
		}
	}
	return ""
}
