package tenet

import (
	"context"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// Span is a stretch of time: From <= t < To.
type Span struct{ From, To time.Time }

// mayReport checks the right to a report and returns the organization, once what this
// process has yet to write is written.
func (a Actor) mayReport(ctx context.Context, r request, does access.Action, project tenancy.ProjectID) (org tenancy.Organization, err error) {
	err = a.check(ctx, r, func(w *work) error {
		s, err := a.may(w, does, r.org, project)
		org = s.Org
		return err
	})
	if err != nil {
		return tenancy.Organization{}, err
	}
	return org, r.wrap(a.t.recorder.flush(ctx))
}
