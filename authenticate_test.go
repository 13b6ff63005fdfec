package tenet_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"
	"time"
	"unsafe" //nolint:depguard // makes strings as fasthttp does

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestB1B6MalformedTokens(t *testing.T) {
	rarely := func(o *tenet.Options) { o.MaxStaleness, o.Poll = time.Minute, 30*time.Second } // so that no look at the feed is counted
	w := newTownOver(t, memory.New(), rarely)
	good := w.secret.Reveal()
	_, otherEnv := mint(t, "tenet", "test")
	_, otherBrand := mint(t, "acme", "live")
	swapped := []byte(good)
	swapped[len(swapped)-1] ^= 'a' ^ 'A'
	w.faults.Set(nil)
	for _, tt := range []struct{ name, token string }{
		{"empty", ""},
		{"one byte", "t"},
		{"NUL", "\x00"},
		{"ten megabytes", strings.Repeat("x", 10<<20)},
		{"ten megabytes that begin well", good + strings.Repeat("x", 10<<20)},
		{"NUL inside", good[:20] + "\x00" + good[21:]},
		{"NUL at the end", good + "\x00"},
		{"invalid UTF-8", good[:20] + "\xff" + good[21:]},
		{"a prefix alone", "tenet_live_k1_"},
		{"cut short", good[:len(good)-1]},
		{"checksum of other case", string(swapped)},
		{"space before", " " + good},
		{"newline after", good + "\n"},
		{"bearer", "Bearer " + good},
		{"another env", otherEnv.Reveal()},
		{"another brand", otherBrand.Reveal()},
		{"its own id", string(w.key.ID)},
		{"its hint", w.key.Current.Hint},
	} {
		if p, d := w.Authenticate(t.Context(), tt.token); d != (access.Decision{Reason: access.ReasonMalformed}) || p != (tenet.Principal{}) {
			t.Errorf("%s: %+v, want malformed", tt.name, d)
		}
	}
	if _, d := w.Authenticate(t.Context(), good); !d.Allowed() {
		t.Errorf("the token itself: %+v", d)
	}
	if n := w.faults.Count(faults.Get, faults.List, faults.Trail); n != 0 {
		t.Errorf("%d reads of the store", n)
	}
	if n := w.Stats().Unauthenticated; n != 18 {
		t.Errorf("Unauthenticated = %d, want 18", n)
	}
}

// A3: a token with one byte changed is nobody's, whether its checksum was mended or
// not.
func TestA3WrongSecret(t *testing.T) {
	w := newTown(t)
	good := w.secret.Reveal()
	for i := range good {
		if _, d := w.Authenticate(t.Context(), good[:i]+"~"+good[i+1:]); d.Effect != access.Deny {
			t.Fatalf("byte %d changed: %+v", i, d)
		}
	}
	k, twin := mint(t, "tenet", "live") // same id, another secret: what a guesser would have to send
	k.Org, k.Project = w.org, w.project.ID
	for _, tt := range []struct {
		name, token string
		want        access.Reason
	}{
		{"nobody's id", twin.Reveal(), access.ReasonUnknownKey},
		{"another's id", spliced(t, good, twin.Reveal()), access.ReasonWrongSecret},
	} {
		if p, d := w.Authenticate(t.Context(), tt.token); d.Effect != access.Deny || d.Reason != tt.want || p != (tenet.Principal{}) {
			t.Errorf("%s: %+v, want %q", tt.name, d, tt.want)
		}
	}
}

// spliced is the id of one token with the secret of another, and the right checksum.
func spliced(t *testing.T, idOf, secretOf string) string {
	t.Helper()
	const secretChars, sumChars = 30, 6
	at := len(idOf) - secretChars - sumChars
	body := idOf[:at] + secretOf[at:len(secretOf)-sumChars]
	sum := []byte("000000") // base62, computed apart from the package
	for i, n := len(sum)-1, crc32.ChecksumIEEE([]byte(body)); i >= 0; i, n = i-1, n/62 {
		sum[i] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[n%62]
	}
	return body + string(sum)
}

