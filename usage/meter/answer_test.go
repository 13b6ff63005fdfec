package meter_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// units makes units of input, cached input, output and reasoning; -1 is unknown.
func units(input, cached, output, reasoning int64) usage.Units {
	return usage.Units{}.With(tenancy.UnitInput, input).With(tenancy.UnitCachedInput, cached).
		With(tenancy.UnitOutput, output).With(tenancy.UnitReasoning, reasoning)
}

// same compares answers.
func same(t testing.TB, what string, want, got meter.Answer) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(usage.Units{})); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bodies are whole answers in the forms that servers give.
var bodies = []struct {
	file  string
	shape meter.Shape
	want  meter.Answer
}{
	{"chat.json", meter.Chat, meter.Answer{Units: units(1117, 1024, 146, 64), Model: "gpt-5-mini-2025-08-07"}},
	{"chat_plain.json", meter.Chat, meter.Answer{Units: units(19, -1, 10, -1), Model: "meta-llama/Llama-3.1-8B"}},
	{"chat_no_usage.json", meter.Chat, meter.Answer{Model: "local"}},
	{"completion.json", meter.Completions, meter.Answer{Units: units(5, -1, 7, -1), Model: "gpt-3.5-turbo-instruct"}},
	{"embeddings.json", meter.Embeddings, meter.Answer{Units: units(8, -1, -1, -1), Model: "text-embedding-3-small"}},
	{"error.json", meter.Chat, meter.Answer{Failed: true}},
}

func TestBody(t *testing.T) {
	for _, c := range bodies {
		t.Run(c.file, func(t *testing.T) {
			same(t, c.file, c.want, meter.Body(c.shape, file(t, c.file)))
		})
	}
}

func TestBodyCutOff(t *testing.T) {
	for _, c := range bodies {
		body := bytes.TrimSpace(file(t, c.file))
		for n := range body {
			if got := meter.Body(c.shape, body[:n:n]); got != (meter.Answer{}) {
				t.Fatalf("%s cut off at %d of %d says %+v", c.file, n, len(body), got)
			}
		}
	}
}

func TestBodyOfAnotherShape(t *testing.T) {
	body := file(t, "chat.json")
	for shape, want := range map[meter.Shape]meter.Answer{
		meter.Embeddings: {Units: units(1117, -1, -1, -1), Model: "gpt-5-mini-2025-08-07"},
		"":               {},
		"song":           {},
	} {
		same(t, string(shape), want, meter.Body(shape, body))
	}
}

func TestBodyNumbers(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64 // -1: unknown
	}{
		{"0", 0}, {"7", 7}, {"9007199254740993", 1<<53 + 1}, {"9223372036854775807", math.MaxInt64},
		{"9223372036854775808", -1}, {"18446744073709551616", -1}, {"99999999999999999999999999", -1},
		{"-1", -1}, {"-0", -1}, {"-9223372036854775808", -1},
		{"1.5", -1}, {"7.0", -1}, {"1e3", -1}, {"1E3", -1}, {"0e0", -1},
		{`"7"`, -1}, {"true", -1}, {"null", -1}, {"[7]", -1}, {`{"n":7}`, -1},
	} {
		body := fmt.Sprintf(`{"usage":{"prompt_tokens":%s,"completion_tokens":3}}`, c.text)
		same(t, body, meter.Answer{Units: units(c.want, -1, 3, -1)}, meter.Body(meter.Chat, []byte(body)))
	}
}

