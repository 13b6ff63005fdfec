package tenet_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// begin opens a call that must be allowed.
func begin(t testing.TB, w *world, model tenancy.ModelID) *tenet.Call {
	t.Helper()
	call, d := w.Begin(t.Context(), w.principal(t), model, tenet.Estimate{})
	if !d.Allowed() {
		t.Fatalf("Begin(%s) = %+v", model, d)
	}
	return call
}

var ok = tenet.Result{Outcome: usage.OutcomeOK, Status: 200}

// activity is everything that an organization's calls left, newest first.
func activity(t testing.TB, w *world) []tenet.ActivityRow {
	t.Helper()
	page := must[tenet.ActivityPage](t)(w.As("ann").OrganizationActivity(t.Context(), w.org, tenet.ActivityQuery{}))
	if page.Next != "" {
		t.Fatal("more records than a page")
	}
	return page.Rows
}

func TestFinishCountsOnce(t *testing.T) {
	w := newTown(t)
	call := begin(t, w.world, "gpt-4o")
	var group sync.WaitGroup
	for i := range 32 {
		group.Go(func() {
			if err := call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200 + i}); err != nil {
				t.Error(err)
			}
			_, _ = call.Subject(), call.Model()
		})
	}
	group.Wait()
	if n := len(activity(t, w.world)); n != 1 {
		t.Errorf("%d records of one call", n)
	}
	if n := w.Stats().Received; n != 1 {
		t.Errorf("%d records received of one call", n)
	}
}

// Later Finishes return the first one's failure too.
func TestFinishFailsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		call := begin(t, w.world, "gpt-4o")
		w.faults.Set(faults.Every(faults.Append, 1, faults.Fault{Err: store.ErrUnavailable}))
		first := call.Finish(ok)
		w.faults.Set(nil)
		if again := call.Finish(ok); !errors.Is(first, tenet.ErrUnavailable) || again != first {
			t.Errorf("first %v, again %v", first, again)
		}
	})
}

func TestFinishRefusesWhatIsOutOfBounds(t *testing.T) {
	w := newTown(t)
	call := begin(t, w.world, "gpt-4o")
	for _, tt := range []struct {
		name string
		r    tenet.Result
		want error
	}{
		{"no outcome", tenet.Result{}, usage.ErrInvalid},
		{"unknown outcome", tenet.Result{Outcome: "fine"}, usage.ErrInvalid},
		{"denied", tenet.Result{Outcome: usage.OutcomeDenied}, usage.ErrInvalid},
		{"status", tenet.Result{Outcome: usage.OutcomeOK, Status: 1000}, usage.ErrInvalid},
		{"request id", tenet.Result{Outcome: usage.OutcomeOK, RequestID: strings.Repeat("x", usage.MaxRequestID+1)}, usage.ErrInvalid},
		{"NUL", tenet.Result{Outcome: usage.OutcomeOK, RequestID: "a\x00"}, usage.ErrInvalid},
	} {
		if err := call.Finish(tt.r); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	mustNot(t, call.Finish(ok)) // it is still open
	if rows := activity(t, w.world); len(rows) != 1 || rows[0].Status != 200 {
		t.Errorf("activity = %+v", rows)
	}
}

// B7: what an upstream claims to have counted neither keeps a call out of the trail
// nor spoils the sums of the calls beside it.
func TestB7FinishOfAbsurdUnits(t *testing.T) {
	most := usage.Units{}.With(tenancy.UnitInput, math.MaxInt64)
	for _, tt := range []struct {
		name  string
		units usage.Units
		want  usage.Units
		cost  usage.Money
	}{
		{"more than money can hold", most.With(tenancy.UnitOutput, math.MaxInt64), usage.Units{}, usage.Money{}},
		{"a part more than its whole", usage.Units{}.With(tenancy.UnitInput, 1).With(tenancy.UnitCachedInput, 2).With(tenancy.UnitOutput, 0),
			usage.Units{}.With(tenancy.UnitInput, 1).With(tenancy.UnitCachedInput, 2).With(tenancy.UnitOutput, 0), usage.Money{Micro: 2, Known: true}},
	} {
		w := newTown(t)
		r := ok
		r.Units = tt.units
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(r))
		rows := activity(t, w.world)
		if len(rows) != 1 || rows[0].Units != tt.want || rows[0].Cost != tt.cost {
			t.Errorf("%s: %+v", tt.name, rows)
		}
	}
	// The bound itself, and one above, which no price makes implausible.
	w := newTown(t)
	mustNot(t, w.Operator("ops").PutModel(t.Context(), tenancy.Model{ID: "gpt-4o", Public: true}))
	for n, want := range map[int64]bool{usage.MaxAmount: true, usage.MaxAmount + 1: false} {
		r := ok
		r.Status, r.Units = 200+int(n&1), usage.Units{}.With(tenancy.UnitInput, n)
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(r))
		for _, row := range activity(t, w.world) {
			if _, known := row.Units.Get(tenancy.UnitInput); row.Status == r.Status && known != want {
				t.Errorf("%d: known %v, want %v", n, known, want)
			}
		}
	}
}

