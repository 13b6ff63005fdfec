package main

import (
	"flag"
	"io"
	"os"
	"testing"

	"example.com/tenet/access/accesstest"
)

var update = flag.Bool("update", false, "write testdata/access.txt")

// The policy, line by line.
func TestPolicy(t *testing.T) {
	accesstest.Run(t, town(t).View(), policy)
}

// Nobody is forgotten: each person is asked about each action, each key about each model.
func TestPolicyIsWhole(t *testing.T) {
	if gaps := accesstest.Uncovered(town(t).View(), policy); gaps != "" {
		t.Errorf("no line of policy.txt asks about\n%s", gaps)
	}
}

// Who may do what. A change of this file is reviewed like a change of the policy:
//
//	go test ./examples/policytest -update
func TestAccess(t *testing.T) {
	accesstest.Golden(t, "testdata/access.txt", town(t).View(), *update)
}

// The policy would notice.
func TestEachBreakIsCaught(t *testing.T) {
	for name := range breaks {
		if run(io.Discard, name) {
			t.Errorf("%s: no line of policy.txt fails", name)
		}
	}
}

// What a failing line says, after what the change does.
func Example_wideKey() {
	run(os.Stdout, "wide-key")
	// Output:
	// The key ci is no longer narrowed. What that does:
	//
	// key ci in acme/web gains claude-4
	//
	// accesstest: 1 of 337 expectations fail
	//
	//     line 78: ci calls claude-4
	//         want  deny model_not_in_key
	//         got   allow
	//         who   ci is a service key of acme/web
	//         why   A model is called where the plan has it, the project turned it on, and the key is not narrower.
}

// One slip, seen from each rule that it breaks.
func Example_viewerCalls() {
	run(os.Stdout, "viewer-calls")
	// Output:
	// Vic, who is to look on, becomes a member of acme/web. What that does:
	//
	// vic in acme/web: member calls, was viewer sees
	//
	// accesstest: 3 of 337 expectations fail
	//
	//     line 55: vic create_key acme/web for vic
	//         want  deny forbidden
	//         got   allow
	//         who   vic is a member of acme; in acme/web: member calls
	//         why   Whoever calls models has keys of their own, and nobody ever gets a secret of somebody else's.
	//
	//     line 68: vic call_model acme/web
	//         want  deny forbidden
	//         got   allow
	//         who   vic is a member of acme; in acme/web: member calls
	//         why   Viewers look, they do not call.
	//
	//     line 70: vic calls gpt-5 in acme/web
	//         want  deny holder_may_not_call
	//         got   allow
	//         who   vic is a member of acme; in acme/web: member calls
	//         why   Viewers look, they do not call.
}
