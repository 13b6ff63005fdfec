package sqlite_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// A damaged file gives wrong data or an error of the contract; it never panics, and
// no error of the engine's own comes out.
func TestF10DamagedFile(t *testing.T) {
	s, path := open(t)
	var records []tenancy.Entity
	for i := range 60 {
		records = append(records, sampleKey(i), sampleProject(i)) // two commits' worth
	}
	put(t, s, records[:60]...)
	put(t, s, records[60:]...)
	if err := s.Append(t.Context(), sampleRecords(0, 200)); err != nil {
		t.Fatal(err)
	}
	s.Close()
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	refused, opened := 0, 0
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		data := append([]byte(nil), whole...)
		if seed%4 == 0 {
			data = data[:random.IntN(len(data))]
		}
		for range 1 + seed/4 { // few, so that some files open
			data[random.IntN(len(data))] ^= byte(1 + random.IntN(255))
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(path + "-wal")
		os.Remove(path + "-shm")
		errs := useAll(t.Context(), path)
		if len(errs) > 1 {
			opened++
		}
		for _, err := range errs {
			if err != nil {
				refused++
			}
			if err != nil && !inContract(err) {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
	t.Logf("%d errors, %d files opened", refused, opened)
	if refused == 0 || opened == 0 {
		t.Error("no damage was noticed, or no file opened: the test tests nothing")
	}
}

func inContract(err error) bool {
	for _, of := range []error{store.ErrCorrupt, store.ErrConflict, store.ErrUnavailable, store.ErrInvalid, store.ErrResync,
		store.ErrReused, store.ErrPastRetention, store.ErrUnknownOutcome, usage.ErrOverflow} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// useAll opens a file and calls most methods.
func useAll(ctx context.Context, path string) (errs []error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	s, err := sqlitefile.Open(ctx, path)
	if err != nil {
		return []error{err}
	}
	defer s.Close()
	note := func(err error) { errs = append(errs, err) }
	_, err = s.Get(ctx, sampleKey(1).Ref(), sampleProject(1).Ref(), sampleOrganization.Ref())
	note(err)
	for _, err := range store.Walk(ctx, s, store.AllOf[tenancy.Key]()) {
		note(err)
	}
	for _, err := range store.Walk(ctx, s, store.AllOf[tenancy.Project]()) {
		note(err)
	}
	_, err = s.Trail(ctx, store.TrailQuery{Org: sampleOrganization.ID})
	note(err)
	_, err = s.Records(ctx, store.RecordQuery{Org: sampleOrganization.ID})
	note(err)
	from := usage.QuarterOf(sampleTime)
	_, err = s.Verify(ctx, sampleOrganization.ID, from, from.Add(usage.Quarter))
	note(err)
	_, err = s.Commit(ctx, store.Batch{Entry: entry("late"), Put: []store.Record{{Value: sampleKey(1000)}}})
	note(err)
	note(s.Append(ctx, sampleRecords(500, 30)))
	return errs
}

// Rows that somebody wrote past the constraints.
func TestRowsThatDoNotRead(t *testing.T) {
	key, model := sampleKey(0), tenancy.Model{ID: "m"}
	for name, change := range map[string]string{
		"neither true nor false": `UPDATE model SET public = 7`,
		"no JSON":                `UPDATE key SET models = 'most'`,
		"unknown set":            `UPDATE key SET models = '"most"'`,
		"digest of another size": `UPDATE key SET cur_digest = zeroblob(31)`,
	} {
		t.Run(name, func(t *testing.T) {
			s, path := open(t)
			put(t, s, key)
			_, err := s.Commit(t.Context(), store.Batch{
				Entry: store.Entry{Op: "op", Action: "test", At: sampleTime}, Put: []store.Record{{Value: model}},
			})
			if err != nil {
				t.Fatal(err)
			}
			mustExec(t, raw(t, path), `PRAGMA ignore_check_constraints = 1; `+change)
			if _, err := s.Get(t.Context(), key.Ref(), model.Ref()); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Get: %v, want %v", err, store.ErrCorrupt)
			}
		})
	}
}
