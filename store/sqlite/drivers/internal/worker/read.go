package worker

import (
	"context"
	"fmt"
	"time"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Picture is everything that a store holds, and what follows Marks.
type Picture struct {
	Held        []Held
	Feed        []store.Entry // after Marks.Feed
	Head        store.Cursor
	Trail       []store.Entry
	Records     []usage.Record
	Totals      []store.Total
	Differences []store.Difference // of the roll-up from its records
	After       []string           // ids of keys, entries and records after the marked pages
}

// Held is a record in its canonical form, with its revision.
type Held struct {
	Rev  store.Rev
	Form string
}

func read(ctx context.Context, s Store, m Marks) (*Picture, error) {
	p := &Picture{}
	for _, part := range []func() error{
		func() error { return p.hold(ctx, s) },
		func() error { return p.follow(ctx, s, m.Feed) },
		func() error { return p.use(ctx, s) },
		func() error { return p.turn(ctx, s, m) },
	} {
		if err := part(); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// hold reads every record of every kind.
func (p *Picture) hold(ctx context.Context, s Store) error {
	for _, kind := range []tenancy.Kind{
		tenancy.KindOrganization, tenancy.KindSubscription, tenancy.KindMember, tenancy.KindProject, tenancy.KindProjectMember,
		tenancy.KindKey, tenancy.KindInvite, tenancy.KindNameClaim, tenancy.KindModel,
	} {
		page, err := s.List(ctx, store.Query{Listing: store.All, Kind: kind})
		if err != nil {
			return fmt.Errorf("list: %w", err)
		}
		for _, r := range page.Records {
			form, err := store.Marshal(r.Value)
			if err != nil {
				return err
			}
			p.Held = append(p.Held, Held{Rev: r.Rev, Form: kind.String() + " " + string(form)})
		}
	}
	return nil
}

// follow reads the feed to its head, and the trail.
func (p *Picture) follow(ctx context.Context, s Store, after store.Cursor) error {
	for more := true; more; {
		f, err := s.Changes(ctx, after, 7)
		if err != nil {
			return fmt.Errorf("changes: %w", err)
		}
		p.Feed, after, more = append(p.Feed, f.Entries...), f.Next, f.More
	}
	p.Head = after
	trail, err := s.Trail(ctx, store.TrailQuery{Org: suite.Org})
	p.Trail = trail.Entries
	return err
}

// use reads the usage.
func (p *Picture) use(ctx context.Context, s Store) error {
	records, err := s.Records(ctx, store.RecordQuery{Org: suite.Org})
	if err != nil {
		return err
	}
	p.Records = records.Records
	from, to := suite.Span()
	p.Totals, err = s.Totals(ctx, store.TotalQuery{Org: suite.Org, By: usage.ByModel, Cuts: quarters(from, to)})
	if err != nil {
		return err
	}
	p.Differences, err = s.Verify(ctx, suite.Org, from, to)
	return err
}

// turn reads what follows the marked pages.
func (p *Picture) turn(ctx context.Context, s Store, m Marks) error {
	keys, err := s.List(ctx, keys(m.Keys, 0))
	if err != nil {
		return fmt.Errorf("keys after a mark: %w", err)
	}
	for _, r := range keys.Records {
		p.After = append(p.After, r.Value.Ref().ID)
	}
	trail, err := s.Trail(ctx, store.TrailQuery{Org: suite.Org, After: m.Trail})
	if err != nil {
		return fmt.Errorf("trail after a mark: %w", err)
	}
	for _, e := range trail.Entries {
		p.After = append(p.After, string(e.Op))
	}
	records, err := s.Records(ctx, store.RecordQuery{Org: suite.Org, After: m.Records})
	for _, r := range records.Records {
		p.After = append(p.After, string(r.ID))
	}
	return err
}

// quarters are the cuts of a span.
func quarters(from, to time.Time) []time.Time {
	var cuts []time.Time
	for at := from; !at.After(to); at = at.Add(usage.Quarter) {
		cuts = append(cuts, at)
	}
	return cuts
}
