// Command mutate breaks the policy on purpose, one place at a time, and looks
// whether a test notices:
//
//	go run .ci/mutate/main.go                     # every mutant of access and tenancy
//	go run .ci/mutate/main.go -sample 40 -seed 7  # some, drawn at random
//
// A mutant is one change of the source, handed to go test by -overlay, so that the
// checkout stays as it is: a condition turned round or shifted by one, a branch
// always or never taken, a statement, a case or a check left out, an error swallowed,
// a number one higher or lower, a yes of the role table turned into a no. Each is run
// against the tests of its own package. The run fails where fewer than 95 of 100
// are noticed. What cannot be noticed, since it means the same, stands in
// equivalent.txt with the reason, and an entry that fits nothing any more fails too.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// mutant is one change of one file.
type mutant struct {
	file, function string
	line           int
	from, to       string // the text that is replaced, on one line
	source         []byte // the whole file, changed
}

// key names the mutant for equivalent.txt, wherever it stands in its function.
func (m mutant) key() string {
	return fmt.Sprintf("%s %s: %s => %s", m.file, m.function, m.from, m.to)
}

type verdict string

const (
	killed   verdict = "killed"
	timedOut verdict = "killed by the clock"
	unbuilt  verdict = "does not compile"
	survived verdict = "SURVIVED"
)

func main() {
	sample := flag.Int("sample", 0, "how many mutants, drawn at random; 0 is all")
	seed := flag.Uint64("seed", 1, "of the draw")
	workers := flag.Int("workers", 2, "how many are tried at once")
	match := flag.String("match", "", "only mutants whose file or function has this in its name")
	least := flag.Float64("least", 95, "per cent that must be noticed")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"access", "tenancy"}
	}
	if err := run(packages, *sample, *seed, *workers, *match, *least); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(packages []string, sample int, seed uint64, workers int, match string, least float64) error {
	excused, err := equivalents(".ci/mutate/equivalent.txt")
	if err != nil {
		return err
	}
	var all []mutant
	for _, dir := range packages {
		ms, err := mutants(dir)
		if err != nil {
			return err
		}
		all = append(all, ms...)
	}
	all = slices.DeleteFunc(all, func(m mutant) bool {
		if _, same := excused[m.key()]; same {
			excused[m.key()]++
			return true
		}
		return !strings.Contains(m.file+" "+m.function, match)
	})
	for key, n := range excused {
		if n == 0 && match == "" {
			return fmt.Errorf("equivalent.txt speaks of what is no mutant any more: %s", key)
		}
	}
	if sample > 0 && sample < len(all) {
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		all = all[:sample]
	}
	return judge(all, workers, least, len(excused))
}

// judge tries all mutants and counts.
func judge(all []mutant, workers int, least float64, excused int) error {
	began, counts := time.Now(), map[verdict]int{}
	var mu sync.Mutex
	queue := make(chan mutant)
	var trying sync.WaitGroup
	for range workers {
		trying.Go(func() {
			for m := range queue {
				v, err := try(m)
				mu.Lock()
				counts[v]++
				if v == survived || err != nil {
					fmt.Printf("%s:%d %s (%s) %v\n", m.file, m.line, v, m.key(), errors.Join(err))
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		queue <- m
	}
	close(queue)
	trying.Wait()
	meant := len(all) - counts[unbuilt]
	noticed := counts[killed] + counts[timedOut]
	percent := 100 * float64(noticed) / float64(max(meant, 1))
	fmt.Printf("%d of %d mutants noticed (%.1f %%), %d of them by the clock; %d do not compile; %d entries of equivalent.txt left out; %v\n",
		noticed, meant, percent, counts[timedOut], counts[unbuilt], excused, time.Since(began).Round(time.Second))
	if meant == 0 || percent < least {
		return fmt.Errorf("fewer than %.0f %% noticed", least)
	}
	return nil
}

// try runs the tests of a mutant's package over it.
func try(m mutant) (verdict, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return survived, err
	}
	defer os.RemoveAll(dir)
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	whole, err := filepath.Abs(m.file)
	if err != nil {
		return survived, err
	}
	plan, err := json.Marshal(map[string]any{"Replace": map[string]string{whole: changed}})
	if err != nil {
		return survived, err
	}
	if err := errors.Join(os.WriteFile(changed, m.source, 0o600), os.WriteFile(overlay, plan, 0o600)); err != nil {
		return survived, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-failfast", "-timeout", "60s", "./"+filepath.Dir(m.file), "-rapid.checks=60")
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
		return survived, nil
	case bytes.Contains(out, []byte("[build failed]")), bytes.Contains(out, []byte("[setup failed]")):
		return unbuilt, nil
	case ctx.Err() != nil, bytes.Contains(out, []byte("panic: test timed out")):
		return timedOut, nil
	}
	return killed, nil
}

// equivalents reads the mutants that mean what the original does. A line is a key, and
// after " # " the reason.
func equivalents(name string) (map[string]int, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	keys := map[string]int{}
	for _, line := range strings.Split(string(data), "\n") {
		key, reason, ok := strings.Cut(line, " # ")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case !ok || strings.TrimSpace(reason) == "":
			return nil, fmt.Errorf("equivalent.txt: no reason: %s", line)
		default:
			keys[strings.TrimSpace(key)] = 0
		}
	}
	return keys, nil
}

// mutants makes every mutant of the files of a package, tests aside.
func mutants(dir string) ([]mutant, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(names) == 0 {
		return nil, errors.Join(fmt.Errorf("no package in %s", dir), err)
	}
	var all []mutant
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		b := &breaker{file: filepath.ToSlash(name), source: source, fset: token.NewFileSet()}
		file, err := parser.ParseFile(b.fset, name, source, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			b.declaration(d)
		}
		all = append(all, b.made...)
	}
	return all, nil
}

// breaker makes the mutants of one file.
type breaker struct {
	file     string
	source   []byte
	fset     *token.FileSet
	function string
	made     []mutant
}

// declaration breaks a function, or the table and the numbers of a package. How
// values read for people is not policy: String and what only it calls are passed over.
func (b *breaker) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Body == nil || b.forPeople(d) {
			return
		}
		b.function = d.Name.Name
		ast.Inspect(d.Body, b.node)
	case *ast.GenDecl:
		if d.Tok == token.CONST || d.Tok == token.VAR {
			b.function = "package"
			ast.Inspect(d, b.node)
		}
	}
}

