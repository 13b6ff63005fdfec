package storetest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"example.com/tenet/store/storetest"
)

var numbered = regexp.MustCompile(`^([A-Z]\d+): `)

// rulesOf reads the numbered rules in the comments of a package. A paragraph or a
// list item that says "must" and has no number is a rule that no case can quote.
func rulesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]string{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range file.Comments {
			for _, item := range items(group) {
				m := numbered.FindStringSubmatch(item)
				switch {
				case m != nil && rules[m[1]] != "":
					t.Errorf("two rules have the number %s", m[1])
				case m != nil:
					rules[m[1]] = item
				case regexp.MustCompile(`\bmust\b`).MatchString(item):
					t.Errorf("a rule without a number: %s", item)
				}
			}
		}
	}
	return rules
}

// items are the paragraphs and list items of a comment.
func items(group *ast.CommentGroup) []string {
	var all []string
	begin := true
	for line := range strings.Lines(group.Text()) {
		text := strings.TrimSpace(line)
		item := strings.HasPrefix(text, "- ")
		if text == "" {
			begin = true
			continue
		}
		if text = strings.TrimPrefix(text, "- "); begin || item {
			all = append(all, text)
			begin = false
			continue
		}
		all[len(all)-1] += " " + text
	}
	return all
}

// Every rule of the contract has a case that quotes its number, and every case
// quotes rules that there are.
func TestRulesHaveCases(t *testing.T) {
	rules := rulesOf(t, "..")
	if len(rules) < 50 {
		t.Fatalf("%d rules were found", len(rules))
	}
	quoted := map[string]bool{}
	for name, numbers := range storetest.Rules() {
		if len(strings.Fields(numbers)) == 0 {
			t.Errorf("case %s quotes no rule", name)
		}
		for number := range strings.FieldsSeq(numbers) {
			quoted[number] = true
			if rules[number] == "" {
				t.Errorf("case %s quotes rule %s, which is none", name, number)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(rules)) {
		if !quoted[number] {
			t.Errorf("no case quotes rule %s", rules[number])
		}
	}
}
