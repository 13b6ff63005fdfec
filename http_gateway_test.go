package tenet_test

import (
	"context"
	"encoding/json"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const chatBody = `{"model":"m1","messages":[]}`

// hostKey is the one credential that the host has upstream, for all tenants.
const hostKey = "Bearer sk-host"

// gateway is a host: a Tenet over a store in memory, its handler in front of the
// standard library's reverse proxy, and an upstream, over real sockets.
type gateway struct {
	*tenet.Tenet
	org     tenancy.Organization
	project tenancy.Project
	key     tenancy.Key
	token   string
	url     string
	handler http.Handler
	running sync.WaitGroup // handlers of the front

	mu   sync.Mutex
	seen []*http.Request // by the upstream; bodies are read
	sent []string        // their bodies
}

func newGateway(t testing.TB, o *tenet.HTTPOptions, upstream http.HandlerFunc) *gateway {
	t.Helper()
	g := &gateway{}
	g.populate(t, o)
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		g.mu.Lock()
		g.seen, g.sent = append(g.seen, r), append(g.sent, string(body))
		g.mu.Unlock()
		upstream(w, r)
	}))
	t.Cleanup(origin.Close)
	g.serve(t, proxyTo(t, origin.URL))
	return g
}

func proxyTo(t testing.TB, origin string) http.Handler {
	t.Helper()
	target, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	return &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Header.Set("Authorization", hostKey)
		},
		ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serve puts the handler in front of next on a socket.
func (g *gateway) serve(t testing.TB, next http.Handler) {
	t.Helper()
	g.handler = g.Handler(next)
	front := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.running.Add(1)
		defer g.running.Done()
		g.handler.ServeHTTP(w, r)
	}))
	front.Config.ErrorLog = log.New(io.Discard, "", 0)
	front.Start()
	t.Cleanup(front.Close)
	g.url = front.URL
}

// populate makes an organization of ann's with a project that has two of three
// models, an alias, and a service key; and another organization of zoe's.
func (g *gateway) populate(t testing.TB, o *tenet.HTTPOptions) {
	t.Helper()
	ctx := t.Context()
	var err error
	if g.Tenet, err = tenet.Open(ctx, memory.New(), &tenet.Options{Peppers: onePepper(t), HTTP: o}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	prices := []tenancy.Price{
		{Unit: tenancy.UnitInput, Currency: "EUR", Nano: 2500}, {Unit: tenancy.UnitOutput, Currency: "EUR", Nano: 10000},
	}
	for _, m := range []tenancy.Model{
		{ID: "m1", Public: true, Prices: prices}, {ID: "vendor/m2", Public: true}, {ID: "m3", Public: true},
		{ID: "latest", Alias: "m1"},
	} {
		if err := g.Operator("ops").PutModel(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	g.org = g.organization(t, "Acme", "ann")
	if g.project, err = g.As("ann").CreateProject(ctx, g.org.ID, tenet.NewProject{Name: "prod", Models: tenancy.Models("m1", "vendor/m2")}); err != nil {
		t.Fatal(err)
	}
	g.key, g.token = g.newKey(t)
}

func onePepper(t testing.TB) *keys.Peppers {
	t.Helper()
	pepper, err := keys.NewPepper("p1", []byte("an example pepper of 32 bytes ok"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.NewPeppers(pepper)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func (g *gateway) organization(t testing.TB, name string, owner tenancy.UserID) tenancy.Organization {
	t.Helper()
	org, err := g.Operator("ops").CreateOrganization(t.Context(), tenet.NewOrganization{
		Name: name, Currency: "EUR", Owner: tenet.NewMember{User: owner}, Plan: "pro", Models: tenancy.AllModels(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return org
}

func (g *gateway) newKey(t testing.TB) (tenancy.Key, string) {
	t.Helper()
	key, secret, err := g.As("ann").CreateKey(t.Context(), g.org.ID, g.project.ID,
		tenet.NewKey{Name: "backend", Kind: tenancy.KeyService, Models: tenancy.AllModels()})
	if err != nil {
		t.Fatal(err)
	}
	return key, secret.Reveal()
}

// request is a good call of m1; change what is to be tried.
func (g *gateway) request(t testing.TB, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, g.url+"/v1/chat/completions", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+g.token)
	r.Header.Set("Content-Type", "application/json")
	return r
}

// answer is a response with its body read as far as it came.
type answer struct {
	*http.Response
	body string
	err  error // of reading the body
}

func (g *gateway) do(t testing.TB, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, string(body), err}
}

// code is the error's code, after checking that it is an answer that clients can read.
func (a answer) code(t testing.TB) string {
	t.Helper()
	var body struct {
		Error struct {
			Message, Type string
			Code, Param   *string
		}
	}
	if err := json.Unmarshal([]byte(a.body), &body); err != nil || body.Error.Message == "" || body.Error.Type == "" || body.Error.Code == nil {
		t.Fatalf("%d with no error that clients can read (%v): %s", a.StatusCode, err, a.body)
	}
	if a.Header.Get("Content-Type") != "application/json" || !strings.HasPrefix(a.Header.Get("X-Request-Id"), "req_") {
		t.Errorf("headers of an error: %v", a.Header)
	}
	return *body.Error.Code
}

// calls is how many requests reached the upstream.
func (g *gateway) calls() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.seen)
}

func (g *gateway) last(t testing.TB) (*http.Request, string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.seen) == 0 {
		t.Fatal("nothing reached the upstream")
	}
	return g.seen[len(g.seen)-1], g.sent[len(g.sent)-1]
}

// records are those of the project, newest first, once every handler has ended.
func (g *gateway) records(t testing.TB) []usage.Record {
	t.Helper()
	g.running.Wait()
	page, err := g.As("ann").Activity(context.Background(), g.org.ID, g.project.ID, tenet.ActivityQuery{})
	if err != nil {
		t.Fatal(err)
	}
	records := make([]usage.Record, len(page.Rows))
	for i, row := range page.Rows {
		records[i] = row.Record
	}
	return records
}

func (g *gateway) record(t testing.TB) usage.Record {
	t.Helper()
	rs := g.records(t)
	if len(rs) != 1 {
		t.Fatalf("%d records, want 1: %+v", len(rs), rs)
	}
	return rs[0]
}

// answering is an upstream that answers with JSON.
func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const okBody = `{"id":"c","choices":[{"message":{"content":"\"usage\":{"}}],"usage":{"prompt_tokens":1000,"completion_tokens":10}}`

func tokens(in, out int64) usage.Units {
	return usage.Units{}.With(tenancy.UnitInput, in).With(tenancy.UnitOutput, out)
}
