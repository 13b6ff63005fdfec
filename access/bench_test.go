package access_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestDecidingAllocatesNothing(t *testing.T) {
	view := acme().with(restricted("svc", tenancy.Models("claude", "gpt"))).view(t)
	for name, decide := range map[string]func() access.Decision{
		"service key":    func() access.Decision { return view.CanCall("svc", "gpt") },
		"personal key":   func() access.Decision { return view.CanCall("max", "gpt") },
		"owner's key":    func() access.Decision { return view.CanCall("olga", "gpt") },
		"alias":          func() access.Decision { return view.CanCall("svc", "fast") },
		"denied":         func() access.Decision { return view.CanCall("vera", "secret") },
		"unknown key":    func() access.Decision { return view.CanCall("gone", "gpt") },
		"person":         func() access.Decision { return view.CanUse("max", "web", "gpt") },
		"person, denied": func() access.Decision { return view.CanUse("nils", "web", "gpt") },
		"action": func() access.Decision {
			return view.Can("pam", access.ArchiveProject, access.Subject{Project: "web"})
		},
		"action on a key": func() access.Decision { return view.Can("pam", access.RevokeKey, access.Subject{Key: "max"}) },
	} {
		var d access.Decision
		if n := testing.AllocsPerRun(100, func() { d = decide() }); n != 0 {
			t.Errorf("%s: %v allocations, deciding %+v", name, n, d)
		}
	}
}

// call is a question of a benchmark.
type call struct {
	key   tenancy.KeyID
	model tenancy.ModelID
}

// gateway is a deployment with a number of keys: 100 a project, 10 projects an
// organization, 50 models in the plan, 20 of them enabled, one key in five
// narrowed to 5 models, 2 % revoked, 1 % expired, 1 % of the projects archived;
// and questions to it, uniformly random over the keys and 25 models.
func gateway(b *testing.B, keys int) (access.View, []call) {
	rng := rand.New(rand.NewPCG(1, uint64(keys)))
	w := world{}
	models := make([]tenancy.ModelID, 50)
	for i := range models {
		models[i] = tenancy.ModelID(fmt.Sprintf("vendor/model-%02d", i))
		w.put(tenancy.Model{ID: models[i], Public: true})
	}
	ids := make([]tenancy.KeyID, keys)
	for i := range ids {
		ids[i] = tenancy.KeyID(fmt.Sprintf("key_%012d", i))
		org, project := tenancy.OrgID(fmt.Sprintf("org_%06d", i/1000)), tenancy.ProjectID(fmt.Sprintf("proj_%08d", i/100))
		if i%1000 == 0 {
			w.org(org, "owner")
		}
		if i%100 == 0 {
			w.put(tenancy.Project{Org: org, ID: project, Name: string(project), Models: tenancy.Models(models[:20]...), Archived: at(rng, 1)})
		}
		k := tenancy.Key{Org: org, ID: ids[i], Project: project, Kind: tenancy.KeyService, Models: tenancy.AllModels(), Revoked: at(rng, 2), Expires: at(rng, 1)}
		if i%5 == 0 {
			k.Models = tenancy.Models(models[:5]...)
		}
		w.put(k)
	}
	calls := make([]call, 1<<16)
	for i := range calls {
		calls[i] = call{ids[rng.IntN(keys)], models[rng.IntN(25)]}
	}
	return w.view(b), calls
}

// at is noon in so many of a hundred draws, and the zero time otherwise.
func at(rng *rand.Rand, percent int) time.Time {
	if rng.IntN(100) < percent {
		return noon
	}
	return time.Time{}
}

func BenchmarkCanCall(b *testing.B) {
	for _, keys := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			view, calls := gateway(b, keys)
			b.ReportAllocs()
			allowed, i := 0, 0
			for b.Loop() {
				c := calls[i&(len(calls)-1)]
				if view.CanCall(c.key, c.model).Allowed() {
					allowed++
				}
				i++
			}
			b.ReportMetric(float64(allowed)/float64(i), "allowed/op")
		})
	}
}

