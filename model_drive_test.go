package tenet_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// drive is one world: the real thing and the model side by side, what the driver knows
// of them, and the clock of both.
type drive struct {
	*rapid.T
	*driven
	ctx    context.Context
	real   *tenet.Tenet
	st     backend
	m      *model
	micros atomic.Int64

	orgs     []tenancy.OrgID
	projects []tenancy.Project // their ids
	keys     []*drivenKey
	invites  []drivenInvite
	chosen   []asked // under an operation id
	bad      bool    // a value that is out of bounds was drawn
}

type drivenKey struct {
	org       tenancy.OrgID
	id        tenancy.KeyID
	tokens    []string // every one ever
	principal tenet.Principal
}

type drivenInvite struct {
	org          tenancy.OrgID
	id           tenancy.InviteID
	token, email string
}

// driven counts what was compared, over all worlds.
type driven struct {
	worlds, entries, listings, decisions, allowed int
	previews, effectful, idle                     int
	differ                                        bool // some world did
	done, refused                                 map[store.Action]int
	kinds                                         map[error]int // of refusals
}

func (d *drive) now() time.Time { return time.UnixMicro(d.micros.Load()).UTC() }

// modelDecisions names how many decisions TestModel compares; a million where it is not
// set.
const modelDecisions = "TENET_MODEL_DECISIONS"

// TestModel holds the real thing to the model: in random worlds random people do random
// things, on memory and on SQLite, and every answer, decision, listing and entry of the
// log is the model's.
func TestModel(t *testing.T) {
	decisions := 1_000_000
	if n, err := strconv.Atoi(os.Getenv(modelDecisions)); err == nil {
		decisions = n
	} else if testing.Short() || raceEnabled {
		decisions /= 20
	}
	t.Run("memory", func(t *testing.T) {
		driveUntil(t, decisions*9/10, func(testing.TB) backend { return memory.New() })
	})
	t.Run("sqlitefile", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "tenet.db")
		driveUntil(t, decisions/10, func(t testing.TB) backend {
			for _, suffix := range []string{"", "-wal", "-shm"} {
				_ = os.Remove(path + suffix) // the world before
			}
			return must[*sqlitefile.Store](t)(sqlitefile.Open(context.Background(), path))
		})
	})
}

// driveUntil compares worlds until there were enough decisions.
func driveUntil(t *testing.T, decisions int, open func(testing.TB) backend) {
	c := &driven{done: map[store.Action]int{}, refused: map[store.Action]int{}, kinds: map[error]int{}}
	for c.decisions < decisions {
		rapid.Check(t, func(rt *rapid.T) {
			if c.decisions >= decisions && !c.differ {
				return
			}
			same := false
			defer func() { c.differ = c.differ || !same }() // what follows makes that world small
			driveOne(t, rt, c, open(t))
			same = true
		})
	}
	c.report(t)
}

// refusalKinds are all the ways in which a verb refuses.
var refusalKinds = []error{
	tenet.ErrNotFound, tenet.ErrForbidden, tenet.ErrStale, tenet.ErrSecretShown, tenet.ErrImported, store.ErrReused, keys.ErrEnded,
	tenancy.ErrInvalid, tenancy.ErrLastOwner, tenancy.ErrNameTaken, tenancy.ErrArchived, tenancy.ErrRotationOpen,
}

// report says what was compared, and fails where that says little.
func (c *driven) report(t *testing.T) {
	verbs, refused := 0, 0
	for _, n := range c.done {
		verbs += n
	}
	for _, n := range c.refused {
		refused += n
	}
	t.Logf("%d decisions (%d allowed), %d verbs (%d refused, %d with nothing to do), %d entries, %d listings, %d previews (%d with effects) in %d worlds: 0 differ",
		c.decisions, c.allowed, verbs+refused+c.idle, refused, c.idle, c.entries, c.listings, c.previews, c.effectful, c.worlds)
	t.Logf("done: %v; refused: %v; with %v", c.done, c.refused, c.kinds)
	if t.Failed() {
		return
	}
	if c.allowed*20 < c.decisions || verbs < refused/2 {
		t.Error("worlds in which nearly all is denied compare little")
	}
	for _, kind := range refusalKinds {
		if c.worlds >= 100 && c.kinds[kind] == 0 {
			t.Errorf("nothing was refused with %v", kind)
		}
	}
	for _, actions := range drawnVerbs {
		for _, a := range actions {
			if c.worlds >= 100 && c.done[a]*100 < c.worlds {
				t.Errorf("%s was done %d times in %d worlds", a, c.done[a], c.worlds)
			}
		}
	}
}

