package tenet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// told is what an entry says, for comparing. Subject is the kind and the user.
type told struct {
	Actor   tenancy.UserID
	Action  store.Action
	Subject string
	Project bool
	Detail  string
}

// Every verb that changes something leaves one entry, which says who did what to
// what, and shows of what changed what the log may hold.
func TestEveryVerbIsAudited(t *testing.T) {
	st := memory.New()
	w := newTownOver(t, st, importing)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	org := must[tenancy.Organization](t)(ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil", Name: "Gil", Email: "gil@example.com"},
	}))
	mem := must[store.Stored[tenancy.ProjectMember]](t)(store.One(ctx, st, tenancy.ProjectMemberRef(w.org, w.project.ID, "mem"))).Value.Membership
	for _, tt := range []struct {
		org  tenancy.OrgID
		do   func() error
		want told
	}{
		{org.ID, func() error { return nil }, told{"ops", "organization.create", "organization ", false,
			`{"member":{"email":"changed","joined":"changed","membership":[null,ID],"name":"changed","user":[null,"gil"]},` +
				`"organization":{"currency":[null,"EUR"],"name":"changed","owners":[null,["gil"]],"time_zone":[null,"UTC"]},` +
				`"subscription":{"models":[null,[]],"plan":[null,"pro"]}}`}},
		{w.org, func() error {
			return second(ops.AddMember(ctx, w.org, tenet.NewMember{User: "zoe", Role: tenancy.RoleOwner}))
		}, told{"ops", "member.add", "member zoe", false,
			`{"member":{"joined":"changed","membership":[null,ID],"user":[null,"zoe"]},"organization":{"owners":[["ann"],["ann","zoe"]]}}`}},
		{w.org, func() error {
			return ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "max", Models: tenancy.AllModels(), Maximum: tenancy.Limits{{Measure: "requests", Window: "day", Max: 9}}})
		}, told{"ops", "subscription.set", "subscription ", false,
			`{"subscription":{"maximum":[null,[{"measure":"requests","window":"day","max":9}]],"plan":["pro","max"]}}`}},
		{w.org, func() error { return ops.Suspend(ctx, w.org) }, told{"ops", "organization.suspend", "organization ", false,
			`{"organization":{"suspended":[null,AT]}}`}},
		{w.org, func() error { return ops.Resume(ctx, w.org) }, told{"ops", "organization.resume", "organization ", false,
			`{"organization":{"suspended":[AT,null]}}`}},
		{org.ID, func() error { return ops.CloseOrganization(ctx, org.ID) }, told{"ops", "organization.close", "organization ", false,
			`{"organization":{"closed":[null,AT]}}`}},
		{"", func() error { return ops.PutModel(ctx, tenancy.Model{ID: "tuned", Public: true}) }, told{"ops", "model.put", "model ", false,
			`{"model":{"public":[null,true]}}`}},
		{w.org, func() error {
			return second(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab", Models: tenancy.AllModels()}))
		}, told{"ann", "project.create", "project ", true, `{"project":{"models":[null,"all"],"name":"changed"}}`}},
		{w.org, func() error { return second(ann.RenameProject(ctx, w.org, w.project.ID, "web")) },
			told{"ann", "project.rename", "project ", true, `{"project":{"name":"changed"}}`}},
		{w.org, func() error {
			return second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("small", "gpt-4o")))
		}, told{"ann", "project.models", "project ", true, `{"project":{"models":[["gpt-4o"],["gpt-4o","small"]]}}`}},
		{w.org, func() error { return second(ann.TurnOffModels(ctx, w.org, w.project.ID, "gpt-4o")) },
			told{"ann", "project.models.off", "project ", true, `{"project":{"models":[["gpt-4o","small"],["small"]]}}`}},
		{w.org, func() error { return second(ann.TurnOnModels(ctx, w.org, w.project.ID, "gpt-4o")) },
			told{"ann", "project.models.on", "project ", true, `{"project":{"models":[["small"],["gpt-4o","small"]]}}`}},
		{w.org, func() error { return second(ann.RenameOrganization(ctx, w.org, "Acme & Co")) },
			told{"ann", "organization.rename", "organization ", false, `{"organization":{"name":"changed"}}`}},
		{w.org, func() error {
			return second(ann.SetBranding(ctx, w.org, tenancy.Branding{LogoURL: "https://acme.example/logo.svg"}))
		}, told{"ann", "organization.branding", "organization ", false, `{"organization":{"branding":"changed"}}`}},
		{w.org, func() error { return second(ann.SetTimeZone(ctx, w.org, "Asia/Kathmandu")) },
			told{"ann", "organization.time_zone", "organization ", false, `{"organization":{"time_zone":["UTC","Asia/Kathmandu"]}}`}},
		{"", func() error { return ops.RetireModel(ctx, "small") }, told{"ops", "model.retire", "model ", false, `{"model":{"retired":[null,AT]}}`}},
		{w.org, func() error { return second(w.As("pat").ArchiveProject(ctx, w.org, w.project.ID)) },
			told{"pat", "project.archive", "project ", true, `{"project":{"archived":[null,AT]}}`}},
		{w.org, func() error { return second(ann.RestoreProject(ctx, w.org, w.project.ID, "")) },
			told{"ann", "project.restore", "project ", true, `{"project":{"archived":[AT,null]}}`}},
		{w.org, func() error { return ann.SetProjectMember(ctx, w.org, w.project.ID, "rob", tenancy.RoleViewer) },
			told{"ann", "project.people.set", "project_member rob", true,
				`{"project_member":{"added":"changed","membership":[null,ID],"project":[null,ID],"role":[null,"viewer"],"user":[null,"rob"]}}`}},
		{w.org, func() error { return ann.SetProjectMember(ctx, w.org, w.project.ID, "rob", tenancy.RoleMember) },
			told{"ann", "project.people.set", "project_member rob", true, `{"project_member":{"role":["viewer","member"]}}`}},
		{w.org, func() error { return ann.RemoveProjectMember(ctx, w.org, w.project.ID, "rob") },
			told{"ann", "project.people.remove", "project_member rob", true,
				`{"project_member":{"added":"changed","membership":[ID,null],"project":[ID,null],"role":["member",null],"user":["rob",null]}}`}},
		{w.org, func() error {
			return second(w.As("rob").SetProfile(ctx, w.org, tenet.Profile{Name: "R", Email: "r@example.com"}))
		},
			told{"rob", "member.profile", "member rob", false, `{"member":{"email":"changed","name":"changed"}}`}},
		{w.org, func() error { return ann.SetRole(ctx, w.org, "rob", tenancy.RoleOwner) },
			told{"ann", "member.role", "member rob", false, `{"organization":{"owners":[["ann","zoe"],["ann","rob","zoe"]]}}`}},
		{w.org, func() error { return ann.SuspendMember(ctx, w.org, "rob") },
			told{"ann", "member.suspend", "member rob", false, `{"member":{"suspended":[null,AT]},"organization":{"owners":[["ann","rob","zoe"],["ann","zoe"]]}}`}},
		{w.org, func() error { return ann.ResumeMember(ctx, w.org, "rob") },
			told{"ann", "member.resume", "member rob", false, `{"member":{"suspended":[AT,null]}}`}},
		{w.org, func() error { return ann.RemoveMember(ctx, w.org, "rob") },
			told{"ann", "member.remove", "member rob", false,
				`{"member":{"email":"changed","joined":"changed","membership":[ID,null],"name":"changed","user":["rob",null]}}`}},
		{w.org, func() error { return w.As("zoe").LeaveOrganization(ctx, w.org) },
			told{"zoe", "member.leave", "member zoe", false,
				`{"member":{"joined":"changed","membership":[ID,null],"user":["zoe",null]},"organization":{"owners":[["ann","zoe"],["ann"]]}}`}},
		{w.org, func() error { return w.As("vic").LeaveProject(ctx, w.org, w.project.ID) },
			told{"vic", "project.leave", "project_member vic", true,
				`{"project_member":{"added":"changed","membership":[ID,null],"project":[ID,null],"role":["viewer",null],"user":["vic",null]}}`}},
		{w.org, func() error {
			return third(ann.Invite(ctx, w.org, tenet.NewInvite{Email: "i@example.com", Role: tenancy.RoleOwner}))
		},
			told{"ann", "invite.create", "invite ", false, `{"invite":{"email":"changed","expires":[null,AT],"invited_by":"changed","pepper":"changed","digest":"changed","role":[null,"owner"]}}`}},
		{w.org, func() error { return ann.RevokeInvite(ctx, w.org, w.invite.ID) },
			told{"ann", "invite.revoke", "invite ", false, `{"invite":{"revoked":[null,AT]}}`}},
		{w.org, func() error { return third(w.As("mem").CreateKey(ctx, w.org, w.project.ID, personalKey("k"))) },
			told{"mem", "key.create", "key ", true, `{"key":{"created_by":"changed","current":"changed","holder":[null,"mem"],"kind":[null,"personal"],` +
				`"membership":[null,"` + string(mem) + `"],"models":[null,"all"],"name":"changed","project":[null,ID]}}`}},
		{w.org, func() error { return second(ann.RenameKey(ctx, w.org, w.key.ID, "front end")) },
			told{"ann", "key.rename", "key ", true, `{"key":{"name":"changed"}}`}},
		{w.org, func() error {
			return second(ann.RestrictKey(ctx, w.org, w.key.ID, tenancy.Models("gpt-4o")))
		}, told{"ann", "key.restrict", "key ", true, `{"key":{"models":["all",["gpt-4o"]]}}`}},
		{w.org, func() error { return third(ann.RotateKey(ctx, w.org, w.key.ID, keys.Rotation{})) },
			told{"ann", "key.rotate", "key ", true, `{"key":{"current":"changed","previous":"changed"}}`}},
		{w.org, func() error {
			return second(ops.ImportKey(ctx, w.org, w.project.ID, tenet.ImportedKey{
				Name: "k", Kind: tenancy.KeyPersonal, Holder: "mem", SHA256: hashed(foreign), Models: tenancy.Models("gpt-4o")}))
		}, told{"ops", "key.import", "key ", true, `{"key":{"created_by":"changed","current":"changed","holder":[null,"mem"],"kind":[null,"personal"],` +
			`"membership":[null,"` + string(mem) + `"],"models":[null,["gpt-4o"]],"name":"changed","project":[null,ID]}}`}},
		{w.org, func() error { return ops.RevokeBySecret(ctx, foreign) },
			told{"ops", "key.revoke.leaked", "key ", true, `{"key":{"revoked":[null,AT]}}`}},
		{w.org, func() error { return ann.RevokeKey(ctx, w.org, w.key.ID) },
			told{"ann", "key.revoke", "key ", true, `{"key":{"revoked":[null,AT]}}`}},
	} {
		before := entries(t, st, tt.org)
		if err := tt.do(); err != nil {
			t.Errorf("%s: %v", tt.want.Action, err)
			continue
		}
		after := entries(t, st, tt.org)
		if written := len(after) - len(before); written != 1 && tt.want.Action != "organization.create" {
			t.Errorf("%s left %d entries", tt.want.Action, written)
			continue
		}
		e := after[0]
		got := told{e.Actor, e.Action, fmt.Sprint(e.Subject.Kind, " ", e.Subject.User), e.Project != "", string(e.Detail)}
		want := tt.want
		want.Detail, got.Detail = matching(t, want.Detail, got.Detail)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.want.Action, diff)
		}
	}
}

