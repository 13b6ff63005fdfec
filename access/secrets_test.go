package access_test

import (
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// A service key goes on when somebody leaves who saw its secret: it is told, so that
// it can be rotated.
func TestSeenSecrets(t *testing.T) {
	later, none := noon.Add(time.Hour), tenancy.KeySecret{}
	pams := minted("svc", by("pam", time.Time{}), none)
	seen := func(u tenancy.UserID, p tenancy.ProjectID, k tenancy.KeyID) []access.SeenSecret {
		return []access.SeenSecret{{Org: "acme", User: u, Project: p, Key: k}}
	}
	for _, tt := range []struct {
		name, why      string
		before, change []step // in acme
		want           []access.SeenSecret
	}{
		{"nobody leaves", "", []step{pams}, nil, nil},
		{"somebody else leaves", "they saw nothing", []step{pams}, []step{removed("max")}, nil},
		{"removed from the roster", "", []step{pams}, []step{removed("pam")}, seen("pam", "web", "svc")},
		{"removed from the project", "", []step{pams}, []step{unplaced("pam")}, seen("pam", "web", "svc")},
		{"suspended", "they may be resumed, and meanwhile hold a secret that works", []step{pams}, []step{suspended("pam")}, seen("pam", "web", "svc")},
		{"made a viewer", "they see the project, so they may know of its key", []step{pams}, []step{placed("pam", tenancy.RoleViewer)}, nil},
		{"demoted, without a place in the project", "", []step{minted("lab-svc", by("olga", time.Time{}), none)},
			[]step{owners()}, seen("olga", "lab", "lab-svc")},
		{"demoted, with a place in the project", "the place survives", []step{pams, owners("olga", "pam")}, []step{owners("olga")}, nil},
		{"removed from the roster, after the project", "the secret is in their head all the same", []step{pams, unplaced("pam")},
			[]step{removed("pam")}, seen("pam", "web", "svc")},
		{"gone before", "that they left is not this change's doing", []step{pams, removed("pam")}, []step{enabled("web", tenancy.ModelSet{})}, nil},
		{"back in another stay", "they no longer see the project", []step{pams},
			[]step{onMember("pam", func(m *tenancy.Member) { m.Membership = "pam@acme/2" })}, seen("pam", "web", "svc")},

		{"rotated since", "what they saw is dead", []step{minted("svc", by("olga", time.Time{}), none)}, []step{removed("pam")}, nil},
		{"rotated, in grace", "what they saw works until the grace ends", []step{minted("svc", by("olga", time.Time{}), by("pam", later))},
			[]step{removed("pam")}, seen("pam", "web", "svc")},
		{"rotated, grace over", "it ends at the instant that it names", []step{minted("svc", by("olga", time.Time{}), by("pam", noon))}, []step{removed("pam")}, nil},
		{"rotated by the change", "what a change replaces is no longer live", []step{pams},
			[]step{removed("pam"), minted("svc", by("olga", time.Time{}), none)}, nil},
		{"rotated by themselves", "two secrets of one key are one thing to do", []step{minted("svc", by("pam", time.Time{}), by("pam", later))},
			[]step{removed("pam")}, seen("pam", "web", "svc")},

		{"revoked", "a dead key has no live secret", []step{pams, revoked("svc")}, []step{removed("pam")}, nil},
		{"revoked by the change", "", []step{pams}, []step{removed("pam"), revoked("svc")}, nil},
		{"expired", "", []step{pams, expiring("svc", noon)}, []step{removed("pam")}, nil},
		{"calls nothing for now", "what is off may be turned on", []step{pams, enabled("web", tenancy.ModelSet{})}, []step{removed("pam")}, seen("pam", "web", "svc")},
		{"archived", "restored, the key works", []step{pams, archived("web")}, []step{removed("pam")}, seen("pam", "web", "svc")},
		{"archived by the change", "whoever runs things still sees it", []step{pams}, []step{archived("web")}, nil},
		{"archived by the change, made a member since", "a member sees no archived project", []step{pams, placed("pam", tenancy.RoleMember)},
			[]step{archived("web")}, seen("pam", "web", "svc")},
		{"organization suspended", "resumed, the key works", []step{pams, orgSuspended}, []step{removed("pam")}, seen("pam", "web", "svc")},
		{"organization closed", "there is no way back", []step{pams}, []step{orgClosed}, nil},

		{"a personal key", "it falls with its holder", []step{minted("pam", by("pam", time.Time{}), none)}, []step{removed("pam")}, nil},
		{"a key of no kind", "it calls nothing", []step{pams, onKey("svc", func(k *tenancy.Key) { k.Kind = "" })}, []step{removed("pam")}, nil},
		{"a key that is gone", "", []step{pams}, []step{removed("pam"), drop(tenancy.KeyRef("acme", "svc").Ref)}, nil},
		{"a secret of nobody", "zero is nobody", []step{minted("svc", none, none), func(w world) { w.join("acme", "") }},
			[]step{drop(tenancy.MemberRef("acme", "").Ref)}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := acme().with(tt.before...)
			got := access.Compare(before.view(t), before.with(tt.change...).view(t)).Secrets
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(%s) (-want +got):\n%s", tt.why, diff)
			}
		})
	}
}

