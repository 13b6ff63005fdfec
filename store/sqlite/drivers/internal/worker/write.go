package worker

import (
	"context"
	"fmt"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
	"example.com/tenet/tenancy"
)

// Marks are cursors of one driver, for another to go on from.
type Marks struct {
	Feed                 store.Cursor // before the steps
	Keys, Trail, Records string       // after the first page, when the steps are made
}

// markedPage is the size of the pages that Marks come after.
const markedPage = 3

// write makes n steps.
func write(ctx context.Context, s Store, first, n int) (*Marks, error) {
	f, err := s.Changes(ctx, "", 1)
	if err != nil {
		return nil, err
	}
	m := Marks{Feed: f.Next}
	if first == 0 {
		if err := found(ctx, s); err != nil {
			return nil, err
		}
	}
	for i := first; i < first+n; i++ {
		if err := step(ctx, s, i); err != nil {
			return nil, fmt.Errorf("step %d: %w", i, err)
		}
	}
	err = m.turn(ctx, s)
	return &m, err
}

// turn reads the first page of each listing and keeps where it ends.
func (m *Marks) turn(ctx context.Context, s Store) error {
	keys, err := s.List(ctx, keys("", markedPage))
	if err != nil {
		return err
	}
	trail, err := s.Trail(ctx, store.TrailQuery{Org: suite.Org, Limit: markedPage})
	if err != nil {
		return err
	}
	records, err := s.Records(ctx, store.RecordQuery{Org: suite.Org, Limit: markedPage})
	if err != nil {
		return err
	}
	m.Keys, m.Trail, m.Records = keys.Next, trail.Next, records.Next
	return nil
}

func keys(after string, limit int) store.Query {
	q := store.KeysOf(suite.Org, "proj").Query
	q.After, q.Limit = after, limit
	return q
}

// found makes a record of every kind.
func found(ctx context.Context, s Store) error {
	at := suite.Time()
	models := store.Batch{
		Entry: store.Entry{Op: "models", Action: "test", At: at},
		Put:   []store.Record{{Value: tenancy.Model{ID: "gpt-5", Orgs: []tenancy.OrgID{suite.Org}, Created: at}}},
	}
	if _, err := s.Commit(ctx, models); err != nil {
		return err
	}
	_, err := s.Commit(ctx, suite.Create("found",
		tenancy.Organization{ID: suite.Org, Name: "Straße 1", TimeZone: "Asia/Kathmandu", Currency: "EUR", Owners: []tenancy.UserID{"ann"}, Created: at},
		tenancy.Subscription{Org: suite.Org, Plan: "team", Models: tenancy.AllModels()},
		tenancy.Member{Org: suite.Org, User: "ann", Membership: "mem_1", Email: "ann@example.com", Joined: at},
		tenancy.ProjectMember{Org: suite.Org, Project: "proj", User: "ann", Membership: "mem_1", Role: "admin", Added: at},
		tenancy.Invite{Org: suite.Org, ID: "inv", Email: "bob@example.com", Role: "member", Digest: tenancy.Digest{1, 0, 255},
			Placements: []tenancy.Placement{{Project: "proj", Role: "member"}}, Created: at, Expires: at.AddDate(0, 0, 7)},
		suite.Project("proj"),
	))
	return err
}

// step is one commit, which creates, changes and deletes, and one Append.
func step(ctx context.Context, s Store, i int) error {
	id := fmt.Sprintf("s%03d", i)
	owner, err := store.One(ctx, s, tenancy.ProjectRef(suite.Org, "proj"))
	if err != nil {
		return err
	}
	changed := owner.Value
	changed.Name = "at " + id
	b := suite.Create("op "+id, suite.Key(id), tenancy.NameClaim{Org: suite.Org, Folded: id, Project: "proj"})
	b.Put = append(b.Put, store.Record{Rev: owner.Rev, Value: changed})
	if i%3 == 2 {
		before, err := store.One(ctx, s, tenancy.NameClaimRef(suite.Org, fmt.Sprintf("s%03d", i-1)))
		if err != nil {
			return err
		}
		b.Delete = []store.Check{{Ref: before.Value.Ref(), Rev: before.Rev}}
	}
	if _, err := s.Commit(ctx, b); err != nil {
		return err
	}
	return s.Append(ctx, suite.Records(id, 11))
}
