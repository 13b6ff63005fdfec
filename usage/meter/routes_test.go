package meter_test

import (
	"strings"
	"testing"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// of makes units; each argument is a unit and an amount.
func of(unit tenancy.Unit, n int64, more ...any) usage.Units {
	us := usage.Units{}.With(unit, n)
	for i := 0; i < len(more); i += 2 {
		us = us.With(more[i].(tenancy.Unit), int64(more[i+1].(int)))
	}
	return us
}

// Whole answers of the routes whose units stand elsewhere than in a chat's.
func TestBodyOfEachRoute(t *testing.T) {
	const in, out, sec, img = tenancy.UnitInput, tenancy.UnitOutput, tenancy.UnitSeconds, tenancy.UnitImages
	for _, c := range []struct {
		name  string
		shape meter.Shape
		body  string
		want  meter.Answer
	}{
		{"responses", meter.Responses, `{"id":"resp_1","object":"response","status":"completed","error":null,"model":"m-1","output":[{"type":"message"}],
			"usage":{"input_tokens":75,"input_tokens_details":{"cached_tokens":64},"output_tokens":1186,"output_tokens_details":{"reasoning_tokens":1024},"total_tokens":1261}}`,
			meter.Answer{Units: units(75, 64, 1186, 1024), Model: "m-1"}},
		{"responses, cut short", meter.Responses, `{"status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"model":"m","usage":{"input_tokens":1,"output_tokens":2}}`,
			meter.Answer{Units: units(1, -1, 2, -1), Model: "m"}},
		{"responses, failed", meter.Responses, `{"status":"failed","error":{"code":"server_error","message":"x"},"model":"m","usage":null}`, meter.Answer{Model: "m", Failed: true}},
		{"responses, a part larger than its whole", meter.Responses, `{"usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":6},"output_tokens":1}}`, meter.Answer{Units: units(5, -1, 1, -1)}},
		{"images", meter.Images, `{"created":1,"data":[{"url":"https://x"},{"b64_json":"AA[]{}=="}]}`, meter.Answer{Units: of(img, 2)}},
		{"images with tokens", meter.Images, `{"data":[{"b64_json":"AA"}],"usage":{"total_tokens":100,"input_tokens":50,"output_tokens":50,"input_tokens_details":{"text_tokens":10,"image_tokens":40}}}`,
			meter.Answer{Units: of(img, 1, in, 50, out, 50)}},
		{"no images", meter.Images, `{"data":[]}`, meter.Answer{Units: of(img, 0)}},
		{"images that are no list", meter.Images, `{"data":{"url":"x"}}`, meter.Answer{}},
		{"images twice", meter.Images, `{"data":[1],"data":[1,2,3]}`, meter.Answer{Units: of(img, 3)}},
		{"a transcription by time", meter.Transcriptions, `{"text":"hello","usage":{"type":"duration","seconds":9}}`, meter.Answer{Units: of(sec, 9)}},
		{"a transcription by tokens", meter.Transcriptions, `{"text":"hello","usage":{"type":"tokens","input_tokens":14,"input_token_details":{"audio_tokens":14},"output_tokens":45,"total_tokens":59}}`,
			meter.Answer{Units: of(in, 14, out, 45)}},
		{"a verbose transcription", meter.Transcriptions, `{"task":"transcribe","duration":8.470000267028809,"text":"x","segments":[]}`, meter.Answer{Units: of(sec, 9)}},
		{"usage before duration", meter.Transcriptions, `{"duration":8.4,"usage":{"type":"duration","seconds":10}}`, meter.Answer{Units: of(sec, 10)}},
		{"a transcription of text alone", meter.Transcriptions, `{"text":"x"}`, meter.Answer{}},
		{"a ranking", meter.Plain, `{"id":"r","results":[{"index":0,"relevance_score":0.9}],"usage":{"prompt_tokens":12,"total_tokens":12}}`, meter.Answer{Units: of(in, 12)}},
		{"a moderation", meter.Plain, `{"id":"modr-1","model":"omni-moderation-latest","results":[{"flagged":false}]}`, meter.Answer{Model: "omni-moderation-latest"}},
		{"a moderation that failed", meter.Plain, `{"error":{"message":"x"}}`, meter.Answer{Failed: true}},
		{"a shape that is none", meter.Shape("other"), `{"usage":{"input_tokens":1}}`, meter.Answer{}},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "answer", c.want, meter.Body(c.shape, []byte(c.body))) })
	}
}

