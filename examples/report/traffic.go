package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// traffic makes calls and hands them to the world: each is decided by the Tenet at its
// time. Refused ones and those of people in the playground are recorded by the Tenet
// (Begin and Finish). Those of keys that were allowed are written as another process
// would write them, thousands at a time, since one after the other each would wait for
// the disk: store.Usage.Append takes them in one transaction with their roll-up.
type traffic struct {
	*world
	rand    *rand.Rand
	pending []usage.Record
	bar     *progress
	mood    []float64 // of each source, anew every day
}

// live makes the whole month.
func (w *world) live(ctx context.Context, c config, bar *progress) error {
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], c.seed)
	t := &traffic{world: w, rand: rand.New(rand.NewChaCha8(seed)), bar: bar, mood: make([]float64, len(w.sources))} //nolint:gosec // G404: an example that can be repeated
	scales := make([]float64, len(w.sources))
	hours, err := usage.Cuts(w.from, w.to, usage.StepHour, w.zone)
	if err != nil {
		return err
	}
	for i, s := range w.sources {
		var all float64
		for _, hour := range hours[:len(hours)-1] {
			all += s.load(hour.In(w.zone))
		}
		scales[i] = s.share * float64(c.calls) / all
	}
	events := w.events()
	for _, hour := range hours[:len(hours)-1] {
		for len(events) > 0 && !hour.Before(events[0].at) {
			w.at(events[0].at)
			if err := events[0].does(ctx); err != nil {
				return fmt.Errorf("%s: %w", events[0].name, err)
			}
			events = events[1:]
		}
		if err := t.hour(ctx, hour, scales); err != nil {
			return err
		}
	}
	w.at(w.to)
	bar.end()
	return t.flush(ctx)
}

// event is what somebody does in the month.
type event struct {
	name string
	at   time.Time
	does func(context.Context) error
}

// events are what is done in the month, in order.
func (w *world) events() []event {
	on := func(day, hour int) time.Time { return w.from.AddDate(0, 0, day-1).Add(time.Duration(hour) * time.Hour) }
	olivia := w.tenet.As(owner)
	return []event{
		{"rotating a key", on(12, 10), func(ctx context.Context) error { return w.rotate(ctx, w.source("ticket summaries")) }},
		{"a client that was forgotten", on(14, 10), func(ctx context.Context) error {
			w.tenet.Authenticate(ctx, w.stale) // the grace is over
			return nil
		}},
		{"revoking a key", on(18, 11), func(ctx context.Context) error {
			return olivia.RevokeKey(ctx, w.org.ID, w.source("old scanner").id)
		}},
		{"archiving a project", on(24, 15), func(ctx context.Context) error {
			_, err := olivia.ArchiveProject(ctx, w.org.ID, w.projects["Route planner pilot"])
			return err
		}},
	}
}

func (w *world) source(key string) *source {
	i := slices.IndexFunc(w.sources, func(s *source) bool { return s.key == key })
	return w.sources[i]
}

// rotate gives a key a new secret, which its client uses at once.
func (w *world) rotate(ctx context.Context, s *source) error {
	_, secret, err := w.tenet.As(owner).RotateKey(ctx, w.org.ID, s.id, keys.Rotation{Grace: 24 * time.Hour})
	if err != nil {
		return err
	}
	w.stale, s.token = s.token, secret.Reveal()
	return w.present(ctx, s)
}

// asked is a call before anybody decided on it.
type asked struct {
	at time.Time
	*source
}

// hour makes the calls of an hour, in order.
func (t *traffic) hour(ctx context.Context, start time.Time, scales []float64) error {
	t.at(start)
	var calls []asked
	for i, s := range t.sources {
		if start.In(t.zone).Hour() == 0 {
			t.mood[i] = math.Exp(0.08 * t.rand.NormFloat64())
		}
		expected := scales[i] * t.mood[i] * s.load(start.In(t.zone)) * (0.85 + 0.3*t.rand.Float64())
		if s.key != "" && !t.tenet.CanCall(s.principal, s.models[0].model).Allowed() {
			expected /= 4 // not everybody has noticed that it is refused
		}
		for range int(expected + t.rand.Float64()) {
			at := start.Add(time.Duration(t.rand.Int64N(int64(time.Hour)))).Truncate(time.Microsecond)
			calls = append(calls, asked{at, s})
		}
	}
	slices.SortStableFunc(calls, func(a, b asked) int { return a.at.Compare(b.at) })
	for _, c := range calls {
		if err := t.call(ctx, c); err != nil {
			return err
		}
	}
	t.bar.add(len(calls))
	return nil
}

