package tenet_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// foreign is a token of another system, and hashed what that stores of it.
const foreign = "sk-Zm9yZWlnbi10b2tlbi1vZi1hLWdhdGV3YXk"

func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// importing lets keys of another system in for a month.
func importing(o *tenet.Options) {
	o.Imports = &tenet.ImportOptions{Scheme: keys.SHA256Hex, Until: time.Now().Add(30 * 24 * time.Hour)}
}

func importedKey(name, token string) tenet.ImportedKey {
	return tenet.ImportedKey{Name: name, Kind: tenancy.KeyService, SHA256: hashed(token), Models: tenancy.AllModels()}
}

// imported is a service key of prod, made of the hash of a foreign token.
func (w *town) imported(t testing.TB, token string) tenancy.Key {
	t.Helper()
	return must[tenancy.Key](t)(w.Operator("ops").ImportKey(t.Context(), w.org, w.project.ID, importedKey("brought along", token)))
}

// Keys of another system are keys like others: they call what theirs may, are
// restricted, rotated into native ones, and revoked.
func TestImportedKeys(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		clock := &handClock{tenancy.Instant(time.Now())}
		w := newTownOver(t, st, importing, clock.option)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		reason := func(token string) access.Reason {
			t.Helper()
			p, d := w.Authenticate(ctx, token)
			if !d.Allowed() {
				return d.Reason
			}
			return w.CanCall(p, "gpt-4o").Reason
		}
		expect := func(when, token string, want access.Reason) {
			t.Helper()
			if got := reason(token); got != want {
				t.Errorf("%s: %s, want %s", when, got, want)
			}
		}
		expect("before it is imported", foreign, access.ReasonUnknownKey)
		service := w.imported(t, foreign)
		personal := importedKey("mem's", "sk-mem")
		personal.Kind, personal.Holder = tenancy.KeyPersonal, "mem"
		mems := must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, personal))
		if mems.Membership != w.mems.Membership || mems.CreatedBy != "ops" || mems.Current.MintedBy != "ops" || mems.Current.Hint != "" {
			t.Errorf("mem's: %+v", mems)
		}
		expect("imported", foreign, access.ReasonNone)
		expect("mem's", "sk-mem", access.ReasonNone)
		if p, _ := w.Authenticate(ctx, foreign); p.Key() != service.ID {
			t.Errorf("principal of %s, want %s", p.Key(), service.ID)
		}

		mustNot(t, ann.SetProjectMember(ctx, w.org, w.project.ID, "mem", tenancy.RoleViewer))
		expect("its holder made a viewer", "sk-mem", access.ReasonHolderMayNotCall)
		must[tenancy.Key](t)(ann.RestrictKey(ctx, w.org, service.ID, tenancy.Models("small")))
		expect("restricted", foreign, access.ReasonModelNotInKey)
		must[tenancy.Key](t)(ann.RestrictKey(ctx, w.org, service.ID, tenancy.AllModels()))

		rotated, secret, err := ann.RotateKey(ctx, w.org, service.ID, keys.Rotation{Grace: time.Hour})
		mustNot(t, err)
		if rotated.ID != service.ID || !strings.HasPrefix(secret.Reveal(), "tenet_live_k1_"+strings.TrimPrefix(string(service.ID), "key_")) {
			t.Error("a rotation made another key")
		}
		began := clock.now
		clock.now = began.Add(time.Hour - 1)
		expect("in the grace", foreign, access.ReasonNone)
		clock.now = began.Add(time.Hour)
		expect("the grace over", foreign, access.ReasonWrongSecret)
		expect("the new secret", secret.Reveal(), access.ReasonNone)
		mustNot(t, ann.RevokeKey(ctx, w.org, service.ID))
		expect("revoked", secret.Reveal(), access.ReasonKeyRevoked)
		expect("revoked, the old secret", foreign, access.ReasonWrongSecret)
		if n := len(activity(t, w.world)); n == 0 {
			t.Error("refusals of a verified key left no record")
		}
	})
}

