package accesstest_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"example.com/tenet/access/accesstest"
	"example.com/tenet/tenancy"
)

// A mistake is told in the words of the statement.
func TestMistakes(t *testing.T) {
	type world = accesstest.World
	acme := func(w *world) *accesstest.Org { return w.FindOrg("acme") }
	web := func(w *world) *accesstest.Project { return w.FindProject("acme/web") }
	ci := func(w *world) *accesstest.Key { return w.FindKey("ci") }
	for _, tt := range []struct {
		name string
		say  func(*world)
		want string
	}{
		{"model twice", func(w *world) { w.Models("gpt-5") }, `Models("gpt-5"): gpt-5 is in the catalogue already`},
		{"model without a name", func(w *world) { w.Models("") }, `Models(""): tenancy: model: must be 1 to 128 ASCII letters, digits and ._-:/@+~`},
		{"model called all", func(w *world) { w.Models("all") }, `Models("all"): "all" is the word for every model`},
		{"alias of nothing", func(w *world) { w.Models("quick = gpt-6") },
			`Models("quick = gpt-6"): the catalogue has no "gpt-6"; there is claude-4, fast, gpt-5`},
		{"alias of an alias", func(w *world) { w.Models("quick = fast") }, `Models("quick = fast"): fast is an alias itself, of gpt-5`},
		{"retired, unknown", func(w *world) { w.RetiredModels("gpt-6") },
			`RetiredModels("gpt-6"): the catalogue has no "gpt-6"; there is claude-4, fast, gpt-5`},
		{"retired twice", func(w *world) { w.RetiredModels("fast", "fast") }, `RetiredModels("fast"): fast is retired already`},
		{"stranger without a name", func(w *world) { w.Strangers("") },
			`Strangers(""): tenancy: user: must be 1 to 255 bytes of UTF-8 without control characters`},

		{"organization twice", func(w *world) { w.Org("acme") }, `Org("acme"): it is there already`},
		{"organization without a name", func(w *world) { w.Org("") }, `Org(""): tenancy: name: must be 1 to 128 bytes`},
		{"organization without an owner", func(w *world) { w.Org("beta").Members("otto") },
			`Org("beta"): it has no owner, and an organization keeps at least one`},
		{"unknown organization", func(w *world) { w.FindOrg("amce").Plan("gpt-5") }, `FindOrg("amce"): there is no organization "amce"; there is acme`},
		{"unknown model in a plan", func(w *world) { acme(w).Plan("gpt-5", "gtp-5") },
			`Org("acme").Plan("gtp-5"): the catalogue has no "gtp-5"; there is claude-4, fast, gpt-5`},
		{"alias in a plan", func(w *world) { acme(w).Plan("fast") }, `Org("acme").Plan("fast"): fast is an alias; a set lists the model itself, gpt-5`},
		{"model twice in a plan", func(w *world) { acme(w).Plan("gpt-5", "gpt-5") }, `Org("acme").Plan("gpt-5", "gpt-5"): gpt-5 twice`},
		{"all and more", func(w *world) { acme(w).Plan("all", "gpt-5") }, `Org("acme").Plan("all", "gpt-5"): "all" stands alone`},
		{"own model that is public", func(w *world) { acme(w).OwnModels("gpt-5") },
			`Org("acme").OwnModels("gpt-5"): gpt-5 is in the catalogue already, and not another organization's own`},
		{"own model that is an alias", func(w *world) { acme(w).OwnModels("fast") },
			`Org("acme").OwnModels("fast"): fast is in the catalogue already, and not another organization's own`},
		{"own model twice", func(w *world) { acme(w).OwnModels("tuned", "tuned") },
			`Org("acme").OwnModels("tuned"): tuned is in the catalogue already, and not another organization's own`},

		{"owner twice", func(w *world) { acme(w).Owners("ann") }, `Org("acme").Owners("ann"): ann is an owner of it already`},
		{"suspended owner", func(w *world) { acme(w).SuspendedMembers("eve").Owners("eve") },
			`Org("acme").Owners("eve"): tenancy: role: must be member, while the person is suspended`},
		{"member twice", func(w *world) { acme(w).Members("bob") }, `Org("acme").Members("bob"): bob is on the roster already`},
		{"an owner as member", func(w *world) { acme(w).Members("ann") }, `Org("acme").Members("ann"): ann is on the roster already`},
		{"member without a name", func(w *world) { acme(w).Members("") },
			`Org("acme").Members(""): tenancy: user: must be 1 to 255 bytes of UTF-8 without control characters`},
		{"owner without a name", func(w *world) { acme(w).Owners("") },
			`Org("acme").Owners(""): tenancy: user: must be 1 to 255 bytes of UTF-8 without control characters`},
		{"demoted, no owner", func(w *world) { acme(w).Demoted("bob") }, `Org("acme").Demoted("bob"): bob is no owner of it`},
		{"last owner demoted", func(w *world) { acme(w).Demoted("ann") }, `Org("acme").Demoted("ann"): tenancy: an organization keeps at least one owner`},
		{"last owner suspended", func(w *world) { acme(w).SuspendedMembers("ann") },
			`Org("acme").SuspendedMembers("ann"): tenancy: an organization keeps at least one owner`},
		{"last owner gone", func(w *world) { acme(w).FormerMembers("ann") }, `Org("acme").FormerMembers("ann"): tenancy: an organization keeps at least one owner`},
		{"suspended twice", func(w *world) { acme(w).SuspendedMembers("bob", "bob") }, `Org("acme").SuspendedMembers("bob"): bob is suspended already`},

		{"project twice", func(w *world) { acme(w).Project("web") }, `Project("acme/web"): it is there already, as web`},
		{"project of a folded name", func(w *world) { acme(w).Project("WEB").Models("gpt-5") }, `Project("acme/WEB"): it is there already, as web`},
		{"project without a name", func(w *world) { acme(w).Project("") }, `Project("acme/"): tenancy: name: must be 1 to 128 bytes`},
		{"unknown project", func(w *world) { w.FindProject("acme/wbe").Archived() }, `FindProject("acme/wbe"): there is no project "acme/wbe"; there is acme/web`},
		{"unknown model in a project", func(w *world) { web(w).Models("gpt5") },
			`Project("acme/web").Models("gpt5"): the catalogue has no "gpt5"; there is claude-4, fast, gpt-5`},
		{"place of nobody", func(w *world) { web(w).Owners("bbo") }, `Project("acme/web").Owners("bbo"): bbo is not on the roster of acme; there is ann, bob, cyd`},
		{"place twice", func(w *world) { web(w).Viewers("bob") }, `Project("acme/web").Viewers("bob"): bob has a place in it already, as member`},
		{"no place to lose", func(w *world) { web(w).Without("cyd") }, `Project("acme/web").Without("cyd"): cyd has no place in it`},

		{"key twice", func(w *world) { web(w).Key("ci") }, `Key("acme/web/ci"): acme/web has a key of that name already`},
		{"key without a name", func(w *world) { web(w).Key("") }, `Key("acme/web/"): tenancy: name: must be 1 to 128 bytes`},
		{"key of nobody", func(w *world) { web(w).PersonalKey("bobs", "bbo") },
			`Project("acme/web").PersonalKey("bobs", "bbo"): bbo is not on the roster of acme; there is ann, bob, cyd`},
		{"personal key twice", func(w *world) { web(w).PersonalKey("ci", "bob") },
			`Project("acme/web").PersonalKey("ci", "bob"): acme/web has a key of that name already`},
		{"unknown key", func(w *world) { w.FindKey("cy").Revoked() }, `FindKey("cy"): there is no key "cy"; there is ci`},
		{"unknown model in a key", func(w *world) { ci(w).Only("gpt5") },
			`Key("acme/web/ci").Only("gpt5"): the catalogue has no "gpt5"; there is claude-4, fast, gpt-5`},
		{"minted by nobody", func(w *world) { ci(w).MintedBy("bbo") }, `Key("acme/web/ci").MintedBy("bbo"): bbo is not on the roster of acme; there is ann, bob, cyd`},
		{"expires out of range", func(w *world) { ci(w).Expires(-100 * 365 * 24 * time.Hour) },
			`Key("acme/web/ci").Expires("-876000h0m0s"): tenancy: expires: must be UTC, in whole microseconds, between the years 1970 and 9999`},

		{"many names", func(w *world) {
			for i := range 14 {
				w.Models(fmt.Sprintf("m%02d", i))
			}
			acme(w).Plan("x")
		}, `Org("acme").Plan("x"): the catalogue has no "x"; there is claude-4, fast, gpt-5, m00, m01, m02, m03, m04, m05, m06, m07, m08 and 5 more`},
		{"the first counts", func(w *world) { acme(w).Plan("x").Owners("ann") },
			`Org("acme").Plan("x"): the catalogue has no "x"; there is claude-4, fast, gpt-5`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var w world
			w.Models("gpt-5", "claude-4", "fast = gpt-5")
			w.Org("acme").Plan("gpt-5").Owners("ann").Members("bob", "cyd").Project("web").Members("bob").Key("ci")
			tt.say(&w)
			v := w.View()
			if got := fmt.Sprint(w.Err()); got != "accesstest: "+tt.want {
				t.Errorf("mistake:\ngot  %s\nwant accesstest: %s", got, tt.want)
			}
			if err := accesstest.Check(v, `ann see_project acme/web -> allow # if it were whole`); err != w.Err() {
				t.Errorf("Check of a world with a mistake: %v", err)
			}
			if v.Can("ann", "see_project", v.Explain("", "").Subject).Allowed() || accesstest.Report(v) != "" || accesstest.Compare(v, v) != "" {
				t.Error("a world with a mistake decides, or is reported")
			}
		})
	}
}

