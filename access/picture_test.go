package access_test

import (
	"maps"
	"reflect"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// answersOf are all that a picture says about the ids of w.
func answersOf(pic *access.Picture, w world) []any {
	_, catalogue, grants := followed(w.records())
	all := []any{pic.Organization()}
	for _, p := range w.projects() {
		all = append(all, pic.Project(p))
	}
	for _, q := range questions(w) {
		switch {
		case q.action != "":
			s := pic.Standing(q.user, q.project)
			all = append(all, s.May(q.action, q.whose))
		case q.key != "":
			g := grants[q.key]
			all = append(all, pic.Decide(catalogue, &g, q.model, noon))
		default:
			all = append(all, pic.DecideUse(catalogue, q.user, q.project, q.model))
		}
	}
	return all
}

// records of organization a of two random worlds are put, deleted and put again:
// one by one, all at once and from nothing come to the same, and no picture
// changes once it is made.
func TestPictureWith(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from, to := recordsOf(drawWorld(t), "a"), recordsOf(drawWorld(t), "a")
		about := drawWorld(t) // the questions, the keys and the catalogue
		before := (*access.Picture)(nil).With(slices.Collect(maps.Values(from)), nil)
		was := answersOf(before, about)

		put, deleted := drawChanges(t, from, to)
		one, made := before, []*access.Picture{before}
		for _, v := range put {
			one = one.With([]tenancy.Entity{v}, nil)
			made = append(made, one)
		}
		for _, ref := range deleted {
			one = one.With(nil, []tenancy.Ref{ref})
			made = append(made, one)
		}
		then := answersOf(made[len(made)/2], about)

		want := from.with(func(w world) {
			w.put(put...)
			for _, ref := range deleted {
				delete(w, ref)
			}
		})
		scratch := answersOf((*access.Picture)(nil).With(slices.Collect(maps.Values(want)), nil), about)
		for name, pic := range map[string]*access.Picture{"one by one": one, "together": before.With(put, deleted)} {
			same(t, name+", against from nothing", scratch, answersOf(pic, about))
		}
		same(t, "the older picture", was, answersOf(before, about))
		same(t, "a picture in between", then, answersOf(made[len(made)/2], about))
	})
}

// same fails unless want and got are equal; only then is the difference worth its price.
func same(t tester, what string, want, got []any) {
	t.Helper()
	if !reflect.DeepEqual(want, got) {
		t.Fatalf("%s (-want +got):\n%s", what, gocmp.Diff(want, got))
	}
}

func recordsOf(w world, org tenancy.OrgID) world {
	maps.DeleteFunc(w, func(r tenancy.Ref, _ tenancy.Entity) bool { return r.Org != org })
	return w
}

// drawChanges draws some of what leads from one world to another.
func drawChanges(t *rapid.T, from, to world) (put []tenancy.Entity, deleted []tenancy.Ref) {
	for _, v := range to.records() {
		if rapid.Bool().Draw(t, "put") {
			put = append(put, v)
		}
	}
	for _, v := range from.records() {
		if seldom(t, "deleted") {
			deleted = append(deleted, v.Ref())
		}
	}
	return rapid.Permutation(put).Draw(t, "in this order"), rapid.Permutation(deleted).Draw(t, "in this order")
}

// Each kind of record, taken away, takes with it what rested on it and nothing else.
func TestPictureDeletes(t *testing.T) {
	const (
		none   = access.ReasonNone
		gone   = access.ReasonUnknownKey
		holder = access.ReasonHolderMayNotCall
		plan   = access.ReasonModelNotInPlan
	)
	w := acme()
	_, catalogue, grants := followed(w.records())
	full := pictureOf(w, "acme")
	for _, tt := range []struct {
		name           string
		ref            tenancy.Ref
		svc, lab       access.Reason // by the service keys of web and lab
		max, pam, olga access.Reason // by these in web's playground
	}{
		{"organization", tenancy.OrganizationRef("acme").Ref, gone, gone, holder, holder, holder},
		{"subscription", tenancy.SubscriptionRef("acme").Ref, plan, plan, plan, plan, plan},
		{"member", tenancy.MemberRef("acme", "max").Ref, none, none, holder, none, none},
		{"project", tenancy.ProjectRef("acme", "web").Ref, gone, none, holder, holder, holder},
		{"place", tenancy.ProjectMemberRef("acme", "web", "max").Ref, none, none, holder, none, none},
		{"place in another project", tenancy.ProjectMemberRef("acme", "lab", "max").Ref, none, none, none, none, none},
		{"unknown project", tenancy.ProjectRef("acme", "gone").Ref, none, none, none, none, none},
		{"key", tenancy.KeyRef("acme", "svc").Ref, none, none, none, none, none},
		{"invite", tenancy.InviteRef("acme", "inv").Ref, none, none, none, none, none},
		{"name claim", tenancy.NameClaimRef("acme", "web").Ref, none, none, none, none, none},
		{"model", tenancy.ModelRef("gpt").Ref, none, none, none, none, none},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pic := full.With(nil, []tenancy.Ref{tt.ref})
			svc, lab := grants["svc"], grants["lab-svc"]
			got := []access.Reason{
				pic.Decide(catalogue, &svc, "gpt", noon).Reason, pic.Decide(catalogue, &lab, "gpt", noon).Reason,
				pic.DecideUse(catalogue, "max", "web", "gpt").Reason, pic.DecideUse(catalogue, "pam", "web", "gpt").Reason,
				pic.DecideUse(catalogue, "olga", "web", "gpt").Reason,
			}
			want := []access.Reason{tt.svc, tt.lab, tt.max, tt.pam, tt.olga}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("svc, lab-svc, max, pam, olga (-want +got):\n%s", diff)
			}
		})
	}
}