// A foreign token is let in where the option says so, up to the instant that it names,
// and else is malformed; in no case is the store read or anything waited for.
func TestB6ForeignTokensAreLetIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st, importing)
		w.imported(t, foreign)
		clock := &handClock{time.Now()}
		began := clock.now
		const us = time.Microsecond
		until := func(end time.Duration) *tenet.ImportOptions {
			return &tenet.ImportOptions{Scheme: keys.SHA256Hex, Until: began.Add(end)}
		}
		for _, tt := range []struct {
			name    string
			imports *tenet.ImportOptions
			at      time.Duration
			known   access.Reason
			unknown access.Reason
		}{
			{"no option", nil, 0, access.ReasonMalformed, access.ReasonMalformed},
			{"in time", until(time.Hour), 0, access.ReasonNone, access.ReasonUnknownKey},
			{"a microsecond before", until(time.Hour), time.Hour - us, access.ReasonNone, access.ReasonUnknownKey},
			{"a nanosecond before", until(time.Hour), time.Hour - 1, access.ReasonNone, access.ReasonUnknownKey},
			{"at the end", until(time.Hour), time.Hour, access.ReasonMalformed, access.ReasonMalformed},
			{"a nanosecond after", until(time.Hour), time.Hour + 1, access.ReasonMalformed, access.ReasonMalformed},
			{"over when it was opened", until(-1), 0, access.ReasonMalformed, access.ReasonMalformed},
		} {
			in := new(faults.Injector)
			clock.now = began
			tt2 := open(t, faulty(in, st), clock.option, func(o *tenet.Options) { o.Imports, o.Poll = tt.imports, time.Second })
			time.Sleep(100 * time.Millisecond)
			clock.now = began.Add(tt.at)
			calls := func() int { return in.Count(faults.Get, faults.List, faults.Trail, faults.Changes, faults.Commit) }
			asked, before := time.Now(), calls()
			for token, want := range map[string]access.Reason{foreign: tt.known, foreign + "x": tt.unknown, "x": tt.unknown} {
				p, d := tt2.Authenticate(t.Context(), token)
				if d.Reason != want || d.Allowed() != (want == access.ReasonNone) || (p == tenet.Principal{}) == d.Allowed() {
					t.Errorf("%s, %.5s: %+v, want %q", tt.name, token, d, want)
				}
			}
			if n := calls() - before; n != 0 || time.Since(asked) != 0 {
				t.Errorf("%s: %d calls of the store, %v", tt.name, n, time.Since(asked))
			}
			if tt.known != access.ReasonNone && tt2.Stats().Unauthenticated != 3 {
				t.Errorf("%s: Unauthenticated = %d", tt.name, tt2.Stats().Unauthenticated)
			}
			mustNot(t, tt2.Close())
		}
	})
}

// B1: what is too long to be a token, and what begins as a native one, is malformed
// also where foreign tokens are let in. A native token never passes for a foreign one,
// whatever was imported.
func TestB1NativeIsNeverForeign(t *testing.T) {
	w := newTownOver(t, memory.New(), importing)
	whole := nobodys(t)
	for name, token := range map[string]string{"whole": whole, "broken": whole[:len(whole)-1], "the prefix": "tenet_live_k1_", "an invite's": "tenet_live_i1_x"} {
		w.imported(t, token) // somebody gave the hash of a native token
		want := access.ReasonMalformed
		if name == "whole" {
			want = access.ReasonUnknownKey
		}
		if p, d := w.Authenticate(t.Context(), token); d.Reason != want || p != (tenet.Principal{}) {
			t.Errorf("%s: %+v, want %q", name, d, want)
		}
	}
	w.faults.Set(nil)
	for name, c := range map[string]struct {
		token string
		want  access.Reason
	}{
		"empty":             {"", access.ReasonMalformed},
		"the most":          {strings.Repeat("x", keys.MaxForeign), access.ReasonUnknownKey},
		"one over":          {strings.Repeat("x", keys.MaxForeign+1), access.ReasonMalformed},
		"ten megabytes":     {strings.Repeat("x", 10<<20), access.ReasonMalformed},
		"NUL":               {"\x00", access.ReasonUnknownKey},
		"invalid UTF-8":     {"\xff", access.ReasonUnknownKey},
		"a payload":         {"' OR 1=1 --", access.ReasonUnknownKey},
		"another env":       {"tenet_test_k1_" + whole[len("tenet_live_k1_"):], access.ReasonUnknownKey},
		"an id":             {string(w.key.ID), access.ReasonUnknownKey},
		"a token, indented": {" " + w.secret.Reveal(), access.ReasonUnknownKey},
	} {
		if p, d := w.Authenticate(t.Context(), c.token); d != (access.Decision{Reason: c.want}) || p != (tenet.Principal{}) {
			t.Errorf("%s: %+v, want %q", name, d, c.want)
		}
	}
	if n := w.faults.Count(faults.Get, faults.List, faults.Trail); n != 0 {
		t.Errorf("%d reads of the store", n)
	}
}

