package access_test

import (
	"testing"

	"pgregory.net/rapid"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// A10: what somebody made shrinks with them where it is theirs, at once and by derivation:
// a personal key never calls what its holder may not use. What belongs to the project
// stays: a service key does not know who made it. Nobody passes on, by an invite or a key,
// what they no longer have.
func TestA10ReducedIssuer(t *testing.T) {
	made := minted("svc", by("pam", noon.AddDate(1, 0, 0)), tenancy.KeySecret{})
	byPam := onKey("svc", func(k *tenancy.Key) { k.CreatedBy = "pam" })
	promoted := owners("olga", "pam")
	for _, tt := range []struct {
		name, why                  string
		steps                      []step
		own, makes, places, invite bool // her key calls; she may make service keys, place people, invite
	}{
		{"owner of the organization", "", []step{promoted}, true, true, true, true},
		{"demoted to her place", "pending invites rest on a right that she no longer has", []step{promoted, owners("olga")}, true, true, true, false},
		{"member of the project", "she goes on calling, and hands out nothing", []step{placed("pam", tenancy.RoleMember)}, true, false, false, false},
		{"viewer of the project", "", []step{placed("pam", tenancy.RoleViewer)}, false, false, false, false},
		{"no place", "", []step{unplaced("pam")}, false, false, false, false},
		{"suspended", "", []step{suspended("pam")}, false, false, false, false},
		{"suspended owner", "a demotion too", []step{promoted, owners("olga"), suspended("pam")}, false, false, false, false},
		{"off the roster", "", []step{removed("pam")}, false, false, false, false},
		{"off the roster, and back", "nothing of the stay before comes back", []step{onMember("pam", func(m *tenancy.Member) { m.Membership = "pam@acme/2" })}, false, false, false, false},
		{"off the roster, back and placed", "her key names the stay before", []step{
			onMember("pam", func(m *tenancy.Member) { m.Membership = "pam@acme/2" }),
			onPlace("pam", func(p *tenancy.ProjectMember) { p.Membership = "pam@acme/2" })}, false, true, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			view := acme().with(made, byPam).with(tt.steps...).view(t)
			web := access.Subject{Project: "web"}
			for what, d := range map[string]struct {
				got  access.Decision
				want bool
			}{
				"her key":                 {view.CanCall("pam", "gpt"), tt.own},
				"the key she made":        {view.CanCall("svc", "gpt"), true},
				"to make another":         {view.Can("pam", access.CreateKey, web), tt.makes},
				"to place people":         {view.Can("pam", access.ChangePeople, web), tt.places},
				"to manage invites":       {view.Can("pam", access.ManageInvites, access.Subject{Org: "acme"}), tt.invite},
				"to rotate what is max's": {view.Can("pam", access.RotateKey, access.Subject{Key: "max"}), false},
			} {
				if d.got.Allowed() != d.want {
					t.Errorf("%s: %+v, want allowed %v (%s)", what, d.got, d.want, tt.why)
				}
			}
		})
	}
}

// Whatever becomes of people, no personal key reaches beyond its holder, and no service
// key is touched.
func TestA10KeysWithinTheirIssuers(t *testing.T) {
	personal, service := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		deserted := w.with()
		for ref, v := range w {
			switch v := v.(type) {
			case tenancy.Member, tenancy.ProjectMember:
				delete(deserted, ref)
			case tenancy.Organization:
				v.Owners = nil
				deserted.put(v)
			}
		}
		view, empty := w.view(t), deserted.view(t)
		for _, v := range w.records() {
			k, ok := v.(tenancy.Key)
			for _, m := range w.models() {
				if !ok {
					continue
				}
				d := view.CanCall(k.ID, m)
				switch k.Kind {
				case tenancy.KeyPersonal:
					if d.Allowed() && !view.CanUse(k.Holder, k.Project, m).Allowed() {
						t.Fatalf("key %q calls %q, which its holder may not use", k.ID, m)
					}
					if gone := empty.CanCall(k.ID, m); gone.Allowed() {
						t.Fatalf("a key of nobody: %+v", gone)
					}
				case tenancy.KeyService:
					if gone := empty.CanCall(k.ID, m); gone != d {
						t.Fatalf("key %q: %+v, without people %+v", k.ID, d, gone)
					}
				}
				if d.Allowed() && k.Kind == tenancy.KeyPersonal {
					personal++
				}
				if d.Allowed() && k.Kind == tenancy.KeyService {
					service++
				}
			}
		}
	})
	if (personal == 0 || service == 0) && !t.Failed() {
		t.Errorf("too little is allowed: %d personal, %d service", personal, service)
	}
}
