// Command compare measures Tenet against other ways to do the same, side by side in one
// run, and says which of its goals it reaches.
//
//	cd examples/compare && go run . -quick
//
// It prints tables and then a line a goal: RATIO, a name, the value and the goal. Only
// ratios are of use to anybody else: the absolute numbers are of the machine and the
// minute. It ends with status 1 where a peer gives another answer than Tenet, and with
// 0 also where goals are missed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick   bool
	tiny    bool
	json    bool
	only    []string
	keys    []int // sizes of the worlds, ascending
	records int   // of usage, that are read back
	file    int   // keys of the world that is in a file
	rounds  int
	few     int    // rounds, of what takes seconds a time
	queries int    // about each world
	dir     string // for files; emptied at the end
}

// part is a part of the program.
type part struct {
	of   string // the name by which -only selects it
	what string
	run  func(context.Context, *report, options) error
}

func parts() []part {
	return []part{
		{"path", "the request path", path},
		{"path", "visible projects", visible},
		{"memory", "keys in memory", footprint},
		{"usage", "ingest", ingest},
		{"usage", "group commit", group},
		{"usage", "roll-ups", rollups},
		{"meter", "the meter", metered},
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) (err error) {
	o, err := parse(args, progress)
	if err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp(o.dir, "tenet-compare-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	defer tidyOnInterrupt(o.dir)()
	r := &report{Sizes: o.sizes()}
	for _, p := range parts() {
		if len(o.only) > 0 && !slices.Contains(o.only, p.of) {
			continue
		}
		began := time.Now()
		if err := p.run(ctx, r, o); err != nil {
			return fmt.Errorf("%s: %w", p.what, err)
		}
		fmt.Fprintf(progress, "%s: %.1f s\n", p.what, time.Since(began).Seconds())
	}
	if o.json {
		return r.json(out)
	}
	return r.text(out)
}

// tidyOnInterrupt removes dir, which may hold gigabytes, and ends the program when
// somebody interrupts it, until the function that it returns is called. A context that
// can be cancelled would not do: the driver starts a goroutine for each statement under
// one.
func tidyOnInterrupt(dir string) (stop func()) {
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	done := make(chan struct{})
	go func() {
		select {
		case <-interrupted:
			_ = os.RemoveAll(dir)
			os.Exit(130)
		case <-done:
		}
	}()
	return func() { signal.Stop(interrupted); close(done) }
}

func parse(args []string, help io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.SetOutput(help)
	f.BoolVar(&o.quick, "quick", false, "smaller sizes and fewer rounds: under a minute")
	f.BoolVar(&o.tiny, "tiny", false, "sizes at which the program is tested and figures mean nothing")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	only := f.String("only", "", "`parts` to run, of path, memory, usage and meter, between commas")
	sizes := f.String("keys", "", "`sizes` of the tenancies, in keys, between commas")
	f.IntVar(&o.records, "records", 0, "usage `records` that are read back")
	f.IntVar(&o.rounds, "rounds", 0, "how often each pair is measured")
	f.IntVar(&o.queries, "queries", 65_536, "random `queries` about each tenancy")
	f.StringVar(&o.dir, "dir", "", "where temporary `files` are made; their disk is measured")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if *only != "" {
		o.only = strings.Split(*only, ",")
		for _, name := range o.only {
			if !slices.ContainsFunc(parts(), func(p part) bool { return p.of == name }) {
				return o, fmt.Errorf("-only %q: path, memory, usage or meter", name)
			}
		}
	}
	return o.filled(*sizes)
}

// filled is o with what no flag set.
func (o options) filled(sizes string) (options, error) {
	defaults := options{keys: []int{1000, 100_000, 1_000_000}, file: 1_000_000, records: 10_000_000, rounds: 11, few: 5}
	switch {
	case o.tiny:
		defaults = options{keys: []int{300}, file: 300, records: 3000, rounds: 1, few: 1}
		o.queries = 512
	case o.quick:
		defaults = options{keys: []int{1000, 100_000}, file: 30_000, records: 200_000, rounds: 5, few: 3}
	}
	o.keys, o.file = defaults.keys, defaults.file
	if sizes != "" {
		o.keys = nil
		for s := range strings.SplitSeq(sizes, ",") {
			n, err := strconv.Atoi(s)
			if err != nil || n < 1 {
				return o, fmt.Errorf("-keys %q: numbers between commas", sizes)
			}
			o.keys = append(o.keys, n)
		}
		slices.Sort(o.keys)
		o.file = o.keys[len(o.keys)-1]
	}
	if o.records <= 0 {
		o.records = defaults.records
	}
	if o.rounds <= 0 {
		o.rounds = defaults.rounds
	}
	o.few = min(o.rounds, defaults.few)
	return o, nil
}

func (o options) sizes() string {
	names := make([]string, len(o.keys))
	for i, n := range o.keys {
		names[i] = sized(n)
	}
	return fmt.Sprintf("%s, %d cores; keys %s, in a file %s; %s usage records; %d rounds, %d of what takes long; medians (lowest–highest)",
		runtime.Version(), runtime.GOMAXPROCS(0), strings.Join(names, ", "), sized(o.file), sized(o.records), o.rounds, o.few)
}

// times is n, or less where figures mean nothing.
func (o options) times(n int) int {
	if o.tiny {
		return max(1, n/20)
	}
	return n
}

// sub is a folder of its own for files.
func (o options) sub(name string) string {
	dir := filepath.Join(o.dir, name)
	_ = os.MkdirAll(dir, 0o700) // what opens a file there says what is wrong
	return dir
}
