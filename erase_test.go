package tenet_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/store/faults"
	"example.com/tenet/store/memory"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/tenancy"
)

// personal are what tests erase: of mem, and of others, which stays.
const (
	memsName, memsEmail = "Memphis Marker", "mem.marker@example.com"
	oldEmail            = "old.marker@example.com"
	othersEmail         = "vic@example.com"
)

// furnished is a town in which mem has a name, an address of now and one of before, and
// invites to both, and vic has theirs. It returns mem's pending invites.
func furnished(t testing.TB, st backend) (w *town, pending []tenancy.InviteID) {
	t.Helper()
	w = newTownOver(t, st)
	ctx, ann, mem := t.Context(), w.As("ann"), w.As("mem")
	invite := func(email string) (tenancy.Invite, string) {
		i, token, err := ann.Invite(ctx, w.org, tenet.NewInvite{Email: email})
		mustNot(t, err)
		return i, token.Reveal()
	}
	_, token := invite(oldEmail)
	must[tenet.Acceptance](t)(mem.AcceptInvite(ctx, token, tenet.Profile{Email: oldEmail}))
	must[tenancy.Member](t)(mem.SetProfile(ctx, w.org, tenet.Profile{Name: memsName, Email: memsEmail}))
	must[tenancy.Member](t)(w.As("vic").SetProfile(ctx, w.org, tenet.Profile{Name: "Vic", Email: othersEmail}))
	for _, email := range []string{memsEmail, strings.ToUpper(memsEmail), oldEmail} {
		i, _ := invite(email)
		pending = append(pending, i.ID)
	}
	revoked, _ := invite(memsEmail)
	mustNot(t, ann.RevokeInvite(ctx, w.org, revoked.ID))
	invite(othersEmail)
	return w, pending
}

// holds says how many records and entries hold a text, in any case, as they are stored
// and as the trail tells them.
func holds(t testing.TB, st store.Store, org tenancy.OrgID, text string) (places []string) {
	t.Helper()
	look := func(where, form string) {
		if strings.Contains(strings.ToLower(form), strings.ToLower(text)) {
			places = append(places, where)
		}
	}
	for _, kind := range tenancy.Kinds() {
		if kind == tenancy.KindModel {
			continue
		}
		page := must[store.Page](t)(st.List(t.Context(), store.Query{Listing: store.Within, Kind: kind, Org: org}))
		for _, r := range page.Records {
			look(kind.String(), string(must[[]byte](t)(store.Marshal(r.Value))))
		}
	}
	for _, e := range entries(t, st, org) {
		look("log", fmt.Sprintf("%+v %s", e, e.Detail))
	}
	return places
}

// A30: once a person is erased no record and no entry has their name or address, others
// keep theirs, invites to them are no more, and what they did still counts.
func TestA30ErasePerson(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w, pending := furnished(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		if n := len(holds(t, st, w.org, "marker")); n != 6 {
			t.Fatalf("%d records with something to erase, want 6", n)
		}
		before := left(t, st, w.org)
		mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
		for _, text := range []string{memsName, memsEmail, oldEmail, "marker"} {
			if places := holds(t, st, w.org, text); places != nil {
				t.Errorf("%q is still in %v", text, places)
			}
		}
		if n := len(holds(t, st, w.org, othersEmail)); n != 2 {
			t.Errorf("%d records with somebody else's address, want 2", n)
		}
		for _, id := range pending {
			i := must[store.Stored[tenancy.Invite]](t)(store.One(ctx, st, tenancy.InviteRef(w.org, id))).Value
			if i.Revoked.IsZero() || i.Email != tenancy.ErasedEmail {
				t.Errorf("an invite that was pending: %+v", i)
			}
		}
		if diff := gocmp.Diff(before, left(t, st, w.org)); diff != "" {
			t.Errorf("records (-before +after):\n%s", diff)
		}
		e := entries(t, st, w.org)[0]
		if e.Action != "member.erase" || e.Actor != "ops" || e.Subject != tenancy.MemberRef(w.org, "mem").Ref || string(e.Detail) != `{"invite":5,"member":1}` {
			t.Errorf("entry %+v %s", e, e.Detail)
		}
		if p, d := w.Authenticate(ctx, w.memsSc.Reveal()); !d.Allowed() || !w.CanCall(p, "gpt-4o").Allowed() {
			t.Errorf("the person's key: %+v; they are on the roster still", d)
		}
		n := len(entries(t, st, w.org))
		mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
		if got := len(entries(t, st, w.org)); got != n {
			t.Errorf("erasing again left %d entries", got-n)
		}
		if err := ops.ErasePerson(ctx, w.org, "mem\x00"); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("a malformed person: %v, want ErrInvalid", err)
		}
	})
}

