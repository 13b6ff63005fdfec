package sqlite_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestMain runs a child of a test where the environment names one.
func TestMain(m *testing.M) {
	if child, ok := children[os.Getenv(childEnv)]; ok {
		if err := child(strings.Split(os.Getenv(childEnv+"_ARGS"), "\n")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

const childEnv = "TENET_TEST_CHILD"

// children are what this program does where it is started by a test of itself.
var children = map[string]func(args []string) error{
	"migrate": migrateAndDie,
	"hold":    holdLock,
	"commit":  commitMany,
	"last":    commitAndDie,
}

// child is this program as one of children. It ends with the test.
func child(t *testing.T, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+name, childEnv+"_ARGS="+strings.Join(args, "\n"))
	cmd.Stderr = os.Stderr
	return cmd
}

// startUntil starts a child and returns once it has printed a line, and what it
// prints from then on.
func startUntil(t *testing.T, cmd *exec.Cmd, line string) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if got, err := r.ReadString('\n'); err != nil || got != line+"\n" {
		t.Fatalf("the child says %q, %v; want %q", got, err, line)
	}
	return r
}

// die does not return.
func die() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err == nil {
		select {}
	}
	os.Exit(3)
}
