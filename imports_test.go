package tenet_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "example.com/tenet"

// row is what one package imports outside its tests. Packages of this module
// are named without its path.
type row struct {
	pkg   string
	std   string // of the standard library; "any" is no rule
	edges string // of this module and of others; "any" is no rule
	why   string
}

// importTable is who may import whom. Every package has one row, every row a
// package. The row of a pure package, one that names its standard library, is
// exact: what the package no longer imports is taken out of its row, so that
// purity is not lost an import at a time. The others say what is allowed at most.
var importTable = []row{
	{"tenancy", "crypto/subtle encoding/json errors fmt net/url regexp slices strings time unicode unicode/utf8",
		"github.com/oklog/ulid/v2 golang.org/x/text/cases golang.org/x/text/currency golang.org/x/text/unicode/norm",
		"records and rules are pure, and rest on nothing of ours; net/url parses, fmt is for hiding digests from it"},
	{"access", "cmp fmt iter maps slices strings sync/atomic time", "tenancy",
		"a decision is a function of a picture and a time; cmp orders what is listed; an atomic keeps a set as bits once it was worked out"},
	{"access/accesstest", "cmp crypto/sha256 encoding/base32 encoding/hex errors fmt iter maps os path/filepath slices strconv strings time", "access tenancy",
		"hosts' tests ask package access; it reads and writes the report that a host names, and no testing gets into a program"},
	{"usage", "cmp encoding/json errors fmt maps math math/bits slices strconv strings time unicode/utf8", "access tenancy",
		"values only; access for the reasons that records carry"},
	{"usage/meter", "bytes encoding/json strconv", "tenancy usage",
		"reads bytes that others carry; it opens nothing"},
	{"usage/export", "bufio fmt io iter slices strconv strings time unicode/utf8", "tenancy usage",
		"writes to an io.Writer that it is given, and opens nothing"},
	{"keys", "bytes crypto/hmac crypto/rand crypto/sha256 encoding/binary encoding/hex errors fmt hash hash/crc32 io log/slog math/bits strings sync time unicode",
		"tenancy golang.org/x/crypto/argon2",
		"pure but for randomness, an io.Reader that is crypto/rand's unless given; slog for LogValuer, sync for Pool; hex and bits read hashes of other systems"},
	{"store", "any", "access tenancy usage", "the contract; it knows no backend"},
	{"store/memory", "any", "access store tenancy usage", "a backend knows the contract and the values"},
	{"store/sqlite", "any", "access store tenancy usage", "no driver: the host brings one"},
	{"store/sqlitefile", "any", "store store/sqlite modernc.org/sqlite", "the one place that registers a driver"},
	{"store/faults", "any", "store tenancy usage", "stands before any backend; it knows none"},
	{"store/storetest", "any", "access store tenancy usage github.com/anishathalye/porcupine github.com/google/go-cmp/cmp github.com/google/go-cmp/cmp/cmpopts",
		"a suite for backends; it knows none"},
	{".", "any", "access keys store tenancy usage usage/meter unsafe github.com/oklog/ulid/v2",
		"the root chooses no backend; unsafe is for a key's id in its slot"},
	{".ci/mutate", "any", "", "a tool of the long run"},
	{"examples/gateway", "any", "any", "a host"},
	{"examples/policytest", "any", "any", "a host"},
	{"examples/quickstart", "any", "any", "a host"},
	{"examples/report", "any", "any", "a host"},
}

// topLevel is all that stands at the top, beside Go files of package tenet and
// what .gitignore names.
const topLevel = `.ci .git .gitignore .golangci.yml ARCHITECTURE.md CHANGELOG.md CONTRIBUTING.md EXPORT.md LICENSE README.md ROLES.md SECURITY.md
	access examples go.mod go.sum keys store tenancy usage`

func TestImportsFollowTheTable(t *testing.T) {
	rows := map[string]row{}
	for _, r := range importTable {
		if _, twice := rows[r.pkg]; twice || r.why == "" {
			t.Errorf("importTable: %s has two rows, or one without a why", r.pkg)
		}
		rows[r.pkg] = r
	}
	packages := load(t)
	for dir, p := range packages {
		r, ok := rows[dir]
		if !ok {
			t.Errorf("%s has no row in importTable", dir)
			continue
		}
		for _, complaint := range r.judge(p.imports()) {
			t.Errorf("%s: %s (%s)", dir, complaint, r.why)
		}
	}
	for dir := range rows {
		if packages[dir] == nil {
			t.Errorf("importTable has a row for %s, which is no package", dir)
		}
	}
}

func TestImportTableCatches(t *testing.T) {
	pure := row{pkg: "p", std: "errors time", edges: "tenancy github.com/oklog/ulid/v2"}
	free := row{pkg: "p", std: "any", edges: "store"}
	for _, tt := range []struct {
		name    string
		row     row
		imports string
		want    int
	}{
		{"all that is listed", pure, "errors time example.com/tenet/tenancy github.com/oklog/ulid/v2", 0},
		{"an edge of a pure package gone", pure, "errors time example.com/tenet/tenancy", 1},
		{"an edge of another gone", free, "os", 0},
		{"an import gone", pure, "errors example.com/tenet/tenancy github.com/oklog/ulid/v2", 1},
		{"another import", pure, "context errors time example.com/tenet/tenancy github.com/oklog/ulid/v2", 1},
		{"below a listed package", pure, "errors time time/tzdata example.com/tenet/tenancy github.com/oklog/ulid/v2", 1},
		{"an edge that points back", pure, "errors time example.com/tenet/store example.com/tenet/tenancy github.com/oklog/ulid/v2", 1},
		{"the root", free, "example.com/tenet", 1},
		{"a driver", free, "modernc.org/sqlite", 1},
		{"an example", free, "example.com/tenet/examples/gateway", 1},
		{"any of the standard library", free, "os net/http database/sql", 0},
		{"unsafe is never free", free, "unsafe", 1},
		{"cgo is never free", free, "C", 1},
	} {
		if got := tt.row.judge(strings.Fields(tt.imports)); len(got) != tt.want {
			t.Errorf("%s: complaints %q, want %d", tt.name, got, tt.want)
		}
	}
}

