// Package memory keeps Tenet's data in the process: for tests, for examples, and
// to keep the contract of package store honest, since it shows how little code
// the contract needs.
//
// It is no cache and no database: nothing outlives the [Store], and nothing
// bounds it.
//
// Its one idea is that an index is data. [store.Listing.Place] says where a record
// stands in each listing; the store keeps each scope's records by that place and
// sorts the places when they are listed, not when they are written.
//
//	s := memory.New()
//	defer s.Close()
//	page, err := s.List(ctx, store.NamesOf(org).Query)
//
// A Store implements [store.Store], [store.Waiter], [store.Pruner],
// [store.Usage] and [store.Upkeep]. Errors are those of package store, and
// [usage.ErrOverflow]. Every method may be called from any goroutine; one lock
// orders them all.
package memory
