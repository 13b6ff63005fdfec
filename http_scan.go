package tenet

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// A request body is read by two parties, the gateway and the upstream, and what
// one takes for the model must be what the other takes. So the scanner refuses
// whatever two readers of JSON could read differently where a decision, a limit
// or the metering rests on it, and changes nothing else: it works on positions in
// the client's own bytes.

// member says what the edge asks of a member at the top level of a body.
type member struct {
	refused bool
	is      jsonType
	stored  string // what it refers to, where a route can
}

// jsonType is a type of JSON value, by what the value may begin with.
type jsonType string

const (
	anyType     jsonType = ""
	textType    jsonType = `"`
	booleanType jsonType = "tf"
	objectType  jsonType = "{"
	countType   jsonType = "0123456789" // a whole number from 0, without point or exponent
)

// guarded are the members that routing, limits or metering rest on, and those
// through which a vendor lets a body name other models or other people's stored
// things. A name that folds to one of these and is not byte for byte the same is
// refused, as is one that occurs twice.
var guarded = map[string]member{
	"model":                 {is: textType},
	"messages":              {},
	"input":                 {},
	"prompt":                {},
	"tools":                 {},
	"voice":                 {},
	"audio":                 {},
	"moderation":            {},
	"prompt_cache_options":  {},
	"stream":                {is: booleanType},
	"stream_options":        {is: objectType},
	"max_tokens":            {is: countType},
	"max_completion_tokens": {is: countType},
	"max_output_tokens":     {is: countType},
	"n":                     {is: countType},
	"best_of":               {is: countType},

	"models":     {refused: true}, // OpenRouter
	"fallbacks":  {refused: true}, // LiteLLM
	"route":      {refused: true}, // OpenRouter
	"extra_body": {refused: true}, // LiteLLM: merged into the body behind the gateway
	"provider":   {refused: true}, // OpenRouter
	"preset":     {refused: true}, // OpenRouter

	"context_window_fallbacks": {refused: true}, // LiteLLM, as are those that follow
	"content_policy_fallbacks": {refused: true},
	"model_list":               {refused: true},
	"user_config":              {refused: true},
	"api_base":                 {refused: true},
	"base_url":                 {refused: true},
	"api_key":                  {refused: true},
	"mock_response":            {refused: true},

	"previous_response_id": {refused: true, stored: "response"},
	"conversation":         {refused: true, stored: "conversation"},
}

// background is a member of a call of responses: what it makes is fetched later, by a
// path that is not let through, and its usage told there.
const background = "background"

const (
	guardedPrefix   = "max_" // every member that begins so is guarded
	maxGuardedNames = 32     // a body's guarded members, of which there are a dozen at most
	maxMemberName   = 256    // bytes of a top-level name as written
	maxModelText    = 1024   // bytes of a model's name as written
)

// bodyScan is what the edge knows of a body that it accepts.
type bodyScan struct {
	// model is what the client named, unescaped; [usage.UnknownModel] where that
	// is no model's name, and empty where it is the empty string.
	model  tenancy.ModelID
	stream bool
	// output is the most output tokens that the client asks for, over all
	// choices; -1 where it sets no bound.
	output int64

	modelAt span
	plain   bool        // the model stands without quotes
	late    span        // the part of a form that is the model, where it comes after the file
	lead    string      // what such a part begins with when it comes first
	asking  edit        // asks for usage in a stream where the client did not
	stored  []reference // what the body refers to
	sent    usage.Units // what the request tells of what it consumes
}

// edit puts text in the place of a stretch of a body.
type edit struct {
	at   span
	text string
}

// scanBody reads the top level of a body. What it accepts is one JSON object in
// UTF-8 that every reader takes for the same model, stream and limits. It
// allocates no more for a large body than for a small one.
func scanBody(c Route, body []byte) (bodyScan, *HTTPError) {
	if !utf8.Valid(body) || !json.Valid(body) {
		return bodyScan{}, badBody("invalid_json", "", "The body is not valid JSON in UTF-8 without a byte order mark.")
	}
	start := skipSpace(body, 0)
	if body[start] != '{' {
		return bodyScan{}, badBody("invalid_json", "", "The body must be one JSON object.")
	}
	found, refusal := findGuarded(c, body, start)
	if refusal != nil {
		return bodyScan{}, refusal
	}
	s, refusal := readGuarded(c, body, found)
	if refusal != nil {
		return bodyScan{}, refusal
	}
	s.stored, refusal = references(c, body, found)
	return s, refusal
}

