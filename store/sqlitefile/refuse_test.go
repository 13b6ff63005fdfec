package sqlitefile_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// whole returns the bytes of a store with some pages of data, closed.
func whole(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "whole.db")
	s := open(t, path)
	for i := range 60 {
		name := fmt.Sprint("name ", i, strings.Repeat("x", 200))
		if err := commit(t.Context(), s, fmt.Sprint(i), tenancy.NameClaim{Org: organization.ID, Folded: name, Project: "proj_1"}); err != nil {
			t.Fatal(err)
		}
	}
	s.Close()
	return read(t, path)
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// made returns the bytes of a database after some SQL.
func made(t *testing.T, from []byte, text string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "made.db")
	if err := os.WriteFile(path, from, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", uri(path))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(text); err != nil {
		t.Fatal(err)
	}
	db.Close()
	return read(t, path)
}

func TestPathsThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(dir, "foreign.db")
	makeForeign(t, foreign)
	for _, tt := range []struct {
		name, path string
		want       error
	}{
		{"empty", "", store.ErrInvalid},
		{"NUL", filepath.Join(dir, "a\x00b"), store.ErrInvalid},
		{"no such folder", filepath.Join(dir, "none", "t.db"), store.ErrUnavailable},
		{"a folder", dir, store.ErrUnavailable},
		{"text", text, store.ErrCorrupt},
		{"another's database", foreign, store.ErrCorrupt},
	} {
		before := openFiles(t)
		s, err := sqlitefile.Open(t.Context(), tt.path)
		if s != nil || !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
		if after := openFiles(t); after > before {
			t.Errorf("%s: %d files open, %d before", tt.name, after, before)
		}
		if err != nil && tt.path != "" && strings.Contains(err.Error(), tt.path) {
			t.Errorf("%s: the path is in %q", tt.name, err)
		}
	}
	if _, err := sqlitefile.Open(nil, filepath.Join(dir, "t.db")); !errors.Is(err, store.ErrInvalid) { //nolint:staticcheck // nil is the case
		t.Errorf("nil context: %v, want %v", err, store.ErrInvalid)
	}
}

func makeForeign(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite", uri(path))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`CREATE TABLE customer (name TEXT)`); err != nil {
		t.Fatal(err)
	}
}

// Every opening tells what is the matter with a file and changes nothing in it.
func TestF10FilesThatAreRefused(t *testing.T) {
	sound := whole(t)
	const ours = `PRAGMA application_id = 0x746e6574; `
	scribbled := bytes.Clone(sound) // a page in the middle, of the data
	copy(scribbled[len(sound)/4096/2*4096:], bytes.Repeat([]byte{0xa5}, 4096))
	for _, tt := range []struct {
		name string
		data []byte
		want error
		says string
	}{
		{"no byte", nil, store.ErrCorrupt, "the file is empty"},
		{"one byte", []byte("S"), store.ErrCorrupt, "the file is empty"},
		{"99 bytes", sound[:99], store.ErrCorrupt, ""},
		{"zeros", make([]byte, 4096), store.ErrCorrupt, "no SQLite database"},
		{"text", bytes.Repeat([]byte("this is no database\n"), 500), store.ErrCorrupt, "no SQLite database"},
		{"another application's", made(t, nil, `CREATE TABLE customer (name TEXT)`), store.ErrCorrupt, "another application's"},
		{"another application's in WAL mode", made(t, nil, `PRAGMA journal_mode = WAL; CREATE TABLE customer (name TEXT)`),
			store.ErrCorrupt, "another application's"},
		{"ours without a version", made(t, sound, `PRAGMA user_version = 0`), store.ErrCorrupt, "lost its version or its tables"},
		{"ours without tables", made(t, nil, ours+`PRAGMA user_version = 1`), store.ErrCorrupt, "lost its version or its tables"},
		{"ours without a table", made(t, sound, `DROP TABLE member`), store.ErrCorrupt, "not the schema"},
		{"newer", made(t, sound, `PRAGMA user_version = 99`), sqlite.ErrNewerSchema, "version 99"},
		{"a page short", sound[:len(sound)-4096], store.ErrCorrupt, "damaged"},
		{"half", sound[:len(sound)/2], store.ErrCorrupt, "damaged"},
		{"100 bytes", sound[:100], store.ErrCorrupt, ""},
		{"first page overwritten", append(bytes.Repeat([]byte{0xa5}, 4096), sound[4096:]...), store.ErrCorrupt, "no SQLite database"},
		{"a page overwritten", scribbled, store.ErrCorrupt, "findings"},
	} {
		for how, opener := range map[string]opening{"Open": sqlitefile.Open, "OpenReadOnly": sqlitefile.OpenReadOnly} {
			t.Run(tt.name+"/"+how, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "t.db")
				if err := os.WriteFile(path, tt.data, 0o600); err != nil {
					t.Fatal(err)
				}
				err := openAndCheck(t, path, opener)
				if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) {
					t.Errorf("%v, want %v that says %q", err, tt.want, tt.says)
				}
				if strings.Contains(fmt.Sprint(err), filepath.Dir(path)) {
					t.Errorf("the path is in %q", err)
				}
				if sha256.Sum256(read(t, path)) != sha256.Sum256(tt.data) {
					t.Error("the file has changed")
				}
			})
		}
	}
}

