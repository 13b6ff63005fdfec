package store

import (
	"fmt"
	"strings"
	"time"

	"example.com/tenet/tenancy"
)

// Listing names a way to list. The set is closed. Those marked * cross
// organizations; all others name one.
type Listing uint8

// The listings, with their arguments and order.
const (
	All            Listing = iota + 1 // * Kind: every record of a kind, by Ref
	Within                            // Kind Org: every record of a kind in one organization, by Ref
	MembershipsOf                     // * User: the members that are this user, by organization
	Names                             // Org: name claims, by folded name: the active projects in name order
	ProjectMembers                    // Org Project: project members, by user
	ProjectRoles                      // Org User: project members that are this user, by project
	KeysOfProject                     // Org Project: by creation, then id
	KeysOfUser                        // Org User: personal keys, by creation, then id
	KeyByID                           // * ID: at most one
	Invites                           // Org: by creation, then id
	InviteByID                        // * ID: at most one
)

// Query is a listing with its arguments and a position. Arguments that the
// listing does not name are empty.
type Query struct {
	Listing Listing
	Kind    tenancy.Kind
	Org     tenancy.OrgID
	Project tenancy.ProjectID
	User    tenancy.UserID
	ID      string
	After   string // Next of the page before
	Limit   int    // at most MaxPage, which zero means
}

// Page is one page of a listing.
type Page struct {
	Records []Record
	Next    string // opaque; empty on the last page
}

// Listings returns every listing, so that a backend which indexes by Place has no
// list of its own to keep.
func Listings() []Listing {
	var all []Listing
	for l := All; l <= InviteByID; l++ {
		all = append(all, l)
	}
	return all
}

// Place says where v stands in l: the query that lists it, without position, and
// its position as text that sorts byte by byte. No two records that one query lists
// have one position; it is empty where there is at most one record. ok is false where
// l does not list v. Key-value backends index by it, and the suite's oracle is it.
//
// All and Within list by Ref: the parts in the order Org, ID, User.
func (l Listing) Place(v tenancy.Entity) (scope Query, order string, ok bool) {
	ref := v.Ref()
	scope.Listing = l
	switch l {
	case All:
		scope.Kind = ref.Kind
		return scope, refOrder(ref), true
	case Within:
		scope.Kind, scope.Org = ref.Kind, ref.Org
		return scope, refOrder(ref), ref.Kind != tenancy.KindModel
	}
	switch v := v.(type) {
	case tenancy.Member:
		scope.User = v.User
		return scope, string(v.Org), l == MembershipsOf
	case tenancy.NameClaim:
		scope.Org = v.Org
		return scope, v.Folded, l == Names
	case tenancy.ProjectMember:
		scope.Org = v.Org
		if l == ProjectMembers {
			scope.Project = v.Project
			return scope, string(v.User), true
		}
		scope.User = v.User
		return scope, string(v.Project), l == ProjectRoles
	case tenancy.Key:
		return l.placeKey(v)
	case tenancy.Invite:
		if l == InviteByID {
			scope.ID = string(v.ID)
			return scope, "", true
		}
		scope.Org = v.Org
		return scope, timeOrder(v.Created) + string(v.ID), l == Invites
	}
	return Query{}, "", false
}

func (l Listing) placeKey(k tenancy.Key) (scope Query, order string, ok bool) {
	order = timeOrder(k.Created) + string(k.ID)
	switch l {
	case KeysOfProject:
		return Query{Listing: l, Org: k.Org, Project: k.Project}, order, true
	case KeysOfUser:
		return Query{Listing: l, Org: k.Org, User: k.Holder}, order, k.Holder != ""
	case KeyByID:
		return Query{Listing: l, ID: string(k.ID)}, "", true
	}
	return Query{}, "", false
}

// refOrder joins the parts with NUL, which none contains, so that texts sort as
// the parts do.
func refOrder(r tenancy.Ref) string {
	return strings.Join([]string{string(r.Org), r.ID, string(r.User)}, "\x00")
}

func timeOrder(t time.Time) string {
	if t.IsZero() {
		return fmt.Sprintf("%020d", 0)
	}
	return fmt.Sprintf("%020d", t.UnixMicro())
}
