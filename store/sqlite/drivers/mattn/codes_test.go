package mattn_test

import (
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/mattn"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

func TestCodes(t *testing.T) { suite.Codes(t, mattn.Driver()) }
