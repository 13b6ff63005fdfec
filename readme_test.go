package tenet_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every program in the README stands in an Example that runs, line by line.
func TestREADME(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob("example*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples strings.Builder
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		examples.WriteString(strings.ReplaceAll("\n"+string(source), "\n\t", "\n"))
	}
	blocks := strings.Split(string(readme), "```")
	if len(blocks) < 9 || len(blocks)%2 == 0 {
		t.Fatalf("the README has %d code blocks", len(blocks)/2)
	}
	for i := 1; i < len(blocks); i += 2 {
		block, isGo := strings.CutPrefix(blocks[i], "go\n")
		if !isGo {
			t.Errorf("a block of %.20q, which nothing checks", blocks[i])
		}
		if !strings.Contains(examples.String(), "\n"+block) {
			t.Errorf("no Example has this of the README:\n%s", block)
		}
	}
}
