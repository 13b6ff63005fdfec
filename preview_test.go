package tenet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/tenancy"
)

// ofOrg is what of effects is one organization's.
func ofOrg(e access.Effects, org tenancy.OrgID) access.Effects {
	e.Keys = slices.DeleteFunc(e.Keys, func(k access.KeyEffect) bool { return k.Org != org })
	e.People = slices.DeleteFunc(e.People, func(p access.PersonEffect) bool { return p.Org != org })
	e.Secrets = slices.DeleteFunc(e.Secrets, func(s access.SeenSecret) bool { return s.Org != org })
	return e
}

// A preview is what then happens, makes nothing happen, and is refused as the change
// is: for every verb, and everybody who may use it or may not.
func TestPreviewIsWhatHappens(t *testing.T) {
	effective := map[string]bool{}
	for _, v := range verbs() {
		if strings.HasPrefix(v.name, "Preview") {
			continue
		}
		for i, user := range people {
			w := newTown(t)
			ctx, before := t.Context(), w.everything(t)
			a := w.As(user)
			preview, err := a.Preview(ctx, w.org, func(a tenet.Actor) error { return v.do(ctx, a, w.ids()) })
			if diff := gocmp.Diff(before, w.everything(t)); diff != "" {
				t.Fatalf("%s by %s: a preview changed something (-before +after):\n%s", v.name, user, diff)
			}
			was := must[*access.Snapshot](t)(w.Snapshot(ctx)).At(time.Now())
			done := v.do(ctx, a, w.ids())
			if gocmp.Equal(before, w.everything(t)) && done == nil {
				if !errors.Is(err, tenancy.ErrInvalid) && (err != nil || !preview.Empty()) { // a verb that reads, or finds nothing to do
					t.Errorf("%s by %s changes nothing; its preview: %v %v", v.name, user, preview, err)
				}
				continue
			}
			if (err == nil) != (done == nil) || err != nil && err.Error() != done.Error() {
				t.Errorf("%s by %s: previewed %v, done %v", v.name, user, err, done)
				continue
			}
			is := must[*access.Snapshot](t)(w.Snapshot(ctx)).At(time.Now())
			happened := ofOrg(access.Compare(was, is), w.org)
			if v.may[i] == '+' && i > 0 { // who is no owner of the organization hears of what they saw
				happened = happened.Within(func(p tenancy.ProjectID) bool {
					on := access.Subject{Project: p}
					return was.Can(user, access.SeeProject, on).Allowed() || is.Can(user, access.SeeProject, on).Allowed()
				})
			}
			if diff := gocmp.Diff(happened, preview, cmpopts.EquateEmpty(), cmpopts.IgnoreFields(access.KeyEffect{}, "Key"), cmpopts.IgnoreFields(access.PersonEffect{}, "Project")); diff != "" {
				t.Errorf("%s by %s (-happened +previewed):\n%s", v.name, user, diff)
			}
			if !preview.Empty() {
				effective[v.name] = true
			}
		}
	}
	for _, name := range []string{"ArchiveProject", "RemoveMember", "SuspendMember", "SetRole/oneself", "RemoveProjectMember", "LeaveProject", "LeaveOrganization", "RevokeKey/service"} {
		if !effective[name] {
			t.Errorf("the preview of %s has no effects in any town", name)
		}
	}
}

// everything is every record and entry of both organizations and the catalogue, in
// canonical form.
func (w *town) everything(t *testing.T) (all []string) {
	t.Helper()
	add := func(v tenancy.Entity) { all = append(all, string(must[[]byte](t)(store.Marshal(v)))) }
	for _, err := range []error{
		each[tenancy.Organization](t, w, add), each[tenancy.Subscription](t, w, add), each[tenancy.Member](t, w, add), each[tenancy.Project](t, w, add),
		each[tenancy.ProjectMember](t, w, add), each[tenancy.Key](t, w, add), each[tenancy.Invite](t, w, add), each[tenancy.NameClaim](t, w, add), each[tenancy.Model](t, w, add),
	} {
		mustNot(t, err)
	}
	for _, org := range []tenancy.OrgID{"", w.org, w.other} {
		for _, e := range entries(t, w.under, org) {
			all = append(all, string(e.Op))
		}
	}
	return all
}

