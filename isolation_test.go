package tenet_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// side is one of two organizations that are alike but for their names.
type side struct {
	t          testing.TB
	tenet      *tenet.Tenet
	st         backend
	on         grounds
	principals []tenet.Principal
	ops        []store.OperationID
	cursors    []string // of its listings and trails
}

// both is on the roster of either side, by one name.
const both tenancy.UserID = "both"

// roster are the people of a side.
func (s *side) roster() []tenancy.UserID {
	all := []tenancy.UserID{both}
	for _, name := range people[:5] {
		all = append(all, s.on.user(string(name)))
	}
	return all
}

// settle makes an organization with people, projects, keys, an invite and calls; after
// stands after every name in it.
func settle(t testing.TB, tt *tenet.Tenet, st backend, after string) *side {
	ctx, ops := context.Background(), tt.Operator("ops")
	s := &side{t: t, tenet: tt, st: st, on: grounds{after: after}, ops: []store.OperationID{store.OperationID("op" + after)}}
	ann, mem := tt.As(s.on.user("ann")), tt.As(s.on.user("mem"))
	org := must[tenancy.Organization](t)(ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme" + after, Currency: "EUR", Owner: tenet.NewMember{User: s.on.user("ann"), Name: "Ann" + after, Email: "ann" + after + "@example.com"},
		Plan: "pro" + after, Models: tenancy.AllModels(),
	}))
	prod := must[tenancy.Project](t)(ann.With(tenet.ChangeOptions{Op: s.ops[0]}).CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod" + after, Models: tenancy.Models("gpt-4o")}))
	lab := must[tenancy.Project](t)(ann.CreateProject(ctx, org.ID, tenet.NewProject{Name: "lab" + after}))
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, org.ID, lab.ID))
	for _, u := range s.roster()[:5] {
		must[tenancy.Member](t)(ops.AddMember(ctx, org.ID, tenet.NewMember{User: u, Name: "Name" + after, Email: "mail" + after + "@example.com"}))
	}
	must[tenancy.Member](t)(ops.AddMember(ctx, org.ID, tenet.NewMember{User: s.on.user("rob")}))
	for u, role := range map[tenancy.UserID]tenancy.Role{s.on.user("pat"): tenancy.RoleOwner, s.on.user("mem"): tenancy.RoleMember, s.on.user("vic"): tenancy.RoleViewer, both: tenancy.RoleMember} {
		mustNot(t, ann.SetProjectMember(ctx, org.ID, prod.ID, u, role))
	}
	mustNot(t, ann.SetProjectMember(ctx, org.ID, prod.ID, s.on.user("vic"), tenancy.RoleOwner)) // a second entry about it
	mustNot(t, ann.SetProjectMember(ctx, org.ID, prod.ID, s.on.user("vic"), tenancy.RoleViewer))
	s.on.org, s.on.project = org.ID, prod.ID
	for _, k := range []struct {
		by  tenet.Actor
		new tenet.NewKey
		id  *tenancy.KeyID
	}{{ann, serviceKey("backend" + after), &s.on.service}, {mem, personalKey("laptop" + after), &s.on.mems}} {
		key, secret, err := k.by.CreateKey(ctx, org.ID, prod.ID, k.new)
		mustNot(t, err)
		*k.id = key.ID
		s.on.secret = cmp.Or(s.on.secret, secret.Reveal())
		p, _ := tt.Authenticate(ctx, secret.Reveal())
		s.principals = append(s.principals, p)
		call, _ := tt.Begin(ctx, p, "gpt-4o", tenet.Estimate{})
		mustNot(t, call.Finish(tenet.Result{Outcome: usage.OutcomeOK, RequestID: "request" + after}))
	}
	i, token, err := ann.Invite(ctx, org.ID, tenet.NewInvite{Email: "ivy@example.com"})
	mustNot(t, err)
	s.on.invite, s.on.token = i.ID, token.Reveal()
	return s
}

