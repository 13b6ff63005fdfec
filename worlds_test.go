package tenet_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// growth is a random history of one store, made by the verbs, and by edits of what
// no verb changes yet.
type growth struct {
	t          *rapid.T
	w          *world
	orgs       []tenancy.OrgID
	projects   []tenancy.Project
	keys       []tenancy.Key
	principals []tenet.Principal
}

var (
	crowd  = []tenancy.UserID{"ann", "bob", "cyd", "dan"}
	shelf  = []tenancy.ModelID{"gpt-4o", "small", "latest", "tuned", "unheard-of", ""}
	layers = []tenancy.ModelSet{{}, tenancy.AllModels(), tenancy.Models("gpt-4o"), tenancy.Models("small", "tuned")}
)

func pick[T any](t *rapid.T, from []T) T { return rapid.SampledFrom(from).Draw(t, "pick") }

// grow does one thing to the world. Refusals are part of life and ignored.
func (g *growth) grow(ctx context.Context) {
	ops, ann := g.w.Operator("ops"), g.w.As("ann")
	p := pick(g.t, g.projects)
	switch rapid.IntRange(0, 13).Draw(g.t, "what") {
	case 0:
		if p, err := ann.CreateProject(ctx, p.Org, tenet.NewProject{Name: fmt.Sprint("p", len(g.projects)), Models: pick(g.t, layers[:2])}); err == nil {
			g.projects = append(g.projects, p)
		}
	case 1, 2, 3:
		kind := pick(g.t, []tenancy.KeyKind{tenancy.KeyPersonal, tenancy.KeyService})
		k, secret, err := g.w.As(pick(g.t, crowd)).CreateKey(ctx, p.Org, p.ID, tenet.NewKey{Name: "k", Kind: kind, Models: pick(g.t, layers)})
		if err != nil {
			return
		}
		g.keys = append(g.keys, k)
		principal, _ := g.w.Authenticate(ctx, secret.Reveal())
		g.principals = append(g.principals, principal)
	case 4, 5:
		_ = ann.SetProjectMember(ctx, p.Org, p.ID, pick(g.t, crowd), pick(g.t, []tenancy.Role{"viewer", "member", "owner"}))
	case 6:
		_ = ann.RemoveProjectMember(ctx, p.Org, p.ID, pick(g.t, crowd))
	case 7:
		_, _ = ann.SetProjectModels(ctx, p.Org, p.ID, pick(g.t, layers))
	case 8:
		_, _ = ann.ArchiveProject(ctx, p.Org, p.ID)
	case 9:
		_, _ = ann.RestoreProject(ctx, p.Org, p.ID, "")
	case 10:
		_ = ops.SetSubscription(ctx, tenancy.Subscription{Org: p.Org, Plan: "pro", Models: pick(g.t, layers)})
	case 11:
		_ = pick(g.t, []func(context.Context, tenancy.OrgID) error{ops.Suspend, ops.Resume, ops.Resume})(ctx, p.Org)
	case 12:
		if len(g.keys) > 0 {
			k := pick(g.t, g.keys)
			_ = ann.RevokeKey(ctx, k.Org, k.ID)
		}
	case 13:
		_, _ = ops.AddMember(ctx, p.Org, tenet.NewMember{User: pick(g.t, crowd), Role: pick(g.t, []tenancy.Role{"member", "owner"})})
	}
}

