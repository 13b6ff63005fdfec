// Package customstore is a backend of package store that shows how one is
// written. It keeps everything in one bbolt file: ordered keys, transactions, one
// writer at a time, and nothing else, which is what most key-value stores have.
//
// It is no better choice than the backends of the main module, and it decides
// nothing: rules of a tenancy are none of its business. Its one idea is that
// every reading (a listing, a trail, the feed) is a stretch of sorted keys, so
// that a page is a seek, a cursor is a key, and a page is never shifted by what
// is written between two of them.
//
//	st, err := customstore.Open("/var/lib/gateway/tenet.bolt")
//	t, err := tenet.Open(ctx, st, &tenet.Options{Peppers: peppers})
//
// A *Store may be used from any goroutine. Errors are those of package store, the
// context's, and usage.ErrOverflow.
package customstore

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// What the store can do, held by the compiler: the interfaces beside store.Store
// are found by type assertion, so a signature that is off by a little is no
// error anywhere else.
var _ interface {
	store.Store
	store.Usage
	store.Upkeep
	store.Waiter
	store.Pruner
	store.Backuper
	io.Closer
} = (*Store)(nil)

// The buckets of the file: key -> value.
const (
	inMeta    = "meta"    // name -> JSON
	inRecords = "records" // ref -> revision, canonical form
	inIndex   = "index"   // scope of a listing, place in it -> ref
	inLog     = "log"     // number of the commit -> entry
	inTrails  = "trails"  // organization, number -> nothing
	inOps     = "ops"     // organization, operation id -> number
	inCalls   = "calls"   // organization, time, id -> usage record
	inCallIDs = "callids" // id of a usage record -> its key in calls
	inSums    = "sums"    // organization, grain, quarter, the rest of a bucket's id -> bucket
)

// The names in meta.
const (
	metaFormat  = "format"
	metaKey     = "cursor_key"
	metaFloor   = "floor"   // number of the newest entry that was forgotten
	metaHorizon = "horizon" // of usage
)

const format = 1

// ---- opening and closing ----

// Files are the files that are open. A bbolt file can be opened once, by one
// process, while a store may have several handles on the same data: those that
// one Files opens share the file. The zero Files is ready. It must not be copied.
type Files struct {
	mu   sync.Mutex
	open map[string]*file
}

// file is what the handles on one file share.
type file struct {
	path    string
	db      *bolt.DB
	key     store.CursorKey
	writer  chan struct{} // holds one value while somebody writes
	handles int           // under Files.mu

	mu   sync.Mutex
	news chan struct{} // closed, and replaced, by a commit
}

// Store is a handle on a file. Open and Files.Open make one.
type Store struct {
	files *Files
	file  *file

	mu       sync.Mutex
	done     chan struct{} // closed by Close
	underway sync.WaitGroup
	release  sync.Once
}

// Open opens the store in the file at path, which is made where there is none;
// its folder has to exist. The file is the process's until Close: a second Open is
// store.ErrUnavailable, here and elsewhere; use one Files for several handles. A
// file that is no store is store.ErrCorrupt.
func Open(path string) (*Store, error) { return new(Files).Open(path) }

// Open is the function Open, for any number of handles on one file.
func (fs *Files) Open(path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, store.ErrInvalid
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	f := fs.open[path]
	if f == nil {
		if f, err = openFile(path); err != nil {
			return nil, err
		}
		if fs.open == nil {
			fs.open = make(map[string]*file)
		}
		fs.open[path] = f
	}
	f.handles++
	return &Store{files: fs, file: f, done: make(chan struct{})}, nil
}

func openFile(path string) (*file, error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{
		Timeout:      time.Second, // without it a second process waits for ever
		FreelistType: bolt.FreelistMapType,
		// Where the file outgrows what is mapped, the writer waits for all readers and
		// new readers wait for the writer: a backup would stop the store (B2). Mapping
		// more than there is costs address space and no memory.
		InitialMmapSize: 1 << 30,
	})
	if err != nil {
		return nil, openError(err)
	}
	f := &file{path: path, db: db, writer: make(chan struct{}, 1), news: make(chan struct{})}
	err = db.Update(func(b *bolt.Tx) error {
		t := &tx{Tx: b}
		f.key = t.begin()
		return t.err
	})
	if err == nil {
		err = syncFolder(path)
	}
	if err != nil {
		db.Close()
		return nil, told(err)
	}
	return f, nil
}

func openError(err error) error {
	for _, bad := range []error{bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum} {
		if errors.Is(err, bad) {
			return store.ErrCorrupt
		}
	}
	return store.ErrUnavailable
}