// B7: what is no number of seconds is unknown. A part of a second counts as one, so that
// a thousand short calls are not free.
func TestB7Seconds(t *testing.T) {
	for raw, want := range map[string]int64{
		"0": 0, "0.0": 0, "0.000": 0, "1": 1, "1.0": 1, "1.000001": 2, "8.47": 9, "59.9999999999999999999": 60, "0.1": 1,
		"9007199254740992": 1 << 53, "9007199254740993": -1, "9223372036854775807": -1, "9223372036854775808": -1, "18446744073709551616.5": -1,
		"-1": -1, "-0.5": -1, "-0": -1, "1e3": -1, "1.5e3": -1, `"9"`: -1, "true": -1, "null": -1, "[1]": -1, "{}": -1,
	} {
		for _, body := range []string{`{"usage":{"seconds":` + raw + `}}`, `{"duration":` + raw + `}`} {
			wanted := meter.Answer{Units: usage.Units{}.With(tenancy.UnitSeconds, want)}
			same(t, body, wanted, meter.Body(meter.Transcriptions, []byte(body)))
		}
	}
}

// Streams that name their events end with the last of them, and not with "[DONE]".
func TestStreamOfEachRoute(t *testing.T) {
	const in, out, img = tenancy.UnitInput, tenancy.UnitOutput, tenancy.UnitImages
	event := func(name, data string) string { return "event: " + name + "\ndata: " + data + "\n\n" }
	created := event("response.created", `{"type":"response.created","response":{"model":"m-1","usage":null,"error":null,"status":"in_progress"}}`)
	delta := event("response.output_text.delta", `{"type":"response.output_text.delta","delta":"response.completed"}`)
	last := func(name, rest string) string {
		return event(name, `{"type":"`+name+`","response":{"model":"m-1",`+rest+`"usage":{"input_tokens":37,"input_tokens_details":{"cached_tokens":0},"output_tokens":11,"output_tokens_details":{"reasoning_tokens":0}}}}`)
	}
	large := strings.Repeat("A", meter.MaxEvent)
	for _, c := range []struct {
		name  string
		shape meter.Shape
		in    string
		want  meter.Answer
		done  bool
	}{
		{"responses", meter.Responses, created + delta + last("response.completed", ""), meter.Answer{Units: units(37, 0, 11, 0), Model: "m-1"}, true},
		{"responses, cut short by a limit", meter.Responses, created + last("response.incomplete", ""), meter.Answer{Units: units(37, 0, 11, 0), Model: "m-1"}, true},
		{"responses, failed", meter.Responses, created + last("response.failed", `"error":{"code":"x"},`), meter.Answer{Units: units(37, 0, 11, 0), Model: "m-1", Failed: true}, true},
		{"responses, an error event", meter.Responses, created + event("error", `{"type":"error","code":"x","message":"y"}`), meter.Answer{Model: "m-1", Failed: true}, true},
		{"responses, cut off", meter.Responses, created + delta, meter.Answer{Model: "m-1"}, false},
		{"a chat that names events", meter.Chat, last("response.completed", ""), meter.Answer{}, false},
		{"one image", meter.Images, event("image_generation.partial_image", `{"type":"image_generation.partial_image","b64_json":"AA"}`) +
			event("image_generation.completed", `{"type":"image_generation.completed","b64_json":"AA","usage":{"input_tokens":5,"output_tokens":7}}`),
			meter.Answer{Units: of(img, 1, in, 5, out, 7)}, true},
		{"two images", meter.Images, event("image_generation.completed", `{"type":"image_generation.completed"}`) + event("image_generation.completed", `{"type":"image_generation.completed"}`),
			meter.Answer{Units: of(img, 2)}, true},
		{"a large image", meter.Images, event("image_generation.completed", `{"type":"image_generation.completed","b64_json":"`+large+`"}`), meter.Answer{Units: of(img, 1)}, true},
		{"a large event of another name", meter.Images, event("image_generation.partial_image", `{"b64_json":"`+large+`"}`), meter.Answer{}, false},
		{"no image yet", meter.Images, event("image_generation.partial_image", `{"type":"image_generation.partial_image","b64_json":"AA"}`), meter.Answer{}, false},
		{"a transcription", meter.Transcriptions, event("transcript.text.delta", `{"type":"transcript.text.delta","delta":"x"}`) +
			event("transcript.text.done", `{"type":"transcript.text.done","text":"x","usage":{"type":"tokens","input_tokens":14,"output_tokens":45}}`), meter.Answer{Units: of(in, 14, out, 45)}, true},
		{"speech", meter.Speech, event("speech.audio.delta", `{"type":"speech.audio.delta","audio":"AA"}`) +
			event("speech.audio.done", `{"type":"speech.audio.done","usage":{"input_tokens":14,"output_tokens":101}}`), meter.Answer{Units: of(in, 14, out, 101)}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := []byte(c.in)
			sameOutcome(t, "at once", outcome{c.in, c.want, c.done}, run(c.shape, false, all))
			if len(all) > 10_000 {
				return
			}
			for cut := range all {
				sameOutcome(t, "cut", outcome{c.in, c.want, c.done}, run(c.shape, true, all[:cut], all[cut:]))
			}
		})
	}
}
