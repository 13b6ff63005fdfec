package main

import (
	"net/http"

	"example.com/tenet"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage/export"
)

// activityFile hands out all calls of the organization, or with ?project= of one project,
// as a file for a spreadsheet.
func (g *gateway) activityFile(w http.ResponseWriter, r *http.Request) {
	user, ok := g.logins.user(r)
	if !ok {
		http.Error(w, "not logged in", http.StatusUnauthorized)
		return
	}
	org, err := g.organization(r.Context())
	if err != nil {
		reply(w, nil, err)
		return
	}
	calls := g.tenet.As(user).EachActivity(r.Context(), org, tenancy.ProjectID(r.URL.Query().Get("project")), tenet.ActivityQuery{})
	file := &attachment{w: w, name: "activity.csv"}
	err = export.Activity().CSV(file, calls)
	switch {
	case err != nil && !file.begun:
		reply(w, nil, err)
	case err != nil:
		panic(http.ErrAbortHandler) // so that nobody takes what came for the whole
	}
}

// attachment is a response that becomes a file once something is written.
type attachment struct {
	w     http.ResponseWriter
	name  string
	begun bool
}

func (a *attachment) Write(p []byte) (int, error) {
	if !a.begun {
		a.begun = true
		a.w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		a.w.Header().Set("Content-Disposition", "attachment; filename="+a.name)
	}
	return a.w.Write(p)
}