func TestNilCall(t *testing.T) {
	var none *tenet.Call
	if none.Model() != "" || none.Subject() != (access.Subject{}) || none.Switch("gpt-4o").Effect != access.Deny || none.Finish(ok) != nil {
		t.Error("a nil Call is something")
	}
}

// A21: a fallback is a new decision on the same call, and what is recorded is what
// was served.
func TestA21Switch(t *testing.T) {
	w := newTown(t)
	ann := w.As("ann")
	mustNot(t, second(ann.SetProjectModels(t.Context(), w.org, w.project.ID, tenancy.Models("gpt-4o", "small"))))
	call := begin(t, w.world, "small")
	if d := call.Switch("unheard-of"); d.Reason != access.ReasonModelUnknown || call.Model() != "small" {
		t.Errorf("to no model: %+v, then %s", d, call.Model())
	}
	if d := call.Switch("latest"); !d.Allowed() || d.Model != "gpt-4o" || call.Model() != "gpt-4o" {
		t.Errorf("to an alias: %+v, then %s", d, call.Model())
	}
	mustNot(t, second(ann.SetProjectModels(t.Context(), w.org, w.project.ID, tenancy.Models("gpt-4o"))))
	if d := call.Switch("small"); d.Reason != access.ReasonModelNotEnabled || call.Model() != "gpt-4o" {
		t.Errorf("to what was turned off meanwhile: %+v, then %s", d, call.Model())
	}
	units := usage.Units{}.With(tenancy.UnitInput, 10).With(tenancy.UnitOutput, 1)
	mustNot(t, call.Finish(tenet.Result{Outcome: usage.OutcomeOK, Status: 200, Units: units}))
	if d := call.Switch("gpt-4o"); d.Allowed() {
		t.Errorf("after it was finished: %+v", d)
	}
	r := activity(t, w.world)[0]
	if r.Requested != "small" || r.Served != "gpt-4o" || r.Cost != (usage.Money{Micro: 35, Known: true}) {
		t.Errorf("record = %+v, want small asked, gpt-4o served, at gpt-4o's prices", r.Record)
	}
}

// Revoked while it runs: the call runs on and is recorded, and may not be switched.
func TestRevokedCallRunsOn(t *testing.T) {
	w := newTown(t)
	call := begin(t, w.world, "gpt-4o")
	mustNot(t, w.As("ann").RevokeKey(t.Context(), w.org, w.key.ID))
	if d := call.Switch("gpt-4o"); d.Reason != access.ReasonKeyRevoked {
		t.Errorf("Switch: %+v", d)
	}
	mustNot(t, call.Finish(ok))
	if rows := activity(t, w.world); len(rows) != 1 || rows[0].Outcome != usage.OutcomeOK {
		t.Errorf("activity = %+v, want the call alone", rows)
	}
}

