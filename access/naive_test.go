package access_test

import (
	"slices"
	"strings"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// naive is the rules once more, as loops over records and the role table of the
// test: slow, and plain enough to be read against the rules. It has no index and
// takes nothing from the code under test but the names of its types.
type naive []tenancy.Entity

// find returns the first record that is, zero where there is none.
func find[T tenancy.Entity](n naive, is func(T) bool) (none T) {
	for _, v := range n {
		if r, right := v.(T); right && is(r) {
			return r
		}
	}
	return none
}

func (n naive) org(id tenancy.OrgID) tenancy.Organization {
	return find(n, func(o tenancy.Organization) bool { return o.ID == id })
}

func (n naive) project(id tenancy.ProjectID) tenancy.Project {
	return find(n, func(p tenancy.Project) bool { return p.ID == id })
}

func (n naive) model(id tenancy.ModelID) tenancy.Model {
	return find(n, func(m tenancy.Model) bool { return m.ID == id })
}

// member is a person on the roster in good standing.
func (n naive) member(org tenancy.OrgID, u tenancy.UserID) tenancy.Member {
	return find(n, func(m tenancy.Member) bool {
		return m.Org == org && m.User == u && m.Membership != "" && m.Suspended.IsZero()
	})
}

// granted reports whether one of the columns of the role table in which a person
// stands has a plus: in a project or, where it is zero, in the organization alone.
func (n naive) granted(letters string, org tenancy.OrgID, p tenancy.ProjectID, u tenancy.UserID) bool {
	m := n.member(org, u)
	place := find(n, func(pm tenancy.ProjectMember) bool {
		return pm.Org == org && pm.Project == p && pm.User == u && pm.Membership == m.Membership
	})
	in := []bool{slices.Contains(n.org(org).Owners, u), place.Role == "owner", place.Role == "member", place.Role == "viewer", true}
	for i := range in {
		if m.User != "" && in[i] && letters != "" && letters[i] == '+' {
			return true
		}
	}
	return false
}

// line is the line of the role table; where there is none, one that allows nobody.
func line(a access.Action, w access.Whose) roleLine {
	for _, l := range roleTable {
		if l.action == a && l.whose == w {
			return l
		}
	}
	return roleLine{}
}

// may is the role table: an action on a project, or on the organization where project is zero.
func (n naive) may(u tenancy.UserID, a access.Action, w access.Whose, org tenancy.OrgID, p tenancy.Project) access.Reason {
	archived, sees, l := !p.Archived.IsZero(), line(access.SeeProject, "").active, line(a, w)
	if archived {
		sees = line(access.SeeArchived, "").archived
	}
	switch {
	case n.member(org, u).User == "", p.ID != "" && !n.granted(sees, org, p.ID, u):
		return access.ReasonNotFound
	case !n.org(org).Closed.IsZero():
		return access.ReasonOrganizationClosed
	case !n.granted(l.active+l.org, org, p.ID, u):
		return access.ReasonForbidden
	case archived && !strings.Contains(l.archived, "+"):
		return access.ReasonProjectArchived
	}
	return access.ReasonNone
}

// whose says whose key k is to a person.
func (n naive) whose(u tenancy.UserID, k tenancy.Key) access.Whose {
	switch {
	case k.Kind == tenancy.KeyService:
		return access.Service
	case k.Kind == tenancy.KeyPersonal && k.Membership != "" && k.Membership == n.member(k.Org, u).Membership:
		return access.Own
	}
	return access.Others
}

// canCall is the decision on a key, with its reasons in their order.
func (n naive) canCall(id tenancy.KeyID, name tenancy.ModelID, now time.Time) access.Explanation {
	k := find(n, func(k tenancy.Key) bool { return k.ID == id })
	if k.ID == "" {
		return explained(access.Subject{}, "", access.ReasonUnknownKey)
	}
	p := n.project(k.Project)
	own := k.Membership != "" && k.Membership == n.member(k.Org, k.Holder).Membership
	holds := k.Kind == tenancy.KeyService || k.Kind == tenancy.KeyPersonal && own && n.granted(line(access.CallModel, "").active, p.Org, p.ID, k.Holder)
	rs, model := n.call(p, holds, name)
	rs = append(slices.Concat(when(access.ReasonKeyRevoked, !k.Revoked.IsZero()),
		when(access.ReasonKeyExpired, !k.Expires.IsZero() && !k.Expires.After(now)), rs),
		when(access.ReasonModelNotInKey, model != "" && !has(k.Models, model))...)
	return explained(access.Subject{Org: k.Org, Project: k.Project, Key: id}, model, rs...)
}

// canUse is the decision on a person.
func (n naive) canUse(u tenancy.UserID, id tenancy.ProjectID, name tenancy.ModelID) access.Decision {
	p := n.project(id)
	if p.ID == "" || !n.granted(line(access.SeeProject, "").active, p.Org, id, u) {
		return explained(access.Subject{Project: id, User: u}, "", access.ReasonHolderMayNotCall).Decision
	}
	rs, model := n.call(p, n.granted(line(access.CallModel, "").active, p.Org, id, u), name)
	return explained(access.Subject{Org: p.Org, Project: id, User: u}, model, rs...).Decision
}

// call gives the reasons that do not come from the key, and the canonical model.
func (n naive) call(p tenancy.Project, holds bool, name tenancy.ModelID) ([]access.Reason, tenancy.ModelID) {
	o, m := n.org(p.Org), n.model(name)
	if m.Alias != "" {
		m = n.model(m.Alias)
	}
	plan := find(n, func(s tenancy.Subscription) bool { return s.Org == p.Org })
	planned := (m.Public || slices.Contains(m.Orgs, p.Org)) && m.Retired.IsZero() && has(plan.Models, m.ID)
	return slices.Concat(
		when(access.ReasonOrganizationClosed, !o.Closed.IsZero()), when(access.ReasonOrganizationSuspended, !o.Suspended.IsZero()),
		when(access.ReasonProjectArchived, !p.Archived.IsZero()), when(access.ReasonHolderMayNotCall, !holds),
		when(access.ReasonNoModel, name == ""), when(access.ReasonModelUnknown, name != "" && m.ID == ""),
		when(access.ReasonModelNotInPlan, m.ID != "" && !planned), when(access.ReasonModelNotEnabled, m.ID != "" && !has(p.Models, m.ID))), m.ID
}

func has(s tenancy.ModelSet, id tenancy.ModelID) bool {
	return s.All() || slices.Contains(s.List(), id)
}

func when(r access.Reason, holds bool) []access.Reason {
	return map[bool][]access.Reason{true: {r}}[holds]
}

func explained(s access.Subject, model tenancy.ModelID, rs ...access.Reason) access.Explanation {
	if len(rs) == 0 {
		return access.Explanation{Decision: access.Decision{Effect: access.Allow, Subject: s, Model: model}}
	}
	return access.Explanation{Decision: access.Decision{Reason: rs[0], Subject: s, Model: model}, Reasons: rs}
}

// right is what a person may do in a project, in short.
func (n naive) right(u tenancy.UserID, p tenancy.Project) (r access.Right) {
	m := n.member(p.Org, u)
	place := find(n, func(pm tenancy.ProjectMember) bool {
		return pm.Org == p.Org && pm.Project == p.ID && pm.User == u && pm.Membership == m.Membership
	})
	known := slices.Contains([]tenancy.Role{"owner", "member", "viewer"}, place.Role)
	switch {
	case m.User == "":
	case slices.Contains(n.org(p.Org).Owners, u):
		r.Role, r.From = "owner", "organization"
	case known:
		r.Role, r.From = place.Role, "project"
	}
	see := map[bool]access.Action{false: access.SeeProject, true: access.SeeArchived}[!p.Archived.IsZero()]
	r.Sees = n.may(u, see, "", p.Org, p) == access.ReasonNone
	r.Calls = n.org(p.Org).Suspended.IsZero() && n.may(u, access.CallModel, "", p.Org, p) == access.ReasonNone
	return r
}

// navigation is what a person sees of an organization, in order.
func (n naive) navigation(u tenancy.UserID, org tenancy.OrgID) (seen []tenancy.Project) {
	for _, v := range n {
		if p, ok := v.(tenancy.Project); ok && p.Org == org && n.may(u, access.SeeProject, "", org, p) == access.ReasonNone {
			seen = append(seen, p)
		}
	}
	slices.SortFunc(seen, byNavigation)
	return seen
}

// active is the project that a person is in.
func (n naive) active(u tenancy.UserID, org tenancy.OrgID, asked, remembered tenancy.ProjectID) (tenancy.Project, bool) {
	seen := n.navigation(u, org)
	for _, id := range []tenancy.ProjectID{asked, remembered} {
		for _, p := range seen {
			if p.ID == id {
				return p, true
			}
		}
	}
	if len(seen) > 0 {
		return seen[0], true
	}
	return tenancy.Project{}, false
}

// statuses are how a project stands to the models that it may hear of.
func (n naive) statuses(p tenancy.Project) (all []access.ModelStatus) {
	plan := find(n, func(s tenancy.Subscription) bool { return s.Org == p.Org })
	ids := p.Models.List()
	for _, v := range n {
		if m, ok := v.(tenancy.Model); ok {
			ids = append(ids, m.ID)
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		m := n.model(id)
		planned := m.ID != "" && (m.Public || slices.Contains(m.Orgs, p.Org)) && m.Retired.IsZero() && has(plan.Models, id)
		if m.Alias != "" || !planned && !slices.Contains(p.Models.List(), id) {
			continue
		}
		s := access.ModelStatus{Model: id, Enabled: has(p.Models, id), InPlan: planned}
		s.Reasons, _ = n.call(p, true, id)
		for _, v := range n {
			if a, ok := v.(tenancy.Model); ok && a.Alias == id && a.Retired.IsZero() && m.ID != "" {
				s.Aliases = append(s.Aliases, a.ID)
			}
		}
		all = append(all, s)
	}
	return all
}
