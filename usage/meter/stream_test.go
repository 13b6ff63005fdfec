package meter_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// outcome is what a stream gives: the bytes that pass, and what was read.
type outcome struct {
	Passed string
	Answer meter.Answer
	Done   bool
}

// run passes chunks through a stream.
func run(shape meter.Shape, strip bool, chunks ...[]byte) outcome {
	s := meter.NewStream(shape, strip)
	var passed []byte
	for _, c := range chunks {
		passed = append(passed, s.Pass(c)...)
	}
	passed = append(passed, s.End()...)
	return outcome{string(passed), s.Answer(), s.Done()}
}

func sameOutcome(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, want, got outcome) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(usage.Units{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

const (
	word  = `{"id":"c1","model":"small-2","choices":[{"index":0,"delta":{"content":"grüße"}}],"usage":null}`
	extra = `{"id":"c1","model":"small-2","choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":8},"completion_tokens_details":{"reasoning_tokens":2}}}`
	both  = `{"model":"small-2","choices":[{"index":0,"delta":{}}],"usage":{"prompt_tokens":12,"completion_tokens":3}}`
)

func TestStream(t *testing.T) {
	event := func(data string) string { return "data: " + data + "\n\n" }
	known := meter.Answer{Units: units(12, 8, 5, 2), Model: "small-2"}
	for _, c := range []struct {
		name, in string
		stripped string // what passes where the stream strips
		want     meter.Answer
		done     bool
	}{
		{"nothing", "", "", meter.Answer{}, false},
		{"asked for usage", event(word) + event(extra) + event("[DONE]"), event(word) + event("[DONE]"), known, true},
		{"did not ask", event(word) + event("[DONE]"), event(word) + event("[DONE]"), meter.Answer{Model: "small-2"}, true},
		{"cut off before usage", event(word) + "data: {\"id\":", event(word) + "data: {\"id\":", meter.Answer{Model: "small-2"}, false},
		{"cut off behind usage", event(extra), "", known, false},
		{"the last blank line is missing", event(word) + "data: " + extra + "\n", event(word), known, false},
		{"the last line has no end", event(word) + "data: " + extra, event(word), known, false},
		{"usage in the last event with choices", event(both) + event("[DONE]"), event(both) + event("[DONE]"), meter.Answer{Units: units(12, -1, 3, -1), Model: "small-2"}, true},
		{"usage in every event", event(both) + event(extra), event(both), known, false},
		{"the last usage holds whole", event(extra) + event(both), event(both), meter.Answer{Units: units(12, -1, 3, -1), Model: "small-2"}, false},
		{"usage null afterwards", event(extra) + event(word), event(word), known, false},
		{"no choices and no usage", event(`{"choices":[],"prompt_filter_results":[]}`), event(`{"choices":[],"prompt_filter_results":[]}`), meter.Answer{}, false},
		{"no choices and usage null", event(`{"choices":[],"usage":null}`), event(`{"choices":[],"usage":null}`), meter.Answer{}, false},
		{"usage and no member choices", event(`{"usage":{"prompt_tokens":1}}`), event(`{"usage":{"prompt_tokens":1}}`), meter.Answer{Units: units(1, -1, -1, -1)}, false},
		{"choices of white space", event(`{"choices":[ ],"usage":{}}`), "", meter.Answer{}, false},
		{"choices null", event(`{"choices":null,"usage":{}}`), event(`{"choices":null,"usage":{}}`), meter.Answer{}, false},
		{"usage that cannot be read", event(both) + event(`{"choices":[],"usage":{"prompt_tokens":"12"}}`), event(both), meter.Answer{Model: "small-2"}, false},
		{"usage and then null in one event", event(both) + event(`{"choices":[],"usage":{"prompt_tokens":1},"usage":null}`), event(both) + event(`{"choices":[],"usage":{"prompt_tokens":1},"usage":null}`), meter.Answer{Units: units(12, -1, 3, -1), Model: "small-2"}, false},
		{"not JSON", event("hello") + event(extra), event("hello"), known, false},
		{"a model too long to be one", event(both) + event(`{"model":"`+strings.Repeat("m", 1600)+`"}`), event(both) + event(`{"model":"`+strings.Repeat("m", 1600)+`"}`), meter.Answer{Units: units(12, -1, 3, -1), Model: "small-2"}, false},
		{"an error", event(word) + event(`{"error":{"message":"overloaded"}}`), event(word) + event(`{"error":{"message":"overloaded"}}`), meter.Answer{Model: "small-2", Failed: true}, false},
		{"an error is not forgotten", event(`{"error":"x"}`) + event(extra), event(`{"error":"x"}`), meter.Answer{Units: known.Units, Model: "small-2", Failed: true}, false},

		{"CRLF", "data: " + extra + "\r\n\r\ndata: [DONE]\r\n\r\n", "data: [DONE]\r\n\r\n", known, true},
		{"CR", "data: " + extra + "\r\rdata: [DONE]\r\r", "data: [DONE]\r\r", known, true},
		{"CR, then CRLF", "data: " + extra + "\r\r\ndata: [DONE]\n\r", "data: [DONE]\n\r", known, true},
		{"blank lines between", "\n\r\n" + event(extra) + "\n\r\r", "\n\r\n\n\r\r", known, false},
		{"comments", ": ping\n\n" + event(extra) + ":\n\n" + event("[DONE]"), ": ping\n\n:\n\n" + event("[DONE]"), known, true},
		{"a comment right before", ": ping\n" + event(extra), ": ping\n", known, false},
		{"a comment inside goes along", "data: " + extra + "\n: inside\n\n", "", known, false},
		{"other fields go along", "event: message\nid: 7\ndata: " + extra + "\nretry: 5\n\n" + event("[DONE]"), event("[DONE]"), known, true},
		{"no space", "data:" + extra + "\n\ndata:[DONE]\n\n", "data:[DONE]\n\n", known, true},
		{"many data lines", "data: " + strings.ReplaceAll(extra, ",", ",\ndata: ") + "\n\n", "", known, false},
		{"data lines cut in a text", "data: {\"model\":\"sma\ndata: ll-2\"}\n\n", "data: {\"model\":\"sma\ndata: ll-2\"}\n\n", meter.Answer{}, false},
		{"data lines without data", "data\ndata:\ndata: " + extra + "\ndata:\n\n", "", known, false},
		{"another field of a like name", "data2: " + extra + "\n\n", "data2: " + extra + "\n\n", meter.Answer{}, false},
		{"usage in a comment", ": data: " + extra + "\n\n", ": data: " + extra + "\n\n", meter.Answer{}, false},
		{"byte order mark", "\ufeff" + event(extra) + event("[DONE]"), event("[DONE]"), known, true},
		{"DONE in a text", event(`"[DONE]"`), event(`"[DONE]"`), meter.Answer{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := []byte(c.in)
			sameOutcome(t, "as it is", outcome{c.in, c.want, c.done}, run(meter.Chat, false, all))
			sameOutcome(t, "stripped", outcome{c.stripped, c.want, c.done}, run(meter.Chat, true, all))
			bytewise := make([][]byte, len(all))
			for i := range all {
				bytewise[i] = all[i : i+1]
			}
			sameOutcome(t, "as it is, byte by byte", outcome{c.in, c.want, c.done}, run(meter.Chat, false, bytewise...))
			sameOutcome(t, "stripped, byte by byte", outcome{c.stripped, c.want, c.done}, run(meter.Chat, true, bytewise...))
			for cut := range all {
				got := run(meter.Chat, true, all[:cut], all[cut:])
				sameOutcome(t, fmt.Sprintf("stripped, cut at %d", cut), outcome{c.stripped, c.want, c.done}, got)
			}
		})
	}
}

func TestStreamOfEmbeddings(t *testing.T) {
	want := outcome{"data: " + extra + "\n\n", meter.Answer{Units: units(12, -1, -1, -1), Model: "small-2"}, false}
	sameOutcome(t, "a shape without choices strips nothing", want, run(meter.Embeddings, true, []byte(want.Passed)))
}

// What may pass passes with the chunk that completes it, and no earlier.
func TestStreamDelaysNothing(t *testing.T) {
	s := meter.NewStream(meter.Chat, true)
	for i, step := range []struct{ in, out string }{
		{": pi", ": pi"},
		{"ng\n", "ng\n"},
		{"\n", "\n"},
		{"data: " + word, ""},
		{"\n", ""},
		{"\n", "data: " + word + "\n\n"},
		{"data: 1\r", ""},
		{"\n\r", "data: 1\r\n\r"},
		{"\n", "\n"},
		{"data: 2\n\ndata: 3\n\ndata: ", "data: 2\n\ndata: 3\n\n"},
		{extra + "\r\n\r", ""},
		{"\n", ""},
		{"\n", "\n"},
		{"event: x\n", ""},
		{": inside\n", ""},
		{"\n", "event: x\n: inside\n\n"},
	} {
		if got := string(s.Pass([]byte(step.in))); got != step.out {
			t.Errorf("step %d: Pass(%q) = %q, want %q", i, step.in, got, step.out)
		}
	}
	chunk := []byte("data: half")
	if got := meter.NewStream(meter.Chat, false).Pass(chunk); len(got) != len(chunk) || &got[0] != &chunk[0] {
		t.Errorf("Pass(%q) = %q, not the chunk itself, though nothing is stripped", chunk, got)
	}
}

func TestStreamLargeEvents(t *testing.T) {
	pad := func(total int) string { // an event of usage that is total bytes long
		frame := len("data: \n\n")
		return "data: " + extra[:1] + strings.Repeat(" ", total-frame-len(extra)) + extra[1:] + "\n\n"
	}
	largest := pad(meter.MaxEvent)
	over := pad(meter.MaxEvent + 1)
	lines := "data: " + strings.Repeat(strings.Repeat(" ", 1<<10)+"\ndata:", 1<<10) + extra + "\n\n"
	small := "data: " + both + "\n\n"
	for _, c := range []struct {
		name, in, stripped string
		want               usage.Units
	}{
		{"the largest", largest, "", units(12, 8, 5, 2)},
		{"one byte over", over, over, usage.Units{}},
		{"over, in many lines", lines, lines, usage.Units{}},
		{"over, after usage", small + over, small + over, usage.Units{}},
		{"over, before usage", over + small, over + small, units(12, -1, 3, -1)},
		{"over, then one to strip", over + "data: " + extra + "\n\n", over, units(12, 8, 5, 2)},
		{"over and cut off", pad(meter.MaxEvent + 3)[:meter.MaxEvent+1], pad(meter.MaxEvent + 3)[:meter.MaxEvent+1], usage.Units{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, size := range []int{len(c.in), 4099} {
				var chunks [][]byte
				for rest := []byte(c.in); len(rest) > 0; rest = rest[min(size, len(rest)):] {
					chunks = append(chunks, rest[:min(size, len(rest))])
				}
				if got := run(meter.Chat, true, chunks...); got.Passed != c.stripped || got.Answer.Units != c.want {
					t.Errorf("in chunks of %d: %d bytes passed of %d, units %v", size, len(got.Passed), len(c.stripped), got.Answer.Units)
				}
				if got := run(meter.Chat, false, chunks...); got.Passed != c.in || got.Answer.Units != c.want {
					t.Errorf("in chunks of %d, not stripped: %d bytes passed of %d, units %v", size, len(got.Passed), len(c.in), got.Answer.Units)
				}
			}
		})
	}
}

func TestStreamMemoryIsBounded(t *testing.T) {
	chunk := bytes.Repeat([]byte("x"), 32<<10)
	for _, strip := range []bool{false, true} {
		s := meter.NewStream(meter.Chat, strip)
		s.Pass([]byte("data: "))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		passed := 0
		for range 512 { // one line of 16 MiB
			passed += len(s.Pass(chunk))
		}
		runtime.ReadMemStats(&after)
		if spent := after.TotalAlloc - before.TotalAlloc; spent > 8<<20 {
			t.Errorf("strip %v: a line of 16 MiB allocated %d bytes", strip, spent)
		}
		if want := 16<<20 + len("data: "); strip && passed != want || !strip && passed != 16<<20 {
			t.Errorf("strip %v: %d bytes passed", strip, passed)
		}
		s.Pass([]byte("\n\ndata: " + extra + "\n\n"))
		if got := s.Answer().Units; got != units(12, 8, 5, 2) {
			t.Errorf("strip %v: units %v behind the line", strip, got)
		}
	}
}

// piece is a stretch of a stream whose fate is known as it is made.
type piece struct {
	text    string
	dropped bool
	units   usage.Units
	counted bool
}

// pieces draws a stretch, with line ends of any kind.
var pieces = rapid.Custom(func(t *rapid.T) piece {
	input, output := rapid.Int64Range(0, 99).Draw(t, "input"), rapid.Int64Range(0, 99).Draw(t, "output")
	counts := fmt.Sprintf(`{"prompt_tokens":%d,"completion_tokens":%d}`, input, output)
	counted := piece{units: usage.Units{}.With(tenancy.UnitInput, input).With(tenancy.UnitOutput, output), counted: true}
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0:
		return piece{text: lines(t, ": ping")}
	case 1:
		return piece{text: lines(t, "data: "+word)}
	case 2:
		return piece{text: lines(t, "data: [DONE]")}
	case 3:
		counted.text = lines(t, "id: 1", `data: {"choices":[{}],"usage":`+counts+"}")
	case 4:
		counted.text, counted.dropped = lines(t, `data: {"choices":[],`, `data:"usage":`+counts+"}"), true
	case 5:
		counted.text, counted.dropped = lines(t, "event: é", `data: {"choices":[],"usage":`+counts+"}"), true
	}
	return counted
})

// lines ends each line, and the event. CR and LF are one end, not two.
func lines(t *rapid.T, list ...string) string {
	ends := []string{"\r", "\r\n", "\n"}
	var text, end string
	for _, line := range list {
		end = rapid.SampledFrom(ends).Draw(t, "end")
		text += line + end
	}
	if end == "\r" {
		ends = ends[:2]
	}
	return text + rapid.SampledFrom(ends).Draw(t, "blank")
}

// chunked cuts text anywhere.
func chunked(t *rapid.T, text string) [][]byte {
	var chunks [][]byte
	for rest := []byte(text); len(rest) > 0; {
		n := rapid.IntRange(0, min(len(rest), 200)).Draw(t, "chunk")
		chunks = append(chunks, rest[:n])
		rest = rest[n:]
	}
	return chunks
}

func TestStreamCutAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var in, stripped strings.Builder
		var want meter.Answer
		done := false
		for _, p := range rapid.SliceOfN(pieces, 0, 6).Draw(t, "pieces") {
			in.WriteString(p.text)
			if !p.dropped {
				stripped.WriteString(p.text)
			}
			if p.counted {
				want.Units = p.units
			}
			if strings.Contains(p.text, "small-2") {
				want.Model = "small-2"
			}
			done = done || strings.Contains(p.text, "[DONE]")
		}
		chunks := chunked(t, in.String())
		sameOutcome(t, "as it is", outcome{in.String(), want, done}, run(meter.Chat, false, chunks...))
		sameOutcome(t, "stripped", outcome{stripped.String(), want, done}, run(meter.Chat, true, chunks...))
	})
}

