package tenet_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const (
	streamBody = `{"model":"m1","stream":true,"messages":[]}`
	askingBody = `{"model":"m1","stream":true,"stream_options":{"include_usage":true}}`

	firstEvent = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}],\"usage\":null}\n\n"
	moreEvent  = "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}],\"usage\":null}\n\n"
	usageEvent = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2}}\n\n"
	errorEvent = "data: {\"error\":{\"message\":\"overloaded\"}}\n\n"
	doneEvent  = "data: [DONE]\n\n"
)

// streaming is an upstream that sends each part at once.
func streaming(parts ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		for _, part := range parts {
			_, _ = io.WriteString(w, part)
			_ = http.NewResponseController(w).Flush()
		}
	}
}

func TestHTTPStream(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		parts      []string
		want       string
	}{
		{"usage that the gateway asked for is taken out", streamBody, []string{firstEvent, moreEvent, usageEvent, doneEvent}, firstEvent + moreEvent + doneEvent},
		{"cut anywhere", streamBody, strings.SplitAfter(firstEvent+usageEvent+doneEvent, ":"), firstEvent + doneEvent},
		{"usage that the client asked for stays", askingBody, []string{firstEvent, usageEvent, doneEvent}, firstEvent + usageEvent + doneEvent},
		{"comments pass", streamBody, []string{": wait\n\n", firstEvent, usageEvent, doneEvent}, ": wait\n\n" + firstEvent + doneEvent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, nil, streaming(tt.parts...))
			a := g.do(t, g.request(t, tt.body))
			if diff := cmp.Diff(tt.want, a.body); diff != "" {
				t.Errorf("stream (-want +got):\n%s", diff)
			}
			if _, sent := g.last(t); !strings.Contains(sent, `"include_usage":true`) {
				t.Errorf("usage was not asked for: %s", sent)
			}
			rec := g.record(t)
			if rec.Outcome != usage.OutcomeOK || rec.Units.With(tenancy.UnitRequests, -1) != tokens(7, 2) || rec.FirstToken <= 0 {
				t.Errorf("record %+v", rec)
			}
		})
	}
}

// The first event is with the client before the upstream has a second one.
func TestHTTPFirstByteIsNotDelayed(t *testing.T) {
	for _, body := range []string{streamBody, askingBody} {
		got := make(chan struct{})
		g := newGateway(t, nil, func(w http.ResponseWriter, r *http.Request) {
			streaming(firstEvent)(w, r)
			select {
			case <-got:
				_, _ = io.WriteString(w, usageEvent+doneEvent)
			case <-r.Context().Done():
			}
		})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		resp, err := http.DefaultTransport.RoundTrip(g.request(t, body).WithContext(ctx))
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, len(firstEvent))
		if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != firstEvent {
			t.Fatalf("first event %q, %v", first, err)
		}
		close(got)
		if rest, err := io.ReadAll(resp.Body); err != nil || !strings.HasSuffix(string(rest), doneEvent) {
			t.Errorf("rest %q, %v", rest, err)
		}
		_ = resp.Body.Close()
	}
}

