package faults_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const org = tenancy.OrgID("org_01J0000000000000000000000A")

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

// call makes one call of a method, which succeeds over a filled store.
type call struct {
	method faults.Method
	writes bool
	make   func(ctx context.Context, s whole) (any, error)
}

func calls() []call {
	bare := func(err error) (any, error) { return nil, err }
	return []call{
		{faults.Get, false, func(ctx context.Context, s whole) (any, error) { return s.Get(ctx, tenancy.OrganizationRef(org).Ref) }},
		{faults.List, false, func(ctx context.Context, s whole) (any, error) {
			page, err := s.List(ctx, store.NamesOf(org).Query)
			return page.Records, err
		}},
		{faults.Commit, true, func(ctx context.Context, s whole) (any, error) {
			r, err := s.Commit(ctx, batch("op_2", "dev"))
			return r.Entry.Op, err
		}},
		{faults.Changes, false, func(ctx context.Context, s whole) (any, error) {
			feed, err := s.Changes(ctx, "", 1)
			return feed.Next != "", err
		}},
		{faults.Trail, false, func(ctx context.Context, s whole) (any, error) {
			trail, err := s.Trail(ctx, store.TrailQuery{Org: org})
			return trail.Entries, err
		}},
		{faults.Append, true, func(ctx context.Context, s whole) (any, error) { return bare(s.Append(ctx, []usage.Record{record(2)})) }},
		{faults.Records, false, func(ctx context.Context, s whole) (any, error) {
			page, err := s.Records(ctx, store.RecordQuery{Org: org})
			return page.Records, err
		}},
		{faults.Totals, false, func(ctx context.Context, s whole) (any, error) {
			return s.Totals(ctx, store.TotalQuery{Org: org, Cuts: []time.Time{noon, noon.Add(time.Hour)}})
		}},
		{faults.Verify, false, func(ctx context.Context, s whole) (any, error) { return s.Verify(ctx, org, noon, noon.Add(time.Hour)) }},
		{faults.Rebuild, true, func(ctx context.Context, s whole) (any, error) {
			return bare(s.Rebuild(ctx, org, noon, noon.Add(time.Hour)))
		}},
		{faults.Reprice, true, func(ctx context.Context, s whole) (any, error) {
			return s.Reprice(ctx, org, usage.DayOf(noon), usage.DayOf(noon).Add(usage.Day), func(usage.Record) (usage.Money, error) {
				return usage.Money{Micro: 7, Known: true}, nil
			})
		}},
		{faults.Prune, true, func(ctx context.Context, s whole) (any, error) { return s.Prune(ctx, noon.Add(time.Hour), 10) }},
		{faults.Horizon, false, func(ctx context.Context, s whole) (any, error) { return s.Horizon(ctx) }},
	}
}

func batch(op store.OperationID, name string) store.Batch {
	p := tenancy.Project{Org: org, ID: tenancy.ProjectID("proj_" + name), Name: name, Created: noon}
	return store.Batch{
		Entry: store.Entry{Org: org, Op: op, Actor: "ann", Action: "project.create", Subject: p.Ref(), At: noon},
		Put:   []store.Record{{Value: p}, {Value: p.Claim()}},
	}
}

func record(n int) usage.Record {
	return usage.Record{
		ID: usage.RecordID(fmt.Sprintf("rec_01J00000000000000000000%03d", n)), At: noon, Org: org, Project: "proj_prod", User: "ann",
		Requested: "gpt-4o", Served: "gpt-4o", Outcome: usage.OutcomeOK, Status: 200, Count: 1,
	}
}

// filled is a store with one of everything that is asked for, and a horizon.
func filled(t *testing.T) *memory.Store {
	t.Helper()
	m := memory.New()
	_, err := m.Commit(t.Context(), batch("op_1", "prod"))
	if err == nil {
		err = m.Append(t.Context(), []usage.Record{record(1)})
	}
	if err == nil {
		_, err = m.Prune(t.Context(), usage.DayOf(noon), 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}
