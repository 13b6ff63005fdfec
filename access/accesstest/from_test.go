package accesstest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/access/accesstest"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// Records of a world are told on where it ended, and decide the same.
func TestFromRecords(t *testing.T) {
	w := accesstest.New(t)
	whole(w)
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	real := accesstest.From(t, noon, w.Records()...)
	real.Strangers("zoe")
	if diff := gocmp.Diff(accesstest.Report(w.View()), accesstest.Report(real.View())); diff != "" {
		t.Errorf("reports (-told +from):\n%s", diff)
	}

	real.FindOrg("acme").Members("dan").FormerMembers("vic").Members("vic").Project("new").Owners("dan").Key("late")
	real.FindKey("acme/web/ci").Only()
	real.FindProject("acme/lab").Viewers("fay")
	real.FindProject("acme/web").Members("fay")
	accesstest.Run(t, real.View(), `
		# Told on
		dan     change_models acme/new  -> allow
		dan     see_project   acme/web  -> deny not_found           # the place is of the stay that is over
		vic     see_project   acme/web  -> deny not_found           # back, with nothing
		acme/web/ci  calls gpt-5  -> deny model_not_in_key
		late    calls gpt-5   -> deny model_not_enabled
		fay     see_project   acme/lab, acme/web  -> allow          # placed in the stay that counts
		fays    calls gpt-5   -> deny holder_may_not_call           # of the earlier one
	`)
}

// A key that somebody left behind stays void when they come back, also where its record is all that
// tells of their stay.
func TestWhoComesBackHasNoOldKey(t *testing.T) {
	w := accesstest.New(t)
	w.Models("gpt-5")
	acme := w.Org("acme").Plan(accesstest.All).Owners("ann").Members("dan")
	acme.Project("web").Models(accesstest.All).PersonalKey("dans", "dan")
	acme.FormerMembers("dan")

	later := accesstest.From(t, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), w.Records()...)
	later.FindOrg("acme").Members("dan")
	later.FindProject("acme/web").Members("dan")
	accesstest.Run(t, later.View(), `
		dan   calls gpt-5 in acme/web  -> allow                     # back
		dans  calls gpt-5              -> deny holder_may_not_call  # of the stay that is over
	`)
}

