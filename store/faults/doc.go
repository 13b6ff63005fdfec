// Package faults makes a store misbehave on order, for tests of whatever stands on
// package store: a host's program, a backend's wrapper, Tenet itself.
//
// It is no mock: every call that is not told otherwise is answered by the store
// underneath, so what a test sees after a fault is what that store has. It is no
// chaos either: nothing is random, and the same plan over the same calls does the
// same.
//
// Its one idea is that a fault is a value and a [Plan] is a function: which fault,
// for the n-th call of which method. An [Injector] wraps what a test passes on,
// counts the calls and asks the plan.
//
//	in := new(faults.Injector)
//	t, err := tenet.Open(ctx, in.Store(st), &tenet.Options{Usage: in.Usage(st), Peppers: peppers})
//	// …
//	in.Set(faults.Nth(faults.Commit, 1, faults.Fault{Lost: true}))
//	_, err = t.As("ann").CreateProject(ctx, org, tenet.NewProject{Name: "prod"})
//
// # What a wrapper is
//
// A wrapper implements the one interface that it is asked for and hides everything
// else that the store can do. Without store.Waiter a follower polls, and Close stays
// with whoever opened the store. Where a test needs several interfaces in one value
// it embeds them, those that no fault shall reach as they are:
//
//	struct {
//		store.Store
//		store.Usage
//		store.Waiter
//	}{in.Store(st), in.Usage(st), st}
//
// # Time
//
// Delays run by the clock of package time. Inside testing/synctest they cost
// nothing.
//
// # Concurrency
//
// Everything here may be used from any goroutine. No lock is held while a plan, a hook
// or the store runs, so that all of them may use the Injector and the store again.
//
// # Errors
//
// A wrapper returns what the store returns, the Err of a fault, the context's error
// where that ends a wait, and for an answer that was lost what [Fault] says.
package faults
