package tenet

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Principal is a verified key: proof that somebody presented its secret. Only
// [Tenet.Authenticate] makes one, and only a Principal can begin a call; a key's id,
// which stands in logs, cannot. The zero Principal may do nothing.
//
// A Principal sees every later change of its key: one that was revoked after it
// was verified is refused at its next decision.
type Principal struct {
	slot *keySlot
	id   tenancy.KeyID
}

// Key is the id of the verified key; empty of the zero Principal.
func (p Principal) Key() tenancy.KeyID { return p.id }

// record is what is known of the key now; false where it is gone, or where its row
// is no longer one that this deployment wrote.
func (p Principal) record() (keyRecord, bool) {
	if p.slot == nil {
		return keyRecord{}, false
	}
	k := p.slot.read()
	return k, k.known()
}

// Authenticate verifies a token. Where the decision is Allow the Principal is the
// key's. Reasons to deny: ReasonMalformed, ReasonUnknownKey, ReasonWrongSecret,
// which should be one answer to the outside; and, once the secret was verified,
// ReasonKeyRevoked and ReasonKeyExpired, which leave a record of the refusal.
// Unavailable means that the picture is too old to say.
//
// A well-formed token that does not verify here may be one that another process
// minted a moment ago, so it waits for one reading of the change feed, shared by
// all who wait and at most one in 50 milliseconds. The context bounds that wait.
// A known key and garbage need no store. The token is not retained beyond the time that
// it takes to digest it under the newest pepper, where it was under an older one.
//
// Tokens of another system are malformed unless [Options].Imports lets them in, and
// wait for nothing.
func (t *Tenet) Authenticate(ctx context.Context, token string) (Principal, access.Decision) {
	p, d := t.verify(token)
	unverified := d.Reason == access.ReasonUnknownKey || d.Reason == access.ReasonWrongSecret
	if unverified && t.options.Format.Native(token) {
		if hasContext(ctx) != nil || t.follower.wait(ctx) != nil {
			return Principal{}, unavailable(d.Subject)
		}
		p, d = t.verify(token)
	}
	if d.Effect == access.Deny && p == (Principal{}) {
		t.unauthenticated.Add(1)
	}
	return p, d
}

// verify looks a token up in the replica and checks its secret.
func (t *Tenet) verify(token string) (Principal, access.Decision) {
	parsed, err := t.options.Format.Parse(token)
	if err != nil {
		return t.verifyForeign(token)
	}
	now, machine := t.clock.look()
	if t.closed.Load() || !t.replica.current(machine) {
		return Principal{}, unavailable(access.Subject{})
	}
	peppers := t.options.Peppers
	slot := t.replica.keys.find(parsed.IDChars())
	k, known := Principal{slot: slot}.record()
	if !known {
		peppers.Verify(nil, parsed, now) // as much work as for a known key
		return Principal{}, access.Decision{Reason: access.ReasonUnknownKey}
	}
	match := k.match(
		func(i int) (tenancy.Digest, bool) { return peppers.Digest(i, parsed) },
		func(k *tenancy.Key) keys.Match { return peppers.Verify(k, parsed, now) })
	if !match.OK {
		return Principal{}, access.Decision{Reason: access.ReasonWrongSecret}
	}
	p, d := t.admit(slot, &k, now)
	if match.OldPepper && d.Allowed() {
		t.renewer.offer(slot, k.site.org, credential{native: parsed})
	}
	return p, d
}

// admit judges a verified key by its own record.
func (t *Tenet) admit(slot *keySlot, k *keyRecord, now time.Time) (Principal, access.Decision) {
	subject := k.subject(slot.name())
	if k.site.tenant.shaken.Load() {
		return Principal{}, unavailable(subject)
	}
	d := access.Decision{Effect: access.Allow, Subject: subject}
	if reason := k.pass(subject.Key, now).Own.First(); reason != access.ReasonNone {
		d.Effect, d.Reason = access.Deny, reason
		t.recordDenied(d, "", now)
	}
	return Principal{slot, subject.Key}, d
}

func unavailable(s access.Subject) access.Decision {
	return access.Decision{Effect: access.Unavailable, Reason: access.ReasonUnavailable, Subject: s}
}

