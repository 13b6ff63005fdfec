package meter

import "example.com/tenet/tenancy"

// Shape names the form of an answer: where its units are. The zero Shape, and one
// that is not among the constants, has no units: all is unknown.
type Shape string

// The shapes. Beside what is noted, each has the tokens that a usage object tells, as
// input_tokens and output_tokens or as prompt_tokens and completion_tokens.
const (
	Chat           Shape = "chat"           // POST /v1/chat/completions
	Completions    Shape = "completions"    // POST /v1/completions
	Responses      Shape = "responses"      // POST /v1/responses; its stream tells usage with its last event
	Embeddings     Shape = "embeddings"     // POST /v1/embeddings: input alone
	Images         Shape = "images"         // POST /v1/images/generations: an image for each element of data
	Speech         Shape = "speech"         // POST /v1/audio/speech: sound, or a stream that tells tokens
	Transcriptions Shape = "transcriptions" // POST /v1/audio/transcriptions, /v1/audio/translations: seconds too
	Plain          Shape = "plain"          // POST /v1/rerank, /v1/moderations
)

// Known says whether s is one of the constants.
func (s Shape) Known() bool { return shapes[s] != nil }

// member is a member of note in an answer.
type member struct {
	is   what
	unit tenancy.Unit      // of isUnit
	in   map[string]member // the members of note of its object
}

// what is what a member tells.
type what uint8

const (
	isGroup    what = iota // nothing itself; look inside
	isUnit                 // an amount of a unit
	isSeconds              // seconds, perhaps with a fraction
	isDuration             // the same, of the whole answer: what usage says goes before it
	isImages               // a list of images
	isUsage                // that usage was reported; its amounts are inside
	isModel                // the model that answered
	isError                // that the call failed
	isChoices              // what the client asked for
	isEvent                // what an event of a stream is
)

// tokens are the members of a usage object. An answer spells them in one of two ways.
var tokens = map[string]member{
	"prompt_tokens":     {is: isUnit, unit: tenancy.UnitInput},
	"input_tokens":      {is: isUnit, unit: tenancy.UnitInput},
	"completion_tokens": {is: isUnit, unit: tenancy.UnitOutput},
	"output_tokens":     {is: isUnit, unit: tenancy.UnitOutput},

	"prompt_tokens_details":     {in: cached},
	"input_tokens_details":      {in: cached},
	"completion_tokens_details": {in: reasoning},
	"output_tokens_details":     {in: reasoning},

	"seconds": {is: isSeconds},
}

var (
	cached    = map[string]member{"cached_tokens": {is: isUnit, unit: tenancy.UnitCachedInput}}
	reasoning = map[string]member{"reasoning_tokens": {is: isUnit, unit: tenancy.UnitReasoning}}
)

// shapes are the members of note of each shape, by name.
var shapes = map[Shape]map[string]member{
	Chat:        generated,
	Completions: generated,
	Responses: {
		"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens}, "type": {is: isEvent},
		"response": {in: map[string]member{ // in an event
			"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens},
		}},
	},
	Embeddings: {
		"model": {is: isModel}, "error": {is: isError},
		"usage": {is: isUsage, in: map[string]member{"prompt_tokens": {is: isUnit, unit: tenancy.UnitInput}}},
	},
	Images: {
		"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens}, "type": {is: isEvent},
		"data": {is: isImages},
	},
	Speech: {
		"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens}, "type": {is: isEvent},
	},
	Transcriptions: {
		"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens}, "type": {is: isEvent},
		"duration": {is: isDuration},
	},
	Plain: {
		"model": {is: isModel}, "error": {is: isError}, "usage": {is: isUsage, in: tokens},
	},
}

// generated is the shape of generated text.
var generated = map[string]member{
	"model":   {is: isModel},
	"error":   {is: isError},
	"choices": {is: isChoices},
	"usage": {is: isUsage, in: map[string]member{
		"prompt_tokens":             {is: isUnit, unit: tenancy.UnitInput},
		"completion_tokens":         {is: isUnit, unit: tenancy.UnitOutput},
		"prompt_tokens_details":     {in: cached},
		"completion_tokens_details": {in: reasoning},
	}},
}

// ending is what an event says of its stream.
type ending struct {
	of     Shape // the only shape that has it; empty for all that name their events
	failed bool
	image  bool // one more is there
}

// endings are the events after which nothing more is owed, of the shapes that name their
// events, by the JSON text of the name. Streams of the others end with "[DONE]".
var endings = map[string]ending{
	`"response.completed"`:         {of: Responses},
	`"response.incomplete"`:        {of: Responses}, // cut short by a limit of the client's
	`"response.failed"`:            {of: Responses, failed: true},
	`"error"`:                      {failed: true},
	`"image_generation.completed"`: {of: Images, image: true},
	`"speech.audio.done"`:          {of: Speech},
	`"transcript.text.done"`:       {of: Transcriptions},
}
