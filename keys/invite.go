package keys

import (
	"strings"

	"example.com/tenet/tenancy"
)

// MintInvite returns i with a digest of a new secret, and that secret, as a token
// of the invite kind. i comes with everything but Digest and Pepper, its ID
// included. The result is valid ([tenancy.Invite.Validate]) or the error says what is not.
func (m Minter) MintInvite(i tenancy.Invite) (tenancy.Invite, Secret, error) {
	if i.Pepper != "" {
		return tenancy.Invite{}, Secret{}, invalid("pepper", "empty; an invite has one secret")
	}
	if _, err := tenancy.ParseInviteID(string(i.ID)); err != nil {
		return tenancy.Invite{}, Secret{}, err
	}
	token, err := m.token(m.Format.invite, strings.TrimPrefix(string(i.ID), tenancy.PrefixInvite))
	if err != nil {
		return tenancy.Invite{}, Secret{}, err
	}
	i.Pepper = m.Peppers.list[0].id
	i.Digest = m.Peppers.list[0].inviteDigest(InviteToken{text: &token})
	if err := i.Validate(); err != nil {
		return tenancy.Invite{}, Secret{}, err
	}
	return i, newSecret(token), nil
}

// VerifyInvite reports whether the token's secret is the invite's. i is nil for an
// id that is not known; that costs the same. Whether the invite is pending is for
// [tenancy.Invite.Pending] to say.
func (p *Peppers) VerifyInvite(i *tenancy.Invite, t InviteToken) bool {
	if p == nil || len(p.list) == 0 {
		return false
	}
	var none tenancy.Invite
	if i == nil {
		i = &none
	}
	pepper, ok := p.of(i.Pepper)
	if !ok {
		pepper = p.list[0]
	}
	return i.Digest.Equal(pepper.inviteDigest(t)) && ok
}

func (p Pepper) inviteDigest(t InviteToken) tenancy.Digest {
	id, secret := cut(t.text, inviteIDChars)
	return p.digest(domainInvite, id, secret)
}
