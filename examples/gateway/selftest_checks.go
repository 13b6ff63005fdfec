package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func (t *tester) calls(f *firstStart) {
	r := t.chat(f.prodKey.Reveal(), modelSmall, "Hello there")
	t.check("an allowed call is answered", r.status == http.StatusOK && strings.Contains(r.body, "You said: Hello there"), r)
	t.check("every answer carries a request id", r.header.Get("X-Request-Id") != "", r.header)
	r = t.chat(f.prodKey.Reveal(), modelAlias, "Hello")
	t.check("an alias is served by its model", strings.Contains(r.body, `"model":"`+string(modelSmall)+`"`), r)
	r = t.chat(f.marcoKey.Reveal(), modelSmall, "Hello")
	t.check("a member's personal key works in their project", r.status == http.StatusOK, r)
	r = t.send(http.MethodPost, "/v1/completions", `{"model":"echo-small","prompt":"one two"}`, bearer(f.prodKey.Reveal())...)
	t.check("completions are answered", r.status == http.StatusOK && strings.Contains(r.body, "text_completion"), r)
	r = t.send(http.MethodPost, "/v1/embeddings", `{"model":"echo-embed","input":"one two three"}`, bearer(f.expKey.Reveal())...)
	t.check("embeddings are answered", r.status == http.StatusOK && strings.Contains(r.body, "embedding"), r)
	r = t.send(http.MethodPost, "/v1/responses", `{"model":"echo-small","input":"one two"}`, bearer(f.prodKey.Reveal())...)
	t.check("responses are answered", r.status == http.StatusOK && strings.Contains(r.body, "You said: one two"), r)
	r = t.send(http.MethodPost, "/v1/responses", `{"model":"echo-small","input":"x","previous_response_id":"resp_1"}`, bearer(f.prodKey.Reveal())...)
	t.check("an answer that is stored for nobody knows whom is not gone on from", r.is(400, "stored_reference"), r)
	r = t.chat(f.prodKey.Reveal(), modelSmall, "!fail")
	t.check("an upstream's error goes through as it is", r.status == http.StatusInternalServerError && strings.Contains(r.body, "as asked"), r)
	r = t.send(http.MethodGet, "/v1/models", "", bearer(f.prodKey.Reveal())...)
	t.check("models lists what the key may call, and no more",
		r.status == http.StatusOK && strings.Contains(r.body, `"default"`) && strings.Contains(r.body, `"echo-small"`) && !strings.Contains(r.body, `"echo-large"`), r)
	r = t.send(http.MethodGet, "/v1/models/echo-small", "", bearer(f.prodKey.Reveal())...)
	t.check("one model can be asked for", r.status == http.StatusOK && strings.Contains(r.body, `"echo-small"`), r)
	r = t.send(http.MethodGet, "/v1/models/echo-large", "", bearer(f.prodKey.Reveal())...)
	t.check("a model that may not be called is not found", r.is(404, "model_not_found"), r)
}

func (t *tester) streams(f *firstStart) {
	before := t.total("/console/projects/" + string(f.prod.ID) + "/usage")
	r := t.post(f.prodKey.Reveal(), streamBody(modelSmall, "a b c", ""))
	events := r.events()
	t.check("a stream arrives whole", len(events) == 6 && events[5] == "[DONE]", events)
	t.check("usage that the client did not ask for is not shown", !strings.Contains(r.body, "prompt_tokens"), r.body)
	after := t.total("/console/projects/" + string(f.prod.ID) + "/usage")
	in, _ := after.Unit(tenancy.UnitInput)
	inBefore, _ := before.Unit(tenancy.UnitInput)
	t.check("and is metered all the same", after.Calls == before.Calls+1 && in == inBefore+3, after)
	r = t.post(f.prodKey.Reveal(), streamBody(modelSmall, "a b c", `,"stream_options":{"include_usage":true}`))
	t.check("usage that the client asked for is shown", len(r.events()) == 7 && strings.Contains(r.body, "prompt_tokens"), r.body)
	before = t.total("/console/projects/" + string(f.prod.ID) + "/usage")
	r = t.send(http.MethodPost, "/v1/responses", `{"model":"echo-small","input":"a b c","stream":true}`, bearer(f.prodKey.Reveal())...)
	after = t.total("/console/projects/" + string(f.prod.ID) + "/usage")
	in, _ = after.Unit(tenancy.UnitInput)
	inBefore, _ = before.Unit(tenancy.UnitInput)
	t.check("a stream of responses arrives whole and is metered", len(r.events()) == 6 && in == inBefore+3, r.events())
	r = t.post(f.prodKey.Reveal(), streamBody(modelSmall, "!cut b c", ""))
	t.check("a stream that the upstream breaks off ends broken off", !strings.Contains(r.body, "[DONE]"), r.body)
	last := t.records("/console/projects/" + string(f.prod.ID) + "/activity")[0]
	_, known := last.Units.Get(tenancy.UnitInput)
	t.check("and is recorded as the upstream's error, its units unknown", last.Outcome == usage.OutcomeUpstreamError && !known, last)
}

