package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// operators says whether the verb is an operator's, and method which it is.
func (v verb) operators() bool { return strings.HasPrefix(v.name, "Operator.") }

func (v verb) method() string {
	name, _, _ := strings.Cut(strings.TrimPrefix(v.name, "Operator."), "/")
	return name
}

func (v verb) receiver() reflect.Type {
	if v.operators() {
		return reflect.TypeFor[tenet.Operator]()
	}
	return reflect.TypeFor[tenet.Actor]()
}

// doer is who does the verb well.
func (v verb) doer() string {
	switch {
	case v.operators():
		return "ops"
	case v.by == "":
		return string(people[strings.IndexByte(v.may, '+')])
	}
	return v.by
}

// do does the verb as an Actor or an Operator: its error, and nothing else of what comes
// of it.
func (v verb) do(ctx context.Context, as any, on ids) error {
	got := v.asked(grounds{ids: on}).on(ctx, reflect.ValueOf(as))
	if got.panicked != nil {
		panic(got.panicked)
	}
	return got.err
}

// asking is a verb that is about to be done: who asks, under which options and with
// which arguments. All of it may be changed before.
type asking struct {
	verb verb
	by   tenancy.UserID
	opts tenet.ChangeOptions
	args []reflect.Value
}

// asked is the verb with arguments that are about on. It panics where they are not the
// method's.
func (v verb) asked(on grounds) *asking {
	m, ok := v.receiver().MethodByName(v.method())
	args := v.args(on)
	if !ok || m.Type.NumIn() != 2+len(args) && !m.Type.IsVariadic() {
		panic(fmt.Sprintf("%s: no method that takes %d arguments", v.name, len(args)))
	}
	a := &asking{verb: v, by: on.user(v.doer())}
	for i, arg := range args {
		own := reflect.New(parameter(m.Type, i)).Elem()
		given := reflect.ValueOf(arg)
		if given.Type() == reflect.TypeFor[string]() && own.Kind() == reflect.String {
			given = given.Convert(own.Type()) // as the compiler converts a constant
		}
		own.Set(given)
		a.args = append(a.args, own)
	}
	return a
}

// parameter is the type of the i-th argument after receiver and context.
func parameter(method reflect.Type, i int) reflect.Type {
	if last := method.NumIn() - 1; method.IsVariadic() && i+2 >= last {
		return method.In(last).Elem()
	}
	return method.In(i + 2)
}

// slot is one place in an asking that takes a text.
type slot struct {
	path  string   // "n.Owner.Email"; of a list, that of its elements
	names []string // under which a rule for it may stand, the narrowest first
	get   func() string
	set   func(string)
}

// slots are the texts of an asking: the arguments', those of the options, and who asks.
func (a *asking) slots(t testing.TB) (all []slot) {
	t.Helper()
	method := a.verb.receiver().Name() + "." + a.verb.method()
	s := seeker{t: t, method: method, found: func(s slot) { all = append(all, s) }}
	s.value("As", a.verb.receiver().Name()+" As", reflect.ValueOf(&a.by).Elem())
	s.value("With", "", reflect.ValueOf(&a.opts).Elem())
	names := must[map[string][]string](t)(parameters())[method]
	for i, arg := range a.args {
		s.value(names[min(i, len(names)-1)], "", arg)
	}
	return all
}

// seeker goes through values for what takes a text.
type seeker struct {
	t      testing.TB
	method string
	found  func(slot)
}

// value looks into v, which stands at path, and as field in a struct.
func (s seeker) value(path, field string, v reflect.Value) {
	if lookThrough(v.Type()) {
		return
	}
	names := []string{s.method + " " + path}
	if field != "" {
		names = append(names, field)
	}
	names = append(names, v.Type().String())
	if set, ok := reflect.TypeAssert[*tenancy.ModelSet](v.Addr()); ok {
		s.found(slot{path, names, func() string { return fmt.Sprint(set.List()) }, func(text string) { *set = tenancy.Models(tenancy.ModelID(text)) }})
		return
	}
	switch v.Kind() {
	case reflect.String:
		s.found(slot{path, names, v.String, v.SetString})
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			switch {
			case f.Anonymous:
				s.value(path, "", v.Field(i))
			case f.IsExported():
				s.value(path+"."+f.Name, v.Type().Name()+"."+f.Name, v.Field(i))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			s.value(path, field, v.Index(i))
		}
	}
}

// lookThrough says that no text can be in a value of the type.
func lookThrough(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.String, reflect.Struct, reflect.Slice:
		return t == reflect.TypeFor[time.Time]()
	}
	return true
}

// texts are the paths of all that takes a text in a value of the type.
func texts(t testing.TB, path string, of reflect.Type) (all []string) {
	t.Helper()
	switch {
	case of == reflect.TypeFor[tenancy.ModelSet](), of.Kind() == reflect.String:
		return []string{path}
	case of.Kind() == reflect.Slice, of.Kind() == reflect.Array:
		return texts(t, path, of.Elem())
	case of.Kind() == reflect.Struct && !lookThrough(of):
		for i := range of.NumField() {
			f := of.Field(i)
			switch {
			case f.Anonymous:
				all = append(all, texts(t, path, f.Type)...)
			case f.IsExported():
				all = append(all, texts(t, path+"."+f.Name, f.Type)...)
			case of != reflect.TypeFor[tenet.ChangeOptions]() && len(texts(t, path, f.Type)) > 0:
				t.Errorf("%s has a field %s that no test can look into", of, f.Name)
			}
		}
	case slices.Contains([]reflect.Kind{reflect.Map, reflect.Pointer, reflect.Interface, reflect.Chan}, of.Kind()):
		t.Errorf("%s is a %s, which no test looks into yet", path, of)
	}
	return all
}

