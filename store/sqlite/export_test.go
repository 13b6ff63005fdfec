package sqlite

import (
	"context"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// Code returns the sentinel of an error with a result code of SQLite.
func Code(ctx context.Context, err error) error { return (&Store{code: codeOf}).fail(ctx, err) }

// ListTexts returns the SQL of every listing of every kind, by a name.
func ListTexts() map[string]string {
	texts := map[string]string{}
	for kind, t := range tables {
		texts["all "+t.name] = t.listText(listing{order: t.key})
		if kind != tenancy.KindModel {
			texts["within "+t.name] = t.listText(listing{scope: t.key[:1], order: t.key[1:]})
		}
	}
	for _, of := range listings {
		texts[tables[of.kind].name+" by "+list(of.scope)] = tables[of.kind].listText(of.listing)
	}
	return texts
}

// ReadTexts returns the SQL of the reads that are no listing, by a name.
func ReadTexts() map[string]string {
	trail := func(q store.TrailQuery) string {
		q.Org = "o"
		return `SELECT seq FROM log WHERE ` + trailFilter(q).text() + ` ORDER BY seq DESC LIMIT ?`
	}
	records := func(q store.RecordQuery) string {
		q.Org = "o"
		return `SELECT id FROM usage_record WHERE ` + recordFilter(q).text() + ` ORDER BY at DESC, id DESC LIMIT ?`
	}
	texts := map[string]string{
		"trail":              trail(store.TrailQuery{}),
		"trail of project":   trail(store.TrailQuery{Project: "p"}),
		"trail of actor":     trail(store.TrailQuery{Actor: "a"}),
		"trail of subject":   trail(store.TrailQuery{Subject: tenancy.ProjectRef("o", "p").Ref}),
		"trail of op":        trail(store.TrailQuery{Op: "p"}),
		"records":            records(store.RecordQuery{}),
		"records of project": records(store.RecordQuery{Project: "p", Key: "k", Outcome: usage.OutcomeOK}),
		"feed":               feedText,
		"operation":          opText,
		"totals":             totalsText(),
		"totals of project":  projectTotalsText(),
		"span to price":      priceText,
		"span to add up":     tallyText,
		"costs":              costText(chunks[0]),
		"prune":              pruneText,
		"next organization":  orgsText,
		"existing":           existingText,
	}
	for _, tier := range tiers {
		table := tierTable(tier)
		texts["stored of "+table], texts["drop of "+table] = storedText(tier), dropText(tier)
	}
	for _, t := range tables {
		texts["get "+t.name] = t.getText()
	}
	return texts
}

// SchemaVersion is the newest version of the schema.
func SchemaVersion() int { return len(migrations) }

// ShortenFrom is the size of the -wal file from which the next commit empties it.
func ShortenFrom(s *Store) int64 { return s.wal.next.Load() }

// Calls is how many calls are under way.
func Calls(s *Store) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// ReadForLong is a read that lasts until done.
func ReadForLong(s interface{ inner() *Store }) (done func()) {
	s.inner().long <- struct{}{}
	return func() { <-s.inner().long }
}

func (s *Store) inner() *Store { return s }
