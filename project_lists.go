package tenet

import (
	"context"
	"iter"
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// VisibleProjects yields the projects that the person sees in navigation, by
// folded name, then id, with their revisions. It stops after the first error, which
// it yields with the zero Stored.
func (a Actor) VisibleProjects(ctx context.Context, org tenancy.OrgID) iter.Seq2[store.Stored[tenancy.Project], error] {
	r := a.ask(org, "project.list", tenancy.KindProject, "", nil)
	return a.projects(ctx, r, func(s access.Standing) iter.Seq2[store.Stored[tenancy.Project], error] {
		return a.visible(ctx, s, 200)
	})
}

// ArchivedProjects yields the archived projects that the person sees, by id, with
// their revisions: all of them to owners of the organization, their own to owners of
// projects, none to anybody else on the roster. It stops after the first error, which
// it yields with the zero Stored.
func (a Actor) ArchivedProjects(ctx context.Context, org tenancy.OrgID) iter.Seq2[store.Stored[tenancy.Project], error] {
	r := a.ask(org, "project.list.archived", tenancy.KindProject, "", nil)
	return a.projects(ctx, r, func(s access.Standing) iter.Seq2[store.Stored[tenancy.Project], error] {
		if !s.OrgOwner() {
			return whole(a.placedIn(ctx, s, isArchived))
		}
		return only(store.Walk(ctx, a.t.st, store.WithinOf[tenancy.Project](org)), isArchived)
	})
}

// ActiveProject returns the project that a person who may see several works in: the one
// asked for, if they see it in navigation; else the one that the host remembers, which
// may be of long ago, if they still do; else the first of [Actor.VisibleProjects]; else
// none, the zero Stored. Either id may be empty.
func (a Actor) ActiveProject(ctx context.Context, org tenancy.OrgID, asked, remembered tenancy.ProjectID) (p store.Stored[tenancy.Project], err error) {
	r := a.ask(org, "project.active", tenancy.KindProject, string(asked), nil)
	var s access.Standing
	err = a.check(ctx, r, func(w *work) (err error) {
		if s, err = a.may(w, access.SeeOrganization, org, "", a.placeRefs(org, asked, remembered)...); err != nil {
			return err
		}
		p = store.Stored[tenancy.Project]{}
		for _, id := range []tenancy.ProjectID{asked, remembered} {
			if _, err := a.mayIn(w, access.SeeProject, org, id); err == nil {
				p = read(w, tenancy.ProjectRef(org, id))
				return nil
			}
		}
		return nil
	})
	if err != nil || !p.Absent() {
		return p, err
	}
	for first, err := range a.visible(ctx, s, 1) {
		return first, r.wrap(err)
	}
	return p, nil
}

// placeRefs name projects and the actor's places in them; those of well-formed ids.
func (a Actor) placeRefs(org tenancy.OrgID, ids ...tenancy.ProjectID) (refs []tenancy.Ref) {
	for _, id := range ids {
		if _, err := tenancy.ParseProjectID(string(id)); err == nil {
			refs = append(refs, tenancy.ProjectRef(org, id).Ref, tenancy.ProjectMemberRef(org, id, a.user).Ref)
		}
	}
	return refs
}

// projects is a listing of projects for somebody on the roster.
func (a Actor) projects(ctx context.Context, r request, list func(access.Standing) iter.Seq2[store.Stored[tenancy.Project], error]) iter.Seq2[store.Stored[tenancy.Project], error] {
	return func(yield func(store.Stored[tenancy.Project], error) bool) {
		var s access.Standing
		err := a.check(ctx, r, func(w *work) (err error) {
			s, err = a.may(w, access.SeeOrganization, r.org, "")
			return err
		})
		if err != nil {
			yield(store.Stored[tenancy.Project]{}, err)
			return
		}
		for p, err := range list(s) {
			if !yield(p, r.wrap(err)) {
				return
			}
		}
	}
}

func isActive(p tenancy.Project) bool   { return p.Archived.IsZero() }
func isArchived(p tenancy.Project) bool { return !p.Archived.IsZero() }

// visible yields what a person of that standing sees in navigation, in order.
func (a Actor) visible(ctx context.Context, s access.Standing, page int) iter.Seq2[store.Stored[tenancy.Project], error] {
	if s.OrgOwner() {
		return a.t.byName(ctx, s.Org.ID, page)
	}
	ps, err := a.placedIn(ctx, s, isActive)
	slices.SortFunc(ps, func(x, y store.Stored[tenancy.Project]) int {
		if c := strings.Compare(tenancy.Fold(x.Value.Name), tenancy.Fold(y.Value.Name)); c != 0 {
			return c
		}
		return strings.Compare(string(x.Value.ID), string(y.Value.ID))
	})
	return whole(ps, err)
}

// byName yields every active project, page by page: the name claims are in that order.
func (t *Tenet) byName(ctx context.Context, org tenancy.OrgID, page int) iter.Seq2[store.Stored[tenancy.Project], error] {
	return func(yield func(store.Stored[tenancy.Project], error) bool) {
		q := store.NamesOf(org).Query
		q.Limit = page
		for {
			claims, err := t.st.List(ctx, q)
			var refs []tenancy.Ref
			for _, rec := range claims.Records {
				refs = append(refs, tenancy.ProjectRef(org, store.As[tenancy.NameClaim](rec).Value.Project).Ref)
			}
			var ps []store.Stored[tenancy.Project]
			if err == nil {
				ps, err = t.someProjects(ctx, refs, isActive)
			}
			for p, err := range whole(ps, err) {
				if !yield(p, err) || err != nil {
					return
				}
			}
			if q.After = claims.Next; q.After == "" {
				return
			}
		}
	}
}

// placedIn returns the projects that the person sees by a place in them and that keep
// keeps, by id.
func (a Actor) placedIn(ctx context.Context, s access.Standing, keep func(tenancy.Project) bool) ([]store.Stored[tenancy.Project], error) {
	places := map[tenancy.ProjectID]tenancy.ProjectMember{}
	var refs []tenancy.Ref
	for pm, err := range store.Walk(ctx, a.t.st, store.RolesOf(s.Org.ID, a.user)) {
		if err != nil {
			return nil, err
		}
		if pm.Value.RoleFor(s.Member).Rank() > 0 {
			places[pm.Value.Project] = pm.Value
			refs = append(refs, tenancy.ProjectRef(s.Org.ID, pm.Value.Project).Ref)
		}
	}
	return a.t.someProjects(ctx, refs, func(p tenancy.Project) bool {
		s.Project, s.Place = p, places[p.ID]
		return keep(p) && s.Sees()
	})
}

// someProjects returns those of the projects named that are there and that keep keeps.
func (t *Tenet) someProjects(ctx context.Context, refs []tenancy.Ref, keep func(tenancy.Project) bool) (ps []store.Stored[tenancy.Project], err error) {
	err = t.each(ctx, refs, func(rec store.Record) {
		if p := store.As[tenancy.Project](rec); !p.Absent() && keep(p.Value) {
			ps = append(ps, p)
		}
	})
	return ps, err
}

// whole yields a list that was read whole, or the error.
func whole[T any](all []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// only yields those of a listing that keep keeps, and the error.
func only[T tenancy.Recordable](all iter.Seq2[store.Stored[T], error], keep func(T) bool) iter.Seq2[store.Stored[T], error] {
	return func(yield func(store.Stored[T], error) bool) {
		for v, err := range all {
			if (err != nil || keep(v.Value)) && !yield(v, err) {
				return
			}
		}
	}
}
