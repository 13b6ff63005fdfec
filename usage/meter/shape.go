package meter

import "example.com/tenet/tenancy"

// Shape names the form of an answer: where its units are. The zero Shape, and one
// that is not among the constants, has no units: all is unknown.
type Shape string

// The shapes.
const (
	Chat        Shape = "chat"        // POST /v1/chat/completions
	Completions Shape = "completions" // POST /v1/completions
	Embeddings  Shape = "embeddings"  // POST /v1/embeddings
)

// member is a member of note in an answer.
type member struct {
	is   what
	unit tenancy.Unit      // of isUnit
	in   map[string]member // the members of note of its object
}

// what is what a member tells.
type what uint8

const (
	isGroup   what = iota // nothing itself; look inside
	isUnit                // an amount of a unit
	isUsage               // that usage was reported; its amounts are inside
	isModel               // the model that answered
	isError               // that the call failed
	isChoices             // what the client asked for
)

// shapes are the members of note of each shape, by name.
var shapes = map[Shape]map[string]member{
	Chat:        generated,
	Completions: generated,
	Embeddings: {
		"model": {is: isModel},
		"error": {is: isError},
		"usage": {is: isUsage, in: map[string]member{
			"prompt_tokens": {is: isUnit, unit: tenancy.UnitInput},
		}},
	},
}

// generated is the shape of generated text.
var generated = map[string]member{
	"model":   {is: isModel},
	"error":   {is: isError},
	"choices": {is: isChoices},
	"usage": {is: isUsage, in: map[string]member{
		"prompt_tokens":     {is: isUnit, unit: tenancy.UnitInput},
		"completion_tokens": {is: isUnit, unit: tenancy.UnitOutput},
		"prompt_tokens_details": {in: map[string]member{
			"cached_tokens": {is: isUnit, unit: tenancy.UnitCachedInput},
		}},
		"completion_tokens_details": {in: map[string]member{
			"reasoning_tokens": {is: isUnit, unit: tenancy.UnitReasoning},
		}},
	}},
}