func TestBodyMembers(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       meter.Answer
	}{
		{"empty object", `{}`, meter.Answer{}},
		{"white space around", " \t\r\n{ \"usage\" : { \"prompt_tokens\" : 7 } } \n", meter.Answer{Units: units(7, -1, -1, -1)}},
		{"usage null", `{"usage":null}`, meter.Answer{}},
		{"usage a list", `{"usage":[{"prompt_tokens":7}]}`, meter.Answer{}},
		{"usage deeper down", `{"x":{"usage":{"prompt_tokens":7}}}`, meter.Answer{}},
		{"usage in a text", `{"x":"\"usage\":{\"prompt_tokens\":7}"}`, meter.Answer{}},
		{"another case", `{"Usage":{"prompt_tokens":7},"MODEL":"x"}`, meter.Answer{}},
		{"a name with escapes", `{"\u0075sage":{"prompt_tokens":7}}`, meter.Answer{}},
		{"parts at the top", `{"prompt_tokens":7,"cached_tokens":3}`, meter.Answer{}},
		{"details null", `{"usage":{"prompt_tokens":7,"prompt_tokens_details":null}}`, meter.Answer{Units: units(7, -1, -1, -1)}},

		{"as much cached as input", `{"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":7}}}`, meter.Answer{Units: units(7, 7, -1, -1)}},
		{"more cached than input", `{"usage":{"prompt_tokens":7,"prompt_tokens_details":{"cached_tokens":8}}}`, meter.Answer{Units: units(7, -1, -1, -1)}},
		{"cached without input", `{"usage":{"prompt_tokens_details":{"cached_tokens":8}}}`, meter.Answer{}},
		{"no cached without input", `{"usage":{"prompt_tokens_details":{"cached_tokens":0}}}`, meter.Answer{}},
		{"cached before input", `{"usage":{"prompt_tokens_details":{"cached_tokens":7},"prompt_tokens":7}}`, meter.Answer{Units: units(7, 7, -1, -1)}},
		{"more reasoning than output", `{"usage":{"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":8}}}`, meter.Answer{Units: units(-1, -1, 7, -1)}},
		{"as much reasoning as output", `{"usage":{"completion_tokens":7,"completion_tokens_details":{"reasoning_tokens":7}}}`, meter.Answer{Units: units(-1, -1, 7, 7)}},

		{"a number twice", `{"usage":{"prompt_tokens":7,"prompt_tokens":8}}`, meter.Answer{Units: units(8, -1, -1, -1)}},
		{"a number and then none", `{"usage":{"prompt_tokens":7,"prompt_tokens":"8"}}`, meter.Answer{}},
		{"usage twice", `{"usage":{"prompt_tokens":7,"completion_tokens":1},"usage":{"prompt_tokens":8}}`, meter.Answer{Units: units(8, -1, -1, -1)}},
		{"usage and then null", `{"usage":{"prompt_tokens":7},"usage":null}`, meter.Answer{}},
		{"details twice", `{"usage":{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":7},"prompt_tokens_details":{}}}`, meter.Answer{Units: units(9, -1, -1, -1)}},
		{"model twice", `{"model":"a","model":"b"}`, meter.Answer{Model: "b"}},
		{"model and then none", `{"model":"a","model":null}`, meter.Answer{}},
		{"error and then none", `{"error":{},"error":null}`, meter.Answer{}},

		{"model with escapes", `{"model":"meta\/l\u00e9on"}`, meter.Answer{Model: "meta/léon"}},
		{"model of 255 bytes", `{"model":"` + strings.Repeat(`\u0061`, 255) + `"}`, meter.Answer{Model: strings.Repeat("a", 255)}},
		{"model of 256 bytes", `{"model":"` + strings.Repeat("a", 256) + `"}`, meter.Answer{}},
		{"model of 1 MB", `{"model":"` + strings.Repeat("a", 1<<20) + `"}`, meter.Answer{}},
		{"model a number", `{"model":7}`, meter.Answer{}},
		{"error a text", `{"error":"model not loaded"}`, meter.Answer{Failed: true}},
		{"error null", `{"error":null}`, meter.Answer{}},
		{"error false", `{"error":false}`, meter.Answer{}},
		{"error beside usage", `{"error":{},"usage":{"prompt_tokens":7}}`, meter.Answer{Units: units(7, -1, -1, -1), Failed: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, c.name, c.want, meter.Body(meter.Chat, []byte(c.body)))
		})
	}
}