// A2, A3, A4: an imported key's token is one text and no other, and neither what the
// database holds of it nor the hash that it was made of.
func TestA4ImportedKeysToken(t *testing.T) {
	w := newTownOver(t, memory.New(), importing)
	k := w.imported(t, foreign)
	w.imported(t, foreign+"x")
	raw := must[store.Stored[tenancy.Key]](t)(store.One(t.Context(), w.st, tenancy.KeyRef(w.org, k.ID))).Value
	digest, seal := raw.Current.Digest, raw.Current.Seal
	tokens := []string{
		hashed(foreign), strings.ToUpper(hashed(foreign)), "sk-" + hashed(foreign), string(k.ID), string(k.ID[4:]),
		hex.EncodeToString(digest[:]), string(digest[:]), hex.EncodeToString(seal[:]), string(seal[:]), raw.Current.Pepper,
		spliced(t, "tenet_live_k1_"+string(k.ID[4:])+"_"+strings.Repeat("0", 36), w.secret.Reveal()), // of the key's id
	}
	for i := range foreign {
		tokens = append(tokens, foreign[:i]+"~"+foreign[i+1:], foreign[:i]+foreign[i+1:], foreign[:i+1]+foreign[i:], foreign[i+1:])
	}
	for _, token := range tokens {
		if p, d := w.Authenticate(t.Context(), token); d.Effect != access.Deny || p != (tenet.Principal{}) {
			t.Errorf("%q: %+v", token, d)
		}
	}
	if p, d := w.Authenticate(t.Context(), foreign); !d.Allowed() || p.Key() != k.ID {
		t.Errorf("the token itself: %+v", d)
	}
}

// A hash makes one key, whoever imports it, and importing a list again from its top
// changes nothing.
func TestImportedOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st, importing)
		ctx, ops := t.Context(), w.Operator("ops")
		n := importedKey("k", foreign)
		first := must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, n))
		count := func() int { return len(entries(t, w.st, w.org)) + len(entries(t, w.st, w.other)) }
		before := count()
		n.SHA256 = strings.ToUpper(n.SHA256)
		for _, o := range []tenet.Operator{ops, w.Operator("night shift")} {
			if diff := gocmp.Diff(first, must[tenancy.Key](t)(o.ImportKey(ctx, w.org, w.project.ID, n))); diff != "" {
				t.Errorf("again (-first +again):\n%s", diff)
			}
		}
		lab := must[tenancy.Project](t)(w.As("ann").CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
		before++
		mine := tenancy.Key{Org: w.org, Project: w.project.ID}
		texts := map[string]bool{}
		refused := func(name string, at tenancy.Key, change func(*tenet.ImportedKey)) {
			t.Helper()
			other := n
			change(&other)
			k, err := ops.ImportKey(ctx, at.Org, at.Project, other)
			if !errors.Is(err, tenet.ErrImported) || tenet.StatusOf(err) != 409 || k.ID != "" {
				t.Errorf("%s: %+v, %v, want ErrImported", name, k, err)
				return
			}
			texts[err.Error()] = true
		}
		same := func(*tenet.ImportedKey) {}
		refused("another organization", tenancy.Key{Org: w.other, Project: w.shop.ID}, same)
		refused("another project", tenancy.Key{Org: w.org, Project: lab.ID}, same)
		refused("another name", mine, func(n *tenet.ImportedKey) { n.Name = "other" })
		refused("other models", mine, func(n *tenet.ImportedKey) { n.Models = tenancy.Models("small") })
		refused("another end", mine, func(n *tenet.ImportedKey) { n.Expires = time.Now().Add(time.Hour) })
		refused("another kind", mine, func(n *tenet.ImportedKey) { n.Kind, n.Holder = tenancy.KeyPersonal, "mem" })
		if count() != before {
			t.Errorf("%d entries of nothing", count()-before)
		}
		mustNot(t, second(w.As("ann").RenameKey(ctx, w.org, first.ID, "other")))
		refused("renamed since", mine, same)
		mustNot(t, second(w.As("ann").RenameKey(ctx, w.org, first.ID, "k")))
		must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, n))
		mustNot(t, third(w.As("ann").RotateKey(ctx, w.org, first.ID, keys.Rotation{Replace: true})))
		refused("rotated since", mine, same)
		mustNot(t, w.As("ann").RevokeKey(ctx, w.org, first.ID))
		refused("revoked since", mine, same)
		if len(texts) != 1 {
			t.Errorf("the refusal tells where: %v", texts)
		}
	})
}

