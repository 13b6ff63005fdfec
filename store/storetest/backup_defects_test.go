package storetest_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
)

// backups is a store whose backups are made otherwise.
type backups struct {
	*sqlitefile.Store
	dir    string
	backup func(ctx context.Context, s *sqlitefile.Store, dir, path string) error
}

func (b backups) Backup(ctx context.Context, path string) error {
	return b.backup(ctx, b.Store, b.dir, path)
}

// copyFile puts a closed database in another place.
func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

// backupDefects are backups with one defect each, and the cases that name it.
var backupDefects = []struct {
	defect   string
	caughtBy []string
	backup   func(ctx context.Context, s *sqlitefile.Store, dir, path string) error
}{
	{
		"takes the cursors along", []string{"backup/apart"},
		func(ctx context.Context, _ *sqlitefile.Store, dir, path string) error {
			db, err := sql.Open("sqlite", filepath.Join(dir, "tenet.db"))
			if err != nil {
				return err
			}
			defer db.Close()
			_, err = db.ExecContext(ctx, `VACUUM INTO ?`, path)
			return err
		},
	},
	{
		"is of another moment", []string{"backup/complete", "backup/under-writers"},
		func(_ context.Context, _ *sqlitefile.Store, dir, path string) error {
			return copyFile(filepath.Join(dir, "first"), path)
		},
	},
	{
		"overwrites", []string{"backup/paths"},
		func(ctx context.Context, s *sqlitefile.Store, _, path string) error {
			if info, err := os.Stat(path); err == nil && !info.IsDir() {
				os.Remove(path)
			}
			return s.Backup(ctx, path)
		},
	},
	{
		"leaves what it began", []string{"backup/context-ends", "backup/paths"},
		func(ctx context.Context, s *sqlitefile.Store, _, path string) error {
			err := s.Backup(ctx, path)
			if err != nil && ctx != nil && ctx.Err() != nil {
				err = errors.Join(err, os.WriteFile(path+".part", nil, 0o600))
			}
			return err
		},
	},
	{
		"cannot be called off", []string{"backup/paths"},
		func(ctx context.Context, s *sqlitefile.Store, _, path string) error {
			return s.Backup(context.WithoutCancel(ctx), path)
		},
	},
	{
		"calls every failure an outage", []string{"backup/context-ends"},
		func(ctx context.Context, s *sqlitefile.Store, _, path string) error {
			err := s.Backup(ctx, path)
			if err != nil && ctx != nil && ctx.Err() != nil {
				return store.ErrUnavailable
			}
			return err
		},
	},
	{
		"says the path", []string{"backup/paths"},
		func(ctx context.Context, s *sqlitefile.Store, _, path string) error {
			if err := s.Backup(ctx, path); err != nil {
				return fmt.Errorf("%w: %s", err, path)
			}
			return nil
		},
	},
}

// The memory store makes no backup, so these are of the one that does.
func TestF20BackupDefects(t *testing.T) {
	for _, d := range backupDefects {
		t.Run(strings.ReplaceAll(d.defect, " ", "-"), func(t *testing.T) {
			h := storetest.Harness{
				Open: func(dir string) (store.Store, error) {
					s, err := sqlitefile.Open(t.Context(), filepath.Join(dir, "tenet.db"))
					if err != nil {
						return nil, err
					}
					first := filepath.Join(dir, "first")
					if _, err := os.Stat(first); err != nil {
						if err := s.Backup(t.Context(), first); err != nil {
							return nil, err
						}
					}
					return backups{s, dir, d.backup}, nil
				},
				Restore: func(path string) (store.Store, error) { return sqlitefile.Open(t.Context(), path) },
			}
			got := failed(storetest.CheckCases(t.Context(), h, d.caughtBy...))
			for _, name := range d.caughtBy {
				if got[name] == nil {
					t.Errorf("a backup that %s passed %s", d.defect, name)
				}
			}
		})
	}
}
