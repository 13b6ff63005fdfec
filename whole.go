package tenet

import (
	"context"
	"errors"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// whole reads an organization, what is read of it being below's affair, until nothing
// that was read refers to what is missing: below reads places and keys before the
// projects that they are of, which are never taken away while the organization lives,
// and people between two readings of the root record that agree. An alias may still be
// met whose model came a moment before it.
func (t *Tenet) whole(ctx context.Context, org tenancy.OrgID, below func(context.Context, tenancy.Organization) ([]tenancy.Entity, error)) ([]tenancy.Entity, *access.Snapshot, error) {
	if _, err := tenancy.ParseOrgID(string(org)); err != nil {
		return nil, nil, ErrNotFound
	}
	const tries = 5 // what dangles after that, somebody has broken
	var dangling error
	for try := 0; try < tries; {
		before, err := store.One(ctx, t.st, tenancy.OrganizationRef(org))
		if err == nil && before.Absent() {
			err = ErrNotFound
		}
		if err != nil {
			return nil, nil, err
		}
		all, err := below(ctx, before.Value)
		if err != nil {
			return nil, nil, err
		}
		after, err := store.One(ctx, t.st, tenancy.OrganizationRef(org))
		if err != nil {
			return nil, nil, err
		}
		if after.Rev != before.Rev {
			continue
		}
		all = append(all, after.Value)
		snap, err := access.NewSnapshot(all...)
		if err == nil {
			return all, snap, nil
		}
		dangling = err
		try++
	}
	return nil, nil, errors.Join(store.ErrCorrupt, dangling)
}

// organization reads all of an organization that decisions rest on, but the root.
func (t *Tenet) organization(ctx context.Context, root tenancy.Organization) ([]tenancy.Entity, error) {
	var all []tenancy.Entity
	err := inOrder(
		collect(ctx, t.st, store.WithinOf[tenancy.Key](root.ID), &all),
		collect(ctx, t.st, store.WithinOf[tenancy.ProjectMember](root.ID), &all),
		collect(ctx, t.st, store.WithinOf[tenancy.Project](root.ID), &all),
		collect(ctx, t.st, store.WithinOf[tenancy.Member](root.ID), &all),
		collect(ctx, t.st, store.WithinOf[tenancy.Subscription](root.ID), &all),
		collect(ctx, t.st, store.AllOf[tenancy.Model](), &all),
	)
	return all, err
}

// project reads what decisions about a project's keys rest on, but the root.
func (t *Tenet) project(project tenancy.ProjectID) func(context.Context, tenancy.Organization) ([]tenancy.Entity, error) {
	return func(ctx context.Context, root tenancy.Organization) ([]tenancy.Entity, error) {
		var all []tenancy.Entity
		err := inOrder(
			collect(ctx, t.st, store.KeysOf(root.ID, project), &all),
			collect(ctx, t.st, store.MembersOf(root.ID, project), &all),
			collect(ctx, t.st, store.AllOf[tenancy.Model](), &all),
			func() error {
				refs := []tenancy.Ref{tenancy.ProjectRef(root.ID, project).Ref, tenancy.SubscriptionRef(root.ID).Ref}
				return t.each(ctx, append(refs, peopleOf(root, all)...), func(rec store.Record) {
					if rec.Value != nil {
						all = append(all, rec.Value)
					}
				})
			},
		)
		return all, err
	}
}

// peopleOf are the members that a root record, keys and places speak of.
func peopleOf(root tenancy.Organization, records []tenancy.Entity) (refs []tenancy.Ref) {
	users := map[tenancy.UserID]bool{"": true}
	add := func(user tenancy.UserID) {
		if !users[user] {
			users[user] = true
			refs = append(refs, tenancy.MemberRef(root.ID, user).Ref)
		}
	}
	for _, owner := range root.Owners {
		add(owner)
	}
	for _, v := range records {
		switch v := v.(type) {
		case tenancy.Key:
			add(v.Holder)
		case tenancy.ProjectMember:
			add(v.User)
		}
	}
	return refs
}

func inOrder(steps ...func() error) error {
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// collect returns a reading of a listing into all.
func collect[T tenancy.Recordable](ctx context.Context, st store.Store, l store.ListOf[T], all *[]tenancy.Entity) func() error {
	return func() error {
		for v, err := range store.Walk(ctx, st, l) {
			if err != nil {
				return err
			}
			*all = append(*all, v.Value)
		}
		return nil
	}
}
