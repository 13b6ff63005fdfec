package tenet_test

import (
	"fmt"
	"testing"

	"example.com/tenet"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
)

// What a page shows takes as many round trips to the store for three rows as for
// sixty: the rights, the rows, and the names of what the rows speak of.
func TestPagesTakeFewRoundTrips(t *testing.T) {
	w := newTown(t)
	trips := func(v verb) int {
		before := w.faults.Count(faults.Get, faults.List, faults.Trail)
		if err := v.do(t.Context(), w.As("pat"), w.ids()); err != nil {
			t.Errorf("%s: %v", v.name, err)
		}
		return w.faults.Count(faults.Get, faults.List, faults.Trail) - before
	}
	mustNot(t, w.As("ann").SetRole(t.Context(), w.org, "pat", tenancy.RoleOwner))
	few := map[string]int{}
	for _, v := range readingVerbs(t) {
		few[v.name] = trips(v)
	}
	w.crowd(t)
	caughtUp(t, w.Tenet) // else the follower reads meanwhile, and is counted
	for _, v := range readingVerbs(t) {
		most, ok := dearPages[v.name]
		if !ok {
			most = 3
		}
		if many := trips(v); many != few[v.name] || many > most {
			t.Errorf("%s: %d round trips, with many rows %d; want at most %d", v.name, few[v.name], many, most)
		}
	}
}

// dearPages are what takes more round trips, whatever the rows: they read all of an
// organization or of a project.
var dearPages = map[string]int{
	"AccessMatrix": 9, "KeyMatrix": 7, "Explain": 8, "Preview/archive": 11, "Preview/remove": 10,
}

// readingVerbs are those that leave no entry when an owner uses them.
func readingVerbs(t *testing.T) (reading []verb) {
	t.Helper()
	for _, v := range verbs() {
		w := newTown(t)
		mustNot(t, w.As("ann").SetRole(t.Context(), w.org, "pat", tenancy.RoleOwner))
		before := len(entries(t, w.st, w.org))
		if err := v.do(t.Context(), w.As("pat"), w.ids()); err == nil && len(entries(t, w.st, w.org)) == before && !changes[v.name] {
			reading = append(reading, v)
		}
	}
	if len(reading) < 10 {
		t.Fatalf("%d verbs that only read", len(reading))
	}
	return reading
}

// changes are the verbs that change something, and find nothing to do in a town.
var changes = map[string]bool{"RestoreProject": true, "ResumeMember": true, "SetRole": true}

// crowd adds sixty of everything.
func (w *town) crowd(t *testing.T) {
	t.Helper()
	ctx, ops, pat := t.Context(), w.Operator("ops"), w.As("pat")
	for i := range 60 {
		u := tenancy.UserID(fmt.Sprint("u", i))
		must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: u}))
		mustNot(t, pat.SetProjectMember(ctx, w.org, w.project.ID, u, tenancy.RoleViewer))
		p := must[tenancy.Project](t)(pat.CreateProject(ctx, w.org, tenet.NewProject{Name: fmt.Sprint("p", i)}))
		if i%2 == 0 {
			must[tenancy.Project](t)(pat.ArchiveProject(ctx, w.org, p.ID))
		}
		for _, key := range []tenet.NewKey{serviceKey("s"), personalKey("p")} {
			mustNot(t, third(pat.CreateKey(ctx, w.org, w.project.ID, key)))
		}
		mustNot(t, third(pat.Invite(ctx, w.org, tenet.NewInvite{Email: "x@example.com"})))
		mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: tenancy.ModelID(fmt.Sprint("m", i)), Public: true}))
	}
}
