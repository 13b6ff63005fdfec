package sqlite_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestF19TablesAreStrict(t *testing.T) {
	_, path := open(t)
	rows, err := raw(t, path).Query(`SELECT name, strict, wr FROM pragma_table_list
		WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var name string
		var strict, keyed bool
		if err := rows.Scan(&name, &strict, &keyed); err != nil {
			t.Fatal(err)
		}
		if !strict {
			t.Errorf("%s is not STRICT", name)
		}
		got = append(got, fmt.Sprint(name, " ", keyed))
	}
	want := []string{"invite true", "key true", "log false", "member true", "meta false", "model true", "name_claim true",
		"organization true", "project true", "project_member true", "subscription true", "usage_day true", "usage_quarter true", "usage_record false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tables, and whether they lie in the order of their keys (-want +got):\n%s", diff)
	}
}

// Every text column compares byte for byte: another collation would have to be named.
func TestTextIsComparedByBytes(t *testing.T) {
	_, path := open(t)
	var n int
	err := raw(t, path).QueryRow(`SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%collate%' OR sql LIKE '%nocase%'`).Scan(&n)
	if err != nil || n != 0 {
		t.Errorf("%d definitions name a collation, %v", n, err)
	}
}

const (
	digest = `zeroblob(32)`
	aKey   = `INSERT INTO key (org, id, rev, project, kind, name, holder, membership, models, limits, created_by, created,
		cur_digest, cur_seal, cur_pepper, cur_hint, cur_minted_by, prev_pepper, prev_hint, prev_minted_by)
		VALUES (<org>, <id>, <rev>, 'proj_1', 'service', 'n', '', '', <models>, '[]', 'ann', <created>,
		<digest>, zeroblob(32), 'p', 'abcd', 'ann', '', '', '')`
	aBucket = `INSERT INTO usage_quarter VALUES ('org_b', 'proj_1', <grain>, <start>, 'm', 'ok', <calls>,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)`
	aRecord = `INSERT INTO usage_record VALUES (<id>, <at>, 'org_b', 'proj_1', <key>, '', 'm', 'm', 'ok', '', 200,
		<input>, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, '', NULL, <count>)`
	anEntry = `INSERT INTO log (org, op, request, actor, on_behalf, action, subject_kind, subject_org, subject_id, subject_user,
		project, at, detail, refs) VALUES (<org>, <op>, <request>, '', '', 'test', '', '', '', '', '', <at>, <detail>, <refs>)`
)

// sound is a value for each place of the statements above that the schema takes.
var sound = map[string]string{
	"org": `'org_b'`, "id": `'key_b'`, "rev": `1`, "models": `'"all"'`, "created": `NULL`, "digest": digest,
	"grain": `'model'`, "start": `900000000`, "calls": `1`, "at": `0`, "key": `'key_b'`, "input": `NULL`, "count": `1`,
	"op": `'op'`, "request": `zeroblob(16)`, "detail": `NULL`, "refs": `'[]'`,
}

// fillIn puts a value into each place of a statement: those given, else sound ones.
func fillIn(statement string, given map[string]string) string {
	return regexp.MustCompile(`<\w+>`).ReplaceAllStringFunc(statement, func(place string) string {
		name := strings.Trim(place, "<>")
		if v, ok := given[name]; ok {
			return v
		}
		return sound[name]
	})
}

func TestF19RowsOutOfRangeAreRefused(t *testing.T) {
	s, path := open(t)
	put(t, s, sampleOrganization, sampleKey(0))
	if err := s.Append(t.Context(), sampleRecords(0, 1)); err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	db.SetMaxOpenConns(1)
	for _, tt := range []struct {
		name, statement string
		given           map[string]string
		why             string
	}{
		{"key without organization", aKey, map[string]string{"org": `NULL`}, "a record is somebody's"},
		{"key of the empty organization", aKey, map[string]string{"org": `''`}, "a record is somebody's"},
		{"key without id", aKey, map[string]string{"id": `NULL`}, "nothing could name it"},
		{"id too long", aKey, map[string]string{"id": `replace(hex(zeroblob(128)), '0', 'k')`}, "a Ref has at most 255 bytes a part"},
		{"id as a number", aKey, map[string]string{"id": `x'01'`}, "STRICT"},
		{"id of another organization's key", aKey, map[string]string{"id": `'key_000000000000'`}, "one secret would open two organizations"},
		{"rev zero", aKey, map[string]string{"rev": `0`}, "zero is absence"},
		{"digest too short", aKey, map[string]string{"digest": `zeroblob(31)`}, "a digest has 32 bytes"},
		{"digest too long", aKey, map[string]string{"digest": `zeroblob(33)`}, "a digest has 32 bytes"},
		{"no digest", aKey, map[string]string{"digest": `NULL`}, "a key has a secret"},
		{"digest as text", aKey, map[string]string{"digest": `'00000000000000000000000000000000'`}, "STRICT"},
		{"models that are no list", aKey, map[string]string{"models": `'"most"'`}, "only all is said by name"},
		{"models as an object", aKey, map[string]string{"models": `'{}'`}, "a set is a list"},
		{"no models", aKey, map[string]string{"models": `NULL`}, "NULL is neither none nor all"},
		{"time as text", aKey, map[string]string{"created": `'2026-01-01'`}, "times are integers"},
		{"bucket inside a quarter", aBucket, map[string]string{"start": `900000001`}, "two buckets would overlap"},
		{"negative sum", aBucket, map[string]string{"calls": `-1`}, "sums only grow"},
		{"sum beyond int64", aBucket, map[string]string{"calls": `9223372036854775807 + 1`}, "it would be a rounded REAL"},
		{"unknown grain", aBucket, map[string]string{"grain": `'day'`}, "it would be in no total"},
		{"record by nobody", aRecord, map[string]string{"key": `''`}, "a call is a key's or a person's"},
		{"negative units", aRecord, map[string]string{"input": `-1`}, "they would be a credit"},
		{"record of no call", aRecord, map[string]string{"count": `0`}, "a record is of a call"},
		{"record id twice", aRecord, map[string]string{"id": `'rec_00000000000000000000000000'`}, "a call counts once"},
		{"record before 1970", aRecord, map[string]string{"at": `-1`}, "times are from 1970 on"},
		{"operation twice", anEntry, map[string]string{"org": `'org_a'`, "op": `(SELECT op FROM log)`}, "a repeat would not be told"},
		{"request of 15 bytes", anEntry, map[string]string{"request": `zeroblob(15)`}, "a fingerprint has 16"},
		{"detail that is no JSON", anEntry, map[string]string{"detail": `'{'`}, "readers parse it"},
		{"refs that are no list", anEntry, map[string]string{"refs": `'{}'`}, "followers parse it"},
		{"second row about the database", `INSERT INTO meta (id, epoch, pruned) VALUES (2, hex(zeroblob(16)), 0)`, nil, "there is one epoch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if tt.given != nil { // without them the row is taken
				mustExec(t, db, "SAVEPOINT s; "+fillIn(tt.statement, nil)+"; ROLLBACK TO s; RELEASE s")
			}
			_, err := db.Exec(fillIn(tt.statement, tt.given))
			var coded interface{ Code() int }
			if !errors.As(err, &coded) || coded.Code()&0xff != 19 {
				t.Errorf("%v, want a constraint: %s", err, tt.why)
			}
		})
	}
}

