package tenet_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/usage"
)

func TestHTTPRoutes(t *testing.T) {
	g := newGateway(t, nil, answering(200, `{}`))
	for _, tt := range []struct {
		method, target string
		status         int
		why            string
	}{
		{"POST", "/v1/chat/completions", 200, "listed"},
		{"POST", "/v1/completions", 200, "listed"},
		{"POST", "/v1/embeddings", 200, "listed"},
		{"GET", "/v1/models", 200, "listed"},
		{"GET", "/v1/models/m1", 200, "listed"},
		{"GET", "/v1/models/vendor/m2", 200, "an id with a slash"},
		{"GET", "/v1/models/vendor%2Fm2", 200, "an id with a slash, escaped"},
		{"GET", "/v1/models/%6d1", 200, "an id is decoded once"},
		{"GET", "/v1/models/%256d1", 404, "an id is decoded once"},
		{"GET", "/v1/models/", 404, "no id"},
		{"HEAD", "/v1/models", 404, "another method"},
		{"DELETE", "/v1/models/m1", 404, "another method: it deletes fine-tunes"},
		{"GET", "/v1/chat/completions", 404, "another method: it lists stored completions"},
		{"OPTIONS", "/v1/chat/completions", 404, "another method"},
		{"post", "/v1/chat/completions", 404, "methods have a case"},
		{"POST", "/v1/chat/completions/", 404, "another path"},
		{"POST", "//v1/chat/completions", 404, "another path"},
		{"POST", "/v1/chat//completions", 404, "another path"},
		{"POST", "/v1/./chat/completions", 404, "another path"},
		{"POST", "/v1/files/../chat/completions", 404, "another path"},
		{"POST", "/v1/chat%2Fcompletions", 404, "another path"},
		{"POST", "/v1/chat/%63ompletions", 404, "another path to some"},
		{"POST", "/v1/chat/completions;x=1", 404, "another path"},
		{"POST", "/V1/chat/completions", 404, "another path"},
		{"GET", "/v1/files", 404, "all tenants' files"},
		{"GET", "/v1/files/file-1/content", 404, "somebody's file"},
		{"POST", "/v1/batches", 404, "names its own models"},
		{"POST", "/v1/responses", 200, "listed"},
		{"POST", "/v1/images/generations", 200, "listed"},
		{"POST", "/v1/audio/speech", 200, "listed"},
		{"POST", "/v1/rerank", 200, "listed"},
		{"POST", "/v1/moderations", 200, "listed"},
		{"POST", "/v1/audio/transcriptions", 415, "listed, and takes a form"},
		{"POST", "/v1/audio/translations", 415, "listed, and takes a form"},
		{"GET", "/v1/responses/resp_1", 404, "somebody's answer"},
		{"DELETE", "/v1/responses/resp_1", 404, "somebody's answer"},
		{"POST", "/v1/responses/resp_1/cancel", 404, "somebody's answer"},
		{"GET", "/v1/responses/resp_1/input_items", 404, "somebody's questions"},
		{"POST", "/v1/conversations", 404, "all tenants' conversations"},
		{"GET", "/v1/vector_stores", 404, "all tenants' files"},
		{"POST", "/v1/images/edits", 404, "not listed"},
		{"POST", "/", 404, "not listed"},
	} {
		r := g.request(t, chatBody)
		r.Method = tt.method
		u, err := url.Parse(g.url + tt.target)
		if err != nil {
			t.Fatal(err)
		}
		r.URL = u
		before := g.calls()
		a := g.do(t, r)
		if a.StatusCode != tt.status {
			t.Errorf("%s %s: %d, want %d: %s", tt.method, tt.target, a.StatusCode, tt.status, tt.why)
		}
		if tt.status == 404 && (g.calls() != before || tt.method != "HEAD" && a.code(t) == "") {
			t.Errorf("%s %s reached the upstream", tt.method, tt.target)
		}
	}
}

