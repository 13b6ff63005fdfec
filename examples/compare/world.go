package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

// The shape of the data.
const (
	catalogued     = 60 // models; they fit the bits of a mask
	subscribed     = 50 // of an organization
	enabled        = 20 // of them, in a project
	narrowed       = 5  // of them, for one key in five
	keysAProject   = 100
	projectsAnOrg  = 10
	hot            = 256  // keys that the hot queries are of
	allowedOf10000 = 8000 // queries
)

// mask is a set of models of the catalogue.
type mask uint64

func (m mask) has(i int) bool { return m>>i&1 == 1 }

// pick draws n of the models of m.
func (m mask) pick(r *rand.Rand, n int) mask {
	var picked mask
	for _, i := range r.Perm(catalogued) {
		if n > 0 && m.has(i) {
			picked |= 1 << i
			n--
		}
	}
	return picked
}

// one draws a model of m, which is not empty.
func (m mask) one(r *rand.Rand) int {
	for {
		if i := r.IntN(catalogued); m.has(i) {
			return i
		}
	}
}

const everything mask = 1<<catalogued - 1

// project and apiKey are the data once more, plainly, for whoever is compared.
type project struct {
	id       tenancy.ProjectID
	org      int
	models   mask
	archived bool
}

type apiKey struct {
	id       tenancy.KeyID
	project  int
	hmac     tenancy.Digest // the digest in use
	plain    [32]byte       // SHA-256 of the token
	narrowed bool
	models   mask // where narrowed
	revoked  bool
	expires  time.Time
}

// world is a tenancy of n keys, the same one each time.
type world struct {
	peppers  *keys.Peppers
	format   keys.Format
	now      time.Time
	names    [catalogued]tenancy.ModelID
	orgs     []mask // the plans
	projects []project
	keys     []apiKey
	queries  []query // uniformly random
	hot      []query // of few keys
}

// query asks whether the key of a token may call a model.
type query struct {
	token  string
	parsed keys.Token // looks into token
	key    int
	model  tenancy.ModelID
	number int // of the model
	want   bool
}

// newWorld makes a world of n keys and so many queries, and hands every record of it to
// put, of one organization after the other.
func newWorld(n, queries int, put func(tenancy.Entity) error) (*world, error) {
	source := rand.NewChaCha8([32]byte{31: 7})
	w := &world{now: tenancy.Instant(time.Now())}
	if err := w.secrets(source); err != nil {
		return nil, err
	}
	r := rand.New(source)
	for i := range w.names {
		w.names[i] = tenancy.ModelID(fmt.Sprintf("vendor-%d/model-%02d", i%7, i))
		if err := put(tenancy.Model{ID: w.names[i], Public: true, Created: w.now}); err != nil {
			return nil, err
		}
	}
	asked := chosen(r, n, queries)
	tokens := map[int]string{}
	minter := keys.Minter{Format: w.format, Peppers: w.peppers, Rand: source}
	for i := range n {
		if i%(keysAProject*projectsAnOrg) == 0 {
			if err := w.found(r, put); err != nil {
				return nil, err
			}
		}
		if i%keysAProject == 0 {
			if err := w.start(r, put); err != nil {
				return nil, err
			}
		}
		token, err := w.mint(r, minter, put)
		if err != nil {
			return nil, err
		}
		if asked[i] {
			tokens[i] = token
		}
	}
	return w, w.ask(r, queries, asked, tokens)
}

func (w *world) secrets(r io.Reader) error {
	secret := make([]byte, keys.MinPepper)
	if _, err := io.ReadFull(r, secret); err != nil {
		return err
	}
	pepper, err := keys.NewPepper("p1", secret)
	if err != nil {
		return err
	}
	if w.peppers, err = keys.NewPeppers(pepper); err != nil {
		return err
	}
	w.format, err = keys.NewFormat("tenet", "live")
	return err
}

// chosen draws the keys that queries are of, so that the tokens of no others need be
// kept. Of few keys it is all.
func chosen(r *rand.Rand, n, queries int) map[int]bool {
	asked := map[int]bool{}
	for range queries {
		asked[r.IntN(n)] = true
	}
	return asked
}

func orgID(o int) tenancy.OrgID { return tenancy.OrgID(fmt.Sprintf("org_%026d", o+1)) }

func ownerOf(o int) tenancy.UserID { return tenancy.UserID(fmt.Sprintf("owner-%06d", o)) }