// CanCall says whether a verified key may call a model now. It answers from
// memory, allocates nothing and leaves no trace; [Tenet.Begin] is what a gateway
// calls.
func (t *Tenet) CanCall(p Principal, model tenancy.ModelID) access.Decision {
	d, _ := t.decide(p, model)
	return d
}

func (t *Tenet) decide(p Principal, model tenancy.ModelID) (access.Decision, time.Time) {
	now, machine := t.clock.look()
	k, known := p.record()
	if !known {
		return t.keyless(p, machine), now
	}
	if t.closed.Load() || !t.replica.current(machine) || k.site.tenant.shaken.Load() {
		return unavailable(k.subject(p.id)), now
	}
	pass := k.pass(p.id, now)
	return k.site.gate.Decide(t.replica.catalogue.Load(), &pass, model), now
}

// keyless decides about a Principal without a key: the zero one, or one whose key
// is gone.
func (t *Tenet) keyless(p Principal, machine instant) access.Decision {
	if p.slot != nil && (t.closed.Load() || !t.replica.current(machine)) {
		return unavailable(access.Subject{Key: p.id})
	}
	return access.Decision{Reason: access.ReasonUnknownKey}
}

// decideUse is decide for a person in the host's own playground.
func (t *Tenet) decideUse(user tenancy.UserID, org tenancy.OrgID, project tenancy.ProjectID, model tenancy.ModelID) (access.Decision, time.Time) {
	now, machine := t.clock.look()
	subject := access.Subject{Org: org, Project: project, User: user}
	at := t.replica.find(org)
	if t.closed.Load() || !t.replica.current(machine) || at != nil && at.shaken.Load() {
		return unavailable(subject), now
	}
	if at == nil {
		return access.Decision{Reason: access.ReasonHolderMayNotCall, Subject: subject}, now
	}
	return at.picture.Load().DecideUse(t.replica.catalogue.Load(), user, project, model), now
}

// barred is the decision that refuses every call of a verified key whatever its
// model, if there is one; it is recorded.
func (t *Tenet) barred(p Principal) (access.Decision, bool) {
	d, now := t.decide(p, "")
	if d.Reason == access.ReasonNoModel {
		return d, false
	}
	if d.Effect == access.Deny {
		t.recordDenied(d, "", now)
	}
	return d, true
}

// Models returns what a verified key may call now, by id, aliases included: the
// entries for which [Tenet.CanCall] is allowed. The decision is Allow where there
// is something to decide about, and says otherwise why every model is refused.
func (t *Tenet) Models(p Principal) ([]tenancy.Model, access.Decision) {
	d, now := t.decide(p, "")
	if d.Effect == access.Deny && d.Reason != access.ReasonNoModel {
		t.recordDenied(d, "", now)
		return nil, d
	}
	if d.Effect != access.Deny {
		return nil, d
	}
	k, known := p.record()
	if !known {
		return nil, access.Decision{Reason: access.ReasonUnknownKey}
	}
	d.Effect, d.Reason = access.Allow, access.ReasonNone
	pass := k.pass(p.id, now)
	return slices.Collect(k.site.gate.Callable(t.replica.catalogue.Load(), &pass)), d
}

// Estimate is what a call is expected to consume, for limits to reserve. Unknown
// units reserve nothing. Limits are not enforced yet, so nothing is reserved.
type Estimate struct {
	Units usage.Units
}

// Begin decides whether a verified key may call a model, and opens the call. Where
// the decision is not Allow the Call is nil, and a denial has been recorded. It is
// Unavailable also where RecordingOptions.RefuseCalls says so.
// Serve the model that the decision names, no other, and finish the call
// whatever comes of it.
func (t *Tenet) Begin(ctx context.Context, p Principal, model tenancy.ModelID, e Estimate) (*Call, access.Decision) {
	d, now := t.decide(p, model)
	return t.begin(d, model, now, func(m tenancy.ModelID) access.Decision { return t.CanCall(p, m) })
}

