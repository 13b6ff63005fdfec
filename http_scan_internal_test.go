package tenet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// served is the model that the tests splice in.
const served tenancy.ModelID = "vendor/served-1"

func TestScanSplices(t *testing.T) {
	for _, tt := range []struct {
		name, body, want string
		model            tenancy.ModelID
	}{
		{"model alone", `{"model":"m"}`, `{"model":"vendor/served-1"}`, "m"},
		{"everything else stays as it was", " {\"a\" : 1.50e3,\n\t\"model\"\r: \"m\" , \"b\":[ {\"model\":\"x\"} ,\"\\u0041\"]} \n", " {\"a\" : 1.50e3,\n\t\"model\"\r: \"vendor/served-1\" , \"b\":[ {\"model\":\"x\"} ,\"\\u0041\"]} \n", "m"},
		{"escapes in the name and the value", `{"\u006dodel":"gpt\u002d4\/x"}`, `{"\u006dodel":"vendor/served-1"}`, "gpt-4/x"},
		{"text that looks like structure", `{"a":"\"model\":\"x\"}\\","model":"m"}`, `{"a":"\"model\":\"x\"}\\","model":"vendor/served-1"}`, "m"},
		{"escaped backslash ends a text", `{"a":"\\","model":"m","b":"\\\""}`, `{"a":"\\","model":"vendor/served-1","b":"\\\""}`, "m"},
		{"nested models are not the model", `{"tools":[{"parameters":{"model":"x","models":[],"n":1.5}}],"model":"m"}`, `{"tools":[{"parameters":{"model":"x","models":[],"n":1.5}}],"model":"vendor/served-1"}`, "m"},
		{"no model's name", `{"model":"m\ud83d\ude00"}`, `{"model":"vendor/served-1"}`, usage.UnknownModel},
		{"half a pair", `{"model":"m\ud83d"}`, `{"model":"vendor/served-1"}`, usage.UnknownModel},
		{"a name as long as a body", `{"model":"` + strings.Repeat("m", 2000) + `"}`, `{"model":"vendor/served-1"}`, usage.UnknownModel},
		{"an empty name", `{"model":""}`, `{"model":"vendor/served-1"}`, ""},
		{"prompt is text here", `{"model":"m","prompt":{"id":"p"}}`, `{"model":"vendor/served-1","prompt":{"id":"p"}}`, "m"},
		{"nulls are absent", `{"model":"m","stream":null,"n":null,"max_tokens":null,"stream_options":null}`, `{"model":"vendor/served-1","stream":null,"n":null,"max_tokens":null,"stream_options":null}`, "m"},

		{"stream asks for usage", `{"model":"m","stream":true}`, `{"model":"vendor/served-1","stream_options":{"include_usage":true},"stream":true}`, "m"},
		{"stream before model", `{"stream":true,"model":"m"}`, `{"stream":true,"model":"vendor/served-1","stream_options":{"include_usage":true}}`, "m"},
		{"options of null", `{"stream_options":null,"model":"m","stream":true}`, `{"stream_options":{"include_usage":true},"model":"vendor/served-1","stream":true}`, "m"},
		{"options of nothing", `{"model":"m","stream":true,"stream_options": { } }`, `{"model":"vendor/served-1","stream":true,"stream_options": {"include_usage":true} }`, "m"},
		{"options of something else", `{"model":"m","stream":true,"stream_options":{"x":[{}]}}`, `{"model":"vendor/served-1","stream":true,"stream_options":{"include_usage":true,"x":[{}]}}`, "m"},
		{"asked not to", `{"model":"m","stream":true,"stream_options":{"x":1,"include_usage":false}}`, `{"model":"vendor/served-1","stream":true,"stream_options":{"x":1,"include_usage":true}}`, "m"},
		{"asked null", `{"model":"m","stream":true,"stream_options":{"include_usage" : null}}`, `{"model":"vendor/served-1","stream":true,"stream_options":{"include_usage" : true}}`, "m"},
		{"asked already", `{"model":"m","stream":true,"stream_options":{"include_usage":true}}`, `{"model":"vendor/served-1","stream":true,"stream_options":{"include_usage":true}}`, "m"},
		{"no stream, no asking", `{"model":"m","stream":false}`, `{"model":"vendor/served-1","stream":false}`, "m"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, refused := scanBody(routes[0], []byte(tt.body))
			if refused != nil {
				t.Fatalf("refused: %+v", *refused)
			}
			if s.model != tt.model {
				t.Errorf("model %q, want %q", s.model, tt.model)
			}
			ps := s.splice([]byte(tt.body), served)
			if diff := cmp.Diff(tt.want, joined(t, ps)); diff != "" {
				t.Errorf("spliced (-want +got):\n%s", diff)
			}
			if ps.size() != int64(len(tt.want)) || joined(t, ps) != tt.want {
				t.Errorf("size %d, want %d; or it cannot be read twice", ps.size(), len(tt.want))
			}
		})
	}
}

