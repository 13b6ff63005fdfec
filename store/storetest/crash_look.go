package storetest

import (
	"errors"
	"slices"

	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// crashLook is a store that was opened after a kill, beside what is known of it.
type crashLook struct {
	*env
	f                  *crashFolder
	round              int
	logs               map[tenancy.OrgID][]store.Entry // oldest first
	now                map[tenancy.Ref]crashRecord
	listed             map[store.Query][]tenancy.Entity // as they were read
	happened, repeated int                              // of the tries that the kill cut short
}

// crashCheck is one thing that a kill must leave true.
type crashCheck struct {
	name, rules, why string
	run              func(*crashLook)
}

// crashChecks are made after each kill, in this order.
func crashChecks() []crashCheck {
	return []crashCheck{
		{"crash/acknowledged", "C5 C9 C12",
			"What was acknowledged before the kill is in the trail as it was given, once, and nothing is there that was refused or that nobody asked for.",
			(*crashLook).acknowledged},
		{"crash/feed", "F1 F4 T1",
			"The feed has what the trails have, in one order; a cursor that was given before the kill still works, and what follows it steps over nothing.",
			(*crashLook).feeds},
		{"crash/whole", "C1 C6 L1 R4",
			"The records and their listings are what the commits in the log leave, whole: no half of a batch, nothing without its entry, each at the revision that was acknowledged.",
			(*crashLook).whole},
		{"crash/revisions", "R5",
			"A revision is of one state of a record, before a kill and after it.",
			(*crashLook).revisions},
		{"crash/together", "C1 C6 N3",
			"What is always written together agrees: names and their projects, everybody of a roster, a counter and its entries; and a key's id is one organization's.",
			(*crashLook).together},
		{"crash/usage", "U1 U2 U7 K1",
			"Calls that were acknowledged are there once, the others of one Append all or none, and the sums are those of the calls.",
			(*crashLook).usage},
		{"crash/again", "C2 C10 U2",
			"Committing again what the kill cut short has one effect in all, whether it had happened or not.",
			(*crashLook).again},
	}
}

// read reads the trails.
func (l *crashLook) read() {
	l.logs = map[tenancy.OrgID][]store.Entry{}
	for _, org := range crashOrgs {
		l.logs[org] = l.trail(store.TrailQuery{Org: org}, 100)
		slices.Reverse(l.logs[org])
	}
	l.now, l.listed = map[tenancy.Ref]crashRecord{}, map[store.Query][]tenancy.Entity{}
}

// failures makes checks and returns a Failure for each that failed.
func (l *crashLook) failures(checks []crashCheck) []error {
	var all []error
	for _, c := range checks {
		l.errs = nil
		l.guard(func() { c.run(l) })
		if err := errors.Join(l.errs...); err != nil {
			all = append(all, &Failure{Case: c.name, Rules: c.rules, Why: c.why, Err: err})
		}
	}
	return all
}
