package storetest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// How long a verdict may take, and all of those by which a wrong history is made
// short. A history of the suite takes a millisecond or two.
const (
	verdictTime = 10 * time.Second
	shrinkTime  = 5 * time.Second
)

// shownLines bounds a failure, which somebody has to read.
const shownLines = 24

// judge notes a failure unless one order of the history's calls explains every
// answer, and is found within a time.
func (h *history) judge(within time.Duration) {
	switch events, log := settle(h.events); verdict(events, log, within) {
	case porcupine.Illegal:
		h.e.errorf("%s", h.report(shrink(h.events)))
	case porcupine.Unknown:
		h.e.errorf("%s: no verdict on %d calls in %v, which is no pass", h.name, len(h.events), within)
	}
	if !slices.ContainsFunc(h.events, (*event).tookEffect) {
		h.e.errorf("%s: none of the commits succeeded, so that nothing was seen", h.name)
	}
}

func (ev *event) tookEffect() bool {
	return ev.verb == doCommit && (ev.outcome == wasDone || ev.outcome == wasReplayed)
}

// settle is a whole history with nothing left open, and the longest log that
// anybody saw. All clients end by reading the log, so that one has every commit that
// anybody can have seen. It says of each unknown outcome what it was, and spares the
// verdict all orders of the commits but one. Of several commits of one batch the
// first to be called could take effect whenever another one could.
func settle(events []*event) (settled []*event, longest string) {
	events = slices.SortedFunc(slices.Values(events), func(a, b *event) int { return cmp.Compare(a.call, b.call) })
	told := map[batchID]bool{}
	for _, ev := range events {
		if len(ev.log) > len(longest) {
			longest = ev.log
		}
		if ev.verb == doCommit && ev.outcome == wasDone {
			told[ev.plan.id] = true
		}
	}
	for _, ev := range events {
		if ev.verb == doCommit && ev.outcome == wasUnknown {
			id := ev.plan.id
			if told[id] || strings.IndexByte(longest, byte(id)) < 0 {
				continue // it never did, or it was told of
			}
			told[id] = true
			did := *ev
			did.outcome = wasDone
			ev = &did
		}
		settled = append(settled, ev)
	}
	return settled, longest
}

// verdict judges events. log is the longest that anybody saw, empty where somebody
// may see a longer one.
func verdict(events []*event, log string, within time.Duration) porcupine.CheckResult {
	if within <= 0 {
		return porcupine.Unknown
	}
	ops := make([]porcupine.Operation, len(events))
	for i, ev := range events {
		ops[i] = porcupine.Operation{ClientId: ev.client, Input: ev, Call: ev.call, Return: ev.end}
	}
	return porcupine.CheckOperationsTimeout(model(log), ops, within)
}

// shrink is the shortest beginning of an illegal history that is illegal, without
// the calls that it is illegal without. Only calls that change nothing are taken
// out: the rest says what the others could have seen.
func shrink(events []*event) []*event {
	end := time.Now().Add(shrinkTime)
	illegal := func(part []*event) bool { return verdict(part, "", time.Until(end)) == porcupine.Illegal }
	ends := make([]int64, len(events))
	for i, ev := range events {
		ends[i] = ev.end
	}
	slices.Sort(ends)
	n := sort.Search(len(ends)-1, func(i int) bool { return illegal(until(events, ends[i])) })
	kept := until(events, ends[n])
	slices.SortFunc(kept, func(a, b *event) int { return cmp.Compare(a.call, b.call) })
	for i, ev := range slices.Backward(kept) {
		if without := slices.Delete(slices.Clone(kept), i, i+1); ev.changesNothing() && !isSeen(ev, without) && illegal(without) {
			kept = without
		}
	}
	return kept
}

// until is what was known when the count stood at end. A commit under way may or
// may not have happened; a read under way has told nothing.
func until(events []*event, end int64) []*event {
	var known []*event
	for _, ev := range events {
		switch {
		case ev.end <= end:
			known = append(known, ev)
		case ev.call < end && ev.verb == doCommit:
			open := *ev
			open.outcome, open.end = underWay, math.MaxInt64
			known = append(known, &open)
		}
	}
	return known
}