// begin makes the buckets of a file that is new and returns the key of cursors.
func (t *tx) begin() (key store.CursorKey) {
	if t.in(inMeta) == nil {
		t.create()
	}
	if t.err == nil {
		var v int
		t.load(metaFormat, &v)
		t.load(metaKey, &key)
		if v != format || key == "" {
			t.fail(store.ErrCorrupt)
		}
	}
	return key
}

func (t *tx) create() {
	if first, _ := t.Cursor().First(); first != nil {
		t.fail(store.ErrCorrupt) // somebody else's file, which stays as it is
		return
	}
	for _, name := range []string{inMeta, inRecords, inIndex, inLog, inTrails, inOps, inCalls, inCallIDs, inSums} {
		_, err := t.CreateBucket([]byte(name))
		t.fail(err)
	}
	t.save(metaFormat, format)
	t.save(metaKey, store.CursorKey(rand.Text()))
}

// Close ends the handle when the calls under way have ended, and the file with its
// last handle.
func (s *Store) Close() error {
	s.mu.Lock()
	if !s.closed() {
		close(s.done)
	}
	s.mu.Unlock()
	s.underway.Wait()
	var err error
	s.release.Do(func() { err = s.files.release(s.file) })
	return err
}

func (s *Store) closed() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

func (fs *Files) release(f *file) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if f.handles--; f.handles > 0 {
		return nil
	}
	delete(fs.open, f.path)
	if f.db.Close() != nil {
		return store.ErrUnavailable
	}
	return nil
}

// ---- transactions and errors ----

// tx is a transaction. It keeps the first error that anything in it meets, ends
// every loop on it, and is then given up: so what stands below reads without a
// check behind each line, and nothing of it is committed.
//
// What it reads is bbolt's memory, gone when the transaction ends: everything is
// decoded or copied before.
type tx struct {
	*bolt.Tx
	ctx  context.Context // of the call
	file *file
	err  error
}

func (t *tx) fail(err error) { t.err = cmp.Or(t.err, err) }

func (t *tx) in(bucket string) *bolt.Bucket { return t.Bucket([]byte(bucket)) }

func (t *tx) get(bucket string, key []byte) []byte { return t.in(bucket).Get(key) }

func (t *tx) put(bucket string, key, value []byte) { t.fail(t.in(bucket).Put(key, value)) }

func (t *tx) delete(bucket string, key []byte) { t.fail(t.in(bucket).Delete(key)) }

func (t *tx) save(name string, v any) { t.encode(inMeta, []byte(name), v) }

// load reads a value of meta into v, which stays as it is where there is none.
func (t *tx) load(name string, v any) {
	if data := t.get(inMeta, []byte(name)); data != nil {
		t.decode(data, v)
	}
}

func (t *tx) encode(bucket string, key []byte, v any) {
	data, err := json.Marshal(v)
	t.fail(err)
	t.put(bucket, key, data)
}

// decode drops what the decoder says, since it quotes the data (S4).
func (t *tx) decode(data []byte, v any) {
	if json.Unmarshal(data, v) != nil {
		t.fail(store.ErrCorrupt)
	}
}

// enter admits a call, which ends with s.underway.Done. refused is what the
// arguments' own check said: a closed store is told first (S3), a context that is
// over last.
func (s *Store) enter(ctx context.Context, refused error) error {
	if ctx == nil {
		return store.ErrInvalid
	}
	s.mu.Lock() // so that no call begins once Close waits
	defer s.mu.Unlock()
	if s.closed() {
		return store.ErrClosed
	}
	if err := cmp.Or(refused, ctx.Err()); err != nil {
		return err
	}
	s.underway.Add(1)
	return nil
}

// view answers a call from the state of one moment.
func view[T any](ctx context.Context, s *Store, refused error, read func(*tx) T) (none T, err error) {
	if err := s.enter(ctx, refused); err != nil {
		return none, err
	}
	defer s.underway.Done()
	b, err := s.file.db.Begin(false)
	if err != nil {
		return none, store.ErrUnavailable
	}
	defer b.Rollback()
	t := &tx{Tx: b, ctx: ctx, file: s.file}
	if answer := read(t); t.err == nil {
		return answer, nil
	}
	return none, told(t.err)
}

