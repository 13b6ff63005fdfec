package storetest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store/storetest"
	"example.com/tenet/tenancy"
)

// census counts the records of a town.
type census struct {
	Kinds    map[tenancy.Kind]int
	Projects map[int]int // by their number of keys
	Rosters  map[int]int // users by the number of rosters that they are on
	KeyIDs   int
}

func countTown(t *testing.T, orgs int) census {
	c := census{Kinds: map[tenancy.Kind]int{}, Projects: map[int]int{}, Rosters: map[int]int{}}
	refs := map[tenancy.Ref]bool{}
	ids := map[tenancy.KeyID]bool{}
	byProject := map[tenancy.ProjectID]int{}
	byUser := map[tenancy.UserID]int{}
	for o := range orgs {
		all := storetest.TownOrganization(o)
		for i := range storetest.TownKeys {
			all = append(all, storetest.TownKey(o, i))
		}
		for _, v := range all {
			if r, ok := v.(interface{ Validate() error }); ok && r.Validate() != nil {
				t.Errorf("%v: %v", v.Ref(), r.Validate())
			}
			if refs[v.Ref()] {
				t.Errorf("%v is there twice", v.Ref())
			}
			refs[v.Ref()] = true
			c.Kinds[v.Ref().Kind]++
			switch v := v.(type) {
			case tenancy.Key:
				ids[v.ID] = true
				byProject[v.Project]++
			case tenancy.Member:
				byUser[v.User]++
			}
		}
	}
	for _, n := range byProject {
		c.Projects[n]++
	}
	for _, n := range byUser {
		c.Rosters[n]++
	}
	c.KeyIDs = len(ids)
	return c
}

// The town is what the comment of Benchmark says, and all of it could be real.
func TestTown(t *testing.T) {
	const orgs = 40
	want := census{
		Kinds: map[tenancy.Kind]int{
			tenancy.KindOrganization: orgs, tenancy.KindSubscription: orgs, tenancy.KindInvite: orgs,
			tenancy.KindMember: 10 * orgs, tenancy.KindProject: 20 * orgs, tenancy.KindProjectMember: 20 * orgs,
			tenancy.KindNameClaim: 20 * orgs, tenancy.KindKey: 1000 * orgs,
		},
		Projects: map[int]int{620: orgs, 20: 19 * orgs},
		Rosters:  map[int]int{orgs / 20: 200},
		KeyIDs:   1000 * orgs,
	}
	if diff := cmp.Diff(want, countTown(t, orgs)); diff != "" {
		t.Errorf("the town (-want +got):\n%s", diff)
	}
}
