package main

import (
	"fmt"
	"os"
	"strings"
)

// progress says how far something is: a bar where somebody looks, else a line now and
// then.
type progress struct {
	to       *os.File // nil: say nothing
	terminal bool
	total    int
	done     int
	shown    int // percent
}

func newProgress(to *os.File, total int) *progress {
	p := &progress{to: to, total: max(total, 1)}
	if to != nil {
		info, err := to.Stat()
		p.terminal = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return p
}

// add counts calls that were made.
func (p *progress) add(n int) {
	p.done += n
	percent := min(100*p.done/p.total, 100)
	every := 25
	if p.terminal {
		every = 1
	}
	if p.to == nil || percent < p.shown+every {
		return
	}
	p.shown = percent - percent%every
	p.show(percent)
}

func (p *progress) show(percent int) {
	if !p.terminal {
		fmt.Fprintf(p.to, "%d %% of about %s calls\n", percent, count(int64(p.total)))
		return
	}
	const width = 40
	full := percent * width / 100
	fmt.Fprintf(p.to, "\r[%s%s] %3d %%  %s calls ", strings.Repeat("#", full), strings.Repeat(".", width-full), percent, count(int64(p.done)))
}

// end leaves the line of the bar.
func (p *progress) end() {
	if p.to != nil && p.terminal {
		p.show(100)
		fmt.Fprintln(p.to)
	}
}
