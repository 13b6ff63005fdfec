package storetest

import (
	"errors"
	"fmt"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func cursorCases() []testCase {
	return []testCase{
		{
			name:  "input/cursors-of-another-store",
			rules: "F4 L5 T4 U6",
			why:   "A position that another store gave is refused by every reading, also where it has the same data: after a restore it is of a past that this store may not have had.",
			run:   cursorsOfAnotherStore,
		},
		{
			name:  "input/cursors-of-another-reading",
			rules: "F4 L5 T4 U6",
			why:   "A position of one reading shows nothing of that reading in another, of whatever method and tenant, and a cursor that was changed by a byte is none.",
			run:   cursorsOfAnotherReading,
		},
	}
}

// reader is one reading with positions. from reads on after a position and says of
// which organizations the answer is.
type reader struct {
	name string
	org  tenancy.OrgID // whose it may show; empty is all
	from func(e *env, after string) (next string, of []tenancy.OrgID, err error)
}

func (e *env) readers() []reader {
	rs := []reader{
		{"Changes", "", feedReader},
		{"List of all", "", listReader(store.AllOf[tenancy.Project]().Query)},
	}
	for _, org := range []tenancy.OrgID{orgA, orgB} {
		rs = append(rs,
			reader{fmt.Sprint("List of projects of ", org), org, listReader(store.WithinOf[tenancy.Project](org).Query)},
			reader{fmt.Sprint("List of keys of ", org), org, listReader(store.KeysOf(org, "proj_1").Query)},
			reader{fmt.Sprint("Trail of ", org), org, trailReader(org)})
		if e.u != nil {
			rs = append(rs, reader{fmt.Sprint("Records of ", org), org, callsReader(org)})
		}
	}
	return rs
}

func feedReader(e *env, after string) (string, []tenancy.OrgID, error) {
	if after == "" {
		after = string(e.start) // the empty cursor is the head, of which nothing comes
	}
	f, err := e.s.Changes(e.ctx, store.Cursor(after), 1)
	if errors.Is(err, store.ErrResync) {
		err = store.ErrInvalid // what the others call it
	}
	var of []tenancy.OrgID
	for _, en := range f.Entries {
		of = append(of, en.Org)
	}
	return string(f.Next), of, err
}

func listReader(q store.Query) func(*env, string) (string, []tenancy.OrgID, error) {
	q.Limit = 1
	return func(e *env, after string) (string, []tenancy.OrgID, error) {
		q.After = after
		p, err := e.s.List(e.ctx, q)
		var of []tenancy.OrgID
		for _, r := range p.Records {
			if scope, _, ok := q.Listing.Place(r.Value); !ok || scope != q.Scope() {
				e.errorf("List after a position shows what it does not list")
			}
			of = append(of, r.Value.Ref().Org)
		}
		return p.Next, of, err
	}
}

func trailReader(org tenancy.OrgID) func(*env, string) (string, []tenancy.OrgID, error) {
	return func(e *env, after string) (string, []tenancy.OrgID, error) {
		t, err := e.s.Trail(e.ctx, store.TrailQuery{Org: org, After: after, Limit: 1})
		var of []tenancy.OrgID
		for _, en := range t.Entries {
			of = append(of, en.Org)
		}
		return t.Next, of, err
	}
}

func callsReader(org tenancy.OrgID) func(*env, string) (string, []tenancy.OrgID, error) {
	return func(e *env, after string) (string, []tenancy.OrgID, error) {
		p, err := e.u.Records(e.ctx, store.RecordQuery{Org: org, After: after, Limit: 1})
		var of []tenancy.OrgID
		for _, r := range p.Records {
			of = append(of, r.Org)
		}
		return p.Next, of, err
	}
}

// positions are the first and the second position of each reading.
func (e *env) positions() map[string][]string {
	all := map[string][]string{}
	for _, r := range e.readers() {
		after := ""
		for range 2 {
			next, _, err := r.from(e, after)
			e.must(r.name, err)
			if next == "" {
				e.fatalf("%s: no next page", r.name)
			}
			all[r.name], after = append(all[r.name], next), next
		}
	}
	return all
}

func cursorsOfAnotherStore(e *env) {
	other := &env{h: e.h, ctx: e.ctx}
	defer func() { e.guard(other.end); e.errs = append(e.errs, other.errs...) }()
	other.begin()
	for _, e := range []*env{e, other} {
		e.library()
	}
	foreign := other.positions()
	for _, r := range e.readers() {
		for of, positions := range foreign {
			for _, after := range positions {
				_, _, err := r.from(e, after)
				e.refused(r.name+" after another store's position in "+of, err, store.ErrInvalid)
			}
		}
	}
}

func cursorsOfAnotherReading(e *env) {
	e.library()
	own := e.positions()
	for _, r := range e.readers() {
		for of, positions := range own {
			for _, after := range positions {
				if of != r.name {
					e.staysOfItsOwn(r, of, after)
				}
				for _, forged := range nearly(after) {
					_, _, err := r.from(e, forged)
					e.refused(r.name+" after a position that was changed", err, store.ErrInvalid)
				}
			}
		}
	}
}

// nearly are texts that a byte tells from a position.
func nearly(position string) []string {
	middle := len(position) / 2
	flipped := []byte(position)
	flipped[middle] ^= 1
	return []string{position + "A", "A" + position, position[1:], position[:len(position)-1], string(flipped), position + "\x00", position + " "}
}

// staysOfItsOwn allows ErrInvalid, or what r may show.
func (e *env) staysOfItsOwn(r reader, of, after string) {
	_, orgs, err := r.from(e, after)
	if err != nil {
		e.refused(r.name+" after a position in "+of, err, store.ErrInvalid)
	}
	for _, org := range orgs {
		if r.org != "" && org != r.org {
			e.errorf("%s after a position in %s shows another organization", r.name, of)
		}
	}
}
