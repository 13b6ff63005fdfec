package access_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

func TestNewSnapshotRefuses(t *testing.T) {
	const stranger = "stranger's-own-text"
	for _, tt := range []struct {
		name    string
		records []tenancy.Entity // beside acme
		steps   []step           // in acme
		kind    tenancy.Kind
		problem string
	}{
		{name: "nil", records: []tenancy.Entity{nil}, problem: "not a record by value"},
		{name: "pointer", records: []tenancy.Entity{&tenancy.Project{Org: "acme", ID: "new"}}, problem: "not a record by value"},
		{name: "nil pointer", records: []tenancy.Entity{(*tenancy.Key)(nil)}, problem: "not a record by value"},
		{name: "record twice", records: []tenancy.Entity{tenancy.Subscription{Org: "acme"}}, kind: tenancy.KindSubscription, problem: "there twice"},
		{name: "project twice", records: []tenancy.Entity{tenancy.Project{Org: "acme", ID: "web"}}, kind: tenancy.KindProject, problem: "there twice"},
		{name: "model twice", records: []tenancy.Entity{tenancy.Model{ID: "gpt"}}, kind: tenancy.KindModel, problem: "there twice"},
		{name: "key id in two organizations", records: []tenancy.Entity{tenancy.Key{Org: "beta", Project: "shop", ID: "svc"}},
			kind: tenancy.KindKey, problem: "key id in two organizations"},
		{name: "project id in two organizations", records: []tenancy.Entity{tenancy.Project{Org: "beta", ID: "web"}},
			kind: tenancy.KindProject, problem: "project id in two organizations"},

		{name: "organization without an id", records: []tenancy.Entity{tenancy.Organization{}}, kind: tenancy.KindOrganization, problem: "without an id"},
		{name: "project without an id", records: []tenancy.Entity{tenancy.Project{Org: "acme"}}, kind: tenancy.KindProject, problem: "without an id"},
		{name: "key without an id", records: []tenancy.Entity{tenancy.Key{Org: "acme", Project: "web"}}, kind: tenancy.KindKey, problem: "without an id"},
		{name: "model without an id", records: []tenancy.Entity{tenancy.Model{}}, kind: tenancy.KindModel, problem: "without an id"},
		{name: "member of no organization", records: []tenancy.Entity{tenancy.Member{Org: stranger, User: stranger}}, kind: tenancy.KindMember, problem: "of an organization that is missing"},
		{name: "subscription of no organization", records: []tenancy.Entity{tenancy.Subscription{Org: stranger}}, kind: tenancy.KindSubscription, problem: "of an organization that is missing"},
		{name: "project of no organization", records: []tenancy.Entity{tenancy.Project{Org: stranger, ID: stranger}}, kind: tenancy.KindProject, problem: "of an organization that is missing"},
		{name: "key of no organization", records: []tenancy.Entity{tenancy.Key{Org: stranger, ID: stranger, Project: "web"}}, kind: tenancy.KindKey, problem: "of an organization that is missing"},
		{name: "invite of no organization", records: []tenancy.Entity{tenancy.Invite{Org: stranger, ID: stranger}}, kind: tenancy.KindInvite, problem: "of an organization that is missing"},

		{name: "place in no project", records: []tenancy.Entity{tenancy.ProjectMember{Org: "acme", Project: stranger, User: "max"}},
			kind: tenancy.KindProjectMember, problem: "of a project that is missing"},
		{name: "place in another organization's project", records: []tenancy.Entity{tenancy.ProjectMember{Org: "acme", Project: "shop", User: "max"}},
			kind: tenancy.KindProjectMember, problem: "of a project that is missing"},
		{name: "key of no project", records: []tenancy.Entity{tenancy.Key{Org: "acme", ID: stranger}}, kind: tenancy.KindKey, problem: "of a project that is missing"},
		{name: "key of another organization's project", records: []tenancy.Entity{tenancy.Key{Org: "acme", Project: "shop", ID: stranger}},
			kind: tenancy.KindKey, problem: "of a project that is missing"},
		{name: "claim of no project", records: []tenancy.Entity{tenancy.NameClaim{Org: "acme", Folded: stranger, Project: stranger}},
			kind: tenancy.KindNameClaim, problem: "of a project that is missing"},

		{name: "owner who is not on the roster", steps: []step{owners("nils", "olga")}, kind: tenancy.KindOrganization, problem: "an owner who is not on the roster"},
		{name: "suspended owner", steps: []step{suspended("olga")}, kind: tenancy.KindOrganization, problem: "an owner who is not on the roster"},
		{name: "dangling alias", records: []tenancy.Entity{tenancy.Model{ID: stranger, Alias: "gone"}}, kind: tenancy.KindModel, problem: "an alias of what is missing, or of an alias"},
		{name: "alias chain", records: []tenancy.Entity{tenancy.Model{ID: stranger, Alias: "fast"}}, kind: tenancy.KindModel, problem: "an alias of what is missing, or of an alias"},
		{name: "alias of itself", records: []tenancy.Entity{tenancy.Model{ID: stranger, Alias: stranger}}, kind: tenancy.KindModel, problem: "an alias of what is missing, or of an alias"},
		{name: "alias cycle", records: []tenancy.Entity{tenancy.Model{ID: "a", Alias: "b"}, tenancy.Model{ID: "b", Alias: "a"}}, kind: tenancy.KindModel, problem: "an alias of what is missing, or of an alias"},
		{name: "alias that shadows a model", records: []tenancy.Entity{tenancy.Model{ID: "gpt", Alias: "claude"}}, kind: tenancy.KindModel, problem: "there twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			snap, err := access.NewSnapshot(append(acme().with(tt.steps...).records(), tt.records...)...)
			var refused *access.RecordError
			if snap != nil || !errors.As(err, &refused) || !errors.Is(err, tenancy.ErrInvalid) || errors.Is(err, tenancy.ErrArchived) {
				t.Fatalf("NewSnapshot = %v, %v; want a RecordError", snap, err)
			}
			if refused.Ref.Kind != tt.kind || refused.Problem != tt.problem {
				t.Errorf("refused %v: %s; want %v: %s", refused.Ref.Kind, refused.Problem, tt.kind, tt.problem)
			}
			if want := "access: " + tt.kind.String() + " record: " + tt.problem; err.Error() != want || strings.Contains(err.Error(), stranger) {
				t.Errorf("message %q, want %q", err, want)
			}
		})
	}
}

