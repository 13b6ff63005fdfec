package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// peoplePages are the pages about people: the roster, invitations, and what would
// happen if somebody were removed, before they are.
func (g *gateway) peoplePages() map[string]page {
	return map[string]page{
		"GET /console/people":           peoplePage,
		"DELETE /console/people/{user}": removeMemberPage,
		"POST /console/invites":         invitePage,
		"POST /console/invites/accept":  g.acceptPage,
		"GET /console/access":           accessPage,
	}
}

func peoplePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, _ *http.Request) (any, error) {
	list := []tenet.RosterEntry{}
	for p, err := range me.Roster(ctx, org, "") {
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

// removeMemberPage says what removing somebody would do and, asked with ?sure=yes,
// does it: under the form's operation id, so that a second click does nothing a
// second time, and only if the person's row is as the page showed it.
func removeMemberPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	user := tenancy.UserID(r.PathValue("user"))
	remove := func(me tenet.Actor) error { return me.RemoveMember(ctx, org, user) }
	q := r.URL.Query()
	if q.Get("sure") != "yes" {
		return me.Preview(ctx, org, remove)
	}
	rev, err := strconv.ParseUint(q.Get("rev"), 10, 64)
	if err != nil {
		return nil, &tenancy.FieldError{Field: "rev", Rule: "the revision of the person's row"}
	}
	return nil, remove(me.With(tenet.ChangeOptions{Op: store.OperationID(q.Get("op")), IfRev: store.Rev(rev)}))
}

// invitePage answers with the token, which a real host sends to the address and shows
// to nobody.
func invitePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	var n tenet.NewInvite
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&n); err != nil {
		return nil, &tenancy.FieldError{Field: "body", Rule: "an invite as JSON"}
	}
	i, token, err := me.Invite(ctx, org, n)
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": i.ID, "token": token.Reveal()}, nil
}

// acceptPage is where the link in the letter leads. The address is the login's, which
// has verified it, and never the request's.
func (g *gateway) acceptPage(ctx context.Context, me tenet.Actor, _ tenancy.OrgID, r *http.Request) (any, error) {
	user, _ := g.logins.user(r)
	return me.AcceptInvite(ctx, r.URL.Query().Get("token"), g.logins.profile(user))
}

func accessPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, _ *http.Request) (any, error) {
	return me.AccessMatrix(ctx, org)
}
