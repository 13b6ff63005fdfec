package tenet_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"

	"example.com/tenet"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/store/memory"
	"example.com/tenet/tenancy"
)

// The host's login says who somebody is. What they may do is Tenet's to say.
func Example_login() {
	t, org := exampleHost()
	defer t.Close()

	// The token of an invitation goes to its address, and nowhere else.
	_, token, err := t.As("ann").Invite(context.Background(), org, tenet.NewInvite{Email: "bob@example.com"})
	check(err)

	// Where the letter's link leads, once somebody has logged in.
	accept := func(w http.ResponseWriter, r *http.Request) {
		who := login(r) // yours: a user id, and an address that you have verified
		done, err := t.As(who.ID).AcceptInvite(r.Context(), r.FormValue("token"), tenet.Profile{Name: who.Name, Email: who.Email})
		if err != nil {
			http.Error(w, err.Error(), tenet.StatusOf(err))
			return
		}
		fmt.Fprintf(w, "Welcome to %s, %s.", done.Organization.Name, done.Member.Name)
	}

	for _, name := range []string{"Eve", "Bob", "Bob"} {
		fmt.Println(request(accept, name, url.Values{"token": {token.Reveal()}}))
	}
	// Output:
	// 403 invite.accept: tenet: not allowed
	// 200 Welcome to Acme, Bob.
	// 404 invite.accept: tenet: not found
}

// A page asks in the name of who looks at it and needs no checks of its own.
func Example_pages() {
	t, org := exampleHost()
	defer t.Close()

	people := func(w http.ResponseWriter, r *http.Request) {
		for p, err := range t.As(login(r).ID).Roster(r.Context(), org, "") {
			if err != nil {
				http.Error(w, err.Error(), tenet.StatusOf(err))
				return
			}
			fmt.Fprintf(w, "<tr data-rev=%d><td>%s<td>%s\n", p.Rev, p.User, p.Role)
		}
	}
	// The button first says what would happen. Pressed, it changes the row that the page
	// showed (rev), and once, however often the form is sent (op).
	remove := func(w http.ResponseWriter, r *http.Request) {
		me, user := t.As(login(r).ID), tenancy.UserID(r.FormValue("user"))
		change := func(me tenet.Actor) error { return me.RemoveMember(r.Context(), org, user) }
		if r.FormValue("sure") == "" {
			effects, err := me.Preview(r.Context(), org, change)
			if err != nil {
				http.Error(w, err.Error(), tenet.StatusOf(err))
				return
			}
			for _, k := range effects.Keys {
				fmt.Fprintf(w, "%s will stop.\n", k.Name)
			}
			for _, s := range effects.Secrets {
				fmt.Fprintf(w, "%s goes on, and they saw its secret: rotate it.\n", s.Name)
			}
			return
		}
		rev, _ := strconv.ParseUint(r.FormValue("rev"), 10, 64)
		me = me.With(tenet.ChangeOptions{IfRev: store.Rev(rev), Op: store.OperationID(r.FormValue("op"))})
		if err := change(me); err != nil {
			http.Error(w, err.Error(), tenet.StatusOf(err))
		}
	}

	fmt.Println(request(people, "Zoe", nil))
	fmt.Println(request(remove, "Ann", url.Values{"user": {"zoe"}}))
	fmt.Println(request(remove, "Ann", url.Values{"user": {"zoe"}, "sure": {"yes"}, "op": {"1"}, "rev": {"1"}}))
	fmt.Println(request(remove, "Ann", url.Values{"user": {"ann"}, "sure": {"yes"}, "op": {"2"}}))
	fmt.Println(request(remove, "Ann", url.Values{"user": {"zoe"}, "sure": {"yes"}, "op": {"3"}}))
	// Output:
	// 403 member.list: tenet: not allowed
	// 200 laptop will stop.
	// deploy goes on, and they saw its secret: rotate it.
	// 412 member.remove: tenet: changed since it was read
	// 409 member.remove: tenancy: an organization keeps at least one owner
	// 200
}

// visitor is what a host's login knows of who sends a request.
type visitor struct {
	ID          tenancy.UserID
	Name, Email string
}

// login is the host's own, which Tenet has no part in.
func login(r *http.Request) visitor {
	id := strings.ToLower(r.Header.Get("Test-User"))
	return visitor{tenancy.UserID(id), r.Header.Get("Test-User"), id + "@example.com"}
}

// request sends somebody's form to a page, and returns its answer.
func request(page http.HandlerFunc, name string, form url.Values) string {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "/", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Test-User", name)
	w := httptest.NewRecorder()
	page(w, r)
	return strings.TrimSpace(fmt.Sprint(w.Code, " ", w.Body))
}

// exampleHost is a Tenet in memory with an organization that ann owns. zoe owns a project
// in it, and has a key of her own and one of the project.
func exampleHost() (*tenet.Tenet, tenancy.OrgID) {
	pepper, err := keys.NewPepper("2026-11", []byte("32 random bytes from the secrets"))
	check(err)
	peppers, err := keys.NewPeppers(pepper)
	check(err)
	ctx := context.Background()
	t, err := tenet.Open(ctx, memory.New(), &tenet.Options{Peppers: peppers})
	check(err)
	ops, ann := t.Operator("ops"), t.As("ann")
	check(ops.PutModel(ctx, tenancy.Model{ID: "gpt-4o", Public: true}))
	org, err := ops.CreateOrganization(ctx, tenet.NewOrganization{
		Name: "Acme", Currency: "EUR", Owner: tenet.NewMember{User: "ann"}, Plan: "pro", Models: tenancy.AllModels(),
	})
	check(err)
	_, err = ops.AddMember(ctx, org.ID, tenet.NewMember{User: "zoe", Name: "Zoe"})
	check(err)
	prod, err := ann.CreateProject(ctx, org.ID, tenet.NewProject{Name: "prod", Models: tenancy.AllModels()})
	check(err)
	check(ann.SetProjectMember(ctx, org.ID, prod.ID, "zoe", tenancy.RoleOwner))
	for name, kind := range map[string]tenancy.KeyKind{"laptop": tenancy.KeyPersonal, "deploy": tenancy.KeyService} {
		_, _, err = t.As("zoe").CreateKey(ctx, org.ID, prod.ID, tenet.NewKey{Name: name, Kind: kind, Models: tenancy.AllModels()})
		check(err)
	}
	return t, org.ID
}
