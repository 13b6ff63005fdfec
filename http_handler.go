package tenet

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"example.com/tenet/access"
	"example.com/tenet/tenancy"
)

// HTTPOptions configure [Tenet.Handler]. The zero HTTPOptions is the defaults.
type HTTPOptions struct {
	// MaxBody bounds a request's body, in bytes; one of more is answered 413. 0
	// means 32 MiB, and more than 1 GiB means 1 GiB. The whole body is held in
	// memory while its call runs, since it is read to the end before the decision.
	MaxBody int64

	// MaxBuffered bounds the bodies that all handlers of one Tenet hold together,
	// in bytes; where a body does not fit the answer is 503. 0 means 256 MiB. The
	// bodies of one key hold half of it at most.
	// What a body takes is counted as it arrives, not as it was announced.
	MaxBuffered int64

	// Headers name further headers that may carry the key as their whole value,
	// such as "X-Api-Key" or "api-key". Authorization: Bearer always may. A
	// request carries its key exactly once, or it is refused.
	Headers []string

	// MaxCallDuration ends a call, streams included, after this time by cancelling
	// the context that the next handler gets. 0 means never. A stream that is open
	// when its key is revoked runs on; this is what bounds it.
	MaxCallDuration time.Duration

	// Routes are calls that are let through beside those of [Routes].
	Routes []Route

	// Owns says whether a caller may refer to something that is stored at the models'
	// provider, where all tenants share one account: kind is "response", "conversation",
	// "prompt", "file", "vector_store", "container", "skill", "tunnel", "item", "audio" or "voice", id is the
	// client's text. It is asked for each that a body names; one answer of false refuses
	// the call. Nil refuses every reference.
	Owns func(ctx context.Context, caller access.Subject, kind, id string) bool

	// WriteError writes every refusal in place of [WriteError], for hosts that
	// speak another shape of error. It must write e.Status and e.Header. The
	// request still carries the client's credential, which is not to be logged.
	WriteError func(w http.ResponseWriter, r *http.Request, e HTTPError)
}

const (
	defaultMaxBody           = 32 << 20
	defaultMaxBuffered       = 256 << 20
	largestMaxBody           = 1 << 30
	firstBuffer        int64 = 64 << 10 // of a body whose length is not known, or is large
)

// edge is what all handlers of one Tenet share.
type edge struct {
	HTTPOptions
	routes   []Route
	withheld []string     // headers, as the table of that name, with those of the options
	buffered atomic.Int64 // bytes of bodies that are held
	byKey    holdings     // the same, of each key that has any
}

// holdings are bytes by the key that holds them.
type holdings struct {
	mu sync.Mutex
	of map[*keySlot]int64
}

// add adds to what a key holds and returns what that is then.
func (h *holdings) add(slot *keySlot, n int64) int64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	sum := h.of[slot] + n
	if sum == 0 {
		delete(h.of, slot)
		return 0
	}
	if h.of == nil {
		h.of = map[*keySlot]int64{}
	}
	h.of[slot] = sum
	return sum
}

func newEdge(o *HTTPOptions) (_ *edge, err error) {
	e := &edge{}
	if o != nil {
		e.HTTPOptions = *o
		e.Headers = slices.Clone(o.Headers)
	}
	e.withheld = slices.Clone(withheld)
	for _, name := range e.Headers {
		e.withheld = append(e.withheld, plainName(name))
	}
	if e.MaxBody <= 0 {
		e.MaxBody = defaultMaxBody
	}
	e.MaxBody = min(e.MaxBody, largestMaxBody)
	if e.MaxBuffered <= 0 {
		e.MaxBuffered = defaultMaxBuffered
	}
	if e.WriteError == nil {
		e.WriteError = func(w http.ResponseWriter, _ *http.Request, he HTTPError) { WriteError(w, he) }
	}
	e.routes, err = withRoutes(e.Routes)
	return e, err
}

