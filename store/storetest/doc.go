// Package storetest is the suite that every backend of package store passes.
//
// It runs against the real engine, through the interfaces of package store alone,
// and asks of it what those interfaces promise. Its one idea is that a guarantee is
// a case with a name and a reason. A case that fails says which rule of package
// store was broken, by number, why the rule exists and what was seen, so that a
// backend can be written against the suite without reading another backend.
//
// # Adopting it
//
// One test, some thirty lines with imports for a backend that has everything. The
// suite opens stores in folders of its own; a backend that lives on a server makes
// a schema of the folder's name.
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(dir string) (store.Store, error) {
//				return mybackend.Open(filepath.Join(dir, "data"))
//			},
//			// What follows may be left out, and its cases are.
//			Restore: func(path string) (store.Store, error) {
//				return mybackend.Open(path)
//			},
//			Spoil: func(s store.Store, b usage.Bucket) error {
//				return s.(*mybackend.Store).SetBucket(b)
//			},
//		})
//	}
//
// [Check] is the same suite as one error, for programs that are no test. [Crash] kills a
// process that writes, again and again, and looks for what was lost. [Benchmark]
// measures a backend at a stated size.
//
// # Groups
//
//   - records, exactness: what is written comes back, and is told from all else
//   - conflict, atomicity, outcome: revisions, batches, operation ids
//   - isolation: tenants do not see each other, both ways
//   - paging, changes, trail: what is read in pages, in order, with nothing left out
//   - input, limits: what is refused, and how; each limit at, under and over it
//   - lifecycle: contexts, Close, and what is left running
//   - durability: opening again, and two handles at once
//   - concurrency, linearizability: writers that meet
//   - usage, upkeep, wait, prune, backup: the optional interfaces
//
// Group and case are the subtest's name: go test -run 'TestConformance/outcome/'.
//
// # What a backend may leave out
//
// [store.Store] is required. The cases of [store.Usage], [store.Upkeep],
// [store.Waiter], [store.Pruner], [store.Backuper] and of Close() error run where the
// opened store implements them. What survives reopening is left out for a [Harness]
// that says Volatile. A case that is left out is reported as such: skipped by Run, told
// to Harness.LeftOut by Check.
//
// # What the suite compares
//
// Texts byte for byte, times to the microsecond and in UTC. A nil list and an
// empty one are one. Revisions are compared for equality only.
//
// # Concurrency and time
//
// Cases run one after the other; some of them use the store from many goroutines
// at once. The suite passes fixed times and starts nothing that outlives a case. Run
// it under -race too.
//
// # Errors
//
// Check joins one [*Failure] a case.
package storetest