// A key that is known is verified and decided without the store, its whole life
// long.
func TestKnownKeysNeedNoStore(t *testing.T) {
	w := newTown(t)
	p := w.principal(t)
	w.faults.Set(faults.Down)
	for range 100 {
		p, d := w.Authenticate(t.Context(), w.secret.Reveal())
		if !d.Allowed() || !w.CanCall(p, "latest").Allowed() {
			t.Fatalf("without the store: %+v", d)
		}
	}
	if _, d := w.Models(p); !d.Allowed() {
		t.Errorf("listing models without the store: %+v", d)
	}
	if n := w.faults.Count(faults.Get, faults.List, faults.Trail, faults.Commit); n != 0 {
		t.Errorf("%d calls of the store", n)
	}
}

// A5: the zero Principal, and a Tenet that was closed, allow nothing.
func TestA5ZeroPrincipal(t *testing.T) {
	w := newTown(t)
	var zero tenet.Principal
	ask := map[string]func() access.Decision{
		"CanCall": func() access.Decision { return w.CanCall(zero, "gpt-4o") },
		"Models":  func() access.Decision { _, d := w.Models(zero); return d },
		"Begin": func() access.Decision {
			call, d := w.Begin(t.Context(), zero, "gpt-4o", tenet.Estimate{})
			if call != nil {
				t.Error("the zero Principal began a call")
			}
			return d
		},
		"nobody": func() access.Decision {
			_, d := w.As("").Begin(t.Context(), w.org, w.project.ID, "gpt-4o", tenet.Estimate{})
			return d
		},
	}
	for name, f := range ask {
		if d := f(); d.Effect != access.Deny {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if zero.Key() != "" {
		t.Errorf("the zero Principal is of key %q", zero.Key())
	}
	p := w.principal(t)
	mustNot(t, w.Close())
	if d := w.CanCall(p, "gpt-4o"); d.Effect != access.Unavailable {
		t.Errorf("after Close: %+v", d)
	}
	if p, d := w.Authenticate(t.Context(), w.secret.Reveal()); d.Effect != access.Unavailable || p != zero {
		t.Errorf("authenticating after Close: %+v", d)
	}
}

// A7: nothing but Authenticate returns a Principal, and no exported type, field or
// variable holds one that could be had without it.
func TestA7OnlyAuthenticateReturnsAPrincipal(t *testing.T) {
	files := token.NewFileSet()
	notTests := func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }
	parsed, err := parser.ParseDir(files, ".", notTests, 0) //nolint:staticcheck // one folder, no build tags
	mustNot(t, err)
	var got []string
	for _, f := range parsed["tenet"].Files {
		for _, d := range f.Decls {
			got = append(got, principalsOf(d)...)
		}
	}
	if diff := gocmp.Diff([]string{"Authenticate"}, got); diff != "" {
		t.Errorf("exported ways to a Principal (-want +got):\n%s", diff)
	}
}

// principalsOf are the exported names of a declaration that hand out a Principal: as
// a result, to a function that is an argument, or in a field or variable.
func principalsOf(d ast.Decl) (names []string) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		handed := mentions(d.Type.Results, "Principal")
		for _, p := range d.Type.Params.List {
			if _, ok := p.Type.(*ast.FuncType); ok {
				handed = handed || mentions(p.Type, "Principal")
			}
		}
		if d.Name.IsExported() && handed {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, s := range d.Specs {
			switch s := s.(type) {
			case *ast.TypeSpec:
				ast.Inspect(s.Type, func(n ast.Node) bool {
					f, ok := n.(*ast.Field)
					if ok && mentions(f.Type, "Principal") && (len(f.Names) == 0 || f.Names[0].IsExported()) {
						names = append(names, s.Name.Name)
					}
					return true
				})
			case *ast.ValueSpec:
				if s.Names[0].IsExported() && s.Type != nil && mentions(s.Type, "Principal") {
					names = append(names, s.Names[0].Name)
				}
			}
		}
	}
	return names
}

