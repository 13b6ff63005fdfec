package sqlite_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

var sampleTime = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var sampleOrganization = tenancy.Organization{
	ID: "org_a", Name: "Acme", TimeZone: "Asia/Kathmandu", Currency: "EUR",
	Owners: []tenancy.UserID{"ann", "bob"}, Created: sampleTime,
}

func sampleProject(i int) tenancy.Project {
	return tenancy.Project{
		Org: sampleOrganization.ID, ID: tenancy.ProjectID(fmt.Sprintf("proj_%06d", i)), Name: fmt.Sprintf("Project %d", i),
		Models: tenancy.Models("gpt-5", "o3"), Created: sampleTime,
	}
}

func sampleKey(i int) tenancy.Key {
	k := tenancy.Key{
		Org: sampleOrganization.ID, ID: tenancy.KeyID(fmt.Sprintf("key_%012d", i)), Project: sampleProject(0).ID,
		Kind: tenancy.KeyPersonal, Name: "ci", Holder: "ann", Membership: "mem_1", Models: tenancy.AllModels(),
		Current:   tenancy.KeySecret{Pepper: "p1", Hint: "w9Xz", MintedBy: "ann", Minted: sampleTime},
		CreatedBy: "ann", Created: sampleTime,
	}
	k.Current.Digest[0], k.Current.Seal[0] = byte(i), byte(i>>8)
	return k
}

// sampleRecords returns n records, from the number first on: 40 projects, 3 models,
// 200 keys.
func sampleRecords(first, n int) []usage.Record {
	rs := make([]usage.Record, n)
	for j := range rs {
		i := first + j
		model := tenancy.ModelID(fmt.Sprintf("model-%d", i%3))
		rs[j] = usage.Record{
			ID: usage.RecordID(fmt.Sprintf("rec_%026d", i)), At: sampleTime.Add(time.Duration(i) * time.Millisecond),
			Org: sampleOrganization.ID, Project: sampleProject(i % 40).ID, Key: sampleKey(i % 200).ID,
			Requested: model, Served: model, Outcome: usage.OutcomeOK, Status: 200,
			Units:   usage.Units{}.With(tenancy.UnitInput, 900).With(tenancy.UnitOutput, 100),
			Latency: 800 * time.Millisecond, Cost: usage.Money{Micro: 1500, Known: true}, Count: 1,
		}
	}
	return rs
}

func entry(op string) store.Entry {
	return store.Entry{Org: sampleOrganization.ID, Op: store.OperationID(op), Actor: "ann", Action: "test", At: sampleTime}
}

// open opens a new store in a file, which it also returns the path of.
func open(t testing.TB) (*sqlitefile.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tenet.db")
	s, err := sqlitefile.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, path
}

// raw opens a file without the store.
func raw(t testing.TB, path string) *sql.DB {
	t.Helper()
	u := url.URL{Scheme: "file", Path: path, RawQuery: "_pragma=busy_timeout(2000)&_pragma=synchronous(FULL)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// put creates records in one commit and returns their revision.
func put(t testing.TB, s store.Store, values ...tenancy.Entity) store.Rev {
	t.Helper()
	b := store.Batch{Entry: entry("put " + fmt.Sprint(values[0].Ref()))}
	for _, v := range values {
		b.Put = append(b.Put, store.Record{Value: v})
	}
	res, err := s.Commit(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	return res.Rev
}
