package tenet_test

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

func TestNoInitNoVariables(t *testing.T) {
	for dir, p := range load(t) {
		if strings.HasPrefix(dir, "examples/") {
			continue
		}
		for _, complaint := range p.globals() {
			t.Error(complaint)
		}
	}
}

func TestGlobalsCatches(t *testing.T) {
	for _, tt := range []struct {
		name, source string
		want         int
	}{
		{"sentinel", `import "errors"; var ErrGone = errors.New("gone")`, 0},
		{"unexported sentinel", `import "errors"; var errGone = errors.New("gone")`, 0},
		{"array", `var names = [...]string{1: "a"}`, 0},
		{"map", `var names = map[string]int{"a": 1}`, 0},
		{"map of what is elsewhere", `import "example.com/x"; var names = map[x.Kind]x.Row{x.A: x.Of("a")}`, 0},
		{"map of another package's type", `import "net/http"; var challenge = http.Header{"A": {"b"}}`, 0},
		{"computed table", `var squares = func() (t [9]int) { for i := range t { t[i] = i * i }; return t }()`, 0},
		{"instant", `import "time"; var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)`, 0},
		{"table of a named type", `type list []string; var names = list{"a"}`, 0},
		{"regexp", "import \"regexp\"; var form = regexp.MustCompile(`^a$`)", 0},
		{"interface is satisfied", `type T struct{}; var _ any = T{}`, 0},
		{"embedded file", "import _ \"embed\"\n//go:embed schema.sql\nvar schema string", 0},
		{"local of the same name", `var names = []string{"a"}; func f() { names := names; names = nil; _ = names }`, 0},
		{"table is read", `var names = []string{"a"}; func f() string { return names[0] }`, 0},
		{"method called init", `type T struct{}; func (T) init() {}`, 0},

		{"init", `func init() {}`, 1},
		{"counter", `var calls int`, 1},
		{"pointer", `type T struct{}; var shared = &T{}`, 1},
		{"struct", `type T struct{ N int }; var Default = T{N: 1}`, 1},
		{"struct of another package", `import "net/http"; var Client = http.Client{Timeout: 1}`, 1},
		{"empty struct of another package", `import "sync"; var once = sync.Once{}`, 1},
		{"function", `import "time"; var now = time.Now`, 1},
		{"lock", `import "sync"; var mu sync.Mutex`, 1},
		{"map that is made", `var seen = make(map[string]bool)`, 1},
		{"error by another name", `import "errors"; var Gone = errors.New("gone")`, 1},
		{"error of another make", `var ErrGone error`, 1},
		{"regexp from a variable", `import "regexp"; func f() string { return "" }; var form = regexp.MustCompile(f())`, 1},
		{"table replaced", `var names = []string{"a"}; func f() { names = nil }`, 1},
		{"element set", `var names = map[string]int{}; func f() { names["a"] = 1 }`, 1},
		{"element counted", `var names = map[string]int{}; func f() { names["a"]++ }`, 1},
		{"field of an element set", `type T struct{ N int }; var ts = []T{{}}; func f() { (ts[0]).N = 1 }`, 1},
		{"element deleted", `var names = map[string]int{}; func f() { delete(names, "a") }`, 1},
		{"table cleared", `var names = map[string]int{}; func f() { clear(names) }`, 1},
		{"table copied over", `var names = []string{"a"}; func f() { copy(names[:1], []string{"b"}) }`, 1},
		{"set by a loop", `var names = [1]int{}; func f() { for names[0] = range 3 {} }`, 1},
		{"computed lock", `import "sync"; var mu = func() *sync.Mutex { return nil }()`, 1},
		{"computed pointer", `var n = func() *int { return new(int) }()`, 1},
		{"sentinel replaced", `import "errors"; var ErrA = errors.New("a"); func f() { ErrA = nil }`, 1},
		{"another package's variable", `import "io"; func f() { io.EOF = nil }`, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := parse(t, tt.source).globals(); len(got) != tt.want {
				t.Errorf("complaints %q, want %d", got, tt.want)
			}
		})
	}
}

// globals returns a complaint for each init function, each variable of the
// package that is neither a sentinel nor a table, and each write to either.
func (p *pkg) globals() []string {
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
	}
	// Imports are left unresolved: which name is which variable needs none.
	config := types.Config{Error: func(error) {}, Importer: unresolved{}}
	checked, _ := config.Check(p.files[0].Name.Name, p.fset, p.files, info)
	c := &checker{p.fset, info, checked.Scope(), nil}
	for _, f := range p.files {
		for _, d := range f.Decls {
			c.declaration(d)
		}
		ast.Inspect(f, c.write)
	}
	slices.Sort(c.complaints)
	return slices.Compact(c.complaints)
}

