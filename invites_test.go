package tenet_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

func (w *town) invites(t *testing.T, n tenet.NewInvite) (tenancy.Invite, keys.Secret) {
	t.Helper()
	i, secret, err := w.As("ann").Invite(t.Context(), w.org, n)
	mustNot(t, err)
	return i, secret
}

func verified(email string) tenet.Profile { return tenet.Profile{Name: "New", Email: email} }

// An invite gives exactly what it says, once.
func TestAcceptInvite(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann := t.Context(), w.As("ann")
		lab := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "lab"}))
		old := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "old"}))
		i, secret := w.invites(t, tenet.NewInvite{Email: "Zoe@Example.com", Placements: []tenancy.Placement{
			{Project: w.project.ID, Role: tenancy.RoleMember}, {Project: lab.ID, Role: tenancy.RoleOwner}, {Project: old.ID, Role: tenancy.RoleOwner},
		}})
		if i.Digest != (tenancy.Digest{}) || !strings.HasPrefix(secret.Reveal(), "tenet_live_i1_") {
			t.Errorf("invite %+v", i)
		}
		must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, old.ID))
		done := must[tenet.Acceptance](t)(w.As("zoe").AcceptInvite(ctx, secret.Reveal(), verified("zoe@example.COM")))
		if done.Organization.Name != "Acme" || done.Member.User != "zoe" || done.Member.Name != "New" || done.Member.Email != "zoe@example.COM" {
			t.Errorf("done = %+v", done)
		}
		if diff := gocmp.Diff([]tenancy.ProjectID{old.ID}, done.Skipped); diff != "" {
			t.Errorf("skipped (-want +got):\n%s", diff)
		}
		if got := roll(t, ann, w.org, w.project.ID)["zoe"] + roll(t, ann, w.org, lab.ID)["zoe"] + roll(t, ann, w.org, old.ID)["zoe"]; got != "memberowner" {
			t.Errorf("places: %s", got)
		}
		if _, err := w.As("zoe").Settings(ctx, w.org); !errors.Is(err, tenet.ErrForbidden) {
			t.Errorf("the settings: %v, want ErrForbidden", err)
		}
		for _, user := range []tenancy.UserID{"zoe", "yan"} {
			if _, err := w.As(user).AcceptInvite(ctx, secret.Reveal(), verified("zoe@example.com")); !errors.Is(err, tenet.ErrNotFound) {
				t.Errorf("used again by %s: %v, want ErrNotFound", user, err)
			}
		}
		e := entries(t, st, w.org)[0]
		if e.Action != "invite.accept" || e.Actor != "zoe" || strings.Contains(strings.ToLower(string(e.Detail)), "example") {
			t.Errorf("entry %+v %s", e, e.Detail)
		}
	})
}

