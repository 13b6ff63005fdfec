package storetest_test

import (
	"strings"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
)

// brokenStore is a store with one defect.
type brokenStore struct {
	defect   string
	caughtBy []string                  // the cases that name the defect
	wrap     func(backend) store.Store // breaks a store without Close
	harness  func() storetest.Harness  // instead of wrap
	waits    bool                      // the defect is seen by waiting
}

// opened is the harness of the store. A case waits long for what does not come, for
// the sake of busy machines; here it surely does not.
func (b brokenStore) opened() storetest.Harness {
	h := harness(b.wrap)
	if b.harness != nil {
		h = b.harness()
	}
	if b.waits {
		h = storetest.Hurried(h, 300*time.Millisecond)
	}
	return h
}

// broken stores, one defect each, and the cases that name the defect.
var broken = []brokenStore{
	{defect: "ignores revisions", caughtBy: []string{"conflict/stale-put", "conflict/stale-delete", "conflict/create-over-existing", "conflict/check"},
		wrap: func(b backend) store.Store { return ignoresRevisions{b} }},
	{defect: "checks revisions before it takes the lock", caughtBy: []string{"concurrency/compare-and-swap"},
		wrap: func(b backend) store.Store { return checksTooEarly{b} }},
	{defect: "does not check what it does not write", caughtBy: []string{"conflict/check", "concurrency/check-against-write"},
		wrap: func(b backend) store.Store { return ignoresChecks{b} }},
	{defect: "applies half a batch", caughtBy: []string{"atomicity/refused-batch"},
		wrap: func(b backend) store.Store { return halfBatch{b} }},
	{defect: "logs what it refused", caughtBy: []string{"atomicity/refused-batch"},
		wrap: func(b backend) store.Store { return logsRefused{b} }},
	{defect: "skips a change", caughtBy: []string{"changes/skips-nothing"},
		wrap: func(b backend) store.Store { return skipsChange{b} }},
	{defect: "steps over late commits", caughtBy: []string{"changes/skips-nothing-under-writers"},
		wrap: func(b backend) store.Store {
			return &stepsOver{backend: b, late: map[store.OperationID]bool{}, read: make(chan struct{})}
		}},
	{defect: "always says that it reached the head", caughtBy: []string{"changes/head"},
		wrap: func(b backend) store.Store { return alwaysHead{b} }},
	{defect: "takes any cursor for now", caughtBy: []string{"changes/foreign-cursor", "changes/forged-cursor", "prune/resync"},
		wrap: func(b backend) store.Store { return anyCursor{b} }},
	{defect: "serves another organization's record", caughtBy: []string{"isolation/other-organization"},
		wrap: func(b backend) store.Store { return otherTenant{b} }},
	{defect: "lists over all organizations", caughtBy: []string{"isolation/other-organization", "paging/as-placed"},
		wrap: func(b backend) store.Store { return listsAll{b} }},
	{defect: "keeps key ids unique in one organization only", caughtBy: []string{"isolation/key-id-is-global", "concurrency/global-id"},
		wrap: func(b backend) store.Store { return localKeys{b} }},
	{defect: "folds the case of identifiers", caughtBy: []string{"exactness/look-alikes"},
		wrap: func(b backend) store.Store { return collates{b, strings.EqualFold} }},
	{defect: "trims identifiers", caughtBy: []string{"exactness/look-alikes"},
		wrap: func(b backend) store.Store { return collates{b, trimmed} }},
	{defect: "reuses a revision after deletion", caughtBy: []string{"conflict/revision-not-reused"},
		wrap: func(b backend) store.Store { return &restarts{backend: b, at: map[tenancy.Ref]store.Rev{}} }},
	{defect: "forgets operation ids", caughtBy: []string{"outcome/replay", "outcome/at-once-for-two", "durability/reopen"},
		wrap: func(b backend) store.Store { return forgetsOps{b} }},
	{defect: "takes any operation of an id for the same", caughtBy: []string{"outcome/reused"},
		wrap: func(b backend) store.Store { return neverReused{b} }},
	{defect: "forgets that a key was revoked", caughtBy: []string{"records/every-field"},
		wrap: func(b backend) store.Store { return losesField{b} }},
	{defect: "takes an empty set for all", caughtBy: []string{"records/empty-is-not-all"},
		wrap: func(b backend) store.Store { return emptyIsAll{b} }},
	{defect: "returns times of the machine's zone", caughtBy: []string{"records/every-field", "records/times"},
		wrap: func(b backend) store.Store { return localTimes{b} }},
	{defect: "pages by offset", caughtBy: []string{"paging/stable"},
		wrap: func(b backend) store.Store { return offsets{b} }},
	{defect: "commits after the context is over", caughtBy: []string{"lifecycle/context-over"},
		wrap: func(b backend) store.Store { return ignoresContext{b} }},
	{defect: "takes batches of any size", caughtBy: []string{"limits/batch"},
		wrap: func(b backend) store.Store { return splitsBatch{b} }},
	{defect: "quotes what it was given", caughtBy: []string{"input/errors-say-nothing"},
		wrap: func(b backend) store.Store { return quotes{b} }},
	{defect: "shows the trail oldest first", caughtBy: []string{"trail/newest-first"},
		wrap: func(b backend) store.Store { return oldestFirst{b} }},
	{defect: "filters no project's trail", caughtBy: []string{"trail/filters"},
		wrap: func(b backend) store.Store { return noFilter{b} }},
	{defect: "does not see what another handle wrote", caughtBy: []string{"durability/two-handles"},
		wrap: func(b backend) store.Store { return &caches{backend: b, seen: map[tenancy.Ref]store.Record{}} }},
	{defect: "counts a call twice", caughtBy: []string{"usage/counts-once"},
		wrap: func(b backend) store.Store { return countsTwice{b} }},
	{defect: "writes usage record by record", caughtBy: []string{"usage/reused-id", "usage/overflow", "usage/input", "lifecycle/context-ends-upkeep"},
		wrap: func(b backend) store.Store { return oneByOne{b} }},
	{defect: "includes the end of a period", caughtBy: []string{"usage/totals"},
		wrap: func(b backend) store.Store { return endIncluded{b} }},
	{defect: "takes usage before the horizon", caughtBy: []string{"upkeep/past-retention"},
		wrap: func(b backend) store.Store { return noHorizon{b} }},
	{defect: "prunes more than it was told", caughtBy: []string{"upkeep/prune-keeps-buckets"},
		wrap: func(b backend) store.Store { return prunesAll{b} }},
	{defect: "assigns cursors out of commit order", caughtBy: []string{"changes/skips-nothing"}, wrap: func(b backend) store.Store {
		return swapsChanges{b}
	}},
	{defect: "keeps the caller's detail", caughtBy: []string{"records/not-shared"}, wrap: func(b backend) store.Store {
		return &sharesDetail{backend: b, given: map[store.OperationID][]byte{}}
	}},
	{defect: "returns one feed to two callers", caughtBy: []string{"records/not-shared"}, wrap: func(b backend) store.Store {
		return &sharesFeed{backend: b, given: map[store.Cursor]store.Feed{}}
	}},
	{defect: "sorts the caller's batch", caughtBy: []string{"records/not-shared"}, wrap: func(b backend) store.Store {
		return sortsBatch{b}
	}},
	{defect: "returns one page of calls to two callers", caughtBy: []string{"usage/not-shared"}, wrap: func(b backend) store.Store {
		return &sharesCalls{backend: b, given: map[store.RecordQuery]store.RecordPage{}}
	}},
	{defect: "lists though the context is over", caughtBy: []string{"lifecycle/context-over"}, wrap: func(b backend) store.Store {
		return listsOn{b}
	}},
	{defect: "hangs where the context ends", caughtBy: []string{"lifecycle/context-ends-reading"}, waits: true, wrap: func(b backend) store.Store {
		return hangs{b}
	}},
	{defect: "commits what it says was cancelled", caughtBy: []string{"outcome/context-ends"}, wrap: func(b backend) store.Store {
		return happensAnyway{b}
	}},
	{defect: "never knows what came of a cancelled commit", caughtBy: []string{"outcome/context-ends"}, wrap: func(b backend) store.Store {
		return &unknownForEver{backend: b, lost: map[store.OperationID]bool{}}
	}},
	{defect: "takes a commit back when its context ends", caughtBy: []string{"lifecycle/context-ends-later"}, wrap: func(b backend) store.Store {
		return takesBack{b}
	}},
	{defect: "gives what a cancelled call read to the next", caughtBy: []string{"lifecycle/answers-stay-apart", "lifecycle/context-ends-reading"}, wrap: func(b backend) store.Store {
		return &mixesAnswers{backend: b}
	}},
	{defect: "replays an operation of another organization", caughtBy: []string{"outcome/per-organization", "isolation/no-interference"}, wrap: func(b backend) store.Store {
		return &replaysAny{backend: b, used: map[store.OperationID]store.Entry{}}
	}},
	{defect: "looks at checks before the operation id", caughtBy: []string{"outcome/replay"}, wrap: func(b backend) store.Store {
		return checksFirst{b}
	}},
	{defect: "looks for the operation id before it takes the lock", caughtBy: []string{"outcome/at-once-for-two"}, wrap: func(b backend) store.Store {
		return looksTooEarly{b}
	}},
	{defect: "forgets another handle's operation ids", caughtBy: []string{"outcome/other-handle", "durability/reopen"}, wrap: func(b backend) store.Store {
		return &ownOpsOnly{backend: b, own: map[store.OperationID]bool{}}
	}},
	{defect: "adds redelivered calls to the roll-up alone", caughtBy: []string{"usage/counts-once"}, wrap: func(b backend) store.Store {
		return &addsAgain{backend: b, more: map[tenancy.OrgID]int64{}}
	}},
	{defect: "lags one commit behind another handle", caughtBy: []string{"durability/two-handles"}, wrap: func(b backend) store.Store {
		return &lags{backend: b, own: map[store.OperationID]bool{}}
	}},
	{defect: "repeats a row after inserts", caughtBy: []string{"paging/stable"}, wrap: func(b backend) store.Store {
		return &repeatsRow{backend: b, last: map[string]store.Record{}}
	}},
	{defect: "loses a row after deletes", caughtBy: []string{"paging/stable"}, wrap: func(b backend) store.Store {
		return &losesRow{backend: b}
	}},
	{defect: "has a page after the last", caughtBy: []string{"paging/as-placed"}, wrap: func(b backend) store.Store {
		return oneMorePage{b}
	}},
	{defect: "goes on after what looks like the last row", caughtBy: []string{"exactness/positions"}, wrap: func(b backend) store.Store {
		return &foldsPositions{backend: b, last: map[string]string{}}
	}},
	{defect: "orders by UTF-16", caughtBy: []string{"exactness/look-alikes"}, wrap: func(b backend) store.Store {
		return utf16Order{b}
	}},
	{defect: "holds on to pages that nobody goes on from", caughtBy: []string{"paging/abandoned"}, waits: true, wrap: func(b backend) store.Store {
		return holdsPages{b}
	}},
	{defect: "matches ids by LIKE", caughtBy: []string{"exactness/deleted-alone", "input/payloads"}, wrap: func(b backend) store.Store {
		return matchesLike{b}
	}},
	{defect: "puts arguments into its statements", caughtBy: []string{"input/payloads"}, wrap: func(b backend) store.Store {
		return injected{b}
	}},
	{defect: "runs what a record says", caughtBy: []string{"input/payloads-written"}, wrap: func(b backend) store.Store {
		return runsPayloads{b}
	}},
	{defect: "drops a role that it does not know", caughtBy: []string{"records/unknown-texts"}, wrap: func(b backend) store.Store {
		return dropsUnknown{b}
	}},
	{defect: "takes a pointer for a record", caughtBy: []string{"input/batch"}, wrap: func(b backend) store.Store {
		return takesPointers{b}
	}},
	{defect: "rewrites the detail", caughtBy: []string{"changes/entries"}, wrap: func(b backend) store.Store {
		return compactsDetail{b}
	}},
	{defect: "filters no action", caughtBy: []string{"trail/filters"}, wrap: func(b backend) store.Store {
		return noActionFilter{b}
	}},
	{defect: "includes the end of a trail's span", caughtBy: []string{"trail/filters"}, wrap: func(b backend) store.Store {
		return trailEndIncluded{b}
	}},
	{defect: "begins anew after a position that it does not know", caughtBy: []string{"trail/cursor", "input/cursors-of-another-store", "input/cursors-of-another-reading"}, wrap: func(b backend) store.Store {
		return beginsAnew{b}
	}},
	{defect: "takes a cursor from before what was pruned", caughtBy: []string{"prune/resync"}, wrap: func(b backend) store.Store {
		return &keepsPruned{backend: b, given: map[store.Cursor]bool{}}
	}},
	{defect: "prunes the log of everybody", caughtBy: []string{"prune/forgets-one-organization", "prune/resync"}, wrap: func(b backend) store.Store {
		return &prunesEverybody{backend: b, orgs: map[tenancy.OrgID]bool{}}
	}},
	{defect: "never wakes who waits", caughtBy: []string{"wait/wakes"}, waits: true, wrap: func(b backend) store.Store {
		return neverWakes{b}
	}},
	{defect: "answers with another organization's totals", caughtBy: []string{"usage/tenants"}, wrap: func(b backend) store.Store {
		return &totalsOfAnother{backend: b}
	}},
	{defect: "ignores the status", caughtBy: []string{"usage/records-selected"},
		wrap: func(b backend) store.Store { return anyStatus{b} }},
	{defect: "reads a day where a period has a part of it", caughtBy: []string{"usage/totals-over-days"},
		wrap: func(b backend) store.Store { return wholeDays{b} }},
	{defect: "takes another cost for another call", caughtBy: []string{"usage/another-cost", "upkeep/reprice"},
		wrap: func(b backend) store.Store { return comparesCost{b} }},
	{defect: "prices records anew and not their sums", caughtBy: []string{"upkeep/reprice"},
		wrap: func(b backend) store.Store { return oldSums{b, memory.New()} }},
	{defect: "prices every organization anew", caughtBy: []string{"upkeep/reprice"},
		wrap: func(b backend) store.Store { return repricesAll{b} }},
	{defect: "prices anew day by day", caughtBy: []string{"upkeep/reprice-refused"},
		wrap: func(b backend) store.Store { return repricesInParts{b} }},
	{defect: "prices days anew that the horizon is in", caughtBy: []string{"upkeep/reprice-retention"},
		wrap: func(b backend) store.Store { return repricesWhatIsLeft{b} }},
	{defect: "adds to a day only once", caughtBy: []string{"usage/totals-over-days"},
		wrap: func(b backend) store.Store { return firstDays{b, memory.New(), new(bool)} }},
	{defect: "moves the horizon backwards", caughtBy: []string{"upkeep/horizon"}, wrap: func(b backend) store.Store {
		return &horizonGoesBack{backend: b}
	}},
	{defect: "orders the feed by the callers' clocks", caughtBy: []string{"changes/commit-order"}, wrap: func(b backend) store.Store {
		return ordersByClock{b}
	}},
	{defect: "cuts off the refs of a large batch", caughtBy: []string{"changes/refs"}, wrap: func(b backend) store.Store {
		return cutsRefs{b}
	}},
	{defect: "lists what it listed the last time", caughtBy: []string{"changes/now-under-writers"}, wrap: func(b backend) store.Store {
		return &listsLate{backend: b, last: map[store.Query]store.Page{}}
	}},
	{defect: "pages through a filtered trail by offset", caughtBy: []string{"trail/stable-pages"}, wrap: func(b backend) store.Store {
		return offsetTrail{b}
	}},
	{defect: "forgets all operation ids when it prunes", caughtBy: []string{"prune/operation-ids"}, wrap: func(b backend) store.Store {
		return &forgetsPrunedOps{backend: b, pruned: map[tenancy.OrgID]bool{}}
	}},
	{defect: "prunes by place and not by time", caughtBy: []string{"prune/by-time"}, wrap: func(b backend) store.Store {
		return &prunesByPlace{backend: b, gone: map[store.OperationID]bool{}}
	}},
	{defect: "waits for ever after the empty cursor", caughtBy: []string{"wait/empty-cursor"}, waits: true, wrap: func(b backend) store.Store {
		return needsCursor{b}
	}},
	{defect: "never blocks who waits", caughtBy: []string{"wait/blocks"}, wrap: func(b backend) store.Store {
		return neverBlocks{b}
	}},
	{defect: "wakes at its own commits alone", caughtBy: []string{"wait/other-handle"}, waits: true, wrap: func(b backend) store.Store {
		return &hearsItself{backend: b, own: make(chan struct{})}
	}},
	{defect: "remembers the operation id of a refused delete", caughtBy: []string{"outcome/refused-leaves-none", "conflict/stale-delete"}, wrap: func(b backend) store.Store {
		return &remembersRefused{backend: b, refused: map[store.OperationID]bool{}}
	}},
	{defect: "finds a key id that is taken halfway", caughtBy: []string{"atomicity/global-id"}, wrap: func(b backend) store.Store {
		return findsGlobalLate{b}
	}},
	{defect: "answers a repeat whose context is over", caughtBy: []string{"lifecycle/context-over"}, wrap: func(b backend) store.Store {
		return &repeatsLate{backend: b, done: map[store.OperationID]bool{}}
	}},
	{defect: "lists a copy of a personal key", caughtBy: []string{"paging/replaced-in-place", "conflict/revision-changes"}, wrap: func(b backend) store.Store {
		return &copiesPersonal{backend: b, copies: map[tenancy.Ref]store.Record{}}
	}},
	{defect: "loses a role between pages", caughtBy: []string{"paging/stable"}, wrap: func(b backend) store.Store {
		return losesRole{b}
	}},
	{defect: "begins a listing of memberships anew after a forged position", caughtBy: []string{"paging/cursor"}, wrap: func(b backend) store.Store {
		return forgivesPositions{b}
	}},
	{defect: "keeps the ids of calls unique in one organization only", caughtBy: []string{"usage/reused-id"}, wrap: func(b backend) store.Store {
		return tenantCalls{b}
	}},
	{defect: "writes large Appends in parts", caughtBy: []string{"usage/large-refused"}, wrap: func(b backend) store.Store {
		return inChunks{b}
	}},
	{defect: "quotes the call that it refused", caughtBy: []string{"usage/errors-say-nothing"}, wrap: func(b backend) store.Store {
		return quotesCalls{b}
	}},
	{defect: "forgets the call at the horizon", caughtBy: []string{"upkeep/prune-before"}, wrap: func(b backend) store.Store {
		return forgetsTheHorizon{b}
	}},
	{defect: "does not see the horizon of another handle", caughtBy: []string{"usage/two-handles"}, wrap: func(b backend) store.Store {
		return &ownHorizon{backend: b}
	}},
	{defect: "loses the last commit at reopening", caughtBy: []string{"durability/reopen"}, harness: forgetting},
	{defect: "refuses a second Close", caughtBy: []string{"lifecycle/close", "lifecycle/close-under-way"}, harness: closing(func(c closable) store.Store { return closesOnce{c, new(atomic.Bool)} })},
	{defect: "answers after Close", caughtBy: []string{"lifecycle/close", "lifecycle/close-under-way"}, harness: closing(func(c closable) store.Store { return answersClosed{c} })},
	{defect: "leaves a goroutine with each call", caughtBy: []string{"lifecycle/leaves-nothing"}, waits: true, harness: closing(func(c closable) store.Store { return leaks{c} })},
	{defect: "waits on after Close", caughtBy: []string{"lifecycle/close-ends-wait"}, waits: true, harness: closing(func(c closable) store.Store { return waitsOn{c} })},
}
