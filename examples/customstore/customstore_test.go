package customstore_test

import (
	"cmp"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"example.com/tenet/examples/customstore"
	"example.com/tenet/store"
	"example.com/tenet/store/storetest"
	"example.com/tenet/usage"
)

func TestConformance(t *testing.T) { storetest.Run(t, harness()) }

// TestCrash kills a process that writes, and opens what it left.
func TestCrash(t *testing.T) {
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("TENET_CRASH_ROUNDS"), "50"))
	check(t, err)
	storetest.Crash(t, harness(), rounds, 0)
}

func BenchmarkStore(b *testing.B) { storetest.Benchmark(b, harness()) }

func harness() storetest.Harness {
	files := new(customstore.Files) // the suite opens one file twice at once
	return storetest.Harness{
		Open: func(dir string) (store.Store, error) {
			return files.Open(filepath.Join(dir, "data"))
		},
		Restore: func(path string) (store.Store, error) {
			return files.Open(path)
		},
		Spoil: func(s store.Store, b usage.Bucket) error {
			return s.(*customstore.Store).SetBucket(b)
		},
	}
}