// driveOne compares one world.
func driveOne(t *testing.T, rt *rapid.T, c *driven, st backend) {
	d := &drive{T: rt, driven: c, ctx: context.Background(), st: st, m: &model{records: map[tenancy.Ref]tenancy.Entity{}}}
	d.micros.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixMicro())
	d.real = must[*tenet.Tenet](t)(tenet.Open(d.ctx, st, &tenet.Options{Peppers: peppers(t), Clock: d.now, MaxStaleness: time.Minute, Poll: 30 * time.Second,
		Imports: &tenet.ImportOptions{Scheme: keys.SHA256Hex, Until: importsEnd}}))
	defer func() {
		mustNot(t, d.real.Close())
		if closer, ok := st.(interface{ Close() error }); ok {
			mustNot(t, closer.Close())
		}
	}()
	c.worlds++
	if rapid.Bool().Draw(rt, "settled") {
		d.settle()
	}
	actions := map[string]func(*rapid.T){"again": func(rt *rapid.T) {
		if len(d.chosen) == 0 {
			rt.Skip("there is nothing to do again")
		}
		d.run(drawOne(d, d.chosen...))
	}}
	for about, verbs := range drawnVerbs {
		actions[about] = func(*rapid.T) { d.run(d.options(d.draw(drawOne(d, verbs...)))) }
	}
	for range 2 {
		rt.Repeat(actions)
		d.compareListings()
	}
	d.compareDecisions()
}

// settle makes a world in which things can be done.
func (d *drive) settle() {
	for i, id := range drawnModels {
		e := tenancy.Model{ID: id, Public: i < 4}
		if i >= 4 {
			e.Alias = drawnModels[i-4]
		}
		d.run(asked{action: "model.put", by: "ops", entry: e})
	}
	for i, owner := range []tenancy.UserID{"ann", "bob"} {
		d.run(asked{action: "organization.create", by: "ops", user: owner, name: "web", models: tenancy.AllModels()})
		for _, u := range []tenancy.UserID{"cyd", "dan", "eve"}[i:] {
			d.run(asked{action: "member.add", by: "ops", org: d.orgs[i], user: u, name: "web", email: string(u) + "@x.example"})
		}
		d.run(asked{action: "member.add", by: "ops", org: d.orgs[i], user: "owner", role: tenancy.RoleOwner})
		for _, name := range []string{"web", "zoo"}[i:] {
			d.run(asked{action: "project.create", by: owner, org: d.orgs[i], name: name, models: drawnSets[i]})
		}
	}
	for i, p := range d.projects {
		for j, role := range []tenancy.Role{tenancy.RoleMember, tenancy.RoleOwner, tenancy.RoleViewer}[i:] {
			user := []tenancy.UserID{"dan", "eve", "cyd"}[j]
			owner := d.m.org(p.Org).Owners[0]
			d.run(asked{action: "project.people.set", by: owner, org: p.Org, project: p.ID, user: user, role: role})
			d.run(asked{action: "key.create", by: user, org: p.Org, project: p.ID, name: "web", kind: tenancy.KeyPersonal, models: drawnSets[j]})
		}
		service := asked{action: "key.create", by: d.m.org(p.Org).Owners[0], org: p.Org, project: p.ID, name: "zoo", kind: tenancy.KeyService, models: drawnSets[0]}
		if i > 0 {
			service.expires = d.now().Add(20 * 24 * time.Hour)
		}
		d.run(service)
	}
}

// options draws, now and then, what may go with any verb.
func (d *drive) options(c asked) asked {
	if slices.Contains(jobVerbs, c.action) || c.action == "key.revoke.leaked" { // which asks for no revision, and where it does nothing keeps no operation
		return c
	}
	if drawRarely(d, 3) && c.action != "organization.create" {
		c.op = drawOne[store.OperationID](d, "op-1", "op-2", "op-3")
	}
	if drawRarely(d, 4) {
		c.onBehalf = d.anybody()
	}
	if about := c.about(); drawRarely(d, 4) && about != (tenancy.Ref{}) && about.Org != noOrg {
		rev := d.read(about).Rev
		if c.rev = rev; drawRarely(d, 1) {
			c.rev, c.stale = rev+1, true
		}
	}
	return c
}

