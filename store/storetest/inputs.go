package storetest

import (
	"fmt"
	"strings"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

func inputCases() []testCase {
	return []testCase{
		{
			name:  "limits/batch",
			rules: "C8",
			why:   "A batch has at most MaxBatch checks and writes, together: callers plan their batches by it, so no backend takes fewer or more.",
			run:   batchLimit,
		},
		{
			name:  "limits/refs",
			rules: "G4",
			why:   "Get takes up to MaxRefs refs, repeated ones counted.",
			run:   refLimit,
		},
		{
			name:  "limits/record",
			rules: "C8",
			why:   "A record has at most MaxRecord bytes as Size counts them, whatever the backend's own encoding.",
			run:   recordLimit,
		},
		{
			name:  "limits/large-batch",
			rules: "C8 G4",
			why:   "MaxBatch records of MaxRecord bytes are one batch, one page and part of one Get: an engine's own limit on a statement or a message must not show.",
			run:   largeBatch,
		},
		{
			name:  "limits/detail",
			rules: "C8",
			why:   "Detail has at most MaxDetail bytes, which must all come back.",
			run:   detailLimit,
		},
		{
			name:  "limits/ref-part",
			rules: "R6",
			why:   "Each part of a Ref has up to MaxRefPart bytes, all of them significant.",
			run:   partLimit,
		},
		{
			name:  "input/batch",
			rules: "C8",
			why:   "A malformed batch is ErrInvalid, writes nothing and logs nothing: pointers, duplicates, other organizations, prefilled refs and times that no engine keeps.",
			run:   malformedBatches,
		},
		{
			name:  "input/errors-say-nothing",
			rules: "S4",
			why:   "No error carries what the caller passed: ids and cursors of users end up in logs of people who may not see them.",
			run:   errorsSayNothing,
		},
	}
}

// projects returns n projects, the first of them numbered from.
func projects(from, n int) []tenancy.Entity {
	var vs []tenancy.Entity
	for i := range n {
		id := fmt.Sprintf("proj_%04d", from+i)
		vs = append(vs, project(orgA, id, id))
	}
	return vs
}

func batchLimit(e *env) {
	e.commit(e.creation(orgA, projects(0, store.MaxBatch)...))
	e.commit(e.creation(orgA, projects(100, store.MaxBatch-1)...))
	e.rejects("a batch of one too many", e.creation(orgA, projects(200, store.MaxBatch+1)...), store.ErrTooLarge)
	b := e.creation(orgA, projects(200, store.MaxBatch-2)...)
	for _, v := range projects(0, 3) {
		at := store.Check{Ref: v.Ref(), Rev: e.at(v.Ref()).Rev}
		if len(b.Delete) == 0 {
			b.Delete = append(b.Delete, at)
		} else {
			b.Check = append(b.Check, at)
		}
	}
	e.rejects("checks, puts and deletes, together one too many", b, store.ErrTooLarge)
	b.Check = b.Check[:1]
	e.commit(b)
	want := 3*store.MaxBatch - 1 - 2 - 1
	if got := len(e.list(store.WithinOf[tenancy.Project](orgA).Query, 0)); got != want {
		e.errorf("%d projects after all, want %d", got, want)
	}
}

func refLimit(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	refs := make([]tenancy.Ref, store.MaxRefs+1)
	for i := range refs {
		if refs[i] = p.Ref(); i%2 == 0 {
			refs[i] = tenancy.ProjectRef(orgA, tenancy.ProjectID(fmt.Sprint("none_", i))).Ref
		}
	}
	for n, want := range map[int]error{store.MaxRefs - 1: nil, store.MaxRefs: nil, store.MaxRefs + 1: store.ErrTooLarge} {
		rs, err := e.s.Get(e.ctx, refs[:n]...)
		e.refused(fmt.Sprintf("Get of %d", n), err, want)
		if want != nil {
			continue
		}
		for i, r := range rs {
			if (r.Rev != 0) != (i%2 == 1) {
				e.fatalf("Get of %d: record %d exists: %t", n, i, r.Rev != 0)
			}
		}
		e.same("records", n, len(rs))
	}
}

// sized is a project of n bytes.
func sized(id string, n int) tenancy.Project {
	p := project(orgA, id, "")
	p.Name = strings.Repeat("n", n-store.Size(p))
	return p
}

func largeBatch(e *env) {
	vs := make([]tenancy.Entity, store.MaxBatch)
	for i := range vs {
		vs[i] = sized(fmt.Sprintf("proj_%03d", i), store.MaxRecord)
	}
	e.commit(e.creation(orgA, vs...))
	e.same("the listing", vs, e.values(store.WithinOf[tenancy.Project](orgA).Query, 0))
	refs := make([]tenancy.Ref, store.MaxRefs)
	for i := range refs {
		refs[i] = vs[i%len(vs)].Ref()
	}
	rs, err := e.s.Get(e.ctx, refs...)
	e.must("Get", err)
	for i, r := range rs {
		e.same("a record among MaxRefs", vs[i%len(vs)], r.Value)
	}
	e.same("records", store.MaxRefs, len(rs))
}

func recordLimit(e *env) {
	for i, n := range []int{store.MaxRecord - 1, store.MaxRecord} {
		p := sized(fmt.Sprint("proj_", i), n)
		e.create(p)
		e.holds(fmt.Sprintf("a record of %d bytes", n), p)
	}
	e.rejects("a record over MaxRecord", e.creation(orgA, sized("proj_9", store.MaxRecord+1)), store.ErrTooLarge)
}

func detailLimit(e *env) {
	sized := func(n int) store.Batch {
		b := store.Batch{Entry: e.entry(orgA)}
		b.Entry.Detail = []byte(`{"a":"` + strings.Repeat("d", n-8) + `"}`)
		return b
	}
	for _, n := range []int{store.MaxDetail - 1, store.MaxDetail} {
		b := sized(n)
		e.commit(b)
		e.same("Detail", b.Entry.Detail, e.trail(store.TrailQuery{Org: orgA, Op: b.Entry.Op}, 0)[0].Detail)
	}
	e.rejects("detail over MaxDetail", sized(store.MaxDetail+1), store.ErrTooLarge)
}

func partLimit(e *env) {
	b := store.Batch{Entry: e.entry(orgA)}
	b.Entry.Op, b.Entry.Action = store.OperationID(strings.Repeat("o", tenancy.MaxRefPart)), store.Action(strings.Repeat("a", tenancy.MaxRefPart))
	e.commit(b)
	e.same("an entry with its texts at MaxRefPart", b.Entry, e.trail(store.TrailQuery{Org: orgA, Op: b.Entry.Op}, 0)[0])
	at := strings.Repeat("a", tenancy.MaxRefPart)
	v := tenancy.ProjectMember{Org: tenancy.OrgID(at), Project: tenancy.ProjectID(at), User: tenancy.UserID(at), Membership: "m"}
	e.create(v)
	e.holds("a record with its parts at MaxRefPart", v)
	near := v
	near.User = near.User[1:]
	e.absent("one byte less", near.Ref())
	over := v
	over.User += "a"
	e.rejects("one byte more", e.creation(over.Org, over), store.ErrInvalid)
}

func malformedBatches(e *env) {
	p := project(orgA, "proj_1", "one")
	e.create(p)
	at := store.Check{Ref: p.Ref(), Rev: e.at(p.Ref()).Rev}
	replace := store.Record{Rev: at.Rev, Value: p}
	fresh := project(orgA, "proj_new", "new")
	for name, change := range map[string]func(*store.Batch){
		"a pointer for a value":     func(b *store.Batch) { b.Put[0].Value = &fresh },
		"a nil pointer":             func(b *store.Batch) { b.Put[0].Value = (*tenancy.Project)(nil) },
		"no value":                  func(b *store.Batch) { b.Put[0].Value = nil },
		"a put twice":               func(b *store.Batch) { b.Put = append(b.Put, b.Put[0]) },
		"a put that is checked too": func(b *store.Batch) { b.Check, b.Put = []store.Check{at}, append(b.Put, replace) },
		"a delete twice":            func(b *store.Batch) { b.Delete = []store.Check{at, at} },
		"a delete at revision zero": func(b *store.Batch) { b.Delete = []store.Check{{Ref: at.Ref}} },
		"a record of the catalogue": func(b *store.Batch) { b.Put = append(b.Put, store.Record{Value: tenancy.Model{ID: "m"}}) },
		"a record of another":       func(b *store.Batch) { b.Put = append(b.Put, store.Record{Value: project(orgB, "proj_2", "")}) },
		"an entry of another":       func(b *store.Batch) { b.Entry.Org = orgB },
		"a record without its id":   func(b *store.Batch) { b.Put[0].Value = tenancy.Project{Org: orgA} },
		"a name that is not UTF-8":  func(b *store.Batch) { b.Put[0].Value = project(orgA, "proj_2", "\xff") },
		"a name with NUL":           func(b *store.Batch) { b.Put[0].Value = project(orgA, "proj_2", "a\x00") },
		"a time of nanoseconds":     func(b *store.Batch) { b.Put[0].Value = tenancy.Project{Org: orgA, ID: "p", Created: noon.Add(1)} },
		"a time that is not UTC":    func(b *store.Batch) { b.Put[0].Value = tenancy.Project{Org: orgA, ID: "p", Created: noon.In(tokyo())} },
		"a time before 1970": func(b *store.Batch) {
			b.Put[0].Value = tenancy.Project{Org: orgA, ID: "p", Created: time.Unix(-1, 0).UTC()}
		},
		"a time of the year 10000": func(b *store.Batch) {
			b.Put[0].Value = tenancy.Project{Org: orgA, ID: "p", Archived: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}
		},
		"an entry of the year 10000":   func(b *store.Batch) { b.Entry.At = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
		"an entry before 1970":         func(b *store.Batch) { b.Entry.At = time.Unix(-1, 0).UTC() },
		"a text that is cut in a rune": func(b *store.Batch) { b.Entry.OnBehalf = "\xc3" },
		"a project that is too long":   func(b *store.Batch) { b.Entry.Project = tenancy.ProjectID(strings.Repeat("p", 256)) },
		"an action that is too long":   func(b *store.Batch) { b.Entry.Action = store.Action(strings.Repeat("a", 256)) },
		"an operation id with NUL":     func(b *store.Batch) { b.Entry.Op = "op\x00" },
		"a limit that is not UTF-8": func(b *store.Batch) {
			b.Put[0].Value = tenancy.Project{Org: orgA, ID: "p", Limits: tenancy.Limits{{Measure: "\xff"}}}
		},
		"detail with a tail":   func(b *store.Batch) { b.Entry.Detail = []byte("{}{}") },
		"detail after a space": func(b *store.Batch) { b.Entry.Detail = []byte(" {}") },
		"a pointer among values": func(b *store.Batch) {
			b.Put = append(b.Put, store.Record{Value: &tenancy.Member{Org: orgA, User: "u"}})
		},
		"a put that is deleted too":     func(b *store.Batch) { b.Put, b.Delete = append(b.Put, replace), []store.Check{at} },
		"no operation id":               func(b *store.Batch) { b.Entry.Op = "" },
		"an operation id too long":      func(b *store.Batch) { b.Entry.Op = store.OperationID(strings.Repeat("o", 256)) },
		"no action":                     func(b *store.Batch) { b.Entry.Action = "" },
		"an actor with NUL":             func(b *store.Batch) { b.Entry.Actor = "\x00" },
		"no time":                       func(b *store.Batch) { b.Entry.At = time.Time{} },
		"an entry's time not UTC":       func(b *store.Batch) { b.Entry.At = noon.In(tokyo()) },
		"an entry's time too fine":      func(b *store.Batch) { b.Entry.At = noon.Add(1) },
		"detail that is no JSON":        func(b *store.Batch) { b.Entry.Detail = []byte("{") },
		"detail that is no object":      func(b *store.Batch) { b.Entry.Detail = []byte("[1]") },
		"refs filled in":                func(b *store.Batch) { b.Entry.Refs = []tenancy.Ref{at.Ref} },
		"a subject without its parts":   func(b *store.Batch) { b.Entry.Subject = tenancy.Ref{Kind: tenancy.KindKey, Org: orgA} },
		"a check of what is no ref":     func(b *store.Batch) { b.Check = []store.Check{{}} },
		"a delete of an unknown kind":   func(b *store.Batch) { b.Delete = []store.Check{{Ref: tenancy.Ref{Kind: 77, Org: orgA}, Rev: 1}} },
		"a check of a ref with NUL too": func(b *store.Batch) { b.Check = []store.Check{{Ref: tenancy.ProjectRef(orgA, "a\x00b").Ref}} },
	} {
		b := e.creation(orgA, fresh)
		change(&b)
		e.rejects(name, b, store.ErrInvalid)
	}
}

func tokyo() *time.Location { return time.FixedZone("", 9*60*60) }

// errorsSayNothing passes a marker wherever a caller can pass a text.
func errorsSayNothing(e *env) {
	const marker = "MARKER-7f3a"
	org := tenancy.OrgID("org_" + marker)
	v := tenancy.Key{Org: org, ID: marker, Project: marker, Name: marker}
	b := e.creation(org, v)
	b.Entry.Op, b.Entry.Actor = marker, marker
	e.commit(b)
	reused := b
	reused.Entry.Actor += "x"
	conflict := e.creation(org, v)
	other := e.creation(orgB, tenancy.Key{Org: orgB, ID: marker})
	invalid := e.creation(org, tenancy.Key{Org: org, ID: marker + "\x00"})
	large := e.creation(org, tenancy.Project{Org: org, ID: marker, Name: strings.Repeat(marker, store.MaxRecord/8)})
	var errs []error
	for _, b := range []store.Batch{reused, conflict, other, invalid, large} {
		_, err := e.s.Commit(e.ctx, b)
		errs = append(errs, err)
	}
	_, err := e.s.Get(e.ctx, tenancy.ProjectRef(org, marker+"\x00").Ref)
	errs = append(errs, err)
	_, err = e.s.List(e.ctx, store.Query{Listing: store.Names, Org: org, After: marker})
	errs = append(errs, err)
	_, err = e.s.Trail(e.ctx, store.TrailQuery{Org: org, After: marker})
	errs = append(errs, err)
	_, err = e.s.Changes(e.ctx, marker, 1)
	errs = append(errs, err)
	for i, err := range errs {
		e.discreet(fmt.Sprint("bad call ", i), err, marker)
	}
}