func TestNewSnapshotAccepts(t *testing.T) {
	for _, tt := range []struct {
		name, why string
		records   []tenancy.Entity
		steps     []step
	}{
		{"nothing", "an empty snapshot denies", nil, nil},
		{"every kind", "invites and claims are records too, and decide nothing", []tenancy.Entity{
			tenancy.Invite{Org: "acme", ID: "inv"}, tenancy.NameClaim{Org: "acme", Folded: "web", Project: "web"}}, nil},
		{"leftovers", "places and keys of people who left are void, and no error", nil, []step{drop(tenancy.MemberRef("acme", "max").Ref)}},
		{"owner of a closed organization who is not on the roster", "what hangs under a tombstone is swept",
			nil, []step{orgClosed, removed("olga")}},
		{"an organization without owners or plan", "it decides as it stands", []tenancy.Entity{tenancy.Organization{ID: "gamma"}}, nil},
	} {
		if _, err := access.NewSnapshot(append(acme().with(tt.steps...).records(), tt.records...)...); err != nil {
			t.Errorf("%s: %v (%s)", tt.name, err, tt.why)
		}
	}
	swept := acme().with(orgClosed, removed("olga")).view(t)
	for _, row := range access.Table() {
		if d := swept.Can("olga", row.Action, access.Subject{Org: "acme"}); d.Reason != access.ReasonNotFound {
			t.Errorf("an owner who is not on the roster: %s: %+v", row.Action, d)
		}
	}
}

// B12: aliases that lead through ten thousand others, or round in a ring, are refused, and
// lead nowhere in a catalogue that has them all the same.
func TestB12LongAliases(t *testing.T) {
	const depth = 10_000
	name := func(i int) tenancy.ModelID { return tenancy.ModelID(fmt.Sprintf("m%05d", i)) }
	for kind, last := range map[string]tenancy.ModelID{"chain": "gpt", "ring": name(0)} {
		models := []tenancy.Model{{ID: "gpt", Public: true}}
		var records []tenancy.Entity
		for i := range depth {
			next := name(i + 1)
			if i == depth-1 {
				next = last
			}
			models = append(models, tenancy.Model{ID: name(i), Alias: next})
			records = append(records, models[len(models)-1])
		}
		if _, err := access.NewSnapshot(append(acme().records(), records...)...); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: NewSnapshot: %v, want ErrInvalid", kind, err)
		}
		c := access.NewCatalogue(models...)
		leads := 0
		for m := range c.All() {
			if m.Alias != "" && c.Resolve(m.ID) != nil {
				leads++
			}
		}
		if want := map[string]int{"chain": 1}[kind]; leads != want { // the last of a chain is one step from a model
			t.Errorf("%s: %d aliases lead to a model, want %d", kind, leads, want)
		}
	}
}

func TestOrderOfRecordsDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		sorted := w.view(t)
		shuffled := rapid.Permutation(w.records()).Draw(t, "shuffled")
		snap, err := access.NewSnapshot(shuffled...)
		if err != nil {
			t.Fatalf("NewSnapshot: %v", err)
		}
		for _, q := range questions(w) {
			if got, want := q.answer(snap.At(noon)), q.answer(sorted); got != want {
				t.Fatalf("%+v: %+v shuffled, %+v sorted", q, got, want)
			}
		}
		for _, u := range w.users() {
			if diff := gocmp.Diff(navigation(sorted, u), navigation(snap.At(noon), u)); diff != "" {
				t.Fatalf("VisibleProjects(%s) (-sorted +shuffled):\n%s", u, diff)
			}
		}
	})
}

