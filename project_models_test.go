package tenet_test

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// Models that are turned on and off decide the next call; what the verb says is what is
// stored.
func TestTurnModelsOnAndOff(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, id := t.Context(), w.As("ann"), w.project.ID
		calls := func(m tenancy.ModelID) access.Reason { return w.CanCall(w.principal(t), m).Reason }
		p := must[tenancy.Project](t)(ann.TurnOnModels(ctx, w.org, id, "small"))
		if !p.Models.Equal(tenancy.Models("gpt-4o", "small")) || calls("small") != access.ReasonNone || calls("gpt-4o") != access.ReasonNone {
			t.Errorf("turned on: %v, %v and %v", p.Models.List(), calls("small"), calls("gpt-4o"))
		}
		p = must[tenancy.Project](t)(ann.TurnOffModels(ctx, w.org, id, "gpt-4o", "unheard-of"))
		if !p.Models.Equal(tenancy.Models("small")) || calls("small") != access.ReasonNone || calls("gpt-4o") != access.ReasonModelNotEnabled {
			t.Errorf("turned off: %v, %v and %v", p.Models.List(), calls("small"), calls("gpt-4o"))
		}
		again := ann.With(tenet.ChangeOptions{Op: "op-1"})
		for range 2 {
			if p = must[tenancy.Project](t)(again.TurnOffModels(ctx, w.org, id, "small")); !p.Models.Empty() || calls("small") != access.ReasonModelNotEnabled {
				t.Errorf("the last one off: %v", p.Models.List())
			}
		}
	})
}

// A13: a project that has all on says so, and loses none of them in silence.
func TestA13AllIsNotTakenFrom(t *testing.T) {
	w := newTown(t)
	ctx, ann, id := t.Context(), w.As("ann"), w.project.ID
	must[tenancy.Project](t)(ann.SetProjectModels(ctx, w.org, id, tenancy.AllModels()))
	before := len(entries(t, w.st, w.org))
	_, err := ann.TurnOffModels(ctx, w.org, id, "gpt-4o")
	field, ok := errors.AsType[*tenancy.FieldError](err)
	if !ok || field.Field != "models" {
		t.Errorf("one of all turned off: %v, want a FieldError of models", err)
	}
	if p, err := ann.TurnOnModels(ctx, w.org, id, "small"); err != nil || !p.Models.All() {
		t.Errorf("one of all turned on: %v, %v", p.Models, err)
	}
	if n := len(entries(t, w.st, w.org)); n != before {
		t.Errorf("%d entries of nothing", n-before)
	}
	mustNot(t, w.Operator("ops").PutModel(ctx, tenancy.Model{ID: "theirs", Orgs: []tenancy.OrgID{w.other}}))
	var texts []string
	for _, m := range []tenancy.ModelID{"theirs", "unheard-of", "latest", "a b"} {
		_, err := ann.TurnOnModels(ctx, w.org, id, m)
		if !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%q turned on under all: %v, want ErrInvalid", m, err)
			continue
		}
		texts = append(texts, err.Error())
	}
	if len(texts) != 4 || texts[0] != texts[1] || texts[1] != texts[2] {
		t.Errorf("the catalogue can be probed: %q", texts)
	}
}

// What a project's page says of each model is what decides a call, and nothing is told of
// models that are neither in the plan nor on.
func TestProjectModels(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops, id := t.Context(), w.As("ann"), w.Operator("ops"), w.project.ID
		must[tenancy.Project](t)(ann.TurnOnModels(ctx, w.org, id, "small"))
		for _, m := range []tenancy.Model{{ID: "theirs", Orgs: []tenancy.OrgID{w.other}}, {ID: "mini", Public: true}, {ID: "left", Public: true}} {
			mustNot(t, ops.PutModel(ctx, m))
		}
		must[tenancy.Project](t)(ann.TurnOnModels(ctx, w.org, id, "left"))
		mustNot(t, ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("gpt-4o", "small", "mini", "theirs")}))
		mustNot(t, ops.RetireModel(ctx, "small"))
		no := access.ReasonModelNotInPlan
		want := []access.ModelStatus{
			{Model: "gpt-4o", Aliases: []tenancy.ModelID{"latest"}, Enabled: true, InPlan: true},
			{Model: "left", Enabled: true, Reasons: []access.Reason{no}},
			{Model: "mini", InPlan: true, Reasons: []access.Reason{access.ReasonModelNotEnabled}},
			{Model: "small", Enabled: true, Reasons: []access.Reason{no}},
		}
		for _, u := range people[:4] {
			got := must[[]access.ModelStatus](t)(w.As(u).ProjectModels(ctx, w.org, id))
			if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", u, diff)
			}
		}
		p := w.principal(t)
		for _, s := range must[[]access.ModelStatus](t)(ann.ProjectModels(ctx, w.org, id)) {
			if d := w.CanCall(p, s.Model); d.Allowed() != s.Callable() {
				t.Errorf("%s: callable %v, decided %+v", s.Model, s.Callable(), d)
			}
		}
		of := must[*access.Snapshot](t)(w.Snapshot(ctx)).At(time.Now()).ProjectModels(id)
		if diff := gocmp.Diff(of, must[[]access.ModelStatus](t)(ann.ProjectModels(ctx, w.org, id))); diff != "" {
			t.Errorf("(-snapshot +verb):\n%s", diff)
		}
	})
}
