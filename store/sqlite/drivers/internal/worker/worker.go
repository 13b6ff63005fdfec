// Package worker is a process that works on one file with one driver, for tests
// that have several drivers at one file: each in a process of its own.
package worker

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/signal"

	"example.com/tenet/store"
)

// Store is what a worker works on.
type Store interface {
	store.Store
	store.Usage
	store.Upkeep
	io.Closer
}

// Task is what a worker is asked to do, as JSON on its standard input.
type Task struct {
	Path string
	Do   string // "write", "read", "count" or "counted"

	// Write makes the steps First to First+N-1. Abandon ends the process without
	// closing anything, so that the WAL stays.
	First, N int
	Abandon  bool
	// Read and counted go on from Marks.
	Marks Marks
	// Count adds 1 to a counter Each times in every one of Workers goroutines.
	Workers, Each int
}

// Answer is what a worker did, as JSON on its standard output.
type Answer struct {
	Marks   *Marks   `json:",omitempty"` // of write
	Picture *Picture `json:",omitempty"` // of read and counted
	Won     int      `json:",omitempty"` // commits of count that succeeded
	Count   int64    `json:",omitempty"` // of counted
}

var errTask = errors.New("worker: no such task")

// Run does the task that in holds with stores of open, and returns the status of
// the process.
func Run(open func(ctx context.Context, path string) (Store, error), in io.Reader, out, log io.Writer) int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt)
	defer cancel()
	if err := run(ctx, open, in, out); err != nil {
		io.WriteString(log, err.Error()+"\n") //nolint:errcheck // there is nobody else to tell
		return 1
	}
	return 0
}

func run(ctx context.Context, open func(context.Context, string) (Store, error), in io.Reader, out io.Writer) error {
	var task Task
	if err := json.NewDecoder(in).Decode(&task); err != nil {
		return err
	}
	s, err := open(ctx, task.Path)
	if err != nil {
		return err
	}
	answer, err := task.do(ctx, s)
	if err == nil {
		err = json.NewEncoder(out).Encode(answer)
	}
	if task.Abandon {
		return err
	}
	return errors.Join(err, s.Close())
}

func (t Task) do(ctx context.Context, s Store) (a Answer, err error) {
	switch t.Do {
	case "write":
		a.Marks, err = write(ctx, s, t.First, t.N)
	case "read":
		a.Picture, err = read(ctx, s, t.Marks)
	case "count":
		a.Won, err = count(ctx, s, t.Workers, t.Each)
	case "counted":
		a.Count, err = counted(ctx, s)
		if err == nil {
			a.Picture, err = read(ctx, s, t.Marks)
		}
	default:
		err = errTask
	}
	return a, err
}
