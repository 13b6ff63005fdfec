package meter_test

import (
	"fmt"
	"strings"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage/meter"
)

// The units of an answer that came in one piece. Nobody reported output, which is
// not to say that there was none.
func ExampleBody() {
	a := meter.Body(meter.Chat, []byte(`{
		"model": "small-2",
		"choices": [{"message": {"content": "Hello."}}],
		"usage": {"prompt_tokens": 12, "completion_tokens": "four"}
	}`))
	input, known := a.Units.Get(tenancy.UnitInput)
	fmt.Println(a.Model, "input", input, known)
	output, known := a.Units.Get(tenancy.UnitOutput)
	fmt.Println(a.Model, "output", output, known)
	// Output:
	// small-2 input 12 true
	// small-2 output 0 false
}

// A stream whose gateway asked for usage and whose client did not: the event that
// reports it is read and taken out.
func ExampleStream() {
	upstream := []string{
		`data: {"model":"small-2","choices":[{"delta":{"content":"Hel`,
		`lo."}}]}` + "\n\n" + `data: {"model":"small-2","choices":[],"usage":{"prompt_tok`,
		`ens":12,"completion_tokens":4}}` + "\n\ndata: [DO",
		"NE]\n\n",
	}
	var client strings.Builder
	s := meter.NewStream(meter.Chat, true)
	for _, chunk := range upstream {
		client.Write(s.Pass([]byte(chunk)))
	}
	client.Write(s.End())

	fmt.Println(strings.TrimSpace(client.String()))
	output, known := s.Answer().Units.Get(tenancy.UnitOutput)
	fmt.Println("output", output, known, "complete", s.Done())
	// Output:
	// data: {"model":"small-2","choices":[{"delta":{"content":"Hello."}}]}
	//
	// data: [DONE]
	// output 4 true complete true
}
