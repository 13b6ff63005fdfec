package tenet

import (
	"context"

	"example.com/tenet/access"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// AuditQuery selects entries of an audit trail. The zero value of every field selects
// all.
type AuditQuery struct {
	Span
	Actor   tenancy.UserID // who did it
	Action  store.Action   // the verb as logged: "project.rename"
	Subject tenancy.Ref    // what it was done to; one of another organization is in no entry
	After   string         // Next of the page before
	Limit   int            // at most store.MaxPage, which zero means
}

// AuditPage is one page of entries, newest first.
type AuditPage struct {
	Entries []store.Entry `json:"entries"`
	Next    string        `json:"next,omitzero"` // opaque; empty on the last page
}

// Audit returns a page of the audit trail of an organization, newest first, to its
// owners; of one project, to that project's owners, where project is set. Request is
// left out of the entries. A position that is not of this organization's trail is
// store.ErrInvalid.
func (a Actor) Audit(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q AuditQuery) (page AuditPage, err error) {
	r := a.ask(org, "audit.see", tenancy.KindOrganization, string(org), nil)
	does := access.SeeAudit
	if project == "" {
		does = access.SeeOrgAudit
	}
	err = a.check(ctx, r, func(w *work) error {
		_, err := a.may(w, does, org, project)
		return err
	})
	if err != nil {
		return page, err
	}
	page, err = a.t.audit(ctx, org, project, q)
	return page, r.wrap(err)
}

// audit reads a page of a trail, for whoever may.
func (t *Tenet) audit(ctx context.Context, org tenancy.OrgID, project tenancy.ProjectID, q AuditQuery) (AuditPage, error) {
	trail, err := t.st.Trail(ctx, store.TrailQuery{
		Org: org, Project: project, Actor: q.Actor, Action: q.Action, Subject: q.Subject,
		From: q.From, To: q.To, After: q.After, Limit: q.Limit,
	})
	for i := range trail.Entries {
		trail.Entries[i].Request = [16]byte{} // of what was asked, names and addresses too
	}
	return AuditPage{trail.Entries, trail.Next}, err
}

// Audit returns a page of an organization's audit trail, closed ones included, newest
// first; of the catalogue's, where org is empty. It is [Actor.Audit] otherwise.
func (o Operator) Audit(ctx context.Context, org tenancy.OrgID, q AuditQuery) (page AuditPage, err error) {
	a := o.actor
	r := a.ask(org, "audit.see", tenancy.KindOrganization, string(org), nil)
	err = a.check(ctx, r, func(w *work) error {
		if org == "" {
			return nil
		}
		_, err := anyRoot(w, org)
		return err
	})
	if err != nil {
		return page, err
	}
	page, err = a.t.audit(ctx, org, "", q)
	return page, r.wrap(err)
}
