package tenet_test

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// movingHorizon is a usage store that forgets the oldest while records are read.
type movingHorizon struct {
	store.Usage
	store.Upkeep
	to time.Time
}

func (m *movingHorizon) Records(ctx context.Context, q store.RecordQuery) (store.RecordPage, error) {
	if _, err := m.Prune(ctx, m.to, 1000); err != nil {
		return store.RecordPage{}, err
	}
	return m.Usage.Records(ctx, q)
}

func idsIn(t testing.TB, rows iter.Seq2[tenet.ActivityRow, error]) (ids []usage.RecordID) {
	t.Helper()
	for row, err := range rows {
		mustNot(t, err)
		ids = append(ids, row.ID)
	}
	return ids
}

// Every filter selects what it says, alone and by pages of any size, and the whole is
// the pages one after the other.
func TestActivityFilters(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newWorld(t, st)
		ann, from := w.As("ann"), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
		records := traffic(t, w, st, tenet.Span{From: from, To: from.Add(6 * time.Hour)}, 120)
		slices.SortFunc(records, func(a, b usage.Record) int {
			return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
		})
		for _, c := range []struct {
			name string
			q    tenet.ActivityQuery
			is   func(usage.Record) bool
		}{
			{"all", tenet.ActivityQuery{}, func(usage.Record) bool { return true }},
			{"key", tenet.ActivityQuery{Key: w.key.ID}, func(r usage.Record) bool { return r.Key == w.key.ID }},
			{"user", tenet.ActivityQuery{User: "ann"}, func(r usage.Record) bool { return r.User == "ann" }},
			{"model", tenet.ActivityQuery{Model: usage.UnknownModel}, func(r usage.Record) bool { return r.Served == usage.UnknownModel }},
			{"outcome", tenet.ActivityQuery{Outcome: usage.OutcomeDenied}, func(r usage.Record) bool { return r.Outcome == usage.OutcomeDenied }},
			{"status", tenet.ActivityQuery{Status: 502}, func(r usage.Record) bool { return r.Status == 502 }},
			{"a status that was not", tenet.ActivityQuery{Status: 503}, func(usage.Record) bool { return false }},
			{"time", tenet.ActivityQuery{Span: tenet.Span{From: from.Add(time.Hour), To: from.Add(2 * time.Hour)}}, func(r usage.Record) bool {
				return !r.At.Before(from.Add(time.Hour)) && r.At.Before(from.Add(2*time.Hour))
			}},
			{"status and key", tenet.ActivityQuery{Status: 200, Key: w.key.ID}, func(r usage.Record) bool { return r.Status == 200 && r.Key == w.key.ID }},
		} {
			for _, project := range []tenancy.ProjectID{"", w.project.ID} {
				var want []usage.RecordID
				for _, r := range records {
					if c.is(r) && (project == "" || r.Project == project) {
						want = append(want, r.ID)
					}
				}
				for _, limit := range []int{1, 7, 0} {
					c.q.Limit = limit
					got := idsIn(t, ann.EachActivity(t.Context(), w.org, project, c.q))
					if diff := gocmp.Diff(want, got); diff != "" {
						t.Errorf("%s of project %q by pages of %d (-want +got):\n%s", c.name, project, limit, diff)
					}
				}
			}
		}
	})
}

// Who loses the right while an export runs gets no more than the page that was begun.
func TestEachActivityAsksAnewWithEveryPage(t *testing.T) {
	w := newTown(t)
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	traffic(t, w.world, w.under, tenet.Span{From: from, To: from.Add(time.Hour)}, 30)
	n := 0
	var last error
	for _, err := range w.As("vic").EachActivity(t.Context(), w.org, w.project.ID, tenet.ActivityQuery{Limit: 4}) {
		if last = err; err != nil {
			continue
		}
		if n++; n == 6 {
			mustNot(t, w.As("ann").RemoveProjectMember(t.Context(), w.org, w.project.ID, "vic"))
		}
	}
	if n != 8 || !errors.Is(last, tenet.ErrNotFound) {
		t.Errorf("%d rows and %v, want 8 and ErrNotFound", n, last)
	}
}