// pages asks for pages of one, and keeps where they end.
func (s *side) pages(reading []verb) {
	for _, d := range reading {
		a := d.asked(s.on)
		if !a.limit(1) {
			continue
		}
		for _, v := range a.do(context.Background(), s.tenet).values {
			if next := reflect.ValueOf(v).FieldByName("Next"); next.String() != "" {
				s.cursors = append(s.cursors, next.String())
			}
		}
	}
}

// limit sets the field Limit of an argument that has one.
func (a *asking) limit(n int64) (has bool) {
	for _, arg := range a.args {
		if arg.Kind() != reflect.Struct {
			continue
		}
		if f := arg.FieldByName("Limit"); f.IsValid() && f.CanInt() {
			f.SetInt(n)
			has = true
		}
	}
	return has
}

// told is a reply as a page would show it.
func (got reply) told() string {
	var b strings.Builder
	for _, v := range got.values {
		data, err := json.Marshal(v)
		fmt.Fprintf(&b, "%s %v %+v\n", data, err, v)
	}
	fmt.Fprintf(&b, "%v %v", got.err, got.panicked)
	return b.String()
}

// seen is all that anybody can see of a side: what the store has, what each of its
// people and a stranger are told by every verb that reads, what the operator is, and
// what its keys and people may call.
func (s *side) seen(reading []verb) (all []string) {
	ctx := context.Background()
	note := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	for _, kind := range tenancy.Kinds() {
		if kind == tenancy.KindModel {
			continue
		}
		for _, rec := range must[store.Page](s.t)(s.st.List(ctx, store.Query{Listing: store.Within, Kind: kind, Org: s.on.org})).Records {
			note("record %d %s", rec.Rev, must[[]byte](s.t)(store.Marshal(rec.Value)))
		}
	}
	note("trail %+v", must[store.Trail](s.t)(s.st.Trail(ctx, store.TrailQuery{Org: s.on.org})).Entries)
	note("calls %+v", must[store.RecordPage](s.t)(s.st.Records(ctx, store.RecordQuery{Org: s.on.org})).Records)
	for _, by := range []usage.Dimension{"", usage.ByProject, usage.ByModel, usage.ByKey, usage.ByUser, usage.ByOutcome} {
		note("sums %+v", must[[]store.Total](s.t)(s.st.Totals(ctx, store.TotalQuery{Org: s.on.org, By: by, Cuts: []time.Time{lately.From, lately.From.AddDate(10, 0, 0)}})))
	}
	view := must[*access.Snapshot](s.t)(s.tenet.Snapshot(ctx)).At(time.Now())
	for _, m := range shelf {
		for _, p := range s.principals {
			note("%s may call %s: %+v", p.Key(), m, s.tenet.CanCall(p, m))
		}
		for _, u := range s.roster() {
			note("%s may call %s: %+v", u, m, view.CanUse(u, s.on.project, m))
		}
	}
	for _, d := range reading {
		for _, u := range append(s.roster(), "nik") {
			if d.operators() {
				u = "ops"
			}
			a := d.asked(s.on)
			a.by = u
			note("%s for %s: %s", d.name, u, a.do(ctx, s.tenet).told())
			if d.operators() {
				break
			}
		}
	}
	return all
}

// readingDeeds are those that change nothing, and leave no call.
func readingDeeds(t *testing.T) (reading []verb) {
	t.Helper()
	across := []string{"Organizations", "Operator.Organizations", "Operator.Catalogue"} // of no one organization
	for _, d := range deeds() {
		if d.name != "Begin" && !slices.Contains(across, d.name) && !d.changing(t) {
			reading = append(reading, d)
		}
	}
	return reading
}

// actingDeeds are those that are about one organization.
func actingDeeds() []verb {
	return slices.DeleteFunc(deeds(), func(d verb) bool {
		return strings.HasPrefix(d.name, "Operator.PutModel") || d.name == "Operator.RetireModel" // the catalogue is everybody's
	})
}

