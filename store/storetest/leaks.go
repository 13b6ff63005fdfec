package storetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// left is what runs and what is open on behalf of a case. Goroutines are told from
// those of other tests by a label, which they have from who started them, and files
// by their folder, where the system lists them.
type left struct{ goroutines, files int }

func (l left) atMost(other left) bool {
	return l.goroutines <= other.goroutines && l.files <= other.files
}

// tagged runs f so that whatever it starts is told by tag.
func (e *env) tagged(tag string, f func()) {
	pprof.Do(e.ctx, pprof.Labels("storetest", tag), func(context.Context) { f() })
}

// settle waits a while at the longest, until no more is left than most. It returns
// what is.
func (e *env) settle(tag string, most left, while time.Duration) left {
	over := time.Now().Add(while)
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		now := left{goroutinesOf(tag), e.filesOpen()}
		if now.atMost(most) || !time.Now().Before(over) || e.ctx.Err() != nil {
			return now
		}
		<-look.C
	}
}

// leftAtMost notes a failure where more stays than most.
func (e *env) leftAtMost(what, tag string, most left) {
	if now := e.settle(tag, most, e.patient()); !now.atMost(most) {
		e.errorf("%s left %d goroutines and %d open files behind, want at most %d and %d",
			what, now.goroutines, now.files, most.goroutines, most.files)
	}
}

// goroutinesOf counts the goroutines with a label in the profile's text form: a line
// for each distinct stack that begins with their number, and one with the labels.
func goroutinesOf(tag string) int {
	var text bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&text, 1); err != nil {
		return 0
	}
	n := 0
	stack := regexp.MustCompile(`(?m)^(\d+) @.*\n# labels: (.*)$`)
	for _, m := range stack.FindAllStringSubmatch(text.String(), -1) {
		if strings.Contains(m[2], strconv.Quote(tag)) {
			some, _ := strconv.Atoi(m[1])
			n += some
		}
	}
	return n
}

// filesOpen counts the open files in the case's folders; 0 where the system does not
// list them.
func (e *env) filesOpen() int {
	const list = "/proc/self/fd"
	open, err := os.ReadDir(list)
	if err != nil {
		return 0
	}
	n := 0
	for _, fd := range open {
		path, _ := os.Readlink(filepath.Join(list, fd.Name()))
		for _, dir := range e.dirs {
			if strings.HasPrefix(path, fmt.Sprint(dir, string(filepath.Separator))) {
				n++
			}
		}
	}
	return n
}
