package main

import (
	"testing"
)

func TestOfficialClient(t *testing.T) {
	if err := run(t.Context(), t.TempDir(), t.Output()); err != nil {
		t.Error(err)
	}
}