func (d *drive) read(r tenancy.Ref) store.Record {
	records, err := d.st.Get(d.ctx, r)
	if err != nil {
		d.Fatalf("Get(%v): %v", r, err)
	}
	return records[0]
}

// run has the real thing and the model do what is asked, and compares what they say.
func (d *drive) run(c asked) {
	if c.op != "" {
		d.chosen = append(d.chosen, c)
	}
	if c.rev != 0 {
		c.stale = d.read(c.about()).Rev != c.rev
	}
	for _, k := range d.keys {
		if c.action == "key.import" && k.tokens[0] == c.token {
			c.key = k.id // which follows from the token
		}
	}
	again, before := d.m.earlier(c) != nil, d.newest(c.org, 1)
	d.Logf("%v %s", d.now().Format(time.StampMicro), d.named(c.String()))
	var got error
	happened := func(string, error) {}
	opts := tenet.ChangeOptions{Op: c.op, IfRev: c.rev, OnBehalf: c.onBehalf}
	if c.op == "" && c.action != "organization.create" && c.action != "key.revoke.leaked" && !slices.Contains(jobVerbs, c.action) && len(d.orgs) > 0 && drawRarely(d, 2) {
		happened = d.preview(c, opts)
	}
	if slices.Contains(verbsOfOperator, c.action) {
		c.made, got = c.operator(d.ctx, d.real.Operator(c.by).With(opts))
	} else {
		c.made, got = c.actor(d.ctx, d.real.As(c.by).With(opts))
	}
	if c.action == "organization.create" && got != nil {
		c.org = noOrg
	} else if c.action == "organization.create" {
		m, err := d.real.As(c.user).Identity(d.ctx, tenancy.OrgID(c.made.id))
		if err != nil {
			d.Fatalf("the owner's identity: %v", err)
		}
		c.org, c.made.stay = tenancy.OrgID(c.made.id), m.Value.Membership
	}
	d.m.now = d.now()
	lines := len(d.m.log)
	want := d.m.do(c)
	if !d.agree(c, want, got) {
		d.Fatalf("%s: %v, model: %v", d.named(c.String()), got, want)
	}
	d.compareEntry(c, before, lines)
	if want == nil && !again {
		d.made(c)
	}
	happened(c.made.id, got)
	d.glance()
	switch {
	case want != nil:
		d.refused[c.action]++
		d.kinds[want]++
	case len(d.m.log) > lines && len(d.m.log[lines].wrote) > 0:
		d.done[c.action]++
	default:
		d.idle++ // what is so already, or was asked again
	}
	d.micros.Add(drawMostly(d, []time.Duration{time.Millisecond, time.Second, 0, time.Hour}, 26*time.Hour, 8*24*time.Hour).Microseconds())
}

// made keeps what a verb made.
func (d *drive) made(c asked) {
	switch c.action {
	case "organization.create":
		d.orgs = append(d.orgs, c.org)
	case "project.create":
		d.projects = append(d.projects, tenancy.Project{Org: c.org, ID: tenancy.ProjectID(c.made.id)})
	case "key.import":
		d.keys = slices.DeleteFunc(d.keys, func(k *drivenKey) bool { return k.id == c.key }) // of an organization that was swept
		p, decision := d.real.Authenticate(d.ctx, c.token)
		if !decision.Allowed() && d.now().Before(importsEnd) {
			d.Fatalf("an imported key is refused: %+v", decision)
		}
		d.keys = append(d.keys, &drivenKey{org: c.org, id: tenancy.KeyID(c.made.id), tokens: []string{c.token}, principal: p})
	case "key.create":
		p, decision := d.real.Authenticate(d.ctx, c.made.token)
		if !decision.Allowed() {
			d.Fatalf("a new key is refused: %+v", decision)
		}
		d.keys = append(d.keys, &drivenKey{org: c.org, id: tenancy.KeyID(c.made.id), tokens: []string{c.made.token}, principal: p})
	case "key.rotate":
		for _, k := range d.keys {
			if k.id == c.key {
				k.tokens = append(k.tokens, c.made.token)
			}
		}
	case "invite.create":
		d.invites = append(d.invites, drivenInvite{c.org, tenancy.InviteID(c.made.id), c.made.token, c.email})
	case "invite.accept":
		if diff := gocmp.Diff(d.m.skipped, c.made.skipped); diff != "" {
			d.Fatalf("skipped (-model +got):\n%s", diff)
		}
	}
}

