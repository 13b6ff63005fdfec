package main

import (
	"time"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"

	"example.com/tenet/tenancy"
)

// cedarPolicy says what the library decides about a service key, in Cedar.
const cedarPolicy = `permit (principal is Key, action == Action::"call", resource is Model)
when {
	!principal.revoked && context.now < principal.expires &&
	!principal.project.archived && !principal.project.org.suspended &&
	principal.project.org.models.contains(resource) &&
	principal.project.models.contains(resource) &&
	(!principal.narrowed || principal.models.contains(resource))
};`

const cedarNever = types.Long(1 << 60)

// cedarPeer has a key as an entity with its project as an attribute. The digest leads
// to the entity by a map, as a host would write it.
func cedarPeer(w *world) (peer, error) {
	policies, err := cedar.NewPolicySetFromBytes("call.cedar", []byte(cedarPolicy))
	if err != nil {
		return peer{}, err
	}
	entities := types.EntityMap{}
	add := func(uid types.EntityUID, attributes types.RecordMap) {
		entities[uid] = types.Entity{UID: uid, Attributes: types.NewRecord(attributes)}
	}
	for o, plan := range w.orgs {
		add(cedar.NewEntityUID("Org", types.String(orgID(o))), types.RecordMap{"suspended": types.False, "models": w.cedarSet(plan)})
	}
	for i := range w.projects {
		p := &w.projects[i]
		add(cedar.NewEntityUID("Project", types.String(p.id)), types.RecordMap{
			"org":      cedar.NewEntityUID("Org", types.String(orgID(p.org))),
			"archived": types.Boolean(p.archived), "models": w.cedarSet(p.models),
		})
	}
	principals := make(map[tenancy.Digest]types.EntityUID, len(w.keys))
	for i := range w.keys {
		k := &w.keys[i]
		uid := cedar.NewEntityUID("Key", types.String(k.id))
		principals[k.hmac] = uid
		add(uid, w.cedarKey(k))
	}
	d, call := w.digester(), cedar.NewEntityUID("Action", "call")
	now := types.NewRecord(types.RecordMap{"now": types.Long(time.Now().UnixMicro())})
	return peer{"cedar-go", func(q *query) (bool, error) {
		principal, found := principals[d.of(q.token)]
		if !found {
			return false, nil
		}
		decision, _ := cedar.Authorize(policies, entities, types.Request{
			Principal: principal, Action: call, Resource: cedar.NewEntityUID("Model", types.String(q.model)), Context: now,
		})
		return decision == types.Allow, nil
	}}, nil
}

func (w *world) cedarKey(k *apiKey) types.RecordMap {
	expires := cedarNever
	if !k.expires.IsZero() {
		expires = types.Long(k.expires.UnixMicro())
	}
	return types.RecordMap{
		"project": cedar.NewEntityUID("Project", types.String(w.projects[k.project].id)),
		"revoked": types.Boolean(k.revoked), "expires": expires,
		"narrowed": types.Boolean(k.narrowed), "models": w.cedarSet(k.models),
	}
}

func (w *world) cedarSet(m mask) types.Set {
	var members []types.Value
	for _, name := range w.list(m) {
		members = append(members, cedar.NewEntityUID("Model", types.String(name)))
	}
	return types.NewSet(members...)
}
