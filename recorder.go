package tenet

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/usage"
)

// RecordingOptions bound how usage is written.
type RecordingOptions struct {
	// Pending bounds the records that wait to be written. Where so many wait,
	// whoever finishes a call waits for room. Zero means 50,000.
	Pending int
	// Patience bounds how long a record may wait, for room and for the usage store
	// to take it. After it the record is refused, and whoever finished the call is
	// told. Zero means 10 seconds.
	Patience time.Duration
	// RefuseCalls has no call begin that could not be recorded: while Pending records
	// wait, Begin and Actor.Begin answer access.Unavailable. So they do after the usage
	// store has let the patience of a record run out, but for one call a second, which
	// finds out whether it answers again. False lets calls begin, and who finishes
	// them waits for room.
	RefuseCalls bool
}

func (o RecordingOptions) filled() (RecordingOptions, error) {
	if o.Pending == 0 {
		o.Pending = 50_000
	}
	if o.Patience == 0 {
		o.Patience = 10 * time.Second
	}
	if o.Pending < 1 || o.Patience < 0 {
		return o, option("Recording", "a positive number of records and a positive time")
	}
	return o, nil
}

// recorder writes usage records in groups: while one group is being written the
// next one gathers, so that callers share the cost of making them durable. It
// drops nothing silently: received is written and refused.
type recorder struct {
	usage  store.Usage
	opts   RecordingOptions
	report func(err error, records int)

	mu       sync.Mutex
	gather   *group        // the next to be written
	writing  *group        // taken and not settled; nil where there is none
	room     chan struct{} // closed, and made anew, when a group is taken
	merged   map[refusalKey]*refusals
	waiting  int64 // records that wait for room
	counters Stats
	closed   bool
	failed   int64 // records refused by close

	full atomic.Bool  // Pending records gather
	down atomic.Int64 // Unix nanoseconds until which the usage store counts as away; 0 where it answers

	work chan struct{} // holds a token while there is something to write
	stop chan struct{}
	done chan struct{}
}

// group is records that are written together.
type group struct {
	records []usage.Record
	oldest  time.Time
	written chan struct{} // closed when it is settled
	errs    map[usage.RecordID]error
	down    error // of a usage store that did not answer
}

func newGroup() *group { return &group{written: make(chan struct{})} }

// refusalKey is what refusals have in common that become one record.
type refusalKey struct {
	record usage.Record // without id, time within the second, latency, request id and count
}

// refusals are those of one kind in one second.
type refusals struct {
	record usage.Record // the first, with the count of all
	until  time.Time    // the end of the second, by the machine's clock: the host's may stand still
}

func newRefusals(r usage.Record) *refusals {
	return &refusals{r, time.Now().Add(time.Second - r.At.Sub(r.At.Truncate(time.Second)))}
}

// over says whether the second has passed.
func (r *refusals) over(now time.Time) bool { return !now.Before(r.until) }

// maxMerged bounds the records that wait for more of their kind.
const maxMerged = 10_000