func (t *tester) credentials(f *firstStart) {
	token := f.prodKey.Reveal()
	wrong := []byte(token)
	wrong[len(wrong)-10] ^= 1
	r := t.send(http.MethodPost, "/v1/chat/completions", chatBody(modelSmall, "x"))
	t.check("no key is 401", r.is(401, "invalid_api_key") && r.header.Get("WWW-Authenticate") == "Bearer", r)
	t.check("a malformed key is 401", t.chat("sk-123", modelSmall, "x").is(401, "invalid_api_key"), r)
	t.check("a key with a changed character is 401", t.chat(string(wrong), modelSmall, "x").is(401, "invalid_api_key"), r)
	t.check("a well-formed key that nobody minted here is 401", t.chat(forged(""), modelSmall, "x").is(401, "invalid_api_key"), "")
	t.check("another secret of a key that exists is 401", t.chat(forged(token), modelSmall, "x").is(401, "invalid_api_key"), "")
	r = t.post(token, chatBody(modelSmall, "x"), "Authorization", "Bearer "+token)
	t.check("two credentials are 401", r.is(401, "invalid_api_key"), r)
	r = t.post(token, chatBody(modelSmall, "x"), "OpenAI-Organization", "org-somebody")
	t.check("a foreign OpenAI-Organization is 401", r.status == 401, r)
	r = t.chat(t.g.logins.token(owner), modelSmall, "x")
	t.check("a login is no key", r.is(401, "invalid_api_key"), r)
	r = t.send(http.MethodGet, "/console/organization", "", bearer(token)...)
	t.check("a key is no login", r.status == 401, r)
	expiring := t.newKey(f.prod.ID, time.Now().Add(2*time.Second), "all")
	t.check("a key that expires works before", t.chat(expiring.secret, modelSmall, "x").status == 200, expiring)
	time.Sleep(2100 * time.Millisecond)
	t.check("and is 401 after", t.chat(expiring.secret, modelSmall, "x").is(401, "key_expired"), "")
}

func (t *tester) routes(f *firstStart) {
	key := bearer(f.prodKey.Reveal())
	for _, path := range []string{"/v1/files", "/v1/batches", "/v1/responses/compact", "/v1/chat/completions/", "/v1//chat/completions", "/v1/chat%2Fcompletions"} {
		r := t.send(http.MethodPost, path, chatBody(modelSmall, "x"), key...)
		t.check("a route that is not served is 404: "+path, r.status == 404, r)
	}
	r := t.send(http.MethodGet, "/v1/chat/completions", "", key...)
	t.check("a route with another method is 404", r.status == 404, r)
}

func (t *tester) bodies(f *firstStart) {
	token := f.prodKey.Reveal()
	for name, body := range map[string]string{
		"no JSON":                        `hello`,
		"no model":                       `{"messages":[]}`,
		"two models":                     `{"model":"echo-small","model":"echo-large","messages":[]}`,
		"a model in another case":        `{"model":"echo-small","Model":"echo-large","messages":[]}`,
		"a list of fallbacks":            `{"model":"echo-small","fallbacks":["echo-large"],"messages":[]}`,
		"something after the object":     `{"model":"echo-small"} {}`,
		"somebody's stored conversation": `{"model":"echo-small","conversation":"conv_1"}`,
	} {
		r := t.post(token, body)
		t.check("a body with "+name+" is 400", r.status == 400 && r.code() != "", r)
	}
	r := t.post(token, chatBody(modelSmall, "x"), "Content-Encoding", "gzip")
	t.check("a compressed body is 415", r.status == 415, r)
	r = t.send(http.MethodPost, "/v1/chat/completions", chatBody(modelSmall, "x"), "Authorization", "Bearer "+token, "Content-Type", "", "Content-Type", "text/plain")
	t.check("another content type is 415", r.status == 415, r)
	r = t.post(token, chatBody(modelSmall, strings.Repeat("x", 33<<20)))
	t.check("a body over the bound is 413", r.status == 413, r.status)
}