func readGuarded(c Route, body []byte, found map[string]span) (bodyScan, *HTTPError) {
	s := bodyScan{modelAt: found["model"], output: askedOutput(body, found)}
	s.model = modelNamed(s.modelAt.of(body))
	if at, ok := found["stream"]; ok {
		s.stream = body[at.from] == 't'
	}
	if c.Shape == meter.Speech {
		s.sent = s.sent.With(tenancy.UnitCharacters, characters(found["input"].of(body)))
	}
	if !s.stream || !c.AskUsage {
		return s, nil
	}
	var refusal *HTTPError
	s.asking, refusal = askForUsage(body, found)
	return s, refusal
}

// characters is how many characters a quoted string has; -1 of what is none.
func characters(quoted []byte) int64 {
	if len(quoted) == 0 || quoted[0] != '"' {
		return -1
	}
	n := int64(0)
	for text := quoted[1 : len(quoted)-1]; len(text) > 0; n++ {
		size := 0
		if text[0] == '\\' {
			_, size = unescape(text)
		} else {
			_, size = utf8.DecodeRune(text)
		}
		text = text[size:]
	}
	return n
}

// modelNamed is the model that a quoted string names, and [usage.UnknownModel]
// where no model can be called so.
func modelNamed(quoted []byte) tenancy.ModelID {
	if len(quoted) > maxModelText {
		return usage.UnknownModel
	}
	return modelID(string(appendUnescaped(nil, quoted)))
}

func modelID(text string) tenancy.ModelID {
	id, err := tenancy.ParseModelID(text)
	if err != nil && text != "" {
		return usage.UnknownModel
	}
	return id
}

// findGuarded returns where the values of the guarded members stand.
func findGuarded(c Route, body []byte, start int) (map[string]span, *HTTPError) {
	found := make(map[string]span, 8)
	var buf, folded [maxMemberName]byte
	for at, value := range membersAt(body, start) {
		if at.to-at.from > maxMemberName {
			return nil, badBody("invalid_member", "", "A member's name is longer than 256 bytes.")
		}
		name := appendUnescaped(buf[:0], at.of(body))
		if bytes.ContainsFunc(name, ambiguous) {
			return nil, badBody("invalid_member", "", "A member's name holds a control character or half of a surrogate pair.")
		}
		key := appendFolded(folded[:0], name)
		rule, known := c.guards(key)
		if !known && !bytes.HasPrefix(key, []byte(guardedPrefix)) {
			continue
		}
		if refusal := checkMember(rule, known, name, key, value.of(body)); refusal != nil {
			return nil, refusal
		}
		if _, twice := found[string(key)]; twice {
			return nil, badBody("duplicate_member", param(known, key), "The member "+param(known, key)+" occurs twice.")
		}
		if len(found) == maxGuardedNames {
			return nil, badBody("invalid_member", param(known, key), "The body has too many members that begin with max_.")
		}
		found[string(key)] = value
	}
	if _, ok := found["model"]; !ok {
		return nil, noModel()
	}
	return found, nil
}

// guards is what the edge asks of a member of a call of the route.
func (c Route) guards(folded []byte) (member, bool) {
	if c.Shape == meter.Responses && string(folded) == background {
		return member{is: booleanType}, true
	}
	rule, known := guarded[string(folded)]
	rule.refused = rule.refused && (c.Shape != meter.Responses || rule.stored == "")
	return rule, known
}

func checkMember(rule member, known bool, name, key, value []byte) *HTTPError {
	switch p := param(known, key); {
	case rule.refused:
		return badBody("unsupported_parameter", p, "This gateway does not take "+p+". Name one model, and send content rather than references.")
	case !bytes.Equal(name, key):
		return badBody("invalid_member", p, "Write "+p+" exactly so, in lower case.")
	case !rule.is.begins(value) && (value[0] != 'n' || p == "model"):
		return badBody("invalid_type", p, "The value of "+p+" has the wrong type.")
	}
	return nil
}

// param is the name to answer with: never a text of the client's.
func param(known bool, key []byte) string {
	if known {
		return string(key)
	}
	return guardedPrefix + "*"
}

func (t jsonType) begins(value []byte) bool {
	if t == countType {
		_, err := strconv.ParseUint(string(value[:min(len(value), 20)]), 10, 31)
		return err == nil
	}
	return t == anyType || strings.IndexByte(string(t), value[0]) >= 0
}

// ambiguous are characters that one reader keeps and another drops, or ends a
// name at.
func ambiguous(r rune) bool { return unicode.IsControl(r) || r == utf8.RuneError }

// askedOutput is the bound that the body itself sets on its output, -1 for none.
// Two bounds of one thing count as the larger, several choices each.
func askedOutput(body []byte, found map[string]span) int64 {
	limit := max(number(body, found["max_tokens"]), number(body, found["max_completion_tokens"]), number(body, found["max_output_tokens"]))
	if limit < 0 {
		return -1
	}
	choices := max(number(body, found["n"]), number(body, found["best_of"]), 1)
	return limit * choices // each below 1<<31
}

