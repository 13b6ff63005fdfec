package tenet_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// noting keeps the batches that a backend has committed.
type noting struct {
	backend
	batches []store.Batch
}

func (n *noting) Commit(ctx context.Context, b store.Batch) (store.Result, error) {
	res, err := n.backend.Commit(ctx, b)
	if err == nil && !res.Replayed {
		n.batches = append(n.batches, b)
	}
	return res, err
}

// digest is of every record of a store, every entry and every call.
func digest(t testing.TB, st backend) [32]byte {
	t.Helper()
	sum := sha256.New()
	orgs := []tenancy.OrgID{""}
	for _, kind := range tenancy.Kinds() {
		for q := (store.Query{Listing: store.All, Kind: kind}); ; {
			page := must[store.Page](t)(st.List(t.Context(), q))
			for _, rec := range page.Records {
				fmt.Fprintf(sum, "%d %s\n", rec.Rev, must[[]byte](t)(store.Marshal(rec.Value)))
				if o, ok := rec.Value.(tenancy.Organization); ok {
					orgs = append(orgs, o.ID)
				}
			}
			if q.After = page.Next; q.After == "" {
				break
			}
		}
	}
	for _, org := range orgs {
		for q := (store.TrailQuery{Org: org}); ; {
			page := must[store.Trail](t)(st.Trail(t.Context(), q))
			fmt.Fprintf(sum, "%+v\n", page.Entries)
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		if org != "" {
			fmt.Fprintf(sum, "%+v\n", must[store.RecordPage](t)(st.Records(t.Context(), store.RecordQuery{Org: org})))
		}
	}
	return [32]byte(sum.Sum(nil))
}

// textsIn are all texts in a value.
func textsIn(v reflect.Value) (all []string) {
	if set, ok := reflect.TypeAssert[tenancy.ModelSet](v); ok {
		v = reflect.ValueOf(set.List())
	}
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				all = append(all, textsIn(v.Field(i))...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			all = append(all, textsIn(v.Index(i))...)
		}
	}
	return all
}

// trial is of the texts that are put into one deed.
type trial struct {
	t      *testing.T
	deed   verb
	store  func() backend
	w      *town
	st     *noting
	theirs ids // of the other organization

	// Of the slot that is tried.
	at    int
	slot  slot
	rule  rule
	said  int // complaints
	asked int
}

// complain reports the first few.
func (c *trial) complain(format string, args ...any) {
	c.t.Helper()
	if c.said++; c.said <= 5 {
		c.t.Errorf(c.slot.path+": "+format, args...)
	} else {
		c.t.Fail()
	}
}

// settle gives the trial a new town.
func (c *trial) settle() {
	if c.w != nil {
		mustNot(c.t, c.w.Close())
	}
	c.st = &noting{backend: c.store()}
	c.w = newTownOver(c.t, c.st, importing)
	otto := c.w.As("otto")
	k, _, err := otto.CreateKey(c.t.Context(), c.w.other, c.w.shop.ID, serviceKey("till"))
	mustNot(c.t, err)
	i, _, err := otto.Invite(c.t.Context(), c.w.other, tenet.NewInvite{Email: "eve@example.com"})
	mustNot(c.t, err)
	c.theirs = ids{c.w.other, c.w.shop.ID, k.ID, k.ID, i.ID}
	if c.deed.first != nil {
		mustNot(c.t, c.deed.first(c.t.Context(), c.w))
	}
}

// own says that a text is an id, of the kind that the slot takes, of something that
// whoever asks sees.
func (c *trial) own(text string) bool {
	var all []string
	switch on := c.w.ids(); c.slot.names[len(c.slot.names)-1] {
	case "tenancy.OrgID":
		all = []string{string(on.org)}
		if c.deed.operators() {
			all = append(all, string(c.theirs.org))
		}
	case "tenancy.ProjectID":
		all = []string{string(on.project)}
	case "tenancy.KeyID":
		all = []string{string(on.service), string(on.mems)}
	case "tenancy.InviteID":
		all = []string{string(on.invite)}
	}
	return slices.Contains(all, text)
}

