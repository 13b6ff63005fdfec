package tenet_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func peppers(t testing.TB) *keys.Peppers {
	t.Helper()
	p, err := keys.NewPepper("p1", []byte("an example pepper of 32 bytes ok"))
	if err != nil {
		t.Fatal(err)
	}
	ps, err := keys.NewPeppers(p)
	if err != nil {
		t.Fatal(err)
	}
	return ps
}

// world is a Tenet over a store in memory, with one organization of ann's, a
// project, and a service key of it.
type world struct {
	*tenet.Tenet
	st      store.Store
	org     tenancy.OrgID
	project tenancy.Project
	key     tenancy.Key
	secret  keys.Secret
}

func newWorld(t testing.TB, st store.Store, edits ...func(*tenet.Options)) *world {
	t.Helper()
	ctx := t.Context()
	tt := open(t, st, edits...)
	w := &world{Tenet: tt, st: st}
	op := tt.Operator("ops")
	for _, m := range []tenancy.Model{
		{ID: "gpt-4o", Public: true, Prices: []tenancy.Price{{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 2500}, {Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10000}}},
		{ID: "small", Public: true},
		{ID: "latest", Alias: "gpt-4o"},
	} {
		if err := op.PutModel(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	org, err := op.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.org = org.ID
	if w.project, err = tt.As("ann").CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: tenancy.Models("gpt-4o")}); err != nil {
		t.Fatal(err)
	}
	w.key, w.secret, err = tt.As("ann").CreateKey(ctx, org.ID, w.project.ID, tenet.NewKey{
		Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) principal(t testing.TB) tenet.Principal {
	t.Helper()
	p, d := w.Authenticate(context.Background(), w.secret.Reveal())
	if !d.Allowed() {
		t.Fatalf("Authenticate = %+v", d)
	}
	return p
}

func TestStory(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		ctx := t.Context()
		p := w.principal(t)
		call, d := w.Begin(ctx, p, "latest", tenet.Estimate{})
		if !d.Allowed() || d.Model != "gpt-4o" {
			t.Fatalf("Begin = %+v", d)
		}
		units := usage.Units{}.With(tenancy.UnitInput, 1000).With(tenancy.UnitOutput, 10)
		if err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: units}); err != nil {
			t.Fatal(err)
		}
		if _, d := w.Begin(ctx, p, "small", tenet.Estimate{}); d.Reason != access.ReasonModelNotEnabled {
			t.Errorf("a model that is not enabled: %+v", d)
		}
		span := tenet.Span{From: time.Now().Add(-time.Hour), To: time.Now().Add(time.Hour)}
		report, err := w.As("ann").Usage(ctx, w.org, w.project.ID, tenet.UsageQuery{Span: span, By: []usage.Dimension{usage.ByModel}})
		if err != nil {
			t.Fatal(err)
		}
		if rows := report.Rows; len(rows) != 2 || rows[0].Name() != "gpt-4o" || rows[0].Cost != 2600 || rows[1].Name() != "small" {
			t.Errorf("Usage = %+v", report)
		}
		page, err := w.As("ann").Activity(ctx, w.org, w.project.ID, tenet.ActivityQuery{})
		if err != nil || len(page.Rows) != 2 {
			t.Errorf("Activity = %+v, %v", page, err)
		}
		if _, err := w.As("ann").ArchiveProject(ctx, w.org, w.project.ID); err != nil {
			t.Fatal(err)
		}
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonProjectArchived {
			t.Errorf("after archiving: %+v", d)
		}
		if _, err := w.As("ann").RestoreProject(ctx, w.org, w.project.ID, ""); err != nil {
			t.Fatal(err)
		}
		if d := w.CanCall(p, "gpt-4o"); !d.Allowed() {
			t.Errorf("after restoring: %+v", d)
		}
		if err := w.As("ann").RevokeKey(ctx, w.org, w.key.ID); err != nil {
			t.Fatal(err)
		}
		if d := w.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("after revoking: %+v", d)
		}
		if _, err := w.As("bob").Project(ctx, w.org, w.project.ID); !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("a stranger: %v", err)
		}
	})
}