func navigation(view access.View, user tenancy.UserID) []tenancy.ProjectID {
	var ids []tenancy.ProjectID
	for p := range view.VisibleProjects(user) {
		ids = append(ids, p.ID)
	}
	return ids
}

func TestA15ListEqualsCan(t *testing.T) {
	shown := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		view := w.view(t)
		for _, user := range append(w.users(), "nobody", "") {
			var want []tenancy.Project
			for _, v := range w.records() {
				p, ok := v.(tenancy.Project)
				if ok && view.Can(user, access.SeeProject, access.Subject{Project: p.ID}).Allowed() {
					want = append(want, p)
				}
			}
			slices.SortFunc(want, byNavigation)
			got := slices.Collect(view.VisibleProjects(user))
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Fatalf("VisibleProjects(%s) (-want +got):\n%s", user, diff)
			}
			shown += len(got)
		}
	})
	if shown == 0 {
		t.Error("nobody saw anything")
	}
}

func byNavigation(a, b tenancy.Project) int {
	if c := strings.Compare(string(a.Org), string(b.Org)); c != 0 {
		return c
	}
	if c := strings.Compare(tenancy.Fold(a.Name), tenancy.Fold(b.Name)); c != 0 {
		return c
	}
	return strings.Compare(string(a.ID), string(b.ID))
}

func TestNavigationOrder(t *testing.T) {
	w := acme()
	w.org("aardvark", "pam")
	w.project("aardvark", "zoo")
	for id, name := range map[tenancy.ProjectID]string{"p1": "Zebra", "p2": "\u00c9cole", "p3": "apple", "p4": "Banana", "p5": "STRASSE", "p6": "stra\u00dfe", "p7": "e\u0301cole"} {
		w.put(tenancy.Project{Org: "acme", ID: id, Name: name})
		w.place("acme", id, "pam", tenancy.RoleViewer)
	}
	w = w.with(archived("p4"), orgSuspended)
	want := []tenancy.ProjectID{"zoo", "p3", "p5", "p6", "web", "p1", "p2", "p7"}
	if diff := gocmp.Diff(want, navigation(w.view(t), "pam")); diff != "" {
		t.Errorf("VisibleProjects(pam) (-want +got):\n%s", diff)
	}
}

func TestNavigationStopsEarly(t *testing.T) {
	w := acme()
	w.join("beta", "olga")
	w.place("beta", "shop", "olga", tenancy.RoleViewer)
	for stop, want := range [][]tenancy.ProjectID{1: {"lab"}, 2: {"lab", "web"}, 3: {"lab", "web", "shop"}} {
		var got []tenancy.ProjectID
		for p := range w.view(t).VisibleProjects("olga") {
			if got = append(got, p.ID); len(got) == stop {
				break
			}
		}
		if stop > 0 && !slices.Equal(got, want) {
			t.Errorf("stopped after %d: %v, want %v", stop, got, want)
		}
	}
}

// What is not there and what is not the asker's are one answer, word for word.
func TestA15UnknownAndForeignAreOneAnswer(t *testing.T) {
	for name, steps := range map[string][]step{
		"as it is": nil, "archived": {archived("web")}, "suspended": {orgSuspended}, "closed": {orgClosed}, "nothing enabled": {enabled("web", tenancy.ModelSet{})},
	} {
		w := acme().with(steps...)
		view, pic, catalogue := w.view(t), pictureOf(w, "acme"), catalogueOf(w)
		for _, user := range []tenancy.UserID{"rita", "nils", "otto", ""} {
			for _, model := range []tenancy.ModelID{"gpt", "fast", "gone", ""} {
				foreign, unknown := view.CanUse(user, "web", model), view.CanUse(user, "gone", model)
				if foreign.Subject.Project = "gone"; foreign != unknown {
					t.Errorf("%s: CanUse by %s of %q: foreign %+v, unknown %+v", name, user, model, foreign, unknown)
				}
				foreign, unknown = pic.DecideUse(catalogue, user, "web", model), pic.DecideUse(catalogue, user, "gone", model)
				if foreign.Subject.Project = "gone"; foreign != unknown {
					t.Errorf("%s: DecideUse by %s of %q: foreign %+v, unknown %+v", name, user, model, foreign, unknown)
				}
			}
			for _, row := range access.Table() {
				of := access.Subject{Project: "web"}
				if row.Whose != "" && row.Action != access.CreateKey {
					of = access.Subject{Key: "svc"}
				}
				foreign, unknown := view.Can(user, row.Action, of), view.Can(user, row.Action, access.Subject{Project: "gone"})
				if foreign.Subject = unknown.Subject; foreign != unknown {
					t.Errorf("%s: %s by %s: foreign %+v, unknown %+v", name, row.Action, user, foreign, unknown)
				}
			}
		}
	}
}
