package tenet_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestHTTPCall(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	r := g.request(t, `{"model":"latest","messages":[]}`)
	r.Header.Set("X-Request-Id", "of-the-client")
	a := g.do(t, r)
	if a.StatusCode != http.StatusOK || a.body != okBody {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	seen, body := g.last(t)
	if body != `{"model":"m1","messages":[]}` {
		t.Errorf("the upstream was sent %s", body)
	}
	rec := g.record(t)
	want := usage.Record{
		ID: rec.ID, At: rec.At, Latency: rec.Latency, Org: g.org.ID, Project: g.project.ID, Key: g.key.ID, Requested: "latest", Served: "m1",
		Outcome: usage.OutcomeOK, Status: 200, Units: rec.Units, RequestID: a.Header.Get("X-Request-Id"),
		Cost: usage.Money{Micro: 2600, Known: true}, Count: 1,
	}
	if diff := cmp.Diff(want, rec, cmp.Comparer(func(a, b usage.Units) bool { return a == b })); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if rec.Units != tokens(1000, 10).With(tenancy.UnitRequests, 1) {
		t.Errorf("units %+v", rec.Units)
	}
	if len(a.Header.Values("X-Request-Id")) != 1 || rec.RequestID == "" || seen.Header.Get("X-Request-Id") != rec.RequestID {
		t.Errorf("request ids: answer %q, record %q, upstream %q", a.Header.Values("X-Request-Id"), rec.RequestID, seen.Header.Get("X-Request-Id"))
	}
}

// unread fails a test that reads it.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

func TestHTTPBodyIsReadLast(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	for _, tt := range []struct {
		name   string
		change func(*http.Request)
	}{
		{"no key", func(r *http.Request) { r.Header.Del("Authorization") }},
		{"an unknown key", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }},
		{"a foreign project", func(r *http.Request) { r.Header.Set("OpenAI-Project", "x") }},
		{"another content type", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }},
		{"an encoding", func(r *http.Request) { r.Header.Set("Content-Encoding", "gzip") }},
		{"a length beyond the bound", func(r *http.Request) { r.ContentLength = 33 << 20 }},
		{"another route", func(r *http.Request) { r.URL.Path = "/v1/files" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request(t, chatBody)
			r.Body = io.NopCloser(unread{t})
			tt.change(r)
			w := httptest.NewRecorder()
			g.handler.ServeHTTP(w, r)
			if w.Code < 400 {
				t.Errorf("%d", w.Code)
			}
		})
	}
}

// What next is handed, beyond what goes over the wire.
func TestHTTPNextGets(t *testing.T) {
	g := &gateway{}
	g.populate(t, nil)
	g.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, err := io.ReadAll(r.Body)
		again, againErr := r.GetBody()
		if err != nil || againErr != nil {
			t.Error(err, againErr)
			return
		}
		second, _ := io.ReadAll(again)
		if len(first) == 0 || !bytes.Equal(first, second) || r.ContentLength != int64(len(first)) {
			t.Errorf("body %q, again %q, length %d", first, second, r.ContentLength)
		}
		if strings.Contains(fmt.Sprintf("%+v", *r), g.token) || strings.Contains(fmt.Sprintf("%+v", *r), "sk-other") {
			t.Errorf("a credential is left in %+v", *r)
		}
		if call := tenet.CallFrom(r.Context()); call.Model() != "m1" || call.Subject().Key != g.key.ID {
			t.Errorf("call of %q by %+v", call.Model(), call.Subject())
		}
		if _, _, err := http.NewResponseController(w).Hijack(); err == nil {
			t.Error("the connection could be taken away")
		}
		if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute)); err != nil {
			t.Errorf("deadlines: %v", err)
		}
		if err := http.NewResponseController(w).Flush(); err != nil {
			t.Errorf("flush before the header: %v", err)
		}
	}))
	inner := g.handler
	g.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm() // as some middleware before us may
		inner.ServeHTTP(w, r)
	})
	r := g.request(t, chatBody)
	r.URL.RawQuery = "key=sk-other"
	r.Header.Set("X-Api-Key", "sk-other")
	if a := g.do(t, r); a.StatusCode != http.StatusOK || a.body != "" {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	if rec := g.record(t); rec.Outcome != usage.OutcomeOK || rec.Status != 200 {
		t.Errorf("record of an empty answer: %+v", rec)
	}
	if tenet.CallFrom(context.Background()) != nil {
		t.Error("a call out of nothing")
	}
}

