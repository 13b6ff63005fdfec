// Package tenet gives a Go gateway in front of language models its tenancy:
// organizations, projects, roles, API keys, per-project model access, usage.
//
// It is a library, not a server. The host owns its process, its HTTP stack, its
// login and its model routing; Tenet says who may call what, and keeps the count.
//
// # One path through it
//
//	st, err := sqlitefile.Open(ctx, "tenet.db")                       // or any store.Store
//	t, err := tenet.Open(ctx, st, &tenet.Options{Peppers: peppers})
//	defer t.Close()
//
//	org, err := t.Operator("ops").CreateOrganization(ctx, …)          // the operator's verbs
//	project, err := t.As("ann").CreateProject(ctx, org.ID, …)         // everybody else's
//	key, secret, err := t.As("ann").CreateKey(ctx, org.ID, project.ID, …)
//
//	http.ListenAndServe(addr, t.Handler(proxy))                       // the middleware does the rest
//
// What [Tenet.Handler] does for net/http, any other host does with values:
//
//	principal, d := t.Authenticate(ctx, token)                        // who it is
//	call, d := t.Begin(ctx, principal, "gpt-4o", tenet.Estimate{})    // whether they may
//	… serve call.Model() …
//	err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Units: units})
//
// # The packages
//
//   - tenancy: the records (Organization, Project, Role, Key, …) and their pure rules.
//   - keys: token format, secrets, digests, seals.
//   - access: the decisions, as total functions of an immutable snapshot; for a
//     host's own unit tests without a store.
//   - usage: records of calls, how they add up, and reports. usage/meter reads what a call
//     consumed off OpenAI-style answers; usage/export writes calls and reports as CSV, JSON
//     lines and FOCUS (EXPORT.md has every column).
//   - store: the contract of backends. store/memory, store/sqlite and
//     store/sqlitefile implement it; store/storetest is the suite they pass.
//
// # Two sides
//
// Administration, the verbs of [Actor] and [Operator], goes to the store. Each verb
// reads what its rule rests on, the actor's rights included, and commits with a
// check of all of it, so no other change can come between. Each change is one
// commit that also writes one entry of the audit trail.
//
// Requests are decided from this process's memory: a picture of the store that
// follows its change feed. A change of this process is in it when the verb
// returns; one of another process is within Options.MaxStaleness, or this process
// answers Unavailable. There is no cache of decisions.
//
// # Safe by default
//
// Zero values deny, empty lists are nothing, "all" has to be said, and what is
// unknown is refused. Only [Tenet.Authenticate] makes a [Principal], and only a
// Principal can begin a call. An outage is Unavailable, never a denial.
//
// # Errors
//
// A denial of a call is an access.Decision, not an error. Verbs return an [*Error],
// compared by errors.Is with the sentinels of this package, tenancy and store;
// [StatusOf] maps them to HTTP for a host's own pages. "Not found" and "not yours"
// are one answer.
//
// # Concurrency
//
// Everything may be used from any goroutine. [Open] starts two goroutines, and
// [Tenet.Close] ends them.
package tenet
