package tenet

import "example.com/tenet/usage/meter"

// reference is what a body names by the id under which the models' provider stores it.
type reference struct {
	kind string
	id   string // as the client wrote it, unescaped
}

// maxReferences bounds those of one body.
const maxReferences = 64

// storedKinds are the members that refer to something wherever they stand, by their
// folded name: a text is one id, a list many. An object of that name describes a
// parameter of the client's own tool, or is looked into further.
var storedKinds = map[string]string{
	"file_id": "file", "file_ids": "file",
	"vector_store_id": "vector_store", "vector_store_ids": "vector_store",
	"container": "container", "container_id": "container",
	"skill_id": "skill", "tunnel_id": "tunnel", "comparison_response_id": "response",
}

// references returns everything stored that a body refers to: of a chat, what its
// messages name; of a call of responses, what it goes on from and what its input and
// its tools name; of both and of speech, a voice of the account's own. Other calls take
// content alone.
//
// A tool or a check that names a model of its own is refused: nothing decides on that one.
func references(c Route, body []byte, found map[string]span) ([]reference, *HTTPError) {
	r := referrer{body: body}
	for _, p := range []string{"tools", "moderation"} {
		if r.each(found[p], r.model); r.models {
			return nil, badBody("unsupported_parameter", p, "This gateway does not take a model of its own for "+p+". Name one model.")
		}
	}
	r.within(found["prompt_cache_options"])
	r.within(found["messages"])
	r.each(found["messages"], r.audio)
	r.member("voice", found["voice"], "id")
	r.voice(found["audio"])
	if c.Shape == meter.Responses {
		r.text("response", found["previous_response_id"])
		r.text("conversation", found["conversation"])
		r.member("conversation", found["conversation"], "id")
		r.member("prompt", found["prompt"], "id")
		r.within(found["input"])
		r.within(found["tools"])
		r.each(found["input"], r.item)
		if at, ok := found[background]; ok && body[at.from] == 't' {
			return nil, badBody("unsupported_parameter", background, "This gateway does not take "+background+". Wait for the answer, or stream it.")
		}
	}
	if len(r.found) > maxReferences {
		return nil, badBody("stored_reference", "", "The body refers to more than 64 stored things.")
	}
	return r.found, nil
}

// referrer gathers the references of a body.
type referrer struct {
	body   []byte
	found  []reference
	models bool // something other than the body itself has a model
}

func (r *referrer) note(kind string, quoted []byte) {
	if len(r.found) <= maxReferences {
		r.found = append(r.found, reference{kind, string(appendUnescaped(nil, quoted))})
	}
}

// text notes the value at a place, if it is a text.
func (r *referrer) text(kind string, at span) {
	if at != (span{}) && r.body[at.from] == '"' {
		r.note(kind, at.of(r.body))
	}
}

// texts notes the value at a place, if it is a text, or those of a list.
func (r *referrer) texts(kind string, from int) {
	switch r.body[from] {
	case '"':
		r.note(kind, r.body[from:stringEnd(r.body, from)])
	case '[':
		for element := range elementsAt(r.body, from) {
			r.text(kind, element)
		}
	}
}

// member notes a member of the object at a place, if it is a text.
func (r *referrer) member(kind string, at span, name string) {
	if at == (span{}) || r.body[at.from] != '{' {
		return
	}
	for key, value := range membersAt(r.body, at.from) {
		if same, _ := foldsTo(key.of(r.body), name); same {
			r.text(kind, value)
		}
	}
}

// within notes what the members of storedKinds name, at any depth of a value.
func (r *referrer) within(at span) {
	var buf, folded [64]byte
	for name, value := range membersWithin(r.body, at) {
		if name.to-name.from > 6*len("vector_store_ids")+2 { // each byte as an escape
			continue
		}
		key := appendFolded(folded[:0], appendUnescaped(buf[:0], name.of(r.body)))
		if kind, ok := storedKinds[string(key)]; ok {
			r.texts(kind, value)
		}
	}
}

// each hands over the objects of the list at a place, or the one that is there without.
func (r *referrer) each(at span, look func(object span)) {
	if at == (span{}) || r.body[at.from] != '[' {
		if at != (span{}) && r.body[at.from] == '{' {
			look(at)
		}
		return
	}
	for element := range elementsAt(r.body, at.from) {
		if r.body[element.from] == '{' {
			look(element)
		}
	}
}

// model is something that may name a model of its own.
func (r *referrer) model(object span) {
	for name, value := range membersAt(r.body, object.from) {
		same, _ := foldsTo(name.of(r.body), "model")
		r.models = r.models || same && r.body[value.from] != 'n' // null
	}
}

// audio is a message that goes on from an earlier spoken answer.
func (r *referrer) audio(message span) {
	for name, value := range membersAt(r.body, message.from) {
		if same, _ := foldsTo(name.of(r.body), "audio"); same {
			r.member("audio", value, "id")
		}
	}
}

// voice is how a chat is to sound, which may be a voice of the account's own.
func (r *referrer) voice(audio span) {
	if audio == (span{}) || r.body[audio.from] != '{' {
		return
	}
	for name, value := range membersAt(r.body, audio.from) {
		if same, _ := foldsTo(name.of(r.body), "voice"); same {
			r.member("voice", value, "id")
		}
	}
}

// carried are the items of an input that carry their content with them, whatever id they
// have beside it. Others may be there as an id alone.
var carried = map[string]bool{`"message"`: true, `"function_call"`: true, `"function_call_output"`: true, `"custom_tool_call"`: true, `"custom_tool_call_output"`: true}

// item is an item of the input that may stand for one that is stored: whatever is not
// certain to carry its content. Of a type that is said twice, or not exactly so, some
// reader may take the one and some the other.
func (r *referrer) item(object span) {
	typed, spoken, plain := false, false, true
	for name, value := range membersAt(r.body, object.from) {
		if same, exact := foldsTo(name.of(r.body), "type"); same {
			typed = true
			plain = plain && exact && carried[string(value.of(r.body))]
		}
		_, role := foldsTo(name.of(r.body), "role") // a message, whose type may be left out
		spoken = spoken || role
	}
	if !plain || !typed && !spoken {
		r.member("item", object, "id")
	}
}
