package ncruces_test

import (
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/ncruces"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

func TestCodes(t *testing.T) { suite.Codes(t, ncruces.Driver()) }