type opening func(ctx context.Context, path string) (*sqlitefile.Store, error)

// openAndCheck asks for a full check where the file opens.
func openAndCheck(t *testing.T, path string, opener opening) error {
	t.Helper()
	s, err := opener(t.Context(), path)
	if err != nil {
		if s != nil {
			t.Error("a Store beside the error")
		}
		return err
	}
	defer s.Close()
	return s.Check(t.Context())
}

// A file is there under its name once it is whole, so that nobody sees half of it
// and all first starters have the same one.
func TestFirstStarters(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "t.db")
	const starters = 8
	stores := make([]*sqlitefile.Store, starters)
	var group sync.WaitGroup
	for i := range stores {
		group.Go(func() {
			s, err := sqlitefile.Open(t.Context(), path)
			if err != nil {
				t.Error(err)
				return
			}
			if err := commit(t.Context(), s, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
			stores[i] = s
		})
	}
	group.Wait()
	for i, s := range stores {
		if s == nil {
			continue
		}
		if tr, err := s.Trail(t.Context(), store.TrailQuery{Org: organization.ID}); err != nil || len(tr.Entries) != starters {
			t.Errorf("starter %d sees %d entries, %v; want those of all %d", i, len(tr.Entries), err, starters)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v; want one", files, err)
	}
}

// A backup is not in WAL mode. Who opens it changes that, and waits for a process
// that is writing to it.
func TestBackupIsPutInWALMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.db")
	if err := open(t, filepath.Join(t.TempDir(), "t.db")).Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if version := read(t, path)[18]; version != 1 {
		t.Fatalf("write version %d: it is in WAL mode already", version)
	}
	release := hold(t, path)
	opened := make(chan error)
	go func() {
		s, err := sqlitefile.Open(t.Context(), path)
		s.Close()
		opened <- err
	}()
	<-time.After(50 * time.Millisecond)
	release()
	if err := <-opened; err != nil {
		t.Error(err)
	}
	if version := read(t, path)[18]; version != 2 {
		t.Errorf("write version %d after opening, want 2: WAL", version)
	}
}

// A folder in which nothing can be made, and a file that vanished, get no new store.
func TestNothingIsMadeInPassing(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "link")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), link); err != nil {
		t.Skip("no symbolic links")
	}
	for name, opener := range map[string]opening{"Open": sqlitefile.Open, "OpenReadOnly": sqlitefile.OpenReadOnly} {
		if _, err := opener(t.Context(), link); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s of a link to nowhere: %v, want %v", name, err, store.ErrUnavailable)
		}
	}
	if _, err := sqlitefile.OpenReadOnly(t.Context(), filepath.Join(dir, "none")); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("reading a file that is not there: %v, want %v", err, store.ErrUnavailable)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("files %v, %v; want the link alone", files, err)
	}
}

// SQLite would take a -wal or -journal file that stayed behind for a part of the new
// file, and what was removed would be there again.
func TestLeftoversAreNotAdopted(t *testing.T) {
	for _, suffix := range []string{"-wal", "-journal"} {
		t.Run(suffix, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "tenet.db")
			if err := os.WriteFile(path+suffix, []byte("what stayed behind"), 0o600); err != nil {
				t.Fatal(err)
			}
			if s, err := sqlitefile.Open(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
				s.Close()
				t.Errorf("Open beside it: %v, want %v", err, store.ErrCorrupt)
			}
			other := open(t, filepath.Join(dir, "other.db"))
			for _, to := range []string{path, filepath.Join(dir, "other.db"+suffix), filepath.Join(dir, "x-shm")} {
				if err := other.Backup(t.Context(), to); !errors.Is(err, store.ErrInvalid) {
					t.Errorf("Backup to %s: %v, want %v", filepath.Base(to), err, store.ErrInvalid)
				}
			}
			if left, err := os.ReadFile(path + suffix); string(left) != "what stayed behind" {
				t.Errorf("it was changed: %v", err)
			}
		})
	}
}

// A store whose process was killed leaves a -wal file with commits in it. With the
// database alone removed it must not come back.
func TestRemovedDatabaseStaysRemoved(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tenet.db")
	s := open(t, path)
	if err := commit(t.Context(), s, "a", organization); err != nil {
		t.Fatal(err)
	}
	wal, err := os.ReadFile(path + "-wal") // as a kill would leave it
	if err != nil || len(wal) == 0 {
		t.Fatalf("the -wal file has %d bytes, %v", len(wal), err)
	}
	s.Close()
	if err := errors.Join(os.Remove(path), os.WriteFile(path+"-wal", wal, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitefile.Open(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
		t.Fatalf("Open: %v, want %v", err, store.ErrCorrupt)
	}
	if err := os.Remove(path + "-wal"); err != nil {
		t.Fatal(err)
	}
	rs, err := open(t, path).Get(t.Context(), organization.Ref())
	if err != nil || rs[0].Rev != 0 {
		t.Errorf("the new store has %v, %v; want nothing", rs, err)
	}
}
