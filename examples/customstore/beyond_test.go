package customstore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"example.com/tenet/examples/customstore"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// What stands here the suite cannot see, since it needs the engine's inside, a
// failure on order, or a wait that is longer than the engine's usual one.

const org = tenancy.OrgID("org_01J0000000000000000000000A")

// put is a batch that writes the project at a revision.
func put(op string, rev store.Rev, name string) store.Batch {
	p := tenancy.Project{Org: org, ID: "proj_1", Name: name}
	return store.Batch{
		Entry: store.Entry{Org: org, Op: store.OperationID(op), Action: "project.write", Subject: p.Ref(), At: time.Unix(1_700_000_000, 0).UTC(), Detail: []byte(`{"a":1}`)},
		Put:   []store.Record{{Rev: rev, Value: p}},
	}
}

func commit(t *testing.T, s store.Store, b store.Batch) store.Result {
	t.Helper()
	r, err := s.Commit(t.Context(), b)
	check(t, err)
	return r
}

func newStore(t *testing.T, path string) *customstore.Store {
	t.Helper()
	s, err := customstore.Open(path)
	check(t, err)
	t.Cleanup(func() { check(t, s.Close()) })
	return s
}

// within fails the test where f has not returned in time: bbolt would wait for ever.
func within(t *testing.T, f func()) {
	t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("still waiting after 20 s")
	}
}

// S2: a commit that waits for another writer ends with its context.
func TestWaitingWriterIsCalledOff(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "data"))
	check(t, s.Writing(func() {
		// Long enough for Commit to wait in most runs; where it does not, nothing is shown.
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		ended := make(chan error, 1)
		go func() { _, err := s.Commit(ctx, put("a", 0, "p")); ended <- err }()
		select {
		case err := <-ended:
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Commit = %v; want context.DeadlineExceeded", err)
			}
		case <-time.After(20 * time.Second):
			t.Error("Commit waits on although its context is over")
		}
	}))
}

// B2: what reads for long, as a backup does, stops no writer when the file grows.
func TestReaderStopsNobody(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "data"))
	s.Reading(func() {
		within(t, func() {
			for i := range 40 {
				b := put(fmt.Sprint(i), 0, "p")
				b.Put, b.Entry.Detail = nil, []byte(`{"a":"`+strings.Repeat("x", store.MaxDetail-16)+`"}`)
				commit(t, s, b)
			}
		})
	})
}

// A member that a newer version wrote stays when this one writes the record.
func TestNewerMembersStay(t *testing.T) {
	s := newStore(t, filepath.Join(t.TempDir(), "data"))
	b := put("a", 0, "p")
	first := commit(t, s, b)
	ref := b.Put[0].Value.Ref()
	check(t, s.SetForm(ref, first.Rev, []byte(strings.TrimSuffix(s.Form(ref), "}")+`,"newer":7}`)))
	commit(t, s, put("b", first.Rev, "q"))
	if form := s.Form(ref); !strings.Contains(form, `"newer":7`) || !strings.Contains(form, `"q"`) {
		t.Errorf("the record is %s; want the new name and the member that was there", form)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	newStore(t, filepath.Join(dir, "held"))
	check(t, os.WriteFile(filepath.Join(dir, "text"), []byte(strings.Repeat("no database ", 2000)), 0o600))
	foreign, err := bolt.Open(filepath.Join(dir, "foreign"), 0o600, nil)
	check(t, err)
	check(t, foreign.Update(func(b *bolt.Tx) error { _, err := b.CreateBucket([]byte("theirs")); return err }))
	check(t, foreign.Close())

	for _, c := range []struct {
		name string
		want error
		why  string
	}{
		{"text", store.ErrCorrupt, "a file that bbolt cannot read is no store"},
		{"foreign", store.ErrCorrupt, "buckets would be made in somebody else's database"},
		{"held", store.ErrUnavailable, "bbolt lets one open a file at a time; it waits for ever unless told"},
		{"missing/data", store.ErrUnavailable, "the folder is the host's to make"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := customstore.Open(filepath.Join(dir, c.name))
			if !errors.Is(err, c.want) || strings.Contains(err.Error(), c.name) {
				t.Errorf("Open = %v; want %v without the path: %s", err, c.want, c.why)
			}
		})
	}
}