// Unknown, malformed, used, expired, revoked, of another kind, and an inviter who may
// invite no more are one answer, word for word, and leave nothing.
func TestA10DeadInvites(t *testing.T) {
	var late time.Duration
	w := newTownOver(t, memory.New(), func(o *tenet.Options) { o.Clock = func() time.Time { return time.Now().Add(late) } })
	ctx, ann := t.Context(), w.As("ann")
	mustNot(t, ann.SetRole(ctx, w.org, "pat", tenancy.RoleOwner))
	for range 2 { // so that one can be suspended, one removed
		mustNot(t, ann.SetRole(ctx, w.org, "rob", tenancy.RoleOwner))
	}
	offer := func(by tenancy.UserID) (tenancy.Invite, string) {
		i, secret, err := w.As(by).Invite(ctx, w.org, tenet.NewInvite{Email: "zoe@example.com"})
		mustNot(t, err)
		return i, secret.Reveal()
	}
	revoked, revokedToken := offer("ann")
	mustNot(t, ann.RevokeInvite(ctx, w.org, revoked.ID))
	_, byPat := offer("pat")
	_, byRob := offer("rob")
	mustNot(t, ann.SetRole(ctx, w.org, "pat", tenancy.RoleMember))
	mustNot(t, ann.RemoveMember(ctx, w.org, "rob"))
	must[tenancy.Member](t)(w.Operator("ops").AddMember(ctx, w.org, tenet.NewMember{User: "rob", Role: tenancy.RoleOwner}))
	_, good := offer("ann")
	_, used := offer("ann")
	must[tenet.Acceptance](t)(w.As("zoe").AcceptInvite(ctx, used, verified("zoe@example.com")))
	_, expiring := offer("ann")
	n := len(entries(t, w.st, w.org))
	texts := map[string]bool{}
	refused := func(name, token string) {
		for _, email := range []string{"zoe@example.com", "other@example.com"} {
			_, err := w.As("yan").AcceptInvite(ctx, token, verified(email))
			if !errors.Is(err, tenet.ErrNotFound) {
				t.Errorf("%s: %v, want ErrNotFound", name, err)
				continue
			}
			texts[err.Error()] = true
		}
	}
	wrong := []byte(good)
	for name, token := range map[string]string{
		"nothing": "", "garbage": "tenet_live_i1_", "a key": w.secret.Reveal(), "revoked": revokedToken, "used": used,
		"an inviter who was demoted": byPat, "an inviter who was removed and is an owner again": byRob, "a broken checksum": string(append(wrong[:len(wrong)-1], '!')),
		"huge": strings.Repeat(good, 1<<14), "NUL": good + "\x00",
	} {
		refused(name, token)
	}
	late = tenancy.InviteLife
	refused("expired", expiring)
	if len(texts) != 1 {
		t.Errorf("%d texts for one answer: %v", len(texts), texts)
	}
	if got := len(entries(t, w.st, w.org)); got != n {
		t.Errorf("%d entries were written", got-n)
	}
}

// The address must be the invite's, byte for byte but for the case of A to Z.
func TestInviteIsForOneAddress(t *testing.T) {
	w := newTown(t)
	ctx := t.Context()
	_, secret := w.invites(t, tenet.NewInvite{Email: "kim@example.com"})
	for _, email := range []string{"kim@example.org", "\u212aim@example.com", "k\u0131m@example.com", "kim@example.com.", "kim+1@example.com"} {
		if _, err := w.As("kim").AcceptInvite(ctx, secret.Reveal(), verified(email)); !errors.Is(err, tenet.ErrForbidden) {
			t.Errorf("%q: %v, want ErrForbidden", email, err)
		}
	}
	for _, email := range []string{"", "kim", "kim@", "kim@example.com\x00", "kim@example\xff", "@example.com", strings.Repeat("k", 250) + "@e.com"} {
		if _, err := w.As("kim").AcceptInvite(ctx, secret.Reveal(), verified(email)); !errors.Is(err, tenancy.ErrInvalid) {
			t.Errorf("%q: %v, want ErrInvalid", email, err)
		}
	}
	must[tenet.Acceptance](t)(w.As("kim").AcceptInvite(ctx, secret.Reveal(), verified("KIM@example.com")))
}