// An import under an operation id gives its first result, whatever came since.
func TestImportRepeated(t *testing.T) {
	w := newTownOver(t, memory.New(), importing)
	ctx, ops := t.Context(), w.Operator("ops").With(tenet.ChangeOptions{Op: "import"})
	n := importedKey("k", foreign)
	first := must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, n))
	mustNot(t, w.As("ann").RevokeKey(ctx, w.org, first.ID))
	n.SHA256 = strings.ToUpper(n.SHA256)
	again := must[tenancy.Key](t)(ops.ImportKey(ctx, w.org, w.project.ID, n))
	if again.ID != first.ID || again.Revoked.IsZero() || again.Current.Digest != (tenancy.Digest{}) || first.Current.Seal != (tenancy.Digest{}) {
		t.Errorf("again: %+v", again)
	}
	n.Name = "other"
	if _, err := ops.ImportKey(ctx, w.org, w.project.ID, n); !errors.Is(err, store.ErrReused) {
		t.Errorf("another under the id: %v, want ErrReused", err)
	}
}

// Who imports one hash into two organizations at once has it in one of them.
func TestImportsAtOnce(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st, importing)
		places := []tenancy.Key{{Org: w.org, Project: w.project.ID}, {Org: w.other, Project: w.shop.ID}}
		errs, made := make([]error, 16), make([]tenancy.Key, 16)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() {
				at := places[i%2]
				made[i], errs[i] = w.Operator("ops").ImportKey(t.Context(), at.Org, at.Project, importedKey("k", foreign))
			})
		}
		group.Wait()
		var won tenancy.OrgID
		for i, err := range errs {
			if err != nil && !errors.Is(err, tenet.ErrImported) {
				t.Error(err)
			}
			if err == nil && won != "" && made[i].Org != won {
				t.Error("a hash made two keys")
			}
			if err == nil {
				won = made[i].Org
			}
		}
		if won == "" {
			t.Fatal("nobody imported it")
		}
		if p, d := w.Authenticate(t.Context(), foreign); !d.Allowed() || d.Subject.Org != won {
			t.Errorf("%+v of %+v", d, p)
		}
	})
}

