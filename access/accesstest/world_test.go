package accesstest_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet/access"
	"example.com/tenet/access/accesstest"
	"example.com/tenet/tenancy"
)

// whole says everything that can be said.
func whole(w *accesstest.World) {
	w.Models("gpt-5", "claude-4", "o1", "fast = gpt-5", "slow=claude-4").RetiredModels("o1", "slow").Strangers("zoe")
	acme := w.Org("acme").Owners("ann", "abe").OwnModels("tuned")
	beta := w.Org("beta").Owners("otto").OwnModels("tuned").Plan(accesstest.All)
	acme.Plan("gpt-5", "claude-4", "tuned").Members("bob", "cyd", "vic", "rita").Owners("bob").Demoted("abe")
	acme.SuspendedMembers("eve").FormerMembers("dan", "fay")

	web := acme.Project("web").Models("gpt-5").Owners("cyd").Members("abe", "eve", "dan", "fay").Viewers("vic")
	web.Key("ci").Only("gpt-5").MintedBy("cyd").Expires(48 * time.Hour)
	web.PersonalKey("abes", "abe").Expires(-time.Second)
	web.PersonalKey("eves", "eve").Revoked()
	web.PersonalKey("fays", "fay")
	acme.Members("fay")
	acme.Project("lab").Models(accesstest.All).Members("vic").Without("vic").Viewers("vic")
	acme.Project("old").Members("vic").Archived().Key("old ci")

	beta.Project("web").Models("tuned").Key("ci")
	w.Org("gone").Owners("otto").Closed()
	w.Org("late").Suspended().Owners("otto")
}

func TestRecordsAreValid(t *testing.T) {
	w := accesstest.New(t)
	whole(w)
	kinds := map[tenancy.Kind]int{}
	for _, v := range w.Records() {
		kinds[v.Ref().Kind]++
		if v, ok := v.(interface{ Validate() error }); ok && v.Validate() != nil {
			t.Errorf("%+v: %v", v, v.Validate())
		}
		if k, ok := v.(tenancy.Key); ok && (k.Current.Digest == tenancy.Digest{} || k.Current.Digest == k.Current.Seal) {
			t.Errorf("%s: a digest that looks like none", k.Name)
		}
	}
	want := map[tenancy.Kind]int{
		tenancy.KindOrganization: 4, tenancy.KindSubscription: 4, tenancy.KindMember: 11, tenancy.KindProject: 4,
		tenancy.KindProjectMember: 8, tenancy.KindKey: 6, tenancy.KindNameClaim: 3, tenancy.KindModel: 6,
	}
	if diff := gocmp.Diff(want, kinds); diff != "" {
		t.Errorf("records of each kind (-want +got):\n%s", diff)
	}
	if _, err := access.NewSnapshot(w.Records()...); err != nil {
		t.Errorf("NewSnapshot: %v", err)
	}
}

func TestRecordsAreTheSameInEveryRun(t *testing.T) {
	first, second := accesstest.New(t), accesstest.New(t)
	whole(first)
	whole(second)
	if diff := gocmp.Diff(refs(first), refs(second)); diff != "" {
		t.Errorf("told twice (-first +second):\n%s", diff)
	}
	// An id depends on the names alone, not on what is told before.
	other := accesstest.New(t)
	other.Org("beta").Owners("otto")
	acme := other.Org("acme").Owners("ann")
	lab, web := acme.Project("lab"), acme.Project("web")
	if ci := web.Key("ci"); ci.ID() != first.FindKey("acme/web/ci").ID() {
		t.Error("a key's id depends on what was told before")
	}
	if acme.ID() != first.FindOrg("acme").ID() || web.ID() != first.FindProject("acme/web").ID() || web.ID() == lab.ID() {
		t.Error("an id depends on what was told before")
	}
	if (&accesstest.World{}).Org("acme").ID() == (&accesstest.World{}).Org("acm").ID() {
		t.Error("two names, one id")
	}
}

func refs(w *accesstest.World) (all []tenancy.Ref) {
	for _, v := range w.Records() {
		all = append(all, v.Ref())
	}
	return all
}