// matching is both in one form, ID and AT of want filled in as got has them where it
// has an id and a time.
func matching(t *testing.T, want, got string) (wantForm, gotForm string) {
	t.Helper()
	var w, g any
	quoted := strings.NewReplacer("ID", `"ID"`, "AT", `"AT"`).Replace(want)
	mustNot(t, json.Unmarshal([]byte(quoted), &w))
	mustNot(t, json.Unmarshal([]byte(got), &g))
	return string(must[[]byte](t)(json.Marshal(fill(w, g)))), string(must[[]byte](t)(json.Marshal(g)))
}

func fill(want, got any) any {
	switch w := want.(type) {
	case map[string]any:
		if g, ok := got.(map[string]any); ok {
			for k := range w {
				w[k] = fill(w[k], g[k])
			}
		}
	case []any:
		if g, ok := got.([]any); ok && len(g) == len(w) {
			for i := range w {
				w[i] = fill(w[i], g[i])
			}
		}
	case string:
		g, ok := got.(string)
		_, err := time.Parse(time.RFC3339, g)
		if ok && (w == "AT" && err == nil || w == "ID" && strings.Contains(g, "_") && len(g) > 26) {
			return g
		}
	}
	return want
}

// A verb that changes nothing leaves no entry.
func TestNothingChangedNothingLogged(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	before := len(entries(t, w.st, w.org))
	for name, err := range map[string]error{
		"rename":  second(ann.RenameProject(ctx, w.org, w.project.ID, "prod")),
		"restore": second(ann.RestoreProject(ctx, w.org, w.project.ID, "other")),
		"models":  second(ann.SetProjectModels(ctx, w.org, w.project.ID, tenancy.Models("gpt-4o"))),
		"role":    ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleMember),
		"remove":  ann.RemoveProjectMember(ctx, w.org, w.project.ID, "rob"),
		"member":  second(ops.AddMember(ctx, w.org, tenet.NewMember{User: "mem"})),
		"owner":   second(ops.AddMember(ctx, w.org, tenet.NewMember{User: "ann", Role: tenancy.RoleOwner})),
		"resume":  ops.Resume(ctx, w.org),
		"on":      second(ann.TurnOnModels(ctx, w.org, w.project.ID, "gpt-4o")),
		"off":     second(ann.TurnOffModels(ctx, w.org, w.project.ID, "small")),
		"none on": second(ann.TurnOnModels(ctx, w.org, w.project.ID)),
		"called":  second(ann.RenameOrganization(ctx, w.org, "Acme")),
		"brand":   second(ann.SetBranding(ctx, w.org, tenancy.Branding{})),
		"zone":    second(ann.SetTimeZone(ctx, w.org, "UTC")),
		"look":    second(ann.Project(ctx, w.org, w.project.ID)),
		"key":     second(ann.RenameKey(ctx, w.org, w.key.ID, w.key.Name)),
		"list":    second(ann.RestrictKey(ctx, w.org, w.key.ID, w.key.Models)),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := len(entries(t, w.st, w.org)) - before; n != 0 {
		t.Errorf("%d entries of nothing", n)
	}
}

