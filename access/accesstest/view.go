package accesstest

import (
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// View is an access.View whose organizations, projects, keys and people go by names.
// The methods of the view that is embedded take ids. Immutable.
type View struct {
	access.View
	*names
	snap *access.Snapshot
	now  time.Time
	err  error // of the world: mistakes
}

// Of returns what a snapshot decides at a time, with the names that are in its records.
// Strangers are people whom the snapshot does not know and tables speak of.
//
// Making it costs as much as the matrices of all organizations: it is for tests and
// reports.
func Of(snap *access.Snapshot, now time.Time, strangers ...string) *View {
	v := &View{View: snap.At(now), snap: snap, now: now}
	v.names = namesIn(snap, v.View)
	for _, user := range strangers {
		v.users.add(tenancy.UserID(user))
	}
	return v
}

// At returns the view at another time.
func (v *View) At(now time.Time) *View {
	next := *v
	next.View, next.now = v.snap.At(now), now
	return &next
}

// Later returns the view when d has passed: what then has expired.
func (v *View) Later(d time.Duration) *View { return v.At(v.now.Add(d)) }
