package access_test

import (
	"fmt"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// crowd is two organizations in which two people minted the keys of two projects, so many that
// no order comes about by itself. Organizations, people and projects are put so that
// each order gives another list.
func crowd() world {
	w := world{}
	w.put(tenancy.Model{ID: "gpt", Public: true})
	for _, org := range []tenancy.OrgID{"acme", "beta"} {
		w.org(org, "olga")
		users := map[tenancy.OrgID][]tenancy.UserID{"acme": {"yan", "zoe"}, "beta": {"ann", "ben"}}[org]
		w.join(org, users...)
		for i, u := range users {
			project := tenancy.ProjectID(fmt.Sprintf("%s-%d", org, 2-i))
			w.project(org, project)
			w.place(org, project, u, tenancy.RoleOwner)
			for n := range 15 {
				id := tenancy.KeyID(fmt.Sprintf("%s-%02d", project, n))
				w.put(tenancy.Key{Org: org, Project: project, ID: id, Kind: tenancy.KeyService, Models: tenancy.AllModels(),
					Created: noon, Current: by(u, time.Time{})})
			}
		}
	}
	return w
}

// leave takes everybody but owners off the rosters, and all models out of the projects.
func leave(w world) {
	for ref, v := range w {
		switch v := v.(type) {
		case tenancy.Member:
			if v.User != "olga" {
				delete(w, ref)
			}
		case tenancy.Project:
			v.Models = tenancy.ModelSet{}
			w[ref] = v
		}
	}
}

func TestManyEffectsAreSorted(t *testing.T) {
	var keys, secrets, people []string
	for _, of := range []struct {
		user, org, project string
	}{{"yan", "acme", "acme-2"}, {"zoe", "acme", "acme-1"}, {"ann", "beta", "beta-2"}, {"ben", "beta", "beta-1"}} {
		people = append(people, of.org+" "+of.user+" ", of.org+" "+of.user+" "+of.project)
		for n := range 15 {
			secrets = append(secrets, fmt.Sprintf("%s %s %s %s-%02d", of.org, of.user, of.project, of.project, n))
		}
	}
	for _, project := range []string{"acme-1", "acme-2", "beta-1", "beta-2"} {
		for n := range 15 {
			keys = append(keys, fmt.Sprintf("%s %s-%02d", project[:4], project, n))
		}
	}

	e := access.Compare(crowd().view(t), crowd().with(leave).view(t))
	var gotKeys, gotSecrets, gotPeople []string
	for _, k := range e.Keys {
		gotKeys = append(gotKeys, fmt.Sprintf("%s %s", k.Org, k.Key))
	}
	for _, s := range e.Secrets {
		gotSecrets = append(gotSecrets, fmt.Sprintf("%s %s %s %s", s.Org, s.User, s.Project, s.Key))
	}
	for _, p := range e.People {
		gotPeople = append(gotPeople, fmt.Sprintf("%s %s %s", p.Org, p.User, p.Project))
	}
	for name, diff := range map[string]string{
		"keys by organization, project and id":              gocmp.Diff(keys, gotKeys),
		"secrets by organization, user, project and key":    gocmp.Diff(secrets, gotSecrets),
		"people by organization, user and project, or none": gocmp.Diff(people, gotPeople),
	} {
		if diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// Effects of any one sort are effects.
func TestEmptyIsOfEverySort(t *testing.T) {
	k, p, s := access.KeyEffect{}, access.PersonEffect{}, access.SeenSecret{}
	for name, e := range map[string]access.Effects{
		"a key":                 {Keys: []access.KeyEffect{k}},
		"a person":              {People: []access.PersonEffect{p}},
		"a secret":              {Secrets: []access.SeenSecret{s}},
		"a key and a person":    {Keys: []access.KeyEffect{k}, People: []access.PersonEffect{p}},
		"a key and a secret":    {Keys: []access.KeyEffect{k}, Secrets: []access.SeenSecret{s}},
		"a person and a secret": {People: []access.PersonEffect{p}, Secrets: []access.SeenSecret{s}},
	} {
		if e.Empty() {
			t.Errorf("%s is nothing", name)
		}
	}
	if !(access.Effects{}).Empty() {
		t.Error("no effects are some")
	}
}
