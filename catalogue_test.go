package tenet_test

import (
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
)

// A20: an alias is one step from a model that is no alias. Whatever is put, in whichever
// order, no chain, no cycle and no shadow of a real id comes of it.
func TestA20Aliases(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		put := func(id, alias tenancy.ModelID) func() error {
			return func() error { return ops.PutModel(ctx, tenancy.Model{ID: id, Alias: alias}) }
		}
		for _, tt := range []struct {
			name string
			do   func() error
			want error
			why  string
		}{
			{"an alias of a model", put("nick", "gpt-4o"), nil, "one step"},
			{"the same again", put("nick", "gpt-4o"), nil, "nothing changes"},
			{"of another model", put("nick", "small"), nil, "an alias may be moved"},
			{"of an alias", put("nicknick", "nick"), tenancy.ErrInvalid, "no chain"},
			{"of what is not there", put("ghost", "nothing"), tenancy.ErrInvalid, "it would lead to whatever comes later"},
			{"what an alias would have named, as an alias", put("nothing", "gpt-4o"), nil, "the other was refused"},
			{"of oneself", put("self", "self"), tenancy.ErrInvalid, "no cycle"},
			{"of what names it", put("small", "nick"), tenancy.ErrInvalid, "no cycle: a model stays one"},
			{"shadowing a model", put("gpt-4o", "small"), tenancy.ErrInvalid, "a real id is its own"},
			{"a model in place of an alias", func() error { return ops.PutModel(ctx, tenancy.Model{ID: "nick", Public: true}) }, tenancy.ErrInvalid, "projects would find another model under the name"},
			{"an alias with an offer of its own", func() error { return ops.PutModel(ctx, tenancy.Model{ID: "free", Alias: "gpt-4o", Public: true}) }, tenancy.ErrInvalid, "its model says who has it"},
			{"of another case", put("GPT-4o", "gpt-4o"), nil, "byte for byte another id"},
		} {
			if err := tt.do(); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("%s: %v, want %v (%s)", tt.name, err, tt.want, tt.why)
			}
		}
		catalogue := map[tenancy.ModelID]tenancy.Model{}
		for m, err := range ops.Catalogue(ctx) {
			mustNot(t, err)
			catalogue[m.Value.ID] = m.Value
		}
		for id, m := range catalogue {
			if target := catalogue[m.Alias]; m.Alias != "" && (target.ID != m.Alias || target.Alias != "") {
				t.Errorf("%s leads to %+v", id, target)
			}
		}
		if len(catalogue) != 6 { // gpt-4o, small and latest of the town; nick, nothing and GPT-4o
			t.Errorf("%d models", len(catalogue))
		}
	})
}

// A20: two who put an alias of each other at the same moment make no cycle, and one that
// is put while its id becomes a model makes no shadow.
func TestA20AliasesAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		overtake := func(by tenancy.Model) {
			w.faults.Set(faults.Nth(faults.Commit, 1, faults.Fault{Before: func() {
				mustNot(t, ops.PutModel(ctx, by))
			}}))
		}
		overtake(tenancy.Model{ID: "x", Public: true})
		if err := ops.PutModel(ctx, tenancy.Model{ID: "x", Alias: "gpt-4o"}); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("an alias overtaken by a model: %v, want ErrInvalid", err)
		}
		overtake(tenancy.Model{ID: "y", Alias: "gpt-4o"})
		if err := ops.PutModel(ctx, tenancy.Model{ID: "y", Public: true}); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("a model overtaken by an alias: %v, want ErrInvalid", err)
		}
	})
}

// A model that is retired is in nobody's plan, nor is an alias of it; all else of it
// stays, lists included, and putting it back brings all of that back.
func TestRetireModel(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		p := w.principal(t)
		reasons := func() [2]access.Reason {
			return [2]access.Reason{w.CanCall(p, "gpt-4o").Reason, w.CanCall(p, "latest").Reason}
		}
		before := must[store.Stored[tenancy.Model]](t)(store.One(ctx, st, tenancy.ModelRef("gpt-4o"))).Value
		for range 2 {
			mustNot(t, ops.RetireModel(ctx, "gpt-4o"))
		}
		retired := must[store.Stored[tenancy.Model]](t)(store.One(ctx, st, tenancy.ModelRef("gpt-4o"))).Value
		if got := reasons(); got != [2]access.Reason{access.ReasonModelNotInPlan, access.ReasonModelNotInPlan} {
			t.Errorf("retired: %v", got)
		}
		if n := len(entries(t, st, "")); n != 4 { // three puts of the town
			t.Errorf("%d entries, want 4: retiring twice is one change", n)
		}
		if _, err := ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab", Models: tenancy.Models("gpt-4o")}); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("a retired model turned on: %v, want ErrInvalid", err)
		}
		if models := must[store.Stored[tenancy.Project]](t)(ann.Project(ctx, w.org, w.project.ID)).Value.Models; !models.Has("gpt-4o") {
			t.Error("the project's list lost the retired model")
		}
		if retired.Retired.IsZero() {
			t.Error("the model is not retired")
		}
		if retired.Retired = before.Retired; !gocmp.Equal(retired, before) {
			t.Errorf("retired (-before +after):\n%s", gocmp.Diff(before, retired))
		}
		mustNot(t, ops.PutModel(ctx, before))
		if got := reasons(); got != [2]access.Reason{} {
			t.Errorf("put back: %v", got)
		}
		mustNot(t, ops.RetireModel(ctx, "latest"))
		if got := reasons(); got != [2]access.Reason{access.ReasonNone, access.ReasonModelUnknown} {
			t.Errorf("the alias retired: %v", got)
		}
		for _, id := range []tenancy.ModelID{"unheard-of", "", "a b", "\x00"} {
			if err := ops.RetireModel(ctx, id); !errors.Is(err, tenet.ErrNotFound) {
				t.Errorf("RetireModel(%q): %v, want ErrNotFound", id, err)
			}
		}
	})
}

// Every organization is listed, closed ones too, by id, and its settings are to be had.
func TestOperatorSeesAll(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		mustNot(t, ops.CloseOrganization(ctx, w.other))
		seen := map[tenancy.OrgID]bool{}
		last := tenancy.OrgID("")
		for o, err := range ops.Organizations(ctx) {
			mustNot(t, err)
			seen[o.Value.ID] = !o.Value.Closed.IsZero()
			if o.Value.ID <= last {
				t.Errorf("%s after %s", o.Value.ID, last)
			}
			last = o.Value.ID
			set := must[tenet.Settings](t)(ops.Settings(ctx, o.Value.ID))
			if diff := gocmp.Diff(o, set.Organization); diff != "" || set.Subscription.Value.Plan != "pro" {
				t.Errorf("settings %+v (-listed +got):\n%s", set.Subscription, diff)
			}
		}
		if diff := gocmp.Diff(map[tenancy.OrgID]bool{w.org: false, w.other: true}, seen); diff != "" {
			t.Errorf("closed (-want +got):\n%s", diff)
		}
	})
}