// Begin is [Tenet.Begin] for a person in the host's own playground.
func (a Actor) Begin(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, model tenancy.ModelID, e Estimate) (*Call, access.Decision) {
	if a.t == nil {
		return nil, access.Decision{Reason: access.ReasonHolderMayNotCall}
	}
	org, project = tenancy.OrgID(strings.Clone(string(org))), tenancy.ProjectID(strings.Clone(string(project)))
	decide := func(m tenancy.ModelID) access.Decision {
		d, _ := a.t.decideUse(a.user, org, project, m)
		return d
	}
	d, now := a.t.decideUse(a.user, org, project, model)
	if d.Effect == access.Deny && !a.t.belongs(a.user, org, project) {
		return nil, d // strangers leave nothing in other people's activity
	}
	return a.t.begin(d, model, now, decide)
}

// belongs reports whether a person has a place in a project, archived or not.
func (t *Tenet) belongs(user tenancy.UserID, org tenancy.OrgID, project tenancy.ProjectID) bool {
	at := t.replica.find(org)
	if at == nil {
		return false
	}
	s := at.picture.Load().Standing(user, project)
	return s.Project.ID != "" && (s.OrgOwner() || s.Role() != "")
}

func (t *Tenet) begin(d access.Decision, model tenancy.ModelID, now time.Time, again func(tenancy.ModelID) access.Decision) (*Call, access.Decision) {
	if !d.Allowed() {
		if d.Effect == access.Deny {
			t.recordDenied(d, model, now)
		}
		return nil, d
	}
	if !t.recorder.admits() {
		return nil, unavailable(d.Subject)
	}
	rec := t.newRecord(d, now)
	rec.Requested = tenancy.ModelID(strings.Clone(string(model)))
	return &Call{t: t, again: again, began: now, record: rec}, d
}

// newRecord is the record of a call as it stands when it begins.
func (t *Tenet) newRecord(d access.Decision, now time.Time) usage.Record {
	return usage.Record{
		ID: usage.RecordID(t.mint(usage.PrefixRecord)), At: tenancy.Instant(now),
		Org: d.Subject.Org, Project: d.Subject.Project, Key: d.Subject.Key, User: d.Subject.User,
		Served: d.Model, Count: 1,
	}
}

// shows reports whether a project may hear of a model: it is in the organization's
// plan, or was when the project turned it on.
func (t *Tenet) shows(s access.Subject, m *tenancy.Model) bool {
	at := t.replica.find(s.Org)
	return m != nil && at != nil && at.picture.Load().Shows(s.Project, *m)
}

// recordDenied leaves a record of a refusal, merged with others of its kind. A model
// that the project may not hear of is recorded as unknown, so that its own activity
// tells it nothing about the catalogue.
func (t *Tenet) recordDenied(d access.Decision, model tenancy.ModelID, now time.Time) {
	if d.Subject.Org == "" || d.Subject.Project == "" {
		return // nobody to record it for
	}
	rec := t.newRecord(d, now)
	rec.Outcome, rec.Reason = usage.OutcomeDenied, d.Reason
	rec.Requested, rec.Served = "", ""
	if m := t.replica.catalogue.Load().Resolve(model); t.shows(d.Subject, m) {
		rec.Requested, rec.Served = tenancy.ModelID(strings.Clone(string(model))), m.ID
	} else if model != "" {
		rec.Requested, rec.Served = usage.UnknownModel, usage.UnknownModel
		if d.Reason == access.ReasonModelNotInPlan {
			rec.Reason = access.ReasonModelUnknown
		}
	}
	t.recorder.refuse(t.priced(rec))
}

// refused records that a request of a verified key was answered with a client's
// error before a model could be decided on.
func (t *Tenet) refused(p Principal, status int, requestID string) {
	k, known := p.record()
	if !known {
		return
	}
	now := t.clock.now()
	rec := t.newRecord(access.Decision{Subject: k.subject(p.id)}, now)
	rec.Outcome, rec.Status, rec.RequestID = usage.OutcomeClientError, status, strings.Clone(requestID)
	t.recorder.refuse(rec)
}

// Call is one call that was allowed, from [Tenet.Begin] to [Call.Finish]. Its
// methods may be called from any goroutine. A nil Call is none: its methods do
// nothing and deny.
type Call struct {
	t     *Tenet
	again func(tenancy.ModelID) access.Decision
	began time.Time

	mu       sync.Mutex
	record   usage.Record
	finished bool
	settled  chan struct{} // made by the first Finish, closed when it has its result
	err      error         // once settled
}

