// Command mutate breaks the policy on purpose, one place at a time, and looks
// whether a test notices:
//
//	go run .ci/mutate/main.go                                 # every mutant of access and tenancy
//	go run .ci/mutate/main.go -sample 40 -seed 7              # some, drawn at random
//	go run .ci/mutate/main.go -packages ./access -match right # those of a file or function
//
// A mutant is one change of the source, handed to go test by -overlay, so that the
// checkout stays as it is: a condition turned round, shifted by one, always or never
// met; a statement, a case, a check or a field left out; a result that is its type's
// zero, an error swallowed; a number one higher or lower, an emptied text, two
// arguments swapped, a yes of the role table that is a no. It is tried with the tests of its own
// package and, where those pass, with those of the packages in [others], which are
// counted apart. So are those that only the clock ends.
//
// The run fails where fewer than 95 of 100 are noticed, of those that compile. What nobody
// can notice, since it means the same, stands in equivalent.txt with the reason;
// an entry that fits no mutant any more fails the run too. Two texts are for people and are
// left alone: an error's, and the rule that a FieldError quotes.
package main

import (
	"bytes"
	"cmp"
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
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Properties are tried with fewer examples than usual, the same for each mutant, and
// are not shrunk. A mutant that eats memory is stopped at 4 GB.
var (
	properties = []string{"-rapid.checks=60", "-rapid.seed=1", "-rapid.nofailfile", "-rapid.shrinktime=1ns"}
	bounded    = []string{"-vet=off", "-failfast", "-gcflags=-N -l -dwarf=false", "-ldflags=-s -w", "-exec", `sh -c 'ulimit -v 4000000 && exec "$0" "$@"'`}
)

// others are the packages whose tests are asked where a package's own notice nothing. The
// module's own are not among them: they take longer than all of these.
var others = map[string][]suite{
	"tenancy": {{"access", properties}},
	"access":  {{"access/accesstest", nil}, {"examples/policytest", nil}},
}

// suite is the tests of a package, and what to call them with.
type suite struct {
	dir  string
	args []string
}

// mutant is one change of one file.
type mutant struct {
	file, function string
	line, column   int
	operator       string
	from, to       string // what is changed, on one line; "" is left out
	source         []byte // the whole file, changed
	again          int    // how many of the same name come before it in its function
}

// name tells the mutant from every other, wherever it stands in its file.
func (m mutant) name() string {
	name := fmt.Sprintf("%s %s: %s => %s", m.file, m.function, brief(m.from), cmp.Or(brief(m.to), "nothing"))
	if m.again > 0 {
		name += fmt.Sprintf(" (%d)", m.again+1)
	}
	return name
}

// brief is a text of some lines as one, cut in the middle.
func brief(s string) string {
	r := []rune(strings.Join(strings.Fields(s), " "))
	if len(r) > 120 {
		return string(r[:60]) + " … " + string(r[len(r)-57:])
	}
	return string(r)
}

type verdict string

const (
	killed   verdict = "killed by test"
	abroad   verdict = "killed by a test of another package"
	timedOut verdict = "killed by timeout"
	unbuilt  verdict = "killed by compile" // no mutant: it is not counted
	survived verdict = "SURVIVED"
)

func main() {
	packages := flag.String("packages", "./access,./tenancy", "the packages to break")
	sample := flag.Int("sample", 0, "how many mutants, drawn at random; 0 is all")
	seed := flag.Uint64("seed", 1, "of the draw")
	workers := flag.Int("workers", 2, "how many are tried at once")
	match := flag.String("match", "", "only mutants whose file or function has this in its name")
	least := flag.Float64("least", 95, "per cent that must be noticed")
	list := flag.Bool("list", false, "only list them")
	flag.Parse()
	err := run(strings.Split(*packages, ","), func(all []mutant) error {
		all = slices.DeleteFunc(all, func(m mutant) bool { return !strings.Contains(m.file+" "+m.function, *match) })
		if *sample > 0 && *sample < len(all) {
			rand.New(rand.NewPCG(*seed, *seed)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			all = all[:*sample]
		}
		if *list {
			return tell(all)
		}
		return judge(all, *workers, *least)
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

// run makes all mutants that are not excused and hands them on.
func run(packages []string, on func([]mutant) error) error {
	excused, err := equivalents(".ci/mutate/equivalent.txt")
	if err != nil {
		return err
	}
	var all []mutant
	for _, dir := range packages {
		made, err := mutants(path.Clean(dir))
		if err != nil {
			return err
		}
		all = append(all, made...)
		for name := range excused {
			if strings.HasPrefix(name, path.Clean(dir)+"/") && !slices.ContainsFunc(made, func(m mutant) bool { return m.name() == name }) {
				return fmt.Errorf("equivalent.txt speaks of what is no mutant any more: %s", name)
			}
		}
	}
	fmt.Printf("%d mutants, %d entries of equivalent.txt\n", len(all), len(excused))
	return on(slices.DeleteFunc(all, func(m mutant) bool { return excused[m.name()] }))
}

func tell(all []mutant) error {
	for _, m := range all {
		fmt.Printf("%s:%d:%d: %s: %s\n", m.file, m.line, m.column, m.operator, m.name())
	}
	return nil
}

// judge tries all mutants, says what became of each, and counts.
func judge(all []mutant, workers int, least float64) error {
	patience, err := unbroken(all)
	if err != nil {
		return err
	}
	began, counts := time.Now(), map[verdict]int{}
	var mu sync.Mutex
	var wrong error
	queue := make(chan mutant)
	var trying sync.WaitGroup
	for range workers {
		trying.Go(func() {
			for m := range queue {
				v, err := try(m, patience)
				mu.Lock()
				counts[v]++
				wrong = errors.Join(wrong, err)
				fmt.Printf("%s:%d:%d: %s: %s: %s\n", m.file, m.line, m.column, m.operator, v, m.name())
				mu.Unlock()
			}
		})
	}
	for _, m := range all {
		mu.Lock()
		stop := wrong != nil
		mu.Unlock()
		if stop {
			break
		}
		queue <- m
	}
	close(queue)
	trying.Wait()
	if wrong != nil {
		return wrong
	}
	meant := len(all) - counts[unbuilt]
	percent := 100 * float64(meant-counts[survived]) / float64(max(meant, 1))
	fmt.Printf("%d of %d noticed (%.1f %%): %d by tests of the package, %d by those of others, %d by the clock; %d survived; %d do not compile; %v\n",
		meant-counts[survived], meant, percent, counts[killed], counts[abroad], counts[timedOut], counts[survived], counts[unbuilt], time.Since(began).Round(time.Second))
	if meant == 0 || percent < least {
		return fmt.Errorf("fewer than %.0f %% noticed", least)
	}
	return nil
}

// unbroken sees that the tests pass where nothing is broken, since otherwise every mutant
// would count as noticed, and returns how long to wait for those of a mutant.
func unbroken(all []mutant) (time.Duration, error) {
	began, tried := time.Now(), map[string]bool{}
	for _, m := range all {
		for _, s := range m.suites() {
			if tried[s.dir] {
				continue
			}
			tried[s.dir] = true
			if out, err := s.run(context.Background(), "-count=1"); err != nil {
				return 0, fmt.Errorf("the tests of %s fail with nothing broken: %w\n%s", s.dir, err, out)
			}
		}
	}
	return 20*time.Second + 2*time.Since(began), nil
}

// suites are the tests to ask, those of the mutant's own package first.
func (m mutant) suites() []suite {
	dir := path.Dir(m.file)
	return append([]suite{{dir, properties}}, others[dir]...)
}

func (s suite) run(ctx context.Context, flags ...string) ([]byte, error) {
	args := slices.Concat([]string{"test"}, bounded, flags, []string{"./" + s.dir}, s.args)
	return exec.CommandContext(ctx, "go", args...).CombinedOutput()
}

// try asks one suite after the other until one fails.
func try(m mutant, patience time.Duration) (verdict, error) {
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return survived, err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		return survived, err
	}
	for i, s := range m.suites() {
		ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
		out, err := s.run(ctx, "-overlay="+overlay, "-timeout="+patience.String())
		late := ctx.Err() != nil
		cancel()
		switch {
		case err == nil:
			continue
		case bytes.Contains(out, []byte("[build failed]")):
			return unbuilt, nil
		case late, bytes.Contains(out, []byte("panic: test timed out")):
			return timedOut, nil
		case !bytes.Contains(out, []byte("\nFAIL\t")): // it was not the tests that failed
			return survived, fmt.Errorf("trying %s: %w\n%s", m.name(), err, out)
		case i > 0:
			return abroad, nil
		}
		return killed, nil
	}
	return survived, nil
}

// overlay writes what go test is to read in place of the mutant's file.
func (m mutant) overlay(dir string) (string, error) {
	changed, plan := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	whole, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{whole: changed}})
	return plan, errors.Join(err, os.WriteFile(changed, m.source, 0o600), os.WriteFile(plan, text, 0o600))
}

// equivalents reads the names of the mutants that mean what the original does. A line is
// a name and, after " # ", the reason.
func equivalents(file string) (map[string]bool, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	names := map[string]bool{}
	for line := range strings.Lines(string(data)) {
		if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, reason, _ := strings.Cut(line, " # ")
		if name = strings.TrimSpace(name); names[name] || strings.TrimSpace(reason) == "" {
			return nil, fmt.Errorf("equivalent.txt: there twice, or no reason: %s", line)
		}
		names[name] = true
	}
	return names, nil
}

// mutants makes every mutant of the files of a package, tests aside.
func mutants(dir string) ([]mutant, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		return nil, errors.Join(fmt.Errorf("no package in %s", dir), err)
	}
	var all []mutant
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		b := &breaker{file: filepath.ToSlash(name), source: source, fset: token.NewFileSet(), again: map[string]int{}}
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
	results  []string // the types that the function at hand returns
	again    map[string]int
	made     []mutant
}

// declaration breaks a function, or the tables and numbers of a package.
func (b *breaker) declaration(d ast.Decl) {
	b.function = "package"
	switch d := d.(type) {
	case *ast.FuncDecl:
		if b.function = d.Name.Name; d.Recv != nil {
			of, _, _ := strings.Cut(b.text(d.Recv.List[0].Type), "[")
			b.function = strings.TrimPrefix(of, "*") + "." + d.Name.Name
		}
		b.body(d.Type, d.Body)
	case *ast.GenDecl:
		if d.Tok == token.CONST || d.Tok == token.VAR {
			ast.Inspect(d, b.node)
		}
	}
}

// body breaks what a function does, within another or not.
func (b *breaker) body(t *ast.FuncType, body *ast.BlockStmt) {
	outer := b.results
	b.results = nil
	if t.Results != nil {
		for _, f := range t.Results.List {
			for range max(1, len(f.Names)) {
				b.results = append(b.results, b.text(f.Type))
			}
		}
	}
	ast.Inspect(body, b.node)
	b.results = outer
}

func (b *breaker) text(n ast.Node) string { return b.between(n.Pos(), n.End()) }

func (b *breaker) between(from, end token.Pos) string {
	return string(b.source[b.fset.Position(from).Offset:b.fset.Position(end).Offset])
}

// replace makes a mutant with other text in the place of a node.
func (b *breaker) replace(operator string, n ast.Node, to string) {
	b.make(operator, n.Pos(), n.End(), to, to)
}

// make makes a mutant of the source between two places: to is what it says in short,
// source what stands there.
func (b *breaker) make(operator string, from, end token.Pos, to, source string) {
	i, j, at := b.fset.Position(from).Offset, b.fset.Position(end).Offset, b.fset.Position(from)
	m := mutant{file: b.file, function: b.function, line: at.Line, column: at.Column, operator: operator, from: string(b.source[i:j]), to: to}
	if m.from == source {
		return
	}
	name := m.name()
	m.again = b.again[name]
	b.again[name]++
	m.source = slices.Concat(b.source[:i], []byte(source), b.source[j:])
	b.made = append(b.made, m)
}

// node makes the mutants of one node of the tree.
func (b *breaker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.FuncLit:
		b.body(n.Type, n.Body)
		return false
	case *ast.BinaryExpr:
		b.binary(n)
	case *ast.UnaryExpr:
		if n.Op == token.NOT {
			b.replace("not", n, b.text(n.X))
		}
	case *ast.Ident:
		if other := map[string]string{"true": "false", "false": "true", "yes": "no", "no": "yes"}[n.Name]; other != "" {
			b.replace("bool", n, other)
		}
	case *ast.BasicLit:
		b.literal(n)
	case *ast.IfStmt:
		b.condition(n.Cond)
	case *ast.CallExpr:
		return b.call(n)
	case *ast.CompositeLit:
		b.fields(n)
	case *ast.ReturnStmt:
		b.result(n)
	case *ast.SwitchStmt:
		b.cases(n.Body, n.Tag == nil)
	case *ast.TypeSwitchStmt:
		b.cases(n.Body, false)
	case *ast.AssignStmt:
		b.assignment(n)
	case *ast.BranchStmt:
		b.branch(n)
	case *ast.ExprStmt, *ast.IncDecStmt, *ast.RangeStmt, *ast.ForStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SendStmt:
		b.drop(n)
	case *ast.ValueSpec:
		for _, v := range n.Values {
			ast.Inspect(v, b.node)
		}
		return false
	case *ast.Field: // types and tags
		return false
	}
	return true
}

