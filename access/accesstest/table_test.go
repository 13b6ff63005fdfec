package accesstest_test

import (
	"fmt"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/access/accesstest"
)

// small is a world for tables: two organizations, and a key name that both have.
func small(t accesstest.TB) *accesstest.World {
	w := accesstest.New(t)
	w.Models("gpt-5", "claude-4", "fast = gpt-5").Strangers("zoe")
	acme := w.Org("acme").Plan("gpt-5").Owners("ann").Members("bob", "vic").SuspendedMembers("eve")
	web := acme.Project("web").Models("gpt-5", "claude-4").Owners("bob").Viewers("vic")
	web.Key("ci")
	web.PersonalKey("bobs", "bob").Only("claude-4")
	w.Org("Beta Corp").Owners("otto").Project("shop, new").Key("ci")
	return w
}

// Each line is right or fails with what is said of it; only "why" is added.
func TestTable(t *testing.T) {
	v := small(t).View()
	for _, tt := range []struct {
		name, line string
		want       string // what is said; empty where the line holds
	}{
		{"allowed", `ann archive_project acme/web -> allow # w`, ""},
		{"denied", `vic archive_project acme/web -> deny forbidden # w`, ""},
		{"by key, with its path", `acme/web/ci calls fast -> allow # w`, ""},
		{"in person", `bob calls fast in acme/web -> allow # w`, ""},
		{"in quotes", `"otto" "see_project" "Beta Corp/shop, new" -> allow # w`, ""},
		{"on a key", `ann revoke_key bobs -> allow # w`, ""},
		{"for oneself", `bob create_key acme/web for bob -> allow # w`, ""},
		{"for somebody else", `bob create_key acme/web for ann -> deny forbidden # w`, ""},
		{"a service key", `vic create_key acme/web -> deny forbidden # w`, ""},
		{"roster of an organization, and of a project", `bob list_roster acme/web -> allow # w`, ""},
		{"roster of the organization", `bob list_roster acme -> deny forbidden # w`, ""},
		{"a model that is not there, on purpose", `bobs calls gpt-6 -> deny model_unknown # w`, ""},
		{"no model, on purpose", `bobs calls "" -> deny no_model # w`, ""},
		{"a list", `ann, bob, "vic" see_project, list_keys acme/web -> allow # w`, ""},
		{"a list over lines", "ann,\n bob see_project acme/web -> allow # w", ""},

		{"allowed, and not wanted", `ann archive_project acme/web -> deny forbidden # w`,
			"want  deny forbidden\ngot   allow\nwho   ann is an owner of acme; in acme/web: owner* calls\nwhy   w"},
		{"denied for another reason", `zoe see_project acme/web -> deny forbidden # w`,
			"want  deny forbidden\ngot   deny not_found\nwho   zoe is not on the roster of acme\nwhy   w"},
		{"a suspended person", `eve see_organization acme -> allow # w`, "want  allow\ngot   deny not_found\nwho   eve is suspended in acme\nwhy   w"},
		{"all reasons", `bobs calls claude-4 -> allow # w`,
			"want  allow\ngot   deny model_not_in_plan\nwho   bobs is a personal key of acme/web; bob is a member of acme; in acme/web: owner calls\nwhy   w"},
		{"the first reason counts", `"Beta Corp/shop, new/ci" calls gpt-5 -> deny model_not_enabled # w`,
			"want  deny model_not_enabled\ngot   deny model_not_in_plan, model_not_enabled\nwho   Beta Corp/shop, new/ci is a service key of Beta Corp/shop, new\nwhy   w"},

		{"unknown person", `bbo see_project acme/web -> deny not_found # w`, "but   there is no person \"bbo\"; there is ann, bob, eve, otto, vic, zoe\nwhy   w"},
		{"unknown action", `bob sea_project acme/web -> deny not_found # w`, "but   there is no action \"sea_project\"; there is archive_project, "},
		{"unknown project", `bob see_project acme/wbe -> deny not_found # w`, "but   there is no project \"acme/wbe\"; there is \"Beta Corp/shop, new\", acme/web\nwhy   w"},
		{"unknown organization", `bob see_settings amce -> deny not_found # w`, "but   there is no organization \"amce\"; there is \"Beta Corp\", acme\nwhy   w"},
		{"unknown key", `ann revoke_key cu -> deny not_found # w`, "but   there is no key \"cu\"; there is "},
		{"unknown caller", `cu calls gpt-5 -> deny unknown_key # w`, "but   there is no key \"cu\"; there is "},
		{"unknown project to call in", `bob calls gpt-5 in web -> deny holder_may_not_call # w`, "but   there is no project \"web\"; there is "},
		{"unknown model", `bobs calls gpt-6 -> deny model_not_in_plan # w`, "but   there is no model \"gpt-6\"; there is claude-4, fast, gpt-5\nwhy   w"},
		{"unknown holder", `bob create_key acme/web for bbo -> deny forbidden # w`, "but   there is no person \"bbo\"; there is "},
		{"a name that two have", `ci calls gpt-5 -> allow # w`, "but   \"ci\" is more than one key: \"Beta Corp/shop, new/ci\", acme/web/ci\nwhy   w"},
		{"a person who calls as a key does", `bob calls gpt-5 -> allow # w`, "but   bob is a person, who calls a model \"in\" a project\nwhy   w"},
		{"a project for an organization", `ann see_settings acme/web -> allow # w`,
			"but   see_settings is about an organization, and \"acme/web\" is a project\nwhy   w"},
		{"an organization for a project", `ann rename_project acme -> allow # w`, "but   rename_project is about a project, and \"acme\" is an organization\nwhy   w"},
		{"a project for a key", `ann edit_key acme/web -> allow # w`, "but   edit_key is about a key, and \"acme/web\" is a project\nwhy   w"},
		{"a key for either", `ann list_roster bobs -> allow # w`, "but   list_roster is about an organization or a project, and \"bobs\" is a key\nwhy   w"},
		{"for, of another action", `bob see_project acme/web for bob -> allow # w`,
			"but   \"for\" says whose key create_key makes, and nothing of see_project\nwhy   w"},

		{"no arrow", `ann see_project acme/web allow # w`, `but   no "->" between the question and the answer`},
		{"no why", `ann see_project acme/web -> allow`, `but   no why: neither a # at its end nor a comment above it`},
		{"no reason", `ann see_project acme/web -> deny # w`, `but   a denial names its reason`},
		{"unknown reason", `ann see_project acme/web -> deny verboten # w`, `but   there is no reason "verboten"`},
		{"allowed for a reason", `ann see_project acme/web -> allow forbidden # w`, `but   the answer is neither "allow" nor "deny" and a reason`},
		{"denied twice", `ann see_project acme/web -> deny forbidden not_found # w`, `but   the answer is neither "allow" nor "deny" and a reason`},
		{"no answer", `ann see_project acme/web -> # w`, `but   the answer is neither "allow" nor "deny" and a reason`},
		{"another answer", `ann see_project acme/web -> yes # w`, `but   the answer is neither "allow" nor "deny" and a reason`},
		{"quotation without end", `"ann see_project acme/web -> allow # w`, `but   a quotation that does not end`},
		{"nobody", `-> allow # w`, notAQuestion},
		{"no subject", `ann see_project -> allow # w`, notAQuestion},
		{"no action", `ann -> allow # w`, notAQuestion},
		{"no model", `bobs calls -> allow # w`, notAQuestion},
		{"no project", `bob calls gpt-5 in -> allow # w`, notAQuestion},
		{"no in", `bob calls gpt-5 acme/web -> allow # w`, notAQuestion},
		{"in, of an action", `bob see_project in acme/web -> allow # w`, notAQuestion},
		{"for, of nobody", `bob create_key acme/web for -> allow # w`, notAQuestion},
		{"for, of a call", `bobs calls gpt-5 for bob -> allow # w`, notAQuestion},
		{"one word more", `bob see_project acme/web too -> allow # w`, notAQuestion},
		{"a comma too many", `ann,, bob see_project acme/web -> allow # w`, notAQuestion},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := accesstest.Check(v, tt.line)
			if tt.want == "" {
				if err != nil {
					t.Errorf("fails:\n%v", err)
				}
				return
			}
			said := strings.ReplaceAll(fmt.Sprint(err), "\n        ", "\n")
			if !strings.HasPrefix(said, "accesstest: 1 of 1 expectations fail\n\n    line 1: ") || !strings.Contains(said, "\n"+tt.want) {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
}

const notAQuestion = `but   the question is none of "who action subject", "who calls model" and "who calls model in project"`

// The whole text of a failing table: in the order of its lines, mistaken ones among them.
func TestFailures(t *testing.T) {
	v := small(t).View()
	table := `
# Owners decide,
# viewers do not.

ann, vic archive_project, rename_project acme/web -> allow
vic change_models acme/web
bob create_key acme/web for bob -> deny forbidden   # their own
"Beta Corp/shop, new/ci" calls gpt-5 -> deny key_revoked
vic see_project, change_models acme/web -> deny not_found # two answers

# Another heading
otto calls gpt-5 in "Beta Corp/shop, new" -> allow
`
	want := `accesstest: 8 of 10 expectations fail

    line 5: vic archive_project, rename_project acme/web
        want  allow
        got   deny forbidden
        who   vic is a member of acme; in acme/web: viewer sees
        why   Owners decide, viewers do not.

    line 6: vic change_models acme/web
        but   no "->" between the question and the answer

    line 7: bob create_key acme/web for bob
        want  deny forbidden
        got   allow
        who   bob is a member of acme; in acme/web: owner calls
        why   their own

    line 8: "Beta Corp/shop, new/ci" calls gpt-5
        want  deny key_revoked
        got   deny model_not_in_plan, model_not_enabled
        who   Beta Corp/shop, new/ci is a service key of Beta Corp/shop, new
        why   Owners decide, viewers do not.

    line 9: vic see_project acme/web
        want  deny not_found
        got   allow
        who   vic is a member of acme; in acme/web: viewer sees
        why   two answers

    line 9: vic change_models acme/web
        want  deny not_found
        got   deny forbidden
        who   vic is a member of acme; in acme/web: viewer sees
        why   two answers

    line 12: otto calls gpt-5 in "Beta Corp/shop, new"
        want  allow
        got   deny model_not_in_plan
        who   otto is an owner of Beta Corp; in Beta Corp/shop, new: owner* calls
        why   Another heading`
	if diff := gocmp.Diff(want, fmt.Sprint(accesstest.Check(v, table))); diff != "" {
		t.Errorf("Check (-want +got):\n%s", diff)
	}
	f := during(func(t accesstest.TB) { accesstest.Run(t, v, table) })
	if diff := gocmp.Diff([]string{want}, f.failed); diff != "" || f.fatal || f.helped == 0 {
		t.Errorf("Run (-want +got):\n%s", diff)
	}
}

func TestAnEmptyTableIsAnError(t *testing.T) {
	v := small(t).View()
	for _, table := range []string{"", "\n\n", "# only a heading\n"} {
		if err := accesstest.Check(v, table); fmt.Sprint(err) != "accesstest: the table is empty" {
			t.Errorf("%q: %v", table, err)
		}
	}
}

// What an action is about is read off package access. If it were not so, a line about the wrong
// subject would be denied, and pass.
func TestEveryActionHasASubject(t *testing.T) {
	v := small(t).View()
	for _, r := range access.Table() {
		subjects := []string{"acme", "acme/web", "acme/web/ci"}
		taken := 0
		for _, on := range subjects {
			err := accesstest.Check(v, fmt.Sprintf("ann %s %s -> allow # owners may do nearly all", r.Action, on))
			if err == nil || strings.Contains(err.Error(), "want  allow") {
				taken++
			}
		}
		if want := map[bool]int{true: 2, false: 1}[r.Action == access.ListRoster]; taken != want {
			t.Errorf("%s is about %d of %q, want %d", r.Action, taken, subjects, want)
		}
	}
}

// Whatever a table says, it is checked or refused, and takes nothing from what other lines say.
func TestTablesOfAnyWords(t *testing.T) {
	v := small(t).View()
	words := []string{"ann", "bob", "ci", "acme", "acme/web", "see_project", "create_key", "edit_key", "calls", "in", "for", "gpt-5", "->", "allow", "deny",
		"forbidden", "#", ",", "\"", `""`, `"acme/web"`, "\n", "\t", "\x00", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		table := "ann see_project acme/web -> allow # w\n" + strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 1, 12).Draw(t, "words"), " ")
		if got := fmt.Sprint(accesstest.Check(v, table)); strings.Contains(got, "line 1:") {
			t.Errorf("%q: %s", table, got)
		}
		if got := accesstest.Uncovered(v, table); !strings.HasPrefix(got, "ann: see_archived, ") {
			t.Errorf("%q leaves %s", table, got)
		}
	})
}