func each[T tenancy.Recordable](t *testing.T, w *town, do func(tenancy.Entity)) error {
	for v, err := range store.Walk(t.Context(), w.under, store.AllOf[T]()) {
		if err != nil {
			return err
		}
		do(v.Value)
	}
	return nil
}

// The preview of a removal says which keys stop, what goes out of sight, and which
// service keys have a secret that the person saw.
func TestPreviewOfARemoval(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	deploy, _, err := w.As("pat").CreateKey(ctx, w.org, w.project.ID, serviceKey("deploy"))
	mustNot(t, err)
	laptop, _, err := w.As("pat").CreateKey(ctx, w.org, w.project.ID, personalKey("laptop"))
	mustNot(t, err)
	got := must[access.Effects](t)(w.As("ann").Preview(ctx, w.org, func(a tenet.Actor) error { return a.RemoveMember(ctx, w.org, "pat") }))
	if len(got.Keys) != 1 || got.Keys[0].Key != laptop.ID || !got.Keys[0].Stops() || !slices.Equal(got.Keys[0].Reasons, []access.Reason{access.ReasonHolderMayNotCall}) {
		t.Errorf("keys: %+v", got.Keys)
	}
	if want := []access.SeenSecret{{Org: w.org, User: "pat", Project: w.project.ID, Key: deploy.ID, Name: "deploy"}}; !slices.Equal(got.Secrets, want) {
		t.Errorf("secrets: %+v, want %+v", got.Secrets, want)
	}
	if len(got.People) != 2 || got.People[0].Project != "" || got.People[1].Project != w.project.ID || !got.People[1].LosesSight() {
		t.Errorf("people: %+v", got.People)
	}
	plan := must[access.Effects](t)(w.Operator("ops").Preview(ctx, w.org, func(o tenet.Operator) error {
		return o.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("small")})
	}))
	if len(plan.Keys) != 4 || !plan.Keys[0].Stops() || !slices.Equal(plan.Keys[0].Lost, []tenancy.ModelID{"gpt-4o", "latest"}) {
		t.Errorf("a smaller plan: %+v", plan)
	}
	retired := must[access.Effects](t)(w.Operator("ops").Preview(ctx, w.org, func(o tenet.Operator) error { return o.RetireModel(ctx, "gpt-4o") }))
	if len(retired.Keys) != 4 || len(retired.People)+len(retired.Secrets) != 0 {
		t.Errorf("a model retired: %+v", retired)
	}
}

// Nothing comes out of a verb that is only looked at, and what is no preview says so.
func TestPreviewGivesNothingOut(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	var k tenancy.Key
	var secret keys.Secret
	effects := must[access.Effects](t)(ann.Preview(ctx, w.org, func(a tenet.Actor) (err error) {
		k, secret, err = a.CreateKey(ctx, w.org, w.project.ID, serviceKey("new"))
		return err
	}))
	if secret.Reveal() != "" || k.ID != "" || len(effects.Keys) != 1 || len(effects.Keys[0].Gained) == 0 {
		t.Errorf("key %q, effects %+v", k.ID, effects)
	}
	archive := func(a tenet.Actor) error { return second(a.ArchiveProject(ctx, w.org, w.project.ID)) }
	for name, change := range map[string]func(tenet.Actor) error{
		"nothing":           func(tenet.Actor) error { return nil },
		"a verb that reads": func(a tenet.Actor) error { return second(a.Organization(ctx, w.org)) },
		"an error that is swallowed": func(a tenet.Actor) error {
			_ = archive(a)
			return nil
		},
		"two verbs": func(a tenet.Actor) error {
			_ = archive(a)
			return archive(a)
		},
		"another organization": func(tenet.Actor) error {
			return second(w.As("otto").Preview(ctx, w.org, func(a tenet.Actor) error { return second(a.ArchiveProject(ctx, w.other, w.shop.ID)) }))
		},
	} {
		before := w.everything(t)
		if _, err := ann.Preview(ctx, w.org, change); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
		if !slices.Equal(before, w.everything(t)) {
			t.Errorf("%s changed something", name)
		}
	}
	own := errors.New("the host's own")
	if _, err := ann.Preview(ctx, w.org, func(tenet.Actor) error { return own }); !errors.Is(err, own) {
		t.Errorf("an error of the host's: %v", err)
	}
}