func TestNothingAtAllIsKnown(t *testing.T) {
	var w accesstest.World
	if w.Models("fast = gpt-5"); fmt.Sprint(w.Err()) != `accesstest: Models("fast = gpt-5"): the catalogue has no "gpt-5"; there is none at all` {
		t.Errorf("mistake: %v", w.Err())
	}
}

// fake is a test that records how it failed. It ends as a test does.
type fake struct {
	helped int
	failed []string
	fatal  bool
}

func (f *fake) Helper() { f.helped++ }
func (f *fake) Errorf(format string, args ...any) {
	f.failed = append(f.failed, fmt.Sprintf(format, args...))
}
func (f *fake) Fatalf(format string, args ...any) {
	f.Errorf(format, args...)
	f.fatal = true
	runtime.Goexit()
}

// during returns what became of a test.
func during(test func(t accesstest.TB)) *fake {
	f, done := &fake{}, make(chan struct{})
	go func() {
		defer close(done)
		test(f)
	}()
	<-done
	return f
}

func TestAMistakeEndsTheTest(t *testing.T) {
	reached := false
	f := during(func(t accesstest.TB) {
		accesstest.New(t).Org("acme").Plan("gpt-5")
		reached = true
	})
	want := `accesstest: Org("acme").Plan("gpt-5"): the catalogue has no "gpt-5"; there is none at all`
	if reached || !f.fatal || f.helped == 0 || len(f.failed) != 1 || f.failed[0] != want {
		t.Errorf("went on: %t; failed: %q", reached, f.failed)
	}
}

func TestFromRefusesWhatASnapshotDoes(t *testing.T) {
	f := during(func(t accesstest.TB) {
		accesstest.From(t, time.Now(), tenancy.Organization{ID: "org_1"}, tenancy.ProjectMember{Org: "org_1", Project: "proj_1", User: "ann"})
	})
	want := `accesstest: From: project_member record "proj_1ann" of "org_1": of a project that is missing`
	if !f.fatal || strings.Join(f.failed, "\n") != want {
		t.Errorf("failed: %q", f.failed)
	}
	w := accesstest.From(nil, time.Now(), nil, tenancy.Organization{ID: "org_1"})
	if fmt.Sprint(w.Err()) != `accesstest: From: unknown record "" of "": not a record by value` || len(w.Records()) != 0 {
		t.Errorf("mistake: %v", w.Err())
	}
}