func (t *tester) models(f *firstStart) {
	prod, exp := f.prodKey.Reveal(), f.expKey.Reveal()
	t.check("a model of another project is not found", t.chat(prod, modelLarge, "x").is(404, "model_not_found"), "")
	t.check("keys do not bleed the other way either", t.chat(exp, modelSmall, "x").is(404, "model_not_found"), "")
	t.check("each works at home", t.chat(exp, modelLarge, "x").status == 200, "")
	unknown, disabled := t.chat(prod, "no-such-model", "x"), t.chat(prod, modelLarge, "x")
	t.check("unknown and not enabled are one answer", unknown.body == disabled.body && unknown.status == 404, unknown.body+disabled.body)
	narrow := t.newKey(f.prod.ID, time.Time{}, []string{string(modelEmbed)})
	t.check("a key's own list narrows", t.chat(narrow.secret, modelSmall, "x").is(404, "model_not_found"), narrow)

	t.check("the operator takes a model out of the plan", t.subscribe(`["echo-large","echo-embed"]`).status == 200, "")
	t.check("and it is refused at the next call", t.chat(prod, modelSmall, "x").is(404, "model_not_found"), "")
	t.check("the operator puts it back", t.subscribe(`"all"`).status == 200, "")
	t.check("and what the project wanted works again", t.chat(prod, modelSmall, "x").status == 200, "")
	r := t.console(owner, http.MethodPut, "/operator/subscription", `{"plan":"x","models":"all"}`)
	t.check("an owner cannot change the plan", r.status == 404, r)
}

func (t *tester) lifecycle(f *firstStart) {
	prod := f.prodKey.Reveal()
	path := "/console/projects/" + string(f.prod.ID)
	t.check("a member cannot archive", t.console(member, http.MethodPost, path+"/archive", "").status == 403, "")
	t.check("an owner archives prod", t.console(owner, http.MethodPost, path+"/archive", "").status == 200, "")
	t.check("and its keys are 403", t.chat(prod, modelSmall, "x").is(403, "project_archived"), "")
	t.check("the other project's work", t.chat(f.expKey.Reveal(), modelLarge, "x").status == 200, "")
	t.check("a member sees it no more", t.console(member, http.MethodGet, path+"/usage", "").status == 404, "")
	t.check("an owner still sees its usage", t.console(owner, http.MethodGet, path+"/usage", "").status == 200, "")
	t.check("an owner restores it", t.console(owner, http.MethodPost, path+"/restore", "").status == 200, "")
	t.check("and the same key works", t.chat(prod, modelSmall, "x").status == 200, "")

	t.check("the operator suspends the organization", t.console(operator, http.MethodPost, "/operator/suspend", "").status == 200, "")
	t.check("and every key is 403", t.chat(prod, modelSmall, "x").is(403, "organization_suspended"), "")
	t.check("resumed, they work", t.console(operator, http.MethodPost, "/operator/resume", "").status == 200 && t.chat(prod, modelSmall, "x").status == 200, "")

	t.check("a person leaves the project", t.console(owner, http.MethodDelete, path+"/people/"+string(member), "").status == 200, "")
	t.check("and their key is 403", t.chat(f.marcoKey.Reveal(), modelSmall, "x").is(403, "holder_may_not_call"), "")

	k := t.newKey(f.prod.ID, time.Time{}, "all")
	t.check("a new key works at once", t.chat(k.secret, modelSmall, "x").status == 200, k)
	t.check("it is revoked", t.console(owner, http.MethodDelete, "/console/keys/"+k.id, "").status == 200, k)
	t.check("and is 401 at the next call", t.chat(k.secret, modelSmall, "x").is(401, "key_revoked"), k)
	list := t.console(owner, http.MethodGet, path+"/keys", "")
	t.check("the list of keys holds no secret", list.status == 200 && !strings.Contains(list.body, prod[len(prod)-36:]), list)
}

func (t *tester) reports() {
	r := t.console(owner, http.MethodGet, "/console/usage", "")
	t.check("an owner sees the organization's usage, projects side by side",
		r.status == 200 && strings.Contains(r.body, `"prod"`) && strings.Contains(r.body, `"experiments"`), r)
	t.check("a member does not", t.console(member, http.MethodGet, "/console/usage", "").status == 403, "")
	r = t.console(owner, http.MethodGet, "/console/activity.csv", "")
	t.check("an owner takes all calls along as a file",
		r.status == 200 && strings.Count(r.body, "\r\n") == 1+len(t.records("/console/activity")) && strings.HasPrefix(r.body, "id,at,"), r.status)
	t.check("a member does not", t.console(member, http.MethodGet, "/console/activity.csv", "").status == 403, "")
	t.check("a member sees the organization's name", strings.Contains(t.console(member, http.MethodGet, "/console/organization", "").body, "Example"), "")
	t.check("and not its settings", t.console(member, http.MethodGet, "/console/settings", "").status == 403, "")
	t.check("a stranger sees nothing", t.console("nobody", http.MethodGet, "/console/organization", "").status == 404, "")
	var projects []tenancy.Project
	_ = json.Unmarshal([]byte(t.console(owner, http.MethodGet, "/console/projects", "").body), &projects) // checked by its names
	names := []string{}
	for _, p := range projects {
		names = append(names, p.Name)
	}
	t.check("an owner sees every project, in order", slices.Equal(names, []string{"experiments", "prod"}), names)
	t.check("who belongs to none sees none", t.console(member, http.MethodGet, "/console/projects", "").body == "[]\n", "")
	t.rollups()
}

