package main

import "example.com/tenet/access/accesstest"

// town is a small company as the policy sees it, with somebody in each position. It
// is told with names; the records are real ones.
func town(t accesstest.TB) *accesstest.World {
	w := accesstest.New(t)
	w.Models("gpt-5", "claude-4", "llama-4", "fast = gpt-5")
	w.Strangers("zoe")

	acme := w.Org("acme")
	acme.OwnModels("acme-tuned")
	acme.Plan("gpt-5", "claude-4", "acme-tuned")
	acme.Owners("ann")                        // owns the company
	acme.Members("bob", "cyd", "vic", "rita") // rita has no project yet
	acme.SuspendedMembers("eve")              // on leave
	acme.FormerMembers("dan")                 // left

	web := acme.Project("web").Models("gpt-5", "claude-4")
	web.Owners("bob").Members("cyd", "eve", "dan").Viewers("vic")
	web.Key("ci").Only("gpt-5").MintedBy("bob")
	web.PersonalKey("cyd's", "cyd")
	web.PersonalKey("eve's", "eve")
	web.PersonalKey("dan's", "dan")

	old := acme.Project("old").Models("gpt-5").Owners("bob").Members("cyd").Archived()
	old.Key("nightly")

	beta := w.Org("beta").Plan(accesstest.All).Owners("otto")
	beta.Project("shop").Models(accesstest.All).Key("till")
	return w
}