// act does something in one organization, with whatever a caller there may come by of
// the other.
func act(t *rapid.T, mine, theirs *side, acting []verb, count map[string]int) {
	d := pick(t, acting)
	on, absent := mine.on, mine.on
	mixed := false
	mix := func(own, other, made string) (string, string) {
		if rapid.IntRange(0, 3).Draw(t, "whose") > 0 {
			return own, own
		}
		mixed = true
		return other, made
	}
	asked := func(on grounds) *asking { return d.asked(on) }
	by := on.user(d.by)
	if !d.operators() {
		by = pick(t, append(mine.roster(), by))
	}
	if !d.operators() && by != both { // who may act over there
		org, none := mix(string(on.org), string(theirs.on.org), "org_01JD0000000000000000000000")
		on.org, absent.org = tenancy.OrgID(org), tenancy.OrgID(none)
	}
	project, noProject := mix(string(on.project), string(theirs.on.project), "proj_01JD0000000000000000000000")
	service, noService := mix(string(on.service), string(theirs.on.service), "key_000000000000")
	mems, noMems := mix(string(on.mems), string(theirs.on.mems), "key_000000000000")
	invite, noInvite := mix(string(on.invite), string(theirs.on.invite), "inv_01JD0000000000000000000000")
	on.ids = ids{on.org, tenancy.ProjectID(project), tenancy.KeyID(service), tenancy.KeyID(mems), tenancy.InviteID(invite)}
	absent.ids = ids{absent.org, tenancy.ProjectID(noProject), tenancy.KeyID(noService), tenancy.KeyID(noMems), tenancy.InviteID(noInvite)}

	a, b := asked(on), asked(absent)
	a.by, b.by = by, by
	others := b.slots(mine.t)
	for i, s := range a.slots(mine.t) {
		put := func(text, instead string) { s.set(text); others[i].set(instead) }
		switch {
		case s.path == "As":
		case s.path == "With.Op":
			op := pick(t, append([]store.OperationID{"", "", "op-1", "op-2"}, theirs.ops...))
			put(string(op), string(op))
		case strings.HasSuffix(s.path, ".After"):
			cursor := pick(t, append([]string{"", ""}, theirs.cursors...))
			put(cursor, cursor)
		case s.names[len(s.names)-1] == "tenancy.UserID" && rapid.IntRange(0, 3).Draw(t, "who") == 0:
			mixed = true
			i := rapid.IntRange(1, 5).Draw(t, "of them")
			put(string(theirs.roster()[i]), fmt.Sprint("nobody ", i))
		}
	}
	ctx := context.Background()
	got := a.do(ctx, mine.tenet)
	if got.panicked != nil {
		t.Fatalf("%s: panic %v", d.name, got.panicked)
	}
	if beside := got.given(); beside != "" {
		t.Fatalf("%s: beside %v: %s", d.name, got.err, beside)
	}
	if d.name != "Organizations" && d.name != "Begin" && !d.operators() { // the second says of which subject it speaks
		tellsNothing(t, d, got, theirs)
	}
	switch {
	case got.err == nil:
		count["done"]++
	case mixed:
		count["refused, with ids of the other"]++
	default:
		count["refused"]++
	}
	if mixed && got.err != nil { // and nothing was done
		if again := b.do(ctx, mine.tenet); fmt.Sprint(again.err) != got.err.Error() {
			t.Fatalf("%s tells what is another's from what is not there: %v, and %v", d.name, got.err, again.err)
		}
	}
}

// tellsNothing holds a reply to have nothing of another organization's.
func tellsNothing(t *rapid.T, d verb, got reply, theirs *side) {
	text := got.told()
	for _, secret := range []string{string(theirs.on.org), string(theirs.on.project), string(theirs.on.service), string(theirs.on.mems), string(theirs.on.invite),
		"Acme" + theirs.on.after, "prod" + theirs.on.after, "lab" + theirs.on.after, "backend" + theirs.on.after, "mail" + theirs.on.after, "request" + theirs.on.after} {
		if strings.Contains(text, secret) {
			t.Fatalf("%s tells %q of another organization: %s", d.name, secret, text)
		}
	}
}