// Errors say what was asked and of which kind of thing, and are told apart by
// errors.Is.
func TestErrors(t *testing.T) {
	w := newTown(t)
	_, err := w.As("nik").Project(t.Context(), w.org, w.project.ID)
	var e *tenet.Error
	if !errors.As(err, &e) || e.Op != "project.see" || e.Kind != tenancy.KindProject || e.ID != string(w.project.ID) {
		t.Errorf("error = %#v", err)
	}
	if err.Error() != "project.see: tenet: not found" {
		t.Errorf("text = %q", err)
	}
	w.faults.Set(faults.Down)
	for _, v := range verbs() {
		if err := v.do(t.Context(), w.As("ann"), w.ids()); !errors.Is(err, tenet.ErrUnavailable) || errors.Is(err, tenet.ErrNotFound) {
			t.Errorf("%s without the store: %v, want ErrUnavailable", v.name, err)
		}
		if err := v.do(t.Context(), w.As("ann").With(tenet.ChangeOptions{Op: "op-1"}), w.ids()); !errors.Is(err, tenet.ErrUnavailable) {
			t.Errorf("%s under an operation id without the store: %v, want ErrUnavailable", v.name, err)
		}
	}
	if err := second(w.As("ann").Organizations(t.Context())); !errors.Is(err, tenet.ErrUnavailable) {
		t.Errorf("Organizations without the store: %v", err)
	}
}

