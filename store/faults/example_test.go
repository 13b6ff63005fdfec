package faults_test

import (
	"context"
	"fmt"
	"log"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// The database commits and the reply is lost on the way. The same batch is committed
// again and takes effect once, and who asked is told nothing of it.
func Example() {
	ctx, st, in := context.Background(), memory.New(), new(faults.Injector)
	pepper, err := keys.NewPepper("2026-11", []byte("32 random bytes from the secrets"))
	check(err)
	peppers, err := keys.NewPeppers(pepper)
	check(err)
	t, err := tenet.Open(ctx, in.Store(st), &tenet.Options{Usage: in.Usage(st), Peppers: peppers})
	check(err)
	defer t.Close()
	org, err := t.Operator("ops").CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro",
	})
	check(err)

	in.Set(faults.Nth(faults.Commit, 1, faults.Fault{Lost: true}))
	_, err = t.As("ann").CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod"})
	fmt.Println("error:", err)
	fmt.Println("commits:", in.Count(faults.Commit))

	in.Set(nil)
	for p, err := range t.As("ann").VisibleProjects(ctx, org.ID) {
		check(err)
		fmt.Println("project:", p.Value.Name)
	}
	trail, err := t.As("ann").Audit(ctx, org.ID, "", tenet.AuditQuery{})
	check(err)
	for _, e := range trail.Entries {
		fmt.Println("entry:", e.Action)
	}
	// Output:
	// error: <nil>
	// commits: 2
	// project: prod
	// entry: project.create
	// entry: organization.create
}

// Commits conflict now and then, and usage is not taken at all.
func ExampleFirst() {
	plan := faults.First(
		faults.Every(faults.Commit, 3, faults.Fault{Err: store.ErrConflict}),
		faults.Every(faults.Append, 1, faults.Fault{Err: store.ErrUnavailable}),
	)
	for n := 1; n <= 3; n++ {
		fmt.Println("commit", n, plan(faults.Call{Method: faults.Commit, N: n}).Err)
	}
	fmt.Println("append", plan(faults.Call{Method: faults.Append, N: 1}).Err)
	// Output:
	// commit 1 <nil>
	// commit 2 <nil>
	// commit 3 store: a record changed meanwhile
	// append store: not answering
}
