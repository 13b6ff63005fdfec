package access_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// tally counts decisions that were compared, and of them those allowed.
type tally struct{ decisions, allowed int }

func (c *tally) note(d access.Decision) {
	if c.decisions++; d.Allowed() {
		c.allowed++
	}
}

// The code and the naive rules agree on every question about random small
// worlds. At 100 worlds, which -rapid.checks multiplies, these are well over
// 100,000 decisions; a failure prints its seed.
func TestDifferential(t *testing.T) {
	var calls, uses, acts tally
	worlds := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		n, snap := naive(w.records()), w.snapshot(t)
		compareCalls(t, w, n, snap, &calls)
		compareUses(t, w, n, snap.At(noon), &uses)
		compareActs(t, w, n, snap.At(noon), &acts)
		compareTold(t, w, n, snap.At(noon))
		worlds++
	})
	total := calls.decisions + uses.decisions + acts.decisions
	t.Logf("%d decisions in %d worlds: 0 differ; calls %+v, uses %+v, acts %+v", total, worlds, calls, uses, acts)
	if t.Failed() {
		return
	}
	if total < 1000*worlds {
		t.Errorf("%d decisions in %d worlds are too few", total, worlds)
	}
	for name, c := range map[string]tally{"calls": calls, "uses": uses, "acts": acts} {
		if c.allowed*100 < c.decisions {
			t.Errorf("%s: %+v: worlds in which nearly all is denied compare little", name, c)
		}
	}
}

func compareCalls(t *rapid.T, w world, n naive, snap *access.Snapshot, c *tally) {
	for _, k := range append(w.keys(), "gone", "") {
		for _, m := range append(w.models(), "gone", "") {
			for _, now := range []time.Time{noon.Add(-time.Microsecond), noon, noon.Add(time.Microsecond)} {
				want, got := n.canCall(k, m, now), snap.At(now).Explain(k, m)
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("Explain(%q, %q) (-naive +got):\n%s", k, m, diff)
				}
				if d := snap.At(now).CanCall(k, m); d != want.Decision {
					t.Fatalf("CanCall(%q, %q) = %+v, naive %+v", k, m, d, want.Decision)
				}
				c.note(got.Decision)
			}
		}
	}
}

func compareUses(t *rapid.T, w world, n naive, view access.View, c *tally) {
	for _, u := range append(w.users(), "gone", "") {
		for _, p := range append(w.projects(), "gone", "") {
			for _, m := range append(w.models(), "gone", "") {
				want, got := n.canUse(u, p, m), view.CanUse(u, p, m)
				if want != got {
					t.Fatalf("CanUse(%q, %q, %q) = %+v, naive %+v", u, p, m, got, want)
				}
				c.note(got)
			}
		}
	}
}

func compareActs(t *rapid.T, w world, n naive, view access.View, c *tally) {
	check := func(u tenancy.UserID, a access.Action, s access.Subject, want access.Reason) {
		d := view.Can(u, a, s)
		if d.Reason != want || d.Allowed() != (want == access.ReasonNone) || d.Subject != s {
			t.Fatalf("Can(%q, %q, %+v) = %+v, naive %q", u, a, s, d, want)
		}
		c.note(d)
	}
	for _, u := range append(w.users(), "gone", "") {
		for _, row := range append(access.Table(), access.Row{Action: "gone"}) {
			a := row.Action
			for _, v := range w.records() {
				switch v := v.(type) {
				case tenancy.Organization:
					if line(a, "").org != "" {
						check(u, a, access.Subject{Org: v.ID}, n.may(u, a, "", v.ID, tenancy.Project{}))
					}
				case tenancy.Project:
					w := map[bool]access.Whose{true: access.Service}[a == access.CreateKey]
					check(u, a, access.Subject{Project: v.ID}, n.may(u, a, w, v.Org, v))
				case tenancy.Key:
					check(u, a, access.Subject{Key: v.ID}, n.may(u, a, n.whose(u, v), v.Org, n.project(v.Project)))
				}
			}
		}
	}
}

// compareTold compares what is told about decisions: rights, active projects and how
// projects stand to models.
func compareTold(t *rapid.T, w world, n naive, view access.View) {
	for _, org := range []tenancy.OrgID{"a", "aa", "gone"} {
		m := view.People(org)
		for _, row := range m.People {
			for i, p := range m.Projects {
				if want := n.right(row.User, n.project(p.ID)); row.Rights[i] != want {
					t.Fatalf("right of %q in %q: %+v, naive %+v", row.User, p.ID, row.Rights[i], want)
				}
			}
		}
		for _, u := range append(w.users(), "gone", "") {
			for _, asked := range append(w.projects(), "gone", "") {
				for _, remembered := range append(w.projects(), "gone", "") {
					got, ok := view.ActiveProject(u, org, asked, remembered)
					if want, some := n.active(u, org, asked, remembered); ok != some || !gocmp.Equal(got, want) {
						t.Fatalf("ActiveProject(%q, %q, %q, %q) = %+v, naive %+v", u, org, asked, remembered, got, want)
					}
				}
			}
		}
	}
	for _, id := range append(w.projects(), "gone", "") {
		if diff := gocmp.Diff(n.statuses(n.project(id)), view.ProjectModels(id)); diff != "" {
			t.Fatalf("ProjectModels(%q) (-naive +got):\n%s", id, diff)
		}
	}
}

