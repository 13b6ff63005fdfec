package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// people is a stay in the organization, from the invitation to the removal.
func (t *tester) people(f *firstStart) {
	const nina tenancy.UserID = "nina"
	boss, self := bearer(t.g.logins.token(owner)), bearer(t.g.logins.token(nina))
	r := t.send(http.MethodPost, "/console/invites", `{"email":"Nina@example.com","placements":[{"project":"`+string(f.prod.ID)+`","role":"owner"}]}`, boss...)
	var invite struct{ Token string }
	t.check("an owner invites somebody", r.status == http.StatusOK && json.Unmarshal([]byte(r.body), &invite) == nil && invite.Token != "", r)
	accept := "/console/invites/accept?token=" + url.QueryEscape(invite.Token)
	r = t.send(http.MethodPost, accept, "", bearer(t.g.logins.token("eve"))...)
	t.check("somebody else cannot accept it", r.status == http.StatusForbidden, r)
	r = t.send(http.MethodPost, accept, "", self...)
	t.check("who was invited accepts it", r.status == http.StatusOK && strings.Contains(r.body, `"nina@example.com"`), r)
	r = t.send(http.MethodPost, accept, "", self...)
	t.check("and only once", r.status == http.StatusNotFound, r)
	r = t.send(http.MethodPost, "/console/projects/"+string(f.prod.ID)+"/keys", `{"name":"deploy","kind":"service","models":"all"}`, self...)
	t.check("an owner of a project makes a service key", r.status == http.StatusOK, r)
	r = t.send(http.MethodPost, "/console/projects/"+string(f.prod.ID)+"/keys", `{"name":"laptop","kind":"personal","models":"all"}`, self...)
	var laptop struct{ Secret string }
	t.check("and one of their own, which works", json.Unmarshal([]byte(r.body), &laptop) == nil && t.chat(laptop.Secret, modelSmall, "x").status == http.StatusOK, r)
	t.check("whose access shows in the matrix", strings.Contains(t.send(http.MethodGet, "/console/access", "", boss...).body, `"nina"`), "nobody")

	var effects access.Effects
	r = t.send(http.MethodDelete, "/console/people/nina", "", boss...)
	t.check("removing them is looked at first: a key stops, a secret was seen", json.Unmarshal([]byte(r.body), &effects) == nil &&
		len(effects.Keys) == 1 && effects.Keys[0].Stops() && len(effects.Secrets) == 1 && effects.Secrets[0].Name == "deploy", r)
	t.check("which changes nothing", t.chat(laptop.Secret, modelSmall, "x").status == http.StatusOK, "a refusal")
	var people []tenet.RosterEntry
	rev := ""
	_ = json.Unmarshal([]byte(t.send(http.MethodGet, "/console/people", "", boss...).body), &people) // an empty list fails below
	for _, p := range people {
		if p.User == nina {
			rev = fmt.Sprint(p.Rev)
		}
	}
	r = t.send(http.MethodDelete, "/console/people/nina?sure=yes&op=remove-nina&rev=1"+rev, "", boss...)
	t.check("a page that is out of date removes nobody", r.status == http.StatusPreconditionFailed, r)
	r = t.send(http.MethodDelete, "/console/people/nina?sure=yes&op=remove-nina-2&rev="+rev, "", boss...)
	t.check("then they are removed", r.status == http.StatusOK, r)
	r = t.send(http.MethodDelete, "/console/people/nina?sure=yes&op=remove-nina-2&rev="+rev, "", boss...)
	t.check("and a second click is the first one", r.status == http.StatusOK, r)
	t.check("their own key is refused at once", t.chat(laptop.Secret, modelSmall, "x").is(403, "holder_may_not_call"), "")
	r = t.send(http.MethodGet, "/console/projects", "", self...)
	t.check("and they see nothing any more", r.status == http.StatusNotFound, r)
}