// A30: an entry has a fingerprint of what was asked only where a caller chose the
// operation id: of a name and an address, it would let a guess be confirmed for ever.
func TestA30NoFingerprintOfWhatIsNotRepeated(t *testing.T) {
	w, _ := furnished(t, memory.New())
	ctx, ops := t.Context(), w.Operator("ops")
	for _, e := range entries(t, w.under, w.org) {
		if e.Request != [16]byte{} {
			t.Errorf("%s has a fingerprint", e.Action)
		}
	}
	n := tenet.NewOrganization{Name: "Gamma", Currency: "EUR", Plan: "pro", Owner: tenet.NewMember{User: "gil", Email: memsEmail}}
	for _, a := range []tenet.Operator{ops, ops.With(tenet.ChangeOptions{Op: "op-1"})} {
		o := must[tenancy.Organization](t)(a.CreateOrganization(ctx, n))
		e := entries(t, w.under, o.ID)[0]
		if chosen := e.Op == "op-1"; (e.Request != [16]byte{}) != chosen {
			t.Errorf("operation id chosen %v, fingerprint %x", chosen, e.Request)
		}
	}
}

// Who left the roster is erased by what their invites tell.
func TestErasePersonWhoLeft(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w, _ := furnished(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		mustNot(t, w.As("mem").LeaveOrganization(ctx, w.org))
		mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
		if places := holds(t, st, w.org, oldEmail); places != nil {
			t.Errorf("the address that they joined with is in %v", places)
		}
	})
}

// Who is erased and then removed has left no address, nor have the invites that went to it.
func TestErasedThenRemoved(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ops, ann := t.Context(), w.Operator("ops"), w.As("ann")
		const address = "zoe.marker@example.com"
		must[tenancy.Member](t)(ops.AddMember(ctx, w.org, tenet.NewMember{User: "zoe", Email: address}))
		mustNot(t, third(ann.Invite(ctx, w.org, tenet.NewInvite{Email: address, Role: tenancy.RoleOwner})))
		mustNot(t, ops.ErasePerson(ctx, w.org, "zoe"))
		mustNot(t, ann.RemoveMember(ctx, w.org, "zoe"))
		if places := holds(t, st, w.org, address); places != nil {
			t.Errorf("the address is in %v", places)
		}
	})
}

// A person who changes their address while they are erased is erased under the new one.
func TestErasePersonWhoMoves(t *testing.T) {
	w, _ := furnished(t, memory.New())
	ctx, ops, ann := t.Context(), w.Operator("ops"), w.As("ann")
	const next = "next.marker@example.com"
	w.faults.Set(faults.Nth(faults.Commit, 1, faults.Fault{Before: func() {
		w.faults.Set(nil)
		must[tenancy.Member](t)(w.As("mem").SetProfile(ctx, w.org, tenet.Profile{Name: memsName, Email: next}))
		mustNot(t, third(ann.Invite(ctx, w.org, tenet.NewInvite{Email: next})))
	}}))
	mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
	if places := holds(t, w.under, w.org, "marker"); places != nil {
		t.Errorf("still in %v", places)
	}
}

