package storetest

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// entry is a new log entry of an organization, each a second after the last.
func (e *env) entry(org tenancy.OrgID) store.Entry {
	n := e.ops.Add(1)
	return store.Entry{
		Org: org, Op: store.OperationID(fmt.Sprintf("op-%d", n)), Actor: "actor", Action: "suite.write",
		At: noon.Add(time.Duration(n) * time.Second),
	}
}

// creation is a batch that creates records of one organization.
func (e *env) creation(org tenancy.OrgID, values ...tenancy.Entity) store.Batch {
	b := store.Batch{Entry: e.entry(org)}
	for _, v := range values {
		b.Put = append(b.Put, store.Record{Value: v})
	}
	return b
}

func (e *env) commit(b store.Batch) store.Result {
	r, err := e.s.Commit(e.ctx, b)
	e.must("Commit", err)
	return r
}

// create creates records of any organizations, in as many commits as they need.
func (e *env) create(values ...tenancy.Entity) {
	var orgs []tenancy.OrgID
	of := map[tenancy.OrgID][]tenancy.Entity{}
	for _, v := range values {
		org := v.Ref().Org
		if of[org] == nil {
			orgs = append(orgs, org)
		}
		of[org] = append(of[org], v)
	}
	for _, org := range orgs {
		for vs := range slices.Chunk(of[org], store.MaxBatch) {
			e.commit(e.creation(org, vs...))
		}
	}
}

// replace puts v over the record that is there.
func (e *env) replace(v tenancy.Entity) store.Result {
	b := store.Batch{Entry: e.entry(v.Ref().Org), Put: []store.Record{{Rev: e.at(v.Ref()).Rev, Value: v}}}
	return e.commit(b)
}

func (e *env) remove(ref tenancy.Ref) {
	e.commit(store.Batch{Entry: e.entry(ref.Org), Delete: []store.Check{{Ref: ref, Rev: e.at(ref).Rev}}})
}

// at reads one record.
func (e *env) at(ref tenancy.Ref) store.Record {
	rs, err := e.s.Get(e.ctx, ref)
	e.must("Get", err)
	if len(rs) != 1 {
		e.fatalf("Get of 1 ref returned %d records", len(rs))
	}
	return rs[0]
}

// holds notes a failure unless the record of v's identity is v.
func (e *env) holds(what string, v tenancy.Entity) {
	e.same(what, v, e.at(v.Ref()).Value)
}

// absent notes a failure unless there is no record of ref.
func (e *env) absent(what string, ref tenancy.Ref) {
	e.same(what, store.Record{}, e.at(ref))
}

// list reads a whole listing by pages of size.
func (e *env) list(q store.Query, size int) []store.Record {
	var all []store.Record
	for q.Limit = size; ; {
		p, err := e.s.List(e.ctx, q)
		e.must("List", err)
		if len(p.Records) > q.PageSize() || len(p.Records) == 0 && q.After+p.Next != "" {
			e.fatalf("List of %v: a page of %d has %d records and a next page %t; only a listing of nothing has an empty page", q.Listing, q.PageSize(), len(p.Records), p.Next != "")
		}
		all = append(all, p.Records...)
		e.advances("List", q.After, p.Next)
		if q.After = p.Next; q.After == "" {
			return all
		}
	}
}

// advances ends the case where pages do not come to an end: the position stays, or
// the case's time is over.
func (e *env) advances(call, after, next string) {
	if next != "" && next == after || e.ctx.Err() != nil {
		e.fatalf("%s: pages without end", call)
	}
}

// values lists records without their revisions.
func (e *env) values(q store.Query, size int) []tenancy.Entity {
	var vs []tenancy.Entity
	for _, r := range e.list(q, size) {
		vs = append(vs, r.Value)
	}
	return vs
}

// cursor is the cursor of now.
func (e *env) cursor() store.Cursor {
	f, err := e.s.Changes(e.ctx, "", 1)
	e.must("Changes from now", err)
	if len(f.Entries) != 0 || f.Next == "" {
		e.fatalf("Changes from now returned %d entries and cursor %q", len(f.Entries), f.Next)
	}
	return f.Next
}