// F14: at whichever call of the store a verb's context ends, the verb is done whole
// or not at all.
func TestF14CancelledAnywhere(t *testing.T) {
	w := newTown(t)
	for _, method := range []faults.Method{faults.Get, faults.Commit, faults.Trail} {
		for n := 1; n <= 4; n++ {
			for _, after := range []bool{false, true} {
				name := fmt.Sprint(method, " ", n, " ", after)
				ctx, cancel := context.WithCancel(t.Context())
				w.faults.Set(faults.On(method, func(at int) faults.Fault {
					switch {
					case at != n:
						return faults.Fault{}
					case after:
						return faults.Fault{After: cancel}
					}
					return faults.Fault{Before: cancel}
				}))
				p, err := w.As("ann").With(tenet.ChangeOptions{Op: store.OperationID(name)}).CreateProject(ctx, w.org, tenet.NewProject{Name: name})
				cancel()
				w.faults.Set(nil)
				again, againErr := w.As("ann").With(tenet.ChangeOptions{Op: store.OperationID(name)}).CreateProject(t.Context(), w.org, tenet.NewProject{Name: name})
				if againErr != nil || err == nil && again.ID != p.ID {
					t.Errorf("cancelled at %s: %v; again %v", name, err, againErr)
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("cancelled at %s: %v, want context.Canceled", name, err)
				}
			}
		}
	}
	claims := 0
	for _, err := range store.Walk(t.Context(), w.under, store.NamesOf(w.org)) {
		mustNot(t, err)
		claims++
	}
	if claims != 1+3*4*2 {
		t.Errorf("%d names held, want %d: one a project", claims, 1+3*4*2)
	}
}
