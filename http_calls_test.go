package tenet_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

const formType = `multipart/form-data; boundary="x y"`

// formOf is a form of parts, each a header's parameters and a content.
func formOf(parts ...string) string {
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString("--x y\r\nContent-Disposition: form-data; " + parts[i] + "\r\n\r\n" + parts[i+1] + "\r\n")
	}
	return b.String() + "--x y--\r\n"
}

const (
	modelField = `name="model"`
	fileField  = "name=\"file\"; filename=\"a.mp3\"\r\nContent-Type: audio/mpeg"
)

// A good call of each route reaches the upstream under the canonical id, and what it
// consumed is in its record, with both names of its model.
func TestHTTPCallOfEachRoute(t *testing.T) {
	const in, out, chars, secs, images = tenancy.UnitInput, tenancy.UnitOutput, tenancy.UnitCharacters, tenancy.UnitSeconds, tenancy.UnitImages
	recording := formOf(modelField, "latest", `name="language"`, "de", fileField, "\x00\r\n--x\r\n") // content that nearly ends it
	for _, tt := range []struct {
		path, body, sent string
		answer           http.HandlerFunc
		want             usage.Units
		outcome          usage.Outcome
	}{
		{"/v1/completions", `{"model":"latest","prompt":"x"}`, `{"model":"m1","prompt":"x"}`,
			answering(200, `{"usage":{"prompt_tokens":3,"completion_tokens":4}}`), tokens(3, 4), usage.OutcomeOK},
		{"/v1/responses", `{"model":"latest","input":"x","store":false}`, `{"model":"m1","input":"x","store":false}`,
			answering(200, `{"error":null,"output":[{"usage":{"input_tokens":9}}],"usage":{"input_tokens":3,"output_tokens":4}}`), tokens(3, 4), usage.OutcomeOK},
		{"/v1/responses", `{"model":"latest","input":"x","stream":true}`, `{"model":"m1","input":"x","stream":true}`,
			streaming("event: response.created\ndata: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n",
				"event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":{\"usage\":{\"input_tokens\":3,\"output_tokens\":4}}}\n\n"), tokens(3, 4), usage.OutcomeOK},
		{"/v1/responses", `{"model":"latest","stream":true}`, `{"model":"m1","stream":true}`,
			streaming("data: {\"type\":\"response.failed\",\"response\":{\"error\":{\"code\":\"x\"},\"usage\":null}}\n\n"), usage.Units{}, usage.OutcomeUpstreamError},
		{"/v1/responses", `{"model":"latest","stream":true}`, `{"model":"m1","stream":true}`,
			streaming("data: {\"type\":\"response.created\",\"response\":{\"usage\":null}}\n\n"), usage.Units{}, usage.OutcomeUpstreamError},
		{"/v1/embeddings", `{"model":"latest","input":"x"}`, `{"model":"m1","input":"x"}`,
			answering(200, `{"data":[{"embedding":[0.1]}],"usage":{"prompt_tokens":3,"total_tokens":3}}`), usage.Units{}.With(in, 3), usage.OutcomeOK},
		{"/v1/images/generations", `{"model":"latest","prompt":"x","n":2,"background":"transparent"}`, `{"model":"m1","prompt":"x","n":2,"background":"transparent"}`,
			answering(200, `{"created":1,"data":[{"b64_json":"`+strings.Repeat(`A`, 100_000)+`"},{"url":"a\"},{"}],"usage":{"input_tokens":3,"output_tokens":4}}`), tokens(3, 4).With(images, 2), usage.OutcomeOK},
		{"/v1/audio/speech", `{"model":"latest","input":"Größe","voice":"x"}`, `{"model":"m1","input":"Größe","voice":"x"}`,
			func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "audio/mpeg")
				_, _ = w.Write([]byte{0xff, 0xfb})
			}, usage.Units{}.With(chars, 5), usage.OutcomeOK},
		{"/v1/audio/speech", `{"model":"latest","input":"Größe"}`, `{"model":"m1","input":"Größe"}`, answering(500, `{"error":{}}`), usage.Units{}, usage.OutcomeUpstreamError},
		{"/v1/audio/transcriptions", recording, strings.Replace(recording, "latest", "m1", 1), answering(200, `{"text":"x","duration":8.2}`), usage.Units{}.With(secs, 9), usage.OutcomeOK},
		{"/v1/audio/transcriptions", formOf(fileField, "x", modelField, "latest", `name="language"`, "de"), formOf(modelField, "m1", fileField, "x", `name="language"`, "de"),
			answering(200, `{"text":"x"}`), usage.Units{}, usage.OutcomeOK},
		{"/v1/audio/transcriptions", formOf(`name="language"`, "de", fileField, "x", modelField, "latest"), formOf(modelField, "m1", `name="language"`, "de", fileField, "x"),
			answering(200, `{"text":"x"}`), usage.Units{}, usage.OutcomeOK},
		{"/v1/audio/translations", recording, strings.Replace(recording, "latest", "m1", 1), answering(200, `{"text":"x","usage":{"type":"tokens","input_tokens":3,"output_tokens":4}}`), tokens(3, 4), usage.OutcomeOK},
		{"/v1/rerank", `{"model":"latest","query":"x","documents":["a","b"]}`, `{"model":"m1","query":"x","documents":["a","b"]}`, answering(200, `{"results":[]}`), usage.Units{}, usage.OutcomeOK},
		{"/v1/moderations", `{"model":"latest","input":["a"]}`, `{"model":"m1","input":["a"]}`, answering(200, `{"results":[],"usage":{"input_tokens":3}}`), usage.Units{}.With(in, 3), usage.OutcomeOK},
		{"/own/rate", `{"model":"latest","x":1}`, `{"model":"m1","x":1}`, answering(200, `{"usage":{"output_tokens":4}}`), usage.Units{}.With(out, 4), usage.OutcomeOK},
	} {
		t.Run(strings.TrimPrefix(tt.path, "/v1/"), func(t *testing.T) {
			g := newGateway(t, &tenet.HTTPOptions{Routes: []tenet.Route{{Method: http.MethodPost, Path: "/own/rate", Shape: meter.Plain}}}, tt.answer)
			r := g.request(t, tt.body)
			r.URL.Path = tt.path
			if strings.HasPrefix(tt.body, "--") {
				r.Header.Set("Content-Type", formType)
			}
			a := g.do(t, r)
			seen, sent := g.last(t)
			if seen.URL.Path != tt.path || sent != tt.sent || seen.Header.Get("Content-Type") != r.Header.Get("Content-Type") {
				t.Errorf("upstream got %s %s %q, want %q", seen.URL.Path, seen.Header.Get("Content-Type"), sent, tt.sent)
			}
			rec := g.record(t)
			if rec.Units != tt.want.With(tenancy.UnitRequests, 1) || rec.Outcome != tt.outcome || rec.Requested != "latest" || rec.Served != "m1" {
				t.Errorf("answer %d, record %+v, want units %v", a.StatusCode, rec, tt.want)
			}
		})
	}
}