// update answers a call that writes, and commits what it wrote.
func update[T any](ctx context.Context, s *Store, refused error, write func(*tx) T) (none T, err error) {
	if err := s.enter(ctx, refused); err != nil {
		return none, err
	}
	defer s.underway.Done()
	// bbolt's own lock knows no context, so who waits for it cannot be called off
	// (S2). This one stands before it.
	select {
	case s.file.writer <- struct{}{}:
		defer func() { <-s.file.writer }()
	case <-ctx.Done():
		return none, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return none, err // select chooses by chance where both are ready (C11)
	}
	b, err := s.file.db.Begin(true)
	if err != nil {
		return none, store.ErrUnavailable
	}
	defer b.Rollback() // nothing, once it is committed
	t := &tx{Tx: b, ctx: ctx, file: s.file}
	answer := write(t)
	if t.err != nil {
		return none, told(t.err)
	}
	if b.Commit() != nil {
		// It may have failed after the last write: the truth is on the disk (C10).
		return none, store.ErrUnknownOutcome
	}
	return answer, nil
}

// told is what a caller may see of err: the sentinel alone, without the engine's
// text that may be joined to it (S4). What has none is the engine's own trouble.
func told(err error) error {
	for _, known := range []error{
		store.ErrConflict, store.ErrReused, store.ErrResync, store.ErrTooLarge, store.ErrInvalid, store.ErrPastRetention,
		store.ErrCorrupt, usage.ErrOverflow, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, known) {
			return known
		}
	}
	return store.ErrUnavailable
}

// ---- keys ----

// key joins parts so that no two lists of parts are one key (R6): each stands
// behind its length, and so needs no separator that it could contain.
func key(parts ...string) []byte {
	var k []byte
	for _, p := range parts {
		k = binary.BigEndian.AppendUint16(k, uint16(len(p))) // a part has 255 bytes at most
		k = append(k, p...)
	}
	return k
}

func orgKey(o tenancy.OrgID) []byte { return key(string(o)) }

// number is n so that bytes sort as numbers do.
func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }

// instant is t so that bytes sort as times do, those before 1970 too.
func instant(t time.Time) []byte { return number(uint64(t.UnixMicro()) ^ 1<<63) }

func refKey(r tenancy.Ref) []byte {
	return slices.Concat([]byte{byte(r.Kind)}, key(string(r.Org), r.ID, string(r.User)))
}

func scopeKey(q store.Query) []byte {
	return slices.Concat([]byte{byte(q.Listing), byte(q.Kind)}, key(string(q.Org), string(q.Project), string(q.User), q.ID))
}

// span is the keys from lo up to and not including hi; a nil hi is the end.
type span struct{ lo, hi []byte }

// under is the keys that begin with prefix, which has a byte below 0xff.
func under(prefix []byte) span { return span{prefix, successor(prefix)} }

// successor is the first key after all that begin with prefix.
func successor(prefix []byte) []byte {
	end := len(prefix)
	for prefix[end-1] == 0xff {
		end--
	}
	return append(bytes.Clone(prefix[:end-1]), prefix[end-1]+1)
}

// past is the first key after k.
func past(k []byte) []byte { return slices.Concat(k, []byte{0}) }

// cut is k behind prefix; empty where there is no k.
func cut(k, prefix []byte) []byte { return bytes.TrimPrefix(k, prefix) }

// ascending yields the rows of a bucket in a span, until the context is over: a
// filter may pass over many before it takes one. Nobody may write to the bucket
// meanwhile: bbolt's cursors then step over rows.
func (t *tx) ascending(bucket string, s span) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.in(bucket).Cursor()
		for k, v := c.Seek(s.lo); k != nil && (s.hi == nil || bytes.Compare(k, s.hi) < 0); k, v = c.Next() {
			if t.fail(t.ctx.Err()); t.err != nil || !yield(k, v) {
				return
			}
		}
	}
}

// descending is ascending from the end.
func (t *tx) descending(bucket string, s span) iter.Seq2[[]byte, []byte] {
	return func(yield func(k, v []byte) bool) {
		c := t.in(bucket).Cursor()
		k, v := c.Seek(s.hi)
		if k != nil {
			k, v = c.Prev()
		} else { // Prev of a cursor that ran off the end is not the last row
			k, v = c.Last()
		}
		for ; k != nil && bytes.Compare(k, s.lo) >= 0; k, v = c.Prev() {
			if t.fail(t.ctx.Err()); t.err != nil || !yield(k, v) {
				return
			}
		}
	}
}

// page is the first size values that take takes, and the key of the last. more
// says that there is another: only looking tells the last page (L2), and what
// it finds has to be taken too.
func page[T any](rows iter.Seq2[[]byte, []byte], size int, take func(k, v []byte) (T, bool)) (found []T, last []byte, more bool) {
	for k, v := range rows {
		value, ok := take(k, v)
		switch {
		case !ok:
		case len(found) == size:
			return found, last, true
		default:
			found, last = append(found, value), k
		}
	}
	return found, last, false
}

