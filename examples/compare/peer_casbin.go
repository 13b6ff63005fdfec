package main

import (
	"github.com/casbin/casbin/v3"
	"github.com/casbin/casbin/v3/model"

	"example.com/tenet/tenancy"
)

// casbinModel is RBAC with domains as casbin's own example has it: the domain is the
// project. What a key is narrowed to is looked up beside it: as rules of their own they
// would be most of the rules, all of which casbin walks at each question.
const casbinModel = `
[request_definition]
r = sub, dom, obj, act

[policy_definition]
p = sub, dom, obj, act

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = `

// casbinOwn is the example's matcher, and casbinQuick one that asks first what is cheap.
const (
	casbinOwn   = `g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act`
	casbinQuick = `r.dom == p.dom && r.obj == p.obj && r.act == p.act && g(r.sub, p.sub, r.dom)`
)

const casbinRole = "caller"

// casbinPeer has no time and no state of a project in its policy: a key that is refused
// whatever it calls has no role.
func casbinPeer(w *world, matcher string) (peer, error) {
	m, err := model.NewModelFromString(casbinModel + matcher)
	if err != nil {
		return peer{}, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return peer{}, err
	}
	e.EnableAutoSave(false)
	rules, roles := w.casbinRules()
	if _, err := e.AddPolicies(rules); err != nil {
		return peer{}, err
	}
	if _, err := e.AddGroupingPolicies(roles); err != nil {
		return peer{}, err
	}
	at := make(map[tenancy.Digest]*apiKey, len(w.keys))
	for i := range w.keys {
		at[w.keys[i].hmac] = &w.keys[i]
	}
	d := w.digester()
	return peer{"casbin", func(q *query) (bool, error) {
		k := at[d.of(q.token)]
		if k == nil {
			return false, nil
		}
		ok, err := e.Enforce(string(k.id), string(w.projects[k.project].id), string(q.model), "call")
		return ok && (!k.narrowed || k.models.has(q.number)), err
	}}, nil
}

// casbinRules are what projects may call, and which keys call for them.
func (w *world) casbinRules() (rules, roles [][]string) {
	for i := range w.projects {
		p := &w.projects[i]
		for _, name := range w.list(p.models & w.orgs[p.org]) {
			rules = append(rules, []string{casbinRole, string(p.id), string(name), "call"})
		}
	}
	for i := range w.keys {
		k := &w.keys[i]
		if w.callable(k) != 0 {
			roles = append(roles, []string{string(k.id), casbinRole, string(w.projects[k.project].id)})
		}
	}
	return rules, roles
}
