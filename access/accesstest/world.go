package accesstest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// TB is what the package needs of a test: *testing.T, *testing.B and *testing.F have it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any)
}

// World is a small world as it is told: the catalogue, organizations, people, projects
// and keys. The zero World is empty and for programs that are no test: they
// ask [World.Err]. Tests make one with [New].
type World struct {
	t         TB
	now       time.Time // zero: noon
	records   map[tenancy.Ref]tenancy.Entity
	stays     map[tenancy.Ref]tenancy.Member // the latest of each person on each roster, over or not
	strangers []string
	statement int
	err       error // the first mistake
}

// noon is the time of a world that is told from nothing.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// New returns an empty world, at a time of its own that is the same in every run. A
// mistake in it fails t at once. A nil t is for programs, as the zero World is.
func New(t TB) *World { return &World{t: t} }

// From returns a world of real records at a time, to be asked as it is or to be told on,
// by [World.FindOrg] and its sisters. Records that an access.Snapshot would refuse
// are a mistake. A nil t is for programs.
func From(t TB, now time.Time, records ...tenancy.Entity) *World {
	w := &World{t: t, now: tenancy.Instant(now)}
	w.tb().Helper()
	w.snapshot("From", records)
	if w.err != nil {
		return w
	}
	for _, v := range records {
		w.file(v)
	}
	for m := range each[tenancy.ProjectMember](w) { // whoever left, and left a place behind, is no stranger
		ref := tenancy.MemberRef(m.Org, m.User).Ref
		if _, known := w.stays[ref]; !known {
			w.stays[ref] = tenancy.Member{Org: m.Org, User: m.User, Membership: m.Membership}
		}
	}
	return w
}

// snapshot is that of records; one that is refused is a mistake, told with its id, which a
// test may see.
func (w *World) snapshot(statement string, records []tenancy.Entity) *access.Snapshot {
	w.tb().Helper()
	snap, err := access.NewSnapshot(records...)
	if refused, ok := errors.AsType[*access.RecordError](err); ok {
		ref := refused.Ref
		w.mistake(statement, "%v record %q of %q: %s", ref.Kind, ref.ID+string(ref.User), ref.Org, refused.Problem)
	}
	return snap
}

// Strangers brings in people who are on no roster. Without that a name that is on none is
// taken for a slip of the pen.
func (w *World) Strangers(users ...string) *World {
	w.tb().Helper()
	for _, user := range users {
		if _, err := tenancy.ParseUserID(user); err != nil {
			w.mistake(call("Strangers", user), "%v", err)
		}
	}
	w.strangers = append(w.strangers, users...)
	return w
}

// Err returns the first mistake in the world, nil where there is none. What follows a
// mistake is not to be trusted, so no other is kept.
func (w *World) Err() error { return w.err }

// Records returns the world's records: valid ones, as Tenet would have stored them, in an
// order that is the same in every run. They may be put into a store; no token
// belongs to the keys among them.
func (w *World) Records() []tenancy.Entity {
	var all []tenancy.Entity
	for _, ref := range slices.SortedFunc(maps.Keys(w.records), compareRefs) {
		all = append(all, w.records[ref])
		if p, ok := w.records[ref].(tenancy.Project); ok && p.Archived.IsZero() {
			all = append(all, p.Claim())
		}
	}
	return all
}

func compareRefs(a, b tenancy.Ref) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Org, b.Org), cmp.Compare(a.ID, b.ID), cmp.Compare(a.User, b.User))
}

// View returns the world as it is told so far. It knows nothing of what is told
// later, so that two views of one world can be compared.
//
// An organization without an owner is a mistake by now. The view of a world with
// mistakes denies, and [Check], [Golden] and their sisters return them.
func (w *World) View() *View {
	w.tb().Helper()
	for o := range each[tenancy.Organization](w) {
		if len(o.Owners) == 0 {
			w.mistake(call("Org", o.Name), "it has no owner, and an organization keeps at least one")
		}
	}
	v := w.named()
	if v.err = w.err; v.err != nil {
		v.View = access.View{}
	}
	return v
}

// named is the world so far, with names.
func (w *World) named() *View {
	strangers := slices.Clone(w.strangers)
	for ref := range w.stays {
		strangers = append(strangers, string(ref.User))
	}
	return Of(w.snapshot("View", w.Records()), w.clock(), strangers...)
}

func (w *World) clock() time.Time {
	if w.now.IsZero() {
		return noon
	}
	return w.now
}

// tick is when the next statement took effect: in their order, all in the past.
func (w *World) tick() time.Time {
	w.statement++
	return tenancy.Instant(w.clock().AddDate(0, -1, 0).Add(time.Duration(w.statement) * time.Second))
}

// mistake notes what is wrong with a statement and ends the test.
func (w *World) mistake(statement, format string, args ...any) {
	w.tb().Helper()
	if w.err == nil {
		w.err = fmt.Errorf("accesstest: %s: %s", statement, fmt.Sprintf(format, args...))
	}
	w.tb().Fatalf("%v", w.err)
}

func (w *World) tb() TB {
	if w.t == nil {
		return silent{}
	}
	return w.t
}

// silent is the TB of a program.
type silent struct{}

func (silent) Helper()               {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}

// file adds a record, or puts it in place of the one of its identity.
func (w *World) file(v tenancy.Entity) {
	if w.records == nil {
		w.records, w.stays = map[tenancy.Ref]tenancy.Entity{}, map[tenancy.Ref]tenancy.Member{}
	}
	switch v := v.(type) {
	case tenancy.NameClaim: // follows from the project
		return
	case tenancy.Member:
		w.stays[v.Ref()] = v
	}
	w.records[v.Ref()] = v
}

// put files a record that is valid.
func put[T interface {
	tenancy.Recordable
	Validate() error
}](w *World, statement string, v T) bool {
	w.tb().Helper()
	if err := v.Validate(); err != nil {
		w.mistake(statement, "%v", err)
		return false
	}
	w.file(v)
	return true
}

// read is the record of an identity; zero where there is none.
func read[T tenancy.Recordable](w *World, ref tenancy.RefTo[T]) T {
	v, _ := w.records[ref.Ref].(T)
	return v
}

// call is a statement in the words of the test: Org("acme").
func call(method string, words ...string) string {
	args := make([]string, len(words))
	for i, word := range words {
		args[i] = strconv.Quote(word)
	}
	return method + "(" + strings.Join(args, ", ") + ")"
}

// but lists what there is, after a complaint about what there is not.
func but(known []string) string {
	if len(known) == 0 {
		return "; there is none at all"
	}
	slices.Sort(known)
	const most = 12
	rest := ""
	if len(known) > most {
		rest = fmt.Sprintf(" and %d more", len(known)-most)
		known = known[:most]
	}
	return "; there is " + quoted(known) + rest
}

// quoted are names as tables spell them, with commas.
func quoted(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, quote(name))
	}
	return strings.Join(all, ", ")
}