func BenchmarkVisibleProjects(b *testing.B) {
	w := acme()
	for i := range 8 {
		w.project("acme", tenancy.ProjectID(fmt.Sprintf("p%d", i)))
		w.place("acme", tenancy.ProjectID(fmt.Sprintf("p%d", i)), "max", tenancy.RoleMember)
	}
	w.place("acme", "lab", "max", tenancy.RoleViewer)
	for _, user := range []tenancy.UserID{"max", "olga"} {
		b.Run(fmt.Sprintf("%s/projects=10", user), func(b *testing.B) {
			view := w.view(b)
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				n = 0
				for p := range view.VisibleProjects(user) {
					n += len(p.ID[:1])
				}
			}
			if n != 10 {
				b.Errorf("%d projects", n)
			}
		})
	}
}

// large is an organization with 2,000 projects, five keys in each, half of them
// personal, 50 models and 500 people, each with places in eight projects and the
// first ten of them owners of the organization.
func large() world {
	const projects, keys, models, roster, places = 2000, 5, 50, 500, 8
	w := world{}
	user := func(i int) tenancy.UserID { return tenancy.UserID(fmt.Sprintf("user-%03d", i%roster)) }
	project := func(i int) tenancy.ProjectID { return tenancy.ProjectID(fmt.Sprintf("proj_%04d", i%projects)) }
	var owners []tenancy.UserID
	for i := range 10 {
		owners = append(owners, user(i))
	}
	w.org("org", owners...)
	for i := range models {
		w.put(tenancy.Model{ID: tenancy.ModelID(fmt.Sprintf("vendor/model-%02d", i)), Public: true})
	}
	for i := range projects {
		w.project("org", project(i))
		for k := range keys {
			id := tenancy.KeyID(fmt.Sprintf("key_%04d_%d", i, k))
			if w.service("org", project(i), id); k%2 == 0 {
				w.personal("org", project(i), user(i/places), id)
			}
		}
	}
	for i := range roster {
		w.join("org", user(i))
		for p := range places {
			w.place("org", project(i*places+p), user(i), tenancy.RoleMember)
		}
	}
	return w
}

// smaller is the plan without one model in ten.
func smaller(w world) {
	var kept []tenancy.ModelID
	for i, m := range w.models() {
		if i%10 > 0 {
			kept = append(kept, m)
		}
	}
	change(tenancy.SubscriptionRef("org"), func(s *tenancy.Subscription) { s.Models = tenancy.Models(kept...) })(w)
}

// Every decision about an organization, twice: what a preview costs beside reading
// the records.
func BenchmarkCompare(b *testing.B) {
	w := large()
	before := w.view(b)
	for _, tt := range []struct {
		name   string
		change step
		keys   int
	}{
		{"plan", smaller, 10_000},
		{"person", drop(tenancy.MemberRef("org", "user-249").Ref), 24},
		{"nothing", func(world) {}, 0},
	} {
		b.Run(tt.name, func(b *testing.B) {
			after := w.with(tt.change).view(b)
			b.ReportAllocs()
			var e access.Effects
			for b.Loop() {
				e = access.Compare(before, after)
			}
			if len(e.Keys) != tt.keys {
				b.Errorf("%d keys are told of, want %d", len(e.Keys), tt.keys)
			}
		})
	}
}

func BenchmarkMatrices(b *testing.B) {
	view := large().view(b)
	b.Run("people=500/projects=2000", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if m := view.People("org"); len(m.People) != 500 || len(m.Projects) != 2000 {
				b.Fatalf("%d people, %d projects", len(m.People), len(m.Projects))
			}
		}
	})
	b.Run("keys=5/models=50", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if m := view.Keys("proj_0007"); len(m.Keys) != 5 || len(m.Models) != 50 {
				b.Fatalf("%d keys, %d models", len(m.Keys), len(m.Models))
			}
		}
	})
}

func BenchmarkNewSnapshot(b *testing.B) {
	records := large().records()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := access.NewSnapshot(records...); err != nil {
			b.Fatal(err)
		}
	}
}
