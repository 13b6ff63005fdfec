package main

import "testing"

// The self-test is the gateway's test.
func TestSelftest(t *testing.T) {
	if err := selftest(t.Context(), config{}); err != nil {
		t.Error(err)
	}
}