// Options of the change go with its preview: it stays one, and is refused as the change
// under them is.
func TestPreviewUnderOptions(t *testing.T) {
	w := newTown(t)
	ctx, ops, before := t.Context(), w.Operator("ops"), w.everything(t)
	rev := must[store.Stored[tenancy.Member]](t)(w.As("mem").Identity(ctx, w.org)).Rev
	for _, tt := range []struct {
		name string
		o    tenet.ChangeOptions
		want error
	}{
		{"none", tenet.ChangeOptions{}, nil},
		{"on behalf", tenet.ChangeOptions{OnBehalf: "pat"}, nil},
		{"an operation id", tenet.ChangeOptions{Op: "remove-mem"}, nil},
		{"the revision that is", tenet.ChangeOptions{IfRev: rev}, nil},
		{"another revision", tenet.ChangeOptions{IfRev: rev + 1}, tenet.ErrStale},
	} {
		removal, err := w.As("ann").Preview(ctx, w.org, func(a tenet.Actor) error { return a.With(tt.o).RemoveMember(ctx, w.org, "mem") })
		if !errors.Is(err, tt.want) || removal.Empty() != (tt.want != nil) {
			t.Errorf("%s: %v, %v", tt.name, removal, err)
		}
		if tt.o.IfRev == 0 {
			end, err := ops.Preview(ctx, w.org, func(o tenet.Operator) error { return o.With(tt.o).CloseOrganization(ctx, w.org) })
			if err != nil || end.Empty() {
				t.Errorf("%s, of the operator: %v, %v", tt.name, end, err)
			}
		}
	}
	if diff := gocmp.Diff(before, w.everything(t)); diff != "" {
		t.Errorf("a preview changed something (-before +after):\n%s", diff)
	}
}

// A change that somebody else's overtakes, between its rules and the reading of the
// organization, is looked at anew: it is said of the organization as it is then.
func TestPreviewIsOvertaken(t *testing.T) {
	for reading := 1; reading < 8; reading++ {
		w := newTown(t)
		ctx, ann := t.Context(), w.As("ann")
		overtaken := false
		w.faults.Set(faults.Nth(faults.Get, reading, faults.Fault{Before: func() {
			overtaken = true
			mustNot(t, ann.SetRole(ctx, w.org, "rob", tenancy.RoleOwner))
		}}))
		got, err := ann.Preview(ctx, w.org, func(a tenet.Actor) error { return a.RemoveMember(ctx, w.org, "rob") })
		if err != nil || len(got.People) == 0 || got.People[0].After.Role != "" {
			t.Errorf("overtaken at reading %d: %v, %v", reading, got, err)
		}
		if !overtaken && reading < 5 {
			t.Errorf("only %d readings", reading-1)
		}
	}
}