func startRecorder(u store.Usage, o RecordingOptions, report func(error, int)) *recorder {
	r := &recorder{
		usage: u, opts: o, report: report,
		gather: newGroup(), room: make(chan struct{}), merged: map[refusalKey]*refusals{},
		work: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
	go r.run()
	return r
}

// retry is how long after it was found away the usage store is tried by a call.
const retry = time.Second

// admits says whether a call may begin now that has to be recorded.
func (r *recorder) admits() bool {
	if !r.opts.RefuseCalls {
		return true
	}
	until := r.down.Load()
	if r.full.Load() || until == 0 {
		return !r.full.Load()
	}
	now := time.Now().UnixNano()
	return now >= until && r.down.CompareAndSwap(until, now+int64(retry))
}

// record hands a record over and returns when it is durable, or refused.
func (r *recorder) record(rec usage.Record) error {
	g, err := r.add(rec)
	if err != nil {
		return err
	}
	<-g.written
	return g.errs[rec.ID]
}

// add puts a record into the group that gathers, waiting for room in it.
func (r *recorder) add(rec usage.Record) (*group, error) {
	if err := rec.Validate(); err != nil {
		return nil, err
	}
	deadline := time.NewTimer(r.opts.Patience)
	defer deadline.Stop()
	r.mu.Lock()
	r.counters.Received++
	for len(r.gather.records) >= r.opts.Pending && !r.closed {
		if !r.awaitRoom(deadline.C) {
			r.counters.Refused++
			r.mu.Unlock()
			return nil, fmt.Errorf("%w: too many usage records wait", ErrUnavailable)
		}
	}
	defer r.mu.Unlock()
	if r.closed {
		r.counters.Refused++
		return nil, ErrClosed
	}
	r.push(rec)
	return r.gather, nil
}

// awaitRoom waits until a group was taken; false where it gave up. r.mu is held, but not
// while it waits.
func (r *recorder) awaitRoom(giveUp <-chan time.Time) bool {
	room := r.room
	r.waiting++
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.waiting--
	}()
	select {
	case <-room:
		return true
	case <-giveUp:
		return false
	}
}

// push adds to the group that gathers and wakes the writer. r.mu is held.
func (r *recorder) push(rec usage.Record) {
	if len(r.gather.records) == 0 {
		r.gather.oldest = time.Now()
	}
	r.gather.records = append(r.gather.records, rec)
	r.full.Store(len(r.gather.records) >= r.opts.Pending)
	select {
	case r.work <- struct{}{}:
	default:
	}
}

// refuse notes the record of a refusal. It does not wait: refusals of one kind in
// one second become one record, with a count, which is written when the second is
// over, or where a report is read before: what comes after that is a record of its own.
// So a key that is refused in a loop costs one record a second, or one a report.
func (r *recorder) refuse(rec usage.Record) {
	if rec.Validate() != nil {
		return
	}
	key := rec
	key.ID, key.Count, key.Latency, key.RequestID = "", 0, 0, ""
	key.At = rec.At.Truncate(time.Second)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		r.counters.Received++
		r.counters.Refused++
		return
	}
	k := refusalKey{key}
	if first, ok := r.merged[k]; ok && first.record.Count < usage.MaxCount {
		first.record.Count++
		return
	}
	r.counters.Received++
	switch {
	case len(r.merged) < maxMerged:
		r.merged[k] = newRefusals(rec)
	case len(r.gather.records) < r.opts.Pending:
		r.push(rec)
	default:
		r.counters.Refused++
	}
}

// run writes groups until it is stopped, and what waits merged once a second.
func (r *recorder) run() {
	defer close(r.done)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-r.work:
		case <-tick.C:
			r.unmerge(r.opts.Pending, (*refusals).over)
		case <-r.stop:
			r.unmerge(math.MaxInt, whatever)
			r.write(r.take())
			return
		}
		// Whoever the last group has let go on comes back at once if it has more: let it
		// into this one, so that it waits for one commit and not for two.
		runtime.Gosched()
		r.write(r.take())
	}
}

// unmerge moves merged refusals to the group that gathers, those that are ready, while
// that has fewer than most.
func (r *recorder) unmerge(most int, ready func(_ *refusals, now time.Time) bool) {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	for key, same := range r.merged {
		if len(r.gather.records) >= most {
			return
		}
		if ready(same, now) {
			r.push(same.record)
			delete(r.merged, key)
		}
	}
}

func whatever(*refusals, time.Time) bool { return true }

// take ends the gathering of a group.
func (r *recorder) take() *group {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writing, r.gather = r.gather, newGroup()
	r.full.Store(false)
	close(r.room)
	r.room = make(chan struct{})
	return r.writing
}