func TestHTTPContent(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	for _, tt := range []struct {
		name, header, value string
		status              int
	}{
		{"parameters", "Content-Type", `application/json; charset="utf-8"`, 200},
		{"another case", "Content-Type", "Application/JSON", 200},
		{"identity", "Content-Encoding", "Identity", 200},
		{"no type", "Content-Type", "", 415},
		{"form", "Content-Type", "application/x-www-form-urlencoded", 415},
		{"multipart", "Content-Type", "multipart/form-data; boundary=x", 415},
		{"like JSON", "Content-Type", "application/json+x", 415},
		{"no type at all", "Content-Type", "json", 415},
		{"gzip", "Content-Encoding", "gzip", 415},
		{"two encodings", "Content-Encoding", "identity, gzip", 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request(t, chatBody)
			r.Header[tt.header] = []string{tt.value}
			if a := g.do(t, r); a.StatusCode != tt.status {
				t.Errorf("%d, want %d", a.StatusCode, tt.status)
			}
		})
	}
	r := g.request(t, chatBody)
	r.Header["Content-Type"] = []string{"application/json", "text/plain"}
	if a := g.do(t, r); a.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("two types: %d", a.StatusCode)
	}
	r = g.request(t, chatBody)
	r.URL.RawQuery = "Model=m3"
	if a := g.do(t, r); a.StatusCode != http.StatusBadRequest {
		t.Errorf("a model in the query: %d", a.StatusCode)
	}
}

func TestHTTPBodyBound(t *testing.T) {
	const bound = 200 << 10 // more than the first buffer
	g := newGateway(t, &tenet.HTTPOptions{MaxBody: bound}, answering(200, okBody))
	of := func(size int) string { return chatBody + strings.Repeat(" ", size-len(chatBody)) }
	for _, tt := range []struct {
		name    string
		size    int
		chunked bool
		status  int
	}{
		{"small", 1000, false, 200},
		{"at the bound", bound, false, 200},
		{"one above", bound + 1, false, 413},
		{"chunked, small", 1000, true, 200},
		{"chunked, at the bound", bound, true, 200},
		{"chunked, one above", bound + 1, true, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request(t, of(tt.size))
			if tt.chunked {
				r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader(of(tt.size)))
			}
			before := g.calls()
			a := g.do(t, r)
			if a.StatusCode != tt.status {
				t.Fatalf("%d, want %d", a.StatusCode, tt.status)
			}
			if tt.status != 200 {
				if a.code(t) != "body_too_large" || g.calls() != before {
					t.Errorf("%s, %d calls", a.body, g.calls()-before)
				}
			} else if _, body := g.last(t); body != of(tt.size) {
				t.Error("the body arrived changed")
			}
		})
	}
}

func TestHTTPBuffered(t *testing.T) {
	const room = 100_000
	entered, leave := make(chan struct{}), make(chan struct{})
	g := newGateway(t, &tenet.HTTPOptions{MaxBuffered: room}, func(http.ResponseWriter, *http.Request) {
		entered <- struct{}{}
		<-leave
	})
	of := func(size int) *http.Request {
		return g.request(t, chatBody+strings.Repeat(" ", size-len(chatBody)))
	}
	done := make(chan int)
	call := func(r *http.Request) {
		status := 0
		if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
			_ = resp.Body.Close()
			status = resp.StatusCode
		}
		done <- status
	}
	begin := func(r *http.Request) {
		t.Helper()
		go call(r)
		select {
		case <-entered:
		case status := <-done:
			t.Fatalf("answered %d at once", status)
		}
	}
	for range 2 { // the second round finds the room that the first gave back
		begin(of(60_000))
		a := g.do(t, of(60_000))
		if a.StatusCode != http.StatusServiceUnavailable || a.code(t) != "unavailable" || a.Header.Get("Retry-After") != "1" {
			t.Errorf("no room: %d %v", a.StatusCode, a.Header)
		}
		begin(of(30_000))
		leave <- struct{}{}
		leave <- struct{}{}
		if x, y := <-done, <-done; x != 200 || y != 200 {
			t.Errorf("with room: %d, %d", x, y)
		}
		g.running.Wait()
	}
	if a := g.do(t, of(200_000)); a.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("more than all the room: %d", a.StatusCode)
	}
	if bad := g.do(t, g.request(t, "x"+strings.Repeat(" ", 60_000))); bad.StatusCode != http.StatusBadRequest {
		t.Errorf("bad JSON: %d", bad.StatusCode)
	}
	begin(of(90_000)) // what was refused gave its room back too
	leave <- struct{}{}
	if status := <-done; status != 200 {
		t.Errorf("after refusals: %d", status)
	}
	for _, rec := range g.records(t) {
		if rec.Status == http.StatusServiceUnavailable {
			t.Errorf("want of room is recorded as the client's: %+v", rec)
		}
	}
}

