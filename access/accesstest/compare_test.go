package accesstest_test

import (
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/access/accesstest"
)

// Effects are told by names, in their order, also of what is there in one view alone.
func TestCompare(t *testing.T) {
	w := accesstest.New(t)
	w.Models("gpt-5", "claude-4")
	acme := w.Org("acme").Plan(accesstest.All).Owners("ann").Members("bob", "cyd")
	for _, name := range []string{"web", "lab"} {
		p := acme.Project(name).Models("gpt-5").Owners("bob", "cyd")
		p.Key("ci").MintedBy("bob")
		p.Key("batch").MintedBy("cyd")
		p.Key("cron").MintedBy("bob")
		p.PersonalKey(name+" bob", "bob")
	}
	before := w.View()
	acme.Plan("claude-4").SuspendedMembers("bob").Project("new").Models("claude-4").Viewers("cyd").Key("first")
	after := w.View()

	want := `key acme/lab/batch in acme/lab stops: model_not_in_plan
key acme/lab/ci in acme/lab stops: model_not_in_plan
key acme/lab/cron in acme/lab stops: model_not_in_plan
key lab bob in acme/lab stops: holder_may_not_call, model_not_in_plan
key first in acme/new gains claude-4
key acme/web/batch in acme/web stops: model_not_in_plan
key acme/web/ci in acme/web stops: model_not_in_plan
key acme/web/cron in acme/web stops: model_not_in_plan
key web bob in acme/web stops: holder_may_not_call, model_not_in_plan
ann in acme/new: owner* calls, was -
bob in organization acme: -, was member
bob in acme/lab: -, was owner calls
bob in acme/web: -, was owner calls
cyd in acme/new: viewer sees, was -
bob keeps a secret of service key acme/lab/ci in acme/lab
bob keeps a secret of service key acme/lab/cron in acme/lab
bob keeps a secret of service key acme/web/ci in acme/web
bob keeps a secret of service key acme/web/cron in acme/web
`
	if diff := gocmp.Diff(want, accesstest.Compare(before, after)); diff != "" {
		t.Errorf("there (-want +got):\n%s", diff)
	}
	back := accesstest.Compare(after, before)
	for _, line := range []string{"key first in acme/new stops: unknown_key\n", "ann in acme/new: -, was owner* calls\n"} {
		if !strings.Contains(back, line) {
			t.Errorf("back: no %q in\n%s", line, back)
		}
	}
	if got := accesstest.Compare(after, after); got != (access.Effects{}).String() {
		t.Errorf("no change: %s", got)
	}
}

// Only what a table really asks is covered.
func TestUncovered(t *testing.T) {
	w := accesstest.New(t)
	w.Models("gpt-5", "claude-4").Org("acme").Plan(accesstest.All).Owners("ann").Project("web").Models("gpt-5").Key("ci")
	v := w.View()
	var all []string
	for _, r := range access.Table() {
		all = append(all, string(r.Action))
	}
	rest := func(table string) string { return accesstest.Uncovered(v, table) }
	if got := rest(""); !strings.HasPrefix(got, "ann: see_project, ") || !strings.HasSuffix(got, "change_settings\nci calls: claude-4, gpt-5\n") {
		t.Errorf("an empty table leaves %s", got)
	}
	ask := "# w\n"
	for _, action := range all {
		for _, on := range []string{"acme", "acme/web", "ci"} {
			ask += "ann " + action + " " + on + " -> allow\n" // lines about the wrong subject are refused
		}
	}
	if got := rest(ask); got != "ci calls: claude-4, gpt-5\n" {
		t.Errorf("all actions leave %s", got)
	}
	if got := rest(ask + "ci calls gpt-5, claude-4 -> allow"); got != "" {
		t.Errorf("all leaves %s", got)
	}
	if got := rest("# w\nann see_settings acme/web -> allow"); !strings.Contains(got, "see_settings") {
		t.Errorf("a question about the wrong subject covers: %s", got)
	}
	for _, line := range []string{"ci calls gpt-5 -> alow", "cu calls gpt-5 -> allow", "ann calls gpt-5 in acme/web -> allow"} {
		if got := rest(ask + line); got != "ci calls: claude-4, gpt-5\n" {
			t.Errorf("%s leaves %s", line, got)
		}
	}
}
