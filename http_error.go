package tenet

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"example.com/tenet/access"
	"example.com/tenet/keys"
	"example.com/tenet/store"
	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
)

// HTTPError is a refusal as an API client is told it: OpenAI's error object, the
// status and the headers that go with it. It holds no text of the client's, no
// secret and, unless the caller was verified, no id.
type HTTPError struct {
	Status  int
	Type    string      // OpenAI's class of the error: "invalid_request_error"
	Code    string      // what programs compare: "model_not_found"; may be empty
	Param   string      // the member of the body that is at fault; may be empty
	Message string      // for people: what is wrong, and what to do
	Header  http.Header // further headers, canonical names; the holder's own, may be nil
}

// The types of OpenAI's errors.
const (
	typeRequest    = "invalid_request_error"
	typePermission = "permission_error"
	typeRate       = "rate_limit_error"
	typeQuota      = "insufficient_quota"
	typeServer     = "server_error"
)

// Headers that go with an answer.
var (
	challenge  = http.Header{"Www-Authenticate": {"Bearer"}}
	comeAgain  = http.Header{"Retry-After": {"1"}}        // seconds
	noRetrying = http.Header{"X-Should-Retry": {"false"}} // the OpenAI SDKs obey it
)

// answers are the answers to reasons; those of one row are one answer, word for
// word. In a message {project} stands for the project's id. An empty code is the
// reason's own.
var answers = []struct {
	to []access.Reason
	HTTPError
}{
	{[]access.Reason{access.ReasonUnavailable},
		HTTPError{http.StatusServiceUnavailable, typeServer, "", "",
			"The service cannot decide on this call for the moment. Try again shortly.", comeAgain}},

	{[]access.Reason{access.ReasonMalformed, access.ReasonUnknownKey, access.ReasonWrongSecret},
		HTTPError{http.StatusUnauthorized, typeRequest, "invalid_api_key", "",
			"No valid API key. Send exactly one, as Authorization: Bearer <key>.", challenge}},
	{[]access.Reason{access.ReasonKeyRevoked},
		HTTPError{http.StatusUnauthorized, typeRequest, "", "",
			"This API key was revoked. Ask an owner of project {project} for another.", challenge}},
	{[]access.Reason{access.ReasonKeyExpired},
		HTTPError{http.StatusUnauthorized, typeRequest, "", "",
			"This API key has expired. Ask an owner of project {project} for another.", challenge}},

	{[]access.Reason{access.ReasonOrganizationClosed},
		HTTPError{http.StatusForbidden, typePermission, "", "",
			"The organization of project {project} is closed. Ask whoever runs this service.", nil}},
	{[]access.Reason{access.ReasonOrganizationSuspended},
		HTTPError{http.StatusForbidden, typePermission, "", "",
			"The organization of project {project} is suspended. Ask whoever runs this service.", nil}},
	{[]access.Reason{access.ReasonProjectArchived},
		HTTPError{http.StatusForbidden, typePermission, "", "",
			"Project {project} is archived. An owner of its organization can restore it.", nil}},
	{[]access.Reason{access.ReasonHolderMayNotCall},
		HTTPError{http.StatusForbidden, typePermission, "", "",
			"The person whose call this is may not call models in project {project}. Ask an owner of the project.", nil}},

	{[]access.Reason{access.ReasonNoModel},
		HTTPError{http.StatusBadRequest, typeRequest, "", "model",
			"Name the model to call in the member model of the body.", nil}},
	{[]access.Reason{access.ReasonModelUnknown, access.ReasonModelNotInPlan, access.ReasonModelNotEnabled, access.ReasonModelNotInKey},
		HTTPError{http.StatusNotFound, typeRequest, "model_not_found", "model",
			"The model does not exist, or this key may not call it in project {project}. " +
				"GET /v1/models lists what it may call; an owner of the project can turn on more.", nil}},

	{[]access.Reason{access.ReasonRateLimit},
		HTTPError{http.StatusTooManyRequests, typeRate, "rate_limit_exceeded", "",
			"Project {project} calls faster than its limits, or this key's, allow. Slow down and try again.", comeAgain}},
	{[]access.Reason{access.ReasonBudget},
		HTTPError{http.StatusTooManyRequests, typeQuota, "insufficient_quota", "",
			"Project {project}, this key or the organization has used up a budget. An owner can look at the limits.", noRetrying}},

	{[]access.Reason{access.ReasonNotFound},
		HTTPError{http.StatusNotFound, typeRequest, "", "", "Not found.", nil}},
	{[]access.Reason{access.ReasonForbidden},
		HTTPError{http.StatusForbidden, typePermission, "", "", "Not allowed.", nil}},
}