// A form that two parsers could read differently reaches nobody.
func TestHTTPForms(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		status     int
		code, why  string
	}{
		{"good", formOf(modelField, "m1", fileField, "x"), 200, "", ""},
		{"a quoted file name", formOf(modelField, "m1", `name="file"; filename="a \"b\".mp3"`, "x"), 200, "", ""},
		{"streams", formOf(modelField, "m1", `name="stream"`, "true", fileField, "x"), 200, "", ""},
		{"no line break at the end", strings.TrimSuffix(formOf(modelField, "m1", fileField, "x"), "\r\n"), 200, "", ""},
		{"an unlisted model", formOf(modelField, "m3", fileField, "x"), 404, "model_not_found", "decided as anywhere"},
		{"the model after the file", formOf(fileField, "x", modelField, "m1"), 200, "", "official clients do so"},
		{"an unlisted model after the file", formOf(fileField, "x", modelField, "m3", `name="language"`, "de"), 404, "model_not_found", "decided as anywhere"},
		{"no model", formOf(`name="language"`, "de"), 400, "no_model", "nothing to decide on"},
		{"content that goes on like a delimiter", formOf(modelField, "m1", fileField, "x\r\n--x yz"), 400, "invalid_form", "some end the part there"},
		{"the model twice", formOf(modelField, "m1", modelField, "m3", fileField, "x"), 400, "invalid_member", "some take the first, some the last"},
		{"the model in another case", formOf(modelField, "m1", `name="MODEL"`, "m3", fileField, "x"), 400, "invalid_member", "some fold names"},
		{"the model as a file", formOf(`name="model"; filename="m"`, "m1", fileField, "x"), 400, "invalid_member", "some look among files, some among values"},
		{"two files", formOf(modelField, "m1", fileField, "x", fileField, "y"), 400, "invalid_member", "metered as one"},
		{"a name said twice", formOf(`name="model"; name*=utf-8''file`, "m1", fileField, "x"), 400, "invalid_form", "RFC 7578 forbids it, some read it"},
		{"no name", formOf(`filename="x"`, "m1"), 400, "invalid_form", "whose value"},
		{"an encoded part", formOf(modelField+"\r\nContent-Transfer-Encoding: base64", "bTE="), 400, "invalid_form", "some decode it"},
		{"two dispositions", formOf(modelField+"\r\nContent-Disposition: form-data; name=\"file\"", "m1"), 400, "invalid_form", "which one"},
		{"a folded header", formOf(modelField+"\r\n x=y", "m1"), 400, "invalid_form", "some unfold it"},
		{"a lone CR in a header", formOf(modelField+"\r", "m1", fileField, "x"), 400, "invalid_form", "some end a line there"},
		{"text before", "hello\r\n" + formOf(modelField, "m1", fileField, "x"), 400, "invalid_form", "some find a part in it"},
		{"text after", formOf(modelField, "m1", fileField, "x") + "--x y\r\n", 400, "invalid_form", "some go on"},
		{"no end", strings.TrimSuffix(formOf(modelField, "m1", fileField, "x"), "--x y--\r\n"), 400, "invalid_form", "cut off"},
		{"line feeds alone", strings.ReplaceAll(formOf(modelField, "m1", fileField, "x"), "\r\n", "\n"), 400, "invalid_form", "some take them"},
		{"space behind a delimiter", strings.Replace(formOf(modelField, "m1", fileField, "x"), "--x y\r\n", "--x y \r\n", 1), 400, "invalid_form", "some take it"},
		{"another boundary", strings.ReplaceAll(formOf(modelField, "m1", fileField, "x"), "x y", "xy"), 400, "invalid_form", "not the one announced"},
		{"fallbacks", formOf(modelField, "m1", `name="Fallbacks"`, `["m3"]`, fileField, "x"), 400, "unsupported_parameter", "names other models"},
		{"a stored file", formOf(modelField, "m1", `name="file_id"`, "file-1"), 400, "unsupported_parameter", "somebody else's"},
		{"as many parts as are taken", formOf(append([]string{modelField, "m1"}, repeated(`name="x"`, 62, fileField)...)...), 200, "", ""},
		{"one part more", formOf(append([]string{modelField, "m1"}, repeated(`name="x"`, 63, fileField)...)...), 400, "invalid_form", "bounded"},
		{"a header as long as a body", formOf(modelField, "m1", `name="x"; filename="`+strings.Repeat("x", 1100)+`"`, "x"), 400, "invalid_form", "bounded"},
		{"nothing", "", 400, "invalid_form", "no form"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newGateway(t, nil, answering(200, `{}`))
			r := g.request(t, tt.body)
			r.URL.Path = "/v1/audio/transcriptions"
			r.Header.Set("Content-Type", formType)
			a := g.do(t, r)
			code := ""
			if a.StatusCode != http.StatusOK {
				code = a.code(t)
			}
			if a.StatusCode != tt.status || code != tt.code || (g.calls() > 0) != (tt.status == 200) {
				t.Errorf("%d %q, %d calls, want %d %q: %s", a.StatusCode, code, g.calls(), tt.status, tt.code, tt.why)
			}
			if rs := g.records(t); len(rs) != 1 {
				t.Errorf("%d records, want one of whatever becomes of a call", len(rs))
			}
		})
	}
}

