package storetest

import (
	"context"
	"errors"
	"slices"
	"time"
)

// CheckCases is Check of the named cases, so that thirty broken stores take no
// longer than one.
func CheckCases(ctx context.Context, h Harness, names ...string) error {
	var failed []error
	for _, c := range cases() {
		if !slices.Contains(names, c.name) {
			continue
		}
		if _, err := c.check(ctx, h); err != nil {
			failed = append(failed, &Failure{Case: c.name, Rules: c.rules, Why: c.why, Err: err})
		}
	}
	return errors.Join(failed...)
}

// Cases returns the name and the reason of every case.
func Cases() map[string]string {
	all := map[string]string{}
	for _, c := range cases() {
		all[c.name] = c.why
	}
	return all
}

// Count is the number of cases, names that stand twice counted twice.
func Count() int { return len(cases()) }

// Rules returns the rules that each case quotes.
func Rules() map[string]string {
	all := map[string]string{}
	for _, c := range cases() {
		all[c.name] = c.rules
	}
	return all
}

// Hurried is h with less patience for what should be over.
func Hurried(h Harness, soon time.Duration) Harness {
	h.soon = soon
	return h
}
