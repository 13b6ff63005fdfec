package tenet_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"testing"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// operatorVerbs are all that an operator can do. may has a column for each state of the
// organization: in use, closed, and not there; "+" done, "-" not found, "i" invalid. A
// verb that names no organization has "+++".
func operatorVerbs() []verb {
	return []verb{
		{name: "Operator.CreateOrganization", may: "+++", why: "it names none", args: func(grounds) []any {
			return []any{tenet.NewOrganization{
				Name: "Gamma", Branding: tenancy.Branding{LogoURL: "https://gamma.example/logo.svg", Accent: "#aabbcc"},
				TimeZone: "Asia/Kathmandu", Currency: "EUR", Owner: tenet.NewMember{User: "gil", Name: "Gil", Email: "gil@example.com"},
				Plan: "pro", Models: tenancy.Models("small"), Default: limits(), Maximum: limits(),
			}}
		}},
		{name: "Operator.AddMember", may: "+--", why: "nobody joins a tombstone", args: func(on grounds) []any {
			return []any{on.org, tenet.NewMember{User: tenancy.UserID(fmt.Sprint("zoe ", on.n)), Name: "Zoe", Email: "zoe@example.com", Role: tenancy.RoleMember}}
		}},
		{name: "Operator.SetSubscription", may: "+--", why: "a tombstone has no plan", args: func(on grounds) []any {
			return []any{tenancy.Subscription{Org: on.org, Plan: "max", Models: tenancy.Models("small"), Default: limits(), Maximum: limits()}}
		}},
		{name: "Operator.Suspend", may: "+--", why: "it is off for good", args: orgOnly},
		{name: "Operator.Resume", may: "+--", why: "there is no way back", args: orgOnly},
		{name: "Operator.CloseOrganization", may: "+--", why: "it is closed once", once: true, args: orgOnly},
		{name: "Operator.Preview/plan", may: "+--", why: "as the change", alike: true, args: func(on grounds) []any {
			return []any{on.org, func(o tenet.Operator) error {
				return o.SetSubscription(context.Background(), tenancy.Subscription{Org: on.org, Plan: "basic"})
			}}
		}},
		{name: "Operator.Preview/catalogue", may: "++-", why: "a closed one is looked at as it is", args: func(on grounds) []any {
			return []any{on.org, func(o tenet.Operator) error { return o.RetireModel(context.Background(), "small") }}
		}},
		{name: "Operator.Organizations", may: "+++", why: "all of them", args: nothing},
		{name: "Operator.Settings", may: "++-", why: "closed ones too", args: orgOnly},
		{name: "Operator.Audit/organization", may: "++-", why: "a trail outlives its organization", args: func(on grounds) []any {
			return []any{on.org, vics(on)}
		}},
		{name: "Operator.Audit/catalogue", may: "+++", why: "it names none", alike: true, args: func(grounds) []any { return []any{"", tenet.AuditQuery{}} }},
		{name: "Operator.ErasePerson", may: "++-", why: "people of a closed one too", args: func(on grounds) []any { return []any{on.org, on.user("mem")} }},
		{name: "Operator.ErasePerson/nobody", may: "++-", why: "nothing is left to erase", alike: true, args: func(on grounds) []any { return []any{on.org, "nik"} }},
		{name: "Operator.EraseOrganization", may: "i+-", why: "it is closed first", first: closed, args: orgOnly},
		{name: "Operator.Sweep/void", may: "++-", why: "what is void", args: orgOnly, first: func(ctx context.Context, w *town) error {
			return w.As("ann").RemoveMember(ctx, w.org, "mem")
		}},
		{name: "Operator.Sweep/closed", may: "++-", why: "all of a tombstone", first: closed, args: orgOnly},
		{name: "Operator.Reprice", may: "++-", why: "costs of a closed one too", args: func(on grounds) []any { return []any{on.org, lately} }},
		{name: "Operator.ImportKey", may: "+--", why: "no key is of a tombstone", args: func(on grounds) []any {
			return []any{on.org, on.project, tenet.ImportedKey{
				Name: "brought along", Kind: tenancy.KeyPersonal, Holder: on.user("mem"), SHA256: hashed(fmt.Sprint(on.org, on.n)), Models: tenancy.Models("gpt-4o"),
			}}
		}},
		{name: "Operator.RevokeBySecret", may: "+++", why: "it names none, and what is unknown is one answer", args: func(on grounds) []any {
			return []any{cmp.Or(on.secret, "tenet_live_k1_AbCdEf012345_zyxwvutsrqponmlkjihgfedcba98760P8aAn")}
		}},
		{name: "Operator.PutModel", may: "+++", why: "the catalogue is the operator's", alike: true, args: func(grounds) []any {
			return []any{tenancy.Model{ID: "tuned", Public: true}}
		}},
		{name: "Operator.RetireModel", may: "+++", why: "the catalogue is the operator's", args: func(grounds) []any { return []any{"small"} }},
		{name: "Operator.Catalogue", may: "+++", why: "the catalogue is the operator's", args: nothing},
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
				w := newTownOver(t, memory.New(), importing)
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