// A closed organization is erased whole; one in use is refused, and another keeps all.
func TestA30EraseOrganization(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w, _ := furnished(t, st)
		ctx, ops := t.Context(), w.Operator("ops")
		must[tenancy.Organization](t)(w.As("ann").SetBranding(ctx, w.org, tenancy.Branding{LogoURL: "https://marker.example/"}))
		must[tenancy.Member](t)(w.As("otto").SetProfile(ctx, w.other, tenet.Profile{Name: memsName, Email: memsEmail}))
		err := ops.EraseOrganization(ctx, w.org)
		if field, ok := errors.AsType[*tenancy.FieldError](err); !ok || field.Field != "closed" {
			t.Errorf("one in use: %v, want a FieldError of closed", err)
		}
		mustNot(t, ops.CloseOrganization(ctx, w.org))
		before := left(t, st, w.org)
		for range 2 {
			mustNot(t, ops.EraseOrganization(ctx, w.org))
		}
		for _, text := range []string{"marker", "vic@", "ivy@"} {
			if places := holds(t, st, w.org, text); places != nil {
				t.Errorf("%q is still in %v", text, places)
			}
		}
		if diff := gocmp.Diff(before, left(t, st, w.org)); diff != "" {
			t.Errorf("records (-before +after):\n%s", diff)
		}
		if n := len(holds(t, st, w.other, memsEmail)); n != 1 {
			t.Errorf("the same person elsewhere: %d records, want 1", n)
		}
		var told []string
		for _, e := range entries(t, st, w.org) {
			if e.Action == "organization.erase" {
				told = append(told, string(e.Detail))
			}
		}
		if diff := gocmp.Diff([]string{`{"organization":1}`, `{"invite":7}`, `{"member":2}`}, told); diff != "" {
			t.Errorf("entries (-want +got):\n%s", diff)
		}
	})
}

// F14: wherever erasing is broken off, asking again under the same operation id finishes
// it, though what leads to the rest was read from what is being erased.
func TestF14EraseBrokenOff(t *testing.T) {
	for name, mishap := range breaks() {
		for _, closed := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", closed ", closed), func(t *testing.T) {
				n, hit := 0, true
				for hit && n < 60 {
					n++
					synctest.Test(t, func(t *testing.T) { hit = eraseMeets(t, mishap, n, closed) })
				}
				if n < 8 || n == 60 {
					t.Errorf("%d calls of the store", n-1)
				}
			})
		}
	}
}

func eraseMeets(t *testing.T, mishap func(func()) faults.Fault, n int, closed bool) bool {
	w, _ := furnished(t, memory.New())
	ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
	for range 61 { // so that a part of its own has those that lead to these
		mustNot(t, third(ann.Invite(ctx, w.org, tenet.NewInvite{Email: oldEmail})))
	}
	do := func(ctx context.Context) error {
		return ops.With(tenet.ChangeOptions{Op: "erase-1"}).ErasePerson(ctx, w.org, "mem")
	}
	if closed {
		mustNot(t, ops.CloseOrganization(ctx, w.org))
		do = func(ctx context.Context) error {
			return ops.With(tenet.ChangeOptions{Op: "erase-1"}).EraseOrganization(ctx, w.org)
		}
	}
	hit, err := w.broken(t, n, mishap, do)
	if places := holds(t, w.under, w.org, "marker"); err == nil && places != nil {
		t.Errorf("call %d: said to be done, and still in %v", n, places)
	}
	mustNot(t, do(ctx))
	if places := holds(t, w.under, w.org, "marker"); places != nil {
		t.Errorf("call %d: %v, and in the end still in %v", n, err, places)
	}
	w.goesOnAt(t, n)
	return hit
}

// What was erased is not in the bytes of a SQLite file either, once it is closed.
func TestA30ErasedBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tenet.db")
	st := must[*sqlitefile.Store](t)(sqlitefile.Open(t.Context(), path))
	w := newTownOver(t, st)
	ctx, ops := t.Context(), w.Operator("ops")
	must[tenancy.Member](t)(w.As("mem").SetProfile(ctx, w.org, tenet.Profile{Name: "Erasmus Marker", Email: "marker@erase.example"}))
	mustNot(t, third(w.As("ann").Invite(ctx, w.org, tenet.NewInvite{Email: "marker@erase.example"})))
	mustNot(t, ops.ErasePerson(ctx, w.org, "mem"))
	mustNot(t, w.Close())
	mustNot(t, st.Close())
	for _, name := range []string{path, path + "-wal"} {
		data, err := os.ReadFile(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		for _, mark := range []string{"Erasmus", "marker@erase"} {
			if bytes.Contains(data, []byte(mark)) {
				t.Errorf("%q is in %s", mark, filepath.Base(name))
			}
		}
	}
}
