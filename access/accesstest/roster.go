package accesstest

import (
	"example.com/tenet/tenancy"
)

// Owners makes people owners of the organization. Who is not on the roster joins it.
func (o *Org) Owners(users ...string) *Org {
	o.w.tb().Helper()
	for _, user := range users {
		statement := o.say("Owners")(user)
		if o.root().Owns(tenancy.UserID(user)) {
			o.w.mistake(statement, "%s is an owner of it already", user)
			continue
		}
		if m, ok := o.onRoster(statement, user); ok {
			root, err := o.root().SetRole(m, tenancy.RoleOwner)
			o.keep(statement, root, err)
		}
	}
	return o
}

// Members puts people on the roster. Who was on it before starts with nothing.
func (o *Org) Members(users ...string) *Org {
	o.w.tb().Helper()
	for _, user := range users {
		o.join(o.say("Members")(user), user)
	}
	return o
}

// Demoted makes owners members.
func (o *Org) Demoted(users ...string) *Org {
	o.w.tb().Helper()
	for _, user := range users {
		statement := o.say("Demoted")(user)
		if !o.root().Owns(tenancy.UserID(user)) {
			o.w.mistake(statement, "%s is no owner of it", user)
			continue
		}
		root, err := o.root().RemoveOwner(tenancy.UserID(user))
		o.keep(statement, root, err)
	}
	return o
}

// SuspendedMembers says that people of the roster are suspended. Who is not on it joins it; an
// owner is one no more.
func (o *Org) SuspendedMembers(users ...string) *Org {
	o.w.tb().Helper()
	for _, user := range users {
		statement := o.say("SuspendedMembers")(user)
		m, ok := o.onRoster(statement, user)
		if ok && !m.Active() {
			o.w.mistake(statement, "%s is suspended already", user)
			continue
		}
		if ok && o.ceases(statement, m) {
			put(o.w, statement, m.Suspend(o.w.tick()))
		}
	}
	return o
}

// FormerMembers says that people were on the roster once, and were removed or left. The
// places and personal keys that they had, or that they are given later, are void, since they are of
// a membership that is over.
func (o *Org) FormerMembers(users ...string) *Org {
	o.w.tb().Helper()
	for _, user := range users {
		statement := o.say("FormerMembers")(user)
		if m, ok := o.onRoster(statement, user); ok && o.ceases(statement, m) {
			delete(o.w.records, m.Ref())
		}
	}
	return o
}

// ceases makes a person no owner.
func (o *Org) ceases(statement string, m tenancy.Member) bool {
	o.w.tb().Helper()
	root, err := o.root().RemoveOwner(m.User)
	return o.keep(statement, root, err)
}

func (o *Org) keep(statement string, root tenancy.Organization, err error) bool {
	o.w.tb().Helper()
	if err != nil {
		o.w.mistake(statement, "%v", err)
		return false
	}
	o.put(statement, root)
	return true
}

// onRoster is the member, who joins where they are none.
func (o *Org) onRoster(statement, user string) (tenancy.Member, bool) {
	o.w.tb().Helper()
	if m := o.member(user); m.User != "" {
		return m, true
	}
	return o.join(statement, user)
}

func (o *Org) join(statement, user string) (tenancy.Member, bool) {
	o.w.tb().Helper()
	if o.member(user).User != "" {
		o.w.mistake(statement, "%s is on the roster already", user)
		return tenancy.Member{}, false
	}
	id := tenancy.UserID(user)
	m := tenancy.Member{Org: o.id, User: id, Membership: o.nextStay(id), Joined: o.w.tick()}
	return m, put(o.w, statement, m)
}

// nextStay is a membership that the person never had, so that what they left behind stays void.
func (o *Org) nextStay(user tenancy.UserID) tenancy.MembershipID {
	had := map[tenancy.MembershipID]bool{o.w.stays[tenancy.MemberRef(o.id, user).Ref].Membership: true}
	for m := range each[tenancy.ProjectMember](o.w) {
		had[m.Membership] = true
	}
	for k := range each[tenancy.Key](o.w) {
		had[k.Membership] = true
	}
	next := membershipID(o.id, user, "")
	for had[next] {
		next = membershipID(o.id, user, next)
	}
	return next
}

func (o *Org) member(user string) tenancy.Member {
	return read(o.w, tenancy.MemberRef(o.id, tenancy.UserID(user)))
}

// stay is the latest stay of a person, which may be over.
func (o *Org) stay(statement, user string) (tenancy.Member, bool) {
	o.w.tb().Helper()
	m, ok := o.w.stays[tenancy.MemberRef(o.id, tenancy.UserID(user)).Ref]
	if !ok {
		var known []string
		for m := range each[tenancy.Member](o.w) {
			if m.Org == o.id {
				known = append(known, string(m.User))
			}
		}
		o.w.mistake(statement, "%s is not on the roster of %s%s", user, o.name, but(known))
	}
	return m, ok
}
