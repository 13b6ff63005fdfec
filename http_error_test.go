package tenet_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"example.com/tenet"
	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

func TestErrorOf(t *testing.T) {
	const request, permission = "invalid_request_error", "permission_error"
	challenge := http.Header{"Www-Authenticate": {"Bearer"}}
	again := http.Header{"Retry-After": {"1"}}
	for _, tt := range []struct {
		reason     access.Reason
		status     int
		kind, code string
		header     http.Header
	}{
		{access.ReasonNone, 403, permission, "denied", nil},
		{access.ReasonUnavailable, 503, "server_error", "unavailable", again},
		{access.ReasonMalformed, 401, request, "invalid_api_key", challenge},
		{access.ReasonUnknownKey, 401, request, "invalid_api_key", challenge},
		{access.ReasonWrongSecret, 401, request, "invalid_api_key", challenge},
		{access.ReasonKeyRevoked, 401, request, "key_revoked", challenge},
		{access.ReasonKeyExpired, 401, request, "key_expired", challenge},
		{access.ReasonOrganizationClosed, 403, permission, "organization_closed", nil},
		{access.ReasonOrganizationSuspended, 403, permission, "organization_suspended", nil},
		{access.ReasonProjectArchived, 403, permission, "project_archived", nil},
		{access.ReasonHolderMayNotCall, 403, permission, "holder_may_not_call", nil},
		{access.ReasonNoModel, 400, request, "no_model", nil},
		{access.ReasonModelUnknown, 404, request, "model_not_found", nil},
		{access.ReasonModelNotInPlan, 404, request, "model_not_found", nil},
		{access.ReasonModelNotEnabled, 404, request, "model_not_found", nil},
		{access.ReasonModelNotInKey, 404, request, "model_not_found", nil},
		{access.ReasonRateLimit, 429, "rate_limit_error", "rate_limit_exceeded", again},
		{access.ReasonBudget, 429, "insufficient_quota", "insufficient_quota", http.Header{"X-Should-Retry": {"false"}}},
		{access.ReasonNotFound, 404, request, "not_found", nil},
		{access.ReasonForbidden, 403, permission, "forbidden", nil},
		{access.ReasonForbidden + 1, 403, permission, "denied", nil}, // a newer reason denies
	} {
		t.Run(tt.reason.String(), func(t *testing.T) {
			e := tenet.ErrorOf(access.Decision{Reason: tt.reason, Subject: access.Subject{Project: "proj_1"}, Model: "m"})
			if e.Status != tt.status || e.Type != tt.kind || e.Code != tt.code {
				t.Errorf("%d %s %s, want %d %s %s", e.Status, e.Type, e.Code, tt.status, tt.kind, tt.code)
			}
			if diff := cmp.Diff(tt.header, e.Header); diff != "" {
				t.Errorf("header (-want +got):\n%s", diff)
			}
			bare := tenet.ErrorOf(access.Decision{Reason: tt.reason})
			for _, message := range []string{e.Message, bare.Message} {
				if message == "" || strings.ContainsAny(message, "{}") {
					t.Errorf("message %q", message)
				}
			}
			if strings.Contains(strings.ToLower(bare.Message), "in project ") {
				t.Errorf("names a project that is not known: %q", bare.Message)
			}
		})
	}
	if last := access.ReasonForbidden + 1; last.String() != "unknown" {
		t.Errorf("reason %v is not in the table", last)
	}
}

func TestErrorOfIsOneAnswer(t *testing.T) {
	of := func(r access.Reason) string {
		w := httptest.NewRecorder()
		tenet.WriteError(w, tenet.ErrorOf(access.Decision{Reason: r, Subject: access.Subject{Project: "proj_1"}, Model: "m"}))
		return fmt.Sprint(w.Code, w.Header(), w.Body)
	}
	for _, family := range [][]access.Reason{
		{access.ReasonMalformed, access.ReasonUnknownKey, access.ReasonWrongSecret},
		{access.ReasonModelUnknown, access.ReasonModelNotInPlan, access.ReasonModelNotEnabled, access.ReasonModelNotInKey},
	} {
		for _, r := range family[1:] {
			if diff := cmp.Diff(of(family[0]), of(r)); diff != "" {
				t.Errorf("%v and %v are told apart:\n%s", family[0], r, diff)
			}
		}
	}
}

// An outage is 503 whatever reason stands beside it, and what a host does to one
// answer does not reach the next.
func TestErrorOfOutage(t *testing.T) {
	e := tenet.ErrorOf(access.Decision{Effect: access.Unavailable, Reason: access.ReasonUnknownKey})
	if e.Status != 503 || e.Code != "unavailable" {
		t.Errorf("%+v", e)
	}
	e.Header.Set("Retry-After", "60")
	if again := tenet.ErrorOf(access.Decision{Effect: access.Unavailable}); again.Header.Get("Retry-After") != "1" {
		t.Errorf("%+v", again)
	}
}

func TestWriteError(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header().Set("Content-Length", "5")
	tenet.WriteError(w, tenet.HTTPError{Status: 429, Type: "t", Code: "c", Param: "p", Message: `say "no"`, Header: http.Header{"Retry-After": {"3"}}})
	const want = `{"error":{"message":"say \"no\"","type":"t","param":"p","code":"c"}}`
	if w.Code != 429 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if diff := cmp.Diff(http.Header{"Retry-After": {"3"}, "Content-Type": {"application/json"}}, w.Header()); diff != "" {
		t.Errorf("header (-want +got):\n%s", diff)
	}
	w = httptest.NewRecorder()
	tenet.WriteError(w, tenet.HTTPError{Status: 400, Type: "t", Message: "m"})
	if got := w.Body.String(); got != `{"error":{"message":"m","type":"t","param":null,"code":null}}` {
		t.Errorf("%s", got)
	}
}

func TestStatusOf(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want int
	}{
		{nil, 200},
		{tenet.ErrNotFound, 404}, {tenet.ErrForbidden, 403}, {tenet.ErrStale, 412}, {tenet.ErrSecretShown, 409},
		{tenet.ErrImported, 409},
		{tenet.ErrUnavailable, 503}, {tenet.ErrClosed, 503},
		{&tenancy.FieldError{Field: "name", Rule: "short"}, 400}, {tenancy.ErrInvalid, 400}, {tenancy.ErrLastOwner, 409},
		{tenancy.ErrNameTaken, 409}, {tenancy.ErrArchived, 409}, {tenancy.ErrRotationOpen, 409}, {keys.ErrEnded, 409},
		{usage.ErrInvalid, 400}, {usage.ErrOverflow, 400},
		{store.ErrInvalid, 400}, {store.ErrTooLarge, 413}, {store.ErrReused, 422}, {store.ErrPastRetention, 409},
		{store.ErrConflict, 503}, {store.ErrUnknownOutcome, 503}, {store.ErrResync, 503}, {store.ErrClosed, 503}, {store.ErrUnavailable, 503},
		{context.Canceled, 503}, {context.DeadlineExceeded, 503},
		{store.ErrCorrupt, 500}, {errors.New("else"), 500},
	} {
		if got := tenet.StatusOf(tt.err); got != tt.want {
			t.Errorf("StatusOf(%v) = %d, want %d", tt.err, got, tt.want)
		}
		if tt.err == nil {
			continue
		}
		wrapped := &tenet.Error{Op: "project.rename", Kind: tenancy.KindProject, Err: fmt.Errorf("x: %w", tt.err)}
		if got := tenet.StatusOf(wrapped); got != tt.want {
			t.Errorf("StatusOf(%v), wrapped = %d, want %d", tt.err, got, tt.want)
		}
	}
}
