package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// The flag prints the organization's matrix, then each project's, and the keys at the
// first start alone.
func TestAccess(t *testing.T) {
	c := config{data: filepath.Join(t.TempDir(), "data")}
	var first, again strings.Builder
	if err := printAccess(t.Context(), c, &first); err != nil {
		t.Fatal(err)
	}
	if err := printAccess(t.Context(), c, &again); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"olivia Olivia  owner         owner* calls  owner* calls", "marco Marco    member        -             member calls",
		"experiments\n\n", "allow       model_not_enabled  allow"} {
		if !strings.Contains(again.String(), want) {
			t.Errorf("no %q in:\n%s", want, again.String())
		}
	}
	if !strings.Contains(first.String(), "tenet_live_k1_") || strings.Contains(again.String(), "tenet_live_k1_") {
		t.Error("keys are shown at the first start, and never again")
	}
}
