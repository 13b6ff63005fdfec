package tenet_test

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
)

// idsOf are the ids of a listing of projects, which must be as the store has them.
func idsOf(t *testing.T, w *town, all iter.Seq2[store.Stored[tenancy.Project], error]) (ids []tenancy.ProjectID) {
	t.Helper()
	for p, err := range all {
		mustNot(t, err)
		now := must[store.Stored[tenancy.Project]](t)(store.One(t.Context(), w.under, tenancy.ProjectRef(p.Value.Org, p.Value.ID)))
		if diff := gocmp.Diff(now, p); diff != "" {
			t.Errorf("listed (-stored +listed):\n%s", diff)
		}
		ids = append(ids, p.Value.ID)
	}
	return ids
}

// Archived projects are listed by id, to those who see them, and to nobody in navigation.
func TestArchivedProjects(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		var all []tenancy.ProjectID
		for i := range 4 {
			p := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: fmt.Sprint("old ", i)}))
			for _, u := range []tenancy.UserID{"pat", "mem"} {
				mustNot(t, ann.SetProjectMember(ctx, w.org, p.ID, u, []tenancy.Role{tenancy.RoleOwner, tenancy.RoleMember}[i%2]))
			}
			must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, p.ID))
			all = append(all, p.ID)
		}
		slices.Sort(all)
		owned := slices.DeleteFunc(slices.Clone(all), func(id tenancy.ProjectID) bool {
			return must[store.Stored[tenancy.ProjectMember]](t)(store.One(ctx, st, tenancy.ProjectMemberRef(w.org, id, "pat"))).Value.Role != tenancy.RoleOwner
		})
		for _, tt := range []struct {
			user tenancy.UserID
			want []tenancy.ProjectID
			why  string
		}{
			{"ann", all, "an owner of the organization sees all of them"},
			{"pat", owned, "an owner of projects sees their own"},
			{"mem", owned, "so does a member of other projects"},
			{"rob", nil, "whoever has no place has an empty list"},
		} {
			if diff := gocmp.Diff(tt.want, idsOf(t, w, w.As(tt.user).ArchivedProjects(ctx, w.org))); diff != "" {
				t.Errorf("%s (%s) (-want +got):\n%s", tt.user, tt.why, diff)
			}
			for _, id := range idsOf(t, w, w.As(tt.user).VisibleProjects(ctx, w.org)) {
				if slices.Contains(all, id) {
					t.Errorf("%s has an archived project in navigation", tt.user)
				}
			}
			for _, id := range all { // A15: list equals get
				_, err := w.As(tt.user).Project(ctx, w.org, id)
				if got := err == nil; got != slices.Contains(tt.want, id) {
					t.Errorf("%s: listed %v, Project: %v", tt.user, !got, err)
				}
			}
		}
		mustNot(t, ann.RemoveMember(ctx, w.org, "pat"))
		must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "pat"}))
		if got := idsOf(t, w, w.As("pat").ArchivedProjects(ctx, w.org)); got != nil {
			t.Errorf("after joining again: %v", got)
		}
	})
}

// The active project: the one asked for, else the one remembered, else the first, else
// none.
func TestActiveProject(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		project := func(name string) tenancy.ProjectID {
			p := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: name}))
			mustNot(t, ann.SetProjectMember(ctx, w.org, p.ID, "mem", tenancy.RoleViewer))
			return p.ID
		}
		prod, first, last, old := w.project.ID, project("Äpfel"), project("zebra"), project("aaa")
		must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, old))
		hidden := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "aab"})).ID
		view := must[*access.Snapshot](t)(w.Snapshot(ctx)).At(time.Now())
		const absent, odd = tenancy.ProjectID("proj_01JD0000000000000000000000"), tenancy.ProjectID("proj_\x00")
		for _, tt := range []struct {
			name              string
			user              tenancy.UserID
			asked, remembered tenancy.ProjectID
			want              tenancy.ProjectID
			why               string
		}{
			{"asked and remembered", "mem", last, prod, last, "who asks for one means it"},
			{"remembered", "mem", "", last, last, "where one was"},
			{"neither", "mem", "", "", prod, "the first in order, folded: prod, zebra, then what sorts behind"},
			{"asked for one that is archived", "mem", old, last, last, "it is gone from navigation"},
			{"remembered and archived", "mem", "", old, prod, "it is gone from navigation"},
			{"an owner asks for one that is archived", "ann", old, last, last, "from an owner's navigation too"},
			{"asked for one that is not theirs", "mem", hidden, last, last, "as if it were not there"},
			{"asked for what is not there", "mem", absent, last, last, "a bookmark outlives a project"},
			{"asked for another organization's", "mem", w.shop.ID, last, last, "as if it were not there"},
			{"asked for nonsense", "mem", odd, last, last, "as if it were not there"},
			{"remembers nonsense", "mem", "", odd, prod, "as if it were not there"},
			{"an owner, neither", "ann", "", "", hidden, "the first of all"},
			{"an owner asks", "ann", first, "", first, "owners see every project"},
			{"one without a project", "rob", prod, last, "", "none"},
		} {
			if p, _ := view.ActiveProject(tt.user, w.org, tt.asked, tt.remembered); p.ID != tt.want {
				t.Errorf("%s, of the snapshot: %v, want %v (%s)", tt.name, p.Name, tt.want, tt.why)
			}
			got, err := w.As(tt.user).ActiveProject(ctx, w.org, tt.asked, tt.remembered)
			if err != nil || got.Value.ID != tt.want || got.Absent() != (tt.want == "") {
				t.Errorf("%s: %v, %v, want %v (%s)", tt.name, got.Value.Name, err, tt.want, tt.why)
			}
		}
		for u, p := range map[tenancy.UserID]tenancy.ProjectID{"ann": hidden, "mem": prod} {
			for v, err := range w.As(u).VisibleProjects(ctx, w.org) {
				mustNot(t, err)
				if v.Value.ID != p {
					t.Errorf("%s's first project is %q", u, v.Value.Name)
				}
				break
			}
		}
		if _, err := w.As("nik").ActiveProject(ctx, w.org, prod, prod); !errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("a stranger: %v, want ErrNotFound", err)
		}
	})
}

// A project that was archived between the reading of its name and its own is stepped over.
func TestActiveProjectWhileOneIsArchived(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "zebra"}))
	w.faults.Set(faults.Nth(faults.List, 1, faults.Fault{After: func() {
		edit(t, w.under, tenancy.ProjectRef(w.org, w.project.ID), func(p *tenancy.Project) { p.Archived = p.Created })
	}}))
	if got, err := ann.ActiveProject(ctx, w.org, "", ""); err != nil || got.Value.Name != "zebra" {
		t.Errorf("%+v, %v, want zebra", got.Value, err)
	}
}