// What each statement means, decided by package access.
func TestStatements(t *testing.T) {
	w := accesstest.New(t)
	whole(w)
	v := w.View()
	accesstest.Run(t, v, `
		# Owners of the organization are owners of its projects.
		ann, bob            change_models   acme/web -> allow
		ann                 create_project  acme     -> allow
		abe                 create_project  acme     -> deny forbidden  # demoted
		abe                 calls gpt-5 in acme/web  -> allow           # and a member of the project
		cyd                 change_models   acme/web -> allow           # a project's owner
		vic                 see_project     acme/web, acme/lab -> allow # a viewer, once without a place and placed again
		vic                 call_model      acme/web -> deny forbidden  # a viewer
		rita                see_organization acme    -> allow           # on the roster
		rita                see_project     acme/web -> deny not_found  # and no more
		eve                 see_organization acme    -> deny not_found  # suspended
		dan                 see_project     acme/web -> deny not_found  # removed: the place is void
		fay                 see_project     acme/web -> deny not_found  # removed and back: the place is of the earlier stay
		fay                 see_organization acme    -> allow           # back
		zoe                 see_organization acme    -> deny not_found  # a stranger
		vic                 see_project     acme/old -> deny not_found  # archived
		ann                 see_archived    acme/old -> allow           # archived

		# Keys
		"acme/web/ci"       calls gpt-5     -> allow                    # not over yet
		"acme/web/ci"       calls fast      -> allow                    # the alias
		acme/web/ci         calls tuned     -> deny model_not_enabled   # not turned on
		abes                calls gpt-5     -> deny key_expired         # over
		eves                calls gpt-5     -> deny key_revoked         # revoked
		fays                calls gpt-5     -> deny holder_may_not_call # of the earlier stay
		"old ci"            calls gpt-5     -> deny project_archived    # archived
		beta/web/ci         calls tuned     -> allow                    # it exists for beta too
		ann                 calls claude-4 in acme/lab -> allow         # all that the plan has
		ann                 calls o1       in acme/lab -> deny model_not_in_plan   # retired
		ann                 calls slow     in acme/lab -> deny model_unknown       # a retired alias leads nowhere
		otto                see_settings late, beta    -> allow
		otto                see_settings gone          -> deny organization_closed # closed
	`)
	accesstest.Run(t, v.Later(48*time.Hour), `
		acme/web/ci  calls gpt-5  -> deny key_expired  # at the instant that it names
	`)
	accesstest.Run(t, v.At(time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)), `
		abes  calls gpt-5  -> allow  # not over then
	`)
}

// A suspended organization, and keys of one, say so.
func TestSuspendedOrganization(t *testing.T) {
	w := accesstest.New(t)
	w.Models("gpt-5")
	acme := w.Org("acme").Plan(accesstest.All).Owners("ann")
	key := acme.Project("web").Models("gpt-5").Key("ci").Only()
	accesstest.Run(t, w.View(), `ci calls gpt-5 -> deny model_not_in_key # an empty list is nothing`)
	key.Only(accesstest.All)
	accesstest.Run(t, w.View(), `ci calls gpt-5 -> allow # "all" lifts it`)
	acme.Suspended()
	accesstest.Run(t, w.View(), `ci calls gpt-5 -> deny organization_suspended # until resumed`)
	if w.Err() != nil {
		t.Errorf("a mistake: %v", w.Err())
	}
}

// A key without an owner to have made it, before there is one.
func TestOwnersMayBeToldLast(t *testing.T) {
	w := accesstest.New(t)
	acme := w.Org("acme")
	acme.Project("web").Key("ci")
	acme.Owners("ann")
	accesstest.Run(t, w.View(), `ann edit_key ci -> allow # an owner`)
	i := slices.IndexFunc(w.Records(), func(v tenancy.Entity) bool { return v.Ref().Kind == tenancy.KindKey })
	if by := w.Records()[i].(tenancy.Key).CreatedBy; by != "operator" {
		t.Errorf("made by %q", by)
	}
}

// The name of an archived project may be taken; in a table such names need not be one word.
func TestANameIsFreeOnceArchived(t *testing.T) {
	w := accesstest.New(t)
	acme := w.Org("acme").Owners("ann")
	acme.Project("Web").Archived()
	acme.Project("web")
	accesstest.Run(t, w.View(), `
		ann  see_project   acme/web  -> allow                  # in use
		ann  see_project   acme/Web  -> deny project_archived  # put away
	`)
	claims := 0
	for _, v := range w.Records() {
		if v.Ref().Kind == tenancy.KindNameClaim {
			claims++
		}
	}
	if claims != 1 {
		t.Errorf("%d projects hold the name", claims)
	}
}

// Views do not change with their world, and may be asked from many goroutines.
func TestViewsAreImmutable(t *testing.T) {
	w := accesstest.New(t)
	web := w.Org("acme").Owners("ann").Members("bob").Project("web").Members("bob")
	before := w.View()
	web.Archived()
	after := w.View()
	for range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			accesstest.Run(t, before, `bob see_project acme/web -> allow # before`)
			accesstest.Run(t, after, `bob see_project acme/web -> deny not_found # archived`)
			_, _ = accesstest.Report(before), accesstest.Compare(before, after)
		})
	}
}