// position is where a reading goes on; empty where it begins.
func (t *tx) position(reading, cursor string) []byte {
	at, err := t.file.key.Open(reading, cursor)
	t.fail(err)
	return []byte(at)
}

// next is the cursor behind a position, empty on the last page.
func (t *tx) next(reading string, position []byte, more bool) string {
	if !more {
		return ""
	}
	return t.file.key.Seal(reading, string(position))
}

// ---- records ----

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, refs ...tenancy.Ref) ([]store.Record, error) {
	return view(ctx, s, checkRefs(refs), func(t *tx) (found []store.Record) {
		for _, r := range refs {
			found = append(found, t.record(refKey(r)))
		}
		return found
	})
}

func checkRefs(refs []tenancy.Ref) error {
	if len(refs) > store.MaxRefs {
		return store.ErrTooLarge
	}
	for _, r := range refs {
		if err := store.ValidateRef(r); err != nil {
			return err
		}
	}
	return nil
}

// record is the record under a refKey, the zero one where there is none.
func (t *tx) record(k []byte) store.Record {
	rev, data := t.stored(k)
	if rev == 0 {
		return store.Record{}
	}
	value, err := store.Unmarshal(tenancy.Kind(k[0]), data)
	t.fail(err)
	return store.Record{Rev: rev, Value: value}
}

// stored is a record as it lies there; its revision is zero where it does not.
func (t *tx) stored(k []byte) (store.Rev, []byte) {
	v := t.get(inRecords, k)
	if len(v) < 8 {
		return 0, nil
	}
	return store.Rev(binary.BigEndian.Uint64(v)), v[8:]
}

// write puts v in the place of what is there.
func (t *tx) write(rev uint64, v tenancy.Entity) {
	k := refKey(v.Ref())
	_, old := t.stored(k)
	data, err := store.MarshalOver(old, v) // what a newer version wrote stays
	t.fail(err)
	t.unindex(k)
	for _, place := range places(v) {
		t.put(inIndex, place, k)
	}
	t.put(inRecords, k, slices.Concat(number(rev), data))
}

func (t *tx) remove(k []byte) {
	t.unindex(k)
	t.delete(inRecords, k)
}

// unindex takes a record, as it is now, out of all listings. What replaces it may
// stand elsewhere, or nowhere (L3).
func (t *tx) unindex(k []byte) {
	old := t.record(k)
	if old.Value == nil {
		return
	}
	for _, place := range places(old.Value) {
		t.delete(inIndex, place)
	}
}

// places are the keys of v in the index: one for each listing that has it.
func places(v tenancy.Entity) (keys [][]byte) {
	for _, l := range store.Listings() {
		if scope, order, ok := l.Place(v); ok {
			keys = append(keys, slices.Concat(scopeKey(scope), []byte(order)))
		}
	}
	return keys
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, q store.Query) (store.Page, error) {
	return view(ctx, s, q.Validate(), func(t *tx) store.Page {
		scope := scopeKey(q.Scope())
		rows := under(scope)
		// After the position, which may be of a record that is gone (L4).
		if after := t.position(q.Reading(), q.After); len(after) > 0 {
			rows.lo = past(slices.Concat(scope, after))
		}
		found, last, more := page(t.ascending(inIndex, rows), q.PageSize(), func(_, ref []byte) (store.Record, bool) {
			return t.record(ref), true
		})
		return store.Page{Records: found, Next: t.next(q.Reading(), cut(last, scope), more)}
	})
}

// ---- commits ----

// Commit implements store.Store.
func (s *Store) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	defer s.file.publish() // whatever the outcome; nobody minds being woken
	return update(ctx, s, b.Validate(), func(t *tx) store.Result { return t.commit(b) })
}

func (t *tx) commit(b store.Batch) store.Result {
	// First of all (C2): a repetition comes after its own writes, so its checks
	// would fail.
	if n := t.get(inOps, opKey(b.Entry)); n != nil {
		return t.repeat(b, n)
	}
	if t.check(b); t.err != nil {
		return store.Result{}
	}
	n, e := t.log(b)
	for _, d := range b.Delete {
		t.remove(refKey(d.Ref))
	}
	for _, p := range b.Put {
		t.write(n, p.Value)
	}
	return store.Result{Rev: store.Rev(n), Entry: e}
}

func (t *tx) repeat(b store.Batch, n []byte) store.Result {
	first := t.entry(n)
	if !b.Repeats(first) {
		t.fail(store.ErrReused)
	}
	return store.Result{Entry: first, Replayed: true}
}

