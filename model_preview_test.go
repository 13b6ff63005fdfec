package tenet_test

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// outlook is what the model says of an organization: why not, for each key and model,
// and what everybody is, in the organization under the empty project.
type outlook struct {
	against map[tenancy.KeyID]map[tenancy.ModelID][]access.Reason
	rights  map[tenancy.ProjectID]map[tenancy.UserID]access.Right
}

func (d *drive) outlook(o tenancy.OrgID) outlook {
	v := outlook{map[tenancy.KeyID]map[tenancy.ModelID][]access.Reason{}, map[tenancy.ProjectID]map[tenancy.UserID]access.Right{"": {}}}
	for _, k := range d.m.keysOf(o, "") {
		v.against[k.ID] = map[tenancy.ModelID][]access.Reason{}
		for _, e := range d.m.catalogue() {
			v.against[k.ID][e.ID] = d.m.canCall(k, e.ID, d.now()).Reasons
		}
	}
	for _, u := range everybody() {
		v.rights[""][u] = d.m.right(u, o, "")
		for _, p := range d.projects {
			if p.Org == o && v.rights[p.ID] == nil {
				v.rights[p.ID] = map[tenancy.UserID]access.Right{}
			}
			if p.Org == o {
				v.rights[p.ID][u] = d.m.right(u, o, p.ID)
			}
		}
	}
	return v
}

// right is what a person is in a project, or in the organization.
func (m *model) right(u tenancy.UserID, o tenancy.OrgID, p tenancy.ProjectID) (r access.Right) {
	does := access.SeeOrganization
	if p != "" {
		r.Calls = m.is(u, o, p, rightTo[access.CallModel]) && m.org(o).Suspended.IsZero() && m.org(o).Closed.IsZero() && m.project(o, p).Archived.IsZero()
		if does = access.SeeProject; !m.project(o, p).Archived.IsZero() {
			does = access.SeeArchived
		}
	}
	r.Sees = m.may(u, does, o, p) == access.ReasonNone
	switch {
	case m.is(u, o, "", "O"):
		r.Role, r.From = tenancy.RoleOwner, access.FromOrganization
	case p == "" && m.is(u, o, "", "r"):
		r.Role, r.From = tenancy.RoleMember, access.FromOrganization
	case p != "" && m.is(u, o, p, "omv"):
		r.Role, r.From = recordIn(m, tenancy.ProjectMemberRef(o, p, u)).Role, access.FromProject
	}
	return r
}

// effects are what changed in an organization since before.
func (d *drive) effects(o tenancy.OrgID, before, after outlook) (e access.Effects) {
	for _, k := range d.m.keysOf(o, "") {
		if of, changed := keyEffect(k, before.against[k.ID], after.against[k.ID]); changed {
			e.Keys = append(e.Keys, of)
		}
	}
	slices.SortFunc(e.Keys, func(a, b access.KeyEffect) int {
		return cmp.Or(cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
	for p, rights := range after.rights {
		for u, is := range rights {
			was := before.rights[p][u]
			if is != was {
				e.People = append(e.People, access.PersonEffect{Org: o, User: u, Project: p, Before: was, After: is})
			}
			e.Secrets = append(e.Secrets, d.kept(o, p, u, was, is)...)
		}
	}
	slices.SortFunc(e.People, func(a, b access.PersonEffect) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project))
	})
	slices.SortFunc(e.Secrets, func(a, b access.SeenSecret) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Project, b.Project), cmp.Compare(a.Key, b.Key))
	})
	e.Secrets = slices.Compact(e.Secrets)
	return e
}

// keyEffect is what became of a key's calls; a new key gains what it can call.
func keyEffect(k tenancy.Key, before, after map[tenancy.ModelID][]access.Reason) (e access.KeyEffect, changed bool) {
	e = access.KeyEffect{Org: k.Org, Project: k.Project, Key: k.ID, Name: k.Name, Kind: k.Kind, Holder: k.Holder}
	calls := false
	for id, against := range after {
		was, there := before[id]
		could, can := there && len(was) == 0, len(against) == 0
		if calls = calls || can; could && !can {
			e.Lost, e.Reasons = append(e.Lost, id), append(e.Reasons, against...)
		} else if can && !could {
			e.Gained = append(e.Gained, id)
		}
	}
	slices.Sort(e.Lost)
	slices.Sort(e.Gained)
	slices.Sort(e.Reasons)
	if e.Reasons = slices.Compact(e.Reasons); calls {
		e.Reasons = nil
	}
	return e, len(e.Lost)+len(e.Gained) > 0
}

// kept are the live service keys of which somebody saw a live secret who lost sight of
// the project, or of the organization.
func (d *drive) kept(o tenancy.OrgID, p tenancy.ProjectID, u tenancy.UserID, was, is access.Right) (all []access.SeenSecret) {
	if p == "" && (was.Role == "" || is.Role != "") || p != "" && (!was.Sees || is.Sees) || !d.m.org(o).Closed.IsZero() {
		return nil
	}
	for _, k := range d.m.keysOf(o, p) {
		live := k.Revoked.IsZero() && (k.Expires.IsZero() || d.now().Before(k.Expires))
		saw := k.Current.MintedBy == u || k.Previous.MintedBy == u && d.now().Before(k.Previous.Ends)
		if k.Kind == tenancy.KeyService && live && saw {
			all = append(all, access.SeenSecret{Org: o, User: u, Project: k.Project, Key: k.ID, Name: k.Name})
		}
	}
	return all
}

// preview asks what a verb would do; what is returned compares that with what it did.
func (d *drive) preview(c asked, opts tenet.ChangeOptions) (happened func(made string, err error)) {
	org := c.org
	if org == "" {
		org = d.orgs[0] // of what the operator does to the catalogue
	}
	var said access.Effects
	var refused error
	byActor := !slices.Contains(verbsOfOperator, c.action)
	if byActor {
		said, refused = d.real.As(c.by).With(opts).Preview(d.ctx, org, func(a tenet.Actor) error { return second(c.actor(d.ctx, a)) })
	} else {
		said, refused = d.real.Operator(c.by).With(opts).Preview(d.ctx, org, func(o tenet.Operator) error { return second(c.operator(d.ctx, o)) })
	}
	before := d.outlook(org)
	return func(id string, err error) {
		if fmt.Sprint(err) != fmt.Sprint(refused) {
			d.Fatalf("%s: %v, preview: %v", d.named(c.String()), err, refused)
		}
		if err != nil {
			return
		}
		after := d.outlook(org)
		mintedAs(&said, before, id)
		want := d.effects(org, before, after)
		if byActor {
			want = want.Within(func(p tenancy.ProjectID) bool { return before.rights[p][c.by].Sees || after.rights[p][c.by].Sees })
		}
		if d.previews++; !want.Empty() {
			d.effectful++
		}
		if !reflect.DeepEqual(want, said) {
			d.Fatalf("%s: preview (-model +got):\n%s", d.named(c.String()), d.named(gocmp.Diff(want, said)))
		}
	}
}

// mintedAs puts the id of what was made in place of the one that the preview made up.
func mintedAs(e *access.Effects, before outlook, id string) {
	for i, p := range e.People {
		if before.rights[p.Project] == nil {
			e.People[i].Project = tenancy.ProjectID(id)
		}
	}
	for i, k := range e.Keys {
		if before.against[k.Key] == nil {
			e.Keys[i].Key = tenancy.KeyID(id)
		}
	}
}