// ErrorOf returns the answer to a decision that is not allowed. Credentials that
// are malformed, unknown or wrong are one answer, word for word, and so are models
// that do not exist, are outside the plan, turned off or outside the key's list. A
// denial is never 408, 409 or 5xx, which official clients send again; an
// [access.Unavailable] is 503 and never a denial. A decision without a reason that
// it knows, also one that allows, is answered as a denial.
func ErrorOf(d access.Decision) HTTPError {
	if d.Effect == access.Unavailable {
		d.Reason = access.ReasonUnavailable
	}
	e := HTTPError{http.StatusForbidden, typePermission, "denied", "", "Not allowed.", nil}
	for _, row := range answers {
		if slices.Contains(row.to, d.Reason) {
			e = row.HTTPError
		}
	}
	if e.Code == "" {
		e.Code = d.Reason.String()
	}
	e.Message = naming(e.Message, string(d.Subject.Project))
	e.Header = e.Header.Clone()
	return e
}

// naming puts the project's id into a message, or does without where there is none.
func naming(message, project string) string {
	if project != "" {
		return strings.ReplaceAll(message, "{project}", project)
	}
	return strings.NewReplacer("Project {project}", "The project", "project {project}", "its project").Replace(message)
}

// Answers to requests that no decision was asked about.

func badBody(code, param, message string) *HTTPError {
	return &HTTPError{http.StatusBadRequest, typeRequest, code, param, message, nil}
}

func refuse(d access.Decision) *HTTPError {
	e := ErrorOf(d)
	return &e
}

func noModel() *HTTPError { return refuse(access.Decision{Reason: access.ReasonNoModel}) }

func badRequest(status int, code, message string) *HTTPError {
	return &HTTPError{status, typeRequest, code, "", message, nil}
}

// WriteError writes e in OpenAI's shape, {"error":{"message","type","param","code"}},
// as application/json with its status and headers. Hosts that speak another shape
// put their own in [HTTPOptions].WriteError.
func WriteError(w http.ResponseWriter, e HTTPError) {
	type object struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"` // null where there is none, as clients expect
		Code    *string `json:"code"`
	}
	body := struct {
		Error object `json:"error"`
	}{object{e.Message, e.Type, textOrNull(e.Param), textOrNull(e.Code)}}
	maps.Copy(w.Header(), e.Header)
	writeJSON(w, e.Status, body)
}

func textOrNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	var data bytes.Buffer
	enc := json.NewEncoder(&data)
	enc.SetEscapeHTML(false) // messages are for people
	if err := enc.Encode(body); err != nil {
		status = http.StatusInternalServerError // never: plain structs of text
	}
	h := w.Header()
	h.Del("Content-Length")
	h.Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(bytes.TrimSuffix(data.Bytes(), []byte("\n"))) // a client that is gone needs no answer
}

// statuses maps administrative errors to statuses; the first that matches holds.
var statuses = []struct {
	err    error
	status int
}{
	{ErrNotFound, http.StatusNotFound},
	{ErrForbidden, http.StatusForbidden},
	{ErrStale, http.StatusPreconditionFailed}, // RFC 9110, 13.1.1: If-Match
	{ErrSecretShown, http.StatusConflict},
	{ErrImported, http.StatusConflict},
	{ErrUnavailable, http.StatusServiceUnavailable},
	{ErrClosed, http.StatusServiceUnavailable},

	{tenancy.ErrInvalid, http.StatusBadRequest},
	{tenancy.ErrLastOwner, http.StatusConflict},
	{tenancy.ErrNameTaken, http.StatusConflict},
	{tenancy.ErrArchived, http.StatusConflict},
	{tenancy.ErrRotationOpen, http.StatusConflict},
	{keys.ErrEnded, http.StatusConflict},
	{usage.ErrInvalid, http.StatusBadRequest},
	{usage.ErrOverflow, http.StatusBadRequest},

	{store.ErrInvalid, http.StatusBadRequest},
	{store.ErrTooLarge, http.StatusRequestEntityTooLarge},
	{store.ErrReused, http.StatusUnprocessableEntity}, // as the IETF's draft on Idempotency-Key has it
	{store.ErrPastRetention, http.StatusConflict},
	{store.ErrConflict, http.StatusServiceUnavailable}, // the context ended before the change won
	{store.ErrUnknownOutcome, http.StatusServiceUnavailable},
	{store.ErrResync, http.StatusServiceUnavailable},
	{store.ErrClosed, http.StatusServiceUnavailable},
	{store.ErrUnavailable, http.StatusServiceUnavailable},
	{context.Canceled, http.StatusServiceUnavailable},
	{context.DeadlineExceeded, http.StatusServiceUnavailable},
}

// StatusOf returns the HTTP status for an error of this package's administrative
// verbs, for a host's own pages: 200 for nil, 400 for a value outside its bounds,
// 403 and 404, 409 for a rule of the domain that stands in the way, 412 for a
// failed if-match, 413, 422 for an operation id that was used for something else,
// 503 for what may go better later with the same operation id, and 500 for
// everything else, damaged data included.
func StatusOf(err error) int {
	if err == nil {
		return http.StatusOK
	}
	for _, s := range statuses {
		if errors.Is(err, s.err) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}