// Explain tells of models no more than the project's page does.
func TestA15ExplainIsNoOracle(t *testing.T) {
	w := newTown(t)
	ctx, ops, vic := t.Context(), w.Operator("ops"), w.As("vic")
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "hidden", Public: true}))
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "nick", Alias: "hidden"}))
	mustNot(t, ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("small")}))
	want := must[access.Explanation](t)(vic.Explain(ctx, w.org, w.key.ID, "unheard-of"))
	if !slices.Equal(want.Reasons, []access.Reason{access.ReasonModelUnknown}) {
		t.Errorf("a model that is not there: %+v", want)
	}
	for _, m := range []tenancy.ModelID{"hidden", "nick"} {
		if got := must[access.Explanation](t)(vic.Explain(ctx, w.org, w.key.ID, m)); !gocmp.Equal(want, got) {
			t.Errorf("%s: %+v, want what a model has that is not there", m, got)
		}
	}
	for m, reasons := range map[tenancy.ModelID][]access.Reason{
		"gpt-4o": {access.ReasonModelNotInPlan}, "latest": {access.ReasonModelNotInPlan}, "small": {access.ReasonModelNotEnabled}, "": {access.ReasonNoModel},
	} {
		if got := must[access.Explanation](t)(vic.Explain(ctx, w.org, w.key.ID, m)); !slices.Equal(got.Reasons, reasons) {
			t.Errorf("%q: %v, want %v", m, got.Reasons, reasons)
		}
	}
}

// The matrices are the picture's, and no more of the organization than is asked for.
func TestMatrices(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx := t.Context()
		must[tenancy.Project](t)(w.As("ann").CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
		view := must[*access.Snapshot](t)(w.Snapshot(ctx)).At(time.Now())
		if diff := gocmp.Diff(view.People(w.org), must[access.PeopleMatrix](t)(w.As("ann").AccessMatrix(ctx, w.org))); diff != "" {
			t.Errorf("people (-snapshot +actor):\n%s", diff)
		}
		if diff := gocmp.Diff(view.Keys(w.project.ID), must[access.KeyMatrix](t)(w.As("vic").KeyMatrix(ctx, w.org, w.project.ID))); diff != "" {
			t.Errorf("keys (-snapshot +actor):\n%s", diff)
		}
	})
}

// What a change would do is read whole, whatever goes on meanwhile.
func TestPreviewBesideWriters(t *testing.T) {
	w := newTown(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		for i := 0; ; i++ {
			role := []tenancy.Role{tenancy.RoleOwner, tenancy.RoleMember}[i%2]
			if err := errors.Join(w.As("ann").SetRole(ctx, w.org, "rob", role), w.As("ann").RemoveMember(ctx, w.org, "mem"),
				second(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "mem", Role: tenancy.RoleOwner}))); err != nil {
				done <- err
				return
			}
		}
	}()
	for range 50 {
		effects := must[access.Effects](t)(w.As("ann").Preview(t.Context(), w.org, func(a tenet.Actor) error {
			return second(a.ArchiveProject(t.Context(), w.org, w.project.ID))
		}))
		if effects.Empty() {
			t.Fatal("archiving has no effects")
		}
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// A15: a preview tells nothing of projects that the actor does not see, though the change
// reaches into them: here a place in a project that was archived, of which the member who
// leaves may not hear any more.
func TestA15PreviewTellsOfNoHiddenProject(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	old := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "old", Models: tenancy.Models("gpt-4o")}))
	mustNot(t, ann.SetProjectMember(ctx, w.org, old.ID, "mem", tenancy.RoleMember))
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, old.ID))
	tells := func(e access.Effects, project tenancy.ProjectID) bool {
		return slices.ContainsFunc(e.People, func(p access.PersonEffect) bool { return p.Project == project })
	}
	own := must[access.Effects](t)(w.As("mem").Preview(ctx, w.org, func(a tenet.Actor) error { return a.LeaveOrganization(ctx, w.org) }))
	if tells(own, old.ID) || !tells(own, w.project.ID) {
		t.Errorf("to who leaves: %v", own)
	}
	owners := must[access.Effects](t)(ann.Preview(ctx, w.org, func(a tenet.Actor) error { return a.RemoveMember(ctx, w.org, "mem") }))
	if !tells(owners, old.ID) || !tells(owners, w.project.ID) {
		t.Errorf("to an owner: %v", owners)
	}
}
