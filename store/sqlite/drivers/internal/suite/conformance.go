// Package suite is what the store is held to under every driver.
package suite

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlite/drivers/internal/driver"
	"example.com/tenet/store/storetest"
	"example.com/tenet/usage"
)

// Conformance runs the suite for backends over a driver.
func Conformance(t *testing.T, d driver.Driver) {
	storetest.Run(t, storetest.Harness{
		Open: func(dir string) (store.Store, error) {
			s, err := d.Open(context.Background(), filepath.Join(dir, "tenet.db"))
			if err != nil {
				return nil, err // not s, which as an interface would not be nil
			}
			return s, nil
		},
		Restore: func(path string) (store.Store, error) { return d.Open(context.Background(), path) },
		Days:    true,
		Spoil:   spoil,
	})
}

var errNotOurs = errors.New("suite: not a store of this module")

// spoil overwrites a bucket of the roll-up, or takes it away where its sums are zero.
func spoil(s store.Store, b usage.Bucket) error {
	own, ok := s.(*driver.Store)
	if !ok {
		return errNotOurs
	}
	table := map[usage.Tier]string{usage.TierQuarter: "usage_quarter", usage.TierDay: "usage_day"}[b.Tier]
	args := []any{string(b.Org), string(b.Project), string(b.Grain), b.Start.UnixMicro(), b.Item, string(b.Outcome)}
	if b.Sums == (usage.Sums{}) {
		_, err := own.Write.ExecContext(context.Background(), `DELETE FROM `+table+` WHERE (org, project, grain, start, item, outcome) = (?, ?, ?, ?, ?, ?)`, args...)
		return err
	}
	args = append(args, b.Calls)
	for _, n := range append(b.Units[:], b.Reported[:]...) {
		args = append(args, n)
	}
	args = append(args, b.Cost, b.Priced)
	_, err := own.Write.ExecContext(context.Background(), `INSERT OR REPLACE INTO `+table+` VALUES (?`+strings.Repeat(", ?", len(args)-1)+`)`, args...)
	return err
}