// Names come from the records, and ids where names do not tell.
func TestNamesOfRecords(t *testing.T) {
	org := func(id tenancy.OrgID, name string) []tenancy.Entity {
		return []tenancy.Entity{tenancy.Organization{ID: id, Name: name}, tenancy.Subscription{Org: id, Models: tenancy.AllModels()}}
	}
	member := func(org tenancy.OrgID, user tenancy.UserID, name string) tenancy.Entity {
		return tenancy.Member{Org: org, User: user, Membership: "mem_" + tenancy.MembershipID(user), Name: name}
	}
	records := slices.Concat(org("org_1", "Acme"), org("org_2", "Twin"), org("org_3", "Twin"), []tenancy.Entity{
		tenancy.Model{ID: "gpt-5", Public: true},
		member("org_1", "u1", "Ann Lee"), member("org_2", "u1", "A. Lee"),
		member("org_1", "u2", "Sam"), member("org_1", "u3", "Sam"), member("org_1", "u4", ""), member("org_1", "u5", "u4"),
		member("org_1", "no\u200bwidth", ""),
		tenancy.Project{Org: "org_1", ID: "proj_1", Name: "web", Models: tenancy.AllModels()},
		tenancy.Project{Org: "org_1", ID: "proj_2", Name: "web", Archived: time.Unix(1, 0)},
		tenancy.Project{Org: "org_2", ID: "proj_3"},
		tenancy.ProjectMember{Org: "org_1", Project: "proj_1", User: "u1", Membership: "mem_u1", Role: tenancy.RoleViewer},
		tenancy.Key{Org: "org_1", Project: "proj_1", ID: "key_1", Name: "ci", Kind: tenancy.KeyService, Models: tenancy.AllModels()},
		tenancy.Key{Org: "org_1", Project: "proj_1", ID: "key_2", Name: "ci", Kind: tenancy.KeyService},
		tenancy.Key{Org: "org_2", Project: "proj_3", ID: "key_3", Name: "night job", Kind: tenancy.KeyService},
		tenancy.Key{Org: "org_2", Project: "proj_3", ID: "key_4", Kind: tenancy.KeyService},
	})
	snap, err := access.NewSnapshot(records...)
	if err != nil {
		t.Fatal(err)
	}
	v := accesstest.Of(snap, time.Unix(2, 0), "stranger")
	accesstest.Run(t, v, `
		# Each word is one thing.
		"Ann Lee", "A. Lee", u1  see_project       proj_1       -> allow
		u2                       see_organization  Acme, org_1  -> allow
		stranger                 see_organization  org_2        -> deny not_found
		key_1                    calls gpt-5                    -> allow
		"night job", key_4       calls gpt-5                    -> deny model_not_enabled
		u4                       see_organization  Acme         -> allow  # an id before a name
	`)
	for line, want := range map[string]string{
		`Sam see_project proj_1 -> deny not_found # w`:     `"Sam" is more than one person: u2, u3`,
		`u1 see_settings Twin -> deny not_found # w`:       `"Twin" is more than one organization: org_2, org_3`,
		`u1 see_project Acme/web -> deny not_found # w`:    `"Acme/web" is more than one project: proj_1, proj_2`,
		`ci calls gpt-5 -> deny not_found # w`:             `"ci" is more than one key: key_1, key_2`,
		`nobody see_settings Acme -> deny not_found # w`:   `there is no person "nobody"; there is "Ann Lee", "no\u200bwidth", stranger, u2, u3, u4, u5`,
		`u1 see_project nowhere -> deny not_found # w`:     `there is no project "nowhere"; there is proj_1, proj_2, proj_3`,
		`nothing calls gpt-5 -> deny not_found # w`:        `there is no key "nothing"; there is key_1, key_2, key_4, "night job"`,
		`u1 see_settings nowhere -> deny forbidden # none`: `there is no organization "nowhere"; there is Acme, org_2, org_3`,
	} {
		if err := accesstest.Check(v, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s:\n%v\nwant %s", line, err, want)
		}
	}
	report := accesstest.Report(v)
	for _, want := range []string{"\npeople of Acme\n", "\npeople of org_2\n", "    Ann Lee        member        viewer sees  -\n", "\nkeys of proj_1\n", "    gpt-5  -> key_1\n", `  -> "Ann Lee", "no\u200bwidth", u2, u3`} {
		if !strings.Contains(report, want) {
			t.Errorf("the report has no %q:\n%s", want, report)
		}
	}
}

// A world's records are what a store takes, and a running Tenet decides on them as the
// world does. The snapshot that it gives has the same names.
func TestRecordsRunATenet(t *testing.T) {
	w := accesstest.New(t)
	whole(w)
	st := memory.New()
	batches := map[tenancy.OrgID][]store.Record{}
	for _, v := range w.Records() {
		batches[v.Ref().Org] = append(batches[v.Ref().Org], store.Record{Value: v})
	}
	for org, put := range batches {
		entry := store.Entry{Org: org, Op: "seed", Actor: "ops", Action: "organization.create", Subject: put[0].Value.Ref(), At: time.Unix(0, 0).UTC(), Detail: []byte("{}")}
		if _, err := st.Commit(t.Context(), store.Batch{Entry: entry, Put: put}); err != nil {
			t.Fatalf("%s: %v", org, err)
		}
	}
	pepper, err := keys.NewPepper("p", []byte("0123456789abcdefghijklmnopqrstuv"))
	if err != nil {
		t.Fatal(err)
	}
	peppers, err := keys.NewPeppers(pepper)
	if err != nil {
		t.Fatal(err)
	}
	running, err := tenet.Open(t.Context(), st, &tenet.Options{Peppers: peppers})
	if err != nil {
		t.Fatal(err)
	}
	defer running.Close()
	snap, err := running.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	of := accesstest.Of(snap, noon, "zoe", "dan")
	if diff := gocmp.Diff(accesstest.Report(w.View()), accesstest.Report(of)); diff != "" {
		t.Errorf("reports (-told +running):\n%s", diff)
	}
	var seen []string
	for p, err := range running.As("vic").VisibleProjects(t.Context(), w.FindOrg("acme").ID()) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, p.Value.Name)
	}
	if diff := gocmp.Diff([]string{"lab", "web"}, seen); diff != "" {
		t.Errorf("vic sees (-want +got):\n%s", diff)
	}
}