// check compares every revision that b names with the record's own.
func (t *tx) check(b store.Batch) {
	checks := slices.Concat(b.Check, b.Delete)
	for _, p := range b.Put {
		checks = append(checks, store.Check{Ref: p.Value.Ref(), Rev: p.Rev})
		t.checkID(p.Value)
	}
	for _, c := range checks {
		if rev, _ := t.stored(refKey(c.Ref)); rev != c.Rev {
			t.fail(store.ErrConflict)
		}
	}
}

// checkID refuses a key or invite whose id another organization has (N3).
func (t *tx) checkID(v tenancy.Entity) {
	for _, l := range []store.Listing{store.KeyByID, store.InviteByID} {
		scope, _, ok := l.Place(v)
		if !ok {
			continue
		}
		for _, ref := range t.ascending(inIndex, under(scopeKey(scope))) {
			if !bytes.Equal(ref, refKey(v.Ref())) {
				t.fail(store.ErrConflict)
			}
		}
	}
}

// ---- the log ----

func opKey(e store.Entry) []byte { return key(string(e.Org), string(e.Op)) }

// log appends the entry of b and returns it, with its number, which is the
// revision of what b puts: no number comes twice, and so no revision (R5).
//
// Numbers come from bbolt's sequence, which is kept in the bucket: the highest
// number that is there, plus one, would come again once the log was pruned. They
// have no gap and no late comer, since one commit at a time draws them (F1).
func (t *tx) log(b store.Batch) (uint64, store.Entry) {
	n, err := t.in(inLog).NextSequence()
	t.fail(err)
	e := b.Entry
	e.Refs, e.Detail = b.Refs(), bytes.Clone(e.Detail) // the caller keeps its own (R7)
	t.encode(inLog, number(n), e)
	t.put(inTrails, slices.Concat(orgKey(e.Org), number(n)), nil)
	t.put(inOps, opKey(e), number(n))
	return n, e
}

// entry is the entry of a number, which is there.
func (t *tx) entry(n []byte) (e store.Entry) {
	t.decode(t.get(inLog, n), &e)
	return e
}

// head is the number of the newest entry, forgotten or not.
func (t *tx) head() uint64 { return t.in(inLog).Sequence() }

// at is the number behind which a cursor of this log stands, and head for the empty one.
func (t *tx) at(c store.Cursor) uint64 {
	if c == "" {
		return t.head()
	}
	position, err := t.file.key.Open(store.FeedReading, string(c))
	if err != nil || len(position) != 8 {
		t.fail(store.ErrResync)
		return 0
	}
	var floor uint64
	t.load(metaFloor, &floor)
	n := binary.BigEndian.Uint64([]byte(position))
	if n < floor || n > t.head() {
		t.fail(store.ErrResync)
	}
	return n
}

// Changes implements store.Store.
func (s *Store) Changes(ctx context.Context, after store.Cursor, limit int) (store.Feed, error) {
	return view(ctx, s, checkLimit(limit), func(t *tx) store.Feed {
		at := number(t.at(after))
		rows := span{lo: past(at)}
		found, last, more := page(t.ascending(inLog, rows), limit, func(n, _ []byte) (store.Entry, bool) {
			return t.entry(n), true
		})
		if len(found) > 0 {
			at = last
		}
		return store.Feed{Entries: found, Next: store.Cursor(t.file.key.Seal(store.FeedReading, string(at))), More: more}
	})
}

func checkLimit(limit int) error {
	switch {
	case limit > store.MaxPage:
		return store.ErrTooLarge
	case limit < 1:
		return store.ErrInvalid
	}
	return nil
}

// Trail implements store.Store.
func (s *Store) Trail(ctx context.Context, q store.TrailQuery) (store.Trail, error) {
	return view(ctx, s, q.Validate(), func(t *tx) store.Trail {
		org := orgKey(q.Org)
		rows := under(org)
		if before := t.position(q.Reading(), q.After); len(before) > 0 {
			rows.hi = slices.Concat(org, before)
		}
		found, last, more := page(t.descending(inTrails, rows), q.PageSize(), func(k, _ []byte) (store.Entry, bool) {
			e := t.entry(cut(k, org))
			return e, q.Selects(e)
		})
		return store.Trail{Entries: found, Next: t.next(q.Reading(), cut(last, org), more)}
	})
}

// publish wakes who waits for an entry. One file is one process's, so that a
// channel reaches everybody; a server needs a notification or a poll.
func (f *file) publish() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.news)
	f.news = make(chan struct{})
}

func (f *file) nextNews() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.news
}