// Latency and the time to the first token are the call's own; what is not known
// stays unknown.
func TestRecordOfACall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		at := time.Now()
		call := begin(t, w.world, "latest")
		time.Sleep(1500*time.Millisecond + 700*time.Nanosecond)
		units := usage.Units{}.With(tenancy.UnitInput, 1001).With(tenancy.UnitOutput, 0)
		mustNot(t, call.Finish(tenet.Result{
			Outcome: usage.OutcomeAbandoned, Status: 499, Units: units, FirstToken: 250*time.Millisecond + 1, RequestID: "req-1",
		}))
		mustNot(t, begin(t, w.world, "gpt-4o").Finish(tenet.Result{Outcome: usage.OutcomeUpstreamError, FirstToken: -1}))
		rows := activity(t, w.world)
		slices.SortFunc(rows, func(a, b tenet.ActivityRow) int { return a.At.Compare(b.At) })
		subject := call.Subject()
		want := []tenet.ActivityRow{
			{Record: usage.Record{
				At: tenancy.Instant(at), Org: w.org, Project: w.project.ID, Key: w.key.ID, Requested: "latest", Served: "gpt-4o",
				Outcome: usage.OutcomeAbandoned, Status: 499, Units: units, Latency: 1500 * time.Millisecond,
				FirstToken: 250 * time.Millisecond, RequestID: "req-1", Cost: usage.Money{Micro: 2502, Known: true}, Count: 1, // 2502.5, half to even
			}, ProjectName: "prod", KeyName: "backend", Currency: "EUR"},
			{Record: usage.Record{
				At: tenancy.Instant(at.Add(1500*time.Millisecond + 700*time.Nanosecond)), Org: w.org, Project: w.project.ID, Key: w.key.ID,
				Requested: "gpt-4o", Served: "gpt-4o", Outcome: usage.OutcomeUpstreamError, Count: 1,
			}, ProjectName: "prod", KeyName: "backend", Currency: "EUR"},
		}
		if diff := gocmp.Diff(want, rows, cmpopts.IgnoreFields(usage.Record{}, "ID"), gocmp.Comparer(func(a, b usage.Units) bool { return a == b })); diff != "" {
			t.Errorf("activity (-want +got):\n%s", diff)
		}
		if subject != (access.Subject{Org: w.org, Project: w.project.ID, Key: w.key.ID}) {
			t.Errorf("Subject = %+v", subject)
		}
	})
}

// Refusals of one key for one reason in one second are one record, with a count;
// others are records of their own. Names that are not the organization's to know
// are not recorded, and do not differ.
func TestRefusalsMerge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		ctx, p := t.Context(), w.principal(t)
		mustNot(t, w.Operator("ops").PutModel(ctx, tenancy.Model{ID: "theirs", Orgs: []tenancy.OrgID{w.other}}))
		mustNot(t, w.Operator("ops").PutModel(ctx, tenancy.Model{ID: "alias-of-theirs", Alias: "theirs"}))
		refuse := func(n int, model tenancy.ModelID) {
			for range n {
				if call, d := w.Begin(ctx, p, model, tenet.Estimate{}); call != nil || d.Effect != access.Deny {
					t.Errorf("Begin(%q) = %+v", model, d)
				}
			}
		}
		// Refusals merge by the second: half of one away from its ends, and from the writer's own tick.
		time.Sleep(time.Until(time.Now().Truncate(time.Second).Add(1500 * time.Millisecond)))
		refuse(3, "small")
		refuse(2, "made-up-1")
		refuse(2, "made-up-2")
		refuse(2, "theirs")
		refuse(1, "alias-of-theirs")
		refuse(1, "")
		time.Sleep(time.Second)
		refuse(4, "small")
		type refusal struct {
			Requested, Served tenancy.ModelID
			Reason            access.Reason
		}
		got := map[refusal][]int64{}
		for _, r := range slices.Backward(activity(t, w.world)) {
			if r.Outcome != usage.OutcomeDenied || r.Latency != 0 || r.Cost != (usage.Money{}) || r.Key != w.key.ID {
				t.Errorf("record = %+v", r.Record)
			}
			k := refusal{r.Requested, r.Served, r.Reason}
			got[k] = append(got[k], r.Count)
		}
		want := map[refusal][]int64{
			{"small", "small", access.ReasonModelNotEnabled}:                    {3, 4},
			{usage.UnknownModel, usage.UnknownModel, access.ReasonModelUnknown}: {7},
			{"", "", access.ReasonNoModel}:                                      {1},
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("refusals and their counts (-want +got):\n%s", diff)
		}
		if s := w.Stats(); s.Received != 4 || s.Written != 4 {
			t.Errorf("Stats = %+v, want 4 records", s)
		}
	})
}