// raw sends bytes, and that no more will come where it ends there, and returns
// all that comes back.
func (g *gateway) raw(t testing.TB, text string, ends bool) string {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(g.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	if ends {
		if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
			t.Fatal(err)
		}
	}
	answers, _ := io.ReadAll(bufio.NewReader(conn))
	return string(answers)
}

func TestHTTPRefusals(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	ctx := t.Context()
	ann, op := g.As("ann"), g.Operator("ops")
	steps := []struct {
		name   string
		do     func() error
		body   string
		status int
		code   string
	}{
		{"unknown model", nil, `{"model":"nope-evil"}`, 404, "model_not_found"},
		{"no model's name", nil, `{"model":"<evil>"}`, 404, "model_not_found"},
		{"model of another project", nil, `{"model":"m3"}`, 404, "model_not_found"},
		{"model in another case", nil, `{"model":"M1"}`, 404, "model_not_found"},
		{"empty name", nil, `{"model":""}`, 400, "no_model"},
		{"no model", nil, `{}`, 400, "no_model"},
		{"bad body", nil, `{"model":"m1","model":"m3"}`, 400, "duplicate_member"},
		{"archived", func() error { _, err := ann.ArchiveProject(ctx, g.org.ID, g.project.ID); return err }, chatBody, 403, "project_archived"},
		{"restored", func() error { _, err := ann.RestoreProject(ctx, g.org.ID, g.project.ID, ""); return err }, chatBody, 200, ""},
		{"suspended", func() error { return op.Suspend(ctx, g.org.ID) }, chatBody, 403, "organization_suspended"},
		{"resumed", func() error { return op.Resume(ctx, g.org.ID) }, chatBody, 200, ""},
		{"revoked", func() error { return ann.RevokeKey(ctx, g.org.ID, g.key.ID) }, chatBody, 401, "key_revoked"},
	}
	notFound := map[string]bool{}
	for _, s := range steps {
		if s.do != nil {
			if err := s.do(); err != nil {
				t.Fatal(err)
			}
		}
		before := g.calls()
		a := g.do(t, g.request(t, s.body))
		if a.StatusCode != s.status {
			t.Errorf("%s: %d, want %d", s.name, a.StatusCode, s.status)
		}
		if s.status == 200 {
			continue
		}
		if code := a.code(t); code != s.code || g.calls() != before || strings.Contains(a.body, "evil") {
			t.Errorf("%s: %s, %d calls", s.name, a.body, g.calls()-before)
		}
		if s.status == 404 {
			notFound[a.body] = true
		}
	}
	if len(notFound) != 1 {
		t.Errorf("models that may not be called are told apart: %v", notFound)
	}
}

// Every request of a verified key leaves a record, also those that never reach Begin.
func TestHTTPRefusalsAreRecorded(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	var ids []string
	for _, body := range []string{`{`, `{"model":"m3"}`} {
		ids = append(ids, g.do(t, g.request(t, body)).Header.Get("X-Request-Id"))
	}
	got := map[usage.Outcome]usage.Record{}
	for _, rec := range g.records(t) {
		got[rec.Outcome] = rec
	}
	if bad := got[usage.OutcomeClientError]; bad.Status != 400 || bad.RequestID != ids[0] || bad.Key != g.key.ID {
		t.Errorf("a bad body: %+v", bad)
	}
	if denied := got[usage.OutcomeDenied]; denied.Requested != "m3" {
		t.Errorf("a denial: %+v", denied)
	}
	r := g.request(t, chatBody)
	r.Header.Set("Authorization", "Bearer nobody")
	g.do(t, r)
	r = g.request(t, chatBody)
	r.Header.Del("Authorization")
	g.do(t, r)
	if n, attempts := len(g.records(t)), g.Stats().Unauthenticated; n != 2 || attempts != 2 {
		t.Errorf("%d records and %d attempts after 2 unauthenticated attempts, want 2 and 2", n, attempts)
	}
}