// A follower is fresh record by record: a place may come before its project.
func TestPlaceBeforeItsProject(t *testing.T) {
	w := acme()
	web, max := w[tenancy.ProjectRef("acme", "web").Ref], w[tenancy.ProjectMemberRef("acme", "web", "max").Ref]
	early := pictureOf(w.with(drop(web.Ref()), drop(max.Ref())), "acme").With([]tenancy.Entity{max}, nil)
	for _, user := range []tenancy.UserID{"max", "olga"} {
		if s := early.Standing(user, "web"); s.May(access.SeeProject, "") != access.ReasonNotFound {
			t.Errorf("%s sees a project that is not there", user)
		}
		if s := early.With([]tenancy.Entity{web}, nil).Standing(user, "web"); s.May(access.SeeProject, "") != access.ReasonNone {
			t.Errorf("%s does not see the project that came", user)
		}
	}
}

// Nothing that a picture does not hold changes it.
func TestPicturePassesOver(t *testing.T) {
	w := acme()
	full := pictureOf(w, "acme")
	next := full.With([]tenancy.Entity{
		tenancy.Key{Org: "acme", ID: "svc"}, tenancy.Invite{Org: "acme", ID: "inv"},
		tenancy.NameClaim{Org: "acme", Folded: "web", Project: "lab"}, tenancy.Model{ID: "gpt"},
	}, nil)
	if diff := gocmp.Diff(answersOf(full, w), answersOf(next, w)); diff != "" {
		t.Errorf("With (-before +after):\n%s", diff)
	}
}

// A picture tells what was put into it, and of nothing else.
func TestPictureTells(t *testing.T) {
	w := acme()
	full, none := pictureOf(w, "acme"), (*access.Picture)(nil)
	for _, tt := range []struct {
		name      string
		of        func(*access.Picture) any
		has, lack any
	}{
		{"organization", func(p *access.Picture) any { return p.Organization() }, w[tenancy.OrganizationRef("acme").Ref], tenancy.Organization{}},
		{"subscription", func(p *access.Picture) any { return p.Subscription() }, w[tenancy.SubscriptionRef("acme").Ref], tenancy.Subscription{}},
		{"project", func(p *access.Picture) any { return p.Project("web") }, w[tenancy.ProjectRef("acme", "web").Ref], tenancy.Project{}},
		{"no project", func(p *access.Picture) any { return p.Project("gone") }, tenancy.Project{}, tenancy.Project{}},
	} {
		if got := tt.of(full); !reflect.DeepEqual(got, tt.has) {
			t.Errorf("%s: %+v, want %+v", tt.name, got, tt.has)
		}
		if got := tt.of(none); !reflect.DeepEqual(got, tt.lack) {
			t.Errorf("%s of a nil Picture: %+v", tt.name, got)
		}
	}
}

func TestShows(t *testing.T) {
	w := acme()
	c := func(id tenancy.ModelID) tenancy.Model { return tenancy.Model{ID: id, Public: true} }
	for _, tt := range []struct {
		name    string
		project tenancy.Project
		plan    tenancy.ModelSet
		want    bool
		why     string
	}{
		{"in the plan", tenancy.Project{}, tenancy.Models("x"), true, "an owner may turn it on"},
		{"turned on, out of the plan", tenancy.Project{Models: tenancy.Models("x")}, tenancy.ModelSet{}, true, "the settings page shows it"},
		{"all turned on, out of the plan", tenancy.Project{Models: tenancy.AllModels()}, tenancy.ModelSet{}, false, "nobody named it"},
		{"neither", tenancy.Project{}, tenancy.ModelSet{}, false, "the catalogue is not to be probed"},
	} {
		tt.project.Org, tt.project.ID = "acme", "web"
		p := pictureOf(w, "acme").With([]tenancy.Entity{tt.project, tenancy.Subscription{Org: "acme", Models: tt.plan}}, nil)
		if got := p.Shows("web", c("x")); got != tt.want {
			t.Errorf("%s: %v (%s)", tt.name, got, tt.why)
		}
		if p.Shows("gone", c("x")) {
			t.Errorf("%s: shown to a project that is not there", tt.name)
		}
	}
	var none *access.Picture
	if none.Shows("web", c("x")) {
		t.Error("a nil Picture shows something")
	}
}
