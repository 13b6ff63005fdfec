package sqlitefile_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "tenet")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)

	ctx := context.Background()
	s, err := sqlitefile.Open(ctx, filepath.Join(dir, "tenet.db"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close()

	acme := tenancy.Organization{ID: "org_01J0000000000000000000000A", Name: "Acme"}
	_, err = s.Commit(ctx, store.Batch{
		Entry: store.Entry{Org: acme.ID, Op: "1", Action: "organization.create", At: time.Unix(0, 0).UTC()},
		Put:   []store.Record{{Value: acme}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := store.One(ctx, s, tenancy.OrganizationRef(acme.ID))
	fmt.Println(found.Value.Name, err)
	// Output: Acme <nil>
}