// Wait implements store.Waiter.
func (s *Store) Wait(ctx context.Context, after store.Cursor) error {
	// Asked for before looking: an entry that comes between is then not missed.
	news := s.file.nextNews()
	there, err := view(ctx, s, nil, func(t *tx) bool { return t.at(after) < t.head() })
	if err != nil || there {
		return err
	}
	select { // outside the transaction: the file grows while one is open
	case <-news:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-s.done:
		return store.ErrClosed
	}
}

// PruneLog implements store.Pruner. It is one transaction, however long the trail.
func (s *Store) PruneLog(ctx context.Context, org tenancy.OrgID, before time.Time) (int, error) {
	return update(ctx, s, nil, func(t *tx) int {
		old := t.entriesBefore(org, before)
		for _, n := range old {
			t.forget(n)
		}
		return len(old)
	})
}

// entriesBefore looks at all entries: At is the caller's clock, and does not rise
// with the numbers (T1).
func (t *tx) entriesBefore(org tenancy.OrgID, before time.Time) (old [][]byte) {
	prefix := orgKey(org)
	for k := range t.ascending(inTrails, under(prefix)) {
		if n := cut(k, prefix); t.entry(n).At.Before(before) {
			old = append(old, bytes.Clone(n))
		}
	}
	return old
}

// forget removes an entry and moves the floor: whoever has read less would step
// over it (P2).
func (t *tx) forget(n []byte) {
	e := t.entry(n)
	t.delete(inLog, n)
	t.delete(inTrails, slices.Concat(orgKey(e.Org), n))
	t.delete(inOps, opKey(e))
	var floor uint64
	t.load(metaFloor, &floor)
	t.save(metaFloor, max(floor, binary.BigEndian.Uint64(n)))
}

// ---- backup ----

// Backup implements store.Backuper. The copy is a file for Open. A process that is
// killed meanwhile leaves a file that is no backup: use none before Backup returns.
func (s *Store) Backup(ctx context.Context, path string) error {
	var refused error
	if path == "" || strings.ContainsRune(path, 0) {
		refused = store.ErrInvalid
	}
	_, err := view(ctx, s, refused, func(t *tx) (none struct{}) {
		t.fail(t.copyTo(path))
		return none
	})
	return err
}

func (t *tx) copyTo(path string) error {
	// O_EXCL and no look before: what comes between would be overwritten (B3).
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return store.ErrInvalid
	}
	if err != nil {
		return err
	}
	_, err = t.WriteTo(patient{t.ctx, f})
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = errors.Join(part(path), syncFolder(path))
	}
	if err != nil {
		// bbolt does not wrap what the writer said: the context has to be asked (S2).
		return errors.Join(t.ctx.Err(), err, os.Remove(path))
	}
	return nil
}

// part gives a copy a key of its own: from now on its log is another one, and the
// numbers that both will draw are no position in the other (B4).
func part(path string) error {
	db, err := bolt.Open(path, 0o600, nil)
	if err != nil {
		return err
	}
	err = db.Update(func(b *bolt.Tx) error {
		t := &tx{Tx: b}
		t.save(metaKey, store.CursorKey(rand.Text()))
		return t.err
	})
	return errors.Join(err, db.Close())
}

// patient is a file that is no longer written once the context is over.
type patient struct {
	ctx context.Context
	*os.File
}

func (p patient) Write(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.File.Write(b)
}

// syncFolder makes the name of a new file durable; syncing the file does not.
func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ---- usage ----

// callTime is the key of an instant in an organization's calls.
func callTime(o tenancy.OrgID, at time.Time) []byte { return slices.Concat(orgKey(o), instant(at)) }

func callKey(r usage.Record) []byte { return slices.Concat(callTime(r.Org, r.At), []byte(r.ID)) }

// Append implements store.Usage.
func (s *Store) Append(ctx context.Context, records []usage.Record) error {
	_, err := update(ctx, s, checkCalls(records), func(t *tx) (none struct{}) {
		sums, err := usage.Tally(t.fresh(records)) // what is there already has been added (U2)
		t.fail(err)
		for id, more := range sums {
			t.add(id, more)
		}
		return none
	})
	return err
}

func checkCalls(records []usage.Record) error {
	if len(records) > store.MaxAppend {
		return store.ErrTooLarge
	}
	for _, r := range records {
		if r.Validate() != nil {
			return store.ErrInvalid
		}
	}
	return nil
}

// fresh writes the records that are not there and returns them.
func (t *tx) fresh(records []usage.Record) (fresh []usage.Record) {
	horizon := t.horizon()
	for _, r := range records {
		if r.At.Before(horizon) {
			t.fail(store.ErrPastRetention)
		}
		if t.known(r) {
			continue
		}
		t.encode(inCalls, callKey(r), r)
		t.put(inCallIDs, []byte(r.ID), callKey(r))
		fresh = append(fresh, r)
	}
	return fresh
}