// The replica, kept up by verbs, one that has just loaded, and the Snapshot decide
// alike, and the projects that an actor sees are the snapshot's.
func TestReplicaAndSnapshotAreOne(t *testing.T) {
	ctx := context.Background()
	decisions, allowed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		st := memory.New()
		g := &growth{t: rt, w: newWorld(t, st)}
		defer g.w.Close()
		ops := g.w.Operator("ops")
		other := must[tenancy.Organization](t)(ops.CreateOrganization(ctx, tenet.NewOrganization{
			Name: "Beta", Currency: "EUR", Plan: "pro", Models: tenancy.AllModels(), Owner: tenet.NewMember{User: "ann"},
		}))
		mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{other.ID}}))
		g.orgs = []tenancy.OrgID{g.w.org, other.ID}
		g.projects = []tenancy.Project{g.w.project, must[tenancy.Project](t)(g.w.As("ann").CreateProject(ctx, other.ID, tenet.NewProject{Name: "shop", Models: tenancy.AllModels()}))}
		for range rapid.IntRange(10, 60).Draw(rt, "steps") {
			g.grow(ctx)
		}
		fresh := must[*tenet.Tenet](t)(tenet.Open(ctx, st, &tenet.Options{Peppers: peppers(t)}))
		defer fresh.Close()
		view := must[*access.Snapshot](t)(g.w.Snapshot(ctx)).At(time.Now())
		for i, k := range g.keys {
			for _, m := range shelf {
				want, got := view.CanCall(k.ID, m), g.w.CanCall(g.principals[i], m)
				if diff := gocmp.Diff(want, got); diff != "" {
					rt.Fatalf("CanCall(%s, %q) (-snapshot +replica):\n%s", k.ID, m, diff)
				}
				decisions++
				if got.Allowed() {
					allowed++
				}
			}
			models, _ := g.w.Models(g.principals[i])
			if diff := gocmp.Diff(slices.Collect(view.Models(k.ID)), models, cmpopts.EquateEmpty()); diff != "" {
				rt.Fatalf("Models(%s) (-snapshot +replica):\n%s", k.ID, diff)
			}
		}
		g.compareUse(ctx, view, fresh)
		g.compareProjects(ctx, view)
	})
	if allowed == 0 || allowed == decisions {
		t.Errorf("%d of %d decisions were Allow: the worlds are dull", allowed, decisions)
	}
}

func (g *growth) compareUse(ctx context.Context, view access.View, fresh *tenet.Tenet) {
	for _, u := range append(crowd, "nik") {
		for _, p := range g.projects {
			for _, m := range shelf {
				want := view.CanUse(u, p.ID, m)
				for name, t := range map[string]*tenet.Tenet{"kept up": g.w.Tenet, "loaded": fresh} {
					_, got := t.As(u).Begin(ctx, p.Org, p.ID, m, tenet.Estimate{})
					if got.Effect != want.Effect || got.Reason != want.Reason || got.Model != want.Model {
						g.t.Fatalf("%s in %s, %q: snapshot %+v, replica %s %+v", u, p.ID, m, want, name, got)
					}
				}
			}
		}
	}
}

func (g *growth) compareProjects(ctx context.Context, view access.View) {
	for _, u := range append(crowd, "nik") {
		want := map[tenancy.OrgID][]tenancy.ProjectID{}
		for p := range view.VisibleProjects(u) {
			want[p.Org] = append(want[p.Org], p.ID)
		}
		for _, org := range g.orgs {
			var got []tenancy.ProjectID
			for p, err := range g.w.As(u).VisibleProjects(ctx, org) {
				if err == nil {
					got = append(got, p.Value.ID)
				}
			}
			if diff := gocmp.Diff(want[org], got); diff != "" {
				g.t.Fatalf("%s's projects (-snapshot +actor):\n%s", u, diff)
			}
		}
	}
}

// A replica that followed a store through concurrent writers holds what a fresh one
// loads.
func TestFollowerEndsWhereALoadBegins(t *testing.T) {
	st := memory.New()
	w := newTownOver(t, st)
	far := open(t, st)
	done := make(chan struct{})
	for i := range 4 {
		go func() {
			defer func() { done <- struct{}{} }()
			ann := w.As("ann")
			for j := range 30 {
				p, err := ann.CreateProject(t.Context(), w.org, tenet.NewProject{Name: fmt.Sprint(i, "-", j), Models: layers[j%2+1]})
				if err != nil {
					t.Error(err)
					return
				}
				if err := ann.SetProjectMember(t.Context(), w.org, p.ID, "rob", []tenancy.Role{"viewer", "member", "owner"}[j%3]); err != nil {
					t.Error(err)
				}
				if j%4 == 0 {
					if _, err := ann.ArchiveProject(t.Context(), w.org, p.ID); err != nil {
						t.Error(err)
					}
				}
			}
		}()
	}
	for range 4 {
		<-done
	}
	caughtUp(t, far)
	fresh := open(t, st)
	for v, err := range store.Walk(t.Context(), st, store.WithinOf[tenancy.Project](w.org)) {
		mustNot(t, err)
		_, want := fresh.As("rob").Begin(t.Context(), w.org, v.Value.ID, "gpt-4o", tenet.Estimate{})
		for name, tt := range map[string]*tenet.Tenet{"follower": far, "writer": w.Tenet} {
			if _, got := tt.As("rob").Begin(t.Context(), w.org, v.Value.ID, "gpt-4o", tenet.Estimate{}); got != want {
				t.Errorf("%s: %+v, loaded: %+v", name, got, want)
			}
		}
	}
}
