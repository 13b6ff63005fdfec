package tenet_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// However an answer of a route ends, there is one record of it, in which what the answer
// did not tell is unknown and not 0.
func TestHTTPEndingsOfEachRoute(t *testing.T) {
	const events, one, sound = "text/event-stream", "application/json", "audio/mpeg"
	const responses, images, speech, transcriptions = "/v1/responses", "/v1/images/generations", "/v1/audio/speech", "/v1/audio/transcriptions"
	none, characters := usage.Units{}, usage.Units{}.With(tenancy.UnitCharacters, 5)
	created := "event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null,\"error\":null}}\n\n"
	delta := "event: response.output_text.delta\ndata: {\"type\":\"response.output_text.delta\",\"delta\":\"x\"}\n\n"
	last := func(name string) string {
		return "event: " + name + "\ndata: {\"type\":\"" + name + "\",\"response\":{\"usage\":{\"input_tokens\":7,\"output_tokens\":2}}}\n\n"
	}
	drawn := "event: image_generation.completed\ndata: {\"type\":\"image_generation.completed\",\"b64_json\":\"AA\"}\n\n"
	for _, tt := range []struct {
		name, path string
		upstream   http.HandlerFunc
		outcome    usage.Outcome
		units      usage.Units
		why        string
	}{
		{"completed", responses, streaming(created, delta, last("response.completed")), usage.OutcomeOK, tokens(7, 2), ""},
		{"stopped by the client's bound", responses, streaming(created, last("response.incomplete")), usage.OutcomeOK, tokens(7, 2), "as it asked"},
		{"failed", responses, streaming(created, last("response.failed")), usage.OutcomeUpstreamError, tokens(7, 2), "known units count"},
		{"failed before it began", responses, streaming("event: error\ndata: {\"type\":\"error\",\"code\":\"x\"}\n\n"), usage.OutcomeUpstreamError, none, "the upstream says so"},
		{"truncated", responses, streaming(created, delta), usage.OutcomeUpstreamError, none, "no last event"},
		{"cut off", responses, cutOff(typed(events), created+delta), usage.OutcomeUpstreamError, none, "truncated"},
		{"failed under 200", responses, answering(200, `{"status":"failed","error":{"code":"x"},"usage":null}`), usage.OutcomeUpstreamError, none, "the upstream says so"},
		{"refused", responses, answering(400, `{"error":{}}`), usage.OutcomeClientError, none, "the client's"},
		{"broken", responses, answering(503, `{}`), usage.OutcomeUpstreamError, none, ""},

		{"images cut off", images, cutOff(typed(one, "Content-Length", "1000"), `{"data":[{"b64_json":"AA"},{"b64_json":"A`), usage.OutcomeUpstreamError, none, "there were more"},
		{"images refused", images, answering(400, `{"error":{}}`), usage.OutcomeClientError, none, "none was made, and none was counted"},
		{"an image in parts", images, streaming("data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"A\"}\n\n", drawn), usage.OutcomeOK, usage.Units{}.With(tenancy.UnitImages, 1), ""},
		{"an image that did not come", images, streaming("data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"A\"}\n\n"), usage.OutcomeUpstreamError, none, "truncated"},

		{"spoken", speech, with(typed(sound), 200, "\xff\xfb"), usage.OutcomeOK, characters, "the request tells"},
		{"half spoken", speech, cutOff(typed(sound, "Content-Length", "1000"), "\xff"), usage.OutcomeUpstreamError, characters, "the request tells"},
		{"spoken in events", speech, streaming("data: {\"type\":\"speech.audio.delta\"}\n\n", "data: {\"type\":\"speech.audio.done\",\"usage\":{\"input_tokens\":7,\"output_tokens\":2}}\n\n"), usage.OutcomeOK, tokens(7, 2).Or(characters), "both are known"},
		{"not spoken", speech, answering(500, `{}`), usage.OutcomeUpstreamError, none, "nothing was"},

		{"a length cut off", transcriptions, cutOff(typed(one, "Content-Length", "1000"), `{"text":"x","duration":12`), usage.OutcomeUpstreamError, none, "it may have been 123"},
		{"a length", transcriptions, answering(200, `{"text":"x","duration":12}`), usage.OutcomeOK, usage.Units{}.With(tenancy.UnitSeconds, 12), ""},
		{"a length cut at the bound of what is kept", transcriptions, answering(200, `{"usage":{"x":"`+strings.Repeat("x", 64<<10-31)+`"},"duration":123456}`), usage.OutcomeOK, none, "half of a number is another number"},
		{"text alone", transcriptions, with(typed("text/plain"), 200, `x`), usage.OutcomeOK, none, "nobody knows how long"},
		{"transcribed in events", transcriptions, streaming("data: {\"type\":\"transcript.text.delta\",\"delta\":\"x\"}\n\n", "data: {\"type\":\"transcript.text.done\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":7,\"output_tokens\":2}}\n\n"), usage.OutcomeOK, tokens(7, 2), ""},
		{"events cut off", transcriptions, streaming("data: {\"type\":\"transcript.text.delta\",\"delta\":\"x\"}\n\n"), usage.OutcomeUpstreamError, none, "truncated"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, nil, tt.upstream)
			r := g.request(t, `{"model":"m1","stream":true,"input":"Größe"}`)
			if tt.path == transcriptions {
				r = g.request(t, formOf(modelField, "m1", `name="stream"`, "true", fileField, "x"))
				r.Header.Set("Content-Type", formType)
			}
			r.URL.Path = tt.path
			// An answer that is cut off may not reach the client at all.
			if resp, err := http.DefaultTransport.RoundTrip(r); err == nil {
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			rec := g.record(t)
			if rec.Outcome != tt.outcome || rec.Units != tt.units.With(tenancy.UnitRequests, 1) {
				t.Errorf("%s with %v, want %s with %v: %s", rec.Outcome, rec.Units, tt.outcome, tt.units, tt.why)
			}
		})
	}
}