// known says whether r is there. It is store.ErrReused where another record has
// its id, in whatever organization (U3).
func (t *tx) known(r usage.Record) bool {
	k := t.get(inCallIDs, []byte(r.ID))
	if k == nil {
		return false
	}
	var first usage.Record
	t.decode(t.get(inCalls, k), &first)
	if first.At.Equal(r.At) {
		first.At = r.At // == compares zones by pointer
	}
	if !first.Same(r) {
		t.fail(store.ErrReused)
	}
	return true
}

// sumKey has the quarter before the project: reports span time first.
func sumKey(b usage.BucketID) []byte {
	return slices.Concat(sumTime(b.Org, b.Grain, b.Start), key(string(b.Project), b.Item, string(b.Outcome)))
}

func sumTime(o tenancy.OrgID, grain usage.Dimension, start time.Time) []byte {
	return slices.Concat(key(string(o), string(grain)), instant(start))
}

func (t *tx) add(id usage.BucketID, more usage.Sums) {
	var b usage.Bucket
	if v := t.get(inSums, sumKey(id)); v != nil {
		t.decode(v, &b)
	}
	sums, err := b.Plus(more)
	t.fail(err)
	t.setBucket(usage.Bucket{BucketID: id, Sums: sums})
}

// setBucket writes a bucket; one of no sums is taken away.
func (t *tx) setBucket(b usage.Bucket) {
	if b.Sums == (usage.Sums{}) {
		t.delete(inSums, sumKey(b.BucketID))
		return
	}
	t.encode(inSums, sumKey(b.BucketID), b)
}

// buckets yields those of a grain that begin in a span of time.
func (t *tx) buckets(org tenancy.OrgID, grain usage.Dimension, from, to time.Time) iter.Seq[usage.Bucket] {
	return func(yield func(usage.Bucket) bool) {
		for _, v := range t.ascending(inSums, span{sumTime(org, grain, from), sumTime(org, grain, to)}) {
			var b usage.Bucket
			if t.decode(v, &b); !yield(b) {
				return
			}
		}
	}
}

// Records implements store.Usage.
func (s *Store) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	return view(ctx, s, q.Validate(), func(t *tx) store.RecordPage {
		org := orgKey(q.Org)
		rows := under(org)
		if !q.From.IsZero() {
			rows.lo = callTime(q.Org, q.From)
		}
		if !q.To.IsZero() {
			rows.hi = callTime(q.Org, q.To)
		}
		if before := t.position(q.Reading(), q.After); len(before) > 0 {
			rows.hi = slices.Concat(org, before)
		}
		found, last, more := page(t.descending(inCalls, rows), q.PageSize(), func(_, v []byte) (r usage.Record, ok bool) {
			t.decode(v, &r)
			return r, q.Selects(r)
		})
		return store.RecordPage{Records: found, Next: t.next(q.Reading(), cut(last, org), more)}
	})
}

// Totals implements store.Usage.
func (s *Store) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	return view(ctx, s, q.Validate(), func(t *tx) []store.Total { return t.totals(q) })
}

func (t *tx) totals(q store.TotalQuery) (totals []store.Total) {
	type cell struct {
		period int
		item   string
	}
	sums := make(map[cell]usage.Sums)
	for b := range t.buckets(q.Org, q.Grain(), q.Cuts[0], q.Cuts[len(q.Cuts)-1]) {
		if q.Project != "" && b.Project != q.Project {
			continue
		}
		period, begins := slices.BinarySearchFunc(q.Cuts, b.Start, time.Time.Compare)
		if !begins {
			period-- // what was found is the cut after
		}
		c := cell{period, q.Item(b.BucketID)}
		more, err := sums[c].Plus(b.Sums)
		t.fail(err)
		sums[c] = more
	}
	for _, c := range slices.SortedFunc(maps.Keys(sums), func(x, y cell) int {
		return cmp.Or(cmp.Compare(x.period, y.period), strings.Compare(x.item, y.item))
	}) {
		totals = append(totals, store.Total{Start: q.Cuts[c.period], End: q.Cuts[c.period+1], Item: c.item, Sums: sums[c]})
	}
	return totals
}

// ---- upkeep ----

// Verify implements store.Upkeep. It holds the records of the span in memory.
func (s *Store) Verify(ctx context.Context, org tenancy.OrgID, from, to time.Time) ([]store.Difference, error) {
	return view(ctx, s, store.ValidateSpan(from, to), func(t *tx) []store.Difference {
		return t.differences(org, from, to)
	})
}

