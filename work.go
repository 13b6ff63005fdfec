package tenet

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// work is the unit of work of one verb: what its rule reads is what the commit
// checks. A rule reads records, decides by functions of tenancy and access, and
// saves; it cannot forget a check, the actor's rights included.
type work struct {
	ctx    context.Context
	st     store.Store
	now    time.Time
	ifRev  store.Rev
	reads  map[tenancy.Ref]store.Record // absent records too
	order  []tenancy.Ref                // of reads
	puts   []store.Record
	gone   []store.Check
	about  tenancy.Ref // subject of the entry
	within tenancy.ProjectID
	notes  map[string]any // of the entry's detail, beside what the writes say
	bare   bool           // the detail has the notes alone
	err    error          // of the store; sticky, and stronger than what the rule says
}

// note puts something into the entry's detail that no record says. It holds ids and
// counts only: the log cannot be rewritten.
func (w *work) note(name string, v any) {
	if w.notes == nil {
		w.notes = map[string]any{}
	}
	w.notes[name] = v
}

func (t *Tenet) newWork(ctx context.Context, r request) *work {
	return &work{ctx: ctx, st: t.st, now: t.clock.now(), ifRev: r.opts.IfRev, reads: map[tenancy.Ref]store.Record{}}
}

// load reads refs that were not read yet, in one round trip.
func (w *work) load(refs ...tenancy.Ref) {
	missing := slices.DeleteFunc(slices.Clone(refs), func(r tenancy.Ref) bool {
		_, known := w.reads[r]
		return known
	})
	if w.err != nil || len(missing) == 0 {
		return
	}
	records, err := w.st.Get(w.ctx, missing...)
	if err != nil {
		w.err = err
		return
	}
	for i, r := range missing {
		if _, twice := w.reads[r]; !twice {
			w.order = append(w.order, r)
		}
		w.reads[r] = records[i]
	}
}

// read returns a record, the absent one as the zero Stored, and notes that the
// rule rests on it.
func read[T tenancy.Recordable](w *work, ref tenancy.RefTo[T]) store.Stored[T] {
	w.load(ref.Ref)
	return store.As[T](w.reads[ref.Ref])
}

// save puts v in place of what was read under its ref, which makes it a creation
// where that was absent.
func (w *work) save(v tenancy.Entity) {
	w.load(v.Ref())
	w.puts = append(w.puts, store.Record{Rev: w.reads[v.Ref()].Rev, Value: v})
}

// remove deletes what was read under ref; nothing where that was absent.
func (w *work) remove(ref tenancy.Ref) {
	w.load(ref)
	if rev := w.reads[ref].Rev; rev != 0 {
		w.gone = append(w.gone, store.Check{Ref: ref, Rev: rev})
	}
}

// subject says what the entry is about, and compares the caller's revision with
// the one that was read.
func (w *work) subject(ref tenancy.Ref, project tenancy.ProjectID) error {
	w.about, w.within = ref, project
	w.load(ref)
	if w.ifRev != 0 && w.ifRev != w.reads[ref].Rev {
		return ErrStale
	}
	return nil
}

// batch is the commit that the rule asked for: its writes, and a check of all
// that it read and did not write.
func (w *work) batch(e store.Entry) store.Batch {
	e.Subject, e.Project, e.Detail = w.about, w.within, w.detail()
	b := store.Batch{Entry: e, Put: w.puts, Delete: w.gone}
	written := b.Refs()
	for _, r := range w.order {
		if !slices.Contains(written, r) {
			b.Check = append(b.Check, store.Check{Ref: r, Rev: w.reads[r].Rev})
		}
	}
	return owned(b)
}

// owned is b with every text and list that a store may keep as a copy: callers use
// theirs again, and fasthttp's strings change under one's feet.
func owned(b store.Batch) store.Batch {
	b.Entry.Org = tenancy.OrgID(strings.Clone(string(b.Entry.Org)))
	b.Entry.Op = store.OperationID(strings.Clone(string(b.Entry.Op)))
	b.Entry.OnBehalf = tenancy.UserID(strings.Clone(string(b.Entry.OnBehalf)))
	b.Entry.Project = tenancy.ProjectID(strings.Clone(string(b.Entry.Project)))
	b.Entry.Subject = ownRef(b.Entry.Subject)
	b.Put, b.Delete = slices.Clone(b.Put), slices.Clone(b.Delete)
	for i, r := range b.Put {
		form, err := store.Marshal(r.Value)
		if err != nil {
			continue // Commit says what is wrong with it
		}
		if own, err := store.Unmarshal(r.Value.Ref().Kind, form); err == nil {
			b.Put[i].Value = own
		}
	}
	for i, d := range b.Delete {
		b.Delete[i].Ref = ownRef(d.Ref)
	}
	return b
}

