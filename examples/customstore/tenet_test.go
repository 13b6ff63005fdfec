package customstore_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/examples/customstore"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// TestTenet runs the library on the store: a call is made and recorded, and the
// same key and report are there when the file is opened again.
func TestTenet(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenet.bolt")
	secret := make([]byte, 32)
	for i := range secret {
		secret[i] = byte(i)
	}

	first := open(t, path, secret)
	token, org, project := call(t, first.Tenet)
	first.close(t)

	again := open(t, path, secret)
	defer again.close(t)
	principal, d := again.Authenticate(t.Context(), token)
	if !d.Allowed() {
		t.Fatalf("after reopening the key is refused: %v", d.Reason)
	}
	if d := again.CanCall(principal, "m2"); d.Allowed() {
		t.Error("after reopening the key may call a model that its project does not have")
	}
	now := time.Now()
	report, err := again.As("ann").Usage(t.Context(), org, project, tenet.UsageQuery{
		Span: tenet.Span{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, By: []usage.Dimension{usage.ByModel},
	})
	rows := report.Rows
	if err != nil || len(rows) != 1 {
		t.Fatalf("Usage = %d rows, %v; want 1", len(rows), err)
	}
	if n, reported := rows[0].Unit(tenancy.UnitOutput); rows[0].Calls != 1 || n != 120 || reported != 1 {
		t.Errorf("Usage = %d calls, %d output tokens by %d; want 1, 120 by 1", rows[0].Calls, n, reported)
	}
}

// opened is a Tenet and the store under it.
type opened struct {
	*tenet.Tenet
	store *customstore.Store
}

func open(t *testing.T, path string, secret []byte) opened {
	t.Helper()
	st, err := customstore.Open(path)
	check(t, err)
	pepper, err := keys.NewPepper("2026-11", secret)
	check(t, err)
	peppers, err := keys.NewPeppers(pepper)
	check(t, err)
	lib, err := tenet.Open(context.Background(), st, &tenet.Options{Peppers: peppers})
	check(t, err)
	return opened{lib, st}
}

func (o opened) close(t *testing.T) {
	t.Helper()
	check(t, o.Close())
	check(t, o.store.Close())
}

// call makes an organization with a project and a key, and a call with it.
func call(t *testing.T, lib *tenet.Tenet) (token string, org tenancy.OrgID, project tenancy.ProjectID) {
	t.Helper()
	ctx := t.Context()
	ops, ann := lib.Operator("ops"), lib.As("ann")
	for _, m := range []tenancy.ModelID{"m1", "m2"} {
		check(t, ops.PutModel(ctx, tenancy.Model{ID: m, Public: true}))
	}
	o, err := ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", TimeZone: "Europe/Berlin", Currency: "EUR", Owner: tenet.NewMember{User: "ann"},
		Plan: "pro", Models: tenancy.AllModels(),
	})
	check(t, err)
	p, err := ann.CreateProject(ctx, o.ID, tenet.NewProject{Name: "prod", Models: tenancy.Models("m1")})
	check(t, err)
	_, key, err := ann.CreateKey(ctx, o.ID, p.ID, tenet.NewKey{Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels()})
	check(t, err)

	principal, d := lib.Authenticate(ctx, key.Reveal())
	if !d.Allowed() {
		t.Fatalf("the key is refused: %v", d.Reason)
	}
	c, d := lib.Begin(ctx, principal, "m1", tenet.Estimate{})
	if !d.Allowed() {
		t.Fatalf("the call is refused: %v", d.Reason)
	}
	check(t, c.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: usage.Units{}.With(tenancy.UnitOutput, 120)}))
	return key.Reveal(), o.ID, p.ID
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
