package main

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// page is one page of the console: what it shows of the organization to who is
// logged in. Tenet checks the rights; the page only asks.
type page func(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error)

// routeConsole adds the host's own pages: JSON here, for a browser in a real host.
func (g *gateway) routeConsole(mux *http.ServeMux) {
	for pattern, show := range map[string]page{
		"GET /console/organization":                        organizationPage,
		"GET /console/settings":                            settingsPage,
		"GET /console/usage":                               organizationUsagePage,
		"GET /console/activity":                            organizationActivityPage,
		"GET /console/projects":                            projectsPage,
		"GET /console/projects/{project}/usage":            usagePage,
		"GET /console/projects/{project}/activity":         activityPage,
		"GET /console/projects/{project}/keys":             keysPage,
		"POST /console/projects/{project}/keys":            newKeyPage,
		"POST /console/projects/{project}/archive":         archivePage,
		"POST /console/projects/{project}/restore":         restorePage,
		"DELETE /console/projects/{project}/people/{user}": removePage,
		"DELETE /console/keys/{key}":                       revokePage,
	} {
		mux.HandleFunc(pattern, g.logged(show))
	}
	for pattern, show := range g.peoplePages() {
		mux.HandleFunc(pattern, g.logged(show))
	}
	mux.HandleFunc("GET /console/activity.csv", g.activityFile)
	g.routeOperator(mux)
}

// logged shows a page to who is logged in.
func (g *gateway) logged(show page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		user, ok := g.logins.user(r)
		if !ok {
			http.Error(w, "not logged in", http.StatusUnauthorized)
			return
		}
		org, err := g.organization(r.Context())
		var body any
		if err == nil {
			body, err = show(r.Context(), g.tenet.As(user), org, r)
		}
		reply(w, body, err)
	}
}

func reply(w http.ResponseWriter, body any, err error) {
	if err != nil {
		http.Error(w, err.Error(), tenet.StatusOf(err))
		return
	}
	answer(w, http.StatusOK, body)
}

func projectOf(r *http.Request) tenancy.ProjectID { return tenancy.ProjectID(r.PathValue("project")) }

func organizationPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, _ *http.Request) (any, error) {
	return me.Organization(ctx, org)
}

func settingsPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, _ *http.Request) (any, error) {
	return me.Settings(ctx, org)
}

func projectsPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, _ *http.Request) (any, error) {
	list := []tenancy.Project{}
	for p, err := range me.VisibleProjects(ctx, org) {
		if err != nil {
			return nil, err
		}
		list = append(list, p.Value)
	}
	return list, nil
}

// lastDay is the span of the console's reports, by the query's split: ?by=model&by=key.
func lastDay(r *http.Request) tenet.UsageQuery {
	now := time.Now()
	q := tenet.UsageQuery{Span: tenet.Span{From: now.Add(-24 * time.Hour), To: now.Add(time.Hour)}}
	for _, by := range r.URL.Query()["by"] {
		q.By = append(q.By, usage.Dimension(by))
	}
	return q
}

func organizationUsagePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	q := lastDay(r)
	if len(q.By) == 0 {
		q.By = []usage.Dimension{usage.ByProject}
	}
	return me.OrganizationUsage(ctx, org, q)
}

func organizationActivityPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return me.OrganizationActivity(ctx, org, tenet.ActivityQuery{After: r.URL.Query().Get("after")})
}

func usagePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return me.Usage(ctx, org, projectOf(r), lastDay(r))
}

func activityPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return me.Activity(ctx, org, projectOf(r), tenet.ActivityQuery{After: r.URL.Query().Get("after")})
}

func keysPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	list := []tenancy.Key{}
	for k, err := range me.Keys(ctx, org, projectOf(r)) {
		if err != nil {
			return nil, err
		}
		list = append(list, k.Value)
	}
	return list, nil
}

// newKeyPage is the one response that shows a secret.
func newKeyPage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	var n tenet.NewKey
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&n); err != nil {
		return nil, &tenancy.FieldError{Field: "body", Rule: "a key as JSON"}
	}
	k, secret, err := me.CreateKey(ctx, org, projectOf(r), n)
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": k.ID, "secret": secret.Reveal()}, nil
}

func archivePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return me.ArchiveProject(ctx, org, projectOf(r))
}

func restorePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return me.RestoreProject(ctx, org, projectOf(r), r.URL.Query().Get("name"))
}

func removePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return nil, me.RemoveProjectMember(ctx, org, projectOf(r), tenancy.UserID(r.PathValue("user")))
}

func revokePage(ctx context.Context, me tenet.Actor, org tenancy.OrgID, r *http.Request) (any, error) {
	return nil, me.RevokeKey(ctx, org, tenancy.KeyID(r.PathValue("key")))
}

// routeOperator adds the pages of who runs the gateway.
func (g *gateway) routeOperator(mux *http.ServeMux) {
	type act func(ctx context.Context, op tenet.Operator, org tenancy.OrgID, r *http.Request) error
	for pattern, do := range map[string]act{
		"PUT /operator/subscription": setSubscription,
		"POST /operator/suspend": func(ctx context.Context, op tenet.Operator, org tenancy.OrgID, _ *http.Request) error {
			return op.Suspend(ctx, org)
		},
		"POST /operator/resume": func(ctx context.Context, op tenet.Operator, org tenancy.OrgID, _ *http.Request) error {
			return op.Resume(ctx, org)
		},
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if user, ok := g.logins.user(r); !ok || user != operator {
				http.NotFound(w, r)
				return
			}
			org, err := g.organization(r.Context())
			if err == nil {
				err = do(r.Context(), g.tenet.Operator(operator), org, r)
			}
			reply(w, "done", err)
		})
	}
}

func setSubscription(ctx context.Context, op tenet.Operator, org tenancy.OrgID, r *http.Request) error {
	var s tenancy.Subscription
	if err := json.NewDecoder(http.MaxBytesReader(nil, r.Body, 64<<10)).Decode(&s); err != nil {
		return &tenancy.FieldError{Field: "body", Rule: "a subscription as JSON"}
	}
	s.Org = org
	return op.SetSubscription(ctx, s)
}
