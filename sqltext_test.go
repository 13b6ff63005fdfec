package tenet_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"testing"
)

// A1: every text that reaches the database is made of constants and of numbers. Values
// are parameters.
func TestA1SQLIsMadeOfConstants(t *testing.T) {
	packages := load(t)
	for _, dir := range []string{"store/sqlite", "store/sqlitefile"} {
		complaints, sinks := packages[dir].dynamicSQL()
		if sinks < 2 {
			t.Errorf("%s: %d statements found", dir, sinks)
		}
		for _, complaint := range complaints {
			t.Error(complaint)
		}
	}
}

func TestSQLIsMadeOfConstantsCatches(t *testing.T) {
	const head = `import ("context"; "database/sql"; "fmt"; "strings"); var _ = fmt.Sprint; var _ = strings.Join; type q struct { Org string; N int }
		type s struct { db *sql.DB; where []string }; `
	for _, tt := range []struct {
		name, source string
		want         int
	}{
		{"a literal", "func (x *s) Get(ctx context.Context, a q) { x.db.QueryContext(ctx, `SELECT 1 WHERE org = ?`, a.Org) }", 0},
		{"constants together", "const from = ` FROM t`; func (x *s) Get(ctx context.Context) { x.db.QueryContext(ctx, `SELECT 1`+from) }", 0},
		{"a table's names", "var tables = []string{`a`, `b`}; func (x *s) Get(ctx context.Context) { for _, t := range tables { x.db.QueryContext(ctx, fmt.Sprintf(`SELECT 1 FROM %s`, t)) } }", 0},
		{"a number", "func (x *s) Get(ctx context.Context, a q) { x.db.QueryContext(ctx, fmt.Sprintf(`SELECT 1 LIMIT %d`, a.N)) }", 0},
		{"one of two", "func (x *s) Get(ctx context.Context, a q) { text := `SELECT 1`; if a.N > 0 { text = `SELECT 2` }; x.db.QueryContext(ctx, text) }", 0},
		{"handed on", "func (x *s) run(ctx context.Context, text string) { x.db.ExecContext(ctx, text) }; func (x *s) Get(ctx context.Context) { x.run(ctx, `SELECT 1`) }", 0},
		{"conditions", "func (x *s) when(c string) { x.where = append(x.where, c) }; func (x *s) Get(ctx context.Context) { x.when(`a = ?`); x.db.QueryContext(ctx, strings.Join(x.where, ` AND `)) }", 0},
		{"pieces in a list", "func (x *s) Get(ctx context.Context) { all := make([]string, 2); for i, c := range []string{`a`, `b`} { all[i] = fmt.Sprintf(`%s = ?`, c) }; x.db.QueryContext(ctx, strings.Join(all, ` AND `)) }", 0},
		{"a function of the text", "func text(n int) string { return strings.Repeat(`?`, n) }; func (x *s) run(ctx context.Context, f func(int) string) { x.db.ExecContext(ctx, f(3)) }; func (x *s) Get(ctx context.Context) { x.run(ctx, text) }", 0},

		{"a value", "func (x *s) Get(ctx context.Context, a q) { x.db.QueryContext(ctx, a.Org) }", 1},
		{"concatenated", "func (x *s) Get(ctx context.Context, a q) { x.db.QueryContext(ctx, `SELECT 1 WHERE org = '`+a.Org+`'`) }", 1},
		{"formatted", "func (x *s) Get(ctx context.Context, a q) { x.db.QueryContext(ctx, fmt.Sprintf(`SELECT 1 WHERE org = %q`, a.Org)) }", 1},
		{"a piece in a list", "func (x *s) Get(ctx context.Context, a q) { all := make([]string, 2); all[0] = a.Org; x.db.QueryContext(ctx, strings.Join(all, ` AND `)) }", 1},
		{"a field", "func (x *s) Get(ctx context.Context, a q) { x.where = []string{a.Org}; x.db.QueryContext(ctx, x.where[0]) }", 1},
		{"in a variable", "func (x *s) Get(ctx context.Context, a q) { text := `SELECT 1`; text += a.Org; x.db.QueryContext(ctx, text) }", 1},
		{"handed on", "func (x *s) run(ctx context.Context, text string) { x.db.ExecContext(ctx, text) }; func (x *s) Get(ctx context.Context, a q) { x.run(ctx, a.Org) }", 1},
		{"a condition", "func (x *s) when(c string) { x.where = append(x.where, c) }; func (x *s) Get(ctx context.Context, a q) { x.when(a.Org); x.db.QueryContext(ctx, strings.Join(x.where, ` AND `)) }", 1},
		{"read from the database", "func (x *s) Get(ctx context.Context) { var name string; x.db.QueryRowContext(ctx, `SELECT 1`).Scan(&name); x.db.ExecContext(ctx, name) }", 1},
		{"an argument of an exported function", "func Run(ctx context.Context, db *sql.DB, text string) { db.ExecContext(ctx, text) }", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got, sinks := parse(t, head+tt.source).dynamicSQL(); len(got) != tt.want || sinks == 0 {
				t.Errorf("complaints %q of %d statements, want %d", got, sinks, tt.want)
			}
		})
	}
}

