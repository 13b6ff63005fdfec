package tenet_test

import (
	"context"
	"errors"
	"testing"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
)

// operatorVerb is one thing that an operator does. may has a column for each state of
// the organization: in use, closed, and not there; "+" done, "-" not found, "i" invalid.
// A verb that names no organization has "+++".
type operatorVerb struct {
	name string // the method, and after a slash the case
	may  string
	why  string
	do   func(ctx context.Context, o tenet.Operator, on ids) error
}

func operatorVerbs() []operatorVerb {
	return []operatorVerb{
		{"CreateOrganization", "+++", "it names none", func(ctx context.Context, o tenet.Operator, _ ids) error {
			return second(o.CreateOrganization(ctx, tenet.NewOrganization{Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil"}}))
		}},
		{"AddMember", "+--", "nobody joins a tombstone", func(ctx context.Context, o tenet.Operator, on ids) error {
			return second(o.AddMember(ctx, on.org, tenet.NewMember{User: "zoe"}))
		}},
		{"SetSubscription", "+--", "a tombstone has no plan", func(ctx context.Context, o tenet.Operator, on ids) error {
			return o.SetSubscription(ctx, tenancy.Subscription{Org: on.org, Plan: "max"})
		}},
		{"Suspend", "+--", "it is off for good", func(ctx context.Context, o tenet.Operator, on ids) error { return o.Suspend(ctx, on.org) }},
		{"Resume", "+--", "there is no way back", func(ctx context.Context, o tenet.Operator, on ids) error { return o.Resume(ctx, on.org) }},
		{"CloseOrganization", "+--", "it is closed once", func(ctx context.Context, o tenet.Operator, on ids) error {
			return o.CloseOrganization(ctx, on.org)
		}},
		{"Preview/plan", "+--", "as the change", func(ctx context.Context, o tenet.Operator, on ids) error {
			return second(o.Preview(ctx, on.org, func(o tenet.Operator) error {
				return o.SetSubscription(ctx, tenancy.Subscription{Org: on.org, Plan: "basic"})
			}))
		}},
		{"Preview/catalogue", "++-", "a closed one is looked at as it is", func(ctx context.Context, o tenet.Operator, on ids) error {
			return second(o.Preview(ctx, on.org, func(o tenet.Operator) error { return o.RetireModel(ctx, "small") }))
		}},
		{"Organizations", "+++", "all of them", func(ctx context.Context, o tenet.Operator, _ ids) error { return drain(o.Organizations(ctx)) }},
		{"Settings", "++-", "closed ones too", func(ctx context.Context, o tenet.Operator, on ids) error { return second(o.Settings(ctx, on.org)) }},
		{"Audit/organization", "++-", "a trail outlives its organization", func(ctx context.Context, o tenet.Operator, on ids) error {
			return second(o.Audit(ctx, on.org, tenet.AuditQuery{}))
		}},
		{"Audit/catalogue", "+++", "it names none", func(ctx context.Context, o tenet.Operator, _ ids) error {
			return second(o.Audit(ctx, "", tenet.AuditQuery{}))
		}},
		{"ErasePerson", "++-", "people of a closed one too", func(ctx context.Context, o tenet.Operator, on ids) error {
			return o.ErasePerson(ctx, on.org, "mem")
		}},
		{"ErasePerson/nobody", "++-", "nothing is left to erase", func(ctx context.Context, o tenet.Operator, on ids) error {
			return o.ErasePerson(ctx, on.org, "nik")
		}},
		{"EraseOrganization", "i+-", "it is closed first", func(ctx context.Context, o tenet.Operator, on ids) error {
			return o.EraseOrganization(ctx, on.org)
		}},
		{"Sweep", "++-", "what is void, or all of a tombstone", func(ctx context.Context, o tenet.Operator, on ids) error {
			return second(o.Sweep(ctx, on.org))
		}},
		{"PutModel", "+++", "the catalogue is the operator's", func(ctx context.Context, o tenet.Operator, _ ids) error {
			return o.PutModel(ctx, tenancy.Model{ID: "tuned", Public: true})
		}},
		{"RetireModel", "+++", "the catalogue is the operator's", func(ctx context.Context, o tenet.Operator, _ ids) error {
			return o.RetireModel(ctx, "small")
		}},
		{"Catalogue", "+++", "the catalogue is the operator's", func(ctx context.Context, o tenet.Operator, _ ids) error { return drain(o.Catalogue(ctx)) }},
	}
}

// What an operator does with an organization in use, with a closed one, and with one
// that is not there, malformed or of another kind. What is refused writes nothing, and
// nothing happens to another organization.
func TestA14WhatTheOperatorMayDo(t *testing.T) {
	want := map[byte]error{'+': nil, '-': tenet.ErrNotFound, 'i': tenancy.ErrInvalid}
	closed := func(t *testing.T, w *town) ids {
		mustNot(t, w.Operator("ops").CloseOrganization(t.Context(), w.org))
		return w.ids()
	}
	absent := func(_ *testing.T, w *town) ids {
		return ids{"org_01JD0000000000000000000000", "proj_01JD0000000000000000000000", "key_000000000000", "key_000000000000", "inv_01JD0000000000000000000000"}
	}
	for _, v := range operatorVerbs() {
		t.Run(v.name, func(t *testing.T) {
			for i, on := range []func(*testing.T, *town) ids{
				func(_ *testing.T, w *town) ids { return w.ids() }, closed, absent,
				func(_ *testing.T, w *town) ids { return ids{org: tenancy.OrgID(w.project.ID)} },
				func(*testing.T, *town) ids { return ids{org: "org_\x00"} },
			} {
				w := newTown(t)
				on, column := on(t, w), v.may[min(i, 2)]
				before, others := len(entries(t, w.st, w.org)), entries(t, w.st, w.other)
				err := v.do(t.Context(), w.Operator("ops"), on)
				if !errors.Is(err, want[column]) || err != nil && column == '+' {
					t.Errorf("column %d: %v, want %v (%s)", i, err, want[column], v.why)
				}
				if n := len(entries(t, w.st, w.org)); err != nil && n != before {
					t.Errorf("column %d: refused, and %d entries written", i, n-before)
				}
				if n := len(entries(t, w.st, w.other)); n != len(others) {
					t.Errorf("column %d: %d entries in the other organization", i, n-len(others))
				}
			}
		})
	}
}

// The operator's verbs, too, tell an outage from an answer, end with the context, refuse
// a missing one, and do nothing after Close.
func TestB10OperatorsVerbs(t *testing.T) {
	var missing context.Context
	over, cancel := context.WithCancel(t.Context())
	cancel()
	w := newTown(t)
	each := func(name string, ctx context.Context, want error) {
		t.Helper()
		for _, v := range operatorVerbs() {
			if err := v.do(ctx, w.Operator("ops"), w.ids()); !errors.Is(err, want) {
				t.Errorf("%s, %s: %v, want %v", v.name, name, err, want)
			}
			if err := v.do(ctx, w.Operator("ops").With(tenet.ChangeOptions{Op: "op-1"}), w.ids()); !errors.Is(err, want) {
				t.Errorf("%s under an operation id, %s: %v, want %v", v.name, name, err, want)
			}
		}
	}
	before := [3]int{len(entries(t, w.st, w.org)), len(entries(t, w.st, w.other)), len(entries(t, w.st, ""))}
	each("without a context", missing, tenancy.ErrInvalid)
	each("with a context that is over", over, context.Canceled)
	w.faults.Set(faults.Down)
	each("without the store", t.Context(), store.ErrUnavailable)
	w.faults.Set(nil)
	if after := [3]int{len(entries(t, w.st, w.org)), len(entries(t, w.st, w.other)), len(entries(t, w.st, ""))}; after != before {
		t.Errorf("%v entries, want %v", after, before)
	}
	mustNot(t, w.Close())
	each("after Close", t.Context(), tenet.ErrClosed)
}
