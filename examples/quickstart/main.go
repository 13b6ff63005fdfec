// Command quickstart is one complete path through Tenet: from an empty database
// to a metered call, and a project put away and brought back.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func main() {
	dir, err := os.MkdirTemp("", "quickstart")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := run(context.Background(), filepath.Join(dir, "tenet.db")); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, path string) (err error) {
	// A store, and a pepper that is kept apart from it. A real host loads the
	// pepper from its secrets; without it no key of the database verifies.
	st, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	secret := make([]byte, 32)
	rand.Read(secret)
	pepper, err := keys.NewPepper("2026-11", secret)
	if err != nil {
		return err
	}
	peppers, err := keys.NewPeppers(pepper)
	if err != nil {
		return err
	}
	t, err := tenet.Open(ctx, st, &tenet.Options{Peppers: peppers})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }() // writes what waits to be written

	// The operator owns the catalogue and what each organization may use of it.
	ops := t.Operator("ops")
	for _, id := range []tenancy.ModelID{"gpt-4o", "gpt-4o-mini"} {
		price := tenancy.Price{Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10_000} // 10 EUR for a million tokens
		if err := ops.PutModel(ctx, tenancy.Model{ID: id, Public: true, Prices: []tenancy.Price{price}}); err != nil {
			return err
		}
	}
	org, err := ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", TimeZone: "Europe/Berlin", Currency: "EUR", Owner: tenet.NewMember{User: "ann"},
		Plan: "pro", Models: tenancy.AllModels(),
	})
	if err != nil {
		return err
	}

	// Ann, its owner, makes a project with one of the models, and a key.
	ann := t.As("ann")
	prod, err := ann.CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: tenancy.Models("gpt-4o")})
	if err != nil {
		return err
	}
	_, token, err := ann.CreateKey(ctx, org.ID, prod.ID, tenet.NewKey{
		Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels(), // all that the project has
	})
	if err != nil {
		return err
	}
	fmt.Println("a printed secret hides itself:", token)

	// A request comes in with a token. What a gateway does with it:
	principal, d := t.Authenticate(ctx, token.Reveal())
	fmt.Println("authenticate:", d.Effect)
	fmt.Println("gpt-4o:", t.CanCall(principal, "gpt-4o").Effect)
	d = t.CanCall(principal, "gpt-4o-mini")
	fmt.Println("gpt-4o-mini:", d.Effect, d.Reason)

	call, d := t.Begin(ctx, principal, "gpt-4o", tenet.Estimate{})
	if !d.Allowed() {
		return fmt.Errorf("refused: %v", d.Reason)
	}
	// … the gateway forwards the request to the model that d names …
	units := usage.Units{}.With(tenancy.UnitInput, 900).With(tenancy.UnitOutput, 120)
	if err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: units}); err != nil {
		return err
	}

	// The roll-up has it when Finish has returned.
	now := time.Now()
	report, err := ann.Usage(ctx, org.ID, prod.ID, tenet.UsageQuery{
		Span: tenet.Span{From: now.Add(-time.Hour), To: now.Add(time.Hour)}, By: []usage.Dimension{usage.ByModel},
	})
	if err != nil {
		return err
	}
	for _, row := range report.Rows {
		output, _ := row.Unit(tenancy.UnitOutput)
		fmt.Printf("usage: %s, %d call, %d output tokens, %s %s\n", row.Name(), row.Calls, output, row.Text(usage.MeasureCost), report.Currency)
	}

	// Archiving turns the keys off; restoring brings exactly them back.
	if _, err := ann.ArchiveProject(ctx, org.ID, prod.ID); err != nil {
		return err
	}
	d = t.CanCall(principal, "gpt-4o")
	fmt.Println("archived:", d.Effect, d.Reason)
	if _, err := ann.RestoreProject(ctx, org.ID, prod.ID, ""); err != nil {
		return err
	}
	fmt.Println("restored:", t.CanCall(principal, "gpt-4o").Effect)
	return nil
}
