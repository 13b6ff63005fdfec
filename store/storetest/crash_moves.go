package storetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// crashOrgs are the organizations that are written while the process is killed. The
// first two have usage.
var crashOrgs = [...]tenancy.OrgID{orgA, orgB, "org_c", "org_d"}

const (
	crashNames  = 6 // names that projects of an organization take and give back
	crashKeys   = 6 // ids of keys that all organizations try to have
	crashPeople = 8 // people of a roster, all written together

	actionCount = store.Action("crash.count")
	actionWrite = store.Action("crash.write")
)

// crashMove is one batch in the making. It rests on what it reads now, so that it
// conflicts where another writer is faster.
type crashMove struct {
	*env
	rng *rand.Rand
	b   store.Batch
}

// move draws a batch under an operation id of its own.
func (e *env) move(op store.OperationID, rng *rand.Rand) store.Batch {
	m := &crashMove{env: e, rng: rng}
	m.b.Entry = store.Entry{
		Org: crashOrgs[rng.IntN(len(crashOrgs))], Op: op, Actor: "actor", Action: actionWrite,
		At:     noon.Add(time.Duration(rng.IntN(3600)) * time.Second), // in another order than the commits
		Detail: fmt.Appendf(nil, `{"n":%d}`, rng.IntN(1000)),
	}
	for i := range m.b.Entry.Request {
		m.b.Entry.Request[i] = byte(rng.UintN(256))
	}
	switch rng.IntN(6) {
	case 0:
		m.count()
	case 1, 2:
		m.name()
	case 3:
		m.key()
	case 4:
		m.roster()
	} // else an entry alone
	return m.b
}

func (m *crashMove) get(refs ...tenancy.Ref) []store.Record {
	rs, err := m.s.Get(m.ctx, refs...)
	m.must("Get", err)
	if len(rs) != len(refs) {
		m.fatalf("Get of %d refs returned %d records", len(refs), len(rs))
	}
	return rs
}

func (m *crashMove) put(over store.Record, v tenancy.Entity) {
	m.b.Put = append(m.b.Put, store.Record{Rev: over.Rev, Value: v})
}

func (m *crashMove) remove(r store.Record) {
	m.b.Delete = append(m.b.Delete, store.Check{Ref: r.Value.Ref(), Rev: r.Rev})
}

func crashCounter() tenancy.Ref { return tenancy.ProjectRef(crashOrgs[0], "counter").Ref }

// count adds 1 to the one counter.
func (m *crashMove) count() {
	ref := crashCounter()
	was := m.get(ref)[0]
	p, _ := was.Value.(tenancy.Project)
	n := counter(p) + 1
	p = project(ref.Org, ref.ID, "")
	p.Limits = tenancy.Limits{{Measure: tenancy.MeasureRequests, Window: tenancy.WindowDay, Max: n}}
	m.b.Entry.Org, m.b.Entry.Action, m.b.Entry.Subject = ref.Org, actionCount, ref
	m.put(was, p)
}

// name gives a free name to a new project; one that is taken is given back, and its
// project renamed, archived or deleted.
func (m *crashMove) name() {
	org := m.b.Entry.Org
	n := m.rng.IntN(crashNames)
	one := tenancy.NameClaimRef(org, fmt.Sprint("name ", n)).Ref
	two := tenancy.NameClaimRef(org, fmt.Sprint("name ", (n+1)%crashNames)).Ref
	claims := m.get(one, two)
	held, taken := claims[0].Value.(tenancy.NameClaim)
	if !taken {
		p := project(org, "proj_"+string(m.b.Entry.Op), one.ID)
		m.put(store.Record{}, p)
		m.put(store.Record{}, tenancy.NameClaim{Org: org, Folded: one.ID, Project: p.ID})
		m.b.Check = []store.Check{{Ref: two, Rev: claims[1].Rev}}
		return
	}
	was := m.get(tenancy.ProjectRef(org, held.Project).Ref)[0]
	p, ok := was.Value.(tenancy.Project)
	if !ok {
		return // deleted since the claim was read
	}
	m.remove(claims[0])
	switch {
	case claims[1].Rev == 0:
		p.Name = two.ID
		m.put(was, p)
		m.put(store.Record{}, tenancy.NameClaim{Org: org, Folded: two.ID, Project: p.ID})
	case m.rng.IntN(4) == 0:
		m.put(was, p.Archive(noon))
	default:
		m.remove(was)
	}
}

// key makes a key, or revokes it, or deletes it once it is revoked.
func (m *crashMove) key() {
	ref := tenancy.KeyRef(m.b.Entry.Org, tenancy.KeyID(fmt.Sprint("key_", m.rng.IntN(crashKeys)))).Ref
	was := m.get(ref)[0]
	k, ok := was.Value.(tenancy.Key)
	switch {
	case !ok:
		m.put(was, tenancy.Key{Org: ref.Org, ID: tenancy.KeyID(ref.ID), Project: "proj_1", Kind: tenancy.KeyService,
			Models: tenancy.AllModels(), Current: secret(byte(m.rng.IntN(100))), Created: noon})
	case k.Revoked.IsZero():
		k.Revoked = noon
		m.put(was, k)
	default:
		m.remove(was)
	}
}

// roster writes every person of an organization under one name, or takes all away.
func (m *crashMove) roster() {
	org := m.b.Entry.Org
	var refs []tenancy.Ref
	for n := range crashPeople {
		refs = append(refs, tenancy.MemberRef(org, tenancy.UserID(fmt.Sprint("u", n))).Ref)
	}
	away := m.rng.IntN(4) == 0
	for i, was := range m.get(refs...) {
		switch {
		case !away:
			m.put(was, tenancy.Member{Org: org, User: refs[i].User, Name: string(m.b.Entry.Op), Joined: noon})
		case was.Rev != 0:
			m.remove(was)
		}
	}
}
