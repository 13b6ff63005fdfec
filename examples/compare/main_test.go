package main

import (
	"encoding/json"
	"io"
	"regexp"
	"strings"
	"testing"

	"example.com/tenet/tenancy"
)

// tiny is a run that says nothing about speed and goes through everything: also that
// all peers agree, which is an error otherwise.
func tiny(t *testing.T, args ...string) string {
	t.Helper()
	var out strings.Builder
	args = append([]string{"-tiny", "-dir=" + t.TempDir()}, args...)
	if err := run(t.Context(), args, &out, t.Output()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

var (
	ratioForm  = regexp.MustCompile(`^RATIO [a-z0-9_]+ \d+(\.\d+)? (<=|>=)\d+(\.\d+)?$`)
	missedForm = regexp.MustCompile(`^MISSED \d+ of (\d+) goals$`)
)

func TestRatioLines(t *testing.T) {
	seen := map[string]bool{}
	lines := strings.Split(strings.TrimSpace(tiny(t)), "\n")
	for _, line := range lines[:len(lines)-1] {
		if !strings.HasPrefix(line, "RATIO") {
			continue
		}
		if name := strings.Fields(line)[1]; !ratioForm.MatchString(line) || seen[name] {
			t.Errorf("a ratio is one line, and one of a name: %q", line)
		} else {
			seen[name] = true
		}
	}
	if last := lines[len(lines)-1]; !missedForm.MatchString(last) {
		t.Errorf("the last line says how many goals were missed: %q", last)
	}
	for _, name := range []string{"path_vs_limit_300", "path_vs_limit_hot", "cedar_vs_path_300", "casbin_vs_path_300", "sql_vs_path_300",
		"path_allocations_300", "sql_vs_visible_projects", "bytes_a_key_300", "load_vs_scan_300", "revoke_us_300", "add_us_300",
		"ingest_vs_raw", "group_commit_vs_single", "finish_p99_vs_fdatasync", "rollup_day_vs_raw_3k", "rollup_month_vs_raw_3k",
		"meter_vs_bare", "first_byte_delay_to_noise"} {
		if !seen[name] {
			t.Errorf("there is no ratio %s", name)
		}
	}
}

func TestJSON(t *testing.T) {
	var got struct {
		Ratios []struct {
			Name, Goal string
			Value      float64
		}
		Tables []struct{ Title string }
	}
	if err := json.Unmarshal([]byte(tiny(t, "-json", "-only=path")), &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Ratios) == 0 || len(got.Tables) == 0 || got.Ratios[0].Name != "path_vs_limit_300" || got.Ratios[0].Goal != "<=1.35" {
		t.Errorf("the report as JSON lacks something: %+v", got)
	}
}

func TestFlagsThatAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-only=speed"}, {"-keys=many"}, {"-keys=0"}, {"-rounds=x"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
}

func TestDisagreementIsAnError(t *testing.T) {
	w, err := newWorld(300, 64, func(tenancy.Entity) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	p := limitPlain(w)
	if err := p.agrees(w.queries); err != nil {
		t.Fatal(err)
	}
	w.queries[63].want = !w.queries[63].want
	if err := p.agrees(w.queries); err == nil {
		t.Error("a peer that answers otherwise is not noticed")
	}
	if err := p.subject(w.queries).run(); err == nil {
		t.Error("a peer that lets through another number is not noticed")
	}
}

func TestGoals(t *testing.T) {
	for _, tt := range []struct {
		name  string
		g     goal
		value float64
		met   bool
		line  string
	}{
		{"at most, below", atMost(1.35), 1.28, true, "RATIO x 1.28 <=1.35"},
		{"at most, at it", atMost(1), 1, true, "RATIO x 1 <=1"},
		{"at most, above", atMost(1), 1.01, false, "RATIO x 1.01 <=1"},
		{"at least, above", atLeast(80), 83.4, true, "RATIO x 83.4 >=80"},
		{"at least, below", atLeast(0.4), 0.31, false, "RATIO x 0.310 >=0.400"},
	} {
		x := ratio{Name: "x", Value: tt.value, Goal: tt.g.String()}
		if got := tt.g.met(tt.value); got != tt.met || x.String() != tt.line {
			t.Errorf("%s: met %v, %q, want %v, %q", tt.name, got, x, tt.met, tt.line)
		}
	}
}