// An invite never lowers what a person has, nor lifts a suspension.
func TestInviteNeverLowers(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	offer := func(role, place tenancy.Role) string {
		_, secret := w.invites(t, tenet.NewInvite{Email: "p@example.com", Role: role, Placements: []tenancy.Placement{{Project: w.project.ID, Role: place}}})
		return secret.Reveal()
	}
	has := func(user tenancy.UserID) string { return roll(t, ann, w.org, w.project.ID)[user] }
	before := must[store.Stored[tenancy.Member]](t)(w.As("pat").Identity(ctx, w.org)).Value
	done := must[tenet.Acceptance](t)(w.As("pat").AcceptInvite(ctx, offer(tenancy.RoleMember, tenancy.RoleViewer), verified("p@example.com")))
	if diff := gocmp.Diff(before, done.Member); diff != "" || has("pat") != "owner" {
		t.Errorf("an owner of the project who accepts a viewer's place: %s (-before +after):\n%s", has("pat"), diff)
	}
	must[tenet.Acceptance](t)(w.As("vic").AcceptInvite(ctx, offer(tenancy.RoleOwner, tenancy.RoleMember), verified("p@example.com")))
	if has("vic") != "member owner" {
		t.Errorf("a viewer who accepts more: %s", has("vic"))
	}
	must[tenet.Acceptance](t)(w.As("vic").AcceptInvite(ctx, offer(tenancy.RoleMember, tenancy.RoleMember), verified("p@example.com")))
	if has("vic") != "member owner" {
		t.Errorf("an owner who accepts a member's place: %s", has("vic"))
	}
	mustNot(t, ann.SuspendMember(ctx, w.org, "mem"))
	if _, err := w.As("mem").AcceptInvite(ctx, offer(tenancy.RoleOwner, tenancy.RoleOwner), verified("p@example.com")); !errors.Is(err, tenet.ErrForbidden) {
		t.Errorf("somebody who is suspended: %v, want ErrForbidden", err)
	}
}

// An invite that was accepted under an operation id is told again as it went.
func TestAcceptInviteAgain(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	old := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "old"}))
	_, secret := w.invites(t, tenet.NewInvite{Email: "z@example.com", Placements: []tenancy.Placement{{Project: old.ID, Role: tenancy.RoleViewer}}})
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, old.ID))
	zoe := w.As("zoe").With(tenet.ChangeOptions{Op: "accept"})
	first := must[tenet.Acceptance](t)(zoe.AcceptInvite(ctx, secret.Reveal(), verified("z@example.com")))
	again := must[tenet.Acceptance](t)(zoe.AcceptInvite(ctx, secret.Reveal(), verified("z@example.com")))
	if diff := gocmp.Diff(first, again); diff != "" || len(again.Skipped) != 1 {
		t.Errorf("(-first +again):\n%s", diff)
	}
	if _, err := zoe.AcceptInvite(ctx, secret.Reveal(), verified("Z@example.com")); !errors.Is(err, store.ErrReused) {
		t.Errorf("with another payload: %v, want ErrReused", err)
	}
	mustNot(t, ann.RemoveMember(ctx, w.org, "zoe"))
	if _, err := zoe.AcceptInvite(ctx, secret.Reveal(), verified("z@example.com")); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("by who was removed: %v, want ErrNotFound", err)
	}
}

