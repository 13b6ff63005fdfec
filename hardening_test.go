package tenet_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// An operation id is no way round a right that was taken away meanwhile.
func TestReplayAfterRemoval(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	rename, create := tenet.ChangeOptions{Op: "rename"}, tenet.ChangeOptions{Op: "create"}
	again := func() (p tenancy.Project, k tenancy.Key, errs [2]error) {
		p, errs[0] = w.As("pat").With(rename).RenameProject(ctx, w.org, w.project.ID, "two")
		k, _, errs[1] = w.As("pat").With(create).CreateKey(ctx, w.org, w.project.ID, serviceKey("svc"))
		return p, k, errs
	}
	if _, _, errs := again(); errs != [2]error{} {
		t.Fatal(errs)
	}
	if p, k, errs := again(); errs[0] != nil || !errors.Is(errs[1], tenet.ErrSecretShown) || p.Name != "two" || k.Name != "svc" {
		t.Errorf("in good standing: %+v, %+v, %v", p, k, errs)
	}
	mustNot(t, w.As("ann").RemoveProjectMember(ctx, w.org, w.project.ID, "pat"))
	p, k, errs := again()
	if p.ID != "" || k.ID != "" || !errors.Is(errs[0], tenet.ErrNotFound) || !errors.Is(errs[1], tenet.ErrNotFound) {
		t.Errorf("removed: %+v, %+v, %v; want ErrNotFound and nothing", p, k, errs)
	}
}

// Whether somebody used an operation id is told to nobody else's organization.
func TestOperationIDsAreNoOracle(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	must[tenancy.Project](t)(w.As("ann").With(tenet.ChangeOptions{Op: "used"}).CreateProject(ctx, w.org, tenet.NewProject{Name: "x"}))
	for _, user := range []tenancy.UserID{"otto", "nik", "mem"} {
		want := tenet.ErrNotFound
		if user == "mem" {
			want = tenet.ErrForbidden
		}
		for _, op := range []store.OperationID{"used", "unused"} {
			_, err := w.As(user).With(tenet.ChangeOptions{Op: op}).CreateProject(ctx, w.org, tenet.NewProject{Name: "y"})
			if !errors.Is(err, want) {
				t.Errorf("%s under %s: %v, want %v", user, op, err, want)
			}
		}
	}
}

// What a verb says is done is done for this process's next decision, whoever did it.
func TestA26DoneElsewhere(t *testing.T) {
	st := memory.New()
	slow := func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second }
	for _, op := range [][2]store.OperationID{{}, {"leak", "leak"}, {"leak", "another"}} {
		w := newWorld(t, faulty(new(faults.Injector), st), slow)
		ctx := t.Context()
		here := open(t, st, slow)
		p, d := here.Authenticate(ctx, w.secret.Reveal())
		if !d.Allowed() {
			t.Fatal(d)
		}
		mustNot(t, w.As("ann").With(tenet.ChangeOptions{Op: op[0]}).RevokeKey(ctx, w.org, w.key.ID))
		mustNot(t, here.As("ann").With(tenet.ChangeOptions{Op: op[1]}).RevokeKey(ctx, w.org, w.key.ID))
		if d := here.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("under ids %q: %+v, want it revoked", op, d)
		}
		st = memory.New()
	}
}

// A change that found nothing to do is done, also under its id.
func TestRepeatedWithoutEffect(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	late := w.As("ann").With(tenet.ChangeOptions{Op: "archive"})
	must[tenancy.Project](t)(w.As("ann").ArchiveProject(ctx, w.org, w.project.ID))
	must[tenancy.Project](t)(late.ArchiveProject(ctx, w.org, w.project.ID))
	must[tenancy.Project](t)(w.As("ann").RestoreProject(ctx, w.org, w.project.ID, ""))
	if p := must[tenancy.Project](t)(late.ArchiveProject(ctx, w.org, w.project.ID)); !p.Archived.IsZero() {
		t.Error("a repetition of what was done archived the project again")
	}
}

// A project's activity names no model that the project may not hear of.
func TestActivityIsNoOracle(t *testing.T) {
	w := newTown(t)
	ctx, ops := t.Context(), w.Operator("ops")
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "hidden", Public: true}))
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "nick", Alias: "hidden"}))
	mustNot(t, ops.SetSubscription(ctx, tenancy.Subscription{Org: w.org, Plan: "basic", Models: tenancy.Models("small")}))
	p := w.principal(t)
	for _, m := range []tenancy.ModelID{"hidden", "nick", "no-such"} {
		w.Begin(ctx, p, m, tenet.Estimate{})
	}
	rows := activity(t, w.world)
	if len(rows) != 1 || rows[0].Count != 3 || rows[0].Reason != access.ReasonModelUnknown {
		t.Errorf("activity = %+v, want three refusals that cannot be told apart", rows)
	}
	w.Begin(ctx, p, "gpt-4o", tenet.Estimate{}) // which the project has turned on, and the plan has no more
	if rows := activity(t, w.world); len(rows) != 2 || rows[0].Served != "gpt-4o" || rows[0].Reason != access.ReasonModelNotInPlan {
		t.Errorf("activity = %+v, want the model that the project turned on by name", rows)
	}
}

