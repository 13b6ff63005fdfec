package tenet_test

import (
	"os"
	"strings"
	"testing"
)

// The README's program is the body of an Example that runs, line by line.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := strings.Cut(string(source), "exampleFiles()\n\n\tctx")
	body, _, _ = strings.Cut("\tctx"+body, "\n\t// Output:")
	body = strings.ReplaceAll("\n"+body, "\n\t", "\n")
	blocks := strings.Split(string(readme), "```")
	if len(blocks) != 3 {
		t.Fatalf("the README has %d code blocks, want 1, which is checked", len(blocks)/2)
	}
	if got := strings.TrimPrefix(blocks[1], "go"); strings.TrimSpace(got) != strings.TrimSpace(body) {
		t.Errorf("the README's program is not that of the Example:\n%s\n--- Example\n%s", got, body)
	}
}