// Result is how a call ended.
type Result struct {
	Outcome usage.Outcome // OutcomeDenied is for refusals and is ErrInvalid here
	Status  int           // HTTP; 0 where there was none
	Units   usage.Units   // what is not known stays unknown
	// FirstToken is the time from the call's beginning to the first byte of a
	// stream; 0 where unknown.
	FirstToken time.Duration
	RequestID  string // the gateway's, for finding the call in its logs; at most usage.MaxRequestID bytes
}

// Model is the canonical id of the model that the call may be served by now.
func (c *Call) Model() tenancy.ModelID {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.record.Served
}

// Subject is whose call it is.
func (c *Call) Subject() access.Subject {
	if c == nil {
		return access.Subject{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return access.Subject{Org: c.record.Org, Project: c.record.Project, Key: c.record.Key, User: c.record.User}
}

// Switch decides anew whether the call may be served by another model, as a
// fallback is. Where it is allowed the call goes on under that model; where it
// is not the call is as it was, and that model must not be served.
func (c *Call) Switch(model tenancy.ModelID) access.Decision {
	if c == nil {
		return access.Decision{}
	}
	d := c.again(model)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished {
		return access.Decision{Subject: d.Subject, Reason: d.Reason}
	}
	if d.Allowed() {
		c.record.Served = d.Model
	}
	return d
}

// Finish records the call and returns when the record is durable. It is
// idempotent: the first Finish counts, and later ones return its result. An error
// says that the record could not be written: usage.ErrInvalid for a result outside
// its bounds, after which the call is not finished; else ErrUnavailable or ErrClosed.
// Units that contradict each other leave the cost unknown, and those beyond
// usage.MaxAmount are recorded as unknown.
//
// It takes no context, since a call whose client is gone is recorded like any
// other. It waits as long as RecordingOptions.Patience at most.
func (c *Call) Finish(r Result) error {
	if c == nil {
		return nil
	}
	rec, first, err := c.settle(r)
	if err != nil {
		return err
	}
	if !first {
		<-c.settled
		return c.err
	}
	if err := c.t.recorder.record(rec); err != nil {
		c.err = fmt.Errorf("tenet: finish: %w", recordingError(err))
	}
	close(c.settled)
	return c.err
}

// settle makes the record of the first Finish.
func (c *Call) settle(r Result) (rec usage.Record, first bool, err error) {
	now := c.t.clock.now()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.finished {
		return rec, false, nil
	}
	rec = c.record
	rec.Outcome, rec.Status, rec.Units, rec.RequestID = r.Outcome, r.Status, r.Units, strings.Clone(r.RequestID)
	rec.Latency = max(now.Sub(c.began), 0).Truncate(time.Microsecond)
	rec.FirstToken = max(r.FirstToken, 0).Truncate(time.Microsecond)
	rec = c.t.priced(plausible(rec))
	if err := rec.Validate(); err != nil || r.Outcome == usage.OutcomeDenied {
		return rec, false, usage.ErrInvalid
	}
	c.record, c.finished, c.settled = rec, true, make(chan struct{})
	return rec, true, nil
}

// plausible is the record without the units that no call consumes.
func plausible(r usage.Record) usage.Record {
	for _, u := range tenancy.Units() {
		if n, ok := r.Units.Get(u); ok && n > usage.MaxAmount {
			r.Units = r.Units.With(u, -1)
		}
	}
	return r
}

// priced is the record with its cost, by the prices of its served model at the time
// that it began, in the organization's currency. Units that contradict each other
// have no known cost, and neither have those that cost more than anything does.
func (t *Tenet) priced(r usage.Record) usage.Record {
	m, at := t.replica.catalogue.Load().Resolve(r.Served), t.replica.find(r.Org)
	if m == nil || at == nil {
		return r
	}
	r.Cost = costOf(m.Prices, at.picture.Load().Organization().Currency, r)
	return r
}

// costOf is what a record costs, unknown where its units contradict each other and where
// it would cost more than anything does.
func costOf(prices []tenancy.Price, currency string, r usage.Record) usage.Money {
	cost, err := usage.Cost(prices, currency, r)
	if err != nil || cost.Micro > usage.MaxCost {
		return usage.Money{}
	}
	return cost
}
