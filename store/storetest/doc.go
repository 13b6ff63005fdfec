// Package storetest is the suite that every backend of package store passes.
//
// It is no mock and no benchmark: it runs against the real engine, through the
// interfaces of package store alone, and asks of it what those interfaces promise.
//
// Its one idea is that a guarantee is a case with a name and a reason. A case that
// fails says which rule was broken and why the rule exists, so that a backend can
// be written against this suite without reading another backend.
//
// Adopting it takes one test. The suite opens stores in directories of its own; a
// backend that lives on a server makes a schema of the directory's name:
//
//	func TestConformance(t *testing.T) {
//		storetest.Run(t, storetest.Harness{
//			Open: func(dir string) (store.Store, error) {
//				return mybackend.Open(filepath.Join(dir, "tenet.db"))
//			},
//		})
//	}
//
// [Check] is the same suite as one error, for programs that are no test.
//
// # What a backend may leave out
//
// Store is required. The cases of [store.Usage], [store.Upkeep], [store.Waiter] and [store.Pruner] run
// where the opened store implements them; so do the cases of Close() error. What
// survives reopening is left out for a [Harness] that says Volatile. A case that is left out is
// reported as such: skipped by Run, told to Harness.LeftOut by Check.
//
// # What the suite compares
//
// Texts byte for byte, times to the microsecond and in UTC. A nil list and an
// empty one are one. Revisions are compared for equality only.
//
// # Concurrency and time
//
// Cases run one after the other; some of them use the store from many goroutines
// at once. The suite passes fixed times, starts nothing that outlives a case, and
// never sleeps. Run it under -race too.
//
// # Errors
//
// Check joins one [*Failure] a case.
package storetest