// A15: whatever people of one organization, and the operator there, do or try, with ids
// of the other among theirs, all that can be seen of that one stays as it is, byte for
// byte; they see nothing of it; and what is its is to them what is not there.
func TestA15TwoTenants(t *testing.T) {
	reading, acting := readingDeeds(t), actingDeeds()
	for _, round := range []struct{ name, mine, theirs string }{{"one", "-a", "-b"}, {"the other", "-b", "-a"}} {
		t.Run(round.name, func(t *testing.T) {
			t.Parallel()
			count := map[string]int{}
			rapid.Check(t, func(rt *rapid.T) {
				st := anyStore(t, rt)
				tt := openShop(t, st)
				defer tt.Close()
				sides := map[string]*side{}
				for _, after := range []string{"-a", "-b"} {
					sides[after] = settle(t, tt, st, after)
					sides[after].pages(reading)
				}
				mine, theirs := sides[round.mine], sides[round.theirs]
				before := theirs.seen(reading)
				for range rapid.IntRange(10, 40).Draw(rt, "acts") {
					act(rt, mine, theirs, acting, count)
				}
				if diff := gocmp.Diff(before, theirs.seen(reading)); diff != "" {
					rt.Fatalf("the other organization (-before +after):\n%s", diff)
				}
			})
			t.Logf("acts: %v", count)
			if len(count) < 3 || count["done"] < 200 || count["refused, with ids of the other"] < 200 {
				t.Errorf("acts: %v: too few of a kind", count)
			}
		})
	}
}

// anyStore is a new store, one time in twelve on SQLite.
func anyStore(t *testing.T, rt *rapid.T) backend {
	if raceEnabled || rapid.IntRange(1, 12).Draw(rt, "store") < 12 {
		return memory.New()
	}
	st := must[*sqlitefile.Store](t)(sqlitefile.Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db")))
	t.Cleanup(func() { mustNot(t, st.Close()) })
	return st
}

// openShop is a Tenet with a catalogue.
func openShop(t *testing.T, st backend) *tenet.Tenet {
	o := &tenet.Options{Peppers: peppers(t)}
	importing(o)
	tt := must[*tenet.Tenet](t)(tenet.Open(t.Context(), st, o))
	for _, m := range []tenancy.Model{{ID: "gpt-4o", Public: true}, {ID: "small", Public: true}, {ID: "latest", Alias: "gpt-4o"}} {
		mustNot(t, tt.Operator("ops").PutModel(t.Context(), m))
	}
	return tt
}

// A15: where a page of one organization ends is no way into it: another's verbs refuse
// it, or show what is their own.
func TestA15CursorsOfOthers(t *testing.T) {
	reading := readingDeeds(t)
	eachStore(t, func(t *testing.T, st backend) {
		tt := openShop(t, st)
		defer tt.Close()
		a, b := settle(t, tt, st, "-a"), settle(t, tt, st, "-b")
		tried := 0
		for _, round := range [][2]*side{{a, b}, {b, a}} {
			mine, theirs := round[0], round[1]
			theirs.pages(reading)
			for _, d := range reading {
				ask := d.asked(mine.on)
				if !ask.limit(1) {
					continue
				}
				for _, s := range ask.slots(t) {
					for _, cursor := range theirs.cursors {
						if !strings.HasSuffix(s.path, ".After") {
							continue
						}
						s.set(cursor)
						tried++
						got := ask.do(t.Context(), tt)
						if got.err != nil && !errors.Is(got.err, store.ErrInvalid) {
							t.Errorf("%s: %v", d.name, got.err)
						}
						for _, id := range []string{string(theirs.on.org), string(theirs.on.project)} {
							if strings.Contains(got.told(), id) {
								t.Errorf("%s shows another organization's: %s", d.name, got.told())
							}
						}
					}
				}
			}
		}
		if tried < 30 {
			t.Errorf("%d cursors tried", tried)
		}
	})
}
