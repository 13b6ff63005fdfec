package memory_test

import (
	"context"
	"fmt"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

func Example() {
	ctx := context.Background()
	s := memory.New()
	defer s.Close()

	project := tenancy.Project{Org: org, ID: "proj_1", Name: "prod"}
	_, err := s.Commit(ctx, store.Batch{
		Entry: store.Entry{Org: org, Op: "op_1", Action: "project.create", At: time.Unix(0, 0).UTC()},
		Check: []store.Check{{Ref: tenancy.OrganizationRef(org).Ref}}, // absent
		Put:   []store.Record{{Value: project}, {Value: project.Claim()}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for claim, err := range store.Walk(ctx, s, store.NamesOf(org)) {
		fmt.Println(claim.Value.Folded, claim.Value.Project, err)
	}
	// Output: prod proj_1 <nil>
}
