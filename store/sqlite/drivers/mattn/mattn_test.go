package mattn_test

import (
	"testing"

	"example.com/tenet/store/sqlite/drivers/internal/mattn"
	"example.com/tenet/store/sqlite/drivers/internal/suite"
)

func TestConformance(t *testing.T) { suite.Conformance(t, mattn.Driver()) }