// What is told of secrets follows from the records and what Can says on both sides.
func TestSeenSecretsAgreeWithCan(t *testing.T) {
	told := 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		changed := drawChange(t, w)
		got := access.Compare(w.view(t), changed.view(t)).Secrets
		var want []access.SeenSecret
		for _, v := range changed.records() {
			k, ok := v.(tenancy.Key)
			if !ok || k.Kind != tenancy.KeyService || !k.Revoked.IsZero() || k.Expired(noon) {
				continue
			}
			for _, u := range drawnUsers {
				if shown(k, u) && leaves(t, w, changed, access.Subject{Org: k.Org, Project: k.Project, User: u}) {
					want = append(want, access.SeenSecret{Org: k.Org, User: u, Project: k.Project, Key: k.ID})
				}
			}
		}
		if diff := gocmp.Diff(want, got, gocmp.Transformer("sorted", bySecret)); diff != "" {
			t.Fatalf("(-Can +Compare):\n%s", diff)
		}
		told += len(got)
	})
	if told == 0 && !t.Failed() {
		t.Error("nobody left")
	}
}

// shown reports whether a person saw a secret of a key that lives.
func shown(k tenancy.Key, u tenancy.UserID) bool {
	return k.Current.MintedBy == u && k.Current.Live(noon) || k.Previous.MintedBy == u && k.Previous.Live(noon)
}

func leaves(t *rapid.T, w, changed world, on access.Subject) bool {
	before, after := w.view(t), changed.view(t)
	org, _ := changed[tenancy.OrganizationRef(on.Org).Ref].(tenancy.Organization)
	standing := func(w world) bool {
		m, _ := w[tenancy.MemberRef(on.Org, on.User).Ref].(tenancy.Member)
		return m.Active()
	}
	off := standing(w) && !standing(changed)
	return org.Closed.IsZero() && (off || seesProject(before, w, on) && !seesProject(after, changed, on))
}

// bySecret files secrets by key and user, so that their order does not count.
func bySecret(all []access.SeenSecret) map[access.SeenSecret]bool {
	set := map[access.SeenSecret]bool{}
	for _, s := range all {
		set[s] = true
	}
	return set
}

// Effects come in one order, whatever the records' order.
func TestEffectsAreSorted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		changed := drawChange(t, w)
		want := access.Compare(w.view(t), changed.view(t))
		snap, err := access.NewSnapshot(rapid.Permutation(changed.records()).Draw(t, "shuffled")...)
		if err != nil {
			t.Fatalf("NewSnapshot: %v", err)
		}
		if diff := gocmp.Diff(want, access.Compare(w.view(t), snap.At(noon))); diff != "" {
			t.Fatalf("(-sorted +shuffled):\n%s", diff)
		}
		keys := slices.IsSortedFunc(want.Keys, func(a, b access.KeyEffect) int {
			return slices.Compare([]string{string(a.Org), string(a.Project), string(a.Key)}, []string{string(b.Org), string(b.Project), string(b.Key)})
		})
		people := slices.IsSortedFunc(want.People, func(a, b access.PersonEffect) int {
			return slices.Compare([]string{string(a.Org), string(a.User), string(a.Project)}, []string{string(b.Org), string(b.User), string(b.Project)})
		})
		secrets := slices.IsSortedFunc(want.Secrets, func(a, b access.SeenSecret) int {
			return slices.Compare([]string{string(a.Org), string(a.User), string(a.Project), string(a.Key)},
				[]string{string(b.Org), string(b.User), string(b.Project), string(b.Key)})
		})
		if !keys || !people || !secrets {
			t.Fatalf("keys %v, people %v, secrets %v, of\n%v", keys, people, secrets, want)
		}
	})
}
