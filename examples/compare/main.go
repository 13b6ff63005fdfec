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
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	quick   bool
	json    bool
	only    []string
	keys    []int // sizes of the worlds, ascending
	records int   // of usage, that are read back
	rounds  int
	queries int    // about each world
	dir     string // for files; emptied at the end
}

// part is a part of the program, as -only names it.
type part struct {
	name string
	run  func(context.Context, *report, options) error
}

func parts() []part {
	return []part{{"path", path}, {"path", visible}, {"memory", footprint}, {"usage", ingest}, {"usage", group}, {"usage", rollups}}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.dir, err = os.MkdirTemp(o.dir, "tenet-compare-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.dir)
	r := &report{Sizes: o.sizes()}
	for _, p := range parts() {
		if len(o.only) > 0 && !slices.Contains(o.only, p.name) {
			continue
		}
		if err := p.run(ctx, r, o); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	if o.json {
		return r.json(out)
	}
	return r.text(out)
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("compare", flag.ContinueOnError)
	f.BoolVar(&o.quick, "quick", false, "smaller sizes and fewer rounds: under a minute")
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
	}
	return o.filled(*sizes)
}

// filled is o with what no flag set.
func (o options) filled(sizes string) (options, error) {
	defaults := options{keys: []int{1000, 100_000, 1_000_000}, records: 10_000_000, rounds: 11}
	if o.quick {
		defaults = options{keys: []int{1000, 100_000}, records: 500_000, rounds: 5}
	}
	o.keys = defaults.keys
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
	}
	if o.records <= 0 {
		o.records = defaults.records
	}
	if o.rounds <= 0 {
		o.rounds = defaults.rounds
	}
	return o, nil
}

func (o options) sizes() string {
	names := make([]string, len(o.keys))
	for i, n := range o.keys {
		names[i] = sized(n)
	}
	return fmt.Sprintf("%s, %d cores; keys %s; %s usage records; %d rounds, medians (lowest–highest)",
		runtime.Version(), runtime.GOMAXPROCS(0), strings.Join(names, ", "), sized(o.records), o.rounds)
}

// sub is a folder of its own for files.
func (o options) sub(name string) string {
	dir := filepath.Join(o.dir, name)
	_ = os.MkdirAll(dir, 0o700) // what opens a file there says what is wrong
	return dir
}