// However a boundary is written, next gets the one that the form was read by.
func TestHTTPBoundary(t *testing.T) {
	for _, tt := range []struct {
		name, media string
		want        string // of the content type that next gets; empty where the request is refused
	}{
		{"plain", `multipart/form-data; boundary=b`, `multipart/form-data; boundary=b`},
		{"quoted, among others", `Multipart/Form-Data; charset=utf-8; BOUNDARY="b"`, `multipart/form-data; boundary=b`},
		{"in parts", `multipart/form-data; boundary*0=b; boundary*1=""`, `multipart/form-data; boundary=b`},
		{"none", `multipart/form-data`, ""},
		{"empty", `multipart/form-data; boundary=""`, ""},
		{"twice", `multipart/form-data; boundary=b; boundary=c`, ""},
		{"too long", `multipart/form-data; boundary=` + strings.Repeat("b", 71), ""},
		{"a space at the end", `multipart/form-data; boundary="b "`, ""},
		{"characters that none has", `multipart/form-data; boundary="b;"`, ""},
		{"beyond ASCII", `multipart/form-data; boundary*=utf-8''b%C3%A9`, ""},
		{"another kind", `multipart/mixed; boundary=b`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, nil, answering(200, `{}`))
			r := g.request(t, strings.ReplaceAll(formOf(modelField, "m1", fileField, "x"), "--x y", "--b"))
			r.URL.Path = "/v1/audio/transcriptions"
			r.Header.Set("Content-Type", tt.media)
			a := g.do(t, r)
			got := ""
			if g.calls() > 0 {
				seen, _ := g.last(t)
				got = seen.Header.Get("Content-Type")
			}
			if got != tt.want || (a.StatusCode == http.StatusUnsupportedMediaType) != (tt.want == "") {
				t.Errorf("%d, upstream got %q, want %q", a.StatusCode, got, tt.want)
			}
		})
	}
}
