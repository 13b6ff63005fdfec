package tenet

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/oklog/ulid/v2"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// Options configure [Open]. Peppers are required; every other field has a default.
type Options struct {
	// Peppers key the digests of all secrets. They are the host's to keep, apart
	// from the database: whoever has both can make keys. Required.
	//
	// A key whose secret is presented under an older pepper is digested again under
	// the newest, in the background, so that the older one can be withdrawn once its
	// keys were used, rotated or revoked. So every process must have a pepper before
	// one of them has it as the newest.
	Peppers *keys.Peppers

	// Format is how key tokens begin, as keys.NewFormat makes it. The zero Format
	// is brand "tenet" and environment "live". Tokens of another format are
	// malformed here, so a test key cannot reach production.
	Format keys.Format

	// Imports lets keys of another system be brought along until a day that is named;
	// nil means none. See [Operator.ImportKey].
	Imports *ImportOptions

	// Usage is where records of calls go. Where it is nil the store itself must
	// implement store.Usage. [Operator.Reprice] needs it to be a store.Upkeep too.
	Usage store.Usage

	// MaxStaleness bounds how old the picture may be that decisions rest on: a
	// change made by another process takes effect within it, or this process
	// answers Unavailable. 1 to 60 seconds; zero means 5 seconds.
	MaxStaleness time.Duration

	// Poll is how often the change feed is read where nothing else asks for it. It
	// is at most half of MaxStaleness; zero means a tenth of it.
	Poll time.Duration

	// Recording bounds what waits to be written of usage, and for how long.
	Recording RecordingOptions

	// Sweep is how often void records of every organization are deleted in the
	// background, as [Operator.Sweep] does, the first time after as long. At least a
	// minute; zero means never. Where many processes share a store, one of them is
	// enough. The entries that it leaves name nobody as who did it.
	Sweep time.Duration

	// HTTP configures [Tenet.Handler]; nil means its defaults.
	HTTP *HTTPOptions

	// Logger hears of what nobody else is told: that the feed cannot be read, that
	// usage could not be written, that what is done in the background failed. Nil means silence. No secret is ever logged.
	Logger *slog.Logger

	// Clock is read for the time of day; nil means time.Now. It is for tests.
	Clock func() time.Time
}

const defaultStaleness = 5 * time.Second

// Tenet is a tenancy in front of a store. Its methods may be called from any
// goroutine.
type Tenet struct {
	st       store.Store
	usage    store.Usage
	options  Options
	clock    *clock
	replica  *replica
	follower *follower
	recorder *recorder
	sweeper  *sweeper // nil where nothing is swept in the background
	renewer  *renewer // nil where there is one pepper
	queues   queues
	http     *edge
	closed   atomic.Bool

	unauthenticated atomic.Int64
}

// Open returns a Tenet over a store, its picture loaded. It fails where an option
// is outside its bounds (tenancy.ErrInvalid) and where the store cannot be read.
// The context bounds the loading, and nothing after it.
//
// Open starts two goroutines, one that follows the store's feed and one that
// writes usage, one more where Options.Sweep is set, and one more where there are
// several peppers; [Tenet.Close] ends them. The store remains the caller's, to close
// after Tenet.
func Open(ctx context.Context, st store.Store, o *Options) (*Tenet, error) {
	t, err := configure(st, o)
	if err = first(err, hasContext(ctx)); err != nil {
		return nil, fmt.Errorf("tenet.Open: %w", err)
	}
	if err := t.replica.begin(ctx); err != nil {
		return nil, fmt.Errorf("tenet.Open: %w", err)
	}
	t.follower = startFollower(t.replica, t.options.Poll, t.options.MaxStaleness, t.reportFeed)
	t.recorder = startRecorder(t.usage, t.options.Recording, t.reportUsage)
	t.sweeper = startSweeper(t, t.options.Sweep)
	t.renewer = startRenewer(t)
	return t, nil
}

// Close stops what Open started, in order: no new call is let in, sweeping ends with
// the commit that is under way, what waits to be written of usage is written, the feed
// is let go. It returns an error where
// records could not be written, and says how many. Calls that are still open may
// be finished no more. Closing twice is no error.
func (t *Tenet) Close() error {
	if t.closed.Swap(true) {
		return nil
	}
	t.sweeper.close()
	t.renewer.close()
	err := t.recorder.close()
	t.follower.close()
	return err
}

// open is ErrClosed after Close, and for the zero Actor, which has no Tenet.
func (t *Tenet) open() error {
	if t == nil || t.closed.Load() {
		return ErrClosed
	}
	return nil
}

// begin draws the picture and catches it up.
func (r *replica) begin(ctx context.Context) error {
	if err := r.lock(ctx); err != nil {
		return err
	}
	err := r.load(ctx)
	r.unlock()
	if err != nil {
		return err
	}
	return r.catchUp(ctx)
}