// drop leaves a statement out, and what it reads in use, so that the rest compiles.
func (b *breaker) drop(n ast.Node) {
	b.make("drop", n.Pos(), n.End(), "", "if false { "+b.text(n)+" }")
}

// condition is always met, or never.
func (b *breaker) condition(n ast.Expr) {
	b.replace("condition", n, "true || ("+b.text(n)+")")
	b.replace("condition", n, "false && ("+b.text(n)+")")
}

// literal is one higher, one lower, or empty.
func (b *breaker) literal(n *ast.BasicLit) {
	switch value, _ := strconv.Unquote(n.Value); {
	case n.Kind == token.INT:
		b.replace("number", n, "("+n.Value+"+1)")
		b.replace("number", n, "("+n.Value+"-1)")
	case n.Kind == token.CHAR:
		b.replace("number", n, "("+n.Value+"+1)")
		b.replace("number", n, "("+n.Value+"-1)")
	case n.Kind == token.STRING && value != "":
		b.replace("text", n, `""`)
	}
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
		b.replace("operator", n, "("+x+" "+op+" "+y+")")
	}
	if n.Op == token.LAND || n.Op == token.LOR {
		zero := map[token.Token]string{token.LAND: " && true", token.LOR: " || false"}[n.Op]
		b.make("side", n.Pos(), n.End(), x, "("+x+zero+")")
		b.make("side", n.Pos(), n.End(), y, "("+y+zero+")")
	}
}