func ownRef(r tenancy.Ref) tenancy.Ref {
	r.Org, r.ID = tenancy.OrgID(strings.Clone(string(r.Org))), strings.Clone(r.ID)
	r.User = tenancy.UserID(strings.Clone(string(r.User)))
	return r
}

// holds reads again what the rule read. Where it commits nothing, equal
// revisions prove that all it saw was true at one moment.
func (w *work) holds() (bool, error) {
	if len(w.order) == 0 {
		return true, nil
	}
	again, err := w.st.Get(w.ctx, w.order...)
	if err != nil {
		return false, err
	}
	for i, r := range w.order {
		if again[i].Rev != w.reads[r].Rev {
			return false, nil
		}
	}
	return true, nil
}

// request is what a verb was asked to do, for its entry and its errors.
type request struct {
	org    tenancy.OrgID
	actor  tenancy.UserID
	action store.Action
	kind   tenancy.Kind // of the thing asked for
	id     string
	asked  any // the arguments; their fingerprint tells a repetition from another use of an operation id
	print  [16]byte
	opts   ChangeOptions
	minted bool // the verb made the operation id; its caller chose none
	reads  bool // a verb that only reads
}

// ChangeOptions go with one change. The zero value asks for nothing.
type ChangeOptions struct {
	// Op is the operation's id: asking again under it does nothing a second time
	// and gives the first result. It is unique in the organization and bound to
	// who asks and what for; another use is store.ErrReused. 1 to 255 bytes of UTF-8
	// without control characters, else it is store.ErrInvalid; where it is empty one is
	// minted. Ids are kept for as long as the log is, at least 24
	// hours. A change with an id leaves an entry also where it finds nothing to do.
	// Who asks again and may no longer see the result gets [ErrNotFound].
	Op store.OperationID
	// IfRev is the revision at which a page read the record that it changes. Where
	// that is no longer so the change is [ErrStale]. Zero does not ask.
	IfRev store.Rev
	// OnBehalf is for whom the change is made, where that is not who makes it: it
	// stands in the audit trail and gives no right. 1 to 255 bytes, or empty.
	OnBehalf tenancy.UserID

	rehearsal *rehearsal // of a preview: the change is made up and not committed
}

// check refuses options that no entry can hold.
func (o ChangeOptions) check() error {
	if _, err := tenancy.ParseUserID(string(o.Op)); err != nil && o.Op != "" { // of the same form
		return fmt.Errorf("%w: operation id", store.ErrInvalid)
	}
	if o.OnBehalf == "" {
		return nil
	}
	_, err := tenancy.ParseUserID(string(o.OnBehalf))
	return err
}

func (r request) wrap(err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: string(r.action), Kind: r.kind, ID: r.id, Err: err}
}

// entry is the request's half of the log entry.
func (r request) entry(now time.Time) store.Entry {
	return store.Entry{
		Org: r.org, Op: r.opts.Op, Request: r.print,
		Actor: r.actor, OnBehalf: r.opts.OnBehalf, Action: r.action, At: tenancy.Instant(now),
	}
}

// fingerprint fails for a time that has no JSON form, which no record may have.
func (r request) fingerprint() ([16]byte, error) {
	data, err := json.Marshal([]any{r.id, r.asked, r.opts.IfRev, r.opts.OnBehalf})
	if err != nil {
		return [16]byte{}, &tenancy.FieldError{Field: "time", Rule: "between the years 1970 and 9999"}
	}
	sum := sha256.Sum256(data)
	return [16]byte(sum[:]), nil
}

// change runs a verb: rule, commit, replica. It returns the entry, which is the
// first one where replayed, that is where the operation id was used before for
// the same thing.
func (t *Tenet) change(ctx context.Context, r request, rule func(w *work) error) (e store.Entry, replayed bool, err error) {
	defer func() { err = r.wrap(err) }()
	if err := first(t.open(), hasContext(ctx)); err != nil {
		return e, false, err
	}
	if err := r.opts.check(); err != nil {
		return e, false, err
	}
	chosen := r.opts.Op != "" && !r.minted
	if r.opts.rehearsal != nil {
		return e, false, t.rehearse(ctx, r, rule)
	}
	if !chosen {
		r = t.unrepeatable(r)
	} else if r.print, err = r.fingerprint(); err != nil {
		return e, false, err
	} else if e, found, err := t.earlier(ctx, r); found || err != nil {
		t.replica.refresh(ctx, e.Refs)
		return e, true, err
	}
	for attempt := 0; ; attempt++ {
		res, again, err := t.attempt(ctx, r, rule, try{queue: attempt > 0, chosen: chosen})
		if again && ctx.Err() == nil {
			continue
		}
		if err != nil && chosen { // perhaps by what the same operation, asked for twice at once, has done
			if e, found, lookErr := t.earlier(ctx, r); found {
				t.replica.refresh(ctx, e.Refs)
				return e, true, lookErr
			}
		}
		return res.Entry, res.Replayed, errors.Join(err, contextError(ctx, again))
	}
}