func TestHTTPCredentials(t *testing.T) {
	g := newGateway(t, &tenet.HTTPOptions{Headers: []string{"X-Api-Key", "api-key", "authorization"}}, answering(200, okBody))
	wrong := g.token[:len(g.token)-8] + "00000000"
	revoked, revokedToken := g.newKey(t)
	if err := g.As("ann").RevokeKey(t.Context(), g.org.ID, revoked.ID); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		header http.Header
		query  string
		status int
		code   string
	}{
		{"bearer", http.Header{"Authorization": {"Bearer " + g.token}}, "", 200, ""},
		{"scheme in another case", http.Header{"Authorization": {"bEARER   " + g.token}}, "", 200, ""},
		{"header of its own", http.Header{"X-Api-Key": {g.token}}, "", 200, ""},
		{"another header of its own", http.Header{"Api-Key": {g.token}}, "", 200, ""},
		{"query beside it is dropped", http.Header{"Authorization": {"Bearer " + g.token}}, "?key=sk-other&api_key=x", 200, ""},
		{"none", nil, "", 401, "invalid_api_key"},
		{"query alone", nil, "?key=" + g.token, 401, "invalid_api_key"},
		{"empty", http.Header{"Authorization": {"Bearer "}}, "", 401, "invalid_api_key"},
		{"no scheme", http.Header{"Authorization": {g.token}}, "", 401, "invalid_api_key"},
		{"another scheme", http.Header{"Authorization": {"Basic " + g.token}}, "", 401, "invalid_api_key"},
		{"two in one", http.Header{"Authorization": {"Bearer " + g.token + ", Bearer " + g.token}}, "", 401, "invalid_api_key"},
		{"header twice", http.Header{"Authorization": {"Bearer " + g.token, "Bearer " + g.token}}, "", 401, "invalid_api_key"},
		{"two headers", http.Header{"Authorization": {"Bearer " + g.token}, "X-Api-Key": {g.token}}, "", 401, "invalid_api_key"},
		{"two headers, one empty", http.Header{"Authorization": {"Bearer " + g.token}, "X-Api-Key": {""}}, "", 401, "invalid_api_key"},
		{"two headers of their own", http.Header{"Api-Key": {g.token}, "X-Api-Key": {g.token}}, "", 401, "invalid_api_key"},
		{"another scheme beside a good key", http.Header{"Authorization": {"Basic eDp5"}, "X-Api-Key": {g.token}}, "", 401, "invalid_api_key"},
		{"garbage", http.Header{"Authorization": {"Bearer sk-proj-garbage"}}, "", 401, "invalid_api_key"},
		{"wrong secret", http.Header{"Authorization": {"Bearer " + wrong}}, "", 401, "invalid_api_key"},
		{"revoked", http.Header{"Authorization": {"Bearer " + revokedToken}}, "", 401, "key_revoked"},
		{"own organization and project", http.Header{"Authorization": {"Bearer " + g.token},
			"Openai-Organization": {string(g.org.ID)}, "Openai-Project": {string(g.project.ID)}}, "", 200, ""},
		{"foreign organization", http.Header{"Authorization": {"Bearer " + g.token}, "Openai-Organization": {"org-host"}}, "", 401, "mismatched_organization"},
		{"own and foreign organization", http.Header{"Authorization": {"Bearer " + g.token},
			"Openai-Organization": {string(g.org.ID), "org-host"}}, "", 401, "mismatched_organization"},
		{"foreign project", http.Header{"Authorization": {"Bearer " + g.token}, "Openai-Project": {"proj_host"}}, "", 401, "mismatched_project"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := g.request(t, chatBody)
			r.URL.RawQuery = strings.TrimPrefix(tt.query, "?")
			r.Header = tt.header.Clone()
			if r.Header == nil {
				r.Header = http.Header{}
			}
			r.Header.Set("Content-Type", "application/json")
			before := g.calls()
			a := g.do(t, r)
			if a.StatusCode != tt.status {
				t.Fatalf("%d, want %d: %s", a.StatusCode, tt.status, a.body)
			}
			if reached := g.calls() - before; reached != 1-min(tt.status/400, 1) {
				t.Errorf("%d calls reached the upstream", reached)
			}
			if tt.status == 200 {
				return
			}
			if code := a.code(t); code != tt.code {
				t.Errorf("code %s, want %s", code, tt.code)
			}
			if tt.code == "invalid_api_key" && (a.Header.Get("Www-Authenticate") != "Bearer" || !strings.Contains(a.body, "No valid API key")) {
				t.Errorf("another answer than the one: %v %s", a.Header, a.body)
			}
			if strings.Contains(a.body, g.token) || strings.Contains(a.body, "garbage") {
				t.Errorf("the answer repeats the credential: %s", a.body)
			}
		})
	}
}

