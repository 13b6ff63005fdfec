package usage_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

var noon = time.Date(2026, 3, 1, 12, 7, 30, 123456000, time.UTC)

// sample is a record with every field set that goes together.
func sample() usage.Record {
	return usage.Record{
		ID: "rec_01J0000000000000000000000A", At: noon, Org: "org_1", Project: "proj_1", Key: "key_abcdefghijkl",
		Requested: "fast", Served: "small-2", Outcome: usage.OutcomeOK, Status: 200,
		Units:   usage.Units{}.With(tenancy.UnitInput, 1200).With(tenancy.UnitOutput, 30),
		Latency: 900 * time.Millisecond, FirstToken: 80 * time.Millisecond, RequestID: "req-1",
		Cost: usage.Money{Micro: 345, Known: true}, Count: 1,
	}
}

func TestRecordValidate(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name   string
		change func(*usage.Record)
		ok     bool
	}{
		{"as it is", func(*usage.Record) {}, true},
		{"zero", func(r *usage.Record) { *r = usage.Record{} }, false},

		{"no id", func(r *usage.Record) { r.ID = "" }, false},
		{"prefix alone", func(r *usage.Record) { r.ID = "rec_" }, false},
		{"one after the prefix", func(r *usage.Record) { r.ID = "rec_A" }, true},
		{"another prefix", func(r *usage.Record) { r.ID = "key_A" }, false},
		{"id of 255 bytes", func(r *usage.Record) { r.ID = usage.RecordID("rec_" + long(251)) }, true},
		{"id of 256 bytes", func(r *usage.Record) { r.ID = usage.RecordID("rec_" + long(252)) }, false},
		{"NUL in the id", func(r *usage.Record) { r.ID = "rec_\x00" }, false},
		{"id not UTF-8", func(r *usage.Record) { r.ID = "rec_\xff" }, false},

		{"no time", func(r *usage.Record) { r.At = time.Time{} }, false},
		{"nanoseconds", func(r *usage.Record) { r.At = noon.Add(1) }, false},
		{"another zone", func(r *usage.Record) { r.At = noon.In(time.FixedZone("", 3600)) }, false},
		{"first instant", func(r *usage.Record) { r.At = time.Unix(0, 0).UTC() }, true},
		{"before the first", func(r *usage.Record) { r.At = time.Unix(0, -1000).UTC() }, false},
		{"last instant", func(r *usage.Record) { r.At = time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC) }, true},
		{"after the last", func(r *usage.Record) { r.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) }, false},

		{"no organization", func(r *usage.Record) { r.Org = "" }, false},
		{"no project", func(r *usage.Record) { r.Project = "" }, false},
		{"nobody called", func(r *usage.Record) { r.Key = "" }, false},
		{"key and person", func(r *usage.Record) { r.User = "u1" }, false},
		{"a person", func(r *usage.Record) { r.Key, r.User = "", "Ann Ünïcode" }, true},
		{"a person of 255 bytes", func(r *usage.Record) { r.Key, r.User = "", tenancy.UserID(long(255)) }, true},
		{"a person of 256 bytes", func(r *usage.Record) { r.Key, r.User = "", tenancy.UserID(long(256)) }, false},
		{"NUL in the organization", func(r *usage.Record) { r.Org = "o\x00" }, false},
		{"project not UTF-8", func(r *usage.Record) { r.Project = "p\xc3" }, false},
		{"key of 256 bytes", func(r *usage.Record) { r.Key = tenancy.KeyID(long(256)) }, false},

		{"no model", func(r *usage.Record) { r.Requested, r.Served = "", "" }, true},
		{"unknown model", func(r *usage.Record) { r.Requested, r.Served = usage.UnknownModel, usage.UnknownModel }, true},
		{"requested of 256 bytes", func(r *usage.Record) { r.Requested = tenancy.ModelID(long(256)) }, false},
		{"NUL in served", func(r *usage.Record) { r.Served = "\x00" }, false},

		{"no outcome", func(r *usage.Record) { r.Outcome = "" }, false},
		{"no such outcome", func(r *usage.Record) { r.Outcome = "fine" }, false},
		{"denied", func(r *usage.Record) { r.Outcome, r.Reason = usage.OutcomeDenied, access.ReasonBudget }, true},
		{"no such reason", func(r *usage.Record) { r.Outcome, r.Reason = usage.OutcomeDenied, 250 }, false},
		{"status 0", func(r *usage.Record) { r.Status = 0 }, true},
		{"status -1", func(r *usage.Record) { r.Status = -1 }, false},
		{"status 999", func(r *usage.Record) { r.Status = 999 }, true},
		{"status 1000", func(r *usage.Record) { r.Status = 1000 }, false},

		{"no latency", func(r *usage.Record) { r.Latency = 0 }, true},
		{"negative latency", func(r *usage.Record) { r.Latency = -time.Microsecond }, false},
		{"latency in nanoseconds", func(r *usage.Record) { r.Latency = 1001 }, false},
		{"negative first token", func(r *usage.Record) { r.FirstToken = -time.Microsecond }, false},
		{"first token in nanoseconds", func(r *usage.Record) { r.FirstToken = 999 }, false},
		{"request id of 128 bytes", func(r *usage.Record) { r.RequestID = long(usage.MaxRequestID) }, true},
		{"request id of 129 bytes", func(r *usage.Record) { r.RequestID = long(usage.MaxRequestID + 1) }, false},
		{"NUL in the request id", func(r *usage.Record) { r.RequestID = "\x00" }, false},

		{"no units", func(r *usage.Record) { r.Units = usage.Units{} }, true},
		{"free", func(r *usage.Record) { r.Cost = usage.Money{Known: true} }, true},
		{"unknown cost", func(r *usage.Record) { r.Cost = usage.Money{} }, true},
		{"unknown cost with an amount", func(r *usage.Record) { r.Cost = usage.Money{Micro: 1} }, false},
		{"negative cost", func(r *usage.Record) { r.Cost = usage.Money{Micro: -1, Known: true} }, false},
		{"count 0", func(r *usage.Record) { r.Count = 0 }, false},
		{"largest count", func(r *usage.Record) { r.Count = usage.MaxCount }, true},
		{"above the largest count", func(r *usage.Record) { r.Count = usage.MaxCount + 1 }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := sample()
			c.change(&r)
			switch err := r.Validate(); {
			case c.ok && err != nil:
				t.Errorf("Validate() = %v, want nil", err)
			case !c.ok && !errors.Is(err, usage.ErrInvalid):
				t.Errorf("Validate() = %v, want ErrInvalid", err)
			}
		})
	}
}

func TestOutcomesAreValid(t *testing.T) {
	for _, o := range usage.Outcomes() {
		r := sample()
		if r.Outcome = o; r.Validate() != nil {
			t.Errorf("a record of outcome %q is refused", o)
		}
	}
}

func TestRecordJSON(t *testing.T) {
	denied := sample()
	denied.Outcome, denied.Reason, denied.Count = usage.OutcomeDenied, access.ReasonKeyRevoked, 12
	denied.Units, denied.Cost = usage.Units{}, usage.Money{}
	for _, want := range []usage.Record{sample(), denied} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got usage.Record
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if got != want { // comparable, the time included
			t.Errorf("record changed on the way (-want +got):\n%s",
				cmp.Diff(want, got, cmp.AllowUnexported(usage.Units{})))
		}
	}
}
