package access_test

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestSnapshotSaysWhatIsInIt(t *testing.T) {
	snap := acme().snapshot(t)
	var orgs []tenancy.OrgID
	for _, o := range snap.Organizations() {
		orgs = append(orgs, o.ID)
	}
	if diff := gocmp.Diff([]tenancy.OrgID{"acme", "beta"}, orgs); diff != "" {
		t.Errorf("organizations (-want +got):\n%s", diff)
	}
	var models []tenancy.ModelID
	for m := range snap.Catalogue().All() {
		models = append(models, m.ID)
	}
	if diff := gocmp.Diff([]tenancy.ModelID{"claude", "fast", "gpt", "old", "secret", "tuned"}, models); diff != "" {
		t.Errorf("catalogue (-want +got):\n%s", diff)
	}

	var none *access.Snapshot
	if none.Organizations() != nil || none.Catalogue().Resolve("gpt") != nil {
		t.Error("a nil Snapshot has something in it")
	}
}