func FuzzStream(f *testing.F) {
	f.Add([]byte("data: "+word+"\n\ndata: "+extra+"\n\ndata: [DONE]\n\n"), 7)
	f.Add([]byte(": c\r\n\r\nevent: e\rdata: "+extra+"\r\r\ndata:\r\n\r\n"), 3)
	f.Add([]byte("\ufeffdata: {\"choices\":[],\ndata\ndata:\"usage\":{}}\r\r\n\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		size = max(1, size)
		var chunks [][]byte
		for rest := in; len(rest) > 0; rest = rest[min(size, len(rest)):] {
			chunks = append(chunks, rest[:min(size, len(rest))])
		}
		plain := run(meter.Chat, false, chunks...)
		if plain.Passed != string(in) {
			t.Errorf("%q passed as %q", in, plain.Passed)
		}
		stripped := run(meter.Chat, true, chunks...)
		sameOutcome(t, "in one chunk", stripped, run(meter.Chat, true, in))
		if plain.Answer != stripped.Answer || plain.Done != stripped.Done {
			t.Errorf("stripping changes what is read: %+v, %+v", plain, stripped)
		}
		again := run(meter.Chat, true, []byte(stripped.Passed))
		if again.Passed != stripped.Passed {
			t.Errorf("%q is stripped to %q and again to %q", in, stripped.Passed, again.Passed)
		}
	})
}

func BenchmarkStream(b *testing.B) {
	chunk := []byte("data: " + word + "\n\n")
	for _, strip := range []bool{false, true} {
		b.Run(fmt.Sprintf("strip=%v", strip), func(b *testing.B) {
			s := meter.NewStream(meter.Chat, strip)
			b.SetBytes(int64(len(chunk)))
			b.ReportAllocs()
			for b.Loop() {
				if len(s.Pass(chunk)) != len(chunk) {
					b.Fatal("the chunk did not pass")
				}
			}
		})
	}
}
