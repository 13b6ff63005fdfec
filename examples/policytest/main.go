// Command policytest is how a host keeps its access policy under test: a world with
// somebody in each position (town.go), what is expected of it (policy.txt), and the report of who may
// do what that is reviewed when it changes (testdata/access.txt).
//
//	go test ./examples/policytest
//
// The program breaks the policy on purpose, to show what a test then says:
//
//	go run ./examples/policytest -break viewer-calls
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"example.com/tenet/access/accesstest"
)

//go:embed policy.txt
var policy string

func main() {
	names := strings.Join(slices.Sorted(maps.Keys(breaks)), ", ")
	name := flag.String("break", "", "break the policy on purpose: "+names)
	flag.Parse()
	if *name != "" && breaks[*name].do == nil {
		log.Fatalf("there is no break %q; there is %s", *name, names)
	}
	if !run(os.Stdout, *name) {
		os.Exit(1)
	}
}

// run prints who may do what or, of a policy that is broken, what that does and what fails. It
// reports whether all expectations hold.
func run(out io.Writer, name string) bool {
	w := town(nil)
	intact := w.View()
	if name == "" {
		fmt.Fprint(out, accesstest.Report(intact))
	} else {
		breaks[name].do(w)
		fmt.Fprintf(out, "%s. What that does:\n\n%s\n", breaks[name].what, accesstest.Compare(intact, w.View()))
	}
	err := accesstest.Check(w.View(), policy)
	if err != nil {
		fmt.Fprintln(out, err)
	}
	return err == nil
}
