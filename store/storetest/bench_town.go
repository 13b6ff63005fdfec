package storetest

import (
	"crypto/sha256"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// The town of [Benchmark], for each organization.
const (
	townProjects = 20
	townPeople   = 10
	townKeys     = 1000
	townBig      = 620 // keys of the first project
	townSmall    = (townKeys - townBig) / (townProjects - 1)
	townUsers    = 20 * townPeople // over all organizations
)

// lived is the changes that were made after the town was founded.
const lived = 1000

// fillBatch is the records that one commit of the filling has.
const fillBatch = 90

// town is a store that was filled, and what benchmarks know of it.
type town struct {
	s        store.Store
	orgs     int
	founded  []store.Rev  // of an organization and its projects
	before   store.Cursor // as many entries as lived from the head
	ops      atomic.Int64 // operations so far
	minted   atomic.Int64 // keys so far, the removed ones too
	standing int          // keys that there are
	stirred  store.Check  // the key that stir made, if it is there
}

func fillTown(b *testing.B, h Harness, orgs int) *town {
	s, err := h.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := closeStore(s); err != nil {
			b.Error(err)
		}
	})
	t := &town{s: s, orgs: orgs}
	for o := range orgs {
		t.founded = append(t.founded, t.commit(b, t.putting(o, townFounding(o)...)).Rev)
		for first := 0; first < townKeys; first += fillBatch {
			var keys []tenancy.Entity
			for i := first; i < min(first+fillBatch, townKeys); i++ {
				keys = append(keys, t.mint(o, projectOfKey(i)))
			}
			t.commit(b, t.putting(o, keys...))
		}
	}
	t.standing = orgs * townKeys
	return t
}

// projectOfKey is the project of the i-th key of an organization.
func projectOfKey(i int) int {
	if i < townBig {
		return 0
	}
	return 1 + (i-townBig)/townSmall
}

// live changes one key after the other, as people do, in the first organization.
func (t *town) live(b *testing.B) {
	feed, err := t.s.Changes(b.Context(), "", 1)
	if err != nil {
		b.Fatal(err)
	}
	t.before = feed.Next
	for i, r := range t.page(b, store.WithinOf[tenancy.Key](townOrg(0)).Query).Records[:lived] {
		k, _ := r.Value.(tenancy.Key)
		k.Name = fmt.Sprint("renamed ", i)
		batch := t.putting(0, k)
		batch.Put[0].Rev = r.Rev
		t.commit(b, batch)
	}
}

// mint makes the next key, for a project.
func (t *town) mint(o, p int) tenancy.Key { return townKey(int(t.minted.Add(1)-1), o, p) }

// putting is a batch that creates records of an organization.
func (t *town) putting(o int, values ...tenancy.Entity) store.Batch {
	b := t.entry(o, "key.create", values[0].Ref())
	for _, v := range values {
		b.Put = append(b.Put, store.Record{Value: v})
	}
	return b
}

// creating is the batch of a new key, as the root package commits it: on the grounds of the
// organization and the project.
func (t *town) creating(o, p int) store.Batch {
	b := t.putting(o, t.mint(o, p))
	b.Entry.Project = townProject(o, p)
	b.Check = []store.Check{
		{Ref: tenancy.OrganizationRef(townOrg(o)).Ref, Rev: t.founded[o]},
		{Ref: tenancy.ProjectRef(townOrg(o), townProject(o, p)).Ref, Rev: t.founded[o]},
	}
	return b
}

func (t *town) entry(o int, action store.Action, subject tenancy.Ref) store.Batch {
	return store.Batch{Entry: store.Entry{
		Org: townOrg(o), Op: store.OperationID(townULID("op_", int(t.ops.Add(1)))), Actor: townUser(o, 0), Action: action,
		Subject: subject, At: noon, Detail: []byte(`{"name":["","ci"],"kind":["","service"]}`),
	}}
}

func (t *town) commit(b *testing.B, batch store.Batch) store.Result {
	res, err := t.s.Commit(b.Context(), batch)
	if err != nil {
		b.Fatal(err)
	}
	return res
}

// remove deletes records of an organization.
func (t *town) remove(b *testing.B, o int, made []store.Check) {
	for len(made) > 0 {
		n := min(len(made), store.MaxBatch)
		batch := t.entry(o, "key.erase", made[0].Ref)
		batch.Delete, made = made[:n], made[n:]
		t.commit(b, batch)
	}
}

