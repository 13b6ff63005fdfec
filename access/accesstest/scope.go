package accesstest

import (
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// scope is what an action may be about. None is that of no action.
type scope struct{ org, project, key bool }

// scopeOf reads off the role table what an action is about: a key where it matters whose,
// but for making one; a project where a role in one can give it, or where nobody may
// do it to an organization.
func scopeOf(action access.Action) (s scope) {
	for _, r := range access.Table() {
		if r.Action != action {
			continue
		}
		s.key = r.Whose != "" && action != access.CreateKey
		s.org = aboutOrg(action)
		s.project = !s.key && (r.Owner || r.Member || r.Viewer || !s.org)
	}
	return s
}

// aboutOrg asks the role table for an owner, who may do all that there is to do.
func aboutOrg(action access.Action) bool {
	owner := access.Standing{
		Org:    tenancy.Organization{ID: "org", Owners: []tenancy.UserID{"owner"}},
		Member: tenancy.Member{Org: "org", User: "owner", Membership: "stay"},
	}
	return owner.May(action, "") != access.ReasonNotFound
}

// String is the kinds, in words.
func (s scope) String() string {
	var kinds []string
	for _, k := range []struct {
		is   bool
		kind string
	}{{s.org, "an organization"}, {s.project, "a project"}, {s.key, "a key"}} {
		if k.is {
			kinds = append(kinds, k.kind)
		}
	}
	return strings.Join(kinds, " or ")
}

// actions are all, in the order of the role table.
func actions() (all []string) {
	for _, r := range access.Table() {
		if !slices.Contains(all, string(r.Action)) {
			all = append(all, string(r.Action))
		}
	}
	return all
}