// ask does the deed with a text in the slot.
func (c *trial) ask(text string) reply {
	c.asked++
	on := c.w.grounds()
	on.n = c.asked
	a := c.deed.asked(on)
	c.slot = a.slots(c.t)[c.at]
	if c.slot.path == "As" || c.slot.path == "With.OnBehalf" {
		a.opts.Op = store.OperationID(fmt.Sprint("op-", c.asked)) // so that an entry says it, whatever there is to do
	}
	c.slot.set(text)
	got := a.do(c.t.Context(), c.w.Tenet)
	if got.err != nil {
		c.reads(text, got.err.Error())
	}
	if beside := got.given(); beside != "" {
		c.complain("beside its error %.60q gets %.200s", text, beside)
	}
	return got
}

// reads holds the text of an error: it is short, printable, and has nothing of what was
// asked.
func (c *trial) reads(text, said string) {
	if strings.Contains(said, mark) || len(text) > 8 && strings.Contains(said, text) || len(said) > 300 || !printable(said) {
		c.complain("the error of %.60q is %.400q", text, said)
	}
}

// refused tries what is not good: nothing comes of it.
func (c *trial) refused(all []payload) {
	before, batches := digest(c.t, c.st), len(c.st.batches)
	for _, p := range all {
		if wrong := c.rule.bad.complaint(p.text, c.rule.most, c.ask(p.text)); wrong != "" {
			c.complain("%s %.60q is %s; want %s", p.family, p.text, wrong, c.rule.bad.name)
		}
		if len(c.st.batches) != batches {
			c.complain("%s %.60q was refused, and something was committed", p.family, p.text)
			batches = len(c.st.batches)
		}
	}
	if digest(c.t, c.st) != before {
		c.complain("what is refused changes the store")
	}
}

// taken tries what is good: it is kept byte for byte, or does what it did before.
func (c *trial) taken(all []payload) {
	for i, p := range all {
		if c.deed.once && c.rule.good.err == nil && i > 0 {
			c.settle()
		}
		batches := len(c.st.batches)
		got := c.ask(p.text)
		if wrong := c.rule.good.complaint(p.text, 0, got); wrong != "" {
			c.complain("%s %.60q is %s; want %s", p.family, p.text, wrong, c.rule.good.name)
			continue
		}
		written := c.st.batches[batches:]
		if (c.rule.good.err != nil || c.rule.good.idle) && len(written) > 0 {
			c.complain("%s %.60q: something was committed", p.family, p.text)
		}
		if c.rule.good.kept && p.text != "" && !c.keeps(written, p.text) {
			c.complain("%s %.60q was taken, and is not kept", p.family, p.text)
		}
	}
}

// keeps says whether a text stands in what was committed, as the store gives it back.
func (c *trial) keeps(batches []store.Batch, text string) bool {
	for _, b := range batches {
		entry := must[store.Trail](c.t)(c.st.Trail(c.t.Context(), store.TrailQuery{Org: b.Entry.Org, Op: b.Entry.Op})).Entries[0]
		if slices.Contains([]string{string(entry.Op), string(entry.Actor), string(entry.OnBehalf)}, text) {
			return true
		}
		for _, put := range b.Put {
			rec := must[[]store.Record](c.t)(c.st.Get(c.t.Context(), put.Value.Ref()))[0]
			if rec.Value != nil && slices.Contains(textsIn(reflect.ValueOf(rec.Value)), text) {
				return true
			}
		}
	}
	return false
}

// changing says whether a deed, done well, changes something. It fails a test of which
// it is not done well.
func (v verb) changing(t *testing.T) bool {
	t.Helper()
	st := &noting{backend: memory.New()}
	w := newTownOver(t, st, importing)
	if v.first != nil {
		mustNot(t, v.first(t.Context(), w))
	}
	before := len(st.batches)
	a := v.asked(w.grounds())
	a.opts.Op = "op-1"
	if got := a.do(t.Context(), w.Tenet); got.err != nil || got.panicked != nil {
		t.Errorf("%s in a town: %v, panic %v", v.name, got.err, got.panicked)
	}
	return len(st.batches) > before
}