// configure checks the options and fills in their defaults.
func configure(st store.Store, o *Options) (*Tenet, error) {
	if v := reflect.ValueOf(st); st == nil || v.Kind() == reflect.Pointer && v.IsNil() {
		return nil, option("store", "a store")
	}
	if o == nil || o.Peppers.Len() == 0 {
		return nil, option("Peppers", "a set of at least one pepper")
	}
	filled, err := o.filled()
	if err != nil {
		return nil, err
	}
	t := &Tenet{st: st, options: filled, usage: filled.Usage, clock: newClock(filled.Clock)}
	if t.usage == nil {
		t.usage, _ = st.(store.Usage)
	}
	if t.usage == nil {
		return nil, option("Usage", "set, where the store keeps no usage")
	}
	if t.http, err = newEdge(filled.HTTP); err != nil {
		return nil, err
	}
	t.replica = newReplica(st, filled.Peppers, t.clock, filled.MaxStaleness)
	return t, nil
}

// filled is o with its defaults, or a *tenancy.FieldError.
func (o Options) filled() (Options, error) {
	if o.MaxStaleness == 0 {
		o.MaxStaleness = defaultStaleness
	}
	if o.MaxStaleness < time.Second || o.MaxStaleness > time.Minute {
		return o, option("MaxStaleness", "1 to 60 seconds")
	}
	if o.Poll == 0 {
		o.Poll = o.MaxStaleness / 10
	}
	if o.Poll < time.Millisecond || o.Poll > o.MaxStaleness/2 {
		return o, option("Poll", "1 millisecond to half of MaxStaleness")
	}
	if o.Sweep != 0 && o.Sweep < time.Minute {
		return o, option("Sweep", "zero or at least a minute")
	}
	if o.Format.Prefix() == "" {
		format, err := keys.NewFormat("tenet", "live")
		if err != nil {
			return o, err
		}
		o.Format = format
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var err error
	if o.Imports, err = o.Imports.filled(); err != nil {
		return o, err
	}
	o.Recording, err = o.Recording.filled()
	return o, err
}

func option(field, rule string) error { return &tenancy.FieldError{Field: field, Rule: rule} }

// mint makes an id: the prefix and a ULID.
func (t *Tenet) mint(prefix string) string {
	ms := min(max(t.clock.now().UnixMilli(), 0), int64(ulid.MaxTime()))
	return prefix + ulid.MustNew(uint64(ms), rand.Reader).String() // neither can fail now
}

func (t *Tenet) reportFeed(err error) {
	if err != nil {
		t.options.Logger.Error("tenet: the change feed cannot be read", "error", err)
		return
	}
	t.options.Logger.Info("tenet: the change feed is read again")
}

func (t *Tenet) reportUsage(err error, records int) {
	t.options.Logger.Error("tenet: usage could not be written", "error", err, "records", records)
}

func (t *Tenet) reportSweep(err error, organizations int) {
	t.options.Logger.Error("tenet: void records could not be swept", "error", err, "organizations", organizations)
}

// Stats are counters since Open. In every reading Received is Written, Refused and
// Waiting together.
type Stats struct {
	Received int64 // usage records handed over
	Written  int64 // of them, those that the usage store has
	Refused  int64 // of them, those whose callers were told that they may be missing
	Waiting  int64 // of them, those that wait to be written, merged refusals included
	// Unauthenticated are tokens that were refused before a key was verified. They
	// leave no record.
	Unauthenticated int64
}

// Stats returns the counters.
func (t *Tenet) Stats() Stats {
	s := t.recorder.stats()
	s.Unauthenticated = t.unauthenticated.Load()
	return s
}

// Snapshot returns the whole of the store as an [access.Snapshot]: every
// organization, key and model, read page by page. It is for tests of a policy on
// real data and for reports, not for requests. Records that change meanwhile may be
// seen before or after; where that leaves a reference dangling it is an error, and
// ask again.
func (t *Tenet) Snapshot(ctx context.Context) (*access.Snapshot, error) {
	if err := first(t.open(), hasContext(ctx)); err != nil {
		return nil, err
	}
	all, err := everything(ctx, t.st)
	if err != nil {
		return nil, fmt.Errorf("tenet.Snapshot: %w", err)
	}
	return access.NewSnapshot(all...)
}

func everything(ctx context.Context, st store.Store) ([]tenancy.Entity, error) {
	all, err := keyless(ctx, st)
	if err == nil {
		err = walk[tenancy.Key](ctx, st, func(v tenancy.Entity) { all = append(all, v) })
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// keyless is everything but the keys.
func keyless(ctx context.Context, st store.Store) ([]tenancy.Entity, error) {
	var all []tenancy.Entity
	for _, list := range []func(context.Context, store.Store, func(tenancy.Entity)) error{
		walk[tenancy.Model], walk[tenancy.Organization], walk[tenancy.Subscription], walk[tenancy.Member],
		walk[tenancy.Project], walk[tenancy.ProjectMember],
	} {
		if err := list(ctx, st, func(v tenancy.Entity) { all = append(all, v) }); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func walk[T tenancy.Recordable](ctx context.Context, st store.Store, each func(tenancy.Entity)) error {
	for v, err := range store.Walk(ctx, st, store.AllOf[T]()) {
		if err != nil {
			return err
		}
		each(v.Value)
	}
	return nil
}
