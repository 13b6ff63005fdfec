package access_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// passOf is what a key shows at a time.
func passOf(k tenancy.Key, now time.Time) access.Pass {
	return access.Pass{
		Subject: access.Subject{Org: k.Org, Project: k.Project, Key: k.ID},
		Kind:    k.Kind, Holder: k.Holder, Membership: k.Membership, Models: access.NewModels(k.Models),
		Own: access.Reasons(0).With(access.ReasonKeyRevoked, !k.Revoked.IsZero()).With(access.ReasonKeyExpired, k.Expired(now)),
	}
}

// A gate decides as its picture does, whatever it was drawn to before and whichever
// catalogue it was asked by last.
func TestGateDecidesAsItsPicture(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		w := drawWorld(rt)
		catalogues := []*access.Catalogue{catalogueOf(w), nil, access.NewCatalogue(tenancy.Model{ID: "gpt", Public: true})}
		gates := map[tenancy.ProjectID]*access.Gate{}
		for _, v := range w {
			k, ok := v.(tenancy.Key)
			if !ok {
				continue
			}
			pic, grant, pass := pictureOf(w, k.Org), access.GrantOf(k), passOf(k, noon)
			g := gates[k.Project]
			if g == nil {
				g = new(access.Gate)
				gates[k.Project] = g
			}
			g.Draw(pic, k.Project)
			for _, c := range catalogues {
				for _, name := range slices.Concat([]tenancy.ModelID{"", "made-up"}, drawnModels, drawnAliases) {
					if diff := cmp.Diff(pic.Decide(c, &grant, name, noon), g.Decide(c, &pass, name)); diff != "" {
						rt.Fatalf("key %s, model %q (-picture +gate):\n%s", k.ID, name, diff)
					}
				}
			}
		}
	})
}

// Catalogues of any size have a bit for each model.
func TestGateOfManyModels(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 127, 128, 129, 320} {
		var models []tenancy.Model
		var every3rd, every5th []tenancy.ModelID
		for i := range n {
			m := tenancy.Model{ID: tenancy.ModelID(fmt.Sprintf("m%03d", i)), Public: true}
			models = append(models, m)
			if i%3 == 0 {
				every3rd = append(every3rd, m.ID)
			}
			if i%5 == 0 {
				every5th = append(every5th, m.ID)
			}
		}
		c := access.NewCatalogue(models...)
		pic := (*access.Picture)(nil).With([]tenancy.Entity{
			tenancy.Organization{ID: "acme", Owners: []tenancy.UserID{"ann"}},
			tenancy.Subscription{Org: "acme", Models: tenancy.AllModels()},
			tenancy.Project{Org: "acme", ID: "web", Models: tenancy.Models(every3rd...)},
		}, nil)
		var g access.Gate
		g.Draw(pic, "web")
		pass := passOf(tenancy.Key{Org: "acme", Project: "web", ID: "key", Kind: tenancy.KeyService, Models: tenancy.Models(every5th...)}, noon)
		var got []tenancy.ModelID
		for m := range g.Callable(c, &pass) {
			got = append(got, m.ID)
		}
		var want []tenancy.ModelID
		for i := 0; i < n; i += 15 {
			want = append(want, models[i].ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d models: callable (-want +got):\n%s", n, diff)
		}
		for range g.Callable(c, &pass) {
			break // an iterator that is left early goes no further
		}
	}
}

// What is not there lets nobody through.
func TestGatesThatAreNone(t *testing.T) {
	pic := (*access.Picture)(nil).With([]tenancy.Entity{
		tenancy.Organization{ID: "acme"}, tenancy.Project{Org: "acme", ID: "web"},
		tenancy.ProjectMember{Org: "acme", Project: "early", User: "ann"}, // before its project
	}, nil)
	headless := (*access.Picture)(nil).With([]tenancy.Entity{tenancy.Project{Org: "acme", ID: "web"}}, nil)
	c := access.NewCatalogue(tenancy.Model{ID: "gpt", Public: true})
	subject := access.Subject{Org: "acme", Project: "web", Key: "key"}
	for _, tt := range []struct {
		name    string
		picture *access.Picture
		project tenancy.ProjectID
	}{
		{"no picture", nil, "web"}, {"no organization", headless, "web"}, {"no such project", pic, "other"}, {"a place without its project", pic, "early"},
	} {
		var g access.Gate
		g.Draw(pic, "web") // and then
		g.Draw(tt.picture, tt.project)
		if d := g.Decide(c, &access.Pass{Subject: subject}, "gpt"); d != (access.Decision{Reason: access.ReasonUnknownKey, Subject: subject}) {
			t.Errorf("%s: %+v", tt.name, d)
		}
	}
	var zero access.Gate
	if d := zero.Decide(c, &access.Pass{}, "gpt"); d != (access.Decision{Reason: access.ReasonUnknownKey}) {
		t.Errorf("the zero Gate: %+v", d)
	}
	var g access.Gate
	g.Draw(pic, "web")
	if d := g.Decide(c, &access.Pass{}, "gpt"); d.Allowed() || d.Reason != access.ReasonHolderMayNotCall {
		t.Errorf("the zero Pass: %+v", d)
	}
}

// Gates are asked while they are drawn, and by two catalogues at once.
func TestGateAtOnce(t *testing.T) {
	open := (*access.Picture)(nil).With([]tenancy.Entity{
		tenancy.Organization{ID: "acme"}, tenancy.Subscription{Org: "acme", Models: tenancy.AllModels()},
		tenancy.Project{Org: "acme", ID: "web", Models: tenancy.AllModels()},
	}, nil)
	shut := open.With([]tenancy.Entity{tenancy.Project{Org: "acme", ID: "web"}}, nil)
	catalogues := [...]*access.Catalogue{access.NewCatalogue(tenancy.Model{ID: "a", Public: true}), access.NewCatalogue(tenancy.Model{ID: "b", Public: true}, tenancy.Model{ID: "a"})}
	pass := passOf(tenancy.Key{Kind: tenancy.KeyService, Models: tenancy.Models("a", "b")}, noon)
	var g access.Gate
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for range 2000 {
				if d := g.Decide(catalogues[i%2], &pass, "a"); i%2 == 1 && d.Allowed() {
					t.Error("allowed a model that the second catalogue offers to nobody")
					return
				}
			}
		})
	}
	for i := range 2000 {
		g.Draw([...]*access.Picture{open, shut}[i%2], "web")
	}
	all.Wait()
	if d := g.Decide(catalogues[0], &pass, "a"); d.Allowed() {
		t.Errorf("after the last drawing: %+v", d)
	}
	g.Draw(open, "web")
	if d := g.Decide(catalogues[0], &pass, "a"); !d.Allowed() {
		t.Errorf("opened again: %+v", d)
	}
}
