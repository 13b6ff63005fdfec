package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"example.com/tenet"
	"example.com/tenet/tenancy"
)

// logins stand in for the host's own login, which Tenet leaves to the host: a
// token that says who somebody is, signed with a key that only the gateway has.
// A real host has its sessions here.
type logins struct{ key []byte }

// operator is the login of who runs the gateway. It is on no roster.
const operator tenancy.UserID = "operator"

func (l logins) token(user tenancy.UserID) string {
	mac := hmac.New(sha256.New, l.key)
	mac.Write([]byte("login/" + user))
	return string(user) + "." + hex.EncodeToString(mac.Sum(nil))
}

// profile is what the login knows of somebody: here every user has an address of
// their own, as if it had been verified.
func (l logins) profile(user tenancy.UserID) tenet.Profile {
	return tenet.Profile{Name: string(user), Email: string(user) + "@example.com"}
}

// user returns who sent a request.
func (l logins) user(r *http.Request) (tenancy.UserID, bool) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	name, _, found := strings.Cut(token, ".")
	if !ok || !found || !hmac.Equal([]byte(token), []byte(l.token(tenancy.UserID(name)))) {
		return "", false
	}
	return tenancy.UserID(name), true
}
