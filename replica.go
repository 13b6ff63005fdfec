package tenet

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// replica is this process's picture of the store, from which every request is
// answered. Reading it takes no lock and no store. It is fresh record by record:
// each is as the store had it at some moment since the last time the feed was
// read to its head, and no rule needs more.
type replica struct {
	st      store.Store
	peppers *keys.Peppers
	clock   *clock
	maxAge  time.Duration

	catalogue atomic.Pointer[access.Catalogue]
	tenants   sync.Map // tenancy.OrgID to *tenant
	keys      keyring

	// fresh is when the feed was known to be at its head, by the monotonic clock, and
	// freshWall by the one on the wall: a machine that slept has a monotonic clock that
	// did not run.
	fresh, freshWall atomic.Int64

	// turn is held while records are read and put in their places, so that two
	// who do so at once cannot leave the older one standing. Waiting for it ends
	// with the context.
	turn   chan struct{}
	models map[tenancy.ModelID]tenancy.Model // guarded by turn
	sets   map[string]*access.Models         // of keys, by their JSON; guarded by turn
	cursor store.Cursor                      // guarded by turn

	doubtMu  sync.Mutex
	doubtful map[tenancy.Ref]struct{} // to be read again; their tenants answer Unavailable
	shaken   atomic.Bool              // a catalogue model is among them
}

// tenant is where an organization's picture is, for as long as the process runs.
type tenant struct {
	picture atomic.Pointer[access.Picture]
	shaken  atomic.Bool                 // one of its records is in doubt
	sites   map[tenancy.ProjectID]*site // of its keys; guarded by the replica's turn
}

// site is where the calls of a project are decided on, for as long as the process runs.
type site struct {
	tenant  *tenant
	org     tenancy.OrgID
	project tenancy.ProjectID
	gate    access.Gate
}

// draw sets the picture, and the gates of every site to it.
func (t *tenant) draw(p *access.Picture) {
	t.picture.Store(p)
	for project, s := range t.sites {
		s.gate.Draw(p, project)
	}
}

// siteOf returns the site of a project, making it where there is none.
func (r *replica) siteOf(org tenancy.OrgID, project tenancy.ProjectID) *site {
	t := r.tenantOf(org)
	s := t.sites[project]
	if s == nil {
		s = &site{tenant: t, org: org, project: project}
		s.gate.Draw(t.picture.Load(), project)
		if t.sites == nil {
			t.sites = map[tenancy.ProjectID]*site{}
		}
		t.sites[project] = s
	}
	return s
}

func newReplica(st store.Store, peppers *keys.Peppers, c *clock, maxAge time.Duration) *replica {
	r := &replica{
		st: st, peppers: peppers, clock: c, maxAge: maxAge,
		sets: map[string]*access.Models{}, turn: make(chan struct{}, 1),
		models: map[tenancy.ModelID]tenancy.Model{}, doubtful: map[tenancy.Ref]struct{}{},
	}
	r.fresh.Store(int64(-1 << 62))
	return r
}

// current reports whether the picture is young enough, at now by the machine's
// clock, to answer from.
func (r *replica) current(now instant) bool {
	return now.machine-r.fresh.Load() <= int64(r.maxAge) && now.wall-r.freshWall.Load() <= int64(r.maxAge) && !r.shaken.Load()
}

// tenantOf returns the organization's place, making it where there is none.
func (r *replica) tenantOf(org tenancy.OrgID) *tenant {
	if t, ok := r.tenants.Load(org); ok {
		return t.(*tenant)
	}
	t, _ := r.tenants.LoadOrStore(org, &tenant{})
	return t.(*tenant)
}

// find returns the organization's place; nil where it was never heard of.
func (r *replica) find(org tenancy.OrgID) *tenant {
	if t, ok := r.tenants.Load(org); ok {
		return t.(*tenant)
	}
	return nil
}

