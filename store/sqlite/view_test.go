package sqlite_test

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"fmt"
	"math"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// openTown opens a store with the town in it, and a connection for people.
func openTown(t *testing.T) (*sqlitefile.Store, *sql.DB) {
	t.Helper()
	s, path := open(t)
	settle(t, s)
	return s, people(t, path)
}

// people opens a file as somebody would who must not change it, and who trusts
// nothing in its schema.
func people(t *testing.T, path string) *sql.DB {
	t.Helper()
	u := url.URL{Scheme: "file", Path: path, RawQuery: "mode=ro&_pragma=trusted_schema(0)&_query_only=1&_defensive=1&_dqs=0"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// ask returns the rows of a query, each value as text and NULL as "-".
func ask(t *testing.T, db *sql.DB, text string, args ...any) [][]string {
	t.Helper()
	rows, err := db.Query(text, args...)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(columns))
	pointers := make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	var all [][]string
	for rows.Next() {
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		all = append(all, texts(values))
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", text, rows.Err())
	}
	return all
}

func texts(values []any) []string {
	row := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case nil:
			row[i] = "-"
		case []byte:
			row[i] = string(v)
		default:
			row[i] = fmt.Sprint(v)
		}
	}
	return row
}

func TestViews(t *testing.T) {
	_, db := openTown(t)
	for _, tt := range []struct {
		name, text string
		want       []string
	}{
		{"organizations", `SELECT org, name, state, plan, currency, created, suspended, closed FROM organizations ORDER BY org`, []string{
			"org_a Acme active Team EUR 2026-03-01T12:00:00Z - -",
			"org_b Globex suspended Trial USD 2026-03-01T12:00:00Z 2026-03-05T12:00:00Z -"}},
		{"members", `SELECT org_name, user, email, role, state, suspended FROM members ORDER BY org, user`, []string{
			"Acme ann ann@example.com owner active -", "Acme bob  member active -", "Acme cy  member suspended 2026-03-02T12:00:00Z",
			"Acme dee  member active -", "Globex bob  member active -", "Globex eve  owner active -"}},
		{"projects", `SELECT org, project, name, state, archived FROM projects ORDER BY org, project`, []string{
			"org_a proj_1 Apollo active -", "org_a proj_2 Borealis active -", "org_a proj_3 Caldera archived 2026-03-03T12:00:00Z",
			"org_b proj_4 Apollo active -"}},
		{"project_people", `SELECT project_name, user, name, role, added FROM project_people ORDER BY org, project, user`, []string{
			"Apollo bob Bob owner 2026-03-02T12:00:00Z", "Borealis bob Bob viewer 2026-03-02T12:00:00Z", "Borealis dee Dee member 2026-03-02T12:00:00Z",
			"Caldera dee Dee member 2026-03-02T12:00:00Z", "Apollo bob  member 2026-03-02T12:00:00Z"}},
		{"invites", `SELECT invite, state, accepted_by, accepted, revoked FROM invites ORDER BY invite`, []string{
			"inv_0 open - - -", "inv_1 accepted bob 2026-03-03T12:00:00Z -", "inv_2 revoked - - 2026-03-04T12:00:00Z", "inv_3 expired - - -"}},
		{"keys", `SELECT key, project_name, state, holder, minted, grace_ends, expires, revoked FROM keys ORDER BY key`, []string{
			"key_1 Apollo active - 2026-03-02T12:00:00Z - - -",
			"key_2 Apollo active bob 2026-03-03T12:00:00Z 2026-04-30T12:00:00Z 9999-01-01T00:00:00Z -",
			"key_3 Apollo expired - 2026-03-04T12:00:00Z - 2020-01-01T00:00:00Z -",
			"key_4 Apollo revoked - 2026-03-05T12:00:00Z - 2020-01-01T00:00:00Z 2026-03-06T12:00:00Z",
			"key_5 Apollo active - 2026-03-06T12:00:00Z - - -"}},
		{"audit_trail", `SELECT seq, at, org_name, project, actor, on_behalf, subject_kind, subject, operation FROM audit_trail
			WHERE seq IN (1, 11, 34) ORDER BY seq`, []string{
			"1 2026-03-01T12:00:00Z Acme - ann - organization - op 0", "11 2026-03-01T12:10:00Z Acme proj_1 ann bob project proj_1 op 10",
			"34 2026-03-01T12:33:00Z - - ann - model m-1 op 33"}},
		{"daily_usage", `SELECT org, project_name, day, model, calls, denied, input, cost, currency, unpriced FROM daily_usage
			WHERE day IN ('2026-03-02', '2026-03-08', '2026-03-12') ORDER BY day`, []string{
			"org_a Borealis 2026-03-02 m-2 1 0 1 0.001001 EUR 0", "org_a Borealis 2026-03-08 m-2 1 0 7 0.000000 EUR 1",
			"org_a Borealis 2026-03-12 m-3 1 1 11 0.000000 EUR 1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, row := range ask(t, db, tt.text) {
				got = append(got, strings.Join(row, " "))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestProjectModels(t *testing.T) {
	s, db := openTown(t)
	var want []string
	for p, err := range store.Walk(t.Context(), s, store.AllOf[tenancy.Project]()) {
		if err != nil {
			t.Fatal(err)
		}
		plan, err := store.One(t.Context(), s, tenancy.SubscriptionRef(p.Value.Org))
		if err != nil {
			t.Fatal(err)
		}
		for m, err := range store.Walk(t.Context(), s, store.AllOf[tenancy.Model]()) {
			if err != nil {
				t.Fatal(err)
			}
			if p.Value.Archived.IsZero() && plan.Value.Includes(m.Value) && p.Value.Models.Has(m.Value.ID) {
				want = append(want, fmt.Sprint(p.Value.Org, " ", p.Value.ID, " ", m.Value.ID))
			}
		}
	}
	var got []string
	for _, row := range ask(t, db, `SELECT org, project, model FROM project_models ORDER BY 1, 2, 3`) {
		got = append(got, strings.Join(row, " "))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
		t.Errorf("models of projects (-by the rules +in the view):\n%s", diff)
	}
}

// documented are the queries of the schema's README, by the title above them. The
// present is the end of the town's last day.
func documented(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("schema/README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, m := range regexp.MustCompile("(?s)## ([^\n]+)\n.*?```sql\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		all[m[1]] = strings.ReplaceAll(m[2], `'now'`, townNow.Format(`'2006-01-02 15:04:05'`))
	}
	if len(all) != 3 {
		t.Fatalf("%d queries, want 3", len(all))
	}
	return all
}

var townNow = day(100)

func TestWhoCanSeeAProject(t *testing.T) {
	s, db := openTown(t)
	b := store.Batch{Entry: entry("cy"), Put: []store.Record{{Rev: 1, Value: twoOwners()}}}
	if _, err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	text := documented(t)["Who can see a project"]
	for p, err := range store.Walk(t.Context(), s, store.AllOf[tenancy.Project]()) {
		if err != nil {
			t.Fatal(err)
		}
		want := seers(t, p.Value)
		var got []string
		for _, row := range ask(t, db, text, sql.Named("org", string(p.Value.Org)), sql.Named("project", string(p.Value.ID))) {
			got = append(got, row[0])
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
			t.Errorf("%s (-by the rules +by the query):\n%s", p.Value.ID, diff)
		}
	}
}

// twoOwners is the first organization with an owner more, who is suspended.
func twoOwners() tenancy.Organization {
	o, _ := townRecords()[0].(tenancy.Organization)
	o.Owners = append(o.Owners, "cy")
	return o
}

// seers are who can see a project of the town, as package access has it.
func seers(t *testing.T, p tenancy.Project) []string {
	t.Helper()
	var picture *access.Picture
	var own []tenancy.Entity
	for _, v := range townRecords() {
		if v.Ref().Org == p.Org {
			own = append(own, v)
		}
	}
	if p.Org == townOrg {
		own = append(own, twoOwners())
	}
	picture = picture.With(own, nil)
	var all []string
	for _, user := range []tenancy.UserID{"ann", "bob", "cy", "dee", "eve"} {
		if at := picture.Standing(user, p.ID); at.Sees() {
			all = append(all, string(user))
		}
	}
	return all
}

func TestKeysThatNobodyUsed(t *testing.T) {
	s, db := openTown(t)
	old, young := townKeys()[0].(tenancy.Key), townKeys()[0].(tenancy.Key)
	old.ID, old.Current, old.Created = "key_old", secret(8), day(9)
	young.ID, young.Current, young.Created = "key_young", secret(9), day(11)
	put(t, s, old, young)
	ago := townNow.AddDate(0, 0, -90)
	var want []string
	for k, err := range store.Walk(t.Context(), s, store.AllOf[tenancy.Key]()) {
		if err != nil {
			t.Fatal(err)
		}
		g := access.GrantOf(k.Value)
		if g.Reason(townNow) == access.ReasonNone && k.Value.Created.Before(ago) && lastUse(t, s, k.Value).Before(ago) {
			want = append(want, string(k.Value.ID))
		}
	}
	var got []string
	for _, row := range ask(t, db, documented(t)["Keys that nobody used for 90 days"]) {
		got = append(got, row[2])
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) != 2 {
		t.Errorf("(-by the records +by the query):\n%s", diff)
	}
}

// lastUse is when a key last called and was let through; the zero time is never.
func lastUse(t *testing.T, s store.Usage, k tenancy.Key) (last time.Time) {
	t.Helper()
	page, err := s.Records(t.Context(), store.RecordQuery{Org: k.Org, Key: k.ID})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range page.Records {
		if r.Outcome != usage.OutcomeDenied && r.At.After(last) {
			last = r.At
		}
	}
	return last
}

func TestSpendOfLastMonth(t *testing.T) {
	s, db := openTown(t)
	month := time.Date(townNow.Year(), townNow.Month(), 1, 0, 0, 0, 0, time.UTC)
	want := map[string]int64{}
	for _, at := range [][2]string{{"org_a", "proj_1"}, {"org_a", "proj_2"}, {"org_b", "proj_4"}} {
		totals, err := s.Totals(t.Context(), store.TotalQuery{Org: tenancy.OrgID(at[0]), Project: tenancy.ProjectID(at[1]),
			By: usage.ByModel, Cuts: []time.Time{month.AddDate(0, -1, 0), month}})
		if err != nil {
			t.Fatal(err)
		}
		for _, total := range totals {
			want[fmt.Sprint(at[0], at[1], total.Item, " calls ", total.Calls, " unpriced ", total.Calls-total.Priced)] = total.Cost
		}
	}
	got := map[string]int64{}
	for _, row := range ask(t, db, documented(t)["What projects spent by model in the month before this one"]) {
		var cost float64
		if _, err := fmt.Sscan(row[5], &cost); err != nil {
			t.Fatal(err)
		}
		got[fmt.Sprint(row[0], row[1], row[3], " calls ", row[4], " unpriced ", row[7])] = int64(math.Round(cost * 1e6))
	}
	if diff := cmp.Diff(want, got); diff != "" || len(want) < 6 {
		t.Errorf("micro-units (-by Totals +by the query):\n%s", diff)
	}
}

// A value that is, or has in it, a digest, a seal or the name of a pepper.
func secrets(row []string) bool {
	return slices.ContainsFunc(row, func(v string) bool {
		for n := range byte(8) {
			for _, base := range []byte{0xd0, 0xe0} {
				run := bytes.Repeat([]byte{base + n}, 4)
				if strings.Contains(v, string(run)) || strings.Contains(strings.ToLower(v), hex.EncodeToString(run)) {
					return true
				}
			}
		}
		return strings.Contains(v, "pepper")
	})
}

func TestNoViewShowsASecret(t *testing.T) {
	_, db := openTown(t)
	if !slices.ContainsFunc(ask(t, db, `SELECT cur_digest FROM key`), secrets) ||
		!slices.ContainsFunc(ask(t, db, `SELECT hex(cur_seal) FROM key`), secrets) {
		t.Fatal("the table shows none either: the test tests nothing")
	}
	views := ask(t, db, `SELECT name FROM sqlite_schema WHERE type = 'view'`)
	for _, view := range views {
		rows := ask(t, db, `SELECT * FROM `+view[0])
		if slices.ContainsFunc(rows, secrets) || len(rows) == 0 {
			t.Errorf("%s shows a secret, or nothing: %q", view[0], rows)
		}
	}
	if len(views) != 10 {
		t.Errorf("%d views, want 10", len(views))
	}
}

// What one organization's calls add up to beyond int64 is no error for who asks about
// everybody.
func TestSumsOfOneDoNotStopOthers(t *testing.T) {
	s, path := open(t)
	for i := range 8 {
		r := sampleRecords(i, 1)[0]
		r.At = r.At.Add(time.Duration(i) * usage.Quarter)
		r.Cost, r.Count = usage.Money{Micro: usage.MaxCost, Known: true}, 4000
		if err := s.Append(t.Context(), []usage.Record{r}); err != nil {
			t.Fatal(err)
		}
	}
	if n := scalar[int64](t, path, `SELECT sum(calls) FROM daily_usage`); n != 8*4000 {
		t.Errorf("%d calls, want %d", n, 8*4000)
	}
}