// forPeople reports whether a function only writes text for people: it says so in its
// name, or stands in a file of such.
func (b *breaker) forPeople(d *ast.FuncDecl) bool {
	return d.Name.Name == "String" || d.Name.Name == "Error" || strings.HasSuffix(b.file, "/text.go")
}

func (b *breaker) text(n ast.Node) string {
	return string(b.source[b.fset.Position(n.Pos()).Offset:b.fset.Position(n.End()).Offset])
}

// replace makes a mutant with other text in the place of a node.
func (b *breaker) replace(n ast.Node, to string) { b.span(n.Pos(), n.End(), to) }

func (b *breaker) span(from, end token.Pos, to string) {
	i, j := b.fset.Position(from).Offset, b.fset.Position(end).Offset
	line := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	m := mutant{file: b.file, function: b.function, line: b.fset.Position(from).Line, from: line(string(b.source[i:j])), to: line(to)}
	if m.from == m.to {
		return
	}
	m.source = slices.Concat(b.source[:i], []byte(to), b.source[j:])
	b.made = append(b.made, m)
}

// node makes the mutants of one node of the tree.
func (b *breaker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.BinaryExpr:
		b.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			b.replace(n, b.text(n.X))
		}
	case *ast.Ident:
		other := map[string]string{"true": "false", "false": "true", "yes": "no", "no": "yes"}[n.Name]
		if other != "" && b.function != "package" || n.Name == "yes" || n.Name == "no" {
			b.replace(n, other)
		}
	case *ast.BasicLit:
		if n.Kind == token.INT {
			b.replace(n, n.Value+"+1")
			b.replace(n, n.Value+"-1")
		}
	case *ast.IfStmt:
		b.replace(n.Cond, "true || "+paren(b.text(n.Cond)))
		b.replace(n.Cond, "false && "+paren(b.text(n.Cond)))
	case *ast.CallExpr:
		b.call(n)
	case *ast.ReturnStmt:
		b.result(n)
	case *ast.CaseClause:
		b.clause(n)
	case *ast.ExprStmt, *ast.IncDecStmt:
		b.replace(n, "")
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			b.without(n)
		}
	case *ast.BranchStmt:
		b.replace(n, "")
	case *ast.ImportSpec, *ast.Field:
		return false
	}
	return true
}

func paren(s string) string { return "(" + s + ")" }

// without leaves an assignment out, what it read kept in use.
func (b *breaker) without(n *ast.AssignStmt) {
	var used []string
	for range n.Rhs {
		used = append(used, "_")
	}
	var values []string
	for _, r := range n.Rhs {
		values = append(values, b.text(r))
	}
	if len(n.Lhs) != len(n.Rhs) {
		used = used[:0]
		for range n.Lhs {
			used = append(used, "_")
		}
	}
	b.replace(n, strings.Join(used, ", ")+" = "+strings.Join(values, ", "))
}

// binary turns an operator round, shifts it by one, and drops either side of a chain.
func (b *breaker) binary(n *ast.BinaryExpr) {
	others := map[token.Token][]string{
		token.EQL: {"!="}, token.NEQ: {"=="},
		token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
		token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.OR: {"&"}, token.AND: {"|"},
	}
	x, y := b.text(n.X), b.text(n.Y)
	for _, op := range others[n.Op] {
		b.replace(n, x+" "+op+" "+y)
	}
	if n.Op == token.LAND || n.Op == token.LOR {
		b.replace(n, x)
		b.replace(n, y)
	}
}

// call leaves one of a list of checks out, and one link of a chain of reasons.
func (b *breaker) call(n *ast.CallExpr) {
	switch fun := n.Fun.(type) {
	case *ast.Ident:
		if fun.Name != "firstError" {
			return
		}
		for _, arg := range n.Args {
			b.replace(arg, "nil")
		}
	case *ast.SelectorExpr:
		if fun.Sel.Name == "With" && len(n.Args) == 2 {
			b.replace(n, b.text(fun.X))
		}
	}
}

// result swallows an error that is returned, and returns nothing in place of a value.
func (b *breaker) result(n *ast.ReturnStmt) {
	for _, r := range n.Results {
		text := b.text(r)
		if strings.HasPrefix(text, "Err") || strings.HasPrefix(text, "invalid(") || text == "err" {
			b.replace(r, "nil")
		}
		if strings.HasPrefix(text, "Reason") && text != "ReasonNone" {
			b.replace(r, "ReasonNone")
		}
	}
}

// clause leaves a case, or one of its values, out.
func (b *breaker) clause(n *ast.CaseClause) {
	if len(n.List) > 1 {
		for i := range n.List {
			var kept []string
			for j, v := range n.List {
				if j != i {
					kept = append(kept, b.text(v))
				}
			}
			b.span(n.List[0].Pos(), n.List[len(n.List)-1].End(), strings.Join(kept, ", "))
		}
	}
	for _, s := range n.Body {
		if r, returns := s.(*ast.ReturnStmt); returns && len(n.Body) == 1 && len(r.Results) > 0 {
			b.replace(r, "")
		}
	}
}