// cutOff ends the connection after what was sent.
func cutOff(header http.Header, sent string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		_, _ = io.WriteString(w, sent)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func typed(contentType string, further ...string) http.Header {
	h := http.Header{"Content-Type": {contentType}}
	for i := 0; i < len(further); i += 2 {
		h.Set(further[i], further[i+1])
	}
	return h
}

func with(header http.Header, status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func TestHTTPOutcomes(t *testing.T) {
	const events, one = "text/event-stream", "application/json"
	none := usage.Units{}
	for _, tt := range []struct {
		name     string
		upstream http.HandlerFunc
		outcome  usage.Outcome
		status   int
		units    usage.Units
		why      string
	}{
		{"good", answering(200, okBody), usage.OutcomeOK, 200, tokens(1000, 10), ""},
		{"created", answering(201, okBody), usage.OutcomeOK, 201, tokens(1000, 10), ""},
		{"large", answering(200, `{"data":"`+strings.Repeat("x", 3<<20)+`",`+okBody[1:]), usage.OutcomeOK, 200, tokens(1000, 10), "of any size"},
		{"no usage", answering(200, `{"id":"x"}`), usage.OutcomeOK, 200, none, "unknown is not zero"},
		{"not JSON", with(typed("text/html"), 200, okBody), usage.OutcomeOK, 200, none, "nobody knows what it says"},
		{"encoded", with(typed(one, "Content-Encoding", "gzip"), 200, okBody), usage.OutcomeOK, 200, none, "cannot be read"},
		{"nested usage", answering(200, `{"x":{"usage":{"prompt_tokens":1}},"y":["usage",{"usage":1}]}`), usage.OutcomeOK, 200, none, "another's"},
		{"usage twice", answering(200, `{"usage":{"prompt_tokens":1,"completion_tokens":1},"usage":{"prompt_tokens":1000,"completion_tokens":10}}`), usage.OutcomeOK, 200, tokens(1000, 10), "the last counts"},
		{"usage beyond all sums", answering(200, `{"usage":{"prompt_tokens":9223372036854775807,"completion_tokens":9223372036854775807}}`), usage.OutcomeOK, 200, none, "recorded all the same"},
		{"usage without end", answering(200, `{"usage":{"prompt_tokens":1,"x":"`+strings.Repeat("x", 100<<10)+`"}}`), usage.OutcomeOK, 200, none, "what is kept is bounded"},
		{"error under 200", answering(200, `{"error":{"message":"x"}}`), usage.OutcomeUpstreamError, 200, none, "the upstream says so"},

		{"bad request", answering(400, `{"error":{}}`), usage.OutcomeClientError, 400, none, "the client's"},
		{"bad request with usage", answering(422, okBody), usage.OutcomeClientError, 422, tokens(1000, 10), "known units count"},
		{"bad stream request", with(typed(events), 400, errorEvent), usage.OutcomeClientError, 400, none, "no [DONE] is asked of an error"},
		{"host's key is wrong", answering(401, `{}`), usage.OutcomeUpstreamError, 401, none, "the client's key was good"},
		{"host's account is empty", answering(402, `{}`), usage.OutcomeUpstreamError, 402, none, "not the client's"},
		{"host is too fast", answering(429, `{}`), usage.OutcomeUpstreamError, 429, none, "not the client's"},
		{"redirected", with(http.Header{"Location": {"/x"}}, 302, ``), usage.OutcomeUpstreamError, 302, none, "no answer"},
		{"upstream broken", answering(500, `{}`), usage.OutcomeUpstreamError, 500, none, ""},

		{"stream", streaming(firstEvent, usageEvent, doneEvent), usage.OutcomeOK, 200, tokens(7, 2), ""},
		{"stream without its end", streaming(firstEvent), usage.OutcomeUpstreamError, 200, none, "truncated"},
		{"stream without its end, usage known", streaming(firstEvent, usageEvent), usage.OutcomeUpstreamError, 200, tokens(7, 2), "known units count"},
		{"stream cut off", cutOff(typed(events), firstEvent+usageEvent), usage.OutcomeUpstreamError, 200, tokens(7, 2), "truncated"},
		{"stream cut off in an event", cutOff(typed(events), firstEvent+strings.TrimSpace(usageEvent)), usage.OutcomeUpstreamError, 200, tokens(7, 2), "judged as it stands"},
		{"stream of an error", streaming(firstEvent, errorEvent, doneEvent), usage.OutcomeUpstreamError, 200, none, "the upstream says so"},
		{"encoded stream", with(typed(events, "Content-Encoding", "br"), 200, "x"), usage.OutcomeOK, 200, none, "cannot be read"},
		{"JSON cut off", cutOff(typed(one, "Content-Length", "1000"), okBody), usage.OutcomeUpstreamError, 200, tokens(1000, 10), "truncated"},
		{"nothing at all", cutOff(nil, ""), usage.OutcomeUpstreamError, 200, none, "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, nil, tt.upstream)
			// An answer that is cut off may not reach the client at all.
			if resp, err := http.DefaultTransport.RoundTrip(g.request(t, askingBody)); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				if resp.StatusCode != tt.status {
					t.Errorf("answered %d, want %d", resp.StatusCode, tt.status)
				}
			}
			rec := g.record(t)
			if rec.Outcome != tt.outcome || rec.Status != tt.status {
				t.Errorf("%s %d, want %s %d: %s", rec.Outcome, rec.Status, tt.outcome, tt.status, tt.why)
			}
			if rec.Units.With(tenancy.UnitRequests, -1) != tt.units {
				t.Errorf("units %+v, want %+v: %s", rec.Units, tt.units, tt.why)
			}
		})
	}
}

