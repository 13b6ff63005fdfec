package tenet

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// HTTPOptions configure [Tenet.Handler]. The zero value is usable.
type HTTPOptions struct {
	// MaxBody bounds the body of one request, in bytes; more is 413. Zero means 32
	// MiB.
	MaxBody int64

	// MaxBuffered bounds the bytes of all bodies that are held at once, of requests
	// until they are answered and of answers while they are metered. A request for
	// which there is no room is 503; an answer for which there is none passes, its
	// units unknown. Zero means 256 MiB.
	MaxBuffered int64

	// Headers are further headers that may carry the key, as "X-Api-Key" does. The
	// key is always looked for in Authorization: Bearer. A request that carries
	// more than one is 401.
	Headers []string

	// MaxCallDuration ends a call that takes longer, by its request's context. Zero
	// means none. It is also what bounds a stream whose key is revoked meanwhile:
	// that runs on.
	MaxCallDuration time.Duration

	// WriteError replaces [WriteError], for clients that read another shape of
	// error than OpenAI's. The header X-Request-Id is set already. It must answer
	// with e.Status and e.Header.
	WriteError func(w http.ResponseWriter, r *http.Request, e HTTPError)
}

// edge is HTTPOptions at work.
type edge struct {
	HTTPOptions
	buffered atomic.Int64
}

func newEdge(o *HTTPOptions) *edge {
	e := &edge{}
	if o != nil {
		e.HTTPOptions = *o
		e.Headers = slices.Clone(o.Headers)
	}
	if e.MaxBody <= 0 {
		e.MaxBody = 32 << 20
	}
	if e.MaxBuffered <= 0 {
		e.MaxBuffered = 256 << 20
	}
	if e.HTTPOptions.WriteError == nil {
		e.HTTPOptions.WriteError = func(w http.ResponseWriter, _ *http.Request, err HTTPError) { WriteError(w, err) }
	}
	return e
}

// Handler returns the gateway in front of next, the host's own proxy: it lets
// calls in or refuses them, and records them. Its type is that of a middleware.
//
// It serves POST /v1/chat/completions, /v1/completions and /v1/embeddings, which go
// on to next, and GET /v1/models and /v1/models/{id}, which it answers itself.
// Everything else is 404, so that nothing reaches an upstream with the host's
// credential but what was decided on.
//
// What next receives names the canonical model in its body, asks for usage where
// it is a stream, and carries no query, no credential of the client's, no cookie
// and no header that steers a vendor's routing; next puts the upstream's
// credential in. [CallFrom] gives it the call.
//
// An answer with a body of JSON or server-sent events is metered as it passes. A
// call is recorded when next has returned, before its answer ends; where next panics
// it is recorded and the panic goes on. The key's secret is in no log and no error.
func (t *Tenet) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{t: t, w: w, r: r, id: t.mint("req_")}
		w.Header().Set("X-Request-Id", x.id)
		if refusal := x.serve(next); refusal != nil {
			t.http.WriteError(w, r, *refusal)
		}
	})
}

type callKey struct{}

// CallFrom returns the call that a request inside [Tenet.Handler] is; nil outside.
func CallFrom(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// exchange is one request on its way.
type exchange struct {
	t         *Tenet
	w         http.ResponseWriter
	r         *http.Request
	id        string
	principal Principal
}

// serve takes the steps in order, and returns the refusal of the one that failed.
// The credential is verified before the first byte of the body is read.
func (x *exchange) serve(next http.Handler) *HTTPError {
	row, forward := routeOf(x.r)
	model, list := modelAsked(x.r)
	if !forward && !list || upgrades(x.r.Header) {
		return badRequest(http.StatusNotFound, "unknown_route", "There is nothing at this path and method.")
	}
	if refusal := x.authenticate(); refusal != nil {
		return refusal
	}
	if list {
		return x.listModels(model)
	}
	return x.forward(row, next)
}

func upgrades(h http.Header) bool {
	if len(h["Upgrade"]) > 0 {
		return true
	}
	return slices.ContainsFunc(h["Connection"], func(v string) bool { return strings.Contains(strings.ToLower(v), "upgrade") })
}

func (x *exchange) authenticate() *HTTPError {
	token, ok := credential(x.r.Header, x.t.http.Headers)
	if !ok {
		x.t.unauthenticated.Add(1)
		return refuse(access.Decision{Reason: access.ReasonMalformed})
	}
	p, d := x.t.Authenticate(x.r.Context(), token)
	if !d.Allowed() {
		return refuse(d)
	}
	if foreign(x.r.Header["Openai-Organization"], string(d.Subject.Org)) || foreign(x.r.Header["Openai-Project"], string(d.Subject.Project)) {
		x.t.refused(p, http.StatusUnauthorized, x.id)
		return refuse(access.Decision{Reason: access.ReasonMalformed})
	}
	x.principal = p
	return nil
}

// credential returns the one key that a request carries; ok is false where it
// carries none, or more than one.
func credential(h http.Header, further []string) (token string, ok bool) {
	n := 0
	for _, value := range h["Authorization"] {
		n++
		scheme, rest, _ := strings.Cut(value, " ")
		token, ok = strings.TrimLeft(rest, " "), strings.EqualFold(scheme, "Bearer")
	}
	for _, name := range further {
		for _, value := range h.Values(name) {
			n++
			token, ok = value, true
		}
	}
	return token, ok && n == 1
}

// foreign reports whether a header names another organization or project than the
// key's own.
func foreign(values []string, own string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return v != own })
}