// call has one call decided at its time, and recorded.
func (t *traffic) call(ctx context.Context, c asked) error {
	t.at(c.at)
	model := t.model(c.source)
	if c.key == "" {
		return t.play(ctx, c, model)
	}
	d := t.tenet.CanCall(c.principal, model)
	if !d.Allowed() {
		t.tenet.Begin(ctx, c.principal, model, tenet.Estimate{}) // refuses, and records that
		return nil
	}
	end := t.ending(c.source, d.Model)
	r := usage.Record{
		ID: t.mint(c.at), At: c.at.UTC(), Org: d.Subject.Org, Project: d.Subject.Project, Key: d.Subject.Key,
		Requested: model, Served: d.Model, Outcome: end.Outcome, Status: end.Status, Units: end.Units,
		Latency: t.latency(end), FirstToken: end.FirstToken, Count: 1,
	}
	var err error
	if r.Cost, err = usage.Cost(t.models[d.Model].Prices, currency, r); err != nil {
		return err
	}
	if t.pending = append(t.pending, r); len(t.pending) < store.MaxAppend {
		return nil
	}
	return t.flush(ctx)
}

// play is a call of a person in the playground.
func (t *traffic) play(ctx context.Context, c asked, model tenancy.ModelID) error {
	call, d := t.tenet.As(c.user).Begin(ctx, t.org.ID, t.projects[c.project], model, tenet.Estimate{})
	if !d.Allowed() {
		return nil
	}
	end := t.ending(c.source, d.Model)
	t.at(c.at.Add(t.latency(end)))
	return call.Finish(end)
}

// flush writes what waits.
func (t *traffic) flush(ctx context.Context) error {
	if len(t.pending) == 0 {
		return nil
	}
	err := t.store.Append(ctx, t.pending)
	t.pending = t.pending[:0]
	return err
}

// model draws the model that a source names.
func (t *traffic) model(s *source) tenancy.ModelID {
	var all float64
	for _, c := range s.models {
		all += c.weight
	}
	at := t.rand.Float64() * all
	for _, c := range s.models {
		if at -= c.weight; at < 0 {
			return c.model
		}
	}
	return s.models[0].model
}

// ending draws how a call ends and what it consumed. An upstream that fails says
// nothing, of a client that hangs up nobody knows what was written for it, and now and
// then an answer leaves out how long it is.
func (t *traffic) ending(s *source, model tenancy.ModelID) tenet.Result {
	input := t.amount(s.input)
	units := usage.Units{}.With(tenancy.UnitRequests, 1)
	none := units.With(tenancy.UnitInput, 0).With(tenancy.UnitCachedInput, 0).With(tenancy.UnitImages, 0)
	if s.output > 0 { // of an embedding nobody reports an output
		none = none.With(tenancy.UnitOutput, 0)
	}
	r := tenet.Result{Outcome: usage.OutcomeOK, Status: 200, FirstToken: t.around(350 * time.Millisecond)}
	switch luck := t.rand.Float64(); {
	case luck < 0.006:
		return tenet.Result{Outcome: usage.OutcomeUpstreamError, Status: 502, Units: units}
	case luck < 0.017:
		return tenet.Result{Outcome: usage.OutcomeClientError, Status: 400, Units: none}
	case luck < 0.029:
		r.Outcome, r.Status, r.Units = usage.OutcomeAbandoned, 499, units.With(tenancy.UnitInput, input)
		return r
	case luck < 0.031:
		r.Units = units
		return r
	}
	units = units.With(tenancy.UnitInput, input)
	if s.output > 0 {
		units = units.With(tenancy.UnitOutput, t.amount(s.output))
	}
	if model == "atlas-large" {
		units = units.With(tenancy.UnitCachedInput, int64(float64(input)*t.rand.Float64()*0.6))
	}
	if s.images && model == "atlas-vision" {
		units = units.With(tenancy.UnitImages, 1+t.rand.Int64N(4))
	}
	r.Units = units
	return r
}

// amount draws tokens around a mean, with a long tail.
func (t *traffic) amount(mean float64) int64 {
	return int64(mean * math.Exp(0.5*t.rand.NormFloat64()-0.125))
}

func (t *traffic) around(mean time.Duration) time.Duration {
	return time.Duration(float64(mean) * (0.5 + t.rand.Float64())).Truncate(time.Microsecond)
}

func (t *traffic) latency(r tenet.Result) time.Duration {
	out, _ := r.Units.Get(tenancy.UnitOutput)
	return r.FirstToken + t.around(80*time.Millisecond) + time.Duration(out)*7*time.Millisecond
}

// mint makes the id of a record as Tenet does, a ULID of its time, from the seed.
func (t *traffic) mint(at time.Time) usage.RecordID {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var id [26]byte
	for i, ms := 9, at.UnixMilli(); i >= 0; i, ms = i-1, ms>>5 {
		id[i] = alphabet[ms&31]
	}
	for i := 10; i < len(id); i++ {
		id[i] = alphabet[t.rand.IntN(32)]
	}
	return usage.RecordID(usage.PrefixRecord + string(id[:]))
}