// What metering cannot read goes through as it came.
func TestHTTPAnswersAreNotChanged(t *testing.T) {
	for _, upstream := range []http.HandlerFunc{
		answering(200, okBody), answering(500, "\x00garbage"), with(typed("text/event-stream"), 200, "garbage"),
		streaming("data: {", "\r\ndata: }\r\r"), with(typed("text/event-stream", "Content-Encoding", "br"), 200, usageEvent),
	} {
		direct := httptest.NewRecorder()
		upstream(direct, nil)
		g := newGateway(t, nil, upstream)
		if a := g.do(t, g.request(t, streamBody)); a.body != direct.Body.String() || a.StatusCode != direct.Code {
			t.Errorf("%d %q, want %d %q", a.StatusCode, a.body, direct.Code, direct.Body)
		}
	}
}

func TestHTTPAnswersTellNothingOfTheSharedAccount(t *testing.T) {
	h := typed("application/json", "Openai-Organization", "org-host", "Openai-Project", "proj-host", "Set-Cookie", "s=1",
		"X-Request-Id", "req_upstream", "X-Ratelimit-Remaining-Tokens", "5", "Retry-After", "7", "Openai-Processing-Ms", "3")
	g := newGateway(t, nil, with(h, 200, okBody))
	a := g.do(t, g.request(t, chatBody))
	a.Header.Del("Date")
	want := http.Header{
		"Content-Type": {"application/json"}, "Content-Length": {fmt.Sprint(len(okBody))}, "Retry-After": {"7"}, "Openai-Processing-Ms": {"3"},
		"X-Request-Id": {g.record(t).RequestID},
	}
	if diff := cmp.Diff(want, a.Header); diff != "" {
		t.Errorf("headers (-want +got):\n%s", diff)
	}
}

// A stream of announced length gets shorter where usage is taken out of it.
func TestHTTPStrippedLength(t *testing.T) {
	all := firstEvent + usageEvent + doneEvent
	g := newGateway(t, nil, with(typed("text/event-stream", "Content-Length", fmt.Sprint(len(all))), 200, all))
	if a := g.do(t, g.request(t, streamBody)); a.body != firstEvent+doneEvent || a.err != nil || a.Header.Get("Content-Length") != "" {
		t.Errorf("%q, %v, %v", a.body, a.err, a.Header)
	}
}

func TestHTTPHangUp(t *testing.T) {
	for _, tt := range []struct {
		name  string
		first string // what the client has read when it leaves
		units usage.Units
	}{
		{"before the answer", "", usage.Units{}},
		{"in the stream", firstEvent, usage.Units{}},
		{"after the usage", usageEvent, tokens(7, 2)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := make(chan struct{})
			g := newGateway(t, nil, func(w http.ResponseWriter, r *http.Request) {
				if tt.first != "" {
					streaming(tt.first)(w, r)
				}
				close(began)
				<-r.Context().Done()
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				resp, err := http.DefaultTransport.RoundTrip(g.request(t, askingBody).WithContext(ctx))
				if err == nil {
					_, _ = io.ReadFull(resp.Body, make([]byte, len(tt.first)))
					cancel()
					_ = resp.Body.Close()
				}
			}()
			<-began
			if tt.first == "" {
				cancel()
			}
			<-ended
			rec := g.record(t)
			if rec.Outcome != usage.OutcomeAbandoned || rec.Units.With(tenancy.UnitRequests, -1) != tt.units {
				t.Errorf("recorded as %+v", rec)
			}
		})
	}
}

// deaf is a client that takes nothing, before the server has noticed.
type deaf struct{ http.ResponseWriter }

func (deaf) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestHTTPWriteFails(t *testing.T) {
	g := &gateway{}
	g.populate(t, nil)
	g.Handler(answering(200, okBody)).ServeHTTP(deaf{httptest.NewRecorder()}, g.request(t, chatBody))
	if rec := g.record(t); rec.Outcome != usage.OutcomeAbandoned {
		t.Errorf("recorded as %+v", rec)
	}
}

