package accesstest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Golden holds the [Report] of a view to a file. Where they differ it fails, and says who
// gained and lost what, and which lines changed. With update it writes the file,
// and its folder, instead: pass it a flag of the test's own. A file that is not there
// fails unless it is written.
func Golden(t TB, path string, v *View, update bool) {
	t.Helper()
	if err := golden(path, v, update); err != nil {
		t.Errorf("%v", err)
	}
}

func golden(path string, v *View, update bool) error {
	if v.err != nil {
		return v.err
	}
	now := Report(v)
	if update {
		return errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(now), 0o644))
	}
	old, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("accesstest: %s is not there; write it by updating, and review it", path)
	}
	if err != nil {
		return err
	}
	// A checkout may have turned line ends into those of its system.
	if was := strings.ReplaceAll(string(old), "\r\n", "\n"); was != now {
		return fmt.Errorf("accesstest: access is not as %s has it; update it if that is meant\n%s", path, difference(was, now))
	}
	return nil
}