// TestA18Renaming: names of one kind mean nothing in another. Users, models,
// keys, projects and organizations are called anew, after roles, each other and
// words with a meaning elsewhere, and every decision is the same under the new names.
func TestA18Renaming(t *testing.T) {
	confusing := []string{"owner", "member", "viewer", "all", "service", "personal", "a", "aa", "gpt", "acme", "*", "nobody"}
	count := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		as := renaming{
			users: drawNames(t, drawnUsers, confusing), models: drawNames(t, slices.Concat(drawnModels, drawnAliases), confusing),
			keys: drawNames(t, drawnKeys, confusing), orgs: drawNames(t, []tenancy.OrgID{"a", "aa"}, confusing),
			projects: drawNames(t, slices.Concat(drawnProjects["a"], drawnProjects["aa"]), confusing),
		}
		renamed := world{}
		for _, v := range w.records() {
			renamed.put(as.record(v))
		}
		before, after := w.view(t), renamed.view(t)
		for _, q := range questions(w) {
			want, got := as.decision(q.answer(before)), as.question(q).answer(after)
			if want != got {
				t.Fatalf("%+v: %+v, renamed %+v", q, want, got)
			}
			count++
		}
	})
	if count == 0 {
		t.Error("nothing was compared")
	}
}

// renaming calls ids anew, kind by kind; what it does not list keeps its name.
type renaming struct {
	users    map[tenancy.UserID]tenancy.UserID
	models   map[tenancy.ModelID]tenancy.ModelID
	keys     map[tenancy.KeyID]tenancy.KeyID
	orgs     map[tenancy.OrgID]tenancy.OrgID
	projects map[tenancy.ProjectID]tenancy.ProjectID
}

func drawNames[T ~string](t *rapid.T, ids []T, names []string) map[T]T {
	as := map[T]T{}
	for i, name := range rapid.Permutation(names).Draw(t, "names")[:len(ids)] {
		as[ids[i]] = T(name)
	}
	return as
}

func each[T ~string](as map[T]T, ids []T) []T {
	var next []T
	for _, id := range ids {
		next = append(next, as[id])
	}
	slices.Sort(next)
	return next
}

func (as renaming) set(s tenancy.ModelSet) tenancy.ModelSet {
	if s.All() {
		return s
	}
	return tenancy.Models(each(as.models, s.List())...)
}

func (as renaming) record(v tenancy.Entity) tenancy.Entity {
	switch v := v.(type) {
	case tenancy.Organization:
		v.ID, v.Owners = as.orgs[v.ID], each(as.users, v.Owners)
		return v
	case tenancy.Subscription:
		v.Org, v.Models = as.orgs[v.Org], as.set(v.Models)
		return v
	case tenancy.Member:
		v.Org, v.User = as.orgs[v.Org], as.users[v.User]
		return v
	case tenancy.Project:
		v.Org, v.ID, v.Models = as.orgs[v.Org], as.projects[v.ID], as.set(v.Models)
		return v
	case tenancy.ProjectMember:
		v.Org, v.Project, v.User = as.orgs[v.Org], as.projects[v.Project], as.users[v.User]
		return v
	case tenancy.Key:
		v.Org, v.ID, v.Project = as.orgs[v.Org], as.keys[v.ID], as.projects[v.Project]
		v.Holder, v.Models = as.users[v.Holder], as.set(v.Models)
		return v
	case tenancy.Model:
		v.ID, v.Alias, v.Orgs = as.models[v.ID], as.models[v.Alias], each(as.orgs, v.Orgs)
		return v
	}
	return v
}

func (as renaming) question(q question) question {
	q.key, q.user, q.project, q.model = as.keys[q.key], as.users[q.user], as.projects[q.project], as.models[q.model]
	return q
}

func (as renaming) decision(d access.Decision) access.Decision {
	s := d.Subject
	d.Subject = access.Subject{Org: as.orgs[s.Org], Project: as.projects[s.Project], Key: as.keys[s.Key], User: as.users[s.User]}
	d.Model = as.models[d.Model]
	return d
}
