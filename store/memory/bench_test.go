package memory_test

import (
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
)

func BenchmarkStore(b *testing.B) {
	storetest.Benchmark(b, storetest.Harness{Open: func(string) (store.Store, error) { return memory.New(), nil }})
}