// write settles a group: every record is written or refused, and counted.
func (r *recorder) write(g *group) {
	g.errs = map[usage.RecordID]error{}
	until := g.oldest.Add(r.opts.Patience)
	for rest := g.records; len(rest) > 0; {
		n := min(len(rest), store.MaxAppend)
		r.append(rest[:n], until, g)
		rest = rest[n:]
	}
	switch {
	case g.down != nil:
		r.down.Store(time.Now().Add(retry).UnixNano())
	case len(g.records) > 0:
		r.down.Store(0)
	}
	r.mu.Lock()
	r.counters.Refused += int64(len(g.errs))
	r.counters.Written += int64(len(g.records) - len(g.errs))
	if r.closed {
		r.failed += int64(len(g.errs))
	}
	r.writing = nil
	r.mu.Unlock()
	close(g.written)
}

// append writes records, again while the usage store does not answer: a record
// counts once however often it is delivered. Where the store refuses a record the
// others are written without it, and one whose units are beyond what a sum can hold
// is written with its units unknown. Where it has not answered until patience was over
// the rest of the group is not tried.
func (r *recorder) append(records []usage.Record, until time.Time, g *group) {
	err := g.down
	if err == nil {
		err = r.persist(records, until)
	}
	switch {
	case err == nil:
		return
	case !isRefusal(err):
		g.down = err
	case len(records) > 1:
		half := len(records) / 2
		r.append(records[:half], until, g)
		r.append(records[half:], until, g)
		return
	case errors.Is(err, usage.ErrOverflow) && records[0].Units != (usage.Units{}):
		// What an upstream reports must not keep the call out of the trail.
		records[0].Units, records[0].Cost = usage.Units{}, usage.Money{}
		r.append(records, until, g)
		return
	}
	r.report(err, len(records))
	for _, rec := range records {
		g.errs[rec.ID] = err
	}
}

// persist appends until the store has answered or patience is over; it tries at
// least once.
func (r *recorder) persist(records []usage.Record, until time.Time) error {
	wait := time.Millisecond
	for {
		ctx, cancel := context.WithTimeout(context.Background(), max(time.Until(until), r.opts.Patience/10))
		err := r.usage.Append(ctx, records)
		cancel()
		if err == nil || isRefusal(err) || errors.Is(err, store.ErrClosed) || time.Now().Add(wait).After(until) {
			return err
		}
		<-time.After(wait)
		wait = min(2*wait, time.Second)
	}
}

// recordingError adds ErrUnavailable to what a usage store says that did not judge
// the record.
func recordingError(err error) error {
	if isRefusal(err) || errors.Is(err, ErrClosed) || errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// isRefusal reports whether the store judged the records, so that asking again
// would not help.
func isRefusal(err error) bool {
	for _, e := range []error{store.ErrReused, store.ErrInvalid, store.ErrTooLarge, store.ErrPastRetention, usage.ErrOverflow, usage.ErrInvalid} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// flush writes what is merged, and returns when everything handed over before is
// settled, so that who reads usage in this process sees it.
func (r *recorder) flush(ctx context.Context) error {
	r.unmerge(r.opts.Pending, whatever)
	r.mu.Lock()
	var waits []*group
	for _, g := range []*group{r.writing, r.gather} {
		if g != nil && len(g.records) > 0 {
			waits = append(waits, g)
		}
	}
	r.mu.Unlock()
	for _, g := range waits {
		select {
		case <-g.written:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// close refuses what comes from now on, writes the rest, and says how many records
// could not be written.
func (r *recorder) close() error {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	close(r.stop)
	<-r.done
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed > 0 {
		return fmt.Errorf("%w: %d usage records were not written", ErrUnavailable, r.failed)
	}
	return nil
}

func (r *recorder) stats() Stats {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.counters
	s.Waiting = r.waiting + int64(len(r.merged)+len(r.gather.records))
	if r.writing != nil {
		s.Waiting += int64(len(r.writing.records))
	}
	return s
}