func repeated(field string, n int, last string) (parts []string) {
	for range n - 1 {
		parts = append(parts, field, "1")
	}
	return append(parts, last, "x", `name="y"`, "1")
}

// What is stored upstream is everybody's, unless the host knows whose it is.
func TestHTTPOwns(t *testing.T) {
	type asked struct {
		Caller   access.Subject
		Kind, ID string
	}
	var got []asked
	owns := func(_ context.Context, caller access.Subject, kind, id string) bool {
		got = append(got, asked{caller, kind, id})
		return strings.HasSuffix(id, "_mine")
	}
	for _, tt := range []struct {
		name, body string
		owns       func(context.Context, access.Subject, string, string) bool
		status     int
		want       []asked
	}{
		{"nobody knows", `{"model":"m1","previous_response_id":"resp_mine"}`, nil, 400, nil},
		{"nothing stored", `{"model":"m1","input":"x"}`, nil, 200, nil},
		{"their own", `{"model":"m1","previous_response_id":"resp_mine","tools":[{"vector_store_ids":["vs_mine"]}]}`, owns, 200, []asked{{Kind: "response", ID: "resp_mine"}, {Kind: "vector_store", ID: "vs_mine"}}},
		{"one is another's", `{"model":"m1","previous_response_id":"resp_1","tools":[{"vector_store_ids":["vs_mine"]}]}`, owns, 400, []asked{{Kind: "response", ID: "resp_1"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got = nil
			g := newGateway(t, &tenet.HTTPOptions{Owns: tt.owns}, answering(200, `{}`))
			r := g.request(t, tt.body)
			r.URL.Path = "/v1/responses"
			a := g.do(t, r)
			for i := range tt.want {
				tt.want[i].Caller = access.Subject{Org: g.org.ID, Project: g.project.ID, Key: g.key.ID}
			}
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("asked (-want +got):\n%s", diff)
			}
			if a.StatusCode != tt.status || tt.status == 400 && a.code(t) != "stored_reference" || (g.calls() == 1) != (tt.status == 200) {
				t.Errorf("%d, %d calls, want %d", a.StatusCode, g.calls(), tt.status)
			}
		})
	}
}