// call leaves one of a list of checks or orders out, or one link of a chain of reasons, and
// swaps arguments. It reports whether what is within is broken too.
func (b *breaker) call(n *ast.CallExpr) bool {
	switch name := b.text(n.Fun); {
	case name == "errors.New", name == "fmt.Errorf":
		return false
	case name == "invalid":
		ast.Inspect(n.Args[0], b.node)
		return false
	case name == "make": // what follows the type is room
		return false
	case name == "firstError":
		for _, arg := range n.Args {
			b.make("check", arg.Pos(), arg.End(), "nil", "func() error { if true { return nil }; return "+b.text(arg)+" }()")
		}
	case name == "cmp.Or":
		b.elements("order", n.Args)
	case strings.HasSuffix(name, ".With") && len(n.Args) == 2:
		b.make("reason", n.Fun.End(), n.End(), "", ".With("+b.text(n.Args[0])+", false && ("+b.text(n.Args[1])+"))")
		b.make("reason", n.Fun.End(), n.End(), "always", ".With("+b.text(n.Args[0])+", true || ("+b.text(n.Args[1])+"))")
	case !slices.Contains([]string{"max", "min", "union", "append"}, name):
		for i := range len(n.Args) - 1 {
			x, y := n.Args[i], n.Args[i+1]
			b.make("swap", x.Pos(), y.End(), b.text(y)+", "+b.text(x), b.text(y)+", "+b.text(x))
		}
	}
	return true
}