// garbage is no JSON object, though it holds one that reports usage.
func TestBodyGarbage(t *testing.T) {
	const good = `{"usage":{"prompt_tokens":7}}`
	deep := func(n int) string {
		return `{"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `,"usage":{"prompt_tokens":7}}`
	}
	for _, c := range []struct{ name, body string }{
		{"nothing", ""}, {"white space", " \n"}, {"NUL", "\x00"}, {"NUL behind", good + "\x00"},
		{"a list", "[" + good + "]"}, {"a text", `"x"`}, {"a number", "7"},
		{"something behind", good + "x"}, {"two", good + good}, {"a mark before", "\ufeff" + good},
		{"a trailing comma", `{"usage":{"prompt_tokens":7},}`}, {"no comma", `{"usage":{"prompt_tokens":7}"x":1}`},
		{"no colon", `{"x" 1,"usage":{"prompt_tokens":7}}`}, {"a name without quotes", `{x:1,"usage":{"prompt_tokens":7}}`},
		{"a leading zero", `{"usage":{"prompt_tokens":07}}`}, {"a plus", `{"usage":{"prompt_tokens":+7}}`},
		{"a bare point", `{"x":1.,"usage":{"prompt_tokens":7}}`}, {"a bare exponent", `{"x":1e,"usage":{"prompt_tokens":7}}`},
		{"a bare minus", `{"x":-,"usage":{"prompt_tokens":7}}`}, {"NaN", `{"x":NaN,"usage":{"prompt_tokens":7}}`},
		{"half a word", `{"x":tru,"usage":{"prompt_tokens":7}}`}, {"no such escape", `{"x":"\x","usage":{"prompt_tokens":7}}`},
		{"a short escape", `{"x":"\u12g4","usage":{"prompt_tokens":7}}`}, {"a line break in a text", "{\"x\":\"\n\",\"usage\":{\"prompt_tokens\":7}}"},
		{"the wrong bracket", `{"x":[1},"usage":{"prompt_tokens":7}}`}, {"too deep", deep(128)}, {"far too deep", deep(1 << 20)},
	} {
		t.Run(c.name, func(t *testing.T) {
			same(t, c.name, meter.Answer{}, meter.Body(meter.Chat, []byte(c.body)))
		})
	}
	same(t, "as deep as may be", meter.Answer{Units: units(7, -1, -1, -1)}, meter.Body(meter.Chat, []byte(deep(127))))
}

func TestBodyKeepsNothing(t *testing.T) {
	body := []byte(`{"model":"small-2"}`)
	got := meter.Body(meter.Chat, body)
	clear(body)
	if got.Model != "small-2" {
		t.Errorf("the model changed to %q with the body", got.Model)
	}
}

// decoded is Body by encoding/json.
func decoded(body []byte) meter.Answer {
	members := func(raw json.RawMessage) (m map[string]json.RawMessage) {
		if json.Unmarshal(raw, &m) != nil {
			return nil
		}
		return m
	}
	number := func(raw json.RawMessage) int64 {
		if n, err := strconv.ParseInt(string(raw), 10, 64); err == nil && raw[0] != '-' {
			return n
		}
		return -1
	}
	top := members(body)
	u := members(top["usage"])
	us := units(number(u["prompt_tokens"]), number(members(u["prompt_tokens_details"])["cached_tokens"]),
		number(u["completion_tokens"]), number(members(u["completion_tokens_details"])["reasoning_tokens"]))
	in, known := us.Get(tenancy.UnitInput)
	if cached, _ := us.Get(tenancy.UnitCachedInput); !known || cached > in {
		us = us.With(tenancy.UnitCachedInput, -1)
	}
	out, known := us.Get(tenancy.UnitOutput)
	if reasoning, _ := us.Get(tenancy.UnitReasoning); !known || reasoning > out {
		us = us.With(tenancy.UnitReasoning, -1)
	}
	a := meter.Answer{Units: us}
	if json.Unmarshal(top["model"], &a.Model) != nil || len(a.Model) > 255 {
		a.Model = ""
	}
	if e := top["error"]; len(e) > 0 {
		a.Failed = e[0] == '{' || e[0] == '"'
	}
	return a
}

func FuzzBody(f *testing.F) {
	for _, c := range bodies {
		f.Add(file(f, c.file))
	}
	f.Add([]byte(`{"usage":{"prompt_tokens":7,"prompt_tokens":-8},"usage":{},"error":[1e5,-0.5E+7,true,false,null]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if bytes.Contains(body, []byte(`\u`)) || bytes.Count(body, []byte("["))+bytes.Count(body, []byte("{")) > 128 {
			t.Skip("names with escapes and deep nesting are refused here and not there")
		}
		before := bytes.Clone(body)
		same(t, strconv.Quote(string(body)), decoded(body), meter.Body(meter.Chat, body))
		if !bytes.Equal(before, body) {
			t.Error("the body was written to")
		}
	})
}

// vectors is an answer of about a mebibyte of embeddings, as numbers or in base64.
func vectors(b64 bool) []byte {
	var body bytes.Buffer
	body.WriteString(`{"object":"list","data":[`)
	for i := 0; body.Len() < 1<<20; i++ {
		if i > 0 {
			body.WriteByte(',')
		}
		fmt.Fprintf(&body, `{"object":"embedding","index":%d,"embedding":`, i)
		if b64 {
			fmt.Fprintf(&body, `"%s"`, strings.Repeat("vAx7Ow9aQrxk", 683))
		} else {
			body.WriteString("[-0.0069292834" + strings.Repeat(",0.023064255", 1535) + "]")
		}
		body.WriteByte('}')
	}
	body.WriteString(`],"model":"text-embedding-3-small","usage":{"prompt_tokens":512,"total_tokens":512}}`)
	return body.Bytes()
}

func TestBodyOfOneNumberIsNotCopied(t *testing.T) {
	body := []byte(`{"usage":{"prompt_tokens":` + strings.Repeat("1", 1<<20) + `},"model":"` + strings.Repeat("m", 1<<20) + `"}`)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	same(t, "the answer", meter.Answer{}, meter.Body(meter.Chat, body))
	runtime.ReadMemStats(&after)
	if spent := after.TotalAlloc - before.TotalAlloc; spent > 1<<18 {
		t.Errorf("%d bytes allocated for a body of %d", spent, len(body))
	}
}

func TestBodyOfVectorsIsNotDecoded(t *testing.T) {
	body := vectors(false)
	if got := testing.AllocsPerRun(1, func() { meter.Body(meter.Embeddings, body) }); got > 10 {
		t.Errorf("%v allocations for %d bytes", got, len(body))
	}
}

func BenchmarkBody(b *testing.B) {
	for name, body := range map[string][]byte{"numbers": vectors(false), "base64": vectors(true)} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if a := meter.Body(meter.Embeddings, body); a.Units != units(512, -1, -1, -1) {
					b.Fatal(a)
				}
			}
		})
	}
	b.Run("chat", func(b *testing.B) {
		body := file(b, "chat.json")
		b.SetBytes(int64(len(body)))
		b.ReportAllocs()
		for b.Loop() {
			meter.Body(meter.Chat, body)
		}
	})
}