// tries puts texts into every slot of a deed, as choose chooses them.
func (v verb) tries(t *testing.T, st func() backend, choose func([]payload) []payload) (tried, kept int) {
	c := &trial{t: t, deed: v, store: st}
	c.settle()
	changing := v.changing(t)
	good := map[int][]payload{}
	slots := v.asked(c.w.grounds()).slots(t)
	for at, s := range slots {
		if strings.HasPrefix(s.path, "With.") && !changing {
			continue // for changes alone
		}
		c.turnTo(at, s, changing)
		bad, seen := []payload{}, map[string]bool{}
		for _, p := range choose(c.rule.payloads(payloads(c.w.ids(), c.theirs))) {
			switch {
			case c.own(p.text):
			case c.rule.legit(p.text):
				if folded := tenancy.Fold(p.text); !seen[folded] { // as a name it would be taken
					seen[folded] = true
					good[at] = append(good[at], p)
				}
			default:
				bad = append(bad, p)
			}
		}
		c.refused(bad)
		if apart := s.path == "As" || strings.HasPrefix(s.path, "With."); apart && v.once {
			good[at] = oneOfAFamily(good[at]) // each takes a new town
		}
		tried, kept = tried+len(bad)+len(good[at]), kept+len(good[at])
	}
	for at, s := range slots {
		c.turnTo(at, s, changing)
		if changing && len(good[at]) > 0 && v.once {
			c.settle()
		}
		c.taken(good[at])
	}
	return tried, kept
}

// turnTo begins with a slot.
func (c *trial) turnTo(at int, s slot, changing bool) {
	c.at, c.slot, c.said = at, s, 0
	c.rule, _ = ruleOf(s) // that there is one TestA14TableIsWhole says
	if r := c.rule; r.most > 0 && (!r.legit(r.fill(r.most)) || r.legit(r.fill(r.most+1))) {
		c.complain("the rule's own longest text is not the longest")
	}
	if s.path == "As" && c.deed.operators() && !changing {
		c.rule.legit, c.rule.good = anyText, heard() // who is written down nowhere may be anybody
	}
}

func oneOfAFamily(ps []payload) (some []payload) {
	for i, p := range ps {
		if i == 0 || p.family != ps[i-1].family {
			some = append(some, p)
		}
	}
	return some
}

func all(ps []payload) []payload { return ps }

// A1, B2, B3, B4: whatever text is put into whatever argument of whatever verb, it is
// refused, and changes nothing; or it is a good one there, and is kept byte for byte.
// No error says it again.
func TestA1B2B3B4BadInput(t *testing.T) {
	choose := all
	if raceEnabled {
		choose = oneOfAFamily // the rest has no races of its own
	}
	if n := len(payloads(newTown(t).ids(), newTown(t).ids())); n < 500 {
		t.Errorf("%d payloads, want 500", n)
	}
	var tried, kept atomic.Int64
	t.Cleanup(func() { t.Logf("%d texts tried, %d of them good", tried.Load(), kept.Load()) })
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			n, k := d.tries(t, func() backend { return memory.New() }, choose)
			tried.Add(int64(n))
			kept.Add(int64(k))
		})
	}
}

// The same on SQLite, one payload of a family.
func TestA1B2B3B4OnSQLite(t *testing.T) {
	if raceEnabled {
		t.Skip("one call at a time, which has no races")
	}
	for _, d := range deeds() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			st := must[*sqlitefile.Store](t)(sqlitefile.Open(t.Context(), filepath.Join(t.TempDir(), "tenet.db")))
			t.Cleanup(func() { mustNot(t, st.Close()) })
			d.tries(t, func() backend { return st }, oneOfAFamily)
		})
	}
}
