package main

import (
	"fmt"
	"runtime"
	"sync"
)

// cores compares two goroutines that ask with one. There have to be two cores.
func (c comparison) cores(n int) error {
	if runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	one := c.us.subject(c.w.queries)
	two := subject{name: "tenet, two cores", ops: 2 * one.ops, run: func() error { return twice(one.run) }}
	took, err := interleave(c.o.few, one, two)
	if err != nil {
		return err
	}
	s := took[0].over(took[1])
	c.t.add(sized(n), two.name, spreadOf(took[1]).String(), s.String(), fmt.Sprint(two.ops))
	c.r.rounds("two_cores_vs_one_"+sized(n), s, atLeast(1.9))
	return nil
}

// twice runs f in two goroutines at once.
func twice(f func() error) error {
	var wg sync.WaitGroup
	var errs [2]error
	for i := range errs {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	if errs[0] != nil {
		return errs[0]
	}
	return errs[1]
}