// Handler returns next behind the whole of the request path: it lets through what
// is on a closed list of routes, authenticates before it reads the body, finds the
// model in the body, begins the call, hands it to next, and finishes it with what
// the answer says was used. It fits where middleware goes:
//
//	proxy := &httputil.ReverseProxy{Rewrite: …} // adds the host's own credential
//	http.ListenAndServe(addr, t.Handler(proxy))
//
// The calls of [Routes] reach next:
//
//	POST /v1/chat/completions
//	POST /v1/completions
//	POST /v1/responses
//	POST /v1/embeddings
//	POST /v1/images/generations
//	POST /v1/audio/speech
//	POST /v1/audio/transcriptions
//	POST /v1/audio/translations
//	POST /v1/rerank
//	POST /v1/moderations
//
// GET /v1/models and /v1/models/{id} are answered here; everything else is 404. What
// next gets is a copy of the request without query, credentials, cookies and
// vendors' routing headers, its model replaced by the canonical id. [CallFrom]
// gives the call. next may answer with a model of its own choosing only after
// Call.Switch.
//
// The Content-Type must be application/json, and multipart/form-data of the two calls
// that send a recording, whose model next gets before the file wherever the client sent
// it. A path must begin with /v1/: under a prefix, http.StripPrefix takes it off. OPTIONS
// is 404 like any other method, so whoever answers CORS preflights stands before this.
//
// An answer of next goes out as it is, its errors too. Where an upstream's errors name
// the account that all tenants share, next is the place to replace them.
//
// Every answer carries X-Request-Id, which is minted here; a client's own is ignored.
// It is in the record of a call that was allowed. Refusals of a kind are merged into
// one record a second, which has the id of the first or none. A panic of next passes
// through after the call was finished.
func (t *Tenet) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Tenet: t, w: w, r: r, id: t.mint("req_")}
		w.Header().Set(requestIDHeader, x.id)
		if refused := x.serve(next); refused != nil {
			t.http.WriteError(w, r, *refused)
		}
	})
}

type callKey struct{}

// CallFrom returns the call that a request below [Tenet.Handler] belongs to, nil
// of any other context. The handler finishes it; finishing it earlier, with units
// that the host knows better, is allowed.
func CallFrom(ctx context.Context) *Call {
	c, _ := ctx.Value(callKey{}).(*Call)
	return c
}

// exchange is one request on its way.
type exchange struct {
	*Tenet
	w     http.ResponseWriter
	r     *http.Request
	id    string
	route Route
	media string // the content type that next gets
	slot  *keySlot
	held  int64 // of edge.buffered, and of the slot's
}

// serve takes the request as far as it may go. Where it returns an answer nothing
// has been written.
func (x *exchange) serve(next http.Handler) *HTTPError {
	c, isCall := x.http.callRoute(x.r)
	id, isModels := modelsRoute(x.r)
	if !isCall && !isModels {
		return badRequest(http.StatusNotFound, "unknown_url", "This gateway has no such route.")
	}
	if asksUpgrade(x.r.Header) {
		return badRequest(http.StatusBadRequest, "upgrade_refused", "This gateway does not switch protocols.")
	}
	token, ok := x.http.credential(x.r.Header)
	if !ok {
		x.unauthenticated.Add(1) // as Authenticate counts a token that is none
		return refuse(access.Decision{Reason: access.ReasonMalformed})
	}
	principal, d := x.Authenticate(x.r.Context(), token)
	if !d.Allowed() {
		return refuse(d)
	}
	if refused := foreign(x.r.Header, d.Subject); refused != nil {
		return x.note(principal, refused)
	}
	if isModels {
		return x.listModels(principal, d.Subject, id)
	}
	x.route = c
	return x.call(next, principal, d.Subject)
}

