package suite

import (
	"os/exec"
	"testing"
)

// Plain runs a test in a process without the race detector, where this one has it,
// and says whether it did. It is for tests that run SQLite as translated Go for long:
// the detector slows that down thirtyfold and has little to find there.
func Plain(t *testing.T) (done bool) {
	t.Helper()
	if !race {
		return false
	}
	cmd := exec.CommandContext(t.Context(), "go", "test", "-race=false", "-count=1", "-v", "-run", "^"+t.Name()+"$", ".")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
	return true
}