func personOf(o int) tenancy.UserID { return tenancy.UserID(fmt.Sprintf("person-%06d", o)) }

func stayOf(o, who int) tenancy.MembershipID {
	return tenancy.MembershipID(fmt.Sprintf("mem_%026d", 10*o+who+1))
}

// found adds an organization: its plan, an owner and a person.
func (w *world) found(r *rand.Rand, put func(tenancy.Entity) error) error {
	o := len(w.orgs)
	plan := everything.pick(r, subscribed)
	w.orgs = append(w.orgs, plan)
	return each(put,
		tenancy.Organization{ID: orgID(o), Name: fmt.Sprint("Organization ", o), TimeZone: "UTC", Currency: "EUR",
			Owners: []tenancy.UserID{ownerOf(o)}, Created: w.now},
		tenancy.Subscription{Org: orgID(o), Plan: "business", Models: w.set(plan)},
		tenancy.Member{Org: orgID(o), User: ownerOf(o), Membership: stayOf(o, 0), Joined: w.now},
		tenancy.Member{Org: orgID(o), User: personOf(o), Membership: stayOf(o, 1), Joined: w.now},
	)
}

// start adds a project to the last organization, with its person in it.
func (w *world) start(r *rand.Rand, put func(tenancy.Entity) error) error {
	o, n := len(w.orgs)-1, len(w.projects)
	p := project{id: tenancy.ProjectID(fmt.Sprintf("proj_%026d", n+1)), org: o, models: w.orgs[o].pick(r, enabled), archived: n%100 == 57}
	w.projects = append(w.projects, p)
	record := tenancy.Project{Org: orgID(o), ID: p.id, Name: fmt.Sprint("Project ", n), Models: w.set(p.models), Created: w.now}
	if p.archived {
		record = record.Archive(w.now)
	}
	return each(put, record, tenancy.ProjectMember{Org: orgID(o), Project: p.id, User: personOf(o), Membership: stayOf(o, 1),
		Role: tenancy.RoleMember, Added: w.now})
}

func each(put func(tenancy.Entity) error, records ...tenancy.Entity) error {
	for _, v := range records {
		if err := put(v); err != nil {
			return err
		}
	}
	return nil
}

// mint adds a key to the last project and returns its token.
func (w *world) mint(r *rand.Rand, m keys.Minter, put func(tenancy.Entity) error) (string, error) {
	at := len(w.projects) - 1
	p := w.projects[at]
	k := apiKey{project: at, narrowed: r.IntN(5) == 0, revoked: r.IntN(50) == 0}
	record := tenancy.Key{Org: orgID(p.org), Project: p.id, Kind: tenancy.KeyService, Name: "a service", Models: tenancy.AllModels(),
		CreatedBy: ownerOf(p.org), Created: w.now}
	if k.narrowed {
		k.models = p.models.pick(r, narrowed)
		record.Models = w.set(k.models)
	}
	if r.IntN(100) == 0 {
		k.expires = w.now.Add(-time.Hour)
		record.Expires = k.expires
	}
	record, secret, err := m.Mint(record, ownerOf(p.org), w.now)
	if err != nil {
		return "", err
	}
	if k.revoked {
		record = record.Revoke(w.now)
	}
	token := secret.Reveal()
	k.id, k.hmac, k.plain = record.ID, record.Current.Digest, sha256.Sum256([]byte(token))
	w.keys = append(w.keys, k)
	return token, put(record)
}

// set is a mask as the library has it.
func (w *world) set(m mask) tenancy.ModelSet { return tenancy.Models(w.list(m)...) }

func (w *world) list(m mask) []tenancy.ModelID {
	var ids []tenancy.ModelID
	for i, name := range w.names {
		if m.has(i) {
			ids = append(ids, name)
		}
	}
	return ids
}

// callable is what a key may call, all things considered.
func (w *world) callable(k *apiKey) mask {
	p := &w.projects[k.project]
	if k.revoked || p.archived || !k.expires.IsZero() {
		return 0
	}
	if k.narrowed {
		return k.models & p.models & w.orgs[p.org]
	}
	return p.models & w.orgs[p.org]
}

// dead reports whether the key is refused whatever it asks for, and the refusal is
// recorded when it is authenticated.
func (k *apiKey) dead() bool { return k.revoked || !k.expires.IsZero() }