func mentions(n ast.Node, name string) (found bool) {
	if list, ok := n.(*ast.FieldList); ok && list == nil {
		return false
	}
	ast.Inspect(n, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}

// F13: what has expired stays expired, though the machine's clock is put back; and
// clocks of any kind panic nowhere.
func TestF13ClockPutBack(t *testing.T) {
	var offset time.Duration
	w := newTownOver(t, memory.New(), func(o *tenet.Options) { o.Clock = func() time.Time { return time.Now().Add(offset) } })
	tt := w.Tenet
	expires := time.Now().Add(time.Minute)
	k := serviceKey("short")
	k.Expires = expires
	_, secret, err := tt.As("ann").CreateKey(t.Context(), w.org, w.project.ID, k)
	mustNot(t, err)
	p, d := tt.Authenticate(t.Context(), secret.Reveal())
	if !d.Allowed() || !tt.CanCall(p, "gpt-4o").Allowed() {
		t.Fatalf("before it expires: %+v", d)
	}
	for _, tc := range []struct {
		name   string
		offset time.Duration
	}{
		{"two minutes on", 2 * time.Minute},
		{"put back an hour", -time.Hour},
		{"put back ten years", -10 * 365 * 24 * time.Hour},
		{"as it was", 0},
		{"ten years on", 10 * 365 * 24 * time.Hour},
		{"as it was, again", 0},
	} {
		offset = tc.offset
		if d := tt.CanCall(p, "gpt-4o"); d.Reason != access.ReasonKeyExpired {
			t.Errorf("%s: %+v, want expired", tc.name, d)
		}
		if _, d := tt.Authenticate(t.Context(), secret.Reveal()); d.Reason != access.ReasonKeyExpired {
			t.Errorf("%s: authenticating: %+v, want expired", tc.name, d)
		}
		if d := tt.CanCall(w.principal(t), "gpt-4o"); !d.Allowed() {
			t.Errorf("%s: a key without an end: %+v", tc.name, d)
		}
	}
}

// What is kept of a request outlives the buffer that it came in (fasthttp uses its
// buffers again).
func TestStringsOutliveTheirBuffer(t *testing.T) {
	w := newTownOver(t, memory.New(), importing)
	ctx := t.Context()
	var buffers [][]byte
	lend := func(s string) string {
		b := []byte(s)
		buffers = append(buffers, b)
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	scribble := func() {
		for _, b := range buffers {
			for i := range b {
				b[i] = 1
			}
		}
	}
	org, project := tenancy.OrgID(lend(string(w.org))), tenancy.ProjectID(lend(string(w.project.ID)))
	p, _ := w.Authenticate(ctx, lend(w.secret.Reveal()))
	byKey, d := w.Begin(ctx, p, tenancy.ModelID(lend("latest")), tenet.Estimate{})
	if !d.Allowed() {
		t.Fatalf("Begin: %+v", d)
	}
	byMem, d := w.As(tenancy.UserID(lend("mem"))).Begin(ctx, org, project, tenancy.ModelID(lend("gpt-4o")), tenet.Estimate{})
	if !d.Allowed() {
		t.Fatalf("a person's Begin: %+v", d)
	}
	w.Begin(ctx, p, tenancy.ModelID(lend("small")), tenet.Estimate{})
	w.As(tenancy.UserID(lend("vic"))).Begin(ctx, org, project, tenancy.ModelID(lend("gpt-4o")), tenet.Estimate{})
	made := must[tenancy.Project](t)(w.As("ann").With(tenet.ChangeOptions{Op: store.OperationID(lend("an operation"))}).
		CreateProject(ctx, org, tenet.NewProject{Name: lend("lent"), Models: tenancy.Models(tenancy.ModelID(lend("small")))}))
	mustNot(t, w.As("ann").SetProjectMember(ctx, org, tenancy.ProjectID(lend(string(made.ID))), tenancy.UserID(lend("rob")), tenancy.Role(lend("member"))))
	mustNot(t, w.As("ann").RemoveProjectMember(ctx, org, project, tenancy.UserID(lend("pat"))))
	must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, org, tenet.NewMember{User: tenancy.UserID(lend("zoe")), Name: lend("Zoe")}))
	must[tenancy.Key](t)(w.As("ann").RenameKey(ctx, org, tenancy.KeyID(lend(string(w.key.ID))), lend("lent")))
	brought := must[tenancy.Key](t)(w.Operator("ops").ImportKey(ctx, org, project, tenet.ImportedKey{
		Name: lend("lent"), Kind: tenancy.KeyPersonal, Holder: tenancy.UserID(lend("mem")), SHA256: lend(hashed(foreign)), Models: tenancy.AllModels(),
	})).ID
	orgs := []tenancy.OrgID{w.org}
	mustNot(t, w.Operator("ops").PutModel(ctx, tenancy.Model{ID: tenancy.ModelID(lend("tuned")), Orgs: orgs}))
	scribble()
	orgs[0] = w.other

	for _, c := range []*tenet.Call{byKey, byMem} {
		if d := c.Switch("gpt-4o"); !d.Allowed() {
			t.Errorf("Switch: %+v", d)
		}
		mustNot(t, c.Finish(tenet.Result{Outcome: usage.OutcomeOK, RequestID: lend("request")}))
	}
	scribble()
	rows := must[tenet.ActivityPage](t)(w.As("ann").Activity(ctx, w.org, w.project.ID, tenet.ActivityQuery{})).Rows
	type call struct {
		Project             tenancy.ProjectID
		User                tenancy.UserID
		Requested, Served   tenancy.ModelID
		RequestID, NameThen string
	}
	got := map[call]bool{}
	for _, r := range rows {
		got[call{r.Project, r.User, r.Requested, r.Served, r.RequestID, r.ProjectName}] = true
	}
	want := map[call]bool{
		{w.project.ID, "", "latest", "gpt-4o", "request", "prod"}:    true,
		{w.project.ID, "mem", "gpt-4o", "gpt-4o", "request", "prod"}: true,
		{w.project.ID, "", "small", "small", "", "prod"}:             true,
		{w.project.ID, "vic", "gpt-4o", "gpt-4o", "", "prod"}:        true,
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("activity (-want +got):\n%s", diff)
	}
	if _, err := w.Snapshot(ctx); err != nil {
		t.Errorf("what was stored: %v", err)
	}
	if p := must[store.Stored[tenancy.Project]](t)(w.As("rob").Project(ctx, w.org, made.ID)).Value; p.Name != "lent" || !p.Models.Has("small") {
		t.Errorf("the project: %+v", p)
	}
	for _, id := range []tenancy.KeyID{w.key.ID, brought} {
		if k := must[store.Stored[tenancy.Key]](t)(w.As("ann").Key(ctx, w.org, id)).Value; k.Name != "lent" {
			t.Errorf("the key: %+v", k)
		}
	}
	if p, d := w.Authenticate(ctx, lend(foreign)); !d.Allowed() || p.Key() != brought || !w.CanCall(p, "gpt-4o").Allowed() {
		t.Errorf("the imported key: %+v", d)
	}
	for _, e := range entries(t, w.st, w.org) {
		for _, s := range []string{string(e.Op), string(e.Org), e.Subject.ID, string(e.Subject.User), string(e.Project), string(e.Actor)} {
			if strings.Contains(s, "\x01") {
				t.Errorf("%s: an entry holds %q", e.Action, s)
			}
		}
	}
	caughtUp(t, w.Tenet) // the feed's refs are whole too
	if _, d := w.As("rob").Begin(ctx, w.org, made.ID, "small", tenet.Estimate{}); !d.Allowed() {
		t.Errorf("rob's new place: %+v", d)
	}
}