// Every call of a verified key leaves a record, whyever it is refused; who was not
// verified leaves none, and neither does a stranger in a project of others.
func TestWhoLeavesRecords(t *testing.T) {
	w := newTown(t)
	ctx, p := t.Context(), w.principal(t)
	w.As("nik").Begin(ctx, w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.As("rob").Begin(ctx, w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.As("otto").Begin(ctx, w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.As("otto").Begin(ctx, w.other, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.As("ann").Begin(ctx, w.org, "proj_01JD0000000000000000000000", "gpt-4o", tenet.Estimate{})
	w.As("nik").Begin(ctx, "org_01JD0000000000000000000000", w.project.ID, "gpt-4o", tenet.Estimate{})
	w.Authenticate(ctx, "garbage")
	w.Begin(ctx, tenet.Principal{}, "gpt-4o", tenet.Estimate{})
	if n := w.Stats().Received; n != 0 {
		t.Fatalf("%d records of nobody's calls", n)
	}
	w.As("vic").Begin(ctx, w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.As("mem").Begin(ctx, w.org, w.project.ID, "small", tenet.Estimate{})
	mustNot(t, second(w.As("ann").ArchiveProject(ctx, w.org, w.project.ID)))
	w.Begin(ctx, p, "gpt-4o", tenet.Estimate{})
	w.As("mem").Begin(ctx, w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
	w.Models(p)
	mustNot(t, w.As("ann").RevokeKey(ctx, w.org, w.key.ID))
	w.Authenticate(ctx, w.secret.Reveal())
	got := map[string]int{}
	for _, r := range activity(t, w.world) {
		got[fmt.Sprint(r.KeyName, r.User, " ", r.Reason)]++
	}
	want := map[string]int{
		"vic holder_may_not_call": 1, "mem model_not_enabled": 1, "backend project_archived": 2, // with a model, and for the list of models
		"mem project_archived": 1, "backend key_revoked": 1,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("records by who and why (-want +got):\n%s", diff)
	}
}

// Models is what CanCall allows, aliases included, and an empty list has a reason.
func TestModels(t *testing.T) {
	w := newTown(t)
	ids := func() (ids []tenancy.ModelID, d access.Decision) {
		models, d := w.Models(w.principal(t))
		for _, m := range models {
			ids = append(ids, m.ID)
		}
		return ids, d
	}
	if got, d := ids(); !d.Allowed() || !slices.Equal(got, []tenancy.ModelID{"gpt-4o", "latest"}) {
		t.Errorf("Models = %v, %+v", got, d)
	}
	mustNot(t, second(w.As("ann").SetProjectModels(t.Context(), w.org, w.project.ID, tenancy.ModelSet{})))
	if got, d := ids(); !d.Allowed() || len(got) != 0 {
		t.Errorf("with nothing on: %v, %+v", got, d)
	}
	mustNot(t, w.Operator("ops").Suspend(t.Context(), w.org))
	if got, d := ids(); d.Reason != access.ReasonOrganizationSuspended || len(got) != 0 {
		t.Errorf("suspended: %v, %+v", got, d)
	}
	if n := w.Stats().Received; n != 1 {
		t.Errorf("%d records, want 1: of the refusal", n)
	}
}

func TestFinishAfterClose(t *testing.T) {
	w := newTownOver(t, memory.New())
	call := begin(t, w.world, "gpt-4o")
	mustNot(t, w.Close())
	if err := call.Finish(ok); !errors.Is(err, tenet.ErrClosed) {
		t.Errorf("Finish: %v, want ErrClosed", err)
	}
	if s := w.Stats(); s.Received != 1 || s.Refused != 1 {
		t.Errorf("Stats = %+v", s)
	}
	mustNot(t, w.Close())
}