// stir makes a key in the first project, or removes the one that it made.
func (t *town) stir(b *testing.B) {
	if t.stirred.Rev != 0 {
		t.remove(b, 0, []store.Check{t.stirred})
		t.stirred = store.Check{}
		t.standing--
		return
	}
	batch := t.creating(0, 0)
	t.stirred = store.Check{Ref: batch.Put[0].Value.Ref(), Rev: t.commit(b, batch).Rev}
	t.standing++
}

func townULID(prefix string, n int) string { return fmt.Sprintf("%s01J%023d", prefix, n) }

func townOrg(o int) tenancy.OrgID { return tenancy.OrgID(townULID(tenancy.PrefixOrg, o)) }

func townProject(o, p int) tenancy.ProjectID {
	return tenancy.ProjectID(townULID(tenancy.PrefixProject, o*townProjects+p))
}

// townUser is who the m-th person on a roster is.
func townUser(o, m int) tenancy.UserID {
	return tenancy.UserID(fmt.Sprintf("user_%04d", o%(townUsers/townPeople)+m*(townUsers/townPeople)))
}

func townMembership(o, m int) tenancy.MembershipID {
	return tenancy.MembershipID(townULID(tenancy.PrefixMembership, o*townPeople+m))
}

// townFounding is all of an organization but its keys, in one batch.
func townFounding(o int) []tenancy.Entity {
	org := townOrg(o)
	all := []tenancy.Entity{
		tenancy.Organization{
			ID: org, Name: fmt.Sprint("Organization ", o), TimeZone: "Europe/Berlin", Currency: "EUR",
			Owners: []tenancy.UserID{townUser(o, 0)}, Created: noon,
		},
		tenancy.Subscription{Org: org, Plan: "pro", Models: tenancy.AllModels()},
		tenancy.Invite{
			Org: org, ID: tenancy.InviteID(townULID(tenancy.PrefixInvite, o)), Email: "new@a.example", Role: tenancy.RoleMember,
			Placements: []tenancy.Placement{{Project: townProject(o, 0), Role: tenancy.RoleViewer}},
			Digest:     sha256.Sum256([]byte(org)), Pepper: "p1", InvitedBy: townUser(o, 0), Created: noon, Expires: noon.AddDate(0, 0, 7),
		},
	}
	for m := range townPeople {
		all = append(all, tenancy.Member{
			Org: org, User: townUser(o, m), Membership: townMembership(o, m),
			Name: fmt.Sprint("Person ", m), Email: fmt.Sprintf("p%d@a.example", m), Joined: noon,
		})
	}
	for i := range townProjects {
		p := tenancy.Project{
			Org: org, ID: townProject(o, i), Name: fmt.Sprintf("Project %02d", i),
			Models: tenancy.Models("gpt-4o", "small"), Created: noon,
		}
		all = append(all, p, p.Claim(), tenancy.ProjectMember{
			Org: org, Project: p.ID, User: townUser(o, i%townPeople), Membership: townMembership(o, i%townPeople),
			Role: tenancy.RoleMember, Added: noon,
		})
	}
	return all
}

// townKeyID scatters numbers below 2^48 over the ids, and gives no two the same.
func townKeyID(n int) tenancy.KeyID {
	return tenancy.KeyID(fmt.Sprintf("%s%012x", tenancy.PrefixKey, uint64(n)*0x9e3779b97f4a7c15&(1<<48-1)))
}

// townKey is the key of a number. One of four is personal.
func townKey(n, o, p int) tenancy.Key {
	at := noon.Add(time.Duration(n) * time.Second)
	id := townKeyID(n)
	k := tenancy.Key{
		Org: townOrg(o), ID: id, Project: townProject(o, p), Kind: tenancy.KeyService, Name: fmt.Sprint("key ", n),
		Models: tenancy.Models("gpt-4o"), Limits: tenancy.Limits{{Measure: tenancy.MeasureMoney, Window: tenancy.WindowMonth, Max: 100_000_000}},
		Current: tenancy.KeySecret{
			Digest: sha256.Sum256([]byte(id)), Seal: sha256.Sum256([]byte("seal of " + id)), Pepper: "p1", Hint: string(id[len(id)-tenancy.MaxHint:]),
			MintedBy: townUser(o, 0), Minted: at,
		},
		CreatedBy: townUser(o, 0), Created: at,
	}
	if n%4 == 0 {
		holder := n / 4 % townPeople
		k.Kind, k.Holder, k.Membership = tenancy.KeyPersonal, townUser(o, holder), townMembership(o, holder)
	}
	return k
}