// call reads the body, begins the call and hands it on. A refusal before Begin is
// recorded here, one by Begin there.
func (x *exchange) call(next http.Handler, p Principal, caller access.Subject) *HTTPError {
	if d, barred := x.barred(p); barred {
		return refuse(d) // before the body takes room
	}
	defer func() {
		x.http.buffered.Add(-x.held)
		x.http.byKey.add(p.slot, -x.held)
	}()
	x.slot = p.slot
	body, s, refused := x.readCall()
	if refused == nil && !x.owns(caller, s.stored) {
		refused = badBody("stored_reference", "", "What is stored at the model's provider cannot be referred to by id here. Send the content itself.")
	}
	if refused != nil {
		return x.note(p, refused)
	}
	began := time.Now()
	call, d := x.Begin(x.r.Context(), p, s.model, s.estimate(len(body)))
	if !d.Allowed() {
		return refuse(d)
	}
	m := &metered{ResponseWriter: x.w, client: x.r.Context(), id: x.id, route: x.route, began: began, strip: s.asking != (edit{}), sent: s.sent}
	x.forward(next, m, call, s.splice(body, call.Model()).joined())
	return nil
}

// note records the refusal of a verified key's request that never reached Begin.
// An outage is not the client's error.
func (x *exchange) note(p Principal, e *HTTPError) *HTTPError {
	if e.Status < http.StatusInternalServerError {
		x.refused(p, e.Status, x.id)
	}
	return e
}

// readCall reads the body and finds in it what the call is.
func (x *exchange) readCall() ([]byte, bodyScan, *HTTPError) {
	boundary, refused := checkContent(x.r, x.route)
	if refused != nil {
		return nil, bodyScan{}, refused
	}
	body, refused := x.readBody()
	if refused != nil {
		return nil, bodyScan{}, refused
	}
	if x.route.Form { // next gets the boundary in the one spelling, whatever the client's was
		x.media = mime.FormatMediaType(formMedia, map[string]string{"boundary": boundary})
		s, refused := scanForm(body, boundary)
		return body, s, refused
	}
	x.media = jsonMedia
	s, refused := scanBody(x.route, body)
	return body, s, refused
}

// The content types of calls.
const (
	jsonMedia = "application/json"
	formMedia = "multipart/form-data"
)

// owns says whether the caller may refer to everything that a body refers to.
func (x *exchange) owns(caller access.Subject, stored []reference) bool {
	for _, r := range stored {
		if x.http.Owns == nil || !x.http.Owns(x.r.Context(), caller, r.kind, r.id) {
			return false
		}
	}
	return true
}

// checkContent refuses what the scanner could not read, and a model named twice. Of a
// form it returns what parts are separated by.
func checkContent(r *http.Request, c Route) (boundary string, _ *HTTPError) {
	encoding := r.Header.Values("Content-Encoding")
	if len(encoding) > 1 || len(encoding) == 1 && !strings.EqualFold(encoding[0], "identity") {
		return "", badRequest(http.StatusUnsupportedMediaType, "unsupported_content_encoding", "Send the body without a Content-Encoding.")
	}
	for name := range r.URL.Query() {
		if strings.EqualFold(name, "model") {
			return "", badBody("invalid_member", "model", "Name the model in the body alone, not in the URL.")
		}
	}
	want := jsonMedia
	if c.Form {
		want = formMedia
	}
	types := r.Header.Values("Content-Type")
	if len(types) == 1 {
		media, params, err := mime.ParseMediaType(types[0])
		if err == nil && media == want && (!c.Form || plainBoundary(params["boundary"])) {
			return params["boundary"], nil
		}
	}
	return "", badRequest(http.StatusUnsupportedMediaType, "unsupported_content_type", "Send the body as Content-Type: "+want+".")
}

// readBody reads the whole body, within its own bound and that of all bodies. It
// makes room as bytes arrive: a length that is only announced takes none.
func (x *exchange) readBody() ([]byte, *HTTPError) {
	limit, length := x.http.MaxBody, x.r.ContentLength
	if length > limit {
		return nil, tooLarge()
	}
	if x.r.Body == nil {
		return nil, nil
	}
	most := limit + 1 // one more, to see that it is too large, or to see the end
	if length >= 0 {
		most = length + 1
	}
	size := min(firstBuffer, most)
	var body []byte
	for {
		if len(body) == cap(body) {
			if !x.hold(size - int64(cap(body))) {
				return nil, refuse(access.Decision{Effect: access.Unavailable})
			}
			body = append(make([]byte, 0, size), body...)
			size = min(2*size, most)
		}
		n, err := x.r.Body.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case int64(len(body)) > limit:
			return nil, tooLarge()
		case length >= 0 && int64(len(body)) > length:
			return nil, badBody("incomplete_body", "", "The body is longer than its Content-Length.")
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, badBody("incomplete_body", "", "The body ended before it was complete.")
		}
	}
}

