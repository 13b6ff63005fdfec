package modernc_test

import (
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/modernc"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

func TestCodes(t *testing.T) { suite.Codes(t, modernc.Driver()) }