// named is a text with short names in place of ids.
func (d *drive) named(text string) string {
	var names []string
	for i, o := range d.orgs {
		names = append(names, string(o), fmt.Sprint("org", i))
	}
	for i, p := range d.projects {
		names = append(names, string(p.ID), fmt.Sprint("project", i))
	}
	for i, k := range d.keys {
		names = append(names, string(k.id), fmt.Sprint("key", i))
	}
	for i, v := range d.invites {
		names = append(names, string(v.id), fmt.Sprint("invite", i))
	}
	return strings.NewReplacer(names...).Replace(text)
}

// agree says whether both gave the same answer. Of what is refused, and names a revision
// that is no longer so or a value that is out of bounds, that may be told as well.
func (d *drive) agree(c asked, want, got error) bool {
	if said := new(tenet.Error); got != nil && (!errors.As(got, &said) || said.Op != string(c.action)) {
		return false
	}
	if want == nil || got == nil {
		return want == nil && got == nil
	}
	return errors.Is(got, want) || c.stale && errors.Is(got, tenet.ErrStale) || c.bad && errors.Is(got, tenancy.ErrInvalid)
}

// newest are the newest entries of an organization.
func (d *drive) newest(o tenancy.OrgID, n int) []store.Entry {
	trail, err := d.st.Trail(d.ctx, store.TrailQuery{Org: o, Limit: n})
	if err != nil {
		d.Fatalf("Trail: %v", err)
	}
	return trail.Entries
}

// compareEntry compares what came to the organization's log after the entry that was the
// newest before: one line, which of a job are the entries of all its commits, or none.
func (d *drive) compareEntry(c asked, before []store.Entry, lines int) {
	came := d.newest(c.org, 12)
	if i := slices.IndexFunc(came, func(e store.Entry) bool { return len(before) > 0 && e.Op == before[0].Op }); i >= 0 {
		came = came[:i]
	}
	if want := len(d.m.log) - lines; want != min(len(came), 1) {
		d.Fatalf("%d entries came, the model has %d lines more", len(came), want)
	}
	if len(came) == 0 {
		return
	}
	if want, got := lineOf(d.m.log[lines]), entryLine(came...); want != got {
		d.Fatalf("entry (-model +got):\n%s", d.named(gocmp.Diff(want, got)))
	}
	d.entries++
}

// line is what is compared of an entry.
type line struct {
	By, OnBehalf tenancy.UserID
	Action       store.Action
	Op           string
	Subject      tenancy.Ref
	Within       tenancy.ProjectID
	At           time.Time
	Wrote        string // the refs, sorted
	Told         string // kinds of record in the detail, sorted
}

func lineOf(e logged) line {
	var told []string
	for _, r := range e.wrote {
		told = append(told, r.Kind.String())
	}
	return line{e.by, e.onBehalf, e.action, string(e.op), e.subject, e.within, e.at, sortedTexts(e.wrote), kindsTold(e.action, told)}
}

// entryLine is the entry of a verb; of a job, those of all its commits together, newest first.
func entryLine(parts ...store.Entry) line {
	e := parts[0]
	var told []string
	var wrote []tenancy.Ref
	for _, part := range parts {
		var detail map[string]any
		if err := json.Unmarshal(part.Detail, &detail); err != nil {
			told = append(told, err.Error())
		}
		for name := range maps.Keys(detail) {
			if kind, _, _ := strings.Cut(name, "/"); kind != "skipped" && kind != claims {
				told = append(told, kind)
			}
		}
		wrote = append(wrote, slices.DeleteFunc(slices.Clone(part.Refs), func(r tenancy.Ref) bool { return r.Kind == tenancy.KindNameClaim })...)
	}
	op := strings.TrimPrefix(string(e.Op), "op_") // minted ones are no choice
	if len(op) != len(e.Op) {
		op = ""
	}
	return line{e.Actor, e.OnBehalf, e.Action, op, e.Subject, e.Project, e.At, sortedTexts(wrote), kindsTold(e.Action, told)}
}

// claims are of names, follow from projects, and are no part of the model.
var claims = tenancy.KindNameClaim.String()

// kindsTold are the kinds of record in a detail: once for each record, and of a job,
// which tells how many there were, once.
func kindsTold(a store.Action, told []string) string {
	if slices.Sort(told); slices.Contains(jobVerbs, a) {
		told = slices.Compact(told)
	}
	return sortedTexts(told)
}

func sortedTexts[T any](list []T) string {
	var all []string
	for _, v := range list {
		all = append(all, fmt.Sprint(v))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}