// elements leaves each of a list out.
func (b *breaker) elements(operator string, list []ast.Expr) {
	for i, e := range list {
		from, end := e.Pos(), e.End()
		switch {
		case i+1 < len(list):
			end = list[i+1].Pos()
		case i > 0:
			from = list[i-1].End()
		}
		b.make(operator, from, end, "", "")
	}
}

// fields leaves each named field, or entry, of a value out.
func (b *breaker) fields(n *ast.CompositeLit) {
	if len(n.Elts) == 0 {
		return
	}
	if _, named := n.Elts[0].(*ast.KeyValueExpr); named {
		b.elements("field", n.Elts)
	}
}

// result returns nothing in place of something: its type's zero, and either of yes and no. The
// original stays behind it, so that what it reads stays in use.
func (b *breaker) result(n *ast.ReturnStmt) {
	if len(b.results) == 0 || len(n.Results) != len(b.results) {
		return
	}
	for i, r := range n.Results {
		zeros := []string{"*new(" + b.results[i] + ")"}
		switch b.results[i] {
		case "bool":
			zeros = []string{"true", "false"}
		case "error":
			zeros = []string{"nil"}
		}
		for _, zero := range zeros {
			if is := b.text(r); slices.Contains([]string{zero, "nil", `""`, "0", "true", "false", b.results[i] + "{}"}, is) {
				continue
			}
			var all []string
			for _, other := range n.Results {
				all = append(all, b.text(other))
			}
			all[i] = zero
			b.make("return", n.Pos(), n.End(), "return "+strings.Join(all, ", "), "if true { return "+strings.Join(all, ", ")+" }; "+b.text(n))
		}
	}
}

// cases leaves each case out, and each of its values; one of conditions is also always met.
func (b *breaker) cases(body *ast.BlockStmt, conditions bool) {
	for _, s := range body.List {
		c, ok := s.(*ast.CaseClause)
		if !ok {
			continue
		}
		switch {
		case conditions && len(c.List) == 1:
			b.condition(c.List[0])
			continue
		case len(c.List) > 1:
			b.elements("case", c.List)
		}
		b.make("case", c.Pos(), c.End(), "", "")
	}
}

// assignment is left out, or begins anew where it adds.
func (b *breaker) assignment(n *ast.AssignStmt) {
	if n.Tok == token.DEFINE {
		return
	}
	b.drop(n)
	if n.Tok != token.ASSIGN {
		b.replace("assign", n, b.text(n.Lhs[0])+" = "+b.text(n.Rhs[0]))
	}
}

// branch is left out, or goes on where it should end and the other way round.
func (b *breaker) branch(n *ast.BranchStmt) {
	b.drop(n)
	switch n.Tok {
	case token.BREAK:
		b.replace("branch", n, "continue")
	case token.CONTINUE:
		b.replace("branch", n, "break")
	}
}