func joined(t *testing.T, ps pieces) string {
	t.Helper()
	data, err := io.ReadAll(ps.open())
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestScanRefuses(t *testing.T) {
	for _, tt := range []struct {
		name, body, code, param, why string
	}{
		{"empty", ``, "invalid_json", "", "nothing names a model"},
		{"not JSON", `{"model":"m"`, "invalid_json", "", "a lenient reader would go on"},
		{"byte order mark", "\ufeff{\"model\":\"m\"}", "invalid_json", "", "some readers skip it, some do not"},
		{"two values", `{"model":"m"}{"model":"x"}`, "invalid_json", "", "which of them?"},
		{"something after", `{"model":"m"} x`, "invalid_json", "", "which of them?"},
		{"NUL after", "{\"model\":\"m\"}\x00", "invalid_json", "", "the end for some"},
		{"bad UTF-8", "{\"model\":\"m\",\"a\":\"\xff\"}", "invalid_json", "", "each reader repairs it in its way"},
		{"overlong UTF-8", "{\"\xc1\xadodel\":\"x\",\"model\":\"m\"}", "invalid_json", "", "spells an m for some"},
		{"single quotes", `{'model':'m'}`, "invalid_json", "", "JSON5 is another language"},
		{"comment", `{"model":"m"/*,"model":"x"*/}`, "invalid_json", "", "JSON5 is another language"},
		{"array", `[{"model":"m"}]`, "invalid_json", "", "not an object"},
		{"text", `"model"`, "invalid_json", "", "not an object"},
		{"null", `null`, "invalid_json", "", "not an object"},

		{"no model", `{"messages":[]}`, "no_model", "model", "nothing to decide on"},
		{"model of null", `{"model":null}`, "invalid_type", "model", "nothing to decide on"},
		{"model of a number", `{"model":1}`, "invalid_type", "model", "nothing to decide on"},
		{"model of a list", `{"model":["m","x"]}`, "invalid_type", "model", "more than one"},

		{"model twice", `{"model":"m","model":"x"}`, "duplicate_member", "model", "encoding/json takes the last, others the first"},
		{"model twice, once escaped", `{"model":"m","mod\u0065l":"x"}`, "duplicate_member", "model", "the same after unescaping"},
		{"another case beside it", `{"model":"m","MODEL":"x"}`, "invalid_member", "model", "encoding/json matches it"},
		{"another case alone", `{"Model":"m"}`, "invalid_member", "model", "encoding/json matches it, others do not"},
		{"escaped case", `{"model":"m","\u004dodel":"x"}`, "invalid_member", "model", "encoding/json matches it"},
		{"long s", `{"model":"m","ſtream":true}`, "invalid_member", "stream", "folds to s"},
		{"Kelvin sign", `{"model":"m","max_to\u212aens":1}`, "invalid_member", "max_tokens", "folds to k"},
		{"NUL in a name", `{"model\u0000":"x","model":"m"}`, "invalid_member", "", "ends the name for some"},
		{"half a pair in a name", `{"mod\ud800el":"x","model":"m"}`, "invalid_member", "", "dropped by some"},
		{"a name as long as a body", `{"model":"m","` + strings.Repeat("a", 300) + `":1}`, "invalid_member", "", "nobody writes it"},

		{"stream twice", `{"model":"m","stream":true,"stream":false}`, "duplicate_member", "stream", "metered as one, served as the other"},
		{"stream of a text", `{"model":"m","stream":"true"}`, "invalid_type", "stream", "true for some"},
		{"stream of a number", `{"model":"m","stream":1}`, "invalid_type", "stream", "true for some"},
		{"options twice", `{"model":"m","stream_options":{},"stream_options":{}}`, "duplicate_member", "stream_options", "metering rests on it"},
		{"options of a list", `{"model":"m","stream_options":[]}`, "invalid_type", "stream_options", "metering rests on it"},
		{"usage twice", `{"model":"m","stream":true,"stream_options":{"include_usage":true,"include_usage":false}}`, "duplicate_member", "stream_options.include_usage", "metering rests on it"},
		{"usage in another case", `{"model":"m","stream":true,"stream_options":{"Include_Usage":false}}`, "duplicate_member", "stream_options.include_usage", "metering rests on it"},
		{"usage of a number", `{"model":"m","stream":true,"stream_options":{"include_usage":1}}`, "invalid_type", "stream_options.include_usage", "true for some"},
		{"messages twice", `{"model":"m","messages":[],"messages":[]}`, "duplicate_member", "messages", "one is looked into, the other is sent"},

		{"bound twice", `{"model":"m","max_tokens":1,"max_tokens":9}`, "duplicate_member", "max_tokens", "reserved as one, served as the other"},
		{"bound in another case", `{"model":"m","MAX_TOKENS":1}`, "invalid_member", "max_tokens", "reserved as one, served as the other"},
		{"bound of a fraction", `{"model":"m","max_tokens":1.5}`, "invalid_type", "max_tokens", "no count"},
		{"bound of an exponent", `{"model":"m","max_completion_tokens":1e3}`, "invalid_type", "max_completion_tokens", "read differently"},
		{"bound below zero", `{"model":"m","max_tokens":-1}`, "invalid_type", "max_tokens", "would lower the reservation"},
		{"bound beyond 31 bits", `{"model":"m","max_tokens":2147483648}`, "invalid_type", "max_tokens", "wraps for some"},
		{"bound beyond 64 bits", `{"model":"m","max_tokens":18446744073709551617}`, "invalid_type", "max_tokens", "wraps for some"},
		{"vendor's bound twice", `{"model":"m","max_x":1,"max_x":1}`, "duplicate_member", "max_*", "its name is the client's and not repeated"},
		{"vendor's bound in another case", `{"model":"m","maX_x":1}`, "invalid_member", "max_*", "its name is the client's and not repeated"},
		{"no end of bounds", `{"model":"m"` + bounds(maxGuardedNames) + `}`, "invalid_member", "max_*", "what is kept of a body is bounded"},
		{"n of a fraction", `{"model":"m","n":1.0}`, "invalid_type", "n", "no count"},
		{"n twice", `{"model":"m","n":1,"n":100}`, "duplicate_member", "n", "reserved as one, served as the other"},
		{"N", `{"model":"m","N":100}`, "invalid_member", "n", "reserved as one, served as the other"},
		{"best_of of a text", `{"model":"m","best_of":"2"}`, "invalid_type", "best_of", "no count"},

		{"models", `{"model":"m","models":["x"]}`, "unsupported_parameter", "models", "names other models"},
		{"fallbacks", `{"model":"m","fallbacks":[]}`, "unsupported_parameter", "fallbacks", "names other models"},
		{"route", `{"model":"m","route":"fallback"}`, "unsupported_parameter", "route", "names other models"},
		{"extra_body", `{"model":"m","extra_body":{"model":"x"}}`, "unsupported_parameter", "extra_body", "is merged into the body later"},
		{"extra_body in another case", `{"model":"m","Extra_Body":null}`, "unsupported_parameter", "extra_body", "is merged into the body later"},
		{"provider", `{"model":"m","provider":null}`, "unsupported_parameter", "provider", "names other models, places or people's settings"},
		{"preset", `{"model":"m","preset":null}`, "unsupported_parameter", "preset", "names other models, places or people's settings"},
		{"context_window_fallbacks", `{"model":"m","context_window_fallbacks":null}`, "unsupported_parameter", "context_window_fallbacks", "names other models, places or people's settings"},
		{"content_policy_fallbacks", `{"model":"m","content_policy_fallbacks":null}`, "unsupported_parameter", "content_policy_fallbacks", "names other models, places or people's settings"},
		{"model_list", `{"model":"m","model_list":null}`, "unsupported_parameter", "model_list", "names other models, places or people's settings"},
		{"user_config", `{"model":"m","user_config":null}`, "unsupported_parameter", "user_config", "names other models, places or people's settings"},
		{"api_base", `{"model":"m","api_base":null}`, "unsupported_parameter", "api_base", "names other models, places or people's settings"},
		{"base_url", `{"model":"m","base_url":null}`, "unsupported_parameter", "base_url", "names other models, places or people's settings"},
		{"api_key", `{"model":"m","api_key":null}`, "unsupported_parameter", "api_key", "names other models, places or people's settings"},
		{"mock_response", `{"model":"m","mock_response":null}`, "unsupported_parameter", "mock_response", "names other models, places or people's settings"},
		{"previous response", `{"model":"m","previous_response_id":"resp_1"}`, "unsupported_parameter", "previous_response_id", "somebody else's"},
		{"conversation", `{"model":"m","conversation":"conv_1"}`, "unsupported_parameter", "conversation", "somebody else's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, refused := scanBody(routes[0], []byte(tt.body))
			if refused == nil {
				t.Fatalf("accepted: %s", tt.why)
			}
			got := []any{refused.Status, refused.Type, refused.Code, refused.Param}
			if diff := cmp.Diff([]any{400, "invalid_request_error", tt.code, tt.param}, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

func bounds(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `,"max_%d":1`, i)
	}
	return b.String()
}

func TestScanLetsThroughWhatOnlyLooksStored(t *testing.T) {
	for _, body := range []string{
		`{"model":"m","messages":[{"audio":null,"content":[{"type":"input_audio","input_audio":{"data":"","format":"wav"}}]}]}`,
		`{"model":"m","messages":[{"content":"\"file_id\":\"x\""}],"tools":[{"function":{"parameters":{"properties":{"file_id":{"type":"string"}}}}}]}`,
		`{"model":"m","messages":[{"content":[{"file":{"file_id":null,"file_data":"x"}}]}]}`,
		`{"model":"m","messages":"file_id"}`,
		`{"model":"m","messages":["file_id", "x"]}`,
	} {
		if s, refused := scanBody(routes[0], []byte(body)); refused != nil || len(s.stored) > 0 {
			t.Errorf("%s refused: %+v, refers to %v", body, refused, s.stored)
		}
	}
}

// routeOf is the row of a path.
func routeOf(t testing.TB, path string) Route {
	for _, r := range routes {
		if r.Path == path {
			return r
		}
	}
	t.Fatalf("no route %s", path)
	return Route{}
}

func TestReferences(t *testing.T) {
	const chat, responses = "/v1/chat/completions", "/v1/responses"
	for _, tt := range []struct {
		name, path, body string
		want             []reference
	}{
		{"a file", chat, `{"model":"m","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"file-1"}}]}]}`, []reference{{"file", "file-1"}}},
		{"a file, escaped", chat, `{"model":"m","messages":[{"content":[{"file":{"file\u005fID":"file\u002d1"}}]}]}`, []reference{{"file", "file-1"}}},
		{"spoken before", chat, `{"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}`, []reference{{"audio", "audio_1"}}},
		{"the answer before", responses, `{"model":"m","input":"x","previous_response_id":"resp_1"}`, []reference{{"response", "resp_1"}}},
		{"no answer before", responses, `{"model":"m","input":"x","previous_response_id":null,"conversation":null,"prompt":null}`, nil},
		{"a conversation", responses, `{"model":"m","conversation":"conv_1"}`, []reference{{"conversation", "conv_1"}}},
		{"a conversation as an object", responses, `{"model":"m","conversation":{"id":"conv_1"}}`, []reference{{"conversation", "conv_1"}}},
		{"a stored prompt", responses, `{"model":"m","prompt":{"version":"2","ID":"pmpt_1","variables":{}}}`, []reference{{"prompt", "pmpt_1"}}},
		{"files of the input", responses, `{"model":"m","input":[{"role":"user","content":[{"type":"input_file","file_id":"file-1"},{"type":"input_image","file_id":"file-2"}]}]}`, []reference{{"file", "file-1"}, {"file", "file-2"}}},
		{"tools that search files", responses, `{"model":"m","tools":[{"type":"file_search","vector_store_ids":["vs_1","vs_2"]}]}`, []reference{{"vector_store", "vs_1"}, {"vector_store", "vs_2"}}},
		{"tools that run code", responses, `{"model":"m","tools":[{"type":"code_interpreter","container":"cntr_1"},{"type":"code_interpreter","container":{"type":"auto","file_ids":["file-1"]}}]}`, []reference{{"container", "cntr_1"}, {"file", "file-1"}}},
		{"an item of an earlier answer", responses, `{"model":"m","input":[{"type":"item_reference","id":"msg_1"},{"id":"rs_1","type":"reasoning","summary":[]}]}`, []reference{{"item", "msg_1"}, {"item", "rs_1"}}},
		{"items that carry their content", responses, `{"model":"m","input":[{"type":"message","id":"msg_1","role":"assistant","content":[]},{"role":"user","id":"x","content":"y"},{"type":"function_call","id":"fc_1","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":"1"}]}`, nil},
		{"a reference that says it is a message first", responses, `{"model":"m","input":[{"type":"message","type":"item_reference","id":"msg_1"}]}`, []reference{{"item", "msg_1"}}},
		{"a reference that says it is a message last", responses, `{"model":"m","input":[{"type":"item_reference","id":"msg_1","type":"message"}]}`, []reference{{"item", "msg_1"}}},
		{"a reference with a type in two cases", responses, `{"model":"m","input":[{"Type":"message","id":"msg_1","type":"message"}]}`, []reference{{"item", "msg_1"}}},
		{"a reference with a role", responses, `{"model":"m","input":[{"role":"user","type":"item_reference","id":"msg_1"}]}`, []reference{{"item", "msg_1"}}},
		{"an id without a type", responses, `{"model":"m","input":[{"id":"msg_1"}]}`, []reference{{"item", "msg_1"}}},
		{"a reference that is no list", responses, `{"model":"m","input":{"type":"item_reference","id":"msg_1"}}`, []reference{{"item", "msg_1"}}},
		{"skills and containers of a shell", responses, `{"model":"m","tools":[{"type":"shell","environment":{"type":"container_auto","skills":[{"type":"skill_reference","skill_id":"skill_1"}]}},{"type":"shell","environment":{"type":"container_reference","container_id":"cntr_1"}}]}`, []reference{{"skill", "skill_1"}, {"container", "cntr_1"}}},
		{"a tunnel", responses, `{"model":"m","tools":[{"type":"mcp","server_label":"x","tunnel_id":"tunnel_1"}]}`, []reference{{"tunnel", "tunnel_1"}}},
		{"an answer to compare caches with", responses, `{"model":"m","prompt_cache_options":{"comparison_response_id":"resp_1"}}`, []reference{{"response", "resp_1"}}},
		{"a mask for images", responses, `{"model":"m","tools":[{"type":"image_generation","input_image_mask":{"file_id":"file-1"}}]}`, []reference{{"file", "file-1"}}},
		{"a voice of the account's own", "/v1/audio/speech", `{"model":"m","input":"x","voice":{"id":"voice_1"}}`, []reference{{"voice", "voice_1"}}},
		{"a voice by its name", "/v1/audio/speech", `{"model":"m","input":"x","voice":"alloy"}`, nil},
		{"a chat in a voice of the account's own", chat, `{"model":"m","messages":[],"audio":{"format":"wav","voice":{"id":"voice_1"}}}`, []reference{{"voice", "voice_1"}}},
		{"a chat in a voice by its name", chat, `{"model":"m","messages":[],"audio":{"format":"wav","voice":"alloy"}}`, nil},
		{"a tool of the client's own", responses, `{"model":"m","tools":[{"type":"function","name":"f","parameters":{"properties":{"file_id":{"type":"string"},"vector_store_ids":{"type":"array"}},"required":["file_id"]}}]}`, nil},
		{"text about ids", responses, `{"model":"m","input":"{\"file_id\":\"x\"}","instructions":"file_id"}`, nil},
		{"a prompt of text", "/v1/completions", `{"model":"m","prompt":{"id":"p"}}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, refused := scanBody(routeOf(t, tt.path), []byte(tt.body))
			if refused != nil {
				t.Fatalf("refused: %+v", *refused)
			}
			if diff := cmp.Diff(tt.want, s.stored, cmp.AllowUnexported(reference{})); diff != "" {
				t.Errorf("references (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScanOfResponses(t *testing.T) {
	c := routeOf(t, "/v1/responses")
	for _, tt := range []struct{ name, body, code string }{
		{"in the background", `{"model":"m","background":true}`, "unsupported_parameter"},
		{"in the background twice", `{"model":"m","background":false,"background":true}`, "duplicate_member"},
		{"in the background, a text", `{"model":"m","background":"true"}`, "invalid_type"},
		{"input twice", `{"model":"m","input":"x","input":[{"type":"item_reference","id":"x"}]}`, "duplicate_member"},
		{"tools in another case", `{"model":"m","Tools":[]}`, "invalid_member"},
		{"the answer before, twice", `{"model":"m","previous_response_id":null,"previous_response_id":"x"}`, "duplicate_member"},
		{"a tool with a model of its own", `{"model":"m","tools":[{"type":"function"},{"type":"image_generation","model":"x"}]}`, "unsupported_parameter"},
		{"a tool with a model in another case", `{"model":"m","tools":[{"type":"image_generation","Model":"x"}]}`, "unsupported_parameter"},
		{"a check with a model of its own", `{"model":"m","moderation":{"model":"x"}}`, "unsupported_parameter"},
		{"tools twice", `{"model":"m","tools":[],"tools":[{"type":"image_generation","model":"x"}]}`, "duplicate_member"},
		{"a bound twice", `{"model":"m","max_output_tokens":1,"max_output_tokens":2}`, "duplicate_member"},
		{"a bound of a text", `{"model":"m","max_output_tokens":"1"}`, "invalid_type"},
		{"more references than are looked at", `{"model":"m","tools":[{"file_ids":[` + strings.Repeat(`"x",`, 64) + `"x"]}]}`, "stored_reference"},
	} {
		if _, refused := scanBody(c, []byte(tt.body)); refused == nil || refused.Code != tt.code {
			t.Errorf("%s: %+v, want %s", tt.name, refused, tt.code)
		}
	}
	s, refused := scanBody(c, []byte(`{"model":"m","stream":true,"background":false,"max_output_tokens":7,"moderation":null,"tools":[{"type":"function","model":null,"parameters":{"properties":{"model":{"type":"string"}}}},{"file_ids":[`+strings.Repeat(`"x",`, 63)+`"x"]}]}`))
	if refused != nil || !s.stream || s.asking != (edit{}) || s.output != 7 || len(s.stored) != 64 {
		t.Errorf("scan = %+v, %+v", s, refused)
	}
}

// The bytes of a recording are no tokens.
func TestEstimateOfForm(t *testing.T) {
	body := "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--"
	s, refused := scanForm([]byte(body), "b")
	if want := (Estimate{Units: usage.Units{}.With(tenancy.UnitRequests, 1)}); refused != nil || s.estimate(len(body)) != want {
		t.Errorf("estimate %+v, want %+v, %+v", s.estimate(len(body)), want, refused)
	}
}

func TestCharacters(t *testing.T) {
	c := routeOf(t, "/v1/audio/speech")
	for _, tt := range []struct {
		input string
		want  int64
	}{
		{`""`, 0}, {`"abc"`, 3}, {`"größe"`, 5}, {`"\u00e9\n\""`, 3}, {`"\ud83d\ude00"`, 1}, {`"\ud83d"`, 1}, {`"😀"`, 1}, {`"` + strings.Repeat("a", 4096) + `"`, 4096},
		{`null`, -1}, {`["a"]`, -1}, {`7`, -1},
	} {
		s, refused := scanBody(c, []byte(`{"model":"m","voice":"x","input":`+tt.input+`}`))
		n, known := s.sent.Get(tenancy.UnitCharacters)
		if !known {
			n = -1
		}
		if refused != nil || n != tt.want {
			t.Errorf("%s: %d characters, want %d, %+v", tt.input, n, tt.want, refused)
		}
	}
	if s, _ := scanBody(routes[0], []byte(`{"model":"m","input":"abc"}`)); s.sent != (usage.Units{}) {
		t.Errorf("a chat sends %v", s.sent)
	}
}

func TestEstimate(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		output     int64
		known      bool
	}{
		{"no bound", `{"model":"m"}`, 0, false},
		{"null is no bound", `{"model":"m","max_tokens":null,"n":3}`, 0, false},
		{"one bound", `{"model":"m","max_tokens":100}`, 100, true},
		{"the larger of two", `{"model":"m","max_tokens":100,"max_completion_tokens":200}`, 200, true},
		{"for each choice", `{"model":"m","max_tokens":100,"n":3}`, 300, true},
		{"for the best of more", `{"model":"m","max_tokens":100,"n":3,"best_of":5}`, 500, true},
		{"no choice is one", `{"model":"m","max_tokens":100,"n":0}`, 100, true},
		{"the largest", `{"model":"m","max_tokens":2147483647,"n":2147483647}`, 2147483647 * 2147483647, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, refused := scanBody(routes[0], []byte(tt.body))
			if refused != nil {
				t.Fatalf("refused: %+v", *refused)
			}
			units := s.estimate(9).Units
			output, known := units.Get(tenancy.UnitOutput)
			if output != tt.output || known != tt.known {
				t.Errorf("output %d, %v; want %d, %v", output, known, tt.output, tt.known)
			}
			if input, _ := units.Get(tenancy.UnitInput); input != 3 {
				t.Errorf("input of 9 bytes %d tokens, want 3", input)
			}
		})
	}
}

// What the scanner allocates must not grow with the body.
func TestScanAllocates(t *testing.T) {
	scan := func(members int) float64 {
		body := []byte(`{"model":"m","stream":true` + strings.Repeat(`,"some_member_of_the_body":[{"x":"\u0041"}]`, members) + `}`)
		return testing.AllocsPerRun(10, func() {
			if _, refused := scanBody(routes[0], body); refused != nil {
				t.Fatalf("refused: %+v", *refused)
			}
		})
	}
	if small, large := scan(1), scan(10_000); large > small+8 {
		t.Errorf("%.0f allocations for a small body, %.0f for a large one", small, large)
	}
	const size = 8 << 20
	long := []byte(`{"model":"` + strings.Repeat("m", size) + `"}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _ = scanBody(routes[0], long)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > size/2 {
		t.Errorf("%d bytes allocated for a model of %d", took, size)
	}
}

// FuzzScan holds the scanner to what encoding/json reads: whatever is accepted
// has, spliced, the served model for a reader that takes the first duplicate, the
// last or any case, asks for usage exactly if it streams, and is otherwise the
// same.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"model":"m"}`, `{"stream":true,"model":"m","stream_options":{"a":[1,{"b":"\""}]}}`,
		`{"model":"m","stream":true,"stream_options":{"include_usage":null}}`, `{"\u006dodel":"\\"}`,
		` { "messages" : [ { "audio":{ "x":1 }, "content":[{"file":{}}] } ] , "model":"m" , "max_tokens":1}`,
		`{"model":"m","MODEL":"x"}`, `{"model":"m","ſtream":1}`, `[]`, `{"model":"a","":""}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		given := bytes.Clone(body)
		s, refused := scanBody(routes[0], body)
		if refused != nil {
			if refused.Status != 400 || refused.Message == "" {
				t.Fatalf("refused as %+v", *refused)
			}
			return
		}
		spliced := []byte(joined(t, s.splice(body, served)))
		if !bytes.Equal(body, given) {
			t.Fatal("the body was changed in place")
		}
		want, got := object(t, body), object(t, spliced)
		if s.stream {
			options, _ := want["stream_options"].(map[string]any)
			if options == nil {
				options = map[string]any{}
			}
			options["include_usage"] = true
			want["stream_options"] = options
		}
		want["model"] = string(served)
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("spliced (-want +got):\n%s", cmp.Diff(want, got))
		}
		// Of every member that a reader could take for the model there is one.
		count := 0
		for name := range got {
			if strings.EqualFold(name, "model") {
				count++
			}
		}
		var folding struct {
			Model  string
			Stream *bool
		}
		if err := json.Unmarshal(spliced, &folding); err != nil || folding.Model != string(served) || count != 1 {
			t.Fatalf("a folding reader reads %+v of %d models, %v", folding, count, err)
		}
		if streams := folding.Stream != nil && *folding.Stream; streams != s.stream {
			t.Fatalf("a folding reader streams: %v, the scanner: %v", streams, s.stream)
		}
		if s.model != "" && s.model != usage.UnknownModel {
			if object(t, body)["model"] != string(s.model) {
				t.Fatalf("scanned model %q", s.model)
			}
		}
	})
}

func object(t *testing.T, data []byte) (m map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v: %q", err, data)
	}
	return m
}

func BenchmarkScan(b *testing.B) {
	for _, size := range []int{1 << 10, 1 << 20} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			message := `{"role":"user","content":"` + strings.Repeat("words and \\n ", 20) + `"}`
			body := []byte(`{"stream":true,"messages":[` + message + strings.Repeat(","+message, size/len(message)) + `],"model":"m"}`)
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				if _, refused := scanBody(routes[0], body); refused != nil {
					b.Fatalf("refused: %+v", *refused)
				}
			}
		})
	}
}

// Whatever a form is, it is refused or its model is spliced: nothing panics, and what
// mime/multipart reads in what is sent on is the model that was decided on, first.
func FuzzScanForm(f *testing.F) {
	part := func(head, body string) string {
		return "--b\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + body + "\r\n"
	}
	f.Add([]byte(part(`name="model"`, "m") + part(`name="file"; filename="x"`, "y") + "--b--\r\n"))
	f.Add([]byte(part(`name="model"`, "m\r\n--") + part(`name="MODEL"`, "y") + "--b--"))
	f.Add([]byte(part(`name=model`, "") + "--b--\r\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		s, refused := scanForm(body, "b")
		if refused != nil {
			return
		}
		sent := joined(t, s.splice(body, served))
		form := multipart.NewReader(strings.NewReader(sent), "b")
		models := 0
		for {
			p, err := form.NextRawPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", sent, err)
			}
			content, err := io.ReadAll(p)
			if err != nil {
				t.Fatalf("%q: %v", sent, err)
			}
			if strings.EqualFold(p.FormName(), "model") {
				if models++; string(content) != string(served) {
					t.Fatalf("%q: another model, %q", sent, content)
				}
			}
		}
		if models != 1 {
			t.Fatalf("%q: %d models", sent, models)
		}
	})
}