// What is not there, not allowed or malformed is not imported, and nothing is written.
func TestImportRefuses(t *testing.T) {
	clock := &handClock{time.Now()}
	w := newTownOver(t, memory.New(), importing, clock.option)
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	mustNot(t, ann.SuspendMember(ctx, w.org, "vic"))
	attic := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "attic"}))
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, attic.ID))
	mustNot(t, ops.PutModel(ctx, tenancy.Model{ID: "tuned", Orgs: []tenancy.OrgID{w.other}}))
	holder := func(u tenancy.UserID) func(*tenet.ImportedKey) {
		return func(n *tenet.ImportedKey) { n.Kind, n.Holder = tenancy.KeyPersonal, u }
	}
	before := len(entries(t, w.st, w.org))
	check := func(name string, project tenancy.ProjectID, change func(*tenet.ImportedKey), want error) {
		t.Helper()
		n := importedKey("k", foreign)
		change(&n)
		k, err := ops.ImportKey(ctx, w.org, project, n)
		if !errors.Is(err, want) || k.ID != "" || strings.Contains(err.Error(), "MARK") || strings.Contains(err.Error(), n.SHA256) && n.SHA256 != "" {
			t.Errorf("%s: %+v, %v, want %v", name, k, err, want)
		}
	}
	same := func(*tenet.ImportedKey) {}
	for name, change := range map[string]func(*tenet.ImportedKey){
		"no holder":               holder(""),
		"a stranger":              holder("nik"),
		"somebody else's member":  holder("otto"),
		"a suspended member":      holder("vic"),
		"a malformed holder":      holder("MARK\x00"),
		"a service key of mem's":  func(n *tenet.ImportedKey) { n.Holder = "mem" },
		"no kind":                 func(n *tenet.ImportedKey) { n.Kind = "" },
		"another kind":            func(n *tenet.ImportedKey) { n.Kind = "MARK" },
		"no name":                 func(n *tenet.ImportedKey) { n.Name = "" },
		"a malformed name":        func(n *tenet.ImportedKey) { n.Name = "MARK\x00" },
		"no hash":                 func(n *tenet.ImportedKey) { n.SHA256 = "" },
		"the token for the hash":  func(n *tenet.ImportedKey) { n.SHA256 = foreign },
		"a hash of other length":  func(n *tenet.ImportedKey) { n.SHA256 += "00" },
		"a hash that is no hex":   func(n *tenet.ImportedKey) { n.SHA256 = strings.Repeat("g", 64) },
		"a megabyte for the hash": func(n *tenet.ImportedKey) { n.SHA256 = strings.Repeat("0", 1<<20) },
		"another tenant's model":  func(n *tenet.ImportedKey) { n.Models = tenancy.Models("tuned") },
		"no such model":           func(n *tenet.ImportedKey) { n.Models = tenancy.Models("MARK") },
		"an alias":                func(n *tenet.ImportedKey) { n.Models = tenancy.Models("latest") },
		"expired":                 func(n *tenet.ImportedKey) { n.Expires = clock.now },
	} {
		check(name, w.project.ID, change, tenancy.ErrInvalid)
	}
	check("an archived project", attic.ID, same, tenancy.ErrArchived)
	check("another organization's project", w.shop.ID, same, tenet.ErrNotFound)
	check("a malformed project", "proj_\x00", same, tenet.ErrNotFound)
	check("no project", "", same, tenet.ErrNotFound)
	without := open(t, w.st)
	if _, err := without.Operator("ops").ImportKey(ctx, w.org, w.project.ID, importedKey("k", foreign)); !errors.Is(err, tenancy.ErrInvalid) {
		t.Errorf("without the option: %v, want ErrInvalid", err)
	}
	clock.now = clock.now.Add(31 * 24 * time.Hour)
	check("when it is over", w.project.ID, same, tenancy.ErrInvalid)
	if n := len(entries(t, w.st, w.org)) - before; n != 0 {
		t.Errorf("%d entries of nothing", n)
	}
}

// A key that another process imported works here once the feed was read, and is
// refused here once it was revoked there.
func TestImportedElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := memory.New()
		w := newTownOver(t, st, importing)
		far := open(t, faulty(new(faults.Injector), st), importing, func(o *tenet.Options) { o.Poll = 200 * time.Millisecond })
		k := w.imported(t, foreign)
		_, d := far.Authenticate(t.Context(), foreign)
		time.Sleep(450 * time.Millisecond)
		p, later := far.Authenticate(t.Context(), foreign)
		if d.Reason != access.ReasonUnknownKey || !later.Allowed() || p.Key() != k.ID {
			t.Errorf("at once: %+v; after two polls: %+v", d, later)
		}
		mustNot(t, w.As("ann").RevokeKey(t.Context(), w.org, k.ID))
		time.Sleep(450 * time.Millisecond)
		if _, d := far.Authenticate(t.Context(), foreign); d.Reason != access.ReasonKeyRevoked {
			t.Errorf("revoked there: %+v", d)
		}
	})
}