func number(body []byte, at span) int64 {
	n, err := strconv.ParseUint(string(at.of(body)), 10, 31)
	if err != nil {
		return -1 // absent or null
	}
	return int64(n)
}

// askForUsage returns the edit that turns on stream_options.include_usage; the
// zero edit where the client asked for it itself.
func askForUsage(body []byte, found map[string]span) (edit, *HTTPError) {
	at, ok := found["stream_options"]
	if !ok {
		model := found["model"] // insert behind a value that is there for certain
		return edit{span{model.to, model.to}, `,"stream_options":{"include_usage":true}`}, nil
	}
	if body[at.from] == 'n' {
		return edit{at, `{"include_usage":true}`}, nil
	}
	asked, empty, refusal := includeUsage(body, at)
	switch absent := asked == (span{}); {
	case refusal != nil:
		return edit{}, refusal
	case absent && empty:
		return edit{at, `{"include_usage":true}`}, nil
	case absent:
		return edit{span{at.from + 1, at.from + 1}, `"include_usage":true,`}, nil
	case body[asked.from] == 't':
		return edit{}, nil
	}
	return edit{asked, "true"}, nil // it said false or null
}

// includeUsage finds the member of the stream options at at.
func includeUsage(body []byte, at span) (asked span, empty bool, refusal *HTTPError) {
	const name, param = "include_usage", "stream_options.include_usage"
	empty = true
	for key, value := range membersAt(body, at.from) {
		empty = false
		switch same, exact := foldsTo(key.of(body), name); {
		case !same:
		case !exact || asked != (span{}):
			return asked, empty, badBody("duplicate_member", param, "Write "+param+" once, and exactly so.")
		case !booleanType.begins(value.of(body)) && body[value.from] != 'n':
			return asked, empty, badBody("invalid_type", param, "The value of "+param+" has the wrong type.")
		default:
			asked = value
		}
	}
	return asked, empty, nil
}

// estimate is what the call is reserved before it runs: input by the rule of thumb
// of four bytes a token, output as much as the client allows. Output without a
// bound is unknown, as is all of a form.
func (s bodyScan) estimate(size int) Estimate {
	const bytesPerToken = 4
	units := usage.Units{}.With(tenancy.UnitRequests, 1)
	if s.plain { // a recording, whose bytes are no tokens
		return Estimate{Units: units}
	}
	units = units.With(tenancy.UnitInput, (int64(size)+bytesPerToken-1)/bytesPerToken)
	return Estimate{Units: s.sent.Or(units.With(tenancy.UnitOutput, s.output))}
}

// splice returns the body with model in the place of what the client named, and
// with the stream's usage asked for, as pieces to be sent one after the other.
// The pieces share the body's memory.
func (s bodyScan) splice(body []byte, model tenancy.ModelID) pieces {
	text := string(model)
	if !s.plain {
		text = strconv.Quote(text) // no character of a model id needs escaping
	}
	edits := []edit{{s.modelAt, text}}
	if s.late != (span{}) {
		edits = []edit{{span{}, s.lead + text + "\r\n"}, {s.late, ""}}
	}
	if s.asking != (edit{}) {
		edits = append(edits, s.asking)
		slices.SortStableFunc(edits, func(a, b edit) int { return a.at.from - b.at.from })
	}
	var ps pieces
	done := 0
	for _, e := range edits {
		ps = append(ps, body[done:e.at.from], []byte(e.text))
		done = e.at.to
	}
	return append(ps, body[done:])
}

// pieces is a body in parts.
type pieces [][]byte

func (ps pieces) size() (n int64) {
	for _, p := range ps {
		n += int64(len(p))
	}
	return n
}

// smallBody is the size, in bytes, up to which a body is put together again.
const smallBody = 16 << 10

// joined is the body in one part, if it is small. http.Transport sends it together with
// the header then, in one packet and not in two, so that the answer begins sooner.
func (ps pieces) joined() pieces {
	if ps.size() > smallBody {
		return ps
	}
	return pieces{bytes.Join(ps, nil)}
}

// open returns a reader of its own over the parts.
func (ps pieces) open() io.ReadCloser {
	if len(ps) == 1 {
		return io.NopCloser(bytes.NewReader(ps[0])) // what http.Transport knows to be in memory
	}
	readers := make([]io.Reader, len(ps))
	for i, p := range ps {
		readers[i] = bytes.NewReader(p)
	}
	return io.NopCloser(io.MultiReader(readers...))
}