// feed reads the log from a cursor to its head.
func (e *env) feed(after store.Cursor, limit int) ([]store.Entry, store.Cursor) {
	var all []store.Entry
	for {
		f, err := e.s.Changes(e.ctx, after, limit)
		e.must("Changes", err)
		if len(f.Entries) > limit || f.Next == "" || len(f.Entries) == 0 && f.More && f.Next == after {
			e.fatalf("Changes of %d: %d entries, cursor %q, more %t", limit, len(f.Entries), f.Next, f.More)
		}
		if f.More {
			e.advances("Changes", string(after), string(f.Next))
		}
		all, after = append(all, f.Entries...), f.Next
		if !f.More {
			return all, after
		}
	}
}

// trail reads a whole trail by pages of size.
func (e *env) trail(q store.TrailQuery, size int) []store.Entry {
	var all []store.Entry
	for q.Limit = size; ; {
		t, err := e.s.Trail(e.ctx, q)
		e.must("Trail", err)
		if len(t.Entries) > q.PageSize() || len(t.Entries) == 0 && q.After+t.Next != "" {
			e.fatalf("Trail: a page of %d has %d entries and a next page %t; only a trail of nothing has an empty page", q.PageSize(), len(t.Entries), t.Next != "")
		}
		all = append(all, t.Entries...)
		e.advances("Trail", q.After, t.Next)
		if q.After = t.Next; q.After == "" {
			return all
		}
	}
}

// picture is everything that a store shows of its records and its log.
type picture struct {
	Records []store.Record
	Entries []store.Entry
}

func (e *env) picture() picture {
	var p picture
	for _, k := range tenancy.Kinds() {
		p.Records = append(p.Records, e.list(store.Query{Listing: store.All, Kind: k}, 0)...)
	}
	p.Entries, _ = e.feed(e.start, store.MaxPage)
	return p
}

// unchanged notes a failure if f changes a record or logs an entry.
func (e *env) unchanged(what string, f func()) {
	before := e.picture()
	f()
	e.same(what+": the store", before, e.picture())
}

// conflicts notes a failure unless b is ErrConflict and changes nothing.
func (e *env) conflicts(what string, b store.Batch) { e.rejects(what, b, store.ErrConflict) }

// rejects notes a failure unless b is refused as want and changes nothing, and
// leaves its operation id as free as it was.
func (e *env) rejects(what string, b store.Batch, want error) {
	e.unchanged(what, func() {
		_, err := e.s.Commit(e.ctx, b)
		e.refused(what, err, want)
		if !errors.Is(want, store.ErrReused) {
			e.free(what, b.Entry)
		}
	})
}

// free notes a failure where the operation id of en was used, if it is one at all.
// It asks with another batch that is refused too, so that the id stays free: an id
// that was used is ErrReused before any check is looked at.
func (e *env) free(what string, en store.Entry) {
	probe := store.Batch{
		Entry: store.Entry{Org: en.Org, Op: en.Op, Actor: "prober", Action: "suite.probe", At: noon},
		Check: []store.Check{{Ref: tenancy.KeyRef(en.Org, "key_that_is_not").Ref, Rev: 1}},
	}
	if en.Org == "" {
		probe.Check[0].Ref = tenancy.ModelRef("model_that_is_not").Ref
	}
	if probe.Validate() != nil {
		return
	}
	_, err := e.s.Commit(e.ctx, probe)
	e.refused(what+": another batch under its operation id", err, store.ErrConflict)
}

// same notes a failure unless got is want. Nil lists and empty ones are the same;
// times are compared with their location, since the contract says UTC.
func (e *env) same(what string, want, got any) {
	if reflect.DeepEqual(want, got) {
		return // far faster than a difference, and stricter
	}
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmp.Comparer(sameTime), cmp.Comparer(sameUnits))
	if diff == "" {
		return
	}
	if len(diff) > 4000 {
		diff = diff[:4000] + "…"
	}
	e.errorf("%s (-want +got):\n%s", what, diff)
	e.enough()
}

func sameTime(a, b time.Time) bool { return a.Equal(b) && a.Location() == b.Location() }

func sameUnits(a, b usage.Units) bool { return a == b }
