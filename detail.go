package tenet

import (
	"bytes"
	"encoding/json"
	"maps"

	"example.com/tenet/tenancy"
)

// shown are the fields whose values the log may hold: ids, times, roles, model
// sets, limits. Every other field that changed appears as "changed", so that no
// name, e-mail, secret or digest gets into a log that cannot be rewritten.
var shown = map[string]bool{
	"time_zone": true, "currency": true, "owners": true, "suspended": true, "closed": true, "archived": true,
	"plan": true, "models": true, "default": true, "maximum": true, "limits": true,
	"membership": true, "user": true, "role": true, "project": true, "kind": true, "holder": true,
	"expires": true, "revoked": true, "accepted": true, "accepted_by": true, "placements": true,
	"alias": true, "public": true, "orgs": true, "prices": true, "retired": true,
}

// detail is the entry's account of what changed, as a JSON object: kind of record,
// field, and either "changed" or the value before and after. A second record of a
// kind stands under the kind and its ids, "project_member/proj_…/bob". A name claim
// follows from its project and is left out, and so is what a sweep deletes.
func (w *work) detail() []byte {
	account := map[string]any{}
	tell := func(ref tenancy.Ref, after tenancy.Entity) {
		if w.bare {
			return
		}
		name := ref.Kind.String()
		if _, taken := account[name]; taken {
			name += "/" + ref.ID + "/" + string(ref.User)
		}
		if ref.Kind != tenancy.KindNameClaim {
			account[name] = differences(w.reads[ref].Value, after)
		}
	}
	for _, r := range w.puts {
		tell(r.Value.Ref(), r.Value)
	}
	for _, c := range w.gone {
		tell(c.Ref, nil)
	}
	maps.Copy(account, w.notes)
	data, err := json.Marshal(account)
	if err != nil {
		return nil // never: texts and JSON
	}
	return data
}

func differences(before, after tenancy.Entity) map[string]any {
	was, is := members(before), members(after)
	diff := map[string]any{}
	for name := range was {
		if _, kept := is[name]; !kept {
			diff[name] = account(name, was[name], nil)
		}
	}
	for name := range is {
		if !bytes.Equal(was[name], is[name]) {
			diff[name] = account(name, was[name], is[name])
		}
	}
	delete(diff, "created")
	delete(diff, "org")
	delete(diff, "id")
	return diff
}

func account(name string, was, is json.RawMessage) any {
	if !shown[name] {
		return "changed"
	}
	return [2]json.RawMessage{orNull(was), orNull(is)}
}

func orNull(m json.RawMessage) json.RawMessage {
	if m == nil {
		return json.RawMessage("null")
	}
	return m
}

// members are the fields of a record by name; none of an absent one. Digests hide
// themselves.
func members(v tenancy.Entity) map[string]json.RawMessage {
	m := map[string]json.RawMessage{}
	if v == nil {
		return m
	}
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return nil // Commit says what is wrong with such a record
	}
	return m
}
