package sqlite_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	modernc "modernc.org/sqlite"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/usage"
)

// coded is an error with a result code, as drivers have them.
type coded int

func (c coded) Error() string { return "the engine's own words about 'secret data'" }
func (c coded) Code() int     { return int(c) }

func TestResultCodes(t *testing.T) {
	over, cancel := context.WithCancel(context.Background())
	cancel()
	for _, tt := range []struct {
		name string
		err  error
		want error
	}{
		{"primary key", coded(1555), store.ErrConflict},
		{"unique index", coded(2067), store.ErrConflict},
		{"check", coded(275), store.ErrInvalid},
		{"datatype", coded(3091), store.ErrInvalid},
		{"busy", coded(5), store.ErrUnavailable},
		{"busy recovering", coded(5 | 1<<8), store.ErrUnavailable},
		{"locked", coded(6), store.ErrUnavailable},
		{"out of memory", coded(7), store.ErrUnavailable},
		{"read only", coded(8), store.ErrUnavailable},
		{"input or output", coded(10 | 3<<8), store.ErrUnavailable},
		{"checksum of a page", coded(10 | 32<<8), store.ErrCorrupt},
		{"corrupt file system", coded(10 | 33<<8), store.ErrCorrupt},
		{"corrupt", coded(11), store.ErrCorrupt},
		{"corrupt index", coded(11 | 3<<8), store.ErrCorrupt},
		{"disk full", coded(13), store.ErrUnavailable},
		{"cannot open", coded(14), store.ErrUnavailable},
		{"too big", coded(18), store.ErrTooLarge},
		{"not a database", coded(26), store.ErrCorrupt},
		{"no such table", coded(1), store.ErrCorrupt},
		{"wrapped", fmt.Errorf("driver: %w", coded(11)), store.ErrCorrupt},
		{"no code", driver.ErrBadConn, store.ErrUnavailable},
		{"ours", store.ErrReused, store.ErrReused},
		{"none", nil, nil},
	} {
		got := sqlite.Code(context.Background(), tt.err)
		if !errors.Is(got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		if errors.As(got, new(coded)) {
			t.Errorf("%s: the engine's words are in %v", tt.name, got)
		}
	}
	if got := sqlite.Code(over, coded(9)); !errors.Is(got, context.Canceled) {
		t.Errorf("interrupted: %v, want the context's error", got)
	}
}

// faulty is the real driver, whose COMMIT can be told to fail.
type faulty struct {
	driver.Connector
	commit *atomic.Pointer[func(driver.Tx) error]
}

// connection is what database/sql asks of a connection of the driver.
type connection interface {
	driver.Conn
	driver.ConnBeginTx
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

func (f faulty) Connect(ctx context.Context) (driver.Conn, error) {
	c, err := f.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return faultyConn{c.(connection), f.commit}, nil
}

type faultyConn struct {
	connection
	commit *atomic.Pointer[func(driver.Tx) error]
}

func (c faultyConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	tx, err := c.connection.BeginTx(ctx, opts)
	return faultyTx{tx, c.commit}, err
}

type faultyTx struct {
	driver.Tx
	commit *atomic.Pointer[func(driver.Tx) error]
}

func (tx faultyTx) Commit() error {
	if fault := tx.commit.Load(); fault != nil {
		return (*fault)(tx.Tx)
	}
	return tx.Tx.Commit()
}

// openFaulty opens a store whose COMMIT fails as fault says while it is set. Its
// driver begins transactions without a lock, as drivers do that are not told.
func openFaulty(t *testing.T, path string) (*sqlite.Store, *atomic.Pointer[func(driver.Tx) error]) {
	t.Helper()
	connector, err := modernc.NewConnector("file:" + path + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	if err != nil {
		t.Fatal(err)
	}
	fault := new(atomic.Pointer[func(driver.Tx) error])
	write, read := sql.OpenDB(faulty{connector, fault}), sql.OpenDB(connector)
	write.SetMaxOpenConns(1)
	s, err := sqlite.New(t.Context(), write, read, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(); write.Close(); read.Close() })
	return s, fault
}

func TestCommitThatFails(t *testing.T) {
	for _, tt := range []struct {
		name     string
		fault    func(driver.Tx) error
		want     error
		happened bool
		why      string
	}{
		{"reply lost", func(tx driver.Tx) error { tx.Commit(); return coded(10) }, store.ErrUnknownOutcome, true,
			"it was written before the error"},
		{"connection lost", func(tx driver.Tx) error { tx.Rollback(); return driver.ErrBadConn }, store.ErrUnknownOutcome, false,
			"nobody knows"},
		{"disk", func(tx driver.Tx) error { tx.Rollback(); return coded(10 | 4<<8) }, store.ErrUnknownOutcome, false,
			"what a failed fsync wrote is unknown"},
		{"busy", func(tx driver.Tx) error { tx.Rollback(); return coded(5) }, store.ErrUnavailable, false,
			"SQLite commits nothing then"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, fault := openFaulty(t, filepath.Join(t.TempDir(), "t.db"))
			b := store.Batch{Entry: entry("op"), Put: []store.Record{{Value: sampleOrganization}}}
			fault.Store(&tt.fault)
			if _, err := s.Commit(t.Context(), b); !errors.Is(err, tt.want) {
				t.Errorf("Commit: %v, want %v: %s", err, tt.want, tt.why)
			}
			if err := s.Append(t.Context(), sampleRecords(0, 3)); !errors.Is(err, tt.want) {
				t.Errorf("Append: %v, want %v: %s", err, tt.want, tt.why)
			}
			fault.Store(nil)
			again, err := s.Commit(t.Context(), b)
			if err != nil || again.Replayed != tt.happened {
				t.Errorf("the same batch again: replayed %v, %v; want %v", again.Replayed, err, tt.happened)
			}
			if err := s.Append(t.Context(), sampleRecords(0, 3)); err != nil {
				t.Errorf("the same records again: %v", err)
			}
			start := usage.QuarterOf(sampleTime)
			total, err := s.Totals(t.Context(), store.TotalQuery{Org: sampleOrganization.ID, Cuts: []time.Time{start, start.Add(usage.Quarter)}})
			if err != nil || len(total) != 1 || total[0].Calls != 3 {
				t.Errorf("totals %+v, %v; want 3 calls, each once", total, err)
			}
		})
	}
}

func TestWaitForTheLockEndsWithTheContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	s, _ := openFaulty(t, path)
	put(t, s, sampleOrganization)
	held, err := raw(t, path).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer held.Rollback()
	if _, err := held.Exec(`UPDATE meta SET id = 1`); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := s.Append(ctx, sampleRecords(0, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Append: %v, want %v", err, context.DeadlineExceeded)
	}
	if waited := time.Since(began); waited > 3*time.Second {
		t.Errorf("waited %v with 30 ms to go", waited)
	}
}

// Whichever BEGIN the driver sends, a transaction never has to take the lock after
// it has read: SQLite refuses that at once where somebody wrote in between.
func TestWritersOfTwoStores(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.db")
	one, _ := openFaulty(t, path)
	two, _ := openFaulty(t, path)
	const each = 60
	var group sync.WaitGroup
	for _, s := range []*sqlite.Store{one, two} {
		for w := range 2 {
			group.Go(func() {
				for i := range each {
					op := fmt.Sprintf("%p %d %d", s, w, i)
					if _, err := s.Commit(t.Context(), store.Batch{Entry: entry(op)}); err != nil {
						t.Errorf("%s: %v", op, err)
					}
				}
			})
		}
	}
	group.Wait()
	tr, err := one.Trail(t.Context(), store.TrailQuery{Org: sampleOrganization.ID})
	if err != nil || len(tr.Entries) != 4*each {
		t.Errorf("%d entries, %v; want %d", len(tr.Entries), err, 4*each)
	}
}

func TestHostsOwnCodes(t *testing.T) {
	const path = "file::memory:"
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	asked := 0
	s, err := sqlite.New(t.Context(), db, db, &sqlite.Options{Code: func(err error) (int, bool) {
		asked++
		coded, ok := errors.AsType[*modernc.Error](err)
		if ok && coded.Code()&0xff == 19 {
			return 5, true
		}
		return 1, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	put(t, s, sampleOrganization)
	_, err = s.Commit(t.Context(), store.Batch{Entry: entry("again"), Put: []store.Record{{Value: sampleOrganization}}})
	if !errors.Is(err, store.ErrUnavailable) || asked == 0 {
		t.Errorf("a clash that the host calls busy: %v, asked %d times", err, asked)
	}
}

func TestNewArguments(t *testing.T) {
	db, full, normal := new(sql.DB), inMemory(t, "FULL"), inMemory(t, "NORMAL")
	for name, call := range map[string]func() (*sqlite.Store, error){
		"no codes": func() (*sqlite.Store, error) {
			return sqlite.New(t.Context(), full, full, &sqlite.Options{Code: func(error) (int, bool) { return 0, false }})
		},
		"no codes, for reading": func() (*sqlite.Store, error) {
			return sqlite.New(t.Context(), nil, full, &sqlite.Options{ReadOnly: true, Code: func(error) (int, bool) { return 0, false }})
		},
		"all is well": func() (*sqlite.Store, error) {
			return sqlite.New(t.Context(), full, full, &sqlite.Options{Code: func(error) (int, bool) { return 0, true }})
		},
		"synchronous NORMAL": func() (*sqlite.Store, error) { return sqlite.New(t.Context(), normal, full, nil) },
		"no context":         func() (*sqlite.Store, error) { return sqlite.New(nil, db, db, nil) }, //nolint:staticcheck // nil is the case
		"no write pool":      func() (*sqlite.Store, error) { return sqlite.New(t.Context(), nil, db, nil) },
		"no read pool":       func() (*sqlite.Store, error) { return sqlite.New(t.Context(), db, nil, nil) },
	} {
		if s, err := call(); s != nil || !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%s: %v, %v; want %v", name, s, err, store.ErrInvalid)
		}
	}
}

func inMemory(t *testing.T, synchronous string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file::memory:?_pragma=synchronous("+synchronous+")")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { db.Close() })
	return db
}

func TestZeroStoreIsClosed(t *testing.T) {
	var s sqlite.Store
	if _, err := s.Get(t.Context(), sampleOrganization.Ref()); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Get: %v, want %v", err, store.ErrClosed)
	}
	if err := s.Wait(t.Context(), ""); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Wait: %v, want %v", err, store.ErrClosed)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// One pool with one connection may be both pools: no call takes two at once.
func TestOneConnectionIsEnough(t *testing.T) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "t.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	s, err := sqlite.New(t.Context(), db, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	put(t, s, sampleOrganization)
	from := usage.QuarterOf(sampleTime)
	if err := s.Append(ctx, sampleRecords(0, 30)); err != nil {
		t.Error(err)
	}
	if ds, err := s.Verify(ctx, sampleOrganization.ID, from, from.Add(usage.Quarter)); err != nil || len(ds) > 0 {
		t.Errorf("Verify: %v, %v", ds, err)
	}
	if err := s.Rebuild(ctx, sampleOrganization.ID, from, from.Add(usage.Quarter)); err != nil {
		t.Error(err)
	}
	if p, err := s.List(ctx, store.Query{Listing: store.KeyByID, ID: "key_x"}); err != nil || len(p.Records) > 0 {
		t.Errorf("List: %v, %v", p, err)
	}
}

// A call that takes long holds up neither the others when Close waits for it, nor
// their contexts.
func TestCloseHoldsNobodyUp(t *testing.T) {
	db := inMemory(t, "FULL")
	s, err := sqlite.New(t.Context(), db, db, nil)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(t.Context()) // the only one, so that a call waits for it
	if err != nil {
		t.Fatal(err)
	}
	waiting, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		_, err := s.Get(t.Context(), sampleOrganization.Ref())
		waiting <- err
	}()
	for sqlite.Calls(s) == 0 {
		runtime.Gosched()
	}
	go func() { closed <- s.Close() }()
	for { // until Close has begun: a call is then refused at once
		if _, err := s.Get(deadline(t, 50*time.Millisecond), sampleOrganization.Ref()); errors.Is(err, store.ErrClosed) {
			break
		}
	}
	select {
	case err := <-closed:
		t.Errorf("Close did not wait for the call under way: %v", err)
	default:
	}
	conn.Close()
	if err := errors.Join(<-waiting, <-closed, s.Close()); err != nil {
		t.Error(err)
	}
}

func deadline(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// Reading for long is one at a time, so that the pool has connections left.
func TestLongReadsLeaveConnections(t *testing.T) {
	s, path := open(t)
	settle(t, s)
	done := sqlite.ReadForLong(s)
	defer done()
	for name, call := range map[string]func(context.Context) error{
		"Backup": func(ctx context.Context) error { return s.Backup(ctx, path+".copy") },
		"Check":  s.Check,
		"Verify": func(ctx context.Context) error {
			_, err := s.Verify(ctx, townOrg, usage.QuarterOf(day(1)), usage.QuarterOf(day(2)))
			return err
		},
	} {
		if err := call(deadline(t, 20*time.Millisecond)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s beside another long read: %v, want %v", name, err, context.DeadlineExceeded)
		}
	}
	if _, err := s.Get(t.Context(), sampleOrganization.Ref()); err != nil {
		t.Error(err)
	}
}