func mustExec(t testing.TB, db *sql.DB, text string, args ...any) {
	t.Helper()
	if _, err := db.Exec(text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func TestSchemaVersions(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare string
		want    error
	}{
		{"ours", fmt.Sprint(`PRAGMA user_version = `, sqlite.SchemaVersion()), nil},
		{"newer", fmt.Sprint(`PRAGMA user_version = `, sqlite.SchemaVersion()+1), sqlite.ErrNewerSchema},
		{"older than it is", `PRAGMA user_version = 1`, store.ErrCorrupt},
		{"no version", `PRAGMA user_version = 0`, store.ErrCorrupt},
		{"another application", `PRAGMA application_id = 7`, store.ErrCorrupt},
		{"no application", `PRAGMA application_id = 0`, store.ErrCorrupt},
		{"a table gone", `DROP TABLE name_claim`, store.ErrCorrupt},
		{"a column gone", `ALTER TABLE name_claim DROP COLUMN project`, store.ErrCorrupt},
		{"the row about the database gone", `DELETE FROM meta`, store.ErrCorrupt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, path := open(t)
			put(t, s, sampleOrganization)
			s.Close()
			mustExec(t, raw(t, path), tt.prepare)
			s, err := sqlitefile.Open(t.Context(), path)
			if !errors.Is(err, tt.want) {
				t.Errorf("Open: %v, want %v", err, tt.want)
			}
			if err == nil {
				defer s.Close()
				if r, err := store.One(t.Context(), s, tenancy.OrganizationRef(sampleOrganization.ID)); err != nil || r.Value.Name != "Acme" {
					t.Errorf("record after opening again: %+v, %v", r, err)
				}
			}
		})
	}
}

func TestForeignDatabaseIsLeftAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "other.db")
	db := raw(t, path)
	mustExec(t, db, `CREATE TABLE customer (name TEXT)`)
	if _, err := sqlitefile.Open(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("Open: %v, want %v", err, store.ErrCorrupt)
	}
	var names string
	if err := db.QueryRow(`SELECT group_concat(name) FROM sqlite_schema`).Scan(&names); err != nil || names != "customer" {
		t.Errorf("tables %q, %v", names, err)
	}
}