// rollups compares the roll-up with the records under it, for every split.
func (t *tester) rollups() {
	tally, err := usage.Tally(t.records("/console/activity"))
	want := map[usage.Dimension]map[string]usage.Sums{}
	for id, sums := range tally {
		for by, item := range splits(id) {
			if want[by] == nil {
				want[by] = map[string]usage.Sums{}
			}
			want[by][item], _ = want[by][item].Plus(sums)
		}
	}
	for _, by := range []usage.Dimension{usage.ByProject, usage.ByModel, usage.ByKey, usage.ByOutcome} {
		rows := t.usage("/console/usage?by=" + string(by)).Rows
		same := err == nil && len(rows) > 0 && len(rows) == len(want[by])
		for _, r := range rows {
			same = same && r.Sums == want[by][r.Item(by).ID]
		}
		t.check(fmt.Sprintf("usage by %s equals the records under it", by), same, rows)
	}
}

// splits says under which item of which dimension a bucket counts.
func splits(id usage.BucketID) map[usage.Dimension]string {
	if id.Grain != usage.ByModel {
		return map[usage.Dimension]string{id.Grain: id.Item}
	}
	return map[usage.Dimension]string{
		usage.ByProject: string(id.Project), usage.ByModel: id.Item, usage.ByOutcome: string(id.Outcome),
	}
}

func (t *tester) outage(f *firstStart, out *outage) {
	out.on.Store(true)
	t.check("while the store is silent, calls go on", t.chat(f.prodKey.Reveal(), modelSmall, "x").status == 200, "")
	time.Sleep(2500 * time.Millisecond)
	r := t.chat(f.prodKey.Reveal(), modelSmall, "x")
	t.check("past MaxStaleness the answer is 503, never 401", r.is(503, "unavailable") && r.header.Get("Retry-After") != "", r)
	out.on.Store(false)
	time.Sleep(time.Second)
	t.check("once it answers again, so do we", t.chat(f.prodKey.Reveal(), modelSmall, "x").status == 200, "")
}

// forged is a token that a deployment with another pepper minted: of a key of its
// own, or with the id of the key that token is of.
func forged(token string) string {
	format, err := keys.NewFormat("tenet", "live")
	pepper, pepperErr := keys.NewPepper("other", []byte("a pepper that this gateway has not got"))
	peppers, setErr := keys.NewPeppers(pepper)
	if err := errors.Join(err, pepperErr, setErr); err != nil {
		return err.Error()
	}
	var id tenancy.KeyID
	if parsed, err := format.Parse(token); err == nil {
		id = parsed.ID()
	}
	_, secret, err := keys.Minter{Format: format, Peppers: peppers}.Mint(tenancy.Key{
		Org: "org_01J00000000000000000000000", Project: "proj_01J00000000000000000000000", ID: id,
		Kind: tenancy.KeyService, Name: "forged", CreatedBy: "mallory", Created: tenancy.Instant(time.Now()),
	}, "mallory", time.Now())
	if err != nil {
		return err.Error()
	}
	return secret.Reveal()
}

// key is a key made through the console.
type key struct{ id, secret string }

func (t *tester) newKey(project tenancy.ProjectID, expires time.Time, models any) key {
	n := map[string]any{"name": "test", "kind": "service", "models": models}
	if !expires.IsZero() {
		n["expires"] = expires
	}
	data, _ := json.Marshal(n) // maps of plain values always have a JSON form
	r := t.console(owner, http.MethodPost, "/console/projects/"+string(project)+"/keys", string(data))
	var k struct{ ID, Secret string }
	_ = json.Unmarshal([]byte(r.body), &k) // an empty secret is refused by the gateway
	return key{k.ID, k.Secret}
}

func (t *tester) subscribe(models string) response {
	return t.console(operator, http.MethodPut, "/operator/subscription", `{"plan":"changed","models":`+models+`}`)
}