// A row that could not be reached, or would take the place of another, is refused.
func TestRoutesOfAHost(t *testing.T) {
	post := func(path string) tenet.Route { return tenet.Route{Method: http.MethodPost, Path: path} }
	for _, tt := range []struct {
		name string
		own  []tenet.Route
		good bool
	}{
		{"none", nil, true},
		{"one", []tenet.Route{post("/v1/videos")}, true},
		{"a shape and a form", []tenet.Route{{Method: http.MethodPut, Path: "/x", Shape: meter.Images, Form: true}}, true},
		{"another method of a path", []tenet.Route{{Method: http.MethodPatch, Path: "/v1/responses"}}, true},
		{"one that is there", []tenet.Route{post("/v1/responses")}, false},
		{"one twice", []tenet.Route{post("/x"), post("/x")}, false},
		{"no method", []tenet.Route{{Path: "/x"}}, false},
		{"a method without a body", []tenet.Route{{Method: http.MethodGet, Path: "/x"}}, false},
		{"a method in lower case", []tenet.Route{{Method: "post", Path: "/x"}}, false},
		{"no path", []tenet.Route{post("")}, false},
		{"a relative path", []tenet.Route{post("v1/x")}, false},
		{"a path with a query", []tenet.Route{post("/x?y")}, false},
		{"an escaped path", []tenet.Route{post("/%78")}, false},
		{"a path with a space", []tenet.Route{post("/a b")}, false},
		{"dots", []tenet.Route{post("/x/../y")}, false},
		{"a doubled slash", []tenet.Route{post("//x")}, false},
		{"a slash at the end", []tenet.Route{post("/x/")}, false},
		{"the list of models", []tenet.Route{post("/v1/models")}, false},
		{"below the list of models", []tenet.Route{post("/v1/models/x")}, false},
		{"an unknown shape", []tenet.Route{{Method: http.MethodPost, Path: "/x", Shape: "xml"}}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tn, err := tenet.Open(t.Context(), memory.New(), &tenet.Options{Peppers: onePepper(t), HTTP: &tenet.HTTPOptions{Routes: tt.own}})
			if tt.good != (err == nil) || err != nil && !errors.Is(err, tenancy.ErrInvalid) {
				t.Fatalf("Open: %v", err)
			}
			if err == nil {
				mustNot(t, tn.Close())
			}
		})
	}
}

// The list in the comment of Handler is the table.
func TestRoutesAreDocumented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "http_handler.go", nil, parser.ParseComments)
	mustNot(t, err)
	var listed, table []string
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Name.Name != "Handler" {
			continue
		}
		for line := range strings.SplitSeq(f.Doc.Text(), "\n") {
			if line, ok := strings.CutPrefix(line, "\t"); ok && strings.HasPrefix(line, "POST ") {
				listed = append(listed, line)
			}
		}
	}
	for _, r := range tenet.Routes() {
		table = append(table, r.Method+" "+r.Path)
		if !r.Shape.Known() {
			t.Errorf("%s has no shape", r.Path)
		}
	}
	if diff := gocmp.Diff(table, listed); diff != "" {
		t.Errorf("routes of the comment (-table +comment):\n%s", diff)
	}
}