// What an invite may say, at the limit and beyond it.
func TestInviteBounds(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	var places []tenancy.Placement
	for i := range tenancy.MaxPlacements + 1 {
		p := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: fmt.Sprint("p", i)}))
		places = append(places, tenancy.Placement{Project: p.ID, Role: tenancy.RoleViewer})
	}
	gone := must[tenancy.Project](t)(ann.CreateProject(ctx, w.org, tenet.NewProject{Name: "gone"}))
	must[tenancy.Project](t)(ann.ArchiveProject(ctx, w.org, gone.ID))
	now := time.Now()
	place := func(p tenancy.ProjectID, r tenancy.Role) []tenancy.Placement {
		return []tenancy.Placement{{Project: p, Role: r}}
	}
	before := len(entries(t, w.st, w.org))
	for _, tt := range []struct {
		name string
		n    tenet.NewInvite
		want error
	}{
		{"33 placements", tenet.NewInvite{Placements: places}, tenancy.ErrInvalid},
		{"one project twice", tenet.NewInvite{Placements: append(place(w.project.ID, "viewer"), place(w.project.ID, "owner")...)}, tenancy.ErrInvalid},
		{"a place without a role", tenet.NewInvite{Placements: place(w.project.ID, "")}, tenancy.ErrInvalid},
		{"an unknown role", tenet.NewInvite{Role: "viewer"}, tenancy.ErrInvalid},
		{"no address", tenet.NewInvite{Email: "-"}, tenancy.ErrInvalid},
		{"expired already", tenet.NewInvite{Expires: now}, tenancy.ErrInvalid},
		{"expires too late", tenet.NewInvite{Expires: now.Add(tenancy.MaxInviteLife + time.Minute)}, tenancy.ErrInvalid},
		{"expires in the year 12000", tenet.NewInvite{Expires: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)}, tenancy.ErrInvalid},
		{"an archived project", tenet.NewInvite{Placements: place(gone.ID, "viewer")}, tenancy.ErrArchived},
		{"another organization's project", tenet.NewInvite{Placements: place(w.shop.ID, "viewer")}, tenet.ErrNotFound},
		{"no such project", tenet.NewInvite{Placements: place("proj_01JD0000000000000000000000", "viewer")}, tenet.ErrNotFound},
	} {
		if tt.n.Email == "" {
			tt.n.Email = "zoe@example.com"
		}
		if _, _, err := ann.Invite(ctx, w.org, tt.n); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	if got := len(entries(t, w.st, w.org)); got != before {
		t.Errorf("%d entries were written", got-before)
	}
	_, most := w.invites(t, tenet.NewInvite{Email: "zoe@example.com", Role: tenancy.RoleOwner, Placements: places[:tenancy.MaxPlacements], Expires: now.Add(tenancy.MaxInviteLife - time.Minute)})
	must[tenet.Acceptance](t)(w.As("zoe").AcceptInvite(ctx, most.Reveal(), verified("zoe@example.com")))
	for _, p := range places[:tenancy.MaxPlacements] {
		if roll(t, ann, w.org, p.Project)["zoe"] != "viewer owner" {
			t.Errorf("no place in %s", p.Project)
		}
	}
}

// Pending invites are listed, and revoked once.
func TestInvitesAreListed(t *testing.T) {
	w := newTown(t)
	ctx, ann := t.Context(), w.As("ann")
	mustNot(t, ann.RevokeInvite(ctx, w.org, w.invite.ID))
	op := ann.With(tenet.ChangeOptions{Op: "invite"})
	first, secret, err := op.Invite(ctx, w.org, tenet.NewInvite{Email: "a@example.com"})
	mustNot(t, err)
	again, none, err := op.Invite(ctx, w.org, tenet.NewInvite{Email: "a@example.com"})
	if !errors.Is(err, tenet.ErrSecretShown) || none.Reveal() != "" || again.ID != first.ID {
		t.Errorf("repeated: %+v, %v", again, err)
	}
	second, _ := w.invites(t, tenet.NewInvite{Email: "b@example.com"})
	used, token := w.invites(t, tenet.NewInvite{Email: "c@example.com"})
	must[tenet.Acceptance](t)(w.As("cyd").AcceptInvite(ctx, token.Reveal(), verified("c@example.com")))
	list := func() (ids []tenancy.InviteID) {
		for i, err := range ann.Invites(ctx, w.org) {
			mustNot(t, err)
			if i.Value.Digest != (tenancy.Digest{}) || i.Rev == 0 {
				t.Errorf("listed %+v", i)
			}
			ids = append(ids, i.Value.ID)
		}
		return ids
	}
	if diff := gocmp.Diff([]tenancy.InviteID{first.ID, second.ID}, list()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	for range 2 { // twice is no error
		mustNot(t, ann.RevokeInvite(ctx, w.org, first.ID))
	}
	if diff := gocmp.Diff([]tenancy.InviteID{second.ID}, list()); diff != "" {
		t.Errorf("pending (-want +got):\n%s", diff)
	}
	if err := ann.RevokeInvite(ctx, w.org, used.ID); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("one that was accepted: %v, want ErrNotFound", err)
	}
	if _, err := w.As("dan").AcceptInvite(ctx, secret.Reveal(), verified("a@example.com")); !errors.Is(err, tenet.ErrNotFound) {
		t.Errorf("accepted after all: %v, want ErrNotFound", err)
	}
}
