package storetest

import (
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// browse is the page that a person looks at.
const browse = 50

func (t *town) get(b *testing.B, refs []tenancy.Ref) {
	rs, err := t.s.Get(b.Context(), refs...)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rs {
		if r.Rev == 0 {
			b.Fatal("a record is missing")
		}
	}
}

// getFew reads what a verb reads, organization after organization.
func getFew(b *testing.B, t *town) {
	var all [][]tenancy.Ref
	for o := range t.orgs {
		all = append(all, []tenancy.Ref{
			tenancy.OrganizationRef(townOrg(o)).Ref, tenancy.MemberRef(townOrg(o), townUser(o, 1)).Ref,
			tenancy.ProjectRef(townOrg(o), townProject(o, 1)).Ref, tenancy.KeyRef(townOrg(o), townKeyID(o*townKeys)).Ref,
		})
	}
	i := 0
	for ; b.Loop(); i++ {
		t.get(b, all[i%len(all)])
	}
	reportEach(b, i*len(all[0]), "record")
}

// getMany reads what a follower reads: keys of everybody, as many as one call takes.
func getMany(b *testing.B, t *town) {
	var all [4][]tenancy.Ref
	for i := range all {
		for j := range store.MaxRefs {
			n := (i + j*t.orgs*townKeys/store.MaxRefs) % (t.orgs * townKeys)
			all[i] = append(all[i], tenancy.KeyRef(townOrg(n/townKeys), townKeyID(n)).Ref)
		}
	}
	i := 0
	for ; b.Loop(); i++ {
		t.get(b, all[i%len(all)])
	}
	reportEach(b, i*store.MaxRefs, "record")
}

// list reads a whole listing again and again, and fails where it has not so many
// records. What only the first reading after a commit costs is not in the time.
func (t *town) list(b *testing.B, q store.Query, want int) {
	t.listed(b, q)
	n := 0
	for b.Loop() {
		got := t.listed(b, q)
		if got != want {
			b.Fatalf("%d records, want %d", got, want)
		}
		n += got
	}
	reportEach(b, n, "record")
}

// browse reads one page again and again, the first time outside the time.
func (t *town) browse(b *testing.B, q store.Query) {
	t.page(b, q)
	n := 0
	for b.Loop() {
		got := len(t.page(b, q).Records)
		if got != browse {
			b.Fatalf("%d records, want %d", got, browse)
		}
		n += got
	}
	reportEach(b, n, "record")
}

func listAll(b *testing.B, t *town) { t.list(b, store.AllOf[tenancy.Key]().Query, t.standing) }

func listWithin(b *testing.B, t *town) {
	t.list(b, store.WithinOf[tenancy.Key](townOrg(0)).Query, townKeys)
}

func listNames(b *testing.B, t *town) { t.list(b, store.NamesOf(townOrg(0)).Query, townProjects) }

func listMemberships(b *testing.B, t *town) {
	every := townUsers / townPeople
	t.list(b, store.MembershipsOfUser(townUser(0, 1)).Query, (t.orgs+every-1)/every)
}

// firstPage is that of the project with the most keys.
func firstPage() store.Query {
	q := store.KeysOf(townOrg(0), townProject(0, 0)).Query
	q.Limit = browse
	return q
}

func listFirst(b *testing.B, t *town) { t.browse(b, firstPage()) }

// listDeep reads the page after 500 keys.
func listDeep(b *testing.B, t *town) {
	q := firstPage()
	for range 500 / browse {
		q.After = t.page(b, q).Next
	}
	t.browse(b, q)
}

// listByID reads keys of everybody, one by one.
func listByID(b *testing.B, t *town) {
	var all [4096]store.Query
	for i := range all {
		all[i] = store.KeysByID(townKeyID(i * 7919 % (t.orgs * townKeys))).Query
	}
	for i := 0; b.Loop(); i++ {
		if n := len(t.page(b, all[i%len(all)]).Records); n != 1 {
			b.Fatalf("%d keys of one id", n)
		}
	}
}

// listAllStirred reads all keys after one came or went. The change is not in the time.
func listAllStirred(b *testing.B, t *town) {
	n := 0
	for b.Loop() {
		b.StopTimer()
		t.stir(b)
		b.StartTimer()
		got := t.listed(b, store.AllOf[tenancy.Key]().Query)
		if got != t.standing {
			b.Fatalf("%d keys, want %d", got, t.standing)
		}
		n += got
	}
	reportEach(b, n, "record")
}

// listFirstStirred reads a page of a project after a key of it came or went.
func listFirstStirred(b *testing.B, t *town) {
	n := 0
	for b.Loop() {
		b.StopTimer()
		t.stir(b)
		b.StartTimer()
		got := len(t.page(b, firstPage()).Records)
		if got != browse {
			b.Fatalf("%d keys, want %d", got, browse)
		}
		n += got
	}
	reportEach(b, n, "record")
}

// followChanges reads a page of the feed, of changes to one record each.
func followChanges(b *testing.B, t *town) {
	n := 0
	for b.Loop() {
		f, err := t.s.Changes(b.Context(), t.before, lived)
		if err != nil || len(f.Entries) != lived {
			b.Fatalf("%d entries, %v", len(f.Entries), err)
		}
		n += lived
	}
	reportEach(b, n, "entry")
}

// readTrail reads the newest entries of an organization with many.
func readTrail(b *testing.B, t *town) {
	n := 0
	for b.Loop() {
		page, err := t.s.Trail(b.Context(), store.TrailQuery{Org: townOrg(0), Limit: browse})
		if err != nil || len(page.Entries) != browse {
			b.Fatalf("%d entries, %v", len(page.Entries), err)
		}
		n += browse
	}
	reportEach(b, n, "entry")
}
