package main

import "example.com/tenet/access/accesstest"

// breaks are changes that the policy does not allow for: each must fail a line of it.
var breaks = map[string]struct {
	what string
	do   func(*accesstest.World)
}{
	"viewer-calls": {"Vic, who is to look on, becomes a member of acme/web", func(w *accesstest.World) {
		w.FindProject("acme/web").Without("vic").Members("vic")
	}},
	"archived": {"Acme/web is archived", func(w *accesstest.World) {
		w.FindProject("acme/web").Archived()
	}},
	"wide-key": {"The key ci is no longer narrowed", func(w *accesstest.World) {
		w.FindKey("ci").Only(accesstest.All)
	}},
	"downgrade": {"Acme's plan loses claude-4", func(w *accesstest.World) {
		w.FindOrg("acme").Plan("gpt-5", "acme-tuned")
	}},
	"another-owner": {"Bob becomes an owner of acme", func(w *accesstest.World) {
		w.FindOrg("acme").Owners("bob")
	}},
	"removed": {"Bob is removed from acme", func(w *accesstest.World) {
		w.FindOrg("acme").FormerMembers("bob")
	}},
	"shared-model": {"Beta gets the model that was made for acme", func(w *accesstest.World) {
		w.FindOrg("beta").OwnModels("acme-tuned")
	}},
}