func TestEachActivityEnds(t *testing.T) {
	w := newTown(t)
	from := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	traffic(t, w.world, w.under, tenet.Span{From: from, To: from.Add(time.Hour)}, 30)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	n := 0
	var last error
	for _, err := range w.As("ann").EachActivity(ctx, w.org, "", tenet.ActivityQuery{Limit: 10}) {
		if last = err; err == nil {
			n++
			cancel()
		}
	}
	if n != 10 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d rows and %v, want a page and context.Canceled", n, last)
	}
	for _, err := range w.As("ann").EachActivity(t.Context(), w.org, "", tenet.ActivityQuery{}) {
		mustNot(t, err)
		break // who has enough is given no more
	}
}

// Names are those of now, and stay when a project is archived, a key revoked and a
// person suspended; who was erased is an id, who called nothing that there is "(unknown)".
func TestReportsShowNames(t *testing.T) {
	w := newTown(t)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: "eve", Name: "Eve"}))
	must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: "liz", Name: "Liz"}))
	at := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	record := func(id usage.RecordID, edit func(*usage.Record)) {
		r := usage.Record{ID: id, At: at, Org: w.org, Project: w.project.ID, Outcome: usage.OutcomeOK, Count: 1, Requested: usage.UnknownModel, Served: usage.UnknownModel}
		edit(&r)
		mustNot(t, w.under.Append(ctx, []usage.Record{r}))
		at = at.Add(time.Second)
	}
	record("rec_1", func(r *usage.Record) { r.Key = w.key.ID })
	record("rec_2", func(r *usage.Record) { r.User = "eve" })
	record("rec_3", func(r *usage.Record) { r.User = "liz"; r.Requested, r.Served = "", "" })

	must[tenancy.Project](t)(ann.RenameProject(ctx, w.org, w.project.ID, "live"))
	must[tenancy.Key](t)(ann.RenameKey(ctx, w.org, w.key.ID, "server"))
	mustNot(t, ann.RevokeKey(ctx, w.org, w.key.ID))
	mustNot(t, ann.SuspendMember(ctx, w.org, "liz"))
	mustNot(t, ops.ErasePerson(ctx, w.org, "eve"))
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, w.project.ID))

	page := must[tenet.ActivityPage](t)(ann.OrganizationActivity(ctx, w.org, tenet.ActivityQuery{}))
	var got [][4]string
	for _, row := range page.Rows {
		got = append(got, [4]string{row.ProjectName, row.KeyName, row.UserName, string(row.Served)})
	}
	want := [][4]string{{"live", "", "Liz", ""}, {"live", "", "eve", "(unknown)"}, {"live", "server", "", "(unknown)"}}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("activity (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		by   []usage.Dimension
		want []string
	}{
		{nil, []string{""}},
		{[]usage.Dimension{usage.ByProject}, []string{"live"}},
		{[]usage.Dimension{usage.ByKey}, []string{"(none)", "server"}},
		{[]usage.Dimension{usage.ByUser}, []string{"(none)", "eve", "Liz"}},
		{[]usage.Dimension{usage.ByModel}, []string{"(none)", "(unknown)"}},
		{[]usage.Dimension{usage.ByUser, usage.ByModel, usage.ByProject}, []string{"(none) / (unknown) / live", "eve / (unknown) / live", "Liz / (none) / live"}},
	} {
		report := must[usage.Report](t)(ann.OrganizationUsage(ctx, w.org, tenet.UsageQuery{Span: lately, By: c.by}))
		var got []string
		for _, row := range report.Rows {
			got = append(got, row.Name())
		}
		if diff := gocmp.Diff(c.want, got); diff != "" {
			t.Errorf("by %v (-want +got):\n%s", c.by, diff)
		}
	}
	top := must[usage.Report](t)(ann.OrganizationUsage(ctx, w.org, tenet.UsageQuery{Span: lately, By: []usage.Dimension{usage.ByUser}, Top: 1}))
	if n := len(top.Rows); n != 2 || top.Rows[0].Name() != "(none)" || top.Rows[1].Name() != "(other)" {
		t.Errorf("%d rows, the last called %q, want the key's calls and the others", n, top.Rows[n-1].Name())
	}
}