// dynamicSQL returns a complaint for each statement whose text may have something in it
// that is neither constant nor a number, and the number of statements.
func (p *pkg) dynamicSQL() (complaints []string, sinks int) {
	info := &types.Info{
		Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{}, Types: map[ast.Expr]types.TypeAndValue{},
		Selections: map[*ast.SelectorExpr]*types.Selection{},
	}
	// Imports are left unresolved: what comes from elsewhere is no constant.
	checked, _ := (&types.Config{Error: func(error) {}, Importer: unresolved{}}).Check(p.files[0].Name.Name, p.fset, p.files, info)
	o := &origins{info: info, scope: checked.Scope(), into: map[types.Object][]ast.Expr{}, outOf: map[types.Object][]ast.Expr{}, params: map[types.Object][]types.Object{}, foreign: map[types.Object]bool{}, seen: map[ast.Expr]bool{}}
	for _, f := range p.files {
		for _, d := range f.Decls {
			o.declare(d)
		}
	}
	for _, f := range p.files {
		o.collect(f)
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if text := statement(call); ok && text != nil {
				sinks++
				if clear(o.seen); !o.constant(text) {
					complaints = append(complaints, fmt.Sprintf("%s: SQL out of something else than constants", p.fset.Position(text.Pos())))
				}
			}
			return true
		})
	}
	return complaints, sinks
}

// statement is the text of a call of package database/sql; nil of any other.
func statement(call *ast.CallExpr) ast.Expr {
	if call == nil || len(call.Args) < 2 {
		return nil
	}
	f, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || !slices.Contains([]string{"ExecContext", "QueryContext", "QueryRowContext", "PrepareContext"}, f.Sel.Name) {
		return nil
	}
	if _, kept := call.Args[1].(*ast.Ident); kept && call.Ellipsis.IsValid() && len(call.Args) == 2 {
		return nil // a statement that is prepared: parameters alone
	}
	return call.Args[1]
}

// origins knows what flows into each variable, parameter and field of a package, and out
// of each function.

type origins struct {
	info    *types.Info
	scope   *types.Scope
	into    map[types.Object][]ast.Expr
	outOf   map[types.Object][]ast.Expr
	params  map[types.Object][]types.Object
	foreign map[types.Object]bool // something outside may write to it
	seen    map[ast.Expr]bool
}

func (o *origins) collect(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			o.function(n)
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if len(n.Rhs) == len(n.Lhs) {
					o.flow(o.object(to), n.Rhs[i])
				} else {
					o.flow(o.object(to), n.Rhs[0])
				}
			}
		case *ast.ValueSpec:
			for i, to := range n.Names {
				if len(n.Values) == len(n.Names) {
					o.flow(o.object(to), n.Values[i])
				} else if len(n.Values) == 0 {
					o.flow(o.object(to), &ast.BasicLit{Kind: token.STRING, Value: `""`})
				}
			}
		case *ast.RangeStmt:
			if n.Value != nil {
				o.flow(o.object(n.Value), n.X)
			}
		case *ast.CompositeLit:
			o.fields(n)
		case *ast.UnaryExpr:
			if to := o.object(n.X); n.Op == token.AND && to != nil {
				o.foreign[to] = true
			}
		case *ast.CallExpr:
			o.arguments(n)
		}
		return true
	})
}

// function notes what a function returns.
func (o *origins) function(d *ast.FuncDecl) {
	f := o.info.Defs[d.Name]
	if d.Body == nil || f == nil {
		return
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if r, ok := n.(*ast.ReturnStmt); ok && len(r.Results) > 0 {
			o.outOf[f] = append(o.outOf[f], r.Results[0])
		}
		_, inner := n.(*ast.FuncLit)
		return !inner
	})
}

// declare notes the parameters of a function, and that who calls an exported one is not
// known.
func (o *origins) declare(d ast.Decl) {
	f, ok := d.(*ast.FuncDecl)
	if !ok {
		return
	}
	for _, field := range f.Type.Params.List {
		for _, name := range field.Names {
			param := o.info.Defs[name]
			o.params[o.info.Defs[f.Name]] = append(o.params[o.info.Defs[f.Name]], param)
			o.foreign[param] = f.Name.IsExported()
		}
	}
}

