package accesstest_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access/accesstest"
)

var update = flag.Bool("update", false, "write testdata")

func TestReport(t *testing.T) {
	w := accesstest.New(t)
	whole(w)
	accesstest.Golden(t, "testdata/whole.txt", w.View(), *update)
}

// A report of a view that has nothing in it says so.
func TestReportOfNothing(t *testing.T) {
	if got := accesstest.Report(accesstest.New(t).View()); got != "catalogue\n\n" {
		t.Errorf("report %q", got)
	}
}

func TestGolden(t *testing.T) {
	file := filepath.Join(t.TempDir(), "testdata", "access.txt")
	golden := func(w *accesstest.World, update bool) string {
		f := during(func(t accesstest.TB) { accesstest.Golden(t, file, w.View(), update) })
		if len(f.failed) > 0 && f.helped == 0 {
			t.Error("fails at a line of its own")
		}
		return strings.ReplaceAll(strings.Join(f.failed, "\n"), file, "FILE")
	}
	w := small(t)
	if got := golden(w, false); got != "accesstest: FILE is not there; write it by updating, and review it" {
		t.Errorf("no file: %s", got)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("written without being told to")
	}
	if got := golden(w, true) + golden(w, false); got != "" {
		t.Errorf("written, and read back: %s", got)
	}
	text := read(t, file)
	write(t, file, strings.ReplaceAll(text, "\n", "\r\n"))
	if got := golden(w, false); got != "" {
		t.Errorf("with line ends of Windows: %s", got)
	}

	w.FindProject("acme/web").Without("vic").Members("vic")
	w.FindKey("bobs").Only(accesstest.All)
	w.FindOrg("acme").FormerMembers("eve").Members("-")
	w.RetiredModels("fast")
	want := `accesstest: access is not as FILE has it; update it if that is meant

gained
    "-" in acme: see_organization
    key bobs in acme/web: calls gpt-5
    vic in acme/web: call_model, calls gpt-5, create_key for oneself

catalogue (-old +now)
    - fast = gpt-5
    + fast = gpt-5, retired

keys of acme/web (-old +now)
    - bobs  personal bob  model_not_in_plan  model_not_in_key
    + bobs  personal bob  model_not_in_plan  allow

people of acme (-old +now)
    + -  member  -
    - eve  suspended  -
    - vic  member  viewer sees
    + vic  member  member calls`
	if diff := gocmp.Diff(want, golden(w, false)); diff != "" {
		t.Errorf("gained (-want +got):\n%s", diff)
	}
	if read(t, file) == accesstest.Report(w.View()) {
		t.Error("a report that differs was written without being told to")
	}
	mustPass(t, golden(w, true))

	w.FindOrg("acme").FormerMembers("bob")
	want = `accesstest: access is not as FILE has it; update it if that is meant

lost
    bob in acme: see_organization
    bob in acme/web: archive_project, call_model, calls gpt-5, change_models, change_people, create_key, create_key for oneself, edit_key acme/web/ci, edit_key bobs, leave_project, list_keys, list_roster, lower_limits, rename_project, revoke_key acme/web/ci, revoke_key bobs, rotate_key acme/web/ci, rotate_key bobs, see_archived, see_audit, see_emails, see_people, see_project, see_usage
    key bobs in acme/web: calls gpt-5

keys of acme/web (-old +now)
    - bobs  personal bob  model_not_in_plan  allow
    + bobs  personal bob  holder_may_not_call, model_not_in_plan  holder_may_not_call

people of acme (-old +now)
    - bob  member  owner calls`
	if diff := gocmp.Diff(want, golden(w, false)); diff != "" {
		t.Errorf("lost (-want +got):\n%s", diff)
	}
	mustPass(t, golden(w, true))

	write(t, file, strings.ReplaceAll(read(t, file), "  -> ", "   -> "))
	if got := golden(w, false); !strings.HasSuffix(got, "\n\nno more than spaces and order differ") {
		t.Errorf("spaces: %s", got)
	}
}

// A project that is new is told as what its people gain, and a world with a mistake is never
// written.
func TestGoldenRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "access.txt")
	var w accesstest.World
	w.Org("acme")
	f := during(func(t accesstest.TB) { accesstest.Golden(t, file, w.View(), true) })
	if want := `accesstest: Org("acme"): it has no owner, and an organization keeps at least one`; strings.Join(f.failed, "\n") != want {
		t.Errorf("failed: %q", f.failed)
	}
	if _, err := os.Stat(file); err == nil {
		t.Error("a world with a mistake was written")
	}
	if f = during(func(t accesstest.TB) { accesstest.Golden(t, dir, small(t).View(), false) }); len(f.failed) != 1 {
		t.Errorf("a folder for a file: %q", f.failed)
	}
	if f = during(func(t accesstest.TB) { accesstest.Golden(t, dir, small(t).View(), true) }); len(f.failed) != 1 {
		t.Errorf("writing to a folder: %q", f.failed)
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustPass(t *testing.T, failure string) {
	t.Helper()
	if failure != "" {
		t.Fatal(failure)
	}
}
