package storetest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/anishathalye/porcupine"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// batchID names a batch of a history. It is in the fingerprint of the entry and in
// every record that the batch puts, so that a reader sees who wrote. Zero is none.
type batchID uint8

// twin marks the batch that has the operation id of another and asks for something
// else.
const twin batchID = 1 << 7

func (b batchID) op() store.OperationID {
	return store.OperationID("op-" + strconv.Itoa(int(b&^twin)))
}

func (b batchID) String() string {
	switch {
	case b == 0:
		return "none"
	case b&twin != 0:
		return "b" + strconv.Itoa(int(b&^twin)) + "'"
	}
	return "b" + strconv.Itoa(int(b))
}

// slot is one of the records of a history.
type slot uint8

// slots is small, so that clients meet, and three kinds, since a backend may have
// a table for each.
const slots = 3

func (s slot) String() string { return [slots]string{"project", "member", "claim"}[s] }

func (s slot) ref(org tenancy.OrgID) tenancy.Ref { return s.record(org, 0).Ref() }

// record is what batch b puts.
func (s slot) record(org tenancy.OrgID, b batchID) tenancy.Entity {
	by := strconv.Itoa(int(b))
	return [slots]tenancy.Entity{
		tenancy.Project{Org: org, ID: "proj_1", Name: by},
		tenancy.Member{Org: org, User: "u1", Name: by},
		tenancy.NameClaim{Org: org, Folded: "prod", Project: tenancy.ProjectID(by)},
	}[s]
}

// writer is the batch that put v, zero for an absent record. It is an error where
// no batch of a history puts such a record.
func writer(v tenancy.Entity) (batchID, error) {
	var by string
	switch v := v.(type) {
	case nil:
		return 0, nil
	case tenancy.Project:
		by = v.Name
	case tenancy.Member:
		by = v.Name
	case tenancy.NameClaim:
		by = string(v.Project)
	}
	n, err := strconv.ParseUint(by, 10, 8)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("a record that nobody wrote: %v", v)
	}
	return batchID(n), nil
}

// use is what a batch does with a record.
type use uint8

const (
	toLeave use = iota
	toCheck
	toPut
	toDelete
)

// touch is a use of a record that was last seen as seen.
type touch struct {
	use  use
	seen sight
}

// sight is a state of a record as somebody saw it: who wrote it, at what revision.
type sight struct {
	by  batchID
	rev store.Rev
}

// plan is a batch of a history.
type plan struct {
	id    batchID
	touch [slots]touch
}

// outcome is how a commit ended, as its caller heard.
type outcome uint8

const (
	wasDone outcome = iota
	wasReplayed
	wasConflict
	wasReused
	wasRefused // by an error that says that nothing was changed
	wasUnknown
	underWay // not yet known, where a part of a history is judged
)

func (o outcome) String() string {
	return [...]string{"done", "replayed", "conflict", "reused", "refused", "unknown", "under way"}[o]
}

// orgState is all that a history can tell of an organization: who wrote each
// record, and the batches in the log. It is comparable, and a value.
type orgState struct {
	by  [slots]batchID
	log string // a byte each
}

// apply is what a store does with a batch: C2, C3, C6 and C1, in that order.
func (s orgState) apply(p *plan) (orgState, outcome) {
	for i := range len(s.log) {
		switch b := batchID(s.log[i]); {
		case b == p.id:
			return s, wasReplayed
		case b.op() == p.id.op():
			return s, wasReused
		}
	}
	next := s
	for i, t := range p.touch {
		if t.use != toLeave && t.seen.by != s.by[i] {
			return s, wasConflict
		}
		switch t.use {
		case toPut:
			next.by[i] = p.id
		case toDelete:
			next.by[i] = 0
		}
	}
	next.log += string([]byte{byte(p.id)})
	return next, wasDone
}

// step says whether a store in state s may answer as ev tells, and what state it
// is in then. A commit of unknown outcome takes effect where it can; that it never
// did is the order in which it comes last, where nobody sees it.
func (s orgState) step(ev *event) (bool, orgState) {
	switch ev.verb {
	case doGet:
		return s.by[ev.slot] == ev.saw, s
	case doFollow, doReview:
		return s.log == ev.log, s
	}
	next, is := s.apply(ev.plan)
	switch ev.outcome {
	case wasRefused:
		return true, s
	case wasUnknown, underWay:
		return true, next
	}
	return is == ev.outcome, next
}

// model is orgState for porcupine. The events are the inputs; there are no outputs.
// The log never has anything but a beginning of log, unless that is empty.
func model(log string) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return orgState{} },
		Step: func(state, input, _ any) (bool, any) {
			ok, next := state.(orgState).step(input.(*event))
			return ok && (log == "" || strings.HasPrefix(log, next.log)), next
		},
	}
}