// F17: past MaxStaleness a foreign token is no more denied than a native one.
func TestF17ForeignInAnOutage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTownOver(t, memory.New(), importing)
		w.imported(t, foreign)
		w.faults.Set(faults.Down)
		if _, d := w.Authenticate(t.Context(), foreign); !d.Allowed() {
			t.Errorf("at first: %+v", d)
		}
		time.Sleep(6 * time.Second)
		for _, token := range []string{foreign, "sk-other"} {
			if _, d := w.Authenticate(t.Context(), token); d.Effect != access.Unavailable {
				t.Errorf("6 s into an outage: %+v", d)
			}
		}
	})
}

// A8: an option that cannot be meant is refused when it is opened.
func TestA8ImportOptions(t *testing.T) {
	for name, o := range map[string]*tenet.ImportOptions{
		"nothing said":   {},
		"no scheme":      {Until: time.Now()},
		"another scheme": {Scheme: "md5", Until: time.Now()},
		"no end":         {Scheme: keys.SHA256Hex},
	} {
		_, err := tenet.Open(t.Context(), memory.New(), &tenet.Options{Peppers: peppers(t), Imports: o})
		if !errors.Is(err, tenancy.ErrInvalid) || !strings.Contains(err.Error(), "Imports.") {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
	own := &tenet.ImportOptions{Scheme: keys.SHA256Hex, Until: time.Now().Add(time.Hour)}
	w := newTownOver(t, memory.New(), func(o *tenet.Options) { o.Imports = own })
	own.Until = time.Time{}
	w.imported(t, foreign) // the option was copied
}

// Foreign tokens, too, are verified without an allocation.
func TestB1ForeignRequestPathDoesNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	w := newTownOver(t, memory.New(), importing)
	w.imported(t, foreign)
	ctx, long := t.Context(), strings.Repeat("x", 10<<20)
	most := long[:keys.MaxForeign]
	for name, f := range map[string]func(){
		"known":         func() { w.Authenticate(ctx, foreign) },
		"unknown":       func() { w.Authenticate(ctx, "sk-unknown") },
		"the longest":   func() { w.Authenticate(ctx, most) },
		"ten megabytes": func() { w.Authenticate(ctx, long) },
	} {
		if n := testing.AllocsPerRun(200, f); n != 0 {
			t.Errorf("%s: %v allocations, want 0", name, n)
		}
	}
}

// RevokeBySecret revokes what it is given a live secret of, once, and gives one answer
// whatever it was given.
func TestRevokeBySecret(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		clock := &handClock{tenancy.Instant(time.Now())}
		w := newTownOver(t, st, importing, clock.option)
		ctx, ann := t.Context(), w.As("ann")
		create := func(name string) (tenancy.Key, string) {
			k, secret, err := ann.CreateKey(ctx, w.org, w.project.ID, serviceKey(name))
			mustNot(t, err)
			return k, secret.Reveal()
		}
		rotate := func(k tenancy.Key, grace time.Duration) string {
			_, secret, err := ann.RotateKey(ctx, w.org, k.ID, keys.Rotation{Grace: grace})
			mustNot(t, err)
			return secret.Reveal()
		}
		plain, plainToken := create("plain")
		open, openOld := create("rotating")
		openNew := rotate(open, time.Hour)
		over, overOld := create("rotated")
		overNew := rotate(over, keys.NoGrace)
		foreignKey := w.imported(t, foreign)
		_, twin := mint(t, "tenet", "live")
		moved, movedToken := create("moved")
		edit(t, w.under, tenancy.KeyRef(w.org, moved.ID), func(k *tenancy.Key) { k.Kind = "x" })

		for _, tt := range []struct {
			name, token string
			key         tenancy.KeyID
			revokes     bool
		}{
			{"empty", "", plain.ID, false},
			{"garbage", "\x00" + strings.Repeat("x", 1<<20), plain.ID, false},
			{"cut short", plainToken[:len(plainToken)-1], plain.ID, false},
			{"unknown", twin.Reveal(), plain.ID, false},
			{"the id", string(plain.ID), plain.ID, false},
			{"the id with another secret", spliced(t, plainToken, twin.Reveal()), plain.ID, false},
			{"the hash", hashed(foreign), foreignKey.ID, false},
			{"an unknown foreign one", foreign + "x", foreignKey.ID, false},
			{"a secret that was rotated away", overOld, over.ID, false},
			{"a row that was edited", movedToken, moved.ID, false},
			{"its own", plainToken, plain.ID, true},
			{"again", plainToken, plain.ID, false},
			{"a secret in its grace", openOld, open.ID, true},
			{"the other one, then", openNew, open.ID, false},
			{"a foreign one", foreign, foreignKey.ID, true},
			{"mem's personal key", w.memsSc.Reveal(), w.mems.ID, true},
		} {
			before := entries(t, w.st, w.org)
			if err := w.Operator("scanner").RevokeBySecret(ctx, tt.token); err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			after := entries(t, w.st, w.org)
			if len(after)-len(before) != map[bool]int{true: 1}[tt.revokes] {
				t.Errorf("%s: %d entries", tt.name, len(after)-len(before))
			}
			if e := after[0]; tt.revokes && (e.Action != "key.revoke.leaked" || e.Actor != "scanner" || e.Subject.ID != string(tt.key) || e.Project != w.project.ID) {
				t.Errorf("%s: entry %+v", tt.name, e)
			}
			if _, d := w.Authenticate(ctx, tt.token); tt.revokes && d.Reason != access.ReasonKeyRevoked {
				t.Errorf("%s: afterwards %+v", tt.name, d)
			}
		}
		if _, d := w.Authenticate(ctx, overNew); !d.Allowed() {
			t.Errorf("a key of which an old secret leaked: %+v", d)
		}
	})
}

