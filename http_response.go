package tenet

import (
	"bufio"
	"context"
	"errors"
	"mime"
	"net"
	"net/http"
	"time"

	"example.com/tenet/tenancy"
	"example.com/tenet/usage"
	"example.com/tenet/usage/meter"
)

// metered is the answer of one call on its way to the client. What cannot be read
// is unknown; the answer itself is never held up or changed by that.
type metered struct {
	http.ResponseWriter
	id    string
	route Route
	sent  usage.Units // what the request told
	began time.Time
	strip bool // usage was asked for by the gateway alone: take it out again

	client context.Context // ends when the client goes

	status  int           // 0 until the final header
	unheard bool          // the client had gone by then
	first   time.Duration // to the first byte of a stream
	failed  bool          // a write to the client failed
	stream  *meter.Stream // of an answer in events
	finder  *usageFinder  // of an answer in JSON
}

// WriteHeader sends the header without what tells of the shared account. An
// informational one passes through as it is.
func (m *metered) WriteHeader(status int) {
	if m.status == 0 && status >= http.StatusOK {
		m.status, m.unheard = status, m.client.Err() != nil
		m.prepare(m.Header())
	}
	m.ResponseWriter.WriteHeader(status)
}

// prepare cleans the header and looks for what can be metered. An encoded body is
// passed on as it is.
func (m *metered) prepare(h http.Header) {
	for name := range h {
		if listed(sharedAccount, name) {
			delete(h, name)
		}
	}
	h[requestIDHeader] = []string{m.id}
	if encoding := h.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		return
	}
	switch media, _, _ := mime.ParseMediaType(h.Get("Content-Type")); media {
	case "text/event-stream":
		m.stream = meter.NewStream(m.route.Shape, m.strip)
		if m.strip {
			h.Del("Content-Length")
		}
	case "application/json":
		m.finder = &usageFinder{}
	}
}

// Write passes p on at once; of a stream from which usage is taken out, as much as
// can be told from it.
func (m *metered) Write(p []byte) (int, error) {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	out := p
	switch {
	case m.stream != nil:
		if m.first == 0 && len(p) > 0 {
			m.first = max(time.Since(m.began), time.Microsecond) // 0 is unknown
		}
		out = m.stream.Pass(p)
	case m.finder != nil:
		m.finder.read(p)
	}
	if err := m.send(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (m *metered) send(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	_, err := m.ResponseWriter.Write(p)
	m.failed = m.failed || err != nil
	return err
}

// end completes the answer where next has returned: without a word of next's it
// is an empty 200, and what a stream ends with in the middle of an event goes out
// as it is. An answer of known length is sent off, so that the client has all of
// it before the call is written down.
func (m *metered) end() {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	if m.stream != nil {
		_ = m.send(m.stream.End()) // failed tells
	}
	if m.stream != nil || m.Header().Get("Content-Length") != "" {
		m.Flush()
	}
}

// FlushError sends what was written. It is what [http.ResponseController] calls.
func (m *metered) FlushError() error {
	if m.status == 0 {
		m.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(m.ResponseWriter).Flush()
}

// Flush is FlushError for whoever asks for an [http.Flusher].
func (m *metered) Flush() { _ = m.FlushError() }

// Hijack refuses: behind it nothing could be metered.
func (m *metered) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}

// Unwrap gives [http.ResponseController] the deadlines.
func (m *metered) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// result is how the call ended; returned says that next did, and did not panic.
func (m *metered) result(returned bool) Result {
	told := m.told()
	return Result{
		Outcome: m.outcome(returned, told.Failed), Status: m.status, Units: m.units(told.Units),
		FirstToken: m.first, RequestID: m.id,
	}
}

// units are those that the answer tells, and of the request what was answered well.
func (m *metered) units(told usage.Units) usage.Units {
	told = told.With(tenancy.UnitRequests, 1)
	if m.status >= http.StatusOK && m.status < http.StatusMultipleChoices {
		told = told.Or(m.sent)
	}
	return told
}

// told is what the answer says about itself, also where it was cut off.
func (m *metered) told() meter.Answer {
	switch {
	case m.stream != nil:
		m.stream.End() // reads an event whose end did not come
		return m.stream.Answer()
	case m.finder != nil:
		return m.finder.answer(m.route.Shape)
	}
	return meter.Answer{}
}

// operators are answers below 500 that are about the host's own credential and
// account upstream: the client did nothing wrong.
var operators = map[int]bool{
	http.StatusUnauthorized:    true,
	http.StatusPaymentRequired: true,
	http.StatusTooManyRequests: true,
}

// outcome goes by the status of an answer that went out whole. One that did not
// was abandoned by a client that is gone, and is otherwise the upstream's error:
// a panic of next, or a stream without its end. So is an error under a status of
// success. A client that leaves before the answer makes next write a 502 to nobody,
// which is no error of the upstream.
func (m *metered) outcome(returned, failed bool) usage.Outcome {
	good := m.status < http.StatusMultipleChoices
	whole := returned && !m.failed && (m.stream == nil || m.stream.Done() || m.route.Shape == "" || !good)
	switch {
	case m.unheard, !whole && (m.failed || m.client.Err() != nil):
		return usage.OutcomeAbandoned
	case whole && good && !failed:
		return usage.OutcomeOK
	case whole && m.status >= http.StatusBadRequest && m.status < http.StatusInternalServerError && !operators[m.status]:
		return usage.OutcomeClientError
	}
	return usage.OutcomeUpstreamError
}
