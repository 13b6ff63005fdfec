package interop_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	_ "modernc.org/sqlite" // looks at files that no worker has open

	"example.com/tenet/store/sqlite/drivers/internal/worker"
	"example.com/tenet/usage"
)

// names are the drivers, each a folder of internal/worker.
func names() []string { return []string{"mattn", "ncruces", "modernc"} }

// build makes a program of each worker, once for all tests.
func build(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", dir+string(filepath.Separator), "../internal/worker/...")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// do has the worker of a driver do a task.
func do(t *testing.T, dir, name string, task worker.Task) worker.Answer {
	t.Helper()
	a, err := ask(t.Context(), dir, name, task)
	if err != nil {
		t.Fatalf("%s, %s: %v", name, task.Do, err)
	}
	return a
}

func ask(ctx context.Context, dir, name string, task worker.Task) (a worker.Answer, err error) {
	in, err := json.Marshal(task)
	if err != nil {
		return a, err
	}
	cmd := exec.CommandContext(ctx, filepath.Join(dir, name))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(out, &a)
}

// TestDrivers has every driver go on with what every other wrote, and hammer one
// file together.
func TestDrivers(t *testing.T) {
	dir := build(t)
	for _, first := range names() {
		for _, second := range names() {
			if first == second {
				continue
			}
			t.Run(first+" then "+second, func(t *testing.T) { handOver(t, dir, first, second, false) })
			t.Run(first+" dies, then "+second, func(t *testing.T) { handOver(t, dir, first, second, true) })
		}
	}
	t.Run("at once", func(t *testing.T) { atOnce(t, dir) })
}

const steps = 8

// handOver has one driver make steps, another make more, and all three read the
// same, from cursors of the first.
func handOver(t *testing.T, dir, first, second string, dies bool) {
	path := filepath.Join(t.TempDir(), "tenet.db")
	begun := do(t, dir, first, worker.Task{Path: path, Do: "write", N: steps, Abandon: dies})
	if _, err := os.Stat(path + "-wal"); (err == nil) != dies {
		t.Fatalf("WAL left behind: %v, want %v", err == nil, dies)
	}
	before := do(t, dir, second, worker.Task{Path: path, Do: "read", Marks: *begun.Marks})
	do(t, dir, second, worker.Task{Path: path, Do: "write", First: steps, N: steps, Abandon: dies})
	grown(t, before.Picture, steps)
	var want *worker.Picture
	for _, name := range names() {
		got := do(t, dir, name, worker.Task{Path: path, Do: "read", Marks: *begun.Marks}).Picture
		if want == nil {
			want = got
			grown(t, got, 2*steps)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateComparable(usage.Units{})); diff != "" {
			t.Errorf("%s reads otherwise than %s (-%[2]s +%[1]s):\n%s", name, names()[0], diff)
		}
	}
	sound(t, path)
}

// grown holds a picture to what n steps make.
func grown(t *testing.T, p *worker.Picture, n int) {
	t.Helper()
	calls := int64(0)
	for _, total := range p.Totals {
		calls += total.Calls
	}
	got := map[string]int{
		"records": len(p.Held), "feed": len(p.Feed), "trail": len(p.Trail), "usage": len(p.Records), "calls": int(calls),
		"differences": len(p.Differences),
	}
	want := map[string]int{
		"records": 7 + n + n - n/3, "feed": 2 + n, "trail": 1 + n, "usage": 11 * n, "calls": 11 * n, "differences": 0,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after %d steps (-want +got):\n%s", n, diff)
	}
}

// atOnce has every driver add to one counter in one file, each with two goroutines.
func atOnce(t *testing.T, dir string) {
	path := filepath.Join(t.TempDir(), "tenet.db")
	start := do(t, dir, names()[0], worker.Task{Path: path, Do: "write"}).Marks
	var group sync.WaitGroup
	won := make([]int, len(names()))
	errs := make([]error, len(names()))
	for i, name := range names() {
		group.Go(func() {
			var a worker.Answer
			a, errs[i] = ask(t.Context(), dir, name, worker.Task{Path: path, Do: "count", Workers: 2, Each: 40})
			won[i] = a.Won
		})
	}
	group.Wait()
	for i, name := range names() {
		if errs[i] != nil || won[i] != 80 {
			t.Errorf("%s: %d commits, %v; want 80", name, won[i], errs[i])
		}
	}
	for _, name := range names() {
		p := do(t, dir, name, worker.Task{Path: path, Do: "counted", Marks: *start})
		if p.Count != 240 || len(p.Picture.Feed) != 242 {
			t.Errorf("%s reads %d and %d entries, want 240 and 242", name, p.Count, len(p.Picture.Feed))
		}
	}
	sound(t, path)
}

// sound has SQLite check a file.
func sound(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var says string
	if err := db.QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&says); err != nil || says != "ok" {
		t.Errorf("integrity_check: %q, %v", says, err)
	}
}
