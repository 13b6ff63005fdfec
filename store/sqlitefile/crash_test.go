package sqlitefile_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
)

// TENET_CRASH_ROUNDS kills have to leave everything that was acknowledged, and a file
// in which SQLite finds no damage.
func TestF8Crash(t *testing.T) {
	storetest.Crash(t, storetest.Harness{Open: func(dir string) (store.Store, error) {
		s, err := sqlitefile.Open(context.Background(), filepath.Join(dir, "tenet.db"))
		if err != nil {
			return nil, err
		}
		if err := s.Check(context.Background()); err != nil {
			s.Close()
			return nil, err
		}
		return s, nil
	}}, number(t, "TENET_CRASH_ROUNDS", 50), uint64(number(t, "TENET_CRASH_SEED", 0)))
}

// number is an environment variable's, or the usual one.
func number(t *testing.T, name string, usual int) int {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("%s is %q, want a number", name, text)
	}
	return n
}