func (r *replica) lock(ctx context.Context) error {
	select {
	case r.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (r *replica) unlock() { <-r.turn }

// refresh reads refs, and whatever else is in doubt, and puts what it finds in
// place. Where it cannot, refs are in doubt.
func (r *replica) refresh(ctx context.Context, refs []tenancy.Ref) {
	read := false
	defer func() {
		if !read { // also where the store panicked
			r.doubt(refs)
		}
	}()
	if r.lock(ctx) != nil {
		return
	}
	defer r.unlock()
	read = r.reread(ctx, refs) == nil && r.settle(ctx) == nil
}

// unheard are the records that a rule read and did not write, and that the picture has
// otherwise: another process changed them a moment ago. What was written rests on them,
// here too from then on.
func (r *replica) unheard(w *work) (refs []tenancy.Ref) {
	for _, ref := range w.order {
		if at := r.find(ref.Org); at != nil && !slices.ContainsFunc(w.puts, func(p store.Record) bool { return p.Value.Ref() == ref }) &&
			differs(at.picture.Load(), ref, w.reads[ref].Value) {
			refs = append(refs, ref)
		}
	}
	return refs
}

// differs reports whether a picture has another record under ref than v, nil for none.
func differs(p *access.Picture, ref tenancy.Ref, v tenancy.Entity) bool {
	var has tenancy.Entity
	switch ref.Kind {
	case tenancy.KindOrganization:
		has = p.Organization()
	case tenancy.KindSubscription:
		has = p.Subscription()
	case tenancy.KindMember:
		has = p.Standing(ref.User, "").Member
	case tenancy.KindProject:
		has = p.Project(tenancy.ProjectID(ref.ID))
	case tenancy.KindProjectMember:
		has = p.Standing(ref.User, tenancy.ProjectID(ref.ID)).Place
	default:
		return false // no part of a picture
	}
	if v == nil {
		return !reflect.ValueOf(has).IsZero()
	}
	return !reflect.DeepEqual(has, v)
}

// reread does the work of refresh, in its turn.
func (r *replica) reread(ctx context.Context, refs []tenancy.Ref) error {
	for part := range slices.Chunk(refs, store.MaxRefs) {
		records, err := r.st.Get(ctx, part...)
		if err != nil {
			return err
		}
		r.install(part, records)
	}
	return nil
}

// install puts records in place; an absent one takes away what was there. Keys
// come last, so that none is met before the project that it is of.
func (r *replica) install(refs []tenancy.Ref, records []store.Record) {
	put := map[tenancy.OrgID][]tenancy.Entity{}
	gone := map[tenancy.OrgID][]tenancy.Ref{}
	var fresh []tenancy.Key
	catalogue := false
	for i, ref := range refs {
		switch v := records[i].Value.(type) {
		case nil:
			r.forget(ref)
			gone[ref.Org] = append(gone[ref.Org], ref)
		case tenancy.Key:
			fresh = append(fresh, v)
		case tenancy.Model:
			r.models[v.ID] = v
		default:
			put[ref.Org] = append(put[ref.Org], v)
		}
		catalogue = catalogue || ref.Kind == tenancy.KindModel
	}
	if catalogue {
		r.drawCatalogue()
	}
	for org := range put {
		r.redraw(org, put[org], gone[org])
		delete(gone, org)
	}
	for org := range gone {
		r.redraw(org, nil, gone[org])
	}
	for _, k := range fresh {
		r.putKey(k)
	}
}

func (r *replica) redraw(org tenancy.OrgID, put []tenancy.Entity, gone []tenancy.Ref) {
	if org == "" {
		return
	}
	at := r.tenantOf(org)
	at.draw(at.picture.Load().With(put, gone))
}

// forget takes out what no picture holds. A key's slot is found by its id alone, which
// another organization may have by now: the hash of another system's token, imported
// again after the first organization was swept.
func (r *replica) forget(ref tenancy.Ref) {
	switch ref.Kind {
	case tenancy.KindKey:
		id, ok := chars(tenancy.KeyID(ref.ID))
		if !ok {
			return
		}
		if slot := r.keys.find(id); slot != nil {
			if at := slot.site.Load(); at != nil && at.org == ref.Org {
				slot.write(keyRecord{})
			}
		}
	case tenancy.KindModel:
		delete(r.models, tenancy.ModelID(ref.ID))
	}
}

// putKey sets what is known of a key and returns its slot, nil where it has none.
func (r *replica) putKey(k tenancy.Key) *keySlot {
	id, ok := chars(k.ID)
	if !ok {
		return nil
	}
	slot := r.keys.make(id)
	slot.write(r.keyRecord(&k))
	return slot
}

// keyRecord is what is kept of a key.
func (r *replica) keyRecord(k *tenancy.Key) keyRecord {
	rec := keyRecord{
		digest: k.Current.Digest, pepper: r.peppers.Index(k.Current.Pepper),
		site: r.siteOf(k.Org, k.Project), models: r.setOf(k.Models),
	}
	rec.flag(keyKnown, r.peppers.Sealed(*k))
	rec.flag(keyRevoked, !k.Revoked.IsZero())
	rec.flag(keyService, k.Kind == tenancy.KeyService)
	rec.flag(keyPersonal, k.Kind == tenancy.KeyPersonal)
	if !k.Expires.IsZero() {
		rec.expires = k.Expires.UnixMicro()
	}
	if rec.pepper > maxPepper {
		rec.pepper = -1
	}
	two := rec.pepper < 0 || k.Previous.Pepper != "" || !k.Current.Ends.IsZero()
	if two || k.Kind == tenancy.KeyPersonal {
		rec.more = &keyMore{holder: k.Holder, membership: k.Membership}
	}
	if two {
		own := *k
		rec.more.key = &own
	}
	return rec
}

// setOf returns the one Models of a set: keys have few different ones.
func (r *replica) setOf(set tenancy.ModelSet) *access.Models {
	var text []byte
	if !set.All() {
		text, _ = set.MarshalJSON() // which cannot fail
	}
	m := r.sets[string(text)]
	if m == nil {
		m = access.NewModels(set)
		r.sets[string(text)] = m
	}
	return m
}

// doubt marks refs as to be read again. Until then what rests on them is
// Unavailable.
func (r *replica) doubt(refs []tenancy.Ref) {
	r.doubtMu.Lock()
	defer r.doubtMu.Unlock()
	for _, ref := range refs {
		r.doubtful[ref] = struct{}{}
		if ref.Org == "" {
			r.shaken.Store(true)
		} else {
			r.tenantOf(ref.Org).shaken.Store(true)
		}
	}
}

// settle reads again what is in doubt. It takes the doubts before it reads, so that
// one that comes meanwhile is not lifted by a reading that was too early for it.
func (r *replica) settle(ctx context.Context) error {
	r.doubtMu.Lock()
	refs := slices.Collect(maps.Keys(r.doubtful))
	clear(r.doubtful)
	r.doubtMu.Unlock()
	if len(refs) == 0 {
		return nil
	}
	read := false
	defer func() {
		if !read { // also where the store panicked
			r.doubt(refs)
		}
	}()
	if err := r.reread(ctx, refs); err != nil {
		return err
	}
	read = true
	r.doubtMu.Lock()
	defer r.doubtMu.Unlock()
	r.calm(refs)
	return nil
}

// calm lifts the doubt from whoever has none left.
func (r *replica) calm(refs []tenancy.Ref) {
	left := map[tenancy.OrgID]bool{}
	for ref := range r.doubtful {
		left[ref.Org] = true
	}
	for _, ref := range refs {
		switch {
		case left[ref.Org]:
		case ref.Org == "":
			r.shaken.Store(false)
		default:
			r.tenantOf(ref.Org).shaken.Store(false)
		}
	}
}

// load draws the whole picture anew: the cursor of now, then every record, so
// that whatever changes meanwhile is met again when the feed is followed. Keys come last,
// and are put in place as they are read: there are more of them than of all else.
func (r *replica) load(ctx context.Context) error {
	head, err := r.st.Changes(ctx, "", store.MaxPage)
	if err != nil {
		return err
	}
	all, err := keyless(ctx, r.st)
	if err != nil {
		return err
	}
	r.replace(all)
	if err := r.loadKeys(ctx); err != nil {
		return err
	}
	r.cursor = head.Next
	return nil
}

// loadKeys puts every key in place, and empties the slots of those that are gone.
func (r *replica) loadKeys(ctx context.Context) error {
	stale := map[*keySlot]bool{}
	for slot := range r.keys.all {
		stale[slot] = true
	}
	for k, err := range store.Walk(ctx, r.st, store.AllOf[tenancy.Key]()) {
		if err != nil {
			return err
		}
		slot := r.putKey(k.Value)
		if len(stale) > 0 {
			delete(stale, slot)
		}
	}
	for slot := range stale {
		slot.write(keyRecord{})
	}
	return nil
}

// replace makes records all that the replica knows, keys aside.
func (r *replica) replace(records []tenancy.Entity) {
	r.models = map[tenancy.ModelID]tenancy.Model{}
	of := map[tenancy.OrgID][]tenancy.Entity{}
	for _, v := range records {
		switch v := v.(type) {
		case tenancy.Model:
			r.models[v.ID] = v
		default:
			of[v.Ref().Org] = append(of[v.Ref().Org], v)
		}
	}
	r.drawCatalogue()
	for org, records := range of {
		r.tenantOf(org).draw((*access.Picture)(nil).With(records, nil))
	}
	for org, at := range r.tenants.Range {
		if _, kept := of[org.(tenancy.OrgID)]; !kept {
			at.(*tenant).draw(nil)
		}
	}
}

func (r *replica) drawCatalogue() {
	r.catalogue.Store(access.NewCatalogue(slices.Collect(maps.Values(r.models))...))
}
