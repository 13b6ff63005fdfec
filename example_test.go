package tenet_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"example.com/tenet"
	"example.com/tenet/access/accesstest"
	"example.com/tenet/keys"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// upstreamKey is the host's credential at the upstream.
const upstreamKey = "sk-the-hosts-own"

// exampleFiles returns a path for a database, a pepper, and the URL of an upstream
// that answers every call.
func exampleFiles() (path string, pepper []byte, upstream string) {
	dir, err := os.MkdirTemp("", "tenet")
	check(err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5}}`)
	}))
	return filepath.Join(dir, "tenet.db"), []byte("32 random bytes from the secrets"), s.URL
}

// A reverse proxy becomes a gateway with organizations, projects and keys.
func Example() {
	path, secret, upstreamURL := exampleFiles()
	defer os.RemoveAll(filepath.Dir(path))

	ctx := context.Background()
	st, err := sqlitefile.Open(ctx, path)
	check(err)
	defer st.Close()
	pepper, err := keys.NewPepper("2026-11", secret) // 32 random bytes, kept apart from the database
	check(err)
	peppers, err := keys.NewPeppers(pepper)
	check(err)
	t, err := tenet.Open(ctx, st, &tenet.Options{Peppers: peppers})
	check(err)
	defer t.Close()

	ops, ann := t.Operator("ops"), t.As("ann") // user ids are those of your own login
	check(ops.PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true}))
	org, err := ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	})
	check(err)
	prod, err := ann.CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: tenancy.Models("gpt-4o")})
	check(err)
	_, key, err := ann.CreateKey(ctx, org.ID, prod.ID, tenet.NewKey{
		Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels(),
	})
	check(err)

	upstream, err := url.Parse(upstreamURL)
	check(err)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(upstream)
		r.Out.Header.Set("Authorization", "Bearer "+upstreamKey) // the client's own is gone already
	}}
	gateway := httptest.NewServer(t.Handler(proxy)) // or http.ListenAndServe
	defer gateway.Close()
	for _, model := range []string{"gpt-4o", "gpt-5"} {
		req, _ := http.NewRequest(http.MethodPost, gateway.URL+"/v1/chat/completions", strings.NewReader(`{"model":"`+model+`"}`))
		req.Header.Set("Authorization", "Bearer "+key.Reveal())
		req.Header.Set("Content-Type", "application/json")
		res, err := http.DefaultClient.Do(req)
		check(err)
		res.Body.Close()
		fmt.Println(model, res.Status)
	}
	// Output:
	// gpt-4o 200 OK
	// gpt-5 404 Not Found
}

// A policy is tested without a store: a small world in names, and what is expected of
// it, each line with its why. One of these lines is wrong.
func Example_policyTest() {
	var w accesstest.World // in a test, accesstest.New(t)
	w.Models("gpt-5", "claude-4", "fast = gpt-5")
	acme := w.Org("acme").Plan("gpt-5").Owners("ann").Members("bob", "vic")
	web := acme.Project("web").Models(accesstest.All).Owners("bob").Viewers("vic")
	web.Key("ci")

	err := accesstest.Check(w.View(), `
		# Who runs a project decides about it. Viewers look on.
		ann, bob  archive_project, change_models  acme/web  -> allow
		vic       archive_project, change_models  acme/web  -> deny forbidden
		vic       calls gpt-5 in acme/web                   -> deny holder_may_not_call

		ci        calls fast      -> allow                    # an alias of what the plan has
		ci        calls claude-4  -> deny model_not_enabled   # our plan is small
	`) // in a test, accesstest.Run(t, w.View(), …)

	fmt.Println(err)
	// Output:
	// accesstest: 1 of 9 expectations fail
	//
	//     line 8: ci calls claude-4
	//         want  deny model_not_enabled
	//         got   deny model_not_in_plan
	//         who   ci is a service key of acme/web
	//         why   our plan is small
}

// Without net/http: the same steps on plain values.
func ExampleTenet_Begin() {
	t, token := exampleTenet()
	defer t.Close()
	ctx := context.Background()

	principal, d := t.Authenticate(ctx, token)
	if !d.Allowed() {
		fmt.Println("refused:", tenet.ErrorOf(d).Message)
		return
	}
	call, d := t.Begin(ctx, principal, "gpt-4o", tenet.Estimate{})
	if !d.Allowed() {
		fmt.Println("refused:", tenet.ErrorOf(d).Message)
		return
	}
	fmt.Println("serve", call.Model())
	err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200})
	fmt.Println("recorded:", err == nil)
	// Output:
	// serve gpt-4o
	// recorded: true
}

// exampleTenet is a Tenet in memory with one key, which may call gpt-4o.
func exampleTenet() (t *tenet.Tenet, token string) {
	pepper, err := keys.NewPepper("2026-11", []byte("32 random bytes from the secrets"))
	check(err)
	peppers, err := keys.NewPeppers(pepper)
	check(err)
	ctx := context.Background()
	t, err = tenet.Open(ctx, memory.New(), &tenet.Options{Peppers: peppers})
	check(err)
	check(t.Operator("ops").PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true}))
	org, err := t.Operator("ops").CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	})
	check(err)
	prod, err := t.As("ann").CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: tenancy.AllModels()})
	check(err)
	_, secret, err := t.As("ann").CreateKey(ctx, org.ID, prod.ID, tenet.NewKey{
		Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels(),
	})
	check(err)
	return t, secret.Reveal()
}