// A panic of next ends the call and goes on as it came.
func TestHTTPPanic(t *testing.T) {
	for _, value := range []any{http.ErrAbortHandler, "a fault of the host's"} {
		g := &gateway{}
		g.populate(t, nil)
		h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(value)
		}))
		func() {
			defer func() {
				if got := recover(); got != value {
					t.Errorf("panic %v, want %v", got, value)
				}
			}()
			h.ServeHTTP(httptest.NewRecorder(), g.request(t, chatBody))
		}()
		if rec := g.record(t); rec.Outcome != usage.OutcomeUpstreamError || rec.Status != 200 {
			t.Errorf("recorded as %+v", rec)
		}
	}
}

func TestHTTPMaxCallDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gateway{}
		g.populate(t, &tenet.HTTPOptions{MaxCallDuration: time.Minute})
		h := g.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			time.Sleep(time.Second)
			_, _ = io.WriteString(w, firstEvent)
			<-r.Context().Done()
		}))
		began := time.Now()
		h.ServeHTTP(httptest.NewRecorder(), g.request(t, streamBody))
		if took := time.Since(began); took != time.Minute {
			t.Errorf("ended after %v, want %v", took, time.Minute)
		}
		if rec := g.record(t); rec.Outcome != usage.OutcomeUpstreamError || rec.FirstToken != time.Second || rec.Latency != time.Minute {
			t.Errorf("recorded as %+v", rec)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
}

// The host may finish a call itself, with units that it knows better.
func TestHTTPHostFinishes(t *testing.T) {
	g := &gateway{}
	g.populate(t, nil)
	g.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d := tenet.CallFrom(r.Context()).Switch("vendor/m2"); !d.Allowed() {
			t.Errorf("fallback: %+v", d)
		}
		if err := tenet.CallFrom(r.Context()).Finish(tenet.Result{Outcome: usage.OutcomeOK, Units: tokens(5, 5)}); err != nil {
			t.Error(err)
		}
		answering(200, okBody)(w, r)
	}))
	g.do(t, g.request(t, chatBody))
	if rec := g.record(t); rec.Units != tokens(5, 5) || rec.Served != "vendor/m2" || rec.Requested != "m1" {
		t.Errorf("recorded as %+v", rec)
	}
}

// A client that waits for the end of an answer of known length does not wait for
// the record to be written.
func TestHTTPAnswerIsCompleteBeforeTheRecord(t *testing.T) {
	g := &gateway{}
	g.populate(t, nil)
	g.serve(t, with(typed("application/json", "Content-Length", fmt.Sprint(len(okBody))), 200, okBody))
	front := &flushed{ResponseRecorder: httptest.NewRecorder(), g: g, t: t}
	g.handler.ServeHTTP(front, g.request(t, chatBody))
	if front.before != 1 {
		t.Errorf("flushed %d times with the whole answer and no record, want once", front.before)
	}
}

// flushed counts flushes of a whole answer that come before its record.
type flushed struct {
	*httptest.ResponseRecorder
	g      *gateway
	t      *testing.T
	before int
}

func (f *flushed) Flush() {
	if f.Body.String() == okBody && len(f.g.records(f.t)) == 0 {
		f.before++
	}
}

// Informational answers pass and are not the answer.
func TestHTTPInformational(t *testing.T) {
	g := newGateway(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</x>")
		w.WriteHeader(http.StatusEarlyHints)
		answering(200, okBody)(w, r)
	})
	raw := "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
		g.token + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", len(chatBody)) + chatBody
	lines := bufio.NewScanner(strings.NewReader(g.raw(t, raw, false)))
	var statuses []string
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "HTTP/1.1 ") {
			statuses = append(statuses, lines.Text()[9:12])
		}
	}
	if diff := cmp.Diff([]string{"103", "200"}, statuses); diff != "" {
		t.Errorf("answers (-want +got):\n%s", diff)
	}
	if rec := g.record(t); rec.Status != 200 || rec.Outcome != usage.OutcomeOK {
		t.Errorf("recorded as %+v", rec)
	}
}
