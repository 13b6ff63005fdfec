package tenet

import (
	"time"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// ImportOptions let keys of another system in, for a time: whoever moves from that
// system to this one brings its keys along ([Operator.ImportKey]) and its clients go
// on with the tokens that they have, until each key was rotated or the time is over.
type ImportOptions struct {
	// Scheme is how the other system turned its tokens into what it stores:
	// keys.SHA256Hex. Required.
	Scheme keys.Scheme

	// Until is when its tokens cease to be accepted, whatever grace a rotated one has
	// left. Required: a token of another system is longer in use than anybody
	// remembers, its form is unknown to scanners, and that system's database had a
	// hash of it without a pepper.
	Until time.Time
}

// filled is a copy of o, or a *tenancy.FieldError.
func (o *ImportOptions) filled() (*ImportOptions, error) {
	if o == nil {
		return nil, nil
	}
	if o.Scheme != keys.SHA256Hex {
		return nil, option("Imports.Scheme", "keys.SHA256Hex")
	}
	if o.Until.IsZero() {
		return nil, option("Imports.Until", "set")
	}
	own := *o
	return &own, nil
}

// accepts reports whether tokens of another system are let in at now.
func (o *ImportOptions) accepts(now time.Time) bool { return o != nil && now.Before(o.Until) }

// verifyForeign is verify for what is no token of this deployment. Nothing waits for
// the feed: the operator imports keys before their tokens are sent here, and else every
// made-up text would have the feed read.
func (t *Tenet) verifyForeign(token string) (Principal, access.Decision) {
	if t.options.Imports == nil {
		return Principal{}, access.Decision{Reason: access.ReasonMalformed}
	}
	now, machine := t.clock.look()
	if !t.options.Imports.accepts(now) {
		return Principal{}, access.Decision{Reason: access.ReasonMalformed}
	}
	parsed, err := t.options.Format.ParseForeign(token)
	if err != nil {
		return Principal{}, access.Decision{Reason: access.ReasonMalformed}
	}
	if t.closed.Load() || !t.replica.current(machine) {
		return Principal{}, unavailable(access.Subject{})
	}
	id, peppers := parsed.IDChars(), t.options.Peppers
	slot := t.replica.keys.find(string(id[:]))
	k, known := Principal{slot: slot}.record()
	if !known {
		peppers.VerifyForeign(nil, parsed, now) // as much work as for a known key
		return Principal{}, access.Decision{Reason: access.ReasonUnknownKey}
	}
	match := k.match(
		func(i int) (tenancy.Digest, bool) { return peppers.DigestForeign(i, parsed) },
		func(k *tenancy.Key) keys.Match { return peppers.VerifyForeign(k, parsed, now) })
	if !match.OK {
		return Principal{}, access.Decision{Reason: access.ReasonWrongSecret}
	}
	p, d := t.admit(slot, &k, now)
	if match.OldPepper && d.Allowed() {
		t.renewer.offer(slot, k.site.org, credential{foreign: parsed})
	}
	return p, d
}
