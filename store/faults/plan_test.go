package faults_test

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/faults"
)

// A plan gives the fault to the calls that its name says.
func TestPlans(t *testing.T) {
	f := faults.Fault{Err: store.ErrConflict}
	lost := faults.Fault{Err: store.ErrClosed, Lost: true}
	for _, tt := range []struct {
		name    string
		plan    faults.Plan
		commits string // the first six: "." none, "c" f, "x" lost, "-" store.ErrUnavailable, "?" another
		gets    string
	}{
		{"Down", faults.Down, "------", "------"},
		{"Always", faults.Always(f), "cccccc", "cccccc"},
		{"Nth", faults.Nth(faults.Commit, 2, f), ".c....", "......"},
		{"Nth, before the first", faults.Nth(faults.Commit, 0, f), "......", "......"},
		{"Every", faults.Every(faults.Commit, 2, f), ".c.c.c", "......"},
		{"Every, all", faults.Every(faults.Get, 1, f), "......", "cccccc"},
		{"Every, none", faults.Every(faults.Commit, 0, f), "......", "......"},
		{"On", faults.On(faults.Get, func(n int) faults.Fault { return faults.Nth(faults.Get, n, f)(faults.Call{Method: faults.Get, N: 3}) }), "......", "..c..."},
		{"First, of none", faults.First(), "......", "......"},
		{"First, of two methods", faults.First(nil, faults.Nth(faults.Commit, 1, f), faults.Every(faults.Get, 3, lost)), "c.....", "..x..x"},
		{"First, the first wins", faults.First(faults.Nth(faults.Commit, 4, f), faults.Every(faults.Commit, 2, lost), faults.Nth(faults.Commit, 5, f)), ".x.ccx", "......"},
	} {
		read := func(m faults.Method) string {
			var got []byte
			for n := 1; n <= 6; n++ {
				got = append(got, letter(tt.plan(faults.Call{Method: m, N: n})))
			}
			return string(got)
		}
		if diff := gocmp.Diff([]string{tt.commits, tt.gets}, []string{read(faults.Commit), read(faults.Get)}); diff != "" {
			t.Errorf("%s, commits and gets (-want +got):\n%s", tt.name, diff)
		}
	}
}

func letter(f faults.Fault) byte {
	switch {
	case f.Err == nil && !f.Lost:
		return '.'
	case errors.Is(f.Err, store.ErrConflict) && !f.Lost:
		return 'c'
	case errors.Is(f.Err, store.ErrClosed) && f.Lost:
		return 'x'
	case errors.Is(f.Err, store.ErrUnavailable) && !f.Lost:
		return '-'
	}
	return '?'
}

// Whatever a fault does, First takes it for one.
func TestFirstKnowsEveryFault(t *testing.T) {
	other := faults.Always(faults.Fault{Err: store.ErrConflict})
	for name, f := range map[string]faults.Fault{
		"delay": {Delay: time.Second}, "until": {Until: make(chan struct{})}, "hang": {Hang: true}, "before": {Before: func() {}}, "err": {Err: store.ErrClosed},
		"panic": {Panic: 1}, "lost": {Lost: true}, "after": {After: func() {}},
	} {
		if got := faults.First(faults.Always(f), other)(faults.Call{Method: faults.Get, N: 1}); errors.Is(got.Err, store.ErrConflict) {
			t.Errorf("%s was passed over", name)
		}
	}
}