// A8, B10: what cannot work is refused when it is opened, and nothing panics.
func TestB10Nils(t *testing.T) {
	var none *memory.Store
	var missing context.Context
	for name, open := range map[string]func() (*tenet.Tenet, error){
		"typed nil store": func() (*tenet.Tenet, error) {
			return tenet.Open(t.Context(), none, &tenet.Options{Peppers: peppers(t)})
		},
		"zero peppers": func() (*tenet.Tenet, error) {
			return tenet.Open(t.Context(), memory.New(), &tenet.Options{Peppers: &keys.Peppers{}})
		},
		"nil context": func() (*tenet.Tenet, error) {
			return tenet.Open(missing, memory.New(), &tenet.Options{Peppers: peppers(t)})
		},
	} {
		if _, err := open(); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	var nobody tenet.Actor
	if _, err := nobody.Organization(t.Context(), "org_1"); !errors.Is(err, tenet.ErrClosed) {
		t.Errorf("the zero Actor: %v, want ErrClosed", err)
	}
	if _, d := nobody.Begin(t.Context(), "org_1", "proj_1", "m", tenet.Estimate{}); d.Effect != access.Deny {
		t.Errorf("the zero Actor begins: %+v", d)
	}
	w := newTown(t)
	if _, err := w.As("ann").CreateProject(missing, w.org, tenet.NewProject{Name: "n"}); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("nil context: %v, want ErrInvalid", err)
	}
	if _, d := w.Authenticate(missing, nobodys(t)); d.Effect != access.Unavailable {
		t.Errorf("nil context: %+v, want Unavailable", d)
	}
}

// reading counts what is read of a body.
type reading struct {
	io.Reader
	n int
}

func (r *reading) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += n
	return n, err
}

func (g *gateway) post(body io.Reader, token string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", body)
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	g.handler.ServeHTTP(w, r)
	return w
}

// A middleware in front may unpack a body and leave its length as it was.
func TestHTTPBodyLongerThanItsLength(t *testing.T) {
	g := newGateway(t, nil, func(http.ResponseWriter, *http.Request) {})
	r := httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader("{}"))
	r.Body = io.NopCloser(strings.NewReader(`{"model":"m1","messages":[]}`))
	r.Header.Set("Authorization", "Bearer "+g.token)
	r.Header.Set("Content-Type", "application/json")
	status := make(chan int, 1)
	go func() {
		w := httptest.NewRecorder()
		g.handler.ServeHTTP(w, r)
		status <- w.Code
	}()
	select {
	case got := <-status:
		if got != http.StatusBadRequest {
			t.Errorf("status %d, want 400", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("reading the body has no end")
	}
}

// A key that may call nothing is told so before its body takes room.
func TestHTTPBarredBeforeTheBody(t *testing.T) {
	g := newGateway(t, nil, func(http.ResponseWriter, *http.Request) {})
	mustNot(t, g.Operator("ops").Suspend(t.Context(), g.org.ID))
	body := &reading{Reader: strings.NewReader(strings.Repeat(" ", 1<<20))}
	if w := g.post(body, g.token); w.Code != http.StatusForbidden || body.n != 0 {
		t.Errorf("status %d after %d bytes, want 403 after none", w.Code, body.n)
	}
}

// Slow uploads of one key leave room for the others.
func TestHTTPOneKeysShare(t *testing.T) {
	leave := make(chan struct{})
	g := newGateway(t, &tenet.HTTPOptions{MaxBody: 20_000, MaxBuffered: 100_000}, func(http.ResponseWriter, *http.Request) { <-leave })
	_, other, err := g.As("ann").CreateKey(t.Context(), g.org.ID, g.project.ID, serviceKey("other"))
	mustNot(t, err)
	body := func() io.Reader { return strings.NewReader(chatBody + strings.Repeat(" ", 19_000)) }
	statuses := make(chan int, 4)
	for range 3 {
		go func() { statuses <- g.post(body(), g.token).Code }()
	}
	if status := <-statuses; status != http.StatusServiceUnavailable {
		t.Errorf("the third of one key: %d, want 503", status)
	}
	go func() { statuses <- g.post(body(), other.Reveal()).Code }()
	for range 3 {
		leave <- struct{}{}
	}
	for range 3 {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("status %d, want 200", status)
		}
	}
}