// parameters are the names of what each method of Actor and Operator takes after the
// context.
var parameters = sync.OnceValues(func() (map[string][]string, error) {
	notTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	parsed, err := parser.ParseDir(token.NewFileSet(), ".", notTests, parser.SkipObjectResolution) //nolint:staticcheck // one folder, no build tags
	if err != nil {
		return nil, err
	}
	names := map[string][]string{}
	for _, f := range parsed["tenet"].Files {
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			on, _ := fn.Recv.List[0].Type.(*ast.Ident)
			if on == nil || on.Name != "Actor" && on.Name != "Operator" {
				continue
			}
			var all []string
			for _, field := range fn.Type.Params.List {
				for _, name := range field.Names {
					all = append(all, name.Name)
				}
			}
			names[on.Name+"."+fn.Name.Name] = all[1:]
		}
	}
	return names, nil
})

// reply is all that came of a verb.
type reply struct {
	values   []any // what it returned and yielded, but for errors
	err      error // the first; errDenied of a decision
	panicked any
}

// errDenied stands for a decision that is none to allow.
var errDenied = errors.New("denied")

// do asks a Tenet.
func (a *asking) do(ctx context.Context, t *tenet.Tenet) reply {
	if a.verb.operators() {
		return a.on(ctx, reflect.ValueOf(t.Operator(a.by).With(a.opts)))
	}
	return a.on(ctx, reflect.ValueOf(t.As(a.by).With(a.opts)))
}

// on asks an Actor or an Operator.
func (a *asking) on(ctx context.Context, receiver reflect.Value) (got reply) {
	defer func() { got.panicked = recover() }()
	in := append([]reflect.Value{reflect.ValueOf(&ctx).Elem()}, a.args...)
	for _, out := range receiver.MethodByName(a.verb.method()).Call(in) {
		got.take(out)
	}
	return got
}

// given says what came beside an error that says that nothing should: empty where
// nothing did.
func (got reply) given() string {
	if got.err == nil || errors.Is(got.err, tenet.ErrSecretShown) || errors.Is(got.err, errDenied) {
		return ""
	}
	for _, v := range got.values {
		if secret, ok := v.(keys.Secret); ok && secret.Reveal() != "" || !ok && !reflect.ValueOf(v).IsZero() {
			return fmt.Sprintf("%+v", v)
		}
	}
	return ""
}

func (got *reply) take(out reflect.Value) {
	if out.Kind() == reflect.Func && out.Type().CanSeq2() {
		for v, err := range out.Seq2() {
			got.take(v)
			got.take(err)
		}
		return
	}
	switch v := out.Interface().(type) {
	case nil:
	case error:
		if got.err == nil {
			got.err = v
		}
	case access.Decision:
		got.values = append(got.values, v)
		if !v.Allowed() {
			got.err = fmt.Errorf("%w: %s", errDenied, v.Reason)
		}
	default:
		got.values = append(got.values, v)
	}
}

// Every exported method of Actor and Operator stands in the table of who may do what,
// and in that of deeds, whose arguments reach every text that the method takes; and
// for each there is a rule of which texts are good.
func TestA14TableIsWhole(t *testing.T) {
	apart := []string{
		"Actor.With", "Operator.With", // no verbs: their options are in every deed
		"Actor.Begin",                               // a call: TestWhoLeavesRecords
		"Actor.Organizations", "Actor.AcceptInvite", // of the person alone: TestOrganizations, TestAcceptInvite
	}
	ruled, reached := map[string]bool{}, map[string]map[string]bool{}
	for _, v := range verbs() {
		ruled["Actor."+v.method()] = true
		if len(v.may) != len(people) {
			t.Errorf("%s has %d columns, want one for each of %v", v.name, len(v.may), people)
		}
	}
	for _, v := range operatorVerbs() {
		ruled["Operator."+v.method()] = true
	}
	on, names := newTown(t).grounds(), must[map[string][]string](t)(parameters())
	for _, d := range deeds() {
		method := d.receiver().Name() + "." + d.method()
		if reached[method] == nil {
			reached[method] = map[string]bool{}
		}
		for _, s := range d.asked(on).slots(t) {
			reached[method][s.path] = true
			if _, ok := ruleOf(s); !ok {
				t.Errorf("%s: no rule of which texts are good for %s: one of %q", d.name, s.path, s.names)
			}
		}
	}
	for _, path := range texts(t, "With", reflect.TypeFor[tenet.ChangeOptions]()) {
		if !reached["Actor.CreateProject"][path] {
			t.Errorf("no deed has a text at %s", path)
		}
	}
	for _, of := range []reflect.Type{reflect.TypeFor[tenet.Actor](), reflect.TypeFor[tenet.Operator]()} {
		if of.NumMethod() != reflect.PointerTo(of).NumMethod() {
			t.Errorf("%s has methods of its pointer, which nothing here calls", of)
		}
		for m := range of.Methods() {
			method := of.Name() + "." + m.Name
			if !ruled[method] && !slices.Contains(apart, method) {
				t.Errorf("%s is not in the table of who may do what", method)
			}
			if m.Name == "With" {
				continue
			}
			if reached[method] == nil {
				t.Errorf("%s is not in the table of deeds (deeds_test.go)", method)
				continue
			}
			for i := range m.Type.NumIn() - 2 {
				name := names[method][i]
				for _, path := range texts(t, name, m.Type.In(i+2)) {
					if !reached[method][path] {
						t.Errorf("%s: no deed has a text at %s", method, path)
					}
				}
			}
		}
	}
}
