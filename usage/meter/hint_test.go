package meter_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage/meter"
)

// Most events of a stream are not read but looked through. What a stream knows after
// events of any kind is what it knows where each is read for certain: a member of note
// is put into each, inside an object that is of no note.
func TestStreamLooksThrough(t *testing.T) {
	const noted = `,"other":{"usage":1,"error":1,"model":1}}`
	events := []string{
		`{"model":"a","choices":[{"delta":{"content":"x"}}]`,
		`{"model": "a","usage": null,"choices":[1]`,
		`{"model":"b","x":"a","usage":null`,
		`{"model" : "b"`,
		`{"x":{"model":"b"}`,
		`{"x":{"model":"b"},"model":"c"`,
		`{"model":"ab","usage" :null`,
		`{"model":7`,
		`{"x":"\"model\":\"c\""`,
		`{"usage":{"prompt_tokens":1,"completion_tokens":2},"usage":null`,
		`{"usage":null,"usage":{"prompt_tokens":3,"completion_tokens":4}`,
		`{"usage":{"input_tokens":5,"output_tokens":6}`,
		`{"choices":[],"usage":{"prompt_tokens":7}`,
		`{"error":"x"`, `{"error":null`, `{"x":{"error":{}}`,
		`{"type":"response.completed","response":{"model":"d","usage":{"input_tokens":8}}`,
		`{"type":"response.incomplete"`, `{"type":"response.failed","response":{}`, `{"type":"error"`,
		`{"type":"response.output_text.delta","delta":"response.completed"`,
		`{"type":"image_generation.completed"`, `{"type":"image_generation.completed","usage":{"output_tokens":9}`,
		`{"type":"speech.audio.done"`, `{"type":"transcript.text.done"`, `{"duration":1.5`, `{"x":{"duration":2}`,
		`{"type":"x"`, `{"usage":null] `,
	}
	shapes := []meter.Shape{meter.Chat, meter.Completions, meter.Responses, meter.Embeddings, meter.Images, meter.Speech, meter.Transcriptions, meter.Plain, ""}
	for _, shape := range shapes {
		for _, e := range events {
			want, got := run(shape, false, []byte("data: "+e+noted+"\n\n")), run(shape, false, []byte("data: "+e+"}\n\n"))
			got.Passed, want.Passed = "", ""
			sameOutcome(t, string(shape)+" "+e, want, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SampledFrom(shapes).Draw(t, "shape")
		var as, read []byte
		for _, e := range rapid.SliceOf(rapid.SampledFrom(events)).Draw(t, "events") {
			as = append(as, "data: "+e+"}\n\n"...)
			read = append(read, "data: "+e+noted+"\n\n"...)
		}
		got, want := run(shape, false, as), run(shape, false, read)
		got.Passed, want.Passed = "", ""
		sameOutcome(t, string(as), want, got)
	})
}

// B7: a count in a stream that is none is unknown and not 0, and the one before it is
// forgotten.
func TestB7StreamedCounts(t *testing.T) {
	for _, raw := range []string{
		"-1", "1.5", "1e3", "9223372036854775808", "18446744073709551615", "1" + "00000000000000000000000000000000", `"5"`, "null", "true", "{}", "[]", "-0", "0.0",
	} {
		for _, c := range []struct {
			shape         meter.Shape
			before, after string
		}{
			{meter.Chat, `{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}`, `{"choices":[],"usage":{"prompt_tokens":` + raw + `,"completion_tokens":2}}`},
			{meter.Responses, `{"usage":{"input_tokens":1,"output_tokens":2}}`, `{"type":"response.completed","response":{"usage":{"input_tokens":` + raw + `,"output_tokens":2}}}`},
			{meter.Images, `{"usage":{"input_tokens":1}}`, `{"usage":{"input_tokens":` + raw + `,"output_tokens":2}}`},
			{meter.Transcriptions, `{"usage":{"input_tokens":1}}`, `{"type":"transcript.text.done","usage":{"input_tokens":` + raw + `,"output_tokens":2}}`},
		} {
			got := run(c.shape, true, []byte("data: "+c.before+"\n\ndata: "+c.after+"\n\n")).Answer
			same(t, string(c.shape)+" "+raw, meter.Answer{Units: of(tenancy.UnitOutput, 2)}, got)
		}
	}
}

// Images that are too large to be read are counted by their name; of one without, how
// many there were is unknown.
func TestStreamOfLargeImages(t *testing.T) {
	large := make([]byte, meter.MaxEvent)
	for i := range large {
		large[i] = 'A'
	}
	image := "event: image_generation.completed\ndata: {\"b64_json\":\"" + string(large) + "\"}\n\n"
	small := "data: {\"type\":\"image_generation.completed\",\"usage\":{\"output_tokens\":4}}\n\n"
	unnamed := "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"" + string(large) + "\"}\n\n"
	for _, c := range []struct {
		name, in string
		want     meter.Answer
	}{
		{"three", small + image + image, meter.Answer{Units: of(tenancy.UnitImages, 3)}},
		{"without a name", small + unnamed, meter.Answer{}},
	} {
		t.Run(c.name, func(t *testing.T) { same(t, "answer", c.want, run(meter.Images, false, []byte(c.in)).Answer) })
	}
	chat := run(meter.Chat, false, []byte("event: error\ndata: {\"x\":\""+string(large)+"\"}\n\n"))
	if chat.Done || chat.Answer.Failed {
		t.Errorf("a chat ended by an event's name: %+v", chat)
	}
}
