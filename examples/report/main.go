// Command report makes a month of calls of an example organization and shows the four
// views of them: a project's activity and usage, and the organization's. They are printed
// as tables, and written as one HTML page that needs no network.
//
//	go run ./examples/report -out report.html
//
// The month has what months have: a price that changes, a project that is put away, keys
// that are rotated and revoked, refusals, upstreams that do not say what they consumed,
// and a day of 23 hours.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
)

// config is what the flags say.
type config struct {
	seed   uint64
	calls  int
	month  time.Time // any time of it
	db     string    // empty: a temporary one
	out    string    // the page; empty: a temporary one
	chart  string    // one chart by itself; empty: none
	export string    // a folder for files; empty: none
}

func main() {
	c := config{month: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	flag.Uint64Var(&c.seed, "seed", 1, "the same seed makes the same month")
	flag.IntVar(&c.calls, "calls", 200_000, "how many calls the month has, about")
	flag.Func("month", "which `month` (default 2026-03)", func(s string) (err error) {
		c.month, err = time.Parse("2006-01", s)
		return err
	})
	flag.StringVar(&c.db, "db", "", "a new database `file` to keep; without it a temporary one is used")
	flag.StringVar(&c.out, "out", "", "the `file` of the page; without it one in a new temporary folder")
	flag.StringVar(&c.chart, "chart", "", "also write the chart of cost by day as an SVG `file`")
	flag.StringVar(&c.export, "export", "", "also write the calls and the usage as CSV, JSON lines and FOCUS 1.2 into a `folder`")
	flag.Parse()
	if err := run(context.Background(), c, os.Stdout, os.Stderr); err != nil {
		log.Fatal(err)
	}
}

// run makes the month, asks for the views and writes them.
func run(ctx context.Context, c config, stdout io.Writer, stderr *os.File) (err error) {
	st, done, err := open(ctx, c.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	w, err := begin(ctx, st, c.month)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.tenet.Close()) }()
	if err := w.live(ctx, c, newProgress(stderr, c.calls)); err != nil {
		return err
	}
	v, err := w.ask(ctx)
	if err != nil {
		return err
	}
	v.print(stdout)
	if c.export != "" {
		if err := w.export(ctx, c.export); err != nil {
			return err
		}
		fmt.Fprintf(stdout, "Files: %s\n", where(c.export))
	}
	return write(c, v, stdout)
}

// open opens a new store, at path or in a temporary folder, and says how to be done with
// it.
func open(ctx context.Context, path string) (st *sqlitefile.Store, done func() error, err error) {
	remove := func() error { return nil }
	if path == "" {
		dir, err := os.MkdirTemp("", "report")
		if err != nil {
			return nil, nil, err
		}
		path, remove = filepath.Join(dir, "tenet.db"), func() error { return os.RemoveAll(dir) }
	} else if _, err := os.Stat(path); err == nil {
		return nil, nil, fmt.Errorf("%s is there already; the month is made in a new database", path)
	}
	if st, err = sqlitefile.Open(ctx, path); err != nil {
		return nil, nil, errors.Join(err, remove())
	}
	return st, func() error { return errors.Join(st.Close(), remove()) }, nil
}

// write writes the page, and the chart where one is wanted, and says where they are.
func write(c config, v *views, stdout io.Writer) error {
	page, err := v.page()
	if err == nil && c.out == "" {
		c.out, err = os.MkdirTemp("", "report")
		c.out = filepath.Join(c.out, "report.html")
	}
	if err != nil {
		return err
	}
	if c.chart != "" {
		if err := os.WriteFile(c.chart, []byte(v.costByDay(middle).standalone()), 0o644); err != nil { //nolint:gosec // G306: a chart is for others to read
			return err
		}
		fmt.Fprintf(stdout, "Chart: %s\n", where(c.chart))
	}
	if err := os.WriteFile(c.out, page, 0o644); err != nil { //nolint:gosec // G306: so is a report
		return err
	}
	fmt.Fprintf(stdout, "Page:  %s\n", where(c.out))
	return nil
}

// where is a path as a browser takes it.
func where(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return "file://" + filepath.ToSlash(abs)
	}
	return path
}

// backend is what keeps the example: records and usage in one.
type backend interface {
	store.Store
	store.Usage
}
