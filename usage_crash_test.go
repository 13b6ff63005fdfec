package tenet_test

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

const crashFile = "TENET_USAGE_CRASH_FILE"

// F8: a gateway that is killed at any moment under load has lost no call whose Finish had
// returned, and counted none twice; activity and usage still are one. TENET_CRASH_ROUNDS
// (5) kills, on one file after another of ten kills each.
func TestF8UsageSurvivesKills(t *testing.T) {
	if path := os.Getenv(crashFile); path != "" {
		callUntilKilled(t, path)
		return
	}
	rounds, err := strconv.Atoi(cmp.Or(os.Getenv("TENET_CRASH_ROUNDS"), "5"))
	mustNot(t, err)
	seed := rand.Uint64()
	random := rand.New(rand.NewPCG(seed, 0))
	acknowledged, extra := 0, 0
	var acks map[string]int64
	var path string
	for round := range rounds {
		if round%10 == 0 {
			path, acks = filepath.Join(t.TempDir(), "tenet.db"), map[string]int64{}
		}
		killAfter(t, path, time.Duration(100+random.IntN(900))*time.Millisecond, acks)
		found := lookAfterKill(t, path, acks)
		extra = found - len(acks)
		if (round+1)%10 == 0 || round == rounds-1 {
			acknowledged += len(acks)
		}
	}
	t.Logf("seed %d: 0 lost of %d acknowledged calls in %d kills; %d that were written and not yet acknowledged in the last file", seed, acknowledged, rounds, extra)
	if acknowledged < 20*rounds {
		t.Errorf("too few calls to show anything")
	}
}

// killAfter has a process call until it is killed, and notes what it acknowledged.
func killAfter(t *testing.T, path string, after time.Duration, acks map[string]int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestF8UsageSurvivesKills$")
	cmd.Env = append(os.Environ(), crashFile+"="+path)
	out, err := cmd.StdoutPipe()
	mustNot(t, err)
	mustNot(t, cmd.Start())
	timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line without its end was never acknowledged
		}
		mustNot(t, err)
		var id string
		var input int64
		if n, _ := fmt.Sscanf(line, "ack %s %d", &id, &input); n != 2 {
			t.Fatalf("the process says %q", line)
		}
		acks[id] = input
	}
	if err := cmd.Wait(); cmd.ProcessState.Exited() {
		t.Fatalf("the process ended by itself: %v", err)
	}
}

// callUntilKilled makes calls from many goroutines and says of each that it was finished.
func callUntilKilled(t *testing.T, path string) {
	ctx := context.Background()
	st := must[*sqlitefile.Store](t)(sqlitefile.Open(ctx, path))
	tt := must[*tenet.Tenet](t)(tenet.Open(ctx, st, &tenet.Options{Peppers: peppers(t)}))
	org, project := crashTown(t, tt)
	acked := make(chan string, 1024)
	for n := range 32 {
		go func() {
			for i := 0; ; i++ {
				call, d := tt.As("ann").Begin(ctx, org, project, "m", tenet.Estimate{})
				if call == nil {
					panic(fmt.Sprintf("Begin: %+v", d))
				}
				tt.As("ann").Begin(ctx, org, project, "no-model", tenet.Estimate{}) // is refused, and merged
				id, input := fmt.Sprintf("%d-%d-%d", os.Getpid(), n, i), int64(i%1000)
				r := tenet.Result{Outcome: usage.OutcomeOK, Status: 200, RequestID: id, Units: usage.Units{}.With(tenancy.UnitInput, input)}
				if err := call.Finish(r); err != nil {
					panic(err)
				}
				acked <- fmt.Sprintf("ack %s %d\n", id, input)
			}
		}()
	}
	for line := range acked {
		if _, err := os.Stdout.WriteString(line); err != nil {
			return
		}
	}
}

// crashTown is the organization and the project in the file, made where they are missing.
func crashTown(t *testing.T, tt *tenet.Tenet) (tenancy.OrgID, tenancy.ProjectID) {
	ctx, ops := context.Background(), tt.Operator("ops")
	for o, err := range ops.Organizations(ctx) {
		mustNot(t, err)
		for p, err := range tt.As("ann").VisibleProjects(ctx, o.Value.ID) {
			mustNot(t, err)
			return o.Value.ID, p.Value.ID
		}
		p := must[tenancy.Project](t)(tt.As("ann").CreateProject(ctx, o.Value.ID, tenet.NewProject{Name: "prod", Models: tenancy.AllModels()}))
		return o.Value.ID, p.ID
	}
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "m", Public: true}))
	o := must[tenancy.Organization](t)(ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	}))
	p := must[tenancy.Project](t)(tt.As("ann").CreateProject(ctx, o.ID, tenet.NewProject{Name: "prod", Models: tenancy.AllModels()}))
	return o.ID, p.ID
}

// lookAfterKill holds the file to what was acknowledged, and returns how many finished
// calls it has.
func lookAfterKill(t *testing.T, path string, acks map[string]int64) (found int) {
	t.Helper()
	ctx := t.Context()
	st := must[*sqlitefile.Store](t)(sqlitefile.Open(ctx, path))
	defer func() { mustNot(t, st.Close()) }()
	for o, err := range store.Walk(ctx, st, store.AllOf[tenancy.Organization]()) {
		mustNot(t, err)
		times, calls := map[string]int{}, int64(0)
		day := usage.DayOf(time.Now())
		for q := (store.RecordQuery{Org: o.Value.ID}); ; {
			page := must[store.RecordPage](t)(st.Records(ctx, q))
			for _, r := range page.Records {
				calls += r.Count
				if r.Outcome != usage.OutcomeOK {
					continue
				}
				times[r.RequestID]++
				if n, _ := r.Units.Get(tenancy.UnitInput); acks[r.RequestID] != 0 && n != acks[r.RequestID] {
					t.Errorf("call %s has %d units, %d were acknowledged", r.RequestID, n, acks[r.RequestID])
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		for id := range acks {
			if times[id] != 1 {
				t.Errorf("an acknowledged call is there %d times", times[id])
			}
		}
		span := []time.Time{day.Add(-usage.Day), day.Add(2 * usage.Day)}
		if ds := must[[]store.Difference](t)(st.Verify(ctx, o.Value.ID, span[0], span[1])); len(ds) > 0 {
			t.Errorf("Verify finds %d buckets that are not the sums of their records", len(ds))
		}
		for _, total := range must[[]store.Total](t)(st.Totals(ctx, store.TotalQuery{Org: o.Value.ID, Cuts: span})) {
			if total.Calls != calls {
				t.Errorf("%d calls by the roll-up, %d by the records", total.Calls, calls)
			}
		}
		found = len(times)
	}
	return found
}