// hold takes n bytes out of what may be buffered for as long as the exchange
// lasts, or none. One key gets half of it at most, so that slow uploads of one do not
// keep all others out.
func (x *exchange) hold(n int64) bool {
	all, own := x.http.buffered.Add(n), x.http.byKey.add(x.slot, n)
	if all > x.http.MaxBuffered || own > max(x.http.MaxBuffered/2, x.http.MaxBody+1) {
		x.http.buffered.Add(-n)
		x.http.byKey.add(x.slot, -n)
		return false
	}
	x.held += n
	return true
}

func tooLarge() *HTTPError {
	return badRequest(http.StatusRequestEntityTooLarge, "body_too_large", "The body is larger than this gateway takes.")
}

// forward hands the call to next and finishes it, whatever next does: also where
// it panics, which goes on as it came.
func (x *exchange) forward(next http.Handler, m *metered, call *Call, body pieces) {
	ctx := context.WithValue(x.r.Context(), callKey{}, call)
	if limit := x.http.MaxCallDuration; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	returned := false
	defer func() {
		_ = call.Finish(m.result(returned)) // the answer has gone out; the recorder reports what it cannot write
	}()
	next.ServeHTTP(m, x.outgoing(ctx, body))
	m.end()
	returned = true
}

// outgoing is the request that next gets: a shallow copy in which everything that
// names a credential, a path or a body is new.
func (x *exchange) outgoing(ctx context.Context, body pieces) *http.Request {
	out := x.r.WithContext(ctx)
	out.URL = &url.URL{Path: x.route.Path}
	out.RequestURI = x.route.Path
	out.Header = x.http.forwarded(x.r.Header)
	out.Header.Set(requestIDHeader, x.id)
	out.Header.Set("Content-Type", x.media)
	out.Header.Set("Accept-Encoding", "identity") // an absent one makes http.Transport ask for gzip
	out.Form, out.PostForm, out.MultipartForm = nil, nil, nil
	out.TransferEncoding, out.Trailer = nil, nil
	out.ContentLength = body.size()
	out.Body = body.open()
	out.GetBody = func() (io.ReadCloser, error) { return body.open(), nil }
	return out
}

// listModels answers with all models that may be called, or with the one of id.
// A model that may not be called does not exist, in the words of a call to it.
func (x *exchange) listModels(p Principal, subject access.Subject, id string) *HTTPError {
	models, d := x.Models(p)
	if !d.Allowed() {
		return refuse(d)
	}
	list := make([]modelObject, len(models))
	for i, m := range models {
		list[i] = newModelObject(m)
		if id != "" && string(m.ID) == id {
			writeJSON(x.w, http.StatusOK, list[i])
			return nil
		}
	}
	if id != "" {
		return refuse(access.Decision{Reason: access.ReasonModelUnknown, Subject: subject})
	}
	writeJSON(x.w, http.StatusOK, modelList{"list", list})
	return nil
}

// modelList and modelObject are OpenAI's shapes.
type modelList struct {
	Object string        `json:"object"`
	Data   []modelObject `json:"data"`
}

type modelObject struct {
	ID      tenancy.ModelID `json:"id"`
	Object  string          `json:"object"`
	Created int64           `json:"created"` // Unix seconds; 0 where unknown
	OwnedBy string          `json:"owned_by"`
}

func newModelObject(m tenancy.Model) modelObject {
	return modelObject{m.ID, "model", max(m.Created.Unix(), 0), "system"}
}