func TestUTF16IsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "wide.db")
	mustExec(t, raw(t, path), `PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a); DROP TABLE t`)
	if _, err := sqlitefile.Open(t.Context(), path); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("Open: %v, want %v: its texts do not sort by UTF-8 bytes", err, store.ErrCorrupt)
	}
}

// A read that goes through a table or sorts it gets slower with every tenant.
func TestReadsUseIndexes(t *testing.T) {
	s, path := open(t)
	put(t, s, sampleOrganization)
	db := raw(t, path)
	texts := sqlite.ListTexts()
	maps.Copy(texts, sqlite.ReadTexts())
	for name, text := range texts {
		plan := planOf(t, db, text)
		whole := strings.HasPrefix(name, "all ")
		for line := range strings.SplitSeq(plan, "\n") {
			scans := strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "VIRTUAL TABLE") && line != "SCAN p" &&
				line != "SCAN priced" && !strings.HasSuffix(line, "CONSTANT ROWS")
			sorts := strings.Contains(line, "TEMP B-TREE") && line != "USE TEMP B-TREE FOR LAST TERM OF ORDER BY"
			if (scans && !whole) || sorts {
				t.Errorf("%s: %s\nplan:\n%s", name, text, plan)
			}
		}
	}
}

// The index of a trail's own narrows it best; that of the organization would do, but
// for a rare actor it goes through everything.
func TestTrailsHaveIndexes(t *testing.T) {
	_, path := open(t)
	db := raw(t, path)
	for name, index := range map[string]string{
		"trail": "log_by_org", "trail of project": "log_by_project", "trail of actor": "log_by_actor",
		"trail of subject": "log_by_subject", "trail of op": "log_by_op",
		"records": "usage_record_by_org", "records of project": "usage_record_by_project",
	} {
		if plan := planOf(t, db, sqlite.ReadTexts()[name]); !strings.Contains(plan, " "+index+" ") {
			t.Errorf("%s does not use %s:\n%s", name, index, plan)
		}
	}
}

func planOf(t *testing.T, db *sql.DB, text string) string {
	t.Helper()
	n := strings.Count(text, "?")
	for i := range 9 { // numbered ones may occur twice
		if strings.Contains(text, fmt.Sprint("?", i+1)) {
			n = i + 1
		}
	}
	args := make([]any, n)
	for i := range args {
		args[i] = 1
	}
	rows, err := db.Query(`EXPLAIN QUERY PLAN `+text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, detail)
	}
	return strings.Join(lines, "\n")
}

// Sums whose double is rounded down would pass for integers if SQLite added them:
// both parts of the third pair lose up to half a unit of their last place.
func TestSumsBeyondInt64(t *testing.T) {
	const most = 1<<63 - 1
	for _, tt := range []struct {
		name string
		a, b int64
		want error
	}{
		{"just fits", most - 1, 1, nil},
		{"one too many", most, 1, usage.ErrOverflow},
		{"rounded down", 6917529027641081856 + 511, 2305843009213693952 - 257, usage.ErrOverflow},
		{"twice the most", most, most, usage.ErrOverflow},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, _ := open(t)
			rs := sampleRecords(0, 401)
			rs[0].Cost.Micro, rs[400].Cost.Micro = tt.a, tt.b
			rs[400].At, rs[400].Project, rs[400].Key = rs[0].At, rs[0].Project, rs[0].Key
			rs[400].Served = rs[0].Served
			for i := 1; i < 400; i++ { // other buckets, so that it is one row among many
				rs[i].Cost.Micro = 1
				rs[i].Served, rs[i].Key = "other", sampleKey(1000+i).ID
			}
			if err := s.Append(t.Context(), rs[:400]); err != nil {
				t.Fatal(err)
			}
			before := dump(t, s)
			err := s.Append(t.Context(), rs[400:])
			if !errors.Is(err, tt.want) {
				t.Fatalf("Append: %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(before, dump(t, s)); (diff == "") != (err != nil) {
				t.Errorf("what an append wrote that ended in %v (-before +after):\n%s", err, diff)
			}
		})
	}
}

// dump is all usage of the sample organization.
func dump(t *testing.T, s *sqlitefile.Store) any {
	t.Helper()
	page, err := s.Records(context.Background(), store.RecordQuery{Org: sampleOrganization.ID})
	if err != nil {
		t.Fatal(err)
	}
	start := usage.QuarterOf(sampleTime)
	totals, err := s.Totals(context.Background(), store.TotalQuery{
		Org: sampleOrganization.ID, By: usage.ByKey, Cuts: []time.Time{start, start.Add(usage.Quarter)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return struct {
		Records int
		Totals  []store.Total
	}{len(page.Records), totals}
}
