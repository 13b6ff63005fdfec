package tenet_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
)

// pages reads a trail page by page.
func pages(t *testing.T, q tenet.AuditQuery, read func(tenet.AuditQuery) (tenet.AuditPage, error)) (all []store.Entry) {
	t.Helper()
	for {
		page := must[tenet.AuditPage](t)(read(q))
		if q.Limit > 0 && (len(page.Entries) > q.Limit || page.Next != "" && len(page.Entries) < q.Limit) {
			t.Errorf("a page of %d entries, want %d", len(page.Entries), q.Limit)
		}
		all = append(all, page.Entries...)
		if q.After = page.Next; q.After == "" {
			return all
		}
	}
}

// aged is a town with entries of three hours, by two people, on two projects.
func aged(t *testing.T, st backend) (w *town, began time.Time) {
	t.Helper()
	began = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	now := began
	w = newTownOver(t, st, func(o *tenet.Options) { o.Clock = func() time.Time { return now } })
	for i, a := range []tenet.Actor{w.As("ann"), w.As("pat"), w.As("ann")} {
		now = began.Add(time.Duration(i+1) * time.Hour)
		must[tenancy.Project](t)(a.RenameProject(t.Context(), w.org, w.project.ID, fmt.Sprint("web ", i)))
		must[tenancy.Project](t)(w.As("ann").CreateProject(t.Context(), w.org, tenet.NewProject{Name: fmt.Sprint("lab ", i)}))
	}
	return w, began
}

// An audit trail's pages are what the log has, newest first, without fingerprints, and
// each filter leaves what it says.
func TestAuditPages(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w, began := aged(t, st)
		ctx, ann := t.Context(), w.As("ann")
		log := entries(t, st, w.org)
		for i := range log {
			log[i].Request = [16]byte{}
		}
		of := func(keep func(store.Entry) bool) []store.Entry {
			return slices.DeleteFunc(slices.Clone(log), func(e store.Entry) bool { return !keep(e) })
		}
		prod := tenancy.ProjectRef(w.org, w.project.ID).Ref
		for _, tt := range []struct {
			name    string
			project tenancy.ProjectID
			q       tenet.AuditQuery
			want    []store.Entry
		}{
			{"all", "", tenet.AuditQuery{}, log},
			{"a project's", w.project.ID, tenet.AuditQuery{}, of(func(e store.Entry) bool { return e.Project == w.project.ID })},
			{"a person's", "", tenet.AuditQuery{Actor: "pat"}, of(func(e store.Entry) bool { return e.Actor == "pat" })},
			{"a verb's", "", tenet.AuditQuery{Action: "project.rename"}, of(func(e store.Entry) bool { return e.Action == "project.rename" })},
			{"of one thing", "", tenet.AuditQuery{Subject: prod}, of(func(e store.Entry) bool { return e.Subject == prod })},
			{"since", "", tenet.AuditQuery{Span: tenet.Span{From: began.Add(2 * time.Hour)}}, log[:4]},
			{"until", "", tenet.AuditQuery{Span: tenet.Span{To: began.Add(2 * time.Hour)}}, log[4:]},
			{"between", "", tenet.AuditQuery{Span: tenet.Span{From: began.Add(time.Hour), To: began.Add(2 * time.Hour)}}, log[4:6]},
			{"all filters", w.project.ID, tenet.AuditQuery{Actor: "pat", Action: "project.rename", Subject: prod, Span: tenet.Span{From: began, To: began.Add(9 * time.Hour)}},
				of(func(e store.Entry) bool { return e.Actor == "pat" && e.Action == "project.rename" })},
			{"of nobody", "", tenet.AuditQuery{Actor: "nik"}, nil},
			{"of another organization's thing", "", tenet.AuditQuery{Subject: tenancy.ProjectRef(w.other, w.shop.ID).Ref}, nil},
			{"of the catalogue", "", tenet.AuditQuery{Subject: tenancy.ModelRef("gpt-4o").Ref}, nil},
		} {
			if tt.want == nil && tt.q.Actor == "" && tt.q.Subject == (tenancy.Ref{}) {
				t.Fatalf("%s: nothing to find", tt.name)
			}
			for _, limit := range []int{0, 1, 2} {
				tt.q.Limit = limit
				got := pages(t, tt.q, func(q tenet.AuditQuery) (tenet.AuditPage, error) { return ann.Audit(ctx, w.org, tt.project, q) })
				if diff := gocmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s, %d a page (-want +got):\n%s", tt.name, tt.q.Limit, diff)
				}
			}
			if tt.project != "" {
				continue
			}
			got := pages(t, tt.q, func(q tenet.AuditQuery) (tenet.AuditPage, error) { return w.Operator("ops").Audit(ctx, w.org, q) })
			if diff := gocmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s, the operator's (-want +got):\n%s", tt.name, diff)
			}
		}
	})
}

// A15: a position is one in the trail of one organization, and a query that no store
// takes is an error of the store's.
func TestA15AuditPositions(t *testing.T) {
	eachStore(t, func(t *testing.T, st backend) {
		w := newTownOver(t, st)
		ctx, ann, ops := t.Context(), w.As("ann"), w.Operator("ops")
		theirs := must[tenet.AuditPage](t)(w.As("otto").Audit(ctx, w.other, "", tenet.AuditQuery{Limit: 1})).Next
		models := must[tenet.AuditPage](t)(ops.Audit(ctx, "", tenet.AuditQuery{Limit: 1})).Next
		if theirs == "" || models == "" {
			t.Fatal("no position to try")
		}
		for _, tt := range []struct {
			name string
			q    tenet.AuditQuery
			want error
		}{
			{"another tenant's position", tenet.AuditQuery{After: theirs}, store.ErrInvalid},
			{"the catalogue's position", tenet.AuditQuery{After: models}, store.ErrInvalid},
			{"a made-up position", tenet.AuditQuery{After: "AAAA"}, store.ErrInvalid},
			{"a subject of no kind", tenet.AuditQuery{Subject: tenancy.Ref{Org: w.org}}, store.ErrInvalid},
			{"a malformed person", tenet.AuditQuery{Actor: "\x00"}, store.ErrInvalid},
			{"a malformed verb", tenet.AuditQuery{Action: "\xff"}, store.ErrInvalid},
			{"fewer than none", tenet.AuditQuery{Limit: -1}, store.ErrInvalid},
			{"more than a page", tenet.AuditQuery{Limit: store.MaxPage + 1}, store.ErrTooLarge},
		} {
			for who, audit := range map[string]func() (tenet.AuditPage, error){
				"an owner":        func() (tenet.AuditPage, error) { return ann.Audit(ctx, w.org, "", tt.q) },
				"a project owner": func() (tenet.AuditPage, error) { return w.As("pat").Audit(ctx, w.org, w.project.ID, tt.q) },
				"the operator":    func() (tenet.AuditPage, error) { return ops.Audit(ctx, w.org, tt.q) },
			} {
				if page, err := audit(); !errors.Is(err, tt.want) || page.Entries != nil {
					t.Errorf("%s, %s: %d entries, %v, want %v", tt.name, who, len(page.Entries), err, tt.want)
				}
			}
		}
	})
}
