package ncruces_test

import (
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/ncruces"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

func TestConformance(t *testing.T) {
	if !suite.Plain(t) {
		suite.Conformance(t, ncruces.Driver())
	}
}