// Rebuild implements store.Upkeep.
func (s *Store) Rebuild(ctx context.Context, org tenancy.OrgID, from, to time.Time) error {
	_, err := update(ctx, s, store.ValidateSpan(from, to), func(t *tx) (none struct{}) {
		t.rebuild(org, from, to)
		return none
	})
	return err
}

func (t *tx) rebuild(org tenancy.OrgID, from, to time.Time) {
	for _, d := range t.differences(org, from, to) {
		t.setBucket(usage.Bucket{BucketID: d.Bucket, Sums: d.Records})
	}
}

// Reprice implements store.Upkeep. It holds the records of the span in memory.
func (s *Store) Reprice(ctx context.Context, org tenancy.OrgID, from, to time.Time, cost func(usage.Record) (usage.Money, error)) (int, error) {
	var refused error // what cost said
	n, err := update(ctx, s, store.ValidateDays(from, to), func(t *tx) (n int) {
		if from.Before(t.horizon()) {
			t.fail(store.ErrPastRetention)
		}
		for _, r := range t.calls(org, from, to) {
			money, err := cost(r)
			if err != nil {
				refused = err
				t.fail(err)
				return 0
			}
			next, changed, err := r.Reprice(money)
			if err != nil {
				t.fail(store.ErrInvalid)
			}
			if changed {
				t.encode(inCalls, callKey(next), next)
				n++
			}
		}
		t.rebuild(org, from, to)
		return n
	})
	if refused != nil {
		return 0, refused
	}
	return n, err
}

func (t *tx) differences(org tenancy.OrgID, from, to time.Time) (diffs []store.Difference) {
	if from.Before(t.horizon()) {
		t.fail(store.ErrPastRetention) // the records are gone and their buckets stay
	}
	recorded := t.tally(org, from, to)
	for _, grain := range []usage.Dimension{usage.ByModel, usage.ByKey, usage.ByUser} {
		for b := range t.buckets(org, grain, from, to) {
			if recorded[b.BucketID] != b.Sums {
				diffs = append(diffs, store.Difference{Bucket: b.BucketID, Stored: b.Sums, Records: recorded[b.BucketID]})
			}
			delete(recorded, b.BucketID)
		}
	}
	for id, sums := range recorded { // those that have no bucket
		diffs = append(diffs, store.Difference{Bucket: id, Records: sums})
	}
	return diffs
}

// tally is what the records of a span add up to.
func (t *tx) tally(org tenancy.OrgID, from, to time.Time) map[usage.BucketID]usage.Sums {
	sums, err := usage.Tally(t.calls(org, from, to))
	t.fail(err)
	return sums
}

// calls are the records of a span.
func (t *tx) calls(org tenancy.OrgID, from, to time.Time) (records []usage.Record) {
	for _, v := range t.ascending(inCalls, span{callTime(org, from), callTime(org, to)}) {
		var r usage.Record
		t.decode(v, &r)
		records = append(records, r)
	}
	return records
}

// Prune implements store.Upkeep.
func (s *Store) Prune(ctx context.Context, before time.Time, limit int) (int, error) {
	var refused error
	if limit < 1 || !before.Equal(usage.QuarterOf(before)) {
		refused = store.ErrInvalid
	}
	return update(ctx, s, refused, func(t *tx) int {
		horizon := t.horizon()
		if before.After(horizon) {
			horizon = before
			t.save(metaHorizon, horizon)
		}
		old := t.callsBefore(horizon, limit)
		for _, r := range old {
			t.delete(inCalls, callKey(r))
			t.delete(inCallIDs, []byte(r.ID))
		}
		return len(old)
	})
}

// callsBefore are at most limit calls before a time. It steps from organization
// to organization: a seek each, and no index by time.
func (t *tx) callsBefore(horizon time.Time, limit int) (old []usage.Record) {
	c := t.in(inCalls).Cursor()
	for k, v := c.First(); k != nil && len(old) < limit && t.err == nil; {
		var r usage.Record
		if t.decode(v, &r); r.At.Before(horizon) {
			old = append(old, r)
			k, v = c.Next()
		} else {
			k, v = c.Seek(successor(orgKey(r.Org)))
		}
	}
	return old
}

// Horizon implements store.Upkeep.
func (s *Store) Horizon(ctx context.Context) (time.Time, error) {
	return view(ctx, s, nil, (*tx).horizon)
}

func (t *tx) horizon() (at time.Time) {
	t.load(metaHorizon, &at)
	return at
}