// unrepeatable is r under an operation id that nobody will ask again under. So the log
// needs no fingerprint of what was asked, which tells names and addresses to who can
// guess them.
func (t *Tenet) unrepeatable(r request) request {
	if r.opts.Op == "" {
		r.opts.Op = store.OperationID(t.mint("op_"))
	}
	return r
}

func hasContext(ctx context.Context) error {
	if ctx == nil {
		return option("context", "set")
	}
	return nil
}

// contextError is the context's error where it ended a verb that would have gone
// on.
func contextError(ctx context.Context, unfinished bool) error {
	if !unfinished {
		return nil
	}
	return ctx.Err()
}

// try is how a rule is run.
type try struct {
	queue  bool // in turn with others of the organization
	chosen bool // the caller chose the operation id, so that it must leave an entry
}

// attempt runs the rule once. again asks for another: what it saw had changed.
// Those who lost once queue, one organization at a time, so that they do not
// keep defeating each other.
func (t *Tenet) attempt(ctx context.Context, r request, rule func(w *work) error, how try) (res store.Result, again bool, err error) {
	if how.queue {
		unlock, err := t.queues.lock(ctx, r.org)
		if err != nil {
			return res, false, err
		}
		defer unlock()
	}
	w := t.newWork(ctx, r)
	err = rule(w)
	if w.err != nil {
		return res, false, w.err
	}
	if r.reads && err == nil {
		return res, false, nil // each record was current in turn, as a decision's are
	}
	nothing := len(w.puts)+len(w.gone) == 0
	if err != nil || nothing && !how.chosen {
		ok, unconfirmed := w.holds()
		if unconfirmed != nil {
			return res, false, unconfirmed // an outage is no refusal
		}
		if ok && err == nil {
			t.replica.refresh(ctx, w.order) // done before, elsewhere perhaps, and not heard of here
		}
		return res, !ok, err
	}
	if _, err := tenancy.ParseUserID(string(r.actor)); err != nil && r.actor != "" { // nobody is who sweeps in the background
		return res, false, err // of an operator; no other user that is malformed comes this far
	}
	b := w.batch(r.entry(w.now))
	res, err = t.commit(ctx, b)
	if errors.Is(err, store.ErrConflict) {
		return res, true, nil
	}
	if err != nil {
		return res, false, err
	}
	refs := w.order
	if !nothing {
		refs = append(t.replica.unheard(w), res.Entry.Refs...)
	}
	t.replica.refresh(ctx, refs)
	return res, false, nil
}

// commit commits b, the same batch again where the outcome is unknown. What
// stays unknown when the context ends is in doubt until it was read again.
func (t *Tenet) commit(ctx context.Context, b store.Batch) (store.Result, error) {
	var unknown error // once an outcome was
	wait := time.Millisecond
	for {
		res, err := t.st.Commit(ctx, b)
		switch {
		case err == nil && unknown != nil:
			res.Replayed = res.Replayed && !sameCommit(res.Entry, b.Entry)
			return res, nil
		case err == nil, errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrReused):
			return res, err // none of which leaves b in doubt
		case errors.Is(err, store.ErrUnknownOutcome):
			unknown = err
			t.replica.doubt(b.Refs())
		case unknown == nil || !errors.Is(err, store.ErrUnavailable):
			return res, errors.Join(unknown, err)
		}
		select {
		case <-ctx.Done():
			return res, errors.Join(unknown, ctx.Err())
		case <-time.After(wait):
			wait = min(2*wait, time.Second)
		}
	}
}

// sameCommit reports whether a repetition was answered with the first try of the
// same batch, and not with another caller's use of the operation id.
func sameCommit(first, asked store.Entry) bool {
	return first.Subject == asked.Subject && first.At.Equal(asked.At)
}

// wellFormed says whether an entry can be of that organization, the catalogue
// included, and by that user.
func (r request) wellFormed() bool {
	_, org := tenancy.ParseOrgID(string(r.org))
	_, user := tenancy.ParseUserID(string(r.actor))
	return user == nil && (org == nil || r.org == "")
}

// earlier looks for the entry of an operation id that the caller chose. Somebody
// else's use of the id is for the commit to refuse, once the rule has said that the
// caller may: else ids could be probed from outside.
func (t *Tenet) earlier(ctx context.Context, r request) (e store.Entry, found bool, err error) {
	if !r.wellFormed() {
		return e, false, nil // as the rule will say
	}
	trail, err := t.st.Trail(ctx, store.TrailQuery{Org: r.org, Op: r.opts.Op, Actor: r.actor, Limit: 1})
	if err != nil || len(trail.Entries) == 0 {
		return store.Entry{}, false, err
	}
	e = trail.Entries[0]
	if !(store.Batch{Entry: r.entry(e.At)}).Repeats(e) {
		return e, true, store.ErrReused
	}
	return e, true, nil
}
