package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// sample is the month that usage.svg is of.
var sample = config{seed: 1, calls: 20_000, month: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}

// live makes a month and asks for its views.
func live(t *testing.T, c config) (*world, *views) {
	t.Helper()
	ctx := context.Background()
	st, done, err := open(ctx, filepath.Join(t.TempDir(), "tenet.db"))
	if err != nil {
		t.Fatal(err)
	}
	w, err := begin(ctx, st, c.month)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(w.tenet.Close(), done()); err != nil {
			t.Error(err)
		}
	})
	if err := w.live(ctx, c, newProgress(nil, c.calls)); err != nil {
		t.Fatal(err)
	}
	v, err := w.ask(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return w, v
}

func TestTheNumbersOfThePageAreThoseOfTheRecords(t *testing.T) {
	w, v := live(t, sample)
	page, err := v.page()
	if err != nil {
		t.Fatal(err)
	}
	n := w.naive(t)
	t.Run("tables", func(t *testing.T) { tables(t, w, n, string(page)) })
	t.Run("charts", func(t *testing.T) { charts(t, w, n, string(page)) })
	t.Run("roll-ups", func(t *testing.T) { rollUps(t, w, n) })
	t.Run("the month has what it is to have", func(t *testing.T) { variety(t, w, n) })
	t.Run("the page loads nothing", func(t *testing.T) {
		for _, m := range regexp.MustCompile(`(?i)<(script|link|img|iframe|object)|\bsrc=|url\(|@import|href="[^#]`).FindAllString(string(page), -1) {
			t.Errorf("the page has %q", m)
		}
	})
	t.Run("usage.svg is what the program makes", func(t *testing.T) {
		want, err := os.ReadFile("usage.svg")
		if diff := cmp.Diff(string(want), v.costByDay(middle).standalone()); err != nil || diff != "" {
			t.Errorf("go run ./examples/report -calls 20000 -chart examples/report/usage.svg makes another (-file +made), %v:\n%s", err, diff)
		}
	})
	t.Run("no text is on another", func(t *testing.T) {
		for _, d := range v.drawings() {
			if n := len(labels(d)); n < 3 {
				t.Errorf("%s has %d texts", d.id, n)
			}
			for _, complaint := range overlaps(d) {
				t.Errorf("%s: %s", d.id, complaint)
			}
		}
	})
	t.Run("files", func(t *testing.T) { files(t, w, n) })
}

// variety checks that the month has what makes it a month.
func variety(t *testing.T, w *world, n naive) {
	seen := map[string]bool{}
	ids := map[usage.RecordID]bool{}
	for _, r := range n {
		if r.At.Before(w.from) || !r.At.Before(w.to) || ids[r.ID] || len(r.ID) != 30 {
			t.Fatalf("record %v", r)
		}
		ids[r.ID] = true
		seen[string(r.Outcome)], seen[r.Reason.String()], seen[string(r.Served)] = true, true, true
		seen["user"] = seen["user"] || r.User != ""
		_, known := r.Units.Get(tenancy.UnitOutput)
		seen["unknown of OK"] = seen["unknown of OK"] || !known && r.Outcome == usage.OutcomeOK
	}
	for _, want := range []string{"ok", "client_error", "upstream_error", "denied", "abandoned", "key_revoked", "project_archived",
		"model_not_enabled", "model_unknown", "(unknown)", "atlas-preview", "atlas-embed", "user", "unknown of OK"} {
		if !seen[want] {
			t.Errorf("the month has no %s", want)
		}
	}
	if hours := w.to.Sub(w.from).Hours(); hours != 31*24-1 {
		t.Errorf("March has %v hours", hours)
	}
}

// files checks that the files have a line for each record.
func files(t *testing.T, w *world, n naive) {
	dir := t.TempDir()
	if err := w.export(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	calls, err := os.ReadFile(filepath.Join(dir, "activity.csv"))
	if lines := bytes.Count(calls, []byte("\r\n")); err != nil || lines != len(n)+1 {
		t.Errorf("activity.csv has %d lines of %d records, %v", lines, len(n), err)
	}
	for _, name := range []string{"usage.csv", "usage.jsonl", "focus.csv"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

func TestOneSeedMakesOneMonth(t *testing.T) {
	c := sample
	c.calls = 2_000
	c.month = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC) // the clock is put back
	page := func(seed uint64) string {
		c.seed = seed
		w, v := live(t, c)
		p, err := v.page()
		if err != nil {
			t.Fatal(err)
		}
		charts(t, w, w.naive(t), string(p))
		return string(p)
	}
	first := page(3)
	if diff := cmp.Diff(first, page(3)); diff != "" {
		t.Errorf("the same seed makes another page (-first +second):\n%s", diff)
	}
	if first == page(4) {
		t.Error("another seed makes the same page")
	}
	if !strings.Contains(first, "745 hours") {
		t.Error("the page does not say that October has 745 hours")
	}
}

func TestRun(t *testing.T) {
	dir := t.TempDir()
	c := sample
	c.calls, c.out, c.chart, c.export = 500, filepath.Join(dir, "r.html"), filepath.Join(dir, "c.svg"), filepath.Join(dir, "files")
	c.db = filepath.Join(dir, "kept.db")
	var out bytes.Buffer
	if err := run(t.Context(), c, &out, nil); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"file://" + c.out, "file://" + c.chart, "Projects side by side", "not allowed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output has no %q", want)
		}
	}
	svg, err := os.ReadFile(c.chart)
	if err != nil {
		t.Fatal(err)
	}
	wellFormed(t, string(svg))
	if err := run(t.Context(), c, io.Discard, nil); err == nil {
		t.Error("a database that is there already was written to")
	}
}

// wellFormed checks that a text is XML.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("no XML: %v", err)
			return
		}
	}
}
