package tenet

import (
	"cmp"
	"context"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// names are what projects, keys and people of an organization are called now. Those of
// archived projects and revoked keys stay; who was erased, or left the roster, has none.
type names struct {
	org   tenancy.OrgID
	known map[subject]string // empty before load, and where there is no name
}

// subject is what may have a name.
type subject struct {
	by usage.Dimension
	id string
}

// want asks for a name.
func (n *names) want(by usage.Dimension, id string) {
	if n.known == nil {
		n.known = map[subject]string{}
	}
	if id != "" {
		n.known[subject{by, id}] = ""
	}
}

// load finds the names that are wanted.
func (n *names) load(ctx context.Context, t *Tenet) error {
	var refs []tenancy.Ref
	for s := range n.known {
		switch s.by {
		case usage.ByProject:
			refs = append(refs, tenancy.ProjectRef(n.org, tenancy.ProjectID(s.id)).Ref)
		case usage.ByKey:
			refs = append(refs, tenancy.KeyRef(n.org, tenancy.KeyID(s.id)).Ref)
		case usage.ByUser:
			refs = append(refs, tenancy.MemberRef(n.org, tenancy.UserID(s.id)).Ref)
		}
	}
	return t.each(ctx, refs, func(rec store.Record) {
		switch v := rec.Value.(type) {
		case tenancy.Project:
			n.known[subject{usage.ByProject, string(v.ID)}] = v.Name
		case tenancy.Key:
			n.known[subject{usage.ByKey, string(v.ID)}] = v.Name
		case tenancy.Member:
			n.known[subject{usage.ByUser, string(v.User)}] = v.Name
		}
	})
}

// of is the name of something: its id where it has no name, empty of nothing.
func (n *names) of(by usage.Dimension, id string) string {
	return cmp.Or(n.known[subject{by, id}], id)
}

// nameRows gives the items of rows their names.
func (t *Tenet) nameRows(ctx context.Context, org tenancy.OrgID, rows []usage.Row) error {
	called := names{org: org}
	for _, row := range rows {
		for _, item := range row.Items {
			called.want(item.By, item.ID)
		}
	}
	err := called.load(ctx, t)
	for _, row := range rows {
		for i, item := range row.Items {
			if !item.Other {
				row.Items[i].Name = cmp.Or(called.of(item.By, item.ID), usage.NameNone)
			}
		}
	}
	return err
}

// nameRecords gives records the names that go with them, and the currency.
func (t *Tenet) nameRecords(ctx context.Context, org tenancy.Organization, records []usage.Record) ([]ActivityRow, error) {
	called := names{org: org.ID}
	for _, rec := range records {
		called.want(usage.ByProject, string(rec.Project))
		called.want(usage.ByKey, string(rec.Key))
		called.want(usage.ByUser, string(rec.User))
	}
	err := called.load(ctx, t)
	rows := make([]ActivityRow, len(records))
	for i, rec := range records {
		rows[i] = ActivityRow{
			Record: rec, Currency: org.Currency, ProjectName: called.of(usage.ByProject, string(rec.Project)),
			KeyName: called.of(usage.ByKey, string(rec.Key)), UserName: called.of(usage.ByUser, string(rec.User)),
		}
	}
	return rows, err
}
