package keys_test

import (
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"example.com/tenet/keys"
	"example.com/tenet/tenancy"
)

func (w *world) invite() tenancy.Invite {
	return tenancy.Invite{Org: org, ID: inviteID, Email: "ann@example.com", Role: tenancy.RoleMember,
		InvitedBy: "u1", Created: now, Expires: now.Add(time.Hour)}
}

const knownInvite = "acme_live_i1_01J0000000000000000000000D_zyxwvutsrqponmlkjihgfedcba98764T5qnF"

func TestMintInvite(t *testing.T) {
	w := newWorld(t)
	w.minter.Rand = drawn(knownSecret)
	i, secret, err := w.minter.MintInvite(w.invite())
	if err != nil || secret.Reveal() != knownInvite {
		t.Fatalf("token %q, %v", secret.Reveal(), err)
	}
	if got := hex.EncodeToString(i.Digest[:]); got != "ed7e1d6093be4490096e0043955464b67d06742ceb2c237ef73abea633e991eb" {
		t.Errorf("digest %s", got)
	}
	token, err := w.format.ParseInvite(knownInvite)
	if err != nil || token.ID() != inviteID {
		t.Fatalf("ParseInvite: %q, %v", token.ID(), err)
	}
	other, _, err := w.minter2().MintInvite(w.invite())
	if err != nil {
		t.Fatal(err)
	}
	gone := i
	gone.Pepper = "2024"
	tests := []struct {
		name    string
		peppers *keys.Peppers
		invite  *tenancy.Invite
		token   keys.InviteToken
		want    bool
	}{
		{"right", w.peppers, &i, token, true},
		{"another secret of the id", w.peppers, &other, token, false},
		{"unknown", w.peppers, nil, token, false},
		{"zero invite", w.peppers, &tenancy.Invite{}, token, false},
		{"zero token", w.peppers, &i, keys.InviteToken{}, false},
		{"pepper gone", w.peppers, &gone, token, false},
		{"no peppers", nil, &i, token, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.peppers.VerifyInvite(tt.invite, tt.token); got != tt.want {
				t.Errorf("VerifyInvite = %v", got)
			}
		})
	}
}

// minter2 draws from the system.
func (w *world) minter2() keys.Minter { return keys.Minter{Format: w.format, Peppers: w.peppers} }

func TestMintInviteRefuses(t *testing.T) {
	w := newWorld(t)
	tests := []struct {
		name  string
		m     keys.Minter
		edit  func(*tenancy.Invite)
		field string
	}{
		{"no format", keys.Minter{Peppers: w.peppers}, func(*tenancy.Invite) {}, "format"},
		{"no peppers", keys.Minter{Format: w.format}, func(*tenancy.Invite) {}, "peppers"},
		{"no id", w.minter, func(i *tenancy.Invite) { i.ID = "" }, "invite"},
		{"has a secret", w.minter, func(i *tenancy.Invite) { i.Pepper = "2026" }, "pepper"},
		{"no address", w.minter, func(i *tenancy.Invite) { i.Email = "" }, "email"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			i := w.invite()
			tt.edit(&i)
			_, secret, err := tt.m.MintInvite(i)
			checkField(t, err, tt.field)
			if secret.Reveal() != "" {
				t.Error("a secret was minted")
			}
		})
	}
	w.minter.Rand = constant(0)
	if _, _, err := w.minter.MintInvite(w.invite()); !errors.Is(err, keys.ErrRandomness) {
		t.Errorf("without randomness: %v", err)
	}
}

// A key token is no invite, and an invite no key, whatever is dressed as which.
func TestA18KeysAndInvites(t *testing.T) {
	w := newWorld(t)
	key, keySecret := w.mint(w.personal())
	_, inviteSecret, err := w.minter.MintInvite(w.invite())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.format.Parse(inviteSecret.Reveal()); err != keys.ErrMalformed {
		t.Errorf("an invite as a key: %v", err)
	}
	if _, err := w.format.ParseInvite(keySecret.Reveal()); err != keys.ErrMalformed {
		t.Errorf("a key as an invite: %v", err)
	}
	for _, body := range []string{
		"acme_live_i1_01J0000000000000000000000d_" + knownSecret, // no ULID: lower case
		"acme_live_i1_Z1J0000000000000000000000D_" + knownSecret, // no ULID: too large
		"acme_live_k1_01J0000000000000000000000D_" + knownSecret,
		"acme_test_i1_01J0000000000000000000000D_" + knownSecret,
	} {
		if tok, err := w.format.ParseInvite(withSum(body)); err != keys.ErrMalformed || tok != (keys.InviteToken{}) {
			t.Errorf("%s: %v", body, err)
		}
	}
	// An invite whose stored digest is a key's: the domains keep them apart.
	forged := w.invite()
	forged.Digest, forged.Pepper = key.Current.Digest, key.Current.Pepper
	body := keySecret.Reveal()[len(w.format.Prefix())+13:]
	tok := must(w.format.ParseInvite(withSum("acme_live_i1_" + string(inviteID[4:]) + "_" + body[:30])))
	if w.peppers.VerifyInvite(&forged, tok) {
		t.Error("a key's secret opened an invite")
	}
}