func TestHTTPUpstreamSees(t *testing.T) {
	g := newGateway(t, &tenet.HTTPOptions{Headers: []string{"X-Team-Key"}}, answering(200, okBody))
	r := g.request(t, chatBody)
	r.Header.Del("Authorization")
	r.Header.Set("X-Team-Key", g.token)
	r.URL.RawQuery = "key=sk-other&api-version=1&debug=1"
	kept := http.Header{"User-Agent": {"client/1"}, "Traceparent": {"00-1"}, "X-Stainless-Lang": {"go"}, "Openai-Beta": {"x=1"}}
	maps.Copy(r.Header, kept)
	for _, name := range []string{
		"X-Api-Key", "Api-Key", "X_Api_Key", "X-Goog-Api-Key", "Cookie", "Proxy-Authorization", "X-Amz-Security-Token",
		"X-Portkey-Provider", "X-Portkey-Api-Key", "Helicone-Auth", "Helicone-Target-Url", "X-Litellm-Model", "Cf-Aig-Authorization", "Cf_aig_x",
		"X-Http-Method-Override", "X-Original-Url", "X-Rewrite-Url", "Range", "X-Hop", "Te", "Expect-Nothing",
	} {
		r.Header[name] = []string{"evil"}
	}
	r.Header["Expect-Nothing"] = []string{"kept"}
	kept["Expect-Nothing"] = []string{"kept"}
	r.Header.Set("OpenAI-Organization", string(g.org.ID))
	r.Header.Set("OpenAI_Project", "proj_other")
	r.Header.Set("Accept-Encoding", "gzip, br")
	r.Header.Set("Content-Type", "application/json; charset=utf-7")
	r.Header.Set("Content-Encoding", "identity")
	r.Header["Connection"] = []string{"close, X-Hop"}
	if a := g.do(t, r); a.StatusCode != http.StatusOK {
		t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	seen, _ := g.last(t)
	want := kept.Clone()
	want["Authorization"] = []string{hostKey}
	want["Accept-Encoding"] = []string{"identity"}
	want["Content-Type"] = []string{"application/json"}
	want["Content-Length"] = []string{fmt.Sprint(len(chatBody))}
	want["X-Request-Id"] = seen.Header["X-Request-Id"]
	if diff := cmp.Diff(want, seen.Header); diff != "" {
		t.Errorf("headers upstream (-want +got):\n%s", diff)
	}
	if seen.RequestURI != "/v1/chat/completions" {
		t.Errorf("target upstream %s", seen.RequestURI)
	}
}

func TestHTTPUpgradeIsRefused(t *testing.T) {
	g := newGateway(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(http.StatusSwitchingProtocols)
	})
	for _, header := range []http.Header{
		{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}},
		{"Connection": {"keep-alive, uPGRADE"}, "Upgrade": {"h2c"}},
		{"Upgrade": {"websocket"}},
		{"Connection": {"upgrade"}},
	} {
		r := g.request(t, chatBody)
		maps.Copy(r.Header, header)
		if a := g.do(t, r); a.StatusCode != http.StatusBadRequest || a.code(t) != "upgrade_refused" || g.calls() != 0 {
			t.Errorf("%v: %d, %d calls", header, a.StatusCode, g.calls())
		}
	}
	// An upstream that switches although nobody asked gets no connection either.
	if a := g.do(t, g.request(t, chatBody)); a.StatusCode != http.StatusBadGateway {
		t.Errorf("an upstream that switches: %d", a.StatusCode)
	}
	if rec := g.record(t); rec.Outcome != usage.OutcomeUpstreamError {
		t.Errorf("recorded as %+v", rec)
	}
}

// Two lengths, a length that lies, and what follows a body are where requests are
// smuggled through.
func TestHTTPSmuggling(t *testing.T) {
	g := newGateway(t, nil, answering(200, okBody))
	head := func(lines ...string) string {
		lines = append(lines, "Connection: close")
		return "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + g.token +
			"\r\nContent-Type: application/json\r\n" + strings.Join(lines, "\r\n") + "\r\n\r\n"
	}
	n := fmt.Sprintf("Content-Length: %d", len(chatBody))
	for _, tt := range []struct {
		name, raw string
		calls     int
	}{
		{"a good one", head(n) + chatBody, 1},
		{"shorter than announced", head("Content-Length: 1000") + chatBody, 0},
		{"longer than announced", head("Content-Length: 5") + chatBody, 0},
		{"two lengths", head(n, "Content-Length: 5") + chatBody, 0},
		{"a length and chunks", head("Content-Length: 5", "Transfer-Encoding: chunked") +
			fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(chatBody), chatBody), 1},
		{"chunks cut short", head("Transfer-Encoding: chunked") + fmt.Sprintf("%x\r\n%s\r\n", len(chatBody), chatBody), 0},
		{"another coding", head("Transfer-Encoding: xchunked", n) + chatBody, 0},
		{"a second request behind it", strings.Replace(head(n), "close", "keep-alive", 1) + chatBody +
			strings.Replace(head(n), "/v1/chat/completions", "/v1/files", 1) + chatBody, 1},
		{"another host", strings.Replace(head(n), "POST /", "POST http://evil.example/", 1) + chatBody, 1},
		{"trailers", head("Transfer-Encoding: chunked", "Trailer: Authorization, X-Api-Key") +
			fmt.Sprintf("%x\r\n%s\r\n0\r\nX-Api-Key: evil\r\n\r\n", len(chatBody), chatBody), 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := g.calls()
			answers := g.raw(t, tt.raw, tt.calls == 0)
			g.running.Wait()
			if got := g.calls() - before; got != tt.calls {
				t.Errorf("%d calls reached the upstream, want %d: %s", got, tt.calls, answers)
			}
			if tt.calls == 0 {
				return
			}
			seen, body := g.last(t)
			if seen.RequestURI != "/v1/chat/completions" || body != chatBody || len(seen.Trailer) != 0 || strings.Contains(seen.Host, "evil") {
				t.Errorf("the upstream saw %s %s %q, trailer %v", seen.Host, seen.RequestURI, body, seen.Trailer)
			}
		})
	}
}
