package sqlitefile_test

import (
	"context"
	"path/filepath"
	"testing"

	"example.com/tenet/store"
	"example.com/tenet/store/sqlitefile"
	"example.com/tenet/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, storetest.Harness{
		Open: func(dir string) (store.Store, error) {
			return sqlitefile.Open(context.Background(), filepath.Join(dir, "tenet.db"))
		},
	})
}
