package storetest_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/storetest"
	"example.com/tenet/usage"
)

// flaw is what a journal does wrong.
type flaw int

const (
	noFlaw flaw = iota
	acknowledgesFirst
	halvesBatches
	sumsApart
	losesCalls
	losesAppends
	forgetsCursors
)

// journal is a store in memory that a file of lines brings back: one line for each
// commit and each Append, written before it is acknowledged.
type journal struct {
	store.Store
	store.Usage
	store.Upkeep
	sums  *memory.Store // the roll-up
	flaw  flaw
	epoch string // of its cursors

	mu   sync.Mutex
	file *os.File
	held []byte // acknowledged, and not written
	log  []store.Entry
}

// journalLine is one line. Half a batch is completed by the line after it, the calls
// of one that is not Summed likewise.
type journalLine struct {
	Batch  json.RawMessage `json:",omitempty"`
	Half   bool
	Calls  []usage.Record
	Summed bool
}

func openJournal(dir string, how flaw) (*journal, error) {
	m := memory.New()
	j := &journal{Store: m, Usage: m, Upkeep: m, sums: m, flaw: how, epoch: "journal"}
	if how == sumsApart {
		j.sums = memory.New()
	}
	if how == forgetsCursors {
		j.epoch = rand.Text()
	}
	path := filepath.Join(dir, "journal")
	if err := j.recover(path); err != nil {
		return nil, err
	}
	var err error
	j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	return j, err
}

// recover reads the file and cuts off a last line that is not whole.
func (j *journal) recover(path string) error {
	data, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return nil
	}
	end := bytes.LastIndexByte(data, '\n') + 1
	lines := bufio.NewScanner(bytes.NewReader(data[:end]))
	lines.Buffer(nil, 1<<20)
	var half *journalLine
	for err == nil && lines.Scan() {
		var l journalLine
		if err = json.Unmarshal(lines.Bytes(), &l); err != nil {
			break
		}
		if half != nil && !l.Half {
			half = nil
		}
		if l.Half {
			half = &l
			continue
		}
		err = j.apply(l)
	}
	if half != nil { // its other half was never written
		err = j.apply(*half)
	}
	if err == nil {
		err = os.Truncate(path, int64(end))
	}
	return err
}

func (j *journal) apply(l journalLine) error {
	ctx := context.Background()
	if l.Batch == nil {
		if l.Summed {
			return j.sums.Append(ctx, l.Calls)
		}
		return j.Usage.Append(ctx, l.Calls)
	}
	b, err := storetest.ParseBatch(l.Batch)
	if err != nil {
		return err
	}
	_, err = j.keep(ctx, b)
	return err
}

func (j *journal) keep(ctx context.Context, b store.Batch) (store.Result, error) {
	r, err := j.Store.Commit(ctx, b)
	if err == nil && !r.Replayed {
		j.log = append(j.log, r.Entry)
	}
	return r, err
}

// write appends lines to the file, each by itself.
func (j *journal) write(lines ...journalLine) error {
	for _, l := range lines {
		form, err := json.Marshal(l)
		if err != nil {
			return err
		}
		form = append(form, '\n')
		if j.flaw == acknowledgesFirst && l.Batch != nil {
			form, j.held = j.held, form
		}
		if _, err := j.file.Write(form); err != nil {
			return err
		}
		if len(lines) > 1 { // a moment to be killed in
			if err := j.file.Sync(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (j *journal) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	r, err := j.keep(ctx, b)
	if err != nil || r.Replayed {
		return r, err
	}
	whole, err := storetest.FormBatch(b)
	if err != nil {
		return r, err
	}
	lines := []journalLine{{Batch: whole}}
	if n := len(b.Put); j.flaw == halvesBatches && n > 1 {
		b.Put = b.Put[:n/2]
		half, err := storetest.FormBatch(b)
		if err != nil {
			return r, err
		}
		lines = []journalLine{{Batch: half, Half: true}, {Batch: whole}}
	}
	return r, j.write(lines...)
}

func (j *journal) Append(ctx context.Context, calls []usage.Record) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.Usage.Append(ctx, calls); err != nil {
		return err
	}
	switch j.flaw {
	case sumsApart:
		if err := j.sums.Append(ctx, calls); err != nil {
			return err
		}
		return j.write(journalLine{Calls: calls}, journalLine{Calls: calls, Summed: true})
	case losesAppends:
		return nil
	case losesCalls:
		return j.write(journalLine{Calls: calls[1:]})
	}
	return j.write(journalLine{Calls: calls})
}

func (j *journal) Totals(ctx context.Context, q store.TotalQuery) ([]store.Total, error) {
	return j.sums.Totals(ctx, q)
}

// Changes gives positions in the file, since those of the store in memory end with
// the process.
func (j *journal) Changes(_ context.Context, after store.Cursor, limit int) (store.Feed, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	from := len(j.log)
	if after != "" {
		if _, err := fmt.Sscanf(strings.TrimPrefix(string(after), j.epoch), "-%d", &from); err != nil || from > len(j.log) {
			return store.Feed{}, store.ErrResync
		}
	}
	to := min(from+limit, len(j.log))
	next := store.Cursor(fmt.Sprintf("%s-%d", j.epoch, to))
	return store.Feed{Entries: j.log[from:to:to], Next: next, More: to < len(j.log)}, nil
}

func (j *journal) Wait(ctx context.Context, after store.Cursor) error {
	return store.Wait(ctx, struct{ store.Store }{j}, after, time.Millisecond)
}

func (j *journal) Close() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(j.held); err != nil {
		return err
	}
	j.held = nil
	return j.file.Close()
}
