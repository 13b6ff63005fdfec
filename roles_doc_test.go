package tenet_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/doc"
	"os"
	"slices"
	"strings"
	"testing"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

var update = flag.Bool("update", false, "write the generated documentation anew")

// ROLES.md is the role table of the code, and its verbs as the tests of who may do
// what hold them: neither can say what the code does not do.
func TestROLES(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# Who may do what

Made from the code and held to it by the tests: ` + "`go test -run TestROLES -update .`" + ` writes it anew.

## Actions

What [access.Table](access/action.go) allows. A person has the rights of every column that they stand in; an owner of the
organization stands in the first, with a place in the project or without.

| action | whose key | organization owner | project owner | project member | project viewer | anybody on the roster | in an archived project too |
|---|---|---|---|---|---|---|---|
`)
	for _, r := range access.Table() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", r.Action, r.Whose,
			tick(r.OrgOwner), tick(r.Owner), tick(r.Member), tick(r.Viewer), tick(r.OrgMember), tick(r.Archived))
	}
	b.WriteString(`
## Verbs of people

Methods of ` + "`tenet.Actor`" + `. "Hidden" is ErrNotFound, the same as of what does not exist; "no" is ErrForbidden, of what the person
sees. The last column is the action under which a change stands in the audit trail.

| verb | what it does | organization owner | project owner | project member | project viewer | on the roster | others | audit |
|---|---|---|---|---|---|---|---|---|
`)
	synopses := methodDocs(t)
	for _, v := range verbs() {
		name, _, _ := strings.Cut(v.name, "/")
		fmt.Fprintf(&b, "| `%s` | %s |", v.name, synopses["Actor."+name])
		for _, letter := range v.may[:6] { // otto and nik are others alike
			fmt.Fprintf(&b, " %s |", map[rune]string{'+': "yes", 'f': "no", '-': "hidden", 'l': "unless the last"}[letter])
		}
		fmt.Fprintf(&b, " %s |\n", auditedAs(t, v))
		if v.may[5] != v.may[6] {
			t.Errorf("%s tells an owner of another organization from nobody", v.name)
		}
	}
	b.WriteString(`
## Verbs of the operator

Methods of ` + "`tenet.Operator`" + `, which no role gives.

| verb | what it does |
|---|---|
`)
	var operators []string
	for name, synopsis := range synopses {
		if verb, ok := strings.CutPrefix(name, "Operator."); ok && verb != "With" {
			operators = append(operators, fmt.Sprintf("| `%s` | %s |\n", verb, synopsis))
		}
	}
	slices.Sort(operators)
	b.WriteString(strings.Join(operators, ""))
	hold(t, "ROLES.md", b.String())
}

func tick(yes bool) string {
	if yes {
		return "yes"
	}
	return ""
}

// auditedAs is the action of the entry that a verb leaves, done by an owner or, where
// they may not, by whoever may.
func auditedAs(t *testing.T, v verb) string {
	t.Helper()
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	switch v.name { // which find nothing to do in a town
	case "RestoreProject":
		must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, w.project.ID))
	case "ResumeMember":
		mustNot(t, ann.SuspendMember(ctx, w.org, "vic"))
	case "SetRole":
		mustNot(t, ann.SetRole(ctx, w.org, "vic", tenancy.RoleOwner))
	}
	before := len(entries(t, w.st, w.org))
	_ = v.do(t.Context(), w.As(people[max(strings.IndexByte(v.may, '+'), 0)]), w.ids())
	var actions []store.Action
	for _, e := range entries(t, w.st, w.org)[:len(entries(t, w.st, w.org))-before] {
		actions = append(actions, e.Action)
	}
	if len(actions) == 0 {
		return ""
	}
	return "`" + string(actions[0]) + "`"
}

// methodDocs are the first sentences of the root package's methods, by type and name.
func methodDocs(t *testing.T) map[string]string {
	t.Helper()
	p := load(t)["."]
	docs := map[string]string{}
	for _, f := range p.files {
		for _, d := range f.Decls {
			m, ok := d.(*ast.FuncDecl)
			if !ok || m.Recv == nil || !m.Name.IsExported() {
				continue
			}
			recv, ok := m.Recv.List[0].Type.(*ast.Ident)
			if !ok {
				continue
			}
			text := new(doc.Package).Synopsis(m.Doc.Text())
			text = strings.TrimSuffix(strings.TrimPrefix(text, m.Name.Name+" "), ".")
			docs[recv.Name+"."+m.Name.Name] = strings.NewReplacer("[", "", "]", "", "|", "\\|").Replace(text)
		}
	}
	return docs
}

// hold compares a generated file with what it should be, or writes it.
func hold(t *testing.T, name, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what the code says; go test -run %s -update . writes it anew", name, t.Name())
	}
}