// listModels answers with what the key may call, or with one of it.
func (x *exchange) listModels(asked tenancy.ModelID) *HTTPError {
	models, d := x.t.Models(x.principal)
	if !d.Allowed() {
		return refuse(d)
	}
	type object struct {
		ID      tenancy.ModelID `json:"id"`
		Object  string          `json:"object"`
		Created int64           `json:"created"`
		OwnedBy string          `json:"owned_by"`
	}
	list := make([]object, 0, len(models))
	for _, m := range models {
		one := object{m.ID, "model", m.Created.Unix(), "organization"}
		if m.ID == asked {
			writeJSON(x.w, http.StatusOK, one)
			return nil
		}
		list = append(list, one)
	}
	if asked != "" {
		return refuse(access.Decision{Reason: access.ReasonModelUnknown, Subject: d.Subject})
	}
	writeJSON(x.w, http.StatusOK, map[string]any{"object": "list", "data": list})
	return nil
}

// forward reads the body, begins the call, and lets next answer it.
func (x *exchange) forward(row route, next http.Handler) *HTTPError {
	body, release, refusal := x.body()
	defer release()
	var scan bodyScan
	if refusal == nil {
		scan, refusal = scanBody(body)
	}
	if refusal != nil {
		x.t.refused(x.principal, refusal.Status, x.id)
		return refusal
	}
	call, d := x.t.Begin(x.r.Context(), x.principal, scan.model, scan.estimate(len(body)))
	if !d.Allowed() {
		return refuse(d)
	}
	ctx := context.WithValue(x.r.Context(), callKey{}, call)
	if limit := x.t.http.MaxCallDuration; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	x.answer(row, scan, call, next, x.onward(ctx, scan.splice(body, call.Model())))
	return nil
}

// onward is the request as next receives it.
func (x *exchange) onward(ctx context.Context, body pieces) *http.Request {
	out := x.r.Clone(ctx)
	clean(out.Header, x.t.http.Headers)
	out.URL.RawQuery, out.URL.ForceQuery = "", false
	out.RequestURI = out.URL.RequestURI()
	out.TransferEncoding, out.Trailer = nil, nil
	out.ContentLength = body.size()
	out.Header.Set("Content-Length", strconv.FormatInt(out.ContentLength, 10))
	out.Body = body.open()
	out.GetBody = func() (io.ReadCloser, error) { return body.open(), nil }
	return out
}

// body reads the request's body, within its bound and that of all bodies
// together. release gives its room back, and must be called.
func (x *exchange) body() (body []byte, release func(), refusal *HTTPError) {
	e := x.t.http
	held := int64(0)
	release = func() { e.buffered.Add(-held) }
	if refusal := checkEncoding(x.r.Header); refusal != nil {
		return nil, release, refusal
	}
	in := http.MaxBytesReader(x.w, x.r.Body, e.MaxBody)
	if x.r.ContentLength > e.MaxBody {
		return nil, release, tooLarge(e.MaxBody)
	}
	for room := max(min(x.r.ContentLength, e.MaxBody)+1, 4<<10); ; room *= 2 {
		if !e.reserve(room - held) {
			return nil, release, refuse(access.Decision{Effect: access.Unavailable})
		}
		held = room
		body = slices.Grow(body, int(room)-len(body))
		n, err := io.ReadFull(in, body[len(body):room])
		body = body[:len(body)+n]
		switch {
		case err == nil: // the room is full
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return body, release, nil
		case errors.As(err, new(*http.MaxBytesError)):
			return nil, release, tooLarge(e.MaxBody)
		default:
			return nil, release, badBody("unreadable_body", "", "The body of the request ended before it was complete.")
		}
	}
}

// reserve takes room for n more bytes out of MaxBuffered, if there is.
func (e *edge) reserve(n int64) bool {
	if e.buffered.Add(n) > e.MaxBuffered {
		e.buffered.Add(-n)
		return false
	}
	return true
}

func tooLarge(limit int64) *HTTPError {
	return badRequest(http.StatusRequestEntityTooLarge, "body_too_large",
		"The body is over the bound of "+strconv.FormatInt(limit, 10)+" bytes.")
}

// checkEncoding refuses what the scanner could not read as it is.
func checkEncoding(h http.Header) *HTTPError {
	for _, v := range h["Content-Encoding"] {
		if !strings.EqualFold(v, "identity") {
			return badRequest(http.StatusUnsupportedMediaType, "unsupported_encoding", "Send the body as it is, without Content-Encoding.")
		}
	}
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || len(h["Content-Type"]) != 1 || kind != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return badRequest(http.StatusUnsupportedMediaType, "unsupported_content_type", "Send the body as Content-Type: application/json.")
	}
	return nil
}