type unresolved struct{}

func (unresolved) Import(string) (*types.Package, error) { return nil, errors.New("not needed") }

type checker struct {
	fset       *token.FileSet
	info       *types.Info
	scope      *types.Scope
	complaints []string
}

func (c *checker) complain(at token.Pos, format string, args ...any) {
	c.complaints = append(c.complaints, fmt.Sprintf("%s: ", c.fset.Position(at))+fmt.Sprintf(format, args...))
}

func (c *checker) declaration(d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if d.Recv == nil && d.Name.Name == "init" {
			c.complain(d.Pos(), "func init")
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR && !embedded(cmp.Or(v.Doc, d.Doc)) {
				c.variables(v)
			}
		}
	}
}

func (c *checker) variables(v *ast.ValueSpec) {
	for i, name := range v.Names {
		constant := len(v.Values) == len(v.Names) && (sentinel(name.Name, v.Values[i]) || c.table(v.Values[i]))
		if name.Name != "_" && !constant {
			c.complain(name.Pos(), "variable %s is neither a sentinel error nor a table", name.Name)
		}
	}
}

func embedded(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

func sentinel(name string, value ast.Expr) bool {
	return strings.HasPrefix(strings.ToLower(name), "err") && calls(value, "errors", "New")
}

// table reports whether value is an array, slice or map, written out or computed
// on the spot, or one of the two constants that Go has no literal for: an instant
// and a pattern.
func (c *checker) table(value ast.Expr) bool {
	switch v := value.(type) {
	case *ast.CompositeLit:
		return c.listed(v) || keyed(v)
	case *ast.CallExpr:
		_, computed := v.Fun.(*ast.FuncLit)
		return computed && c.listed(v) || calls(v, "time", "Date") || calls(v, "regexp", "MustCompile") && literal(v.Args)
	}
	return false
}

func (c *checker) listed(value ast.Expr) bool {
	switch c.info.TypeOf(value).Underlying().(type) {
	case *types.Array, *types.Slice, *types.Map:
		return true
	}
	return false
}

// keyed reports whether v is written like a map with literal keys, which is how a
// map of another package's type is known.
func keyed(v *ast.CompositeLit) bool {
	return len(v.Elts) > 0 && !slices.ContainsFunc(v.Elts, func(e ast.Expr) bool {
		kv, ok := e.(*ast.KeyValueExpr)
		return !ok || !literal([]ast.Expr{kv.Key})
	})
}

func literal(args []ast.Expr) bool {
	return !slices.ContainsFunc(args, func(e ast.Expr) bool { _, ok := e.(*ast.BasicLit); return !ok })
}

// calls reports whether e is a call of a package's function.
func calls(e ast.Expr, pkg, function string) bool {
	call, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || f.Sel.Name != function {
		return false
	}
	x, ok := f.X.(*ast.Ident)
	return ok && x.Name == pkg
}

// write complains of a node that changes a variable of a package. It does not
// follow a slice, map or pointer that was given to somebody else.
func (c *checker) write(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if n.Tok != token.DEFINE {
			c.unwritten(n.Lhs...)
		}
	case *ast.IncDecStmt:
		c.unwritten(n.X)
	case *ast.RangeStmt:
		if n.Tok == token.ASSIGN {
			c.unwritten(n.Key, n.Value)
		}
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"delete", "clear", "copy"}, f.Name) {
			c.unwritten(n.Args[0])
		}
	}
	return true
}

func (c *checker) unwritten(targets ...ast.Expr) {
	for _, e := range targets {
		id := base(e)
		if id == nil {
			continue
		}
		_, other := c.info.Uses[id].(*types.PkgName)
		if v, ok := c.info.Uses[id].(*types.Var); other || ok && v.Parent() == c.scope {
			c.complain(e.Pos(), "%s is written to", id.Name)
		}
	}
}

// base is the name that an addressable expression begins with, nil if none.
func base(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.Ident:
		return e
	case *ast.ParenExpr:
		return base(e.X)
	case *ast.SelectorExpr:
		return base(e.X)
	case *ast.IndexExpr:
		return base(e.X)
	case *ast.SliceExpr:
		return base(e.X)
	case *ast.StarExpr:
		return base(e.X)
	}
	return nil
}