// A key of another system is revoked by its token as long as the option is set, though
// it authenticates no more; and a report that came while the store was away is no
// answer.
func TestRevokeBySecretLater(t *testing.T) {
	clock := &handClock{time.Now()}
	w := newTownOver(t, memory.New(), importing, clock.option)
	ctx := t.Context()
	k := w.imported(t, foreign)
	clock.now = clock.now.Add(60 * 24 * time.Hour)
	if _, d := w.Authenticate(ctx, foreign); d.Reason != access.ReasonMalformed {
		t.Fatalf("when it is over: %+v", d)
	}
	revoked := func() bool {
		return !must[store.Stored[tenancy.Key]](t)(w.As("ann").Key(ctx, w.org, k.ID)).Value.Revoked.IsZero()
	}
	without := open(t, w.st)
	mustNot(t, without.Operator("ops").RevokeBySecret(ctx, foreign))
	if revoked() {
		t.Error("revoked without the option")
	}
	for _, plan := range []faults.Plan{faults.Down, faults.Every(faults.Get, 1, faults.Fault{Err: store.ErrUnavailable}), faults.Every(faults.Commit, 1, faults.Fault{Err: store.ErrUnavailable})} {
		w.faults.Set(plan)
		if err := w.Operator("ops").RevokeBySecret(ctx, foreign); !errors.Is(err, tenet.ErrUnavailable) || strings.Contains(err.Error(), foreign) {
			t.Errorf("in an outage: %v", err)
		}
		w.faults.Set(nil)
	}
	mustNot(t, w.Operator("ops").With(tenet.ChangeOptions{Op: "leak", IfRev: 1}).RevokeBySecret(ctx, foreign))
	mustNot(t, w.Operator("ops").With(tenet.ChangeOptions{Op: "leak"}).RevokeBySecret(ctx, foreign))
	if !revoked() {
		t.Error("not revoked")
	}
}

// The secret is verified once more in the commit: what was rotated away meanwhile
// revokes nothing.
func TestRevokeBySecretIsChecked(t *testing.T) {
	w := newTown(t)
	far := open(t, w.under)
	w.faults.Set(faults.On(faults.Commit, func(n int) faults.Fault {
		if n > 1 {
			return faults.Fault{}
		}
		return faults.Fault{Before: func() {
			mustNot(t, third(far.As("ann").RotateKey(t.Context(), w.org, w.key.ID, keys.Rotation{Grace: keys.NoGrace})))
		}}
	}))
	mustNot(t, w.Operator("ops").RevokeBySecret(t.Context(), w.secret.Reveal()))
	if e := entries(t, w.under, w.org)[0]; e.Action != "key.rotate" {
		t.Errorf("the last entry is %s", e.Action)
	}
}