// fields get what a literal says.
func (o *origins) fields(lit *ast.CompositeLit) {
	of := o.structOf(lit)
	for i, e := range lit.Elts {
		kv, keyed := e.(*ast.KeyValueExpr)
		switch {
		case of == nil:
		case !keyed:
			o.flow(of.Field(i), e)
		default:
			for f := range of.Fields() {
				if name, ok := kv.Key.(*ast.Ident); ok && f.Name() == name.Name {
					o.flow(f, kv.Value)
				}
			}
		}
	}
}

// structOf is the struct that a literal is of, also within one of a type of elsewhere.
func (o *origins) structOf(lit *ast.CompositeLit) *types.Struct {
	known := o.info.Types[lit].Type
	if name, ok := lit.Type.(*ast.Ident); known == nil && ok && o.scope.Lookup(name.Name) != nil {
		known = o.scope.Lookup(name.Name).Type()
	}
	if known == nil {
		return nil
	}
	of, _ := known.Underlying().(*types.Struct)
	return of
}

// arguments flow into parameters.
func (o *origins) arguments(call *ast.CallExpr) {
	params := o.params[o.object(call.Fun)]
	for i, arg := range call.Args {
		if n := min(i, len(params)-1); n >= 0 {
			o.flow(params[n], arg)
		}
	}
}

func (o *origins) flow(to types.Object, from ast.Expr) {
	if to != nil {
		o.into[to] = append(o.into[to], from)
	}
}

// object is what an expression names; nil where that is nothing of the package.
func (o *origins) object(e ast.Expr) types.Object {
	switch e := e.(type) {
	case *ast.Ident:
		if d := o.info.Defs[e]; d != nil {
			return d
		}
		if u := o.info.Uses[e]; u != nil {
			return u
		}
		return o.scope.Lookup(e.Name) // within what has a type of elsewhere
	case *ast.SelectorExpr:
		if s := o.info.Selections[e]; s != nil {
			return s.Obj()
		}
	case *ast.IndexExpr:
		return o.object(e.X)
	}
	return nil
}

// constant says that an expression is made of constants and numbers alone. What rests on
// itself adds nothing.
func (o *origins) constant(e ast.Expr) bool {
	if o.seen[e] {
		return true
	}
	o.seen[e] = true
	if known := o.info.Types[e]; known.Value != nil || known.IsType() {
		return true
	} else if known.Type != nil {
		if basic, ok := known.Type.Underlying().(*types.Basic); ok && basic.Info()&(types.IsNumeric|types.IsBoolean) != 0 {
			return true
		}
	}
	switch e := e.(type) {
	case *ast.BasicLit:
		return true
	case *ast.ParenExpr:
		return o.constant(e.X)
	case *ast.BinaryExpr:
		return o.constant(e.X) && o.constant(e.Y)
	case *ast.IndexExpr:
		return o.constant(e.X)
	case *ast.SliceExpr:
		return o.constant(e.X)
	case *ast.CompositeLit:
		return o.all(e.Elts)
	case *ast.KeyValueExpr:
		return o.constant(e.Value)
	case *ast.CallExpr:
		return o.called(e)
	case *ast.Ident, *ast.SelectorExpr:
		return o.named(o.object(e), e)
	}
	return false
}

func (o *origins) all(list []ast.Expr) bool {
	return !slices.ContainsFunc(list, func(e ast.Expr) bool { return !o.constant(e) })
}

// called says it of what a call returns: of a function of the package, whatever that
// returns; of others, which make texts of texts, whatever they are given.
func (o *origins) called(call *ast.CallExpr) bool {
	if to := o.object(call.Fun); to != nil {
		if _, builtin := to.(*types.Builtin); !builtin {
			return o.named(to, call.Fun)
		}
	}
	if s, ok := call.Fun.(*ast.SelectorExpr); ok {
		from, _ := s.X.(*ast.Ident)
		if from == nil || !slices.Contains([]string{"fmt", "strings", "slices"}, from.Name) {
			return false
		}
	}
	return o.all(call.Args)
}

// named says it of what has a name.
func (o *origins) named(to types.Object, e ast.Expr) bool {
	switch to := to.(type) {
	case nil:
		s, ok := e.(*ast.SelectorExpr)
		if !ok {
			return false
		}
		from, _ := s.X.(*ast.Ident)
		return from != nil && from.Name == "math"
	case *types.Const, *types.Nil:
		return true
	case *types.Func:
		return len(o.outOf[to]) > 0 && o.all(o.outOf[to])
	case *types.Var:
		return !o.foreign[to] && len(o.into[to]) > 0 && o.all(o.into[to])
	}
	return false
}