// judge returns what is wrong with a package that imports these.
func (r row) judge(imports []string) (complaints []string) {
	listed := strings.Fields(r.std + " " + r.edges)
	unused := slices.Clone(listed)
	for _, im := range imports {
		name := strings.TrimPrefix(im, module+"/")
		anything := r.edges == "any"
		if standard(im) {
			anything = r.std == "any" && im != "unsafe" && im != "C"
		}
		if !anything && !slices.Contains(listed, name) {
			complaints = append(complaints, "imports "+im)
		}
		unused = slices.DeleteFunc(unused, func(l string) bool { return l == name })
	}
	if r.std != "any" {
		for _, im := range unused {
			complaints = append(complaints, "no longer imports "+im+": take it out of its row")
		}
	}
	return complaints
}

// standard reports whether an import path is the standard library's, whose first
// element has no dot.
func standard(importPath string) bool {
	first, _, _ := strings.Cut(importPath, "/")
	return !strings.Contains(first, ".")
}

func TestTopLevelHoldsOnly(t *testing.T) {
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	ignore, err := os.ReadFile(".gitignore")
	if err != nil {
		t.Fatal(err)
	}
	allowed := append(strings.Fields(topLevel), "*.go")
	for pattern := range strings.FieldsSeq(string(ignore)) {
		allowed = append(allowed, strings.Trim(pattern, "/"))
	}
	for _, e := range entries {
		if !slices.ContainsFunc(allowed, func(p string) bool { ok, _ := path.Match(p, e.Name()); return ok }) {
			t.Errorf("%s stands at the top level; topLevel does not list it", e.Name())
		}
	}
}

func TestPurePackagesHaveNoClockAndNoGoroutine(t *testing.T) {
	packages := load(t)
	for _, r := range importTable {
		if p := packages[r.pkg]; p != nil && r.std != "any" {
			for _, complaint := range p.impurities() {
				t.Error(complaint)
			}
		}
	}
}

func TestImpuritiesCatches(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         int
	}{
		{"time is an argument", `import "time"; func f(now time.Time) bool { return now.Before(now.Add(time.Hour)) }`, 0},
		{"clock", `import "time"; func f() time.Time { return time.Now() }`, 1},
		{"clock as a value", `import "time"; func f() func() time.Time { return time.Now }`, 1},
		{"timer", `import "time"; func f() { <-time.After(1) }`, 1},
		{"the machine's zone", `import "time"; func f(t time.Time) time.Time { return t.In(time.Local) }`, 1},
		{"zone files", `import "time"; func f() { time.LoadLocation("UTC") }`, 1},
		{"goroutine", `func f() { go f() }`, 1},
	} {
		if got := parse(t, tt.source).impurities(); len(got) != tt.want {
			t.Errorf("%s: complaints %q, want %d", tt.name, got, tt.want)
		}
	}
}

// A path of one machine helps nobody on another.
func TestNoMachinePaths(t *testing.T) {
	walk(t, func(name string) {
		if !slices.Contains([]string{".go", ".md", ".yml", ".mod", ".sql"}, path.Ext(name)) && !strings.HasPrefix(name, ".ci/") {
			return
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			for _, root := range []string{"work", "root", "home"} {
				if strings.Contains(line, "/"+root+"/") {
					t.Errorf("%s:%d: speaks of /%s", name, i+1, root)
				}
			}
		}
	})
}

// pkg is the source of a package without its tests.
type pkg struct {
	fset  *token.FileSet
	files []*ast.File
}

// parse is a package of one file, without its package clause.
func parse(t *testing.T, source string) *pkg {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", "package p; "+source, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	return &pkg{fset, []*ast.File{file}}
}

// load parses every package of this module, by folder; "." is the root.
func load(t *testing.T) map[string]*pkg {
	t.Helper()
	packages := map[string]*pkg{}
	walk(t, func(name string) {
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return
		}
		p := packages[path.Dir(name)]
		if p == nil {
			p = &pkg{fset: token.NewFileSet()}
			packages[path.Dir(name)] = p
		}
		file, err := parser.ParseFile(p.fset, name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		p.files = append(p.files, file)
	})
	return packages
}

// walk calls visit with each file of this module: no nested module, no hidden
// folder but .ci, no test data.
func walk(t *testing.T, visit func(name string)) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || name == ".":
			return err
		case !d.IsDir():
			visit(filepath.ToSlash(name))
			return nil
		}
		_, nested := os.Stat(filepath.Join(name, "go.mod"))
		hidden := strings.HasPrefix(d.Name(), ".") && name != ".ci"
		if nested == nil || hidden || d.Name() == "testdata" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (p *pkg) imports() []string {
	var all []string
	for _, f := range p.files {
		for _, im := range f.Imports {
			name, _ := strconv.Unquote(im.Path.Value)
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// clocks are the names of package time that read a clock or a zone of the machine.
var clocks = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Local", "LoadLocation"}

// impurities returns a complaint for each goroutine that is started and each use
// of one of clocks.
func (p *pkg) impurities() (complaints []string) {
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				complaints = append(complaints, fmt.Sprintf("%s: starts a goroutine", p.fset.Position(n.Pos())))
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					complaints = append(complaints, fmt.Sprintf("%s: time.%s", p.fset.Position(n.Pos()), n.Sel.Name))
				}
			}
			return true
		})
	}
	return complaints
}
