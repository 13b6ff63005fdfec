package export

import (
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Activity is the columns of calls, one record a row, as tenet's Actor.EachActivity yields
// them.
//
// A record may stand for many calls: repeated refusals within a second are one. Units and
// cost are those of one call; times count they are what [Usage] adds up.
func Activity() Columns[usage.NamedRecord] {
	type R = usage.NamedRecord
	text := func(name, meaning, null string, of func(*R) string) Column[R] {
		return Column[R]{Name: name, Type: Text, Meaning: meaning, Null: null, of: func(r *R) cell { return words(of(r)) }}
	}
	seconds := func(name, meaning, null string, of func(*R) time.Duration) Column[R] {
		return Column[R]{Name: name, Type: Decimal, Unit: "seconds", Meaning: meaning, Null: null, of: func(r *R) cell {
			return numberIf(of(r).Microseconds(), null == "" || of(r) != 0)
		}}
	}
	columns := Columns[R]{
		text("id", "the record's id, unique over all files", "", func(r *R) string { return string(r.ID) }),
		{Name: "at", Type: Time, Meaning: "when the call began", of: func(r *R) cell { return instant(r.At) }},
		text("organization", "the organization's id", "", func(r *R) string { return string(r.Org) }),
		text("project", "the project's id", "", func(r *R) string { return string(r.Project) }),
		text("project_name", "what the project was called when the file was made", "", func(r *R) string { return r.ProjectName }),
		text("key", "the id of the key that called", "a person called", func(r *R) string { return string(r.Key) }),
		text("key_name", "what the key was called when the file was made", "a person called", func(r *R) string { return r.KeyName }),
		text("user", "the id of the person who called", "a key called", func(r *R) string { return string(r.User) }),
		text("user_name", "what the person was called when the file was made, the id where there is no name", "a key called", func(r *R) string { return r.UserName }),
		text("requested_model", "the model that the call named, an alias perhaps; (unknown) where the catalogue does not have it", "the call named none", func(r *R) string { return string(r.Requested) }),
		text("served_model", "the model that answered, or would have", "the call named none", func(r *R) string { return string(r.Served) }),
		text("outcome", "ok, client_error, upstream_error, denied or abandoned", "", func(r *R) string { return string(r.Outcome) }),
		{Name: "reason", Type: Text, Meaning: "why the call was denied", Null: "it was not", of: func(r *R) cell {
			if r.Outcome != usage.OutcomeDenied {
				return cell{}
			}
			return words(r.Reason.String())
		}},
		{Name: "status", Type: Integer, Meaning: "the HTTP status of the answer", Null: "there was no answer", of: func(r *R) cell {
			return numberIf(int64(r.Status), r.Status != 0)
		}},
		{Name: "count", Type: Integer, Unit: "calls", Meaning: "how many calls the row stands for", of: func(r *R) cell { return number(r.Count) }},
	}
	for _, u := range tenancy.Units() {
		columns = append(columns, Column[R]{Name: string(u), Type: Integer, Unit: unitOf(u), Meaning: meanings[u] + ", of one call", Null: "nobody reported it", of: func(r *R) cell {
			return numberIf(r.Units.Get(u))
		}})
	}
	return append(columns,
		Column[R]{Name: "cost", Type: Decimal, Unit: "the currency", Meaning: "what one call cost, an estimate", Null: "not known", of: func(r *R) cell {
			return numberIf(r.Cost.Micro, r.Cost.Known)
		}},
		text("currency", "ISO 4217", "", func(r *R) string { return r.Currency }),
		seconds("latency", "from the beginning of the call to its end", "", func(r *R) time.Duration { return r.Latency }),
		seconds("first_token", "from the beginning of the call to the first byte of a stream", "no stream, or not known", func(r *R) time.Duration { return r.FirstToken }),
		text("request_id", "what the gateway called the request in its logs", "the gateway gave none", func(r *R) string { return r.RequestID }),
	)
}

// meanings say what the units are.
var meanings = map[tenancy.Unit]string{
	tenancy.UnitInput:       "input, cached input included",
	tenancy.UnitCachedInput: "input that came from a cache, a part of input",
	tenancy.UnitOutput:      "output, reasoning included",
	tenancy.UnitReasoning:   "output that was reasoning, a part of output",
	tenancy.UnitImages:      "images",
	tenancy.UnitSeconds:     "sound or video",
	tenancy.UnitCharacters:  "text that is counted so",
	tenancy.UnitRequests:    "requests, where they have a price",
}

// unitOf is what a unit is counted in.
func unitOf(u tenancy.Unit) string {
	switch u {
	case tenancy.UnitInput, tenancy.UnitCachedInput, tenancy.UnitOutput, tenancy.UnitReasoning:
		return "tokens"
	}
	return string(u)
}