func TestHTTPUnavailableIsNoDenial(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	a := g.do(t, g.request(t, chatBody))
	if a.StatusCode != http.StatusServiceUnavailable || a.code(t) != "unavailable" || a.Header.Get("Retry-After") != "1" || g.calls() != 0 {
		t.Errorf("%d %v %s", a.StatusCode, a.Header, a.body)
	}
}

func TestHTTPModels(t *testing.T) {
	g := newGateway(t, nil, answering(500, ``))
	get := func(path string) answer {
		r := g.request(t, "")
		r.Method, r.URL.Path, r.Body, r.ContentLength = http.MethodGet, path, nil, 0
		r.Header.Del("Content-Type")
		return g.do(t, r)
	}
	p, _ := g.Authenticate(t.Context(), g.token)
	models, _ := g.Tenet.Models(p)
	var objects []string
	for _, m := range models {
		objects = append(objects, fmt.Sprintf(`{"id":"%s","object":"model","created":%d,"owned_by":"system"}`, m.ID, m.Created.Unix()))
	}
	list := get("/v1/models")
	want := `{"object":"list","data":[` + strings.Join(objects, ",") + `]}`
	if diff := cmp.Diff(want, list.body); diff != "" || list.StatusCode != http.StatusOK || list.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %v (-want +got):\n%s", list.StatusCode, list.Header, diff)
	}
	if len(models) != 3 || models[0].ID != "latest" || models[2].ID != "vendor/m2" {
		t.Errorf("models %+v", models)
	}
	if one := get("/v1/models/vendor/m2"); one.body != objects[2] {
		t.Errorf("one model: %s", one.body)
	}
	off, unknown := get("/v1/models/m3"), get("/v1/models/nope")
	call := g.do(t, g.request(t, `{"model":"m3"}`))
	if off.StatusCode != http.StatusNotFound || off.body != unknown.body || off.body != call.body {
		t.Errorf("three answers to one question:\n%s\n%s\n%s", off.body, unknown.body, call.body)
	}
	if _, err := g.As("ann").ArchiveProject(t.Context(), g.org.ID, g.project.ID); err != nil {
		t.Fatal(err)
	}
	if a := get("/v1/models"); a.StatusCode != http.StatusForbidden || a.code(t) != "project_archived" {
		t.Errorf("of an archived project: %d %s", a.StatusCode, a.body)
	}
	if g.calls() != 0 {
		t.Error("the upstream was asked")
	}
}

func TestHTTPWriteErrorIsReplaced(t *testing.T) {
	g := newGateway(t, &tenet.HTTPOptions{WriteError: func(w http.ResponseWriter, _ *http.Request, e tenet.HTTPError) {
		w.WriteHeader(e.Status)
		_, _ = io.WriteString(w, "mine: "+e.Code)
	}}, answering(200, okBody))
	if a := g.do(t, g.request(t, `{`)); a.body != "mine: invalid_json" || a.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s", a.body)
	}
}

// BenchmarkHandler compares a call through the handler with the same call through
// the bare proxy: sockets, upstream and record included.
func BenchmarkHandler(b *testing.B) {
	g := newGateway(b, nil, answering(200, okBody))
	origin := httptest.NewServer(answering(200, okBody))
	defer origin.Close()
	proxy := proxyTo(b, origin.URL)
	for _, bench := range []struct {
		name    string
		handler http.Handler
	}{{"bare", proxy}, {"tenet", g.Handler(proxy)}} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				r := g.request(b, chatBody)
				w := httptest.NewRecorder()
				bench.handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code)
				}
			}
		})
	}
}