// changesNothing says that of a call, going by its answer.
func (ev *event) changesNothing() bool {
	return ev.verb != doCommit || ev.outcome != wasDone && ev.outcome != wasUnknown && ev.outcome != underWay
}

// isSeen says whether one of events saw what the commit ev was refused.
func isSeen(ev *event, events []*event) bool {
	return ev.verb == doCommit && ev.outcome == wasRefused && slices.ContainsFunc(events, func(other *event) bool {
		return other.saw == ev.plan.id || strings.IndexByte(other.log, byte(ev.plan.id)) >= 0
	})
}

// report is an illegal history as text, in the order of the calls.
func (h *history) report(events []*event) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: no order of these calls explains every answer. A batch is named where it is committed and where\n", h.name)
	b.WriteString("what it wrote is seen; two calls overlap where their spans do; reads that change nothing here are left out.\n")
	if n := len(events) - shownLines; n > 0 {
		fmt.Fprintf(&b, "  (%d earlier calls are explained)\n", n)
		events = events[n:]
	}
	for _, ev := range events {
		fmt.Fprintf(&b, "  client %d  %s  %s\n", ev.client, ev.span(), ev)
	}
	wrong := slices.MaxFunc(events, func(a, b *event) int { return cmp.Compare(a.known(), b.known()) })
	fmt.Fprintf(&b, "It cannot be explained from %s of client %d on: rule %s.", wrong.span(), wrong.client, wrong.rules())
	return b.String()
}

// known is when the caller had an answer: never, where it stayed unknown.
func (ev *event) known() int64 {
	if ev.end == math.MaxInt64 {
		return 0
	}
	return ev.end
}

func (ev *event) span() string {
	if ev.end == math.MaxInt64 {
		return fmt.Sprintf("%3d-   ", ev.call)
	}
	return fmt.Sprintf("%3d-%-3d", ev.call, ev.end)
}

// String is the call and its answer.
func (ev *event) String() string {
	switch ev.verb {
	case doGet:
		return fmt.Sprintf("Get %v: %v", ev.slot, ev.saw)
	case doFollow:
		return "Changes to the head: " + inLog(ev.log)
	case doReview:
		return "Trail, oldest first: " + inLog(ev.log)
	}
	return fmt.Sprintf("Commit %v: %v", ev.plan, ev.outcome)
}

// rules are those that the answer cannot be squared with.
func (ev *event) rules() string {
	if ev.verb != doCommit {
		return [...]string{doGet: "C7 or G3", doFollow: "C7 or F1", doReview: "C7 or T1"}[ev.verb]
	}
	return [...]string{
		wasDone: "C7, C6 or C2", wasReplayed: "C2 or C5", wasConflict: "C7 or C6", wasReused: "C3 or C5", wasRefused: "C10", wasUnknown: "C10", underWay: "C10",
	}[ev.outcome]
}

// inLog names the batches of a log. Long ones are shown by their end, which is what
// differs.
func inLog(log string) string {
	const shown = 12
	var names []string
	if len(log) > shown {
		names = append(names, fmt.Sprintf("%d and", len(log)-shown))
		log = log[len(log)-shown:]
	}
	for i := range len(log) {
		names = append(names, batchID(log[i]).String())
	}
	return "[" + strings.Join(names, " ") + "]"
}

// String is the batch with what it rests on: "b3 (puts project after b1)".
func (p *plan) String() string {
	var parts []string
	for i, t := range p.touch {
		if t.use != toLeave {
			parts = append(parts, fmt.Sprintf("%v %v after %v", t.use, slot(i), t.seen.by))
		}
	}
	if parts == nil {
		parts = []string{"an entry alone"}
	}
	return fmt.Sprintf("%v (%s)", p.id, strings.Join(parts, ", "))
}

func (u use) String() string { return [...]string{"leaves", "checks", "puts", "deletes"}[u] }
